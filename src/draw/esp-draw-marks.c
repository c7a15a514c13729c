/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marks that have the same size at every zoom: where values aren't finite, and rows of units that
 * never fire. Marks that would cover one another become one. Reads the flags of the visible
 * overview pixels once a frame. */
#include "config.h"

#include <glib/gi18n.h>

#include "esp-draw-private.h"
#include "esp-draw-tiles-private.h"

#include <math.h>

#define MARK 12
/* a row lower than this has no room for a frame of its own */
#define THIN_ROW 6
#define EDGE 3 /* pixels of a bar beside a row or column that is marked */

/* the marker of one place: a 12 px square with white and black edge */
static void
draw_marker (cairo_t *cr, guint8 flags, double x, double y)
{
  x = round (x) - MARK / 2.0;
  y = round (y) - MARK / 2.0;
  cairo_rectangle (cr, x, y, MARK, MARK);
  esp_draw_set_color (cr, 0xffffffff);
  cairo_fill (cr);
  cairo_rectangle (cr, x + 1, y + 1, MARK - 2, MARK - 2);
  esp_draw_set_color (cr, 0xff000000);
  cairo_fill (cr);
  if (flags & ESP_PIXEL_NAN)
    {
      esp_draw_hazard (cr, x + 2, y + 2, MARK - 4, MARK - 4);
      return;
    }

  esp_draw_set_color (cr, 0xffffffff);
  if (flags & ESP_PIXEL_POSITIVE_INF)
    {
      cairo_move_to (cr, x + 6, y + 3);
      cairo_line_to (cr, x + 9, y + 9);
      cairo_line_to (cr, x + 3, y + 9);
    }
  else
    {
      cairo_move_to (cr, x + 6, y + 9);
      cairo_line_to (cr, x + 9, y + 3);
      cairo_line_to (cr, x + 3, y + 3);
    }
  cairo_close_path (cr);
  cairo_fill (cr);
}

/* One marker stands for all that lies within a square of 12 px; where much is not finite it shows
 * by its own stripes and needs none. */
typedef struct
{
  double left, top, right, bottom; /* of the stage part that is covered */
  guint columns, rows;
  double *areas;   /* (rows, columns) of flagged pixels */
  guint8 *flags;   /* (rows, columns) */
  double *xs, *ys; /* (rows, columns) first flagged pixel, and then where its marker is */
  gboolean *drawn; /* (rows, columns) */
  gboolean any;
} MarkGrid;

static void
mark_grid_init (MarkGrid *grid, double x, double y, double width, double height)
{
  gsize n;

  grid->any = FALSE;
  grid->left = x;
  grid->top = y;
  grid->right = x + width;
  grid->bottom = y + height;
  grid->columns = (guint) (width / MARK) + 1;
  grid->rows = (guint) (height / MARK) + 1;
  n = (gsize) grid->columns * grid->rows;
  grid->areas = g_new0 (double, n);
  grid->flags = g_new0 (guint8, n);
  grid->xs = g_new0 (double, n);
  grid->ys = g_new0 (double, n);
  grid->drawn = g_new0 (gboolean, n);
}

static void
mark_grid_clear (MarkGrid *grid)
{
  g_free (grid->areas);
  g_free (grid->flags);
  g_free (grid->xs);
  g_free (grid->ys);
  g_free (grid->drawn);
}

static void
mark_grid_add (guint8 flags, double x, double y, double area, gpointer data)
{
  MarkGrid *grid = data;
  guint column = (guint) CLAMP ((x - grid->left) / MARK, 0, grid->columns - 1);
  guint row = (guint) CLAMP ((y - grid->top) / MARK, 0, grid->rows - 1);
  gsize i = (gsize) row * grid->columns + column;

  if (grid->areas[i] == 0 || (flags & ~grid->flags[i] & ESP_PIXEL_NAN))
    {
      grid->xs[i] = x;
      grid->ys[i] = y;
    }
  grid->areas[i] += area;
  grid->flags[i] |= flags;
  grid->any = TRUE;
}

/* whether a marker at (x, y) would cover one that is drawn already; these can only lie in the
 * squares round it */
static gboolean
covers_marker (const MarkGrid *grid, guint column, guint row, double x, double y)
{
  for (guint j = row > 0 ? row - 1 : 0; j <= row; j++)
    for (guint i = column > 0 ? column - 1 : 0; i <= column + 1 && i < grid->columns; i++)
      {
        gsize k = (gsize) j * grid->columns + i;

        if (grid->drawn[k] && fabs (grid->xs[k] - x) < MARK && fabs (grid->ys[k] - y) < MARK)
          return TRUE;
      }

  return FALSE;
}

/* whether so much round a square isn't finite that it shows by itself */
static gboolean
is_area (const MarkGrid *grid, guint column, guint row)
{
  double area = 0;

  for (guint j = row > 0 ? row - 1 : 0; j <= row + 1 && j < grid->rows; j++)
    for (guint i = column > 0 ? column - 1 : 0; i <= column + 1 && i < grid->columns; i++)
      area += grid->areas[(gsize) j * grid->columns + i];

  return area > 2 * MARK * MARK;
}

static void
mark_grid_draw (MarkGrid *grid, cairo_t *cr)
{
  for (guint row = 0; row < grid->rows; row++)
    for (guint column = 0; column < grid->columns; column++)
      {
        gsize i = (gsize) row * grid->columns + column;
        double x = grid->xs[i], y = grid->ys[i];

        x = CLAMP (x, grid->left + MARK / 2.0, fmax (grid->right, grid->left + MARK) - MARK / 2.0);
        y = CLAMP (y, grid->top + MARK / 2.0, fmax (grid->bottom, grid->top + MARK) - MARK / 2.0);
        if (grid->areas[i] == 0 || is_area (grid, column, row) ||
            covers_marker (grid, column, row, x, y))
          continue;
        grid->drawn[i] = TRUE;
        grid->xs[i] = x;
        grid->ys[i] = y;
        draw_marker (cr, grid->flags[i], x, y);
      }
}

/* pixels are cells that are large enough to show it themselves */
static gboolean
shows_cells (EspOverview *overview, double width, double height)
{
  const EspRegion *region = esp_overview_get_region (overview);

  return fmin (width, height) >= MARK && region->rows == esp_overview_get_height (overview) &&
         region->columns == esp_overview_get_width (overview);
}

void
esp_draw_markers (cairo_t *cr, const EspHeatmapGeometry *geometry, EspOverview *overview)
{
  double x, y, box_width, box_height, left, top, width, height;
  guint x0, y0, x1, y1;
  MarkGrid grid;

  if (overview == NULL || !esp_draw_get_visible_pixels (geometry, overview, &x0, &y0, &x1, &y1))
    return;
  esp_draw_get_pixel_box (geometry, overview, 0, 0, &left, &top, &width, &height);
  if (shows_cells (overview, width, height))
    return;

  esp_heatmap_geometry_matrix_box (geometry, &x, &y, &box_width, &box_height);
  mark_grid_init (&grid, x, y, box_width, box_height);
  for (guint j = y0; j < y1; j++)
    {
      const EspPixel *row = esp_overview_get_row (overview, j);

      for (guint i = x0; i < x1; i++)
        if (G_UNLIKELY (row[i].flags != 0))
          mark_grid_add (row[i].flags, left + (i + 0.5) * width, top + (j + 0.5) * height,
                         width * height, &grid);
    }
  if (grid.any)
    mark_grid_draw (&grid, cr);
  mark_grid_clear (&grid);
}

void
esp_draw_tile_markers (cairo_t *cr,
                       const EspHeatmapGeometry *geometry,
                       EspTilePixels *tiles,
                       double scale)
{
  double x, y, width, height;
  MarkGrid grid;

  if (fmin (esp_heatmap_geometry_get_cell_width (geometry),
            esp_heatmap_geometry_get_cell_height (geometry)) >= MARK)
    return;
  esp_heatmap_geometry_matrix_box (geometry, &x, &y, &width, &height);
  mark_grid_init (&grid, x, y, width, height);
  esp_draw_tiles_for_each_mark (tiles, geometry, scale, mark_grid_add, &grid);
  if (grid.any)
    mark_grid_draw (&grid, cr);
  mark_grid_clear (&grid);
}

/* a piece of hazard stripes that repeats without a seam */
static cairo_pattern_t *
create_stripes (void)
{
  const int size = 8;
  cairo_surface_t *piece = cairo_image_surface_create (CAIRO_FORMAT_RGB24, size, size);
  guint8 *data = cairo_image_surface_get_data (piece);
  int stride = cairo_image_surface_get_stride (piece);
  cairo_pattern_t *pattern;

  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++)
      ((guint32 *) (gpointer) (data + y * stride))[x] = (x + y) % size < 3 ? 0 : ESP_COLOR_NAN;
  cairo_surface_mark_dirty (piece);
  pattern = cairo_pattern_create_for_surface (piece);
  cairo_pattern_set_extend (pattern, CAIRO_EXTEND_REPEAT);
  cairo_surface_destroy (piece);
  return pattern;
}

/* alpha of the NaN pixels among those of [x0, x1) × [y0, y1); NULL if there is none */
static cairo_surface_t *
create_nan_mask (EspOverview *overview, guint x0, guint y0, guint x1, guint y1)
{
  cairo_surface_t *mask = NULL;
  guint8 *data = NULL;
  int stride = 0;

  for (guint y = y0; y < y1; y++)
    {
      const EspPixel *row = esp_overview_get_row (overview, y);

      for (guint x = x0; x < x1; x++)
        {
          if (G_LIKELY (!(row[x].flags & ESP_PIXEL_NAN)))
            continue;
          if (mask == NULL)
            {
              mask = cairo_image_surface_create (CAIRO_FORMAT_A8, (int) (x1 - x0), (int) (y1 - y0));
              data = cairo_image_surface_get_data (mask);
              stride = cairo_image_surface_get_stride (mask);
            }
          data[(gsize) (y - y0) * (gsize) stride + (x - x0)] = 255;
        }
    }
  if (mask != NULL)
    cairo_surface_mark_dirty (mask);

  return mask;
}

void
esp_draw_stripes (cairo_t *cr, const EspHeatmapGeometry *geometry, EspOverview *overview)
{
  double left, top, width, height;
  guint x0, y0, x1, y1;
  cairo_surface_t *mask;
  cairo_pattern_t *stripes, *pixels;
  cairo_matrix_t matrix;

  if (overview == NULL || !esp_draw_get_visible_pixels (geometry, overview, &x0, &y0, &x1, &y1))
    return;
  esp_draw_get_pixel_box (geometry, overview, x0, y0, &left, &top, &width, &height);
  mask = create_nan_mask (overview, x0, y0, x1, y1);
  if (mask == NULL)
    return;

  stripes = create_stripes ();
  pixels = cairo_pattern_create_for_surface (mask);
  cairo_pattern_set_filter (pixels, CAIRO_FILTER_NEAREST);
  cairo_matrix_init_scale (&matrix, 1 / width, 1 / height);
  cairo_matrix_translate (&matrix, -left, -top);
  cairo_pattern_set_matrix (pixels, &matrix);
  cairo_set_source (cr, stripes);
  cairo_mask (cr, pixels);
  cairo_pattern_destroy (pixels);
  cairo_pattern_destroy (stripes);
  cairo_surface_destroy (mask);
}

static void
draw_hatch (cairo_t *cr, guint32 color, double x, double y, double width, double height)
{
  cairo_save (cr);
  cairo_rectangle (cr, x, y, width, height);
  cairo_clip (cr);
  for (double offset = -height; offset < width; offset += 7)
    {
      cairo_move_to (cr, x + offset, y + height);
      cairo_line_to (cr, x + offset + height, y);
    }
  esp_draw_set_color (cr, (color & 0xffffff) | 0x4c000000u);
  cairo_set_line_width (cr, 1);
  cairo_stroke (cr);
  cairo_restore (cr);
}

/* frame and hatch of one row or column; the frame keeps a least size */
static void
draw_row_mark (cairo_t *cr, EspRowMarkKind kind, const EspPalette *palette, double box[4])
{
  const double dashes[] = { 5, 3 };
  guint32 color = kind == ESP_ROW_DEAD ? palette->danger : esp_palette_get_amber (palette);

  draw_hatch (cr, color, box[0], box[1], box[2], box[3]);
  cairo_save (cr);
  cairo_rectangle (cr, box[0] + 1, box[1] + 1, box[2] - 2, box[3] - 2);
  cairo_set_line_width (cr, 4); /* a light rim keeps it apart from red cells */
  esp_draw_set_color (cr, palette->dark ? 0x80000000 : 0x80ffffff);
  cairo_stroke_preserve (cr);
  if (kind == ESP_ROW_SILENT)
    cairo_set_dash (cr, dashes, 2, 0);
  esp_draw_set_color (cr, color);
  cairo_set_line_width (cr, 2);
  cairo_stroke (cr);
  cairo_restore (cr);
}

/* stage rectangle of a marked row or column, cut to what is in view; FALSE if it isn't */
static gboolean
get_mark_box (const EspHeatmapScene *scene,
              const EspRowMark *mark,
              gboolean on_columns,
              double box[4])
{
  double x, y, width, height, cell_x, cell_y, cell_width, cell_height;
  double from, extent, start, end;
  gint64 n = on_columns ? scene->geometry.columns : scene->geometry.rows;

  if (mark->row < 0 || mark->row >= n)
    return FALSE;
  esp_heatmap_geometry_matrix_box (&scene->geometry, &x, &y, &width, &height);
  esp_heatmap_geometry_cell_box (&scene->geometry, on_columns ? 0 : mark->row,
                                 on_columns ? mark->row : 0, &cell_x, &cell_y, &cell_width,
                                 &cell_height);
  from = on_columns ? cell_x : cell_y;
  extent = (on_columns ? cell_width : cell_height) * (double) CLAMP (mark->span, 1, n - mark->row);
  if (extent < THIN_ROW)
    {
      from += (extent - THIN_ROW) / 2;
      extent = THIN_ROW;
    }
  start = fmax (round (from), floor (on_columns ? x : y) - 2);
  end = fmin (round (from + extent), ceil (on_columns ? x + width : y + height) + 2);
  if (end - start < 2)
    return FALSE;

  box[0] = on_columns ? start : floor (x);
  box[1] = on_columns ? floor (y) : start;
  box[2] = on_columns ? end - start : ceil (width);
  box[3] = on_columns ? ceil (height) : end - start;
  return TRUE;
}

/* a bar outside the matrix, where its indices stand */
static void
draw_edge (cairo_t *cr,
           EspRowMarkKind kind,
           const EspPalette *palette,
           gboolean on_columns,
           const double box[4])
{
  if (on_columns)
    cairo_rectangle (cr, box[0], box[1] - EDGE - 1, box[2], EDGE);
  else
    cairo_rectangle (cr, box[0] - EDGE - 1, box[1], EDGE, box[3]);
  esp_draw_set_color (cr, kind == ESP_ROW_DEAD ? palette->danger : esp_palette_get_amber (palette));
  cairo_fill (cr);
}

/* beyond the end of a row (below a column) whose weights are all 0 */
static void
draw_zero_mark (cairo_t *cr, const EspHeatmapScene *scene, double box[4])
{
  gboolean column = scene->marks_on_columns;
  double x = column ? floor (box[0] + box[2] / 2) + 0.5 : box[0] + box[2] + 3;
  double y = column ? box[1] + box[3] + 3 : floor (box[1] + box[3] / 2) + 0.5;
  const char *word = _ ("zero");

  cairo_move_to (cr, x, y);
  cairo_line_to (cr, column ? x - 4 : x + 7, column ? y + 7 : y - 4);
  cairo_line_to (cr, column ? x + 4 : x + 7, column ? y + 7 : y + 4);
  cairo_close_path (cr);
  esp_draw_set_color (cr, scene->palette->danger);
  cairo_fill (cr);

  esp_draw_set_font (cr, scene->palette, ESP_DRAW_AXIS_SIZE, TRUE);
  if (!column && x + 10 + esp_draw_get_text_width (cr, word) < scene->geometry.width)
    esp_draw_text (cr, word, x + 10, y, ESP_ALIGN_START);
}

static void
draw_mark (cairo_t *cr,
           const EspHeatmapScene *scene,
           EspRowMarkKind kind,
           gboolean on_columns,
           double box[4])
{
  if (kind == ESP_ROW_ZERO)
    draw_zero_mark (cr, scene, box);
  else if (kind == ESP_ROW_DORMANT || kind == ESP_ROW_SATURATED ||
           on_columns != scene->marks_on_columns)
    draw_edge (cr, kind, scene->palette, on_columns, box);
  else
    draw_row_mark (cr, kind, scene->palette, box);
}

static void
draw_marks (cairo_t *cr,
            const EspHeatmapScene *scene,
            const EspRowMark *marks,
            guint n,
            gboolean on_columns)
{
  double last = -G_MAXDOUBLE;

  for (guint i = 0; i < n; i++)
    {
      double box[4], from;

      if (!get_mark_box (scene, &marks[i], on_columns, box))
        continue;
      from = on_columns ? box[0] : box[1];
      if (fabs (from - last) < THIN_ROW / 2.0) /* it would cover the one before */
        continue;
      last = from;
      draw_mark (cr, scene, marks[i].kind, on_columns, box);
    }
}

void
esp_draw_row_marks (cairo_t *cr, const EspHeatmapScene *scene)
{
  draw_marks (cr, scene, scene->input_marks, scene->n_input_marks, !scene->marks_on_columns);
  draw_marks (cr, scene, scene->marks, scene->n_marks, scene->marks_on_columns);
}
