/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The writer of safetensors. In: a tree, of a file or of a live network. Out: a file as
 * safetensors.torch.save_model() makes it: each memory once, the other names of it in the metadata
 * ("dropped": "kept"), tensors by falling dtype and then by name, the header padded so that the
 * buffer begins at a multiple of 8. Streams in chunks: memory doesn't grow with the tensors. */

#include "config.h"

#include "esp-safetensors-private.h"

#include "esp-atomic-file.h"
#include "esp-check.h"
#include "esp-error.h"
#include "esp-hash.h"
#include "esp-json-writer.h"
#include "esp-limits.h"
#include "esp-path.h"

#include <glib/gi18n.h>
#include <string.h>

#define CHUNK_BYTES (4 * 1024 * 1024)
#define ALIGNMENT 8

/* a tensor that is written */
typedef struct
{
  const char *name; /* borrowed from its place */
  EspTensor *tensor;
  guint order; /* in the table of dtypes */
} Row;

typedef struct
{
  GArray *rows;       /* Row */
  GPtrArray *dropped; /* dropped, kept, dropped, kept, ...; borrowed */

  EspAtomicFile *file;
  guint64 done, total; /* bytes */
  guint8 *chunk;
  EspProgressFunc progress;
  gpointer user_data;
  GCancellable *cancellable;
} Writer;

static gboolean
name_error (const char *name, GError **error)
{
  g_autofree char *shown = esp_path_escape (name);

  g_prefix_error (error, "%s: ", shown);
  return FALSE;
}

/* what can be written */

/* the name as UTF-8 text; C0 80 stands for a NUL in it */
static gboolean
is_unicode (const char *name)
{
  const char *end;

  while (!g_utf8_validate (name, -1, &end))
    {
      if (strncmp (end, "\xc0\x80", 2) != 0)
        return FALSE;
      name = end + 2;
    }
  return TRUE;
}

static gboolean
fail_unsupported (const char *name, GError **error, const char *reason)
{
  g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED, reason);
  return name_error (name, error);
}

static gboolean
check_row (Row *row, GError **error)
{
  const GError *unreadable = esp_tensor_get_error (row->tensor);
  EspDtype dtype = esp_tensor_get_dtype (row->tensor);

  if (strcmp (row->name, ESP_SAFETENSORS_METADATA) == 0)
    return fail_unsupported (row->name, error,
                             _ ("a safetensors file can’t hold a tensor of this name"));
  if (!is_unicode (row->name))
    return fail_unsupported (row->name, error,
                             _ ("the name is no Unicode text, which a safetensors file needs"));
  if (unreadable != NULL)
    {
      g_propagate_error (error, g_error_copy (unreadable));
      return name_error (row->name, error);
    }
  if (esp_tensor_get_affine (row->tensor) != NULL)
    return fail_unsupported (row->name, error,
                             _ ("a safetensors file can’t keep the scales of quantised values"));
  for (row->order = 0; _esp_safetensors_dtypes[row->order].name != NULL; row->order++)
    if (_esp_safetensors_dtypes[row->order].dtype == dtype)
      return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
               _ ("a safetensors file can’t hold values of type %s"),
               esp_dtype_get_info (dtype)->name);
  return name_error (row->name, error);
}

/* names of one memory */

static guint
hash_view (gconstpointer tensor)
{
  EspTensor *self = (EspTensor *) tensor;
  guint64 offset = (guint64) esp_tensor_get_offset (self);

  return g_direct_hash (esp_tensor_get_storage (self)) ^ (guint) (offset * 0x9e3779b1u);
}

static gboolean
views_are_equal (gconstpointer a, gconstpointer b)
{
  return a == b || esp_tensor_is_alias ((EspTensor *) a, (EspTensor *) b);
}

static int
compare_rows (gconstpointer a, gconstpointer b)
{
  const Row *x = a;
  const Row *y = b;

  if (x->order != y->order)
    return x->order > y->order ? -1 : 1;
  return strcmp (x->name, y->name);
}

/* Of the names of one memory the first in the order of their bytes is kept, which for UTF-8 is
 * Python's order too, so it is the one that _remove_duplicate_names() of safetensors keeps. */
static gboolean
collect_rows (Writer *self, EspTree *tree, GError **error)
{
  g_autoptr (GHashTable) kept = g_hash_table_new (hash_view, views_are_equal);
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (Row));
  guint n = esp_tree_get_n_tensors (tree);

  for (guint i = 0; i < n; i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);
      EspParameter *parameter = esp_place_get_parameter (place);
      EspRole role = esp_parameter_get_role (parameter);
      Row row = { esp_place_get_path (place), esp_parameter_get_data (parameter), 0 };
      const char *first;

      if (role != ESP_ROLE_PARAMETER && role != ESP_ROLE_BUFFER)
        continue;
      g_array_append_val (all, row);
      first = g_hash_table_lookup (kept, row.tensor);
      if (first == NULL || strcmp (row.name, first) < 0)
        g_hash_table_replace (kept, row.tensor, (gpointer) row.name);
    }
  for (guint i = 0; i < all->len; i++)
    {
      Row *row = &g_array_index (all, Row, i);
      const char *first = g_hash_table_lookup (kept, row->tensor);

      /* what has no bytes shares none */
      if (first == row->name || esp_tensor_get_count (row->tensor) == 0)
        {
          if (!check_row (row, error))
            return FALSE;
          g_array_append_val (self->rows, *row);
        }
      else
        {
          g_ptr_array_add (self->dropped, (gpointer) row->name);
          g_ptr_array_add (self->dropped, (gpointer) first);
        }
    }
  g_array_sort (self->rows, compare_rows);
  return TRUE;
}

/* no name twice, neither among the tensors nor among the keys of the metadata */
static gboolean
check_names (Writer *self, GError **error)
{
  g_autoptr (GHashTable) names = g_hash_table_new (esp_hash_string, g_str_equal);
  const char *twice = NULL;

  for (guint i = 0; i < self->rows->len && twice == NULL; i++)
    {
      const char *name = g_array_index (self->rows, Row, i).name;
      if (!g_hash_table_add (names, (gpointer) name))
        twice = name;
    }
  for (guint i = 0; i < self->dropped->len && twice == NULL; i += 2)
    if (!g_hash_table_add (names, self->dropped->pdata[i]))
      twice = self->dropped->pdata[i];
  return twice == NULL ||
         fail_unsupported (twice, error,
                           _ ("a safetensors file can’t hold two tensors of one name"));
}

/* the header */

static void
put_row (EspJsonWriter *json, const Row *row, guint64 begin, guint64 end)
{
  const gint64 *shape = esp_tensor_get_shape (row->tensor);
  guint ndim = esp_tensor_get_ndim (row->tensor);

  esp_json_writer_key (json, row->name);
  esp_json_writer_begin_object (json);
  esp_json_writer_key (json, "dtype");
  esp_json_writer_string (json, _esp_safetensors_dtypes[row->order].name);
  esp_json_writer_key (json, "shape");
  esp_json_writer_begin_array (json);
  for (guint i = 0; i < ndim; i++)
    esp_json_writer_i64 (json, shape[i]);
  esp_json_writer_end_array (json);
  esp_json_writer_key (json, "data_offsets");
  esp_json_writer_begin_array (json);
  esp_json_writer_u64 (json, begin);
  esp_json_writer_u64 (json, end);
  esp_json_writer_end_array (json);
  esp_json_writer_end_object (json);
}

static void
put_metadata (Writer *self, EspJsonWriter *json)
{
  gboolean has_format = FALSE;

  esp_json_writer_key (json, ESP_SAFETENSORS_METADATA);
  esp_json_writer_begin_object (json);
  for (guint i = 0; i < self->dropped->len; i += 2)
    {
      esp_json_writer_key (json, self->dropped->pdata[i]);
      esp_json_writer_string (json, self->dropped->pdata[i + 1]);
      has_format = has_format || strcmp (self->dropped->pdata[i], "format") == 0;
    }
  /* a dropped tensor of that name needs the key more */
  if (!has_format)
    {
      esp_json_writer_key (json, "format");
      esp_json_writer_string (json, "pt");
    }
  esp_json_writer_end_object (json);
}

/* length and text, padded */
static GString *
make_header (Writer *self, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (EspJsonWriter) json = esp_json_writer_new_for_string (text);
  guint64 length;

  g_string_append_len (text, "\0\0\0\0\0\0\0\0", ESP_SAFETENSORS_PREFIX);
  esp_json_writer_begin_object (json);
  put_metadata (self, json);
  for (guint i = 0; i < self->rows->len; i++)
    {
      const Row *row = &g_array_index (self->rows, Row, i);
      guint64 size, end;

      /* not what it takes where it is stored: blocks are written as the float32 that they hold */
      if (!esp_dtype_get_size (esp_tensor_get_dtype (row->tensor),
                               esp_tensor_get_count (row->tensor), &size) ||
          !esp_add_u64 (self->total, size, &end) || end > G_MAXINT64 / 2)
        {
          g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                               _ ("the file would be too large"));
          return NULL;
        }
      put_row (json, row, self->total, end);
      self->total = end;
    }
  esp_json_writer_end_object (json);
  while (text->len % ALIGNMENT != 0)
    g_string_append_c (text, ' ');
  length = GUINT64_TO_LE ((guint64) text->len - ESP_SAFETENSORS_PREFIX);
  memcpy (text->str, &length, sizeof length);
  if (text->len - ESP_SAFETENSORS_PREFIX > ESP_LIMIT_JSON_BYTES)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("the header would have %zu bytes, more than the limit of %d"),
                   text->len - ESP_SAFETENSORS_PREFIX, ESP_LIMIT_JSON_BYTES);
      return NULL;
    }
  return g_steal_pointer (&text);
}

/* the values */

/* PyTorch's lazy conjugate and negative, which the format can't say: both turn signs. @parts is 2
 * for complex numbers (re, im), else 1; signs are the top bits of the parts. */
static void
turn_signs (guint8 *bytes, gsize count, gsize part_size, guint parts, EspTensorFlags flags)
{
  gsize size = part_size * parts;

  for (gsize i = 0; i < count; i++)
    for (guint part = 0; part < parts; part++)
      {
        gboolean turn = (flags & ESP_TENSOR_NEGATE) != 0;

        if (part == 1 && (flags & ESP_TENSOR_CONJUGATE) != 0)
          turn = !turn;
        if (turn)
          bytes[i * size + part * part_size + part_size - 1] ^= 0x80;
      }
}

static gboolean
write_chunk (Writer *self, const Row *row, guint64 start, gsize count, gsize size, GError **error)
{
  const EspDtypeInfo *info = esp_dtype_get_info (esp_tensor_get_dtype (row->tensor));
  EspTensorFlags flags = esp_tensor_get_flags (row->tensor);
  guint parts = info->kind == ESP_KIND_COMPLEX ? 2 : 1;

  if (!esp_tensor_read_bytes (row->tensor, start, count, self->chunk, self->cancellable, error))
    return name_error (row->name, error);
  if (parts == 1)
    flags &= ~ESP_TENSOR_CONJUGATE;
  if ((flags & (ESP_TENSOR_NEGATE | ESP_TENSOR_CONJUGATE)) != 0)
    turn_signs (self->chunk, count, info->bits / 8 / parts, parts, flags);
  if (!esp_atomic_file_write (self->file, self->chunk, size, error))
    return FALSE;
  self->done += size;
  if (self->progress != NULL && self->total > 0)
    self->progress ((double) self->done / (double) self->total, self->user_data);
  return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

static gboolean
write_row (Writer *self, const Row *row, GError **error)
{
  guint bits = esp_dtype_get_info (esp_tensor_get_dtype (row->tensor))->bits;
  guint64 count = esp_tensor_get_count (row->tensor);
  guint64 step = bits >= 8 ? CHUNK_BYTES / (bits / 8) : count; /* packed ones are read whole */

  if (bits < 8 && esp_tensor_get_bytes (row->tensor) > CHUNK_BYTES)
    {
      guint8 *larger = g_try_realloc (self->chunk, esp_tensor_get_bytes (row->tensor));
      if (larger == NULL)
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                               _ ("there is not enough memory for this tensor"));
          return name_error (row->name, error);
        }
      self->chunk = larger;
    }
  for (guint64 start = 0; start < count; start += step)
    {
      gsize n = MIN (step, count - start);
      gsize size = bits >= 8 ? n * (bits / 8) : esp_tensor_get_bytes (row->tensor);

      if (!write_chunk (self, row, start, n, size, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_file (Writer *self, const char *path, gboolean replace, GError **error)
{
  g_autoptr (GString) header = make_header (self, error);

  if (header == NULL)
    return FALSE;
  self->file = esp_atomic_file_new (path, replace, error);
  if (self->file == NULL || !esp_atomic_file_write (self->file, header->str, header->len, error))
    return FALSE;
  self->chunk = g_malloc (CHUNK_BYTES);
  for (guint i = 0; i < self->rows->len; i++)
    if (!write_row (self, &g_array_index (self->rows, Row, i), error))
      return FALSE;
  return esp_atomic_file_commit (self->file, error);
}

gboolean
_esp_safetensors_write (EspTree *tree,
                        const char *path,
                        gboolean replace,
                        EspProgressFunc progress,
                        gpointer user_data,
                        GCancellable *cancellable,
                        GError **error)
{
  Writer self = { 0 };
  gboolean done;

  self.rows = g_array_new (FALSE, FALSE, sizeof (Row));
  self.dropped = g_ptr_array_new ();
  self.progress = progress;
  self.user_data = user_data;
  self.cancellable = cancellable;
  done = collect_rows (&self, tree, error) && check_names (&self, error) &&
         write_file (&self, path, replace, error);
  g_array_unref (self.rows);
  g_ptr_array_unref (self.dropped);
  g_clear_pointer (&self.file, esp_atomic_file_free);
  g_free (self.chunk);
  return done;
}
