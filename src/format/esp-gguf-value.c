/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metadata of a GGUF header -> text. Values stand one after another without an index, so each is
 * gone through; a vocabulary of a hundred thousand strings is passed over but for its first
 * entries.
 *
 *   string = length, bytes    array = u32 type, count, entries packed    bool = one byte
 */

#include "config.h"

#include "esp-gguf-value.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-check.h"
#include "esp-error.h"
#include "esp-limits.h"
#include "esp-number.h"

#define ARRAY_SHOWN 8   /* entries of an array that are kept to be shown */
#define ENTRY_SHOWN 256 /* bytes of a string inside of one */

enum
{
  TYPE_U8,
  TYPE_I8,
  TYPE_U16 = ESP_GGUF_TYPE_U16,
  TYPE_I16,
  TYPE_U32 = ESP_GGUF_TYPE_U32,
  TYPE_I32,
  TYPE_F32,
  TYPE_BOOL,
  TYPE_STRING = ESP_GGUF_TYPE_STRING,
  TYPE_ARRAY,
  TYPE_U64,
  TYPE_I64,
  TYPE_F64,
  N_TYPES
};

/* bytes; 0 where the value itself tells */
static const guint8 sizes[N_TYPES] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };

void
esp_gguf_value_clear (EspGgufValue *self)
{
  g_clear_pointer (&self->text, g_free);
}

gboolean
esp_gguf_read_size (EspGgufInput *self, guint64 *out, GError **error)
{
  guint32 small = 0;

  if (self->version >= 2)
    return esp_stream_read_u64 (&self->stream, out, error);
  if (!esp_stream_read_u32 (&self->stream, &small, error))
    return FALSE;
  *out = small;
  return TRUE;
}

/* {{{ strings */

static gboolean
read_length (EspGgufInput *self, guint64 *length, GError **error)
{
  guint64 at = self->stream.position;

  if (!esp_gguf_read_size (self, length, error))
    return FALSE;
  if (*length <= esp_stream_get_remaining (&self->stream))
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
               _ ("a string of %llu bytes at offset %llu ends beyond the file (%llu bytes)"),
               (unsigned long long) *length, (unsigned long long) at,
               (unsigned long long) self->stream.position +
                   esp_stream_get_remaining (&self->stream));
  return FALSE;
}

/* the first @keep of @length bytes, whole characters; the rest is passed over */
static char *
read_text (EspGgufInput *self, guint64 length, gsize keep, GError **error)
{
  gsize kept = (gsize) MIN (length, keep);
  g_autofree char *bytes = g_malloc (kept + 1);
  const char *end;

  if (!esp_stream_read (&self->stream, bytes, kept, error) ||
      !esp_stream_skip (&self->stream, length - kept, error))
    return NULL;
  bytes[kept] = '\0';
  /* a character that was cut in two is none */
  if (kept < length && !g_utf8_validate (bytes, (gssize) kept, &end) && bytes + kept - end < 4)
    kept = (gsize) (end - bytes);
  return g_utf8_make_valid (bytes, (gssize) kept);
}

char *
esp_gguf_read_name (EspGgufInput *self, GError **error)
{
  guint64 length;

  if (!read_length (self, &length, error))
    return NULL;
  if (length > ESP_LIMIT_NAME_BYTES)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("a name of %llu bytes before offset %llu; at most %d can be read"),
                   (unsigned long long) length, (unsigned long long) self->stream.position,
                   ESP_LIMIT_NAME_BYTES);
      return NULL;
    }
  return read_text (self, length, G_MAXSIZE, error);
}

/* a value that is longer than what may be kept ends in dots */
static char *
read_string (EspGgufInput *self, gsize keep, GError **error)
{
  g_autofree char *text = NULL;
  guint64 length;

  if (!read_length (self, &length, error))
    return NULL;
  keep = MIN (keep, self->budget);
  text = read_text (self, length, keep, error);
  if (text == NULL)
    return NULL;
  self->budget -= (gsize) MIN (length, keep);
  return length > keep ? g_strconcat (text, "…", NULL) : g_steal_pointer (&text);
}

/* }}} */
/* {{{ numbers */

static gboolean
read_bits (EspGgufInput *self, guint32 type, guint64 *bits, GError **error)
{
  gboolean good;
  guint32 word = 0;
  guint16 half = 0;
  guint8 byte = 0;

  if (sizes[type] == 8)
    return esp_stream_read_u64 (&self->stream, bits, error);
  if (sizes[type] == 4)
    good = esp_stream_read_u32 (&self->stream, &word, error);
  else if (sizes[type] == 2)
    good = esp_stream_read_u16 (&self->stream, &half, error);
  else
    good = esp_stream_read_u8 (&self->stream, &byte, error);
  *bits = word | half | byte;
  return good;
}

static char *
show_number (guint32 type, guint64 bits)
{
  guint32 word = (guint32) bits;
  float single;
  double real;

  switch (type)
    {
    case TYPE_I8:
      return g_strdup_printf ("%d", (gint8) bits);
    case TYPE_I16:
      return g_strdup_printf ("%d", (gint16) bits);
    case TYPE_I32:
      return g_strdup_printf ("%d", (gint32) bits);
    case TYPE_I64:
      return g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) bits);
    case TYPE_F32:
      memcpy (&single, &word, sizeof single);
      return esp_number_format_exact ((double) single, TRUE);
    case TYPE_F64:
      memcpy (&real, &bits, sizeof real);
      return esp_number_format_exact (real, FALSE);
    case TYPE_BOOL:
      return g_strdup (bits != 0 ? "true" : "false");
    default:
      return g_strdup_printf ("%" G_GUINT64_FORMAT, bits);
    }
}

/* }}} */
/* {{{ values */

static char *read_typed (EspGgufInput *self,
                         guint32 type,
                         guint depth,
                         gsize keep,
                         guint64 *bits,
                         GError **error);

static gboolean
read_array_start (EspGgufInput *self, guint depth, guint32 *type, guint64 *count, GError **error)
{
  if (!esp_stream_read_u32 (&self->stream, type, error) || !esp_gguf_read_size (self, count, error))
    return FALSE;
  if (*type >= N_TYPES)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("an array with entries of the unknown type %u before offset %llu"), *type,
                 (unsigned long long) self->stream.position);
  else if (*count > esp_stream_get_remaining (&self->stream))
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
                 _ ("an array of %llu entries before offset %llu ends beyond the file"),
                 (unsigned long long) *count, (unsigned long long) self->stream.position);
  else if (depth == 0)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                 _ ("arrays inside of arrays more than %d deep"), ESP_LIMIT_GGUF_ARRAY_DEPTH);
  else
    return TRUE;
  return FALSE;
}

/* @count more entries that nobody looks at; numbers go at one blow */
static gboolean
skip_entries (EspGgufInput *self, guint32 type, guint depth, guint64 count, GError **error)
{
  guint64 bytes, ignored;

  if (sizes[type] != 0)
    {
      if (!esp_mul_u64 (count, sizes[type], &bytes))
        bytes = G_MAXUINT64;
      return esp_stream_skip (&self->stream, bytes, error);
    }
  for (guint64 i = 0; i < count; i++)
    {
      g_autofree char *text = NULL;

      if ((i + 1) % 65536 == 0 &&
          g_cancellable_set_error_if_cancelled (self->stream.cancellable, error))
        return FALSE;
      text = read_typed (self, type, depth, 0, &ignored, error);
      if (text == NULL)
        return FALSE;
    }
  return TRUE;
}

/* "[a, b, c, …] (4096)" */
static char *
read_array (EspGgufInput *self, guint depth, gsize keep, GError **error)
{
  g_autoptr (GString) out = g_string_new ("[");
  guint64 count, shown, ignored;
  guint32 type;

  if (!read_array_start (self, depth, &type, &count, error))
    return NULL;
  shown = keep > 0 ? MIN (count, ARRAY_SHOWN) : 0;
  for (guint64 i = 0; i < shown; i++)
    {
      g_autofree char *entry = read_typed (self, type, depth - 1, ENTRY_SHOWN, &ignored, error);

      if (entry == NULL)
        return NULL;
      g_string_append_printf (out, "%s%s", i > 0 ? ", " : "", entry);
    }
  if (!skip_entries (self, type, depth - 1, count - shown, error))
    return NULL;
  g_string_append (out, shown < count ? ", …]" : "]");
  if (shown < count)
    g_string_append_printf (out, " (%" G_GUINT64_FORMAT ")", count);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static char *
read_typed (EspGgufInput *self,
            guint32 type,
            guint depth,
            gsize keep,
            guint64 *bits,
            GError **error)
{
  *bits = 0;
  if (type == TYPE_STRING)
    return read_string (self, keep, error);
  if (type == TYPE_ARRAY)
    return read_array (self, depth, keep, error);
  return read_bits (self, type, bits, error) ? show_number (type, *bits) : NULL;
}

gboolean
esp_gguf_read_value (EspGgufInput *self, EspGgufValue *out, GError **error)
{
  if (!esp_stream_read_u32 (&self->stream, &out->type, error))
    return FALSE;
  if (out->type >= N_TYPES)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("a value of the unknown type %u before offset %llu"), out->type,
                   (unsigned long long) self->stream.position);
      return FALSE;
    }
  out->text = read_typed (self, out->type, ESP_LIMIT_GGUF_ARRAY_DEPTH, ESP_LIMIT_METADATA_BYTES,
                          &out->bits, error);
  return out->text != NULL;
}

/* }}} */
