/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A document's live network: snapshots that come in, commands that go out. This is the only caller
 * of the trainer's commands: what changes the numbers is carried out between two steps and
 * answered, so that what can be undone is what was done. Hot: esp_document_update(), once a frame.
 */

#include "config.h"

#include "esp-document-private.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "esp-error.h"
#include "esp-number.h"

#define SAME_TURN G_USEC_PER_SEC /* turns of a knob that are no further apart are one */

/* --- snapshots --- */

static void
show_snapshot (EspDocument *self, EspSnapshot *snapshot)
{
  guint n = esp_network_get_n_parameters (self->network);

  for (guint i = 0; i < n; i++)
    {
      EspParameter *parameter = esp_network_get_parameter (self->network, i);

      for (int channel = 0; channel < ESP_N_CHANNELS; channel++)
        {
          EspTensor *tensor = esp_snapshot_get_channel (snapshot, i, channel);

          if (tensor != NULL || channel != ESP_CHANNEL_DATA)
            esp_parameter_set_channel (parameter, channel, tensor);
        }
      esp_parameter_set_meter (parameter, esp_snapshot_get_meter (snapshot, i));
      if (esp_snapshot_get_rule (snapshot, i) != NULL)
        esp_parameter_set_rule (parameter, esp_snapshot_get_rule (snapshot, i));
    }
  for (guint i = 0; i < n; i++)
    esp_parameter_changed (esp_network_get_parameter (self->network, i));
}

/* --- answers --- */

/* a command on its way to the trainer, whose answer is waited for */
typedef struct
{
  guint64 ticket;
  guint64 change; /* ticket of the change that it makes, takes back or does again, or 0 */
  gboolean resets;
  EspDocumentDone done; /* or NULL */
  gpointer user_data;
} Pending;

static void
on_reported (EspDocument *self)
{
  esp_document_update (self);
}

void
esp_document_start_training (EspDocument *self, EspTrainer *trainer)
{
  self->trainer = trainer != NULL ? g_object_ref (trainer) : esp_trainer_new (self->network);
  esp_trainer_set_guarded (self->trainer, TRUE);
  g_signal_connect_swapped (self->trainer, "reported", G_CALLBACK (on_reported), self);
}

void
esp_document_stop_training (EspDocument *self)
{
  if (self->trainer != NULL)
    g_signal_handlers_disconnect_by_func (self->trainer, on_reported, self);
  g_clear_object (&self->trainer);
  g_queue_clear_full (&self->pending, g_free);
}

static Pending *
expect (EspDocument *self, guint64 ticket)
{
  Pending *pending = g_new0 (Pending, 1);

  pending->ticket = ticket;
  g_queue_push_tail (&self->pending, pending);
  return pending;
}

/* more steps are work that isn't saved */
static void
note_step (EspDocument *self, guint64 step)
{
  if (step > self->last_step)
    esp_document_set_modified (self, TRUE);
  self->last_step = step;
}

static void
take_report (EspDocument *self, const EspReport *report)
{
  Pending *pending = g_queue_peek_head (&self->pending);

  if (pending == NULL || pending->ticket != report->ticket)
    return;
  g_queue_pop_head (&self->pending);
  if (pending->change != 0 && report->done)
    self->last_step = report->step; /* undo and redo travel there, nothing is done */
  else if (pending->change != 0)
    g_signal_emit_by_name (self, "refused", pending->change);
  if (pending->resets)
    {
      self->last_step = 0;
      esp_document_set_modified (self, FALSE);
    }
  if (pending->done != NULL)
    {
      g_clear_pointer (&self->snapshot, esp_snapshot_unref);
      self->snapshot = esp_snapshot_ref (report->snapshot);
      show_snapshot (self, report->snapshot);
      pending->done (self, pending->user_data);
    }
  g_free (pending);
}

void
esp_document_when_settled (EspDocument *self, EspDocumentDone done, gpointer user_data)
{
  Pending *pending = expect (self, esp_trainer_mark (self->trainer));

  pending->done = done;
  pending->user_data = user_data;
}

gboolean
esp_document_update (EspDocument *self)
{
  g_autoptr (EspDocument) kept = NULL; /* whoever listens may let go of it */
  g_autoptr (GArray) reports = NULL;
  EspSnapshot *snapshot;

  g_return_val_if_fail (ESP_IS_DOCUMENT (self), FALSE);

  if (self->trainer == NULL)
    return FALSE;
  kept = g_object_ref (self);
  reports = g_array_new (FALSE, FALSE, sizeof (EspReport));
  snapshot = esp_trainer_take (self->trainer, reports);
  for (guint i = 0; i < reports->len; i++)
    {
      EspReport *report = &g_array_index (reports, EspReport, i);

      take_report (self, report);
      g_clear_pointer (&report->snapshot, esp_snapshot_unref);
    }
  if (snapshot != NULL)
    {
      g_clear_pointer (&self->snapshot, esp_snapshot_unref);
      self->snapshot = snapshot;
      show_snapshot (self, snapshot);
      note_step (self, esp_snapshot_get_step (snapshot));
      g_signal_emit_by_name (self, "updated");
    }
  return snapshot != NULL;
}

EspSnapshot *
esp_document_get_snapshot (EspDocument *self)
{
  g_return_val_if_fail (ESP_IS_DOCUMENT (self), NULL);

  return self->snapshot;
}

/* --- commands --- */

void
esp_document_play (EspDocument *self)
{
  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);

  esp_trainer_play (self->trainer);
}

void
esp_document_pause (EspDocument *self)
{
  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);

  esp_trainer_pause (self->trainer);
}

void
esp_document_step (EspDocument *self)
{
  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);

  esp_trainer_step (self->trainer);
}

void
esp_document_advance (EspDocument *self)
{
  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);

  esp_trainer_advance (self->trainer);
}

void
esp_document_step_example (EspDocument *self)
{
  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);

  esp_trainer_step_example (self->trainer);
}

void
esp_document_step_epoch (EspDocument *self)
{
  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);

  esp_trainer_step_epoch (self->trainer);
}

void
esp_document_seek (EspDocument *self, guint branch, guint64 step)
{
  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);

  self->last_change = 0;
  esp_trainer_seek (self->trainer, branch, step);
}

char *
esp_document_take_trouble (EspDocument *self)
{
  g_autoptr (EspDivergence) trouble = NULL;
  g_autofree char *step = NULL;

  g_return_val_if_fail (ESP_IS_DOCUMENT (self), NULL);

  trouble = self->trainer != NULL ? esp_trainer_take_divergence (self->trainer) : NULL;
  if (trouble == NULL)
    return NULL;
  step = esp_number_format_count (trouble->step);
  if (trouble->stage == ESP_STAGE_FORWARD)
    return g_strdup_printf (_ ("Paused before step %s: the output of %s would not be finite"), step,
                            trouble->path);
  if (trouble->stage == ESP_STAGE_BACKWARD)
    return g_strdup_printf (_ ("Paused before step %s: the gradient of %s would not be finite"),
                            step, trouble->path);
  if (trouble->stage == ESP_STAGE_UPDATED && trouble->path != NULL)
    return g_strdup_printf (_ ("Paused before step %s: %s would not be finite after its update"),
                            step, trouble->path);
  return g_strdup_printf (_ ("Paused before step %s: the loss would not be finite"), step);
}

void
esp_document_set_speed (EspDocument *self, double steps_per_second)
{
  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);

  esp_trainer_set_speed (self->trainer, steps_per_second);
}

/* --- changes --- */

void
esp_document_reset (EspDocument *self)
{
  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);

  self->last_change = 0;
  expect (self, esp_trainer_reset (self->trainer))->resets = TRUE;
  g_signal_emit_by_name (self, "forgot");
}

static void
note_change (EspDocument *self, guint64 ticket, const char *label)
{
  expect (self, ticket)->change = ticket;
  self->last_change = ticket;
  esp_document_set_modified (self, TRUE);
  g_signal_emit_by_name (self, "changed", ticket, label);
}

void
esp_document_set_learning_rate (EspDocument *self, double rate)
{
  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);

  if (esp_trainer_get_learning_rate (self->trainer) == rate)
    return;
  if (self->rate_change != 0 && self->rate_change == self->last_change &&
      g_get_monotonic_time () - self->rate_time < SAME_TURN)
    {
      const EspHistoryEvent event = { .kind = ESP_HISTORY_RATE, .value = rate };

      esp_trainer_change_more (self->trainer, &event, 1, self->rate_change);
    }
  else
    {
      self->rate_change = esp_trainer_set_learning_rate (self->trainer, rate);
      note_change (self, self->rate_change, _ ("Set learning rate"));
    }
  self->rate_time = g_get_monotonic_time ();
}

/* index of the parameter at @place in the network; -1 with an error */
static int
find_parameter (EspDocument *self, EspPlace *place, GError **error)
{
  EspParameter *parameter = esp_place_get_parameter (place);
  int id = self->network != NULL && parameter != NULL
               ? esp_network_find_parameter (self->network, parameter)
               : -1;

  if (id < 0)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                         _ ("Only the parameters of a live network can be edited"));
  return id;
}

gboolean
esp_document_edit (EspDocument *self, EspPlace *place, guint64 index, double value, GError **error)
{
  g_autofree char *label = NULL;
  int id;

  g_return_val_if_fail (ESP_IS_DOCUMENT (self) && ESP_IS_PLACE (place), FALSE);

  id = find_parameter (self, place, error);
  if (id < 0)
    return FALSE;
  if (index >= esp_tensor_get_count (esp_parameter_get_data (esp_place_get_parameter (place))))
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                   _ ("There is no element %" PRIu64 " in %s"), index, esp_place_get_path (place));
      return FALSE;
    }
  /* Translators: what can be undone; %s is the path of a parameter */
  label = g_strdup_printf (_ ("Edit %s"), esp_place_get_path (place));
  note_change (self, esp_trainer_edit (self->trainer, id, index, (float) value), label);
  return TRUE;
}

void
esp_document_put_events (EspDocument *self,
                         const EspHistoryEvent *events,
                         guint n,
                         const char *label)
{
  note_change (self, esp_trainer_change (self->trainer, events, n), label);
}

static gboolean
make_fill (EspDocument *self,
           const EspDocumentChange *change,
           EspHistoryEvent *event,
           GError **error)
{
  EspParameter *parameter = esp_place_get_parameter (change->place);
  int id = find_parameter (self, change->place, error);
  guint64 count;

  if (id < 0)
    return FALSE;
  count = esp_tensor_get_count (esp_parameter_get_data (parameter));
  *event = (EspHistoryEvent) { .kind = ESP_HISTORY_FILL, .parameter = id };
  event->numbers = change->floats;
  if (change->channel >= ESP_CHANNEL_MOMENT1)
    event->index = change->channel - ESP_CHANNEL_MOMENT1 + 1;
  if (esp_tensor_get_dtype (esp_parameter_get_data (parameter)) != ESP_DTYPE_FLOAT32 ||
      (change->channel != ESP_CHANNEL_DATA && change->channel < ESP_CHANNEL_MOMENT1) ||
      (event->index > 0 && (esp_network_get_moment_name (self->network, event->index - 1) == NULL ||
                            esp_parameter_get_requires_grad (parameter) != ESP_REQUIRES_GRAD_YES)))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   _ ("These numbers of %s can’t be replaced"), esp_place_get_path (change->place));
      return FALSE;
    }
  if (g_bytes_get_size (change->floats) == count * sizeof (float))
    return TRUE;
  g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
               /* Translators: path of a parameter, two numbers */
               _ ("%s has %" PRIu64 " numbers, but %" PRIu64 " are given"),
               esp_place_get_path (change->place), count,
               (guint64) (g_bytes_get_size (change->floats) / sizeof (float)));
  return FALSE;
}

gboolean
esp_document_change_many (EspDocument *self,
                          const EspDocumentChange *changes,
                          guint n,
                          const char *label,
                          GError **error)
{
  g_autofree EspHistoryEvent *events = NULL;

  g_return_val_if_fail (ESP_IS_DOCUMENT (self) && changes != NULL && n > 0, FALSE);
  g_return_val_if_fail (label != NULL, FALSE);

  events = g_new0 (EspHistoryEvent, n);
  for (guint i = 0; i < n; i++)
    if (!make_fill (self, &changes[i], &events[i], error))
      return FALSE;
  esp_document_put_events (self, events, n, label);
  return TRUE;
}

void
esp_document_undo (EspDocument *self, guint64 ticket)
{
  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);

  self->last_change = 0;
  expect (self, esp_trainer_undo (self->trainer, ticket))->change = ticket;
  esp_document_set_modified (self, TRUE);
}

void
esp_document_redo (EspDocument *self, guint64 ticket)
{
  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);

  self->last_change = 0;
  expect (self, esp_trainer_redo (self->trainer, ticket))->change = ticket;
  esp_document_set_modified (self, TRUE);
}
