/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * The tree's columns beside the name: what they say of a place, and how much room they want.
 */
typedef enum
{
  ESP_TREE_COLUMN_SHAPE, /* or the class of a module */
  ESP_TREE_COLUMN_TYPE,
  ESP_TREE_COLUMN_COUNT,
  ESP_TREE_COLUMN_SIZE,
  ESP_TREE_COLUMN_UPDATE, /* of a live network: a picture, no text */
  ESP_N_TREE_COLUMNS
} EspTreeColumn;

typedef enum
{
  ESP_TREE_TEXT_PLAIN,
  ESP_TREE_TEXT_SECOND, /* of second rank: a module's class, a subtotal */
  ESP_TREE_TEXT_GUESS,  /* not in the file: a guessed class, "not stored" */
} EspTreeTextStyle;

/* new string, "" where there is nothing to say */
char *esp_tree_column_dup_text (EspTreeColumn column, EspPlace *place, EspTreeTextStyle *style);
/* the same thing stands further up already: its elements are counted there */
gboolean esp_tree_is_repeat (EspPlace *place);

/* with factory and title; item is a GtkTreeListRow of EspPlace */
GtkColumnViewColumn *esp_tree_column_new (EspTreeColumn column);
/* which columns are wanted: stateful actions "type", "count", "size" */
void esp_tree_columns_add_actions (GActionMap *map);
/* those that tell most of a network, or of a checkpoint */
void esp_tree_columns_choose (GActionGroup *actions, gboolean network);
/* puts those wanted ones that find room beside the name into @view; @columns are
 * ESP_N_TREE_COLUMNS. */
void esp_tree_columns_fit (GtkColumnView *view,
                           GtkColumnViewColumn *const *columns,
                           GActionGroup *actions,
                           int width);

G_END_DECLS
