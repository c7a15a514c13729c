/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The writer of zip archives (PKWARE's APPNOTE 6.3, sections 4.3 and 4.5).
 *
 *   local header, name, padding | bytes | descriptor (checksum, sizes)     for each member
 *   directory | zip64 end and its locator, if wanted | end
 *
 * Padding is an extra field of id "FB", as PyTorch pads. All numbers are little-endian. */

#include "config.h"

#include "esp-zip-writer.h"

#include <string.h>
#include <zlib.h>

#define LOCAL_HEADER 30
#define EXTRA_HEADER 4
#define SMALL G_MAXUINT32 /* what 32 bits can't say any more */

typedef struct
{
  char *name;
  guint32 crc;
  guint64 size, offset; /* of the local header */
} Member;

struct _EspZipWriter
{
  EspAtomicFile *file; /* borrowed */
  GArray *members;     /* Member; the last may be under way */
  guint64 at;          /* bytes written */
  guint64 left;        /* of the member */
};

static void
clear_member (gpointer data)
{
  g_free (((Member *) data)->name);
}

EspZipWriter *
esp_zip_writer_new (EspAtomicFile *file)
{
  EspZipWriter *self = g_new0 (EspZipWriter, 1);

  self->file = file;
  self->members = g_array_new (FALSE, TRUE, sizeof (Member));
  g_array_set_clear_func (self->members, clear_member);
  return self;
}

void
esp_zip_writer_free (EspZipWriter *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->members);
  g_free (self);
}

static void
put16 (GByteArray *out, guint value)
{
  guint16 little = GUINT16_TO_LE ((guint16) value);

  g_byte_array_append (out, (const guint8 *) &little, sizeof little);
}

static void
put32 (GByteArray *out, guint64 value)
{
  guint32 little = GUINT32_TO_LE ((guint32) MIN (value, SMALL));

  g_byte_array_append (out, (const guint8 *) &little, sizeof little);
}

static void
put64 (GByteArray *out, guint64 value)
{
  guint64 little = GUINT64_TO_LE (value);

  g_byte_array_append (out, (const guint8 *) &little, sizeof little);
}

static gboolean
flush (EspZipWriter *self, GByteArray *bytes, GError **error)
{
  self->at += bytes->len;
  return esp_atomic_file_write (self->file, bytes->data, bytes->len, error);
}

/* version, flags (checksum behind the member, names in UTF-8), stored, 1980-01-01 */
static void
put_common (GByteArray *out, gboolean large)
{
  put16 (out, large ? 45 : 20);
  put16 (out, 0x0808);
  put16 (out, 0);
  put16 (out, 0);
  put16 (out, 0x21);
}

static Member *
get_last (EspZipWriter *self)
{
  return &g_array_index (self->members, Member, self->members->len - 1);
}

gboolean
esp_zip_writer_begin (EspZipWriter *self,
                      const char *name,
                      guint64 size,
                      guint alignment,
                      GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  Member member = { .name = g_strdup (name), .size = size, .offset = self->at };
  gboolean large = size >= SMALL;
  gsize length = strlen (name), extra = large ? EXTRA_HEADER + 16 : 0, pad = 0;

  g_assert (self->left == 0 && length < G_MAXUINT16);
  g_array_append_val (self->members, member);
  self->left = size;
  get_last (self)->crc = (guint32) crc32 (0, NULL, 0);
  if (alignment > 1)
    {
      gsize begin = self->at + LOCAL_HEADER + length + extra + EXTRA_HEADER;

      pad = (alignment - begin % alignment) % alignment;
      extra += EXTRA_HEADER + pad;
    }
  put32 (out, 0x04034b50);
  put_common (out, large);
  put32 (out, 0);
  put32 (out, large ? SMALL : 0);
  put32 (out, large ? SMALL : 0);
  put16 (out, (guint) length);
  put16 (out, (guint) extra);
  g_byte_array_append (out, (const guint8 *) name, (guint) length);
  if (large)
    {
      put16 (out, 1);
      put16 (out, 16);
      put64 (out, 0);
      put64 (out, 0);
    }
  if (alignment > 1)
    {
      put16 (out, 0x4246);
      put16 (out, (guint) pad);
      for (gsize i = 0; i < pad; i++)
        g_byte_array_append (out, (const guint8 *) "Z", 1);
    }
  return flush (self, out, error);
}

gboolean
esp_zip_writer_write (EspZipWriter *self, const void *data, gsize length, GError **error)
{
  Member *member = get_last (self);
  const guint8 *bytes = data;

  g_assert (length <= self->left);
  self->left -= length;
  self->at += length;
  for (gsize at = 0; at < length; at += 1 << 30)
    member->crc = (guint32) crc32 (member->crc, bytes + at, (uInt) MIN (length - at, 1 << 30));
  return esp_atomic_file_write (self->file, data, length, error);
}

gboolean
esp_zip_writer_end (EspZipWriter *self, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  const Member *member = get_last (self);

  g_assert (self->left == 0);
  put32 (out, 0x08074b50);
  put32 (out, member->crc);
  for (guint i = 0; i < 2; i++)
    if (member->size >= SMALL)
      put64 (out, member->size);
    else
      put32 (out, member->size);
  return flush (self, out, error);
}

gboolean
esp_zip_writer_add (EspZipWriter *self,
                    const char *name,
                    const void *data,
                    gsize length,
                    guint alignment,
                    GError **error)
{
  return esp_zip_writer_begin (self, name, length, alignment, error) &&
         esp_zip_writer_write (self, data, length, error) && esp_zip_writer_end (self, error);
}

static void
put_entry (GByteArray *out, const Member *member)
{
  gboolean large = member->size >= SMALL || member->offset >= SMALL;
  gsize length = strlen (member->name);

  put32 (out, 0x02014b50);
  put16 (out, large ? 45 : 20);
  put_common (out, large);
  put32 (out, member->crc);
  put32 (out, large ? SMALL : member->size);
  put32 (out, large ? SMALL : member->size);
  put16 (out, (guint) length);
  put16 (out, large ? EXTRA_HEADER + 24 : 0);
  put16 (out, 0); /* comment */
  put16 (out, 0); /* disk */
  put16 (out, 0); /* attributes */
  put32 (out, 0);
  put32 (out, large ? SMALL : member->offset);
  g_byte_array_append (out, (const guint8 *) member->name, (guint) length);
  if (!large)
    return;
  put16 (out, 1);
  put16 (out, 24);
  put64 (out, member->size);
  put64 (out, member->size);
  put64 (out, member->offset);
}

static void
put_end (GByteArray *out, guint64 n, guint64 begin, guint64 size)
{
  if (n >= G_MAXUINT16 || begin >= SMALL || size >= SMALL)
    {
      put32 (out, 0x06064b50);
      put64 (out, 44);
      put16 (out, 45);
      put16 (out, 45);
      put32 (out, 0);
      put32 (out, 0);
      put64 (out, n);
      put64 (out, n);
      put64 (out, size);
      put64 (out, begin);
      put32 (out, 0x07064b50);
      put32 (out, 0);
      put64 (out, begin + size);
      put32 (out, 1);
    }
  put32 (out, 0x06054b50);
  put16 (out, 0);
  put16 (out, 0);
  put16 (out, (guint) MIN (n, G_MAXUINT16));
  put16 (out, (guint) MIN (n, G_MAXUINT16));
  put32 (out, size);
  put32 (out, begin);
  put16 (out, 0);
}

gboolean
esp_zip_writer_finish (EspZipWriter *self, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  guint64 begin = self->at;

  for (guint i = 0; i < self->members->len; i++)
    put_entry (out, &g_array_index (self->members, Member, i));
  put_end (out, self->members->len, begin, out->len);
  return flush (self, out, error);
}
