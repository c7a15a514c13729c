/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A document's live network: snapshots that come in, commands that go out. This is the only caller
 * of the trainer's commands: what changes the numbers is carried out between two steps and logged,
 * so that specification, seed and log determine every value. Hot: esp_document_update(), once a
 * frame. */

#include "config.h"

#include "esp-document-private.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "esp-error.h"
#include "esp-number.h"

/* --- snapshots --- */

static void
show_snapshot (EspDocument *self)
{
  guint n = esp_network_get_n_parameters (self->network);

  for (guint i = 0; i < n; i++)
    {
      EspParameter *parameter = esp_network_get_parameter (self->network, i);

      for (int channel = 0; channel < ESP_N_CHANNELS; channel++)
        {
          EspTensor *tensor = esp_snapshot_get_channel (self->snapshot, i, channel);

          if (tensor != NULL || channel != ESP_CHANNEL_DATA)
            esp_parameter_set_channel (parameter, channel, tensor);
        }
    }
  for (guint i = 0; i < n; i++)
    esp_parameter_changed (esp_network_get_parameter (self->network, i));
}

gboolean
esp_document_update (EspDocument *self)
{
  EspSnapshot *snapshot;
  guint64 before, step;

  g_return_val_if_fail (ESP_IS_DOCUMENT (self), FALSE);

  if (self->trainer == NULL)
    return FALSE;
  snapshot = esp_trainer_take_snapshot (self->trainer);
  if (snapshot == NULL)
    return FALSE;
  before = self->snapshot != NULL ? esp_snapshot_get_step (self->snapshot) : 0;
  step = esp_snapshot_get_step (snapshot);
  g_clear_pointer (&self->snapshot, esp_snapshot_unref);
  self->snapshot = snapshot;
  show_snapshot (self);
  if (step > before)
    {
      EspEvent event = { .kind = ESP_EVENT_STEPS, .step = step };

      esp_event_log_add (self->log, &event);
      esp_document_set_modified (self, TRUE);
    }
  g_signal_emit_by_name (self, "updated");
  return TRUE;
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

/* stops between two steps, whose number is then known; TRUE if it was playing. Waits for the step
 * at hand, which is short for networks that are watched live. */
gboolean
esp_document_hold (EspDocument *self)
{
  gboolean playing = esp_trainer_is_playing (self->trainer);

  if (playing)
    esp_trainer_pause (self->trainer);
  esp_trainer_wait (self->trainer);
  esp_document_update (self);
  return playing;
}

void
esp_document_go_on (EspDocument *self, gboolean playing)
{
  esp_trainer_wait (self->trainer);
  esp_document_update (self);
  if (playing)
    esp_trainer_play (self->trainer);
}

void
esp_document_reset (EspDocument *self)
{
  EspEvent event = { .kind = ESP_EVENT_RESET };

  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);

  esp_document_hold (self);
  event.step = esp_snapshot_get_step (self->snapshot);
  esp_trainer_reset (self->trainer);
  esp_event_log_add (self->log, &event);
  esp_document_go_on (self, FALSE);
  esp_document_set_modified (self, FALSE);
}

void
esp_document_set_learning_rate (EspDocument *self, double rate)
{
  EspEvent event = { .kind = ESP_EVENT_LEARNING_RATE, .after = rate };
  gboolean playing;

  g_return_if_fail (ESP_IS_DOCUMENT (self) && self->trainer != NULL);

  event.before = esp_trainer_get_learning_rate (self->trainer);
  if (event.before == rate)
    return;
  playing = esp_document_hold (self);
  event.step = esp_snapshot_get_step (self->snapshot);
  esp_trainer_set_learning_rate (self->trainer, rate);
  esp_event_log_add (self->log, &event);
  esp_document_go_on (self, playing);
}

gboolean
esp_document_edit (EspDocument *self, EspPlace *place, guint64 index, double value, GError **error)
{
  EspEvent event = { .kind = ESP_EVENT_EDIT, .index = index, .after = (float) value };
  EspParameter *parameter;
  float before;
  gboolean playing;
  int id;

  g_return_val_if_fail (ESP_IS_DOCUMENT (self) && ESP_IS_PLACE (place), FALSE);

  parameter = esp_place_get_parameter (place);
  id = self->network != NULL && parameter != NULL
           ? esp_network_find_parameter (self->network, parameter)
           : -1;
  if (id < 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           _ ("Only the parameters of a live network can be edited"));
      return FALSE;
    }
  if (index >= esp_tensor_get_count (esp_parameter_get_data (parameter)))
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                   _ ("There is no element %" PRIu64 " in %s"), index, esp_place_get_path (place));
      return FALSE;
    }
  playing = esp_document_hold (self);
  if (!esp_tensor_read_f32 (esp_parameter_get_data (parameter), index, 1, &before, NULL, error))
    {
      esp_document_go_on (self, playing);
      return FALSE;
    }
  event.before = before;
  event.parameter = id;
  event.step = esp_snapshot_get_step (self->snapshot);
  esp_trainer_edit (self->trainer, id, index, (float) value);
  esp_event_log_add (self->log, &event);
  esp_document_go_on (self, playing);
  esp_document_set_modified (self, TRUE);
  return TRUE;
}
