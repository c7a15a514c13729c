/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-heatmap.h"

G_BEGIN_DECLS

/**
 * EspJumper:
 *
 * Moves the cell cursor of a view to what is looked for: NaN and infinities, extremes, rows that
 * are all 0. Searches in a worker; a new search takes the place of the one before. Main thread
 * only.
 *
 * Property "status" (string, read, notify): that it searches, or that there is nothing; NULL.
 */
#define ESP_TYPE_JUMPER (esp_jumper_get_type ())
G_DECLARE_FINAL_TYPE (EspJumper, esp_jumper, ESP, JUMPER, GObject)

EspJumper *esp_jumper_new (EspView *view, EspHeatmap *heatmap);
/* to the next one after the cursor's cell; after the last to the first */
void esp_jumper_go (EspJumper *self, EspFindKind kind);
/* to where the cursor was before the last jump */
void esp_jumper_go_back (EspJumper *self);
const char *esp_jumper_get_status (EspJumper *self); /* borrowed or NULL */

G_END_DECLS
