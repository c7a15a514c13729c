/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-values.h"

#include "esp-value-blocks.h"

G_BEGIN_DECLS

/* What esp-values.c (layout, drawing) and esp-values-input.c (pointer, keys) share. */

struct _EspValues
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

/* brings a cell into view */
void _esp_values_reveal (EspValues *self, gint64 row, gint64 column);
/* moves the cursor; the selection goes with it or, if not @extend, goes away */
void _esp_values_move (EspValues *self, gint64 row, gint64 column, gboolean extend);
void _esp_values_select (EspValues *self, const EspRegion *region);
/* rectangle of a cell in the widget */
void _esp_values_get_box (EspValues *self, gint64 row, gint64 column, GdkRectangle *box);
/* the row head or column head at a place; -1 none */
gint64 _esp_values_get_row_head (EspValues *self, double x, double y);
gint64 _esp_values_get_column_head (EspValues *self, double x, double y);
void _esp_values_edit (EspValues *self);

void _esp_values_add_controllers (EspValues *self);
void _esp_values_class_add_bindings (GtkWidgetClass *widget_class);

G_END_DECLS
