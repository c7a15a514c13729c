/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The JSON index of a checkpoint in several files. In: a text of some kilobytes to 100 MB. Out: the
 * names of shards and of tensors. Shards are sorted by name, so that tensors come in the order in
 * which the writer filled them. */

#include "config.h"

#include "esp-shard-index.h"

#include "esp-error.h"
#include "esp-json.h"
#include "esp-limits.h"
#include "esp-path.h"

#include <glib/gi18n.h>
#include <string.h>

gboolean
esp_shard_index_is_one (const char *text, gsize length)
{
  g_autoptr (EspJsonReader) json = esp_json_reader_new (text, length, "index");

  if (esp_json_reader_next (json, NULL) != ESP_JSON_OBJECT)
    return FALSE;
  while (esp_json_reader_next (json, NULL) == ESP_JSON_KEY)
    {
      if (esp_json_reader_is_text (json, "weight_map"))
        return esp_json_reader_next (json, NULL) == ESP_JSON_OBJECT;
      if (!esp_json_reader_skip (json, NULL))
        return g_strstr_len (text, (gssize) length, "\"weight_map\"") != NULL;
    }
  return FALSE;
}

/* the text of a key or string, with a NUL in it written so that it can't be missed */
static char *
dup_text (EspJsonReader *json)
{
  gsize length;
  const char *text = esp_json_reader_get_text (json, &length);

  return esp_path_from_text (text, length);
}

/* *out: the shard's place among those met so far */
static gboolean
note_shard (EspShardIndex *self, GHashTable *seen, EspJsonReader *json, guint *out, GError **error)
{
  g_autofree char *name = dup_text (json);
  guint known = GPOINTER_TO_UINT (g_hash_table_lookup (seen, name));

  if (known == 0)
    {
      if (self->shards->len >= ESP_LIMIT_SHARDS)
        {
          g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                       _ ("weight_map: it names more than %d files"), ESP_LIMIT_SHARDS);
          return FALSE;
        }
      g_ptr_array_add (self->shards, g_strdup (name));
      known = self->shards->len;
      g_hash_table_insert (seen, self->shards->pdata[known - 1], GUINT_TO_POINTER (known));
    }
  *out = known - 1;
  return TRUE;
}

static gboolean
read_entry (EspShardIndex *self, GHashTable *seen, EspJsonReader *json, GError **error)
{
  EspShardEntry entry = { dup_text (json), 0, FALSE };

  g_array_append_val (self->entries, entry); /* which owns the name */
  if (self->entries->len > ESP_LIMIT_TENSORS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("weight_map: it names more than %d tensors"), ESP_LIMIT_TENSORS);
      return FALSE;
    }
  switch (esp_json_reader_next (json, error))
    {
    case ESP_JSON_STRING:
      break;
    case ESP_JSON_ERROR:
      return FALSE;
    default:
      {
        g_autofree char *shown = esp_path_escape (entry.name);

        g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                     _ ("weight_map: the file of “%s” should be a text"), shown);
      }
      return FALSE;
    }
  if (!note_shard (self, seen, json, &entry.shard, error))
    return FALSE;
  g_array_index (self->entries, EspShardEntry, self->entries->len - 1).shard = entry.shard;
  return TRUE;
}

static gboolean
read_weight_map (EspShardIndex *self,
                 EspJsonReader *json,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  if (!esp_json_reader_expect (json, ESP_JSON_OBJECT, error))
    return FALSE;
  for (;;)
    {
      EspJsonToken token = esp_json_reader_next (json, error);

      if (token != ESP_JSON_KEY)
        return token == ESP_JSON_OBJECT_END;
      if (!read_entry (self, seen, json, error) ||
          (self->entries->len % 1024 == 0 &&
           g_cancellable_set_error_if_cancelled (cancellable, error)))
        return FALSE;
    }
}

/* a value as text: a string's own, else as it stands in the file */
static char *
dup_value (const char *raw, gsize length)
{
  g_autoptr (EspJsonReader) json = NULL;

  length = MIN (length, ESP_LIMIT_METADATA_BYTES);
  json = esp_json_reader_new (raw, length, "metadata");
  if (length > 0 && raw[0] == '"' && esp_json_reader_next (json, NULL) == ESP_JSON_STRING)
    return dup_text (json);
  return g_utf8_make_valid (raw, (gssize) length);
}

static gboolean
read_metadata (EspShardIndex *self, EspJsonReader *json, GError **error)
{
  EspJsonToken token = esp_json_reader_next (json, error);

  if (token == ESP_JSON_NULL)
    return TRUE;
  if (token == ESP_JSON_ERROR)
    return FALSE;
  if (token != ESP_JSON_OBJECT)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("metadata: this should be an object"));
      return FALSE;
    }
  while ((token = esp_json_reader_next (json, error)) == ESP_JSON_KEY)
    {
      g_autofree char *key = dup_text (json);
      const char *raw;
      gsize length;

      if (!esp_json_reader_read_raw (json, &raw, &length, error))
        return FALSE;
      if (strcmp (key, "total_size") == 0 && length > 0 && g_ascii_isdigit (raw[0]))
        {
          g_autofree char *number = g_strndup (raw, MIN (length, 64));
          self->total_size = g_ascii_strtod (number, NULL);
        }
      g_ptr_array_add (self->metadata, g_steal_pointer (&key));
      g_ptr_array_add (self->metadata, dup_value (raw, length));
    }
  return token == ESP_JSON_OBJECT_END;
}

static gboolean
read_all (EspShardIndex *self, EspJsonReader *json, GCancellable *cancellable, GError **error)
{
  EspJsonToken token;

  if (!esp_json_reader_expect (json, ESP_JSON_OBJECT, error))
    return FALSE;
  while ((token = esp_json_reader_next (json, error)) == ESP_JSON_KEY)
    {
      gboolean good = esp_json_reader_is_text (json, "weight_map")
                          ? read_weight_map (self, json, cancellable, error)
                      : esp_json_reader_is_text (json, "metadata")
                          ? read_metadata (self, json, error)
                          : esp_json_reader_skip (json, error);
      if (!good)
        return FALSE;
    }
  return token == ESP_JSON_OBJECT_END && esp_json_reader_expect (json, ESP_JSON_END, error);
}

static int
compare_shards (gconstpointer a, gconstpointer b, gpointer shards)
{
  char *const *names = shards;

  return esp_path_compare (names[*(const guint *) a], names[*(const guint *) b]);
}

/* in natural order, with the entries' numbers after it */
static void
sort_shards (EspShardIndex *self)
{
  guint n = self->shards->len;
  g_autofree guint *order = g_new (guint, n + 1);
  g_autofree guint *rank = g_new (guint, n + 1);
  g_autofree gpointer *names = g_memdup2 (self->shards->pdata, n * sizeof (gpointer));

  for (guint i = 0; i < n; i++)
    order[i] = i;
  g_qsort_with_data (order, (gint) n, sizeof *order, compare_shards, names);
  for (guint i = 0; i < n; i++)
    {
      rank[order[i]] = i;
      self->shards->pdata[i] = names[order[i]];
    }
  for (guint i = 0; i < self->entries->len; i++)
    {
      EspShardEntry *entry = &g_array_index (self->entries, EspShardEntry, i);
      entry->shard = rank[entry->shard];
    }
}

/* puts each shard's entries together and makes them known by name */
static void
group_entries (EspShardIndex *self)
{
  guint n = self->entries->len;
  guint n_shards = self->shards->len;
  EspShardEntry *entries = (EspShardEntry *) (gpointer) self->entries->data; /* NULL if empty */
  g_autofree EspShardEntry *old = g_memdup2 (entries, n * sizeof *entries);
  g_autofree guint *next = g_new (guint, n_shards + 1);

  self->starts = g_new0 (guint, n_shards + 1);
  for (guint i = 0; i < n; i++)
    self->starts[old[i].shard + 1]++;
  for (guint k = 0; k < n_shards; k++)
    self->starts[k + 1] += self->starts[k];
  memcpy (next, self->starts, (n_shards + 1) * sizeof *next);
  for (guint i = 0; i < n; i++)
    entries[next[old[i].shard]++] = old[i];
  for (guint i = 0; i < n; i++)
    g_hash_table_insert (self->by_name, entries[i].name, GUINT_TO_POINTER (i + 1));
}

static void
clear_entry (gpointer entry)
{
  g_free (((EspShardEntry *) entry)->name);
}

EspShardIndex *
esp_shard_index_new (const char *text, gsize length, GCancellable *cancellable, GError **error)
{
  EspShardIndex *self = g_new0 (EspShardIndex, 1);
  g_autoptr (EspJsonReader) json = esp_json_reader_new (text, length, _ ("index"));

  self->shards = g_ptr_array_new_with_free_func (g_free);
  self->entries = g_array_new (FALSE, FALSE, sizeof (EspShardEntry));
  g_array_set_clear_func (self->entries, clear_entry);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->metadata = g_ptr_array_new_with_free_func (g_free);
  self->total_size = -1;
  if (read_all (self, json, cancellable, error))
    {
      sort_shards (self);
      group_entries (self);
    }
  else
    g_clear_pointer (&self, esp_shard_index_free);
  return self;
}

void
esp_shard_index_free (EspShardIndex *self)
{
  g_hash_table_unref (self->by_name);
  g_free (self->starts);
  g_array_unref (self->entries);
  g_ptr_array_unref (self->shards);
  g_ptr_array_unref (self->metadata);
  g_free (self);
}

EspShardEntry *
esp_shard_index_find (EspShardIndex *self, const char *name)
{
  guint at = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_name, name));

  return at > 0 ? &g_array_index (self->entries, EspShardEntry, at - 1) : NULL;
}
