/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a reader found besides the tree: who wrote the file, metadata, warnings, what its pickle
 * asked for. Filled by one reader in one thread, then only read. */

#include "config.h"

#include "esp-checkpoint.h"

#include <string.h>

#include "esp-hash.h"

/* warnings of a hostile file would go on without end */
#define MOST_WARNINGS 1000

struct _EspCheckpoint
{
  GObject parent_instance;

  EspTree *tree;
  char *format;
  char *producer;
  char *path;
  guint64 file_size;
  GPtrArray *files;    /* EspFileStamp */
  GPtrArray *metadata; /* key, value, key, value, ... */
  GPtrArray *warnings;

  /* sorted and NULL-terminated when asked for */
  GHashTable *globals;
  GHashTable *refused;
  const char **sorted_globals; /* borrowed texts */
  const char **sorted_refused;
};

G_DEFINE_FINAL_TYPE (EspCheckpoint, esp_checkpoint, G_TYPE_OBJECT)

static void
esp_checkpoint_finalize (GObject *object)
{
  EspCheckpoint *self = ESP_CHECKPOINT (object);

  g_clear_object (&self->tree);
  g_free (self->format);
  g_free (self->producer);
  g_free (self->path);
  g_ptr_array_unref (self->files);
  g_ptr_array_unref (self->metadata);
  g_ptr_array_unref (self->warnings);
  g_hash_table_unref (self->globals);
  g_hash_table_unref (self->refused);
  g_free (self->sorted_globals);
  g_free (self->sorted_refused);
  G_OBJECT_CLASS (esp_checkpoint_parent_class)->finalize (object);
}

static void
esp_checkpoint_class_init (EspCheckpointClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_checkpoint_finalize;
}

static void
esp_checkpoint_init (EspCheckpoint *self)
{
  self->producer = g_strdup ("");
  self->path = g_strdup ("");
  self->files = g_ptr_array_new ();
  self->metadata = g_ptr_array_new_with_free_func (g_free);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->globals = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, NULL);
  self->refused = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, NULL);
}

EspCheckpoint *
esp_checkpoint_new (const char *format, EspTree *tree)
{
  EspCheckpoint *self;

  g_return_val_if_fail (format != NULL && ESP_IS_TREE (tree), NULL);

  self = g_object_new (ESP_TYPE_CHECKPOINT, NULL);
  self->format = g_strdup (format);
  self->tree = g_object_ref (tree);
  return self;
}

const char *
esp_checkpoint_get_format (EspCheckpoint *self)
{
  g_return_val_if_fail (ESP_IS_CHECKPOINT (self), "");

  return self->format;
}

EspTree *
esp_checkpoint_get_tree (EspCheckpoint *self)
{
  g_return_val_if_fail (ESP_IS_CHECKPOINT (self), NULL);

  return self->tree;
}

const char *
esp_checkpoint_get_producer (EspCheckpoint *self)
{
  g_return_val_if_fail (ESP_IS_CHECKPOINT (self), "");

  return self->producer;
}

static void
replace_text (char **slot, const char *text)
{
  char *copy = g_strdup (text);

  g_free (*slot);
  *slot = copy;
}

void
esp_checkpoint_set_producer (EspCheckpoint *self, const char *producer)
{
  g_return_if_fail (ESP_IS_CHECKPOINT (self) && producer != NULL);

  replace_text (&self->producer, producer);
}

const char *
esp_checkpoint_get_path (EspCheckpoint *self)
{
  g_return_val_if_fail (ESP_IS_CHECKPOINT (self), "");

  return self->path;
}

void
esp_checkpoint_set_path (EspCheckpoint *self, const char *path)
{
  g_return_if_fail (ESP_IS_CHECKPOINT (self) && path != NULL);

  replace_text (&self->path, path);
}

guint64
esp_checkpoint_get_file_size (EspCheckpoint *self)
{
  g_return_val_if_fail (ESP_IS_CHECKPOINT (self), 0);

  return self->file_size;
}

void
esp_checkpoint_set_file_size (EspCheckpoint *self, guint64 size)
{
  g_return_if_fail (ESP_IS_CHECKPOINT (self));

  self->file_size = size;
}

GPtrArray *
esp_checkpoint_get_files (EspCheckpoint *self)
{
  g_return_val_if_fail (ESP_IS_CHECKPOINT (self), NULL);

  return self->files;
}

void
esp_checkpoint_set_files (EspCheckpoint *self, GPtrArray *stamps)
{
  g_return_if_fail (ESP_IS_CHECKPOINT (self) && stamps != NULL);

  g_ptr_array_ref (stamps);
  g_ptr_array_unref (self->files);
  self->files = stamps;
}

void
esp_checkpoint_add_metadata (EspCheckpoint *self, const char *key, const char *value)
{
  g_return_if_fail (ESP_IS_CHECKPOINT (self) && key != NULL && value != NULL);

  g_ptr_array_add (self->metadata, g_strdup (key));
  g_ptr_array_add (self->metadata, g_strdup (value));
}

guint
esp_checkpoint_get_n_metadata (EspCheckpoint *self)
{
  g_return_val_if_fail (ESP_IS_CHECKPOINT (self), 0);

  return self->metadata->len / 2;
}

const char *
esp_checkpoint_get_metadata_key (EspCheckpoint *self, guint index)
{
  g_return_val_if_fail (index < esp_checkpoint_get_n_metadata (self), NULL);

  return self->metadata->pdata[2 * index];
}

const char *
esp_checkpoint_get_metadata_value (EspCheckpoint *self, guint index)
{
  g_return_val_if_fail (index < esp_checkpoint_get_n_metadata (self), NULL);

  return self->metadata->pdata[2 * index + 1];
}

void
esp_checkpoint_add_warning (EspCheckpoint *self, const char *format, ...)
{
  va_list args;

  g_return_if_fail (ESP_IS_CHECKPOINT (self) && format != NULL);

  if (self->warnings->len >= MOST_WARNINGS)
    return;
  va_start (args, format);
  g_ptr_array_add (self->warnings, g_strdup_vprintf (format, args));
  va_end (args);
}

guint
esp_checkpoint_get_n_warnings (EspCheckpoint *self)
{
  g_return_val_if_fail (ESP_IS_CHECKPOINT (self), 0);

  return self->warnings->len;
}

const char *
esp_checkpoint_get_warning (EspCheckpoint *self, guint index)
{
  g_return_val_if_fail (index < esp_checkpoint_get_n_warnings (self), NULL);

  return self->warnings->pdata[index];
}

/* --- pickle --- */

void
esp_checkpoint_add_pickle_global (EspCheckpoint *self, const char *name)
{
  g_return_if_fail (ESP_IS_CHECKPOINT (self) && name != NULL);

  g_clear_pointer (&self->sorted_globals, g_free);
  g_hash_table_add (self->globals, g_strdup (name));
}

void
esp_checkpoint_add_pickle_refused (EspCheckpoint *self, const char *call)
{
  g_return_if_fail (ESP_IS_CHECKPOINT (self) && call != NULL);

  g_clear_pointer (&self->sorted_refused, g_free);
  g_hash_table_add (self->refused, g_strdup (call));
}

static int
compare_texts (const void *a, const void *b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static const char *const *
sort_set (GHashTable *set, const char ***sorted)
{
  if (*sorted == NULL)
    {
      guint n;

      *sorted = (const char **) g_hash_table_get_keys_as_array (set, &n);
      qsort (*sorted, n, sizeof **sorted, compare_texts);
    }
  return *sorted;
}

const char *const *
esp_checkpoint_get_pickle_globals (EspCheckpoint *self)
{
  g_return_val_if_fail (ESP_IS_CHECKPOINT (self), NULL);

  return sort_set (self->globals, &self->sorted_globals);
}

const char *const *
esp_checkpoint_get_pickle_refused (EspCheckpoint *self)
{
  g_return_val_if_fail (ESP_IS_CHECKPOINT (self), NULL);

  return sort_set (self->refused, &self->sorted_refused);
}
