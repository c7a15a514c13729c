/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the archives of PyTorch have in common: one folder at the top, small members of text,
 * pickles, and one member per storage. Members may be deflated, though PyTorch stores them. */

#include "config.h"

#include "esp-pytorch-archive.h"

#include "esp-error.h"
#include "esp-limits.h"

#include <glib/gi18n.h>
#include <string.h>

/* of the small members */
#define TEXT_MAX 64

/* PyTorch goes by the first member */
gboolean
esp_pytorch_archive_init (EspPytorchArchive *self,
                          EspZip *zip,
                          const char *member,
                          GCancellable *cancellable)
{
  guint n = zip != NULL ? esp_zip_get_n_members (zip) : 0;

  self->zip = zip;
  self->folder = NULL;
  self->cancellable = cancellable;
  self->shard = NULL;
  for (guint i = 0; i < n && self->folder == NULL; i++)
    {
      const char *name = esp_zip_get_member (zip, i)->name;
      const char *slash = strchr (name, '/');

      if (slash != NULL && strcmp (slash + 1, member) == 0)
        self->folder = g_strndup (name, (gsize) (slash + 1 - name));
    }
  return self->folder != NULL;
}

void
esp_pytorch_archive_clear (EspPytorchArchive *self)
{
  g_clear_pointer (&self->folder, g_free);
}

const EspZipMember *
esp_pytorch_archive_find (EspPytorchArchive *self, const char *name)
{
  g_autofree char *path = g_strconcat (self->folder, name, NULL);

  return esp_zip_find (self->zip, path);
}

static EspSource *
open_member (EspPytorchArchive *self, const char *name, GError **error)
{
  const EspZipMember *member = esp_pytorch_archive_find (self, name);
  g_autofree char *shown = NULL;

  if (member != NULL)
    return esp_zip_open_member (self->zip, member, self->cancellable, error);
  shown = g_utf8_make_valid (name, -1);
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("the archive has no member “%s%s”"), self->folder, shown);
  return NULL;
}

GBytes *
esp_pytorch_archive_read (EspPytorchArchive *self, const char *name, guint64 limit, GError **error)
{
  g_autoptr (EspSource) source = open_member (self, name, error);
  GBytes *bytes;

  if (source == NULL)
    return NULL;
  bytes = esp_source_read_bytes (source, 0, esp_source_get_size (source), limit, self->cancellable,
                                 error);
  if (bytes == NULL)
    g_prefix_error (error, "%s: ", name);
  return bytes;
}

char *
esp_pytorch_archive_read_text (EspPytorchArchive *self, const char *name, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  if (esp_pytorch_archive_find (self, name) == NULL)
    return NULL;
  bytes = esp_pytorch_archive_read (self, name, TEXT_MAX, error);
  if (bytes == NULL)
    return NULL;
  return g_strstrip (g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
}

gboolean
esp_pytorch_archive_read_byte_order (EspPytorchArchive *self, EspTensorFlags *flags, GError **error)
{
  GError *failure = NULL;
  g_autofree char *text = esp_pytorch_archive_read_text (self, "byteorder", &failure);

  *flags = 0;
  if (failure != NULL)
    {
      g_propagate_error (error, failure);
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

EspPickle *
esp_pytorch_archive_read_pickle (EspPytorchArchive *self, const char *name, GError **error)
{
  g_autoptr (GBytes) bytes = esp_pytorch_archive_read (self, name, ESP_LIMIT_PICKLE_BYTES, error);

  return bytes != NULL ? esp_pickle_new (bytes, 0, name, self->cancellable, error) : NULL;
}

EspStorage *
esp_pytorch_archive_open_storage (EspPytorchArchive *self,
                                  const char *prefix,
                                  const char *key,
                                  GError **error)
{
  g_autofree char *name = g_strconcat (prefix, key, NULL);
  g_autoptr (EspSource) source = open_member (self, name, error);
  g_autofree char *id = NULL;

  if (source == NULL)
    return NULL;
  if (self->shard != NULL)
    id = g_strconcat (self->shard, ":", key, NULL);
  return esp_storage_new_for_source (source, 0, esp_source_get_size (source),
                                     id != NULL ? id : key);
}
