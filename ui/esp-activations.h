/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-live-view.h"

G_BEGIN_DECLS

/**
 * EspActivations:
 *
 * What every layer of a live network makes of an example that is chosen, beside its label and what
 * is predicted; or of the batch of the last step, with gradients.
 */
#define ESP_TYPE_ACTIVATIONS (esp_activations_get_type ())
G_DECLARE_FINAL_TYPE (EspActivations, esp_activations, ESP, ACTIVATIONS, EspLiveView)

G_END_DECLS
