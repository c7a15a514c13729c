/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspTimeLine:
 *
 * All moments of a run under one handle: dragging it goes to any step, a mark shows where another
 * run branched off, and a list beside it leads from run to run.
 */
#define ESP_TYPE_TIME_LINE (esp_time_line_get_type ())
G_DECLARE_FINAL_TYPE (EspTimeLine, esp_time_line, ESP, TIME_LINE, GtkBox)

/* the document's moment as it is now; NULL for none */
void esp_time_line_show (EspTimeLine *self, EspDocument *document);

G_END_DECLS
