/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to format/: the parameters of a torch.optim optimizer. */

#include "esp-pickle-value.h"
#include "esp-tree-builder.h"

G_BEGIN_DECLS

/* tells the tree which parameters the optimizer at @keys has state for, in its order, by name where
 * it was made from named parameters. @optimizer: a state_dict, see esp_pytorch_is_optimizer() */
void esp_pytorch_add_state_order (EspTreeBuilder *builder,
                                  const char *const *keys,
                                  const EspPickleValue *optimizer);

G_END_DECLS
