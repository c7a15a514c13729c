/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-dtype.h"
#include "esp-storage.h"

G_BEGIN_DECLS

/**
 * EspTiles:
 *
 * A tensor that a file holds in pieces: boxes, each stored in C order, perhaps in files of their
 * own. Fill one, then make the storage of the whole, in C order. Reading a range of it reads each
 * piece at most once, one run of bytes of it. Not for use from two threads at once; the storage is.
 */
typedef struct _EspTiles EspTiles;

/* of elements of whole bytes; @shape: (ndim), each >= 0, its elements times their size fit 63 bits,
 * else %ESP_TENSOR_ERROR_BOUNDS */
EspTiles *esp_tiles_new (EspDtype dtype, const gint64 *shape, guint ndim, GError **error);
void esp_tiles_free (EspTiles *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTiles, esp_tiles_free)

/* a piece whose first element is at @start, with @size elements along each axis, and whose bytes
 * begin at @offset of @storage, which is kept by reference. FALSE with %ESP_TENSOR_ERROR_BOUNDS
 * where it reaches beyond the tensor or the storage, %ESP_FORMAT_ERROR_LIMIT beyond
 * %ESP_LIMIT_TENSOR_PIECES. */
gboolean esp_tiles_add (EspTiles *self,
                        const gint64 *start,
                        const gint64 *size,
                        EspStorage *storage,
                        guint64 offset,
                        GError **error);

/* Takes @self. The pieces must not overlap and leave nothing out: else %ESP_TENSOR_ERROR_BOUNDS. */
EspStorage *esp_tiles_finish (EspTiles *self, const char *id, GError **error);

G_END_DECLS
