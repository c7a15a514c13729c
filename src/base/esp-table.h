/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspTable:
 *
 * A table of LevelDB, as TensorFlow keeps its checkpoints' names in: sorted keys, each with a
 * value. Keys are given as they come; a value is only a place until it is asked for, so that a
 * table of gigabytes of values is gone through without reading them.
 */
typedef struct
{
  const guint8 *key; /* borrowed for the call; may hold NULs */
  gsize key_length;
  EspSource *source; /* borrowed: the table's own, or an inflated block */
  guint64 offset;    /* of the value in it */
  guint64 length;
  const guint8 *value; /* the same bytes, borrowed for the call; NULL where they aren't in memory */
} EspTableEntry;

/* FALSE with an error ends the walk */
typedef gboolean (*EspTableFunc) (const EspTableEntry *entry, gpointer user_data, GError **error);

/* whether @source ends as a table does; reads 8 bytes */
gboolean esp_table_is_one (EspSource *source, GCancellable *cancellable);

/* Goes through all entries in the order of their keys. Checksums of blocks up to
 * %ESP_LIMIT_TABLE_BLOCK_BYTES are checked; longer ones hold values of tensors, are gone through in
 * place and can't be compressed. A key that isn't greater than the one before is
 * %ESP_FORMAT_ERROR_CORRUPT. Blocking. */
gboolean esp_table_foreach (EspSource *source,
                            EspTableFunc func,
                            gpointer user_data,
                            GCancellable *cancellable,
                            GError **error);

G_END_DECLS
