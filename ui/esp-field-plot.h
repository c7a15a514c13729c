/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * EspFieldPlot:
 *
 * A function over the plane: a widget over esp_draw_field(). The pointer or the arrow keys choose a
 * point of the grid. Signal "pointed": another point, or none.
 */
#define ESP_TYPE_FIELD_PLOT (esp_field_plot_get_type ())
G_DECLARE_FINAL_TYPE (EspFieldPlot, esp_field_plot, ESP, FIELD_PLOT, GtkWidget)

GtkWidget *esp_field_plot_new (void);
/* all that it points at has to stay until the next call; palette, scale and point are the
 * widget's. NULL: nothing */
void esp_field_plot_set_scene (EspFieldPlot *self, const EspFieldScene *scene);
const EspFieldScene *esp_field_plot_get_scene (EspFieldPlot *self);
/* FALSE: no point is pointed at */
gboolean esp_field_plot_get_point (EspFieldPlot *self, double *x, double *y);

G_END_DECLS
