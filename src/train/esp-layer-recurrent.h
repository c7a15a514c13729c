/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-layer.h"

extern const EspLayerClass esp_layer_gru;
extern const EspLayerClass esp_layer_lstm;
extern const EspLayerClass esp_layer_rnn;
