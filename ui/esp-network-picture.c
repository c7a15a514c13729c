/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network's description is read from the program's data, its weights are those it starts with:
 * a picture of something that does not exist can't come about. About 200 lines are drawn, once per
 * size. */

#include "config.h"

#include "esp-network-picture.h"

#include <adwaita.h>
#include <math.h>

#define MAX_LAYERS 8
#define MAX_UNITS 12 /* that are drawn of a layer */
#define PADDING_X 24.0
#define PADDING_Y 12.0
#define UNIT_RADIUS 3.2
#define N_SPIRAL_POINTS 38
#define DIGIT 8 /* pixels along a side */
#define N_DIGITS 10

typedef struct
{
  guint n_units; /* drawn, of @all */
  gint64 all;
  gboolean shared;   /* made by a module that stands at several places */
  EspTensor *weight; /* (all, all of the layer before), borrowed; NULL for the input */
} Layer;

struct _EspNetworkPicture
{
  GtkWidget parent_instance;

  char *name;
  EspNetwork *network; /* NULL before the first drawing, or if it can't be had */
  gboolean tried;
};

G_DEFINE_FINAL_TYPE (EspNetworkPicture, esp_network_picture, GTK_TYPE_WIDGET)

static EspNetwork *
load_network (const char *name)
{
  g_autofree char *relative = g_strdup_printf ("networks/%s.json", name);
  g_autofree char *path = esp_session_find_data (relative);
  g_autofree char *text = NULL;
  gsize length;

  if (!path || !g_file_get_contents (path, &text, &length, NULL))
    return NULL;
  return esp_network_new_from_json (text, length, NULL);
}

/* layers of weights in the order in which they stand; 0 if this isn't a plain chain of them */
static guint
collect_layers (EspNetwork *network, Layer *layers)
{
  EspTree *tree = esp_network_get_tree (network);
  guint n = 0;

  for (guint i = 0; i < esp_tree_get_n_tensors (tree) && n < MAX_LAYERS; i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);
      EspTensor *weight = esp_parameter_get_data (esp_place_get_parameter (place));
      const gint64 *shape = esp_tensor_get_shape (weight);
      EspPlace *layer = esp_place_get_parent (place);

      if (g_strcmp0 (esp_place_get_name (place), "weight") != 0)
        continue;
      if (esp_tensor_get_ndim (weight) != 2)
        return 0;
      if (n == 0)
        layers[n++] = (Layer) { .n_units = MIN (shape[1], MAX_UNITS), .all = shape[1] };
      if (layers[n - 1].all != shape[1] || n == MAX_LAYERS)
        return 0;
      layers[n++] = (Layer) {
        .n_units = MIN (shape[0], MAX_UNITS),
        .all = shape[0],
        .shared = esp_module_get_n_places (esp_place_get_module (layer)) > 1,
        .weight = weight,
      };
    }
  return n;
}

static double
unit_x (guint n_layers, guint layer, double width)
{
  return PADDING_X + (width - 2 * PADDING_X) * layer / (n_layers - 1);
}

static double
unit_y (const Layer *layer, guint unit, double height)
{
  double gap = MIN ((height - 2 * PADDING_Y) / MAX (layer->n_units, 1), 18);

  return height / 2 + (unit - (layer->n_units - 1) / 2.0) * gap;
}

static void
set_map_color (cairo_t *cr, const EspColormap *map, double value, double alpha)
{
  const guint8 *color = map->table[(int) CLAMP (128 + value * 127, 0, 255)];

  cairo_set_source_rgba (cr, color[0] / 255.0, color[1] / 255.0, color[2] / 255.0, alpha);
}

static void
draw_weights (cairo_t *cr,
              const Layer *layers,
              guint n_layers,
              guint at,
              const EspColormap *map,
              double width,
              double height)
{
  const Layer *from = &layers[at - 1], *to = &layers[at];
  gsize count = (gsize) (from->all * to->all);
  g_autofree float *weights = g_new (float, count);
  double x1 = unit_x (n_layers, at - 1, width), x2 = unit_x (n_layers, at, width);
  double largest = 1e-9;

  if (!esp_tensor_read_f32 (to->weight, 0, count, weights, NULL, NULL))
    return;
  for (gsize i = 0; i < count; i++)
    largest = MAX (largest, fabsf (weights[i]));
  for (guint i = 0; i < from->n_units * to->n_units; i++)
    {
      guint unit = i / from->n_units, input = i % from->n_units;
      double share = weights[unit * from->all + input] / largest;
      double y1 = unit_y (from, input, height);
      double y2 = unit_y (to, unit, height);

      set_map_color (cr, map, share > 0 ? 0.35 + 0.4 * share : -0.35 + 0.4 * share,
                     0.25 + 0.6 * fabs (share));
      cairo_set_line_width (cr, 0.5 + 0.7 * fabs (share));
      cairo_move_to (cr, x1, y1);
      cairo_curve_to (cr, (x1 + x2) / 2, y1, (x1 + x2) / 2, y2, x2, y2);
      cairo_stroke (cr);
    }
}

static void
draw_units (cairo_t *cr,
            const Layer *layers,
            guint n_layers,
            GdkRGBA *unit,
            GdkRGBA *tie,
            double width,
            double height)
{
  for (guint i = 0; i < n_layers; i++)
    {
      double x = unit_x (n_layers, i, width);
      double top = unit_y (&layers[i], 0, height) - 3 - UNIT_RADIUS;

      gdk_cairo_set_source_rgba (cr, layers[i].shared ? tie : unit);
      for (guint k = 0; k < layers[i].n_units; k++)
        {
          cairo_arc (cr, x, unit_y (&layers[i], k, height), UNIT_RADIUS, 0, 2 * G_PI);
          cairo_fill (cr);
        }
      if (!layers[i].shared)
        continue;
      cairo_save (cr);
      cairo_set_line_width (cr, 1);
      cairo_set_dash (cr, (const double[]) { 2, 2 }, 2, 0);
      cairo_rectangle (cr, floor (x - 10) + 0.5, floor (top) + 0.5, 20, height - 2 * floor (top));
      cairo_stroke (cr);
      cairo_restore (cr);
    }
}

/* two arms, discs and triangles: r = n, angle = 1.75 * 2 pi * n, as the data set has them */
static void
draw_spirals (cairo_t *cr, const EspColormap *map, double width, double height)
{
  double scale = MIN (width / 2 - PADDING_X / 2, height / 2 - PADDING_Y) * 1.05;

  for (guint class = 0; class < 2; class ++)
    for (guint i = 1; i <= N_SPIRAL_POINTS; i++)
      {
        double r = sqrt ((double) i / N_SPIRAL_POINTS);
        double angle = 1.75 * r * 2 * G_PI + class * G_PI;
        double x = width / 2 + r * scale * 1.3 * sin (angle);
        double y = height / 2 - r * scale * cos (angle);

        set_map_color (cr, map, class ? 0.6 : -0.6, 1);
        if (class == 0)
          {
            cairo_arc (cr, x, y, 2.4, 0, 2 * G_PI);
          }
        else
          {
            cairo_move_to (cr, x, y - 2.8);
            cairo_line_to (cr, x + 2.8, y + 2.2);
            cairo_line_to (cr, x - 2.8, y + 2.2);
            cairo_close_path (cr);
          }
        cairo_fill (cr);
      }
}

/* the first example of each digit, white on nothing */
static void
draw_digits (EspNetwork *network, cairo_t *cr, const GdkRGBA *color, double width, double height)
{
  float pixels[DIGIT * DIGIT];
  double cell = floor (MIN ((width - PADDING_X) / 5, (height - PADDING_Y) / 2) / (DIGIT + 1));
  double left = floor ((width - 5 * (DIGIT + 1) * cell + cell) / 2);
  double top = floor ((height - 2 * (DIGIT + 1) * cell + cell) / 2);

  if (esp_network_get_example_size (network) != DIGIT * DIGIT || cell < 1)
    return;
  for (int digit = 0; digit < N_DIGITS; digit++)
    {
      guint64 example = 0, n = esp_network_get_n_examples (network);

      while (example < n && esp_network_get_label (network, example) != digit)
        example++;
      if (example == n)
        continue;
      esp_network_read_example (network, example, pixels);
      for (int i = 0; i < DIGIT * DIGIT; i++)
        {
          double x = left + (digit % 5 * (DIGIT + 1) + i % DIGIT) * cell;
          double y = top + (digit / 5 * (DIGIT + 1) + i / DIGIT) * cell;

          cairo_set_source_rgba (cr, color->red, color->green, color->blue,
                                 color->alpha * (0.04 + 0.96 * CLAMP (pixels[i], 0, 1)));
          cairo_rectangle (cr, x, y, cell, cell);
          cairo_fill (cr);
        }
    }
}

/* kernels of the first layer as small pictures, as many as there is room for in two rows */
static gboolean
draw_kernels (EspNetwork *network, cairo_t *cr, const EspColormap *map, double width, double height)
{
  EspTree *tree = esp_network_get_tree (network);
  EspTensor *weight =
      esp_parameter_get_data (esp_place_get_parameter (esp_tree_get_tensor (tree, 0)));
  const gint64 *shape = esp_tensor_get_shape (weight);
  gsize count = esp_tensor_get_count (weight);
  g_autofree float *values = NULL;
  double largest = 1e-9, cell, left, top;
  int columns;

  if (esp_tensor_get_ndim (weight) != 4 || shape[1] != 1)
    return FALSE;
  values = g_new (float, count);
  if (!esp_tensor_read_f32 (weight, 0, count, values, NULL, NULL))
    return FALSE;
  for (gsize i = 0; i < count; i++)
    largest = MAX (largest, fabsf (values[i]));
  columns = (int) (shape[0] + 1) / 2;
  cell = floor (MIN ((width - PADDING_X) / (columns * (double) (shape[3] + 1)),
                     (height - PADDING_Y) / (2 * (double) (shape[2] + 1))));
  left = floor ((width - (columns * (double) (shape[3] + 1) - 1) * cell) / 2);
  top = floor ((height - (2 * (double) (shape[2] + 1) - 1) * cell) / 2);
  for (gsize i = 0; i < count; i++)
    {
      int kernel = (int) (i / (gsize) (shape[2] * shape[3]));
      int row = (int) (i / (gsize) shape[3] % (gsize) shape[2]),
          column = (int) (i % (gsize) shape[3]);

      set_map_color (cr, map, values[i] / largest, 1);
      cairo_rectangle (cr, left + (kernel % columns * (double) (shape[3] + 1) + column) * cell,
                       top + (kernel / columns * (double) (shape[2] + 1) + row) * cell, cell, cell);
      cairo_fill (cr);
    }
  return TRUE;
}

static void
draw_network (EspNetworkPicture *self, cairo_t *cr, int width, int height)
{
  AdwStyleManager *style =
      adw_style_manager_get_for_display (gtk_widget_get_display (GTK_WIDGET (self)));
  GtkStyleContext *context = gtk_widget_get_style_context (GTK_WIDGET (self));
  const EspColormap *map = esp_colormap_from_name ("vik");
  GdkRGBA unit, tie;
  Layer layers[MAX_LAYERS];
  guint n_layers;

  if (g_strcmp0 (esp_network_get_data_name (self->network), "spirals") == 0)
    {
      draw_spirals (cr, map, width, height);
      return;
    }
  gtk_style_context_get_color (context, &unit);
  unit.alpha *= adw_style_manager_get_dark (style) ? 0.9 : 0.75;
  if (draw_kernels (self->network, cr, map, width, height))
    return;
  if (g_strcmp0 (esp_network_get_data_name (self->network), "digits") == 0 &&
      esp_network_is_classifier (self->network))
    {
      draw_digits (self->network, cr, &unit, width, height);
      return;
    }
  n_layers = collect_layers (self->network, layers);
  if (n_layers < 2)
    return;
  if (!gtk_style_context_lookup_color (context, "esp_tie_a", &tie))
    tie = unit;
  for (guint i = 1; i < n_layers; i++)
    draw_weights (cr, layers, n_layers, i, map, width, height);
  draw_units (cr, layers, n_layers, &unit, &tie, width, height);
}

static void
esp_network_picture_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspNetworkPicture *self = ESP_NETWORK_PICTURE (widget);
  int width = gtk_widget_get_width (widget);
  int height = gtk_widget_get_height (widget);
  cairo_t *cr;

  if (!self->tried)
    {
      self->network = load_network (self->name);
      self->tried = TRUE;
    }
  if (!self->network)
    return;
  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, width, height));
  draw_network (self, cr, width, height);
  cairo_destroy (cr);
}

static void
esp_network_picture_measure (GtkWidget *widget,
                             GtkOrientation orientation,
                             int for_size,
                             int *minimum,
                             int *natural,
                             int *minimum_baseline,
                             int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 100 : 104;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 200 : 104;
}

static void
esp_network_picture_dispose (GObject *object)
{
  EspNetworkPicture *self = ESP_NETWORK_PICTURE (object);

  g_clear_pointer (&self->name, g_free);
  g_clear_object (&self->network);
  G_OBJECT_CLASS (esp_network_picture_parent_class)->dispose (object);
}

static void
esp_network_picture_class_init (EspNetworkPictureClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_network_picture_dispose;
  widget_class->snapshot = esp_network_picture_snapshot;
  widget_class->measure = esp_network_picture_measure;
  gtk_widget_class_set_css_name (widget_class, "networkpicture");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
esp_network_picture_init (EspNetworkPicture *self)
{
}

GtkWidget *
esp_network_picture_new (const char *name)
{
  EspNetworkPicture *self = g_object_new (ESP_TYPE_NETWORK_PICTURE, NULL);

  self->name = g_strdup (name);
  return GTK_WIDGET (self);
}
