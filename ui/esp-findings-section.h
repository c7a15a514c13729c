/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/**
 * EspFindingsSection:
 *
 * What a person should look at in the selected tensor: NaN, zeros, units that its weights prove
 * dead. Found in a worker; what training observed of units stands in EspUnitsSection.
 */
#define ESP_TYPE_FINDINGS_SECTION (esp_findings_section_get_type ())
G_DECLARE_FINAL_TYPE (EspFindingsSection, esp_findings_section, ESP, FINDINGS_SECTION, EspSection)

G_END_DECLS
