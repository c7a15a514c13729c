/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The number that the training core computes with: float in the program. The tests build the very
 * same sources once more with ESP_REAL_DOUBLE, so that derivatives can be checked by finite
 * differences and against PyTorch's float64 far below float's rounding. */

#include <math.h>
#include <glib.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

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

/* Numbers below 1e-38 become 0 in this thread from now on. Moments of units that never fire decay
 * towards 0 and stay among the subnormal numbers for ever, where processors are up to 50 times
 * slower. */
static inline void
esp_real_flush_subnormals (void)
{
#if defined(__SSE__)
  _mm_setcsr (_mm_getcsr () | 0x8040); /* flush to zero, denormals are zero */
#elif defined(__aarch64__)
  guint64 control;
  __asm__ volatile ("mrs %0, fpcr" : "=r"(control));
  __asm__ volatile ("msr fpcr, %0" : : "r"(control | (1 << 24)));
#endif
}
