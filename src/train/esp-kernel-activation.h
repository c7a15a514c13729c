/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Activations, element by element. Compiled once per instruction set (esp-kernels-set.c); what each
 * does is told in esp-kernels.h. NaN passes through, as in PyTorch, so that a divergence can't
 * hide. */

#include "esp-kernel-math.h"

static void
add (const EspReal *restrict x, EspReal *restrict y, gsize count)
{
  for (gsize i = 0; i < count; i++)
    y[i] += x[i];
}

static void
relu_forward (const EspReal *restrict x, EspReal *restrict y, gsize count)
{
  for (gsize i = 0; i < count; i++)
    y[i] = x[i] <= 0 ? 0 : x[i];
}

static void
relu_backward (const EspReal *restrict y,
               const EspReal *restrict dy,
               EspReal *restrict dx,
               gsize count)
{
  for (gsize i = 0; i < count; i++)
    dx[i] += y[i] <= 0 ? 0 : dy[i];
}

static void
tanh_forward (const EspReal *restrict x, EspReal *restrict y, gsize count)
{
  for (gsize i = 0; i < count; i++)
    y[i] = fast_tanh (x[i]);
}

static void
tanh_backward (const EspReal *restrict y,
               const EspReal *restrict dy,
               EspReal *restrict dx,
               gsize count)
{
  for (gsize i = 0; i < count; i++)
    dx[i] += dy[i] * (1 - y[i] * y[i]);
}

static void
sigmoid_forward (const EspReal *restrict x, EspReal *restrict y, gsize count)
{
  for (gsize i = 0; i < count; i++)
    y[i] = 1 / (1 + fast_exp (-x[i]));
}

static void
sigmoid_backward (const EspReal *restrict y,
                  const EspReal *restrict dy,
                  EspReal *restrict dx,
                  gsize count)
{
  for (gsize i = 0; i < count; i++)
    dx[i] += dy[i] * (1 - y[i]) * y[i];
}

static void
count_fired (const EspReal *restrict y, guint64 *restrict counts, gsize N, gsize U)
{
  for (gsize n = 0; n < N; n++)
    for (gsize u = 0; u < U; u++)
      counts[u] += !(y[n * U + u] <= 0);
}
