/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which row of the tree's list is selected, in view and has the keyboard focus. GtkColumnView makes
 * rows as they come into view, some frames later than they are asked for: what is to be selected or
 * focused may have no row or no cell yet. */

#include "config.h"

#include "esp-tree-list-private.h"

#include "esp-tree-rows.h"

#include <math.h>

#define NEAR 90          /* pixels that the list may scroll without being centred */
#define SETTLE_FRAMES 20 /* tries to bring a row into view */

/* GtkColumnView has no scroll_to before 4.12; the list inside it has an action for it. That child
 * is private: where it is missing, the row's share of the height has to do. */
static void
bring_into_view (EspTreeList *self, GtkAdjustment *adjustment, guint position)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->rows));
  double height = gtk_adjustment_get_upper (adjustment) / MAX (n, 1);

  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->view)); child;
       child = gtk_widget_get_next_sibling (child))
    if (gtk_widget_activate_action (child, "list.scroll-to-item", "u", position))
      return;
  gtk_adjustment_clamp_page (adjustment, height * position, height * (position + 1));
}

EspTreeName *
_esp_tree_list_find_cell (EspTreeList *self, EspPlace *place)
{
  GHashTableIter iter;
  gpointer cell;

  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    if (esp_tree_name_get_place (cell) == place)
      return cell;
  return NULL;
}

/* where the selected row is in what is seen; FALSE if it isn't there at all */
static gboolean
get_selected_bounds (EspTreeList *self, graphene_rect_t *bounds)
{
  GtkTreeListRow *row = gtk_single_selection_get_selected_item (self->selection);
  EspTreeName *cell = row ? _esp_tree_list_find_cell (self, esp_tree_row_get_place (row)) : NULL;

  /* a row without a height was not laid out yet */
  return cell &&
         gtk_widget_compute_bounds (GTK_WIDGET (cell), GTK_WIDGET (self->scrolled), bounds) &&
         bounds->size.height > 0 && bounds->origin.y >= 0 &&
         bounds->origin.y + bounds->size.height <=
             gtk_widget_get_height (GTK_WIDGET (self->scrolled));
}

/* A row that was just made has no place yet: asks again each frame until it can be seen. One from
 * far away then comes to rest among its neighbours, not at the edge. */
static gboolean
settle (GtkWidget *widget, GdkFrameClock *clock, gpointer user_data)
{
  EspTreeList *self = ESP_TREE_LIST (widget);
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scrolled);
  double value = gtk_adjustment_get_value (adjustment);
  guint position = gtk_single_selection_get_selected (self->selection);
  graphene_rect_t bounds;

  if (position != GTK_INVALID_LIST_POSITION && !get_selected_bounds (self, &bounds) &&
      self->settle_frames++ < SETTLE_FRAMES)
    {
      bring_into_view (self, adjustment, position);
      return G_SOURCE_CONTINUE;
    }
  self->settle_id = 0;
  if (get_selected_bounds (self, &bounds) && fabs (value - self->settle_from) > NEAR)
    gtk_adjustment_set_value (adjustment, value + bounds.origin.y -
                                              gtk_adjustment_get_page_size (adjustment) / 3);
  return G_SOURCE_REMOVE;
}

void
_esp_tree_list_stop_settling (EspTreeList *self)
{
  if (self->settle_id)
    gtk_widget_remove_tick_callback (GTK_WIDGET (self), self->settle_id);
  self->settle_id = 0;
}

static void
scroll_to (EspTreeList *self, guint position)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scrolled);

  if (self->settle_id == 0)
    {
      self->settle_from = gtk_adjustment_get_value (adjustment);
      self->settle_id = gtk_widget_add_tick_callback (GTK_WIDGET (self), settle, NULL, NULL);
    }
  self->settle_frames = 0;
  bring_into_view (self, adjustment, position);
}

void
_esp_tree_list_select_row (EspTreeList *self, GtkTreeListRow *row)
{
  guint position = gtk_tree_list_row_get_position (row);

  if (position >= g_list_model_get_n_items (esp_pacer_get_shown (self->pacer)))
    return; /* on_all_rows() comes back to it */
  gtk_single_selection_set_selected (self->selection, position);
  if (!self->keeping)
    scroll_to (self, position);
}

void
_esp_tree_list_focus_cell (EspTreeList *self, EspTreeName *cell)
{
  GtkWidget *row = esp_tree_name_get_row_widget (cell);

  self->focus_at = NULL;
  if (row)
    gtk_widget_grab_focus (row);
}

/* selects a row and takes the keyboard focus there, at once or when it is made */
void
_esp_tree_list_go_to_row (EspTreeList *self, GtkTreeListRow *row)
{
  EspPlace *place = esp_tree_row_get_place (row);
  EspTreeName *cell;

  _esp_tree_list_select_row (self, row);
  cell = _esp_tree_list_find_cell (self, place);
  self->focus_at = place;
  if (cell)
    _esp_tree_list_focus_cell (self, cell);
}

gboolean
_esp_tree_list_has_focus (EspTreeList *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root ? gtk_root_get_focus (root) : NULL;

  return focus && gtk_widget_is_ancestor (focus, GTK_WIDGET (self->view));
}

void
esp_tree_list_focus (EspTreeList *self)
{
  GtkTreeListRow *row = gtk_single_selection_get_selected_item (self->selection);
  g_autoptr (GtkTreeListRow) first = NULL;

  g_return_if_fail (ESP_IS_TREE_LIST (self));

  if (!row && self->rows)
    row = first = gtk_tree_list_model_get_row (self->rows, 0);
  if (row)
    _esp_tree_list_go_to_row (self, row);
}

/* open, or on to the first row below */
static void
go_in (EspTreeList *self, GtkTreeListRow *row)
{
  g_autoptr (GtkTreeListRow) child = NULL;

  if (!gtk_tree_list_row_get_expanded (row))
    {
      gtk_tree_list_row_set_expanded (row, TRUE);
      return;
    }
  child = gtk_tree_list_row_get_child_row (row, 0);
  if (child)
    _esp_tree_list_go_to_row (self, child);
}

/* close, or on to the row above */
static void
go_out (EspTreeList *self, GtkTreeListRow *row)
{
  g_autoptr (GtkTreeListRow) parent = NULL;

  if (gtk_tree_list_row_get_expanded (row))
    {
      gtk_tree_list_row_set_expanded (row, FALSE);
      return;
    }
  parent = gtk_tree_list_row_get_parent (row);
  if (parent)
    _esp_tree_list_go_to_row (self, parent);
}

gboolean
_esp_tree_list_on_key (EspTreeList *self, guint keyval, guint keycode, GdkModifierType state)
{
  GtkTreeListRow *row = gtk_single_selection_get_selected_item (self->selection);
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;

  /* a key may lead to any row */
  esp_pacer_finish (self->pacer);
  if (!row || (state & gtk_accelerator_get_default_mod_mask ()))
    return GDK_EVENT_PROPAGATE;
  switch (keyval)
    {
    case GDK_KEY_Right:
    case GDK_KEY_KP_Right:
      (mirrored ? go_out : go_in) (self, row);
      return GDK_EVENT_STOP;
    case GDK_KEY_Left:
    case GDK_KEY_KP_Left:
      (mirrored ? go_in : go_out) (self, row);
      return GDK_EVENT_STOP;
    default:
      return GDK_EVENT_PROPAGATE;
    }
}
