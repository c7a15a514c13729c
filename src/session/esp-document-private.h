/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a document is inside, for esp-document.c and its neighbours esp-document-*.c. */

#include "esp-document.h"

G_BEGIN_DECLS

struct _EspDocument
{
  GObject parent_instance;

  /* owned; one of the first two */
  EspCheckpoint *checkpoint;
  EspNetwork *network;
  EspTrainer *trainer;
  EspEventLog *log;
  EspSnapshot *snapshot;
  EspPairing *pairing; /* NULL until somebody asks */
  char *title;
  GHashTable *findings; /* EspPlace -> Found */

  /* state */
  gboolean modified;
  guint64 changes; /* counts everything that a save would have to follow */
};

void esp_document_set_modified (EspDocument *self, gboolean modified);

/* esp-document-train.c */
/* stops between two steps, whose number is then known; TRUE if it was playing. Waits for the step
 * at hand, which is short for networks that are watched live. */
gboolean esp_document_hold (EspDocument *self);
void esp_document_go_on (EspDocument *self, gboolean playing);

G_END_DECLS
