/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/**
 * EspMetadataSection:
 *
 * What the file says of itself; with the root selected.
 */
#define ESP_TYPE_METADATA_SECTION (esp_metadata_section_get_type ())
G_DECLARE_FINAL_TYPE (EspMetadataSection, esp_metadata_section, ESP, METADATA_SECTION, EspSection)

G_END_DECLS
