/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/**
 * EspLayersSection:
 *
 * The layers of a live network, to be changed in place: shown where the network or a
 * container is selected.
 */
#define ESP_TYPE_LAYERS_SECTION (esp_layers_section_get_type ())
G_DECLARE_FINAL_TYPE (EspLayersSection, esp_layers_section, ESP, LAYERS_SECTION, EspSection)

G_END_DECLS
