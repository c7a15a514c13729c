/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-view.h"

G_BEGIN_DECLS

/**
 * EspSheet:
 *
 * Small heatmaps of all tensors below the selected module. A click or Enter selects one. Only tiles
 * in view are read.
 *
 * Property (notify) "status" (string, read): "144 tensors", and whether some are being drawn.
 */
#define ESP_TYPE_SHEET (esp_sheet_get_type ())
G_DECLARE_FINAL_TYPE (EspSheet, esp_sheet, ESP, SHEET, GtkWidget)

GtkWidget *esp_sheet_new (void);
void esp_sheet_set_view (EspSheet *self, EspView *view);

G_END_DECLS
