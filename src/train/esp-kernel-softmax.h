/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Softmax and its logarithm along one dimension. Compiled once per instruction set
 * (esp-kernels-set.c); what each does is told in esp-kernels.h. Shifted by the largest number, so
 * that exp can't overflow; NaN goes through. */

#include "esp-kernels.h"

#include "esp-kernel-math.h"

/* one row; numbers are @step apart */
static void
softmax_row (const EspReal *x, EspReal *y, gsize K, gsize step, gboolean in_logs)
{
  EspReal largest = x[0], sum = 0;
  for (gsize k = 1; k < K; k++)
    largest = x[k * step] > largest ? x[k * step] : largest;
  for (gsize k = 0; k < K; k++)
    {
      EspReal power = fast_exp (x[k * step] - largest);
      y[k * step] = power;
      sum += power;
    }
  EspReal shift = in_logs ? largest + esp_real_log (sum) : 0, scale = 1 / sum;
  for (gsize k = 0; k < K; k++)
    y[k * step] = in_logs ? x[k * step] - shift : y[k * step] * scale;
}

static void
softmax_forward (const EspReal *x, EspReal *y, gsize N, gsize K, gsize inner, gboolean in_logs)
{
  for (gsize n = 0; n < N; n++)
    for (gsize i = 0; i < inner; i++)
      softmax_row (x + n * K * inner + i, y + n * K * inner + i, K, inner, in_logs);
}

static void
softmax_backward_row (const EspReal *y,
                      const EspReal *dy,
                      EspReal *dx,
                      gsize K,
                      gsize step,
                      gboolean in_logs)
{
  EspReal sum = 0;
  for (gsize k = 0; k < K; k++)
    sum += dy[k * step] * (in_logs ? 1 : y[k * step]);
  for (gsize k = 0; k < K; k++)
    dx[k * step] += in_logs ? dy[k * step] - fast_exp (y[k * step]) * sum
                            : y[k * step] * (dy[k * step] - sum);
}

static void
softmax_backward (const EspReal *y,
                  const EspReal *dy,
                  EspReal *dx,
                  gsize N,
                  gsize K,
                  gsize inner,
                  gboolean in_logs)
{
  for (gsize n = 0; n < N; n++)
    for (gsize i = 0; i < inner; i++)
      {
        gsize at = n * K * inner + i;
        softmax_backward_row (y + at, dy + at, dx + at, K, inner, in_logs);
      }
}
