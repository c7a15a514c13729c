/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-draw-heatmap.h"

G_BEGIN_DECLS

typedef struct
{
  const char *name;
  const double *x; /* (n), growing */
  const double *y; /* (n); NaN breaks the line */
  guint n;
  guint32 color;
  double width;    /* of the line, 0: the usual one */
  gboolean dashed; /* a guide rather than data */
} EspCurve;

/* the margins round the plot area of esp_draw_plot() and esp_draw_histogram() */
#define ESP_PLOT_MARGIN_LEFT 46
#define ESP_PLOT_MARGIN_RIGHT 12
#define ESP_PLOT_MARGIN_TOP 8
#define ESP_PLOT_MARGIN_BOTTOM 20

/* curves over a common x axis with round ticks; y logarithmic if @log_y and all y > 0 */
void esp_draw_plot (cairo_t *cr,
                    int width,
                    int height,
                    const EspCurve *curves,
                    guint n_curves,
                    gboolean log_y,
                    const EspPalette *palette);

/* the same as a picture of its own: with a title above and the names of all curves on the right */
void esp_draw_plot_figure (cairo_t *cr,
                           int width,
                           int height,
                           const char *title,
                           const EspCurve *curves,
                           guint n_curves,
                           gboolean log_y,
                           const EspPalette *palette);

/* round tick positions (1, 2 or 5 times a power of ten apart) in [lo, hi], at most @max_ticks;
 * returns how many were written */
guint esp_draw_ticks (double lo, double hi, guint max_ticks, double *ticks);
/* the same on a logarithmic axis: powers of ten, with 3 between (2 and 5 where there is room) */
guint esp_draw_log_ticks (double lo, double hi, guint max_ticks, double *ticks);

G_END_DECLS
