/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-exporter.h"
#include "esp-live-view.h"

G_BEGIN_DECLS

/* what a person takes away from a live view: its picture of this moment as PNG or SVG, painted by
 * the painter of the window; its numbers as CSV; the picture in the clipboard. @name begins the
 * file's name. */
void esp_view_taker_take (EspLiveView *view, const char *name, EspTake what);

/* the same of any drawing and numbers, either may be NULL; @widget is in the window that asks */
void esp_view_taker_take_drawing (GtkWidget *widget,
                                  const char *name,
                                  const EspDrawing *drawing,
                                  const char *csv,
                                  EspTake what);

G_END_DECLS
