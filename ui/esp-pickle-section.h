/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/**
 * EspPickleSection:
 *
 * Which Python names a pickle asks for, and which calls it wanted made: none was. With the root
 * selected.
 */
#define ESP_TYPE_PICKLE_SECTION (esp_pickle_section_get_type ())
G_DECLARE_FINAL_TYPE (EspPickleSection, esp_pickle_section, ESP, PICKLE_SECTION, EspSection)

G_END_DECLS
