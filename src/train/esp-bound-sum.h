/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How large and how small a sum of products w x can be when each x lies within bounds, so that it
 * holds for the sum as a float computes it, too: a float's sum of n terms differs from the true one
 * by n 2^-24 of the sum of their magnitudes at most (Higham, Accuracy and Stability, 4.2), twice
 * that is allowed; and it isn't positive when no term is. Clear it with = { 0 }. */

#include <math.h>
#include <glib.h>

typedef struct
{
  double above[2], below[2]; /* of the positive and of the negative terms: at most, at least */
  double n;
} EspBoundSum;

static inline void
esp_bound_sum_add (EspBoundSum *self, double w, double low, double high)
{
  double at_low = w * low, at_high = w * high;
  if (w == 0) /* whatever x is: it is finite as long as training goes on */
    return;
  if (isnan (at_low) || isnan (at_high))
    {
      at_low = -INFINITY;
      at_high = INFINITY;
    }
  double most = fmax (at_low, at_high), least = fmin (at_low, at_high);
  self->above[most <= 0] += most;
  self->below[least <= 0] += least;
  self->n++;
}

/* the upper one of two bounds; the lower one is that of the negated sum, negated */
static inline double
esp_bound_sum_round (double positive, double negative, double n)
{
  double share = (n + 2) * 0x1p-23;
  if (positive == 0)
    return isinf (negative) ? negative : fmin (negative - share * negative, 0);
  if (isinf (positive) || isinf (negative))
    return isinf (positive) ? INFINITY : positive * (1 + share);
  return positive + negative + share * (positive - negative);
}

static inline void
esp_bound_sum_get (const EspBoundSum *self, double *low, double *high)
{
  *high = esp_bound_sum_round (self->above[0], self->above[1], self->n);
  *low = -esp_bound_sum_round (-self->below[1], -self->below[0], self->n);
}
