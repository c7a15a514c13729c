/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/**
 * EspValueBlocks:
 *
 * Cells of a matrix as text, for a table that shows some hundreds of them: read in blocks, in a
 * worker unless they are in memory, and kept for a while. Main thread only.
 *
 * Signal "changed": texts that were asked for are there, or an error.
 */
#define ESP_TYPE_VALUE_BLOCKS (esp_value_blocks_get_type ())
G_DECLARE_FINAL_TYPE (EspValueBlocks, esp_value_blocks, ESP, VALUE_BLOCKS, GObject)

EspValueBlocks *esp_value_blocks_new (void);
/* @matrix: two dimensions, or NULL; @newer: the same matrix with newer values, so that the old
 * texts stay until the new ones are there */
void esp_value_blocks_set_matrix (EspValueBlocks *self, EspTensor *matrix, gboolean newer);
/* the cell's text; NULL while it is read. Borrowed until the next call of any function here. */
const char *esp_value_blocks_get (EspValueBlocks *self, gint64 row, gint64 column);
/* what was asked for since the last call and isn't there is read next: call it after each frame */
void esp_value_blocks_fetch (EspValueBlocks *self);

G_END_DECLS
