/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-layer.h"

extern const EspLayerClass esp_layer_multihead_attention;
