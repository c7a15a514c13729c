/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-scan.h"

G_BEGIN_DECLS

/* @counts: (ESP_HISTOGRAM_CODES) by the top 16 bits of the float32; those of infinities and NaN are
 * passed over */
EspStats *esp_stats_new (const EspStatsValues *values, const guint64 *counts);
/* the same from the codes of each of @n numbers, which it sorts: cheaper up to some 10,000 */
EspStats *esp_stats_new_for_codes (const EspStatsValues *values, guint16 *codes, gsize n);

G_END_DECLS
