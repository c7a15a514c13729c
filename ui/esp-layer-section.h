/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/**
 * EspLayerSection:
 *
 * All settings of the layer of a live network that is selected, and its name.
 */
#define ESP_TYPE_LAYER_SECTION (esp_layer_section_get_type ())
G_DECLARE_FINAL_TYPE (EspLayerSection, esp_layer_section, ESP, LAYER_SECTION, EspSection)

G_END_DECLS
