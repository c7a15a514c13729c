/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tree-marks.h"

G_BEGIN_DECLS

/**
 * EspTreeLinks:
 *
 * Which rows stand for the same thing as the selected one: the other members of its tie, the other
 * places of its module. They are tinted in the tie's colour, and a closed module is for what is
 * below it.
 */
typedef struct _EspTreeLinks EspTreeLinks;

EspTreeLinks *esp_tree_links_new (void);
void esp_tree_links_free (EspTreeLinks *self);

/* @place may be NULL: nothing is linked */
void esp_tree_links_set_place (EspTreeLinks *self, EspTreeMarks *marks, EspPlace *place);
/* the CSS class for the row of @place ("tie-a"), or NULL. Static. */
const char *esp_tree_links_get_tint (EspTreeLinks *self, EspPlace *place, gboolean closed);

G_END_DECLS
