/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Files of torch.save inside a pickle: a storage that is pickled in the common way, not by
 * torch.save, becomes a call of torch.storage._load_from_bytes() with a whole file in the form of
 * before PyTorch 1.6 that holds just that storage. Read one deep, which is all that there is. */

#include "config.h"

#include "esp-pytorch-inner.h"

#include "esp-error.h"
#include "esp-pytorch-legacy-file.h"

#include <glib/gi18n.h>

struct _EspPytorchInner
{
  EspPytorchStorages *outside; /* borrowed */
  GCancellable *cancellable;
  GHashTable *files;  /* bytes inside the pickle -> InnerFile */
  GPtrArray *pickles; /* EspPickle */
};

typedef struct
{
  EspPytorchLegacyFile *file;
  EspPytorchStorages *storages;
  EspPytorchInner *owner; /* borrowed */
  GError *error;          /* why it can't be read */
} InnerFile;

static EspStorage *
open_inner_storage (const char *key, guint64 size, gpointer user_data, GError **error)
{
  return esp_pytorch_legacy_file_open_storage (((InnerFile *) user_data)->file, key, key, error);
}

static void
take_inner_warning (char *warning, gpointer user_data)
{
  esp_pytorch_storages_take_warning (((InnerFile *) user_data)->owner->outside, warning);
}

static void
inner_file_free (gpointer data)
{
  InnerFile *self = data;

  esp_pytorch_storages_free (self->storages);
  esp_pytorch_legacy_file_free (self->file);
  g_clear_error (&self->error);
  g_free (self);
}

static InnerFile *
open_inner_file (EspPytorchInner *owner, const EspPickleValue *value)
{
  g_autoptr (GBytes) bytes = g_bytes_new (value->text.bytes, value->text.length);
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "_load_from_bytes");
  InnerFile *self = g_new0 (InnerFile, 1);

  self->owner = owner;
  self->file = esp_pytorch_legacy_file_new (source, owner->cancellable, &self->error);
  if (self->file == NULL)
    return self;
  self->storages = esp_pytorch_storages_new (open_inner_storage, take_inner_warning, self, 0);
  for (guint i = 0; i < esp_pytorch_legacy_file_get_n_pickles (self->file); i++)
    g_ptr_array_add (owner->pickles,
                     esp_pickle_ref (esp_pytorch_legacy_file_get_nth_pickle (self->file, i)));
  return self;
}

const EspPytorchStorage *
esp_pytorch_inner_get (EspPytorchInner *self,
                       const EspPickleValue *args,
                       gint64 *offset,
                       GError **error)
{
  const EspPickleValue *bytes = esp_pickle_value_get_item (args, 0);
  const EspPytorchStorage *storage = NULL;
  InnerFile *inner;

  if (bytes == NULL || bytes->kind != ESP_PICKLE_BYTES)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("the storage is missing"));
      return NULL;
    }
  inner = g_hash_table_lookup (self->files, bytes->text.bytes);
  if (inner == NULL)
    {
      inner = open_inner_file (self, bytes);
      g_hash_table_insert (self->files, (gpointer) bytes->text.bytes, inner);
    }
  if (inner->error != NULL)
    g_propagate_error (error, g_error_copy (inner->error));
  else
    storage = esp_pytorch_storages_get (
        inner->storages, esp_pickle_get_root (esp_pytorch_legacy_file_get_pickle (inner->file)),
        offset, error);
  return storage;
}

EspPytorchInner *
esp_pytorch_inner_new (EspPytorchStorages *outside, GCancellable *cancellable)
{
  EspPytorchInner *self = g_new0 (EspPytorchInner, 1);

  self->outside = outside;
  self->cancellable = cancellable;
  self->files = g_hash_table_new_full (NULL, NULL, NULL, inner_file_free);
  self->pickles = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_pickle_unref);
  return self;
}

void
esp_pytorch_inner_free (EspPytorchInner *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->files);
  g_ptr_array_unref (self->pickles);
  g_free (self);
}

guint
esp_pytorch_inner_get_n_pickles (EspPytorchInner *self)
{
  return self->pickles->len;
}

EspPickle *
esp_pytorch_inner_get_pickle (EspPytorchInner *self, guint index)
{
  return g_ptr_array_index (self->pickles, index);
}
