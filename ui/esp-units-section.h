/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/**
 * EspUnitsSection:
 *
 * Units of the selected layer of a live network that are dead, dormant or saturated, with the count
 * of examples looked at and a way to the list of all units.
 */
#define ESP_TYPE_UNITS_SECTION (esp_units_section_get_type ())
G_DECLARE_FINAL_TYPE (EspUnitsSection, esp_units_section, ESP, UNITS_SECTION, EspSection)

G_END_DECLS
