/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole pictures put together from the painters: the figure that `render` and the export write, a
 * tile of the sheet, and a number standing alone. */
#include "config.h"

#include <glib/gi18n.h>

#include "esp-draw-private.h"
#include "esp-number.h"

#include <math.h>

#define TITLE 34
#define LEVELS 92
/* smaller pictures go without levels */
#define LEVELS_FROM 240

void
esp_draw_scalar (cairo_t *cr,
                 int width,
                 int height,
                 double value,
                 gboolean single,
                 const EspPalette *palette)
{
  g_autofree char *text = esp_number_format_all (value, single);
  double size = 48, room = MAX (1, width - 24), needed;

  g_return_if_fail (palette != NULL);

  cairo_save (cr);
  esp_draw_set_font (cr, palette, size, FALSE);
  needed = esp_draw_get_text_width (cr, text);
  if (needed > room)
    esp_draw_set_font (cr, palette, fmax (8, size * room / needed), FALSE);
  esp_draw_set_color (cr, palette->text);
  esp_draw_text (cr, text, width / 2.0, height / 2.0, ESP_ALIGN_MIDDLE);
  cairo_restore (cr);
}

void
esp_draw_figure_get_stage (int width, int height, int *stage_width, int *stage_height)
{
  *stage_width = MAX (1, width);
  *stage_height = MAX (1, height - TITLE - (height >= LEVELS_FROM ? LEVELS : 0));
}

const char *
esp_draw_describe_reduction (EspReduction reduction)
{
  switch (reduction)
    {
    case ESP_REDUCTION_MEAN:
      return _ ("Each pixel: the mean");
    case ESP_REDUCTION_MIN:
      return _ ("Each pixel: the smallest value");
    case ESP_REDUCTION_MAX:
      return _ ("Each pixel: the largest value");
    case ESP_REDUCTION_RMS:
      return _ ("Each pixel: the root mean square");
    case ESP_REDUCTION_LARGEST:
    case ESP_N_REDUCTIONS:
    default:
      return _ ("Each pixel: the value farthest from 0");
    }
}

const char *
esp_draw_describe_order (gboolean columns, EspProfileKind kind)
{
  switch (kind)
    {
    case ESP_PROFILE_MEAN:
      return columns ? _ ("Columns by mean") : _ ("Rows by mean");
    case ESP_PROFILE_MAX:
      return columns ? _ ("Columns by largest value") : _ ("Rows by largest value");
    case ESP_PROFILE_MIN:
      return columns ? _ ("Columns by smallest value") : _ ("Rows by smallest value");
    case ESP_PROFILE_NORM:
    case ESP_N_PROFILES:
    default:
      return columns ? _ ("Columns by norm") : _ ("Rows by norm");
    }
}

/* whether a pixel of the picture stands for several cells */
static gboolean
reduces (EspOverview *overview)
{
  const EspRegion *region = overview != NULL ? esp_overview_get_region (overview) : NULL;

  return region != NULL && (region->rows > esp_overview_get_height (overview) ||
                            region->columns > esp_overview_get_width (overview));
}

/* with what the legend would say, where there is none */
static void
draw_title (cairo_t *cr, int width, const char *title, const char *note, const EspPalette *palette)
{
  double taken = ESP_HEATMAP_MARGIN;

  if (title != NULL)
    {
      esp_draw_set_font (cr, palette, 14, TRUE);
      esp_draw_set_color (cr, palette->text);
      esp_draw_text (cr, title, ESP_HEATMAP_MARGIN, TITLE / 2.0, ESP_ALIGN_START);
      taken += esp_draw_get_text_width (cr, title) + 16;
    }
  if (note == NULL)
    return;
  esp_draw_set_font (cr, palette, 12, FALSE);
  if (taken + esp_draw_get_text_width (cr, note) > width - ESP_HEATMAP_MARGIN)
    return;
  esp_draw_set_color (cr, palette->dim);
  esp_draw_text (cr, note, width - ESP_HEATMAP_MARGIN, TITLE / 2.0, ESP_ALIGN_END);
}

const char *
esp_draw_describe_part (EspPart part)
{
  switch (part)
    {
    case ESP_PART_REAL:
      return _ ("Real part");
    case ESP_PART_IMAGINARY:
      return _ ("Imaginary part");
    case ESP_PART_PHASE:
      return _ ("Phase");
    case ESP_PART_MAGNITUDE:
    case ESP_N_PARTS:
    default:
      return _ ("Magnitude");
    }
}

char *
esp_draw_join_notes (const char *first, const char *second)
{
  if (first != NULL && second != NULL)
    return g_strdup_printf ("%s  ·  %s", first, second);
  return g_strdup (first != NULL ? first : second);
}

void
esp_draw_figure (cairo_t *cr,
                 int width,
                 int height,
                 const char *title,
                 const EspHeatmapScene *scene,
                 EspStats *stats)
{
  EspHeatmapScene fitted = *scene;
  const char *reduction = reduces (scene->overview) ? esp_draw_describe_reduction (scene->reduction)
                                                    : NULL;
  g_autofree char *note = esp_draw_join_notes (reduction, scene->note);
  int stage_width, stage_height;

  g_return_if_fail (scene->palette != NULL);

  esp_draw_figure_get_stage (width, height, &stage_width, &stage_height);
  if (fitted.geometry.width != stage_width || fitted.geometry.height != stage_height)
    {
      fitted.geometry.width = stage_width;
      fitted.geometry.height = stage_height;
      esp_heatmap_geometry_fit (&fitted.geometry);
    }

  cairo_save (cr);
  esp_draw_set_color (cr, scene->palette->background);
  cairo_rectangle (cr, 0, 0, width, height);
  cairo_fill (cr);
  draw_title (cr, width, title, height < LEVELS_FROM ? note : NULL, scene->palette);

  cairo_translate (cr, 0, TITLE);
  esp_draw_heatmap (cr, &fitted);
  if (height >= LEVELS_FROM)
    {
      cairo_translate (cr, ESP_HEATMAP_MARGIN_LEFT, fitted.geometry.height);
      esp_draw_levels (cr, width - ESP_HEATMAP_MARGIN_LEFT - ESP_HEATMAP_MARGIN, LEVELS - 8,
                       &fitted.norm, stats, note, scene->palette);
    }
  cairo_restore (cr);
}

void
esp_draw_tile (cairo_t *cr, int width, int height, EspOverview *overview, cairo_surface_t *pixels)
{
  const EspRegion *region = esp_overview_get_region (overview);
  /* a stage whose plot area is the tile */
  EspHeatmapGeometry geometry = {
    .rows = region->rows,
    .columns = region->columns,
    .width = width + ESP_HEATMAP_MARGIN_LEFT + ESP_HEATMAP_MARGIN,
    .height = height + ESP_HEATMAP_MARGIN_TOP + ESP_HEATMAP_MARGIN,
  };
  double x, y, box_width, box_height;

  esp_heatmap_geometry_fit (&geometry);
  esp_heatmap_geometry_matrix_box (&geometry, &x, &y, &box_width, &box_height);

  cairo_save (cr);
  cairo_translate (cr, -ESP_HEATMAP_MARGIN_LEFT, -ESP_HEATMAP_MARGIN_TOP);
  cairo_rectangle (cr, x, y, box_width, box_height);
  cairo_clip (cr);
  esp_draw_pixels (cr, &geometry, overview, pixels);
  esp_draw_stripes (cr, &geometry, overview);
  esp_draw_markers (cr, &geometry, overview);
  cairo_restore (cr);
}
