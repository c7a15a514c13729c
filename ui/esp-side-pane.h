/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspSidePane:
 *
 * A picture and what explains it: side by side where there is room, each as high as the whole and
 * the side scrolling; else the picture above and all of it scrolling.
 */
#define ESP_TYPE_SIDE_PANE (esp_side_pane_get_type ())
G_DECLARE_FINAL_TYPE (EspSidePane, esp_side_pane, ESP, SIDE_PANE, AdwBin)

/**
 * esp_side_pane_new:
 * @main: the picture
 * @main_height: what it is given when they stand below one another
 * @side: what explains it; it is put into a scrolled window
 * @side_width: what that is given when they stand side by side
 * @before: whether it stands before the picture then
 */
GtkWidget *esp_side_pane_new (GtkWidget *main,
                              int main_height,
                              GtkWidget *side,
                              int side_width,
                              gboolean before);

G_END_DECLS
