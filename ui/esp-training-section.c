/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data sets that need no file are a drop-down; a file of one's own is chosen beside it. */

#include "config.h"

#include "esp-training-section.h"
#include "esp-dialogs.h"
#include "esp-network-editor.h"
#include "esp-setting-rows.h"

#include <glib/gi18n.h>

struct _EspTrainingSection
{
  EspSection parent_instance;

  GtkWidget *data;
  GtkWidget *file_row;
  GtkWidget *begin;
  EspNetworkEditor *editor;
  EspSettingRows *rows; /* batch size and what else is the network's own */
  gboolean syncing;
};

G_DEFINE_FINAL_TYPE (EspTrainingSection, esp_training_section, ESP_TYPE_SECTION)

/* initialisers of a whole network, by convention */
static const char *const conventions[] = { "pytorch", "keras", NULL };

static void
select_word (GtkWidget *row, const char *const *words, const char *word)
{
  guint found = GTK_INVALID_LIST_POSITION;

  for (guint i = 0; words[i]; i++)
    if (g_strcmp0 (words[i], word) == 0)
      found = i;
  adw_combo_row_set_selected (ADW_COMBO_ROW (row), found);
}

static const char *
get_word (GtkWidget *row, const char *const *words)
{
  guint index = adw_combo_row_get_selected (ADW_COMBO_ROW (row));

  return index != GTK_INVALID_LIST_POSITION ? words[index] : NULL;
}

static const char *
get_part (JsonObject *description, const char *part, const char *key)
{
  return json_object_get_string_member_with_default (
      json_object_get_object_member (description, part), key, "");
}

static void
esp_training_section_show (EspSection *section, EspSession *session)
{
  EspTrainingSection *self = ESP_TRAINING_SECTION (section);
  g_autoptr (JsonObject)
      description = esp_section_is_root (session) ? esp_session_describe_network (session) : NULL;
  g_autoptr (GPtrArray) settings = description ? esp_setting_list_for_step () : NULL;
  JsonNode *init;
  const char *file, *name;

  gtk_widget_set_visible (GTK_WIDGET (self), description != NULL);
  if (!description)
    return;
  esp_network_editor_set_session (self->editor, session);
  self->syncing = TRUE;
  name = get_part (description, "data", "name");
  select_word (self->data, esp_session_get_data_sets (), name);
  /* one that isn't among them: numbers by chance, values in the description, a file */
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->data),
                               get_word (self->data, esp_session_get_data_sets ()) ? "" : name);
  file = get_part (description, "data", "path");
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->file_row), file);
  init = json_object_get_member (description, "init");
  select_word (self->begin, conventions,
               JSON_NODE_HOLDS_VALUE (init) && json_node_get_value_type (init) == G_TYPE_STRING
                   ? json_node_get_string (init)
                   : "");
  esp_setting_rows_show (self->rows, settings, description);
  self->syncing = FALSE;
}

static void
show_again (gpointer user_data)
{
  EspTrainingSection *self = user_data;
  EspSession *session = esp_network_editor_get_session (self->editor);

  if (session)
    esp_training_section_show (ESP_SECTION (self), session);
}

static void
change (EspTrainingSection *self,
        EspNetworkChangeKind kind,
        const char *part,
        const char *word,
        JsonNode *value)
{
  EspNetworkChange change = { kind, part, word, 0, value };

  esp_network_editor_change (self->editor, &change);
  g_clear_pointer (&value, json_node_unref);
}

static void
on_data (EspTrainingSection *self)
{
  const char *word = get_word (self->data, esp_session_get_data_sets ());

  if (!self->syncing && word)
    change (self, ESP_NETWORK_CHANGE_DATA, NULL, word, NULL);
}

static void
on_begin (EspTrainingSection *self)
{
  const char *word = get_word (self->begin, conventions);

  if (!self->syncing && word)
    change (self, ESP_NETWORK_CHANGE_MEMBER, NULL, "init",
            json_node_init_string (json_node_alloc (), word));
}

static void
on_setting (const char *key, JsonNode *value, gpointer user_data)
{
  change (user_data, ESP_NETWORK_CHANGE_MEMBER, NULL, key, value ? json_node_copy (value) : NULL);
}

static void
on_file_chosen (GPtrArray *files, gpointer user_data)
{
  const char *path = files->len > 0 ? g_file_peek_path (g_ptr_array_index (files, 0)) : NULL;

  if (path)
    change (user_data, ESP_NETWORK_CHANGE_DATA, NULL, path, NULL);
}

static void
on_choose_file (EspTrainingSection *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  esp_dialogs_open (GTK_WINDOW (root), on_file_chosen, g_object_ref (self), g_object_unref);
}

static void
esp_training_section_dispose (GObject *object)
{
  g_clear_pointer (&ESP_TRAINING_SECTION (object)->rows, esp_setting_rows_free);
  G_OBJECT_CLASS (esp_training_section_parent_class)->dispose (object);
}

static void
esp_training_section_class_init (EspTrainingSectionClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_training_section_dispose;
  ESP_SECTION_CLASS (klass)->show = esp_training_section_show;
}

static GtkWidget *
add_combo (EspTrainingSection *self, const char *title, const char *const *words, GCallback func)
{
  GtkWidget *row = adw_combo_row_new ();
  g_autoptr (GtkStringList) list = gtk_string_list_new (words);

  self->syncing = TRUE;
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_combo_row_set_model (ADW_COMBO_ROW (row), G_LIST_MODEL (list));
  g_signal_connect_swapped (row, "notify::selected", func, self);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  return row;
}

static void
add_file_row (EspTrainingSection *self)
{
  GtkWidget *button = gtk_button_new_from_icon_name ("document-open-symbolic");

  self->file_row = adw_action_row_new ();
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self->file_row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->file_row), _ ("Own data"));
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (self->file_row), 1);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, _ ("Choose a CSV, NPY, NPZ or IDX file"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Choose a data file"), -1);
  g_signal_connect_swapped (button, "clicked", G_CALLBACK (on_choose_file), self);
  adw_action_row_add_suffix (ADW_ACTION_ROW (self->file_row), button);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), self->file_row);
}

static void
esp_training_section_init (EspTrainingSection *self)
{
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _ ("Training"));
  self->data = add_combo (self, _ ("Data"), esp_session_get_data_sets (), G_CALLBACK (on_data));
  add_file_row (self);
  self->begin = add_combo (self, _ ("New layers begin as in"), conventions, G_CALLBACK (on_begin));
  self->editor = esp_network_editor_new (ADW_PREFERENCES_GROUP (self), show_again, self);
  self->rows = esp_setting_rows_new (ADW_PREFERENCES_GROUP (self), on_setting, self);
  self->syncing = FALSE;
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
