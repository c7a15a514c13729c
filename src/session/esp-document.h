/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-checkpoint.h"
#include "esp-finding.h"
#include "esp-pairing.h"
#include "esp-revive.h"
#include "esp-trainer.h"

G_BEGIN_DECLS

/**
 * EspDocument:
 *
 * What a window shows: an opened checkpoint or a live network. Both have a tree; only a network has
 * a trainer. Main thread only.
 *
 * Signals: "updated" - a newer snapshot was put into the tree's parameters (esp_document_update());
 * "revived" (const char *text) - what became of esp_document_revive(), a sentence;
 * "found" (EspPlace) - esp_document_find_async() looked at a place and keeps what it found;
 * "changed" (guint64 ticket, const char *label) - a command that changes the network was given,
 * which esp_document_undo() can take back; "refused" (guint64 ticket) - one that was given could
 * not be carried out; "forgot" - no change given so far can be taken back any more. Properties
 * (notify): "modified" (gboolean): a network with work that isn't saved.
 */
#define ESP_TYPE_DOCUMENT (esp_document_get_type ())
G_DECLARE_FINAL_TYPE (EspDocument, esp_document, ESP, DOCUMENT, GObject)

EspDocument *esp_document_new_for_checkpoint (EspCheckpoint *checkpoint);
EspDocument *esp_document_new_for_network (EspNetwork *network);
/* of a network that has been trained already, at the moment where it is */
EspDocument *esp_document_new_for_trainer (EspTrainer *trainer);

const char *esp_document_get_title (EspDocument *self); /* file or network name */
char *esp_document_dup_subtitle (EspDocument *self);    /* "safetensors · 146 tensors · 2.4 GB",
                                                           "Network · 193 elements, 121 unique" */
EspTree *esp_document_get_tree (EspDocument *self);
EspCheckpoint *esp_document_get_checkpoint (EspDocument *self); /* NULL for a network */
EspTrainer *esp_document_get_trainer (EspDocument *self);       /* NULL for a checkpoint */
gboolean esp_document_get_modified (EspDocument *self);
/* which tensor of an optimizer's state belongs to which parameter; made when first asked for.
 * Borrowed. */
EspPairing *esp_document_get_pairing (EspDocument *self);
/* where in this document stands what stood at @place, a place of another version of it: by its
 * path, else what is next above it; the root for NULL. Borrowed. */
EspPlace *esp_document_find_again (EspDocument *self, EspPlace *place);

/* takes the newest snapshot, if there is one, into the tree's parameters and emits "updated"; call
 * it on the frame clock. TRUE if there was one. */
gboolean esp_document_update (EspDocument *self);
EspSnapshot *esp_document_get_snapshot (
    EspDocument *self); /* the one shown now; NULL for a checkpoint. Borrowed. */

/* Commands on a live network; nothing else may call the trainer's. None waits: what a command did
 * is there with the "updated" that follows. */
void esp_document_play (EspDocument *self);
void esp_document_pause (EspDocument *self);
void esp_document_step (EspDocument *self);
/* parts of a step, as esp_trainer_advance() and its neighbours */
void esp_document_advance (EspDocument *self);
void esp_document_step_example (EspDocument *self);
void esp_document_step_epoch (EspDocument *self);
/* the time machine: to @step of @branch; doesn't wait */
void esp_document_seek (EspDocument *self, guint branch, guint64 step);
void esp_document_reset (EspDocument *self);
/* why training paused by itself since this was asked last: a sentence, or NULL. New string. */
char *esp_document_take_trouble (EspDocument *self);
void esp_document_set_speed (EspDocument *self, double steps_per_second);
/* turns within a second of one another are one change, which is undone at once */
void esp_document_set_learning_rate (EspDocument *self, double rate);
/* esp-document-rule.c: How all at @place and below it is trained, in a live network. */
typedef struct
{
  guint n_parameters, n_frozen;
  EspUpdateRule first;            /* of the first of them */
  gboolean same_rate, same_decay; /* they hold for all */
} EspDocumentRule;
/* FALSE: there is nothing that can be trained */
gboolean esp_document_get_rule (EspDocument *self, EspPlace *place, EspDocumentRule *rule);
/* Changes of it, each one that is undone at once; FALSE when it was so already. NAN: the rate or
 * weight decay of the optimizer's group. */
gboolean esp_document_set_frozen (EspDocument *self, EspPlace *place, gboolean frozen);
gboolean esp_document_set_own_rate (EspDocument *self, EspPlace *place, double rate);
gboolean esp_document_set_own_decay (EspDocument *self, EspPlace *place, double decay);
/* sets one cell (C-order index) of the parameter at @place, under all its names */
gboolean esp_document_edit (EspDocument *self,
                            EspPlace *place,
                            guint64 index,
                            double value,
                            GError **error);

/* What goes through the network comes with every snapshot from now on: as esp_trainer_set_probe()
 * and esp_trainer_watch_batch(). Changes no number. esp-document-look.c */
void esp_document_watch (EspDocument *self, EspProbeKind probe, GBytes *inputs);
void esp_document_watch_batch (EspDocument *self, gboolean watch);

/* all numbers of a parameter's channel: data, or what the optimiser keeps */
typedef struct
{
  EspPlace *place;
  EspChannel channel;
  GBytes *floats; /* as many floats as the parameter has, in C order */
} EspDocumentChange;
/* Replaces numbers, as one change that is undone at once. @label: what was done, for the menu
 * ("Revive 3 units"). FALSE with an error, and nothing changes, when something doesn't fit. */
gboolean esp_document_change_many (EspDocument *self,
                                   const EspDocumentChange *changes,
                                   guint n,
                                   const char *label,
                                   GError **error);
/* Revives units as esp_revive() does, as one change: training stops between two steps for it and
 * goes on. "revived" says what became of it. */
void esp_document_revive (EspDocument *self, const EspUnitId *units, guint n, guint64 draw);
/* Takes back what "changed" gave @ticket, or does it again; for EspUndo, which keeps them */
void esp_document_undo (EspDocument *self, guint64 ticket);
void esp_document_redo (EspDocument *self, guint64 ticket);

/* everything that is found without looking at more than @place: statistics, weights, observed
 * units. For the inspector and the marks on heatmap and tree. Scans run in a worker; the result is
 * kept until the tensor changes. (element-type EspFinding) */
void esp_document_find_async (EspDocument *self,
                              EspPlace *place,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
GPtrArray *esp_document_find_finish (EspDocument *self, GAsyncResult *result, GError **error);
/* what was found at @place and is kept; NULL if nobody looked yet, or the tensor changed since.
 * Borrowed. */
GPtrArray *esp_document_peek_findings (EspDocument *self, EspPlace *place);
/* esp-document-units.c: observed units in trouble, from the snapshot alone: cheap, at once. All
 * empty for checkpoints. Those of the layer at @place, in words and without (element-type
 * EspUnitMark); how many at each place (element-type EspUnitTally); which inputs of the weight at
 * @place (element-type EspUnitInput). New. */
GPtrArray *esp_document_get_unit_findings (EspDocument *self, EspPlace *place);
GArray *esp_document_mark_units (EspDocument *self, EspPlace *place);
GArray *esp_document_tally_units (EspDocument *self);
GArray *esp_document_get_unit_inputs (EspDocument *self, EspPlace *place);

/* the data, by the suffix of @path: as PyTorch's state dict (.pt), a network with its history
 * (.espalier), else as safetensors; ties are kept; atomic; in a worker;
 * clears "modified" */
void esp_document_save_async (EspDocument *self,
                              const char *path,
                              gboolean replace,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean esp_document_save_finish (EspDocument *self, GAsyncResult *result, GError **error);

/* the same, blocking: for the command line and tests, where nothing trains meanwhile */
gboolean esp_document_save (EspDocument *self, const char *path, gboolean replace, GError **error);

/* lines of Python that reach what stands at @place; @dialect as below. New string. */
typedef enum
{
  ESP_DIALECT_PYTORCH,
  ESP_DIALECT_KERAS,
  ESP_DIALECT_NUMPY,
} EspDialect;
char *esp_document_get_code (EspDocument *self, EspPlace *place, EspDialect dialect);

G_END_DECLS
