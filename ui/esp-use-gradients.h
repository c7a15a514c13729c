/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-live-view.h"

G_BEGIN_DECLS

/**
 * EspUseGradients:
 *
 * The gradient of each parameter that is used at several places, as it comes from each of them, and
 * their sum, side by side with the same colours. A recurrent layer that goes through its sequence
 * is one use.
 */
#define ESP_TYPE_USE_GRADIENTS (esp_use_gradients_get_type ())
G_DECLARE_FINAL_TYPE (EspUseGradients, esp_use_gradients, ESP, USE_GRADIENTS, EspLiveView)

/* whether @network has a parameter with several uses */
gboolean esp_use_gradients_fit (EspNetwork *network);

G_END_DECLS
