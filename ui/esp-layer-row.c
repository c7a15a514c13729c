/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows are used again when the network changes, so that the focus stays where somebody types. A
 * number counts when it hasn't changed for a moment. */

#include "config.h"

#include "esp-layer-row.h"
#include "esp-setting-rows.h"

#include <glib/gi18n.h>

/* ms without another change after which a number is taken */
#define SETTLE 350

struct _EspLayerRow
{
  AdwPreferencesRow parent_instance;

  GtkWidget *box;
  GtkWidget *path;
  GtkWidget *mark;
  GtkWidget *container_label; /* where the class can't be another */
  GtkWidget *classes;
  GtkWidget *size;
  GtkWidget *menu;

  EspLayerTarget target;
  char *key;     /* of the setting that the spin button shows; NULL: none */
  gboolean real; /* whether that is no whole number */
  guint settle;  /* source */
  gboolean syncing;
};

G_DEFINE_FINAL_TYPE (EspLayerRow, esp_layer_row, ADW_TYPE_PREFERENCES_ROW)

static guint
find_class (const char *name)
{
  const char *const *names = esp_setting_get_layers ();

  for (guint i = 0; names[i]; i++)
    if (g_str_equal (names[i], name))
      return i;
  return GTK_INVALID_LIST_POSITION;
}

static void
on_class (EspLayerRow *self)
{
  guint index = gtk_drop_down_get_selected (GTK_DROP_DOWN (self->classes));
  EspNetworkChange change = { ESP_NETWORK_CHANGE_CLASS, self->target.path, NULL, 0, NULL };

  if (self->syncing || index == GTK_INVALID_LIST_POSITION)
    return;
  change.word = esp_setting_get_layers ()[index];
  esp_network_editor_change (self->target.editor, &change);
}

static gboolean
on_settled (gpointer user_data)
{
  EspLayerRow *self = user_data;
  JsonNode *value = json_node_alloc ();

  self->settle = 0;
  if (self->real)
    json_node_init_double (value, gtk_spin_button_get_value (GTK_SPIN_BUTTON (self->size)));
  else
    json_node_init_int (value, gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (self->size)));
  esp_network_editor_set (self->target.editor, self->target.path, self->key, value);
  return G_SOURCE_REMOVE;
}

static void
on_size (EspLayerRow *self)
{
  if (self->syncing || !self->key)
    return;
  g_clear_handle_id (&self->settle, g_source_remove);
  self->settle = g_timeout_add (SETTLE, on_settled, self);
}

/* the setting that matters most: what must be there, else the first number */
static const EspSetting *
find_main (GPtrArray *settings)
{
  static const char *const first[] = { "out_features",  "out_channels", "hidden_size",
                                       "embedding_dim", "num_heads",    "num_groups",
                                       "kernel_size",   "output_size",  "p",
                                       "negative_slope" };

  for (guint i = 0; settings && i < G_N_ELEMENTS (first); i++)
    {
      const EspSetting *setting = esp_setting_find (settings, first[i]);

      if (setting)
        return setting;
    }
  return NULL;
}

static void
show_size (EspLayerRow *self, const EspNetworkModule *module)
{
  g_autoptr (GPtrArray) settings = esp_setting_list_for_layer (module->class_name);
  const EspSetting *setting = find_main (settings);
  JsonNode *node = setting ? json_object_get_member (module->settings, setting->key) : NULL;
  GType type = node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node)
                                                    : G_TYPE_INVALID;
  gboolean number = type == G_TYPE_INT64 || type == G_TYPE_DOUBLE;
  g_autofree char *label = NULL;

  g_clear_pointer (&self->key, g_free);
  gtk_widget_set_visible (self->size, number);
  if (!number)
    return;
  self->key = g_strdup (setting->key);
  self->real = setting->kind == ESP_SETTING_NUMBER;
  gtk_spin_button_set_digits (GTK_SPIN_BUTTON (self->size), self->real ? 2 : 0);
  gtk_spin_button_set_increments (GTK_SPIN_BUTTON (self->size), self->real ? 0.05 : 1,
                                  self->real ? 0.1 : 8);
  gtk_spin_button_set_range (GTK_SPIN_BUTTON (self->size), setting->min, MIN (setting->max, 65536));
  if (!self->settle)
    gtk_spin_button_set_value (GTK_SPIN_BUTTON (self->size), json_node_get_double (node));
  /* TRANSLATORS: a setting's name, path of the layer */
  label = g_strdup_printf (_ ("%s of layer %s"), setting->key, module->path);
  gtk_widget_set_tooltip_text (self->size, setting->key);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->size), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
}

static void
show_words (EspLayerRow *self, const EspNetworkModule *module, gboolean fixed)
{
  g_autofree char *shown = esp_path_escape (module->path);
  g_autofree char *title = g_strdup_printf ("%s: %s", shown, module->class_name);
  g_autofree char *class_label = g_strdup_printf (_ ("Class of layer %s"), shown);
  g_autofree char *menu_label = g_strdup_printf (_ ("Menu of layer %s"), shown);
  g_autofree char *shared = module->shared
                                ? g_strdup_printf (_ ("The same layer as %s"), module->shared)
                                : g_strdup (_ ("Shares its parameters"));

  gtk_label_set_text (GTK_LABEL (self->path), shown);
  gtk_widget_set_tooltip_text (self->path, shown);
  gtk_widget_set_visible (self->mark, module->ties);
  gtk_widget_set_tooltip_text (self->mark, shared);
  gtk_widget_set_visible (self->classes, !fixed);
  gtk_widget_set_visible (self->container_label, fixed);
  gtk_label_set_text (GTK_LABEL (self->container_label), module->class_name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->classes), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  class_label, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->menu), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  menu_label, -1);
}

void
esp_layer_row_show (EspLayerRow *self, const EspNetworkModule *module)
{
  guint index = find_class (module->class_name);
  gboolean fixed = index == GTK_INVALID_LIST_POSITION;

  self->syncing = TRUE;
  if (g_strcmp0 (self->target.path, module->path) != 0)
    g_clear_handle_id (&self->settle, g_source_remove);
  esp_layer_target_set (&self->target, module);
  gtk_widget_set_margin_start (self->box, 12 + 12 * (int) MIN (module->depth, 6));
  show_words (self, module, fixed);
  if (!fixed)
    gtk_drop_down_set_selected (GTK_DROP_DOWN (self->classes), index);
  show_size (self, module);
  self->syncing = FALSE;
}

static void
esp_layer_row_dispose (GObject *object)
{
  EspLayerRow *self = ESP_LAYER_ROW (object);

  g_clear_handle_id (&self->settle, g_source_remove);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "layer", NULL);
  esp_layer_target_clear (&self->target);
  g_clear_pointer (&self->key, g_free);
  G_OBJECT_CLASS (esp_layer_row_parent_class)->dispose (object);
}

static void
esp_layer_row_class_init (EspLayerRowClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_layer_row_dispose;
}

static GtkWidget *
add (EspLayerRow *self, GtkWidget *widget)
{
  gtk_widget_set_valign (widget, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (self->box), widget);
  return widget;
}

static void
esp_layer_row_init (EspLayerRow *self)
{
  self->box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_widget_set_margin_end (self->box, 6);
  gtk_widget_set_margin_top (self->box, 3);
  gtk_widget_set_margin_bottom (self->box, 3);
  self->path = add (self, gtk_label_new (NULL));
  gtk_label_set_ellipsize (GTK_LABEL (self->path), PANGO_ELLIPSIZE_START);
  gtk_label_set_xalign (GTK_LABEL (self->path), 0);
  gtk_label_set_width_chars (GTK_LABEL (self->path), 2);
  gtk_widget_add_css_class (self->path, "numeric");
  self->mark = add (self, gtk_image_new_from_icon_name ("esp-tie-symbolic"));
  self->container_label = add (self, gtk_label_new (NULL));
  gtk_widget_add_css_class (self->container_label, "second");
  gtk_label_set_xalign (GTK_LABEL (self->container_label), 0);
  gtk_widget_set_hexpand (self->container_label, TRUE);
  self->classes = add (self, gtk_drop_down_new_from_strings (esp_setting_get_layers ()));
  gtk_drop_down_set_enable_search (GTK_DROP_DOWN (self->classes), TRUE);
  {
    g_autoptr (GtkExpression)
        word = gtk_property_expression_new (GTK_TYPE_STRING_OBJECT, NULL, "string");

    gtk_drop_down_set_expression (GTK_DROP_DOWN (self->classes), word);
  }
  gtk_widget_set_hexpand (self->classes, TRUE);
  self->size = add (self, gtk_spin_button_new_with_range (1, 65536, 1));
  esp_setting_rows_ignore_wheel (self->size);
  gtk_spin_button_set_numeric (GTK_SPIN_BUTTON (self->size), TRUE);
  /* undo is the network's */
  gtk_editable_set_enable_undo (GTK_EDITABLE (self->size), FALSE);
  gtk_editable_set_width_chars (GTK_EDITABLE (self->size), 4);
  gtk_editable_set_max_width_chars (GTK_EDITABLE (self->size), 5);
  self->menu = add (self, gtk_menu_button_new ());
  gtk_menu_button_set_icon_name (GTK_MENU_BUTTON (self->menu), "view-more-symbolic");
  gtk_widget_add_css_class (self->menu, "flat");
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self), FALSE);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (self), FALSE);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (self), self->box);
  g_signal_connect_swapped (self->classes, "notify::selected", G_CALLBACK (on_class), self);
  g_signal_connect_swapped (self->size, "value-changed", G_CALLBACK (on_size), self);
}

GtkWidget *
esp_layer_row_new (EspNetworkEditor *editor)
{
  EspLayerRow *self = g_object_new (ESP_TYPE_LAYER_ROW, NULL);
  g_autoptr (GSimpleActionGroup) actions = esp_network_editor_make_actions (&self->target);

  self->target.editor = editor;
  esp_network_editor_give_menu (GTK_MENU_BUTTON (self->menu), &self->target);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "layer", G_ACTION_GROUP (actions));
  return GTK_WIDGET (self);
}
