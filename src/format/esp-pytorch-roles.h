/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pytorch-edges.h"
#include "esp-pytorch-tensors.h"

G_BEGIN_DECLS

/* what the keys on the way to a tensor say about it */
typedef enum
{
  ESP_CONTEXT_MODEL, /* nothing special */
  ESP_CONTEXT_OPTIMIZER,
  ESP_CONTEXT_GRADIENT,
  ESP_CONTEXT_OTHER, /* random number generators, schedulers, callbacks */
} EspPytorchContext;

/* the context below an edge of a container whose context is @above */
EspPytorchContext esp_pytorch_context_below (EspPytorchContext above, const EspPytorchEdge *edge);
/* @name: the last key on the path */
EspRole esp_pytorch_get_role (const EspPytorchEdge *edge,
                              EspPytorchContext context,
                              const EspPytorchTensor *tensor,
                              const char *name);
EspRequiresGrad esp_pytorch_get_requires_grad (const EspPytorchEdge *edge,
                                               const EspPytorchTensor *tensor);

/* {'state': {...}, 'param_groups': [...]} */
gboolean esp_pytorch_is_optimizer (const EspPickleValue *value);

G_END_DECLS
