/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The index of a checkpoint of version 2 and its data files.
 *
 *   PREFIX.index                 a table: "" -> BundleHeaderProto, name -> BundleEntryProto
 *   PREFIX.data-00000-of-00002   bytes of tensors, one after the other
 *
 *   BundleHeaderProto   1 number of data files, 2 byte order (1 is big)
 *   BundleEntryProto    1 type, 2 shape, 3 data file, 4 offset, 5 size, 6 masked CRC-32C, 7 slices
 *
 * A tensor with slices has no bytes of its own: each slice is an entry under a key that
 * esp_tf_slice_make_key() tells. Texts are stored as varint lengths, the masked CRC-32C of these as
 * numbers, then all bytes. Whatever is wrong with one entry is its own. */

#include "config.h"

#include "esp-tf-bundle.h"

#include "esp-check.h"
#include "esp-crc32c.h"
#include "esp-error.h"
#include "esp-hash.h"
#include "esp-limits.h"
#include "esp-path.h"
#include "esp-source.h"
#include "esp-table.h"
#include "esp-tf-checked.h"
#include "esp-tf-slice.h"
#include "esp-tiles.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define ENTRY_BYTES (1024 * 1024) /* of one entry of the index; slices take some dozen each */
#define TEXT_LENGTH_BYTES 14      /* a varint and the sum behind it */

struct _EspTfBundle
{
  EspBeside *beside;
  char *prefix;
  GCancellable *cancellable; /* or NULL */
  guint64 file_size;
  guint32 n_shards;
  gboolean big_endian;
  gboolean has_header;

  GPtrArray *entries;   /* EspTfEntry */
  GHashTable *by_name;  /* name, borrowed -> place in entries + 1 */
  GHashTable *parts;    /* GBytes, the key -> EspTfEntry */
  GHashTable *shards;   /* number -> EspSource */
  GHashTable *failures; /* number -> GError */
  GHashTable *storages; /* Range -> EspStorage */
  GPtrArray *warnings;  /* char * */
};

typedef struct
{
  guint64 offset, size;
  guint32 shard;
} Range;

static guint
range_hash (gconstpointer data)
{
  const Range *self = data;
  const guint64 key[] = { self->offset, self->size, self->shard };

  return (guint) esp_hash_bytes (key, sizeof key);
}

static gboolean
range_equal (gconstpointer a, gconstpointer b)
{
  const Range *x = a, *y = b;

  return x->offset == y->offset && x->size == y->size && x->shard == y->shard;
}

static guint
key_hash (gconstpointer key)
{
  gsize size;
  const void *bytes = g_bytes_get_data ((GBytes *) key, &size);

  return (guint) esp_hash_bytes (bytes, size);
}

/* {{{ the index */

static gboolean
read_header_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  EspTfBundle *self = data;

  if (field->kind == ESP_WIRE_VARINT && field->number == 1)
    self->n_shards = (guint32) MIN (field->value, G_MAXUINT32);
  else if (field->kind == ESP_WIRE_VARINT && field->number == 2)
    self->big_endian = field->value == 1;
  return TRUE;
}

static gboolean
read_header (EspTfBundle *self, EspWire *wire, GError **error)
{
  if (!esp_wire_foreach (wire, NULL, read_header_field, self, error))
    return FALSE;
  if (self->n_shards > ESP_LIMIT_SHARDS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("the index says that there are %u data files, more than the limit of %d"),
                   self->n_shards, ESP_LIMIT_SHARDS);
      return FALSE;
    }
  self->has_header = TRUE;
  return TRUE;
}

/* a part's key begins with the number 0 */
static gboolean
add_entry (EspTfBundle *self, const EspTableEntry *at, EspWire *wire, GError **error)
{
  EspTfEntry *entry = g_new0 (EspTfEntry, 1);

  esp_tf_entry_read (entry, wire, &entry->error);
  if (self->entries->len + g_hash_table_size (self->parts) >= ESP_LIMIT_TENSORS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("There are more than %d tensors"), ESP_LIMIT_TENSORS);
      esp_tf_entry_free (entry);
      return FALSE;
    }
  if (at->key[0] == 0)
    {
      g_hash_table_insert (self->parts, g_bytes_new (at->key, at->key_length), entry);
      return TRUE;
    }
  entry->name = esp_path_from_text ((const char *) at->key, at->key_length);
  g_ptr_array_add (self->entries, entry);
  return TRUE;
}

static gboolean
add_row (const EspTableEntry *entry, gpointer user_data, GError **error)
{
  EspTfBundle *self = user_data;
  g_auto (EspWire) wire = { 0 };
  g_autoptr (GBytes) bytes = NULL;

  if (entry->key_length > 0 && !self->has_header)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("the index has no header"));
      return FALSE;
    }
  if (entry->value == NULL || entry->length > ENTRY_BYTES)
    {
      bytes = esp_source_read_bytes (entry->source, entry->offset, entry->length, ENTRY_BYTES,
                                     self->cancellable, error);
      if (bytes == NULL)
        return FALSE;
    }
  esp_wire_init_for_bytes (&wire, bytes != NULL ? g_bytes_get_data (bytes, NULL) : entry->value,
                           (gsize) entry->length, "index");
  return entry->key_length == 0 ? read_header (self, &wire, error)
                                : add_entry (self, entry, &wire, error);
}

EspTfBundle *
esp_tf_bundle_new (EspSource *index,
                   EspBeside *beside,
                   const char *prefix,
                   GCancellable *cancellable,
                   GError **error)
{
  g_autoptr (EspTfBundle) self = g_new0 (EspTfBundle, 1);

  self->beside = esp_beside_ref (beside);
  self->prefix = g_strdup (prefix);
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->file_size = esp_source_get_size (index);
  self->entries = g_ptr_array_new_with_free_func (esp_tf_entry_free);
  self->by_name = g_hash_table_new (esp_hash_string, g_str_equal);
  self->parts = g_hash_table_new_full (key_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref,
                                       esp_tf_entry_free);
  self->shards = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) esp_source_unref);
  self->failures = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_error_free);
  self->storages = g_hash_table_new_full (range_hash, range_equal, g_free,
                                          (GDestroyNotify) esp_storage_unref);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  if (!esp_table_foreach (index, add_row, self, cancellable, error))
    return NULL;
  if (!self->has_header)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("the index has no header"));
      return NULL;
    }
  for (guint i = 0; i < self->entries->len; i++)
    g_hash_table_insert (self->by_name, ((EspTfEntry *) self->entries->pdata[i])->name,
                         GUINT_TO_POINTER (i + 1));
  return g_steal_pointer (&self);
}

void
esp_tf_bundle_free (EspTfBundle *self)
{
  if (self == NULL)
    return;
  esp_beside_unref (self->beside);
  g_free (self->prefix);
  g_clear_object (&self->cancellable);
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->entries);
  g_hash_table_unref (self->parts);
  g_hash_table_unref (self->shards);
  g_hash_table_unref (self->failures);
  g_hash_table_unref (self->storages);
  g_ptr_array_unref (self->warnings);
  g_free (self);
}

/* }}} */
/* {{{ data files */

static EspSource *
open_shard (EspTfBundle *self, guint32 shard, GError **error)
{
  EspSource *source = g_hash_table_lookup (self->shards, GUINT_TO_POINTER (shard));
  const GError *known = g_hash_table_lookup (self->failures, GUINT_TO_POINTER (shard));
  g_autofree char *name = NULL;
  GError *failure = NULL;

  if (source != NULL)
    return source;
  if (known == NULL)
    {
      name = g_strdup_printf ("%s.data-%05u-of-%05u", self->prefix, shard, self->n_shards);
      source = esp_beside_open (self->beside, name, ESP_BESIDE_LINKS, &failure);
      if (source != NULL)
        {
          self->file_size += esp_source_get_size (source);
          g_hash_table_insert (self->shards, GUINT_TO_POINTER (shard), source);
          return source;
        }
      g_ptr_array_add (self->warnings, g_strdup (failure->message));
      g_hash_table_insert (self->failures, GUINT_TO_POINTER (shard), failure);
      known = failure;
    }
  g_propagate_error (error, g_error_copy (known));
  return NULL;
}

static EspSource *
find_range (EspTfBundle *self, const EspTfEntry *entry, GError **error)
{
  EspSource *source;

  if (entry->shard >= self->n_shards)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("the index places it in data file %u, but there are only %u"), entry->shard,
                   self->n_shards);
      return NULL;
    }
  source = open_shard (self, entry->shard, error);
  if (source == NULL || esp_range_fits (entry->offset, entry->size, esp_source_get_size (source)))
    return source;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
               _ ("%" PRIu64 " bytes at %" PRIu64 " of “%s” were wanted, which has only %" PRIu64),
               entry->size, entry->offset, esp_source_get_name (source),
               esp_source_get_size (source));
  return NULL;
}

/* one storage for what has the same bytes */
static EspStorage *
find_storage (EspTfBundle *self, const EspTfEntry *entry, GError **error)
{
  const Range range = { entry->offset, entry->size, entry->shard };
  EspStorage *storage = g_hash_table_lookup (self->storages, &range);
  g_autoptr (EspStorage) plain = NULL;
  EspSource *source;
  char id[48];

  if (storage != NULL && entry->size > 0)
    return esp_storage_ref (storage);
  source = find_range (self, entry, error);
  if (source == NULL)
    return NULL;
  g_snprintf (id, sizeof id, "%u:%" PRIu64, entry->shard, entry->offset);
  plain = esp_storage_new_for_source (source, entry->offset, entry->size, id);
  storage = entry->has_crc ? esp_tf_checked_new (plain, entry->crc) : esp_storage_ref (plain);
  if (entry->size > 0)
    g_hash_table_insert (self->storages, g_memdup2 (&range, sizeof range),
                         esp_storage_ref (storage));
  return storage;
}

/* }}} */
/* {{{ tensors */

static EspStorage *
find_plain (EspTfBundle *self, const EspTfEntry *entry, const EspTfType *type, GError **error)
{
  guint64 count, bytes;

  if (!esp_tf_count_bytes (type, entry->shape, entry->ndim, &count, &bytes, error))
    return NULL;
  if (bytes != entry->size)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("its shape and type take %" PRIu64 " bytes, but it has %" PRIu64), bytes,
                   entry->size);
      return NULL;
    }
  return find_storage (self, entry, error);
}

static gboolean
add_part (EspTfBundle *self,
          EspTiles *tiles,
          const EspTfEntry *entry,
          const EspTfSlice *slice,
          const EspTfType *type,
          GError **error)
{
  g_autoptr (GBytes) key = esp_tf_slice_make_key (slice, entry->name, strlen (entry->name));
  const EspTfEntry *part = g_hash_table_lookup (self->parts, key);
  g_autoptr (EspStorage) storage = NULL;
  gint64 start[ESP_LIMIT_DIMS], size[ESP_LIMIT_DIMS];

  if (part == NULL)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("the index has no entry for one of its slices"));
      return FALSE;
    }
  if (part->error != NULL)
    {
      g_propagate_error (error, g_error_copy (part->error));
      return FALSE;
    }
  if (!esp_tf_slice_resolve (slice, entry->shape, entry->ndim, start, size) ||
      part->type != entry->type || part->ndim != entry->ndim ||
      memcmp (size, part->shape, entry->ndim * sizeof *size) != 0)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("one of its slices doesn’t fit its shape and type"));
      return FALSE;
    }
  storage = find_plain (self, part, type, error);
  return storage != NULL && esp_tiles_add (tiles, start, size, storage, 0, error);
}

static EspStorage *
find_parts (EspTfBundle *self, const EspTfEntry *entry, const EspTfType *type, GError **error)
{
  g_autoptr (EspTiles) tiles = NULL;
  const EspTfSlice *slices = entry->slices;

  if (esp_dtype_get_info (type->dtype)->bits != type->stored)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                   _ ("it lies in slices of %s, which can’t be put together"), type->name);
      return NULL;
    }
  tiles = esp_tiles_new (type->dtype, entry->shape, entry->ndim, error);
  for (guint i = 0; tiles != NULL && i < entry->n_slices; i++)
    if (!add_part (self, tiles, entry, &slices[i], type, error))
      return NULL;
  return tiles != NULL ? esp_tiles_finish (g_steal_pointer (&tiles), entry->name, error) : NULL;
}

static EspTensor *
make_tensor (EspTfBundle *self, const EspTfEntry *entry, GError **error)
{
  const EspTfType *type = esp_tf_type_require (entry->type, error);
  EspTensorFlags flags = self->big_endian ? ESP_TENSOR_BIG_ENDIAN : 0;
  g_autoptr (EspStorage) storage = NULL;

  if (type == NULL)
    return NULL;
  storage = entry->n_slices > 0 ? find_parts (self, entry, type, error)
                                : find_plain (self, entry, type, error);
  if (storage == NULL)
    return NULL;
  return esp_tf_tensor_new (type, entry->shape, entry->ndim, flags, storage, error);
}

EspTensor *
esp_tf_bundle_make_tensor (EspTfBundle *self, guint index, GError **error)
{
  const EspTfEntry *entry = self->entries->pdata[index];
  GError *reason = NULL;
  EspTensor *tensor = NULL;
  gint64 shape[ESP_LIMIT_DIMS];

  if (entry->error == NULL)
    tensor = make_tensor (self, entry, &reason);
  else
    reason = g_error_copy (entry->error);
  if (tensor != NULL)
    return tensor;
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, reason);
      return NULL;
    }
  for (guint i = 0; i < entry->ndim; i++)
    shape[i] = entry->shape != NULL ? MAX (entry->shape[i], 0) : 0;
  return esp_tf_tensor_new_unreadable (entry->type, shape, entry->shape != NULL ? entry->ndim : 0,
                                       reason);
}

/* }}} */
/* {{{ texts */

/* the length of the only text and the sum of that length, as a number of four or eight bytes */
static gboolean
parse_length (const guint8 *bytes, gsize size, const EspTfEntry *entry, gsize *skip, guint32 *crc)
{
  guint64 length;
  int n = esp_wire_decode_varint (bytes, size, &length);
  guint8 number[8];
  guint width = length <= G_MAXUINT32 ? 4 : 8;
  guint32 sum;

  if (n <= 0 || size - (gsize) n < 4 || length != entry->size - (gsize) n - 4)
    return FALSE;
  for (guint i = 0; i < width; i++)
    number[i] = (guint8) (length >> (8 * i));
  sum = esp_crc32c (0, number, width);
  bytes += n;
  if (esp_crc32c_mask (sum) != ((guint32) bytes[0] | (guint32) bytes[1] << 8 |
                                (guint32) bytes[2] << 16 | (guint32) bytes[3] << 24))
    return FALSE;
  *skip = (gsize) n + 4;
  *crc = esp_crc32c (sum, bytes, 4);
  return TRUE;
}

static gboolean
sum_up (EspTfBundle *self,
        EspSource *source,
        guint64 offset,
        guint64 length,
        guint32 *crc,
        GError **error)
{
  guint8 bytes[16 * 1024];

  while (length > 0)
    {
      gsize n = (gsize) MIN (length, sizeof bytes);

      if (!esp_source_read (source, offset, n, bytes, self->cancellable, error))
        return FALSE;
      *crc = esp_crc32c (*crc, bytes, n);
      offset += n;
      length -= n;
    }
  return TRUE;
}

gboolean
esp_tf_bundle_find_text (EspTfBundle *self,
                         guint index,
                         EspSource **source,
                         guint64 *offset,
                         guint64 *length,
                         GError **error)
{
  const EspTfEntry *entry = self->entries->pdata[index];
  guint8 bytes[TEXT_LENGTH_BYTES];
  gsize n = (gsize) MIN (entry->size, sizeof bytes), skip;
  guint64 count = 1;
  guint32 crc;

  for (guint i = 0; i < entry->ndim && count == 1; i++)
    count = entry->shape[i] == 1;
  if (entry->error != NULL || entry->type != ESP_TF_STRING || entry->n_slices > 0 || count != 1)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("it isn’t one text"));
      return FALSE;
    }
  *source = find_range (self, entry, error);
  if (*source == NULL ||
      !esp_source_read (*source, entry->offset, n, bytes, self->cancellable, error))
    return FALSE;
  if (!parse_length (bytes, n, entry, &skip, &crc))
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("the length of its text is wrong"));
      return FALSE;
    }
  *offset = entry->offset + skip;
  *length = entry->size - skip;
  if (!sum_up (self, *source, *offset, *length, &crc, error))
    return FALSE;
  if (!entry->has_crc || esp_crc32c_mask (crc) == entry->crc)
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("its checksum is %08x, but its bytes have %08x"), entry->crc,
               esp_crc32c_mask (crc));
  return FALSE;
}

/* }}} */

guint
esp_tf_bundle_get_n_entries (EspTfBundle *self)
{
  return self->entries->len;
}

const EspTfEntry *
esp_tf_bundle_get_entry (EspTfBundle *self, guint index)
{
  return self->entries->pdata[index];
}

gboolean
esp_tf_bundle_find (EspTfBundle *self, const char *name, guint *index)
{
  guint found = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_name, name));

  *index = found - 1;
  return found > 0;
}

guint64
esp_tf_bundle_get_file_size (EspTfBundle *self)
{
  return self->file_size;
}

GPtrArray *
esp_tf_bundle_get_warnings (EspTfBundle *self)
{
  return self->warnings;
}
