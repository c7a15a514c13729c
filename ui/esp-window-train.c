/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Training an opened checkpoint: asks what has to be chosen, and puts the network in the
 * checkpoint's place. */

#include "config.h"

#include "esp-window-private.h"
#include "esp-dialogs.h"
#include "esp-train-dialog.h"

#include <glib/gi18n.h>

static void
on_network (EspNetwork *network, GPtrArray *notes, gpointer user_data)
{
  EspWindow *self = user_data;
  g_autoptr (EspDocument) document = esp_document_new_for_network (network);

  esp_session_set_document (self->session, document);
  if (notes && notes->len > 0)
    {
      g_autoptr (GString) body = g_string_new (NULL);

      for (guint i = 0; i < notes->len; i++)
        g_string_append_printf (body, "%s%s", i ? "\n\n" : "", (const char *) notes->pdata[i]);
      esp_window_tell_problem (self, _ ("The network differs from the checkpoint"),
                               _ ("What is different"), body->str);
    }
}

static void
on_train (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;
  EspCheckpoint *checkpoint = self->document ? esp_document_get_checkpoint (self->document) : NULL;
  g_autoptr (EspArchitecture) architecture = NULL;
  g_autoptr (GError) error = NULL, guess_error = NULL;
  g_autofree char *about = NULL;

  if (!checkpoint)
    return;
  architecture = esp_architecture_read (checkpoint, &error);
  if (!architecture)
    architecture = esp_architecture_guess (checkpoint, &guess_error);
  if (!architecture)
    {
      g_autofree char *body = g_strdup_printf ("%s\n\n%s", error->message, guess_error->message);

      esp_dialogs_tell (GTK_WINDOW (self), _ ("This checkpoint can’t be trained"), body);
      return;
    }
  if (error)
    /* Translators: %s is a sentence without a full stop */
    about = g_strdup_printf (_ ("%s. These layers follow from names and shapes; choose what leaves "
                                "no trace in the file."),
                             error->message);
  esp_train_dialog_present (GTK_WINDOW (self), architecture, about, on_network, g_object_ref (self),
                            g_object_unref);
}

static void
copy_code (EspWindow *self, char *(*write) (EspNetwork *network, GError **error))
{
  EspTrainer *trainer = self->document ? esp_document_get_trainer (self->document) : NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *code = NULL;

  if (!trainer)
    return;
  code = write (esp_trainer_get_network (trainer), &error);
  if (code)
    gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), code);
  esp_window_tell (self, code ? _ ("Code copied") : error->message);
}

static void
on_copy_code (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  copy_code (user_data, esp_network_to_pytorch);
}

static void
on_copy_keras_code (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  copy_code (user_data, esp_network_to_keras);
}

void
esp_window_train_update (EspWindow *self)
{
  gboolean network = self->document != NULL && esp_document_get_trainer (self->document) != NULL;

  esp_window_enable (self, "copy-code", network);
  esp_window_enable (self, "copy-keras-code", network);
  esp_window_enable (self, "train",
                     self->document != NULL &&
                         esp_document_get_checkpoint (self->document) != NULL);
}

void
esp_window_train_init (EspWindow *self)
{
  const GActionEntry entries[] = {
    { "train", on_train, NULL, NULL, NULL, { 0 } },
    { "copy-code", on_copy_code, NULL, NULL, NULL, { 0 } },
    { "copy-keras-code", on_copy_keras_code, NULL, NULL, NULL, { 0 } }
  };

  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  esp_window_train_update (self);
}
