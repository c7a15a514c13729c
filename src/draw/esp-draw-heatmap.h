/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>

#include "esp-draw-tiles.h"
#include "esp-heatmap-geometry.h"
#include "esp-norm.h"
#include "esp-palette.h"
#include "esp-part.h"
#include "esp-profile.h"

G_BEGIN_DECLS

/* marks on rows: dead units and the like */
typedef enum
{
  ESP_ROW_DEAD,   /* framed red, faint hatch */
  ESP_ROW_SILENT, /* framed amber, dashed */
  ESP_ROW_ZERO, /* all weights 0: a red triangle beyond the end, with "zero" where there is room */
  ESP_ROW_DORMANT,   /* an amber edge, a crescent for its index */
  ESP_ROW_SATURATED, /* an amber edge, an arrow at its stop for its index */
} EspRowMarkKind;

typedef struct
{
  gint64 row;
  EspRowMarkKind kind;
  gint64 span; /* rows that belong to it, as the blocks of a mosaic have; 0 is 1 */
} EspRowMark;

/**
 * EspHeatmapScene:
 *
 * Everything that a heatmap shows, borrowed from the caller. Clear it and set the geometry, norm
 * and palette at least; -1 for rows and columns that aren't meant.
 */
typedef struct
{
  EspHeatmapGeometry geometry;
  EspOverview *overview;   /* may cover another region than is visible (coarse or stale): painted
                              where it belongs; NULL paints the frame alone */
  cairo_surface_t *pixels; /* what esp_draw_overview_surface() made of @overview, kept by the caller
                              from frame to frame; NULL: made on the spot */
  EspOverview *ground;     /* painted below @overview where that doesn't reach (all of the matrix,
                              coarse), or NULL */
  cairo_surface_t *ground_pixels;
  EspTilePixels *tiles; /* painted above the ground and below @overview: what is there of a pyramid,
                           for a picture that moves; or NULL */
  double tiles_scale;   /* device pixels per pixel of the stage, at least 1 */
  EspNorm norm;
  EspReduction reduction;
  const EspPalette *palette;
  gboolean marks_on_columns; /* row marks go on columns instead (Keras kernels) */
  const EspRowMark *marks;
  guint n_marks;
  const EspRowMark
      *input_marks;    /* where units in trouble come in: across @marks, edges and signs */
  guint n_input_marks; /* alone */
  gint64 cursor_row, cursor_column;   /* cell cursor, -1 none */
  gint64 hover_row, hover_column;     /* cell under the pointer, -1 none */
  gboolean has_outlier;               /* a ring round a cell that its colour doesn't show: */
  gint64 outlier_row, outlier_column; /* see esp_norm_find_outlier() */
  const char *row_axis, *column_axis; /* "out", "in", or NULL */
  const gint64 *row_labels;           /* the index of what stands at each place, where rows and */
  const gint64 *column_labels;        /* columns are in an order of their own; else NULL */
  gboolean single;                    /* numbers with float32's digits */
  const char *note;                   /* for the legend: how rows are ordered; or NULL */
  gint64 block_rows, block_columns;   /* gutters between blocks of so many cells (the kernels of a
                                         convolution), 0 for none */
} EspHeatmapScene;

/* paints frame, cells or overview pixels, numbers in cells, marks of NaN and infinities, axes with
 * indices, cursor. The same pixels on screen, in a PNG and in a test. @cr's origin is the stage's
 * left upper corner. */
void esp_draw_heatmap (cairo_t *cr, const EspHeatmapScene *scene);

/* overview -> an ARGB32 surface of its pixels, no axes: tiles of the sheet. New reference. */
cairo_surface_t *esp_draw_overview_surface (EspOverview *overview,
                                            const EspNorm *norm,
                                            EspReduction reduction);
/* a tile of the sheet: the whole overview in its own proportions in the middle of width × height
 * pixels, marks of NaN and infinities on it. @pixels as above. */
void esp_draw_tile (cairo_t *cr,
                    int width,
                    int height,
                    EspOverview *overview,
                    cairo_surface_t *pixels);

/* what a pixel shows of the cells under it, as a note for the legend */
const char *esp_draw_describe_reduction (EspReduction reduction);
/* how rows or columns are sorted, alike */
const char *esp_draw_describe_order (gboolean columns, EspProfileKind kind);
/* which part of complex values is shown, alike */
const char *esp_draw_describe_part (EspPart part);
/* two notes, each of which may be NULL, as one; new string or NULL */
char *esp_draw_join_notes (const char *first, const char *second);
/* legend: colour bar with range below, from 64 pixels of height on with histogram above, from 84
 * on with a line that tells the range, @note (NULL: none), and what lies beyond the range, as far
 * as there is room; on width × height (>= 16) pixels; @stats may be NULL */
void esp_draw_levels (cairo_t *cr,
                      int width,
                      int height,
                      const EspNorm *norm,
                      EspStats *stats,
                      const char *note,
                      const EspPalette *palette);
/* the same over an axis from @lo to @hi that may be wider than the norm's range: the bar goes on in
 * the end colours, values beyond the range are paler. For a legend whose range can be dragged. */
void esp_draw_levels_axis (cairo_t *cr,
                           int width,
                           int height,
                           const EspNorm *norm,
                           double lo,
                           double hi,
                           EspStats *stats,
                           const char *note,
                           const EspPalette *palette);
/* where its colour bar begins and how high it is */
void esp_draw_levels_get_bar (int height, double *top, double *bar);
/* the bar of a colour map alone, for swatches */
void esp_draw_colormap (cairo_t *cr,
                        double x,
                        double y,
                        double width,
                        double height,
                        const EspColormap *colormap);
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

/* a whole picture with title, heatmap, axes and levels: what `render` and the export write. The
 * scene's geometry is fitted anew into the picture, so that its matrix size counts alone, unless it
 * already has the size of the picture's stage. */
void esp_draw_figure (cairo_t *cr,
                      int width,
                      int height,
                      const char *title,
                      const EspHeatmapScene *scene,
                      EspStats *stats);
/* where the heatmap lies in such a picture: the stage to make an overview for */
void esp_draw_figure_get_stage (int width, int height, int *stage_width, int *stage_height);

G_END_DECLS
