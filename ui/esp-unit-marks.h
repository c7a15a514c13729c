/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/**
 * EspUnitMarks:
 *
 * What was found about single units of a layer (dead, silent, dormant, saturated, all weights
 * zero), as marks on the rows of its weight. For a live network what was observed, anew with each
 * snapshot; for a file what a worker finds. Main thread only.
 *
 * Signal "changed".
 */
#define ESP_TYPE_UNIT_MARKS (esp_unit_marks_get_type ())
G_DECLARE_FINAL_TYPE (EspUnitMarks, esp_unit_marks, ESP, UNIT_MARKS, GObject)

EspUnitMarks *esp_unit_marks_new (void);
/* looks for what there is about the parameter at @place; NULL for both: forgets it. With the same
 * place again: newer values. */
void esp_unit_marks_set_place (EspUnitMarks *self, EspDocument *document, EspPlace *place);
const EspRowMark *esp_unit_marks_get (EspUnitMarks *self, guint *n); /* borrowed */
/* "Unit 5: dead"; borrowed, NULL if there is nothing */
const char *esp_unit_marks_get_title (EspUnitMarks *self, gint64 unit);

/* the same of the weight's axis "in": units in trouble of the layer before come in there */
const EspRowMark *esp_unit_marks_get_inputs (EspUnitMarks *self, guint *n);
/* "Input 5: unit 5 of 1 is dead"; borrowed until the next call, NULL if there is nothing */
const char *esp_unit_marks_get_input_title (EspUnitMarks *self, gint64 index);

G_END_DECLS
