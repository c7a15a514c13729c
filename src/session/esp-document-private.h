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
  EspSnapshot *snapshot;
  EspPairing *pairing; /* NULL until somebody asks */
  GPtrArray *readers;  /* EspUnitReader; likewise */
  char *title;
  GHashTable *findings; /* EspPlace -> Found */
  GQueue pending;       /* owned Pending: commands on their way, oldest first */

  /* state */
  guint64 last_step; /* that was shown, or that a change was made at */
  gboolean modified;
  guint64 changes;     /* counts everything that a save would have to follow */
  guint64 last_change; /* ticket of the last one; 0: something else came after it */
  guint64 rate_change; /* that of the learning rate that may go on */
  gint64 rate_time;    /* us, when it was turned last */
};

void esp_document_set_modified (EspDocument *self, gboolean modified);

/* esp-document-train.c */
/* @trainer: that it has already, or NULL */
void esp_document_start_training (EspDocument *self, EspTrainer *trainer);
void esp_document_stop_training (EspDocument *self);
/* @events (n), which fit the network, as one change */
void esp_document_put_events (EspDocument *self,
                              const EspHistoryEvent *events,
                              guint n,
                              const char *label);
/* calls @done, in the main context, when all commands given so far are carried out: the tree shows
 * what came of them, and nothing later */
typedef void (*EspDocumentDone) (EspDocument *self, gpointer user_data);
void esp_document_when_settled (EspDocument *self, EspDocumentDone done, gpointer user_data);

G_END_DECLS
