/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-real.h"

/* Each returns the sum over what it is given, times @scale (1 / count for the mean), and, unless dy
 * is NULL, adds its derivative to dy. */
double esp_kernel_mse (const EspReal *y,      /* (count) */
                       const EspReal *target, /* (count) */
                       EspReal *dy,           /* (count) or NULL */
                       gsize count,
                       EspReal scale);
/* softmax of each row, then minus the logarithm of the label's share */
double esp_kernel_cross_entropy (const EspReal *y,     /* (N, K) */
                                 const gint32 *labels, /* (N), each in [0, K) */
                                 EspReal *dy,          /* (N, K) or NULL */
                                 gsize N,
                                 gsize K,
                                 EspReal scale);
/* rows whose first largest number stands at the label */
gsize esp_kernel_count_correct (const EspReal *y,     /* (N, K) */
                                const gint32 *labels, /* (N) */
                                gsize N,
                                gsize K);
