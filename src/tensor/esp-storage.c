/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A run of bytes behind one face, whatever they come from: a range of a source, bytes in memory, or
 * a codec that a format brings. A storage is one per memory, so that two tensors are tied exactly
 * if they hold the same one. Nothing is read until someone asks.
 */

#include "esp-storage.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-check.h"
#include "esp-error.h"
#include "esp-source.h"

struct _EspStorage
{
  gatomicrefcount ref_count;

  /* owned */
  const EspStorageFuncs *funcs;
  gpointer data;
  char *id;

  guint64 size;
  gint64 file_offset;
  const guint8 *bytes; /* in data, or NULL */
};

static gboolean
read_bytes (gpointer data,
            guint64 offset,
            gsize length,
            void *buffer,
            GCancellable *cancellable,
            GError **error)
{
  memcpy (buffer, (const guint8 *) g_bytes_get_data (data, NULL) + offset, length);
  return TRUE;
}

static const EspStorageFuncs bytes_funcs = { read_bytes, (void (*) (gpointer)) g_bytes_unref };

typedef struct
{
  EspSource *source;
  guint64 offset;
} SourceRange;

static gboolean
read_source (gpointer data,
             guint64 offset,
             gsize length,
             void *buffer,
             GCancellable *cancellable,
             GError **error)
{
  SourceRange *range = data;

  return esp_source_read (range->source, range->offset + offset, length, buffer, cancellable,
                          error);
}

static void
free_source (gpointer data)
{
  SourceRange *range = data;

  esp_source_unref (range->source);
  g_free (range);
}

static const EspStorageFuncs source_funcs = { read_source, free_source };

EspStorage *
esp_storage_new (const EspStorageFuncs *funcs, gpointer data, const char *id, guint64 size)
{
  EspStorage *self;

  g_return_val_if_fail (funcs != NULL && funcs->read != NULL, NULL);

  self = g_new0 (EspStorage, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->funcs = funcs;
  self->data = data;
  self->id = g_strdup (id != NULL ? id : "");
  self->size = size;
  self->file_offset = -1;
  return self;
}

EspStorage *
esp_storage_new_for_source (EspSource *source, guint64 offset, guint64 size, const char *id)
{
  SourceRange *range;
  EspStorage *self;

  g_return_val_if_fail (source != NULL, NULL);
  g_return_val_if_fail (esp_range_fits (offset, size, esp_source_get_size (source)), NULL);

  range = g_new (SourceRange, 1);
  range->source = esp_source_ref (source);
  range->offset = offset;
  self = esp_storage_new (&source_funcs, range, id, size);
  self->file_offset = esp_source_get_file_offset (source, offset);
  return self;
}

EspStorage *
esp_storage_new_for_bytes (GBytes *bytes, const char *id)
{
  EspStorage *self;

  g_return_val_if_fail (bytes != NULL, NULL);

  self = esp_storage_new (&bytes_funcs, g_bytes_ref (bytes), id, g_bytes_get_size (bytes));
  self->bytes = g_bytes_get_data (bytes, NULL);
  return self;
}

EspStorage *
esp_storage_ref (EspStorage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
esp_storage_unref (EspStorage *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  if (self->funcs->free != NULL)
    self->funcs->free (self->data);
  g_free (self->id);
  g_free (self);
}

const char *
esp_storage_get_id (EspStorage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->id;
}

guint64
esp_storage_get_size (EspStorage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->size;
}

gint64
esp_storage_get_file_offset (EspStorage *self)
{
  g_return_val_if_fail (self != NULL, -1);

  return self->file_offset;
}

const guint8 *
esp_storage_peek (EspStorage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->bytes;
}

gboolean
esp_storage_read (EspStorage *self,
                  guint64 offset,
                  gsize length,
                  void *buffer,
                  GCancellable *cancellable,
                  GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (buffer != NULL || length == 0, FALSE);

  if (!esp_range_fits (offset, length, self->size))
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                   _ ("Storage “%s”: %llu bytes were wanted at byte %llu of %llu"), self->id,
                   (unsigned long long) length, (unsigned long long) offset,
                   (unsigned long long) self->size);
      return FALSE;
    }
  if (length == 0)
    return TRUE;
  return self->funcs->read (self->data, offset, length, buffer, cancellable, error);
}
