/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plane is painted anew for each snapshot and each move of the pointer, 1 to 4 ms. A point that
 * is pointed at is one of the grid: what is told of it is what the network answered, not what was
 * interpolated. */

#include "config.h"

#include "esp-field-plot.h"

#include "esp-style.h"

#include <math.h>

#define MIN_SIZE 180

struct _EspFieldPlot
{
  GtkWidget parent_instance;

  EspFieldScene scene;
  gboolean filled;
  double pointer_x, pointer_y; /* where it was last */
};

enum
{
  POINTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspFieldPlot, esp_field_plot, GTK_TYPE_WIDGET)

static void
esp_field_plot_measure (GtkWidget *widget,
                        GtkOrientation orientation,
                        int for_size,
                        int *minimum,
                        int *natural,
                        int *minimum_baseline,
                        int *natural_baseline)
{
  *minimum = *natural = MIN_SIZE;
}

static void
esp_field_plot_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspFieldPlot *self = ESP_FIELD_PLOT (widget);
  EspPalette palette;
  cairo_t *cr;

  if (!self->filled)
    return;
  cr = esp_style_append_cairo (widget, snapshot);
  if (cr == NULL)
    return;
  esp_style_init_palette (&palette, widget);
  self->scene.palette = &palette;
  self->scene.scale = gtk_widget_get_scale_factor (widget);
  esp_draw_field (cr, gtk_widget_get_width (widget), gtk_widget_get_height (widget), &self->scene);
  self->scene.palette = esp_style_get_palette ();
  cairo_destroy (cr);
}

static void
point (EspFieldPlot *self, double x, double y)
{
  if ((self->scene.x == x && self->scene.y == y) || (isnan (x) && isnan (self->scene.x)))
    return;
  self->scene.x = x;
  self->scene.y = y;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[POINTED], 0);
}

static void
point_near (EspFieldPlot *self, double x, double y)
{
  guint row, column;

  if (esp_grid_find (&self->scene.grid, x, y, &row, &column))
    point (self, esp_grid_get_x (&self->scene.grid, column),
           esp_grid_get_y (&self->scene.grid, row));
}

static void
on_motion (EspFieldPlot *self, double pixel_x, double pixel_y)
{
  double x, y;

  /* GTK tells of motion after each layout, too; that is no wish to leave what the keys chose */
  if (pixel_x == self->pointer_x && pixel_y == self->pointer_y)
    return;
  self->pointer_x = pixel_x;
  self->pointer_y = pixel_y;
  if (self->filled &&
      esp_field_locate (&self->scene.grid, gtk_widget_get_width (GTK_WIDGET (self)),
                        gtk_widget_get_height (GTK_WIDGET (self)), pixel_x, pixel_y, &x, &y))
    point_near (self, x, y);
  else
    point (self, NAN, NAN);
}

static void
on_leave (EspFieldPlot *self)
{
  self->pointer_x = self->pointer_y = NAN;
  point (self, NAN, NAN);
}

static void
on_pressed (EspFieldPlot *self, int n_press, double x, double y)
{
  gtk_widget_grab_focus (GTK_WIDGET (self));
}

static gboolean
on_key (GtkWidget *widget, GVariant *args, gpointer user_data)
{
  EspFieldPlot *self = ESP_FIELD_PLOT (widget);
  const EspGrid *grid = &self->scene.grid;
  int columns, rows;
  double x = self->scene.x, y = self->scene.y;

  g_variant_get (args, "(ii)", &columns, &rows);
  if (!self->filled)
    return FALSE;
  if (isnan (x))
    point_near (self, (grid->x0 + grid->x1) / 2, (grid->y0 + grid->y1) / 2);
  else
    point_near (self, x + columns * (grid->x1 - grid->x0) / (grid->side - 1),
                y + rows * (grid->y1 - grid->y0) / (grid->side - 1));
  return TRUE;
}

static void
esp_field_plot_class_init (EspFieldPlotClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->measure = esp_field_plot_measure;
  widget_class->snapshot = esp_field_plot_snapshot;
  gtk_widget_class_set_css_name (widget_class, "field");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Left, 0, on_key, "(ii)", -1, 0);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Right, 0, on_key, "(ii)", 1, 0);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Up, 0, on_key, "(ii)", 0, 1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Down, 0, on_key, "(ii)", 0, -1);

  signals[POINTED] = g_signal_new ("pointed", ESP_TYPE_FIELD_PLOT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
esp_field_plot_init (EspFieldPlot *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  self->scene.x = self->scene.y = NAN;
  self->pointer_x = self->pointer_y = NAN;
  self->scene.palette = esp_style_get_palette ();
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  g_signal_connect_object (motion, "motion", G_CALLBACK (on_motion), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (motion, "leave", G_CALLBACK (on_leave), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  g_signal_connect_object (click, "pressed", G_CALLBACK (on_pressed), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  esp_style_follow (GTK_WIDGET (self));
}

GtkWidget *
esp_field_plot_new (void)
{
  return g_object_new (ESP_TYPE_FIELD_PLOT, NULL);
}

void
esp_field_plot_set_scene (EspFieldPlot *self, const EspFieldScene *scene)
{
  double x = self->scene.x, y = self->scene.y;

  g_return_if_fail (ESP_IS_FIELD_PLOT (self));

  self->filled = scene != NULL;
  if (scene != NULL)
    self->scene = *scene;
  self->scene.palette = esp_style_get_palette ();
  self->scene.x = x;
  self->scene.y = y;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

const EspFieldScene *
esp_field_plot_get_scene (EspFieldPlot *self)
{
  return self->filled ? &self->scene : NULL;
}

gboolean
esp_field_plot_get_point (EspFieldPlot *self, double *x, double *y)
{
  *x = self->scene.x;
  *y = self->scene.y;
  return !isnan (*x) && !isnan (*y);
}
