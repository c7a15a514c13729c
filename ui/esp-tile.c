/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tile of the sheet. Its picture is an overview of at most 116 pixels a side, coloured by a range
 * of its own; until it is there, a dashed outline of the shape stands for it. */

#include "config.h"

#include "esp-style.h"
#include "esp-tile.h"

#include <glib/gi18n.h>
#include <math.h>

struct _EspTile
{
  GtkWidget parent_instance;

  /* children */
  GtkWidget *picture;
  GtkLabel *title;
  GtkLabel *module;
  GtkLabel *shape;
  GtkLabel *figure;

  /* owned */
  EspView *view;
  EspThumbnails *thumbnails;
  EspPlace *place;
  EspTensor *tensor;
  EspOverview *overview;
  cairo_surface_t *pixels;
  char *problem; /* why there is no picture */

  /* state */
  double held; /* the range of a live tensor, see esp_norm_hold() */
  double scalar;
};

G_DEFINE_FINAL_TYPE (EspTile, esp_tile, GTK_TYPE_WIDGET)

/* all of a small picture; of a larger one all but the farthest two in a hundred pixels, so that a
 * single outlier doesn't make the others look alike */
static void
find_range (EspOverview *overview, double *lo, double *hi)
{
  guint width = esp_overview_get_width (overview), height = esp_overview_get_height (overview);
  double sum = 0, largest = 0, n = 0;

  *lo = INFINITY;
  *hi = -INFINITY;
  for (guint y = 0; y < height; y++)
    {
      const EspPixel *row = esp_overview_get_row (overview, y);

      for (guint x = 0; x < width; x++)
        {
          double far = fmax (fabs ((double) row[x].min), fabs ((double) row[x].max));

          if (!isfinite (far))
            continue;
          *lo = fmin (*lo, row[x].min);
          *hi = fmax (*hi, row[x].max);
          largest = fmax (largest, far);
          sum += far;
          n++;
        }
    }
  if (n >= 1000 && largest > 8 * sum / n) /* eight times the usual */
    {
      *lo = fmax (*lo, -4 * sum / n);
      *hi = fmin (*hi, 4 * sum / n);
    }
}

static void
init_norm (EspTile *self, EspNorm *norm)
{
  double lo, hi;

  find_range (self->overview, &lo, &hi);
  if (!(lo <= hi))
    {
      lo = 0;
      hi = 1;
    }
  esp_look_init_norm_for_range (esp_view_get_look (self->view), lo, hi, FALSE, norm);
  if (esp_view_is_live (self->view) && !esp_look_get_locked (esp_view_get_look (self->view)))
    esp_norm_hold (norm, &self->held);
}

static void
make_pixels (EspTile *self)
{
  EspNorm norm;

  g_clear_pointer (&self->pixels, cairo_surface_destroy);
  if (self->overview == NULL)
    return;

  init_norm (self, &norm);
  self->pixels = esp_draw_overview_surface (
      self->overview, &norm, esp_look_get_reduction (esp_view_get_look (self->view)));
}

static void
set_problem (EspTile *self, const char *problem)
{
  g_free (self->problem);
  self->problem = g_strdup (problem);
}

static void
load (EspTile *self)
{
  guint size = ESP_TILE_SIZE * (guint) gtk_widget_get_scale_factor (GTK_WIDGET (self));
  g_autoptr (GError) error = NULL;
  EspOverview *overview;

  set_problem (self, NULL);
  if (self->tensor == NULL)
    {
      set_problem (self, esp_view_is_live (self->view) ? _ ("No gradient yet")
                                                       : _ ("Not stored in this file"));
      g_clear_pointer (&self->overview, esp_overview_unref);
    }
  else if (esp_tensor_get_error (self->tensor) != NULL)
    set_problem (self, _ ("Can't be read"));
  else if (esp_tensor_get_count (self->tensor) == 0)
    set_problem (self, _ ("No elements"));
  else
    {
      overview = esp_thumbnails_get (self->thumbnails, self->tensor, size, &error);
      if (error != NULL)
        set_problem (self, error->message);
      if (overview != NULL || error != NULL)
        {
          g_clear_pointer (&self->overview, esp_overview_unref);
          self->overview = overview;
        }
    }
  make_pixels (self);
  gtk_widget_queue_draw (self->picture);
}

static void
draw_dashed (cairo_t *cr, double width, double height, const EspPalette *palette)
{
  double x = floor ((ESP_TILE_SIZE - width) / 2), y = floor ((ESP_TILE_SIZE - height) / 2);

  cairo_rectangle (cr, x + 0.5, y + 0.5, fmax (floor (width) - 1, 1), fmax (floor (height) - 1, 1));
  cairo_set_line_width (cr, 1);
  cairo_set_dash (cr, (const double[]) { 3, 3 }, 2, 0);
  gdk_cairo_set_source_rgba (cr, &(GdkRGBA) { palette->dark, palette->dark, palette->dark, 0.4f });
  cairo_stroke (cr);
}

/* the proportions that the picture is going to have */
static void
draw_outline (EspTile *self, cairo_t *cr, const EspPalette *palette)
{
  guint ndim = esp_tensor_get_ndim (self->tensor);
  const gint64 *shape = esp_tensor_get_shape (self->tensor);
  double rows = ndim > 1 ? (double) shape[0] : 1, columns = 1, size;

  for (guint i = ndim > 1 ? 1 : 0; i < ndim; i++)
    columns *= (double) shape[i];
  size = ESP_TILE_SIZE / fmax (fmax (rows, columns), 1);
  draw_dashed (cr, fmin (ESP_TILE_SIZE, fmax (24, columns * size)),
               fmin (ESP_TILE_SIZE, fmax (24, rows * size)), palette);
}

static void
draw_problem (GtkWidget *widget, cairo_t *cr, const char *problem, const EspPalette *palette)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (widget, problem);
  int width, height;

  pango_layout_set_width (layout, (ESP_TILE_SIZE - 16) * PANGO_SCALE);
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_alignment (layout, PANGO_ALIGN_CENTER);
  pango_layout_set_height (layout, -4);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  pango_layout_get_pixel_size (layout, &width, &height);
  draw_dashed (cr, ESP_TILE_SIZE, ESP_TILE_SIZE, palette);
  cairo_move_to (cr, 8, floor ((ESP_TILE_SIZE - height) / 2.0));
  gdk_cairo_set_source_rgba (cr, &(GdkRGBA) { palette->dark, palette->dark, palette->dark,
                                              palette->dark ? 0.66f : 0.62f });
  pango_cairo_show_layout (cr, layout);
}

static void
draw_picture (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer user_data)
{
  EspTile *self = user_data;
  EspPalette palette;

  if (self->view == NULL)
    return;

  esp_style_init_palette (&palette, GTK_WIDGET (area));
  cairo_translate (cr, floor ((width - ESP_TILE_SIZE) / 2.0), 0);
  if (self->problem != NULL)
    draw_problem (GTK_WIDGET (area), cr, self->problem, &palette);
  else if (self->overview == NULL)
    draw_outline (self, cr, &palette);
  else if (esp_tensor_get_ndim (self->tensor) == 0)
    esp_draw_scalar (cr, ESP_TILE_SIZE, ESP_TILE_SIZE,
                     esp_overview_get_row (self->overview, 0)->max, TRUE, &palette);
  else
    esp_draw_tile (cr, ESP_TILE_SIZE, ESP_TILE_SIZE, self->overview, self->pixels);
}

static void
on_ready (EspTile *self, EspTensor *tensor)
{
  if (tensor == self->tensor)
    load (self);
}

static void
esp_tile_dispose (GObject *object)
{
  EspTile *self = ESP_TILE (object);

  esp_tile_unbind (self);
  g_clear_pointer (&self->picture, gtk_widget_unparent);
  g_clear_pointer ((GtkWidget **) &self->title, gtk_widget_unparent);
  g_clear_pointer ((GtkWidget **) &self->module, gtk_widget_unparent);
  g_clear_pointer ((GtkWidget **) &self->shape, gtk_widget_unparent);
  g_clear_pointer ((GtkWidget **) &self->figure, gtk_widget_unparent);

  G_OBJECT_CLASS (esp_tile_parent_class)->dispose (object);
}

/* "layers.0.weight, 8 × 8" */
static char *
dup_words (EspTile *self)
{
  EspTensor *data = esp_parameter_get_data (esp_place_get_parameter (self->place));
  g_autofree char *path = esp_path_escape (esp_place_get_path (self->place));
  g_autofree char *shape = esp_tensor_dup_shape (data);

  return g_strdup_printf ("%s, %s", path, shape);
}

/* asked for when it is shown: to set a tooltip costs a round trip to the display server */
static gboolean
esp_tile_query_tooltip (GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  EspTile *self = ESP_TILE (widget);
  g_autofree char *words = NULL;

  if (self->place == NULL)
    return FALSE;

  words = dup_words (self);
  gtk_tooltip_set_text (tooltip, words);
  return TRUE;
}

static void
esp_tile_class_init (EspTileClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_tile_dispose;
  widget_class->query_tooltip = esp_tile_query_tooltip;

  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "tile");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static GtkLabel *
add_label (EspTile *self, PangoEllipsizeMode ellipsize, const char *const *css_classes)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), ellipsize);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 12);
  gtk_widget_set_css_classes (label, (const char **) css_classes);
  gtk_widget_set_parent (label, GTK_WIDGET (self));
  return GTK_LABEL (label);
}

/* a sheet makes some two hundred tiles at once, so this is no template: to parse it for each takes
 * as long as all the rest */
static void
esp_tile_init (EspTile *self)
{
  GtkWidget *widget = GTK_WIDGET (self);

  gtk_orientable_set_orientation (GTK_ORIENTABLE (gtk_widget_get_layout_manager (widget)),
                                  GTK_ORIENTATION_VERTICAL);
  gtk_widget_set_halign (widget, GTK_ALIGN_CENTER);
  gtk_widget_set_valign (widget, GTK_ALIGN_START);
  gtk_widget_set_size_request (widget, ESP_TILE_SIZE, -1);
  gtk_widget_set_has_tooltip (widget, TRUE);

  self->picture = gtk_drawing_area_new ();
  gtk_drawing_area_set_content_width (GTK_DRAWING_AREA (self->picture), ESP_TILE_SIZE);
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (self->picture), ESP_TILE_SIZE);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (self->picture), draw_picture, self, NULL);
  gtk_widget_add_css_class (self->picture, "tile-picture");
  gtk_widget_set_parent (self->picture, widget);

  self->title = add_label (self, PANGO_ELLIPSIZE_MIDDLE, (const char *[]) { "tile-title", NULL });
  gtk_widget_set_margin_top (GTK_WIDGET (self->title), 6);
  self->module = add_label (self, PANGO_ELLIPSIZE_START,
                            (const char *[]) { "caption", "second", NULL });
  self->shape = add_label (self, PANGO_ELLIPSIZE_END,
                           (const char *[]) { "caption", "second", "numeric", NULL });
  self->figure = add_label (self, PANGO_ELLIPSIZE_END,
                            (const char *[]) { "caption", "numeric", NULL });
  gtk_widget_set_visible (GTK_WIDGET (self->figure), FALSE);
}

GtkWidget *
esp_tile_new (void)
{
  return g_object_new (ESP_TYPE_TILE, NULL);
}

/* "1.self_attn": the parts between @module and the tensor's own name */
static char *
dup_owner (EspPlace *module, EspPlace *place)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (EspPlace *at = esp_place_get_parent (place); at != NULL && at != module;
       at = esp_place_get_parent (at))
    {
      if (text->len > 0)
        g_string_prepend_c (text, '.');
      g_string_prepend (text, esp_place_get_name (at));
    }

  return esp_path_escape (text->str);
}

static void
set_labels (EspTile *self, EspPlace *module)
{
  EspTensor *data = esp_parameter_get_data (esp_place_get_parameter (self->place));
  g_autofree char *owner = dup_owner (module, self->place);
  g_autofree char *name = esp_path_escape (esp_place_get_name (self->place));
  g_autofree char *shape = esp_tensor_dup_shape (data);
  g_autofree char *words = dup_words (self);

  gtk_label_set_label (self->title, name);
  gtk_label_set_label (self->module, owner);
  gtk_widget_set_visible (GTK_WIDGET (self->module), *owner != '\0');
  gtk_label_set_label (self->shape, shape);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, words, -1);
}

/* TRUE if it is another one */
static gboolean
take_tensor (EspTile *self)
{
  EspChannel channel = esp_session_get_channel (esp_view_get_session (self->view));
  EspTensor *tensor = esp_parameter_get_channel (esp_place_get_parameter (self->place), channel);

  if (tensor == self->tensor)
    return FALSE;

  if (self->tensor != NULL)
    esp_thumbnails_forget (self->thumbnails, self->tensor);
  if (tensor != NULL)
    esp_tensor_ref (tensor);
  g_clear_pointer (&self->tensor, esp_tensor_unref);
  self->tensor = tensor;
  return TRUE;
}

void
esp_tile_bind (EspTile *self,
               EspView *view,
               EspThumbnails *thumbnails,
               EspPlace *module,
               EspPlace *place)
{
  g_return_if_fail (ESP_IS_TILE (self));
  g_return_if_fail (ESP_IS_VIEW (view) && ESP_IS_THUMBNAILS (thumbnails));

  esp_tile_unbind (self);
  self->view = g_object_ref (view);
  self->thumbnails = g_object_ref (thumbnails);
  self->place = g_object_ref (place);
  g_signal_connect_object (thumbnails, "ready", G_CALLBACK (on_ready), self, G_CONNECT_SWAPPED);
  set_labels (self, module);
  take_tensor (self);
  load (self);
}

void
esp_tile_unbind (EspTile *self)
{
  g_return_if_fail (ESP_IS_TILE (self));

  if (self->thumbnails != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->thumbnails, self);
      if (self->tensor != NULL)
        esp_thumbnails_forget (self->thumbnails, self->tensor);
    }
  g_clear_pointer (&self->tensor, esp_tensor_unref);
  g_clear_pointer (&self->overview, esp_overview_unref);
  g_clear_pointer (&self->pixels, cairo_surface_destroy);
  g_clear_pointer (&self->problem, g_free);
  g_clear_object (&self->place);
  g_clear_object (&self->thumbnails);
  g_clear_object (&self->view);
  self->held = 0;
}

void
esp_tile_update (EspTile *self, gboolean look)
{
  g_return_if_fail (ESP_IS_TILE (self));

  if (self->view == NULL)
    return;
  if (take_tensor (self))
    load (self);
  else if (look)
    {
      make_pixels (self);
      gtk_widget_queue_draw (self->picture);
    }
}

void
esp_tile_set_figure (EspTile *self, const char *figure)
{
  g_return_if_fail (ESP_IS_TILE (self));

  gtk_label_set_label (self->figure, figure != NULL ? figure : "");
  gtk_widget_set_visible (GTK_WIDGET (self->figure), figure != NULL);
}

EspPlace *
esp_tile_get_place (EspTile *self)
{
  g_return_val_if_fail (ESP_IS_TILE (self), NULL);

  return self->place;
}
