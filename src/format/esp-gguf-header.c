/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The header of a GGUF file. It is read front to back, which for a large model is some hundred
 * tensors and a vocabulary of 10 MB; the data behind it is left where it lies.
 *
 *   "GGUF" u32 version | u64 tensors | u64 pairs                (version 1: these and all sizes
 * u32) pairs   x { string key; u32 type; value } tensors x { string name; u32 n; u64 size[n],
 * fastest first; u32 type; u64 offset into data } padding to general.alignment (32) | data
 *
 * A big-endian file has the bytes of its version the other way round, and those of all numbers
 * after it, data included.
 */

#include "config.h"

#include "esp-gguf-header.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-error.h"
#include "esp-hash.h"
#include "esp-limits.h"
#include "esp-source.h"

#define ALIGNMENT 32
#define TEXT_BUDGET (64 * 1024 * 1024) /* of all metadata together */

typedef struct
{
  EspGgufInput input;
  EspGgufHeader *header; /* borrowed */
  GCancellable *cancellable;
  guint64 n_tensors, n_pairs; /* that it says it has */
} Parser;

static gboolean
is_cancelled (Parser *self, guint64 step, GError **error)
{
  return step % 1024 == 0 && g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

/* {{{ metadata */

/* the few keys that say how to read the rest */
static gboolean
heed (Parser *self, const char *key, const EspGgufValue *value, GError **error)
{
  if (strcmp (key, "split.no") == 0 && value->type == ESP_GGUF_TYPE_U16)
    self->header->part = value->bits;
  if (strcmp (key, "split.count") == 0 && value->type == ESP_GGUF_TYPE_U16)
    self->header->n_parts = value->bits;
  if (strcmp (key, "split.tensors.count") == 0 && value->bits <= ESP_LIMIT_TENSORS)
    self->header->n_tensors = value->bits;
  if (strcmp (key, "general.alignment") != 0)
    return TRUE;
  self->header->alignment = value->bits;
  if (value->type == ESP_GGUF_TYPE_U32 && value->bits != 0 &&
      (value->bits & (value->bits - 1)) == 0)
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("general.alignment is %s of type %u; it must be a power of two of type %d"),
               value->text, value->type, ESP_GGUF_TYPE_U32);
  return FALSE;
}

static gboolean
read_pair (Parser *self, GHashTable *seen, GError **error)
{
  g_auto (EspGgufValue) value = { 0 };
  guint64 at = self->input.stream.position;
  char *key = esp_gguf_read_name (&self->input, error);

  if (key == NULL)
    return FALSE;
  g_ptr_array_add (self->header->keys, key);
  if (*key == '\0')
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("the key at offset %llu is empty"), (unsigned long long) at);
      return FALSE;
    }
  if (!g_hash_table_add (seen, key))
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT, _ ("the key %s stands twice"),
                   key);
      return FALSE;
    }
  if (!esp_gguf_read_value (&self->input, &value, error))
    {
      g_prefix_error (error, "%s: ", key);
      return FALSE;
    }
  if (!heed (self, key, &value, error))
    return FALSE;
  g_ptr_array_add (self->header->values, g_steal_pointer (&value.text));
  return TRUE;
}

/* }}} */
/* {{{ the table of tensors */

static gboolean
read_shape (Parser *self, EspGgufEntry *entry, GError **error)
{
  guint32 ndim;

  if (!esp_stream_read_u32 (&self->input.stream, &ndim, error))
    return FALSE;
  if (ndim > ESP_GGUF_DIMS_MAX)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("%s: %u dimensions; GGUF has at most %d"), entry->name, ndim,
                   ESP_GGUF_DIMS_MAX);
      return FALSE;
    }
  entry->ndim = ndim;
  for (guint i = 0; i < ndim; i++)
    {
      guint64 size;

      if (!esp_gguf_read_size (&self->input, &size, error))
        return FALSE;
      if (size > G_MAXINT64)
        {
          g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                       _ ("%s: dimension %u has the size %llu"), entry->name, i,
                       (unsigned long long) size);
          return FALSE;
        }
      entry->shape[ndim - 1 - i] = (gint64) size;
    }
  return TRUE;
}

static gboolean
read_entry (Parser *self, GHashTable *seen, GError **error)
{
  EspGgufEntry *entry = g_new0 (EspGgufEntry, 1);

  g_ptr_array_add (self->header->entries, entry);
  entry->name = esp_gguf_read_name (&self->input, error);
  if (entry->name == NULL || !read_shape (self, entry, error) ||
      !esp_stream_read_u32 (&self->input.stream, &entry->type, error) ||
      !esp_stream_read_u64 (&self->input.stream, &entry->offset, error))
    return FALSE;
  if (g_hash_table_add (seen, entry->name))
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT, _ ("the tensor %s stands twice"),
               entry->name);
  return FALSE;
}

/* }}} */
/* {{{ the header */

static gboolean
check_limits (Parser *self, GError **error)
{
  if (self->n_tensors > ESP_LIMIT_TENSORS)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                 _ ("%llu tensors; at most %d can be read"), (unsigned long long) self->n_tensors,
                 ESP_LIMIT_TENSORS);
  else if (self->n_pairs > ESP_LIMIT_METADATA_ENTRIES)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                 _ ("%llu entries of metadata; at most %d can be read"),
                 (unsigned long long) self->n_pairs, ESP_LIMIT_METADATA_ENTRIES);
  else
    return TRUE;
  return FALSE;
}

static gboolean
read_start (Parser *self, GError **error)
{
  EspStream *stream = &self->input.stream;
  guint32 version;

  if (!esp_stream_skip (stream, 4, error) || !esp_stream_read_u32 (stream, &version, error))
    return FALSE;
  if ((version & 0xffff) == 0)
    {
      version = GUINT32_SWAP_LE_BE (version);
      stream->big_endian = TRUE;
    }
  if (version < 1 || version > 3)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                   _ ("GGUF of version %u; versions 1 to 3 can be read"), version);
      return FALSE;
    }
  self->input.version = version;
  return esp_gguf_read_size (&self->input, &self->n_tensors, error) &&
         esp_gguf_read_size (&self->input, &self->n_pairs, error) && check_limits (self, error);
}

static gboolean
read_header (Parser *self, GError **error)
{
  g_autoptr (GHashTable) keys = g_hash_table_new (esp_hash_string, g_str_equal);
  g_autoptr (GHashTable) names = g_hash_table_new (esp_hash_string, g_str_equal);

  if (!read_start (self, error))
    return FALSE;
  for (guint64 i = 0; i < self->n_pairs; i++)
    if (is_cancelled (self, i, error) || !read_pair (self, keys, error))
      return FALSE;
  for (guint64 i = 0; i < self->n_tensors; i++)
    if (is_cancelled (self, i, error) || !read_entry (self, names, error))
      return FALSE;
  self->header->data = (self->input.stream.position + self->header->alignment - 1) /
                       self->header->alignment * self->header->alignment;
  return TRUE;
}

/* }}} */

static void
entry_free (gpointer data)
{
  EspGgufEntry *entry = data;

  g_free (entry->name);
  g_free (entry);
}

EspGgufHeader *
esp_gguf_header_new (EspSource *source, GCancellable *cancellable, GError **error)
{
  EspGgufHeader *self;
  Parser parser = { .cancellable = cancellable };

  g_return_val_if_fail (source != NULL, NULL);

  self = g_new0 (EspGgufHeader, 1);
  self->source = esp_source_ref (source);
  self->keys = g_ptr_array_new_with_free_func (g_free);
  self->values = g_ptr_array_new_with_free_func (g_free);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->alignment = ALIGNMENT;
  parser.header = self;
  parser.input.budget = TEXT_BUDGET;
  esp_stream_init (&parser.input.stream, source, cancellable);
  if (!read_header (&parser, error))
    g_clear_pointer (&self, esp_gguf_header_free);
  else
    self->big_endian = parser.input.stream.big_endian;
  return self;
}

void
esp_gguf_header_free (EspGgufHeader *self)
{
  if (self == NULL)
    return;
  esp_source_unref (self->source);
  g_ptr_array_unref (self->keys);
  g_ptr_array_unref (self->values);
  g_ptr_array_unref (self->entries);
  g_free (self);
}

const char *
esp_gguf_header_find (const EspGgufHeader *self, const char *key)
{
  for (guint i = 0; i < self->keys->len; i++)
    if (g_str_equal (g_ptr_array_index (self->keys, i), key))
      return g_ptr_array_index (self->values, i);
  return NULL;
}
