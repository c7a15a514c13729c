/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file that is open changes under us, as a training job's does: a bar says so and offers to
 * read it again, or that happens by itself. */

#include "config.h"

#include "esp-window-private.h"
#include "esp-settings.h"

#include <glib/gi18n.h>

#define KEY_AUTOMATIC "auto-reload"

/* what stands in the bar; NULL where there is nothing to say */
static const char *
get_text (EspReloadState state)
{
  switch (state)
    {
    case ESP_RELOAD_WRITING:
      /* Translators: %s is a file's name, here and in the next four */
      return _ ("“%s” is being written to");
    case ESP_RELOAD_REPLACED:
      return _ ("There is a newer version of “%s”");
    case ESP_RELOAD_REWRITTEN:
      return _ ("“%s” was written to: what isn’t on screen yet can’t be read any more");
    case ESP_RELOAD_GONE:
      return _ ("“%s” was deleted or moved; what is open can still be read");
    case ESP_RELOAD_FAILED:
      return _ ("The newer version of “%s” can’t be read");
    case ESP_RELOAD_LOADING:
    case ESP_RELOAD_NONE:
    default:
      return NULL;
    }
}

static void
set_text (EspWindow *self, const char *format)
{
  g_autofree char *name = esp_path_escape (esp_document_get_title (self->document));
  g_auto (GStrv) parts = g_strsplit (format, "%s", 2);
  g_autofree char *text = g_strjoinv (name, parts);

  gtk_label_set_text (self->reload_label, text);
}

static void
note_failure (EspWindow *self)
{
  const GError *error = esp_reload_get_error (self->reload);

  if (!error)
    return;
  g_free (self->problem_heading);
  self->problem_heading = g_strdup (_ ("The newer version can’t be read"));
  g_free (self->problem_body);
  self->problem_body = g_strdup (error->message);
}

static void
update (EspWindow *self)
{
  EspReloadState state = esp_reload_get_state (self->reload);
  const char *text = self->document ? get_text (state) : NULL;
  gboolean checkpoint = self->document && esp_document_get_checkpoint (self->document);

  esp_window_enable (self, "reload", checkpoint && state != ESP_RELOAD_LOADING);
  if (state == ESP_RELOAD_LOADING)
    return; /* what is said stays until it is known how that ends */
  if (text)
    set_text (self, text);
  if (state == ESP_RELOAD_FAILED)
    note_failure (self);
  gtk_widget_set_visible (self->reload_details, state == ESP_RELOAD_FAILED);
  gtk_widget_set_visible (self->reload_button, state != ESP_RELOAD_GONE);
  gtk_widget_set_visible (GTK_WIDGET (self->reload_revealer), text != NULL);
  gtk_revealer_set_reveal_child (self->reload_revealer, text != NULL);
}

static void
on_reload (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;

  self->reload_asked = TRUE;
  esp_reload_now (self->reload);
}

static void
on_dismiss (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;

  esp_reload_stop (self->reload);
}

static void
on_automatic (GSimpleAction *action, GVariant *state, gpointer user_data)
{
  EspWindow *self = user_data;

  g_simple_action_set_state (action, state);
  esp_reload_set_automatic (self->reload, g_variant_get_boolean (state));
  esp_settings_set_boolean (KEY_AUTOMATIC, g_variant_get_boolean (state));
}

/* a newer version that wants to run things is shown as one that is opened would be */
static gboolean
on_loaded (EspWindow *self, EspDocument *document)
{
  gboolean asked = self->reload_asked;

  self->reload_asked = FALSE;
  if (esp_window_refuse_reloaded (self, document))
    return TRUE;
  esp_session_replace_document (self->session, document);
  if (asked)
    esp_window_tell (self, _ ("Read again"));
  return TRUE;
}

void
esp_window_reload_init (EspWindow *self)
{
  const GActionEntry entries[] = {
    { "reload", on_reload, NULL, NULL, NULL, { 0 } },
    { "dismiss-reload", on_dismiss, NULL, NULL, NULL, { 0 } },
    { "auto-reload", NULL, NULL, "false", on_automatic, { 0 } },
  };

  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  self->reload = esp_reload_new (self->session);
  g_signal_connect_swapped (self->reload, "notify::state", G_CALLBACK (update), self);
  g_signal_connect_swapped (self->reload, "loaded", G_CALLBACK (on_loaded), self);
  g_action_group_change_action_state (
      G_ACTION_GROUP (self), "auto-reload",
      g_variant_new_boolean (esp_settings_get_boolean (KEY_AUTOMATIC, FALSE)));
  update (self);
}

void
esp_window_reload_update (EspWindow *self)
{
  update (self);
}

void
esp_window_reload_dispose (EspWindow *self)
{
  if (self->reload)
    {
      g_signal_handlers_disconnect_by_data (self->reload, self);
      g_object_run_dispose (G_OBJECT (self->reload));
    }
  g_clear_object (&self->reload);
}
