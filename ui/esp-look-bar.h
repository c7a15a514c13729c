/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-view.h"

G_BEGIN_DECLS

/**
 * EspLookBar:
 *
 * The choices of a view's look: reduction, scale and range, colour map, lock. A box, across or
 * down.
 *
 */
#define ESP_TYPE_LOOK_BAR (esp_look_bar_get_type ())
G_DECLARE_FINAL_TYPE (EspLookBar, esp_look_bar, ESP, LOOK_BAR, GtkBox)

GtkWidget *esp_look_bar_new (void);
void esp_look_bar_set_view (EspLookBar *self, EspView *view);
/* keeps the range of now for all tensors, or lets it go */
void esp_look_bar_toggle_lock (EspLookBar *self);

G_END_DECLS
