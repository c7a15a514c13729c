/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optimiser updates over flat runs of parameters. The order of operations is that of
 * torch.optim's single-tensor code, so that numbers agree to rounding. */

#include "esp-kernel-optimizer.h"

void
esp_kernel_sgd (EspReal *parameter,
                const EspReal *grad,
                gsize count,
                EspReal rate,
                EspReal weight_decay)
{
  for (gsize i = 0; i < count; i++)
    parameter[i] -= rate * (grad[i] + weight_decay * parameter[i]);
}

void
esp_kernel_sgd_momentum (EspReal *parameter,
                         const EspReal *grad,
                         EspReal *momentum_buffer,
                         gsize count,
                         EspReal rate,
                         EspReal momentum,
                         EspReal dampening,
                         EspReal weight_decay,
                         gboolean nesterov,
                         gboolean first)
{
  EspReal keep = first ? 0 : momentum;
  EspReal take = first ? 1 : 1 - dampening;
  for (gsize i = 0; i < count; i++)
    {
      EspReal g = grad[i] + weight_decay * parameter[i];
      EspReal buffer = keep * momentum_buffer[i] + take * g;
      momentum_buffer[i] = buffer;
      parameter[i] -= rate * (nesterov ? g + momentum * buffer : buffer);
    }
}

void
esp_kernel_adam (EspReal *parameter,
                 const EspReal *grad,
                 EspReal *exp_avg,
                 EspReal *exp_avg_sq,
                 gsize count,
                 const EspAdamFactors *factors)
{
  const EspAdamFactors f = *factors;
  for (gsize i = 0; i < count; i++)
    {
      EspReal g = grad[i] + f.weight_decay * parameter[i];
      EspReal m = exp_avg[i] + f.one_minus_beta1 * (g - exp_avg[i]);
      EspReal v = f.beta2 * exp_avg_sq[i] + f.one_minus_beta2 * (g * g);
      exp_avg[i] = m;
      exp_avg_sq[i] = v;
      parameter[i] -= f.step_size * (m / (esp_real_sqrt (v) / f.correction_sqrt + f.eps));
    }
}
