/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/**
 * EspTiesSection:
 *
 * Everything that what is selected is tied with; activating a row goes there.
 */
#define ESP_TYPE_TIES_SECTION (esp_ties_section_get_type ())
G_DECLARE_FINAL_TYPE (EspTiesSection, esp_ties_section, ESP, TIES_SECTION, EspSection)

G_END_DECLS
