/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reviving units of a document's network. The numbers are drawn from those of the moment, so
 * training stops between two steps first, and goes on after the change. Drawing looks whether units
 * fire, some million multiplications, so a worker does it. */

#include "config.h"

#include "esp-document-private.h"

#include <glib/gi18n.h>

#include "esp-revive.h"

typedef struct
{
  GArray *units;    /* EspUnitId */
  GPtrArray *paths; /* what they point at */
  guint64 draw;
  gboolean playing;
  EspSnapshot *now; /* what they are drawn from */
  guint64 changes;  /* that it has seen */
} Request;

static void
request_free (Request *request)
{
  g_array_unref (request->units);
  g_ptr_array_unref (request->paths);
  g_clear_pointer (&request->now, esp_snapshot_unref);
  g_free (request);
}

static gboolean
change (EspDocument *self, const EspRevival *revival, GError **error)
{
  g_autoptr (GArray) changes = g_array_new (FALSE, FALSE, sizeof (EspDocumentChange));
  g_autofree char *label = g_strdup_printf (
      ngettext ("Revive %u unit", "Revive %u units", revival->n_units), revival->n_units);

  for (guint i = 0; i < revival->numbers->len; i++)
    {
      const EspRevivedNumbers *numbers = &g_array_index (revival->numbers, EspRevivedNumbers, i);
      EspParameter *parameter = esp_network_get_parameter (self->network, numbers->parameter);
      EspDocumentChange own = { esp_parameter_get_place (parameter, 0), numbers->channel,
                                numbers->floats };

      g_array_append_val (changes, own);
    }
  return esp_document_change_many (self, (const EspDocumentChange *) (gpointer) changes->data,
                                   changes->len, label, error);
}

/* what is worth telling, or NULL */
static char *
describe (const EspRevival *revival)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, ngettext ("Revived %u unit", "Revived %u units", revival->n_units),
                          revival->n_units);
  if (revival->n_shared > 0)
    g_string_append (text, _ ("; a shared layer’s row changes at all its places"));
  if (revival->open != NULL)
    g_string_append_printf (text,
                            _ ("; %s takes them without weights of its own, so the answers "
                               "change at once"),
                            revival->open);
  return g_string_free (text, FALSE);
}

static void
draw (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Request *request = data;
  EspDocument *self = source;
  GError *error = NULL;
  EspRevival *revival = esp_revive (self->network, request->now,
                                    (const EspUnitId *) (gpointer) request->units->data,
                                    request->units->len, request->draw, &error);

  if (revival != NULL)
    g_task_return_pointer (task, revival, (GDestroyNotify) esp_revival_free);
  else
    g_task_return_error (task, error);
}

static void on_settled (EspDocument *self, gpointer user_data);

static void
on_drawn (GObject *source, GAsyncResult *result, gpointer user_data)
{
  EspDocument *self = ESP_DOCUMENT (source);
  Request *request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspRevival) revival = g_task_propagate_pointer (G_TASK (result), &error);
  g_autofree char *text = NULL;
  gboolean done;

  if (self->trainer == NULL) /* it was closed meanwhile */
    {
      request_free (request);
      return;
    }
  if (revival != NULL && (request->changes != self->changes || /* something was done meanwhile */
                          esp_trainer_is_playing (self->trainer)))
    {
      request->playing |= esp_trainer_is_playing (self->trainer);
      esp_document_pause (self);
      esp_document_when_settled (self, on_settled, request);
      return;
    }
  done = revival != NULL && change (self, revival, &error);
  text = done ? describe (revival) : g_strdup (error->message);
  if (request->playing)
    esp_document_play (self);
  request_free (request);
  g_signal_emit_by_name (self, "revived", text);
}

static void
on_settled (EspDocument *self, gpointer user_data)
{
  Request *request = user_data;
  g_autoptr (GTask) task = NULL;
  EspTimeline timeline;

  esp_trainer_get_timeline (self->trainer, &timeline);
  if (timeline.stage != ESP_STAGE_UPDATED) /* a step is under way part by part: to its end */
    {
      esp_document_step (self);
      esp_document_when_settled (self, on_settled, request);
      return;
    }
  g_clear_pointer (&request->now, esp_snapshot_unref);
  request->now = esp_snapshot_ref (self->snapshot);
  request->changes = self->changes;
  task = g_task_new (self, NULL, on_drawn, request);
  g_task_set_task_data (task, request, NULL);
  g_task_run_in_thread (task, draw);
}

void
esp_document_revive (EspDocument *self, const EspUnitId *units, guint n, guint64 draw)
{
  Request *request;

  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);
  g_return_if_fail (units != NULL && n > 0);

  request = g_new0 (Request, 1);
  request->units = g_array_new (FALSE, FALSE, sizeof (EspUnitId));
  request->paths = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < n; i++)
    {
      EspUnitId own = { g_strdup (units[i].path), units[i].unit };

      g_ptr_array_add (request->paths, (gpointer) own.path);
      g_array_append_val (request->units, own);
    }
  request->draw = draw;
  request->playing = esp_trainer_is_playing (self->trainer);
  esp_document_pause (self);
  esp_document_when_settled (self, on_settled, request);
}
