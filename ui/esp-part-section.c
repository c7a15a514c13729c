/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What classes and settings there are comes from EspSetting, so that a new optimiser needs nothing
 * here. What is changed makes a new network; the learning rate alone changes within the run, and
 * follows when it is changed elsewhere. */

#include "config.h"

#include "esp-part-section.h"
#include "esp-network-editor.h"
#include "esp-setting-rows.h"

#include <glib/gi18n.h>

typedef struct
{
  const char *name, *title, *about; /* texts untranslated */
  const char *none;                 /* what it is called that there is none; NULL: there is one */
  const char *const *(*get_classes) (void);
  GPtrArray *(*list) (const char *class_name);
} Part;

static const Part parts[] = {
  { "loss", N_ ("Loss"), NULL, NULL, esp_setting_get_losses, esp_setting_list_for_loss },
  { "optimizer", N_ ("Optimizer"),
    N_ ("The learning rate changes within the run. Any other setting begins a new run from these "
        "parameters, with moments at their beginning; undo returns to the run before."),
    NULL, esp_setting_get_optimizers, esp_setting_list_for_optimizer },
  /* Translators: of the learning rate, with time */
  { "schedule", N_ ("Schedule"), NULL, N_ ("Constant rate"), esp_setting_get_schedules,
    esp_setting_list_for_schedule },
};

struct _EspPartSection
{
  EspSection parent_instance;

  const Part *part;
  GtkWidget *classes;
  EspNetworkEditor *editor;
  EspSettingRows *rows;
  double rate; /* as it is shown */
  gboolean syncing;
};

G_DEFINE_FINAL_TYPE (EspPartSection, esp_part_section, ESP_TYPE_SECTION)

enum
{
  PROP_0,
  PROP_PART,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static double
get_rate (EspSession *session)
{
  EspDocument *document = esp_session_get_document (session);
  EspTrainer *trainer = document ? esp_document_get_trainer (document) : NULL;

  return trainer ? esp_trainer_get_learning_rate (trainer) : 0;
}

static void
select_class (EspPartSection *self, const char *class_name)
{
  const char *const *classes = self->part->get_classes ();
  guint first = self->part->none != NULL;
  guint found = class_name || !first ? GTK_INVALID_LIST_POSITION : 0;

  for (guint i = 0; class_name && classes[i]; i++)
    if (g_str_equal (classes[i], class_name))
      found = i + first;
  self->syncing = TRUE;
  adw_combo_row_set_selected (ADW_COMBO_ROW (self->classes), found);
  self->syncing = FALSE;
}

static void
esp_part_section_show (EspSection *section, EspSession *session)
{
  EspPartSection *self = ESP_PART_SECTION (section);
  g_autoptr (JsonObject)
      description = esp_section_is_root (session) ? esp_session_describe_network (session) : NULL;
  JsonObject *values = description && json_object_has_member (description, self->part->name)
                           ? json_object_get_object_member (description, self->part->name)
                           : NULL;
  const char *class_name = values ? json_object_get_string_member_with_default (values, "class", "")
                                  : NULL;
  g_autoptr (GPtrArray) settings = class_name ? self->part->list (class_name) : NULL;

  gtk_widget_set_visible (GTK_WIDGET (self), description != NULL);
  if (!description)
    return;
  esp_network_editor_set_session (self->editor, session);
  self->rate = get_rate (session);
  select_class (self, class_name);
  esp_setting_rows_show (self->rows, settings, values);
}

static void
esp_part_section_update (EspSection *section, EspSession *session)
{
  EspPartSection *self = ESP_PART_SECTION (section);

  if (gtk_widget_get_visible (GTK_WIDGET (self)) && get_rate (session) != self->rate)
    esp_part_section_show (section, session);
}

static void
show_again (gpointer user_data)
{
  EspPartSection *self = user_data;
  EspSession *session = esp_network_editor_get_session (self->editor);

  if (session)
    esp_part_section_show (ESP_SECTION (self), session);
}

static void
on_setting (const char *key, JsonNode *value, gpointer user_data)
{
  EspPartSection *self = user_data;
  EspNetworkChange change = { ESP_NETWORK_CHANGE_PART, self->part->name, key, 0, value };

  esp_network_editor_change (self->editor, &change);
}

static void
on_class (EspPartSection *self)
{
  guint index = adw_combo_row_get_selected (ADW_COMBO_ROW (self->classes));
  guint first = self->part->none != NULL;
  EspNetworkChange none = { ESP_NETWORK_CHANGE_MEMBER, NULL, self->part->name, 0, NULL };

  if (self->syncing || index == GTK_INVALID_LIST_POSITION)
    return;
  if (index < first)
    esp_network_editor_change (self->editor, &none);
  else
    {
      g_autoptr (JsonNode) word = json_node_init_string (json_node_alloc (),
                                                         self->part->get_classes ()[index - first]);

      on_setting ("class", word, self);
    }
}

static void
fill (EspPartSection *self)
{
  AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP (self);
  g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);
  const char *const *classes = self->part->get_classes ();

  if (self->part->none)
    gtk_string_list_append (titles, _ (self->part->none));
  for (guint i = 0; classes[i]; i++)
    gtk_string_list_append (titles, classes[i]);
  adw_preferences_group_set_title (group, _ (self->part->title));
  adw_preferences_group_set_description (group, self->part->about ? _ (self->part->about) : NULL);
  self->classes = adw_combo_row_new ();
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->classes), _ ("Class"));
  adw_combo_row_set_model (ADW_COMBO_ROW (self->classes), G_LIST_MODEL (titles));
  g_signal_connect_swapped (self->classes, "notify::selected", G_CALLBACK (on_class), self);
  adw_preferences_group_add (group, self->classes);
  self->editor = esp_network_editor_new (group, show_again, self);
  self->rows = esp_setting_rows_new (group, on_setting, self);
}

static void
esp_part_section_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspPartSection *self = ESP_PART_SECTION (object);

  if (id != PROP_PART)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (g_strcmp0 (parts[i].name, g_value_get_string (value)) == 0)
      self->part = &parts[i];
}

static void
esp_part_section_constructed (GObject *object)
{
  EspPartSection *self = ESP_PART_SECTION (object);

  G_OBJECT_CLASS (esp_part_section_parent_class)->constructed (object);
  g_assert (self->part != NULL);
  self->syncing = TRUE;
  fill (self);
  self->syncing = FALSE;
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

static void
esp_part_section_dispose (GObject *object)
{
  g_clear_pointer (&ESP_PART_SECTION (object)->rows, esp_setting_rows_free);
  G_OBJECT_CLASS (esp_part_section_parent_class)->dispose (object);
}

static void
esp_part_section_class_init (EspPartSectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = esp_part_section_set_property;
  object_class->constructed = esp_part_section_constructed;
  object_class->dispose = esp_part_section_dispose;
  ESP_SECTION_CLASS (klass)->show = esp_part_section_show;
  ESP_SECTION_CLASS (klass)->update = esp_part_section_update;
  properties[PROP_PART] = g_param_spec_string (
      "part", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
esp_part_section_init (EspPartSection *self)
{
}
