/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Value -> place on a colour map -> colour. In: a value and a range with a scale; out: a share of
 * the map from 0 to 1. esp_norm_get_color() is hot: once per overview pixel of a frame. */
#include "config.h"

#include "esp-norm.h"

#include <math.h>

static const char *const scale_names[ESP_N_SCALES] = { "linear", "symlog", "log", "sqrt", "rank" };

/* fewer values than this never hide behind an outlier: each has its own pixels */
#define FEW_VALUES 4096
#define OUTLIER_FACTOR 3

EspScale
esp_scale_from_name (const char *name, gboolean *found)
{
  for (int i = 0; i < ESP_N_SCALES; i++)
    {
      if (g_strcmp0 (scale_names[i], name) != 0)
        continue;
      if (found != NULL)
        *found = TRUE;
      return (EspScale) i;
    }

  if (found != NULL)
    *found = FALSE;
  return ESP_SCALE_LINEAR;
}

const char *
esp_scale_get_name (EspScale scale)
{
  g_return_val_if_fail (scale < ESP_N_SCALES, NULL);

  return scale_names[scale];
}

/* the lowest value a logarithmic axis starts at */
static double
get_log_floor (const EspNorm *self)
{
  if (self->lo > 0)
    return self->lo;

  return self->hi > 0 ? self->hi * 1e-6 : 1e-6;
}

/* where the value stands among the ranks, 0 to ESP_NORM_RANKS; among equal ones at the lowest */
static double
get_rank (const EspNorm *self, double value)
{
  guint low = 0, high = ESP_NORM_RANKS;

  if (value <= self->ranks[0])
    return 0;
  if (value >= self->ranks[ESP_NORM_RANKS])
    return ESP_NORM_RANKS;
  /* ranks[low] < value <= ranks[high] */
  while (high - low > 1)
    {
      guint middle = (low + high) / 2;

      if (self->ranks[middle] < value)
        low = middle;
      else
        high = middle;
    }
  return low + (value - self->ranks[low]) / (self->ranks[high] - self->ranks[low]);
}

static double
get_ranked (const EspNorm *self, double rank)
{
  guint low = (guint) CLAMP (rank, 0, ESP_NORM_RANKS - 1);

  return self->ranks[low] + (rank - low) * (self->ranks[low + 1] - self->ranks[low]);
}

static double
bend (const EspNorm *self, double value)
{
  double magnitude = fabs (value);

  switch (self->scale)
    {
    case ESP_SCALE_SYMLOG:
      if (magnitude <= self->threshold)
        return value / self->threshold;
      return copysign (1 + log (magnitude / self->threshold), value);
    case ESP_SCALE_LOG:
      return log (fmax (value, get_log_floor (self)));
    case ESP_SCALE_SQRT:
      return copysign (sqrt (magnitude), value);
    case ESP_SCALE_RANK:
      return self->has_ranks ? get_rank (self, value) : value;
    case ESP_SCALE_LINEAR:
    case ESP_N_SCALES:
    default:
      return value;
    }
}

static double
unbend (const EspNorm *self, double value)
{
  double magnitude = fabs (value);

  switch (self->scale)
    {
    case ESP_SCALE_SYMLOG:
      if (magnitude <= 1)
        return value * self->threshold;
      return copysign (self->threshold * exp (magnitude - 1), value);
    case ESP_SCALE_LOG:
      return exp (value);
    case ESP_SCALE_SQRT:
      return copysign (value * value, value);
    case ESP_SCALE_RANK:
      return self->has_ranks ? get_ranked (self, value) : value;
    case ESP_SCALE_LINEAR:
    case ESP_N_SCALES:
    default:
      return value;
    }
}

/* a range that can be divided by */
static void
set_range (EspNorm *self, double lo, double hi)
{
  if (!isfinite (lo) || !isfinite (hi))
    {
      lo = 0;
      hi = 1;
    }
  if (lo == hi)
    {
      hi = fmax (lo, 0);
      lo = fmin (lo, 0);
      if (lo == hi)
        hi = 1;
    }

  self->lo = lo;
  self->hi = hi;
  self->kind = lo < 0 ? ESP_COLORMAP_DIVERGING : ESP_COLORMAP_SEQUENTIAL;
  self->threshold = fmax (fabs (lo), fabs (hi)) * 1e-3;
}

void
esp_norm_init_for_range (EspNorm *self, double lo, double hi, gboolean dark)
{
  g_return_if_fail (self != NULL);

  self->scale = ESP_SCALE_LINEAR;
  self->has_ranks = FALSE;
  self->inverted = FALSE;
  self->range = (EspRange) { .kind = ESP_RANGE_TYPED,
                             .low = ESP_RANGE_LOW,
                             .high = ESP_RANGE_HIGH,
                             .lo = lo,
                             .hi = hi };
  set_range (self, lo, hi);
  self->colormap = esp_colormap_get_default (self->kind, dark);
}

void
esp_norm_init_for_phase (EspNorm *self)
{
  const double half = (float) G_PI; /* farther from 0 than π itself */

  esp_norm_init_for_range (self, -half, half, FALSE);
  self->kind = ESP_COLORMAP_CYCLIC;
  self->colormap = esp_colormap_get_default (self->kind, FALSE);
}

static void
get_auto_range (EspStats *stats, double *lo, double *hi)
{
  const EspStatsValues *values = esp_stats_get_values (stats);
  double low = values->min, high = values->max;

  *lo = low;
  *hi = high;
  if (values->finite >= FEW_VALUES)
    {
      low = esp_stats_get_quantile (stats, ESP_RANGE_LOW);
      high = esp_stats_get_quantile (stats, ESP_RANGE_HIGH);
    }
  if (*lo < 0)
    {
      double farthest = fmax (-*lo, *hi), usual = fmax (fabs (low), fabs (high));

      if (usual > 0 && farthest > OUTLIER_FACTOR * usual)
        farthest = usual;
      *lo = -farthest;
      *hi = farthest;
    }
  else if (high > low && *hi - low > OUTLIER_FACTOR * (high - low))
    *hi = high;
}

void
esp_norm_init_for_stats (EspNorm *self, EspStats *stats, gboolean dark)
{
  double lo = 0, hi = 1;

  g_return_if_fail (self != NULL);
  g_return_if_fail (stats != NULL);

  if (esp_stats_get_values (stats)->finite > 0)
    get_auto_range (stats, &lo, &hi);
  esp_norm_init_for_range (self, lo, hi, dark);
  self->range.kind = ESP_RANGE_AUTO;
}

void
esp_norm_set_range (EspNorm *self, const EspRange *range, EspStats *stats)
{
  double lo = range->lo, hi = range->hi;

  g_return_if_fail (self != NULL && range != NULL && range->kind < ESP_N_RANGES);
  g_return_if_fail (stats != NULL || range->kind == ESP_RANGE_TYPED);

  self->range = *range;
  if (range->kind != ESP_RANGE_TYPED && esp_stats_get_values (stats)->finite == 0)
    {
      set_range (self, 0, 1);
      return;
    }
  if (range->kind == ESP_RANGE_AUTO)
    get_auto_range (stats, &lo, &hi);
  else if (range->kind == ESP_RANGE_PERCENTILES)
    esp_stats_get_percentile_range (stats, range->low, range->high, &lo, &hi);
  else if (range->kind == ESP_RANGE_MIN_MAX)
    {
      lo = esp_stats_get_values (stats)->min;
      hi = esp_stats_get_values (stats)->max;
    }
  if (range->symmetric &&
      (range->kind == ESP_RANGE_MIN_MAX || range->kind == ESP_RANGE_PERCENTILES))
    {
      hi = fmax (fabs (lo), fabs (hi));
      lo = -hi;
    }
  set_range (self, lo, hi);
}

guint32
esp_norm_get_step (const EspNorm *self, guint i)
{
  const guint8 *entry = self->colormap->table[self->inverted ? 255 - i : i];

  return 0xff000000u | (guint32) entry[0] << 16 | (guint32) entry[1] << 8 | entry[2];
}

/* @n + 1 ranks from @out on: the values below which @from to @to of all lie */
static void
fill_ranks (EspStats *stats, double from, double to, guint n, double *out)
{
  for (guint i = 0; i <= n; i++)
    out[i] = esp_stats_get_quantile (stats, from + (to - from) * i / n);
}

void
esp_norm_set_ranks (EspNorm *self, EspStats *stats)
{
  const EspStatsValues *values;
  double below = 0;
  guint half = ESP_NORM_RANKS / 2;

  g_return_if_fail (self != NULL && stats != NULL);

  self->scale = ESP_SCALE_RANK;
  values = esp_stats_get_values (stats);
  self->has_ranks = values->finite > 0 && values->max > values->min;
  if (!self->has_ranks)
    return;
  if (values->min < 0 && values->max > 0)
    {
      /* zeros are no negative values, and have the middle for themselves */
      esp_stats_get_bins (stats, values->min, 0, 1, &below);
      below = CLAMP (below - values->zeros, 0, values->finite) / values->finite;
      fill_ranks (stats, 0, below, half, self->ranks);
      fill_ranks (stats, below + (double) values->zeros / values->finite, 1, half,
                  self->ranks + half);
      self->ranks[half] = 0;
    }
  else
    fill_ranks (stats, 0, 1, ESP_NORM_RANKS, self->ranks);
  self->ranks[0] = self->lo = values->min;
  self->ranks[ESP_NORM_RANKS] = self->hi = values->max;
  /* quantiles are as fine as the histogram: they may reach across 0, and stand still */
  for (guint i = 1; i < ESP_NORM_RANKS; i++)
    {
      double most = i < half && values->max > 0
                        ? fmin (values->max, values->min < 0 ? 0 : values->max)
                        : values->max;

      self->ranks[i] = CLAMP (self->ranks[i], self->ranks[i - 1], most);
    }
}

/* the next of these times a power of ten */
static double
round_up (double value)
{
  static const double steps[] = { 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 };
  double power = pow (10, floor (log10 (value)));

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (value <= power * steps[i] * (1 + 1e-9))
      return power * steps[i];

  return power * 10;
}

void
esp_norm_hold (EspNorm *self, double *held)
{
  double most = fmax (fabs (self->lo), fabs (self->hi));

  g_return_if_fail (held != NULL);

  if (!(most > 1e-300) || !isfinite (most))
    return;

  if (most > *held || most < *held * 0.5)
    *held = round_up (most);
  self->lo = self->lo < 0 ? -*held : 0;
  self->hi = *held;
  self->threshold = *held * 1e-3;
}

gboolean
esp_norm_find_outlier (const EspNorm *self, EspStats *stats, gint64 *index)
{
  const EspStatsValues *values;
  double below, above;

  g_return_val_if_fail (self != NULL && stats != NULL && index != NULL, FALSE);

  values = esp_stats_get_values (stats);
  if (values->finite == 0 || self->scale == ESP_SCALE_RANK)
    return FALSE;
  below = self->lo - values->min;
  above = values->max - self->hi;
  *index = above >= below ? values->first_max : values->first_min;
  return fmax (above, below) > self->hi - self->lo && *index >= 0;
}

double
esp_norm_map (const EspNorm *self, double value)
{
  double start, end;

  if (isnan (value))
    return NAN;
  if (value <= self->lo)
    return 0;
  if (value >= self->hi)
    return 1;

  start = bend (self, self->lo);
  end = bend (self, self->hi);
  if (!(end > start)) /* a range without positive values on a logarithmic scale */
    return 0;

  /* halves, so that a range from -DBL_MAX to DBL_MAX doesn't overflow */
  return CLAMP ((bend (self, value) / 2 - start / 2) / (end / 2 - start / 2), 0, 1);
}

double
esp_norm_unmap (const EspNorm *self, double share)
{
  double start = bend (self, self->lo), end = bend (self, self->hi);

  if (share <= 0)
    return self->scale == ESP_SCALE_LOG ? get_log_floor (self) : self->lo;
  if (share >= 1)
    return self->hi;

  return unbend (self, start * (1 - share) + end * share);
}

guint32
esp_norm_get_color (const EspNorm *self, double value)
{
  if (isnan (value))
    return ESP_COLOR_NAN;
  if (isinf (value))
    return ESP_COLOR_INF;

  return esp_norm_get_step (self, (guint) (esp_norm_map (self, value) * 255 + 0.5));
}
