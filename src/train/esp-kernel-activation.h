/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Activations, element by element. Compiled once per instruction set (esp-kernels-set.c); what each
 * does is told in esp-kernels.h. NaN passes through, as in PyTorch, so that a divergence can't
 * hide. */

#include "esp-kernels.h"

#include "esp-kernel-math.h"

/* the loop around y = @value, a function of x, a and b; and around dx += dy @slope, of x and y, too
 */
#define ESP_ACTIVATION_FORWARD(name, value)                                                        \
  static void name##_forward (const EspReal *restrict input, EspReal *restrict y, gsize count,     \
                              EspReal a, EspReal b)                                                \
  {                                                                                                \
    (void) a;                                                                                      \
    (void) b;                                                                                      \
    for (gsize i = 0; i < count; i++)                                                              \
      {                                                                                            \
        EspReal x = input[i];                                                                      \
        y[i] = (value);                                                                            \
      }                                                                                            \
  }

#define ESP_ACTIVATION_BACKWARD(name, slope)                                                       \
  static void name##_backward (const EspReal *restrict input, const EspReal *restrict output,      \
                               const EspReal *restrict dy, EspReal *restrict dx, gsize count,      \
                               EspReal a, EspReal b)                                               \
  {                                                                                                \
    (void) a;                                                                                      \
    (void) b;                                                                                      \
    (void) input;                                                                                  \
    (void) output;                                                                                 \
    for (gsize i = 0; i < count; i++)                                                              \
      {                                                                                            \
        EspReal G_GNUC_UNUSED x = input[i], G_GNUC_UNUSED y = output[i];                           \
        dx[i] += dy[i] * (slope);                                                                  \
      }                                                                                            \
  }

#define SQRT_HALF ((EspReal) 0.70710678118654752440)
#define SQRT_2_PI ((EspReal) 0.79788456080286535588) /* of 2 / pi */
#define CUBIC ((EspReal) 0.044715)

/* e^x / (1 + e^x), by the exponential that isn't above 1; what roundings lost is put back, or the
 * errors of sum and quotient would come to more than 2 units in the last place */
static inline EspReal
sigmoid (EspReal x)
{
  EspReal tail, power = fast_exp_tail (x < 0 ? x : -x, &tail);
  EspReal whole = 1 + power, rest = power - (whole - 1) + tail;
  EspReal y = (x < 0 ? power : 1) / whole;
  return y + ((x < 0 ? tail : 0) - y * rest) / whole;
}

/* the normal distribution and its density */
static inline EspReal
normal_below (EspReal x)
{
  return (EspReal) 0.5 * (1 + fast_erf (x * SQRT_HALF));
}

static inline EspReal
normal_density (EspReal x)
{
  return (EspReal) 0.5 * SQRT_2_PI * fast_exp (-x * x / 2);
}

static inline EspReal
gelu_tanh_slope (EspReal x)
{
  EspReal t = fast_tanh (SQRT_2_PI * (x + CUBIC * x * x * x));
  EspReal inner = SQRT_2_PI * (1 + 3 * CUBIC * x * x);
  return (EspReal) 0.5 * (1 + t) + (EspReal) 0.5 * x * (1 - t * t) * inner;
}

/* log (1 + e^x), without a number that overflows on the way */
static inline EspReal
softplus (EspReal x)
{
  EspReal size = x < 0 ? -x : x;
  return (x > 0 ? x : 0) + fast_log1p (fast_exp (-size)) + (x != x ? x : 0);
}

ESP_ACTIVATION_FORWARD (relu, x <= 0 ? 0 : x)
ESP_ACTIVATION_FORWARD (leaky_relu, x > 0 ? x : a * x)
ESP_ACTIVATION_BACKWARD (leaky_relu, x > 0 ? 1 : a)
ESP_ACTIVATION_FORWARD (elu, x > 0 ? x : a * fast_expm1 (x))
ESP_ACTIVATION_BACKWARD (elu, x > 0 ? 1 : y + a)
ESP_ACTIVATION_FORWARD (gelu, x *normal_below (x))
ESP_ACTIVATION_BACKWARD (gelu, normal_below (x) + x * normal_density (x))
ESP_ACTIVATION_FORWARD (gelu_tanh,
                        (EspReal) 0.5 * x * (1 + fast_tanh (SQRT_2_PI * (x + CUBIC * x * x * x))))
ESP_ACTIVATION_BACKWARD (gelu_tanh, gelu_tanh_slope (x))
ESP_ACTIVATION_FORWARD (silu, x *sigmoid (x))
ESP_ACTIVATION_BACKWARD (silu, sigmoid (x) * (1 + x * (1 - sigmoid (x))))
ESP_ACTIVATION_FORWARD (tanh, fast_tanh (x))
ESP_ACTIVATION_BACKWARD (tanh, (1 - y * y))
ESP_ACTIVATION_FORWARD (sigmoid, sigmoid (x))
ESP_ACTIVATION_BACKWARD (sigmoid, (1 - y) * y)
ESP_ACTIVATION_FORWARD (softplus, x *a > b ? x : softplus (x * a) / a)
ESP_ACTIVATION_BACKWARD (softplus, x *a > b ? 1 : sigmoid (x * a))

/* a unit that is off lets nothing through, not even what isn't finite */
static void
relu_backward (const EspReal *x,
               const EspReal *restrict y,
               const EspReal *restrict dy,
               EspReal *restrict dx,
               gsize count,
               EspReal a,
               EspReal b)
{
  (void) x;
  (void) a;
  (void) b;
  for (gsize i = 0; i < count; i++)
    dx[i] += y[i] <= 0 ? 0 : dy[i];
}

static void
add (const EspReal *restrict x, EspReal *restrict y, gsize count)
{
  for (gsize i = 0; i < count; i++)
    y[i] += x[i];
}

static void
multiply (const EspReal *restrict a, const EspReal *restrict b, EspReal *restrict y, gsize count)
{
  for (gsize i = 0; i < count; i++)
    y[i] = a[i] * b[i];
}

static void
multiply_add (const EspReal *restrict a,
              const EspReal *restrict b,
              EspReal *restrict c,
              gsize count)
{
  for (gsize i = 0; i < count; i++)
    c[i] += a[i] * b[i];
}

static void
dropout_mask (EspReal *restrict mask, gsize count, guint64 key, guint32 drop, EspReal scale)
{
  for (gsize i = 0; i < count; i++)
    {
      guint64 z = key + (i + 1) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
      z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
      z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
      z = z ^ (z >> 31);
      mask[i] = (guint32) (z >> 40) < drop ? 0 : scale;
    }
}

static void
observe (const EspReal *restrict y, gsize N, gsize U, gsize P, const EspUnitSums *sums)
{
  const EspReal low = sums->low, high = sums->high;
  for (gsize n = 0; n < N; n++)
    for (gsize u = 0; u < U; u++)
      {
        const EspReal *values = y + (n * U + u) * P;
        guint64 fired = 0, saturated = 0;
        double magnitude = 0;
        for (gsize p = 0; p < P; p++)
          {
            fired += !(values[p] <= 0);
            saturated += values[p] <= low || values[p] >= high;
            magnitude += (double) (values[p] < 0 ? -values[p] : values[p]);
          }
        sums->fired[u] += fired;
        sums->saturated[u] += saturated;
        sums->magnitude[u] += magnitude;
      }
}

#define FIRED_UNITS 8 /* looked at together */
#define FIRED_ROWS 4  /* without asking whether that is enough */

/* the first FIRED_UNITS of rows of @U */
static void
mark_fired_block (const EspReal *restrict y, gsize N, gsize U, guint64 step, guint64 *restrict last)
{
  gint32 fired[FIRED_UNITS] = { 0 };
  for (gsize n = 0; n < N;)
    {
      gint32 all = -1;
      for (gsize end = MIN (n + FIRED_ROWS, N); n < end; n++)
        for (gsize u = 0; u < FIRED_UNITS; u++)
          fired[u] |= y[n * U + u] <= 0 ? 0 : -1;
      for (gsize u = 0; u < FIRED_UNITS; u++)
        all &= fired[u];
      if (all)
        break;
    }
  for (gsize u = 0; u < FIRED_UNITS; u++)
    last[u] = fired[u] ? step : last[u];
}

static void
mark_fired (const EspReal *restrict y,
            gsize N,
            gsize U,
            gsize P,
            guint64 step,
            guint64 *restrict last)
{
  gsize first = 0;
  for (; P == 1 && first + FIRED_UNITS <= U; first += FIRED_UNITS)
    mark_fired_block (y + first, N, U, step, last + first);
  for (gsize u = first; u < U; u++)
    {
      gboolean fired = FALSE;
      for (gsize n = 0; n < N && !fired; n++)
        for (gsize p = 0; p < P && !fired; p++)
          fired = !(y[(n * U + u) * P + p] <= 0);
      if (fired)
        last[u] = step;
    }
}
