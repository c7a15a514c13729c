/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspLevelsHandle:
 *
 * One end of a range on the legend: a line with a grip, dragged by the pointer or moved by the
 * arrow keys. Where it stands is its parent's matter.
 *
 * Signals: "dragged" (double): pixels from where it was grabbed; "drag-ended"; "stepped" (int):
 * steps by keys; "reset": the range shall follow from the data again.
 */
#define ESP_TYPE_LEVELS_HANDLE (esp_levels_handle_get_type ())
G_DECLARE_FINAL_TYPE (EspLevelsHandle, esp_levels_handle, ESP, LEVELS_HANDLE, GtkWidget)

#define ESP_LEVELS_HANDLE_WIDTH 18

GtkWidget *esp_levels_handle_new (const char *name);
/* what a screen reader says of where it stands */
void esp_levels_handle_set_value (EspLevelsHandle *self, double lo, double hi, double value);

G_END_DECLS
