/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of the archives of torch.export (.pt2).
 *
 *   T/archive_format                             "pt2"
 *   T/models/NAME.json                           the program; nodes know the modules they come from
 *   T/data/weights/NAME_weights_config.json      the tensors (esp-torch-export-config.c)
 *   T/data/weights/FILE                          bytes of a storage; tied tensors have the same
 * file T/data/constants/NAME_constants_config.json  and these, likewise
 *
 * PyTorch numbers its data types in the order in which it learned of them. */

#include "config.h"

#include "esp-torch-export.h"

#include "esp-error.h"
#include "esp-hash.h"
#include "esp-json.h"
#include "esp-limits.h"
#include "esp-pytorch-archive.h"
#include "esp-pytorch-dtype.h"
#include "esp-pytorch-result.h"
#include "esp-torch-export-config.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define FORMAT_MEMBER "archive_format"
#define WEIGHTS "data/weights/"
#define WEIGHTS_CONFIG "_weights_config.json"
#define CONSTANTS "data/constants/"
#define CONSTANTS_CONFIG "_constants_config.json"
#define MODELS "models/"
#define STRIDED 7

typedef struct
{
  EspPytorchArchive archive;
  EspPytorchResult result;
  EspTensorFlags flags;
  GHashTable *storages; /* member below the folder -> EspStorage */
  GHashTable *modules;  /* "path,name,class" that were seen */
  /* of the configuration that is read */
  const char *folder;
  EspRole role; /* of what is no parameter */
} Reader;

static const EspPytorchDtype *
get_dtype (guint64 number)
{
  static const char *const names[] = {
    [1] = "uint8",
    [2] = "int8",
    [3] = "int16",
    [4] = "int32",
    [5] = "int64",
    [6] = "float16",
    [7] = "float32",
    [8] = "float64",
    [9] = "complex32",
    [10] = "complex64",
    [11] = "complex128",
    [12] = "bool",
    [13] = "bfloat16",
    [28] = "uint16",
    [29] = "float8_e4m3fn",
    [30] = "float8_e5m2",
    [31] = "float8_e4m3fnuz",
    [32] = "float8_e5m2fnuz",
    [33] = "float8_e8m0fnu",
    [34] = "uint32",
    [35] = "uint64",
  };

  return number < G_N_ELEMENTS (names) && names[number] != NULL
             ? esp_pytorch_dtype_from_name (names[number])
             : NULL;
}

static gboolean
fail (GError **error, int code, const char *message)
{
  g_set_error_literal (error, ESP_FORMAT_ERROR, code, message);
  return FALSE;
}

/* borrowed */
static EspStorage *
get_storage (Reader *self, const char *member, GError **error)
{
  g_autofree char *path = g_strconcat (self->folder, member, NULL);
  EspStorage *storage = g_hash_table_lookup (self->storages, path);

  if (storage != NULL)
    return storage;
  storage = esp_pytorch_archive_open_storage (&self->archive, "", path, error);
  if (storage != NULL)
    g_hash_table_insert (self->storages, g_steal_pointer (&path), storage);
  return storage;
}

static EspTensor *
make_tensor (Reader *self,
             const EspTorchExportEntry *entry,
             const EspPytorchDtype *dtype,
             GError **error)
{
  EspStorage *storage;
  gboolean good = TRUE;

  if (entry->is_pickled)
    good = fail (error, ESP_FORMAT_ERROR_UNSUPPORTED,
                 _ ("its values lie in a pickle of their own, which can’t be read yet"));
  else if (entry->is_symbolic)
    good = fail (error, ESP_FORMAT_ERROR_UNSUPPORTED, _ ("its sizes are no numbers"));
  else if (entry->member == NULL)
    good = fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("the storage is missing"));
  else if (entry->layout != STRIDED)
    good = fail (error, ESP_FORMAT_ERROR_UNSUPPORTED, _ ("its layout can’t be read"));
  else if (dtype == NULL)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                   _ ("number %" PRIu64 " is no data type that can be read"), entry->dtype);
      good = FALSE;
    }
  else if (entry->n_sizes != entry->n_strides)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("it has %u sizes and %u strides"), entry->n_sizes, entry->n_strides);
      good = FALSE;
    }
  storage = good ? get_storage (self, entry->member, error) : NULL;
  if (storage == NULL)
    return NULL;
  return esp_tensor_new (dtype->dtype, dtype->native, entry->shape, entry->n_sizes, entry->strides,
                         entry->offset, self->flags, storage, error);
}

static gboolean
add_entry (const EspTorchExportEntry *entry, gpointer user_data, GError **error)
{
  Reader *self = user_data;
  const char *const keys[] = { entry->name, NULL };
  const EspPytorchDtype *dtype = get_dtype (entry->dtype);
  GError *failure = NULL;
  g_autoptr (EspTensor) tensor = make_tensor (self, entry, dtype, &failure);

  if (g_cancellable_set_error_if_cancelled (self->archive.cancellable, error))
    {
      g_clear_error (&failure);
      return FALSE;
    }
  if (tensor == NULL)
    {
      esp_pytorch_result_take_warning (
          g_strdup_printf (_ ("“%s” can’t be read: %s"), entry->name, failure->message),
          &self->result);
      tensor = esp_tensor_new_unreadable (dtype != NULL ? dtype->dtype : ESP_DTYPE_INVALID,
                                          dtype != NULL ? dtype->native : "", entry->shape,
                                          entry->is_symbolic ? 0 : entry->n_sizes, failure);
    }
  return esp_tree_builder_put_tensor (self->result.builder, keys, NULL,
                                      entry->is_parameter ? ESP_ROLE_PARAMETER : self->role,
                                      entry->requires_grad, tensor, error);
}

/* "path,name,class;path,name,class": the modules around one node of the program */
static gboolean
add_modules (Reader *self, const char *text, GError **error)
{
  g_auto (GStrv) modules = g_strsplit (text, ";", ESP_LIMIT_MODULE_DEPTH);

  for (guint i = 0; modules[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (modules[i], ",", 3);
      const char *keys[] = { NULL, NULL };

      if (g_strv_length (parts) != 3 || !g_hash_table_add (self->modules, g_strdup (modules[i])))
        continue;
      /* a module that is called again is numbered: "0@1" */
      parts[1][strcspn (parts[1], "@")] = '\0';
      keys[0] = *parts[1] != '\0' ? parts[1] : NULL;
      if (esp_tree_builder_add_module (self->result.builder, keys, parts[2], error) == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_program (Reader *self, const char *name, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EspJsonReader) json = NULL;
  EspJsonToken token;
  gsize size;
  const char *text;

  bytes = esp_pytorch_archive_read (&self->archive, name, ESP_LIMIT_JSON_BYTES, error);
  if (bytes == NULL)
    return FALSE;
  text = g_bytes_get_data (bytes, &size);
  json = esp_json_reader_new (text, size, name);
  while ((token = esp_json_reader_next (json, error)) != ESP_JSON_END)
    {
      g_autofree char *value = NULL;

      if (token == ESP_JSON_ERROR)
        return FALSE;
      if (token != ESP_JSON_KEY || !esp_json_reader_is_text (json, "nn_module_stack"))
        continue;
      if (esp_json_reader_next (json, error) != ESP_JSON_STRING)
        return error == NULL || *error == NULL;
      value = g_strdup (esp_json_reader_get_text (json, NULL));
      if (!add_modules (self, value, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_config (Reader *self, const char *name, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  gsize size;
  const char *text;

  bytes = esp_pytorch_archive_read (&self->archive, name, ESP_LIMIT_JSON_BYTES, error);
  if (bytes == NULL)
    return FALSE;
  text = g_bytes_get_data (bytes, &size);
  return esp_torch_export_config_read (text, size, name, add_entry, self, error);
}

static gboolean
read_member (Reader *self, const char *name, GError **error)
{
  if (g_str_has_prefix (name, WEIGHTS) && g_str_has_suffix (name, WEIGHTS_CONFIG))
    {
      self->folder = WEIGHTS;
      self->role = ESP_ROLE_BUFFER;
      return read_config (self, name, error);
    }
  if (g_str_has_prefix (name, CONSTANTS) && g_str_has_suffix (name, CONSTANTS_CONFIG))
    {
      self->folder = CONSTANTS;
      self->role = ESP_ROLE_OTHER;
      return read_config (self, name, error);
    }
  if (g_str_has_prefix (name, MODELS) && g_str_has_suffix (name, ".json"))
    return read_program (self, name, error);
  return TRUE;
}

static gboolean
read_all (Reader *self, GError **error)
{
  guint n = esp_zip_get_n_members (self->archive.zip);
  gsize length = strlen (self->archive.folder);

  if (!esp_pytorch_archive_read_byte_order (&self->archive, &self->flags, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      const char *name = esp_zip_get_member (self->archive.zip, i)->name;

      if (strncmp (name, self->archive.folder, length) == 0 &&
          !read_member (self, name + length, error))
        return FALSE;
    }
  return TRUE;
}

static EspCheckpoint *
export_read (const EspProbe *probe,
             EspProgressFunc progress,
             gpointer user_data,
             GCancellable *cancellable,
             GError **error)
{
  EspCheckpoint *checkpoint = NULL;
  Reader self = { 0 };
  gboolean found = esp_pytorch_archive_init (&self.archive, probe->zip, FORMAT_MEMBER, cancellable);

  g_return_val_if_fail (found, NULL);
  esp_pytorch_result_init (&self.result, cancellable);
  self.storages = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free,
                                         (GDestroyNotify) esp_storage_unref);
  self.modules = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, NULL);
  if (read_all (&self, error))
    checkpoint = esp_pytorch_result_finish (&self.result, esp_format_torch_export.name, error);
  g_hash_table_unref (self.modules);
  g_hash_table_unref (self.storages);
  esp_pytorch_result_clear (&self.result);
  esp_pytorch_archive_clear (&self.archive);
  return checkpoint;
}

static gboolean
export_probe (const EspProbe *probe)
{
  EspPytorchArchive archive;
  g_autofree char *format = NULL;

  if (!esp_pytorch_archive_init (&archive, probe->zip, FORMAT_MEMBER, NULL))
    return FALSE;
  format = esp_pytorch_archive_read_text (&archive, FORMAT_MEMBER, NULL);
  esp_pytorch_archive_clear (&archive);
  return g_strcmp0 (format, "pt2") == 0;
}

static const char *const suffixes[] = { "pt2", NULL };

const EspFormat esp_format_torch_export = {
  .name = "torch-export-pt2",
  .title = "PyTorch export",
  .suffixes = suffixes,
  .probe = export_probe,
  .read = export_read,
};
