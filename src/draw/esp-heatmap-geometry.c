/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the cells of a matrix lie on a stage: fit, zoom to a point, pan, and the way from stage to
 * cell and back. In and out: a plain EspHeatmapGeometry. Matrices may have up to 2^62 cells a side;
 * stages are as large as screens. Called for every pointer motion, so nothing here loops. */
#include "config.h"

#include "esp-heatmap-geometry.h"

#include <math.h>

/* an overview has no more pixels than this a side, whatever the stage */
#define MAX_OVERVIEW 8192

static double
get_plot_width (const EspHeatmapGeometry *self)
{
  return MAX (1, self->width - ESP_HEATMAP_MARGIN_LEFT - ESP_HEATMAP_MARGIN);
}

static double
get_plot_height (const EspHeatmapGeometry *self)
{
  return MAX (1, self->height - ESP_HEATMAP_MARGIN_TOP - ESP_HEATMAP_MARGIN);
}

double
esp_heatmap_geometry_get_cell_width (const EspHeatmapGeometry *self)
{
  return fmax (self->viewport.cell, (double) ESP_HEATMAP_MIN_EXTENT / (double) self->columns);
}

double
esp_heatmap_geometry_get_cell_height (const EspHeatmapGeometry *self)
{
  return fmax (self->viewport.cell, (double) ESP_HEATMAP_MIN_EXTENT / (double) self->rows);
}

double
esp_heatmap_geometry_get_fit_cell (const EspHeatmapGeometry *self)
{
  double most = self->rows == 1 || self->columns == 1 ? ESP_HEATMAP_STRIP_CELL
                                                      : ESP_HEATMAP_FIT_CELL;
  double cell = fmin (get_plot_width (self) / (double) self->columns,
                      get_plot_height (self) / (double) self->rows);

  return fmin (cell, most);
}

/* viewport start along one axis for a matrix in the middle, on whole pixels */
static double
get_centred (double plot, double cells, double size)
{
  return -floor ((plot - cells * size) / 2) / size;
}

void
esp_heatmap_geometry_fit (EspHeatmapGeometry *self)
{
  g_return_if_fail (self->rows > 0 && self->columns > 0);

  self->viewport.cell = esp_heatmap_geometry_get_fit_cell (self);
  self->viewport.x = get_centred (get_plot_width (self), (double) self->columns,
                                  esp_heatmap_geometry_get_cell_width (self));
  self->viewport.y = get_centred (get_plot_height (self), (double) self->rows,
                                  esp_heatmap_geometry_get_cell_height (self));
}

/* keeps the middle of the smaller of matrix and plot within the larger */
static double
clamp_axis (double start, double plot, double cells, double size)
{
  double shown = plot / size;

  if (cells >= shown)
    return CLAMP (start, -shown / 2, cells - shown / 2);

  return CLAMP (start, cells / 2 - shown, cells / 2);
}

static void
clamp_viewport (EspHeatmapGeometry *self)
{
  self->viewport.x = clamp_axis (self->viewport.x, get_plot_width (self), (double) self->columns,
                                 esp_heatmap_geometry_get_cell_width (self));
  self->viewport.y = clamp_axis (self->viewport.y, get_plot_height (self), (double) self->rows,
                                 esp_heatmap_geometry_get_cell_height (self));
}

void
esp_heatmap_geometry_zoom (EspHeatmapGeometry *self, double factor, double x, double y)
{
  double least = esp_heatmap_geometry_get_fit_cell (self);
  double most = fmax (least, ESP_HEATMAP_MAX_CELL);
  double width = esp_heatmap_geometry_get_cell_width (self);
  double height = esp_heatmap_geometry_get_cell_height (self);
  double column = self->viewport.x + (x - ESP_HEATMAP_MARGIN_LEFT) / width;
  double row = self->viewport.y + (y - ESP_HEATMAP_MARGIN_TOP) / height;
  double cell = CLAMP (self->viewport.cell * factor, least, most);

  g_return_if_fail (factor > 0);

  if (cell <= least)
    {
      esp_heatmap_geometry_fit (self);
      return;
    }

  column = CLAMP (column, 0, (double) self->columns);
  row = CLAMP (row, 0, (double) self->rows);
  x = (column - self->viewport.x) * width; /* of that position, within the plot area */
  y = (row - self->viewport.y) * height;

  self->viewport.cell = cell;
  self->viewport.x = column - x / esp_heatmap_geometry_get_cell_width (self);
  self->viewport.y = row - y / esp_heatmap_geometry_get_cell_height (self);
  clamp_viewport (self);
}

void
esp_heatmap_geometry_pan (EspHeatmapGeometry *self, double dx, double dy)
{
  self->viewport.x += dx / esp_heatmap_geometry_get_cell_width (self);
  self->viewport.y += dy / esp_heatmap_geometry_get_cell_height (self);
  clamp_viewport (self);
}

static double
reveal_axis (double start, double plot, double index, double size)
{
  double shown = plot / size;

  if (index < start)
    return index;
  if (index + 1 > start + shown)
    return fmin (index, index + 1 - shown);

  return start;
}

void
esp_heatmap_geometry_reveal (EspHeatmapGeometry *self, gint64 row, gint64 column)
{
  self->viewport.x = reveal_axis (self->viewport.x, get_plot_width (self), (double) column,
                                  esp_heatmap_geometry_get_cell_width (self));
  self->viewport.y = reveal_axis (self->viewport.y, get_plot_height (self), (double) row,
                                  esp_heatmap_geometry_get_cell_height (self));
  clamp_viewport (self);
}

void
esp_heatmap_geometry_resize (EspHeatmapGeometry *self, int width, int height, gboolean fit)
{
  double column = self->viewport.x +
                  get_plot_width (self) / 2 / esp_heatmap_geometry_get_cell_width (self);
  double row = self->viewport.y +
               get_plot_height (self) / 2 / esp_heatmap_geometry_get_cell_height (self);

  self->width = width;
  self->height = height;
  if (fit || self->viewport.cell <= esp_heatmap_geometry_get_fit_cell (self))
    {
      esp_heatmap_geometry_fit (self);
      return;
    }

  self->viewport.x = column -
                     get_plot_width (self) / 2 / esp_heatmap_geometry_get_cell_width (self);
  self->viewport.y = row - get_plot_height (self) / 2 / esp_heatmap_geometry_get_cell_height (self);
  clamp_viewport (self);
}

gboolean
esp_heatmap_geometry_cell_at (const EspHeatmapGeometry *self,
                              double x,
                              double y,
                              gint64 *row,
                              gint64 *column)
{
  double i, j;

  x -= ESP_HEATMAP_MARGIN_LEFT;
  y -= ESP_HEATMAP_MARGIN_TOP;
  if (x < 0 || y < 0 || x >= get_plot_width (self) || y >= get_plot_height (self))
    return FALSE;

  j = floor (self->viewport.x + x / esp_heatmap_geometry_get_cell_width (self));
  i = floor (self->viewport.y + y / esp_heatmap_geometry_get_cell_height (self));
  if (i < 0 || j < 0 || i >= (double) self->rows || j >= (double) self->columns)
    return FALSE;

  *row = MIN ((gint64) i, self->rows - 1);
  *column = MIN ((gint64) j, self->columns - 1);
  return TRUE;
}

void
esp_heatmap_geometry_cell_box (const EspHeatmapGeometry *self,
                               gint64 row,
                               gint64 column,
                               double *x,
                               double *y,
                               double *width,
                               double *height)
{
  *width = esp_heatmap_geometry_get_cell_width (self);
  *height = esp_heatmap_geometry_get_cell_height (self);
  *x = ESP_HEATMAP_MARGIN_LEFT + ((double) column - self->viewport.x) * *width;
  *y = ESP_HEATMAP_MARGIN_TOP + ((double) row - self->viewport.y) * *height;
}

/* the part of [start, start + cells * size) that lies in [0, plot) */
static void
intersect_axis (double offset, double cells, double size, double plot, double *from, double *extent)
{
  double start = fmax (0, -offset * size);
  double end = fmin (plot, (cells - offset) * size);

  *from = start;
  *extent = fmax (0, end - start);
}

void
esp_heatmap_geometry_matrix_box (const EspHeatmapGeometry *self,
                                 double *x,
                                 double *y,
                                 double *width,
                                 double *height)
{
  intersect_axis (self->viewport.x, (double) self->columns,
                  esp_heatmap_geometry_get_cell_width (self), get_plot_width (self), x, width);
  intersect_axis (self->viewport.y, (double) self->rows,
                  esp_heatmap_geometry_get_cell_height (self), get_plot_height (self), y, height);
  *x += ESP_HEATMAP_MARGIN_LEFT;
  *y += ESP_HEATMAP_MARGIN_TOP;
}

static void
visible_axis (double offset,
              gint64 n,
              double size,
              double plot,
              gint64 *first,
              gint64 *count,
              guint *pixels)
{
  double from = floor (fmax (offset, 0)), end = ceil (fmin (offset + plot / size, (double) n));

  *first = MIN ((gint64) from, n - 1);
  *count = CLAMP ((gint64) end - *first, 1, n - *first);
  *pixels = (guint) fmin (ceil (fmin ((double) *count, (double) *count * size)), MAX_OVERVIEW);
}

void
esp_heatmap_geometry_show (EspHeatmapGeometry *self, const EspRegion *region)
{
  double cell;

  g_return_if_fail (self != NULL && region != NULL && region->rows > 0 && region->columns > 0);

  esp_heatmap_geometry_fit (self);
  cell = fmin (get_plot_width (self) / (double) region->columns,
               get_plot_height (self) / (double) region->rows);
  cell = CLAMP (cell, self->viewport.cell, ESP_HEATMAP_MAX_CELL);
  self->viewport.cell = cell;
  self->viewport.x = (double) region->column + (double) region->columns / 2 -
                     get_plot_width (self) / 2 / esp_heatmap_geometry_get_cell_width (self);
  self->viewport.y = (double) region->row + (double) region->rows / 2 -
                     get_plot_height (self) / 2 / esp_heatmap_geometry_get_cell_height (self);
}

void
esp_heatmap_geometry_visible (const EspHeatmapGeometry *self,
                              EspRegion *region,
                              guint *width,
                              guint *height)
{
  visible_axis (self->viewport.x, self->columns, esp_heatmap_geometry_get_cell_width (self),
                get_plot_width (self), &region->column, &region->columns, width);
  visible_axis (self->viewport.y, self->rows, esp_heatmap_geometry_get_cell_height (self),
                get_plot_height (self), &region->row, &region->rows, height);
}
