/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hot loops of a scan: a chunk of some 10,000 numbers in the cache -> sums, squared deviations,
 * counts. Written in vectors of 32 bytes, which the compiler splits where the machine has shorter
 * ones; each loop is compiled twice on x86-64 and the processor is asked once. Infinities and NaN
 * are found in the bits, smallest and largest are taken of the bits as ordered integers, so nothing
 * hangs on how floating-point comparisons treat NaN.
 */

#include "esp-scan-kernel-private.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "esp-vector-private.h"

#define STEP 16 /* numbers a round; also the lanes that sums are kept in */

/* a monotonic map between the bits of a double and integers, its own inverse */
#define ORDER_64(bits) ((bits) ^ (((bits) >> 63) & 0x7fffffffffffffff))

/* {{{ float32 */

ESP_INLINE double
add_lanes (const void *vectors)
{
  double lanes[ESP_LANES];

  memcpy (lanes, vectors, sizeof lanes);
  return esp_vector_add_lanes (lanes);
}

/* what vectors have gathered, and the numbers from @whole on */
ESP_INLINE void
finish_sums_f32 (const float *values,
                 gsize whole,
                 gsize count,
                 const float *low,
                 const float *high,
                 const gint32 *zeros,
                 EspSums *out)
{
  float min = INFINITY, max = -INFINITY;

  out->zeros = 0;
  for (int k = 0; k < STEP; k++)
    {
      min = low[k] < min ? low[k] : min;
      max = high[k] > max ? high[k] : max;
      out->zeros += (guint32) zeros[k];
    }
  for (gsize i = whole; i < count; i++)
    {
      min = values[i] < min ? values[i] : min;
      max = values[i] > max ? values[i] : max;
      out->zeros += values[i] == 0;
      out->sum += (double) values[i];
      out->squares += (double) values[i] * (double) values[i];
    }
  out->min = (double) min;
  out->max = (double) max;
  /* squares of floats don't overflow a double */
  out->nonfinite = !isfinite (out->squares);
}

#define DEFINE_SUMS_F32(name, WIDE, HALF, DOUBLES, INTS, N)                                        \
  ESP_INLINE void name (const float *values, gsize count, EspSums *out)                            \
  {                                                                                                \
    WIDE low[N], high[N];                                                                          \
    INTS zeros[N];                                                                                 \
    DOUBLES sums[2 * (N)], powers[2 * (N)];                                                        \
    float lows[STEP], highs[STEP];                                                                 \
    gint32 n_zeros[STEP];                                                                          \
    gsize whole = count / STEP * STEP;                                                             \
                                                                                                   \
    for (int k = 0; k < (N); k++)                                                                  \
      {                                                                                            \
        low[k] = (WIDE) {} + INFINITY;                                                             \
        high[k] = (WIDE) {} - INFINITY;                                                            \
        zeros[k] = (INTS) {};                                                                      \
        sums[2 * k] = sums[2 * k + 1] = powers[2 * k] = powers[2 * k + 1] = (DOUBLES) {};          \
      }                                                                                            \
    for (gsize i = 0; i < whole; i += STEP)                                                        \
      {                                                                                            \
        for (int k = 0; k < (N); k++)                                                              \
          {                                                                                        \
            WIDE v;                                                                                \
                                                                                                   \
            ESP_LOAD (v, values + i + STEP / (N) * k);                                             \
            low[k] = ESP_SELECT_FLOATS (INTS, v < low[k], v, low[k]);                              \
            high[k] = ESP_SELECT_FLOATS (INTS, v > high[k], v, high[k]);                           \
            zeros[k] -= v == 0;                                                                    \
          }                                                                                        \
        for (int k = 0; k < 2 * (N); k++)                                                          \
          {                                                                                        \
            HALF v;                                                                                \
            DOUBLES wide;                                                                          \
                                                                                                   \
            ESP_LOAD (v, values + i + STEP / (2 * (N)) * k);                                       \
            wide = __builtin_convertvector (v, DOUBLES);                                           \
            sums[k] += wide;                                                                       \
            powers[k] += wide * wide;                                                              \
          }                                                                                        \
      }                                                                                            \
    out->sum = add_lanes (sums);                                                                   \
    out->squares = add_lanes (powers);                                                             \
    memcpy (lows, low, sizeof lows);                                                               \
    memcpy (highs, high, sizeof highs);                                                            \
    memcpy (n_zeros, zeros, sizeof n_zeros);                                                       \
    finish_sums_f32 (values, whole, count, lows, highs, n_zeros, out);                             \
  }

DEFINE_SUMS_F32 (sums_f32, EspFloats8, EspFloats4, EspDoubles4, EspInts8, 2)
DEFINE_SUMS_F32 (sums_f32_64, EspFloats16, EspFloats8, EspDoubles8, EspInts16, 1)

ESP_INLINE double
deviations_f32 (const float *values, gsize count, double mean)
{
  EspDoubles4 sums[4] = { { 0 } };
  gsize whole = count / STEP * STEP;
  double sum;

  for (gsize i = 0; i < whole; i += STEP)
    for (int k = 0; k < 4; k++)
      {
        EspFloats4 part;
        EspDoubles4 deviation;

        ESP_LOAD (part, values + i + 4 * k);
        deviation = __builtin_convertvector (part, EspDoubles4) - mean;
        sums[k] += deviation * deviation;
      }
  sum = add_lanes (sums);
  for (gsize i = whole; i < count; i++)
    sum += (values[i] - mean) * (values[i] - mean);
  return sum;
}

/* }}} */
/* {{{ float64 */

ESP_INLINE void
sums_f64 (const double *values, gsize count, EspSums *out)
{
  EspLongs4 low = (EspLongs4) {} + G_MAXINT64;
  EspLongs4 high = (EspLongs4) {} + G_MININT64;
  EspLongs4 zeros = { 0 };
  EspLongs4 nonfinite = { 0 };
  EspDoubles4 sums[4] = { { 0 } };
  gint64 lowest = G_MAXINT64;
  gint64 highest = G_MININT64;
  gsize whole = count / STEP * STEP;

  for (gsize i = 0; i < whole; i += STEP)
    for (int k = 0; k < 4; k++)
      {
        EspDoubles4 part;
        EspLongs4 bits, order;

        ESP_LOAD (part, values + i + 4 * k);
        ESP_LOAD (bits, values + i + 4 * k);
        sums[k] += part;
        order = ORDER_64 (bits);
        low = ESP_SELECT (order < low, order, low);
        high = ESP_SELECT (order > high, order, high);
        zeros -= (bits << 1) == 0;
        nonfinite -= (bits & 0x7ff0000000000000) == 0x7ff0000000000000;
      }
  memset (out, 0, sizeof *out);
  out->sum = add_lanes (sums);
  out->squares = NAN;
  for (int k = 0; k < 4; k++)
    {
      lowest = MIN (lowest, low[k]);
      highest = MAX (highest, high[k]);
      out->zeros += (guint64) zeros[k];
      out->nonfinite += (guint64) nonfinite[k];
    }
  for (gsize i = whole; i < count; i++)
    {
      gint64 bits;

      memcpy (&bits, &values[i], sizeof bits);
      lowest = MIN (lowest, ORDER_64 (bits));
      highest = MAX (highest, ORDER_64 (bits));
      out->zeros += (bits & G_MAXINT64) == 0;
      out->nonfinite += (bits & 0x7ff0000000000000) == 0x7ff0000000000000;
      out->sum += values[i];
    }
  lowest = ORDER_64 (lowest);
  highest = ORDER_64 (highest);
  memcpy (&out->min, &lowest, sizeof out->min);
  memcpy (&out->max, &highest, sizeof out->max);
}

ESP_INLINE double
deviations_f64 (const double *values, gsize count, double mean)
{
  EspDoubles4 sums[4] = { { 0 } };
  gsize whole = count / STEP * STEP;
  double sum;

  for (gsize i = 0; i < whole; i += STEP)
    for (int k = 0; k < 4; k++)
      {
        EspDoubles4 part;

        ESP_LOAD (part, values + i + 4 * k);
        part -= mean;
        sums[k] += part * part;
      }
  sum = add_lanes (sums);
  for (gsize i = whole; i < count; i++)
    sum += (values[i] - mean) * (values[i] - mean);
  return sum;
}

/* }}} */
/* {{{ the loops for both kinds of processor */

ESP_DEFINE_WIDEST (void,
                   esp_scan_kernel_sums_f32,
                   sums_f32,
                   sums_f32_64,
                   (const float *values, gsize count, EspSums *out),
                   (values, count, out))
ESP_DEFINE_WIDE (void,
                 esp_scan_kernel_sums_f64,
                 sums_f64,
                 (const double *values, gsize count, EspSums *out),
                 (values, count, out))
ESP_DEFINE_WIDE (double,
                 esp_scan_kernel_deviations_f32,
                 deviations_f32,
                 (const float *values, gsize count, double mean),
                 (values, count, mean))
ESP_DEFINE_WIDE (double,
                 esp_scan_kernel_deviations_f64,
                 deviations_f64,
                 (const double *values, gsize count, double mean),
                 (values, count, mean))

ESP_INLINE gsize
find_f32 (const float *values, gsize count, float wanted)
{
  gsize i = 0;

  for (; i + 64 <= count; i += 64)
    {
      guint32 found = 0;

      for (int k = 0; k < 64; k++)
        found |= values[i + (gsize) k] == wanted;
      if (found)
        break;
    }
  for (; i < count; i++)
    if (values[i] == wanted)
      break;
  return i;
}

ESP_DEFINE_WIDE (gsize,
                 esp_scan_kernel_find_f32,
                 find_f32,
                 (const float *values, gsize count, float wanted),
                 (values, count, wanted))

/* }}} */
/* {{{ codes */

ESP_INLINE guint16
code_f32 (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  return (guint16) (bits >> 16);
}

ESP_INLINE guint16
code_f64 (double value)
{
  float nearest = (float) value;

  if (isinf (nearest) && !isinf (value))
    nearest = copysignf (FLT_MAX, nearest);
  return code_f32 (nearest);
}

#define DEFINE_CODES(type, suffix)                                                                 \
  void esp_scan_kernel_codes_##suffix (const type *values, gsize count, guint16 *codes)            \
  {                                                                                                \
    for (gsize i = 0; i < count; i++)                                                              \
      codes[i] = code_##suffix (values[i]);                                                        \
  }                                                                                                \
  void esp_scan_kernel_count_##suffix (const type *values, gsize count, guint32 *counts)           \
  {                                                                                                \
    for (gsize i = 0; i < count; i++)                                                              \
      counts[code_##suffix (values[i])]++;                                                         \
  }

DEFINE_CODES (float, f32)
DEFINE_CODES (double, f64)

/* }}} */
