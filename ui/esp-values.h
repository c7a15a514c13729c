/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-view.h"

G_BEGIN_DECLS

/**
 * EspValues:
 *
 * The matrix of a view as a table of numbers. It draws what is in view and reads no more, so it
 * costs the same for ten cells and for ten thousand million. The cell cursor is the session's; a
 * rectangle of cells can be selected and copied as tab-separated text. To be put into a
 * GtkScrolledWindow.
 *
 * Keys: as in EspHeatmap; with Shift they select. Ctrl+A selects all, Ctrl+C copies, Enter edits a
 * cell of a live network, the menu key opens the menu, Escape takes the selection away.
 */
#define ESP_TYPE_VALUES (esp_values_get_type ())
G_DECLARE_FINAL_TYPE (EspValues, esp_values, ESP, VALUES, GtkWidget)

GtkWidget *esp_values_new (void);
void esp_values_set_view (EspValues *self, EspView *view);
/* what Ctrl+C copies: the selection, or the cursor's cell. FALSE if there is neither. */
gboolean esp_values_get_selected (EspValues *self, EspRegion *region);
/* the cell at a place of the widget; FALSE beside the cells. For tests. */
gboolean esp_values_get_cell_at (EspValues *self, double x, double y, gint64 *row, gint64 *column);

G_END_DECLS
