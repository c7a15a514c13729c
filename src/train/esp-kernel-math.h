/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* exp and tanh without branches, so that loops over them become vectors; the compiler's own are
 * calls, one number at a time. Polynomials are those of Moshier's Cephes. Errors are below 2 units
 * in the last place (tested); NaN stays NaN. In double they are the C library's. */

#include "esp-real.h"

#ifdef ESP_REAL_DOUBLE

static inline double
fast_exp (double x)
{
  return exp (x);
}

static inline double
fast_exp_tail (double x, double *tail)
{
  *tail = 0;
  return exp (x);
}

static inline double
fast_expm1 (double x)
{
  return expm1 (x);
}

static inline double
fast_tanh (double x)
{
  return tanh (x);
}

static inline double
fast_erf (double x)
{
  return erf (x);
}

static inline double
fast_log1p (double x)
{
  return log1p (x);
}

#else

/* 2^n e^r, |r| <= ln 2 / 2. Below -87 the result is that of -87 (2e-38), above 88 that of 88.
 * @tail: what the last addition lost */
static inline float
fast_exp_tail (float x, float *tail)
{
  union
  {
    float f;
    guint32 bits;
  } shifted, scale;
  x = x > 88.0f ? 88.0f : x;
  x = x < -87.0f ? -87.0f : x;
  shifted.f = x * 1.44269504088896341f + 12582912.0f; /* 1.5 * 2^23: rounds to the nearest n */
  float n = shifted.f - 12582912.0f;
  float r = x - n * 0.693359375f;
  r -= n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r;
  float whole = p + 1.0f;
  scale.bits = (shifted.bits << 23) + 0x3f800000u;
  *tail = (p - (whole - 1.0f)) * scale.f;
  return whole * scale.f;
}

static inline float
fast_exp (float x)
{
  float tail;
  return fast_exp_tail (x, &tail);
}

/* e^x - 1 for x <= 0, where the difference would lose digits near 0 */
static inline float
fast_expm1 (float x)
{
  float p = 1.9841270e-4f;
  p = p * x + 1.3888889e-3f;
  p = p * x + 8.3333333e-3f;
  p = p * x + 4.1666667e-2f;
  p = p * x + 1.6666667e-1f;
  p = p * x + 0.5f;
  p = p * x * x + x;
  return x > -0.35f ? p : fast_exp (x) - 1.0f;
}

/* log (1 + u) for 0 <= u <= 1: 2 artanh (u / (2 + u)) */
static inline float
fast_log1p (float u)
{
  float s = u / (2.0f + u), q = s * s;
  float p = 1.0f / 15;
  p = p * q + 1.0f / 13;
  p = p * q + 1.0f / 11;
  p = p * q + 1.0f / 9;
  p = p * q + 1.0f / 7;
  p = p * q + 1.0f / 5;
  p = p * q + 1.0f / 3;
  return 2.0f * (p * q * s + s);
}

/* polynomials by Norbert Juffa: 1 - e^p beyond 0.93 */
static inline float
fast_erf (float x)
{
  float t = x < 0.0f ? -x : x, s = x * x;
  float far = -1.72853470e-5f * t + 3.83197126e-4f;
  far = far * s + (-3.88396438e-3f * t + 2.42546219e-2f);
  far = far * t - 1.06777877e-1f;
  far = far * t - 6.34846687e-1f;
  far = far * t - 1.28717512e-1f;
  far = 1.0f - fast_exp (far * t - t);
  far = x < 0.0f ? -far : far;
  float near = -5.96761703e-4f;
  near = near * s + 4.99119423e-3f;
  near = near * s - 2.67681349e-2f;
  near = near * s + 1.12819925e-1f;
  near = near * s - 3.76125336e-1f;
  near = near * s + 1.28379166e-1f;
  near = near * x + x;
  return t > 0.927734375f ? far : near;
}

static inline float
fast_tanh (float x)
{
  float size = x < 0.0f ? -x : x;
  float s = x * x;
  float p = -5.70498872745e-3f;
  p = p * s + 2.06390887954e-2f;
  p = p * s - 5.37397155531e-2f;
  p = p * s + 1.33314422036e-1f;
  p = p * s - 3.33332819422e-1f;
  p = p * s * x + x;
  float far = 1.0f - 2.0f / (fast_exp (2.0f * size) + 1.0f);
  far = x < 0.0f ? -far : far;
  return size < 0.625f ? p : far;
}

#endif
