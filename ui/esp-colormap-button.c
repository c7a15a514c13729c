/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The drop-down of colour maps. Item 0 is "Auto"; the others are those of
 * esp_colormap_get_all(). The settings hold one name for signed data and one for others. */

#include "config.h"

#include "esp-colormap-button.h"
#include "esp-settings.h"
#include "esp-style.h"

#include <glib/gi18n.h>

#define SWATCH_WIDTH 44
#define SWATCH_HEIGHT 14

struct _EspColormapButton
{
  AdwBin parent_instance;

  GtkDropDown *drop_down; /* child */

  EspView *view; /* owned */

  gboolean updating;
};

G_DEFINE_FINAL_TYPE (EspColormapButton, esp_colormap_button, ADW_TYPE_BIN)

static const char *const keys[] = { "sequential-colormap", "diverging-colormap" };

static gboolean
is_signed (EspColormapButton *self)
{
  const EspNorm *norm = self->view != NULL ? esp_view_get_norm (self->view) : NULL;

  return norm == NULL || norm->lo < 0;
}

/* the map of an item of the list; of "Auto" the one that it stands for now */
static const EspColormap *
get_map (EspColormapButton *self, const char *item)
{
  const EspColormap *map = esp_colormap_from_name (item);

  return map != NULL ? map : esp_colormap_get_default (is_signed (self), esp_style_is_dark ());
}

static void
draw_swatch (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer user_data)
{
  const EspColormap *map = g_object_get_data (G_OBJECT (area), "colormap");

  if (map != NULL)
    esp_draw_colormap (cr, 0, 0, width, height, map);
}

static void
on_setup (EspColormapButton *self, GtkListItem *item)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *swatch = gtk_drawing_area_new ();

  gtk_drawing_area_set_content_width (GTK_DRAWING_AREA (swatch), SWATCH_WIDTH);
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (swatch), SWATCH_HEIGHT);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (swatch), draw_swatch, NULL, NULL);
  gtk_widget_set_valign (swatch, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (swatch, "swatch");
  gtk_widget_set_overflow (swatch, GTK_OVERFLOW_HIDDEN);
  gtk_box_append (GTK_BOX (box), swatch);
  gtk_box_append (GTK_BOX (box), gtk_label_new (NULL));
  gtk_list_item_set_child (item, box);
}

static void
on_bind (EspColormapButton *self, GtkListItem *item)
{
  GtkWidget *swatch = gtk_widget_get_first_child (gtk_list_item_get_child (item));
  GtkWidget *label = gtk_widget_get_next_sibling (swatch);
  const char *name = gtk_string_object_get_string (gtk_list_item_get_item (item));

  g_object_set_data (G_OBJECT (swatch), "colormap", (gpointer) get_map (self, name));
  gtk_widget_queue_draw (swatch);
  gtk_label_set_label (GTK_LABEL (label), name);
}

static guint
find_item (const EspColormap *map)
{
  const EspColormap *const *all = esp_colormap_get_all ();

  for (guint i = 0; map != NULL && all[i] != NULL; i++)
    if (all[i] == map)
      return i + 1;

  return 0;
}

/* "Auto" has other colours for another kind of data, so its swatch is bound anew */
static void
update (EspColormapButton *self)
{
  guint item = find_item (esp_view_get_colormap (self->view, is_signed (self)));
  g_autofree char *kind = g_strdup_printf ("%d%d", is_signed (self), esp_style_is_dark ());

  self->updating = TRUE;
  if (g_strcmp0 (kind, g_object_get_data (G_OBJECT (self), "kind")) != 0)
    {
      GtkStringList *list = GTK_STRING_LIST (gtk_drop_down_get_model (self->drop_down));

      gtk_string_list_splice (list, 0, 1, (const char *const[]) { _ ("Auto"), NULL });
      g_object_set_data_full (G_OBJECT (self), "kind", g_steal_pointer (&kind), g_free);
    }
  gtk_drop_down_set_selected (self->drop_down, item);
  self->updating = FALSE;
}

static void
on_selected (EspColormapButton *self)
{
  guint item = gtk_drop_down_get_selected (self->drop_down);
  const EspColormap *map;

  if (self->updating || self->view == NULL || item == GTK_INVALID_LIST_POSITION)
    return;

  map = item > 0 ? esp_colormap_get_all ()[item - 1] : NULL;
  esp_view_set_colormap (self->view, is_signed (self), map);
  esp_settings_set_string (keys[is_signed (self)], map != NULL ? map->name : "");
}

static void
read_settings (EspColormapButton *self)
{
  if (self->view == NULL)
    return;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *name = esp_settings_dup_string (keys[i]);

      esp_view_set_colormap (self->view, i == 1, esp_colormap_from_name (name));
    }
}

static void
esp_colormap_button_dispose (GObject *object)
{
  EspColormapButton *self = ESP_COLORMAP_BUTTON (object);

  g_clear_object (&self->view);

  G_OBJECT_CLASS (esp_colormap_button_parent_class)->dispose (object);
}

static void
esp_colormap_button_class_init (EspColormapButtonClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_colormap_button_dispose;
}

static void
esp_colormap_button_init (EspColormapButton *self)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkStringList *list = gtk_string_list_new ((const char *const[]) { _ ("Auto"), NULL });
  const EspColormap *const *all = esp_colormap_get_all ();

  for (guint i = 0; all[i] != NULL; i++)
    gtk_string_list_append (list, all[i]->name);
  g_signal_connect_object (factory, "setup", G_CALLBACK (on_setup), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (factory, "bind", G_CALLBACK (on_bind), self, G_CONNECT_SWAPPED);
  self->drop_down = GTK_DROP_DOWN (gtk_drop_down_new (G_LIST_MODEL (list), NULL));
  gtk_drop_down_set_factory (self->drop_down, factory);
  g_object_unref (factory);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->drop_down), _ ("Colour map"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->drop_down), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Colour map"), -1);
  g_signal_connect_object (self->drop_down, "notify::selected", G_CALLBACK (on_selected), self,
                           G_CONNECT_SWAPPED);
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->drop_down));
  if (esp_settings_get_default () != NULL)
    g_signal_connect_object (esp_settings_get_default (), "changed", G_CALLBACK (read_settings),
                             self, G_CONNECT_SWAPPED);
}

GtkWidget *
esp_colormap_button_new (void)
{
  return g_object_new (ESP_TYPE_COLORMAP_BUTTON, NULL);
}

void
esp_colormap_button_set_view (EspColormapButton *self, EspView *view)
{
  g_return_if_fail (ESP_IS_COLORMAP_BUTTON (self));
  g_return_if_fail (ESP_IS_VIEW (view) && self->view == NULL);

  self->view = g_object_ref (view);
  g_signal_connect_object (view, "tensor-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "look-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  read_settings (self);
  update (self);
}
