/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-real.h"

/* One update of @count numbers, in the order of operations that PyTorch has. */
void esp_kernel_sgd (EspReal *parameter,
                     const EspReal *grad,
                     gsize count,
                     EspReal rate,
                     EspReal weight_decay);
/* @first: there is no momentum yet, it becomes the gradient itself */
void esp_kernel_sgd_momentum (EspReal *parameter,
                              const EspReal *grad,
                              EspReal *momentum_buffer,
                              gsize count,
                              EspReal rate,
                              EspReal momentum,
                              EspReal dampening,
                              EspReal weight_decay,
                              gboolean nesterov,
                              gboolean first);

typedef struct
{
  EspReal step_size;       /* lr / (1 - beta1^t) */
  EspReal correction_sqrt; /* sqrt (1 - beta2^t) */
  EspReal one_minus_beta1; /* taken in double, then rounded */
  EspReal beta2;
  EspReal one_minus_beta2;
  EspReal eps;
  EspReal weight_decay;
} EspAdamFactors;

void esp_kernel_adam (EspReal *parameter,
                      const EspReal *grad,
                      EspReal *exp_avg,
                      EspReal *exp_avg_sq,
                      gsize count,
                      const EspAdamFactors *factors);
