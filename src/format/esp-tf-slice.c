/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Shapes, parts of partitioned variables, and the keys that parts have in a table: an encoding
 * whose order as bytes is that of what it stands for (tensorflow/core/lib/strings/ordered_code.cc).
 *
 *   key     number 0, text, number of axes, then per axis: signed start, signed length
 *   number  a byte n, then n bytes, big endian, the first not 0
 *   text    00 as 00 FF, FF as FF 00, ended by 00 01
 *   signed  n bytes with 7 n - 1 bits of value, sign extended, big endian; the first n bits are
 *           turned so that they tell n: for -64 to 63 it is the one byte 80 ^ value */

#include "config.h"

#include "esp-tf-slice.h"

#include "esp-error.h"
#include "esp-limits.h"

#include <glib/gi18n.h>
#include <string.h>

void
esp_tf_slice_clear (EspTfSlice *self)
{
  g_clear_pointer (&self->extents, g_free);
  self->ndim = 0;
}

/* {{{ messages */

typedef struct
{
  gint64 *shape; /* (ESP_LIMIT_DIMS) */
  guint *ndim;
} Shape;

/* 1: size */
static gboolean
read_dim_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  if (field->kind == ESP_WIRE_VARINT && field->number == 1)
    *(gint64 *) data = (gint64) field->value;
  return TRUE;
}

/* 2: dimensions, 3: whether even their number isn't known */
static gboolean
read_shape_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Shape *self = data;
  gint64 *size;

  if (field->kind == ESP_WIRE_VARINT && field->number == 3 && field->value != 0)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("its shape isn’t known"));
      return FALSE;
    }
  if (field->kind != ESP_WIRE_BYTES || field->number != 2)
    return TRUE;
  if (*self->ndim == ESP_LIMIT_DIMS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("it has more dimensions than the limit of %d"), ESP_LIMIT_DIMS);
      return FALSE;
    }
  size = &self->shape[(*self->ndim)++];
  *size = 0;
  return esp_wire_foreach (wire, field, read_dim_field, size, error);
}

gboolean
esp_tf_shape_read (gint64 *shape,
                   guint *ndim,
                   EspWire *wire,
                   const EspWireField *field,
                   GError **error)
{
  Shape self = { shape, ndim };

  *ndim = 0;
  return esp_wire_foreach (wire, field, read_shape_field, &self, error);
}

/* 1: start, 2: length */
static gboolean
read_extent_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  gint64 *extent = data;

  if (field->kind == ESP_WIRE_VARINT && (field->number == 1 || field->number == 2))
    extent[field->number - 1] = (gint64) field->value;
  return TRUE;
}

/* 1: extents, one per axis; without a length it is all */
static gboolean
read_slice_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  GArray *extents = data;
  gint64 extent[] = { 0, -1 };

  if (field->kind != ESP_WIRE_BYTES || field->number != 1)
    return TRUE;
  if (extents->len == 2 * ESP_LIMIT_DIMS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("one of its slices has more dimensions than the limit of %d"),
                   ESP_LIMIT_DIMS);
      return FALSE;
    }
  if (!esp_wire_foreach (wire, field, read_extent_field, extent, error))
    return FALSE;
  g_array_append_vals (extents, extent, 2);
  return TRUE;
}

gboolean
esp_tf_slice_read (EspTfSlice *self, EspWire *wire, const EspWireField *field, GError **error)
{
  g_autoptr (GArray) extents = g_array_new (FALSE, FALSE, sizeof (gint64));

  if (!esp_wire_foreach (wire, field, read_slice_field, extents, error))
    return FALSE;
  self->ndim = extents->len / 2;
  self->extents = g_memdup2 (extents->data, extents->len * sizeof (gint64));
  return TRUE;
}

gboolean
esp_tf_slice_resolve (const EspTfSlice *self,
                      const gint64 *shape,
                      guint ndim,
                      gint64 *start,
                      gint64 *size)
{
  if (self->ndim != ndim)
    return FALSE;
  for (guint i = 0; i < ndim; i++)
    {
      gint64 begin = self->extents[2 * i], length = self->extents[2 * i + 1];

      if (begin < 0 || begin > shape[i] || length < -1 || length > shape[i] - begin ||
          (length == -1 && begin != 0))
        return FALSE;
      start[i] = begin;
      size[i] = length == -1 ? shape[i] : length;
    }
  return TRUE;
}

/* }}} */
/* {{{ the key */

static void
put_byte (GByteArray *out, guint byte)
{
  const guint8 one = (guint8) byte;

  g_byte_array_append (out, &one, 1);
}

static void
put_number (GByteArray *out, guint64 value)
{
  guint n = 0;

  while (n < 8 && value >> (8 * n) != 0)
    n++;
  put_byte (out, n);
  while (n > 0)
    put_byte (out, (guint) (value >> (8 * --n)) & 0xff);
}

static void
put_text (GByteArray *out, const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      guint8 byte = (guint8) text[i];

      put_byte (out, byte);
      if (byte == 0x00 || byte == 0xff)
        put_byte (out, byte ^ 0xff);
    }
  put_byte (out, 0);
  put_byte (out, 1);
}

static void
put_signed (GByteArray *out, gint64 value)
{
  guint64 magnitude = (guint64) (value < 0 ? ~value : value);
  guint8 bytes[10];
  guint n = 1, turned;

  while (n < sizeof bytes && (7 * n - 1 < 64) && magnitude >> (7 * n - 1) != 0)
    n++;
  for (guint i = 0; i < sizeof bytes; i++)
    bytes[sizeof bytes - 1 - i] = i < 8 ? (guint8) ((guint64) value >> (8 * i))
                                        : (value < 0 ? 0xff : 0);
  /* the n highest bits, over two bytes */
  turned = 0xffffu << (16 - n) & 0xffffu;
  bytes[sizeof bytes - n] ^= (guint8) (turned >> 8);
  if (n > 1)
    bytes[sizeof bytes - n + 1] ^= (guint8) turned;
  g_byte_array_append (out, bytes + sizeof bytes - n, n);
}

GBytes *
esp_tf_slice_make_key (const EspTfSlice *self, const char *name, gsize length)
{
  GByteArray *out = g_byte_array_new ();

  put_number (out, 0);
  put_text (out, name, length);
  put_number (out, self->ndim);
  for (guint i = 0; i < 2 * self->ndim; i++)
    put_signed (out, self->extents[i]);
  return g_byte_array_free_to_bytes (out);
}

/* }}} */
