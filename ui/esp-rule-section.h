/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/* How what is selected in a live network is trained: frozen or not, learning rate and weight decay;
 * of the network the seed, too. */
#define ESP_TYPE_RULE_SECTION (esp_rule_section_get_type ())
G_DECLARE_FINAL_TYPE (EspRuleSection, esp_rule_section, ESP, RULE_SECTION, EspSection)

G_END_DECLS
