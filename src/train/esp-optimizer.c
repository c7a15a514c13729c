/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optimisers, with PyTorch's settings and defaults. Factors that follow from the step count are
 * computed in double as Python does, then rounded once. */

#include "config.h"
#include "esp-optimizer.h"

#include <string.h>
#include <glib/gi18n.h>

static gboolean
sgd_read (EspOptimizer *self, EspSpec *spec, GError **error)
{
  if (!esp_spec_read_double (spec, "momentum", 0, 1, &self->momentum, error) ||
      !esp_spec_read_double (spec, "dampening", 0, 1, &self->dampening, error) ||
      !esp_spec_read_double (spec, "weight_decay", 0, 1e6, &self->weight_decay, error) ||
      !esp_spec_read_bool (spec, "nesterov", &self->nesterov, error))
    return FALSE;
  if (self->nesterov && (self->momentum <= 0 || self->dampening != 0))
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                          _ ("“nesterov” wants a momentum above 0 and no dampening"));
      return FALSE;
    }
  self->n_moments = self->momentum > 0 ? 1 : 0;
  return TRUE;
}

static void
sgd_begin (const EspOptimizer *self, EspOptimizerState *state)
{
  state->step++;
}

static void
sgd_update (const EspOptimizer *self, const EspOptimizerState *state, const EspOptimizerCall *call)
{
  if (self->n_moments == 0)
    {
      call->kernels->sgd (call->parameter, call->grad, call->count, (EspReal) call->rate,
                          (EspReal) self->weight_decay);
      return;
    }
  gboolean first = state->step == 1;
  EspMomentumFactors factors = {
    .rate = (EspReal) call->rate,
    .momentum = (EspReal) self->momentum,
    .keep = (EspReal) (first ? 0 : self->momentum),
    .take = (EspReal) (first ? 1 : 1 - self->dampening),
    .weight_decay = (EspReal) self->weight_decay,
    .nesterov = self->nesterov,
  };
  call->kernels->sgd_momentum (call->parameter, call->grad, call->moments[0], call->count,
                               &factors);
}

static gboolean
adam_read (EspOptimizer *self, EspSpec *spec, GError **error)
{
  self->n_moments = 2;
  return esp_spec_read_doubles (spec, "betas", 0, 0.9999999, self->betas, 2, error) &&
         esp_spec_read_double (spec, "eps", 0, 1, &self->eps, error) &&
         esp_spec_read_double (spec, "weight_decay", 0, 1e6, &self->weight_decay, error);
}

static void
adam_begin (const EspOptimizer *self, EspOptimizerState *state)
{
  state->step++;
  state->powers[0] *= self->betas[0];
  state->powers[1] *= self->betas[1];
}

static void
adam_update (const EspOptimizer *self, const EspOptimizerState *state, const EspOptimizerCall *call)
{
  EspAdamFactors factors = {
    .step_size = (EspReal) (call->rate / (1 - state->powers[0])),
    .correction_sqrt = (EspReal) sqrt (1 - state->powers[1]),
    .one_minus_beta1 = (EspReal) (1 - self->betas[0]),
    .beta2 = (EspReal) self->betas[1],
    .one_minus_beta2 = (EspReal) (1 - self->betas[1]),
    .eps = (EspReal) self->eps,
    .weight_decay = (EspReal) self->weight_decay,
  };
  call->kernels->adam (call->parameter, call->grad, call->moments[0], call->moments[1], call->count,
                       &factors);
}

static const EspOptimizerClass classes[] = {
  { "Adam", 1e-3, adam_read, adam_begin, adam_update },
  { "SGD", 1e-3, sgd_read, sgd_begin, sgd_update },
};

static const EspOptimizerClass *
find_class (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    if (strcmp (classes[i].name, name) == 0)
      return &classes[i];
  return NULL;
}

EspOptimizer *
esp_optimizer_new (JsonObject *object, GError **error)
{
  g_autoptr (EspSpec) spec = esp_spec_new (object, "optimizer");
  g_autofree char *name = esp_spec_read_string (spec, "class", NULL, error);
  if (name == NULL)
    return NULL;
  const EspOptimizerClass *klass = find_class (name);
  if (klass == NULL)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                          _ ("there is no optimiser “%s”; there are Adam and SGD"), name);
      return NULL;
    }
  EspOptimizer read = { .klass = klass, .rate = klass->rate, .betas = { 0.9, 0.999 }, .eps = 1e-8 };
  if (!esp_spec_read_double (spec, "lr", 0, 1e6, &read.rate, error) ||
      !klass->read (&read, spec, error) || !esp_spec_finish (spec, error))
    return NULL;
  EspOptimizer *self = g_memdup2 (&read, sizeof read);
  self->settings = json_object_ref (esp_spec_get_complete (spec));
  return self;
}

void
esp_optimizer_free (EspOptimizer *self)
{
  if (self == NULL)
    return;
  json_object_unref (self->settings);
  g_free (self);
}

void
esp_optimizer_state_init (EspOptimizerState *state)
{
  *state = (EspOptimizerState) { .powers = { 1, 1 } };
}
