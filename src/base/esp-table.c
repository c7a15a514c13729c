/* SPDX-License-Identifier: GPL-3.0-or-later */

/* LevelDB's table format (google/leveldb, doc/table_format.md). In: an index of a TensorFlow
 * checkpoint of some KB to 20 MB, or one of version 1, of gigabytes. Out: its entries, one call
 * each. At most one block is in memory.
 *
 *   file    blocks..., index block, footer
 *   footer  (48 bytes) two handles, zeros, magic: the second handle is the index block's
 *   handle  varint offset, varint size
 *   block   so many bytes, then 1 byte: 0 plain or 1 Snappy, and 4: masked CRC-32C of all these
 *   inside  entries..., u32 restarts[n], u32 n
 *   entry   varint shared, varint own, varint value: how many bytes of the key before are this
 *           one's too, how many follow, how many bytes the value has that follows those
 *
 * The index block's values are the handles of the others. Those must come one after the other, so
 * that no file makes us read a block twice. */

#include "config.h"

#include "esp-table.h"

#include "esp-check.h"
#include "esp-crc32c.h"
#include "esp-error.h"
#include "esp-limits.h"
#include "esp-snappy.h"
#include "esp-source.h"
#include "esp-stream.h"
#include "esp-wire.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define FOOTER_BYTES 48
#define TRAILER_BYTES 5

static const guint8 magic[8] = { 0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb };

typedef struct
{
  guint64 offset;
  guint64 size;
} Handle;

typedef struct
{
  EspSource *source;
  EspTableFunc func;
  gpointer user_data;
  GCancellable *cancellable;
  GByteArray *key;      /* of the entry at hand */
  GByteArray *last_key; /* over all blocks */
  gboolean has_last;
  guint64 key_bytes; /* of all keys so far */
  guint64 end;       /* of the last block */
} Walk;

/* what is at hand: a block and where its values are to be found */
typedef struct
{
  Handle handle;
  EspSource *bytes; /* of the block; owned */
  GBytes *memory;   /* the same, or NULL; owned */
  EspSource *owner; /* what values' offsets are in; borrowed */
  guint64 base;     /* of the block in that */
} Block;

static void
block_clear (Block *self)
{
  g_clear_pointer (&self->bytes, esp_source_unref);
  g_clear_pointer (&self->memory, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Block, block_clear)

static gboolean
fail (const Handle *block, const char *what, GError **error)
{
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("the table’s block at offset %" PRIu64 ": %s"), block->offset, what);
  return FALSE;
}

/* {{{ blocks */

static gboolean
check_sum (const Handle *handle, const guint8 *bytes, GError **error)
{
  const guint8 *at = bytes + handle->size + 1;
  guint32 stored = (guint32) at[0] | (guint32) at[1] << 8 | (guint32) at[2] << 16 |
                   (guint32) at[3] << 24;
  guint32 wanted = esp_crc32c_mask (esp_crc32c (0, bytes, (gsize) handle->size + 1));

  if (stored == wanted)
    return TRUE;
  g_set_error (
      error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
      _ ("the table’s block at offset %" PRIu64 ": its checksum is %08x, but its bytes have %08x"),
      handle->offset, stored, wanted);
  return FALSE;
}

/* a block that is held in memory */
static gboolean
load_block (const Walk *walk, Block *self, GError **error)
{
  gsize size = (gsize) self->handle.size;
  g_autofree char *what = NULL;
  g_autoptr (GBytes)
      bytes = esp_source_read_bytes (walk->source, self->handle.offset, size + TRAILER_BYTES,
                                     G_MAXUINT64, walk->cancellable, error);
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, NULL) : NULL;
  g_autoptr (GBytes) inside = NULL;

  if (data == NULL || !check_sum (&self->handle, data, error))
    return FALSE;
  if (data[size] > 1)
    return fail (&self->handle, _ ("it is compressed in a way that isn’t known"), error);
  what = g_strdup_printf (_ ("the table’s block at offset %" PRIu64), self->handle.offset);
  inside = data[size] == 1
               ? esp_snappy_inflate (data, size, ESP_LIMIT_TABLE_BLOCK_BYTES, what, error)
               : g_bytes_new_from_bytes (bytes, 0, size);
  if (inside == NULL)
    return FALSE;
  self->memory = g_bytes_ref (inside);
  self->bytes = esp_source_new_for_bytes (inside, esp_source_get_name (walk->source));
  self->owner = data[size] == 1 ? self->bytes : walk->source;
  self->base = data[size] == 1 ? 0 : self->handle.offset;
  return TRUE;
}

static gboolean
open_block (const Walk *walk, Block *self, GError **error)
{
  guint8 kind;

  if (self->handle.size <= ESP_LIMIT_TABLE_BLOCK_BYTES)
    return load_block (walk, self, error);
  if (!esp_source_read (walk->source, self->handle.offset + self->handle.size, 1, &kind,
                        walk->cancellable, error))
    return FALSE;
  if (kind != 0)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("the table’s block at offset %" PRIu64 " is compressed and has %" PRIu64
                      " bytes, more than the limit of %d"),
                   self->handle.offset, self->handle.size, ESP_LIMIT_TABLE_BLOCK_BYTES);
      return FALSE;
    }
  self->bytes = esp_source_new_range (walk->source, self->handle.offset, self->handle.size,
                                      esp_source_get_name (walk->source));
  self->owner = walk->source;
  self->base = self->handle.offset;
  return TRUE;
}

/* where the entries end; the restarts behind them are of use to searches only */
static gboolean
find_end (const Walk *walk, const Block *self, guint64 *end, GError **error)
{
  guint64 size = esp_source_get_size (self->bytes);
  guint8 at[4];
  guint64 n;

  if (size < sizeof at)
    return fail (&self->handle, _ ("it is too short for one"), error);
  if (!esp_source_read (self->bytes, size - sizeof at, sizeof at, at, walk->cancellable, error))
    return FALSE;
  n = (guint64) at[0] | (guint64) at[1] << 8 | (guint64) at[2] << 16 | (guint64) at[3] << 24;
  if (n > (size - sizeof at) / 4)
    return fail (&self->handle, _ ("it has room for fewer restarts than it says"), error);
  *end = size - sizeof at - 4 * n;
  return TRUE;
}

/* }}} */
/* {{{ entries */

static gboolean
read_varint (EspStream *stream, guint64 end, guint64 *out)
{
  guint8 bytes[10];

  for (gsize n = 0; n < sizeof bytes && stream->position < end;)
    {
      if (!esp_stream_read_u8 (stream, &bytes[n++], NULL))
        return FALSE;
      if (bytes[n - 1] < 0x80)
        return esp_wire_decode_varint (bytes, n, out) > 0;
    }
  return FALSE;
}

/* the numbers at an entry's begin; what they promise lies before @end */
static gboolean
read_lengths (EspStream *stream,
              guint64 end,
              gsize last,
              guint64 *shared,
              guint64 *own,
              guint64 *value)
{
  return read_varint (stream, end, shared) && read_varint (stream, end, own) &&
         read_varint (stream, end, value) && *shared <= last && *own <= end - stream->position &&
         *value <= end - stream->position - *own;
}

static gboolean
count_key (Walk *self, const Block *block, guint64 length, GError **error)
{
  guint64 most = ESP_LIMIT_TABLE_KEY_RATIO * (esp_source_get_size (self->source) + 4096);

  self->key_bytes += length;
  if (length <= 2 * ESP_LIMIT_NAME_BYTES && self->key_bytes <= most)
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
               _ ("the table’s block at offset %" PRIu64
                  ": its names take more than %d bytes or %d times the file"),
               block->handle.offset, 2 * ESP_LIMIT_NAME_BYTES, ESP_LIMIT_TABLE_KEY_RATIO);
  return FALSE;
}

static gboolean
read_key (Walk *self,
          const Block *block,
          EspStream *stream,
          guint64 end,
          guint64 *value,
          GError **error)
{
  guint64 shared, own;

  if (!read_lengths (stream, end, self->key->len, &shared, &own, value))
    return fail (&block->handle, _ ("an entry reaches beyond its end"), error);
  if (!count_key (self, block, shared + own, error))
    return FALSE;
  g_byte_array_set_size (self->key, (guint) (shared + own));
  return esp_stream_read (stream, self->key->data + shared, (gsize) own, error);
}

static int
compare_keys (const GByteArray *a, const GByteArray *b)
{
  int order = memcmp (a->data, b->data, MIN (a->len, b->len));

  return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static gboolean
check_order (Walk *self, const Block *block, GError **error)
{
  if (self->has_last && compare_keys (self->key, self->last_key) <= 0)
    return fail (&block->handle, _ ("its names aren’t in order"), error);
  self->has_last = TRUE;
  g_byte_array_set_size (self->last_key, 0);
  g_byte_array_append (self->last_key, self->key->data, self->key->len);
  return TRUE;
}

static gboolean
walk_block (Walk *self, const Block *block, EspTableFunc func, gpointer user_data, GError **error)
{
  const guint8 *memory = block->memory != NULL ? g_bytes_get_data (block->memory, NULL) : NULL;
  EspStream stream;
  guint64 end, value;

  if (!find_end (self, block, &end, error))
    return FALSE;
  esp_stream_init (&stream, block->bytes, self->cancellable);
  g_byte_array_set_size (self->key, 0);
  while (stream.position < end)
    {
      EspTableEntry entry;

      if (!read_key (self, block, &stream, end, &value, error) ||
          (func == self->func && !check_order (self, block, error)))
        return FALSE;
      entry = (EspTableEntry) { self->key->data, self->key->len,
                                block->owner,    block->base + stream.position,
                                value,           memory != NULL ? memory + stream.position : NULL };
      if (!func (&entry, user_data, error) || !esp_stream_skip (&stream, value, error))
        return FALSE;
    }
  return TRUE;
}

/* }}} */

static gboolean
parse_handle (const guint8 *bytes, gsize size, gsize *at, guint64 file_size, Handle *out)
{
  int n = esp_wire_decode_varint (bytes + *at, size - *at, &out->offset);

  if (n <= 0)
    return FALSE;
  *at += (gsize) n;
  n = esp_wire_decode_varint (bytes + *at, size - *at, &out->size);
  if (n <= 0)
    return FALSE;
  *at += (gsize) n;
  return esp_range_fits (out->offset, out->size, file_size) &&
         file_size - out->offset - out->size >= FOOTER_BYTES + TRAILER_BYTES;
}

/* an entry of the index: the place of a block */
static gboolean
walk_indexed (const EspTableEntry *entry, gpointer user_data, GError **error)
{
  Walk *self = user_data;
  g_auto (Block) block = { 0 };
  g_autoptr (GByteArray) key = NULL;
  guint8 bytes[20];
  gsize n = (gsize) MIN (entry->length, sizeof bytes), at = 0;
  gboolean walked;

  if (!esp_source_read (entry->source, entry->offset, n, bytes, self->cancellable, error))
    return FALSE;
  if (!parse_handle (bytes, n, &at, esp_source_get_size (self->source), &block.handle) ||
      block.handle.offset < self->end)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("the table’s index names a block that lies outside the file or overlaps "
                      "another"));
      return FALSE;
    }
  self->end = block.handle.offset + block.handle.size + TRAILER_BYTES;
  if (!open_block (self, &block, error))
    return FALSE;
  /* the index’s own keys go on where they were */
  key = g_steal_pointer (&self->key);
  self->key = g_byte_array_sized_new (64);
  walked = walk_block (self, &block, self->func, self->user_data, error);
  g_byte_array_unref (self->key);
  self->key = g_steal_pointer (&key);
  return walked;
}

static gboolean
read_footer (Walk *self, Block *index, GError **error)
{
  guint64 size = esp_source_get_size (self->source);
  guint8 footer[FOOTER_BYTES];
  Handle meta;
  gsize at = 0;

  if (size < FOOTER_BYTES)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
                   _ ("the table has %" PRIu64 " bytes and so no room for its footer of %d"), size,
                   FOOTER_BYTES);
      return FALSE;
    }
  if (!esp_source_read (self->source, size - FOOTER_BYTES, FOOTER_BYTES, footer, self->cancellable,
                        error))
    return FALSE;
  if (memcmp (footer + FOOTER_BYTES - sizeof magic, magic, sizeof magic) == 0 &&
      parse_handle (footer, FOOTER_BYTES - sizeof magic, &at, size, &meta) &&
      parse_handle (footer, FOOTER_BYTES - sizeof magic, &at, size, &index->handle))
    return TRUE;
  g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                       _ ("the table’s footer is broken: its index lies outside the file"));
  return FALSE;
}

gboolean
esp_table_is_one (EspSource *source, GCancellable *cancellable)
{
  guint64 size = esp_source_get_size (source);
  guint8 tail[sizeof magic];

  return size >= FOOTER_BYTES &&
         esp_source_read (source, size - sizeof tail, sizeof tail, tail, cancellable, NULL) &&
         memcmp (tail, magic, sizeof magic) == 0;
}

gboolean
esp_table_foreach (EspSource *source,
                   EspTableFunc func,
                   gpointer user_data,
                   GCancellable *cancellable,
                   GError **error)
{
  Walk self = { .source = source,
                .func = func,
                .user_data = user_data,
                .cancellable = cancellable };
  g_auto (Block) index = { 0 };
  gboolean walked;

  g_return_val_if_fail (source != NULL && func != NULL, FALSE);

  self.key = g_byte_array_sized_new (64);
  self.last_key = g_byte_array_sized_new (64);
  walked = read_footer (&self, &index, error) && open_block (&self, &index, error) &&
           walk_block (&self, &index, walk_indexed, &self, error);
  g_byte_array_unref (self.key);
  g_byte_array_unref (self.last_key);
  return walked;
}
