/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tree-marks.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspTreeName:
 *
 * First cell of a row of the tree: expander, icon, name, the letters of ties, badges for units in
 * trouble. Its row is coloured when it is linked with what is selected.
 */
#define ESP_TYPE_TREE_NAME (esp_tree_name_get_type ())
G_DECLARE_FINAL_TYPE (EspTreeName, esp_tree_name, ESP, TREE_NAME, GtkWidget)

GtkWidget *esp_tree_name_new (void);
/* @row may be NULL: an unbound cell. @marks is borrowed until the next call. @title is the root's
 * name. */
void esp_tree_name_set_row (EspTreeName *self,
                            GtkTreeListRow *row,
                            EspTreeMarks *marks,
                            const char *title);
GtkTreeListRow *esp_tree_name_get_row (EspTreeName *self); /* borrowed or NULL */
EspPlace *esp_tree_name_get_place (EspTreeName *self);     /* borrowed or NULL */
/* the whole path, and the class or role. New string or NULL. Asked for when it is shown: setting a
 * tooltip on each cell costs a round trip to the display server. */
char *esp_tree_name_dup_tooltip (EspTreeName *self);
/* the marks changed */
void esp_tree_name_update_marks (EspTreeName *self);
/* the lock of what is frozen alone */
void esp_tree_name_update_frozen (EspTreeName *self);
/* CSS class ("tie-a") for the whole row, or NULL */
void esp_tree_name_set_tint (EspTreeName *self, const char *tint);
/* lights the whole row up once */
void esp_tree_name_set_pulse (EspTreeName *self, gboolean pulse);
/* the widget of the whole row, which takes the focus; NULL before it is in a list */
GtkWidget *esp_tree_name_get_row_widget (EspTreeName *self);

G_END_DECLS
