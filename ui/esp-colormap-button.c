/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of colour maps. Its first row is "Auto"; the others are those of
 * esp_colormap_get_all(). What is chosen holds for data of the kind that is shown, signed or not.
 */

#include "config.h"

#include "esp-colormap-button.h"

#include "esp-style.h"

#include <glib/gi18n.h>

#define SWATCH_WIDTH 44
#define SWATCH_HEIGHT 14
#define LIST_HEIGHT 360

struct _EspColormapButton
{
  AdwBin parent_instance;

  /* children */
  GtkWidget *button, *swatch, *label, *popover;
  GtkListBox *list;
  GtkCheckButton *invert;

  /* owned */
  EspView *view;

  /* state */
  gboolean updating;
};

G_DEFINE_FINAL_TYPE (EspColormapButton, esp_colormap_button, ADW_TYPE_BIN)

static EspColormapKind
get_kind (EspColormapButton *self)
{
  const EspNorm *norm = self->view != NULL ? esp_view_get_norm (self->view) : NULL;

  return norm != NULL ? norm->kind : ESP_COLORMAP_DIVERGING;
}

static void
draw_swatch (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer user_data)
{
  const EspColormap *map = g_object_get_data (G_OBJECT (area), "colormap");
  gboolean inverted = g_object_get_data (G_OBJECT (area), "inverted") != NULL;

  if (map == NULL)
    return;
  if (inverted)
    {
      cairo_translate (cr, width, 0);
      cairo_scale (cr, -1, 1);
    }
  esp_draw_colormap (cr, 0, 0, width, height, map);
}

static GtkWidget *
create_swatch (void)
{
  GtkWidget *swatch = gtk_drawing_area_new ();

  gtk_drawing_area_set_content_width (GTK_DRAWING_AREA (swatch), SWATCH_WIDTH);
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (swatch), SWATCH_HEIGHT);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (swatch), draw_swatch, NULL, NULL);
  gtk_widget_set_valign (swatch, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (swatch, "swatch");
  gtk_widget_set_overflow (swatch, GTK_OVERFLOW_HIDDEN);
  return swatch;
}

static void
set_swatch (GtkWidget *swatch, const EspColormap *map, gboolean inverted)
{
  g_object_set_data (G_OBJECT (swatch), "colormap", (gpointer) map);
  g_object_set_data (G_OBJECT (swatch), "inverted", GINT_TO_POINTER (inverted));
  gtk_widget_queue_draw (swatch);
}

/* @map: NULL for "Auto" */
static void
add_row (EspColormapButton *self, const EspColormap *map)
{
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *swatch = create_swatch (),
            *label = gtk_label_new (map != NULL ? map->name : _ ("Auto"));
  GtkWidget *tick = gtk_image_new_from_icon_name ("object-select-symbolic");

  gtk_drawing_area_set_content_width (GTK_DRAWING_AREA (swatch), 3 * SWATCH_WIDTH);
  gtk_box_append (GTK_BOX (box), swatch);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), tick);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  g_object_set_data (G_OBJECT (row), "colormap", (gpointer) map);
  g_object_set_data (G_OBJECT (row), "swatch", swatch);
  g_object_set_data (G_OBJECT (row), "tick", tick);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  gtk_label_get_label (GTK_LABEL (label)), -1);
  gtk_list_box_append (self->list, row);
}

static void
update_rows (EspColormapButton *self)
{
  EspLook *look = esp_view_get_look (self->view);
  const EspColormap *chosen = esp_look_get_colormap (look, get_kind (self));
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    {
      const EspColormap *map = g_object_get_data (G_OBJECT (row), "colormap");

      gtk_widget_set_opacity (g_object_get_data (G_OBJECT (row), "tick"), map == chosen);
      set_swatch (g_object_get_data (G_OBJECT (row), "swatch"),
                  map != NULL ? map
                              : esp_colormap_get_default (get_kind (self), esp_style_is_dark ()),
                  esp_look_get_inverted (look));
    }
}

static void
update (EspColormapButton *self)
{
  EspLook *look = esp_view_get_look (self->view);
  const EspColormap *chosen = esp_look_get_colormap (look, get_kind (self));

  self->updating = TRUE;
  set_swatch (self->swatch, esp_look_choose_colormap (look, get_kind (self)), FALSE);
  gtk_label_set_label (GTK_LABEL (self->label), chosen != NULL ? chosen->name : _ ("Auto"));
  gtk_check_button_set_active (self->invert, esp_look_get_inverted (look));
  if (gtk_widget_get_visible (self->popover))
    update_rows (self);
  self->updating = FALSE;
}

static void
on_row (EspColormapButton *self, GtkListBoxRow *row)
{
  esp_look_set_colormap (esp_view_get_look (self->view), get_kind (self),
                         g_object_get_data (G_OBJECT (row), "colormap"));
}

static void
on_invert (EspColormapButton *self)
{
  if (!self->updating && self->view != NULL)
    esp_look_set_inverted (esp_view_get_look (self->view),
                           gtk_check_button_get_active (self->invert));
}

static void
esp_colormap_button_dispose (GObject *object)
{
  EspColormapButton *self = ESP_COLORMAP_BUTTON (object);

  if (self->view != NULL)
    g_signal_handlers_disconnect_by_data (self->view, self);
  g_clear_object (&self->view);

  G_OBJECT_CLASS (esp_colormap_button_parent_class)->dispose (object);
}

static void
esp_colormap_button_class_init (EspColormapButtonClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_colormap_button_dispose;
}

static GtkWidget *
create_popover (EspColormapButton *self)
{
  GtkWidget *popover = gtk_popover_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *scroller = gtk_scrolled_window_new ();
  const EspColormap *const *all = esp_colormap_get_all ();

  self->list = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_list_box_set_selection_mode (self->list, GTK_SELECTION_NONE);
  gtk_widget_add_css_class (GTK_WIDGET (self->list), "colormaps");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Colour maps"), -1);
  add_row (self, NULL);
  for (guint i = 0; all[i] != NULL; i++)
    add_row (self, all[i]);
  g_signal_connect_object (self->list, "row-activated", G_CALLBACK (on_row), self,
                           G_CONNECT_SWAPPED);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scroller), LIST_HEIGHT);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), GTK_WIDGET (self->list));
  gtk_box_append (GTK_BOX (box), scroller);
  self->invert = GTK_CHECK_BUTTON (gtk_check_button_new_with_label (_ ("Turned round")));
  g_signal_connect_object (self->invert, "toggled", G_CALLBACK (on_invert), self,
                           G_CONNECT_SWAPPED);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->invert));
  gtk_popover_set_child (GTK_POPOVER (popover), box);
  return popover;
}

static void
esp_colormap_button_init (EspColormapButton *self)
{
  GtkWidget *face = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);

  self->swatch = create_swatch ();
  self->label = gtk_label_new (NULL);
  gtk_box_append (GTK_BOX (face), self->swatch);
  gtk_box_append (GTK_BOX (face), self->label);
  self->popover = create_popover (self);
  self->button = gtk_menu_button_new ();
  gtk_menu_button_set_child (GTK_MENU_BUTTON (self->button), face);
  gtk_menu_button_set_always_show_arrow (GTK_MENU_BUTTON (self->button), TRUE);
  gtk_menu_button_set_popover (GTK_MENU_BUTTON (self->button), self->popover);
  gtk_widget_set_tooltip_text (self->button, _ ("Colour map"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Colour map"), -1);
  adw_bin_set_child (ADW_BIN (self), self->button);
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
  g_signal_connect_object (self->popover, "notify::visible", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  update (self);
}
