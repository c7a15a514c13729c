/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-live-view.h"

G_BEGIN_DECLS

/**
 * EspFilters:
 *
 * Weights as the pictures that they look for: of a network whose inputs are images, what each unit
 * of the first layer weighs them with; and the kernels of convolutions.
 */
#define ESP_TYPE_FILTERS (esp_filters_get_type ())
G_DECLARE_FINAL_TYPE (EspFilters, esp_filters, ESP, FILTERS, EspLiveView)

/* whether @network has any */
gboolean esp_filters_fit (EspNetwork *network);

G_END_DECLS
