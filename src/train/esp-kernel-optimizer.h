/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Optimiser updates over flat runs of parameters. Compiled once per instruction set
 * (esp-kernels-set.c); what each does is told in esp-kernels.h. The order of operations is that of
 * torch.optim's single-tensor code, so that numbers agree to rounding. */

#include "esp-kernels.h"

static void
sgd (EspReal *restrict parameter,
     const EspReal *restrict grad,
     gsize count,
     EspReal rate,
     EspReal weight_decay)
{
  for (gsize i = 0; i < count; i++)
    parameter[i] -= rate * (grad[i] + weight_decay * parameter[i]);
}

static void
sgd_momentum (EspReal *restrict parameter,
              const EspReal *restrict grad,
              EspReal *restrict momentum_buffer,
              gsize count,
              const EspMomentumFactors *factors)
{
  const EspMomentumFactors f = *factors;
  for (gsize i = 0; i < count; i++)
    {
      EspReal g = grad[i] + f.weight_decay * parameter[i];
      EspReal buffer = f.keep * momentum_buffer[i] + f.take * g;
      momentum_buffer[i] = buffer;
      parameter[i] -= f.rate * (f.nesterov ? g + f.momentum * buffer : buffer);
    }
}

static void
adam (EspReal *restrict parameter,
      const EspReal *restrict grad,
      EspReal *restrict exp_avg,
      EspReal *restrict exp_avg_sq,
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
