/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of safetensors. In: a file of any size, whose header has some kilobytes to 100 MB.
 * Out: a checkpoint whose tensors are ranges of the file. Every rule of the reference
 * implementation holds, and names may not repeat.
 *
 *   [N: u64][JSON header: N bytes][buffer to the end of the file]
 *   {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...,
 *    "__metadata__": {"format": "pt", ...}}
 *
 * Offsets count from the buffer's begin; in their order the tensors leave no hole, don't overlap
 * and end where the file does. Hot: read_entry(), 20,000 times in a few ms. */

#include "config.h"

#include "esp-safetensors-private.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-json.h"
#include "esp-limits.h"
#include "esp-number.h"
#include "esp-path.h"
#include "esp-role-guess.h"
#include "esp-storage.h"
#include "esp-tree-builder.h"

#include <glib/gi18n.h>
#include <string.h>

const EspSafetensorsDtype _esp_safetensors_dtypes[] = {
  { "BOOL", ESP_DTYPE_BOOL },
  { "F4", ESP_DTYPE_FLOAT4_E2M1 },
  { "F6_E2M3", ESP_DTYPE_FLOAT6_E2M3 },
  { "F6_E3M2", ESP_DTYPE_FLOAT6_E3M2 },
  { "U8", ESP_DTYPE_UINT8 },
  { "I8", ESP_DTYPE_INT8 },
  { "F8_E5M2", ESP_DTYPE_FLOAT8_E5M2 },
  { "F8_E4M3", ESP_DTYPE_FLOAT8_E4M3FN },
  { "F8_E8M0", ESP_DTYPE_FLOAT8_E8M0FNU },
  { "F8_E4M3FNUZ", ESP_DTYPE_FLOAT8_E4M3FNUZ },
  { "F8_E5M2FNUZ", ESP_DTYPE_FLOAT8_E5M2FNUZ },
  { "I16", ESP_DTYPE_INT16 },
  { "U16", ESP_DTYPE_UINT16 },
  { "F16", ESP_DTYPE_FLOAT16 },
  { "BF16", ESP_DTYPE_BFLOAT16 },
  { "I32", ESP_DTYPE_INT32 },
  { "U32", ESP_DTYPE_UINT32 },
  { "F32", ESP_DTYPE_FLOAT32 },
  { "C64", ESP_DTYPE_COMPLEX64 },
  { "F64", ESP_DTYPE_FLOAT64 },
  { "I64", ESP_DTYPE_INT64 },
  { "U64", ESP_DTYPE_UINT64 },
  { NULL, ESP_DTYPE_INVALID },
};

/* what the order of the tensors is checked with: tensors that follow one another in the header as
 * in the buffer, which most do, are one */
typedef struct
{
  guint64 begin, end; /* in the buffer */
  guint32 key;        /* byte of the header where the first one's name begins */
} Extent;

/* one entry while it is read */
typedef struct
{
  const EspSafetensorsDtype *dtype; /* NULL until it was there */
  gint64 shape[ESP_LIMIT_DIMS];
  guint ndim;
  gboolean has_shape;
  guint64 begin, end;
  gboolean has_offsets;
} Entry;

typedef struct
{
  EspSource *source;
  const char *header;
  guint64 header_size;
  guint64 buffer_size;
  EspJsonReader *json;
  EspTreeBuilder *builder;
  guint n_tensors;
  GArray *extents;
  GPtrArray *metadata; /* key, value, key, value, ... */
  GString *name;       /* of the entry at hand */
  const EspSafetensorsDtype *last_dtype;
  guint n_misaligned;
  guint n_cut; /* metadata values */
} Reader;

static gboolean G_GNUC_PRINTF (3, 4) fail (GError **error, int code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (ESP_FORMAT_ERROR, code, format, args);
  va_end (args);
  return FALSE;
}

/* a name in a message: legible and not a page long */
static char *
show_name (const char *name)
{
  g_autofree char *shown = esp_path_escape (name);

  if (g_utf8_strlen (shown, -1) <= 200)
    return g_steal_pointer (&shown);
  *g_utf8_offset_to_pointer (shown, 199) = '\0';
  return g_strconcat (shown, "…", NULL);
}

/* puts the tensor's name in front of an error */
static gboolean
name_error (Reader *self, GError **error)
{
  g_autofree char *shown = show_name (self->name->str);

  g_prefix_error (error, "%s: ", shown);
  return FALSE;
}

/* the parts of an entry */

static gboolean
read_dtype (Reader *self, Entry *entry, GError **error)
{
  g_autofree char *shown = NULL;

  if (!esp_json_reader_expect (self->json, ESP_JSON_STRING, error))
    return FALSE;
  /* mostly the same as the one before */
  if (!esp_json_reader_is_text (self->json, self->last_dtype->name))
    for (self->last_dtype = _esp_safetensors_dtypes;
         self->last_dtype->name != NULL &&
         !esp_json_reader_is_text (self->json, self->last_dtype->name);)
      self->last_dtype++;
  entry->dtype = self->last_dtype;
  if (entry->dtype->name != NULL)
    return TRUE;
  shown = show_name (esp_json_reader_get_text (self->json, NULL));
  return fail (error, ESP_FORMAT_ERROR_UNSUPPORTED, _ ("“%s” is no data type of safetensors"),
               shown);
}

static gboolean
read_shape (Reader *self, Entry *entry, GError **error)
{
  EspJsonToken token;
  guint64 size;

  if (!esp_json_reader_expect (self->json, ESP_JSON_ARRAY, error))
    return FALSE;
  while ((token = esp_json_reader_next (self->json, error)) == ESP_JSON_NUMBER)
    {
      if (!esp_json_reader_get_u64 (self->json, &size, error))
        return FALSE;
      if (entry->ndim == ESP_LIMIT_DIMS)
        return fail (error, ESP_FORMAT_ERROR_LIMIT, _ ("the shape has more than %d dimensions"),
                     ESP_LIMIT_DIMS);
      if (size > G_MAXINT64)
        return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                     _ ("a size of %" G_GUINT64_FORMAT " is more than anything can have"), size);
      entry->shape[entry->ndim++] = (gint64) size;
    }
  entry->has_shape = TRUE;
  if (token == ESP_JSON_ERROR || token == ESP_JSON_ARRAY_END)
    return token == ESP_JSON_ARRAY_END;
  return fail (
      error, ESP_FORMAT_ERROR_CORRUPT,
      _ ("the shape holds something that is no number, at byte %" G_GSIZE_FORMAT " of the header"),
      esp_json_reader_get_position (self->json));
}

static gboolean
read_offsets (Reader *self, Entry *entry, GError **error)
{
  entry->has_offsets = TRUE;
  return esp_json_reader_expect (self->json, ESP_JSON_ARRAY, error) &&
         esp_json_reader_expect (self->json, ESP_JSON_NUMBER, error) &&
         esp_json_reader_get_u64 (self->json, &entry->begin, error) &&
         esp_json_reader_expect (self->json, ESP_JSON_NUMBER, error) &&
         esp_json_reader_get_u64 (self->json, &entry->end, error) &&
         esp_json_reader_expect (self->json, ESP_JSON_ARRAY_END, error);
}

static gboolean
read_fields (Reader *self, Entry *entry, GError **error)
{
  EspJsonToken token;

  if (!esp_json_reader_expect (self->json, ESP_JSON_OBJECT, error))
    return FALSE;
  while ((token = esp_json_reader_next (self->json, error)) == ESP_JSON_KEY)
    {
      gboolean done;

      if (esp_json_reader_is_text (self->json, "dtype"))
        done = read_dtype (self, entry, error);
      else if (esp_json_reader_is_text (self->json, "shape"))
        done = read_shape (self, entry, error);
      else if (esp_json_reader_is_text (self->json, "data_offsets"))
        done = read_offsets (self, entry, error);
      else
        done = esp_json_reader_skip (self->json, error);
      if (!done)
        return FALSE;
    }
  if (token == ESP_JSON_ERROR)
    return FALSE;
  if (entry->dtype != NULL && entry->has_shape && entry->has_offsets)
    return TRUE;
  return fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("“%s” is missing"),
               entry->dtype == NULL ? "dtype"
               : entry->has_shape   ? "data_offsets"
                                    : "shape");
}

/* an error that begins with the shape, whose text isn't worth making before */
static gboolean G_GNUC_PRINTF (3, 4)
    fail_shape (const Entry *entry, GError **error, const char *format, ...)
{
  g_autofree char *shape = esp_number_format_shape (entry->shape, entry->ndim);
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  /* translators: shape, data type, what is wrong with them */
  return fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("%s of %s %s"), shape, entry->dtype->name,
               reason);
}

/* shape and dtype against the bytes */
static gboolean
check_size (const Entry *entry, GError **error)
{
  guint bits = esp_dtype_get_info (entry->dtype->dtype)->bits;
  guint64 count = 1;
  guint64 size;

  for (guint i = 0; i < entry->ndim; i++)
    if (!esp_mul_u64 (count, (guint64) entry->shape[i], &count))
      return fail_shape (entry, error, _ ("has more elements than 64 bits can count"));
  if (!esp_mul_u64 (count, bits, &size))
    return fail_shape (entry, error, _ ("has more bits than 64 bits can count"));
  if (size % 8 != 0)
    return fail_shape (entry, error,
                       _ ("takes %" G_GUINT64_FORMAT " bits, which are no whole bytes"), size);
  if (entry->begin > entry->end)
    return fail (
        error, ESP_FORMAT_ERROR_CORRUPT,
        _ ("data_offsets end at %" G_GUINT64_FORMAT ", before they begin at %" G_GUINT64_FORMAT),
        entry->end, entry->begin);
  if (entry->end - entry->begin != size / 8)
    return fail_shape (
        entry, error,
        _ ("takes %" G_GUINT64_FORMAT " bytes, but data_offsets hold %" G_GUINT64_FORMAT), size / 8,
        entry->end - entry->begin);
  return TRUE;
}

static gboolean
check_place (Reader *self, const Entry *entry, GError **error)
{
  guint64 buffer = ESP_SAFETENSORS_PREFIX + self->header_size;
  guint64 offset;

  if (entry->end <= self->buffer_size)
    return TRUE;
  if (!esp_add_u64 (buffer, entry->begin, &offset))
    offset = entry->begin;
  return fail (error, ESP_FORMAT_ERROR_TRUNCATED,
               _ ("%" G_GUINT64_FORMAT " bytes at offset %" G_GUINT64_FORMAT
                  " end beyond the file (%" G_GUINT64_FORMAT " bytes)"),
               entry->end - entry->begin, offset, buffer + self->buffer_size);
}

/* a number as text that ends at @end */
static const char *
print_id (guint number, char *end)
{
  *--end = '\0';
  do
    *--end = (char) ('0' + number % 10);
  while ((number /= 10) > 0);
  return end;
}

static gboolean
add_tensor (Reader *self, const Entry *entry, GError **error)
{
  g_autoptr (EspStorage) storage = NULL;
  g_autoptr (EspTensor) tensor = NULL;
  const char *keys[] = { self->name->str, NULL };
  guint64 offset = ESP_SAFETENSORS_PREFIX + self->header_size + entry->begin;
  guint bits = esp_dtype_get_info (entry->dtype->dtype)->bits;
  char id[12];

  if (bits > 8 && entry->end > entry->begin && offset % (bits / 8) != 0)
    self->n_misaligned++;
  storage = esp_storage_new_for_source (self->source, offset, entry->end - entry->begin,
                                        print_id (self->n_tensors, id + sizeof id));
  tensor = esp_tensor_new (entry->dtype->dtype, entry->dtype->name, entry->shape, entry->ndim, NULL,
                           0, 0, storage, error);
  return tensor != NULL &&
         esp_tree_builder_put_tensor (self->builder, keys, NULL,
                                      esp_role_guess (self->name->str, entry->dtype->dtype),
                                      ESP_REQUIRES_GRAD_UNKNOWN, tensor, error);
}

static gboolean
read_entry (Reader *self, GError **error)
{
  guint32 key = (guint32) esp_json_reader_get_position (self->json);
  Extent *last;
  Entry entry;

  entry.dtype = NULL;
  entry.ndim = 0;
  entry.has_shape = entry.has_offsets = FALSE;
  if (!read_fields (self, &entry, error) || !check_size (&entry, error) ||
      !check_place (self, &entry, error) || !add_tensor (self, &entry, error))
    return name_error (self, error);
  self->n_tensors++;
  last = self->extents->len > 0 ? &g_array_index (self->extents, Extent, self->extents->len - 1)
                                : NULL;
  if (last != NULL && last->end == entry.begin)
    last->end = entry.end;
  else
    {
      Extent extent = { entry.begin, entry.end, key };
      g_array_append_val (self->extents, extent);
    }
  return TRUE;
}

static gboolean
read_metadata (Reader *self, GError **error)
{
  EspJsonToken token = esp_json_reader_next (self->json, error);

  if (token == ESP_JSON_NULL || token == ESP_JSON_ERROR)
    return token == ESP_JSON_NULL;
  if (token != ESP_JSON_OBJECT)
    return fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("%s is no object"), ESP_SAFETENSORS_METADATA);
  while ((token = esp_json_reader_next (self->json, error)) == ESP_JSON_KEY)
    {
      gsize length;
      const char *text = esp_json_reader_get_text (self->json, &length);

      g_ptr_array_add (self->metadata, esp_path_from_text (text, length));
      if (!esp_json_reader_expect (self->json, ESP_JSON_STRING, error))
        {
          g_prefix_error (error, "%s: ", ESP_SAFETENSORS_METADATA);
          return FALSE;
        }
      text = esp_json_reader_get_text (self->json, &length);
      if (length > ESP_LIMIT_METADATA_BYTES)
        {
          /* not within a character */
          for (length = ESP_LIMIT_METADATA_BYTES; (text[length] & 0xc0) == 0x80; length--)
            ;
          self->n_cut++;
        }
      g_ptr_array_add (self->metadata, esp_path_from_text (text, length));
    }
  return token == ESP_JSON_OBJECT_END;
}

static gboolean
read_header (Reader *self, GCancellable *cancellable, GError **error)
{
  EspJsonToken token;

  if (!esp_json_reader_expect (self->json, ESP_JSON_OBJECT, error))
    return FALSE;
  while ((token = esp_json_reader_next (self->json, error)) == ESP_JSON_KEY)
    {
      gsize length;
      const char *text = esp_json_reader_get_text (self->json, &length);
      g_autofree char *name = NULL;

      if (strcmp (text, ESP_SAFETENSORS_METADATA) == 0)
        {
          if (!read_metadata (self, error))
            return FALSE;
          continue;
        }
      if (strlen (text) == length)
        g_string_assign (self->name, text);
      else
        {
          name = esp_path_from_text (text, length);
          g_string_assign (self->name, name);
        }
      if (!read_entry (self, error))
        return FALSE;
      if (self->n_tensors % 1024 == 0 && g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
    }
  return token == ESP_JSON_OBJECT_END && esp_json_reader_expect (self->json, ESP_JSON_END, error);
}

/* the entries together */

static int
compare_extents (gconstpointer a, gconstpointer b)
{
  const Extent *x = a;
  const Extent *y = b;

  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;
  if (x->end != y->end)
    return x->end < y->end ? -1 : 1;
  return x->key < y->key ? -1 : x->key > y->key;
}

/* the key of the header at @at as a name */
static void
read_name_at (Reader *self, guint32 at, GString *out)
{
  g_autoptr (EspJsonReader)
      json = esp_json_reader_new (self->header + at, self->header_size - at, "header");
  g_autofree char *name = NULL;
  const char *text;
  gsize length;

  /* it was read once already; what follows the key isn't looked at */
  if (esp_json_reader_next (json, NULL) != ESP_JSON_STRING)
    return;
  text = esp_json_reader_get_text (json, &length);
  name = esp_path_from_text (text, length);
  g_string_assign (out, name);
}

static gboolean
check_extents (Reader *self, GError **error)
{
  const Extent *extents = (const Extent *) self->extents->data;
  guint n = self->extents->len;
  gboolean sorted = TRUE;
  guint64 position = 0;

  for (guint i = 1; i < n && sorted; i++)
    sorted = compare_extents (&extents[i - 1], &extents[i]) < 0;
  if (!sorted)
    g_array_sort (self->extents, compare_extents);
  for (guint i = 0; i < n; position = extents[i++].end)
    if (extents[i].begin != position)
      {
        gboolean overlaps = extents[i].begin < position;

        read_name_at (self, extents[i].key, self->name);
        fail (error, ESP_FORMAT_ERROR_CORRUPT,
              overlaps ? _ ("its bytes begin at %" G_GUINT64_FORMAT
                            " of the buffer, where other tensors reach up to %" G_GUINT64_FORMAT)
                       : _ ("its bytes begin at %" G_GUINT64_FORMAT
                            " of the buffer and leave a hole, as the tensors before it end at "
                            "%" G_GUINT64_FORMAT),
              extents[i].begin, position);
        return name_error (self, error);
      }
  if (position != self->buffer_size)
    return fail (
        error, ESP_FORMAT_ERROR_CORRUPT,
        _ ("%" G_GUINT64_FORMAT " bytes follow the last tensor, where the file should end"),
        self->buffer_size - position);
  return TRUE;
}

/* Writers that drop a tied tensor name it in the metadata: "dropped": "kept". The tree's builder
 * knows which of them are tensors. "format" never is one, and then most files have none. */
static gboolean
add_implied (Reader *self, GError **error)
{
  for (guint i = 0; i + 1 < self->metadata->len; i += 2)
    if (strcmp (self->metadata->pdata[i], "format") != 0 &&
        !esp_tree_builder_add_implied (self->builder, self->metadata->pdata[i],
                                       self->metadata->pdata[i + 1], error))
      return FALSE;
  return TRUE;
}

/* the framework whose tensors these were, as the metadata's "format" says */
static const char *
get_producer (const char *format)
{
  static const char *const producers[][2] = {
    { "pt", "torch" },  { "np", "numpy" }, { "tf", "tensorflow" },
    { "flax", "flax" }, { "mlx", "mlx" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (producers); i++)
    if (strcmp (producers[i][0], format) == 0)
      return producers[i][1];
  return "";
}

static EspCheckpoint *
make_checkpoint (Reader *self, EspTree *tree)
{
  EspCheckpoint *checkpoint = esp_checkpoint_new (esp_format_safetensors.name, tree);

  for (guint i = 0; i + 1 < self->metadata->len; i += 2)
    {
      const char *key = self->metadata->pdata[i];
      const char *value = self->metadata->pdata[i + 1];

      esp_checkpoint_add_metadata (checkpoint, key, value);
      if (strcmp (key, "format") == 0)
        esp_checkpoint_set_producer (checkpoint, get_producer (value));
    }
  if (self->n_cut > 0)
    esp_checkpoint_add_warning (checkpoint,
                                ngettext ("%u value of the metadata is too long and was cut",
                                          "%u values of the metadata are too long and were cut",
                                          self->n_cut),
                                self->n_cut);
  if (self->n_misaligned > 0)
    esp_checkpoint_add_warning (
        checkpoint,
        ngettext ("%u tensor doesn’t lie at a multiple of its element size; programs that map the "
                  "file may refuse it",
                  "%u tensors don’t lie at multiples of their element sizes; programs that map the "
                  "file may refuse them",
                  self->n_misaligned),
        self->n_misaligned);
  return checkpoint;
}

/* the header's text, after checking its length */
static GBytes *
read_text (EspSource *source, GCancellable *cancellable, GError **error)
{
  guint64 file_size = esp_source_get_size (source);
  guint64 size;

  if (!esp_source_read (source, 0, sizeof size, &size, cancellable, error))
    return NULL;
  size = GUINT64_FROM_LE (size);
  if (size > ESP_LIMIT_JSON_BYTES)
    {
      fail (error, ESP_FORMAT_ERROR_LIMIT,
            _ ("the header should have %" G_GUINT64_FORMAT " bytes, more than the limit of %d"),
            size, ESP_LIMIT_JSON_BYTES);
      return NULL;
    }
  if (!esp_range_fits (ESP_SAFETENSORS_PREFIX, size, file_size))
    {
      fail (error, ESP_FORMAT_ERROR_TRUNCATED,
            _ ("the file was cut off: its header should end at %" G_GUINT64_FORMAT
               ", but it has only %" G_GUINT64_FORMAT " bytes"),
            ESP_SAFETENSORS_PREFIX + size, file_size);
      return NULL;
    }
  return esp_source_read_bytes (source, ESP_SAFETENSORS_PREFIX, size, ESP_LIMIT_JSON_BYTES,
                                cancellable, error);
}

static EspCheckpoint *
safetensors_read (const EspProbe *probe,
                  EspProgressFunc progress,
                  gpointer user_data,
                  GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (GBytes) text = read_text (probe->source, cancellable, error);
  g_autoptr (EspTree) tree = NULL;
  EspCheckpoint *checkpoint = NULL;
  Reader self = { 0 };
  gboolean good;

  if (text == NULL)
    return NULL;
  self.source = probe->source;
  self.header = g_bytes_get_data (text, NULL);
  self.header_size = g_bytes_get_size (text);
  self.buffer_size = esp_source_get_size (probe->source) - ESP_SAFETENSORS_PREFIX -
                     self.header_size;
  self.json = esp_json_reader_new (self.header, self.header_size, _ ("header"));
  self.builder = esp_tree_builder_new (".");
  self.extents = g_array_new (FALSE, FALSE, sizeof (Extent));
  self.metadata = g_ptr_array_new_with_free_func (g_free);
  self.name = g_string_new (NULL);
  self.last_dtype = _esp_safetensors_dtypes;
  good = read_header (&self, cancellable, error) && check_extents (&self, error) &&
         add_implied (&self, error);

  /* the tree is built when what was needed to read it is gone */
  esp_json_reader_free (self.json);
  g_array_unref (self.extents);
  g_clear_pointer (&text, g_bytes_unref);
  if (good)
    tree = esp_tree_builder_finish (self.builder, error);
  if (tree != NULL)
    checkpoint = make_checkpoint (&self, tree);
  esp_tree_builder_free (self.builder);
  g_ptr_array_unref (self.metadata);
  g_string_free (self.name, TRUE);
  return checkpoint;
}

static gsize
skip_space (const EspProbe *probe, gsize at)
{
  while (at < probe->head_size && probe->head[at] != '\0' &&
         strchr (" \t\r\n", probe->head[at]) != NULL)
    at++;
  return at;
}

/* A length that a header can have, and what is like the begin of one. Files that were cut off are
 * recognised too, and say so when they are read. */
static gboolean
safetensors_probe (const EspProbe *probe)
{
  const guint8 *head = probe->head;
  gsize at = ESP_SAFETENSORS_PREFIX;
  guint64 size;

  if (probe->head_size <= ESP_SAFETENSORS_PREFIX)
    return FALSE;
  memcpy (&size, head, sizeof size);
  size = GUINT64_FROM_LE (size);
  /* a text that begins with 8 letters gives a number beyond all sense */
  if (size < 2 || size >= (guint64) 1 << 40)
    return FALSE;
  at = skip_space (probe, at);
  if (at == probe->head_size || head[at] != '{')
    return FALSE;
  at = skip_space (probe, at + 1);
  return at == probe->head_size || head[at] == '"' || head[at] == '}';
}

static const char *const suffixes[] = { "safetensors", NULL };

const EspFormat esp_format_safetensors = {
  .name = "safetensors",
  .title = "Safetensors",
  .suffixes = suffixes,
  .probe = safetensors_probe,
  .read = safetensors_read,
  .write = _esp_safetensors_write,
};
