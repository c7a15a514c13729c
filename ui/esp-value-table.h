/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-view.h"

G_BEGIN_DECLS

/**
 * EspValueTable:
 *
 * The matrix of a view as a table of numbers. It draws what is in view and reads no more, so it
 * costs the same for ten cells and for ten thousand million. The cell cursor is the session's; a
 * rectangle of cells can be selected and copied as tab-separated text. To be put into a
 * GtkScrolledWindow.
 *
 * Keys: as in EspHeatmap; with Shift they select. Ctrl+A selects all, Ctrl+C copies, Enter edits a
 * cell of a live network, the menu key opens the menu, Escape takes the selection away.
 */
#define ESP_TYPE_VALUE_TABLE (esp_value_table_get_type ())
G_DECLARE_FINAL_TYPE (EspValueTable, esp_value_table, ESP, VALUE_TABLE, GtkWidget)

GtkWidget *esp_value_table_new (void);
void esp_value_table_set_view (EspValueTable *self, EspView *view);
/* what Ctrl+C copies: the selection, or the cursor's cell. FALSE if there is neither. */
gboolean esp_value_table_get_selected (EspValueTable *self, EspRegion *region);
/* the cell at a place of the widget; FALSE beside the cells. For tests. */
gboolean esp_value_table_get_cell_at (EspValueTable *self,
                                      double x,
                                      double y,
                                      gint64 *row,
                                      gint64 *column);

G_END_DECLS
