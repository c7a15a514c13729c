/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tree-list.h"

#include "esp-pacer.h"
#include "esp-tree-columns.h"
#include "esp-tree-links.h"
#include "esp-tree-marks.h"
#include "esp-tree-name.h"

G_BEGIN_DECLS

/* What esp-tree-list.c (cells, columns, marks, the document) and esp-tree-list-go.c (selection,
 * focus, scroll) share. */

struct _EspTreeList
{
  GtkWidget parent_instance;

  GtkScrolledWindow *scrolled;
  GtkColumnView *view;
  GMenuModel *columns_menu;
  GtkColumnViewColumn *columns[ESP_N_TREE_COLUMNS];
  GSimpleActionGroup *actions;

  EspDocument *document;
  EspTreeMarks *marks;
  GtkTreeListModel *rows;
  EspPacer *pacer; /* of the rows */
  GtkSingleSelection *selection;
  EspTreeLinks *links;
  GHashTable *cells; /* EspTreeName: those that are bound now */

  int width;
  EspPlace *place;    /* borrowed: what is selected, whether it has a row or not */
  EspPlace *focus_at; /* borrowed: its row gets the keyboard focus as soon as there is one */
  gboolean syncing;   /* not a person selects */
  gboolean refocus;   /* and the focus goes to it */
  gboolean keeping;   /* the scroll stays, wherever the selection is */
  EspPlace *pulse[2]; /* borrowed: both ends of a tie that was just followed */
  guint pulse_id;
  guint marks_id;
  gint64 marks_time;
  guint settle_id;
  guint settle_frames;
  double settle_from;
};

/* the bound cell of a place; borrowed, NULL if it isn't in view */
EspTreeName *_esp_tree_list_find_cell (EspTreeList *self, EspPlace *place);
/* selects a row and brings it into view, unless the scroll is to stay */
void _esp_tree_list_select_row (EspTreeList *self, GtkTreeListRow *row);
/* the same, and takes the keyboard focus there, at once or when its cell is made */
void _esp_tree_list_go_to_row (EspTreeList *self, GtkTreeListRow *row);
void _esp_tree_list_focus_cell (EspTreeList *self, EspTreeName *cell);
gboolean _esp_tree_list_has_focus (EspTreeList *self);
void _esp_tree_list_stop_settling (EspTreeList *self);
/* the arrow keys that open and close rows; %GDK_EVENT_STOP if it was one */
gboolean _esp_tree_list_on_key (EspTreeList *self,
                                guint keyval,
                                guint keycode,
                                GdkModifierType state);

G_END_DECLS
