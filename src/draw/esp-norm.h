/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-colormap.h"
#include "esp-scan.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_SCALE_LINEAR,
  ESP_SCALE_SYMLOG, /* linear within @threshold of 0, logarithmic beyond */
  ESP_SCALE_LOG,    /* of positive values; those <= 0 get the low end's colour */
  ESP_SCALE_SQRT,   /* sign(v) sqrt(|v|) */
  ESP_SCALE_RANK,   /* by how many values are smaller: esp_norm_set_ranks(); linear before it */
  ESP_N_SCALES
} EspScale;

EspScale esp_scale_from_name (const char *name, gboolean *found);
const char *esp_scale_get_name (EspScale scale); /* "linear", "symlog", "log",
                                                     "sqrt", "rank" */

/* what the ends of a range follow from */
typedef enum
{
  ESP_RANGE_AUTO,        /* as esp_norm_init_for_stats() */
  ESP_RANGE_MIN_MAX,     /* of the values */
  ESP_RANGE_PERCENTILES, /* @low and @high of the values lie below its ends */
  ESP_RANGE_TYPED,       /* @lo and @hi */
  ESP_N_RANGES
} EspRangeKind;

typedef struct
{
  EspRangeKind kind;
  gboolean symmetric; /* grown to the same distance from 0 on both sides; not with AUTO, TYPED */
  double low, high;   /* shares, 0 to 1: ESP_RANGE_LOW and ESP_RANGE_HIGH unless told otherwise */
  double lo, hi;
} EspRange;

#define ESP_RANGE_LOW 0.001
#define ESP_RANGE_HIGH 0.999

#define ESP_NORM_RANKS 128

/**
 * EspNorm:
 *
 * Value -> place on the colour map. A plain value: copy it.
 */
typedef struct
{
  const EspColormap *colormap;
  EspColormapKind kind; /* of the maps that suit such values */
  EspScale scale;
  gboolean inverted; /* the map runs from its end to its beginning */
  double lo, hi;     /* the range; values beyond get the end colours */
  EspRange range;    /* what these follow from, for the legend */
  double threshold;  /* of symlog, > 0 */
  gboolean has_ranks;
  double ranks[ESP_NORM_RANKS + 1]; /* values at equal steps of rank, growing */
} EspNorm;

/* range from statistics: symmetric about 0 for signed data with a diverging map, else min to max.
 * All-equal data get a range of width > 0. Where a few of many values lie far out (beyond three
 * times the 0.1 % and 99.9 % quantiles), the range is that of the quantiles, so that the others
 * don't all look alike; esp_draw_levels() tells how many lie beyond. */
void esp_norm_init_for_stats (EspNorm *self, EspStats *stats, gboolean dark);
void esp_norm_init_for_range (EspNorm *self, double lo, double hi, gboolean dark);
/* For angles: a full turn from −π to π, with room for a float32 that is rounded beyond them.
 * Neither values nor choices change that range. */
void esp_norm_init_for_phase (EspNorm *self);
/* Another range; the rest stays. @stats may be NULL for %ESP_RANGE_TYPED. Ends that follow from
 * percentiles are moved to the next value of the histogram's resolution, so that the cells beyond
 * can be counted exactly. */
void esp_norm_set_range (EspNorm *self, const EspRange *range, EspStats *stats);
/* the colour map's entry for the @i-th of 256 steps from @lo to @hi, as 0xffRRGGBB */
guint32 esp_norm_get_step (const EspNorm *self, guint i);
/* A steady range for values that change many times a second: the range of @self is replaced by one
 * that grows at once, in round steps, and shrinks only when the values have become much smaller, so
 * that colours don't flicker. @held keeps it from call to call; 0 at first. */
void esp_norm_hold (EspNorm *self, double *held);
/* Scale and ranks from statistics: equal steps of colour hold equally many values. Of signed data,
 * negative and positive values are ranked apart, so that 0 stays in the middle of the map. */
void esp_norm_set_ranks (EspNorm *self, EspStats *stats);
/* The value farthest beyond the range, where it lies farther beyond than the range is wide: so far
 * that among end colours it has to be pointed out. @index (out): its place in C order. */
gboolean esp_norm_find_outlier (const EspNorm *self, EspStats *stats, gint64 *index);
double esp_norm_map (const EspNorm *self, double value);   /* 0 to 1, clamped; NaN for NaN */
double esp_norm_unmap (const EspNorm *self, double share); /* the value at a place of the map */
guint32 esp_norm_get_color (
    const EspNorm *self,
    double value); /* 0xffRRGGBB; NaN and infinities have colours of their own */

#define ESP_COLOR_NAN 0xfff6d32d
#define ESP_COLOR_INF 0xff000000

G_END_DECLS
