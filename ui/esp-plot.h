/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspPlot:
 *
 * Curves over a common x axis: a widget over esp_draw_plot(). Property "log-y" (gboolean).
 */
#define ESP_TYPE_PLOT (esp_plot_get_type ())
G_DECLARE_FINAL_TYPE (EspPlot, esp_plot, ESP, PLOT, GtkWidget)

GtkWidget *esp_plot_new (void);
void esp_plot_set_log_y (EspPlot *self, gboolean log_y);

/**
 * esp_plot_take_curve:
 * @name: translated name of the curve
 * @color: a colour of style.css
 * @steps: (transfer full) (array length=n): x
 * @values: (transfer full) (array length=n): y
 *
 * Shows this one curve in place of what was shown.
 */
void esp_plot_take_curve (EspPlot *self,
                          const char *name,
                          const char *color,
                          guint64 *steps,
                          double *values,
                          guint n);

G_END_DECLS
