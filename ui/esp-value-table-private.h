/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-value-table.h"

#include "esp-value-blocks.h"

G_BEGIN_DECLS

/* What esp-value-table.c (layout, selection), esp-value-table-draw.c and esp-value-table-input.c
 * (pointer, keys) share. */

/* pixels beside a number, both sides alike */
#define ESP_VALUE_TABLE_PADDING 8

struct _EspValueTable
{
  GtkWidget parent_instance;

  /* owned */
  EspView *view;
  EspValueBlocks *blocks;
  GtkAdjustment *adjustments[2]; /* across, down; in pixels */
  GtkWidget *editor;             /* children, made when they are first needed */
  GtkWidget *menu;
  char *row_name, *column_name;

  /* state */
  GtkScrollablePolicy policies[2];
  gint64 rows, columns;
  int head_width, head_height, cell_width, cell_height; /* pixels */
  gint64 cursor_row, cursor_column;                     /* -1 none */
  gint64 anchor_row, anchor_column; /* the corner of the selection that stays; -1: no selection */
};

/* the view's matrix, if there is one to draw; borrowed */
EspTensor *_esp_value_table_get_matrix (EspValueTable *self);
/* whole pixels */
double _esp_value_table_get_scroll (EspValueTable *self, GtkOrientation orientation);
void _esp_value_table_snapshot (GtkWidget *widget, GtkSnapshot *snapshot);
/* brings a cell into view */
void _esp_value_table_reveal (EspValueTable *self, gint64 row, gint64 column);
/* moves the cursor; the selection goes with it or, if not @extend, goes away */
void _esp_value_table_move (EspValueTable *self, gint64 row, gint64 column, gboolean extend);
void _esp_value_table_select (EspValueTable *self, const EspRegion *region);
/* rectangle of a cell in the widget */
void _esp_value_table_get_box (EspValueTable *self, gint64 row, gint64 column, GdkRectangle *box);
/* the row head or column head at a place; -1 none */
gint64 _esp_value_table_get_row_head (EspValueTable *self, double x, double y);
gint64 _esp_value_table_get_column_head (EspValueTable *self, double x, double y);
void _esp_value_table_edit (EspValueTable *self);

void _esp_value_table_add_controllers (EspValueTable *self);
void _esp_value_table_class_add_bindings (GtkWidgetClass *widget_class);

G_END_DECLS
