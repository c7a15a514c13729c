/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The legend of a heatmap (colour bar, its range, a histogram above it) and the histogram on its
 * own. In: a norm and the exact counts of EspStats; out: at most a bar for every three pixels. */
#include "config.h"

#include <glib/gi18n.h>

#include "esp-draw-plot.h"
#include "esp-draw-private.h"
#include "esp-number.h"

#include <math.h>

#define BAR 12
#define LABELS 18
#define CAPTION 20
#define HISTOGRAM_FROM 64
#define CAPTION_FROM 84

static void
draw_bar (cairo_t *cr,
          double x,
          double y,
          double width,
          double height,
          const EspColormap *colormap,
          gboolean inverted)
{
  cairo_surface_t *strip = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 256, 1);
  guint32 *pixels = (guint32 *) (gpointer) cairo_image_surface_get_data (strip);

  for (guint i = 0; i < 256; i++)
    {
      const guint8 *entry = colormap->table[inverted ? 255 - i : i];

      pixels[i] = (guint32) entry[0] << 16 | (guint32) entry[1] << 8 | entry[2];
    }
  cairo_surface_mark_dirty (strip);

  cairo_save (cr);
  cairo_rectangle (cr, x, y, width, height);
  cairo_clip (cr);
  cairo_translate (cr, x, y);
  cairo_scale (cr, width / 256, height);
  cairo_set_source_surface (cr, strip, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  cairo_paint (cr);
  cairo_restore (cr);
  cairo_surface_destroy (strip);
}

void
esp_draw_colormap (cairo_t *cr,
                   double x,
                   double y,
                   double width,
                   double height,
                   const EspColormap *colormap)
{
  g_return_if_fail (colormap != NULL);

  draw_bar (cr, x, y, width, height, colormap, FALSE);
}

/* heights 0 to 1 of @n bars along the colour bar; square roots, so that a peak at 0 leaves the
 * others visible */
static void
get_profile (const EspNorm *norm, EspStats *stats, guint n, double *bars)
{
  double most = 0;

  if (norm->scale == ESP_SCALE_LINEAR)
    esp_stats_get_bins (stats, norm->lo, norm->hi, n, bars);
  else
    for (guint i = 0; i < n; i++)
      esp_stats_get_bins (stats, esp_norm_unmap (norm, (double) i / n),
                          esp_norm_unmap (norm, (double) (i + 1) / n), 1, &bars[i]);
  for (guint i = 0; i < n; i++)
    most = fmax (most, bars[i]);
  for (guint i = 0; i < n; i++)
    bars[i] = most > 0 ? sqrt (bars[i] / most) : 0;
}

/* @axis has the norm's scale, and ends of its own */
static void
draw_profile (cairo_t *cr,
              double y,
              double width,
              double height,
              const EspNorm *norm,
              const EspNorm *axis,
              EspStats *stats,
              const EspPalette *palette)
{
  const EspStatsValues *values = esp_stats_get_values (stats);
  guint most = norm->scale == ESP_SCALE_LINEAR ? 160 : 64;
  guint n = (guint) CLAMP (fmin (width / 4, 4 * sqrt ((double) values->finite)), 8, most);
  double inside[2] = { esp_norm_map (axis, norm->lo) * width,
                       esp_norm_map (axis, norm->hi) * width };
  g_autofree double *bars = g_new0 (double, n);

  get_profile (axis, stats, n, bars);
  for (guint i = 0; i < n; i++)
    {
      double left = round (i * width / n), right = round ((i + 1) * width / n);
      double tall = bars[i] > 0 ? fmax (1, bars[i] * height) : 0;

      cairo_rectangle (cr, left, y + height - tall, right - left, tall);
    }
  esp_draw_set_color (cr, palette->dark ? 0x38ffffff : 0x38000000);
  cairo_fill_preserve (cr);
  cairo_save (cr);
  cairo_clip (cr);
  cairo_rectangle (cr, inside[0], y, inside[1] - inside[0], height);
  esp_draw_set_color (cr, palette->dark ? 0x50ffffff : 0x50000000);
  cairo_fill (cr);
  cairo_restore (cr);
}

/* "1,204 values beyond the range, one as far as −3.906", or in fewer words */
static char *
describe_beyond (const EspNorm *norm, EspStats *stats, gboolean brief)
{
  const EspStatsValues *values = esp_stats_get_values (stats);
  g_autofree char *count = NULL, *farthest = NULL;
  guint64 beyond, below = 0, above = 0;
  double most;

  if (values->finite == 0 || (values->min >= norm->lo && values->max <= norm->hi))
    return NULL;

  esp_stats_count_beyond (stats, norm->lo, norm->hi, &below, &above);
  beyond = below + above;
  most = norm->lo - values->min > values->max - norm->hi ? values->min : values->max;
  count = esp_number_format_count (beyond);
  farthest = esp_number_format_value (most, 4);
  if (brief)
    return g_strdup_printf (_ ("%s beyond, to %s"), count, farthest);
  return g_strdup_printf (ngettext ("%s value beyond the range, as far as %s",
                                    "%s values beyond the range, one as far as %s",
                                    (gulong) MIN (beyond, G_MAXLONG)),
                          count, farthest);
}

/* where no range says more: "All values are 0.125"; else NULL */
static char *
describe_few (EspStats *stats)
{
  const EspStatsValues *values = stats != NULL ? esp_stats_get_values (stats) : NULL;
  g_autofree char *value = NULL;

  if (values == NULL || (values->finite > 0 && values->min < values->max))
    return NULL;
  if (values->finite == 0)
    return g_strdup (values->nans > 0 && values->infs == 0 ? _ ("All values are NaN")
                                                           : _ ("No value is finite"));
  value = esp_number_format_value (values->min, 4);
  return values->nans + values->infs == 0 ? g_strdup_printf (_ ("All values are %s"), value)
                                          : g_strdup_printf (_ ("All finite values are %s"), value);
}

/* "Range ±0.2", "0.1–99.9 %: −0.2 to 0.3" */
static char *
describe_range (const EspNorm *norm, EspStats *stats)
{
  g_autofree char *lo = esp_number_format_value (norm->lo, 3);
  g_autofree char *hi = esp_number_format_value (norm->hi, 3);
  g_autofree char *low = esp_number_format_value (norm->range.low * 100, 4);
  g_autofree char *high = esp_number_format_value (norm->range.high * 100, 4);
  gboolean even = norm->lo == -norm->hi;

  char *few = describe_few (stats);

  if (few != NULL)
    return few;
  if (norm->kind == ESP_COLORMAP_CYCLIC)
    return g_strdup (_ ("A full turn, −π to π"));
  if (norm->range.kind != ESP_RANGE_PERCENTILES)
    return even ? g_strdup_printf (_ ("Range ±%s"), hi)
                : g_strdup_printf (_ ("Range %s to %s"), lo, hi);
  return even ? g_strdup_printf (_ ("Percentiles %s to %s: ±%s"), low, high, hi)
              : g_strdup_printf (_ ("Percentiles %s to %s: %s to %s"), low, high, lo, hi);
}

/* the range, the note, and what lies beyond; where there is less room, that in fewer words, then
 * without the note */
static void
draw_caption (cairo_t *cr,
              double width,
              const EspNorm *norm,
              EspStats *stats,
              const char *note,
              const EspPalette *palette)
{
  g_autofree char *range = describe_range (norm, stats);
  g_autofree char *both = note != NULL ? g_strdup_printf ("%s  ·  %s", range, note) : NULL;
  g_autofree char *full = stats != NULL ? describe_beyond (norm, stats, FALSE) : NULL;
  g_autofree char *brief = stats != NULL ? describe_beyond (norm, stats, TRUE) : NULL;
  /* the first that fits */
  const char *const ways[][2] = {
    { both, full }, { both, brief }, { range, brief }, { both, NULL }, { range, NULL },
  };
  const double y = CAPTION / 2 - 2;
  guint way = 0;

  esp_draw_set_font (cr, palette, 12, FALSE);
  for (; way < G_N_ELEMENTS (ways) - 1; way++)
    {
      double taken = ways[way][0] != NULL ? esp_draw_get_text_width (cr, ways[way][0]) : width + 1;

      if (ways[way][1] != NULL)
        taken += 16 + esp_draw_get_text_width (cr, ways[way][1]);
      if (taken <= width)
        break;
    }
  esp_draw_set_color (cr, palette->text);
  esp_draw_text (cr, ways[way][0], 0, y, ESP_ALIGN_START);
  if (ways[way][1] == NULL)
    return;
  esp_draw_set_color (cr, palette->dim);
  esp_draw_text (cr, ways[way][1], width, y, ESP_ALIGN_END);
}

/* both ends and, where there is room, 0 or the middle of the axis */
static void
draw_axis (cairo_t *cr, double width, double y, const EspNorm *axis, const EspPalette *palette)
{
  g_autofree char *lo = esp_number_format_value (esp_norm_unmap (axis, 0), 3);
  g_autofree char *hi = esp_number_format_value (axis->hi, 3);
  gboolean crosses = axis->lo < 0 && axis->hi > 0;
  double middle = crosses ? esp_norm_map (axis, 0) : 0.5;
  g_autofree char *text = crosses ? g_strdup ("0")
                                  : esp_number_format_value (esp_norm_unmap (axis, 0.5), 3);
  double from, to, half;

  esp_draw_set_font (cr, palette, ESP_DRAW_AXIS_SIZE, FALSE);
  esp_draw_set_color (cr, palette->dim);
  esp_draw_text (cr, lo, 0, y, ESP_ALIGN_START);
  esp_draw_text (cr, hi, width, y, ESP_ALIGN_END);
  from = esp_draw_get_text_width (cr, lo) + 8;
  to = width - esp_draw_get_text_width (cr, hi) - 8;
  half = esp_draw_get_text_width (cr, text) / 2;
  if (middle * width - half > from && middle * width + half < to)
    esp_draw_text (cr, text, middle * width, y, ESP_ALIGN_MIDDLE);
}

void
esp_draw_levels_get_bar (int height, double *top, double *bar)
{
  *top = height - (height >= BAR + LABELS ? LABELS : 0) - BAR;
  *bar = BAR;
}

/* the map between the ends of the range, its end colours beyond */
static void
draw_axis_bar (cairo_t *cr, double y, double width, const EspNorm *norm, const EspNorm *axis)
{
  double from = round (esp_norm_map (axis, norm->lo) * width);
  double to = round (esp_norm_map (axis, norm->hi) * width);

  esp_draw_set_color (cr, esp_norm_get_step (norm, 0));
  cairo_rectangle (cr, 0, y, from, BAR);
  cairo_fill (cr);
  esp_draw_set_color (cr, esp_norm_get_step (norm, 255));
  cairo_rectangle (cr, to, y, width - to, BAR);
  cairo_fill (cr);
  if (to > from)
    draw_bar (cr, from, y, to - from, BAR, norm->colormap, norm->inverted);
}

void
esp_draw_levels_axis (cairo_t *cr,
                      int width,
                      int height,
                      const EspNorm *norm,
                      double lo,
                      double hi,
                      EspStats *stats,
                      const char *note,
                      const EspPalette *palette)
{
  EspNorm axis = *norm;
  double bar, thickness, top;

  g_return_if_fail (norm != NULL && norm->colormap != NULL && palette != NULL);

  axis.lo = fmin (lo, norm->lo);
  axis.hi = fmax (hi, norm->hi);
  esp_draw_levels_get_bar (height, &bar, &thickness);

  cairo_save (cr);
  if (height >= CAPTION_FROM)
    draw_caption (cr, width, norm, stats, note, palette);
  top = height >= CAPTION_FROM ? CAPTION : 0;
  if (stats != NULL && height >= HISTOGRAM_FROM)
    draw_profile (cr, top, width, bar - top, norm, &axis, stats, palette);
  draw_axis_bar (cr, bar, width, norm, &axis);
  if (height >= BAR + LABELS)
    draw_axis (cr, width, bar + BAR + LABELS / 2.0 + 1, &axis, palette);
  cairo_restore (cr);
}

void
esp_draw_levels (cairo_t *cr,
                 int width,
                 int height,
                 const EspNorm *norm,
                 EspStats *stats,
                 const char *note,
                 const EspPalette *palette)
{
  g_return_if_fail (norm != NULL);

  esp_draw_levels_axis (cr, width, height, norm, norm->lo, norm->hi, stats, note, palette);
}

/* grid line and label of a count */
static void
draw_count (cairo_t *cr, double count, double y, double width, const EspPalette *palette)
{
  /* what has more digits than there is room for is as well a power of ten */
  g_autofree char *text = count < 1e5 ? esp_number_format_count ((guint64) count)
                                      : esp_number_format_value (count, 3);

  cairo_rectangle (cr, ESP_PLOT_MARGIN_LEFT, floor (y), width, 1);
  esp_draw_set_color (cr, palette->line);
  cairo_fill (cr);
  esp_draw_set_color (cr, palette->dim);
  esp_draw_text (cr, text, ESP_PLOT_MARGIN_LEFT - 8, y, ESP_ALIGN_END);
}

/* share of the height for a count */
static double
get_count_share (double count, double most, gboolean log_counts)
{
  if (count <= 0 || most <= 0)
    return 0;

  /* a single value has to show, so the axis starts below 1 */
  return log_counts ? log (2 * count) / log (2 * fmax (most, 1)) : count / most;
}

static void
draw_counts (cairo_t *cr,
             double most,
             double width,
             double height,
             gboolean log_counts,
             const EspPalette *palette)
{
  double ticks[8];
  guint room = (guint) CLAMP (height / 24, 2, 8);
  guint n = log_counts ? esp_draw_log_ticks (1, fmax (most, 1), room, ticks)
                       : esp_draw_ticks (0, fmax (most, 1), room, ticks);

  for (guint i = 0; i < n; i++)
    if (ticks[i] == floor (ticks[i]))
      draw_count (cr, ticks[i],
                  ESP_PLOT_MARGIN_TOP +
                      (1 - get_count_share (ticks[i], fmax (most, 1), log_counts)) * height,
                  width, palette);
}

static void
draw_values (cairo_t *cr, double lo, double hi, double width, double y, const EspPalette *palette)
{
  double ticks[10];
  guint n = esp_draw_ticks (lo, hi, (guint) CLAMP (width / 45, 2, 10), ticks);

  esp_draw_set_color (cr, palette->dim);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = esp_number_format_value (ticks[i], 3);
      double x = ESP_PLOT_MARGIN_LEFT + (ticks[i] - lo) / (hi - lo) * width;

      esp_draw_text (cr, text, x, y, ESP_ALIGN_MIDDLE);
    }
}

void
esp_draw_histogram (cairo_t *cr,
                    int width,
                    int height,
                    EspStats *stats,
                    gboolean log_counts,
                    const EspPalette *palette)
{
  double plot_width = MAX (1, width - ESP_PLOT_MARGIN_LEFT - ESP_PLOT_MARGIN_RIGHT);
  double plot_height = MAX (1, height - ESP_PLOT_MARGIN_TOP - ESP_PLOT_MARGIN_BOTTOM);
  const EspStatsValues *values;
  double lo, hi, most = 0;
  guint n;
  g_autofree double *bins = NULL;

  g_return_if_fail (stats != NULL && palette != NULL);

  values = esp_stats_get_values (stats);
  lo = values->finite > 0 ? values->min : 0;
  hi = values->finite > 0 ? values->max : 1;
  if (hi <= lo)
    {
      double half = lo != 0 ? fabs (lo) / 2 : 0.5;

      lo -= half;
      hi += half;
    }
  n = (guint) CLAMP (fmin (plot_width / 3, 3 * sqrt ((double) values->finite)), 5, 400);
  bins = g_new0 (double, n);
  esp_stats_get_bins (stats, lo, hi, n, bins);
  for (guint i = 0; i < n; i++)
    most = fmax (most, bins[i]);

  cairo_save (cr);
  esp_draw_set_font (cr, palette, ESP_DRAW_AXIS_SIZE, FALSE);
  draw_counts (cr, most, plot_width, plot_height, log_counts, palette);
  for (guint i = 0; i < n; i++)
    {
      double left = round (i * plot_width / n), right = round ((i + 1) * plot_width / n);
      double gap = right - left > 5 ? 1 : 0;
      double tall = bins[i] >= 0.5
                        ? fmax (1,
                                get_count_share (bins[i], fmax (most, 1), log_counts) * plot_height)
                        : 0;

      cairo_rectangle (cr, ESP_PLOT_MARGIN_LEFT + left, ESP_PLOT_MARGIN_TOP + plot_height - tall,
                       right - left - gap, tall);
    }
  esp_draw_set_color (cr, (palette->accent & 0xffffff) | 0xd0000000u);
  cairo_fill (cr);
  draw_values (cr, lo, hi, plot_width, ESP_PLOT_MARGIN_TOP + plot_height + 11, palette);
  cairo_restore (cr);
}
