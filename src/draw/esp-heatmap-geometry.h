/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-overview.h"

G_BEGIN_DECLS

/**
 * EspViewport:
 *
 * Which part of a matrix (rows × columns) is on a stage of width × height pixels: @x, @y is the
 * matrix position (in cells) at the left upper corner of the plot area, @cell the size of a
 * square cell in pixels. A plain value.
 */
typedef struct
{
  double x, y;
  double cell;
} EspViewport;

/* the margins round the plot area (index labels left and above), in pixels */
#define ESP_HEATMAP_MARGIN_LEFT 46
#define ESP_HEATMAP_MARGIN_TOP 24
#define ESP_HEATMAP_MARGIN 12
/* from this cell size on, cells show their numbers */
#define ESP_HEATMAP_NUMBER_CELL 24
/* from this size on there are lines between cells */
#define ESP_HEATMAP_LINE_CELL 8
/* a matrix is never drawn thinner than this */
#define ESP_HEATMAP_MIN_EXTENT 24
/* the largest cells that esp_heatmap_geometry_fit() makes, for strips and for others */
#define ESP_HEATMAP_STRIP_CELL 48
#define ESP_HEATMAP_FIT_CELL 64
#define ESP_HEATMAP_MAX_CELL 256

/**
 * EspHeatmapGeometry:
 *
 * Where the cells of a matrix lie on a stage. Plain arithmetic on a plain value.
 *
 * Cells are square, with one exception: a matrix whose square cells would leave less than
 * %ESP_HEATMAP_MIN_EXTENT pixels of height (a vector of 2048 elements) is stretched across to that
 * height, and one that would be less wide to that width.
 */
typedef struct
{
  gint64 rows, columns; /* of the matrix, at least 1 */
  EspViewport viewport;
  int width, height; /* of the stage */
} EspHeatmapGeometry;

/* all of the matrix in view, centred; small matrices get cells of at most %ESP_HEATMAP_FIT_CELL
 * (strips %ESP_HEATMAP_STRIP_CELL) pixels */
void esp_heatmap_geometry_fit (EspHeatmapGeometry *self);
/* the cell size that fit makes */
double esp_heatmap_geometry_get_fit_cell (const EspHeatmapGeometry *self);
/* zooms by @factor, the matrix position under (@x, @y) of the stage stays there (beside the matrix:
 * the nearest). Not smaller than fit makes it, not larger than %ESP_HEATMAP_MAX_CELL. */
void esp_heatmap_geometry_zoom (EspHeatmapGeometry *self, double factor, double x, double y);
/* moves the viewport by stage pixels, so the picture moves the other way; never loses the matrix
 * from sight: along each axis, the middle of the smaller of matrix and plot area stays within the
 * larger */
void esp_heatmap_geometry_pan (EspHeatmapGeometry *self, double dx, double dy);
/* moves the viewport as little as is needed for the cell to be in view */
void esp_heatmap_geometry_reveal (EspHeatmapGeometry *self, gint64 row, gint64 column);
/* as much of the matrix that @region is all in view, in the middle */
void esp_heatmap_geometry_show (EspHeatmapGeometry *self, const EspRegion *region);
/* another stage size: fits again if @fit, else what is in the middle stays there */
void esp_heatmap_geometry_resize (EspHeatmapGeometry *self, int width, int height, gboolean fit);

/* size of a cell on the stage: @cell both ways unless the matrix is stretched */
double esp_heatmap_geometry_get_cell_width (const EspHeatmapGeometry *self);
double esp_heatmap_geometry_get_cell_height (const EspHeatmapGeometry *self);
/* cell under a stage position; FALSE beside the matrix or the plot area */
gboolean esp_heatmap_geometry_cell_at (const EspHeatmapGeometry *self,
                                       double x,
                                       double y,
                                       gint64 *row,
                                       gint64 *column);
/* stage rectangle of a cell */
void esp_heatmap_geometry_cell_box (const EspHeatmapGeometry *self,
                                    gint64 row,
                                    gint64 column,
                                    double *x,
                                    double *y,
                                    double *width,
                                    double *height);
/* stage rectangle of the part of the matrix that is in view; width or height 0 if nothing is */
void esp_heatmap_geometry_matrix_box (const EspHeatmapGeometry *self,
                                      double *x,
                                      double *y,
                                      double *width,
                                      double *height);
/* the cells that are in view (at least one), and how many pixels an overview of them needs */
void esp_heatmap_geometry_visible (const EspHeatmapGeometry *self,
                                   EspRegion *region,
                                   guint *width,
                                   guint *height);

G_END_DECLS
