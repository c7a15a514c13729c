/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The table of storages by key. A persistent id is
 *
 *   ('storage', torch.FloatStorage, key, location, number of elements)
 *
 * and may occur many times; the first one counts, as in PyTorch. The location ("cpu", "cuda:0") is
 * a label. Files from before the archives have a sixth part: None or (key of the view, first
 * element, number of elements), a part of the storage that is a storage itself; here it is an
 * offset. Checkpoints have up to some 100,000 storages. */

#include "config.h"

#include "esp-pytorch-storage.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-hash.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

struct _EspPytorchStorages
{
  GHashTable *by_key; /* key -> EspPytorchStorage */
  EspPytorchOpenFunc open;
  EspPytorchWarnFunc warn;
  gpointer user_data;
  EspTensorFlags flags;
};

static void
storage_free (gpointer data)
{
  EspPytorchStorage *self = data;

  g_clear_pointer (&self->storage, esp_storage_unref);
  g_clear_error (&self->error);
  g_free (self);
}

EspPytorchStorages *
esp_pytorch_storages_new (EspPytorchOpenFunc open,
                          EspPytorchWarnFunc warn,
                          gpointer user_data,
                          EspTensorFlags flags)
{
  EspPytorchStorages *self = g_new0 (EspPytorchStorages, 1);

  self->by_key = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, storage_free);
  self->open = open;
  self->warn = warn;
  self->user_data = user_data;
  self->flags = flags;
  return self;
}

void
esp_pytorch_storages_free (EspPytorchStorages *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_key);
  g_free (self);
}

EspTensorFlags
esp_pytorch_storages_get_flags (EspPytorchStorages *self)
{
  return self->flags;
}

static gboolean
parse_view (const EspPickleValue *view, EspPytorchStorageId *out)
{
  gint64 count;
  guint64 end;

  out->view_offset = 0;
  if (view == NULL || view->kind == ESP_PICKLE_NONE)
    return TRUE;
  return esp_pickle_value_get_int (esp_pickle_value_get_item (view, 1), &out->view_offset) &&
         esp_pickle_value_get_int (esp_pickle_value_get_item (view, 2), &count) &&
         out->view_offset >= 0 && count >= 0 &&
         esp_add_u64 ((guint64) out->view_offset, (guint64) count, &end) && end <= out->numel;
}

gboolean
esp_pytorch_storage_id_parse (const EspPickleValue *persistent,
                              EspPytorchStorageId *out,
                              GError **error)
{
  const EspPickleValue *id = persistent->kind == ESP_PICKLE_PERSISTENT ? persistent->inner : NULL;
  const EspPickleValue *class = esp_pickle_value_get_item (id, 1);
  const EspPickleValue *key = esp_pickle_value_get_item (id, 2);
  gint64 numel;

  if (!esp_pickle_value_is_string (esp_pickle_value_get_item (id, 0), "storage") ||
      esp_pickle_value_get_n_items (id) < 5 ||
      esp_pickle_value_get_meaning (class) != ESP_MEANING_STORAGE ||
      key->kind != ESP_PICKLE_STRING || key->text.length == 0 ||
      key->text.length > ESP_PYTORCH_KEY_MAX ||
      memchr (key->text.bytes, 0, key->text.length) != NULL ||
      !esp_pickle_value_get_int (esp_pickle_value_get_item (id, 4), &numel) || numel < 0)
    {
      g_autofree char *text = esp_pickle_value_to_text (id != NULL ? id : persistent, 200);

      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("its storage should be named by ('storage', class, key, location, number of "
                      "elements), but it is %s"),
                   text);
      return FALSE;
    }
  memcpy (out->key, key->text.bytes, key->text.length);
  out->key[key->text.length] = '\0';
  out->class_name = class->name->name;
  out->numel = (guint64) numel;
  if (!parse_view (esp_pickle_value_get_item (id, 5), out))
    {
      g_autofree char *text = esp_pickle_value_to_text (id, 200);

      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("its storage %s is no part of another one"), text);
      return FALSE;
    }
  return TRUE;
}

static gboolean
open_storage (EspPytorchStorages *self,
              const EspPytorchStorageId *id,
              EspPytorchStorage *storage,
              GError **error)
{
  g_autofree char *key = g_utf8_make_valid (id->key, -1);
  guint64 size;
  guint64 found;

  if (storage->dtype == NULL)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                   _ ("storage “%s” is of the unknown class %s"), key, id->class_name);
      return FALSE;
    }
  if (!esp_pytorch_dtype_get_size (storage->dtype, id->numel, &size))
    {
      g_set_error (
          error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
          _ ("storage “%s” should have %" PRIu64 " elements, more bytes than 64 bits can count"),
          key, id->numel);
      return FALSE;
    }
  storage->storage = self->open (id->key, size, self->user_data, error);
  if (storage->storage == NULL)
    return FALSE;
  found = esp_storage_get_size (storage->storage);
  if (found < size)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
                   _ ("storage “%s” has %" PRIu64 " bytes, but its %" PRIu64
                      " elements of %s take %" PRIu64),
                   key, found, id->numel, storage->dtype->native, size);
      g_clear_pointer (&storage->storage, esp_storage_unref);
      return FALSE;
    }
  if (found > size)
    self->warn (g_strdup_printf (_ ("Storage “%s” has %" PRIu64 " bytes, more than the %" PRIu64
                                    " that it needs; PyTorch refuses this"),
                                 key, found, size),
                self->user_data);
  return TRUE;
}

const EspPytorchStorage *
esp_pytorch_storages_get (EspPytorchStorages *self,
                          const EspPickleValue *persistent,
                          gint64 *offset,
                          GError **error)
{
  const EspPytorchDtype *dtype;
  EspPytorchStorage *storage;
  EspPytorchStorageId id;

  if (!esp_pytorch_storage_id_parse (persistent, &id, error))
    return NULL;
  if (offset != NULL)
    *offset = id.view_offset;
  dtype = esp_pytorch_dtype_from_storage (id.class_name);
  storage = g_hash_table_lookup (self->by_key, id.key);
  if (storage != NULL)
    {
      if (dtype != storage->dtype)
        {
          g_autofree char *key = g_utf8_make_valid (id.key, -1);

          self->warn (g_strdup_printf (_ ("Storage “%s” is referred to with two data types; as in "
                                          "PyTorch, the first one counts"),
                                       key),
                      self->user_data);
        }
      return storage;
    }
  storage = g_new0 (EspPytorchStorage, 1);
  storage->dtype = dtype;
  if (!open_storage (self, &id, storage, &storage->error))
    g_assert (storage->error != NULL);
  g_hash_table_insert (self->by_key, g_strdup (id.key), storage);
  return storage;
}

void
esp_pytorch_storages_take_warning (EspPytorchStorages *self, char *warning)
{
  self->warn (warning, self->user_data);
}
