/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-layer.h"

extern const EspLayerClass esp_layer_identity;
extern const EspLayerClass esp_layer_select;
extern const EspLayerClass esp_layer_unflatten;
