/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-view.h"

G_BEGIN_DECLS

/**
 * EspColormapButton:
 *
 * The colour maps in a popover, each with a swatch, and whether they are turned round. What is
 * chosen holds for all data of the same kind (signed or not); "Auto" goes back to the style's own.
 */
#define ESP_TYPE_COLORMAP_BUTTON (esp_colormap_button_get_type ())
G_DECLARE_FINAL_TYPE (EspColormapButton, esp_colormap_button, ESP, COLORMAP_BUTTON, AdwBin)

GtkWidget *esp_colormap_button_new (void);
void esp_colormap_button_set_view (EspColormapButton *self, EspView *view);

G_END_DECLS
