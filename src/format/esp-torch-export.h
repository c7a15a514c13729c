/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/* torch.export.save: a program with its weights in a zip. Reading only. */
extern const EspFormat esp_format_torch_export;

G_END_DECLS
