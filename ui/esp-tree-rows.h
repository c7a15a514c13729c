/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tree-search.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * The tree as a list of rows (GtkTreeListRow of EspPlace) for a list view. A document whose root is
 * something (a network, a pickled module) has a row for it; the root of a plain state dict has
 * none.
 */

gboolean esp_tree_rows_has_root (EspDocument *document);
/* everything closed. @search, run to its end, or NULL for the whole tree. */
GtkTreeListModel *esp_tree_rows_new (EspDocument *document, EspTreeSearch *search);
/* opens level after level as long as there are at most @budget rows; a level that is only one
 * module's in any case */
void esp_tree_rows_open_levels (GtkTreeListModel *rows, guint budget);
/* opens what leads to a match, as long as there are at most @budget rows */
void esp_tree_rows_open_matches (GtkTreeListModel *rows, EspTreeSearch *search, guint budget);
/* paths of the modules that are open, as a set of strings; and opens those of such a set. For a
 * newer version of the same file. */
GHashTable *esp_tree_rows_get_open (GtkTreeListModel *rows);
void esp_tree_rows_open_paths (GtkTreeListModel *rows, GHashTable *paths);
void esp_tree_rows_close_all (GtkTreeListModel *rows);
/* the row of @place, all above it opened; NULL if it is not in this list. New reference. */
GtkTreeListRow *esp_tree_rows_find (GtkTreeListModel *rows, EspPlace *place);
EspPlace *esp_tree_row_get_place (GtkTreeListRow *row); /* borrowed */

G_END_DECLS
