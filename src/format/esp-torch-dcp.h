/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/* Folders of torch.distributed.checkpoint: by their `.metadata` or any of their `.distcp` files.
 * Tensors are put together from their pieces; pickles are read and never run. */
extern const EspFormat esp_format_torch_dcp;

G_END_DECLS
