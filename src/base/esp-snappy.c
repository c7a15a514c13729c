/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Snappy's raw format (google/snappy, format_description.txt). In: a block of a table, up to some
 * MB. Out: its bytes.
 *
 *   varint    size of what comes out, then elements to the end:
 *   tag & 3   0: (tag >> 2) + 1 bytes follow; from 60 on that many less 59 bytes hold the length -
 * 1 1: copy 4 + (tag >> 2 & 7) bytes from (tag >> 5) << 8 | next byte back 2: copy 1 + (tag >> 2)
 * bytes from the next two bytes back   3: the same with four
 *
 * A copy may reach into what it writes, and so repeat. One step can give 64 times what it takes, so
 * the size that is said is believed only up to that. */

#include "config.h"

#include "esp-snappy.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-wire.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define RATIO 64 /* a copy of 64 bytes takes 3, one of 11 bytes takes 2 */

typedef struct
{
  const guint8 *bytes;
  gsize length;
  gsize at;
  guint8 *out;
  gsize size;
  gsize done;
} State;

static gboolean
fail (const char *what, GError **error)
{
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("%s: its Snappy compression is broken"), what);
  return FALSE;
}

/* @n bytes, little endian */
static gboolean
read_number (State *self, guint n, gsize *out)
{
  if (self->length - self->at < n)
    return FALSE;
  *out = 0;
  for (guint i = 0; i < n; i++)
    *out |= (gsize) self->bytes[self->at++] << (8 * i);
  return TRUE;
}

static gboolean
put_literal (State *self, guint8 tag)
{
  gsize n = tag >> 2;

  if (n >= 60 && !read_number (self, (guint) n - 59, &n))
    return FALSE;
  n++;
  if (n > self->length - self->at || n > self->size - self->done)
    return FALSE;
  memcpy (self->out + self->done, self->bytes + self->at, n);
  self->at += n;
  self->done += n;
  return TRUE;
}

static gboolean
put_copy (State *self, guint8 tag)
{
  gsize n = (tag & 3) == 1 ? 4 + (gsize) (tag >> 2 & 7) : 1 + (gsize) (tag >> 2);
  gsize back;

  if (!read_number (self, (tag & 3) == 3 ? 4 : tag & 3, &back))
    return FALSE;
  if ((tag & 3) == 1)
    back |= (gsize) (tag >> 5) << 8;
  if (back == 0 || back > self->done || n > self->size - self->done)
    return FALSE;
  for (; n > 0; n--, self->done++)
    self->out[self->done] = self->out[self->done - back];
  return TRUE;
}

GBytes *
esp_snappy_inflate (const void *bytes, gsize length, gsize limit, const char *what, GError **error)
{
  State self = { .bytes = bytes, .length = length };
  g_autofree guint8 *out = NULL;
  guint64 size;
  int taken = esp_wire_decode_varint (bytes, length, &size);

  if (taken <= 0 || size / RATIO > length)
    {
      fail (what, error);
      return NULL;
    }
  if (size > limit)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("%s: uncompressed it has %" PRIu64 " bytes, more than the limit of %zu"),
                   what, size, limit);
      return NULL;
    }
  self.at = (gsize) taken;
  self.size = (gsize) size;
  self.out = out = g_malloc (self.size + 1);
  while (self.at < length)
    {
      guint8 tag = self.bytes[self.at++];

      if (!((tag & 3) == 0 ? put_literal (&self, tag) : put_copy (&self, tag)))
        {
          fail (what, error);
          return NULL;
        }
    }
  if (self.done != self.size)
    {
      fail (what, error);
      return NULL;
    }
  return g_bytes_new_take (g_steal_pointer (&out), self.size);
}
