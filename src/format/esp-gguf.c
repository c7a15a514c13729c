/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GGUF, the format of llama.cpp. The header is read front to back, which for a large model is some
 * hundred tensors and a vocabulary of 10 MB; tensors are left where they lie.
 *
 *   "GGUF" u32 version | u64 tensors | u64 pairs                (version 1: these and all sizes
 * u32) pairs   x { string key; u32 type; value } tensors x { string name; u32 n; u64 size[n],
 * fastest first; u32 type; u64 offset into data } padding to general.alignment (32) | data
 *
 * A big-endian file has the bytes of its version the other way round, and those of all numbers
 * after it, data included. One tensor that can't be read doesn't take the others with it.
 */

#include "config.h"

#include "esp-gguf.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-check.h"
#include "esp-error.h"
#include "esp-gguf-value.h"
#include "esp-limits.h"
#include "esp-tree-builder.h"

#define DIMS_MAX 4 /* ggml's own */
#define ALIGNMENT 32
#define TEXT_BUDGET (64 * 1024 * 1024) /* of all metadata together */
#define WARNINGS 100                   /* that are told one by one */

typedef struct
{
  char *name;
  gint64 shape[DIMS_MAX]; /* slowest first, as everywhere else here */
  guint ndim;
  guint32 type;
  guint64 offset;    /* into the data */
  guint64 bytes;     /* 0 where it is not known */
  gboolean overlaps; /* the one before it in the file */
} Entry;

typedef struct
{
  EspGgufInput input;

  /* borrowed */
  EspSource *source;
  GCancellable *cancellable;

  /* owned */
  GPtrArray *keys, *values; /* of metadata */
  GPtrArray *entries;       /* Entry */
  GPtrArray *warnings;

  /* what the header says */
  guint64 n_tensors, n_pairs;
  guint64 alignment;
  guint64 data; /* offset of it */
  guint64 part, n_parts;
  guint n_bad;
} Reader;

/* plain types by ggml's number */
static const struct
{
  const char *native;
  EspDtype dtype;
} plain_types[] = {
  [0] = { "F32", ESP_DTYPE_FLOAT32 },  [1] = { "F16", ESP_DTYPE_FLOAT16 },
  [24] = { "I8", ESP_DTYPE_INT8 },     [25] = { "I16", ESP_DTYPE_INT16 },
  [26] = { "I32", ESP_DTYPE_INT32 },   [27] = { "I64", ESP_DTYPE_INT64 },
  [28] = { "F64", ESP_DTYPE_FLOAT64 }, [30] = { "BF16", ESP_DTYPE_BFLOAT16 },
};

/* those that ggml has given up, by number */
static const char *const removed_types[] = {
  [4] = "Q4_2",      [5] = "Q4_3",        [31] = "Q4_0_4_4",   [32] = "Q4_0_4_8",
  [33] = "Q4_0_8_8", [36] = "IQ4_NL_4_4", [37] = "IQ4_NL_4_8", [38] = "IQ4_NL_8_8",
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->name);
  g_free (entry);
}

static Reader *
reader_new (EspSource *source, GCancellable *cancellable)
{
  Reader *self = g_new0 (Reader, 1);

  esp_stream_init (&self->input.stream, source, cancellable);
  self->input.budget = TEXT_BUDGET;
  self->source = source;
  self->cancellable = cancellable;
  self->keys = g_ptr_array_new_with_free_func (g_free);
  self->values = g_ptr_array_new_with_free_func (g_free);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->alignment = ALIGNMENT;
  return self;
}

static void
reader_free (Reader *self)
{
  g_ptr_array_unref (self->keys);
  g_ptr_array_unref (self->values);
  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->warnings);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reader, reader_free)

static gboolean
is_cancelled (Reader *self, guint64 step, GError **error)
{
  return step % 1024 == 0 && g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

/* {{{ metadata */

/* the few keys that say how to read the rest */
static gboolean
heed (Reader *self, const char *key, const EspGgufValue *value, GError **error)
{
  if (strcmp (key, "split.no") == 0 && value->type == ESP_GGUF_TYPE_U16)
    self->part = value->bits;
  if (strcmp (key, "split.count") == 0 && value->type == ESP_GGUF_TYPE_U16)
    self->n_parts = value->bits;
  if (strcmp (key, "general.alignment") != 0)
    return TRUE;
  self->alignment = value->bits;
  if (value->type == ESP_GGUF_TYPE_U32 && value->bits != 0 &&
      (value->bits & (value->bits - 1)) == 0)
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("general.alignment is %s of type %u; it must be a power of two of type %d"),
               value->text, value->type, ESP_GGUF_TYPE_U32);
  return FALSE;
}

static gboolean
read_pair (Reader *self, GHashTable *seen, GError **error)
{
  g_auto (EspGgufValue) value = { 0 };
  guint64 at = self->input.stream.position;
  char *key = esp_gguf_read_name (&self->input, error);

  if (key == NULL)
    return FALSE;
  g_ptr_array_add (self->keys, key);
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
  g_ptr_array_add (self->values, g_steal_pointer (&value.text));
  return TRUE;
}

static const char *
find_metadata (Reader *self, const char *key)
{
  for (guint i = 0; i < self->keys->len; i++)
    if (g_str_equal (g_ptr_array_index (self->keys, i), key))
      return g_ptr_array_index (self->values, i);
  return NULL;
}

/* }}} */
/* {{{ the table of tensors */

static gboolean
read_shape (Reader *self, Entry *entry, GError **error)
{
  guint32 ndim;

  if (!esp_stream_read_u32 (&self->input.stream, &ndim, error))
    return FALSE;
  if (ndim > DIMS_MAX)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("%s: %u dimensions; GGUF has at most %d"), entry->name, ndim, DIMS_MAX);
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
read_entry (Reader *self, GHashTable *seen, GError **error)
{
  Entry *entry = g_new0 (Entry, 1);

  g_ptr_array_add (self->entries, entry);
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
check_limits (Reader *self, GError **error)
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
read_start (Reader *self, GError **error)
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
read_header (Reader *self, GError **error)
{
  g_autoptr (GHashTable) keys = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  if (!read_start (self, error))
    return FALSE;
  for (guint64 i = 0; i < self->n_pairs; i++)
    if (is_cancelled (self, i, error) || !read_pair (self, keys, error))
      return FALSE;
  for (guint64 i = 0; i < self->n_tensors; i++)
    if (is_cancelled (self, i, error) || !read_entry (self, names, error))
      return FALSE;
  self->data = (self->input.stream.position + self->alignment - 1) / self->alignment *
               self->alignment;
  return TRUE;
}

/* }}} */
/* {{{ where tensors lie */

static EspDtype
get_plain_dtype (guint32 type)
{
  return type < G_N_ELEMENTS (plain_types) && plain_types[type].native != NULL
             ? plain_types[type].dtype
             : ESP_DTYPE_INVALID;
}

/* FALSE where they are too many to count; 0 for a type that isn't known */
static gboolean
count_bytes (Entry *entry)
{
  const EspBlockType *block = esp_block_type_from_ggml (entry->type);
  EspDtype dtype = get_plain_dtype (entry->type);
  gboolean empty = FALSE;
  guint64 count = 1;

  entry->bytes = 0;
  for (guint i = 0; i < entry->ndim; i++)
    {
      empty = empty || entry->shape[i] == 0;
      if (!esp_mul_u64 (count, (guint64) MAX (entry->shape[i], 1), &count))
        return FALSE;
    }
  if (empty || (block == NULL && dtype == ESP_DTYPE_INVALID))
    return TRUE;
  if (block != NULL)
    return esp_mul_u64 (count / block->elements, block->bytes, &entry->bytes);
  return esp_dtype_get_size (dtype, count, &entry->bytes);
}

static int
compare_offsets (gconstpointer a, gconstpointer b)
{
  const Entry *x = *(Entry *const *) a, *y = *(Entry *const *) b;

  if (x->offset != y->offset)
    return x->offset < y->offset ? -1 : 1;
  return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* Marks tensors that begin inside of another. Offsets nearly always rise, and then nothing has to
 * be sorted. */
static void
find_overlaps (Reader *self)
{
  g_autofree Entry **sorted = g_memdup2 (self->entries->pdata,
                                         self->entries->len * sizeof (Entry *));
  gboolean rising = TRUE;
  guint64 end = 0;

  for (guint i = 1; i < self->entries->len; i++)
    rising = rising && compare_offsets (&sorted[i - 1], &sorted[i]) <= 0;
  if (!rising)
    qsort (sorted, self->entries->len, sizeof *sorted, compare_offsets);
  for (guint i = 0; i < self->entries->len; i++)
    {
      guint64 own = 0;

      sorted[i]->overlaps = sorted[i]->bytes > 0 && sorted[i]->offset < end;
      if (sorted[i]->bytes > 0 && esp_add_u64 (sorted[i]->offset, sorted[i]->bytes, &own))
        end = MAX (end, own);
    }
}

/* ggml wants each tensor to begin where the one before it ends, padded */
static gboolean
are_contiguous (Reader *self)
{
  guint64 wanted = 0;

  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      if (entry->offset != wanted || !esp_add_u64 (wanted, entry->bytes, &wanted) ||
          !esp_add_u64 (wanted, self->alignment - 1, &wanted))
        return FALSE;
      wanted -= wanted % self->alignment;
    }
  return TRUE;
}

/* }}} */
/* {{{ tensors */

static gboolean
check_place (Reader *self, const Entry *entry, GError **error)
{
  guint64 size = esp_source_get_size (self->source), offset;

  if (entry->offset % self->alignment != 0)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("its offset %llu is no multiple of the alignment %llu"),
                 (unsigned long long) entry->offset, (unsigned long long) self->alignment);
  else if (entry->overlaps)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("%llu bytes at offset %llu of the data begin inside of another tensor"),
                 (unsigned long long) entry->bytes, (unsigned long long) entry->offset);
  else if (!esp_add_u64 (self->data, entry->offset, &offset) ||
           !esp_range_fits (entry->bytes > 0 ? offset : 0, entry->bytes, size))
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
                 _ ("%llu bytes at offset %llu of the data end beyond the file (%llu bytes)"),
                 (unsigned long long) entry->bytes, (unsigned long long) entry->offset,
                 (unsigned long long) size);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_type (const Entry *entry, GError **error)
{
  if (esp_block_type_from_ggml (entry->type) != NULL ||
      get_plain_dtype (entry->type) != ESP_DTYPE_INVALID)
    return TRUE;
  if (entry->type < G_N_ELEMENTS (removed_types) && removed_types[entry->type] != NULL)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                 _ ("the type %s was removed from ggml; convert the model again from its source"),
                 removed_types[entry->type]);
  else
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED, _ ("unknown type %u"),
                 entry->type);
  return FALSE;
}

static EspTensor *
make_tensor (Reader *self, const Entry *entry, guint index, GError **error)
{
  const EspBlockType *block = esp_block_type_from_ggml (entry->type);
  EspTensorFlags flags = self->input.stream.big_endian ? ESP_TENSOR_BIG_ENDIAN : 0;
  g_autoptr (EspStorage) storage = NULL;
  char id[16];

  if (!check_type (entry, error) || !check_place (self, entry, error))
    return NULL;
  g_snprintf (id, sizeof id, "%u", index);
  storage = esp_storage_new_for_source (
      self->source, entry->bytes > 0 ? self->data + entry->offset : 0, entry->bytes, id);
  if (block != NULL)
    return esp_tensor_new_blocks (block, entry->shape, entry->ndim, flags, storage, error);
  return esp_tensor_new (get_plain_dtype (entry->type), plain_types[entry->type].native,
                         entry->shape, entry->ndim, NULL, 0, flags, storage, error);
}

/* takes @reason */
static EspTensor *
make_unreadable (const Entry *entry, GError *reason)
{
  const EspBlockType *block = esp_block_type_from_ggml (entry->type);
  EspDtype dtype = get_plain_dtype (entry->type);
  g_autofree char *number = NULL;
  const char *native;

  if (block != NULL)
    return esp_tensor_new_unreadable_blocks (block, entry->shape, entry->ndim, reason);
  if (dtype != ESP_DTYPE_INVALID)
    native = plain_types[entry->type].native;
  else if (entry->type < G_N_ELEMENTS (removed_types) && removed_types[entry->type] != NULL)
    native = removed_types[entry->type];
  else
    native = number = g_strdup_printf ("%u", entry->type);
  return esp_tensor_new_unreadable (dtype != ESP_DTYPE_INVALID ? dtype : ESP_DTYPE_RAW, native,
                                    entry->shape, entry->ndim, reason);
}

static gboolean
add_tensor (Reader *self, EspTreeBuilder *builder, guint index, GError **error)
{
  Entry *entry = g_ptr_array_index (self->entries, index);
  const char *keys[] = { entry->name, NULL };
  g_autoptr (EspTensor) tensor = NULL;
  GError *reason = NULL;

  tensor = make_tensor (self, entry, index, &reason);
  if (tensor == NULL)
    {
      if (self->n_bad++ < WARNINGS)
        g_ptr_array_add (self->warnings, g_strdup_printf ("%s: %s", entry->name, reason->message));
      tensor = make_unreadable (entry, reason);
    }
  return esp_tree_builder_put_tensor (builder, keys, NULL, ESP_ROLE_PARAMETER,
                                      ESP_REQUIRES_GRAD_UNKNOWN, tensor, error);
}

/* A language model without an output matrix uses that of its embedding. */
static gboolean
add_implied_output (Reader *self, EspTreeBuilder *builder, GError **error)
{
  gboolean embedding = FALSE, norm = FALSE;

  if (find_metadata (self, "general.architecture") == NULL)
    return TRUE;
  for (guint i = 0; i < self->entries->len; i++)
    {
      const char *name = ((Entry *) g_ptr_array_index (self->entries, i))->name;

      if (strcmp (name, "output.weight") == 0)
        return TRUE;
      embedding = embedding || strcmp (name, "token_embd.weight") == 0;
      /* what embeds only (BERT) has none */
      norm = norm || strcmp (name, "output_norm.weight") == 0;
    }
  if (!embedding || !norm || self->n_parts > 1)
    return TRUE;
  return esp_tree_builder_add_implied (builder, "output.weight", "token_embd.weight", error);
}

static EspTree *
build_tree (Reader *self, GError **error)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");

  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (self->entries, i);

      if (!count_bytes (entry))
        entry->bytes = G_MAXUINT64; /* beyond every file */
    }
  find_overlaps (self);
  for (guint i = 0; i < self->entries->len; i++)
    if (is_cancelled (self, i, error) || !add_tensor (self, builder, i, error))
      return NULL;
  if (!add_implied_output (self, builder, error))
    return NULL;
  return esp_tree_builder_finish (builder, error);
}

/* }}} */
/* {{{ the checkpoint */

/* "model-00001-of-00003.gguf" -> the names of the others */
static void
warn_of_parts (Reader *self, EspCheckpoint *checkpoint, const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *suffix = g_strdup_printf (
      "-%05" G_GUINT64_FORMAT "-of-%05" G_GUINT64_FORMAT ".gguf", self->part + 1, self->n_parts);
  g_autoptr (GString) others = g_string_new (NULL);

  if (self->n_parts < 2)
    return;
  if (g_str_has_suffix (name, suffix))
    {
      name[strlen (name) - strlen (suffix)] = '\0';
      for (guint64 i = 0; i < self->n_parts && others->len < 1000; i++)
        if (i != self->part)
          g_string_append_printf (others,
                                  "%s%s-%05" G_GUINT64_FORMAT "-of-%05" G_GUINT64_FORMAT ".gguf",
                                  others->len > 0 ? ", " : "", name, i + 1, self->n_parts);
    }
  if (others->len > 0)
    esp_checkpoint_add_warning (
        checkpoint, _ ("This is part %llu of %llu of a model; the other tensors are in %s"),
        (unsigned long long) self->part + 1, (unsigned long long) self->n_parts, others->str);
  else
    esp_checkpoint_add_warning (
        checkpoint,
        _ ("This is part %llu of %llu of a model; the other tensors are in other files"),
        (unsigned long long) self->part + 1, (unsigned long long) self->n_parts);
}

static void
add_warnings (Reader *self, EspCheckpoint *checkpoint, const char *path)
{
  warn_of_parts (self, checkpoint, path);
  for (guint i = 0; i < self->warnings->len; i++)
    esp_checkpoint_add_warning (checkpoint, "%s",
                                (const char *) g_ptr_array_index (self->warnings, i));
  if (self->n_bad > WARNINGS)
    {
      guint n = self->n_bad - WARNINGS;

      esp_checkpoint_add_warning (
          checkpoint, ngettext ("%u more tensor can’t be read", "%u more tensors can’t be read", n),
          n);
    }
  else if (self->n_bad == 0 && !are_contiguous (self))
    esp_checkpoint_add_warning (checkpoint, "%s",
                                _ ("The tensors don’t follow one another without gaps, in order: "
                                   "llama.cpp refuses this file"));
}

static EspCheckpoint *
gguf_read (const EspProbe *probe,
           EspProgressFunc progress,
           gpointer user_data,
           GCancellable *cancellable,
           GError **error)
{
  g_autoptr (Reader) self = reader_new (probe->source, cancellable);
  g_autoptr (EspTree) tree = NULL;
  EspCheckpoint *checkpoint;

  if (!read_header (self, error))
    return NULL;
  tree = build_tree (self, error);
  if (tree == NULL)
    return NULL;

  checkpoint = esp_checkpoint_new ("gguf", tree);
  for (guint i = 0; i < self->keys->len; i++)
    esp_checkpoint_add_metadata (checkpoint, g_ptr_array_index (self->keys, i),
                                 g_ptr_array_index (self->values, i));
  add_warnings (self, checkpoint, probe->path);
  return checkpoint;
}

static gboolean
gguf_probe (const EspProbe *probe)
{
  return probe->head_size >= 4 && memcmp (probe->head, "GGUF", 4) == 0;
}

static const char *const suffixes[] = { "gguf", NULL };

const EspFormat esp_format_gguf = {
  .name = "gguf",
  .title = "GGUF",
  .suffixes = suffixes,
  .probe = gguf_probe,
  .read = gguf_read,
};

/* }}} */
