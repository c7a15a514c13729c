/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of torch.save's files from before PyTorch 1.6: where things lie is found by
 * esp-pytorch-legacy-file.c, the rest is as in an archive. Such a file may carry the source text of
 * its user's classes; it is metadata, to be read and never run. */

#include "config.h"

#include "esp-pytorch-legacy.h"

#include "esp-limits.h"
#include "esp-pytorch-legacy-file.h"
#include "esp-pytorch-result.h"

/* classes whose source is kept */
#define SOURCES_MAX 1000
#define SOURCES_BYTES (16 * 1024 * 1024)

typedef struct
{
  EspPytorchResult result;
  EspPytorchLegacyFile *file;
  const char *shard; /* name of this file where it is one of several, else NULL */
} Reader;

static EspStorage *
open_storage (const char *key, guint64 size, gpointer user_data, GError **error)
{
  Reader *self = user_data;
  g_autofree char *id = self->shard != NULL ? g_strconcat (self->shard, ":", key, NULL) : NULL;

  return esp_pytorch_legacy_file_open_storage (self->file, key, id != NULL ? id : key, error);
}

static void
take_warning (char *warning, gpointer user_data)
{
  esp_pytorch_result_take_warning (warning, &((Reader *) user_data)->result);
}

/* ('module', class, file, source) */
static void
add_sources (Reader *self)
{
  EspPickle *pickle = esp_pytorch_legacy_file_get_pickle (self->file);
  guint n = esp_pickle_get_n_persistents (pickle);
  guint n_sources = 0;
  gsize total = 0;

  for (guint i = 0; i < n && n_sources < SOURCES_MAX && total < SOURCES_BYTES; i++)
    {
      const EspPickleValue *id = esp_pickle_get_persistent (pickle, i)->inner;
      const EspPickleValue *class = esp_pickle_value_get_item (id, 1);
      const EspPickleValue *source = esp_pickle_value_get_item (id, 3);
      char *text;

      if (!esp_pickle_value_is_string (esp_pickle_value_get_item (id, 0), "module") ||
          class->kind != ESP_PICKLE_GLOBAL || source == NULL || source->kind != ESP_PICKLE_STRING)
        continue;
      text = esp_pickle_value_to_name (source, ESP_LIMIT_METADATA_BYTES);
      total += source->text.length;
      n_sources++;
      esp_pytorch_result_take_metadata (&self->result,
                                        g_strdup_printf ("source of %s", class->name->full), text);
    }
}

static gboolean
read_all (Reader *self, EspProgressFunc progress, gpointer user_data, GError **error)
{
  g_autoptr (EspPytorchStorages) storages = NULL;

  if (progress != NULL)
    progress (0.5, user_data);
  storages = esp_pytorch_storages_new (open_storage, take_warning, self, 0);
  if (!esp_pytorch_result_walk (&self->result, esp_pytorch_legacy_file_get_pickle (self->file),
                                storages, NULL, error))
    return FALSE;
  add_sources (self);
  for (guint i = 0; i < esp_pytorch_legacy_file_get_n_pickles (self->file); i++)
    {
      EspPickle *pickle = esp_pytorch_legacy_file_get_nth_pickle (self->file, i);

      if (pickle != esp_pytorch_legacy_file_get_pickle (self->file))
        esp_pytorch_result_add_pickle (&self->result, pickle);
    }
  return TRUE;
}

static EspCheckpoint *
legacy_read (const EspProbe *probe,
             EspProgressFunc progress,
             gpointer user_data,
             GCancellable *cancellable,
             GError **error)
{
  EspCheckpoint *checkpoint = NULL;
  Reader self;

  self.shard = probe->is_shard ? probe->path : NULL;
  self.file = esp_pytorch_legacy_file_new (probe->source, cancellable, error);
  if (self.file == NULL)
    return NULL;
  esp_pytorch_result_init (&self.result, cancellable);
  if (read_all (&self, progress, user_data, error))
    checkpoint = esp_pytorch_result_finish (&self.result, esp_format_pytorch_legacy.name, error);
  esp_pytorch_result_clear (&self.result);
  esp_pytorch_legacy_file_free (self.file);
  return checkpoint;
}

static gboolean
legacy_probe (const EspProbe *probe)
{
  return esp_pytorch_legacy_file_is_one (probe->head, probe->head_size);
}

static const char *const suffixes[] = { "pt", "pth", "bin", "ckpt", "tar", NULL };

const EspFormat esp_format_pytorch_legacy = {
  .name = "pytorch-legacy",
  .title = "PyTorch",
  .suffixes = suffixes,
  .probe = legacy_probe,
  .read = legacy_read,
};
