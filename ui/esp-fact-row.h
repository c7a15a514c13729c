/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspFactRow:
 *
 * A low row of a boxed list: name left, value right. What doesn't fit is cut, and told whole by the
 * tooltip; Ctrl+C and the context menu copy the value.
 */
#define ESP_TYPE_FACT_ROW (esp_fact_row_get_type ())
G_DECLARE_FINAL_TYPE (EspFactRow, esp_fact_row, ESP, FACT_ROW, AdwPreferencesRow)

GtkWidget *esp_fact_row_new (void);
/* both are plain text, as esp_path_escape() gives it where they come from a file */
void esp_fact_row_set (EspFactRow *self, const char *name, const char *value);
/* which part of a long value goes; at the end unless told otherwise */
void esp_fact_row_set_ellipsize (EspFactRow *self, PangoEllipsizeMode mode);

/**
 * EspFactRows:
 *
 * The rows of one group, used again and again: begin, add every row that there is now, end.
 */
typedef struct
{
  AdwPreferencesGroup *group; /* borrowed */
  GPtrArray *rows;            /* EspFactRow, borrowed from the group */
  guint n_used;
} EspFactRows;

void esp_fact_rows_init (EspFactRows *self, AdwPreferencesGroup *group);
void esp_fact_rows_clear (EspFactRows *self);
void esp_fact_rows_begin (EspFactRows *self);
EspFactRow *esp_fact_rows_add (EspFactRows *self, const char *name, const char *value);
EspFactRow *esp_fact_rows_take (EspFactRows *self, const char *name, char *take_value);
void esp_fact_rows_end (EspFactRows *self);

G_END_DECLS
