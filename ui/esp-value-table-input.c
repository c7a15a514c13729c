/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pointer, keys and menu of the table of numbers. Everything ends in a move of the cursor, a
 * selection or a copy. */

#include "config.h"

#include "esp-value-table-private.h"

#include "esp-copy.h"

#include <glib/gi18n.h>
#include <math.h>

static gboolean
is_shown (EspValueTable *self)
{
  return self->view != NULL && esp_view_get_matrix (self->view) != NULL;
}

static void
on_pressed (EspValueTable *self, int n_press, double x, double y, GtkGesture *gesture)
{
  GdkModifierType state =
      gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (gesture));
  gint64 row, column;

  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (!is_shown (self))
    return;

  if (esp_value_table_get_cell_at (self, x, y, &row, &column))
    {
      _esp_value_table_move (self, row, column, (state & GDK_SHIFT_MASK) != 0);
      if (n_press == 2 && esp_view_is_live (self->view))
        _esp_value_table_edit (self);
      return;
    }
  row = _esp_value_table_get_row_head (self, x, y);
  column = _esp_value_table_get_column_head (self, x, y);
  if (row >= 0)
    _esp_value_table_select (self, &(EspRegion) { row, 0, 1, self->columns });
  else if (column >= 0)
    _esp_value_table_select (self, &(EspRegion) { 0, column, self->rows, 1 });
}

static void
on_drag_update (EspValueTable *self, double x, double y, GtkGestureDrag *drag)
{
  double start_x, start_y;
  gint64 row, column;

  gtk_gesture_drag_get_start_point (drag, &start_x, &start_y);
  if (hypot (x, y) < 5 || !esp_value_table_get_cell_at (self, start_x, start_y, &row, &column) ||
      !esp_value_table_get_cell_at (self, start_x + x, start_y + y, &row, &column))
    return;
  if (row != self->cursor_row || column != self->cursor_column)
    _esp_value_table_move (self, row, column, TRUE);
}

static void
open_menu (EspValueTable *self, const GdkRectangle *at)
{
  if (self->menu == NULL)
    {
      g_autoptr (GMenu) menu = g_menu_new ();

      g_menu_append (menu, _ ("Copy"), "values.copy");
      g_menu_append (menu, _ ("Copy the row"), "values.copy-row");
      g_menu_append (menu, _ ("Copy the column"), "values.copy-column");
      g_menu_append (menu, _ ("Select all"), "values.select-all");
      self->menu = gtk_popover_menu_new_from_model (G_MENU_MODEL (menu));
      gtk_popover_set_has_arrow (GTK_POPOVER (self->menu), FALSE);
      gtk_widget_set_halign (self->menu, GTK_ALIGN_START);
      gtk_widget_set_parent (self->menu, GTK_WIDGET (self));
    }
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu), at);
  gtk_popover_popup (GTK_POPOVER (self->menu));
}

static void
on_menu_pressed (EspValueTable *self, int n_press, double x, double y)
{
  EspRegion region;
  gint64 row, column;

  if (!is_shown (self) || !esp_value_table_get_cell_at (self, x, y, &row, &column))
    return;
  /* within the selection it stays */
  if (!esp_value_table_get_selected (self, &region) || row < region.row || column < region.column ||
      row >= region.row + region.rows || column >= region.column + region.columns)
    _esp_value_table_move (self, row, column, FALSE);
  open_menu (self, &(GdkRectangle) { (int) x, (int) y, 1, 1 });
}

static gboolean
on_menu_key (GtkWidget *widget, GVariant *args, gpointer unused)
{
  EspValueTable *self = ESP_VALUE_TABLE (widget);
  GdkRectangle box;

  if (!is_shown (self) || self->cursor_row < 0)
    return GDK_EVENT_PROPAGATE;
  _esp_value_table_get_box (self, self->cursor_row, self->cursor_column, &box);
  open_menu (self, &box);
  return GDK_EVENT_STOP;
}

void
_esp_value_table_add_controllers (EspValueTable *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkGesture *click = gtk_gesture_click_new (), *menu = gtk_gesture_click_new ();
  GtkGesture *drag = gtk_gesture_drag_new ();

  g_signal_connect_swapped (click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (menu), GDK_BUTTON_SECONDARY);
  g_signal_connect_swapped (menu, "pressed", G_CALLBACK (on_menu_pressed), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (menu));
  g_signal_connect_swapped (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));
}

/* steps down and across; G_MAXINT is the end, and a page is counted in thousands */
static gint64
step (gint64 from, int by, gint64 n, gint64 page)
{
  if (by == G_MAXINT || by == -G_MAXINT)
    return by > 0 ? n - 1 : 0;
  if (ABS (by) >= 1000)
    return CLAMP (from + by / 1000 * page, 0, n - 1);

  return CLAMP (from + by, 0, n - 1);
}

static gboolean
on_move (GtkWidget *widget, GVariant *args, gpointer unused)
{
  EspValueTable *self = ESP_VALUE_TABLE (widget);
  gint64 page = MAX (1, gtk_widget_get_height (widget) / MAX (self->cell_height, 1) - 2);
  gint64 row = self->cursor_row, column = self->cursor_column;
  int rows, columns;
  gboolean extend;

  if (!is_shown (self))
    return GDK_EVENT_PROPAGATE;

  g_variant_get (args, "(iib)", &rows, &columns, &extend);
  if (row < 0) /* the first key shows the cursor where it starts */
    {
      row = (gint64) (gtk_adjustment_get_value (self->adjustments[1]) / self->cell_height);
      column = (gint64) (gtk_adjustment_get_value (self->adjustments[0]) / self->cell_width);
      if (ABS (rows) == 1 || ABS (columns) == 1)
        rows = columns = 0;
    }
  _esp_value_table_move (self, step (row, rows, self->rows, page),
                         step (column, columns, self->columns, page), extend);
  return GDK_EVENT_STOP;
}

static gboolean
on_escape (GtkWidget *widget, GVariant *args, gpointer unused)
{
  EspValueTable *self = ESP_VALUE_TABLE (widget);

  if (!is_shown (self) || self->cursor_row < 0)
    return GDK_EVENT_PROPAGATE;
  if (self->anchor_row >= 0)
    _esp_value_table_move (self, self->cursor_row, self->cursor_column, FALSE);
  else
    esp_view_set_cell (self->view, -1, -1);
  return GDK_EVENT_STOP;
}

static gboolean
on_edit (GtkWidget *widget, GVariant *args, gpointer unused)
{
  _esp_value_table_edit (ESP_VALUE_TABLE (widget));
  return GDK_EVENT_STOP;
}

static void
on_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EspValueTable *self = ESP_VALUE_TABLE (widget);
  EspRegion region;

  if (!is_shown (self))
    return;
  if (g_str_equal (name, "values.select-all"))
    {
      _esp_value_table_select (self, &(EspRegion) { 0, 0, self->rows, self->columns });
      return;
    }
  if (!esp_value_table_get_selected (self, &region))
    return;
  if (g_str_equal (name, "values.copy-row"))
    {
      region.column = 0;
      region.columns = self->columns;
    }
  else if (g_str_equal (name, "values.copy-column"))
    {
      region.row = 0;
      region.rows = self->rows;
    }
  esp_copy_region (widget, esp_view_get_cells (self->view), &region);
}

static void
bind (GtkWidgetClass *klass, guint key, guint keypad, GdkModifierType state, int rows, int columns)
{
  const guint keys[] = { key, keypad };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      gtk_widget_class_add_binding (klass, keys[i], state, on_move, "(iib)", rows, columns, FALSE);
      gtk_widget_class_add_binding (klass, keys[i], state | GDK_SHIFT_MASK, on_move, "(iib)", rows,
                                    columns, TRUE);
    }
}

void
_esp_value_table_class_add_bindings (GtkWidgetClass *klass)
{
  bind (klass, GDK_KEY_Left, GDK_KEY_KP_Left, 0, 0, -1);
  bind (klass, GDK_KEY_Right, GDK_KEY_KP_Right, 0, 0, 1);
  bind (klass, GDK_KEY_Up, GDK_KEY_KP_Up, 0, -1, 0);
  bind (klass, GDK_KEY_Down, GDK_KEY_KP_Down, 0, 1, 0);
  bind (klass, GDK_KEY_Home, GDK_KEY_KP_Home, 0, 0, -G_MAXINT);
  bind (klass, GDK_KEY_End, GDK_KEY_KP_End, 0, 0, G_MAXINT);
  bind (klass, GDK_KEY_Home, GDK_KEY_KP_Home, GDK_CONTROL_MASK, -G_MAXINT, -G_MAXINT);
  bind (klass, GDK_KEY_End, GDK_KEY_KP_End, GDK_CONTROL_MASK, G_MAXINT, G_MAXINT);
  bind (klass, GDK_KEY_Page_Up, GDK_KEY_KP_Page_Up, 0, -1000, 0);
  bind (klass, GDK_KEY_Page_Down, GDK_KEY_KP_Page_Down, 0, 1000, 0);
  gtk_widget_class_add_binding (klass, GDK_KEY_Return, 0, on_edit, NULL);
  gtk_widget_class_add_binding (klass, GDK_KEY_KP_Enter, 0, on_edit, NULL);
  gtk_widget_class_add_binding (klass, GDK_KEY_Escape, 0, on_escape, NULL);
  gtk_widget_class_add_binding (klass, GDK_KEY_Menu, 0, on_menu_key, NULL);
  gtk_widget_class_add_binding (klass, GDK_KEY_F10, GDK_SHIFT_MASK, on_menu_key, NULL);
  gtk_widget_class_add_binding_action (klass, GDK_KEY_c, GDK_CONTROL_MASK, "values.copy", NULL);
  gtk_widget_class_add_binding_action (klass, GDK_KEY_a, GDK_CONTROL_MASK, "values.select-all",
                                       NULL);
  gtk_widget_class_install_action (klass, "values.copy", NULL, on_action);
  gtk_widget_class_install_action (klass, "values.copy-row", NULL, on_action);
  gtk_widget_class_install_action (klass, "values.copy-column", NULL, on_action);
  gtk_widget_class_install_action (klass, "values.select-all", NULL, on_action);
}
