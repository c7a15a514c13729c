/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-network-editor.h"

G_BEGIN_DECLS

/**
 * EspLayerRow:
 *
 * One layer of a live network in the inspector's list: its path, its class as a drop-down, its size
 * or other main number as a spin button, and a menu.
 */
#define ESP_TYPE_LAYER_ROW (esp_layer_row_get_type ())
G_DECLARE_FINAL_TYPE (EspLayerRow, esp_layer_row, ESP, LAYER_ROW, AdwPreferencesRow)

/* @editor outlives it */
GtkWidget *esp_layer_row_new (EspNetworkEditor *editor);
/* the row doesn't keep @module */
void esp_layer_row_show (EspLayerRow *self, const EspNetworkModule *module);

G_END_DECLS
