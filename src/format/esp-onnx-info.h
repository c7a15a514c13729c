/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-checkpoint.h"
#include "esp-wire.h"

G_BEGIN_DECLS

/* producer, versions, metadata, inputs and outputs of the ModelProto that @wire stands before */
gboolean _esp_onnx_info_read (EspWire *wire, EspCheckpoint *checkpoint, GError **error);

G_END_DECLS
