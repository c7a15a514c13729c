/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-block.h"
#include "esp-storage.h"

G_BEGIN_DECLS

/* The values of @stored's blocks as float32: a storage that decodes them when they are read, in
 * pieces of a few KB, from any place and any thread. Holds a reference on @stored, whose id it has.
 * Bytes that make no whole block are left out. */
EspStorage *esp_storage_new_for_blocks (const EspBlockType *type,
                                        EspStorage *stored,
                                        gboolean big_endian);
/* NULL for a storage that esp_storage_new_for_blocks() didn't make */
const EspBlockType *esp_storage_get_block_type (EspStorage *self);
/* the blocks themselves, in little-endian order; only where there is a block type */
gboolean esp_storage_read_blocks (EspStorage *self,
                                  guint64 first,
                                  gsize n,
                                  guint8 *out,
                                  GCancellable *cancellable,
                                  GError **error);

G_END_DECLS
