/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-heatmap.h"

G_BEGIN_DECLS

/* What a person takes away from the canvas: the picture as PNG or SVG, the values as NumPy or CSV,
 * the picture in the clipboard. Written in workers by the functions that espalier-cli has, too. */

typedef enum
{
  ESP_TAKE_PICTURE, /* asks for a .png or .svg */
  ESP_TAKE_VALUES,  /* asks for a .npy or .csv: all of the matrix */
  ESP_TAKE_COPY,    /* the picture, into the clipboard */
} EspTake;

/* what @heatmap shows of @view; @widget is in the window that asks and tells of errors */
void esp_exporter_take (GtkWidget *widget, EspView *view, EspHeatmap *heatmap, EspTake what);

G_END_DECLS
