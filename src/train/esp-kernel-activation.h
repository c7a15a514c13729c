/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-real.h"

/* Element by element over @count numbers. The derivatives need only the output. */
void esp_kernel_relu_forward (const EspReal *x, EspReal *y, gsize count);
void esp_kernel_relu_backward (const EspReal *y, const EspReal *dy, EspReal *dx, gsize count);
void esp_kernel_tanh_forward (const EspReal *x, EspReal *y, gsize count);
void esp_kernel_tanh_backward (const EspReal *y, const EspReal *dy, EspReal *dx, gsize count);
void esp_kernel_sigmoid_forward (const EspReal *x, EspReal *y, gsize count);
void esp_kernel_sigmoid_backward (const EspReal *y, const EspReal *dy, EspReal *dx, gsize count);

/* counts[u] += rows whose y[row, u] > 0; NaN counts, it is not silent */
void esp_kernel_count_fired (const EspReal *y, /* (N, U) */
                             guint64 *counts,  /* (U) */
                             gsize N,
                             gsize U);
