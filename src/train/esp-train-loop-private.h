/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a training loop is inside, for esp-train-loop.c and its neighbours esp-train-loop-*.c. All
 * that is declared here is the thread's own. */

#include "esp-history.h"
#include "esp-meter-log.h"
#include "esp-plan.h"
#include "esp-train-loop.h"

G_BEGIN_DECLS

#define ESP_TRAIN_LOOP_COST_SHARE 16 /* snapshots take at most one part of so many */

struct _EspTrainLoop
{
  GThread *thread;
  EspNetwork *network; /* owned */

  /* shared, under @lock */
  GMutex lock;
  GCond wake; /* a command came */
  GCond done; /* commands were carried out */
  GArray *commands;
  guint64 n_pushed, n_done;
  EspSnapshot *slot;
  EspTimeline timeline;
  EspBranchInfo branches[ESP_HISTORY_MAX_BRANCHES];
  EspLossCurve *curves[ESP_HISTORY_MAX_BRANCHES]; /* owned */
  EspLossCurve *tests[ESP_HISTORY_MAX_BRANCHES];  /* loss over the test examples, or NULL; owned */
  EspMeterLog *meters[ESP_HISTORY_MAX_BRANCHES]; /* or NULL; owned. The thread alone changes them */
  guint64 tested[ESP_HISTORY_MAX_BRANCHES];      /* last step of these, plus 1 */
  EspDivergence *divergence;
  GBytes *kept; /* what a KEEP gave, until it is taken */
  double seconds;
  guint n_seeks;
  EspCommandKind last_pushed;
  guint first_overtaken, last_overtaken; /* serials of seeks that others, or the end, overtook */
  GArray *reports;                       /* EspReport */
  GMainContext *context;                 /* owned; the one to be told about reports */
  GSource *source;                       /* owned; tells it, or NULL */
  void (*notify) (gpointer user_data);
  gpointer user_data;
  gint pending; /* atomic: there are commands */
  gint taken;   /* atomic: the slot was emptied since it was filled */

  double first_rate; /* the learning rate when it began; never changed */

  /* the thread's own */
  EspPlan *plan;
  EspHistory *history;
  GBytes *probes[ESP_N_PROBES]; /* inputs, or NULL */
  gboolean watch_batch, guarded;
  gboolean playing;
  double speed;     /* steps a second */
  double due;       /* us, when the next step is */
  guint64 burst;    /* steps between looks at the clock */
  gint64 published; /* us, when the last snapshot was */
  gint64 cost;      /* us that it took */
  gint64 observed;  /* us, when the units were last looked at */
  gint64 observe_cost;
  gboolean stale; /* the slot is older than the plan */
  GArray *own_reports;
  guint n_losses;
  guint64 first_step;  /* of losses */
  double losses[1024]; /* not yet in the curve */
};

/* esp-train-loop-publish.c */
/* Under the lock: what others are told about the place in the run. */
void esp_train_loop_update_timeline (EspTrainLoop *self);
/* Under the lock: nothing has been on this branch yet */
void esp_train_loop_forget_branch (EspTrainLoop *self, guint branch);
/* the losses of new steps into the curve; @us: what these took */
void esp_train_loop_flush_losses (EspTrainLoop *self, gint64 us);
/* Under the lock. Reports go out once what is in them is in the slot, or will never be seen there.
 */
void esp_train_loop_hand_over_reports (EspTrainLoop *self);
/* Fills the slot. It looks at the units as well unless that was too costly too lately; @full: in
 * any case. */
void esp_train_loop_publish (EspTrainLoop *self, gboolean full);
/* us, when the next snapshot is due if the slot is stale */
gint64 esp_train_loop_get_publish_time (EspTrainLoop *self);

/* esp-train-loop-steps.c */
/* a burst, if one is due, and the snapshot, if that is */
void esp_train_loop_play (EspTrainLoop *self);
/* @count steps whatever comes meanwhile, or fewer when numbers stop being finite */
void esp_train_loop_run_asked (EspTrainLoop *self, guint64 count);
/* what is left of the pass over the data */
void esp_train_loop_run_epoch (EspTrainLoop *self);
/* one stage of a step */
void esp_train_loop_advance (EspTrainLoop *self);

/* esp-train-loop-change.c */
/* commands that a report answers; FALSE: it is none */
gboolean esp_train_loop_execute_change (EspTrainLoop *self, const EspCommand *command);
void esp_train_loop_step_examples (EspTrainLoop *self, guint64 count);
/* Pauses. Shows on a long way where it is; another seek overtakes the one with @serial. */
void esp_train_loop_seek (EspTrainLoop *self, guint branch, guint64 step, guint serial);

G_END_DECLS
