/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Escapes in JSON strings: first measured, which also checks them, later decoded when somebody asks
 * for the text. Most names have none. */

#include "config.h"

#include "esp-json-private.h"

#include <string.h>

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

  g_string_truncate (out, 0);
  while (span.escaped && at < end)
    {
      const char *next = memchr (at, '\\', end - at);

      if (next == NULL)
        break;
      g_string_append_len (out, at, next - at);
      at = decode_escape (next + 1, out);
    }
  g_string_append_len (out, at, end - at);
}
