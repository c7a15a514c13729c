/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-heatmap.h"

G_BEGIN_DECLS

/**
 * EspHeatmapFrame:
 *
 * A heatmap with what stands round it: the small map in its corner, profiles of columns above and
 * of rows beside it.
 *
 * Properties (notify): "profiles" (gboolean): whether these are shown, kept in the settings;
 * "profile" (string): "norm", "mean", "max" or "min". Both are actions, too: "frame.profiles" and
 * "frame.profile".
 */
#define ESP_TYPE_HEATMAP_FRAME (esp_heatmap_frame_get_type ())
G_DECLARE_FINAL_TYPE (EspHeatmapFrame, esp_heatmap_frame, ESP, HEATMAP_FRAME, GtkWidget)

GtkWidget *esp_heatmap_frame_new (void);
void esp_heatmap_frame_set_view (EspHeatmapFrame *self, EspView *view);
EspHeatmap *esp_heatmap_frame_get_heatmap (EspHeatmapFrame *self); /* borrowed */
/* where there is little room, profiles are left out */
void esp_heatmap_frame_set_small (EspHeatmapFrame *self, gboolean small);

G_END_DECLS
