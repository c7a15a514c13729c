/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* sums over a chunk of numbers; all of them hold only if nothing in it is NaN or infinite */
typedef struct
{
  double min, max, sum;
  double squares; /* sum of squares; NAN of doubles */
  guint64 zeros;
  guint64 nonfinite; /* of floats: 1 where there is any */
} EspSums;

/* Vector loops over a chunk that fits in the cache, with AVX2 or AVX-512 where the processor has
 * them. The results don't depend on which: all add in the same lanes. */
void esp_scan_kernel_sums_f32 (const float *values, gsize count, EspSums *out);
void esp_scan_kernel_sums_f64 (const double *values, gsize count, EspSums *out);
/* sum of (value - mean)^2 */
double esp_scan_kernel_deviations_f32 (const float *values, gsize count, double mean);
double esp_scan_kernel_deviations_f64 (const double *values, gsize count, double mean);
/* index of the first that equals @wanted, @count where none does */
gsize esp_scan_kernel_find_f32 (const float *values, gsize count, float wanted);
/* codes: the top 16 bits; those of doubles are of the nearest finite float */
void esp_scan_kernel_codes_f32 (const float *values, gsize count, guint16 *codes);
void esp_scan_kernel_codes_f64 (const double *values, gsize count, guint16 *codes);
/* adds 1 to the count of each value's code */
void esp_scan_kernel_count_f32 (const float *values, gsize count, guint32 *counts);
void esp_scan_kernel_count_f64 (const double *values, gsize count, guint32 *counts);

G_END_DECLS
