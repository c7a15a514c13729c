/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row for each layer, up to a number that can still be looked through; beyond it, those of the
 * container that is selected. */

#include "config.h"

#include "esp-layers-section.h"
#include "esp-layer-row.h"

#include <glib/gi18n.h>

struct _EspLayersSection
{
  EspSection parent_instance;

  GtkWidget *add_button;
  EspNetworkEditor *editor;
  GPtrArray *rows; /* EspLayerRow, borrowed from the group */
  guint n_outermost;
};

G_DEFINE_FINAL_TYPE (EspLayersSection, esp_layers_section, ESP_TYPE_SECTION)

static void
fill (EspLayersSection *self, GPtrArray *modules)
{
  guint n = MIN (modules->len, ESP_SECTION_MAX_ROWS);

  while (self->rows->len > n)
    {
      adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self),
                                    g_ptr_array_index (self->rows, self->rows->len - 1));
      g_ptr_array_set_size (self->rows, (int) self->rows->len - 1);
    }
  while (self->rows->len < n)
    {
      GtkWidget *row = esp_layer_row_new (self->editor);

      adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
      g_ptr_array_add (self->rows, row);
    }
  self->n_outermost = 0;
  for (guint i = 0; i < modules->len; i++)
    {
      const EspNetworkModule *module = g_ptr_array_index (modules, i);

      self->n_outermost += module->depth == 0;
      if (i < n)
        esp_layer_row_show (g_ptr_array_index (self->rows, i), module);
    }
}

static gboolean
holds_modules (EspPlace *place)
{
  return place && esp_place_get_module (place) && esp_place_get_n_children (place) > 0 &&
         esp_place_get_module (esp_place_get_child (place, 0));
}

static void
esp_layers_section_show (EspSection *section, EspSession *session)
{
  EspLayersSection *self = ESP_LAYERS_SECTION (section);
  EspDocument *document = esp_session_get_document (session);
  EspPlace *place = esp_session_get_selection (session);
  gboolean live = document && esp_document_get_trainer (document) && holds_modules (place);
  g_autoptr (GPtrArray) modules = NULL;

  gtk_widget_set_visible (GTK_WIDGET (self), live);
  if (!live)
    return;
  if (esp_network_editor_get_session (self->editor) != session)
    esp_network_editor_set_session (self->editor, session);
  modules = esp_session_list_modules (session);
  fill (self, modules);
  if (modules->len > self->rows->len)
    {
      g_autofree char *text = g_strdup_printf (_ ("the first %u of %u"), self->rows->len,
                                               modules->len);

      esp_section_set_caption (section, text);
    }
  else
    esp_section_set_caption (section, NULL);
}

static void
show_again (gpointer user_data)
{
  EspLayersSection *self = user_data;
  EspSession *session = esp_network_editor_get_session (self->editor);

  if (session)
    esp_layers_section_show (ESP_SECTION (self), session);
}

static void
on_add (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EspLayersSection *self = ESP_LAYERS_SECTION (widget);
  EspNetworkChange change = { ESP_NETWORK_CHANGE_ADD, "", g_variant_get_string (parameter, NULL),
                              self->n_outermost, NULL };

  esp_network_editor_change (self->editor, &change);
}

static void
esp_layers_section_finalize (GObject *object)
{
  g_ptr_array_unref (ESP_LAYERS_SECTION (object)->rows);
  G_OBJECT_CLASS (esp_layers_section_parent_class)->finalize (object);
}

static void
esp_layers_section_class_init (EspLayersSectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_layers_section_finalize;
  ESP_SECTION_CLASS (klass)->show = esp_layers_section_show;
  gtk_widget_class_install_action (GTK_WIDGET_CLASS (klass), "layers.add", "s", on_add);
}

static void
esp_layers_section_init (EspLayersSection *self)
{
  g_autoptr (GMenuModel) menu = esp_network_editor_make_class_menu ("layers.add");

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _ ("Layers"));
  self->rows = g_ptr_array_new ();
  self->editor = esp_network_editor_new (ADW_PREFERENCES_GROUP (self), show_again, self);
  self->add_button = gtk_menu_button_new ();
  gtk_menu_button_set_icon_name (GTK_MENU_BUTTON (self->add_button), "list-add-symbolic");
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (self->add_button), menu);
  gtk_widget_set_tooltip_text (self->add_button, _ ("Add Layer"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->add_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Add Layer"), -1);
  gtk_widget_add_css_class (self->add_button, "flat");
  gtk_widget_set_halign (self->add_button, GTK_ALIGN_START);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), self->add_button);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
