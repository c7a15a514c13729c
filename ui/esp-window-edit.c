/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Edits of a live network, and undo and redo of what was done to it: menu entries that say what,
 * and keys. In a text entry the keys belong to the text. */

#include "config.h"

#include "esp-window-private.h"
#include "esp-edit-dialog.h"

#include <glib/gi18n.h>

static EspUndo *
get_undo (EspWindow *self)
{
  return esp_session_get_undo (self->session);
}

static void
append (GMenu *menu, const char *label, const char *action)
{
  g_autoptr (GMenuItem) item = g_menu_item_new (label, action);

  g_menu_append_item (menu, item);
}

/* "Undo Edit 0.weight"; a name may have an underscore, which isn't a mnemonic here */
static void
append_step (GMenu *menu,
             const char *format,
             const char *plain,
             const char *name,
             const char *action)
{
  g_auto (GStrv) parts = NULL, lines = NULL;
  g_autofree char *escaped = NULL, *label = NULL;

  if (!name)
    {
      append (menu, plain, action);
      return;
    }
  lines = g_strsplit (name, "_", -1);
  escaped = g_strjoinv ("__", lines);
  parts = g_strsplit (format, "%s", 2);
  label = g_strjoinv (escaped, parts);
  append (menu, label, action);
}

/* what can be edited where the selection is; nothing of a checkpoint */
static void
append_edits (EspWindow *self)
{
  EspPlace *place = esp_session_get_selection (self->session);
  EspDocument *document = esp_session_get_document (self->session);
  gboolean live = document && esp_document_get_trainer (document);

  esp_window_enable (self, "edit-numbers", live && place && esp_place_get_parameter (place));
  esp_window_enable (self, "initialize", live && place);
  if (!live)
    return;
  append (self->edit_section, _ ("Edit _Numbers…"), "win.edit-numbers");
  append (self->edit_section, _ ("_Initialize Anew"), "win.initialize");
}

static void
update (EspWindow *self)
{
  EspUndo *undo = get_undo (self);
  const char *undo_name = esp_undo_get_undo_name (undo);
  const char *redo_name = esp_undo_get_redo_name (undo);

  esp_window_enable (self, "undo", undo_name != NULL);
  esp_window_enable (self, "redo", redo_name != NULL);
  g_menu_remove_all (self->edit_section);
  /* Translators: %s is what was done, such as “Edit 0.weight” */
  append_step (self->edit_section, _ ("_Undo %s"), _ ("_Undo"), undo_name, "win.undo");
  append_step (self->edit_section, _ ("R_edo %s"), _ ("R_edo"), redo_name, "win.redo");
  append_edits (self);
}

/* whether the keys were meant for a text that is being written */
static gboolean
pass_to_text (EspWindow *self, const char *action)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));

  return GTK_IS_TEXT (focus) && gtk_editable_get_enable_undo (GTK_EDITABLE (focus)) &&
         gtk_widget_activate_action (focus, action, NULL);
}

static void
on_undo (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;

  if (pass_to_text (self, "text.undo"))
    return;
  esp_undo_undo (get_undo (self));
  esp_window_clock_wake (self);
}

static void
on_redo (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;

  if (pass_to_text (self, "text.redo"))
    return;
  esp_undo_redo (get_undo (self));
  esp_window_clock_wake (self);
}

static void
on_edit_numbers (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;

  esp_edit_dialog_present (GTK_WINDOW (self), self->session);
}

/* nothing is left to do where the network is another one by now */
static void
on_planned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEditPlan) plan = esp_edit_plan_run_finish (result, &error);

  if ((gpointer) self->document != (gpointer) source)
    return;
  if (!plan || !esp_edit_plan_apply (plan, &error))
    esp_window_tell (self, error->message);
  esp_window_clock_wake (self);
}

static void
on_initialize (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;
  EspPlace *place = esp_session_get_selection (self->session);
  g_autoptr (GError) error = NULL;
  EspEditPlan *plan = esp_edit_plan_new_initialize (self->document, place, g_random_int (), &error);

  if (plan)
    esp_edit_plan_run_async (plan, NULL, on_planned, g_object_ref (self));
  else
    esp_window_tell (self, error->message);
}

static void
on_seed_changed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspWindow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!esp_session_change_network_finish (ESP_SESSION (source), result, &error))
    esp_window_tell (self, error->message);
  else
    esp_window_clock_wake (self);
}

/* the next one, so that a class can count along */
static void
on_new_seed (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;
  g_autoptr (JsonObject) description = esp_session_describe_network (self->session);
  g_autofree char *next = NULL;
  EspNetworkChange change = { .kind = ESP_NETWORK_CHANGE_SEED };

  if (!description)
    return;
  next = g_strdup_printf ("%" G_GINT64_FORMAT,
                          (json_object_get_int_member (description, "seed") + 1) & G_MAXINT64);
  change.word = next;
  esp_session_change_network_async (self->session, &change, on_seed_changed, g_object_ref (self));
}

static void
on_refused (EspWindow *self)
{
  esp_window_tell (self, _ ("This run has too many branches; reset it to go on from its start"));
}

void
esp_window_edit_update (EspWindow *self)
{
  if (self->document)
    g_signal_connect_swapped (self->document, "refused", G_CALLBACK (on_refused), self);
}

/* what a widget has to say that has no place for it */
static void
on_tell (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  esp_window_tell (user_data, g_variant_get_string (parameter, NULL));
}

void
esp_window_edit_init (EspWindow *self)
{
  const GActionEntry entries[] = {
    { "undo", on_undo, NULL, NULL, NULL, { 0 } },
    { "redo", on_redo, NULL, NULL, NULL, { 0 } },
    { "edit-numbers", on_edit_numbers, NULL, NULL, NULL, { 0 } },
    { "initialize", on_initialize, NULL, NULL, NULL, { 0 } },
    { "tell", on_tell, "s", NULL, NULL, { 0 } },
    { "new-seed", on_new_seed, NULL, NULL, NULL, { 0 } },
  };

  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  g_signal_connect_object (get_undo (self), "notify::undo-name", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->session, "notify::selection", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  update (self);
}
