/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-view.h"

G_BEGIN_DECLS

/**
 * EspColormapButton:
 *
 * A drop-down of colour maps, each with a swatch. What is chosen holds for all data of the same
 * kind (signed or not) and is kept in the settings; "Auto" goes back to the style's own.
 */
#define ESP_TYPE_COLORMAP_BUTTON (esp_colormap_button_get_type ())
G_DECLARE_FINAL_TYPE (EspColormapButton, esp_colormap_button, ESP, COLORMAP_BUTTON, AdwBin)

GtkWidget *esp_colormap_button_new (void);
void esp_colormap_button_set_view (EspColormapButton *self, EspView *view);

G_END_DECLS
