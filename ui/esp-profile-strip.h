/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-heatmap.h"

G_BEGIN_DECLS

/**
 * EspProfileStrip:
 *
 * A number for each row (a strip down, right of a heatmap) or each column (across, above it) of
 * what the heatmap shows: norm, mean, largest, smallest. Bars stand at the heatmap's own rows or
 * columns, whatever its zoom; a row that is all 0 has a red mark.
 */
#define ESP_TYPE_PROFILE_STRIP (esp_profile_strip_get_type ())
G_DECLARE_FINAL_TYPE (EspProfileStrip, esp_profile_strip, ESP, PROFILE_STRIP, GtkWidget)

GtkWidget *esp_profile_strip_new (GtkOrientation orientation);
void esp_profile_strip_set_heatmap (EspProfileStrip *self, EspHeatmap *heatmap, EspView *view);
void esp_profile_strip_set_kind (EspProfileStrip *self, EspProfileKind kind);

G_END_DECLS
