/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-layer.h"

/* Linear: in_features (may be left out), out_features, bias */
extern const EspLayerClass esp_layer_linear;
