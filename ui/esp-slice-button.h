/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-view.h"

G_BEGIN_DECLS

/**
 * EspSliceButton:
 *
 * Shows which matrix of an N-d tensor is drawn ("[0, 3, :, :]") and, in a popover, which axes go
 * down and across and where the others stand: each has a slider, a number, and can be played as a
 * film. Hidden where the tensor is a matrix or less.
 */
#define ESP_TYPE_SLICE_BUTTON (esp_slice_button_get_type ())
G_DECLARE_FINAL_TYPE (EspSliceButton, esp_slice_button, ESP, SLICE_BUTTON, AdwBin)

GtkWidget *esp_slice_button_new (void);
void esp_slice_button_set_view (EspSliceButton *self, EspView *view);

G_END_DECLS
