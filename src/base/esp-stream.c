/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A source read from front to back. The buffer is refilled by whole 64 KB, so a header of a hundred
 * thousand small numbers costs a few reads; what is longer than the buffer goes straight to the
 * caller.
 */

#include "config.h"

#include "esp-stream.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-error.h"
#include "esp-source.h"

void
esp_stream_init (EspStream *self, EspSource *source, GCancellable *cancellable)
{
  g_return_if_fail (source != NULL);

  self->source = source;
  self->cancellable = cancellable;
  self->big_endian = FALSE;
  self->position = self->start = 0;
  self->filled = 0;
}

guint64
esp_stream_get_remaining (EspStream *self)
{
  return esp_source_get_size (self->source) - self->position;
}

static gboolean
check (EspStream *self, guint64 length, GError **error)
{
  if (length <= esp_stream_get_remaining (self))
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
               _ ("%llu bytes wanted at offset %llu, but the file ends at %llu"),
               (unsigned long long) length, (unsigned long long) self->position,
               (unsigned long long) esp_source_get_size (self->source));
  return FALSE;
}

static gboolean
refill (EspStream *self, GError **error)
{
  gsize length = (gsize) MIN (sizeof self->buffer, esp_stream_get_remaining (self));

  self->filled = 0;
  if (!esp_source_read (self->source, self->position, length, self->buffer, self->cancellable,
                        error))
    return FALSE;
  self->start = self->position;
  self->filled = length;
  return TRUE;
}

gboolean
esp_stream_read (EspStream *self, void *out, gsize length, GError **error)
{
  guint8 *at = out;

  if (!check (self, length, error))
    return FALSE;
  while (length > 0)
    {
      guint64 offset = self->position - self->start;
      gsize there = offset < self->filled ? self->filled - (gsize) offset : 0, n;

      if (there == 0 && length >= sizeof self->buffer)
        {
          if (!esp_source_read (self->source, self->position, length, at, self->cancellable, error))
            return FALSE;
          self->position += length;
          return TRUE;
        }
      if (there == 0)
        {
          if (!refill (self, error))
            return FALSE;
          continue;
        }
      n = MIN (there, length);
      memcpy (at, self->buffer + offset, n);
      at += n;
      length -= n;
      self->position += n;
    }
  return TRUE;
}

gboolean
esp_stream_skip (EspStream *self, guint64 length, GError **error)
{
  if (!check (self, length, error))
    return FALSE;
  self->position += length;
  return TRUE;
}

static gboolean
read_number (EspStream *self, guint size, guint64 *out, GError **error)
{
  guint8 bytes[8];

  if (!esp_stream_read (self, bytes, size, error))
    return FALSE;
  *out = 0;
  for (guint i = 0; i < size; i++)
    *out |= (guint64) bytes[self->big_endian ? size - 1 - i : i] << 8 * i;
  return TRUE;
}

gboolean
esp_stream_read_u8 (EspStream *self, guint8 *out, GError **error)
{
  return esp_stream_read (self, out, 1, error);
}

gboolean
esp_stream_read_u16 (EspStream *self, guint16 *out, GError **error)
{
  guint64 value = 0;
  gboolean good = read_number (self, 2, &value, error);

  *out = (guint16) value;
  return good;
}

gboolean
esp_stream_read_u32 (EspStream *self, guint32 *out, GError **error)
{
  guint64 value = 0;
  gboolean good = read_number (self, 4, &value, error);

  *out = (guint32) value;
  return good;
}

gboolean
esp_stream_read_u64 (EspStream *self, guint64 *out, GError **error)
{
  return read_number (self, 8, out, error);
}
