/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The text of JSON strings. Escapes are first measured, which also checks them, and decoded when
 * somebody asks for the text; most names have none. Hot: the two that look for a byte, which go
 * over all of a header and take 8 bytes at a time. */

#include "config.h"

#include "esp-json-private.h"

#include <string.h>

/* a byte of all ones, and such with only the top bit */
#define ONES G_GUINT64_CONSTANT (0x0101010101010101)
#define TOPS G_GUINT64_CONSTANT (0x8080808080808080)

/* not 0 if a byte of @word is less than @n, which is at most 0x80 */
#define HAS_LESS(word, n) (((word) - ONES * (n)) & ~(word) & TOPS)

static inline guint64
load (const char *at)
{
  guint64 word;

  memcpy (&word, at, sizeof word);
  return word;
}

static const char *
skip_ascii (const char *at, const char *end)
{
  while (end - at >= 8 && (load (at) & TOPS) == 0)
    at += 8;
  while (at < end && (guchar) *at < 0x80)
    at++;
  return at;
}

const char *
_esp_json_find_invalid (const char *text, gsize length)
{
  const char *end = text + length;
  const char *at = text;

  /* no character is made of ASCII and other bytes, so each run of others stands for itself */
  while ((at = skip_ascii (at, end)) < end)
    {
      const char *start = at;
      const char *bad;

      while (at < end && (guchar) *at >= 0x80)
        at++;
      if (!g_utf8_validate_len (start, at - start, &bad))
        return bad;
    }
  return NULL;
}

const char *
_esp_json_find_special (const char *at, const char *end)
{
  for (; end - at >= 8; at += 8)
    {
      guint64 word = load (at);

      if ((HAS_LESS (word, 0x20) | HAS_LESS (word ^ ONES * '"', 1) |
           HAS_LESS (word ^ ONES * '\\', 1)) != 0)
        break;
    }
  while (at < end && *at != '"' && *at != '\\' && (guchar) *at >= 0x20)
    at++;
  return at;
}

static guint
hex4 (const char *at)
{
  return (guint) (g_ascii_xdigit_value (at[0]) << 12 | g_ascii_xdigit_value (at[1]) << 8 |
                  g_ascii_xdigit_value (at[2]) << 4 | g_ascii_xdigit_value (at[3]));
}

static gboolean
is_hex4 (const char *at, const char *end)
{
  return end - at >= 4 && g_ascii_isxdigit (at[0]) && g_ascii_isxdigit (at[1]) &&
         g_ascii_isxdigit (at[2]) && g_ascii_isxdigit (at[3]);
}

gsize
_esp_json_measure_escape (const char *at, const char *end)
{
  guint c;

  if (end - at < 2)
    return 0;
  if (at[1] != 'u')
    return at[1] != '\0' && strchr ("\"\\/bfnrt", at[1]) != NULL ? 2 : 0;
  if (!is_hex4 (at + 2, end))
    return 0;
  c = hex4 (at + 2);
  if (c >= 0xdc00 && c < 0xe000)
    return 0;
  if (c < 0xd800 || c >= 0xdc00)
    return 6;
  if (end - at < 12 || at[6] != '\\' || at[7] != 'u' || !is_hex4 (at + 8, end))
    return 0;
  c = hex4 (at + 8);
  return c >= 0xdc00 && c < 0xe000 ? 12 : 0;
}

static const char *
decode_escape (const char *at, GString *out)
{
  static const char letters[] = "\"\\/bfnrt";
  static const char values[] = "\"\\/\b\f\n\r\t";
  gunichar c;

  if (*at != 'u')
    {
      g_string_append_c (out, values[strchr (letters, *at) - letters]);
      return at + 1;
    }
  c = hex4 (at + 1);
  at += 5;
  if (c >= 0xd800 && c < 0xdc00)
    {
      c = 0x10000 + ((c - 0xd800) << 10) + (hex4 (at + 2) - 0xdc00);
      at += 6;
    }
  if (c == 0)
    g_string_append_c (out, '\0');
  else
    g_string_append_unichar (out, c);
  return at;
}

void
_esp_json_decode (const char *text, EspJsonSpan span, GString *out)
{
  const char *at = text + span.start;
  const char *end = at + span.length;

  if (!span.escaped)
    {
      g_string_set_size (out, span.length);
      memcpy (out->str, at, span.length);
      return;
    }
  g_string_truncate (out, 0);
  while (at < end)
    {
      const char *next = memchr (at, '\\', end - at);

      if (next == NULL)
        break;
      g_string_append_len (out, at, next - at);
      at = decode_escape (next + 1, out);
    }
  g_string_append_len (out, at, end - at);
}
