/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/**
 * EspStatesSection:
 *
 * What an optimizer keeps for the selected parameter, or whose the selected state is, as links.
 */
#define ESP_TYPE_STATES_SECTION (esp_states_section_get_type ())
G_DECLARE_FINAL_TYPE (EspStatesSection, esp_states_section, ESP, STATES_SECTION, EspSection)

G_END_DECLS
