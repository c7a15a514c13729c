/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/**
 * EspTrainingSection:
 *
 * What a live network is trained with: data, batch size, clipping, to be changed while it trains.
 * Loss and optimiser are EspPartSection's. Shown where the network itself is selected.
 */
#define ESP_TYPE_TRAINING_SECTION (esp_training_section_get_type ())
G_DECLARE_FINAL_TYPE (EspTrainingSection, esp_training_section, ESP, TRAINING_SECTION, EspSection)

G_END_DECLS
