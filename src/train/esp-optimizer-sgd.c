/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stochastic gradient descent, with momentum and Nesterov's variant of it as torch.optim.SGD has
 * them: the rate is no part of the momentum buffer. */

#include "config.h"
#include "esp-optimizer.h"

#include <glib/gi18n.h>

static gboolean
sgd_read (EspOptimizerSettings *self, EspSpec *spec, GError **error)
{
  if (!esp_spec_read_double (spec, "momentum", 0, 1, &self->momentum, error) ||
      !esp_spec_read_double (spec, "dampening", 0, 1, &self->dampening, error) ||
      !esp_spec_read_double (spec, "weight_decay", 0, 1e6, &self->weight_decay, error) ||
      !esp_spec_read_bool (spec, "nesterov", &self->nesterov, error))
    return FALSE;
  if (!self->nesterov || (self->momentum > 0 && self->dampening <= 0))
    return TRUE;
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                      _ ("“nesterov” wants a momentum above 0 and no dampening"));
  return FALSE;
}

static gboolean
sgd_keeps (const EspOptimizerSettings *self, guint index)
{
  return self->momentum > 0;
}

static void
sgd_update (const EspOptimizerSettings *self,
            const EspOptimizerState *state,
            const EspOptimizerCall *call)
{
  if (self->momentum <= 0)
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

const EspOptimizerClass esp_optimizer_sgd = {
  .name = "SGD",
  .defaults = { .rate = 1e-3 },
  .read = sgd_read,
  .moments = { "momentum_buffer" },
  .keeps = sgd_keeps,
  .update = sgd_update,
  .has_momentum = TRUE,
};
