/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspChip:
 *
 * A small pill beside a name: the letter and rings of a tie, or an icon and a word on what was
 * found. Its accessible name says in words what letter and colour say to the eye.
 */
#define ESP_TYPE_CHIP (esp_chip_get_type ())
G_DECLARE_FINAL_TYPE (EspChip, esp_chip, ESP, CHIP, GtkWidget)

GtkWidget *esp_chip_new (void);
/* the tie's letter and colour; outlined unless what stands at @place has bytes of its own. Without
 * a tie (NULL) the chip hides. */
void esp_chip_set_tie (EspChip *self, EspTie *tie, EspPlace *place);
/* @icon_name may be NULL; @text NULL hides the chip */
void esp_chip_set_note (EspChip *self,
                        EspSeverity severity,
                        const char *icon_name,
                        const char *text);
/* the same where there is room for a number only, which @said tells in words */
void esp_chip_set_number (EspChip *self,
                          EspSeverity severity,
                          const char *icon_name,
                          guint number,
                          const char *said);

/* what the chip says in words: "Tie A", "2 dead". New string. */
char *esp_chip_dup_text (EspChip *self);

/* A, B, ... Z, AA, ...: the letter of a tie's mark. New string. */
char *esp_chip_dup_letter (guint index);
/* "tie-a" to "tie-d", round and round: the CSS class that gives a tie's colour */
const char *esp_chip_get_tie_class (guint index);

G_END_DECLS
