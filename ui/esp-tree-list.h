/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * EspTreeList:
 *
 * The list of the tree's rows with its columns: selection, keys, marks, tints. Which rows it shows
 * is told to it (esp-tree-rows).
 *
 * Property "width" (int): what it may take, so that columns give way.
 * Signals: "selected" (EspPlace) - a person selected a row; "activated" (EspPlace) - a parameter's
 * row was activated (double click, Enter).
 */
#define ESP_TYPE_TREE_LIST (esp_tree_list_get_type ())
G_DECLARE_FINAL_TYPE (EspTreeList, esp_tree_list, ESP, TREE_LIST, GtkWidget)

GtkWidget *esp_tree_list_new (void);
/* whose marks and titles the rows carry; NULL empties the list */
void esp_tree_list_set_document (EspTreeList *self, EspDocument *document);
/* rows of that document */
void esp_tree_list_show_rows (EspTreeList *self, GtkTreeListModel *rows);
GtkTreeListModel *esp_tree_list_get_rows (EspTreeList *self); /* borrowed or NULL */
/* opens what is above @place, selects its row, brings it into view and tints what is linked with
 * it; without a row (or NULL) nothing is selected */
void esp_tree_list_select (EspTreeList *self, EspPlace *place);
/* takes the keyboard focus to the selected row, or the first */
void esp_tree_list_focus (EspTreeList *self);
/* the widget that keys come to */
GtkWidget *esp_tree_list_get_view (EspTreeList *self);

/* the rows that are shown next are those of a newer version of the file: they stay scrolled as
 * these are, and the selected one has the keyboard focus if it has it now */
void esp_tree_list_keep_scroll (EspTreeList *self);

G_END_DECLS
