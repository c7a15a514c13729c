/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-heatmap.h"

G_BEGIN_DECLS

/**
 * EspLevels:
 *
 * The legend below a heatmap: colour bar, its range, how the values are spread, how many lie
 * beyond. Its edges stand below the plot area's.
 */
#define ESP_TYPE_LEVELS (esp_levels_get_type ())
G_DECLARE_FINAL_TYPE (EspLevels, esp_levels, ESP, LEVELS, GtkWidget)

GtkWidget *esp_levels_new (void);
/* the legend of @heatmap, which shows @view */
void esp_levels_set_heatmap (EspLevels *self, EspHeatmap *heatmap, EspView *view);
/* low stages: the colour bar and its range alone */
void esp_levels_set_brief (EspLevels *self, gboolean brief);

G_END_DECLS
