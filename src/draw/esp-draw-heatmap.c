/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The heatmap: in comes a scene (geometry, overview, norm, marks), out go pixels on any Cairo
 * context - the widget's, a PNG's, a test's. Overviews are scaled as images; only what is visible
 * is touched, so the cost follows the stage (a few hundred thousand pixels), never the matrix. */
#include "config.h"

#include "esp-draw-private.h"

#include <math.h>

/* A norm made ready for very many values: which of 256 colours follows from eight comparisons, so a
 * logarithmic scale costs no more than a linear one. */
typedef struct
{
  float bounds[256]; /* entry i + 1 of the map begins at bounds[i]; the last is never reached */
  guint32 colors[256];
} Paint;

static void
paint_init (Paint *paint, const EspNorm *norm)
{
  for (guint i = 0; i < 256; i++)
    {
      double bound = i < 255 ? esp_norm_unmap (norm, (i + 0.5) / 255) : INFINITY;

      /* the first float that isn't below it: bounds too small for a float aren't 0 */
      paint->bounds[i] = (float) bound;
      if (paint->bounds[i] < bound)
        paint->bounds[i] = nextafterf (paint->bounds[i], INFINITY);
      paint->colors[i] = esp_norm_get_step (norm, i);
    }
}

static inline guint32
paint_get (const Paint *paint, float value)
{
  guint i = 0;

  for (guint step = 128; step > 0; step /= 2)
    i += value >= paint->bounds[i + step - 1] ? step : 0;

  return paint->colors[i];
}

cairo_surface_t *
esp_draw_overview_surface (EspOverview *overview, const EspNorm *norm, EspReduction reduction)
{
  guint width = esp_overview_get_width (overview), height = esp_overview_get_height (overview);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, (int) width,
                                                         (int) height);
  guint8 *data = cairo_image_surface_get_data (surface);
  gsize stride;
  Paint paint;

  if (cairo_surface_status (surface) != CAIRO_STATUS_SUCCESS || data == NULL)
    return surface;

  paint_init (&paint, norm);
  stride = (gsize) cairo_image_surface_get_stride (surface);
  for (guint y = 0; y < height; y++)
    {
      const EspPixel *row = esp_overview_get_row (overview, y);
      guint32 *out = (guint32 *) (gpointer) (data + y * stride);

      for (guint x = 0; x < width; x++)
        if (G_LIKELY (row[x].flags == 0))
          out[x] = paint_get (&paint, esp_pixel_reduce (&row[x], reduction));
        else
          out[x] = row[x].flags & ESP_PIXEL_NAN ? ESP_COLOR_NAN : ESP_COLOR_INF;
    }

  cairo_surface_mark_dirty (surface);
  return surface;
}

void
esp_draw_get_pixel_box (const EspHeatmapGeometry *geometry,
                        EspOverview *overview,
                        guint x,
                        guint y,
                        double *left,
                        double *top,
                        double *width,
                        double *height)
{
  const EspRegion *region = esp_overview_get_region (overview);
  double cell_width, cell_height;

  esp_heatmap_geometry_cell_box (geometry, region->row, region->column, left, top, &cell_width,
                                 &cell_height);
  *width = (double) region->columns * cell_width / esp_overview_get_width (overview);
  *height = (double) region->rows * cell_height / esp_overview_get_height (overview);
  *left += x * *width;
  *top += y * *height;
}

/* pixels of one axis that meet [from, from + extent): the first and one past the last */
static gboolean
get_visible_axis (double start,
                  double size,
                  guint n,
                  double from,
                  double extent,
                  guint *a,
                  guint *b)
{
  double first = floor ((from - start) / size), last = ceil ((from + extent - start) / size);

  if (extent <= 0 || last <= 0 || first >= n)
    return FALSE;

  *a = (guint) fmax (first, 0);
  *b = (guint) fmin (last, n);
  return *b > *a;
}

gboolean
esp_draw_get_visible_pixels (const EspHeatmapGeometry *geometry,
                             EspOverview *overview,
                             guint *x0,
                             guint *y0,
                             guint *x1,
                             guint *y1)
{
  double x, y, width, height, left, top, pixel_width, pixel_height;

  esp_heatmap_geometry_matrix_box (geometry, &x, &y, &width, &height);
  esp_draw_get_pixel_box (geometry, overview, 0, 0, &left, &top, &pixel_width, &pixel_height);

  return get_visible_axis (left, pixel_width, esp_overview_get_width (overview), x, width, x0,
                           x1) &&
         get_visible_axis (top, pixel_height, esp_overview_get_height (overview), y, height, y0,
                           y1);
}

void
esp_draw_pixels (cairo_t *cr,
                 const EspHeatmapGeometry *geometry,
                 EspOverview *overview,
                 cairo_surface_t *pixels)
{
  double left, top, width, height;
  guint x0, y0, x1, y1;
  guint8 *data = cairo_image_surface_get_data (pixels);
  int stride = cairo_image_surface_get_stride (pixels);
  cairo_surface_t *part;

  if (data == NULL || !esp_draw_get_visible_pixels (geometry, overview, &x0, &y0, &x1, &y1))
    return;

  /* only the visible part: scaled up whole, the picture would leave Cairo's coordinates */
  part = cairo_image_surface_create_for_data (data + (gsize) y0 * (gsize) stride + (gsize) x0 * 4,
                                              CAIRO_FORMAT_ARGB32, (int) (x1 - x0), (int) (y1 - y0),
                                              stride);
  esp_draw_get_pixel_box (geometry, overview, x0, y0, &left, &top, &width, &height);
  cairo_save (cr);
  cairo_translate (cr, left, top);
  cairo_scale (cr, width, height);
  cairo_set_source_surface (cr, part, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  cairo_rectangle (cr, 0, 0, x1 - x0, y1 - y0);
  cairo_fill (cr);
  cairo_restore (cr);
  cairo_surface_destroy (part);
}

static void
draw_overview (cairo_t *cr,
               const EspHeatmapScene *scene,
               EspOverview *overview,
               cairo_surface_t *pixels)
{
  cairo_surface_t *made = NULL;

  if (overview == NULL)
    return;
  if (pixels == NULL)
    pixels = made = esp_draw_overview_surface (overview, &scene->norm, scene->reduction);
  esp_draw_pixels (cr, &scene->geometry, overview, pixels);
  if (made != NULL)
    cairo_surface_destroy (made);
}

/* hairlines between cells, on the very pixels where the colours change */
static void
draw_lines (cairo_t *cr, const EspHeatmapScene *scene)
{
  double x, y, width, height, box_x, box_y, cell_width, cell_height;
  EspRegion region;
  guint pixels_x, pixels_y;

  esp_heatmap_geometry_matrix_box (&scene->geometry, &x, &y, &width, &height);
  esp_heatmap_geometry_visible (&scene->geometry, &region, &pixels_x, &pixels_y);
  esp_heatmap_geometry_cell_box (&scene->geometry, region.row, region.column, &box_x, &box_y,
                                 &cell_width, &cell_height);
  if (cell_width >= ESP_HEATMAP_LINE_CELL)
    for (gint64 i = 1; i < region.columns; i++)
      cairo_rectangle (cr, round (box_x + (double) i * cell_width), y, 1, height);
  if (cell_height >= ESP_HEATMAP_LINE_CELL)
    for (gint64 i = 1; i < region.rows; i++)
      cairo_rectangle (cr, x, round (box_y + (double) i * cell_height), width, 1);
  esp_draw_set_color (cr, scene->palette->dark ? 0x40ffffff : 0x30000000);
  cairo_fill (cr);
}

/* the least size of a block at which it has a gutter */
#define GUTTER_FROM 6

/* lines in the background's colour between blocks, over the edges of cells */
static void
draw_gutters (cairo_t *cr, const EspHeatmapScene *scene)
{
  const EspHeatmapGeometry *geometry = &scene->geometry;
  double cell_width = esp_heatmap_geometry_get_cell_width (geometry);
  double cell_height = esp_heatmap_geometry_get_cell_height (geometry);
  double across = (double) scene->block_columns * cell_width;
  double down = (double) scene->block_rows * cell_height;
  double x, y, width, height, left, top, thick;

  if (fmin (across > 0 ? across : G_MAXDOUBLE, down > 0 ? down : G_MAXDOUBLE) < GUTTER_FROM)
    return;
  esp_heatmap_geometry_matrix_box (geometry, &x, &y, &width, &height);
  esp_heatmap_geometry_cell_box (geometry, 0, 0, &left, &top, &cell_width, &cell_height);
  thick = CLAMP (floor (fmin (across > 0 ? across : down, down > 0 ? down : across) / 8), 1, 4);
  /* the first edge in view */
  if (across > 0)
    for (double i = fmax (ceil ((x - left) / across), 1); left + i * across < x + width; i++)
      cairo_rectangle (cr, round (left + i * across - thick / 2), y, thick, height);
  if (down > 0)
    for (double i = fmax (ceil ((y - top) / down), 1); top + i * down < y + height; i++)
      cairo_rectangle (cr, x, round (top + i * down - thick / 2), width, thick);
  esp_draw_set_color (cr, scene->palette->background);
  cairo_fill (cr);
}

static void
draw_frame (cairo_t *cr, const EspHeatmapScene *scene)
{
  double x, y, width, height;

  esp_heatmap_geometry_matrix_box (&scene->geometry, &x, &y, &width, &height);
  cairo_rectangle (cr, floor (x) - 0.5, floor (y) - 0.5, ceil (width) + 1, ceil (height) + 1);
  esp_draw_set_color (cr, scene->palette->line);
  cairo_set_line_width (cr, 1);
  cairo_stroke (cr);
}

/* white 2 px round the cell, accent 3 px round that */
static void
draw_cursor (cairo_t *cr, const EspHeatmapScene *scene)
{
  double x, y, width, height;

  if (scene->cursor_row < 0 || scene->cursor_column < 0)
    return;

  esp_heatmap_geometry_cell_box (&scene->geometry, scene->cursor_row, scene->cursor_column, &x, &y,
                                 &width, &height);
  esp_draw_rounded (cr, round (x) - 3.5, round (y) - 3.5, round (width) + 8, round (height) + 8, 4);
  esp_draw_set_color (cr, scene->palette->accent);
  cairo_set_line_width (cr, 3);
  cairo_stroke (cr);
  esp_draw_rounded (cr, round (x) - 1, round (y) - 1, round (width) + 3, round (height) + 3, 2);
  esp_draw_set_color (cr, 0xffffffff);
  cairo_set_line_width (cr, 2);
  cairo_stroke (cr);
}

/* black in white, round a place of the stage */
static void
draw_ring (cairo_t *cr, double x, double y)
{
  cairo_new_sub_path (cr);
  cairo_arc (cr, floor (x) + 0.5, floor (y) + 0.5, 7.5, 0, 2 * G_PI);
  esp_draw_set_color (cr, 0xffffffff);
  cairo_set_line_width (cr, 4);
  cairo_stroke_preserve (cr);
  esp_draw_set_color (cr, 0xff000000);
  cairo_set_line_width (cr, 2);
  cairo_stroke (cr);
}

static void
draw_outlier (cairo_t *cr, const EspHeatmapScene *scene)
{
  double x, y, width, height;

  if (!scene->has_outlier)
    return;
  esp_heatmap_geometry_cell_box (&scene->geometry, scene->outlier_row, scene->outlier_column, &x,
                                 &y, &width, &height);
  if (fmin (width, height) < 18) /* larger ones can be read */
    draw_ring (cr, x + width / 2, y + height / 2);
}

/* ring and cross hairs where cells are small, a thin frame where they are large */
static void
draw_hover (cairo_t *cr, const EspHeatmapScene *scene)
{
  double left, top, right, bottom, x, y, width, height;

  if (scene->hover_row < 0 || scene->hover_column < 0)
    return;

  esp_heatmap_geometry_matrix_box (&scene->geometry, &left, &top, &right, &bottom);
  esp_heatmap_geometry_cell_box (&scene->geometry, scene->hover_row, scene->hover_column, &x, &y,
                                 &width, &height);
  if (fmin (width, height) >= 18)
    {
      cairo_rectangle (cr, round (x) + 0.5, round (y) + 0.5, round (width), round (height));
      esp_draw_set_color (cr, 0xff000000);
      cairo_set_line_width (cr, 1);
      cairo_stroke (cr);
      cairo_rectangle (cr, round (x) + 1.5, round (y) + 1.5, round (width) - 2, round (height) - 2);
      esp_draw_set_color (cr, 0xffffffff);
      cairo_stroke (cr);
      return;
    }

  x += width / 2;
  y += height / 2;
  cairo_rectangle (cr, floor (x), top, 1, bottom);
  cairo_rectangle (cr, left, floor (y), right, 1);
  esp_draw_set_color (cr, scene->palette->dark ? 0xd0ffffff : 0xb0000000);
  cairo_fill (cr);
  draw_ring (cr, x, y);
}

/* of the picture that shows all that is in view */
static void
draw_markers (cairo_t *cr, const EspHeatmapScene *scene)
{
  if (scene->overview == NULL && scene->tiles != NULL)
    esp_draw_tile_markers (cr, &scene->geometry, scene->tiles, scene->tiles_scale);
  else
    esp_draw_markers (cr, &scene->geometry,
                      scene->overview != NULL ? scene->overview : scene->ground);
}

void
esp_draw_heatmap (cairo_t *cr, const EspHeatmapScene *scene)
{
  double x, y, width, height;
  int factor = 0;

  g_return_if_fail (scene != NULL && scene->palette != NULL);
  g_return_if_fail (scene->geometry.rows > 0 && scene->geometry.columns > 0);

  esp_heatmap_geometry_matrix_box (&scene->geometry, &x, &y, &width, &height);
  cairo_save (cr);
  cairo_save (cr);
  cairo_rectangle (cr, floor (x), floor (y), ceil (width), ceil (height));
  cairo_clip (cr);
  draw_overview (cr, scene, scene->ground, scene->ground_pixels);
  if (scene->tiles != NULL)
    esp_draw_tiles (cr, scene->tiles, &scene->geometry, &scene->norm, scene->reduction,
                    scene->tiles_scale);
  draw_overview (cr, scene, scene->overview, scene->pixels);
  esp_draw_stripes (cr, &scene->geometry, scene->overview);
  draw_lines (cr, scene);
  draw_gutters (cr, scene);
  esp_draw_cells (cr, scene, &factor);
  cairo_restore (cr);

  draw_frame (cr, scene);
  esp_draw_row_marks (cr, scene);
  draw_markers (cr, scene);
  cairo_save (cr);
  cairo_rectangle (cr, floor (x) - 6, floor (y) - 6, ceil (width) + 12, ceil (height) + 12);
  cairo_clip (cr);
  draw_outlier (cr, scene);
  draw_hover (cr, scene);
  draw_cursor (cr, scene);
  cairo_restore (cr);
  esp_draw_axes (cr, scene, factor);
  cairo_restore (cr);
}
