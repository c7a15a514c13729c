/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-layer.h"

extern const EspLayerClass esp_layer_elu;
extern const EspLayerClass esp_layer_gelu;
extern const EspLayerClass esp_layer_leaky_relu;
extern const EspLayerClass esp_layer_relu;
extern const EspLayerClass esp_layer_sigmoid;
extern const EspLayerClass esp_layer_silu;
extern const EspLayerClass esp_layer_softplus;
extern const EspLayerClass esp_layer_tanh;
