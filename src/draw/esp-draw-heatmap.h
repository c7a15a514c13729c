/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>

#include "esp-norm.h"
#include "esp-overview.h"

G_BEGIN_DECLS

/* Colours of what is drawn round the data; the ui fills it from the style, `render` and tests use
 * the two constants. */
typedef struct
{
  guint32 background, text, dim, line, accent, danger; /* 0xAARRGGBB */
  gboolean dark;
} EspPalette;

extern const EspPalette esp_palette_light;
extern const EspPalette esp_palette_dark;

/**
 * EspViewport:
 *
 * Which part of a matrix (rows × columns) is on a stage of width × height pixels: @x, @y is the
 * matrix position (in cells) at the stage's left upper corner of the plot area, @cell the size of a
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

typedef struct
{
  gint64 rows, columns; /* of the matrix */
  EspViewport viewport;
  int width, height; /* of the stage */
} EspHeatmapGeometry;

/* square cells, all of the matrix in view, centred; strips get at least 24 px of height by
 * stretching nothing: cells stay square up to 48 px */
void esp_heatmap_geometry_fit (EspHeatmapGeometry *self);
/* zooms by @factor, the matrix position under (@x, @y) of the stage stays there; clamped to
 * sensible cell sizes */
void esp_heatmap_geometry_zoom (EspHeatmapGeometry *self, double factor, double x, double y);
/* moves the viewport by stage pixels; never loses the matrix from sight */
void esp_heatmap_geometry_pan (EspHeatmapGeometry *self, double dx, double dy);
/* cell under a stage position; FALSE beside the matrix */
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
                                    double *size);
/* the cells that are in view, and how many pixels an overview of them needs */
void esp_heatmap_geometry_visible (const EspHeatmapGeometry *self,
                                   EspRegion *region,
                                   guint *width,
                                   guint *height);

/* marks on rows: dead units and the like */
typedef enum
{
  ESP_ROW_DEAD,   /* framed red, faint hatch */
  ESP_ROW_SILENT, /* framed amber, dashed */
} EspRowMarkKind;

typedef struct
{
  gint64 row;
  EspRowMarkKind kind;
} EspRowMark;

typedef struct
{
  EspHeatmapGeometry geometry;
  EspOverview *overview; /* may cover another region than is visible (coarse or stale): painted
                            where it belongs; NULL paints the frame alone */
  EspNorm norm;
  EspReduction reduction;
  const EspPalette *palette;
  gboolean marks_on_columns; /* row marks go on columns instead (Keras kernels) */
  const EspRowMark *marks;
  guint n_marks;
  gint64 cursor_row, cursor_column;   /* cell cursor, -1 none */
  gint64 hover_row, hover_column;     /* cell under the pointer, -1 none */
  const char *row_axis, *column_axis; /* "out", "in", or NULL */
  gboolean single;                    /* numbers with float32's digits */
} EspHeatmapScene;

/* paints frame, cells or overview pixels, numbers in cells, marks of NaN and infinities, axes with
 * indices, cursor. The same pixels on screen, in a PNG and in a test. @cr's origin is the stage's
 * left upper corner. */
void esp_draw_heatmap (cairo_t *cr, const EspHeatmapScene *scene);

/* overview -> an ARGB32 surface of its pixels, no axes: tiles of the sheet. New reference. */
cairo_surface_t *esp_draw_overview_surface (EspOverview *overview,
                                            const EspNorm *norm,
                                            EspReduction reduction);

/* legend: colour bar with histogram above and range below, on width × height (>= 16) pixels; @stats
 * may be NULL */
void esp_draw_levels (cairo_t *cr,
                      int width,
                      int height,
                      const EspNorm *norm,
                      EspStats *stats,
                      const EspPalette *palette);
/* histogram of all finite values; logarithmic counts if @log_counts */
void esp_draw_histogram (cairo_t *cr,
                         int width,
                         int height,
                         EspStats *stats,
                         gboolean log_counts,
                         const EspPalette *palette);
/* a number standing alone: a scalar */
void esp_draw_scalar (cairo_t *cr,
                      int width,
                      int height,
                      double value,
                      gboolean single,
                      const EspPalette *palette);

/* a whole picture with title, heatmap, axes and levels: what `render` and the export write */
void esp_draw_figure (cairo_t *cr,
                      int width,
                      int height,
                      const char *title,
                      const EspHeatmapScene *scene,
                      EspStats *stats);

G_END_DECLS
