/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A handle of the legend. It knows neither values nor pixels of the bar: it tells how far it was
 * dragged, and is put where it belongs by EspLevels. */

#include "config.h"

#include "esp-levels-handle.h"

#include "esp-style.h"

#include <math.h>

/* the grip covers the colour bar and a little more */
#define GRIP_WIDTH 12
#define GRIP_HEIGHT 18

struct _EspLevelsHandle
{
  GtkWidget parent_instance;

  double grabbed; /* x of the pointer in the parent when it was */
};

enum
{
  DRAGGED,
  DRAG_ENDED,
  STEPPED,
  RESET,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspLevelsHandle, esp_levels_handle, GTK_TYPE_WIDGET)

static void
esp_levels_handle_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  int height = gtk_widget_get_height (widget), width = gtk_widget_get_width (widget);
  gboolean focused = gtk_widget_has_visible_focus (widget);
  cairo_t *cr = esp_style_append_cairo (widget, snapshot);
  double middle = floor (width / 2.0);

  if (cr == NULL)
    return;

  gdk_cairo_set_source_rgba (cr, &(GdkRGBA) { 0.15f, 0.45f, 0.85f, 1 });
  cairo_rectangle (cr, middle - 1, 0, 2, height - 3);
  cairo_fill (cr);
  cairo_translate (cr, middle - GRIP_WIDTH / 2.0, height - GRIP_HEIGHT);
  cairo_new_sub_path (cr);
  cairo_arc (cr, GRIP_WIDTH - 4.5, 4.5, 4, -G_PI / 2, 0);
  cairo_arc (cr, GRIP_WIDTH - 4.5, GRIP_HEIGHT - 4.5, 4, 0, G_PI / 2);
  cairo_arc (cr, 4.5, GRIP_HEIGHT - 4.5, 4, G_PI / 2, G_PI);
  cairo_arc (cr, 4.5, 4.5, 4, G_PI, 3 * G_PI / 2);
  cairo_close_path (cr);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_fill_preserve (cr);
  if (focused)
    gdk_cairo_set_source_rgba (cr, &(GdkRGBA) { 0.15f, 0.45f, 0.85f, 1 });
  else
    cairo_set_source_rgba (cr, 0, 0, 0, 0.5);
  cairo_set_line_width (cr, focused ? 2 : 1);
  cairo_stroke (cr);
  cairo_rectangle (cr, GRIP_WIDTH / 2.0 - 2, 6, 1, GRIP_HEIGHT - 12);
  cairo_rectangle (cr, GRIP_WIDTH / 2.0 + 1, 6, 1, GRIP_HEIGHT - 12);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.5);
  cairo_fill (cr);
  cairo_destroy (cr);
}

static void
esp_levels_handle_measure (GtkWidget *widget,
                           GtkOrientation orientation,
                           int for_size,
                           int *minimum,
                           int *natural,
                           int *minimum_baseline,
                           int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? ESP_LEVELS_HANDLE_WIDTH
                                                                  : GRIP_HEIGHT;
}

static double
get_parent_x (EspLevelsHandle *self, double x)
{
  graphene_point_t point;

  if (!gtk_widget_compute_point (GTK_WIDGET (self), gtk_widget_get_parent (GTK_WIDGET (self)),
                                 &GRAPHENE_POINT_INIT ((float) x, 0), &point))
    return 0;
  return point.x;
}

static void
on_drag_begin (EspLevelsHandle *self, double x, double y)
{
  gtk_widget_grab_focus (GTK_WIDGET (self));
  self->grabbed = get_parent_x (self, x);
}

static void
on_drag_update (EspLevelsHandle *self, double x, double y, GtkGestureDrag *drag)
{
  double start_x, start_y;

  gtk_gesture_drag_get_start_point (drag, &start_x, &start_y);
  /* the handle moves meanwhile, its parent doesn't */
  g_signal_emit (self, signals[DRAGGED], 0, get_parent_x (self, start_x + x) - self->grabbed);
}

static void
on_drag_end (EspLevelsHandle *self)
{
  g_signal_emit (self, signals[DRAG_ENDED], 0);
}

static void
on_pressed (EspLevelsHandle *self, int n_press)
{
  if (n_press == 2)
    g_signal_emit (self, signals[RESET], 0);
}

static gboolean
on_step (GtkWidget *widget, GVariant *args, gpointer unused)
{
  int steps;

  g_variant_get (args, "(i)", &steps);
  if (steps == 0)
    g_signal_emit (widget, signals[RESET], 0);
  else
    g_signal_emit (widget, signals[STEPPED], 0, steps);
  return GDK_EVENT_STOP;
}

static void
esp_levels_handle_class_init (EspLevelsHandleClass *klass)
{
  static const struct
  {
    guint key;
    int steps;
  } bindings[] = { { GDK_KEY_Left, -1 },    { GDK_KEY_Right, 1 },    { GDK_KEY_Down, -1 },
                   { GDK_KEY_Up, 1 },       { GDK_KEY_Page_Up, 10 }, { GDK_KEY_Page_Down, -10 },
                   { GDK_KEY_BackSpace, 0 } };
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->snapshot = esp_levels_handle_snapshot;
  widget_class->measure = esp_levels_handle_measure;
  signals[DRAGGED] = g_signal_new ("dragged", ESP_TYPE_LEVELS_HANDLE, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 1, G_TYPE_DOUBLE);
  signals[DRAG_ENDED] = g_signal_new ("drag-ended", ESP_TYPE_LEVELS_HANDLE, G_SIGNAL_RUN_LAST, 0,
                                      NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[STEPPED] = g_signal_new ("stepped", ESP_TYPE_LEVELS_HANDLE, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[RESET] = g_signal_new ("reset", ESP_TYPE_LEVELS_HANDLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 0);
  for (guint i = 0; i < G_N_ELEMENTS (bindings); i++)
    gtk_widget_class_add_binding (widget_class, bindings[i].key, 0, on_step, "(i)",
                                  bindings[i].steps);
  gtk_widget_class_set_css_name (widget_class, "levelshandle");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_SLIDER);
}

static void
esp_levels_handle_init (EspLevelsHandle *self)
{
  GtkGesture *drag = gtk_gesture_drag_new (), *click = gtk_gesture_click_new ();

  g_signal_connect_swapped (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect_swapped (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  g_signal_connect_swapped (drag, "drag-end", G_CALLBACK (on_drag_end), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
  g_signal_connect_swapped (click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), "col-resize");
}

GtkWidget *
esp_levels_handle_new (const char *name)
{
  GtkWidget *self = g_object_new (ESP_TYPE_LEVELS_HANDLE, NULL);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_widget_set_tooltip_text (self, name);
  return self;
}

void
esp_levels_handle_set_value (EspLevelsHandle *self, double lo, double hi, double value)
{
  g_autofree char *text = NULL;

  g_return_if_fail (ESP_IS_LEVELS_HANDLE (self));

  text = esp_number_format_value (value, 4);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_VALUE_MIN, lo,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_MAX, hi,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_NOW, value,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text, -1);
}
