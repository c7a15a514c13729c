/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-layer.h"

extern const EspLayerClass esp_layer_adaptive_avg_pool2d;
extern const EspLayerClass esp_layer_avg_pool2d;
extern const EspLayerClass esp_layer_max_pool2d;
