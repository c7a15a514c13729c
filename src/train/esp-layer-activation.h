/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-layer.h"

/* element by element, without settings */
extern const EspLayerClass esp_layer_relu;
extern const EspLayerClass esp_layer_sigmoid;
extern const EspLayerClass esp_layer_tanh;
