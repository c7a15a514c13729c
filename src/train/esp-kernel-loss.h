/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Losses, each with its derivative in the same pass. Compiled once per instruction set
 * (esp-kernels-set.c); what each does is told in esp-kernels.h. Sums are kept in double: a batch
 * is short and the loss is what people read. */

#include "esp-kernel-math.h"

static double
mse (const EspReal *restrict y,
     const EspReal *restrict target,
     EspReal *restrict dy,
     gsize count,
     EspReal scale)
{
  double sum = 0;
  for (gsize i = 0; i < count; i++)
    {
      EspReal difference = y[i] - target[i];
      sum += (double) difference * (double) difference;
      if (dy != NULL)
        dy[i] += 2 * scale * difference;
    }
  return sum * (double) scale;
}

/* softmax shifted by the largest number, so that exp can't overflow; NaN goes through */
static double
cross_entropy_row (const EspReal *restrict y,
                   gint32 label,
                   EspReal *restrict dy,
                   gsize K,
                   EspReal scale)
{
  EspReal largest = y[0];
  for (gsize k = 1; k < K; k++)
    largest = y[k] > largest ? y[k] : largest;
  EspReal sum = 0;
  for (gsize k = 0; k < K; k++)
    sum += fast_exp (y[k] - largest);
  if (dy != NULL)
    {
      for (gsize k = 0; k < K; k++)
        dy[k] += scale * (fast_exp (y[k] - largest) / sum);
      dy[label] -= scale;
    }
  return (double) (esp_real_log (sum) - (y[label] - largest));
}

static double
cross_entropy (const EspReal *y, const gint32 *labels, EspReal *dy, gsize N, gsize K, EspReal scale)
{
  double sum = 0;
  for (gsize n = 0; n < N; n++)
    sum += cross_entropy_row (y + n * K, labels[n], dy != NULL ? dy + n * K : NULL, K, scale);
  return sum * (double) scale;
}

static gsize
count_correct (const EspReal *y, const gint32 *labels, gsize N, gsize K)
{
  gsize correct = 0;
  for (gsize n = 0; n < N; n++)
    {
      const EspReal *row = y + n * K;
      gsize best = 0;
      for (gsize k = 1; k < K; k++)
        if (row[k] > row[best])
          best = k;
      correct += best == (gsize) labels[n];
    }
  return correct;
}
