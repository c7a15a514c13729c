/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The figures of a part of a tensor: a chunk that fits in the cache is summed up twice (the mean,
 * then deviations from it) and merged into those before it by Chan's formula. Sums are kept as two
 * doubles, so that 10^9 of them lose nothing that shows.
 */

#include "esp-scan-part-private.h"

#include <math.h>
#include <string.h>

#include "esp-scan-kernel-private.h"

void
esp_scan_part_init (EspScanPart *self)
{
  memset (self, 0, sizeof *self);
  self->min = INFINITY;
  self->max = -INFINITY;
  self->first_min = self->first_max = self->first_nonfinite = -1;
}

/* Knuth's sum without an error */
static void
add_sum (EspScanPart *self, double value)
{
  double sum = self->sum + value;
  double back = sum - self->sum;
  double rest = (self->sum - (sum - back)) + (value - back);

  self->sum = sum;
  self->sum_rest += isfinite (sum) ? rest : 0;
}

static double
get_mean (const EspScanPart *self)
{
  return (self->sum + self->sum_rest) / (double) self->finite;
}

static void
take_lower (gint64 *index, gint64 other)
{
  if (other >= 0 && (*index < 0 || other < *index))
    *index = other;
}

static void
merge_extremes (EspScanPart *self, const EspScanPart *other)
{
  if (other->min < self->min)
    {
      self->min = other->min;
      self->first_min = other->first_min;
    }
  else if (other->min == self->min)
    take_lower (&self->first_min, other->first_min);
  if (other->max > self->max)
    {
      self->max = other->max;
      self->first_max = other->first_max;
    }
  else if (other->max == self->max)
    take_lower (&self->first_max, other->first_max);
  take_lower (&self->first_nonfinite, other->first_nonfinite);
}

/* Chan, Golub, LeVeque: pairwise merging of sums and squared deviations */
void
esp_scan_part_merge (EspScanPart *self, const EspScanPart *other)
{
  if (self->finite > 0 && other->finite > 0)
    {
      double n = (double) self->finite;
      double m = (double) other->finite;
      double distance = get_mean (other) - get_mean (self);

      self->squares += other->squares + distance * distance * (n / (n + m) * m);
    }
  else
    self->squares += other->squares;
  self->finite += other->finite;
  self->zeros += other->zeros;
  self->nans += other->nans;
  self->positive_infs += other->positive_infs;
  self->negative_infs += other->negative_infs;
  add_sum (self, other->sum);
  self->sum_rest += other->sum_rest;
  merge_extremes (self, other);
}

/* The indices of a chunk's extremes: the lowest in the tensor's order among equal ones. Goes
 * through the chunk again, so it is only called where an extreme is a new one. */
#define DEFINE_FIND(name, type)                                                                    \
  static gint64 name (const EspScanPlan *plan, guint per, const type *values, gsize count,         \
                      guint64 start, double wanted)                                                \
  {                                                                                                \
    gint64 lowest = -1;                                                                            \
    EspScanWalk walk;                                                                              \
                                                                                                   \
    esp_scan_walk_init (&walk, plan, start);                                                       \
    for (gsize i = 0; i < count; i += per, esp_scan_walk_next (&walk))                             \
      {                                                                                            \
        gboolean is = isnan (wanted) ? !isfinite (values[i]) : values[i] == wanted;                \
                                                                                                   \
        if (per == 2)                                                                              \
          is |= isnan (wanted) ? !isfinite (values[i + 1]) : values[i + 1] == wanted;              \
        if (is && plan->in_order)                                                                  \
          return (gint64) walk.at;                                                                 \
        if (is)                                                                                    \
          take_lower (&lowest, (gint64) walk.at);                                                  \
      }                                                                                            \
    return lowest;                                                                                 \
  }

DEFINE_FIND (find_slowly_f32, float)
DEFINE_FIND (find_f64, double)

/* where the order is the tensor's own, nearly always, a search needs no walk */
static gint64
find_f32 (const EspScanPlan *plan,
          guint per,
          const float *values,
          gsize count,
          guint64 start,
          double wanted)
{
  if (per == 1 && plan->in_order && !isnan (wanted))
    return (gint64) (start + esp_scan_kernel_find_f32 (values, count, (float) wanted));
  return find_slowly_f32 (plan, per, values, count, start, wanted);
}

/* complex elements that are zero: both parts are */
#define DEFINE_ZERO_PAIRS(name, type)                                                              \
  static guint64 name (const type *values, gsize count)                                            \
  {                                                                                                \
    guint64 zeros = 0;                                                                             \
                                                                                                   \
    for (gsize i = 0; i < count; i += 2)                                                           \
      zeros += values[i] == 0 && values[i + 1] == 0;                                               \
    return zeros;                                                                                  \
  }

DEFINE_ZERO_PAIRS (zero_pairs_f32, float)
DEFINE_ZERO_PAIRS (zero_pairs_f64, double)

/* moves the finite numbers to @out, counts the others */
#define DEFINE_SIFT(name, type)                                                                    \
  static gsize name (const type *values, gsize count, type *out, EspScanPart *part)                \
  {                                                                                                \
    gsize n = 0;                                                                                   \
                                                                                                   \
    for (gsize i = 0; i < count; i++)                                                              \
      if (isfinite (values[i]))                                                                    \
        out[n++] = values[i];                                                                      \
      else if (isnan (values[i]))                                                                  \
        part->nans++;                                                                              \
      else if (values[i] > 0)                                                                      \
        part->positive_infs++;                                                                     \
      else                                                                                         \
        part->negative_infs++;                                                                     \
    return n;                                                                                      \
  }

DEFINE_SIFT (sift_f32, float)
DEFINE_SIFT (sift_f64, double)

/* Squares of deviations from the mean. By the square of the sum, which costs nothing more, unless
 * the mean is so far from 0 that this would lose more than two figures of sixteen. */
static double
get_deviations_f32 (const float *values, gsize count, const EspSums *sums)
{
  double n = (double) count, square = sums->sum * (sums->sum / n);
  double squares = sums->squares - square;

  if (square <= 64 * squares)
    return squares;
  return esp_scan_kernel_deviations_f32 (values, count, sums->sum / n);
}

static double
get_deviations_f64 (const double *values, gsize count, const EspSums *sums)
{
  return esp_scan_kernel_deviations_f64 (values, count, sums->sum / (double) count);
}

/* the sums of a chunk, merged into those so far */
#define DEFINE_ADD(type, suffix)                                                                   \
  void esp_scan_part_add_##suffix (EspScanPart *self, const EspScanPlan *plan, guint per,          \
                                   const type *values, type *spare, guint64 start, gsize count)    \
  {                                                                                                \
    const type *finite = values;                                                                   \
    gsize n = count;                                                                               \
    EspSums sums;                                                                                  \
    EspScanPart part;                                                                              \
                                                                                                   \
    esp_scan_part_init (&part);                                                                    \
    esp_scan_kernel_sums_##suffix (values, count, &sums);                                          \
    if (sums.nonfinite > 0)                                                                        \
      {                                                                                            \
        finite = spare;                                                                            \
        n = sift_##suffix (values, count, spare, &part);                                           \
        esp_scan_kernel_sums_##suffix (finite, n, &sums);                                          \
        if (self->first_nonfinite < 0 || !plan->in_order)                                          \
          part.first_nonfinite = find_##suffix (plan, per, values, count, start, NAN);             \
      }                                                                                            \
    if (n > 0)                                                                                     \
      {                                                                                            \
        part.finite = n;                                                                           \
        part.zeros = per == 1 ? sums.zeros : zero_pairs_##suffix (values, count);                  \
        part.sum = sums.sum;                                                                       \
        part.min = sums.min;                                                                       \
        part.max = sums.max;                                                                       \
        part.squares = get_deviations_##suffix (finite, n, &sums);                                 \
        if (part.min < self->min || (part.min == self->min && !plan->in_order))                    \
          part.first_min = find_##suffix (plan, per, values, count, start, part.min);              \
        if (part.max > self->max || (part.max == self->max && !plan->in_order))                    \
          part.first_max = find_##suffix (plan, per, values, count, start, part.max);              \
      }                                                                                            \
    esp_scan_part_merge (self, &part);                                                             \
  }

DEFINE_ADD (float, f32)
DEFINE_ADD (double, f64)

void
esp_scan_part_get_values (const EspScanPart *self, guint64 count, EspStatsValues *values)
{
  *values = (EspStatsValues) { .count = count, .finite = self->finite };
  values->zeros = self->zeros;
  values->nans = self->nans;
  values->infs = self->positive_infs + self->negative_infs;
  values->positive_infs = self->positive_infs;
  values->first_min = self->first_min;
  values->first_max = self->first_max;
  values->first_nonfinite = self->first_nonfinite;
  values->min = values->max = values->mean = values->std = NAN;
  if (self->finite > 0)
    {
      double n = (double) self->finite;

      values->min = self->min + 0.0; /* no -0 */
      values->max = self->max + 0.0;
      /* rounding must not push the mean out of the range */
      values->mean = CLAMP (get_mean (self), values->min, values->max);
      values->std = sqrt (self->squares / n);
      values->l2 = sqrt (self->squares + values->mean * values->mean * n);
    }
}

gboolean
esp_scan_is_single (EspTensor *tensor)
{
  switch (esp_tensor_get_dtype (tensor))
    {
    case ESP_DTYPE_UINT32:
    case ESP_DTYPE_INT32:
    case ESP_DTYPE_UINT64:
    case ESP_DTYPE_INT64:
    case ESP_DTYPE_FLOAT64:
    case ESP_DTYPE_COMPLEX128:
      return esp_tensor_get_affine (tensor) != NULL;
    default:
      return TRUE;
    }
}
