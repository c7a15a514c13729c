/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * EspUpdateCell:
 *
 * How large the last update of a parameter was against its data, log10: a number, and a dot on a
 * scale whose middle is where it should be, -3. Empty for what isn't trained.
 */
#define ESP_TYPE_UPDATE_CELL (esp_update_cell_get_type ())
G_DECLARE_FINAL_TYPE (EspUpdateCell, esp_update_cell, ESP, UPDATE_CELL, GtkWidget)

GtkWidget *esp_update_cell_new (void);
/* follows @parameter from now on; NULL: none */
void esp_update_cell_set_parameter (EspUpdateCell *self, EspParameter *parameter);

G_END_DECLS
