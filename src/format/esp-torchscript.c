/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of TorchScript archives.
 *
 *   T/data.pkl        the modules: objects of classes in the code, all parts in one dict
 *   T/data/KEY        bytes of their storages
 *   T/code/...py      the classes; never run, but they say what is a parameter
 * (esp-torchscript-code) T/constants.pkl   what the code names CONSTANTS.c0, ...: a tuple
 *   T/constants/KEY   bytes of their storages
 *   T/extra/NAME      texts of the user's
 *
 * Freezing a model makes constants of all its weights. Those have no names; they are numbered in
 * the order of PyTorch's graph, which puts each new constant in front of the others. */

#include "config.h"

#include "esp-torchscript.h"

#include "esp-pytorch-archive.h"
#include "esp-pytorch-result.h"
#include "esp-pytorch-tensors.h"

#include <glib/gi18n.h>
#include <string.h>

#define PICKLE_MEMBER "data.pkl"
#define CONSTANTS_MEMBER "constants.pkl"
#define EXTRA_FOLDER "extra/"
#define EXTRAS_MAX 100
#define EXTRA_BYTES 65536
#define METADATA_MAX 2000

typedef struct
{
  EspPytorchArchive archive;
  EspPytorchResult result;
  guint n_storages; /* of the modules */
} Reader;

static void
take_warning (char *warning, gpointer user_data)
{
  esp_pytorch_result_take_warning (warning, &((Reader *) user_data)->result);
}

static EspStorage *
open_storage (const char *key, guint64 size, gpointer user_data, GError **error)
{
  Reader *self = user_data;

  self->n_storages++;
  return esp_pytorch_archive_open_storage (&self->archive, "data/", key, error);
}

static EspStorage *
open_constant (const char *key, guint64 size, gpointer user_data, GError **error)
{
  return esp_pytorch_archive_open_storage (&((Reader *) user_data)->archive, "constants/", key,
                                           error);
}

static gboolean
read_modules (Reader *self, EspTensorFlags flags, GError **error)
{
  g_autoptr (EspTorchscriptCode) code = esp_torchscript_code_new (&self->archive);
  g_autoptr (EspPytorchStorages) storages = NULL;
  g_autoptr (EspPickle) pickle = NULL;

  pickle = esp_pytorch_archive_read_pickle (&self->archive, PICKLE_MEMBER, error);
  if (pickle == NULL)
    return FALSE;
  storages = esp_pytorch_storages_new (open_storage, take_warning, self, flags);
  return esp_pytorch_result_walk (&self->result, pickle, storages, code, error);
}

static gboolean
add_constant (Reader *self, const char *name, const EspPytorchTensor *tensor, GError **error)
{
  const char *const keys[] = { name, NULL };
  const GError *failure = esp_tensor_get_error (tensor->tensor);

  if (failure != NULL)
    take_warning (g_strdup_printf (_ ("“%s” can’t be read: %s"), name, failure->message), self);
  return esp_tree_builder_put_tensor (self->result.builder, keys, NULL, ESP_ROLE_PARAMETER,
                                      tensor->requires_grad, tensor->tensor, error);
}

static void
note_constant (Reader *self, guint index, const EspPickleValue *value)
{
  if (self->result.metadata->len < 2 * METADATA_MAX)
    esp_pytorch_result_take_metadata (&self->result, g_strdup_printf ("CONSTANTS.c%u", index),
                                      esp_pickle_value_to_text (value, 200));
}

/* tensors of a frozen model are its weights; those of any other are a part of its code */
static gboolean
add_constants (Reader *self, EspPickle *pickle, EspPytorchStorages *storages, GError **error)
{
  const EspPickleValue *root = esp_pickle_get_root (pickle);
  g_autoptr (EspPytorchTensors)
      tensors = esp_pytorch_tensors_new (pickle, storages, self->archive.cancellable);
  guint n = root->kind == ESP_PICKLE_TUPLE ? root->items.n : 0;
  guint n_tensors = 0;

  for (guint i = 0; i < n; i++)
    n_tensors += esp_pytorch_value_is_tensor (root->items.items[i]);
  for (guint i = 0; i < n; i++)
    {
      const EspPickleValue *value = root->items.items[i];
      g_autofree char *name = NULL;

      if (!esp_pytorch_value_is_tensor (value) || self->n_storages > 0)
        {
          note_constant (self, i, value);
          continue;
        }
      name = g_strdup_printf ("%u", --n_tensors);
      if (!add_constant (self, name, esp_pytorch_tensors_get (tensors, value), error))
        return FALSE;
    }
  return !g_cancellable_set_error_if_cancelled (self->archive.cancellable, error);
}

static gboolean
read_constants (Reader *self, EspTensorFlags flags, GError **error)
{
  g_autoptr (EspPytorchStorages) storages = NULL;
  g_autoptr (EspPickle) pickle = NULL;

  pickle = esp_pytorch_archive_read_pickle (&self->archive, CONSTANTS_MEMBER, error);
  if (pickle == NULL)
    return FALSE;
  esp_pytorch_result_add_pickle (&self->result, pickle);
  storages = esp_pytorch_storages_new (open_constant, take_warning, self, flags);
  return add_constants (self, pickle, storages, error);
}

/* extra/NAME becomes metadata */
static void
read_extras (Reader *self)
{
  g_autofree char *prefix = g_strconcat (self->archive.folder, EXTRA_FOLDER, NULL);
  guint n = esp_zip_get_n_members (self->archive.zip);
  guint n_extras = 0;

  for (guint i = 0; i < n && n_extras < EXTRAS_MAX; i++)
    {
      const char *name = esp_zip_get_member (self->archive.zip, i)->name;
      g_autoptr (GBytes) bytes = NULL;

      if (!g_str_has_prefix (name, prefix))
        continue;
      n_extras++;
      name += strlen (self->archive.folder);
      bytes = esp_pytorch_archive_read (&self->archive, name, EXTRA_BYTES, NULL);
      if (bytes != NULL)
        esp_pytorch_result_take_metadata (
            &self->result, g_strdup (name),
            g_utf8_make_valid (g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes)));
    }
}

static EspCheckpoint *
read_all (Reader *self, EspProgressFunc progress, gpointer user_data, GError **error)
{
  EspTensorFlags flags;

  if (!esp_pytorch_archive_read_byte_order (&self->archive, &flags, error) ||
      !read_modules (self, flags, error))
    return NULL;
  if (progress != NULL)
    progress (0.5, user_data);
  if (!read_constants (self, flags, error))
    return NULL;
  read_extras (self);
  return esp_pytorch_result_finish (&self->result, esp_format_torchscript.name, error);
}

static EspCheckpoint *
torchscript_read (const EspProbe *probe,
                  EspProgressFunc progress,
                  gpointer user_data,
                  GCancellable *cancellable,
                  GError **error)
{
  EspCheckpoint *checkpoint;
  Reader self = { 0 };
  gboolean found = esp_pytorch_archive_init (&self.archive, probe->zip, PICKLE_MEMBER, cancellable);

  g_return_val_if_fail (found, NULL);
  esp_pytorch_result_init (&self.result, cancellable);
  checkpoint = read_all (&self, progress, user_data, error);
  esp_pytorch_result_clear (&self.result);
  esp_pytorch_archive_clear (&self.archive);
  return checkpoint;
}

static gboolean
torchscript_probe (const EspProbe *probe)
{
  EspPytorchArchive archive;
  gboolean is_one;

  if (!esp_pytorch_archive_init (&archive, probe->zip, PICKLE_MEMBER, NULL))
    return FALSE;
  is_one = esp_pytorch_archive_find (&archive, CONSTANTS_MEMBER) != NULL;
  esp_pytorch_archive_clear (&archive);
  return is_one;
}

static const char *const suffixes[] = { "pt", "pth", "ptl", "torchscript", NULL };

const EspFormat esp_format_torchscript = {
  .name = "torchscript",
  .title = "TorchScript",
  .suffixes = suffixes,
  .probe = torchscript_probe,
  .read = torchscript_read,
};
