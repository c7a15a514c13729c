/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspNoteRows:
 *
 * Two-line rows of one group: an icon, what there is, and where or how much. Used again and again:
 * begin, add, end. Beyond %ESP_SECTION_MAX_ROWS they are counted only.
 */
typedef enum
{
  ESP_NOTE_PLAIN,
  ESP_NOTE_OK,
  ESP_NOTE_WARNING,
  ESP_NOTE_ERROR,
} EspNoteTone;

typedef struct
{
  AdwPreferencesGroup *group; /* borrowed */
  GPtrArray *rows;            /* AdwActionRow, borrowed from the group */
  guint n_used;
  guint n_beyond;
} EspNoteRows;

void esp_note_rows_init (EspNoteRows *self, AdwPreferencesGroup *group);
void esp_note_rows_clear (EspNoteRows *self);
void esp_note_rows_begin (EspNoteRows *self);
/* @title and @details are plain text; @details may be NULL */
void esp_note_rows_add (EspNoteRows *self,
                        EspNoteTone tone,
                        const char *icon_name,
                        const char *title,
                        const char *details);
/* leads from the row that was added last to a cell of the selection, by its C-order index; -1 to
 * nowhere */
void esp_note_rows_set_cell (EspNoteRows *self, gint64 cell);
/* the same to a tensor of the document, by its index; -1 to nowhere */
void esp_note_rows_set_tensor (EspNoteRows *self, gint64 tensor);
/* the same to a view of the live network, by its name */
void esp_note_rows_set_view (EspNoteRows *self, const char *view);
void esp_note_rows_end (EspNoteRows *self);

G_END_DECLS
