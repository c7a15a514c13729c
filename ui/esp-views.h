/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspViews:
 *
 * Everything that can be shown of a live network: its weights, which is the canvas, and what
 * happens while it trains, with a switch between them. For a checkpoint there are weights alone and
 * no switch. Which one is shown is the session's "view".
 *
 * Properties: "session" (EspSession), "weights" (GtkWidget: the canvas).
 */
#define ESP_TYPE_VIEWS (esp_views_get_type ())
G_DECLARE_FINAL_TYPE (EspViews, esp_views, ESP, VIEWS, GtkWidget)

GtkWidget *esp_views_new (void);

G_END_DECLS
