/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole numbers get a spin button, yes and no a switch, words a drop-down; all else is a text as
 * JSON has it ("0.001", "[3, 5]", "same"), which counts when it is applied. */

#include "config.h"

#include "esp-setting-rows.h"

#include <glib/gi18n.h>

/* ms without another change after which a number is taken */
#define SETTLE 350

typedef struct
{
  EspSettingRows *owner;
  const char *key; /* interned */
  EspSettingKind kind;
  const char *const *words;
  gboolean optional;  /* no text: there is none of it */
  GtkWidget *row;     /* borrowed from the group */
  GtkWidget *control; /* in it, or the row itself */
  guint settle;       /* source */
} Row;

struct _EspSettingRows
{
  AdwPreferencesGroup *group; /* borrowed */
  EspSettingRowsFunc func;
  gpointer user_data;
  char *class_name;
  GPtrArray *rows; /* Row */
  gboolean syncing;
};

static void
row_free (gpointer data)
{
  Row *row = data;

  g_clear_handle_id (&row->settle, g_source_remove);
  g_signal_handlers_disconnect_by_data (row->control, row);
  g_free (row);
}

EspSettingRows *
esp_setting_rows_new (AdwPreferencesGroup *group, EspSettingRowsFunc func, gpointer user_data)
{
  EspSettingRows *self = g_new0 (EspSettingRows, 1);

  self->group = group;
  self->func = func;
  self->user_data = user_data;
  self->rows = g_ptr_array_new_with_free_func (row_free);
  return self;
}

void
esp_setting_rows_free (EspSettingRows *self)
{
  if (!self)
    return;
  g_ptr_array_unref (self->rows);
  g_free (self->class_name);
  g_free (self);
}

/* -- what people do -------------------------------------------------------------------------- */

static void
tell (Row *row, JsonNode *value)
{
  row->owner->func (row->key, value, row->owner->user_data);
  g_clear_pointer (&value, json_node_unref);
}

static void
on_switch (Row *row)
{
  if (!row->owner->syncing)
    tell (row, json_node_init_boolean (json_node_alloc (),
                                       gtk_switch_get_active (GTK_SWITCH (row->control))));
}

static void
on_choice (Row *row)
{
  guint index = adw_combo_row_get_selected (ADW_COMBO_ROW (row->control));

  if (!row->owner->syncing && index != GTK_INVALID_LIST_POSITION)
    tell (row, json_node_init_string (json_node_alloc (), row->words[index]));
}

static gboolean
on_settled (gpointer user_data)
{
  Row *row = user_data;

  row->settle = 0;
  tell (row, json_node_init_int (json_node_alloc (), gtk_spin_button_get_value_as_int (
                                                         GTK_SPIN_BUTTON (row->control))));
  return G_SOURCE_REMOVE;
}

static void
on_number (Row *row)
{
  if (row->owner->syncing)
    return;
  g_clear_handle_id (&row->settle, g_source_remove);
  row->settle = g_timeout_add (SETTLE, on_settled, row);
}

static void
on_text (Row *row)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (row->control));
  JsonNode *value = strlen (text) < 4096 ? json_from_string (text, NULL) : NULL;

  if (!value && !(row->optional && *text == '\0'))
    value = json_node_init_string (json_node_alloc (), text);
  tell (row, value);
}

/* -- rows ------------------------------------------------------------------------------------ */

static GtkWidget *
add_control (Row *row, GtkWidget *control)
{
  row->row = adw_action_row_new ();
  gtk_widget_set_valign (control, GTK_ALIGN_CENTER);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row->row), control);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row->row), control);
  gtk_accessible_update_property (GTK_ACCESSIBLE (control), GTK_ACCESSIBLE_PROPERTY_LABEL, row->key,
                                  -1);
  return control;
}

void
esp_setting_rows_ignore_wheel (GtkWidget *spin)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (spin);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_EVENT_CONTROLLER_SCROLL (controller))
        gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_NONE);
    }
}

static void
make_row (Row *row, const EspSetting *setting)
{
  switch (setting->kind)
    {
    case ESP_SETTING_SWITCH:
      row->control = add_control (row, gtk_switch_new ());
      g_signal_connect_swapped (row->control, "notify::active", G_CALLBACK (on_switch), row);
      break;
    case ESP_SETTING_WHOLE:
      row->control = add_control (row,
                                  gtk_spin_button_new_with_range (setting->min, setting->max, 1));
      esp_setting_rows_ignore_wheel (row->control);
      /* undo is the network's */
      gtk_editable_set_enable_undo (GTK_EDITABLE (row->control), FALSE);
      gtk_editable_set_width_chars (GTK_EDITABLE (row->control), 5);
      gtk_editable_set_max_width_chars (GTK_EDITABLE (row->control), 6);
      gtk_spin_button_set_numeric (GTK_SPIN_BUTTON (row->control), TRUE);
      g_signal_connect_swapped (row->control, "value-changed", G_CALLBACK (on_number), row);
      break;
    case ESP_SETTING_CHOICE:
      {
        g_autoptr (GtkStringList) words = gtk_string_list_new (setting->words);

        row->row = row->control = adw_combo_row_new ();
        adw_combo_row_set_model (ADW_COMBO_ROW (row->row), G_LIST_MODEL (words));
        g_signal_connect_swapped (row->row, "notify::selected", G_CALLBACK (on_choice), row);
        break;
      }
    case ESP_SETTING_WHOLES:
    case ESP_SETTING_NUMBER:
    case ESP_SETTING_NUMBERS:
    case ESP_SETTING_SHAPE:
    case ESP_SETTING_LIST:
    default:
      row->row = row->control = adw_entry_row_new ();
      adw_entry_row_set_show_apply_button (ADW_ENTRY_ROW (row->row), TRUE);
      gtk_editable_set_enable_undo (GTK_EDITABLE (row->row), FALSE);
      g_signal_connect_swapped (row->row, "apply", G_CALLBACK (on_text), row);
    }
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row->row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row->row), setting->key);
}

static gboolean
is_number (const EspSetting *setting, JsonNode *node)
{
  return setting->kind == ESP_SETTING_WHOLE && node && JSON_NODE_HOLDS_VALUE (node) &&
         json_node_get_value_type (node) == G_TYPE_INT64;
}

static void
show_value (Row *row, JsonNode *node)
{
  g_autofree char *text = NULL;

  switch (row->kind)
    {
    case ESP_SETTING_SWITCH:
      gtk_switch_set_active (GTK_SWITCH (row->control), json_node_get_boolean (node));
      return;
    case ESP_SETTING_WHOLE:
      if (!row->settle)
        gtk_spin_button_set_value (GTK_SPIN_BUTTON (row->control), json_node_get_double (node));
      return;
    case ESP_SETTING_CHOICE:
      for (guint i = 0; row->words[i]; i++)
        if (g_strcmp0 (row->words[i], json_node_get_string (node)) == 0)
          adw_combo_row_set_selected (ADW_COMBO_ROW (row->control), i);
      return;
    case ESP_SETTING_WHOLES:
    case ESP_SETTING_NUMBER:
    case ESP_SETTING_NUMBERS:
    case ESP_SETTING_SHAPE:
    case ESP_SETTING_LIST:
    default:
      break;
    }
  text = node ? esp_setting_to_text (node) : g_strdup ("");
  if (g_strcmp0 (gtk_editable_get_text (GTK_EDITABLE (row->control)), text) != 0)
    gtk_editable_set_text (GTK_EDITABLE (row->control), text);
}

static void
clear (EspSettingRows *self)
{
  while (self->rows->len > 0)
    {
      Row *row = g_ptr_array_index (self->rows, self->rows->len - 1);
      GtkWidget *widget = row->row;

      g_ptr_array_set_size (self->rows, (int) self->rows->len - 1);
      adw_preferences_group_remove (self->group, widget);
    }
  g_clear_pointer (&self->class_name, g_free);
}

/* a setting whose value isn't of its usual kind (null, a word) is a text */
static void
build (EspSettingRows *self, GPtrArray *settings, JsonObject *values)
{
  for (guint i = 0; i < settings->len; i++)
    {
      EspSetting setting = *(const EspSetting *) g_ptr_array_index (settings, i);
      JsonNode *node = json_object_get_member (values, setting.key);
      gboolean optional = setting.kind == ESP_SETTING_NUMBER && !setting.fallback &&
                          !setting.required && !setting.nullable && !setting.follows;
      Row *row;

      if (!node && !optional)
        continue;
      if (setting.kind == ESP_SETTING_WHOLE && (setting.nullable || !is_number (&setting, node)))
        setting.kind = ESP_SETTING_NUMBERS;
      row = g_new0 (Row, 1);
      row->owner = self;
      row->key = setting.key;
      row->kind = setting.kind;
      row->words = setting.words;
      row->optional = optional;
      make_row (row, &setting);
      adw_preferences_group_add (self->group, row->row);
      g_ptr_array_add (self->rows, row);
    }
}

void
esp_setting_rows_show (EspSettingRows *self, GPtrArray *settings, JsonObject *values)
{
  const char *class_name = settings
                               ? json_object_get_string_member_with_default (values, "class", "")
                               : NULL;

  self->syncing = TRUE;
  if (g_strcmp0 (class_name, self->class_name) != 0)
    {
      clear (self);
      if (settings)
        build (self, settings, values);
      self->class_name = g_strdup (class_name);
    }
  for (guint i = 0; settings && i < self->rows->len; i++)
    {
      Row *row = g_ptr_array_index (self->rows, i);
      JsonNode *node = json_object_get_member (values, row->key);

      if (node || row->optional)
        show_value (row, node);
    }
  self->syncing = FALSE;
}
