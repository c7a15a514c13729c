/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/**
 * EspWarningsSection:
 *
 * What the reader of the file found odd; with the root selected.
 */
#define ESP_TYPE_WARNINGS_SECTION (esp_warnings_section_get_type ())
G_DECLARE_FINAL_TYPE (EspWarningsSection, esp_warnings_section, ESP, WARNINGS_SECTION, EspSection)

G_END_DECLS
