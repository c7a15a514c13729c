/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-loss-curve.h"
#include "esp-network.h"
#include "esp-snapshot.h"
#include "esp-timeline.h"

G_BEGIN_DECLS

/**
 * EspTrainLoop:
 *
 * The thread that trains, with its queue of commands and its slot for snapshots. Commands are
 * carried out between steps, in order. All calls are for one thread, the owner's; none blocks for
 * longer than it takes to copy a curve, except those that say so.
 */
typedef struct _EspTrainLoop EspTrainLoop;

typedef enum
{
  ESP_COMMAND_PLAY,
  ESP_COMMAND_PAUSE,
  ESP_COMMAND_STEPS,    /* @count of them, at once */
  ESP_COMMAND_RESET,    /* pauses too */
  ESP_COMMAND_SPEED,    /* @value steps a second */
  ESP_COMMAND_RATE,     /* @value */
  ESP_COMMAND_EDIT,     /* @parameter, @count is the index, @value */
  ESP_COMMAND_FILL,     /* @parameter, @count is the channel, @numbers */
  ESP_COMMAND_ADVANCE,  /* one stage of a step */
  ESP_COMMAND_EXAMPLES, /* a step of @count examples */
  ESP_COMMAND_EPOCH,    /* what is left of this pass over the data */
  ESP_COMMAND_SEEK,     /* to step @count of branch @parameter; a later one overtakes it */
  ESP_COMMAND_PROBE,    /* @parameter is the EspProbeKind, @numbers or NULL; for the batch @count:
                         * whether
                         */
  ESP_COMMAND_GUARD,    /* @count: whether playing stops where numbers stop being finite */
  ESP_COMMAND_QUIT,
} EspCommandKind;

typedef struct
{
  EspCommandKind kind;
  guint parameter;
  guint64 count;
  double value;
  GBytes *numbers; /* floats, or NULL */
  guint serial;    /* the loop's own */
} EspCommand;

/* starts the thread; the first snapshot lies in the slot */
EspTrainLoop *esp_train_loop_new (EspNetwork *network, double speed);
/* ends the thread; waits for the step it is in */
void esp_train_loop_free (EspTrainLoop *self);
/* keeps a reference on the command's numbers */
void esp_train_loop_push (EspTrainLoop *self, const EspCommand *command);
/* waits until all commands are carried out and their snapshot lies in the slot */
void esp_train_loop_wait (EspTrainLoop *self);
EspSnapshot *esp_train_loop_take (EspTrainLoop *self);
double esp_train_loop_get_seconds (EspTrainLoop *self);
/* of one branch, from its fork on: the loss of each step, or that over the test examples at the
 * steps where somebody looked */
void esp_train_loop_get_curve (EspTrainLoop *self,
                               guint branch,
                               gboolean test,
                               guint64 **steps,
                               double **losses,
                               guint *n);
/* behind what @table has: meters of one branch from its fork on, up to step @last */
void esp_train_loop_append_meters (EspTrainLoop *self,
                                   guint branch,
                                   guint64 last,
                                   EspMeterTable *table);
void esp_train_loop_get_timeline (EspTrainLoop *self, EspTimeline *timeline);
gboolean esp_train_loop_get_branch (EspTrainLoop *self, guint branch, EspBranchInfo *info);
/* what stopped it since this was asked last, or NULL */
EspDivergence *esp_train_loop_take_divergence (EspTrainLoop *self);

G_END_DECLS
