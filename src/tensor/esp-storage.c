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

typedef enum
{
  KIND_SOURCE,
  KIND_BYTES,
  KIND_FUNCS,
} Kind;

/* a checkpoint may have a million of these, and short ids */
struct _EspStorage
{
  gatomicrefcount ref_count;
  Kind kind;

  /* owned */
  union
  {
    EspSource *source;
    GBytes *bytes;
    gpointer data;
  };
  union
  {
    guint64 offset;       /* in the source */
    const guint8 *memory; /* of the bytes */
    const EspStorageFuncs *funcs;
  };
  guint64 size;
  char id[];
};

static EspStorage *
storage_new (Kind kind, const char *id, guint64 size)
{
  gsize n = id != NULL ? strlen (id) : 0;
  EspStorage *self = g_malloc0 (offsetof (EspStorage, id) + n + 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->kind = kind;
  self->size = size;
  if (n > 0)
    memcpy (self->id, id, n);
  return self;
}

EspStorage *
esp_storage_new (const EspStorageFuncs *funcs, gpointer data, const char *id, guint64 size)
{
  EspStorage *self;

  g_return_val_if_fail (funcs != NULL && funcs->read != NULL, NULL);

  self = storage_new (KIND_FUNCS, id, size);
  self->data = data;
  self->funcs = funcs;
  return self;
}

EspStorage *
esp_storage_new_for_source (EspSource *source, guint64 offset, guint64 size, const char *id)
{
  EspStorage *self;

  g_return_val_if_fail (source != NULL, NULL);
  g_return_val_if_fail (esp_range_fits (offset, size, esp_source_get_size (source)), NULL);

  self = storage_new (KIND_SOURCE, id, size);
  self->source = esp_source_ref (source);
  self->offset = offset;
  return self;
}

EspStorage *
esp_storage_new_for_bytes (GBytes *bytes, const char *id)
{
  EspStorage *self;

  g_return_val_if_fail (bytes != NULL, NULL);

  self = storage_new (KIND_BYTES, id, g_bytes_get_size (bytes));
  self->bytes = g_bytes_ref (bytes);
  self->memory = g_bytes_get_data (bytes, NULL);
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
  if (self->kind == KIND_SOURCE)
    esp_source_unref (self->source);
  else if (self->kind == KIND_BYTES)
    g_bytes_unref (self->bytes);
  else if (self->funcs->free != NULL)
    self->funcs->free (self->data);
  g_free (self);
}

gboolean
esp_storage_is_sole (EspStorage *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return g_atomic_ref_count_compare (&self->ref_count, 1);
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

EspStorage *
esp_storage_get_stored (EspStorage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  while (self->kind == KIND_FUNCS && self->funcs->get_stored != NULL)
    self = self->funcs->get_stored (self->data);
  return self;
}

gpointer
esp_storage_get_codec (EspStorage *self, const EspStorageFuncs *funcs)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->kind == KIND_FUNCS && self->funcs == funcs ? self->data : NULL;
}

gboolean
esp_storage_is_stream (EspStorage *self)
{
  EspStorage *stored;

  g_return_val_if_fail (self != NULL, FALSE);

  stored = esp_storage_get_stored (self);
  if (stored->kind == KIND_FUNCS && stored->funcs->is_random)
    return FALSE;
  return esp_storage_peek (stored) == NULL && esp_storage_get_file_offset (stored) < 0;
}

gint64
esp_storage_get_file_offset (EspStorage *self)
{
  g_return_val_if_fail (self != NULL, -1);

  self = esp_storage_get_stored (self);
  return self->kind == KIND_SOURCE ? esp_source_get_file_offset (self->source, self->offset) : -1;
}

const guint8 *
esp_storage_peek (EspStorage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->kind == KIND_BYTES ? self->memory : NULL;
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
  switch (self->kind)
    {
    case KIND_SOURCE:
      return esp_source_read (self->source, self->offset + offset, length, buffer, cancellable,
                              error);
    case KIND_BYTES:
      memcpy (buffer, self->memory + offset, length);
      return TRUE;
    case KIND_FUNCS:
    default:
      return self->funcs->read (self->data, offset, length, buffer, cancellable, error);
    }
}
