/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activations, element by element. NaN passes through: ReLU of NaN is NaN as in PyTorch, so that a
 * divergence can't hide. */

#include "esp-kernel-activation.h"

void
esp_kernel_relu_forward (const EspReal *x, EspReal *y, gsize count)
{
  for (gsize i = 0; i < count; i++)
    y[i] = x[i] <= 0 ? 0 : x[i];
}

void
esp_kernel_relu_backward (const EspReal *y, const EspReal *dy, EspReal *dx, gsize count)
{
  for (gsize i = 0; i < count; i++)
    dx[i] += y[i] <= 0 ? 0 : dy[i];
}

void
esp_kernel_tanh_forward (const EspReal *x, EspReal *y, gsize count)
{
  for (gsize i = 0; i < count; i++)
    y[i] = esp_real_tanh (x[i]);
}

void
esp_kernel_tanh_backward (const EspReal *y, const EspReal *dy, EspReal *dx, gsize count)
{
  for (gsize i = 0; i < count; i++)
    dx[i] += dy[i] * (1 - y[i] * y[i]);
}

void
esp_kernel_sigmoid_forward (const EspReal *x, EspReal *y, gsize count)
{
  for (gsize i = 0; i < count; i++)
    y[i] = 1 / (1 + esp_real_exp (-x[i]));
}

void
esp_kernel_sigmoid_backward (const EspReal *y, const EspReal *dy, EspReal *dx, gsize count)
{
  for (gsize i = 0; i < count; i++)
    dx[i] += dy[i] * (1 - y[i]) * y[i];
}

void
esp_kernel_count_fired (const EspReal *y, guint64 *counts, gsize N, gsize U)
{
  for (gsize n = 0; n < N; n++)
    for (gsize u = 0; u < U; u++)
      counts[u] += !(y[n * U + u] <= 0);
}
