/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-heatmap.h"

G_BEGIN_DECLS

/**
 * EspSecondHeatmap:
 *
 * A second heatmap with its legend: the gradient where the first shows the data, the data where it
 * shows the gradient. Both show the same part of the matrix, and the same cells are marked.
 */
#define ESP_TYPE_SECOND_HEATMAP (esp_second_heatmap_get_type ())
G_DECLARE_FINAL_TYPE (EspSecondHeatmap, esp_second_heatmap, ESP, SECOND_HEATMAP, GtkWidget)

GtkWidget *esp_second_heatmap_new (void);
/* beside @heatmap, which draws @view */
void esp_second_heatmap_set_heatmap (EspSecondHeatmap *self, EspHeatmap *heatmap, EspView *view);

G_END_DECLS
