/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Small zip archives made member by member, all stored, for the tests of formats that are one. */

#include <glib.h>
#include <string.h>
#include <zlib.h>

#define TEXT(text) text, sizeof (text) - 1

typedef struct
{
  GByteArray *bytes;
  GByteArray *directory;
  guint n;
} ZipWriter;

static inline void
put (GByteArray *out, guint bytes, guint64 value)
{
  for (guint i = 0; i < bytes; i++)
    {
      guint8 byte = (guint8) (value >> (8 * i));

      g_byte_array_append (out, &byte, 1);
    }
}

static inline void
zip_init (ZipWriter *self)
{
  self->bytes = g_byte_array_new ();
  self->directory = g_byte_array_new ();
  self->n = 0;
}

/* crc and both sizes */
static inline void
put_sizes (GByteArray *out, const void *data, gsize size)
{
  put (out, 4, crc32 (0, data, (uInt) size));
  put (out, 4, size);
  put (out, 4, size);
}

/* a stored member */
static inline void
zip_add (ZipWriter *self, const char *name, const void *data, gsize size)
{
  guint32 offset = self->bytes->len;

  put (self->bytes, 4, 0x04034b50);
  put (self->bytes, 6, 20);
  put (self->bytes, 4, 0x00210000);
  put_sizes (self->bytes, data, size);
  put (self->bytes, 4, strlen (name));
  g_byte_array_append (self->bytes, (const guint8 *) name, (guint) strlen (name));
  if (size > 0)
    g_byte_array_append (self->bytes, data, (guint) size);
  put (self->directory, 4, 0x02014b50);
  put (self->directory, 2, 20);
  put (self->directory, 6, 20);
  put (self->directory, 4, 0x00210000);
  put_sizes (self->directory, data, size);
  put (self->directory, 8, strlen (name));
  put (self->directory, 6, 0);
  put (self->directory, 4, offset);
  g_byte_array_append (self->directory, (const guint8 *) name, (guint) strlen (name));
  self->n++;
}

static inline GBytes *
zip_finish (ZipWriter *self)
{
  guint32 offset = self->bytes->len;

  g_byte_array_append (self->bytes, self->directory->data, self->directory->len);
  put (self->bytes, 4, 0x06054b50);
  put (self->bytes, 4, 0);
  put (self->bytes, 2, self->n);
  put (self->bytes, 2, self->n);
  put (self->bytes, 4, self->directory->len);
  put (self->bytes, 4, offset);
  put (self->bytes, 2, 0);
  g_byte_array_unref (self->directory);
  return g_byte_array_free_to_bytes (self->bytes);
}
