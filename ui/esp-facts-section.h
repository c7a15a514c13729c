/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/**
 * EspFactsSection:
 *
 * What is known of the selection without reading its values: path, class, shape, type, storage; for
 * a module its attributes and totals; for the root the file or the network as well.
 */
#define ESP_TYPE_FACTS_SECTION (esp_facts_section_get_type ())
G_DECLARE_FINAL_TYPE (EspFactsSection, esp_facts_section, ESP, FACTS_SECTION, EspSection)

G_END_DECLS
