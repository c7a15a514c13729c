/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights of a file for the live network that is open: at once when all fits, after a look at what
 * doesn't otherwise. */

#include "config.h"

#include "esp-window-private.h"
#include "esp-dialogs.h"

#include <glib/gi18n.h>

#define MOST_NAMES 200 /* of each list in the dialog */

/* one file on its way */
typedef struct
{
  EspWindow *window;
  EspDocument *document;
  EspLoadState *state; /* NULL until it is read */
  char *name;          /* of the file, to be shown */
} Load;

static void
load_free (gpointer data)
{
  Load *load = data;

  g_clear_pointer (&load->state, esp_load_state_free);
  g_object_unref (load->document);
  g_object_unref (load->window);
  g_free (load->name);
  g_free (load);
}

/* nothing is left to do where the network is another one by now */
static void
apply (gpointer user_data)
{
  Load *load = user_data;
  g_autofree char *text = NULL;

  if (load->window->document != load->document || !esp_load_state_apply (load->state))
    return;
  text = g_strdup_printf (_ ("Loaded weights of “%s”"), load->name);
  esp_window_tell (load->window, text);
  esp_window_clock_wake (load->window);
}

/* @load is taken */
static void
ask (Load *load)
{
  guint fits = esp_load_state_get_n_fitting (load->state);
  EspTrainer *trainer = esp_document_get_trainer (load->document);
  guint n = esp_network_get_n_parameters (esp_trainer_get_network (trainer));
  g_autofree char *details = esp_load_state_describe (load->state, MOST_NAMES);
  g_autofree char *body = NULL;

  if (fits > 0)
    /* Translators: name of a file, two numbers */
    body = g_strdup_printf (_ ("“%s” has weights for %u of the network’s %u parameters and "
                               "buffers."),
                            load->name, fits, n);
  else
    body = g_strdup_printf (_ ("“%s” has weights for none of the network’s parameters and "
                               "buffers."),
                            load->name);
  esp_dialogs_ask_anyway (GTK_WINDOW (load->window),
                          fits > 0 ? _ ("Load What Fits?") : _ ("No Weights Fit"), body, details,
                          fits > 0 ? _ ("_Load What Fits") : NULL, apply, load, load_free);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Load *load = user_data;
  EspWindow *self = load->window;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  load->state = esp_load_state_read_finish (result, &error);
  if (self->document != load->document || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      load_free (load);
      return;
    }
  g_clear_object (&self->weights_cancellable);
  esp_window_enable (self, "load-weights", TRUE);
  if (load->state && !esp_load_state_is_complete (load->state))
    {
      ask (load);
      return;
    }
  if (load->state)
    apply (load);
  else
    {
      text = g_strdup_printf (_ ("The weights of “%s” could not be loaded"), load->name);
      esp_window_tell_problem (self, text, _ ("The Weights Were Not Loaded"), error->message);
    }
  load_free (load);
}

static void
on_file_chosen (GFile *file, gpointer user_data)
{
  EspWindow *self = user_data;
  EspLoadState *state = self->document ? esp_load_state_new (self->document) : NULL;
  g_autofree char *name = g_file_get_basename (file);
  Load *load;

  if (!state)
    return;
  if (!g_file_peek_path (file))
    {
      esp_load_state_free (state);
      esp_window_tell (self, _ ("Only files on this computer can be loaded"));
      return;
    }
  load = g_new0 (Load, 1);
  load->window = g_object_ref (self);
  load->document = g_object_ref (self->document);
  load->name = esp_path_escape (name);
  self->weights_cancellable = g_cancellable_new ();
  esp_window_enable (self, "load-weights", FALSE);
  esp_load_state_read_async (state, g_file_peek_path (file), self->weights_cancellable, on_read,
                             load);
}

static void
on_load (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  esp_dialogs_open_weights (GTK_WINDOW (user_data), on_file_chosen, g_object_ref (user_data),
                            g_object_unref);
}

void
esp_window_load_dispose (EspWindow *self)
{
  g_cancellable_cancel (self->weights_cancellable);
  g_clear_object (&self->weights_cancellable);
}

void
esp_window_load_update (EspWindow *self)
{
  esp_window_load_dispose (self);
  esp_window_enable (self, "load-weights",
                     self->document != NULL && esp_document_get_trainer (self->document) != NULL);
}

void
esp_window_load_init (EspWindow *self)
{
  const GActionEntry entries[] = { { "load-weights", on_load, NULL, NULL, NULL, { 0 } } };

  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  esp_window_load_update (self);
}
