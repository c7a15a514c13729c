/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The filters that people use, undone without the HDF5 library, so that chunks are unpacked on all
 * cores: deflate, shuffle, fletcher32, and LZF of h5py. A chunk has some 10 KB to 1 MB. What a
 * filter gives is bounded by what the chunk has. */

#include "config.h"

#include "esp-hdf5-filters.h"

#include <glib/gi18n.h>
#include <string.h>
#include <zlib.h>

#include "esp-error.h"

#define CHECKSUM_BYTES 4
/* filters behind the others may get a little more than the chunk: checksums, and bytes that a
 * compression couldn't make fewer */
#define SLACK(wanted) ((wanted) + (wanted) / 256 + 1024)

typedef struct
{
  guint8 *bytes; /* owned */
  gsize length;
} Buffer;

static gboolean
set_corrupt (const char *sentence, GError **error)
{
  g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT, sentence);
  return FALSE;
}

static void
replace (Buffer *self, guint8 *bytes, gsize length)
{
  g_free (self->bytes);
  self->bytes = bytes;
  self->length = length;
}

/* room for what a filter gives; what can't come out of so few bytes isn't allocated */
static guint8 *
make_room (const Buffer *from, gsize wanted, gsize *room, GError **error)
{
  guint8 *bytes;

  if (wanted / ESP_LIMIT_ZIP_RATIO > from->length)
    {
      set_corrupt (_ ("a chunk has far fewer bytes than its values can be packed into"), error);
      return NULL;
    }
  *room = SLACK (wanted);
  bytes = g_try_malloc (*room);
  if (bytes == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                         _ ("there is no memory for a chunk"));
  return bytes;
}

/* {{{ the filters */

static gboolean
undo_deflate (const EspHdf5Filter *filter, Buffer *buffer, gsize wanted, GError **error)
{
  z_stream stream = { 0 };
  gsize room;
  guint8 *out = make_room (buffer, wanted, &room, error);
  int status;

  if (out == NULL)
    return FALSE;
  stream.next_in = buffer->bytes;
  stream.avail_in = (uInt) buffer->length;
  stream.next_out = out;
  stream.avail_out = (uInt) room;
  status = inflateInit (&stream);
  if (status == Z_OK)
    {
      status = inflate (&stream, Z_FINISH);
      inflateEnd (&stream);
    }
  if (status != Z_STREAM_END)
    {
      g_free (out);
      return set_corrupt (_ ("a chunk’s compressed bytes are damaged"), error);
    }
  replace (buffer, out, room - stream.avail_out);
  return TRUE;
}

/* byte k of all elements stands in row k */
#define DEFINE_UNSHUFFLE(name, type, sum)                                                          \
  static void name (const guint8 *in, gsize n, guint8 *out)                                        \
  {                                                                                                \
    type *restrict to = (type *) (gpointer) out;                                                   \
                                                                                                   \
    for (gsize i = 0; i < n; i++)                                                                  \
      to[i] = (type) (sum);                                                                        \
  }

#define ROW(k, type) ((type) in[(k) * n + i] << (8 * (k)))
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
DEFINE_UNSHUFFLE (unshuffle_2, guint16, ROW (0, guint16) | ROW (1, guint16))
DEFINE_UNSHUFFLE (unshuffle_4,
                  guint32,
                  ROW (0, guint32) | ROW (1, guint32) | ROW (2, guint32) | ROW (3, guint32))
DEFINE_UNSHUFFLE (unshuffle_8,
                  guint64,
                  ROW (0, guint64) | ROW (1, guint64) | ROW (2, guint64) | ROW (3, guint64) |
                      ROW (4, guint64) | ROW (5, guint64) | ROW (6, guint64) | ROW (7, guint64))
#endif

static void
unshuffle_any (const guint8 *in, gsize n, gsize size, guint8 *out)
{
  for (gsize k = 0; k < size; k++)
    for (gsize i = 0; i < n; i++)
      out[i * size + k] = in[k * n + i];
}

static gboolean
undo_shuffle (const EspHdf5Filter *filter, Buffer *buffer, gsize wanted, GError **error)
{
  gsize size = filter->n_values > 0 ? filter->values[0] : 0;
  gsize n = size > 0 ? buffer->length / size : 0;
  guint8 *out;

  if (size == 0)
    return set_corrupt (_ ("a chunk’s bytes are shuffled, and nothing says how"), error);
  if (size == 1 || n <= 1)
    return TRUE;
  out = g_malloc (buffer->length);
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
  if (size == 2)
    unshuffle_2 (buffer->bytes, n, out);
  else if (size == 4)
    unshuffle_4 (buffer->bytes, n, out);
  else if (size == 8)
    unshuffle_8 (buffer->bytes, n, out);
  else
#endif
    unshuffle_any (buffer->bytes, n, size, out);
  /* a rest that makes no element stays where it is */
  memcpy (out + n * size, buffer->bytes + n * size, buffer->length - n * size);
  replace (buffer, out, buffer->length);
  return TRUE;
}

/* HDF5's own form of Fletcher's checksum: over 16-bit numbers, high byte first */
static guint32
sum_up (const guint8 *bytes, gsize length)
{
  guint32 a = 0, b = 0;

  for (gsize i = 0; i < length;)
    {
      gsize end = MIN (i + 720, length); /* b stays below 32 bits */

      for (; i < end; i += 2)
        {
          a += (guint32) bytes[i] << 8 | (i + 1 < length ? bytes[i + 1] : 0);
          b += a;
        }
      a = (a & 0xffff) + (a >> 16);
      b = (b & 0xffff) + (b >> 16);
    }
  a = (a & 0xffff) + (a >> 16);
  b = (b & 0xffff) + (b >> 16);
  return b << 16 | a;
}

static gboolean
undo_fletcher32 (const EspHdf5Filter *filter, Buffer *buffer, gsize wanted, GError **error)
{
  guint32 told, sum, swapped;

  if (buffer->length < CHECKSUM_BYTES)
    return set_corrupt (_ ("a chunk is too short for its checksum"), error);
  buffer->length -= CHECKSUM_BYTES;
  memcpy (&told, buffer->bytes + buffer->length, sizeof told);
  told = GUINT32_FROM_LE (told);
  sum = sum_up (buffer->bytes, buffer->length);
  /* HDF5 before 1.6.3 wrote it so on little-endian machines */
  swapped = (sum & 0x00ff00ff) << 8 | (sum & 0xff00ff00) >> 8;
  if (told != sum && told != swapped)
    return set_corrupt (_ ("a chunk’s checksum is wrong"), error);
  return TRUE;
}

/* a literal run (0 to 31), or a copy of what came out before; FALSE at the first byte too many */
static gboolean
unpack_lzf (const guint8 *in, gsize length, guint8 *out, gsize room, gsize *written)
{
  gsize i = 0, o = 0;

  while (i < length)
    {
      gsize n = in[i++], back;

      if (n < 32)
        {
          n++;
          if (n > length - i || n > room - o)
            return FALSE;
          memcpy (out + o, in + i, n);
          i += n;
          o += n;
          continue;
        }
      back = (n & 31) << 8;
      n >>= 5;
      if (n == 7)
        {
          if (i == length)
            return FALSE;
          n += in[i++];
        }
      if (i == length)
        return FALSE;
      back += (gsize) in[i++] + 1;
      n += 2;
      if (back > o || n > room - o)
        return FALSE;
      for (gsize k = 0; k < n; k++, o++) /* they may overlap */
        out[o] = out[o - back];
    }
  *written = o;
  return TRUE;
}

static gboolean
undo_lzf (const EspHdf5Filter *filter, Buffer *buffer, gsize wanted, GError **error)
{
  gsize room, written = 0;
  guint8 *out = make_room (buffer, wanted, &room, error);

  if (out == NULL)
    return FALSE;
  if (!unpack_lzf (buffer->bytes, buffer->length, out, room, &written))
    {
      g_free (out);
      return set_corrupt (_ ("a chunk’s compressed bytes are damaged"), error);
    }
  replace (buffer, out, written);
  return TRUE;
}

/* }}} */
/* {{{ the table */

typedef struct
{
  guint32 id;
  const char *name; /* of those that nobody here knows: of the registry of filters */
  EspHdf5Pipeline who;
  gboolean (*undo) (const EspHdf5Filter *filter, Buffer *buffer, gsize wanted, GError **error);
} Known;

static const Known table[] = {
  { ESP_HDF5_FILTER_DEFLATE, NULL, ESP_HDF5_PIPELINE_OURS, undo_deflate },
  { ESP_HDF5_FILTER_SHUFFLE, NULL, ESP_HDF5_PIPELINE_OURS, undo_shuffle },
  { ESP_HDF5_FILTER_FLETCHER32, NULL, ESP_HDF5_PIPELINE_OURS, undo_fletcher32 },
  { ESP_HDF5_FILTER_LZF, NULL, ESP_HDF5_PIPELINE_OURS, undo_lzf },
  { ESP_HDF5_FILTER_SZIP, NULL, ESP_HDF5_PIPELINE_LIBRARY, NULL },
  { ESP_HDF5_FILTER_NBIT, NULL, ESP_HDF5_PIPELINE_LIBRARY, NULL },
  { ESP_HDF5_FILTER_SCALEOFFSET, NULL, ESP_HDF5_PIPELINE_LIBRARY, NULL },
  { 307, "bzip2", ESP_HDF5_PIPELINE_NOBODY, NULL },
  { 32001, "Blosc", ESP_HDF5_PIPELINE_NOBODY, NULL },
  { 32004, "LZ4", ESP_HDF5_PIPELINE_NOBODY, NULL },
  { 32008, "Bitshuffle", ESP_HDF5_PIPELINE_NOBODY, NULL },
  { 32013, "ZFP", ESP_HDF5_PIPELINE_NOBODY, NULL },
  { 32015, "Zstandard", ESP_HDF5_PIPELINE_NOBODY, NULL },
  { 32017, "SZ", ESP_HDF5_PIPELINE_NOBODY, NULL },
  { 32026, "Blosc2", ESP_HDF5_PIPELINE_NOBODY, NULL },
};

static const Known *
find (guint32 id)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (table[i].id == id)
      return &table[i];
  return NULL;
}

EspHdf5Pipeline
esp_hdf5_filters_classify (const EspHdf5Filter *filters, guint n, GError **error)
{
  EspHdf5Pipeline who = ESP_HDF5_PIPELINE_OURS;

  g_return_val_if_fail (filters != NULL || n == 0, ESP_HDF5_PIPELINE_NOBODY);

  for (guint i = 0; i < n; i++)
    {
      const Known *known = find (filters[i].id);

      if (known == NULL || known->who == ESP_HDF5_PIPELINE_NOBODY)
        {
          g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                       _ ("its values are compressed by %s (HDF5 filter %u), which can’t be read"),
                       known != NULL ? known->name : _ ("a plugin"), filters[i].id);
          return ESP_HDF5_PIPELINE_NOBODY;
        }
      who = MAX (who, known->who);
    }
  return who;
}

guint8 *
esp_hdf5_filters_undo (const EspHdf5Filter *filters,
                       guint n,
                       guint32 skipped,
                       guint8 *stored,
                       gsize length,
                       gsize wanted,
                       GError **error)
{
  Buffer buffer = { stored, length };

  g_return_val_if_fail (filters != NULL || n == 0, NULL);
  g_return_val_if_fail (stored != NULL || length == 0, NULL);

  for (guint i = n; i-- > 0;)
    {
      const Known *known = find (filters[i].id);

      if (i < 32 && (skipped & 1u << i) != 0)
        continue;
      g_return_val_if_fail (known != NULL && known->undo != NULL, NULL);
      if (!known->undo (&filters[i], &buffer, wanted, error))
        {
          g_free (buffer.bytes);
          return NULL;
        }
    }
  if (buffer.length != wanted)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("a chunk has %zu bytes where its shape takes %zu"), buffer.length, wanted);
      g_free (buffer.bytes);
      return NULL;
    }
  return buffer.bytes;
}

/* }}} */
