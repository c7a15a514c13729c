/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-layer.h"

/* Flatten: start_dim (1), end_dim (-1); dimension 0 is the batch */
extern const EspLayerClass esp_layer_flatten;
