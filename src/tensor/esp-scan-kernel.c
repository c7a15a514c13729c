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

typedef float Floats4 __attribute__ ((vector_size (16)));
typedef double Doubles4 __attribute__ ((vector_size (32)));
typedef gint32 Ints8 __attribute__ ((vector_size (32)));
typedef gint64 Longs4 __attribute__ ((vector_size (32)));

#define INLINE static inline __attribute__ ((always_inline))
#define STEP 16 /* numbers a round; also the lanes that sums are kept in */

#define LOAD(to, from) memcpy (&(to), (from), sizeof (to))
#define SELECT(mask, a, b) (((a) & (mask)) | ((b) & ~(mask)))

/* a monotonic map between the bits of a float and integers, its own inverse */
#define ORDER_32(bits) ((bits) ^ (((bits) >> 31) & 0x7fffffff))
#define ORDER_64(bits) ((bits) ^ (((bits) >> 63) & 0x7fffffffffffffff))

/* {{{ float32 */

INLINE double
add_lanes (const Doubles4 *lanes)
{
  Doubles4 sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);

  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

typedef struct
{
  Ints8 low, high, zeros, nonfinite;
} Bits32;

INLINE void
look_at_bits_32 (Bits32 *found, const float *values)
{
  Ints8 bits, order;

  LOAD (bits, values);
  order = ORDER_32 (bits);
  found->low = SELECT (order < found->low, order, found->low);
  found->high = SELECT (order > found->high, order, found->high);
  found->zeros -= (bits << 1) == 0;
  found->nonfinite -= (bits & 0x7f800000) == 0x7f800000;
}

INLINE float
float_from_order (gint32 order)
{
  float value;

  order = ORDER_32 (order);
  memcpy (&value, &order, sizeof value);
  return value;
}

INLINE void
sums_f32 (const float *values, gsize count, EspSums *out)
{
  Bits32 found = { .low = (Ints8) {} + G_MAXINT32, .high = (Ints8) {} + G_MININT32 };
  Doubles4 sums[4] = { { 0 } };
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
          Floats4 part;

          LOAD (part, values + i + 4 * k);
          sums[k] += __builtin_convertvector (part, Doubles4);
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

INLINE double
deviations_f32 (const float *values, gsize count, double mean)
{
  Doubles4 sums[4] = { { 0 } };
  gsize whole = count / STEP * STEP;
  double sum;

  for (gsize i = 0; i < whole; i += STEP)
    for (int k = 0; k < 4; k++)
      {
        Floats4 part;
        Doubles4 deviation;

        LOAD (part, values + i + 4 * k);
        deviation = __builtin_convertvector (part, Doubles4) - mean;
        sums[k] += deviation * deviation;
      }
  sum = add_lanes (sums);
  for (gsize i = whole; i < count; i++)
    sum += (values[i] - mean) * (values[i] - mean);
  return sum;
}

/* }}} */
/* {{{ float64 */

INLINE void
sums_f64 (const double *values, gsize count, EspSums *out)
{
  Longs4 low = (Longs4) {} + G_MAXINT64;
  Longs4 high = (Longs4) {} + G_MININT64;
  Longs4 zeros = { 0 };
  Longs4 nonfinite = { 0 };
  Doubles4 sums[4] = { { 0 } };
  gint64 lowest = G_MAXINT64;
  gint64 highest = G_MININT64;
  gsize whole = count / STEP * STEP;

  for (gsize i = 0; i < whole; i += STEP)
    for (int k = 0; k < 4; k++)
      {
        Doubles4 part;
        Longs4 bits, order;

        LOAD (part, values + i + 4 * k);
        LOAD (bits, values + i + 4 * k);
        sums[k] += part;
        order = ORDER_64 (bits);
        low = SELECT (order < low, order, low);
        high = SELECT (order > high, order, high);
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

INLINE double
deviations_f64 (const double *values, gsize count, double mean)
{
  Doubles4 sums[4] = { { 0 } };
  gsize whole = count / STEP * STEP;
  double sum;

  for (gsize i = 0; i < whole; i += STEP)
    for (int k = 0; k < 4; k++)
      {
        Doubles4 part;

        LOAD (part, values + i + 4 * k);
        part -= mean;
        sums[k] += part * part;
      }
  sum = add_lanes (sums);
  for (gsize i = whole; i < count; i++)
    sum += (values[i] - mean) * (values[i] - mean);
  return sum;
}

/* }}} */
/* {{{ which of the two */

#if defined(__x86_64__) && !defined(__AVX2__)
#define HAVE_TWO 1
/* fma stays off, so that both round alike */
#define WIDE __attribute__ ((target ("avx2")))

static gboolean
has_avx2 (void)
{
  return __builtin_cpu_supports ("avx2") != 0;
}
#endif

#ifdef HAVE_TWO
#define DEFINE_BOTH(result, name, parameters, arguments)                                           \
  WIDE static result name##_avx2 parameters                                                        \
  {                                                                                                \
    return name arguments;                                                                         \
  }                                                                                                \
  result esp_scan_kernel_##name parameters                                                         \
  {                                                                                                \
    if (has_avx2 ())                                                                               \
      return name##_avx2 arguments;                                                                \
    return name arguments;                                                                         \
  }
#else
#define DEFINE_BOTH(result, name, parameters, arguments)                                           \
  result esp_scan_kernel_##name parameters                                                         \
  {                                                                                                \
    return name arguments;                                                                         \
  }
#endif

DEFINE_BOTH (void, sums_f32, (const float *values, gsize count, EspSums *out), (values, count, out))
DEFINE_BOTH (void,
             sums_f64,
             (const double *values, gsize count, EspSums *out),
             (values, count, out))
DEFINE_BOTH (double,
             deviations_f32,
             (const float *values, gsize count, double mean),
             (values, count, mean))
DEFINE_BOTH (double,
             deviations_f64,
             (const double *values, gsize count, double mean),
             (values, count, mean))

/* }}} */
/* {{{ codes */

INLINE guint16
code_f32 (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  return (guint16) (bits >> 16);
}

INLINE guint16
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
