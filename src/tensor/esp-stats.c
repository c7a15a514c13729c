/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The figures of a tensor, with exact counts by the top 16 bits of the float32, from which bins and
 * quantiles follow. Kept sparse, in order of value: a weight matrix has some 1,000 different codes,
 * a small tensor a few, so that a window may keep the statistics of 20,000 tensors.
 *
 * A code stands for an interval: [float (code << 16), float ((code + 1) << 16)), mirrored for
 * negative values; never beyond the tensor's smallest and largest value.
 */

#include "esp-stats-private.h"

#include <float.h>
#include <math.h>
#include <string.h>

struct _EspStats
{
  gatomicrefcount ref_count;
  EspStatsValues values;
  guint n_codes;
  guint16 *codes;  /* (n_codes) in order of value */
  guint64 *counts; /* (n_codes) */
};

/* The code at a place in the order of values, from the most negative one up. */
static guint16
code_at (guint place)
{
  return (guint16) (place < 0x8000 ? 0xffff - place : place - 0x8000);
}

static guint16
place_of (guint16 code)
{
  return (guint16) (code & 0x8000 ? 0xffff - code : code + 0x8000);
}

static gboolean
is_finite_code (guint16 code)
{
  return (code & 0x7f80) != 0x7f80;
}

static EspStats *
stats_alloc (const EspStatsValues *values, guint n_codes)
{
  EspStats *self = g_new0 (EspStats, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->values = *values;
  self->codes = g_new (guint16, n_codes);
  self->counts = g_new (guint64, n_codes);
  return self;
}

static void
add_code (EspStats *self, guint16 code, guint64 count)
{
  if (count == 0 || !is_finite_code (code))
    return;
  self->codes[self->n_codes] = code;
  self->counts[self->n_codes] = count;
  self->n_codes++;
}

EspStats *
esp_stats_new (const EspStatsValues *values, const guint64 *counts)
{
  EspStats *self;
  guint n = 0;

  for (guint code = 0; code < ESP_HISTOGRAM_CODES; code++)
    n += counts[code] > 0;
  self = stats_alloc (values, n);
  for (guint place = 0; place < ESP_HISTOGRAM_CODES; place++)
    add_code (self, code_at (place), counts[code_at (place)]);
  return self;
}

/* stable, by eight of the bits from @shift on */
static void
sort_by_byte (const guint16 *in, gsize n, guint shift, guint16 *out)
{
  gsize ends[257] = { 0 };

  for (gsize i = 0; i < n; i++)
    ends[(in[i] >> shift & 0xff) + 1]++;
  for (guint i = 0; i < 256; i++)
    ends[i + 1] += ends[i];
  for (gsize i = 0; i < n; i++)
    out[ends[in[i] >> shift & 0xff]++] = in[i];
}

EspStats *
esp_stats_new_for_codes (const EspStatsValues *values, guint16 *codes, gsize n)
{
  g_autofree guint16 *spare = g_new (guint16, n);
  EspStats *self;
  guint n_codes = 0;
  gsize begin = 0;

  for (gsize i = 0; i < n; i++)
    codes[i] = place_of (codes[i]);
  sort_by_byte (codes, n, 0, spare);
  sort_by_byte (spare, n, 8, codes);
  for (gsize i = 0; i < n; i++)
    n_codes += i == 0 || codes[i] != codes[i - 1];
  self = stats_alloc (values, n_codes);
  for (gsize i = 1; i <= n; i++)
    if (i == n || codes[i] != codes[begin])
      {
        add_code (self, code_at (codes[begin]), i - begin);
        begin = i;
      }
  return self;
}

EspStats *
esp_stats_ref (EspStats *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
esp_stats_unref (EspStats *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->codes);
  g_free (self->counts);
  g_free (self);
}

const EspStatsValues *
esp_stats_get_values (EspStats *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return &self->values;
}

/* {{{ intervals */

static double
magnitude_of (guint code)
{
  guint32 bits = (guint32) code << 16;
  float value;

  if (code >= 0x7f80) /* the end of the last finite interval */
    return 0x1p128;
  memcpy (&value, &bits, sizeof value);
  return value;
}

/* the values that a code stands for: all of the same value where @lo equals @hi */
static void
get_interval (EspStats *self, guint16 code, double *lo, double *hi)
{
  double near = magnitude_of (code & 0x7fff);
  double far = magnitude_of ((code & 0x7fff) + 1u);

  if ((code & 0x7fff) == 0x7f7f)
    far = INFINITY; /* doubles beyond float32 are counted here */
  *lo = CLAMP (code & 0x8000 ? -far : near, self->values.min, self->values.max);
  *hi = CLAMP (code & 0x8000 ? -near : far, self->values.min, self->values.max);
}

static void
add_to_bins (double lo, double hi, double count, guint n, double *bins)
{
  /* bins lie at 0 to n */
  guint first, last;

  if (hi < 0 || lo > n)
    return;
  if (hi <= lo)
    {
      bins[MIN ((guint) lo, n - 1)] += count;
      return;
    }
  first = lo <= 0 ? 0 : (guint) lo;
  last = hi >= n ? n - 1 : (guint) hi;
  for (guint i = MIN (first, n - 1); i <= last; i++)
    {
      double share = (MIN (hi, i + 1.0) - MAX (lo, (double) i)) / (hi - lo);

      bins[i] += count * MAX (share, 0);
    }
}

void
esp_stats_get_bins (EspStats *self, double lo, double hi, guint n, double *bins)
{
  /* smaller where the width of the range would overflow, larger where its inverse would */
  double unit = !isfinite (hi - lo) ? 0.25 : hi - lo < DBL_MIN ? 0x1p600 : 1;
  double scale;

  g_return_if_fail (self != NULL);
  g_return_if_fail (bins != NULL || n == 0);

  for (guint i = 0; i < n; i++)
    bins[i] = 0;
  if (n == 0 || !(lo <= hi))
    return;
  scale = hi > lo ? n / (hi * unit - lo * unit) : 0;
  for (guint i = 0; i < self->n_codes; i++)
    {
      double from, to;

      get_interval (self, self->codes[i], &from, &to);
      if (to < lo || from > hi)
        continue;
      add_to_bins ((from * unit - lo * unit) * scale, (to * unit - lo * unit) * scale,
                   (double) self->counts[i], n, bins);
    }
}

double
esp_stats_get_quantile (EspStats *self, double share)
{
  double wanted, below = 0;

  g_return_val_if_fail (self != NULL, NAN);

  if (self->n_codes == 0 || isnan (share))
    return NAN;
  wanted = CLAMP (share, 0, 1) * (double) self->values.finite;
  for (guint i = 0; i < self->n_codes; i++)
    {
      double count = (double) self->counts[i];
      double lo, hi;

      if (below + count >= wanted)
        {
          get_interval (self, self->codes[i], &lo, &hi);
          /* weighed so that nothing overflows between far ends */
          share = (wanted - below) / count;
          return lo * (1 - share) + hi * share;
        }
      below += count;
    }
  return self->values.max;
}

/* the least and the greatest float32 that a code stands for */
static void
get_code_ends (guint16 code, double *lo, double *hi)
{
  guint32 near_bits = (guint32) (code & 0x7fff) << 16, far_bits = near_bits | 0xffff;
  float near, far;

  memcpy (&near, &near_bits, sizeof near);
  memcpy (&far, &far_bits, sizeof far);
  *lo = code & 0x8000 ? -(double) far : (double) near;
  *hi = code & 0x8000 ? -(double) near : (double) far;
  if ((code & 0x7fff) == 0x7f7f) /* doubles beyond float32 are counted here */
    *(code & 0x8000 ? lo : hi) = code & 0x8000 ? -G_MAXDOUBLE : G_MAXDOUBLE;
}

/* the code at which the values below it, it included, reach a share of all */
static guint16
find_code (EspStats *self, double share)
{
  double wanted = CLAMP (share, 0, 1) * (double) self->values.finite, below = 0;

  for (guint i = 0; i < self->n_codes; i++)
    {
      below += (double) self->counts[i];
      if (below >= wanted)
        return self->codes[i];
    }
  return self->codes[self->n_codes - 1];
}

void
esp_stats_get_percentile_range (EspStats *self, double low, double high, double *lo, double *hi)
{
  double unused;

  g_return_if_fail (self != NULL && lo != NULL && hi != NULL);

  *lo = *hi = NAN;
  if (self->n_codes == 0)
    return;
  get_code_ends (find_code (self, low), lo, &unused);
  get_code_ends (find_code (self, high), &unused, hi);
  *lo = CLAMP (*lo, self->values.min, self->values.max);
  *hi = CLAMP (*hi, *lo, self->values.max);
}

gboolean
esp_stats_count_beyond (EspStats *self, double lo, double hi, guint64 *below, guint64 *above)
{
  double under = 0, over = 0;
  gboolean exact = TRUE;

  g_return_val_if_fail (self != NULL && below != NULL && above != NULL, FALSE);

  for (guint i = 0; i < self->n_codes; i++)
    {
      double count = (double) self->counts[i], from, to;

      get_code_ends (self->codes[i], &from, &to);
      from = CLAMP (from, self->values.min, self->values.max);
      to = CLAMP (to, self->values.min, self->values.max);
      if (to < lo)
        under += count;
      else if (from < lo)
        {
          under += count * (lo - from) / (to - from);
          exact = FALSE;
        }
      if (from > hi)
        over += count;
      else if (to > hi)
        {
          over += count * (to - hi) / (to - from);
          exact = FALSE;
        }
    }
  *below = (guint64) round (under);
  *above = (guint64) round (over);
  /* that something lies there is known */
  if (self->n_codes > 0 && self->values.min < lo)
    *below = MAX (*below, 1);
  if (self->n_codes > 0 && self->values.max > hi)
    *above = MAX (*above, 1);
  return exact;
}

/* }}} */
