/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The form of torch.save before PyTorch 1.6. In: a file of any size. Out: its pickles, and a table
 * of where each storage lies.
 *
 *   pickle   0x1950a86a20f9469cfc6c
 *   pickle   1001
 *   pickle   {'protocol_version': 1001, 'little_endian': True, 'type_sizes': {...}}
 *   pickle   the object; tensors refer to storages by key
 *   pickle   [key, ...]
 *   then for each key, in this order: i64 number of elements, the elements
 *
 * Nothing says how long a pickle is, so they are read from a piece of the file that grows until
 * they are complete. What is an element is said only where the object refers to the storage.
 * Numbers are little endian whatever machine wrote them. */

#include "config.h"

#include "esp-pytorch-legacy-file.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-hash.h"
#include "esp-limits.h"
#include "esp-pytorch-storage.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define N_PICKLES 5
#define OBJECT 3
#define KEYS 4
#define PROTOCOL_VERSION 1001
/* the first piece of the file, and how much larger each next one is */
#define PIECE (256 * 1024)
#define PIECE_GROWTH 4

static const char *const what[N_PICKLES] = { "pickle 1", "pickle 2", "pickle 3", "pickle 4",
                                             "pickle 5" };

typedef struct
{
  guint64 offset;
  guint64 size;
} Range;

struct _EspPytorchLegacyFile
{
  EspSource *source; /* owned */
  EspPickle *pickles[N_PICKLES];
  GHashTable *ranges; /* key -> Range */
  GError *broken;     /* why no storage after those can be found; or NULL */
};

static gboolean
is_magic (const EspPickleValue *value)
{
  static const guint8 binary[] = { 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19 };
  static const char decimal[] = "119547037146038801333356";

  if (value->kind != ESP_PICKLE_LONG)
    return FALSE;
  if (value->decimal)
    return value->text.length == sizeof decimal - 1 &&
           memcmp (value->text.bytes, decimal, sizeof decimal - 1) == 0;
  return value->text.length == sizeof binary &&
         memcmp (value->text.bytes, binary, sizeof binary) == 0;
}

gboolean
esp_pytorch_legacy_file_is_one (const guint8 *head, gsize size)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EspPickle) pickle = NULL;

  /* protocols from 2 on, and those before */
  if (size < 3 || (head[0] != 0x80 && head[0] != 'L'))
    return FALSE;
  bytes = g_bytes_new (head, MIN (size, 64));
  pickle = esp_pickle_new (bytes, 0, what[0], NULL, NULL);
  return pickle != NULL && is_magic (esp_pickle_get_root (pickle));
}

/* the pickles */

static void
clear_pickles (EspPytorchLegacyFile *self)
{
  for (guint i = 0; i < N_PICKLES; i++)
    g_clear_pointer (&self->pickles[i], esp_pickle_unref);
}

static gboolean
read_pickles (EspPytorchLegacyFile *self,
              GBytes *bytes,
              guint64 *end,
              GCancellable *cancellable,
              GError **error)
{
  *end = 0;
  for (guint i = 0; i < N_PICKLES; i++)
    {
      self->pickles[i] = esp_pickle_new (bytes, (gsize) *end, what[i], cancellable, error);
      if (self->pickles[i] == NULL)
        return FALSE;
      *end = esp_pickle_get_end (self->pickles[i]);
    }
  return TRUE;
}

/* @end: receives where the storages begin */
static gboolean
find_pickles (EspPytorchLegacyFile *self, guint64 *end, GCancellable *cancellable, GError **error)
{
  guint64 size = MIN (esp_source_get_size (self->source), ESP_LIMIT_PICKLE_BYTES);

  for (guint64 piece = MIN (PIECE, size);; piece = MIN (piece * PIECE_GROWTH, size))
    {
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (GError) failure = NULL;

      bytes = esp_source_read_bytes (self->source, 0, piece, ESP_LIMIT_PICKLE_BYTES, cancellable,
                                     error);
      if (bytes == NULL)
        return FALSE;
      if (read_pickles (self, bytes, end, cancellable, &failure))
        return TRUE;
      if (piece == size || !g_error_matches (failure, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      clear_pickles (self);
    }
}

static gboolean
check_pickles (EspPytorchLegacyFile *self, GError **error)
{
  const EspPickleValue *version = esp_pickle_get_root (self->pickles[1]);
  const EspPickleValue *keys = esp_pickle_get_root (self->pickles[KEYS]);
  gint64 number;

  if (!is_magic (esp_pickle_get_root (self->pickles[0])))
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("it doesn’t begin with the number of torch.save()"));
      return FALSE;
    }
  if (!esp_pickle_value_get_int (version, &number) || number != PROTOCOL_VERSION)
    {
      g_autofree char *text = esp_pickle_value_to_text (version, 100);

      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                   _ ("the version of the format should be %d, but it is %s"), PROTOCOL_VERSION,
                   text);
      return FALSE;
    }
  if (keys->kind != ESP_PICKLE_LIST)
    {
      g_autofree char *text = esp_pickle_value_to_text (keys, 100);

      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("a list of storages should follow the object, but it is %s"), text);
      return FALSE;
    }
  return TRUE;
}

/* the storages */

/* what the object says of its storages: key -> EspPytorchStorageId, the first one of a key */
static GHashTable *
collect_ids (EspPickle *pickle)
{
  GHashTable *ids = g_hash_table_new_full (esp_hash_string, g_str_equal, NULL, g_free);
  guint n = esp_pickle_get_n_persistents (pickle);

  for (guint i = 0; i < n; i++)
    {
      EspPytorchStorageId id;

      if (esp_pytorch_storage_id_parse (esp_pickle_get_persistent (pickle, i), &id, NULL) &&
          !g_hash_table_contains (ids, id.key))
        {
          EspPytorchStorageId *copy = g_memdup2 (&id, sizeof id);

          g_hash_table_insert (ids, copy->key, copy);
        }
    }
  return ids;
}

static gboolean
get_key (const EspPickleValue *value, char out[ESP_PYTORCH_KEY_MAX + 1])
{
  if (value->kind != ESP_PICKLE_STRING || value->text.length > ESP_PYTORCH_KEY_MAX)
    return FALSE;
  memcpy (out, value->text.bytes, value->text.length);
  out[value->text.length] = '\0';
  return TRUE;
}

/* bytes of a storage of @id that lies at @offset and says how many elements it has */
static gboolean
measure (EspPytorchLegacyFile *self,
         const EspPytorchStorageId *id,
         guint64 offset,
         guint64 *size,
         GCancellable *cancellable,
         GError **error)
{
  const EspPytorchDtype *dtype = esp_pytorch_dtype_from_storage (id->class_name);
  g_autofree char *shown = g_utf8_make_valid (id->key, -1);
  guint64 count;

  if (!esp_source_read (self->source, offset, sizeof count, &count, cancellable, error))
    return FALSE;
  count = GUINT64_FROM_LE (count);
  if (dtype == NULL)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                 _ ("storage “%s” is of the unknown class %s"), shown, id->class_name);
  else if (count != id->numel)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("storage “%s” should have %" PRIu64 " elements, but at byte %" PRIu64
                    " it says %" PRIu64),
                 shown, id->numel, offset, count);
  else if (!esp_pytorch_dtype_get_size (dtype, count, size) ||
           !esp_range_fits (offset + sizeof count, *size, esp_source_get_size (self->source)))
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
                 _ ("storage “%s”: %" PRIu64 " elements of %s at byte %" PRIu64
                    " end beyond the file (%" PRIu64 " bytes)"),
                 shown, count, dtype->native, offset, esp_source_get_size (self->source));
  else
    return TRUE;
  return FALSE;
}

static gboolean
find_storage (EspPytorchLegacyFile *self,
              GHashTable *ids,
              const EspPickleValue *value,
              guint64 *position,
              GCancellable *cancellable,
              GError **error)
{
  char key[ESP_PYTORCH_KEY_MAX + 1];
  const EspPytorchStorageId *id = NULL;
  guint64 size = 0;

  if (get_key (value, key))
    id = g_hash_table_lookup (ids, key);
  if (id == NULL)
    {
      g_autofree char *text = esp_pickle_value_to_text (value, 100);

      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("storage %s is listed, but nothing says what it holds"), text);
      return FALSE;
    }
  if (!measure (self, id, *position, &size, cancellable, error))
    return FALSE;
  *position += sizeof (guint64);
  if (!g_hash_table_contains (self->ranges, key))
    {
      Range range = { *position, size };

      g_hash_table_insert (self->ranges, g_strdup (key), g_memdup2 (&range, sizeof range));
    }
  *position += size;
  return TRUE;
}

/* where one storage ends the next begins, so none is found after a broken one */
static gboolean
find_storages (EspPytorchLegacyFile *self,
               guint64 position,
               GCancellable *cancellable,
               GError **error)
{
  const EspPickleValue *keys = esp_pickle_get_root (self->pickles[KEYS]);
  g_autoptr (GHashTable) ids = collect_ids (self->pickles[OBJECT]);

  for (guint i = 0; i < keys->items.n && self->broken == NULL; i++)
    if (!find_storage (self, ids, keys->items.items[i], &position, cancellable, &self->broken))
      g_assert (self->broken != NULL);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

EspPytorchLegacyFile *
esp_pytorch_legacy_file_new (EspSource *source, GCancellable *cancellable, GError **error)
{
  g_autoptr (EspPytorchLegacyFile) self = g_new0 (EspPytorchLegacyFile, 1);
  guint64 end;

  self->source = esp_source_ref (source);
  self->ranges = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, g_free);
  if (!find_pickles (self, &end, cancellable, error) || !check_pickles (self, error) ||
      !find_storages (self, end, cancellable, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
esp_pytorch_legacy_file_free (EspPytorchLegacyFile *self)
{
  if (self == NULL)
    return;
  clear_pickles (self);
  g_hash_table_unref (self->ranges);
  g_clear_error (&self->broken);
  esp_source_unref (self->source);
  g_free (self);
}

EspPickle *
esp_pytorch_legacy_file_get_pickle (EspPytorchLegacyFile *self)
{
  return self->pickles[OBJECT];
}

guint
esp_pytorch_legacy_file_get_n_pickles (EspPytorchLegacyFile *self)
{
  return G_N_ELEMENTS (self->pickles);
}

EspPickle *
esp_pytorch_legacy_file_get_nth_pickle (EspPytorchLegacyFile *self, guint index)
{
  g_return_val_if_fail (index < N_PICKLES, NULL);

  return self->pickles[index];
}

EspStorage *
esp_pytorch_legacy_file_open_storage (EspPytorchLegacyFile *self,
                                      const char *key,
                                      const char *id,
                                      GError **error)
{
  const Range *range = g_hash_table_lookup (self->ranges, key);

  if (range != NULL)
    return esp_storage_new_for_source (self->source, range->offset, range->size, id);
  if (self->broken != NULL)
    g_propagate_error (error, g_error_copy (self->broken));
  else
    {
      g_autofree char *shown = g_utf8_make_valid (key, -1);

      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("the file doesn’t list storage “%s” with its values"), shown);
    }
  return NULL;
}
