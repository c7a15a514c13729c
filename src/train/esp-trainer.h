/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-network.h"
#include "esp-snapshot.h"

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

/* properties (notify in the main context): "playing" (gboolean) */

EspTrainer *esp_trainer_new (EspNetwork *network);
EspNetwork *esp_trainer_get_network (EspTrainer *self);

void esp_trainer_play (EspTrainer *self);
void esp_trainer_pause (EspTrainer *self);
gboolean esp_trainer_is_playing (EspTrainer *self);
/* one step; pauses first if it plays */
void esp_trainer_step (EspTrainer *self);
/* back to the very same start: parameters, optimiser, data order; pauses, empties the curve */
void esp_trainer_reset (EspTrainer *self);
/* steps a second while playing; INFINITY for as fast as it goes */
void esp_trainer_set_speed (EspTrainer *self, double steps_per_second);
double esp_trainer_get_speed (EspTrainer *self);
/* sets one cell (C-order index) of parameter @parameter (network's index) */
void esp_trainer_edit (EspTrainer *self, guint parameter, guint64 index, float value);
/* replaces the optimiser's learning rate */
void esp_trainer_set_learning_rate (EspTrainer *self, double rate);
double esp_trainer_get_learning_rate (EspTrainer *self);

/* the newest snapshot if it is newer than the last one taken, else NULL; call it on the frame
 * clock. The first is there at once (step 0). */
EspSnapshot *esp_trainer_take_snapshot (EspTrainer *self);
/* waits until every command given so far is carried out and its snapshot lies in the slot; for
 * tests and the CLI */
void esp_trainer_wait (EspTrainer *self);
/* steps that have been asked for; blocking, without pacing, in the trainer's thread; for the CLI,
 * tests and benchmarks */
void esp_trainer_run (EspTrainer *self, guint64 steps);
double esp_trainer_get_seconds (EspTrainer *self); /* spent in the training loop alone */

/**
 * esp_trainer_get_curve:
 * @n: (out): points given
 *
 * The loss curve so far: at most 2048 points; when there are more steps, neighbours are merged to
 * their mean. @steps and
 * @losses receive new arrays (length n). Cheap: for the frame clock.
 */
void esp_trainer_get_curve (EspTrainer *self, guint64 **steps, double **losses, guint *n);

G_END_DECLS
