/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pointer, touch and keys of the heatmap. Everything ends in a change of the geometry, of the cell
 * cursor or of the cell under the pointer. */

#include "config.h"

#include "esp-copy.h"
#include "esp-heatmap-private.h"

#include <math.h>

#define ZOOM_STEP 1.25
/* pixels that the pointer may move in a click */
#define CLICK_SLACK 5
/* pixels that Shift+arrow pans */
#define PAN_STEP 48

static gboolean
is_shown (EspHeatmap *self)
{
  return self->view != NULL && esp_view_get_matrix (self->view) != NULL;
}

static void
zoom_at (EspHeatmap *self, double factor, double x, double y)
{
  if (!is_shown (self))
    return;

  esp_heatmap_geometry_zoom (&self->geometry, factor, x, y);
  self->fits = self->geometry.viewport.cell <=
               esp_heatmap_geometry_get_fit_cell (&self->geometry) * (1 + 1e-9);
  _esp_heatmap_moved (self);
}

/* about the cursor when it is in view, else about the middle */
static void
zoom_middle (EspHeatmap *self, double factor)
{
  double x, y, width, height, left, top, box_width, box_height;

  esp_heatmap_geometry_matrix_box (&self->geometry, &left, &top, &box_width, &box_height);
  if (self->cursor_row >= 0)
    {
      esp_heatmap_geometry_cell_box (&self->geometry, self->cursor_row, self->cursor_column, &x, &y,
                                     &width, &height);
      x += width / 2;
      y += height / 2;
      if (x >= left && y >= top && x <= left + box_width && y <= top + box_height)
        {
          zoom_at (self, factor, x, y);
          return;
        }
    }

  zoom_at (self, factor, left + box_width / 2, top + box_height / 2);
}

void
esp_heatmap_zoom_in (EspHeatmap *self)
{
  g_return_if_fail (ESP_IS_HEATMAP (self));

  zoom_middle (self, ZOOM_STEP * ZOOM_STEP);
}

void
esp_heatmap_zoom_out (EspHeatmap *self)
{
  g_return_if_fail (ESP_IS_HEATMAP (self));

  zoom_middle (self, 1 / (ZOOM_STEP * ZOOM_STEP));
}

void
esp_heatmap_zoom_fit (EspHeatmap *self)
{
  g_return_if_fail (ESP_IS_HEATMAP (self));

  if (!is_shown (self))
    return;

  esp_heatmap_geometry_fit (&self->geometry);
  self->fits = TRUE;
  _esp_heatmap_moved (self);
}

void
esp_heatmap_zoom_one (EspHeatmap *self)
{
  g_return_if_fail (ESP_IS_HEATMAP (self));

  zoom_middle (self, 1 / self->geometry.viewport.cell);
}

static void
pan (EspHeatmap *self, double dx, double dy)
{
  if (!is_shown (self))
    return;

  esp_heatmap_geometry_pan (&self->geometry, dx, dy);
  self->fits = FALSE;
  _esp_heatmap_moved (self);
}

static void
on_motion (EspHeatmap *self, double x, double y)
{
  self->has_pointer = TRUE;
  self->pointer_x = x;
  self->pointer_y = y;
  _esp_heatmap_update_hover (self);
}

static void
on_leave (EspHeatmap *self)
{
  self->has_pointer = FALSE;
  _esp_heatmap_update_hover (self);
}

static gboolean
on_scroll (EspHeatmap *self, double dx, double dy, GtkEventControllerScroll *controller)
{
  GdkModifierType state =
      gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (controller));

  if (!is_shown (self))
    return GDK_EVENT_PROPAGATE;

  if (state & GDK_SHIFT_MASK)
    pan (self, (dx != 0 ? dx : dy) * PAN_STEP, 0);
  else if (dy != 0)
    zoom_at (self, pow (ZOOM_STEP, -CLAMP (dy, -8, 8)), self->pointer_x, self->pointer_y);
  else
    pan (self, dx * PAN_STEP, 0);

  return GDK_EVENT_STOP;
}

static void
on_drag_begin (EspHeatmap *self)
{
  self->dragging = FALSE;
  self->drag_x = self->drag_y = 0;
  gtk_widget_grab_focus (GTK_WIDGET (self));
}

static void
on_drag_update (EspHeatmap *self, double x, double y, GtkGesture *gesture)
{
  if (!self->dragging)
    {
      if (hypot (x, y) < CLICK_SLACK)
        return;
      self->dragging = TRUE;
      gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED); /* no click any more */
      gtk_widget_set_cursor_from_name (GTK_WIDGET (self), "grabbing");
    }

  pan (self, self->drag_x - x, self->drag_y - y);
  self->drag_x = x;
  self->drag_y = y;
}

static void
on_drag_end (EspHeatmap *self)
{
  self->dragging = FALSE;
  gtk_widget_set_cursor (GTK_WIDGET (self), NULL);
  _esp_heatmap_update_hover (self);
}

static void
on_released (EspHeatmap *self, int n_press, double x, double y)
{
  gint64 row, column;
  gboolean on_cell;

  if (!is_shown (self))
    return;

  on_cell = esp_heatmap_geometry_cell_at (&self->geometry, x, y, &row, &column);
  if (n_press == 1)
    {
      if (on_cell)
        esp_heatmap_set_cursor (self, row, column);
      else
        esp_heatmap_set_cursor (self, -1, -1);
    }
  else if (n_press == 2)
    {
      if (on_cell && esp_view_is_live (self->view))
        _esp_heatmap_edit (self, row, column);
      else
        esp_heatmap_zoom_fit (self);
    }
}

static void
on_pinch_begin (EspHeatmap *self)
{
  self->pinch_cell = self->geometry.viewport.cell;
}

static void
on_pinch (EspHeatmap *self, double scale, GtkGesture *gesture)
{
  double x, y;

  if (gtk_gesture_get_bounding_box_center (gesture, &x, &y) && scale > 0)
    zoom_at (self, self->pinch_cell * scale / self->geometry.viewport.cell, x, y);
}

void
_esp_heatmap_add_controllers (EspHeatmap *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *scroll =
      gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  GtkGesture *drag = gtk_gesture_drag_new ();
  GtkGesture *click = gtk_gesture_click_new ();
  GtkGesture *pinch = gtk_gesture_zoom_new ();

  g_signal_connect_swapped (motion, "enter", G_CALLBACK (on_motion), self);
  g_signal_connect_swapped (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect_swapped (motion, "leave", G_CALLBACK (on_leave), self);
  gtk_widget_add_controller (widget, motion);
  g_signal_connect_swapped (scroll, "scroll", G_CALLBACK (on_scroll), self);
  gtk_widget_add_controller (widget, scroll);
  g_signal_connect_swapped (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect_swapped (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  g_signal_connect_swapped (drag, "drag-end", G_CALLBACK (on_drag_end), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));
  g_signal_connect_swapped (click, "released", G_CALLBACK (on_released), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));
  g_signal_connect_swapped (pinch, "begin", G_CALLBACK (on_pinch_begin), self);
  g_signal_connect_swapped (pinch, "scale-changed", G_CALLBACK (on_pinch), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (pinch));
}

/* the cursor's place, or where it starts: the first cell in view */
static void
get_cursor_or_first (EspHeatmap *self, gint64 *row, gint64 *column)
{
  EspRegion region;
  guint width, height;

  *row = self->cursor_row;
  *column = self->cursor_column;
  if (*row >= 0)
    return;

  esp_heatmap_geometry_visible (&self->geometry, &region, &width, &height);
  *row = self->hover_row >= 0 ? self->hover_row : region.row;
  *column = self->hover_row >= 0 ? self->hover_column : region.column;
}

/* rows and columns to go; the first key shows the cursor where it starts */
static gboolean
on_move (GtkWidget *widget, GVariant *args, gpointer unused)
{
  EspHeatmap *self = ESP_HEATMAP (widget);
  gint64 row, column;
  int rows, columns;

  if (!is_shown (self))
    return GDK_EVENT_PROPAGATE;

  g_variant_get (args, "(ii)", &rows, &columns);
  get_cursor_or_first (self, &row, &column);
  if (self->cursor_row >= 0)
    {
      row = CLAMP (row + rows, 0, self->geometry.rows - 1);
      column = CLAMP (column + columns, 0, self->geometry.columns - 1);
    }
  esp_heatmap_set_cursor (self, row, column);
  return GDK_EVENT_STOP;
}

/* -1, 1: first or last; 0: stay */
static gboolean
on_jump (GtkWidget *widget, GVariant *args, gpointer unused)
{
  EspHeatmap *self = ESP_HEATMAP (widget);
  gint64 row, column;
  int rows, columns;

  if (!is_shown (self))
    return GDK_EVENT_PROPAGATE;

  g_variant_get (args, "(ii)", &rows, &columns);
  get_cursor_or_first (self, &row, &column);
  if (rows != 0)
    row = rows < 0 ? 0 : self->geometry.rows - 1;
  if (columns != 0)
    column = columns < 0 ? 0 : self->geometry.columns - 1;
  esp_heatmap_set_cursor (self, row, column);
  return GDK_EVENT_STOP;
}

/* a stage less one cell */
static gboolean
on_page (GtkWidget *widget, GVariant *args, gpointer unused)
{
  EspHeatmap *self = ESP_HEATMAP (widget);
  double x, y, width, height;
  gint64 rows;
  int direction;

  if (!is_shown (self))
    return GDK_EVENT_PROPAGATE;

  g_variant_get (args, "(i)", &direction);
  esp_heatmap_geometry_matrix_box (&self->geometry, &x, &y, &width, &height);
  rows = (gint64) fmax (1, floor (height / esp_heatmap_geometry_get_cell_height (&self->geometry)) -
                               1);
  rows = MIN (rows, G_MAXINT);
  return on_move (widget, g_variant_new ("(ii)", direction * (int) rows, 0), NULL);
}

static gboolean
on_pan (GtkWidget *widget, GVariant *args, gpointer unused)
{
  int x, y;

  g_variant_get (args, "(ii)", &x, &y);
  pan (ESP_HEATMAP (widget), x * PAN_STEP, y * PAN_STEP);
  return GDK_EVENT_STOP;
}

static gboolean
on_zoom (GtkWidget *widget, GVariant *args, gpointer unused)
{
  EspHeatmap *self = ESP_HEATMAP (widget);
  const char *what;

  g_variant_get (args, "(&s)", &what);
  if (g_str_equal (what, "in"))
    esp_heatmap_zoom_in (self);
  else if (g_str_equal (what, "out"))
    esp_heatmap_zoom_out (self);
  else if (g_str_equal (what, "fit"))
    esp_heatmap_zoom_fit (self);
  else
    esp_heatmap_zoom_one (self);
  return GDK_EVENT_STOP;
}

static gboolean
on_edit (GtkWidget *widget, GVariant *args, gpointer unused)
{
  EspHeatmap *self = ESP_HEATMAP (widget);

  if (!is_shown (self) || self->cursor_row < 0)
    return GDK_EVENT_PROPAGATE;

  _esp_heatmap_edit (self, self->cursor_row, self->cursor_column);
  return GDK_EVENT_STOP;
}

static gboolean
on_copy (GtkWidget *widget, GVariant *args, gpointer unused)
{
  EspHeatmap *self = ESP_HEATMAP (widget);

  if (!is_shown (self) || self->cursor_row < 0)
    return GDK_EVENT_PROPAGATE;

  esp_copy_region (widget, esp_view_get_cells (self->view),
                   &(EspRegion) { self->cursor_row, self->cursor_column, 1, 1 });
  return GDK_EVENT_STOP;
}

static gboolean
on_escape (GtkWidget *widget, GVariant *args, gpointer unused)
{
  EspHeatmap *self = ESP_HEATMAP (widget);

  if (self->cursor_row < 0)
    return GDK_EVENT_PROPAGATE;

  esp_heatmap_set_cursor (self, -1, -1);
  return GDK_EVENT_STOP;
}

static void
bind (GtkWidgetClass *klass,
      guint key,
      guint keypad,
      GdkModifierType state,
      GtkShortcutFunc func,
      int a,
      int b)
{
  gtk_widget_class_add_binding (klass, key, state, func, "(ii)", a, b);
  gtk_widget_class_add_binding (klass, keypad, state, func, "(ii)", a, b);
}

static void
bind_zoom (GtkWidgetClass *klass, guint key, guint keypad, const char *what)
{
  /* + and 0 need Shift on some keyboards */
  gtk_widget_class_add_binding (klass, key, 0, on_zoom, "(s)", what);
  gtk_widget_class_add_binding (klass, keypad, 0, on_zoom, "(s)", what);
}

void
_esp_heatmap_add_bindings (GtkWidgetClass *klass)
{
  bind (klass, GDK_KEY_Left, GDK_KEY_KP_Left, 0, on_move, 0, -1);
  bind (klass, GDK_KEY_Right, GDK_KEY_KP_Right, 0, on_move, 0, 1);
  bind (klass, GDK_KEY_Up, GDK_KEY_KP_Up, 0, on_move, -1, 0);
  bind (klass, GDK_KEY_Down, GDK_KEY_KP_Down, 0, on_move, 1, 0);
  bind (klass, GDK_KEY_Home, GDK_KEY_KP_Home, 0, on_jump, 0, -1);
  bind (klass, GDK_KEY_End, GDK_KEY_KP_End, 0, on_jump, 0, 1);
  bind (klass, GDK_KEY_Home, GDK_KEY_KP_Home, GDK_CONTROL_MASK, on_jump, -1, -1);
  bind (klass, GDK_KEY_End, GDK_KEY_KP_End, GDK_CONTROL_MASK, on_jump, 1, 1);
  bind (klass, GDK_KEY_Left, GDK_KEY_KP_Left, GDK_SHIFT_MASK, on_pan, -1, 0);
  bind (klass, GDK_KEY_Right, GDK_KEY_KP_Right, GDK_SHIFT_MASK, on_pan, 1, 0);
  bind (klass, GDK_KEY_Up, GDK_KEY_KP_Up, GDK_SHIFT_MASK, on_pan, 0, -1);
  bind (klass, GDK_KEY_Down, GDK_KEY_KP_Down, GDK_SHIFT_MASK, on_pan, 0, 1);
  gtk_widget_class_add_binding (klass, GDK_KEY_Page_Up, 0, on_page, "(i)", -1);
  gtk_widget_class_add_binding (klass, GDK_KEY_Page_Down, 0, on_page, "(i)", 1);
  bind_zoom (klass, GDK_KEY_plus, GDK_KEY_KP_Add, "in");
  bind_zoom (klass, GDK_KEY_minus, GDK_KEY_KP_Subtract, "out");
  bind_zoom (klass, GDK_KEY_equal, GDK_KEY_equal, "in");
  bind_zoom (klass, GDK_KEY_0, GDK_KEY_KP_0, "fit");
  bind_zoom (klass, GDK_KEY_1, GDK_KEY_KP_1, "one");
  gtk_widget_class_add_binding (klass, GDK_KEY_Return, 0, on_edit, NULL);
  gtk_widget_class_add_binding (klass, GDK_KEY_KP_Enter, 0, on_edit, NULL);
  gtk_widget_class_add_binding (klass, GDK_KEY_c, GDK_CONTROL_MASK, on_copy, NULL);
  gtk_widget_class_add_binding (klass, GDK_KEY_Escape, 0, on_escape, NULL);
}
