/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-kernels.h"
#include "esp-spec.h"

G_BEGIN_DECLS

#define ESP_OPTIMIZER_MAX_MOMENTS 3
#define ESP_OPTIMIZER_MAX_GROUPS 64
#define ESP_OPTIMIZER_MAX_RATE 1e6

typedef struct _EspOptimizer EspOptimizer;
typedef struct _EspOptimizerClass EspOptimizerClass;

/* What holds for one group of parameters. A class reads and uses what it knows. */
typedef struct
{
  double rate;
  double weight_decay;
  double momentum;            /* SGD, RMSprop */
  double dampening;           /* SGD */
  gboolean nesterov;          /* SGD */
  double betas[2];            /* Adam, AdamW */
  double eps;                 /* all but SGD */
  gboolean amsgrad;           /* Adam, AdamW */
  double alpha;               /* RMSprop */
  gboolean centered;          /* RMSprop */
  double rate_decay;          /* Adagrad's lr_decay */
  double initial_accumulator; /* Adagrad's initial_accumulator_value */
} EspOptimizerSettings;

/* What one training run changes, for each group; the plan owns it. */
typedef struct
{
  guint64 step;     /* 1 in the first */
  double powers[2]; /* of the betas; 1 before the first step */
} EspOptimizerState;

/* One update of a flat run of parameters of one group. */
typedef struct
{
  const EspKernels *kernels;
  double rate;
  EspReal *parameter;
  const EspReal *grad;
  EspReal *moments[ESP_OPTIMIZER_MAX_MOMENTS];
  gsize count;
} EspOptimizerCall;

/* A kind of optimiser: one file and a row of the table in esp-optimizer.c. */
struct _EspOptimizerClass
{
  const char *name; /* PyTorch's */
  EspOptimizerSettings defaults;
  gboolean (*read) (EspOptimizerSettings *settings, EspSpec *spec, GError **error);
  /* PyTorch's name of a number that is kept per parameter, what it begins with is the settings'
   * matter; NULL beyond the last. Places of moments don't depend on the settings. */
  const char *moments[ESP_OPTIMIZER_MAX_MOMENTS];
  /* whether moment @index is kept with these settings */
  gboolean (*keeps) (const EspOptimizerSettings *settings, guint index);
  void (*update) (const EspOptimizerSettings *settings,
                  const EspOptimizerState *state,
                  const EspOptimizerCall *call);
  gboolean has_momentum; /* or a first beta, which a schedule can move */
};

/* Immutable once read. Group 0 is every parameter that no other group names. */
struct _EspOptimizer
{
  const EspOptimizerClass *klass;
  guint n_groups;
  EspOptimizerSettings *groups;
  char ***patterns; /* (n_groups) paths of parameters, with * and ?; NULL for group 0 */
  guint n_moments;  /* that are kept in some group, and those before them */
  JsonObject *settings;
};

/* @object: {"class": ..., settings, "groups": [{"params": PATTERN or list, settings}]} */
EspOptimizer *esp_optimizer_new (JsonObject *object, GError **error);
/* NULL-terminated, static */
const char *const *esp_optimizer_get_class_names (void);
/* has a class's reader answer esp_spec_new_for_questions(); FALSE when there is none of this name
 */
gboolean esp_optimizer_ask (const char *class_name, EspSpec *questions);
void esp_optimizer_free (EspOptimizer *self);
/* What a schedule says for all groups: the rate that it starts from, and the momentum; NAN for what
 * stays. Right after esp_optimizer_new(). FALSE where there is no momentum. */
gboolean esp_optimizer_follow (EspOptimizer *self, double rate, double momentum, GError **error);
/* the first group with a pattern that @path fits, or 0 */
guint esp_optimizer_find_group (const EspOptimizer *self, const char *path);
/* whether moment @index (below n_moments) is kept in a group; else it stays 0 and is nothing to see
 */
gboolean esp_optimizer_keeps (const EspOptimizer *self, guint group, guint index);
/* PyTorch's name of a moment: "exp_avg" */
const char *esp_optimizer_get_moment_name (const EspOptimizer *self, guint index);
/* what all numbers of a moment are at the beginning */
double esp_optimizer_get_initial_moment (const EspOptimizer *self, guint group, guint index);

void esp_optimizer_state_init (EspOptimizerState *state);
/* begins a step. @cycled: the first beta differs from step to step. */
void esp_optimizer_state_advance (EspOptimizerState *state,
                                  const EspOptimizerSettings *settings,
                                  gboolean cycled);

extern const EspOptimizerClass esp_optimizer_adagrad;
extern const EspOptimizerClass esp_optimizer_adam;
extern const EspOptimizerClass esp_optimizer_adamw;
extern const EspOptimizerClass esp_optimizer_rmsprop;
extern const EspOptimizerClass esp_optimizer_sgd;

G_END_DECLS
