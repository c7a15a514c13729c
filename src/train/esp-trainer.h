/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-history-event.h"
#include "esp-network.h"
#include "esp-snapshot.h"
#include "esp-timeline.h"

G_BEGIN_DECLS

/**
 * EspTrainer:
 *
 * Main-thread face of the thread that trains a network. Commands go in through a queue and are
 * carried out between steps, in order; the newest snapshot comes out through one slot. A fast
 * trainer never floods the main loop, a slow view never slows the trainer. Nothing here blocks
 * except the calls that say so.
 *
 * The same network, data and seed give the same numbers on the same kind of processor, whatever the
 * speed.
 */
#define ESP_TYPE_TRAINER (esp_trainer_get_type ())
G_DECLARE_FINAL_TYPE (EspTrainer, esp_trainer, ESP, TRAINER, GObject)

/* Properties (notify in the main context): "playing" (gboolean).
 * Signals: "reported" - there are reports for esp_trainer_take(); in the context of the thread that
 * made the trainer. */

EspTrainer *esp_trainer_new (EspNetwork *network);
/**
 * esp_trainer_new_kept:
 * @kept: of esp_trainer_wait_kept(), or NULL
 * @kernels: esp_trainer_get_kernels() where it was made
 *
 * A trainer at the moment where another was kept, with all its history. With other kernels than
 * here, or when steps turn out to give other numbers, the steps between its key frames can't be
 * had. esp_trainer_read_initial() comes first. NULL with %ESP_FORMAT_ERROR when @kept isn't of this
 * network.
 */
EspTrainer *esp_trainer_new_kept (EspNetwork *network,
                                  GBytes *kept,
                                  const char *kernels,
                                  GError **error);
/* why only key frames of some runs can be gone to: sentences, or NULL when all steps can. New
 * string. */
char *esp_trainer_dup_foreign_note (EspTrainer *self);
gboolean esp_trainer_read_initial (EspNetwork *network, GBytes *kept, GError **error);
/* begins to put together all of the run as bytes, after what was asked for so far; a step that is
 * under way is ended */
void esp_trainer_keep (EspTrainer *self);
/* waits for what esp_trainer_keep() began; for a worker that holds a reference */
GBytes *esp_trainer_wait_kept (EspTrainer *self);
/* what names the kernels that compute here: "avx512" */
const char *esp_trainer_get_kernels (void);
EspNetwork *esp_trainer_get_network (EspTrainer *self);

void esp_trainer_play (EspTrainer *self);
void esp_trainer_pause (EspTrainer *self);
gboolean esp_trainer_is_playing (EspTrainer *self);
/* one step; pauses first if it plays */
void esp_trainer_step (EspTrainer *self);
/* back to the very same start: parameters, optimiser, data order; pauses, empties the curve.
 * Returns a ticket, as all calls below that change what comes of a run: an EspReport with this
 * number says when it was carried out. */
guint64 esp_trainer_reset (EspTrainer *self);
/* steps a second while playing; INFINITY for as fast as it goes */
void esp_trainer_set_speed (EspTrainer *self, double steps_per_second);
double esp_trainer_get_speed (EspTrainer *self);
/* sets one cell (C-order index) of parameter @parameter (network's index) */
guint64 esp_trainer_edit (EspTrainer *self, guint parameter, guint64 index, float value);
/* replaces the optimiser's learning rate */
guint64 esp_trainer_set_learning_rate (EspTrainer *self, double rate);
double esp_trainer_get_learning_rate (EspTrainer *self);
/* @events (n) as one change, between the same two steps; n > 0. Each must fit the network, as above
 * and below. */
guint64 esp_trainer_change (EspTrainer *self, const EspHistoryEvent *events, guint n);
/* the same, taken back and done again together with the change that was given @ticket: turns of one
 * knob */
guint64 esp_trainer_change_more (EspTrainer *self,
                                 const EspHistoryEvent *events,
                                 guint n,
                                 guint64 ticket);
/* Takes back the change that was given @ticket, or does it again: goes to the moment before (after)
 * it, byte for byte. Steps done since are not lost, they stay as a branch. Pauses. Only the last
 * %ESP_HISTORY_MAX_CHANGES are remembered, and none from before a reset. */
guint64 esp_trainer_undo (EspTrainer *self, guint64 ticket);
guint64 esp_trainer_redo (EspTrainer *self, guint64 ticket);
/* does nothing; its report comes when all before it is done, with a snapshot of that moment */
guint64 esp_trainer_mark (EspTrainer *self);

/* the newest snapshot if it is newer than the last one taken, else NULL; call it on the frame
 * clock. The first is there at once (step 0). */
EspSnapshot *esp_trainer_take_snapshot (EspTrainer *self);
/* the same, and appends to @reports (EspReport) what became of commands since the last call; the
 * snapshot, if there is one, shows what they did */
EspSnapshot *esp_trainer_take (EspTrainer *self, GArray *reports);
/* waits until every command given so far is carried out and its snapshot lies in the slot; for
 * tests and the CLI */
void esp_trainer_wait (EspTrainer *self);
/* steps that have been asked for; blocking, without pacing, in the trainer's thread; for the CLI,
 * tests and benchmarks */
void esp_trainer_run (EspTrainer *self, guint64 steps);
double esp_trainer_get_seconds (EspTrainer *self); /* spent in the training loop alone */

/* Parts of a step: the next stage of it (forward, loss, backward, update), a step of one example
 * alone, what is left of this pass over the data. All pause first. */
void esp_trainer_advance (EspTrainer *self);
void esp_trainer_step_example (EspTrainer *self);
void esp_trainer_step_epoch (EspTrainer *self);

/* Time machine: every step up to the head of a branch can be gone to; the numbers there are the
 * same bytes as the first time. Pauses; a later seek overtakes one that is under way. From there
 * playing goes the same way again. A change (edit, learning rate) before the head begins a new
 * branch, which is current from then on; there are 64 at most. */
void esp_trainer_seek (EspTrainer *self, guint branch, guint64 step);
void esp_trainer_get_timeline (EspTrainer *self, EspTimeline *timeline);
/* FALSE when there is no such branch */
gboolean esp_trainer_get_branch (EspTrainer *self, guint branch, EspBranchInfo *info);
/* new arrays (length n): the loss curve of one branch from its fork on */
void esp_trainer_get_branch_curve (EspTrainer *self,
                                   guint branch,
                                   guint64 **steps,
                                   double **losses,
                                   guint *n);

/* What goes through the network comes with every snapshot from now on
 * (esp_snapshot_get_activation): outputs of all modules for @inputs, floats (rows, numbers of an
 * example), NULL for no longer. A grid should have no more numbers than can be computed in a frame.
 */
void esp_trainer_set_probe (EspTrainer *self, EspProbeKind probe, GBytes *inputs);
/* the same for the examples of the current step, with gradients */
void esp_trainer_watch_batch (EspTrainer *self, gboolean watch);

/* With a guard, training pauses at the last good step when numbers stop being finite. */
void esp_trainer_set_guarded (EspTrainer *self, gboolean guarded);
/* what paused it since this was asked last, or NULL; owned by the caller */
EspDivergence *esp_trainer_take_divergence (EspTrainer *self);

/**
 * esp_trainer_get_curve:
 * @n: (out): points given
 *
 * The loss curve so far, of the current branch and what lies before it; when there are more than
 * 2048 steps, neighbours are merged to their mean. @steps and
 * @losses receive new arrays (length n). Cheap: for the frame clock.
 */
void esp_trainer_get_curve (EspTrainer *self, guint64 **steps, double **losses, guint *n);

/* the same of the loss over the test examples, at the steps where somebody looked */
void esp_trainer_get_test_curve (EspTrainer *self, guint64 **steps, double **losses, guint *n);

/* Gradient norms and update ratios of the current branch and what lies before it: of every step at
 * first, of fewer the longer the run is; the same steps whatever the speed. Cheap. */
EspMeterTable *esp_trainer_get_meters (EspTrainer *self);

G_END_DECLS
