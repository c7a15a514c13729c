/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of checkpoints in several files. In: the JSON index, and beside it up to 10,000 files
 * that it names, of safetensors or torch.save. Out: one checkpoint. Each shard is read by the
 * reader of its own kind and its tensors move into the one tree; what the index says and a shard
 * doesn't have stays as a row that tells why, and the rest opens. */

#include "config.h"

#include "esp-sharded.h"

#include "esp-beside.h"
#include "esp-error.h"
#include "esp-limits.h"
#include "esp-path.h"
#include "esp-shard-index.h"
#include "esp-tree-builder.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define WARNINGS_MAX 1000

typedef struct
{
  EspShardIndex *index;
  EspBeside *beside;
  EspTreeBuilder *builder;
  GPtrArray *warnings;
  GPtrArray *metadata;     /* key, value, key, value, ... */
  GHashTable *keys;        /* of metadata, borrowed from it */
  GHashTable *globals;     /* of all pickles: a set */
  GHashTable *refused;     /* the same */
  const EspFormat *format; /* of the first shard that could be read */
  char *producer;          /* of that */
  guint64 file_size;
  guint64 bytes;        /* of all tensors */
  guint64 unique_bytes; /* the same, what lies in one storage once */
  GHashTable *storages; /* seen so far: a set */
  guint n_unreadable;   /* shards */
  GCancellable *cancellable;
} Reader;

static void G_GNUC_PRINTF (2, 3) warn (Reader *self, const char *format, ...)
{
  va_list args;

  if (self->warnings->len >= WARNINGS_MAX)
    return;
  va_start (args, format);
  g_ptr_array_add (self->warnings, g_strdup_vprintf (format, args));
  va_end (args);
}

/* what the index says and isn't there */

/* rows for those of the shard's tensors that weren't found; @why says it of all of them, or is NULL
 * where the shard itself is good. Gives their number and the first name. */
static gboolean
add_absent (Reader *self,
            guint shard,
            const GError *why,
            guint *n,
            const char **first,
            GError **error)
{
  static const gint64 none[] = { 0 }; /* the shape isn't known, and no bytes are there */

  *n = 0;
  *first = NULL;
  for (guint i = self->index->starts[shard]; i < self->index->starts[shard + 1]; i++)
    {
      const EspShardEntry *entry = &g_array_index (self->index->entries, EspShardEntry, i);
      const char *keys[] = { entry->name, NULL };
      g_autoptr (EspTensor) tensor = NULL;
      GError *reason;

      if (entry->found)
        continue;
      reason = why != NULL
                   ? g_error_copy (why)
                   : g_error_new (ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                                  _ ("the index says that this is in %s, which doesn’t have it"),
                                  (const char *) self->index->shards->pdata[shard]);
      tensor = esp_tensor_new_unreadable (ESP_DTYPE_RAW, "", none, 1, reason);
      if (!esp_tree_builder_put_absent (self->builder, keys, ESP_ROLE_OTHER, tensor, error))
        return FALSE;
      if ((*n)++ == 0)
        *first = entry->name;
    }
  return TRUE;
}

static gboolean
add_unreadable_shard (Reader *self, guint shard, const GError *why, GError **error)
{
  const char *first;
  guint n;

  self->n_unreadable++;
  if (!add_absent (self, shard, why, &n, &first, error))
    return FALSE;
  warn (self,
        ngettext ("%s; %u tensor that should be in it can’t be shown",
                  "%s; %u tensors that should be in it can’t be shown", n),
        why->message, n);
  return TRUE;
}

/* a shard that was read */

typedef struct
{
  EspTreeBuilder *builder;
  GError *error;
} ModuleCopy;

static void
copy_module (const char *path, EspModule *module, const char *shared_with, gpointer user_data)
{
  ModuleCopy *copy = user_data;
  const char *keys[] = { path, NULL };

  if (copy->error == NULL && module != NULL && *path != '\0' && shared_with == NULL)
    esp_tree_builder_add_module (copy->builder, keys, esp_module_get_class (module), &copy->error);
}

/* how the shard and the index differ, each with the first name */
typedef struct
{
  guint n_extra;
  char *extra;
  guint n_elsewhere;
  char *elsewhere;
} Differences;

static void
compare_name (Reader *self, guint shard, const char *name, Differences *differences)
{
  EspShardEntry *entry = esp_shard_index_find (self->index, name);

  if (entry != NULL && entry->shard == shard)
    entry->found = TRUE;
  else if (entry == NULL && differences->n_extra++ == 0)
    differences->extra = g_strdup (name);
  else if (entry != NULL && differences->n_elsewhere++ == 0)
    differences->elsewhere = g_strdup (name);
}

static void
tell_differences (Reader *self, const char *shard, const Differences *differences)
{
  g_autofree char *extra = differences->extra != NULL ? esp_path_escape (differences->extra) : NULL;
  g_autofree char *elsewhere = differences->elsewhere != NULL
                                   ? esp_path_escape (differences->elsewhere)
                                   : NULL;

  if (extra != NULL)
    warn (self,
          ngettext ("%s: %u tensor isn’t in the index: “%s”",
                    "%s: %u tensors aren’t in the index, the first of them is “%s”",
                    differences->n_extra),
          shard, differences->n_extra, extra);
  if (elsewhere != NULL)
    warn (self,
          ngettext ("%s: %u tensor is here that the index places in another file: “%s”",
                    "%s: %u tensors are here that the index places in other files, the first of "
                    "them is “%s”",
                    differences->n_elsewhere),
          shard, differences->n_elsewhere, elsewhere);
}

static void
count_bytes (Reader *self, EspTensor *tensor)
{
  EspStorage *storage = esp_tensor_get_storage (tensor);
  guint64 bytes = esp_tensor_get_bytes (tensor);

  self->bytes += bytes;
  if (storage == NULL || g_hash_table_add (self->storages, storage))
    self->unique_bytes += bytes;
}

static gboolean
copy_tensors (Reader *self, EspTree *tree, guint shard, GError **error)
{
  g_autoptr (GString) name = g_string_new (NULL);
  guint n = esp_tree_get_n_tensors (tree);
  Differences differences = { 0 };
  gboolean good = TRUE;

  for (guint i = 0; i < n && good; i++)
    {
      g_auto (GStrv) keys = NULL;
      EspTreeRow row;

      esp_tree_read_row (tree, i, &row);
      if (!row.stored)
        continue;
      g_string_truncate (name, 0);
      esp_tree_append_row_path (tree, i, name);
      compare_name (self, shard, name->str, &differences);
      keys = esp_tree_dup_row_keys (tree, i);
      count_bytes (self, row.tensor);
      good = esp_tree_builder_put_tensor (self->builder, (const char *const *) keys, NULL, row.role,
                                          row.requires_grad, row.tensor, error);
    }
  if (good)
    tell_differences (self, self->index->shards->pdata[shard], &differences);
  g_free (differences.extra);
  g_free (differences.elsewhere);
  return good;
}

/* metadata, names that tie across shards, warnings and the pickle report */
static gboolean
copy_facts (Reader *self, EspCheckpoint *from, const char *shard, GError **error)
{
  gboolean may_imply = strcmp (esp_checkpoint_get_format (from), "safetensors") == 0;
  const char *const *globals = esp_checkpoint_get_pickle_globals (from);
  const char *const *refused = esp_checkpoint_get_pickle_refused (from);

  for (guint i = 0; i < esp_checkpoint_get_n_metadata (from); i++)
    {
      const char *key = esp_checkpoint_get_metadata_key (from, i);
      const char *value = esp_checkpoint_get_metadata_value (from, i);

      if (may_imply && strcmp (key, "format") != 0 &&
          !esp_tree_builder_add_implied (self->builder, key, value, error))
        return FALSE;
      if (g_hash_table_contains (self->keys, key))
        continue;
      g_ptr_array_add (self->metadata, g_strdup (key));
      g_hash_table_add (self->keys, self->metadata->pdata[self->metadata->len - 1]);
      g_ptr_array_add (self->metadata, g_strdup (value));
    }
  for (guint i = 0; i < esp_checkpoint_get_n_warnings (from); i++)
    warn (self, "%s: %s", shard, esp_checkpoint_get_warning (from, i));
  for (guint i = 0; globals != NULL && globals[i] != NULL; i++)
    g_hash_table_add (self->globals, g_strdup (globals[i]));
  for (guint i = 0; refused != NULL && refused[i] != NULL; i++)
    g_hash_table_add (self->refused, g_strdup (refused[i]));
  return TRUE;
}

static void
note_kind (Reader *self, EspCheckpoint *shard)
{
  if (self->format != NULL)
    return;
  self->format = strcmp (esp_checkpoint_get_format (shard), "safetensors") == 0
                     ? &esp_format_safetensors_sharded
                     : &esp_format_pytorch_sharded;
  self->producer = g_strdup (esp_checkpoint_get_producer (shard));
}

static gboolean
copy_shard (Reader *self, EspCheckpoint *from, guint shard, GError **error)
{
  const char *name = self->index->shards->pdata[shard];
  EspTree *tree = esp_checkpoint_get_tree (from);
  ModuleCopy modules = { self->builder, NULL };
  const char *first;
  guint n;

  note_kind (self, from);
  if (!copy_facts (self, from, name, error))
    return FALSE;
  esp_tree_foreach_module (tree, copy_module, &modules);
  if (modules.error != NULL)
    {
      g_propagate_error (error, modules.error);
      return FALSE;
    }
  if (!copy_tensors (self, tree, shard, error) ||
      !add_absent (self, shard, NULL, &n, &first, error))
    return FALSE;
  if (n > 0)
    {
      g_autofree char *shown = esp_path_escape (first);

      warn (self,
            ngettext ("%s: %u tensor that the index places here is missing: “%s”",
                      "%s: %u tensors that the index places here are missing, the first of them "
                      "is “%s”",
                      n),
            name, n, shown);
    }
  return TRUE;
}

static gboolean
read_shard (Reader *self, guint shard, GError **error)
{
  const char *name = self->index->shards->pdata[shard];
  g_autoptr (GError) why = NULL;
  g_autoptr (EspCheckpoint) from = NULL;
  g_autoptr (EspSource) source = esp_beside_open (self->beside, name, ESP_BESIDE_LINKS, &why);

  if (source != NULL)
    {
      self->file_size += esp_source_get_size (source);
      from = esp_format_read_shard (source, name, self->cancellable, &why);
    }
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  return from != NULL ? copy_shard (self, from, shard, error)
                      : add_unreadable_shard (self, shard, why, error);
}

/* the whole */

/* Not to be compared while a part is missing. Writers differ on whether tied tensors count twice.
 */
static void
check_total (Reader *self)
{
  double said = self->index->total_size;

  if (self->n_unreadable == 0 && said >= 0 && said != (double) self->bytes &&
      said != (double) self->unique_bytes)
    warn (self,
          _ ("The index says that all tensors have %.0f bytes together, but they have %" PRIu64),
          said, self->bytes);
}

static void
add_sorted (GHashTable *set, void (*add) (EspCheckpoint *, const char *), EspCheckpoint *checkpoint)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, set);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    add (checkpoint, key);
}

static EspCheckpoint *
make_checkpoint (Reader *self, EspTree *tree)
{
  EspCheckpoint *checkpoint = esp_checkpoint_new (self->format->name, tree);
  const GPtrArray *lists[] = { self->index->metadata, self->metadata };

  esp_checkpoint_set_producer (checkpoint, self->producer);
  esp_checkpoint_set_file_size (checkpoint, self->file_size);
  for (guint k = 0; k < G_N_ELEMENTS (lists); k++)
    for (guint i = 0; i + 1 < lists[k]->len; i += 2)
      esp_checkpoint_add_metadata (checkpoint, lists[k]->pdata[i], lists[k]->pdata[i + 1]);
  for (guint i = 0; i < self->warnings->len; i++)
    esp_checkpoint_add_warning (checkpoint, "%s", (const char *) self->warnings->pdata[i]);
  add_sorted (self->globals, esp_checkpoint_add_pickle_global, checkpoint);
  add_sorted (self->refused, esp_checkpoint_add_pickle_refused, checkpoint);
  return checkpoint;
}

static EspCheckpoint *
read_all (Reader *self, EspProgressFunc progress, gpointer user_data, GError **error)
{
  guint n = self->index->shards->len;
  g_autoptr (EspTree) tree = NULL;

  for (guint i = 0; i < n; i++)
    {
      if (!read_shard (self, i, error))
        return NULL;
      if (progress != NULL)
        progress ((i + 1.0) / n, user_data);
    }
  if (self->format == NULL)
    {
      if (n > 0)
        g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                     _ ("none of the files that this index names can be read: %s"),
                     (const char *) self->warnings->pdata[0]);
      else
        g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                             _ ("weight_map: this index names no files"));
      return NULL;
    }
  check_total (self);
  tree = esp_tree_builder_finish (self->builder, error);
  return tree != NULL ? make_checkpoint (self, tree) : NULL;
}

static void
clear_reader (Reader *self)
{
  g_clear_pointer (&self->index, esp_shard_index_free);
  g_clear_pointer (&self->beside, esp_beside_unref);
  g_clear_pointer (&self->builder, esp_tree_builder_free);
  g_ptr_array_unref (self->warnings);
  g_hash_table_unref (self->keys);
  g_hash_table_unref (self->storages);
  g_ptr_array_unref (self->metadata);
  g_hash_table_unref (self->globals);
  g_hash_table_unref (self->refused);
  g_free (self->producer);
}

static GBytes *
read_text (const EspProbe *probe, GCancellable *cancellable, GError **error)
{
  return esp_source_read_bytes (probe->source, 0, esp_source_get_size (probe->source),
                                ESP_LIMIT_JSON_BYTES, cancellable, error);
}

static EspCheckpoint *
sharded_read (const EspProbe *probe,
              EspProgressFunc progress,
              gpointer user_data,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (GBytes) text = read_text (probe, cancellable, error);
  EspCheckpoint *checkpoint = NULL;
  Reader self = { .cancellable = cancellable };

  if (text == NULL)
    return NULL;
  self.warnings = g_ptr_array_new_with_free_func (g_free);
  self.metadata = g_ptr_array_new_with_free_func (g_free);
  self.keys = g_hash_table_new (g_str_hash, g_str_equal);
  self.storages = g_hash_table_new (NULL, NULL);
  self.globals = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.refused = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.builder = esp_tree_builder_new (".");
  self.file_size = esp_source_get_size (probe->source);
  self.index = esp_shard_index_new (g_bytes_get_data (text, NULL), g_bytes_get_size (text),
                                    cancellable, error);
  if (self.index != NULL)
    self.beside = esp_beside_new_for_file (probe->path, error);
  if (self.beside != NULL)
    checkpoint = read_all (&self, progress, user_data, error);
  clear_reader (&self);
  return checkpoint;
}

/* A JSON object with a weight_map, which is as a rule near its begin. A shard is none, so that no
 * index leads to itself. */
static gboolean
sharded_probe (const EspProbe *probe)
{
  g_autoptr (GBytes) text = NULL;
  gsize at = 0;

  while (at < probe->head_size && g_ascii_isspace (probe->head[at]))
    at++;
  if (probe->is_shard || at == probe->head_size || probe->head[at] != '{')
    return FALSE;
  text = read_text (probe, NULL, NULL);
  return text != NULL &&
         esp_shard_index_is_one (g_bytes_get_data (text, NULL), g_bytes_get_size (text));
}

static const char *const suffixes[] = { "index.json", NULL };

const EspFormat esp_format_safetensors_sharded = {
  .name = "safetensors-sharded",
  .title = "Safetensors",
  .suffixes = suffixes,
  .probe = sharded_probe,
  .read = sharded_read,
};

const EspFormat esp_format_pytorch_sharded = {
  .name = "pytorch-sharded",
  .title = "PyTorch",
  .suffixes = suffixes,
  .probe = sharded_probe,
  .read = sharded_read,
};
