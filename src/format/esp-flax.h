/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/* What flax.serialization writes: nested dictionaries of arrays as MessagePack. */
extern const EspFormat esp_format_flax_msgpack;

G_END_DECLS
