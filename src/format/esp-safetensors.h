/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

extern const EspFormat esp_format_safetensors;

G_END_DECLS
