/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/**
 * EspCodeSection:
 *
 * The lines of Python that reach what is selected, in one of three dialects.
 */
#define ESP_TYPE_CODE_SECTION (esp_code_section_get_type ())
G_DECLARE_FINAL_TYPE (EspCodeSection, esp_code_section, ESP, CODE_SECTION, EspSection)

G_END_DECLS
