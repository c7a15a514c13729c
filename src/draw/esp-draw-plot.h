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
} EspCurve;

/* curves over a common x axis with round ticks; y logarithmic if @log_y and all y > 0 */
void esp_draw_plot (cairo_t *cr,
                    int width,
                    int height,
                    const EspCurve *curves,
                    guint n_curves,
                    gboolean log_y,
                    const EspPalette *palette);

/* round tick positions in [lo, hi], at most @max_ticks; returns how many were written. Used by all
 * axes. */
guint esp_draw_ticks (double lo, double hi, guint max_ticks, double *ticks);

G_END_DECLS
