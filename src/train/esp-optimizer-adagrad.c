/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Adagrad (Duchi, Hazan, Singer 2011), as torch.optim has it. */

#include "config.h"
#include "esp-optimizer.h"

static gboolean
adagrad_read (EspOptimizerSettings *self, EspSpec *spec, GError **error)
{
  return esp_spec_read_double (spec, "lr_decay", 0, 1e6, &self->rate_decay, error) &&
         esp_spec_read_double (spec, "weight_decay", 0, 1e6, &self->weight_decay, error) &&
         esp_spec_read_double (spec, "initial_accumulator_value", 0, 1e30,
                               &self->initial_accumulator, error) &&
         esp_spec_read_double (spec, "eps", 0, 1, &self->eps, error);
}

static gboolean
adagrad_keeps (const EspOptimizerSettings *self, guint index)
{
  return TRUE;
}

static void
adagrad_update (const EspOptimizerSettings *self,
                const EspOptimizerState *state,
                const EspOptimizerCall *call)
{
  double rate = call->rate / (1 + (double) (state->step - 1) * self->rate_decay);
  call->kernels->adagrad (call->parameter, call->grad, call->moments[0], call->count,
                          (EspReal) rate, (EspReal) self->eps, (EspReal) self->weight_decay);
}

const EspOptimizerClass esp_optimizer_adagrad = {
  .name = "Adagrad",
  .defaults = { .rate = 1e-2, .eps = 1e-10 },
  .read = adagrad_read,
  .moments = { "sum" },
  .keeps = adagrad_keeps,
  .update = adagrad_update,
};
