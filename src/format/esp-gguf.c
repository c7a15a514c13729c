/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GGUF, the format of llama.cpp. In: a file, or a model in several
 * (NAME-00001-of-00003.gguf, which metadata names by number); whichever of them is opened, all are
 * read. Out: tensors as ranges of the files. One tensor that can't be read doesn't take the others
 * with it, nor does a part that is missing. The layout: esp-gguf-header.c.
 */

#include "config.h"

#include "esp-gguf.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-beside.h"
#include "esp-check.h"
#include "esp-error.h"
#include "esp-gguf-header.h"
#include "esp-hash.h"
#include "esp-limits.h"
#include "esp-tree-builder.h"

#define WARNINGS 100 /* of a kind that are told one by one */
#define WARNINGS_MAX 1000

typedef struct
{
  GCancellable *cancellable; /* borrowed */

  /* owned */
  GPtrArray *parts; /* EspGgufHeader, in order */
  EspTreeBuilder *builder;
  GPtrArray *warnings;
  GHashTable *names; /* of tensors; borrowed from the parts */

  guint64 file_size;
  guint n_missing; /* parts */
  guint n_bad;     /* tensors */
  gboolean contiguous;
} Reader;

static void
add_warning (Reader *self, char *warning)
{
  if (self->warnings->len < WARNINGS_MAX)
    g_ptr_array_add (self->warnings, warning);
  else
    g_free (warning);
}

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
count_bytes (EspGgufEntry *entry)
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
  const EspGgufEntry *x = *(EspGgufEntry *const *) a, *y = *(EspGgufEntry *const *) b;

  if (x->offset != y->offset)
    return x->offset < y->offset ? -1 : 1;
  return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* Marks tensors that begin inside of another. Offsets nearly always rise, and then nothing has to
 * be sorted. */
static void
find_overlaps (EspGgufHeader *part)
{
  g_autofree EspGgufEntry **sorted = g_memdup2 (part->entries->pdata,
                                                part->entries->len * sizeof (EspGgufEntry *));
  gboolean rising = TRUE;
  guint64 end = 0;

  for (guint i = 1; i < part->entries->len; i++)
    rising = rising && compare_offsets (&sorted[i - 1], &sorted[i]) <= 0;
  if (!rising)
    qsort (sorted, part->entries->len, sizeof *sorted, compare_offsets);
  for (guint i = 0; i < part->entries->len; i++)
    {
      guint64 own = 0;

      sorted[i]->overlaps = sorted[i]->bytes > 0 && sorted[i]->offset < end;
      if (sorted[i]->bytes > 0 && esp_add_u64 (sorted[i]->offset, sorted[i]->bytes, &own))
        end = MAX (end, own);
    }
}

/* ggml wants each tensor to begin where the one before it ends, padded */
static gboolean
are_contiguous (const EspGgufHeader *part)
{
  guint64 wanted = 0;

  for (guint i = 0; i < part->entries->len; i++)
    {
      const EspGgufEntry *entry = g_ptr_array_index (part->entries, i);

      if (entry->offset != wanted || !esp_add_u64 (wanted, entry->bytes, &wanted) ||
          !esp_add_u64 (wanted, part->alignment - 1, &wanted))
        return FALSE;
      wanted -= wanted % part->alignment;
    }
  return TRUE;
}

/* }}} */
/* {{{ tensors */

static gboolean
check_place (const EspGgufHeader *part, const EspGgufEntry *entry, GError **error)
{
  guint64 size = esp_source_get_size (part->source), offset;

  if (entry->offset % part->alignment != 0)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("its offset %llu is no multiple of the alignment %llu"),
                 (unsigned long long) entry->offset, (unsigned long long) part->alignment);
  else if (entry->overlaps)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("%llu bytes at offset %llu of the data begin inside of another tensor"),
                 (unsigned long long) entry->bytes, (unsigned long long) entry->offset);
  else if (!esp_add_u64 (part->data, entry->offset, &offset) ||
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
check_type (const EspGgufEntry *entry, GError **error)
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
make_tensor (const EspGgufHeader *part, const EspGgufEntry *entry, guint index, GError **error)
{
  const EspBlockType *block = esp_block_type_from_ggml (entry->type);
  EspTensorFlags flags = part->big_endian ? ESP_TENSOR_BIG_ENDIAN : 0;
  g_autoptr (EspStorage) storage = NULL;
  char id[64];

  if (!check_type (entry, error) || !check_place (part, entry, error))
    return NULL;
  if (part->n_parts > 1)
    g_snprintf (id, sizeof id, "%" G_GUINT64_FORMAT ":%u", part->part + 1, index);
  else
    g_snprintf (id, sizeof id, "%u", index);
  storage = esp_storage_new_for_source (
      part->source, entry->bytes > 0 ? part->data + entry->offset : 0, entry->bytes, id);
  if (block != NULL)
    return esp_tensor_new_blocks (block, entry->shape, entry->ndim, flags, storage, error);
  return esp_tensor_new (get_plain_dtype (entry->type), plain_types[entry->type].native,
                         entry->shape, entry->ndim, NULL, 0, flags, storage, error);
}

/* takes @reason */
static EspTensor *
make_unreadable (const EspGgufEntry *entry, GError *reason)
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
add_tensor (Reader *self, const EspGgufHeader *part, guint index, GError **error)
{
  const EspGgufEntry *entry = g_ptr_array_index (part->entries, index);
  const char *keys[] = { entry->name, NULL };
  g_autoptr (EspTensor) tensor = NULL;
  GError *reason = NULL;

  if (!g_hash_table_add (self->names, entry->name))
    add_warning (self, g_strdup_printf (_ ("“%s” stands in two parts"), entry->name));
  tensor = make_tensor (part, entry, index, &reason);
  if (tensor == NULL)
    {
      if (self->n_bad++ < WARNINGS)
        add_warning (self, g_strdup_printf ("%s: %s", entry->name, reason->message));
      tensor = make_unreadable (entry, reason);
    }
  return esp_tree_builder_put_tensor (self->builder, keys, NULL, ESP_ROLE_PARAMETER,
                                      ESP_REQUIRES_GRAD_UNKNOWN, tensor, error);
}

static gboolean
add_part (Reader *self, EspGgufHeader *part, GError **error)
{
  for (guint i = 0; i < part->entries->len; i++)
    {
      EspGgufEntry *entry = g_ptr_array_index (part->entries, i);

      if (!count_bytes (entry))
        entry->bytes = G_MAXUINT64; /* beyond every file */
    }
  find_overlaps (part);
  for (guint i = 0; i < part->entries->len; i++)
    if ((i % 1024 == 0 && g_cancellable_set_error_if_cancelled (self->cancellable, error)) ||
        !add_tensor (self, part, i, error))
      return FALSE;
  self->contiguous = self->contiguous && are_contiguous (part);
  return TRUE;
}

static gboolean
has_architecture (const Reader *self)
{
  for (guint i = 0; i < self->parts->len; i++)
    if (esp_gguf_header_find (self->parts->pdata[i], "general.architecture") != NULL)
      return TRUE;
  return FALSE;
}

/* A language model without an output matrix uses that of its embedding. */
static gboolean
add_implied_output (Reader *self, GError **error)
{
  if (!has_architecture (self) || self->n_missing > 0 ||
      g_hash_table_contains (self->names, "output.weight") ||
      !g_hash_table_contains (self->names, "token_embd.weight") ||
      /* what embeds only (BERT) has none */
      !g_hash_table_contains (self->names, "output_norm.weight"))
    return TRUE;
  return esp_tree_builder_add_implied (self->builder, "output.weight", "token_embd.weight", error);
}

/* }}} */
/* {{{ parts */

/* "model-00001-of-00003.gguf" -> "model"; NULL where the file isn't named so */
static char *
get_stem (const EspGgufHeader *opened, const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *suffix = g_strdup_printf ("-%05" G_GUINT64_FORMAT "-of-%05" G_GUINT64_FORMAT
                                             ".gguf",
                                             opened->part + 1, opened->n_parts);

  if (!g_str_has_suffix (name, suffix))
    return NULL;
  return g_strndup (name, strlen (name) - strlen (suffix));
}

/* a part beside the one that was opened; NULL with an error if it isn't there or isn't that one */
static EspGgufHeader *
open_part (Reader *self,
           EspBeside *beside,
           const char *name,
           const EspGgufHeader *opened,
           guint64 number,
           GError **error)
{
  g_autoptr (EspSource) source = esp_beside_open (beside, name, ESP_BESIDE_LINKS, error);
  g_autoptr (EspGgufHeader) part = NULL;
  char magic[4];

  if (source == NULL)
    return NULL;
  if (esp_source_get_size (source) < sizeof magic ||
      !esp_source_read (source, 0, sizeof magic, magic, self->cancellable, NULL) ||
      memcmp (magic, "GGUF", sizeof magic) != 0)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("%s: this is no GGUF file"), name);
      return NULL;
    }
  part = esp_gguf_header_new (source, self->cancellable, error);
  if (part == NULL)
    {
      g_prefix_error (error, "%s: ", name);
      return NULL;
    }
  if (part->part != number || part->n_parts != opened->n_parts)
    {
      g_set_error (
          error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
          _ ("%s: it should be part %llu of %llu, but it says that it is part %llu of %llu"), name,
          (unsigned long long) number + 1, (unsigned long long) opened->n_parts,
          (unsigned long long) part->part + 1, (unsigned long long) part->n_parts);
      return NULL;
    }
  self->file_size += esp_source_get_size (source);
  return g_steal_pointer (&part);
}

static guint64
count_tensors (const Reader *self)
{
  guint64 n = 0;

  for (guint i = 0; i < self->parts->len; i++)
    n += ((EspGgufHeader *) self->parts->pdata[i])->entries->len;
  return n;
}

/* how many tensors lie elsewhere, where the parts say how many there are in all */
static void
warn_of_absent (Reader *self, const EspGgufHeader *opened)
{
  guint64 found = count_tensors (self);
  guint64 absent = opened->n_tensors > found ? opened->n_tensors - found : 0;

  if (absent > 0)
    add_warning (self, g_strdup_printf (ngettext ("%u tensor of the model is in a missing part",
                                                  "%u tensors of the model are in missing parts",
                                                  (guint) absent),
                                        (guint) absent));
}

/* takes @opened */
static gboolean
open_parts (Reader *self,
            EspGgufHeader *opened,
            const char *path,
            EspProgressFunc progress,
            gpointer user_data,
            GError **error)
{
  g_autofree char *stem = get_stem (opened, path);
  g_autoptr (EspBeside) beside = stem != NULL ? esp_beside_new_for_file (path, NULL) : NULL;
  guint n_told = 0;

  if (beside == NULL || opened->n_parts > ESP_LIMIT_SHARDS)
    {
      g_ptr_array_add (self->parts, opened);
      self->n_missing = (guint) opened->n_parts - 1;
      add_warning (self,
                   g_strdup_printf (_ ("This is part %llu of %llu of a model; the others can’t be "
                                       "found by its name"),
                                    (unsigned long long) opened->part + 1,
                                    (unsigned long long) opened->n_parts));
      warn_of_absent (self, opened);
      return TRUE;
    }
  for (guint64 i = 0; i < opened->n_parts; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s-%05" G_GUINT64_FORMAT "-of-%05" G_GUINT64_FORMAT
                                               ".gguf",
                                               stem, i + 1, opened->n_parts);
      g_autoptr (GError) reason = NULL;
      EspGgufHeader *part = i == opened->part ? opened
                                              : open_part (self, beside, name, opened, i, &reason);

      if (part != NULL)
        g_ptr_array_add (self->parts, part);
      else if (self->n_missing++ < WARNINGS)
        add_warning (self, g_strdup (reason->message));
      if (i % 16 == 0 && g_cancellable_set_error_if_cancelled (self->cancellable, error))
        {
          if (i < opened->part)
            esp_gguf_header_free (opened);
          return FALSE;
        }
      if (progress != NULL)
        progress ((i + 1.0) / opened->n_parts, user_data);
    }
  n_told = MIN (self->n_missing, WARNINGS);
  if (self->n_missing > n_told)
    add_warning (
        self, g_strdup_printf (ngettext ("%u more part can’t be read",
                                         "%u more parts can’t be read", self->n_missing - n_told),
                               self->n_missing - n_told));
  warn_of_absent (self, opened);
  return TRUE;
}

/* }}} */
/* {{{ the checkpoint */

/* all metadata of the first part, and what the others add */
static void
add_metadata (Reader *self, EspCheckpoint *checkpoint)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (esp_hash_string, g_str_equal);

  for (guint k = 0; k < self->parts->len; k++)
    {
      const EspGgufHeader *part = self->parts->pdata[k];

      for (guint i = 0; i < part->keys->len; i++)
        if (g_hash_table_add (seen, part->keys->pdata[i]))
          esp_checkpoint_add_metadata (checkpoint, part->keys->pdata[i], part->values->pdata[i]);
    }
}

static void
add_warnings (Reader *self, EspCheckpoint *checkpoint)
{
  for (guint i = 0; i < self->warnings->len; i++)
    esp_checkpoint_add_warning (checkpoint, "%s", (const char *) self->warnings->pdata[i]);
  if (self->n_bad > WARNINGS)
    {
      guint n = self->n_bad - WARNINGS;

      esp_checkpoint_add_warning (
          checkpoint, ngettext ("%u more tensor can’t be read", "%u more tensors can’t be read", n),
          n);
    }
  else if (self->n_bad == 0 && !self->contiguous)
    esp_checkpoint_add_warning (checkpoint, "%s",
                                _ ("The tensors don’t follow one another without gaps, in order: "
                                   "llama.cpp refuses this file"));
}

static EspCheckpoint *
read_parts (Reader *self, GError **error)
{
  g_autoptr (EspTree) tree = NULL;
  EspCheckpoint *checkpoint;

  for (guint i = 0; i < self->parts->len; i++)
    if (!add_part (self, self->parts->pdata[i], error))
      return NULL;
  if (!add_implied_output (self, error))
    return NULL;
  tree = esp_tree_builder_finish (self->builder, error);
  if (tree == NULL)
    return NULL;
  checkpoint = esp_checkpoint_new ("gguf", tree);
  esp_checkpoint_set_file_size (checkpoint, self->file_size);
  add_metadata (self, checkpoint);
  add_warnings (self, checkpoint);
  return checkpoint;
}

static EspCheckpoint *
gguf_read (const EspProbe *probe,
           EspProgressFunc progress,
           gpointer user_data,
           GCancellable *cancellable,
           GError **error)
{
  EspGgufHeader *opened = esp_gguf_header_new (probe->source, cancellable, error);
  EspCheckpoint *checkpoint = NULL;
  Reader self = { .cancellable = cancellable, .contiguous = TRUE };
  gboolean good = TRUE;

  if (opened == NULL)
    return NULL;
  self.parts = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_gguf_header_free);
  self.builder = esp_tree_builder_new (".");
  self.warnings = g_ptr_array_new_with_free_func (g_free);
  self.names = g_hash_table_new (esp_hash_string, g_str_equal);
  self.file_size = esp_source_get_size (probe->source);
  if (opened->n_parts > 1 && opened->part < opened->n_parts)
    good = open_parts (&self, opened, probe->path, progress, user_data, error);
  else
    g_ptr_array_add (self.parts, opened);
  if (good)
    checkpoint = read_parts (&self, error);
  g_hash_table_unref (self.names);
  g_ptr_array_unref (self.warnings);
  esp_tree_builder_free (self.builder);
  g_ptr_array_unref (self.parts);
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
