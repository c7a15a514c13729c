/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to the code for PyTorch and Keras: what is frozen, and what comes after the network for
 * PyTorch, in esp-network-code-train.c. */

#include "esp-network-private.h"

G_BEGIN_DECLS

/* now, be it from the beginning or since; main thread */
static inline gboolean
esp_code_is_frozen (const EspNetParameter *parameter)
{
  return esp_parameter_get_requires_grad (parameter->object) == ESP_REQUIRES_GRAD_NO;
}

/* of a layer's parameters, without buffers; @trained: the others */
guint esp_code_count_frozen (EspNetwork *network, const EspNetModule *module, guint *trained);
/* calls of torch.nn.init for every parameter that begins otherwise than its module's own way */
void esp_code_append_beginnings (GString *out, EspNetwork *network);
/* criterion, optimizer, scheduler and train() */
void esp_code_append_training (GString *out, EspNetwork *network);

G_END_DECLS
