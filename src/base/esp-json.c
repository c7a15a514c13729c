/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A strict JSON tokenizer (RFC 8259) for text out of a checkpoint: the header of a safetensors
 * file, an index of shards, a config. In: up to 100 MB of text, often with 20,000 keys in one
 * object. Out: tokens that point into the text; nothing is copied before it is asked for. It keeps
 * no tree and doesn't recurse: what it holds is one frame per open container and, to find duplicate
 * keys, the position of each key of the open objects.
 * Hot: esp_json_reader_next(). */

#include "config.h"

#include "esp-json-private.h"

#include "esp-error.h"
#include "esp-limits.h"

#include <glib/gi18n.h>
#include <string.h>

/* what may come next */
typedef enum
{
  STATE_VALUE,       /* a value */
  STATE_FIRST_VALUE, /* after '[': a value or ']' */
  STATE_FIRST_KEY,   /* after '{': a key or '}' */
  STATE_AFTER_VALUE, /* ',' or what closes the container, or the end */
} State;

struct _EspJsonReader
{
  const char *text; /* borrowed */
  gsize length;
  char *what;

  gsize position;
  gsize token_start;
  State state;
  EspJsonToken token;
  EspJsonSpan span; /* of the token, if it is a key, a string or a number */
  GError *failure;
  gboolean is_checked; /* it is UTF-8 */

  gboolean is_object[ESP_LIMIT_JSON_DEPTH]; /* of the open containers */
  guint depth;
  EspJsonKeys *keys;
  GString *decoded; /* what get_text() gives */
};

EspJsonReader *
esp_json_reader_new (const char *text, gsize length, const char *what)
{
  EspJsonReader *self;

  g_return_val_if_fail (text != NULL || length == 0, NULL);
  g_return_val_if_fail (what != NULL, NULL);

  self = g_new0 (EspJsonReader, 1);
  self->text = text;
  self->length = length;
  self->what = g_strdup (what);
  self->keys = _esp_json_keys_new (text);
  self->decoded = g_string_new (NULL);
  return self;
}

void
esp_json_reader_free (EspJsonReader *self)
{
  g_return_if_fail (self != NULL);

  _esp_json_keys_free (self->keys);
  g_string_free (self->decoded, TRUE);
  g_clear_error (&self->failure);
  g_free (self->what);
  g_free (self);
}

/* errors: the first one stays */

static EspJsonToken G_GNUC_PRINTF (4, 5)
    fail (EspJsonReader *self, int code, gsize at, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_clear_error (&self->failure);
  /* TRANSLATORS: place, byte offset, what is wrong there */
  self->failure = g_error_new (ESP_FORMAT_ERROR, code, _ ("%s: at byte %zu: %s"), self->what, at,
                               reason);
  return ESP_JSON_ERROR;
}

static EspJsonToken
fail_at_end (EspJsonReader *self)
{
  return fail (self, ESP_FORMAT_ERROR_CORRUPT, self->length,
               _ ("the JSON text ends before it is complete"));
}

static EspJsonToken
fail_unexpected (EspJsonReader *self, const char *wanted)
{
  guchar c;

  if (self->position >= self->length)
    return fail_at_end (self);
  c = self->text[self->position];
  if (g_ascii_isgraph (c))
    return fail (self, ESP_FORMAT_ERROR_CORRUPT, self->position, _ ("%s wanted, found “%c”"),
                 wanted, c);
  return fail (self, ESP_FORMAT_ERROR_CORRUPT, self->position,
               _ ("%s wanted, found the byte 0x%02x"), wanted, c);
}

static gboolean
check_utf8 (EspJsonReader *self)
{
  const char *bad;

  self->is_checked = TRUE;
  if (self->length > ESP_JSON_MAX_BYTES)
    {
      fail (self, ESP_FORMAT_ERROR_LIMIT, 0,
            _ ("the JSON text has %zu bytes, more than the limit of %d"), self->length,
            ESP_JSON_MAX_BYTES);
      return FALSE;
    }
  bad = _esp_json_find_invalid (self->text, self->length);
  if (bad == NULL)
    return TRUE;
  fail (self, ESP_FORMAT_ERROR_CORRUPT, bad - self->text, _ ("the text is not UTF-8"));
  return FALSE;
}

/* scanners: each starts at the position and leaves it behind what it took */

static void
skip_space (EspJsonReader *self)
{
  while (self->position < self->length)
    {
      char c = self->text[self->position];
      if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
        break;
      self->position++;
    }
}

static gboolean
scan_string (EspJsonReader *self)
{
  const char *end = self->text + self->length;
  const char *start = self->text + self->position + 1;
  const char *at = start;

  self->span.escaped = FALSE;
  for (;;)
    {
      at = _esp_json_find_special (at, end);
      if (at == end)
        {
          fail_at_end (self);
          return FALSE;
        }
      if (*at == '"')
        break;
      if (*at == '\\')
        {
          gsize n = _esp_json_measure_escape (at, end);
          if (n == 0)
            {
              fail (self, ESP_FORMAT_ERROR_CORRUPT, at - self->text, _ ("this is no valid escape"));
              return FALSE;
            }
          at += n;
          self->span.escaped = TRUE;
          continue;
        }
      fail (self, ESP_FORMAT_ERROR_CORRUPT, at - self->text,
            _ ("a string holds the control character 0x%02x"), (guchar) *at);
      return FALSE;
    }
  self->span.start = start - self->text;
  self->span.length = at - start;
  self->position = at + 1 - self->text;
  return TRUE;
}

static gsize
count_digits (EspJsonReader *self, gsize at)
{
  gsize n = 0;

  while (at + n < self->length && g_ascii_isdigit (self->text[at + n]))
    n++;
  return n;
}

static gboolean
is_char (EspJsonReader *self, gsize at, char c)
{
  return at < self->length && self->text[at] == c;
}

static gboolean
scan_number (EspJsonReader *self)
{
  gsize at = self->position;
  gsize n;

  if (is_char (self, at, '-'))
    at++;
  n = count_digits (self, at);
  if (n == 0 || (n > 1 && self->text[at] == '0'))
    goto bad;
  at += n;
  if (is_char (self, at, '.'))
    {
      n = count_digits (self, ++at);
      if (n == 0)
        goto bad;
      at += n;
    }
  if (is_char (self, at, 'e') || is_char (self, at, 'E'))
    {
      at++;
      if (is_char (self, at, '+') || is_char (self, at, '-'))
        at++;
      n = count_digits (self, at);
      if (n == 0)
        goto bad;
      at += n;
    }
  self->span.start = self->position;
  self->span.length = at - self->position;
  self->span.escaped = FALSE;
  self->position = at;
  return TRUE;

bad:
  fail (self, ESP_FORMAT_ERROR_CORRUPT, self->position, _ ("this is no valid JSON number"));
  return FALSE;
}

static EspJsonToken
scan_word (EspJsonReader *self, const char *word, EspJsonToken token)
{
  gsize n = strlen (word);

  if (self->length - self->position < n || memcmp (self->text + self->position, word, n) != 0)
    return fail_unexpected (self, _ ("a JSON value"));
  self->position += n;
  self->state = STATE_AFTER_VALUE;
  return token;
}

/* tokens */

static EspJsonToken
open_container (EspJsonReader *self, gboolean is_object)
{
  if (self->depth == ESP_LIMIT_JSON_DEPTH)
    return fail (self, ESP_FORMAT_ERROR_LIMIT, self->position,
                 _ ("the JSON text nests deeper than the limit of %d"), ESP_LIMIT_JSON_DEPTH);
  self->is_object[self->depth++] = is_object;
  if (is_object)
    _esp_json_keys_begin_object (self->keys);
  self->position++;
  self->state = is_object ? STATE_FIRST_KEY : STATE_FIRST_VALUE;
  return is_object ? ESP_JSON_OBJECT : ESP_JSON_ARRAY;
}

static EspJsonToken
close_container (EspJsonReader *self)
{
  gboolean is_object = self->is_object[--self->depth];

  if (is_object)
    _esp_json_keys_end_object (self->keys);
  self->position++;
  self->state = STATE_AFTER_VALUE;
  return is_object ? ESP_JSON_OBJECT_END : ESP_JSON_ARRAY_END;
}

static EspJsonToken
read_value (EspJsonReader *self)
{
  char c = self->position < self->length ? self->text[self->position] : '\0';

  switch (c)
    {
    case '{':
      return open_container (self, TRUE);
    case '[':
      return open_container (self, FALSE);
    case '"':
      if (!scan_string (self))
        return ESP_JSON_ERROR;
      self->state = STATE_AFTER_VALUE;
      return ESP_JSON_STRING;
    case 't':
      return scan_word (self, "true", ESP_JSON_TRUE);
    case 'f':
      return scan_word (self, "false", ESP_JSON_FALSE);
    case 'n':
      return scan_word (self, "null", ESP_JSON_NULL);
    default:
      if (c != '-' && !g_ascii_isdigit (c))
        return fail_unexpected (self, _ ("a JSON value"));
      if (!scan_number (self))
        return ESP_JSON_ERROR;
      self->state = STATE_AFTER_VALUE;
      return ESP_JSON_NUMBER;
    }
}

static EspJsonToken
read_key (EspJsonReader *self)
{
  EspJsonSpan span;

  if (!is_char (self, self->position, '"'))
    return fail_unexpected (self, _ ("a key in quotes"));
  if (!scan_string (self))
    return ESP_JSON_ERROR;
  span = self->span;
  if (!_esp_json_keys_add (self->keys, span))
    {
      g_autofree char *key = NULL;

      _esp_json_decode (self->text, span, self->decoded);
      key = g_utf8_make_valid (self->decoded->str, MIN (self->decoded->len, 200));
      return fail (self, ESP_FORMAT_ERROR_CORRUPT, self->token_start,
                   _ ("the key “%s” is there twice"), key);
    }
  skip_space (self);
  if (!is_char (self, self->position, ':'))
    return fail_unexpected (self, "“:”");
  self->position++;
  self->span = span;
  self->state = STATE_VALUE;
  return ESP_JSON_KEY;
}

static EspJsonToken
read_after_value (EspJsonReader *self)
{
  gboolean is_object;

  if (self->depth == 0)
    {
      if (self->position == self->length)
        return ESP_JSON_END;
      return fail_unexpected (self, _ ("the end of the JSON text"));
    }
  is_object = self->is_object[self->depth - 1];
  if (is_char (self, self->position, is_object ? '}' : ']'))
    return close_container (self);
  if (!is_char (self, self->position, ','))
    return fail_unexpected (self, is_object ? _ ("“,” or “}”") : _ ("“,” or “]”"));
  self->position++;
  skip_space (self);
  self->token_start = self->position;
  return is_object ? read_key (self) : read_value (self);
}

static EspJsonToken
read_token (EspJsonReader *self)
{
  skip_space (self);
  self->token_start = self->position;
  switch (self->state)
    {
    case STATE_FIRST_VALUE:
      if (is_char (self, self->position, ']'))
        return close_container (self);
      return read_value (self);
    case STATE_FIRST_KEY:
      if (is_char (self, self->position, '}'))
        return close_container (self);
      return read_key (self);
    case STATE_AFTER_VALUE:
      return read_after_value (self);
    case STATE_VALUE:
    default:
      return read_value (self);
    }
}

/* the reader's face */

EspJsonToken
esp_json_reader_next (EspJsonReader *self, GError **error)
{
  g_return_val_if_fail (self != NULL, ESP_JSON_ERROR);

  if (self->failure == NULL && (self->is_checked || check_utf8 (self)))
    self->token = read_token (self);
  if (self->failure == NULL)
    return self->token;
  self->token = ESP_JSON_ERROR;
  if (error != NULL)
    *error = g_error_copy (self->failure);
  return ESP_JSON_ERROR;
}

const char *
esp_json_reader_get_text (EspJsonReader *self, gsize *length)
{
  g_return_val_if_fail (self != NULL, "");
  g_return_val_if_fail (self->token == ESP_JSON_KEY || self->token == ESP_JSON_STRING, "");

  _esp_json_decode (self->text, self->span, self->decoded);
  if (length != NULL)
    *length = self->decoded->len;
  return self->decoded->str;
}

gboolean
esp_json_reader_is_text (EspJsonReader *self, const char *text)
{
  gsize length;
  const char *own;

  g_return_val_if_fail (self != NULL && text != NULL, FALSE);
  g_return_val_if_fail (self->token == ESP_JSON_KEY || self->token == ESP_JSON_STRING, FALSE);

  if (!self->span.escaped)
    return strlen (text) == self->span.length &&
           memcmp (self->text + self->span.start, text, self->span.length) == 0;
  own = esp_json_reader_get_text (self, &length);
  return strlen (text) == length && memcmp (own, text, length) == 0;
}

gboolean
esp_json_reader_get_u64 (EspJsonReader *self, guint64 *out, GError **error)
{
  const char *at;
  guint64 value = 0;

  g_return_val_if_fail (self != NULL && out != NULL, FALSE);
  g_return_val_if_fail (self->token == ESP_JSON_NUMBER, FALSE);

  at = self->text + self->span.start;
  for (guint i = 0; i < self->span.length; i++)
    if (!g_ascii_isdigit (at[i]) || __builtin_mul_overflow (value, 10, &value) ||
        __builtin_add_overflow (value, (guint64) (at[i] - '0'), &value))
      {
        fail (self, ESP_FORMAT_ERROR_CORRUPT, self->token_start,
              _ ("an unsigned integer of 64 bits wanted, found %.*s"),
              (int) MIN (self->span.length, 40), at);
        if (error != NULL)
          *error = g_error_copy (self->failure);
        return FALSE;
      }
  *out = value;
  return TRUE;
}

double
esp_json_reader_get_double (EspJsonReader *self)
{
  g_return_val_if_fail (self != NULL, 0.0);
  g_return_val_if_fail (self->token == ESP_JSON_NUMBER, 0.0);

  g_string_truncate (self->decoded, 0);
  g_string_append_len (self->decoded, self->text + self->span.start, self->span.length);
  return g_ascii_strtod (self->decoded->str, NULL);
}

static const char *
name_token (EspJsonToken token)
{
  switch (token)
    {
    case ESP_JSON_OBJECT:
      return _ ("an object");
    case ESP_JSON_ARRAY:
      return _ ("an array");
    case ESP_JSON_OBJECT_END:
      return _ ("the end of an object");
    case ESP_JSON_ARRAY_END:
      return _ ("the end of an array");
    case ESP_JSON_KEY:
      return _ ("a key");
    case ESP_JSON_STRING:
      return _ ("a string");
    case ESP_JSON_NUMBER:
      return _ ("a number");
    case ESP_JSON_TRUE:
      return _ ("true");
    case ESP_JSON_FALSE:
      return _ ("false");
    case ESP_JSON_NULL:
      return _ ("null");
    case ESP_JSON_END:
      return _ ("the end of the JSON text");
    case ESP_JSON_ERROR:
    default:
      return _ ("an error");
    }
}

gboolean
esp_json_reader_expect (EspJsonReader *self, EspJsonToken wanted, GError **error)
{
  EspJsonToken token = esp_json_reader_next (self, error);

  if (token == ESP_JSON_ERROR)
    return FALSE;
  if (token == wanted)
    return TRUE;
  fail (self, ESP_FORMAT_ERROR_CORRUPT, self->token_start, _ ("%s wanted, found %s"),
        name_token (wanted), name_token (token));
  if (error != NULL)
    *error = g_error_copy (self->failure);
  return FALSE;
}

/* passes over the value whose first token was just read */
static gboolean
skip_rest (EspJsonReader *self, GError **error)
{
  guint outer = self->depth;

  switch (self->token)
    {
    case ESP_JSON_STRING:
    case ESP_JSON_NUMBER:
    case ESP_JSON_TRUE:
    case ESP_JSON_FALSE:
    case ESP_JSON_NULL:
      return TRUE;
    case ESP_JSON_OBJECT:
    case ESP_JSON_ARRAY:
      while (self->depth >= outer)
        if (esp_json_reader_next (self, error) == ESP_JSON_ERROR)
          return FALSE;
      return TRUE;
    default:
      fail (self, ESP_FORMAT_ERROR_CORRUPT, self->token_start, _ ("%s wanted, found %s"),
            _ ("a JSON value"), name_token (self->token));
      if (error != NULL)
        *error = g_error_copy (self->failure);
      return FALSE;
    }
}

gboolean
esp_json_reader_skip (EspJsonReader *self, GError **error)
{
  return esp_json_reader_next (self, error) != ESP_JSON_ERROR && skip_rest (self, error);
}

gboolean
esp_json_reader_read_raw (EspJsonReader *self, const char **out, gsize *length, GError **error)
{
  gsize start;

  if (esp_json_reader_next (self, error) == ESP_JSON_ERROR)
    return FALSE;
  start = self->token_start;
  if (!skip_rest (self, error))
    return FALSE;
  *out = self->text + start;
  *length = self->position - start;
  return TRUE;
}

gsize
esp_json_reader_get_position (EspJsonReader *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->token_start;
}
