/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/* checkpoints in several files, by their JSON index; which of the two it is, the shards tell */
extern const EspFormat esp_format_safetensors_sharded;
extern const EspFormat esp_format_pytorch_sharded;

G_END_DECLS
