/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes wait in a queue because each is made in a worker and begins with what the one before made
 * of the network; typing into a number gives several. */

#include "config.h"

#include "esp-network-editor.h"

#include <glib/gi18n.h>

struct _EspNetworkEditor
{
  GWeakRef session;
  GtkWidget *trouble; /* label; owned by the group */
  GtkWidget *owner;   /* or this one has the window tell it; borrowed */
  EspNetworkEditorFunc again;
  gpointer user_data;
  GQueue waiting; /* EspNetworkChange, owned with its texts */
  gboolean busy;
  gatomicrefcount ref_count;
};

static void
free_change (EspNetworkChange *change)
{
  g_free ((char *) change->path);
  g_free ((char *) change->word);
  g_clear_pointer (&change->value, json_node_unref);
  g_free (change);
}

static void
editor_unref (EspNetworkEditor *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_queue_clear_full (&self->waiting, (GDestroyNotify) free_change);
  g_weak_ref_clear (&self->session);
  g_free (self);
}

/* the group goes; a change under way still comes back */
static void
on_group_gone (gpointer data)
{
  EspNetworkEditor *self = data;

  self->trouble = self->owner = NULL;
  self->again = NULL;
  editor_unref (self);
}

static EspNetworkEditor *
editor_new (void)
{
  EspNetworkEditor *self = g_new0 (EspNetworkEditor, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_weak_ref_init (&self->session, NULL);
  g_queue_init (&self->waiting);
  return self;
}

EspNetworkEditor *
esp_network_editor_new_for_widget (GtkWidget *owner)
{
  EspNetworkEditor *self = editor_new ();

  self->owner = owner;
  g_object_set_data_full (G_OBJECT (owner), "esp-network-editor", self, on_group_gone);
  return self;
}

EspNetworkEditor *
esp_network_editor_new (AdwPreferencesGroup *group, EspNetworkEditorFunc again, gpointer user_data)
{
  EspNetworkEditor *self = editor_new ();

  self->again = again;
  self->user_data = user_data;
  self->trouble = g_object_new (GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_ALERT, NULL);
  gtk_label_set_wrap (GTK_LABEL (self->trouble), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (self->trouble), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign (GTK_LABEL (self->trouble), 0);
  gtk_label_set_selectable (GTK_LABEL (self->trouble), TRUE);
  gtk_widget_set_margin_top (self->trouble, 6);
  gtk_widget_set_visible (self->trouble, FALSE);
  gtk_widget_add_css_class (self->trouble, "trouble");
  adw_preferences_group_add (group, self->trouble);
  g_object_set_data_full (G_OBJECT (group), "esp-network-editor", self, on_group_gone);
  return self;
}

void
esp_network_editor_set_session (EspNetworkEditor *self, EspSession *session)
{
  g_weak_ref_set (&self->session, session);
}

EspSession *
esp_network_editor_get_session (EspNetworkEditor *self)
{
  EspSession *session = g_weak_ref_get (&self->session);

  /* the window holds it as long as there is anything to click on */
  if (session)
    g_object_unref (session);
  return session;
}

static void
show_trouble (EspNetworkEditor *self, const char *text)
{
  g_autofree char *shown = text ? esp_path_escape (text) : NULL;

  if (self->owner && shown)
    gtk_widget_activate_action (self->owner, "win.tell", "s", shown);
  if (!self->trouble)
    return;
  gtk_label_set_text (GTK_LABEL (self->trouble), shown ? shown : "");
  gtk_widget_set_visible (self->trouble, text != NULL);
}

void
esp_network_editor_forget_trouble (EspNetworkEditor *self)
{
  show_trouble (self, NULL);
}

static void begin_next (EspNetworkEditor *self);

static void
on_changed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  EspNetworkEditor *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean good = esp_session_change_network_finish (ESP_SESSION (source), result, &error);

  self->busy = FALSE;
  if (!good && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    show_trouble (self, error->message);
  if (!good && self->again)
    self->again (self->user_data);
  begin_next (self);
  editor_unref (self);
}

static void
begin_next (EspNetworkEditor *self)
{
  EspSession *session = esp_network_editor_get_session (self);
  EspNetworkChange *change = self->busy || !session ? NULL : g_queue_pop_head (&self->waiting);

  if (!change)
    return;
  self->busy = TRUE;
  show_trouble (self, NULL);
  g_atomic_ref_count_inc (&self->ref_count);
  esp_session_change_network_async (session, change, on_changed, self);
  free_change (change);
}

void
esp_network_editor_change (EspNetworkEditor *self, const EspNetworkChange *change)
{
  EspNetworkChange *copy = g_memdup2 (change, sizeof *change);

  copy->path = g_strdup (change->path);
  copy->word = g_strdup (change->word);
  copy->value = change->value ? json_node_copy (change->value) : NULL;
  g_queue_push_tail (&self->waiting, copy);
  begin_next (self);
}

void
esp_network_editor_set (EspNetworkEditor *self, const char *path, const char *key, JsonNode *value)
{
  EspNetworkChange change = { ESP_NETWORK_CHANGE_SETTING, path, key, 0, value };

  esp_network_editor_change (self, &change);
  g_clear_pointer (&value, json_node_unref);
}

/* -- menus ----------------------------------------------------------------------------------- */

GMenuModel *
esp_network_editor_make_class_menu (const char *action)
{
  const char *const *names = esp_setting_get_layers ();
  GMenu *menu = g_menu_new ();

  for (guint i = 0; names[i]; i++)
    {
      g_autoptr (GMenuItem) item = g_menu_item_new (names[i], NULL);

      g_menu_item_set_action_and_target (item, action, "s", names[i]);
      g_menu_append_item (menu, item);
    }
  return G_MENU_MODEL (menu);
}

static void
append_move (GMenu *menu, const char *label, int by, gboolean possible)
{
  g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);

  if (!possible)
    return;
  g_menu_item_set_action_and_target (item, "layer.move", "i", by);
  g_menu_append_item (menu, item);
}

/* other modules of the class */
static GMenuModel *
make_share_menu (GPtrArray *modules, const EspNetworkModule *module)
{
  GMenu *menu = g_menu_new ();

  for (guint i = 0; i < modules->len; i++)
    {
      const EspNetworkModule *other = g_ptr_array_index (modules, i);
      g_autofree char *label = g_strdup_printf ("%s: %s", other->path, other->class_name);
      g_autoptr (GMenuItem) item = NULL;

      if (g_str_equal (other->path, module->path) || other->shared ||
          g_strcmp0 (other->path, module->shared) == 0 ||
          !g_str_equal (other->class_name, module->class_name))
        continue;
      item = g_menu_item_new (label, NULL);
      g_menu_item_set_action_and_target (item, "layer.share", "s", other->path);
      g_menu_append_item (menu, item);
    }
  return G_MENU_MODEL (menu);
}

GMenuModel *
esp_network_editor_make_menu (GPtrArray *modules, const EspNetworkModule *module)
{
  GMenu *menu = g_menu_new ();
  g_autoptr (GMenu) adding = g_menu_new ();
  g_autoptr (GMenu) moving = g_menu_new ();
  g_autoptr (GMenu) sharing = g_menu_new ();
  g_autoptr (GMenu) removing = g_menu_new ();
  g_autoptr (GMenuModel) before = esp_network_editor_make_class_menu ("layer.add-before");
  g_autoptr (GMenuModel) after = esp_network_editor_make_class_menu ("layer.add-after");
  g_autoptr (GMenuModel) share = make_share_menu (modules, module);

  g_menu_append_submenu (adding, _ ("Add Layer Before"), before);
  g_menu_append_submenu (adding, _ ("Add Layer After"), after);
  g_menu_append (adding, _ ("Duplicate"), "layer.duplicate");
  append_move (moving, _ ("Move Up"), -1, module->index > 0);
  append_move (moving, _ ("Move Down"), 1, module->index + 1 < module->n_beside);
  if (g_menu_model_get_n_items (share) > 0)
    g_menu_append_submenu (sharing, _ ("Share With"), share);
  if (module->ties)
    g_menu_append (sharing, _ ("Stop Sharing"), "layer.unshare");
  g_menu_append (removing, _ ("Remove"), "layer.remove");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (adding));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (moving));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (sharing));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (removing));
  return G_MENU_MODEL (menu);
}

/* into the popover that the button has: a new one for each time would take away the surface of the
 * one before, in which the pointer may still be for GTK */
static void
make_popup (GtkMenuButton *button, gpointer user_data)
{
  GtkPopoverMenu *popover = GTK_POPOVER_MENU (gtk_menu_button_get_popover (button));
  EspLayerTarget *target = user_data;
  EspSession *session = esp_network_editor_get_session (target->editor);
  g_autoptr (GPtrArray) modules = session ? esp_session_list_modules (session) : NULL;

  for (guint i = 0; modules && i < modules->len; i++)
    {
      const EspNetworkModule *module = g_ptr_array_index (modules, i);
      g_autoptr (GMenuModel) menu = NULL;

      if (g_strcmp0 (module->path, target->path) != 0)
        continue;
      menu = esp_network_editor_make_menu (modules, module);
      gtk_popover_menu_set_menu_model (popover, menu);
    }
}

void
esp_network_editor_give_menu (GtkMenuButton *button, EspLayerTarget *target)
{
  gtk_menu_button_set_popover (button, gtk_popover_menu_new_from_model (NULL));
  gtk_menu_button_set_create_popup_func (button, make_popup, target, NULL);
}

/* -- their actions --------------------------------------------------------------------------- */

static void
change_layer (EspLayerTarget *self, EspNetworkChangeKind kind, const char *word, guint index)
{
  EspNetworkChange change = { kind, self->path, word, index, NULL };

  if (kind == ESP_NETWORK_CHANGE_ADD)
    change.path = self->container;
  esp_network_editor_change (self->editor, &change);
}

static void
on_add_before (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspLayerTarget *self = user_data;

  change_layer (self, ESP_NETWORK_CHANGE_ADD, g_variant_get_string (parameter, NULL), self->index);
}

static void
on_add_after (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspLayerTarget *self = user_data;

  change_layer (self, ESP_NETWORK_CHANGE_ADD, g_variant_get_string (parameter, NULL),
                self->index + 1);
}

static void
on_move (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspLayerTarget *self = user_data;

  change_layer (self, ESP_NETWORK_CHANGE_MOVE, NULL,
                self->index + (guint) g_variant_get_int32 (parameter));
}

static void
on_duplicate (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  change_layer (user_data, ESP_NETWORK_CHANGE_DUPLICATE, NULL, 0);
}

static void
on_share (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  change_layer (user_data, ESP_NETWORK_CHANGE_SHARE, g_variant_get_string (parameter, NULL), 0);
}

static void
on_unshare (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  change_layer (user_data, ESP_NETWORK_CHANGE_UNSHARE, NULL, 0);
}

static void
on_remove (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  change_layer (user_data, ESP_NETWORK_CHANGE_REMOVE, NULL, 0);
}

GSimpleActionGroup *
esp_network_editor_make_actions (EspLayerTarget *target)
{
  static const GActionEntry entries[] = {
    { "add-before", on_add_before, "s", NULL, NULL, { 0 } },
    { "add-after", on_add_after, "s", NULL, NULL, { 0 } },
    { "move", on_move, "i", NULL, NULL, { 0 } },
    { "duplicate", on_duplicate, NULL, NULL, NULL, { 0 } },
    { "share", on_share, "s", NULL, NULL, { 0 } },
    { "unshare", on_unshare, NULL, NULL, NULL, { 0 } },
    { "remove", on_remove, NULL, NULL, NULL, { 0 } },
  };
  GSimpleActionGroup *group = g_simple_action_group_new ();

  g_action_map_add_action_entries (G_ACTION_MAP (group), entries, G_N_ELEMENTS (entries), target);
  return group;
}

void
esp_layer_target_set (EspLayerTarget *self, const EspNetworkModule *module)
{
  esp_layer_target_clear (self);
  self->path = g_strdup (module->path);
  self->container = g_strdup (module->container);
  self->index = module->index;
}

void
esp_layer_target_clear (EspLayerTarget *self)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->container, g_free);
}
