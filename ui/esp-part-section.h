/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/**
 * EspPartSection:
 *
 * One part of what a live network is trained with, to be changed while it trains: its class and all
 * settings that this class has. Shown where the network itself is selected.
 *
 * Properties: "part" (char *, construct only): "loss", "optimizer" or "schedule".
 */
#define ESP_TYPE_PART_SECTION (esp_part_section_get_type ())
G_DECLARE_FINAL_TYPE (EspPartSection, esp_part_section, ESP, PART_SECTION, EspSection)

G_END_DECLS
