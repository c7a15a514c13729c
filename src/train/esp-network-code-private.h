/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to the code for PyTorch: what comes after the network, in esp-network-code-train.c. */

#include "esp-network-private.h"

G_BEGIN_DECLS

/* calls of torch.nn.init for every parameter that begins otherwise than its module's own way */
void esp_code_append_beginnings (GString *out, EspNetwork *network);
/* criterion, optimizer, scheduler and train() */
void esp_code_append_training (GString *out, EspNetwork *network);

G_END_DECLS
