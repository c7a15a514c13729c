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
      EspReal p = parameter[i] * f.keep;
      EspReal g = grad[i] + f.weight_decay * p;
      EspReal m = exp_avg[i] + f.one_minus_beta1 * (g - exp_avg[i]);
      EspReal v = f.beta2 * exp_avg_sq[i] + f.one_minus_beta2 * (g * g);
      exp_avg[i] = m;
      exp_avg_sq[i] = v;
      parameter[i] = p - f.step_size * (m / (esp_real_sqrt (v) / f.correction_sqrt + f.eps));
    }
}

static void
amsgrad (EspReal *restrict parameter,
         const EspReal *restrict grad,
         EspReal *restrict exp_avg,
         EspReal *restrict exp_avg_sq,
         EspReal *restrict max_exp_avg_sq,
         gsize count,
         const EspAdamFactors *factors)
{
  const EspAdamFactors f = *factors;
  for (gsize i = 0; i < count; i++)
    {
      EspReal p = parameter[i] * f.keep;
      EspReal g = grad[i] + f.weight_decay * p;
      EspReal m = exp_avg[i] + f.one_minus_beta1 * (g - exp_avg[i]);
      EspReal v = f.beta2 * exp_avg_sq[i] + f.one_minus_beta2 * (g * g);
      EspReal largest = max_exp_avg_sq[i] > v ? max_exp_avg_sq[i] : v;
      exp_avg[i] = m;
      exp_avg_sq[i] = v;
      max_exp_avg_sq[i] = largest;
      parameter[i] = p - f.step_size * (m / (esp_real_sqrt (largest) / f.correction_sqrt + f.eps));
    }
}

static void
rmsprop (EspReal *restrict parameter,
         const EspReal *restrict grad,
         EspReal *restrict square_avg,
         EspReal *restrict grad_avg,
         EspReal *restrict momentum_buffer,
         gsize count,
         const EspRmspropFactors *factors)
{
  const EspRmspropFactors f = *factors;
  for (gsize i = 0; i < count; i++)
    {
      EspReal g = grad[i] + f.weight_decay * parameter[i];
      EspReal v = f.alpha * square_avg[i] + f.one_minus_alpha * (g * g);
      square_avg[i] = v;
      if (grad_avg != NULL)
        {
          EspReal m = grad_avg[i] + f.one_minus_alpha * (g - grad_avg[i]);
          grad_avg[i] = m;
          v -= m * m;
        }
      EspReal change = g / (esp_real_sqrt (v) + f.eps);
      if (momentum_buffer != NULL)
        {
          change = f.momentum * momentum_buffer[i] + change;
          momentum_buffer[i] = change;
        }
      parameter[i] -= f.rate * change;
    }
}

static void
adagrad (EspReal *restrict parameter,
         const EspReal *restrict grad,
         EspReal *restrict sum,
         gsize count,
         EspReal rate,
         EspReal eps,
         EspReal weight_decay)
{
  for (gsize i = 0; i < count; i++)
    {
      EspReal g = grad[i] + weight_decay * parameter[i];
      EspReal v = sum[i] + g * g;
      sum[i] = v;
      parameter[i] -= rate * (g / (esp_real_sqrt (v) + eps));
    }
}

/* eight sums side by side: the compiler may not reorder additions itself */
static double
sum_squares (const EspReal *x, gsize count)
{
  double sums[8] = { 0 };
  gsize i = 0;
  for (; i + 8 <= count; i += 8)
    for (gsize k = 0; k < 8; k++)
      sums[k] += (double) x[i + k] * (double) x[i + k];
  for (gsize k = 0; i < count; i++, k++)
    sums[k] += (double) x[i] * (double) x[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

static void
scale (EspReal *x, gsize count, EspReal factor)
{
  for (gsize i = 0; i < count; i++)
    x[i] *= factor;
}

static void
clamp (EspReal *x, gsize count, EspReal limit)
{
  for (gsize i = 0; i < count; i++)
    {
      EspReal value = x[i] > limit ? limit : x[i];
      x[i] = value < -limit ? -limit : value;
    }
}
