/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of torch.save's zip files. In: an archive of any size, whose pickle has some hundred
 * bytes per tensor. Out: a checkpoint whose tensors are ranges of the members.
 *
 *   T/data.pkl      the object; tensors refer to storages by key
 *   T/data/KEY      bytes of a storage, as a rule stored and not deflated
 *   T/byteorder     "little" (or missing) or "big"
 *   T/version       "3\n"
 *
 * T is the one folder at the top. Nothing in the pickle is run: see esp-pickle.h. */

#include "config.h"

#include "esp-pytorch.h"

#include "esp-pytorch-archive.h"
#include "esp-pytorch-result.h"
#include "esp-pytorch-write.h"

#include <glib/gi18n.h>

#define PICKLE_MEMBER "data.pkl"

typedef struct
{
  EspPytorchArchive archive;
  EspPytorchResult result;
} Reader;

static void
take_warning (char *warning, gpointer user_data)
{
  esp_pytorch_result_take_warning (warning, &((Reader *) user_data)->result);
}

static EspStorage *
open_storage (const char *key, guint64 size, gpointer user_data, GError **error)
{
  return esp_pytorch_archive_open_storage (&((Reader *) user_data)->archive, "data/", key, error);
}

/* PyTorch wants a version; we read without */
static void
check_version (Reader *self)
{
  g_autofree char *text = esp_pytorch_archive_read_text (&self->archive, "version", NULL);
  gint64 version;

  if (text == NULL)
    take_warning (g_strdup (_ ("The archive has no member “version”; PyTorch refuses this")), self);
  else if (!g_ascii_string_to_signed (text, 10, 1, 10, &version, NULL))
    {
      g_autofree char *shown = g_utf8_make_valid (text, -1);

      take_warning (g_strdup_printf (_ ("“%s” is no version of the format that is known"), shown),
                    self);
    }
}

static EspCheckpoint *
read_all (Reader *self, EspProgressFunc progress, gpointer user_data, GError **error)
{
  g_autoptr (EspPickle) pickle = NULL;
  g_autoptr (EspPytorchStorages) storages = NULL;
  EspTensorFlags flags;

  pickle = esp_pytorch_archive_read_pickle (&self->archive, PICKLE_MEMBER, error);
  if (pickle == NULL || !esp_pytorch_archive_read_byte_order (&self->archive, &flags, error))
    return NULL;
  check_version (self);
  if (progress != NULL)
    progress (0.5, user_data);
  storages = esp_pytorch_storages_new (open_storage, take_warning, self, flags);
  if (!esp_pytorch_result_walk (&self->result, pickle, storages, NULL, error))
    return NULL;
  return esp_pytorch_result_finish (&self->result, esp_format_pytorch_zip.name, error);
}

static EspCheckpoint *
pytorch_read (const EspProbe *probe,
              EspProgressFunc progress,
              gpointer user_data,
              GCancellable *cancellable,
              GError **error)
{
  EspCheckpoint *checkpoint;
  Reader self;
  gboolean found = esp_pytorch_archive_init (&self.archive, probe->zip, PICKLE_MEMBER, cancellable);

  g_return_val_if_fail (found, NULL);
  if (probe->is_shard)
    self.archive.shard = probe->path;
  esp_pytorch_result_init (&self.result, cancellable);
  checkpoint = read_all (&self, progress, user_data, error);
  esp_pytorch_result_clear (&self.result);
  esp_pytorch_archive_clear (&self.archive);
  return checkpoint;
}

/* a pickle in a folder at the top; TorchScript has constants.pkl beside it, torch.export names
 * itself */
static gboolean
pytorch_probe (const EspProbe *probe)
{
  EspPytorchArchive archive;
  gboolean is_one;

  if (!esp_pytorch_archive_init (&archive, probe->zip, PICKLE_MEMBER, NULL))
    return FALSE;
  is_one = esp_pytorch_archive_find (&archive, "constants.pkl") == NULL &&
           esp_pytorch_archive_find (&archive, "archive_format") == NULL;
  esp_pytorch_archive_clear (&archive);
  return is_one;
}

static const char *const suffixes[] = { "pt", "pth", "bin", "ckpt", NULL };

const EspFormat esp_format_pytorch_zip = {
  .name = "pytorch-zip",
  .title = "PyTorch",
  .suffixes = suffixes,
  .probe = pytorch_probe,
  .read = pytorch_read,
  .write = esp_pytorch_write,
};
