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

static double
l1 (const EspReal *restrict y,
    const EspReal *restrict target,
    EspReal *restrict dy,
    gsize count,
    EspReal scale)
{
  double sum = 0;
  for (gsize i = 0; i < count; i++)
    {
      EspReal difference = y[i] - target[i];
      sum += (double) (difference < 0 ? -difference : difference);
      if (dy != NULL)
        dy[i] += difference > 0 ? scale : difference < 0 ? -scale : 0 * difference;
    }
  return sum * (double) scale;
}

static double
huber (const EspReal *restrict y,
       const EspReal *restrict target,
       EspReal *restrict dy,
       gsize count,
       EspReal scale,
       EspReal delta)
{
  double sum = 0;
  for (gsize i = 0; i < count; i++)
    {
      EspReal difference = y[i] - target[i];
      EspReal slope = difference > delta ? delta : difference;
      slope = slope < -delta ? -delta : slope;
      /* inside it is d d / 2, outside delta (|d| - delta / 2) */
      sum += (double) slope * ((double) difference - 0.5 * (double) slope);
      if (dy != NULL)
        dy[i] += scale * slope;
    }
  return sum * (double) scale;
}

/* softmax shifted by the largest number, so that exp can't overflow; NaN goes through */
static double
cross_entropy_row (const EspReal *restrict y,
                   gint32 label,
                   EspReal *restrict dy,
                   gsize K,
                   EspReal scale,
                   EspReal smoothing)
{
  EspReal largest = y[0];
  for (gsize k = 1; k < K; k++)
    largest = y[k] > largest ? y[k] : largest;
  EspReal sum = 0;
  for (gsize k = 0; k < K; k++)
    sum += fast_exp (y[k] - largest);
  EspReal spread = smoothing / (EspReal) K, rest = 1 - smoothing;
  if (dy != NULL)
    {
      for (gsize k = 0; k < K; k++)
        dy[k] += scale * (fast_exp (y[k] - largest) / sum - spread);
      dy[label] -= scale * rest;
    }
  EspReal log_sum = esp_real_log (sum);
  if (smoothing == 0)
    return (double) (log_sum - (y[label] - largest));
  double all = 0;
  for (gsize k = 0; k < K; k++)
    all += (double) (log_sum - (y[k] - largest));
  return (double) rest * (double) (log_sum - (y[label] - largest)) + (double) spread * all;
}

static double
cross_entropy (const EspReal *y,
               const gint32 *labels,
               EspReal *dy,
               gsize N,
               gsize K,
               EspReal scale,
               EspReal smoothing)
{
  double sum = 0;
  for (gsize n = 0; n < N; n++)
    sum += cross_entropy_row (y + n * K, labels[n], dy != NULL ? dy + n * K : NULL, K, scale,
                              smoothing);
  return sum * (double) scale;
}

static double
nll (const EspReal *y, const gint32 *labels, EspReal *dy, gsize N, gsize K, EspReal scale)
{
  double sum = 0;
  for (gsize n = 0; n < N; n++)
    {
      sum -= (double) y[n * K + (gsize) labels[n]];
      if (dy != NULL)
        dy[n * K + (gsize) labels[n]] -= scale;
    }
  return sum * (double) scale;
}

/* max (x, 0) - x t + log (1 + exp -|x|), which can't overflow; its derivative is sigmoid (x) - t */
static double
bce_with_logits (const EspReal *restrict y,
                 const EspReal *restrict target,
                 const gint32 *restrict labels,
                 EspReal *restrict dy,
                 gsize count,
                 EspReal scale)
{
  double sum = 0;
  for (gsize i = 0; i < count; i++)
    {
      EspReal x = y[i], t = target != NULL ? target[i] : (EspReal) labels[i];
      EspReal e = fast_exp (x < 0 ? x : -x);
      sum += (double) ((x < 0 ? 0 : x) - x * t) + log1p ((double) e);
      if (dy != NULL)
        dy[i] += scale * ((x < 0 ? e : 1) / (1 + e) - t);
    }
  return sum * (double) scale;
}

static gsize
count_correct (const EspReal *y, const gint32 *labels, gsize N, gsize K)
{
  gsize correct = 0;
  for (gsize n = 0; n < N; n++)
    {
      const EspReal *row = y + n * K;
      gsize best = K == 1 && row[0] > 0;
      for (gsize k = 1; k < K; k++)
        if (row[k] > row[best])
          best = k;
      correct += best == (gsize) labels[n];
    }
  return correct;
}
