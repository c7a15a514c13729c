/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-layer.h"

extern const EspLayerClass esp_layer_group_norm;
extern const EspLayerClass esp_layer_layer_norm;
extern const EspLayerClass esp_layer_rms_norm;
