/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-document.h"

G_BEGIN_DECLS

/* Edits of many cells of a live network's parameter: worked out first, so that a person sees how
 * many it would change, and then done as one change. */

typedef enum
{
  ESP_EDIT_VALUE,   /* a number */
  ESP_EDIT_FORMULA, /* an EspExpression of w, the value there, and i, j, its first two indices */
  ESP_EDIT_INITIALIZER, /* the name of one or an object as in a specification; empty: as it began,
                           with other random numbers */
  ESP_EDIT_PRUNE,       /* 0 where |w| is below a number, or "20%": the smallest so many */
} EspEditKind;

typedef struct
{
  EspPlace *place;
  int axis; /* -1: all cells; 0, 1: those with @index along the first or second axis */
  guint64 index;
  EspEditKind kind;
  const char *text;
  guint64 seed; /* of random numbers */
} EspEdit;

/**
 * esp_edit_compute:
 * @n_cells: (out): that it is about
 * @n_changed: (out): that would have another value
 *
 * Returns: all numbers of the parameter with the edit done, or NULL with an error when @text is no
 * such thing or the place has no such cells
 */
GBytes *esp_edit_compute (EspDocument *document,
                          const EspEdit *edit,
                          guint64 *n_cells,
                          guint64 *n_changed,
                          GError **error);
/* does it: with the values shown now where few cells change, whatever the others are by then */
gboolean esp_edit_apply (EspDocument *document, const EspEdit *edit, GError **error);
/* all parameters of the module at @place begin anew, as one change */
gboolean esp_edit_initialize (EspDocument *document, EspPlace *place, guint64 seed, GError **error);

G_END_DECLS
