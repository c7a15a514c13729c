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

#include "esp-error.h"
#include "esp-limits.h"
#include "esp-pytorch-result.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define PICKLE_MEMBER "data.pkl"
/* of the small members beside the pickle */
#define TEXT_MAX 64

typedef struct
{
  EspZip *zip;
  char *folder; /* owned, with the slash */
  EspPickle *pickle;
  EspPytorchResult result;
  GCancellable *cancellable;
} Reader;

/* The folder at the top that holds the pickle, with its slash; NULL if there is none. PyTorch goes
 * by the first member. */
static char *
find_folder (EspZip *zip)
{
  guint n = esp_zip_get_n_members (zip);

  for (guint i = 0; i < n; i++)
    {
      const char *name = esp_zip_get_member (zip, i)->name;
      const char *slash = strchr (name, '/');

      if (slash != NULL && strcmp (slash + 1, PICKLE_MEMBER) == 0)
        return g_strndup (name, (gsize) (slash + 1 - name));
    }
  return NULL;
}

static const EspZipMember *
find_member (EspZip *zip, const char *folder, const char *name)
{
  g_autofree char *path = g_strconcat (folder, name, NULL);

  return esp_zip_find (zip, path);
}

/* a small member as text without white space around it; NULL without an error if there is none */
static char *
read_text (Reader *self, const char *name, GError **error)
{
  const EspZipMember *member = find_member (self->zip, self->folder, name);
  g_autoptr (EspSource) source = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (member == NULL)
    return NULL;
  source = esp_zip_open_member (self->zip, member, self->cancellable, error);
  if (source == NULL)
    return NULL;
  bytes = esp_source_read_bytes (source, 0, esp_source_get_size (source), TEXT_MAX,
                                 self->cancellable, error);
  if (bytes == NULL)
    return NULL;
  return g_strstrip (g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
}

static void
take_warning (char *warning, gpointer user_data)
{
  esp_pytorch_result_take_warning (warning, &((Reader *) user_data)->result);
}

static EspStorage *
open_storage (const char *key, guint64 size, gpointer user_data, GError **error)
{
  Reader *self = user_data;
  g_autofree char *name = g_strconcat ("data/", key, NULL);
  const EspZipMember *member = find_member (self->zip, self->folder, name);
  g_autoptr (EspSource) source = NULL;

  if (member == NULL)
    {
      g_autofree char *shown = g_utf8_make_valid (name, -1);

      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("the archive has no member “%s%s” with its values"), self->folder, shown);
      return NULL;
    }
  source = esp_zip_open_member (self->zip, member, self->cancellable, error);
  if (source == NULL)
    return NULL;
  return esp_storage_new_for_source (source, 0, esp_source_get_size (source), key);
}

static gboolean
read_byte_order (Reader *self, EspTensorFlags *flags, GError **error)
{
  GError *failure = NULL;
  g_autofree char *text = read_text (self, "byteorder", &failure);

  *flags = 0;
  if (failure != NULL)
    {
      g_propagate_prefixed_error (error, failure, "byteorder: ");
      return FALSE;
    }
  if (text == NULL || strcmp (text, "little") == 0)
    return TRUE;
  if (strcmp (text, "big") == 0)
    {
      *flags = ESP_TENSOR_BIG_ENDIAN;
      return TRUE;
    }
  {
    g_autofree char *shown = g_utf8_make_valid (text, -1);

    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("byteorder should be “little” or “big”, but it is “%s”"), shown);
  }
  return FALSE;
}

/* PyTorch wants a version; we read without */
static void
check_version (Reader *self)
{
  g_autofree char *text = read_text (self, "version", NULL);
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

static gboolean
read_pickle (Reader *self, GError **error)
{
  const EspZipMember *member = find_member (self->zip, self->folder, PICKLE_MEMBER);
  g_autoptr (EspSource) source = esp_zip_open_member (self->zip, member, self->cancellable, error);
  g_autoptr (GBytes) bytes = NULL;

  if (source == NULL)
    return FALSE;
  bytes = esp_source_read_bytes (source, 0, esp_source_get_size (source), ESP_LIMIT_PICKLE_BYTES,
                                 self->cancellable, error);
  if (bytes == NULL)
    {
      g_prefix_error (error, "%s: ", PICKLE_MEMBER);
      return FALSE;
    }
  self->pickle = esp_pickle_new (bytes, 0, PICKLE_MEMBER, self->cancellable, error);
  return self->pickle != NULL;
}

static EspCheckpoint *
read_all (Reader *self, EspProgressFunc progress, gpointer user_data, GError **error)
{
  g_autoptr (EspPytorchStorages) storages = NULL;
  EspTensorFlags flags;

  if (!read_pickle (self, error) || !read_byte_order (self, &flags, error))
    return NULL;
  check_version (self);
  if (progress != NULL)
    progress (0.5, user_data);
  storages = esp_pytorch_storages_new (open_storage, take_warning, self, flags);
  if (!esp_pytorch_result_walk (&self->result, self->pickle, storages, error))
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
  Reader self = { .zip = probe->zip, .cancellable = cancellable };

  self.folder = find_folder (probe->zip);
  g_return_val_if_fail (self.folder != NULL, NULL);
  esp_pytorch_result_init (&self.result, cancellable);
  checkpoint = read_all (&self, progress, user_data, error);
  g_clear_pointer (&self.pickle, esp_pickle_unref);
  esp_pytorch_result_clear (&self.result);
  g_free (self.folder);
  return checkpoint;
}

/* a pickle in a folder at the top; TorchScript has constants.pkl beside it, torch.export names
 * itself */
static gboolean
pytorch_probe (const EspProbe *probe)
{
  g_autofree char *folder = NULL;

  if (probe->zip == NULL)
    return FALSE;
  folder = find_folder (probe->zip);
  return folder != NULL && find_member (probe->zip, folder, "constants.pkl") == NULL &&
         find_member (probe->zip, folder, "archive_format") == NULL;
}

static const char *const suffixes[] = { "pt", "pth", "bin", "ckpt", NULL };

const EspFormat esp_format_pytorch_zip = {
  .name = "pytorch-zip",
  .title = "PyTorch",
  .suffixes = suffixes,
  .probe = pytorch_probe,
  .read = pytorch_read,
};
