/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspTreePane:
 *
 * The left pane: the tree of modules and parameters with search and totals. Its selected row is the
 * session's selection, both ways.
 *
 * Properties: "session" (EspSession, read and write), "search-mode" (gboolean, notify).
 * Signal "activated" (EspPlace): a parameter's row was activated (double click, Enter).
 */
#define ESP_TYPE_TREE_PANE (esp_tree_pane_get_type ())
G_DECLARE_FINAL_TYPE (EspTreePane, esp_tree_pane, ESP, TREE_PANE, GtkWidget)

EspTreePane *esp_tree_pane_new (void);
/* puts the keyboard focus into the search entry, its text selected */
void esp_tree_pane_focus_search (EspTreePane *self);
/* and into the list, where nothing is selected by that */
void esp_tree_pane_focus_list (EspTreePane *self);
/* rows that are shown: GListModel of GtkTreeListRow. Borrowed; NULL without a document. */
GListModel *esp_tree_pane_get_rows (EspTreePane *self);

G_END_DECLS
