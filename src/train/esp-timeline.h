/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-snapshot.h"

G_BEGIN_DECLS

/* what of the current step was done last */
typedef enum
{
  ESP_STAGE_UPDATED, /* it is complete, the next begins */
  ESP_STAGE_FORWARD,
  ESP_STAGE_LOSS,
  ESP_STAGE_BACKWARD,
} EspStage;

/* one run among those that share a beginning */
typedef struct
{
  guint parent;
  guint64 fork; /* the step after which it left its parent; the first is its own parent */
  guint64 head; /* the last step that it ever reached */
} EspBranchInfo;

/* where a trainer is among all moments of its run */
typedef struct
{
  guint branch;
  guint n_branches;
  guint n_foreign; /* the first of them: other kernels made them, only key frames can be gone to */
  guint64 step;
  guint64 head; /* of the branch */
  EspStage stage;
  gboolean seeking; /* on the way to another step */
  gboolean refused; /* the last change would have begun one branch too many */
  double rate;      /* the optimiser's learning rate there, before the schedule */
} EspTimeline;

/* what became of a command that changes a run */
typedef struct
{
  guint64 ticket;        /* the command's */
  guint64 step;          /* after which it was carried out; of one that went somewhere: where to */
  gboolean done;         /* FALSE: it was refused, nothing changed */
  EspSnapshot *snapshot; /* of a mark: what there was just then; else NULL. Owned by who takes it */
} EspReport;

/* where training left the finite numbers */
typedef struct
{
  guint64 step; /* the one that fails */
  EspStage stage;
  char *path; /* module in FORWARD, parameter in BACKWARD and UPDATED, NULL for the loss; owned */
} EspDivergence;

void esp_divergence_free (EspDivergence *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspDivergence, esp_divergence_free)

G_END_DECLS
