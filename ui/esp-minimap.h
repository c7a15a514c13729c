/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-heatmap.h"

G_BEGIN_DECLS

/**
 * EspMinimap:
 *
 * All of a heatmap's matrix, small, with a frame round what is in view; pressing or dragging goes
 * there. Hidden when all is in view. Keys aren't for it: the heatmap's own go everywhere.
 */
#define ESP_TYPE_MINIMAP (esp_minimap_get_type ())
G_DECLARE_FINAL_TYPE (EspMinimap, esp_minimap, ESP, MINIMAP, GtkWidget)

GtkWidget *esp_minimap_new (void);
void esp_minimap_set_heatmap (EspMinimap *self, EspHeatmap *heatmap);

G_END_DECLS
