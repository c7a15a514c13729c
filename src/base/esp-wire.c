/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads protobuf's wire format field by field:
 *
 *   message   fields one after the other to its end
 *   field     varint tag = number << 3 | kind, then
 *             kind 0: varint   1: 8 bytes   2: varint length, so many bytes   5: 4 bytes
 *
 * Kinds 3 and 4 (groups) are long out of use and refused with 6 and 7, as field number 0 is. The
 * nesting is kept in an array, not on the stack. The hot call is esp_wire_next(): graphs have
 * millions of small fields. */

#include "config.h"

#include "esp-wire.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-limits.h"
#include "esp-path.h"
#include "esp-source.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define WINDOW_BYTES ((gsize) 64 * 1024)
#define VARINT_BYTES 10

void
esp_wire_init_for_bytes (EspWire *self, const void *data, gsize size, const char *what)
{
  g_return_if_fail (data != NULL || size == 0);

  memset (self, 0, sizeof *self);
  self->what = what;
  self->window = data;
  self->window_length = size;
  self->size = size;
  self->end = size;
}

void
esp_wire_init_for_source (EspWire *self,
                          EspSource *source,
                          guint64 offset,
                          guint64 length,
                          const char *what,
                          GCancellable *cancellable)
{
  memset (self, 0, sizeof *self);
  g_return_if_fail (esp_range_fits (offset, length, esp_source_get_size (source)));

  self->what = what;
  self->source = esp_source_ref (source);
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->base = offset;
  self->buffer = g_malloc ((gsize) MIN (length, WINDOW_BYTES) + 1);
  self->window = self->buffer;
  self->size = length;
  self->end = length;
}

void
esp_wire_clear (EspWire *self)
{
  g_clear_pointer (&self->source, esp_source_unref);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->buffer, g_free);
  memset (self, 0, sizeof *self);
}

/* makes @count bytes at @offset (inside the whole) lie in the window; @count is small */
static const guint8 *
look (EspWire *self, guint64 offset, gsize count, GError **error)
{
  gsize length;

  if (offset >= self->window_start &&
      esp_range_fits (offset - self->window_start, count, self->window_length))
    return self->window + (offset - self->window_start);
  g_assert (self->source != NULL); /* memory is one window */
  length = (gsize) MIN (WINDOW_BYTES, self->size - offset);
  self->window_length = 0;
  if (!esp_source_read (self->source, self->base + offset, length, self->buffer, self->cancellable,
                        error))
    return NULL;
  self->window_start = offset;
  self->window_length = length;
  return self->window;
}

static gboolean
cut (EspWire *self, guint64 offset, GError **error)
{
  g_set_error (
      error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
      _ ("%s: the field at offset %" PRIu64 " reaches beyond the end of its message at %" PRIu64),
      self->what, offset, self->end);
  return FALSE;
}

/* a varint at *position, which is moved behind it, and below @end */
static gboolean
read_varint (EspWire *self, guint64 *position, guint64 end, guint64 *out, GError **error)
{
  gsize count = (gsize) MIN (VARINT_BYTES, end - *position);
  const guint8 *bytes = look (self, *position, count, error);
  int taken;

  if (bytes == NULL)
    return FALSE;
  taken = esp_wire_decode_varint (bytes, count, out);
  if (taken == 0)
    return cut (self, *position, error);
  if (taken < 0)
    {
      g_set_error (
          error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
          _ ("%s: the number at offset %" PRIu64 " is longer than the 10 bytes that it can have"),
          self->what, *position);
      return FALSE;
    }
  *position += (guint) taken;
  return TRUE;
}

static gboolean
read_fixed (EspWire *self,
            guint64 *position,
            guint64 end,
            gsize width,
            guint64 *out,
            GError **error)
{
  const guint8 *bytes;

  if (end - *position < width)
    return cut (self, *position, error);
  bytes = look (self, *position, width, error);
  if (bytes == NULL)
    return FALSE;
  *out = 0;
  for (gsize i = 0; i < width; i++)
    *out |= (guint64) bytes[i] << (8 * i);
  *position += width;
  return TRUE;
}

static gboolean
read_scalar (EspWire *self,
             EspWireKind kind,
             guint64 *position,
             guint64 end,
             guint64 *out,
             GError **error)
{
  if (kind == ESP_WIRE_VARINT)
    return read_varint (self, position, end, out, error);
  return read_fixed (self, position, end, kind == ESP_WIRE_FIXED64 ? 8 : 4, out, error);
}

static gboolean
read_payload (EspWire *self, EspWireField *field, GError **error)
{
  guint64 start = self->position;

  if (field->kind != ESP_WIRE_BYTES)
    return read_scalar (self, field->kind, &self->position, self->end, &field->value, error);
  if (!read_varint (self, &self->position, self->end, &field->length, error))
    return FALSE;
  if (field->length > self->end - self->position)
    return cut (self, start, error);
  field->offset = self->position;
  self->position += field->length;
  return TRUE;
}

gboolean
esp_wire_next (EspWire *self, EspWireField *out, GError **error)
{
  guint64 start = self->position;
  guint64 tag;
  guint kind;

  if (start == self->end)
    return FALSE;
  if (!read_varint (self, &self->position, self->end, &tag, error))
    return FALSE;
  kind = tag & 7;
  if (tag < 8 || tag > G_MAXUINT32 ||
      (kind != ESP_WIRE_VARINT && kind != ESP_WIRE_FIXED64 && kind != ESP_WIRE_BYTES &&
       kind != ESP_WIRE_FIXED32))
    {
      g_set_error (
          error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
          _ ("%s: no field can begin with the tag %" PRIu64 " that stands at offset %" PRIu64),
          self->what, tag, start);
      return FALSE;
    }
  *out = (EspWireField) { .number = (guint32) (tag >> 3), .kind = (EspWireKind) kind };
  return read_payload (self, out, error);
}

gboolean
esp_wire_enter (EspWire *self, const EspWireField *field, GError **error)
{
  g_return_val_if_fail (field->kind == ESP_WIRE_BYTES, FALSE);
  g_return_val_if_fail (esp_range_fits (field->offset, field->length, self->end), FALSE);

  if (self->depth == ESP_WIRE_DEPTH)
    {
      g_set_error (
          error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
          _ ("%s: the message at offset %" PRIu64 " is nested deeper than the limit of %d"),
          self->what, field->offset, ESP_WIRE_DEPTH);
      return FALSE;
    }
  self->ends[self->depth++] = self->end;
  self->position = field->offset;
  self->end = field->offset + field->length;
  return TRUE;
}

void
esp_wire_leave (EspWire *self)
{
  g_return_if_fail (self->depth > 0);

  self->position = self->end;
  self->end = self->ends[--self->depth];
}

gboolean
esp_wire_next_scalar (EspWire *self,
                      EspWireField *field,
                      EspWireKind kind,
                      guint64 *out,
                      GError **error)
{
  guint64 position, end;

  g_return_val_if_fail (kind != ESP_WIRE_BYTES, FALSE);

  if (field->kind == kind)
    {
      *out = field->value;
      return field->taken++ == 0;
    }
  if (field->kind != ESP_WIRE_BYTES || field->taken == field->length)
    return FALSE;
  position = field->offset + field->taken;
  end = field->offset + field->length;
  if (!read_scalar (self, kind, &position, end, out, error))
    return FALSE;
  field->taken = position - field->offset;
  return TRUE;
}

gboolean
esp_wire_foreach (EspWire *self,
                  const EspWireField *message,
                  EspWireFieldFunc func,
                  gpointer user_data,
                  GError **error)
{
  GError *failure = NULL;
  EspWireField field;

  if (message != NULL && !esp_wire_enter (self, message, error))
    return FALSE;
  while (esp_wire_next (self, &field, &failure))
    if (!func (user_data, self, &field, error))
      return FALSE;
  if (failure != NULL)
    {
      g_propagate_error (error, failure);
      return FALSE;
    }
  if (message != NULL)
    esp_wire_leave (self);
  return TRUE;
}

char *
esp_wire_dup_bytes (EspWire *self,
                    const EspWireField *field,
                    gsize limit,
                    gsize *length,
                    GError **error)
{
  g_autofree char *bytes = NULL;

  g_return_val_if_fail (field->kind == ESP_WIRE_BYTES, NULL);
  g_return_val_if_fail (esp_range_fits (field->offset, field->length, self->size), NULL);

  if (field->length > limit)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("%s: the %" PRIu64 " bytes at offset %" PRIu64 " are over the limit of %zu"),
                   self->what, field->length, field->offset, limit);
      return NULL;
    }
  bytes = g_malloc ((gsize) field->length + 1);
  if (self->source == NULL || field->length <= WINDOW_BYTES)
    {
      const guint8 *seen = look (self, field->offset, (gsize) field->length, error);

      if (seen == NULL)
        return NULL;
      memcpy (bytes, seen, (gsize) field->length);
    }
  else if (!esp_source_read (self->source, self->base + field->offset, (gsize) field->length, bytes,
                             self->cancellable, error))
    return NULL;
  bytes[field->length] = '\0';
  if (length != NULL)
    *length = (gsize) field->length;
  return g_steal_pointer (&bytes);
}

char *
esp_wire_dup_name (EspWire *self, const EspWireField *field, GError **error)
{
  gsize length;
  g_autofree char *bytes = esp_wire_dup_bytes (self, field, ESP_LIMIT_NAME_BYTES, &length, error);

  return bytes != NULL ? esp_path_from_text (bytes, length) : NULL;
}
