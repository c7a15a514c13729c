/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspPathBar:
 *
 * Where the selection stands, part by part: "d2l-shared › 2 › weight". A click on a part selects
 * it. Parts that have no room are left out at the start; long names are cut in the middle.
 */
#define ESP_TYPE_PATH_BAR (esp_path_bar_get_type ())
G_DECLARE_FINAL_TYPE (EspPathBar, esp_path_bar, ESP, PATH_BAR, GtkWidget)

GtkWidget *esp_path_bar_new (void);
/* shows @place, a place of @session's document; NULL empties the bar */
void esp_path_bar_set_place (EspPathBar *self, EspSession *session, EspPlace *place);

G_END_DECLS
