/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-layer.h"

G_BEGIN_DECLS

extern const EspLayerClass esp_layer_permute;
extern const EspLayerClass esp_layer_zero_pad2d;

G_END_DECLS
