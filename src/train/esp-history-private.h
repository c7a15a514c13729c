/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a history is inside, for esp-history.c and its neighbours esp-history-*.c. */

#include "esp-history.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 step;
  guint n_events; /* done before it was taken */
  guint8 *state;
} EspHistoryFrame;

typedef struct
{
  guint parent;
  guint64 fork, head;
  guint fork_events;  /* of the parent's, done before the fork */
  GArray *events;     /* EspHistoryEvent: the parent's before the fork, then its own */
  GPtrArray *frames;  /* EspHistoryFrame, by step; after the fork */
  guint64 last_frame; /* step, or the fork */
} EspHistoryBranch;

struct _EspHistory
{
  GPtrArray *branches; /* EspHistoryBranch */
  GPtrArray *changes;  /* esp-history-change.c's own, oldest first */
  guint current;
  guint n_done;     /* events of the current branch that the plan has behind it */
  guint64 next_due; /* step of the next one, G_MAXUINT64 if there is none */
  guint64 distance;
  guint64 bytes; /* that key frames may take */
  gsize state_size;
  guint n_frames;
  guint n_foreign;   /* the first branches: their steps can't be done again here */
  double first_rate; /* the learning rate at the beginning, which a reset leaves alone */
};

/* of EspHistoryEvent */
GArray *esp_history_new_events (void);
void esp_history_add_event (GArray *events, const EspHistoryEvent *event);
EspHistoryBranch *esp_history_peek_branch (EspHistory *self, guint index);
EspHistoryBranch *esp_history_add_branch (EspHistory *self, guint parent, guint64 fork);
/* after the current branch, its events or how many of them are done changed */
void esp_history_find_due (EspHistory *self);
void esp_history_apply (EspPlan *plan, const EspHistoryEvent *event);
/* the last one of @branch or its parents that lies at or before @step with no more than @n_events
 * done; NULL: the beginning is the next */
const EspHistoryFrame *esp_history_find_frame (EspHistory *self,
                                               guint branch,
                                               guint64 step,
                                               guint n_events);
/* makes @branch the current one and @plan what it was at @frame, NULL: at the beginning */
void esp_history_go_to_frame (EspHistory *self,
                              EspPlan *plan,
                              guint branch,
                              const EspHistoryFrame *frame);

/* esp-history-change.c */
GPtrArray *esp_history_new_changes (void);
/* a branch that leaves @parent at @step with @n_events done: one that was left empty, or a new
 * one; -1 when there are too many */
int esp_history_fork (EspHistory *self, guint parent, guint64 step, guint n_events);
/* the last branches, as long as nothing happened on them and nobody is there */
void esp_history_drop_empty (EspHistory *self);

G_END_DECLS
