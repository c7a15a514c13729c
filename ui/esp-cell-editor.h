/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-view.h"

G_BEGIN_DECLS

/**
 * EspCellEditor:
 *
 * A popover with an entry for one cell of a live network. What is no number, or what the document
 * refuses, is told below the entry, which stays.
 */
#define ESP_TYPE_CELL_EDITOR (esp_cell_editor_get_type ())
G_DECLARE_FINAL_TYPE (EspCellEditor, esp_cell_editor, ESP, CELL_EDITOR, GtkPopover)

GtkWidget *esp_cell_editor_new (void);
/* asks for the value of a cell of @view; the popover has to have a parent and a place to point to
 */
void esp_cell_editor_open (EspCellEditor *self, EspView *view, gint64 row, gint64 column);
/* what a person types as a number: U+2212 and - for minus, the locale's decimal point or a dot;
 * FALSE if it is none */
gboolean esp_cell_editor_parse (const char *text, double *value);

G_END_DECLS
