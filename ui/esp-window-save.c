/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Saving a network, and asking before unsaved work is lost. */

#include "config.h"

#include "esp-window-private.h"
#include "esp-dialogs.h"

#include <glib/gi18n.h>
#include <string.h>

/* what to go on with */
typedef struct
{
  EspWindow *window;
  EspWindowFunc func; /* or NULL */
  gpointer user_data;
  GDestroyNotify destroy;
  GFile *file; /* where it is being saved */
  EspDocument *document;
} Then;

static Then *
then_new (EspWindow *self, EspWindowFunc func, gpointer user_data, GDestroyNotify destroy)
{
  Then *then = g_new0 (Then, 1);

  then->window = g_object_ref (self);
  then->func = func;
  then->user_data = user_data;
  then->destroy = destroy;
  return then;
}

static void
then_free (gpointer data)
{
  Then *then = data;

  if (then->destroy)
    then->destroy (then->user_data);
  g_clear_object (&then->file);
  g_clear_object (&then->document);
  g_object_unref (then->window);
  g_free (then);
}

/* the work goes to the next in the chain, which frees it */
static Then *
then_move (Then *then)
{
  Then *moved = then_new (then->window, then->func, then->user_data, then->destroy);

  then->func = NULL;
  then->user_data = NULL;
  then->destroy = NULL;
  return moved;
}

static void
then_go_on (Then *then)
{
  if (then->func)
    then->func (then->window, then->user_data);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Then *then = user_data;
  EspWindow *self = then->window;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_file_get_basename (then->file);
  g_autofree char *shown = esp_path_escape (name);
  g_autofree char *text = NULL;

  if (esp_document_save_finish (ESP_DOCUMENT (source), result, &error))
    {
      if (then->document == self->document)
        g_set_object (&self->saved_file, then->file);
      text = g_strdup_printf (_ ("Saved as “%s”"), shown);
      esp_window_tell (self, text);
      then_go_on (then);
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      text = g_strdup_printf (_ ("“%s” could not be saved"), shown);
      esp_window_tell_problem (self, text, _ ("The Network Was Not Saved"), error->message);
    }
  then_free (then);
}

static void
save_to (Then *then, GFile *file)
{
  EspDocument *document = then->window->document;

  if (!document || !g_file_peek_path (file))
    {
      esp_window_tell (then->window, _ ("Networks can be saved on this computer only"));
      then_free (then);
      return;
    }
  then->file = g_object_ref (file);
  then->document = g_object_ref (document);
  esp_document_save_async (document, g_file_peek_path (file), TRUE, NULL, on_saved, then);
}

static void
on_file_chosen (GFile *file, gpointer user_data)
{
  g_autofree char *name = g_file_get_basename (file);
  g_autoptr (GFile) folder = g_file_get_parent (file);
  g_autoptr (GFile) named = NULL;

  if (strchr (name, '.') || !folder)
    {
      save_to (then_move (user_data), file);
      return;
    }
  /* without a suffix other programs would not know it; the dialog did not ask about this name */
  {
    g_autofree char *full = g_strconcat (name, ".safetensors", NULL);

    named = g_file_get_child (folder, full);
    save_to (then_move (user_data), g_file_query_exists (named, NULL) ? file : named);
  }
}

static char *
dup_file_name (EspDocument *document)
{
  g_autofree char *name = esp_path_escape (esp_document_get_title (document));

  g_strdelimit (name, "/\\", '-');
  return g_strconcat (*name ? name : "network", ".safetensors", NULL);
}

static void
save (Then *then, gboolean choose)
{
  EspWindow *self = then->window;
  g_autofree char *name = NULL;

  if (!self->document || !esp_document_get_trainer (self->document))
    {
      then_free (then);
      return;
    }
  if (self->saved_file && !choose)
    {
      save_to (then, self->saved_file);
      return;
    }
  name = self->saved_file ? g_file_get_basename (self->saved_file) : dup_file_name (self->document);
  esp_dialogs_save (GTK_WINDOW (self), name, on_file_chosen, then, then_free);
}

static void
on_answer (EspUnsaved answer, gpointer user_data)
{
  Then *then = user_data;

  if (answer == ESP_UNSAVED_DISCARD)
    then_go_on (then);
  else if (answer == ESP_UNSAVED_SAVE)
    save (then_move (then), FALSE);
}

void
esp_window_when_safe (EspWindow *self,
                      EspWindowFunc func,
                      gpointer user_data,
                      GDestroyNotify destroy)
{
  Then *then = then_new (self, func, user_data, destroy);
  g_autofree char *title = NULL;

  if (!self->document || !esp_document_get_modified (self->document))
    {
      then_go_on (then);
      then_free (then);
      return;
    }
  title = esp_path_escape (esp_document_get_title (self->document));
  esp_dialogs_ask_unsaved (GTK_WINDOW (self), title, on_answer, then, then_free);
}

static void
on_save (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  save (then_new (user_data, NULL, NULL, NULL), FALSE);
}

static void
on_save_as (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  save (then_new (user_data, NULL, NULL, NULL), TRUE);
}

void
esp_window_save_init (EspWindow *self)
{
  const GActionEntry entries[] = {
    { "save", on_save, NULL, NULL, NULL, { 0 } },
    { "save-as", on_save_as, NULL, NULL, NULL, { 0 } },
  };

  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  esp_window_enable (self, "save", FALSE);
  esp_window_enable (self, "save-as", FALSE);
}

void
esp_window_save_dispose (EspWindow *self)
{
  g_clear_object (&self->saved_file);
}
