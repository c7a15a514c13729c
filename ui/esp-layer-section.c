/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows are those of the layer's class; name and menu stand above them. What is changed makes a
 * new network, in which the same layer is selected again. */

#include "config.h"

#include "esp-layer-section.h"
#include "esp-network-editor.h"
#include "esp-setting-rows.h"

#include <glib/gi18n.h>

struct _EspLayerSection
{
  EspSection parent_instance;

  GtkWidget *name;
  EspNetworkEditor *editor;
  EspSettingRows *settings;
  GtkWidget *menu;
  EspLayerTarget target;
  char *path;
};

G_DEFINE_FINAL_TYPE (EspLayerSection, esp_layer_section, ESP_TYPE_SECTION)

static const EspNetworkModule *
find_module (GPtrArray *modules, const char *path)
{
  for (guint i = 0; i < modules->len; i++)
    {
      const EspNetworkModule *module = g_ptr_array_index (modules, i);

      if (g_str_equal (module->path, path))
        return module;
    }
  return NULL;
}

static void
esp_layer_section_show (EspSection *section, EspSession *session)
{
  EspLayerSection *self = ESP_LAYER_SECTION (section);
  EspPlace *place = esp_session_get_selection (session);
  EspDocument *document = esp_session_get_document (session);
  gboolean live = document && esp_document_get_trainer (document) && place &&
                  esp_place_get_module (place);
  g_autoptr (GPtrArray) modules = live ? esp_session_list_modules (session) : NULL;
  const EspNetworkModule *module = live ? find_module (modules, esp_place_get_path (place)) : NULL;
  g_autoptr (GPtrArray) settings = module ? esp_setting_list_for_layer (module->class_name) : NULL;
  const char *dot;

  gtk_widget_set_visible (GTK_WIDGET (self), module != NULL);
  if (!module)
    return;
  esp_network_editor_set_session (self->editor, session);
  if (g_strcmp0 (self->path, module->path) != 0)
    esp_network_editor_forget_trouble (self->editor);
  g_free (self->path);
  self->path = g_strdup (module->path);
  esp_layer_target_set (&self->target, module);
  dot = strrchr (module->path, '.');
  gtk_editable_set_text (GTK_EDITABLE (self->name), dot ? dot + 1 : module->path);
  esp_section_set_caption (section, module->class_name);
  esp_setting_rows_show (self->settings, settings, module->settings);
}

static void
show_again (gpointer user_data)
{
  EspLayerSection *self = user_data;
  EspSession *session = esp_network_editor_get_session (self->editor);

  if (session)
    esp_layer_section_show (ESP_SECTION (self), session);
}

static void
on_setting (const char *key, JsonNode *value, gpointer user_data)
{
  EspLayerSection *self = user_data;

  esp_network_editor_set (self->editor, self->path, key, value ? json_node_copy (value) : NULL);
}

static void
on_name (EspLayerSection *self)
{
  EspNetworkChange change = { ESP_NETWORK_CHANGE_RENAME, self->path,
                              gtk_editable_get_text (GTK_EDITABLE (self->name)), 0, NULL };

  esp_network_editor_change (self->editor, &change);
}

static void
esp_layer_section_dispose (GObject *object)
{
  gtk_widget_insert_action_group (GTK_WIDGET (object), "layer", NULL);
  g_clear_pointer (&ESP_LAYER_SECTION (object)->settings, esp_setting_rows_free);
  esp_layer_target_clear (&ESP_LAYER_SECTION (object)->target);
  G_OBJECT_CLASS (esp_layer_section_parent_class)->dispose (object);
}

static void
esp_layer_section_finalize (GObject *object)
{
  g_free (ESP_LAYER_SECTION (object)->path);
  G_OBJECT_CLASS (esp_layer_section_parent_class)->finalize (object);
}

static void
esp_layer_section_class_init (EspLayerSectionClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_layer_section_dispose;
  G_OBJECT_CLASS (klass)->finalize = esp_layer_section_finalize;
  ESP_SECTION_CLASS (klass)->show = esp_layer_section_show;
}

static void
esp_layer_section_init (EspLayerSection *self)
{
  AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP (self);
  g_autoptr (GSimpleActionGroup) actions = NULL;

  adw_preferences_group_set_title (group, _ ("Layer"));
  self->name = adw_entry_row_new ();
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->name), _ ("Name"));
  adw_entry_row_set_show_apply_button (ADW_ENTRY_ROW (self->name), TRUE);
  gtk_editable_set_enable_undo (GTK_EDITABLE (self->name), FALSE); /* undo is the network's */
  g_signal_connect_swapped (self->name, "apply", G_CALLBACK (on_name), self);
  self->menu = gtk_menu_button_new ();
  gtk_menu_button_set_icon_name (GTK_MENU_BUTTON (self->menu), "view-more-symbolic");
  gtk_widget_set_valign (self->menu, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (self->menu, "flat");
  gtk_widget_set_tooltip_text (self->menu, _ ("Add, move, share or remove"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->menu), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Menu of the layer"), -1);
  adw_entry_row_add_suffix (ADW_ENTRY_ROW (self->name), self->menu);
  adw_preferences_group_add (group, self->name);
  self->editor = esp_network_editor_new (group, show_again, self);
  self->target.editor = self->editor;
  esp_network_editor_give_menu (GTK_MENU_BUTTON (self->menu), &self->target);
  actions = esp_network_editor_make_actions (&self->target);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "layer", G_ACTION_GROUP (actions));
  self->settings = esp_setting_rows_new (group, on_setting, self);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
