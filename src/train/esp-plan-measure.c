/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How large the gradient of a parameter is and what a step added to it, in one pass over its
 * numbers; for snapshots and for the steps that the meters' log keeps. */

#include "config.h"
#include "esp-plan-private.h"

#include <math.h>

/* sums that don't wait for one another: wide enough for a vector of floats */
#define LANES 8
/* numbers that are added up as floats, of 24 bits, before the sum goes on in double */
#define BLOCK 256

typedef struct
{
  double sum, square;
} Sums;

static inline void
add_lanes (Sums *sums, const EspReal *lanes, const EspReal *squares)
{
  for (guint k = 0; k < LANES; k++)
    {
      sums->sum += (double) lanes[k];
      sums->square += (double) squares[k];
    }
}

/* @a - @b - @origin; @b is NULL for none. Hot: some hundred times a second. */
static inline Sums
sum_up (const EspReal *a, const EspReal *b, EspReal origin, guint64 count)
{
  Sums sums = { 0, 0 };
  guint64 i = 0;
  while (i + LANES <= count)
    {
      EspReal lanes[LANES] = { 0 }, squares[LANES] = { 0 };
      guint64 end = MIN (i + BLOCK, count);
      for (; i + LANES <= end; i += LANES)
        for (guint k = 0; k < LANES; k++)
          {
            EspReal value = (b != NULL ? a[i + k] - b[i + k] : a[i + k]) - origin;
            lanes[k] += value;
            squares[k] += value * value;
          }
      add_lanes (&sums, lanes, squares);
    }
  for (; i < count; i++)
    {
      double value = (double) ((b != NULL ? a[i] - b[i] : a[i]) - origin);
      sums.sum += value;
      sums.square += value * value;
    }
  return sums;
}

/* count² times the variance: about the first number, so that a large mean takes nothing from it */
static double
get_spread (Sums sums, guint64 count)
{
  return fmax ((double) count * sums.square - sums.sum * sums.sum, 0);
}

void
esp_plan_measure (EspPlan *self, guint parameter, EspMeter *meter)
{
  const EspReal *grad = esp_plan_get_grad (self, parameter);
  const EspReal *before = esp_plan_get_before (self, parameter);
  const EspReal *now = esp_plan_get_parameter (self, parameter);
  guint64 count = esp_network_peek_parameter (self->network, parameter)->count;
  *meter = (EspMeter) { NAN, NAN };
  if (grad != NULL)
    meter->grad_norm = (float) sqrt (sum_up (grad, NULL, 0, count).square);
  if (before == NULL)
    return;
  double data = get_spread (sum_up (now, NULL, now[0], count), count);
  double update = get_spread (sum_up (now, before, now[0] - before[0], count), count);
  if (data > 0)
    meter->update_ratio = (float) (0.5 * log10 (update / data));
}
