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

/* a monotonic map between the bits of a float and integers, its own inverse */
#define ORDER_32(bits) ((bits) ^ (((bits) >> 31) & 0x7fffffff))
#define ORDER_64(bits) ((bits) ^ (((bits) >> 63) & 0x7fffffffffffffff))

/* {{{ float32 */

ESP_INLINE double
add_lanes (const EspDoubles4 *lanes)
{
  EspDoubles4 sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);

  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

typedef struct
{
  EspInts8 low, high, zeros, nonfinite;
} Bits32;

ESP_INLINE void
look_at_bits_32 (Bits32 *found, const float *values)
{
  EspInts8 bits, order;

  ESP_LOAD (bits, values);
  order = ORDER_32 (bits);
  found->low = ESP_SELECT (order < found->low, order, found->low);
  found->high = ESP_SELECT (order > found->high, order, found->high);
  found->zeros -= (bits << 1) == 0;
  found->nonfinite -= (bits & 0x7f800000) == 0x7f800000;
}

ESP_INLINE float
float_from_order (gint32 order)
{
  float value;

  order = ORDER_32 (order);
  memcpy (&value, &order, sizeof value);
  return value;
}

ESP_INLINE void
sums_f32 (const float *values, gsize count, EspSums *out)
{
  Bits32 found = { .low = (EspInts8) {} + G_MAXINT32, .high = (EspInts8) {} + G_MININT32 };
  EspDoubles4 sums[4] = { { 0 } };
  gint32 low = G_MAXINT32;
  gint32 high = G_MININT32;
  gsize whole = count / STEP * STEP;
  double sum;

  for (gsize i = 0; i < whole; i += STEP)
    {
      look_at_bits_32 (&found, values + i);
      look_at_bits_32 (&found, values + i + 8);
      for (int k = 0; k < 4; k++)
        {
          EspFloats4 part;

          ESP_LOAD (part, values + i + 4 * k);
          sums[k] += __builtin_convertvector (part, EspDoubles4);
        }
    }
  sum = add_lanes (sums);
  memset (out, 0, sizeof *out);
  for (int k = 0; k < 8; k++)
    {
      low = MIN (low, found.low[k]);
      high = MAX (high, found.high[k]);
      out->zeros += (guint32) found.zeros[k];
      out->nonfinite += (guint32) found.nonfinite[k];
    }
  for (gsize i = whole; i < count; i++)
    {
      gint32 bits, order;

      memcpy (&bits, &values[i], sizeof bits);
      order = ORDER_32 (bits);
      low = MIN (low, order);
      high = MAX (high, order);
      out->zeros += (bits & 0x7fffffff) == 0;
      out->nonfinite += (bits & 0x7f800000) == 0x7f800000;
      sum += (double) values[i];
    }
  out->sum = sum;
  out->min = float_from_order (low);
  out->max = float_from_order (high);
}

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

ESP_DEFINE_WIDE (void,
                 esp_scan_kernel_sums_f32,
                 sums_f32,
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
