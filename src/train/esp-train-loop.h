/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-history-event.h"
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
  ESP_COMMAND_CHANGE,   /* @events between two steps; going on with the one that came as command
                           @count, unless that is 0 */
  ESP_COMMAND_UNDO,     /* the change that came as command @count */
  ESP_COMMAND_REDO,     /* likewise */
  ESP_COMMAND_MARK,     /* nothing; its report has a snapshot */
  ESP_COMMAND_ADVANCE,  /* one stage of a step */
  ESP_COMMAND_EXAMPLES, /* a step of @count examples */
  ESP_COMMAND_EPOCH,    /* what is left of this pass over the data */
  ESP_COMMAND_SEEK,     /* to step @count of branch @parameter; a later one overtakes it */
  ESP_COMMAND_PROBE,    /* @parameter is the EspProbeKind, @numbers or NULL; for the batch @count:
                         * whether
                         */
  ESP_COMMAND_GUARD,    /* @count: whether playing stops where numbers stop being finite */
  ESP_COMMAND_KEEP,     /* the whole run as bytes, for esp_train_loop_wait_kept() */
  ESP_COMMAND_REPEAT,   /* finds out whether a run from elsewhere can be repeated here */
  ESP_COMMAND_QUIT,
} EspCommandKind;

typedef struct
{
  EspCommandKind kind;
  guint parameter;
  guint64 count;
  double value;
  GBytes *numbers; /* floats, or NULL */
  GArray *events;  /* EspHistoryEvent, or NULL */
  guint64 ticket;  /* the loop's own, as serial */
  guint serial;
} EspCommand;

/* Starts the thread; the first snapshot lies in the slot. @notify: called from the caller's main
 * context when there are reports. @kept: the run to go on with, or NULL; @foreign: other kernels
 * made it. NULL with an error that says what is wrong with @kept. */
EspTrainLoop *esp_train_loop_new (EspNetwork *network,
                                  double speed,
                                  void (*notify) (gpointer user_data),
                                  gpointer user_data,
                                  GBytes *kept,
                                  gboolean foreign,
                                  GError **error);
/* the learning rate where it began */
double esp_train_loop_get_first_rate (EspTrainLoop *self);
/* what an %ESP_COMMAND_KEEP gave; waits for it; any thread */
GBytes *esp_train_loop_wait_kept (EspTrainLoop *self);
/* ends the thread; waits for the step it is in */
void esp_train_loop_free (EspTrainLoop *self);
/* keeps references on the command's numbers and events; returns its ticket */
guint64 esp_train_loop_push (EspTrainLoop *self, const EspCommand *command);
gboolean esp_train_loop_is_done (EspTrainLoop *self, guint64 ticket);
/* waits until all commands are carried out and their snapshot lies in the slot */
void esp_train_loop_wait (EspTrainLoop *self);
/* @reports: NULL, or where to append EspReport, all those that belong to the time before the
 * snapshot, or to its moment */
EspSnapshot *esp_train_loop_take (EspTrainLoop *self, GArray *reports);
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
