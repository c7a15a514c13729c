/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-view.h"

G_BEGIN_DECLS

/**
 * EspRangeButton:
 *
 * Shows the scale, and in a popover everything about scale and range of a view's look: how values
 * are spread over the colours, and from which to which.
 */
#define ESP_TYPE_RANGE_BUTTON (esp_range_button_get_type ())
G_DECLARE_FINAL_TYPE (EspRangeButton, esp_range_button, ESP, RANGE_BUTTON, AdwBin)

GtkWidget *esp_range_button_new (void);
void esp_range_button_set_view (EspRangeButton *self, EspView *view);

G_END_DECLS
