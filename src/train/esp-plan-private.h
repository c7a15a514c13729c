/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a plan is inside, for esp-plan-layout.c, which makes it, and esp-plan.c, which runs it. */

#include "esp-plan.h"

G_BEGIN_DECLS

#define ESP_PLAN_OBSERVE_ROWS 256 /* examples that are looked at at once */

/* the calls over one size of batch */
typedef struct
{
  EspLayerCall *calls; /* (n_calls) */
  EspReal **values;    /* (n_values) the network's inputs, then what the calls write */
  const EspReal *output;
  EspLayerRun run;
} EspTape;

/* how a parameter is trained, and what the optimiser counts for it; 64-bit numbers all of them */
typedef struct
{
  guint64 frozen;            /* no gradient and no update: 1 */
  double rate, weight_decay; /* its own; NAN: its group's */
  EspOptimizerState state;
} EspPlanRule;

/* parameters that lie together and are updated alike */
typedef struct
{
  gsize offset, count;
  guint first, last; /* parameters, without the buffers among them */
  guint group;
  double rate, weight_decay; /* as in their rules */
  EspOptimizerState state;   /* newer than that of the rules */
} EspPlanRun;

struct _EspPlan
{
  EspNetwork *network; /* owned */
  const EspKernels *kernels;

  /* owned */
  EspReal *block;
  gsize block_count;
  EspReal **pointers; /* arrays that the calls point at */
  EspTape batch;
  EspTape watched;
  gsize *offsets;      /* of each parameter within a run of parameters */
  EspReal **use_grads; /* of each parameter: (n_uses, count), or NULL with one use */
  guint32 *order;      /* of examples in this epoch */
  gint32 *labels;      /* of the batch */
  EspReal *targets;    /* of the batch */
  gint32 *view_labels; /* the same of what is observed */
  EspReal *view_targets;
  EspPlanView view;
  EspPlanRule *rules;       /* (parameters) */
  EspPlanRule *first_rules; /* (parameters) at the beginning */
  EspPlanRun *runs;         /* (n_runs) of what is updated */
  guint n_runs;

  /* runs inside the block */
  EspReal *parameters, *before, *grads, *clear;
  EspReal *moments[ESP_OPTIMIZER_MAX_MOMENTS];
  gsize n_numbers, n_trainable, n_clear;
  gsize n_updated; /* trainable numbers, up to whole vectors: what lies behind them is idle */
  gsize example_count, *input_counts; /* numbers in an example and in each of its parts */
  guint n_calls, n_values, first_backward;
  EspReal **grad_values; /* (n_values) derivatives, owned array; NULL where none is ever wanted */
  gsize watch_rows;
  guint64 observe_work; /* of one example */

  /* state */
  double rate; /* of group 0, before the schedule */
  double loss;
  guint64 step, epoch, position; /* position: examples of this epoch that are done */
  gsize rows;                    /* of the last batch */
  guint64 row_limit;             /* of the next, G_MAXUINT64 if there is none */
  EspStage stage;
  EspLossCall loss_call;
  gboolean has_before, has_view;
  guint64 *last_fired; /* (n_last_fired) of all units that can die, owned */
  gsize n_last_fired;
  EspBounds data_bounds; /* (example_count) of all examples, owned */
  EspBounds *bounds;     /* (n_values) what each can be, owned; NULL until somebody asked */
};

/* where backward adds the gradient of one use of a parameter; NULL while it isn't trained */
EspReal *esp_plan_find_use_grad (EspPlan *self, guint parameter, guint use);

/* esp-plan-rule.c */
/* whether the parameter is no buffer: it can be trained, even if it isn't now */
gboolean esp_plan_can_train (EspPlan *self, guint parameter);
/* (n_values) which values have something before them that is trained: @ever or, without, now. New.
 */
gboolean *esp_plan_find_wanted (EspPlan *self, gboolean ever);
/* all rules as at the beginning */
void esp_plan_reset_rules (EspPlan *self);
/* what the runs count goes back into the rules */
void esp_plan_settle_rules (EspPlan *self);
/* runs and ways of the gradient follow from the rules */
void esp_plan_apply_rules (EspPlan *self);
/* whether a rule from elsewhere can be this parameter's */
gboolean esp_plan_check_rule (EspPlan *self, guint parameter, const EspPlanRule *rule);

/* one example into row @row of a tape, cut into the network's inputs */
void esp_plan_put_example (EspPlan *self, EspTape *tape, gsize row, const EspReal *example);
void esp_plan_run_forward (EspPlan *self, EspTape *tape, gsize rows);
/* esp-plan-observe.c: once, when the plan is made */
void esp_plan_init_view (EspPlan *self);
void esp_plan_clear_view (EspPlan *self);
/* the step that was just done, to all units that fired in its batch. Hot. */
void esp_plan_mark_fired (EspPlan *self);
/* esp-plan-bound.c: what each unit that can die can reach with the parameters as they are */
void esp_plan_bound_units (EspPlan *self);
void esp_plan_clear_bounds (EspPlan *self);
/* the order of examples in @epoch */
void esp_plan_begin_epoch (EspPlan *self, guint64 epoch);

G_END_DECLS
