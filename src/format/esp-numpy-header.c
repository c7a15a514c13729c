/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The header of a NumPy array: the text of a Python dictionary such as
 *
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 *
 * read by a tokenizer for just that, which never evaluates anything. A list of fields (a structured
 * array) is passed over by its brackets: such arrays are refused anyway.
 */

#include "config.h"

#include "esp-numpy-header.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-check.h"
#include "esp-error.h"

typedef struct
{
  const char *at, *end;
  gboolean has_order, has_shape;
} Text;

void
esp_numpy_header_clear (EspNumpyHeader *self)
{
  g_clear_pointer (&self->descr, g_free);
}

/* {{{ tokens */

static gboolean
is_space (char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_space (Text *text)
{
  while (text->at < text->end && is_space (*text->at))
    text->at++;
}

/* whether @c comes next; passes over it */
static gboolean
take (Text *text, char c)
{
  skip_space (text);
  if (text->at == text->end || *text->at != c)
    return FALSE;
  text->at++;
  return TRUE;
}

static gboolean
take_word (Text *text, const char *word)
{
  gsize length = strlen (word);

  skip_space (text);
  if ((gsize) (text->end - text->at) < length || memcmp (text->at, word, length) != 0)
    return FALSE;
  text->at += length;
  return TRUE;
}

/* a quoted string without escapes, which NumPy never needs; NULL where there is none */
static char *
take_string (Text *text)
{
  const char *start, *close;
  char *string;

  skip_space (text);
  if (text->at == text->end || (*text->at != '\'' && *text->at != '"'))
    return NULL;
  start = text->at + 1;
  close = memchr (start, *text->at, (gsize) (text->end - start));
  if (close == NULL || memchr (start, '\\', (gsize) (close - start)) != NULL ||
      memchr (start, '\0', (gsize) (close - start)) != NULL)
    return NULL;
  string = g_strndup (start, (gsize) (close - start));
  text->at = close + 1;
  return string;
}

/* whole brackets, strings respected */
static gboolean
skip_list (Text *text)
{
  gsize depth = 0;

  do
    {
      g_autofree char *string = take_string (text);
      char c;

      if (string != NULL)
        continue;
      skip_space (text);
      if (text->at == text->end)
        return FALSE;
      c = *text->at++;
      if (c == '[' || c == '(')
        depth++;
      else if (c == ']' || c == ')')
        depth--;
    }
  while (depth > 0);
  return TRUE;
}

/* }}} */
/* {{{ the dictionary */

static gboolean
take_size (Text *text, gint64 *size)
{
  *size = 0;
  skip_space (text);
  if (text->at == text->end || !g_ascii_isdigit (*text->at))
    return FALSE;
  for (; text->at < text->end && g_ascii_isdigit (*text->at); text->at++)
    if (!esp_mul_i64 (*size, 10, size) || !esp_add_i64 (*size, *text->at - '0', size))
      return FALSE;
  if (text->at < text->end && *text->at == 'L') /* as Python 2 wrote long integers */
    text->at++;
  return TRUE;
}

/* "()", "(3,)", "(2, 3)", "(2, 3, )" */
static gboolean
take_shape (Text *text, EspNumpyHeader *header)
{
  if (!take (text, '('))
    return FALSE;
  while (!take (text, ')'))
    {
      if (header->ndim == ESP_LIMIT_DIMS || !take_size (text, &header->shape[header->ndim]))
        return FALSE;
      header->ndim++;
      if (!take (text, ','))
        return header->ndim > 1 && take (text, ')');
    }
  return TRUE;
}

static gboolean
take_descr (Text *text, EspNumpyHeader *header)
{
  skip_space (text);
  if (text->at < text->end && *text->at == '[')
    {
      header->descr = g_strdup ("");
      return skip_list (text);
    }
  header->descr = take_string (text);
  return header->descr != NULL && *header->descr != '\0';
}

static gboolean
take_entry (Text *text, EspNumpyHeader *header)
{
  g_autofree char *key = take_string (text);

  if (key == NULL || !take (text, ':'))
    return FALSE;
  if (strcmp (key, "descr") == 0 && header->descr == NULL)
    return take_descr (text, header);
  if (strcmp (key, "fortran_order") == 0 && !text->has_order)
    {
      text->has_order = TRUE;
      header->fortran_order = take_word (text, "True");
      return header->fortran_order || take_word (text, "False");
    }
  if (strcmp (key, "shape") == 0 && !text->has_shape)
    {
      text->has_shape = TRUE;
      return take_shape (text, header);
    }
  return FALSE;
}

static gboolean
take_dictionary (Text *text, EspNumpyHeader *header)
{
  if (!take (text, '{'))
    return FALSE;
  while (!take (text, '}'))
    {
      if (!take_entry (text, header))
        return FALSE;
      if (!take (text, ','))
        return take (text, '}');
    }
  return TRUE;
}

gboolean
esp_numpy_header_parse (EspNumpyHeader *self, const char *bytes, gsize length, GError **error)
{
  Text text = { bytes, bytes + length, FALSE, FALSE };
  gboolean good = take_dictionary (&text, self);

  skip_space (&text);
  if (good && text.at == text.end && self->descr != NULL && text.has_order && text.has_shape)
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("the array’s header is not the dictionary of descr, fortran_order and shape that "
                  "NumPy writes (byte %llu of it)"),
               (unsigned long long) (text.at - bytes));
  return FALSE;
}

/* }}} */
/* {{{ dtypes */

static const struct
{
  const char *word; /* kind and bytes of an element */
  EspDtype dtype;
} dtypes[] = {
  { "b1", ESP_DTYPE_BOOL },      { "i1", ESP_DTYPE_INT8 },        { "u1", ESP_DTYPE_UINT8 },
  { "i2", ESP_DTYPE_INT16 },     { "u2", ESP_DTYPE_UINT16 },      { "i4", ESP_DTYPE_INT32 },
  { "u4", ESP_DTYPE_UINT32 },    { "i8", ESP_DTYPE_INT64 },       { "u8", ESP_DTYPE_UINT64 },
  { "f2", ESP_DTYPE_FLOAT16 },   { "f4", ESP_DTYPE_FLOAT32 },     { "f8", ESP_DTYPE_FLOAT64 },
  { "c8", ESP_DTYPE_COMPLEX64 }, { "c16", ESP_DTYPE_COMPLEX128 },
};

#define REFUSE(...) g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED, __VA_ARGS__)

static void
refuse (const char *descr, GError **error)
{
  g_autofree char *shown = g_utf8_make_valid (descr, (gssize) MIN (strlen (descr), 64));

  switch (*descr != '\0' ? descr[1] : '[')
    {
    case '[':
      REFUSE ("%s",
              _ ("a structured array holds records, not numbers; save its fields one by one"));
      break;
    case 'O':
      REFUSE (_ ("an array of Python objects (type “%s”) is a pickle, which is not run"), shown);
      break;
    case 'U':
    case 'S':
    case 'a':
      REFUSE (_ ("an array of text (type “%s”) holds no numbers"), shown);
      break;
    case 'M':
    case 'm':
      REFUSE (_ ("an array of dates or durations (type “%s”) holds no plain numbers"), shown);
      break;
    case 'V':
      REFUSE (
          _ ("an array of bare bytes (type “%s”): NumPy stores bfloat16 and float8 so, and does "
             "not say which it was; save it as float32"),
          shown);
      break;
    default:
      REFUSE (_ ("an array of type “%s” can’t be read"), shown);
    }
}

EspDtype
esp_numpy_header_get_dtype (const EspNumpyHeader *self, gboolean *big_endian, GError **error)
{
  const char *descr = self->descr;

  *big_endian = descr[0] == '>';
  if (descr[0] != '\0' && strchr ("<>|=", descr[0]) != NULL)
    for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++)
      if (strcmp (descr + 1, dtypes[i].word) == 0)
        return dtypes[i].dtype;
  refuse (descr, error);
  return ESP_DTYPE_INVALID;
}

/* }}} */
