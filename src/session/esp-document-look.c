/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What goes through a live network only to be looked at. It changes no number, so it is no event of
 * the run and nothing waits for it: outputs come with the snapshots from then on. */

#include "config.h"

#include "esp-document.h"

void
esp_document_watch (EspDocument *self, EspProbeKind probe, GBytes *inputs)
{
  EspTrainer *trainer;

  g_return_if_fail (ESP_IS_DOCUMENT (self) && esp_document_get_trainer (self) != NULL);
  g_return_if_fail (probe > ESP_PROBE_BATCH && probe < ESP_N_PROBES);

  trainer = esp_document_get_trainer (self);
  esp_trainer_set_probe (trainer, probe, inputs);
}

void
esp_document_watch_batch (EspDocument *self, gboolean watch)
{
  g_return_if_fail (ESP_IS_DOCUMENT (self) && esp_document_get_trainer (self) != NULL);

  esp_trainer_watch_batch (esp_document_get_trainer (self), watch);
}
