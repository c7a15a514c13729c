/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/* files of torch.save from before PyTorch 1.6 */
extern const EspFormat esp_format_pytorch_legacy;

G_END_DECLS
