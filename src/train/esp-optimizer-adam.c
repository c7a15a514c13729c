/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Adam (arXiv 1412.6980), its variant AMSGrad, and AdamW, whose weight decay acts on the parameter
 * and not on the gradient (arXiv 1711.05101); operations in the order of torch.optim's
 * single-tensor code. */

#include "config.h"
#include "esp-optimizer.h"

static gboolean
adam_read (EspOptimizerSettings *self, EspSpec *spec, GError **error)
{
  return esp_spec_read_doubles (spec, "betas", 0, 0.9999999, self->betas, 2, error) &&
         esp_spec_read_double (spec, "eps", 0, 1, &self->eps, error) &&
         esp_spec_read_double (spec, "weight_decay", 0, 1e6, &self->weight_decay, error) &&
         esp_spec_read_bool (spec, "amsgrad", &self->amsgrad, error);
}

static gboolean
adam_keeps (const EspOptimizerSettings *self, guint index)
{
  return index < 2 || self->amsgrad;
}

static void
update (const EspOptimizerSettings *self,
        const EspOptimizerState *state,
        const EspOptimizerCall *call,
        double decay_of_gradient,
        double decay_of_parameter)
{
  EspAdamFactors factors = {
    .step_size = (EspReal) (call->rate / (1 - state->powers[0])),
    .correction_sqrt = (EspReal) sqrt (1 - state->powers[1]),
    .one_minus_beta1 = (EspReal) (1 - self->betas[0]),
    .beta2 = (EspReal) self->betas[1],
    .one_minus_beta2 = (EspReal) (1 - self->betas[1]),
    .eps = (EspReal) self->eps,
    .weight_decay = (EspReal) decay_of_gradient,
    .keep = (EspReal) (1 - call->rate * decay_of_parameter),
  };
  if (self->amsgrad)
    call->kernels->amsgrad (call->parameter, call->grad, call->moments[0], call->moments[1],
                            call->moments[2], call->count, &factors);
  else
    call->kernels->adam (call->parameter, call->grad, call->moments[0], call->moments[1],
                         call->count, &factors);
}

static void
adam_update (const EspOptimizerSettings *self,
             const EspOptimizerState *state,
             const EspOptimizerCall *call)
{
  update (self, state, call, self->weight_decay, 0);
}

static void
adamw_update (const EspOptimizerSettings *self,
              const EspOptimizerState *state,
              const EspOptimizerCall *call)
{
  update (self, state, call, 0, self->weight_decay);
}

const EspOptimizerClass esp_optimizer_adam = {
  .name = "Adam",
  .defaults = { .rate = 1e-3, .betas = { 0.9, 0.999 }, .eps = 1e-8 },
  .read = adam_read,
  .moments = { "exp_avg", "exp_avg_sq", "max_exp_avg_sq" },
  .keeps = adam_keeps,
  .update = adam_update,
  .has_momentum = TRUE,
};

const EspOptimizerClass esp_optimizer_adamw = {
  .name = "AdamW",
  .defaults = { .rate = 1e-3, .betas = { 0.9, 0.999 }, .eps = 1e-8, .weight_decay = 1e-2 },
  .read = adam_read,
  .moments = { "exp_avg", "exp_avg_sq", "max_exp_avg_sq" },
  .keeps = adam_keeps,
  .update = adamw_update,
  .has_momentum = TRUE,
};
