/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/**
 * EspUnitRow:
 *
 * A unit of one activation at one place, with what was seen of it last. The text of each column and
 * the order of rows come from here.
 *
 * Signal "changed": a column says something else.
 */
#define ESP_TYPE_UNIT_ROW (esp_unit_row_get_type ())
G_DECLARE_FINAL_TYPE (EspUnitRow, esp_unit_row, ESP, UNIT_ROW, GObject)

typedef enum
{
  ESP_UNIT_COLUMN_NAME,
  ESP_UNIT_COLUMN_STATE,
  ESP_UNIT_COLUMN_ON_RATE,
  ESP_UNIT_COLUMN_SCORE,
  ESP_UNIT_COLUMN_SATURATION,
  ESP_UNIT_COLUMN_LAST_FIRED,
  ESP_UNIT_COLUMN_PROOF,
  ESP_N_UNIT_COLUMNS
} EspUnitColumn;

EspUnitRow *esp_unit_row_new (const EspUnitCounts *counts, guint unit);
/* newer figures of the same unit */
void esp_unit_row_update (EspUnitRow *self, const EspUnitCounts *counts);
char *esp_unit_row_dup_text (EspUnitRow *self, EspUnitColumn column); /* new string */
int esp_unit_row_compare (EspUnitRow *a, EspUnitRow *b, EspUnitColumn column);

EspUnitState esp_unit_row_get_state (EspUnitRow *self);
const char *esp_unit_row_get_path (EspUnitRow *self);   /* of the activation */
const char *esp_unit_row_get_source (EspUnitRow *self); /* of the layer that makes it */
guint esp_unit_row_get_unit (EspUnitRow *self);
gboolean esp_unit_row_can_revive (EspUnitRow *self);

/* "dead", translated; borrowed */
const char *esp_unit_row_name_state (EspUnitState state);

G_END_DECLS
