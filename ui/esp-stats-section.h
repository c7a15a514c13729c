/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-section.h"

G_BEGIN_DECLS

/**
 * EspStatsSection:
 *
 * Statistics and histogram of the selected tensor, in the channel that is shown. What lies in
 * memory and is small is scanned at once, anything else in a worker.
 */
#define ESP_TYPE_STATS_SECTION (esp_stats_section_get_type ())
G_DECLARE_FINAL_TYPE (EspStatsSection, esp_stats_section, ESP, STATS_SECTION, EspSection)

G_END_DECLS
