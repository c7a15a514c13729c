/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The opcodes of pickle protocol 0, whose operands are lines of text: numbers in decimal, strings
 * as Python wrote them with quotes and escapes. Old files and hand-made ones have them. */

#include "config.h"

#include "esp-pickle-opcodes.h"

#include <glib/gi18n.h>
#include <string.h>

#define LONGEST_NUMBER 64 /* of those that are not big integers */

static gboolean
fail_text (EspPickleMachine *self, GError **error)
{
  return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_CORRUPT,
                                  _ ("its text is not what it should be"));
}

/* the line as a C string if it is short; else empty */
static gboolean
read_short_line (EspPickleMachine *self, char out[LONGEST_NUMBER], GError **error)
{
  const char *line;
  gsize length;

  if (!esp_cursor_read_line (&self->cursor, &line, &length, error))
    return FALSE;
  if (length == 0 || length >= LONGEST_NUMBER || memchr (line, 0, length) != NULL)
    return fail_text (self, error);
  memcpy (out, line, length);
  out[length] = '\0';
  return TRUE;
}

static gboolean
is_decimal (const char *text, gsize length)
{
  gsize start = length > 0 && (text[0] == '-' || text[0] == '+') ? 1 : 0;

  if (length == start)
    return FALSE;
  for (gsize i = start; i < length; i++)
    if (!g_ascii_isdigit (text[i]))
      return FALSE;
  return TRUE;
}

/* 64 bits where they suffice, else the digits are kept */
static gboolean
push_decimal (EspPickleMachine *self, const char *text, gsize length, GError **error)
{
  EspPickleValue *value;
  char copy[24];
  gint64 integer;

  if (!is_decimal (text, length))
    return fail_text (self, error);
  if (length < sizeof copy)
    {
      memcpy (copy, text, length);
      copy[length] = '\0';
      if (g_ascii_string_to_signed (copy + (copy[0] == '+'), 10, G_MININT64, G_MAXINT64, &integer,
                                    NULL))
        return esp_pickle_push_int (self, integer, error);
    }
  if (length > ESP_LIMIT_PICKLE_LONG_BYTES)
    return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_LIMIT,
                                    _ ("an integer has %zu bytes, more than %d"), length,
                                    ESP_LIMIT_PICKLE_LONG_BYTES);
  value = esp_pickle_push_text (self, ESP_PICKLE_LONG, (const guint8 *) text, length, error);
  if (value == NULL)
    return FALSE;
  value->decimal = TRUE;
  return TRUE;
}

gboolean
esp_pickle_run_int (EspPickleMachine *self, GError **error)
{
  const char *line;
  gsize length;

  if (!esp_cursor_read_line (&self->cursor, &line, &length, error))
    return FALSE;
  if (length == 2 && line[0] == '0' && (line[1] == '0' || line[1] == '1'))
    return esp_pickle_push_bool (self, line[1] == '1', error);
  return push_decimal (self, line, length, error);
}

gboolean
esp_pickle_run_long (EspPickleMachine *self, GError **error)
{
  const char *line;
  gsize length;

  if (!esp_cursor_read_line (&self->cursor, &line, &length, error))
    return FALSE;
  if (length > 0 && line[length - 1] == 'L')
    length--;
  return push_decimal (self, line, length, error);
}

gboolean
esp_pickle_run_float (EspPickleMachine *self, GError **error)
{
  char text[LONGEST_NUMBER];
  char *end;
  double value;

  if (!read_short_line (self, text, error))
    return FALSE;
  value = g_ascii_strtod (text, &end);
  if (*end != '\0')
    return fail_text (self, error);
  return esp_pickle_push_double (self, value, error);
}

/* @n hexadecimal digits */
static gboolean
read_hex (const char *text, gsize length, guint n, guint32 *out)
{
  *out = 0;
  if (length < n)
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      int digit = g_ascii_xdigit_value (text[i]);

      if (digit < 0)
        return FALSE;
      *out = *out << 4 | (guint32) digit;
    }
  return TRUE;
}

/* One escape of a Python 2 str after its backslash: how much of @text it takes; 0 if it is none.
 * *n_out bytes are written. */
static gsize
unescape (const char *text, gsize length, guint8 *out, gsize *n_out)
{
  static const char from[] = "\\'\"abfnrtv";
  static const char to[] = "\\'\"\a\b\f\n\r\t\v";
  const char *plain = length > 0 && text[0] != '\0' ? strchr (from, text[0]) : NULL;
  guint32 code = 0;
  gsize n = 0;

  *n_out = 1;
  if (plain != NULL)
    {
      *out = (guint8) to[plain - from];
      return 1;
    }
  if (length > 0 && text[0] == 'x' && read_hex (text + 1, length - 1, 2, &code))
    {
      *out = (guint8) code;
      return 3;
    }
  while (n < 3 && n < length && text[n] >= '0' && text[n] <= '7')
    code = code << 3 | (guint32) (text[n++] - '0');
  *out = (guint8) code;
  return n;
}

gboolean
esp_pickle_run_string (EspPickleMachine *self, GError **error)
{
  const char *line;
  gsize length;
  guint8 *out;
  gsize n = 0;

  if (!esp_cursor_read_line (&self->cursor, &line, &length, error))
    return FALSE;
  if (length < 2 || line[0] != line[length - 1] || (line[0] != '\'' && line[0] != '"'))
    return fail_text (self, error);
  line++;
  length -= 2;
  out = esp_pickle_arena_alloc (&self->pickle->arena, length);
  for (gsize i = 0; i < length;)
    {
      gsize taken;
      gsize made;

      if (line[i] != '\\')
        {
          out[n++] = (guint8) line[i++];
          continue;
        }
      taken = unescape (line + i + 1, length - i - 1, out + n, &made);
      if (taken == 0)
        return fail_text (self, error);
      i += 1 + taken;
      n += made;
    }
  return esp_pickle_push_text (self, ESP_PICKLE_STRING, out, n, error) != NULL;
}

/* UTF-8 of a code point, lone surrogates too */
static gsize
encode (guint32 code, guint8 *out)
{
  return (gsize) g_unichar_to_utf8 (code, (char *) out);
}

/* raw-unicode-escape: Latin-1 with \uXXXX and \UXXXXXXXX; no other backslash means anything */
gboolean
esp_pickle_run_unicode (EspPickleMachine *self, GError **error)
{
  const char *line;
  gsize length;
  guint8 *out;
  gsize n = 0;

  if (!esp_cursor_read_line (&self->cursor, &line, &length, error) ||
      !esp_pickle_machine_spend (self, length, error))
    return FALSE;
  /* each byte becomes at most two; an escape of six or ten becomes at most four */
  out = esp_pickle_arena_alloc (&self->pickle->arena, 2 * length);
  for (gsize i = 0; i < length;)
    {
      guint32 code = (guint8) line[i];
      guint digits = 0;

      if (code == '\\' && i + 1 < length)
        digits = line[i + 1] == 'u' ? 4 : line[i + 1] == 'U' ? 8 : 0;
      if (digits > 0 &&
          (!read_hex (line + i + 2, length - i - 2, digits, &code) || code > 0x10ffff))
        return fail_text (self, error);
      n += encode (code, out + n);
      i += digits > 0 ? 2 + digits : 1;
    }
  return esp_pickle_push_text (self, ESP_PICKLE_STRING, out, n, error) != NULL;
}

static gboolean
read_memo_index (EspPickleMachine *self, guint64 *out, GError **error)
{
  char text[LONGEST_NUMBER];

  if (!read_short_line (self, text, error))
    return FALSE;
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, out, NULL))
    return fail_text (self, error);
  return TRUE;
}

gboolean
esp_pickle_run_get (EspPickleMachine *self, GError **error)
{
  guint64 index;

  return read_memo_index (self, &index, error) && esp_pickle_machine_get (self, index, error);
}

gboolean
esp_pickle_run_put (EspPickleMachine *self, GError **error)
{
  guint64 index;

  return read_memo_index (self, &index, error) && esp_pickle_machine_put (self, index, error);
}

gboolean
esp_pickle_run_persid (EspPickleMachine *self, GError **error)
{
  EspPickleValue *id;
  const char *line;
  gsize length;

  if (!esp_cursor_read_line (&self->cursor, &line, &length, error))
    return FALSE;
  id = esp_pickle_machine_new_value (self, ESP_PICKLE_STRING, error);
  if (id == NULL)
    return FALSE;
  id->text.bytes = (const guint8 *) line;
  id->text.length = length;
  return esp_pickle_push_persistent (self, id, error);
}

gboolean
esp_pickle_run_inst (EspPickleMachine *self, GError **error)
{
  EspPickleValue *const *items;
  EspPickleValue *callee;
  EspPickleValue *args;
  const char *module;
  const char *name;
  gsize module_length;
  gsize name_length;
  guint n;

  if (!esp_cursor_read_line (&self->cursor, &module, &module_length, error) ||
      !esp_cursor_read_line (&self->cursor, &name, &name_length, error) ||
      !esp_pickle_machine_pop_mark (self, &items, &n, error))
    return FALSE;
  /* the items first, as the name goes over them on the stack */
  args = esp_pickle_new_tuple (self, items, n, error);
  if (args == NULL ||
      !esp_pickle_machine_push_name (self, module, module_length, name, name_length, error))
    return FALSE;
  callee = esp_pickle_machine_pop (self, error);
  return callee != NULL && esp_pickle_machine_push_call (self, callee, args, NULL, n == 0, error);
}
