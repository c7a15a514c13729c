/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Bytes with a checksum. Biases, norms and small kernels, most of the names of a checkpoint, are
 * checked without anybody asking for it; the first read of one reads it whole. */

#include "config.h"

#include "esp-tf-checked.h"

#include "esp-crc32c.h"
#include "esp-error.h"

#include <glib/gi18n.h>
#include <string.h>

#define CHECKED_MAX ((guint64) 1024 * 1024)

enum
{
  UNKNOWN,
  GOOD,
  BAD,
};

typedef struct
{
  EspStorage *stored;
  guint32 crc;
  guint32 found; /* set before the state is BAD */
  gint state;    /* atomic */
} Checked;

static void
checked_free (gpointer data)
{
  Checked *self = data;

  esp_storage_unref (self->stored);
  g_free (self);
}

static EspStorage *
checked_get_stored (gpointer data)
{
  return ((Checked *) data)->stored;
}

static gboolean
check (Checked *self, guint8 *bytes, GCancellable *cancellable, GError **error)
{
  gsize size = (gsize) esp_storage_get_size (self->stored);

  if (!esp_storage_read (self->stored, 0, size, bytes, cancellable, error))
    return FALSE;
  self->found = esp_crc32c_mask (esp_crc32c (0, bytes, size));
  g_atomic_int_set (&self->state, self->found == self->crc ? GOOD : BAD);
  return TRUE;
}

static gboolean
checked_read (gpointer data,
              guint64 offset,
              gsize length,
              void *buffer,
              GCancellable *cancellable,
              GError **error)
{
  Checked *self = data;
  g_autofree guint8 *bytes = NULL;

  if (g_atomic_int_get (&self->state) == UNKNOWN)
    {
      bytes = g_malloc ((gsize) esp_storage_get_size (self->stored));
      if (!check (self, bytes, cancellable, error))
        return FALSE;
    }
  if (g_atomic_int_get (&self->state) == BAD)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("its checksum is %08x, but its bytes have %08x"), self->crc, self->found);
      return FALSE;
    }
  if (bytes == NULL)
    return esp_storage_read (self->stored, offset, length, buffer, cancellable, error);
  memcpy (buffer, bytes + offset, length);
  return TRUE;
}

static const EspStorageFuncs checked_funcs = { checked_read, checked_free, checked_get_stored };

EspStorage *
esp_tf_checked_new (EspStorage *stored, guint32 crc)
{
  guint64 size = esp_storage_get_size (stored);
  Checked *self;

  if (size > CHECKED_MAX || size == 0)
    return esp_storage_ref (stored);
  self = g_new0 (Checked, 1);
  self->stored = esp_storage_ref (stored);
  self->crc = crc;
  return esp_storage_new (&checked_funcs, self, esp_storage_get_id (stored), size);
}
