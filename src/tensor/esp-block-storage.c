/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks behind the face of a storage: whoever reads it gets float32, as if the tensor had been
 * stored so. Nothing is kept: a read fetches the blocks that it touches in pieces that fit the
 * stack, and decodes them into the caller's buffer. So a tensor of quantised values is an ordinary
 * float32 one for views, scans and overviews.
 *
 *   stored     | block 0 (bytes)      | block 1              | ...
 *   this one   | elements x float32   | elements x float32   | ...
 */

#include "config.h"

#include "esp-block-storage.h"

#include <string.h>

#include "esp-check.h"

#define PIECE_BYTES (16 * 1024)

typedef struct
{
  const EspBlockType *type;
  EspStorage *stored; /* owned */
  gboolean swap;
} Blocks;

static gsize
get_decoded_bytes (const EspBlockType *type)
{
  return type->elements * sizeof (float);
}

static gboolean
fetch (const Blocks *self,
       guint64 first,
       gsize n,
       guint8 *out,
       GCancellable *cancellable,
       GError **error)
{
  gsize size = self->type->bytes;

  if (!esp_storage_read (self->stored, first * size, n * size, out, cancellable, error))
    return FALSE;
  if (self->swap)
    esp_block_type_swap (self->type, out, n);
  return TRUE;
}

/* the bytes @begin to @end of the decoded @block at @out */
static void
decode_part (const EspBlockType *type, const guint8 *block, gsize begin, gsize end, guint8 *out)
{
  float values[ESP_BLOCK_MAX_ELEMENTS];

  type->decode (block, values);
  memcpy (out, (const guint8 *) values + begin, end - begin);
}

static gboolean
blocks_read (gpointer data,
             guint64 offset,
             gsize length,
             void *buffer,
             GCancellable *cancellable,
             GError **error)
{
  const Blocks *self = data;
  gsize decoded = get_decoded_bytes (self->type), size = self->type->bytes;
  guint64 end = offset + length; /* esp_storage_read() has checked it */
  guint8 *out = buffer, piece[PIECE_BYTES];
  gboolean aligned = (guintptr) out % sizeof (float) == 0 && offset % sizeof (float) == 0;

  while (offset < end)
    {
      guint64 first = offset / decoded, last = (end - 1) / decoded;
      gsize n = (gsize) MIN (last - first + 1, sizeof piece / size);

      if (!fetch (self, first, n, piece, cancellable, error))
        return FALSE;
      for (gsize i = 0; i < n; i++)
        {
          guint64 start = (first + i) * decoded;
          gsize from = (gsize) (offset - start), to = (gsize) MIN (decoded, end - start);

          if (aligned && from == 0 && to == decoded)
            self->type->decode (piece + i * size, (float *) (void *) out);
          else
            decode_part (self->type, piece + i * size, from, to, out);
          out += to - from;
          offset += to - from;
        }
    }
  return TRUE;
}

static void
blocks_free (gpointer data)
{
  Blocks *self = data;

  esp_storage_unref (self->stored);
  g_free (self);
}

static EspStorage *
blocks_get_stored (gpointer data)
{
  return ((Blocks *) data)->stored;
}

static const EspStorageFuncs blocks_funcs = { blocks_read, blocks_free, blocks_get_stored };

EspStorage *
esp_storage_new_for_blocks (const EspBlockType *type, EspStorage *stored, gboolean big_endian)
{
  guint64 n;
  Blocks *self;

  g_return_val_if_fail (type != NULL, NULL);
  g_return_val_if_fail (stored != NULL, NULL);

  /* a sparse file can be so large that its values have more bytes than there are numbers for */
  n = MIN (esp_storage_get_size (stored) / type->bytes, G_MAXINT64 / get_decoded_bytes (type));
  self = g_new (Blocks, 1);
  self->type = type;
  self->stored = esp_storage_ref (stored);
  self->swap = big_endian;
  return esp_storage_new (&blocks_funcs, self, esp_storage_get_id (stored),
                          n * get_decoded_bytes (type));
}

const EspBlockType *
esp_storage_get_block_type (EspStorage *self)
{
  const Blocks *blocks;

  g_return_val_if_fail (self != NULL, NULL);

  blocks = esp_storage_get_codec (self, &blocks_funcs);
  return blocks != NULL ? blocks->type : NULL;
}

gboolean
esp_storage_read_blocks (EspStorage *self,
                         guint64 first,
                         gsize n,
                         guint8 *out,
                         GCancellable *cancellable,
                         GError **error)
{
  const Blocks *blocks;

  g_return_val_if_fail (self != NULL, FALSE);

  blocks = esp_storage_get_codec (self, &blocks_funcs);
  g_return_val_if_fail (blocks != NULL, FALSE);
  return fetch (blocks, first, n, out, cancellable, error);
}
