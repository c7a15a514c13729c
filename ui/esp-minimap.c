/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small map in the corner of the heatmap: the ground picture that the heatmap has anyway,
 * painted once for a look, and a frame for each move. */

#include "config.h"

#include "esp-minimap.h"

#include "esp-style.h"

#include <math.h>

/* pixels of the longer side, and what the shorter has at least */
#define SIZE 96
#define MIN_SIDE 28

struct _EspMinimap
{
  GtkWidget parent_instance;

  /* owned */
  EspHeatmap *heatmap;
  cairo_surface_t *picture; /* of @picture_of and @pixels_of */
  EspOverview *picture_of;
  cairo_surface_t *pixels_of;

  /* state */
  int width, height;
};

G_DEFINE_FINAL_TYPE (EspMinimap, esp_minimap, GTK_TYPE_WIDGET)

static void
forget_picture (EspMinimap *self)
{
  g_clear_pointer (&self->picture, cairo_surface_destroy);
  g_clear_pointer (&self->pixels_of, cairo_surface_destroy);
  g_clear_pointer (&self->picture_of, esp_overview_unref);
}

/* the matrix's own proportions, as far as a side stays visible */
static void
choose_size (EspMinimap *self)
{
  const EspHeatmapGeometry *geometry = esp_heatmap_get_geometry (self->heatmap);
  double rows = (double) geometry->rows, columns = (double) geometry->columns;
  double scale = SIZE / fmax (rows, columns);
  int width = (int) CLAMP (round (columns * scale), MIN_SIDE, SIZE);
  int height = (int) CLAMP (round (rows * scale), MIN_SIDE, SIZE);

  if (width == self->width && height == self->height)
    return;
  self->width = width;
  self->height = height;
  forget_picture (self);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

/* what of the matrix is in view, in shares of it; FALSE if that is all */
static gboolean
get_frame (EspMinimap *self, double *x, double *y, double *width, double *height)
{
  const EspHeatmapGeometry *geometry = esp_heatmap_get_geometry (self->heatmap);
  double left, top, box_width, box_height, cell_x, cell_y, cell_width, cell_height;

  esp_heatmap_geometry_matrix_box (geometry, &left, &top, &box_width, &box_height);
  esp_heatmap_geometry_cell_box (geometry, 0, 0, &cell_x, &cell_y, &cell_width, &cell_height);
  *x = (left - cell_x) / cell_width / (double) geometry->columns;
  *y = (top - cell_y) / cell_height / (double) geometry->rows;
  *width = box_width / cell_width / (double) geometry->columns;
  *height = box_height / cell_height / (double) geometry->rows;
  return *width < 1 - 1e-6 || *height < 1 - 1e-6;
}

static void
update (EspMinimap *self)
{
  double x, y, width, height;

  choose_size (self);
  gtk_widget_set_visible (GTK_WIDGET (self), esp_heatmap_is_shown (self->heatmap) &&
                                                 get_frame (self, &x, &y, &width, &height));
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
keep_picture (EspMinimap *self)
{
  EspOverview *ground;
  cairo_surface_t *pixels = esp_heatmap_get_ground (self->heatmap, &ground);
  cairo_t *cr;

  if (pixels == NULL || (pixels == self->pixels_of && ground == self->picture_of))
    return;

  forget_picture (self);
  self->pixels_of = cairo_surface_reference (pixels);
  self->picture_of = esp_overview_ref (ground);
  self->picture = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, self->width, self->height);
  cr = cairo_create (self->picture);
  cairo_save (cr);
  cairo_scale (cr, (double) self->width / cairo_image_surface_get_width (pixels),
               (double) self->height / cairo_image_surface_get_height (pixels));
  cairo_set_source_surface (cr, pixels, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_GOOD);
  cairo_paint (cr);
  cairo_restore (cr);
  cairo_destroy (cr);
}

static void
draw_frame (cairo_t *cr, double x, double y, double width, double height)
{
  cairo_rectangle (cr, x, y, width, height);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_set_line_width (cr, 4);
  cairo_stroke_preserve (cr);
  cairo_set_source_rgb (cr, 0, 0, 0);
  cairo_set_line_width (cr, 2);
  cairo_stroke (cr);
}

static void
esp_minimap_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspMinimap *self = ESP_MINIMAP (widget);
  double x, y, width, height;
  cairo_t *cr;

  if (self->heatmap == NULL || !esp_heatmap_is_shown (self->heatmap))
    return;
  cr = esp_style_append_cairo (widget, snapshot);
  if (cr == NULL)
    return;

  keep_picture (self);
  if (self->picture != NULL)
    {
      cairo_set_source_surface (cr, self->picture, 0, 0);
      cairo_paint (cr);
    }
  get_frame (self, &x, &y, &width, &height);
  /* however small the part, its frame can be seen */
  width = fmax (width * self->width, 6);
  height = fmax (height * self->height, 6);
  draw_frame (cr, CLAMP (round (x * self->width), 1, self->width - width),
              CLAMP (round (y * self->height), 1, self->height - height), width - 1, height - 1);
  cairo_destroy (cr);
}

static void
esp_minimap_measure (GtkWidget *widget,
                     GtkOrientation orientation,
                     int for_size,
                     int *minimum,
                     int *natural,
                     int *minimum_baseline,
                     int *natural_baseline)
{
  EspMinimap *self = ESP_MINIMAP (widget);

  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? self->width : self->height;
}

static void
go (EspMinimap *self, double x, double y)
{
  const EspHeatmapGeometry *geometry = esp_heatmap_get_geometry (self->heatmap);

  esp_heatmap_center (self->heatmap, y / self->height * (double) geometry->rows,
                      x / self->width * (double) geometry->columns);
}

static void
on_drag_begin (EspMinimap *self, double x, double y, GtkGesture *gesture)
{
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  go (self, x, y);
}

static void
on_drag_update (EspMinimap *self, double x, double y, GtkGestureDrag *gesture)
{
  double start_x, start_y;

  gtk_gesture_drag_get_start_point (gesture, &start_x, &start_y);
  go (self, start_x + x, start_y + y);
}

static void
esp_minimap_dispose (GObject *object)
{
  EspMinimap *self = ESP_MINIMAP (object);

  forget_picture (self);
  g_clear_object (&self->heatmap);

  G_OBJECT_CLASS (esp_minimap_parent_class)->dispose (object);
}

static void
esp_minimap_class_init (EspMinimapClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_minimap_dispose;
  widget_class->snapshot = esp_minimap_snapshot;
  widget_class->measure = esp_minimap_measure;
  gtk_widget_class_set_css_name (widget_class, "minimap");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
esp_minimap_init (EspMinimap *self)
{
  GtkGesture *drag = gtk_gesture_drag_new ();

  self->width = self->height = SIZE;
  g_signal_connect_swapped (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect_swapped (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), "pointer");
}

GtkWidget *
esp_minimap_new (void)
{
  return g_object_new (ESP_TYPE_MINIMAP, NULL);
}

void
esp_minimap_set_heatmap (EspMinimap *self, EspHeatmap *heatmap)
{
  g_return_if_fail (ESP_IS_MINIMAP (self));
  g_return_if_fail (ESP_IS_HEATMAP (heatmap) && self->heatmap == NULL);

  self->heatmap = g_object_ref (heatmap);
  g_signal_connect_object (heatmap, "moved", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (heatmap, "picture-changed", G_CALLBACK (gtk_widget_queue_draw), self,
                           G_CONNECT_SWAPPED);
  update (self);
}
