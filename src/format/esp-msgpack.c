/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The items of MessagePack. In: a stream of any size. Out: one item after another; nothing is kept.
 *
 *   00-7f int | 80-8f map | 90-9f array | a0-bf text | c0 nil | c2 c3 bool | c4-c6 bytes
 *   c7-c9 extension | ca cb float | cc-cf uint | d0-d3 int | d4-d8 extension of 1 ... 16 bytes
 *   d9-db text | dc dd array | de df map | e0-ff int
 *
 * Lengths and numbers are big-endian. Hot for checkpoints of 100,000 arrays: a few dozen items
 * each. */

#include "config.h"

#include "esp-msgpack.h"

#include "esp-error.h"
#include "esp-path.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

void
esp_msgpack_init (EspStream *stream, EspSource *source, GCancellable *cancellable)
{
  esp_stream_init (stream, source, cancellable);
  stream->big_endian = TRUE;
}

/* an unsigned number of 1, 2, 4 or 8 bytes */
static gboolean
read_number (EspStream *stream, guint bytes, guint64 *out, GError **error)
{
  guint8 u8 = 0;
  guint16 u16 = 0;
  guint32 u32 = 0;
  gboolean good;

  switch (bytes)
    {
    case 1:
      good = esp_stream_read_u8 (stream, &u8, error);
      *out = u8;
      return good;
    case 2:
      good = esp_stream_read_u16 (stream, &u16, error);
      *out = u16;
      return good;
    case 4:
      good = esp_stream_read_u32 (stream, &u32, error);
      *out = u32;
      return good;
    default:
      return esp_stream_read_u64 (stream, out, error);
    }
}

static gboolean
read_extension (EspStream *stream, EspMsgpackItem *out, GError **error)
{
  guint8 type;

  out->kind = ESP_MSGPACK_EXTENSION;
  if (!esp_stream_read_u8 (stream, &type, error))
    return FALSE;
  out->integer = (gint8) type;
  return TRUE;
}

static gboolean
read_float (EspStream *stream, guint bytes, EspMsgpackItem *out, GError **error)
{
  guint64 bits;
  guint32 half;
  float single;

  out->kind = ESP_MSGPACK_FLOAT;
  if (!read_number (stream, bytes, &bits, error))
    return FALSE;
  half = (guint32) bits;
  memcpy (&single, &half, sizeof single);
  if (bytes == 4)
    out->real = (double) single;
  else
    memcpy (&out->real, &bits, sizeof bits);
  return TRUE;
}

static gboolean
read_unsigned (EspStream *stream, guint bytes, EspMsgpackItem *out, GError **error)
{
  if (!read_number (stream, bytes, &out->natural, error))
    return FALSE;
  out->kind = out->natural > G_MAXINT64 ? ESP_MSGPACK_UINT : ESP_MSGPACK_INT;
  out->integer = (gint64) out->natural;
  return TRUE;
}

static gboolean
read_signed (EspStream *stream, guint bytes, EspMsgpackItem *out, GError **error)
{
  guint shift = 64 - 8 * bytes;
  guint64 bits;

  out->kind = ESP_MSGPACK_INT;
  if (!read_number (stream, bytes, &bits, error))
    return FALSE;
  out->integer = (gint64) (bits << shift) >> shift;
  return TRUE;
}

/* codes from c0 on */
static gboolean
read_long (EspStream *stream, guint8 code, EspMsgpackItem *out, GError **error)
{
  switch (code)
    {
    case 0xc0:
      return TRUE;
    case 0xc2:
    case 0xc3:
      out->kind = ESP_MSGPACK_BOOL;
      out->integer = code & 1;
      return TRUE;
    case 0xc4:
    case 0xc5:
    case 0xc6:
      out->kind = ESP_MSGPACK_BYTES;
      return read_number (stream, 1u << (code - 0xc4), &out->n, error);
    case 0xc7:
    case 0xc8:
    case 0xc9:
      return read_number (stream, 1u << (code - 0xc7), &out->n, error) &&
             read_extension (stream, out, error);
    case 0xca:
    case 0xcb:
      return read_float (stream, code == 0xca ? 4 : 8, out, error);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      return read_unsigned (stream, 1u << (code - 0xcc), out, error);
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return read_signed (stream, 1u << (code - 0xd0), out, error);
    case 0xd9:
    case 0xda:
    case 0xdb:
      out->kind = ESP_MSGPACK_TEXT;
      return read_number (stream, 1u << (code - 0xd9), &out->n, error);
    case 0xdc:
    case 0xdd:
      out->kind = ESP_MSGPACK_ARRAY;
      return read_number (stream, code == 0xdc ? 2 : 4, &out->n, error);
    case 0xde:
    case 0xdf:
      out->kind = ESP_MSGPACK_MAP;
      return read_number (stream, code == 0xde ? 2 : 4, &out->n, error);
    case 0xc1:
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("the byte 0xc1 at offset %" PRIu64 " begins no item of MessagePack"),
                   out->at);
      return FALSE;
    default: /* d4 to d8 */
      out->n = (guint64) 1 << (code - 0xd4);
      return read_extension (stream, out, error);
    }
}

static gboolean
read_head (EspStream *stream, EspMsgpackItem *out, GError **error)
{
  guint8 code;

  if (!esp_stream_read_u8 (stream, &code, error))
    return FALSE;
  if (code >= 0xc0 && code < 0xe0)
    return read_long (stream, code, out, error);
  if (code < 0x80 || code >= 0xe0)
    {
      out->kind = ESP_MSGPACK_INT;
      out->integer = (gint8) code;
    }
  else
    {
      out->kind = code < 0x90   ? ESP_MSGPACK_MAP
                  : code < 0xa0 ? ESP_MSGPACK_ARRAY
                                : ESP_MSGPACK_TEXT;
      out->n = code < 0xa0 ? code & 0xf : code & 0x1f;
    }
  return TRUE;
}

gboolean
esp_msgpack_read (EspStream *stream, EspMsgpackItem *out, GError **error)
{
  guint64 least;

  *out = (EspMsgpackItem) { .kind = ESP_MSGPACK_NIL, .at = stream->position };
  if (!read_head (stream, out, error))
    return FALSE;
  /* at most 32 bits, so that nothing overflows */
  least = out->kind == ESP_MSGPACK_MAP ? 2 * out->n : out->n;
  if (least <= esp_stream_get_remaining (stream))
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
               _ ("the item at offset %" PRIu64 " takes %" PRIu64 " bytes at least, but %" PRIu64
                  " are left"),
               out->at, least, esp_stream_get_remaining (stream));
  return FALSE;
}

char *
esp_msgpack_read_text (EspStream *stream, const EspMsgpackItem *item, gsize limit, GError **error)
{
  g_autofree char *bytes = NULL;

  if (item->n > limit)
    {
      g_set_error (
          error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
          _ ("the text at offset %" PRIu64 " has %" PRIu64 " bytes, more than the limit of %zu"),
          item->at, item->n, limit);
      return NULL;
    }
  bytes = g_malloc (item->n + 1);
  if (!esp_stream_read (stream, bytes, item->n, error))
    return NULL;
  return esp_path_from_text (bytes, item->n);
}
