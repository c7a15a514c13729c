/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RMSprop as torch.optim has it: the root is taken before eps is added; centred, it divides by an
 * estimate of the variance. */

#include "config.h"
#include "esp-optimizer.h"

enum
{
  SQUARE_AVG,
  MOMENTUM_BUFFER,
  GRAD_AVG,
};

static gboolean
rmsprop_read (EspOptimizerSettings *self, EspSpec *spec, GError **error)
{
  return esp_spec_read_double (spec, "alpha", 0, 1, &self->alpha, error) &&
         esp_spec_read_double (spec, "eps", 0, 1, &self->eps, error) &&
         esp_spec_read_double (spec, "weight_decay", 0, 1e6, &self->weight_decay, error) &&
         esp_spec_read_double (spec, "momentum", 0, 1, &self->momentum, error) &&
         esp_spec_read_bool (spec, "centered", &self->centered, error);
}

static gboolean
rmsprop_keeps (const EspOptimizerSettings *self, guint index)
{
  return index == SQUARE_AVG || (index == MOMENTUM_BUFFER && self->momentum > 0) ||
         (index == GRAD_AVG && self->centered);
}

static void
rmsprop_update (const EspOptimizerSettings *self,
                const EspOptimizerState *state,
                const EspOptimizerCall *call)
{
  EspRmspropFactors factors = {
    .rate = (EspReal) call->rate,
    .alpha = (EspReal) self->alpha,
    .one_minus_alpha = (EspReal) (1 - self->alpha),
    .eps = (EspReal) self->eps,
    .weight_decay = (EspReal) self->weight_decay,
    .momentum = (EspReal) self->momentum,
  };
  call->kernels->rmsprop (call->parameter, call->grad, call->moments[SQUARE_AVG],
                          self->centered ? call->moments[GRAD_AVG] : NULL,
                          self->momentum > 0 ? call->moments[MOMENTUM_BUFFER] : NULL, call->count,
                          &factors);
}

const EspOptimizerClass esp_optimizer_rmsprop = {
  .name = "RMSprop",
  .defaults = { .rate = 1e-2, .alpha = 0.99, .eps = 1e-8 },
  .read = rmsprop_read,
  .moments = { "square_avg", "momentum_buffer", "grad_avg" },
  .keeps = rmsprop_keeps,
  .update = rmsprop_update,
  .has_momentum = TRUE,
};
