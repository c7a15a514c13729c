/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * EspTreeMenu:
 *
 * What can be done with a row of the tree: a context menu (right click, Menu, Shift+F10), and of a
 * live network's layers F2 to rename, Delete to remove, Alt+Up and Alt+Down to move. All of it is
 * an entry of the session's undo.
 */
typedef struct _EspTreeMenu EspTreeMenu;

/* of the list whose rows have an EspTreeName each; lives as long as @list */
EspTreeMenu *esp_tree_menu_new (GtkWidget *list);
void esp_tree_menu_set_session (EspTreeMenu *self, EspSession *session);

G_END_DECLS
