/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/* torch.jit.save: modules, their code and constants in a zip. Reading only. */
extern const EspFormat esp_format_torchscript;

G_END_DECLS
