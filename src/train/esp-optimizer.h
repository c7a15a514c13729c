/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-kernels.h"
#include "esp-spec.h"

G_BEGIN_DECLS

#define ESP_OPTIMIZER_MAX_MOMENTS 2

typedef struct _EspOptimizer EspOptimizer;

/* What one training run changes; the plan owns it. Zeroed, it is the beginning. */
typedef struct
{
  guint64 step;
  double powers[2]; /* of the betas; 1 before the first step */
} EspOptimizerState;

/* One update of a flat run of parameters. */
typedef struct
{
  const EspKernels *kernels;
  double rate;
  EspReal *parameter;
  const EspReal *grad;
  EspReal *moments[ESP_OPTIMIZER_MAX_MOMENTS]; /* zeroed at the beginning */
  gsize count;
} EspOptimizerCall;

/* A kind of optimiser: functions and a row of the table in esp-optimizer.c. */
typedef struct
{
  const char *name; /* PyTorch's */
  double rate;      /* default learning rate */
  gboolean (*read) (EspOptimizer *self, EspSpec *spec, GError **error);
  /* begins a step: counts it and whatever follows from the count */
  void (*begin) (const EspOptimizer *self, EspOptimizerState *state);
  void (*update) (const EspOptimizer *self,
                  const EspOptimizerState *state,
                  const EspOptimizerCall *call);
} EspOptimizerClass;

/* Settings; immutable once read. */
struct _EspOptimizer
{
  const EspOptimizerClass *klass;
  double rate;
  double weight_decay;
  double momentum, dampening; /* SGD */
  gboolean nesterov;
  double betas[2], eps; /* Adam */
  guint n_moments;      /* numbers kept per parameter */
  JsonObject *settings;
};

/* @object: {"class": ..., settings} */
EspOptimizer *esp_optimizer_new (JsonObject *object, GError **error);
void esp_optimizer_free (EspOptimizer *self);
void esp_optimizer_state_init (EspOptimizerState *state);

G_END_DECLS
