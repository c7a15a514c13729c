/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Names of modules and parameters as text: joined, split, typed by a person, sorted, shown. Names
 * are some dozen bytes, at most ESP_LIMIT_NAME_BYTES; sorting a tree compares them often. */

#include "config.h"

#include "esp-path.h"

#include <string.h>

GStrv
esp_path_split (const char *text, char separator)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const char *end;

  g_return_val_if_fail (text != NULL && separator != '\0', NULL);

  for (; (end = strchr (text, separator)) != NULL; text = end + 1)
    {
      g_autofree char *part = g_strndup (text, end - text);
      g_strv_builder_add (builder, part);
    }
  g_strv_builder_add (builder, text);
  return g_strv_builder_end (builder);
}

char *
esp_path_join (const char *const *parts, const char *separator)
{
  g_return_val_if_fail (parts != NULL && separator != NULL, NULL);

  return g_strjoinv (separator, (char **) parts);
}

/* typed paths */

/* the text between the quotes that begin at @at; the place behind the closing one or NULL */
static const char *
parse_quoted (const char *at, GString *out)
{
  char quote = *at++;

  for (; *at != quote; at++)
    {
      if (*at == '\\' && at[1] != '\0')
        at++;
      if (*at == '\0')
        return NULL;
      g_string_append_c (out, *at);
    }
  return at + 1;
}

/* `[2]` or `["a.b"]`, from the bracket on; the place behind it or NULL */
static const char *
parse_index (const char *at, GString *out)
{
  at++;
  while (*at == ' ')
    at++;
  if (*at == '"' || *at == '\'')
    at = parse_quoted (at, out);
  else
    for (; *at != ']' && *at != '[' && *at != ' ' && *at != '\0'; at++)
      g_string_append_c (out, *at);
  if (at == NULL)
    return NULL;
  while (*at == ' ')
    at++;
  return *at == ']' ? at + 1 : NULL;
}

GStrv
esp_path_parse (const char *text)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *stripped = NULL;
  const char *at;

  g_return_val_if_fail (text != NULL, NULL);

  stripped = g_strstrip (g_strdup (text));
  if (*stripped == '\0')
    return NULL;
  for (at = stripped;;)
    {
      g_autoptr (GString) part = g_string_new (NULL);

      if (*at == '[')
        at = parse_index (at, part);
      else
        for (; *at != '.' && *at != '[' && *at != '\0'; at++)
          {
            if (*at == ']')
              return NULL;
            g_string_append_c (part, *at);
          }
      if (at == NULL)
        return NULL;
      g_strv_builder_add (builder, part->str);
      if (*at == '\0')
        return g_strv_builder_end (builder);
      if (*at == '.')
        at++;
      else if (*at != '[')
        return NULL;
    }
}

/* order */

static gsize
span_digits (const char *text)
{
  return strspn (text, "0123456789");
}

/* runs of digits by their value, however long; moves both on behind them */
static int
compare_numbers (const char **a, const char **b)
{
  gsize na, nb;
  int order;

  *a += strspn (*a, "0");
  *b += strspn (*b, "0");
  na = span_digits (*a);
  nb = span_digits (*b);
  if (na != nb)
    return na < nb ? -1 : 1;
  order = memcmp (*a, *b, na);
  *a += na;
  *b += nb;
  return order;
}

int
esp_path_compare (const char *a, const char *b)
{
  const char *whole_a = a;
  const char *whole_b = b;

  g_return_val_if_fail (a != NULL && b != NULL, 0);

  while (*a != '\0' && *b != '\0')
    {
      if (g_ascii_isdigit (*a) && g_ascii_isdigit (*b))
        {
          int order = compare_numbers (&a, &b);
          if (order != 0)
            return order;
          continue;
        }
      if (*a != *b)
        return (guchar) *a < (guchar) *b ? -1 : 1;
      a++;
      b++;
    }
  if (*a != *b)
    return *a == '\0' ? -1 : 1;
  return strcmp (whole_a, whole_b); /* "01" and "1" */
}

/* texts of files as names */

char *
esp_path_from_text (const char *text, gsize length)
{
  GString *out;
  const char *end;
  const char *nul;

  g_return_val_if_fail (text != NULL || length == 0, NULL);

  if (length == 0)
    return g_strdup ("");
  if (memchr (text, '\0', length) == NULL)
    return g_strndup (text, length);
  out = g_string_sized_new (length + 8);
  end = text + length;
  while ((nul = memchr (text, '\0', end - text)) != NULL)
    {
      g_string_append_len (out, text, nul - text);
      g_string_append (out, "\xc0\x80");
      text = nul + 1;
    }
  g_string_append_len (out, text, end - text);
  return g_string_free (out, FALSE);
}

/* characters that would change the line, or the order of what stands beside them */
static gboolean
is_hidden (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static void
append_hidden (GString *out, gunichar c)
{
  switch (c)
    {
    case '\n':
      g_string_append (out, "\\n");
      break;
    case '\r':
      g_string_append (out, "\\r");
      break;
    case '\t':
      g_string_append (out, "\\t");
      break;
    default:
      g_string_append_printf (out, "\\u%04x", c);
    }
}

/* the two things in names that are not UTF-8 and yet mean a character: a NUL as C0 80, a lone
 * surrogate in three bytes. The bytes it takes, 0 if it is neither. */
static gsize
decode_odd (const guchar *at, gunichar *c)
{
  if (at[0] == 0xc0 && at[1] == 0x80)
    {
      *c = 0;
      return 2;
    }
  if (at[0] == 0xed && at[1] >= 0xa0 && at[1] < 0xc0 && (at[2] & 0xc0) == 0x80)
    {
      *c = 0xd000 | (gunichar) (at[1] & 0x3f) << 6 | (at[2] & 0x3f);
      return 3;
    }
  return 0;
}

char *
esp_path_escape (const char *name)
{
  GString *out;
  const char *at;

  if (name == NULL)
    return g_strdup ("");
  for (at = name; (guchar) *at >= 0x20 && (guchar) *at < 0x7f; at++)
    ;
  if (*at == '\0')
    return g_strdup (name);

  out = g_string_new_len (name, at - name);
  while (*at != '\0')
    {
      gunichar c = g_utf8_get_char_validated (at, -1);
      gsize n;

      if (c != (gunichar) -1 && c != (gunichar) -2)
        {
          if (is_hidden (c))
            append_hidden (out, c);
          else
            g_string_append_unichar (out, c);
          at = g_utf8_next_char (at);
          continue;
        }
      n = decode_odd ((const guchar *) at, &c);
      if (n > 0)
        append_hidden (out, c);
      else
        g_string_append_printf (out, "\\x%02x", (guchar) *at);
      at += MAX (n, 1);
    }
  return g_string_free (out, FALSE);
}
