/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A pickle's values as text, in Python's spelling: for metadata, attributes of modules, names out
 * of keys that are no strings, and the report of calls. Everything is bounded: an output budget,
 * which every item eats at, and a depth, so that graphs with cycles or without end print too. */

#include "config.h"

#include "esp-pickle-value.h"

#include "esp-path.h"

#include <math.h>
#include <inttypes.h>
#include <string.h>

#define DEEPEST 12 /* what stands deeper is left out */
#define ELLIPSIS "…"

typedef struct
{
  GString *out;
  gsize limit;
  guint depth;
} Printer;

static void print_value (Printer *self, const EspPickleValue *value);

static inline gboolean
is_full (const Printer *self)
{
  return self->out->len > self->limit;
}

/* one character at @bytes: its length, and the character, or -1 where it is no UTF-8. Takes lone
 * surrogates, as Python's pickler writes them. */
static gsize
decode_char (const guint8 *bytes, gsize length, gint64 *out)
{
  gunichar c;

  if (bytes[0] < 0x80)
    {
      *out = bytes[0];
      return 1;
    }
  if (length >= 3 && bytes[0] == 0xed && bytes[1] >= 0xa0 && bytes[1] < 0xc0 && bytes[2] >= 0x80 &&
      bytes[2] < 0xc0)
    {
      *out = 0xd000 | (bytes[1] & 0x3f) << 6 | (bytes[2] & 0x3f);
      return 3;
    }
  c = g_utf8_get_char_validated ((const char *) bytes, (gssize) MIN (length, 6));
  if (c >= 0x110000)
    {
      *out = -1;
      return 1;
    }
  *out = c;
  return (gsize) g_unichar_to_utf8 (c, NULL);
}

static gboolean
is_surrogate (gint64 c)
{
  return c >= 0xd800 && c < 0xe000;
}

/* whether Python's repr shows the character itself */
static gboolean
is_printable (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
      return FALSE;
    case G_UNICODE_SPACE_SEPARATOR:
      return c == ' ';
    default:
      return TRUE;
    }
}

static void
append_escaped (GString *out, gint64 c)
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
      if (c < 0x100)
        g_string_append_printf (out, "\\x%02x", (guint) c);
      else if (c < 0x10000)
        g_string_append_printf (out, "\\u%04x", (guint) c);
      else
        g_string_append_printf (out, "\\U%08x", (guint) c);
    }
}

static void
print_characters (Printer *self, const EspPickleValue *value, char quote)
{
  const guint8 *bytes = value->text.bytes;
  gsize left = value->text.length;

  while (left > 0 && !is_full (self))
    {
      gint64 c;
      gsize length = decode_char (bytes, left, &c);

      if (c < 0)
        append_escaped (self->out, bytes[0]);
      else if (c == quote || c == '\\')
        g_string_append_printf (self->out, "\\%c", (char) c);
      else if (is_surrogate (c) || !is_printable ((gunichar) c))
        append_escaped (self->out, c);
      else
        g_string_append_len (self->out, (const char *) bytes, (gssize) length);
      bytes += length;
      left -= length;
    }
}

static void
print_string (Printer *self, const EspPickleValue *value)
{
  const guint8 *bytes = value->text.bytes;
  gsize length = value->text.length;
  char quote = '\'';

  if (length > 0 && memchr (bytes, '\'', length) != NULL && memchr (bytes, '"', length) == NULL)
    quote = '"';
  g_string_append_c (self->out, quote);
  print_characters (self, value, quote);
  g_string_append_c (self->out, quote);
}

static void
print_bytes (Printer *self, const EspPickleValue *value)
{
  g_string_append (self->out, "b'");
  for (gsize i = 0; i < value->text.length && !is_full (self); i++)
    {
      guint8 c = value->text.bytes[i];

      if (c == '\'' || c == '\\')
        g_string_append_printf (self->out, "\\%c", c);
      else if (c >= 0x20 && c < 0x7f)
        g_string_append_c (self->out, (char) c);
      else
        append_escaped (self->out, c);
    }
  g_string_append_c (self->out, '\'');
}

/* more than 16 bytes: hexadecimal, as decimal digits would take quadratic time */
static void
print_huge (Printer *self, const guint8 *bytes, gsize length)
{
  gboolean negative = bytes[length - 1] >= 0x80;
  gsize lowest = 0; /* non-zero byte: two's complement negates those below as they are */

  while (lowest < length - 1 && bytes[lowest] == 0)
    lowest++;
  g_string_append (self->out, negative ? "-0x" : "0x");
  for (gsize i = length; i > 0 && !is_full (self); i--)
    {
      guint8 byte = bytes[i - 1];

      if (negative)
        byte = i - 1 < lowest ? 0 : (guint8) (~byte + (i - 1 == lowest));
      g_string_append_printf (self->out, "%02x", byte);
    }
}

static void
print_long (Printer *self, const EspPickleValue *value)
{
  char digits[48];
  gsize at = sizeof digits;
  unsigned __int128 magnitude = 0;
  gsize length = value->text.length;
  gboolean negative;

  if (value->decimal)
    {
      g_string_append_len (self->out, (const char *) value->text.bytes,
                           (gssize) MIN (length, self->limit + 1));
      return;
    }
  if (length > 16)
    {
      print_huge (self, value->text.bytes, length);
      return;
    }
  negative = length > 0 && value->text.bytes[length - 1] >= 0x80;
  for (gsize i = 16; i > 0; i--)
    magnitude = magnitude << 8 | (i <= length ? value->text.bytes[i - 1] : negative ? 0xff : 0);
  if (negative)
    magnitude = -magnitude;
  do
    {
      digits[--at] = (char) ('0' + (int) (magnitude % 10));
      magnitude /= 10;
    }
  while (magnitude != 0);
  if (negative)
    digits[--at] = '-';
  g_string_append_len (self->out, digits + at, (gssize) (sizeof digits - at));
}

/* the shortest digits that read back the same, laid out as Python does */
static void
print_double (Printer *self, double value)
{
  char text[64];
  char format[16];
  int digits;
  int exponent;

  if (!isfinite (value))
    {
      g_string_append (self->out, isnan (value) ? "nan" : value > 0 ? "inf" : "-inf");
      return;
    }
  for (digits = 1; digits < 17; digits++)
    {
      g_snprintf (format, sizeof format, "%%.%de", digits - 1);
      g_ascii_formatd (text, sizeof text, format, value);
      if (g_ascii_strtod (text, NULL) == value)
        break;
    }
  g_snprintf (format, sizeof format, "%%.%de", digits - 1);
  g_ascii_formatd (text, sizeof text, format, value);
  exponent = (int) g_ascii_strtoll (strchr (text, 'e') + 1, NULL, 10);
  if (exponent >= -4 && exponent < 16)
    {
      g_snprintf (format, sizeof format, "%%.%df", MAX (digits - 1 - exponent, 1));
      g_ascii_formatd (text, sizeof text, format, value);
    }
  g_string_append (self->out, text);
}

static void
print_items (Printer *self, const EspPickleItems *items, guint *n_printed)
{
  for (guint i = 0; i < items->n && !is_full (self); i++)
    {
      if ((*n_printed)++ > 0)
        g_string_append (self->out, ", ");
      print_value (self, items->items[i]);
    }
}

static void
print_pairs (Printer *self, const EspPickleItems *pairs, gboolean as_arguments, guint *n_printed)
{
  for (guint i = 0; i + 1 < pairs->n && !is_full (self); i += 2)
    {
      if ((*n_printed)++ > 0)
        g_string_append (self->out, ", ");
      if (as_arguments && pairs->items[i]->kind == ESP_PICKLE_STRING)
        {
          print_characters (self, pairs->items[i], '\'');
          g_string_append_c (self->out, '=');
        }
      else
        {
          print_value (self, pairs->items[i]);
          g_string_append (self->out, ": ");
        }
      print_value (self, pairs->items[i + 1]);
    }
}

/* datetime keeps its fields in ten bytes */
static gboolean
print_datetime (Printer *self, const EspPickleValue *value)
{
  const EspPickleRecord *record = value->record;
  const EspPickleValue *packed = esp_pickle_value_get_item (record->args, 0);
  const guint8 *b;

  if (strcmp (record->callee->name->full, "datetime.datetime") != 0 || packed == NULL ||
      packed->kind != ESP_PICKLE_BYTES || packed->text.length != 10)
    return FALSE;
  b = packed->text.bytes;
  g_string_append_printf (self->out, "datetime.datetime(%d, %d, %d, %d, %d, %d", b[0] << 8 | b[1],
                          b[2] & 0x7f, b[3], b[4], b[5], b[6]);
  if ((b[7] | b[8] | b[9]) != 0)
    g_string_append_printf (self->out, ", %d", b[7] << 16 | b[8] << 8 | b[9]);
  g_string_append_c (self->out, ')');
  return TRUE;
}

static gboolean
is_tensor (EspPickleMeaning meaning)
{
  return (meaning >= ESP_MEANING_REBUILD_TENSOR && meaning <= ESP_MEANING_REBUILD_WRAPPER);
}

static void
print_record (Printer *self, const EspPickleValue *value)
{
  const EspPickleRecord *record = value->record;
  guint n = 0;

  if (is_tensor (esp_pickle_value_get_callee_meaning (value)))
    {
      g_string_append (self->out, "<tensor>");
      return;
    }
  if (record->callee->kind == ESP_PICKLE_GLOBAL && print_datetime (self, value))
    return;
  print_value (self, record->callee);
  g_string_append_c (self->out, '(');
  if (record->args->kind == ESP_PICKLE_TUPLE)
    print_items (self, &record->args->items, &n);
  else
    {
      g_string_append_c (self->out, '*');
      print_value (self, record->args);
      n++;
    }
  if (record->kwargs != NULL && record->kwargs->kind == ESP_PICKLE_DICT)
    print_pairs (self, &record->kwargs->items, TRUE, &n);
  print_items (self, &record->items, &n);
  print_pairs (self, &record->pairs, FALSE, &n);
  if (value->state != NULL && value->state->kind == ESP_PICKLE_DICT)
    print_pairs (self, &value->state->items, TRUE, &n);
  g_string_append_c (self->out, ')');
}

static void
print_container (Printer *self, const EspPickleValue *value)
{
  static const char *const brackets[][2] = {
    [ESP_PICKLE_LIST] = { "[", "]" },
    [ESP_PICKLE_TUPLE] = { "(", ")" },
    [ESP_PICKLE_SET] = { "{", "}" },
    [ESP_PICKLE_DICT] = { "{", "}" },
  };
  guint n = 0;

  if (value->kind == ESP_PICKLE_SET && value->items.n == 0)
    {
      g_string_append (self->out, "set()");
      return;
    }
  g_string_append (self->out, brackets[value->kind][0]);
  if (value->kind == ESP_PICKLE_DICT)
    print_pairs (self, &value->items, FALSE, &n);
  else
    print_items (self, &value->items, &n);
  if (value->kind == ESP_PICKLE_TUPLE && value->items.n == 1)
    g_string_append_c (self->out, ',');
  g_string_append (self->out, brackets[value->kind][1]);
}

static void
print_nested (Printer *self, const EspPickleValue *value)
{
  if (self->depth >= DEEPEST)
    {
      g_string_append (self->out, ELLIPSIS);
      return;
    }
  self->depth++;
  if (value->kind == ESP_PICKLE_PERSISTENT)
    {
      g_string_append (self->out, "<persistent ");
      print_value (self, value->inner);
      g_string_append_c (self->out, '>');
    }
  else if (value->kind == ESP_PICKLE_OBJECT || value->kind == ESP_PICKLE_CALL)
    print_record (self, value);
  else
    print_container (self, value);
  self->depth--;
}

static void
print_value (Printer *self, const EspPickleValue *value)
{
  if (is_full (self))
    return;
  switch ((EspPickleKind) value->kind)
    {
    case ESP_PICKLE_NONE:
      g_string_append (self->out, "None");
      break;
    case ESP_PICKLE_BOOL:
      g_string_append (self->out, value->boolean ? "True" : "False");
      break;
    case ESP_PICKLE_INT:
      g_string_append_printf (self->out, "%" PRId64, value->integer);
      break;
    case ESP_PICKLE_LONG:
      print_long (self, value);
      break;
    case ESP_PICKLE_FLOAT:
      print_double (self, value->real);
      break;
    case ESP_PICKLE_STRING:
      print_string (self, value);
      break;
    case ESP_PICKLE_BYTES:
      print_bytes (self, value);
      break;
    case ESP_PICKLE_GLOBAL:
      g_string_append (self->out, value->name->full);
      break;
    case ESP_PICKLE_LIST:
    case ESP_PICKLE_TUPLE:
    case ESP_PICKLE_SET:
    case ESP_PICKLE_DICT:
    case ESP_PICKLE_OBJECT:
    case ESP_PICKLE_CALL:
    case ESP_PICKLE_PERSISTENT:
      print_nested (self, value);
      break;
    default:
      g_assert_not_reached ();
    }
}

/* cuts at a character's beginning */
static char *
finish (GString *out, gsize limit)
{
  if (out->len > limit)
    {
      gsize end = limit;

      while (end > 0 && ((guint8) out->str[end] & 0xc0) == 0x80)
        end--;
      g_string_truncate (out, end);
      g_string_append (out, ELLIPSIS);
    }
  return g_string_free (out, FALSE);
}

char *
esp_pickle_value_to_text (const EspPickleValue *self, gsize limit)
{
  Printer printer = { .out = g_string_new (NULL), .limit = limit };

  g_return_val_if_fail (self != NULL, NULL);

  print_value (&printer, self);
  return finish (printer.out, limit);
}

char *
esp_pickle_value_to_name (const EspPickleValue *self, gsize limit)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->kind == ESP_PICKLE_STRING && self->text.length <= limit)
    return esp_path_from_text ((const char *) self->text.bytes, self->text.length);
  return esp_pickle_value_to_text (self, limit);
}
