/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-draw-heatmap.h"

G_BEGIN_DECLS

/* Brushes that the painters of this folder share. */

/* text on axes */
#define ESP_DRAW_AXIS_SIZE 11
#define ESP_MINUS "\xe2\x88\x92"

typedef enum
{
  ESP_ALIGN_START,
  ESP_ALIGN_MIDDLE,
  ESP_ALIGN_END,
} EspAlign;

void esp_draw_set_color (cairo_t *cr, guint32 color);
/* WCAG's relative luminance of an opaque colour, 0 to 1 */
double esp_draw_get_luminance (guint32 color);
void esp_draw_set_font (cairo_t *cr, const EspPalette *palette, double size, gboolean bold);
double esp_draw_get_text_width (cairo_t *cr, const char *text);
/* one line; @x is its start, middle or end, @y the middle of its figures */
void esp_draw_text (cairo_t *cr, const char *text, double x, double y, EspAlign align);
/* a label in a dark pill, as for the index under the pointer */
void esp_draw_pill (cairo_t *cr, const char *text, double x, double y, EspAlign align);
void esp_draw_rounded (cairo_t *cr, double x, double y, double width, double height, double radius);

/* black stripes on yellow, clipped to the rectangle */
void esp_draw_hazard (cairo_t *cr, double x, double y, double width, double height);
/* the amber of silent units */
guint32 esp_palette_get_amber (const EspPalette *palette);

/* the visible part of an overview's pixels, scaled without smoothing. @pixels is what
 * esp_draw_overview_surface() made. */
void esp_draw_pixels (cairo_t *cr,
                      const EspHeatmapGeometry *geometry,
                      EspOverview *overview,
                      cairo_surface_t *pixels);
/* pixels of @overview that are in view, [x0, x1) and [y0, y1); FALSE if none is */
gboolean esp_draw_get_visible_pixels (const EspHeatmapGeometry *geometry,
                                      EspOverview *overview,
                                      guint *x0,
                                      guint *y0,
                                      guint *x1,
                                      guint *y1);
/* stage rectangle of one pixel of @overview */
void esp_draw_get_pixel_box (const EspHeatmapGeometry *geometry,
                             EspOverview *overview,
                             guint x,
                             guint y,
                             double *left,
                             double *top,
                             double *width,
                             double *height);
/* numbers, "NaN" and "Inf" in cells; @factor gets the power of ten that the numbers are shown in
 * units of (0 for none) */
void esp_draw_cells (cairo_t *cr, const EspHeatmapScene *scene, int *factor);
/* stripes on the pixels that are NaN, the same width at every zoom */
void esp_draw_stripes (cairo_t *cr, const EspHeatmapGeometry *geometry, EspOverview *overview);
/* marks of values that aren't finite where cells are too small for words */
void esp_draw_markers (cairo_t *cr, const EspHeatmapGeometry *geometry, EspOverview *overview);
/* the same from tiles */
void esp_draw_tile_markers (cairo_t *cr,
                            const EspHeatmapGeometry *geometry,
                            EspTilePixels *tiles,
                            double scale);
void esp_draw_row_marks (cairo_t *cr, const EspHeatmapScene *scene);
void esp_draw_axes (cairo_t *cr, const EspHeatmapScene *scene, int factor);

G_END_DECLS
