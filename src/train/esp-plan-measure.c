/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How large the gradient of a parameter is and what a step added to it, in one pass over its
 * numbers; for snapshots and for the steps that the meters' log keeps. */

#include "config.h"
#include "esp-plan-private.h"

#include <math.h>

/* sums that don't wait for one another */
#define LANES 4

static double
sum_squares (const EspReal *values, guint64 count)
{
  double sums[LANES] = { 0 };
  guint64 i = 0;
  for (; i + LANES <= count; i += LANES)
    for (guint k = 0; k < LANES; k++)
      sums[k] += (double) values[i + k] * (double) values[i + k];
  for (; i < count; i++)
    sums[0] += (double) values[i] * (double) values[i];
  return sums[0] + sums[1] + sums[2] + sums[3];
}

/* count² times the variance of @a - @b (or of @a): how it is spread about its first number, so that
 * a large mean takes nothing from it */
static double
measure_spread (const EspReal *a, const EspReal *b, guint64 count)
{
  double origin = (double) a[0] - (b != NULL ? (double) b[0] : 0);
  double sums[LANES] = { 0 }, squares[LANES] = { 0 };
  guint64 i = 0;
  for (; i + LANES <= count; i += LANES)
    for (guint k = 0; k < LANES; k++)
      {
        double value = (double) a[i + k] - (b != NULL ? (double) b[i + k] : 0) - origin;
        sums[k] += value;
        squares[k] += value * value;
      }
  for (; i < count; i++)
    {
      double value = (double) a[i] - (b != NULL ? (double) b[i] : 0) - origin;
      sums[0] += value;
      squares[0] += value * value;
    }
  double sum = sums[0] + sums[1] + sums[2] + sums[3];
  double square = squares[0] + squares[1] + squares[2] + squares[3];
  return fmax ((double) count * square - sum * sum, 0);
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
    meter->grad_norm = (float) sqrt (sum_squares (grad, count));
  if (before == NULL)
    return;
  double data = measure_spread (now, NULL, count);
  if (data > 0)
    meter->update_ratio = (float) (0.5 * log10 (measure_spread (now, before, count) / data));
}
