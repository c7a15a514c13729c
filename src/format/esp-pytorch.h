/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/* torch.save since PyTorch 1.6: a zip with a pickle and one member per storage. Reading only. */
extern const EspFormat esp_format_pytorch_zip;

G_END_DECLS
