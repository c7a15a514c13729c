/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspPlot:
 *
 * Curves over a common x axis: a widget over esp_draw_plot(). Properties "log-y" (gboolean) and
 * "placeholder" (text that stands there while there is no curve).
 */
#define ESP_TYPE_PLOT (esp_plot_get_type ())
G_DECLARE_FINAL_TYPE (EspPlot, esp_plot, ESP, PLOT, GtkWidget)

GtkWidget *esp_plot_new (void);
void esp_plot_set_log_y (EspPlot *self, gboolean log_y);

/* takes all curves away */
void esp_plot_clear (EspPlot *self);

/**
 * esp_plot_add_curve:
 * @name: translated name of the curve
 * @color: a colour of style.css
 * @opacity: 0 to 1
 * @x: (array length=n): growing
 * @y: (array length=n)
 *
 * Copies the curve and draws it over those that are there. Values in words, for those who don't
 * see the picture, are those of the last one.
 */
void esp_plot_add_curve (EspPlot *self,
                         const char *name,
                         const char *color,
                         double opacity,
                         const double *x,
                         const double *y,
                         guint n);

/* of the curve that was added last: how wide its line is, 0 for the usual; whether it is a guide */
void esp_plot_set_line (EspPlot *self, double width, gboolean dashed);

/* all curves as a picture with title and legend; and as CSV: curve, x, y. New string. */
void esp_plot_paint (EspPlot *self, cairo_t *cr, int width, int height, const char *title);
char *esp_plot_dup_csv (EspPlot *self);

G_END_DECLS
