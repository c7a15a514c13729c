/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The number that the training core computes with: float in the program. The tests build the very
 * same sources once more with ESP_REAL_DOUBLE, so that derivatives can be checked by finite
 * differences and against PyTorch's float64 far below float's rounding. */

#include <math.h>
#include <glib.h>

#ifdef ESP_REAL_DOUBLE
typedef double EspReal;
#define esp_real_exp exp
#define esp_real_log log
#define esp_real_sqrt sqrt
#define esp_real_tanh tanh
#else
typedef float EspReal;
#define esp_real_exp expf
#define esp_real_log logf
#define esp_real_sqrt sqrtf
#define esp_real_tanh tanhf
#endif
