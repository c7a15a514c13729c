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
#include "esp-pytorch-tensors.h"
#include "esp-pytorch-walk.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define PICKLE_MEMBER "data.pkl"
#define WARNINGS_MAX 1000
/* of the small members beside the pickle */
#define TEXT_MAX 64

typedef struct
{
  EspZip *zip;
  char *folder; /* owned, with the slash */
  EspPickle *pickle;
  EspPytorchStorages *storages;
  EspTreeBuilder *builder;
  GPtrArray *metadata; /* key, value, key, value, ... */
  GPtrArray *warnings;
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
  Reader *self = user_data;

  if (self->warnings->len < WARNINGS_MAX)
    g_ptr_array_add (self->warnings, warning);
  else
    g_free (warning);
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

static void
add_report (EspCheckpoint *checkpoint, EspPickle *pickle)
{
  guint n_names = esp_pickle_get_n_names (pickle);
  guint n_refused = esp_pickle_get_n_refused (pickle);
  guint64 n_unlisted = esp_pickle_get_n_unlisted (pickle);

  for (guint i = 0; i < n_names; i++)
    esp_checkpoint_add_pickle_global (checkpoint, esp_pickle_get_name (pickle, i)->full);
  for (guint i = 0; i < n_refused; i++)
    esp_checkpoint_add_pickle_refused (checkpoint, esp_pickle_get_refused (pickle, i));
  if (n_unlisted > 0)
    esp_checkpoint_add_warning (checkpoint,
                                ngettext ("%" PRIu64 " more call that was not made isn’t listed",
                                          "%" PRIu64 " more calls that were not made aren’t listed",
                                          n_unlisted),
                                n_unlisted);
}

static EspCheckpoint *
make_checkpoint (Reader *self, EspTree *tree)
{
  EspCheckpoint *checkpoint = esp_checkpoint_new (esp_format_pytorch_zip.name, tree);

  esp_checkpoint_set_producer (checkpoint, "torch");
  for (guint i = 0; i + 1 < self->metadata->len; i += 2)
    esp_checkpoint_add_metadata (checkpoint, self->metadata->pdata[i],
                                 self->metadata->pdata[i + 1]);
  for (guint i = 0; i < self->warnings->len; i++)
    esp_checkpoint_add_warning (checkpoint, "%s", (const char *) self->warnings->pdata[i]);
  add_report (checkpoint, self->pickle);
  return checkpoint;
}

static EspTree *
build_tree (Reader *self, GError **error)
{
  g_autoptr (EspPytorchTensors)
      tensors = esp_pytorch_tensors_new (self->pickle, self->storages, self->cancellable);

  if (!esp_pytorch_walk (self->pickle, tensors, self->builder, self->metadata, self->warnings,
                         self->cancellable, error))
    return NULL;
  /* storages that couldn't be opened because of that are no broken ones */
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return NULL;
  return esp_tree_builder_finish (self->builder, error);
}

static EspCheckpoint *
read_all (Reader *self, EspProgressFunc progress, gpointer user_data, GError **error)
{
  g_autoptr (EspTree) tree = NULL;
  EspTensorFlags flags;

  if (!read_pickle (self, error) || !read_byte_order (self, &flags, error))
    return NULL;
  check_version (self);
  if (progress != NULL)
    progress (0.5, user_data);
  self->storages = esp_pytorch_storages_new (open_storage, take_warning, self, flags);
  tree = build_tree (self, error);
  return tree != NULL ? make_checkpoint (self, tree) : NULL;
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
  self.builder = esp_tree_builder_new (".");
  self.metadata = g_ptr_array_new_with_free_func (g_free);
  self.warnings = g_ptr_array_new_with_free_func (g_free);
  checkpoint = read_all (&self, progress, user_data, error);
  g_clear_pointer (&self.storages, esp_pytorch_storages_free);
  g_clear_pointer (&self.pickle, esp_pickle_unref);
  esp_tree_builder_free (self.builder);
  g_ptr_array_unref (self.metadata);
  g_ptr_array_unref (self.warnings);
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
