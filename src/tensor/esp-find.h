/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pyramid.h"

G_BEGIN_DECLS

/* where to jump to in a matrix */
typedef enum
{
  ESP_FIND_EXTREME,     /* cells by magnitude, the largest first; equal ones in C order */
  ESP_FIND_NONFINITE,   /* NaN and infinities in C order */
  ESP_FIND_ZERO_ROW,    /* rows in which every cell is 0 */
  ESP_FIND_ZERO_COLUMN, /* columns alike */
  ESP_N_FINDS
} EspFindKind;

typedef struct
{
  gint64 row, column;
} EspCell;

/**
 * esp_find_cell:
 * @after: a cell of the matrix, whose successor is looked for; or NULL for the first of all
 * @found: (out): exactly that cell; of a row its first cell, of a column alike
 *
 * The next cell of a kind; behind the last one comes the first again. For extremes the successor of
 * a cell is the next smaller in magnitude (finite values only), for rows and columns the next one
 * below or to the right. Blocking; tiles of the pyramid that can't hold it aren't read, and those
 * it makes stay in the cache, so that only a first search goes through the whole matrix.
 *
 * Returns: whether there is one; FALSE without an error if there is none
 */
gboolean esp_find_cell (EspPyramid *pyramid,
                        EspFindKind kind,
                        const EspCell *after,
                        EspCell *found,
                        GCancellable *cancellable,
                        GError **error);
/* the same in a worker */
void esp_find_cell_async (EspPyramid *pyramid,
                          EspFindKind kind,
                          const EspCell *after,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
gboolean esp_find_cell_finish (GAsyncResult *result, EspCell *found, GError **error);

G_END_DECLS
