/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspCanvas:
 *
 * The middle pane: what is selected, drawn.
 * Property "session" (EspSession, read and write).
 */
#define ESP_TYPE_CANVAS (esp_canvas_get_type ())
G_DECLARE_FINAL_TYPE (EspCanvas, esp_canvas, ESP, CANVAS, GtkWidget)

EspCanvas *esp_canvas_new (void);

G_END_DECLS
