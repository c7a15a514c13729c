/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the tests of the PyTorch reader share: small archives made member by member, and opening
 * them from memory. */

#include "esp-error.h"
#include "esp-format.h"
#include "esp-source.h"

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

/* an archive of a pickle and storages "0" to "3" of 16 bytes each: 0, 1, 2, 3 as float32 */
static inline GBytes *
make_archive (const void *pickle, gsize size)
{
  static const float values[] = { 0, 1, 2, 3 };
  ZipWriter zip;

  zip_init (&zip);
  zip_add (&zip, "f/data.pkl", pickle, size);
  zip_add (&zip, "f/byteorder", TEXT ("little"));
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *name = g_strdup_printf ("f/data/%u", i);

      zip_add (&zip, name, values, sizeof values);
    }
  zip_add (&zip, "f/version", TEXT ("3\n"));
  return zip_finish (&zip);
}

static inline EspCheckpoint *
open_bytes (GBytes *bytes, GError **error)
{
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "f.pt");

  return esp_format_open_source (source, "f.pt", NULL, NULL, NULL, error);
}

static inline EspCheckpoint *
open_pickle (const void *pickle, gsize size, GError **error)
{
  g_autoptr (GBytes) bytes = make_archive (pickle, size);

  return open_bytes (bytes, error);
}

static inline EspTensor *
get_tensor (EspCheckpoint *checkpoint, const char *name)
{
  EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), name, NULL);
  EspParameter *parameter = place != NULL ? esp_place_get_parameter (place) : NULL;

  return parameter != NULL ? esp_parameter_get_data (parameter) : NULL;
}

/* names of all tensors, one a line */
static inline char *
list_names (EspCheckpoint *checkpoint)
{
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      esp_tree_append_row_path (tree, i, out);
      g_string_append_c (out, '\n');
    }
  return g_string_free (out, FALSE);
}
