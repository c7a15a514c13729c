/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-network-private.h"
#include "esp-snapshot.h"
#include "esp-timeline.h"

G_BEGIN_DECLS

/**
 * EspPlan:
 *
 * A network compiled for training: one block of memory and the list of layer calls with all their
 * pointers. Nothing is allocated inside a step. It keeps a reference on the network and reads only
 * what is immutable there. One thread at a time.
 *
 * The numbers depend on network, seed and edits alone, not on what is looked at and when.
 */
typedef struct _EspPlan EspPlan;

EspPlan *esp_plan_new (EspNetwork *network);
void esp_plan_free (EspPlan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspPlan, esp_plan_free)

/* back to the beginning: parameters, optimiser, order of examples, what is frozen; the learning
 * rate stays */
void esp_plan_reset (EspPlan *self);
/* one batch forward and backward, one update. Returns the loss of the batch, before the update.
 * @watched: a snapshot follows, so that large networks keep what an update adds. Hot. */
double esp_plan_step (EspPlan *self, gboolean watched);
/* the next part of a step: forward, loss, backward, update. esp_plan_step() does what is left of
 * one; the numbers are the same either way. */
EspStage esp_plan_advance (EspPlan *self, gboolean watched);
EspStage esp_plan_get_stage (EspPlan *self);
/* the next batch has @rows examples at most */
void esp_plan_limit_rows (EspPlan *self, guint64 rows);
/* all numbers of a parameter, or of its moment @channel - 1; its own count of them */
void esp_plan_fill (EspPlan *self, guint parameter, guint channel, const EspReal *values);
/* one number of it; a counter's is whole, 2^53 at most */
void esp_plan_edit (EspPlan *self, guint parameter, guint64 index, double value);
/* the optimiser's learning rate, before the schedule, of parameters in no group of their own */
void esp_plan_set_rate (EspPlan *self, double rate);
double esp_plan_get_base_rate (EspPlan *self);

/* esp-plan-rule.c */
/* A frozen parameter has no gradient and no update, and what the optimiser keeps for it stays as it
 * is; nothing is computed that only its gradient would need. As requires_grad in PyTorch. */
void esp_plan_set_frozen (EspPlan *self, guint parameter, gboolean frozen);
/* A parameter's own learning rate, before the schedule, and weight decay, as in a group of its own;
 * NAN: its group's. */
void esp_plan_set_own_rate (EspPlan *self, guint parameter, double rate);
void esp_plan_set_own_decay (EspPlan *self, guint parameter, double weight_decay);
void esp_plan_get_rule (EspPlan *self, guint parameter, EspUpdateRule *rule);
/* what is frozen and has rates of its own now is so at the beginning, too */
void esp_plan_keep_rules (EspPlan *self);

guint64 esp_plan_get_step (EspPlan *self);
guint64 esp_plan_get_epoch (EspPlan *self); /* passes over the data that are complete */
double esp_plan_get_loss (EspPlan *self);   /* of the last batch, NaN before the first */
const EspReal *esp_plan_get_parameter (EspPlan *self, guint parameter);
/* NULL before the first backward pass, and where none is wanted */
const EspReal *esp_plan_get_grad (EspPlan *self, guint parameter);
/* of one use of a parameter that has several, else NULL as above */
const EspReal *esp_plan_get_grad_at (EspPlan *self, guint parameter, guint use);
/* NULL before the first step and where the optimiser keeps no such number */
const EspReal *esp_plan_get_moment (EspPlan *self, guint parameter, guint moment);
/* parameters before the last update, NULL if not kept */
const EspReal *esp_plan_get_before (EspPlan *self, guint parameter);
/* esp-plan-measure.c: of the last step */
void esp_plan_measure (EspPlan *self, guint parameter, EspMeter *meter);
/* the last batch that was computed: the loss alone, with the parameters as they are now; for
 * derivatives by finite differences */
double esp_plan_get_batch_loss (EspPlan *self);

/* esp-plan-state.c: all that later steps depend on, @state of get_state_size() bytes. Loading drops
 * what a step left for views (gradients, activations): it is there again after the next one. Only
 * between steps. */
gsize esp_plan_get_state_size (EspPlan *self);
/* bytes of it that are 64-bit numbers; the others are EspReals */
gsize esp_plan_get_state_head (EspPlan *self);
/* whether a state from elsewhere is one of step @step that can be loaded */
gboolean esp_plan_check_state (EspPlan *self, const guint8 *state, guint64 step);
void esp_plan_save_state (EspPlan *self, guint8 *state);
void esp_plan_load_state (EspPlan *self, const guint8 *state);

/* esp-plan-probe.c */
/* A forward pass over @inputs (rows, numbers of an example) as in evaluation. @outputs (n_calls):
 * where the output of each call goes, (rows, its numbers), or NULL. */
void esp_plan_probe (EspPlan *self, const EspReal *inputs, gsize rows, EspReal *const *outputs);
/* whether parameters and buffers are all finite */
gboolean esp_plan_is_finite (EspPlan *self);
/**
 * esp_plan_find_nonfinite:
 * @path: (out): of the module (in FORWARD) or parameter (in BACKWARD and UPDATED) where the first
 * number that isn't finite arises in the next step; NULL for the loss. New string.
 *
 * Does the next step in parts up to there. %FALSE when all of it stays finite.
 */
gboolean esp_plan_find_nonfinite (EspPlan *self, EspStage *stage, char **path);

/* What was seen of the units of one call (esp-unit.h): numbers of a vector; of an image its
 * channels, each over all its pixels; of a sequence its features, each over all its steps. */
typedef struct
{
  guint call;
  gsize n_units, rows, positions; /* its output is (examples * rows, n_units, positions) */
  EspUnitSums sums;               /* (n_units) each */
  guint64 *last_fired; /* (n_units) the last step in whose batch it fired, 0: in none; NULL unless
                        * units of this call can die */
  double *reach; /* (n_units) the most that can come in by weights and range of the data, or NULL */
} EspPlanUnits;

/* what was seen over the data set */
typedef struct
{
  guint64 examples; /* looked at: all, or as many as are cheap, spread evenly */
  double accuracy;  /* over these; NaN without labels */
  double test_loss; /* over the examples to test with, as many at most; NaN without any */
  double test_accuracy;
  guint n_calls;       /* observed calls */
  EspPlanUnits *calls; /* (n_calls) */
} EspPlanView;

/* esp-plan-observe.c: a forward pass over the data set; borrowed, until the next call */
const EspPlanView *esp_plan_observe (EspPlan *self);
/* what was seen last; NULL before the first */
const EspPlanView *esp_plan_get_view (EspPlan *self);
/* multiplications that esp_plan_observe() costs, about */
guint64 esp_plan_get_observe_work (EspPlan *self);

/* esp-plan-snapshot.c: copies everything out, the units as they were seen last */
EspSnapshot *esp_plan_make_snapshot (EspPlan *self, EspNetwork *network);
/* esp-plan-snapshot.c: what goes through the network: outputs of all calls, and for the last batch
 * their gradients where there are any. @inputs (rows, numbers of an example) floats. */
void esp_plan_add_batch (EspPlan *self, EspSnapshot *snapshot);
void esp_plan_add_probe (EspPlan *self, EspSnapshot *snapshot, EspProbeKind probe, GBytes *inputs);

G_END_DECLS
