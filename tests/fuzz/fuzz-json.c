/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as JSON: tokens or an error; and what the writer makes of the tokens can be read again.
 */

#include "esp-json-writer.h"
#include "esp-json.h"
#include "esp-path.h"
#include "fuzz.h"

#include <string.h>

static void
put_text (EspJsonReader *reader, EspJsonWriter *writer, EspJsonToken token)
{
  gsize length;
  const char *text = esp_json_reader_get_text (reader, &length);
  g_autofree char *name = esp_path_from_text (text, length);

  if (token == ESP_JSON_KEY)
    esp_json_writer_key (writer, name);
  else
    esp_json_writer_string (writer, name);
}

static void
put_number (EspJsonReader *reader, EspJsonWriter *writer)
{
  double value = esp_json_reader_get_double (reader);

  /* what is too large for a double would be read as infinity and written as a text */
  esp_json_writer_double (writer, CLAMP (value, -G_MAXDOUBLE, G_MAXDOUBLE));
}

static void
put_token (EspJsonReader *reader, EspJsonWriter *writer, EspJsonToken token)
{
  switch (token)
    {
    case ESP_JSON_OBJECT:
      esp_json_writer_begin_object (writer);
      break;
    case ESP_JSON_OBJECT_END:
      esp_json_writer_end_object (writer);
      break;
    case ESP_JSON_ARRAY:
      esp_json_writer_begin_array (writer);
      break;
    case ESP_JSON_ARRAY_END:
      esp_json_writer_end_array (writer);
      break;
    case ESP_JSON_KEY:
    case ESP_JSON_STRING:
      put_text (reader, writer, token);
      break;
    case ESP_JSON_NUMBER:
      put_number (reader, writer);
      break;
    case ESP_JSON_TRUE:
    case ESP_JSON_FALSE:
      esp_json_writer_bool (writer, token == ESP_JSON_TRUE);
      break;
    default:
      esp_json_writer_null (writer);
    }
}

/* what the tokens are when written anew; NULL at an error */
static char *
copy (const char *text, gsize length)
{
  g_autoptr (EspJsonReader) reader = esp_json_reader_new (text, length, "fuzz");
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (EspJsonWriter) writer = esp_json_writer_new_for_string (out);
  g_autoptr (GError) error = NULL;
  EspJsonToken token;

  while ((token = esp_json_reader_next (reader, &error)) != ESP_JSON_END)
    {
      g_assert ((token == ESP_JSON_ERROR) == (error != NULL));
      if (token == ESP_JSON_ERROR)
        return NULL;
      put_token (reader, writer, token);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* passed over whole, a text is found good or bad alike */
static void
check_skip (const char *text, gsize length, gboolean good)
{
  g_autoptr (EspJsonReader) reader = esp_json_reader_new (text, length, "fuzz");
  const char *raw;
  gsize n;

  if (esp_json_reader_read_raw (reader, &raw, &n, NULL))
    {
      g_assert (raw >= text && raw + n <= text + length);
      g_assert ((esp_json_reader_next (reader, NULL) == ESP_JSON_END) == good);
    }
  else
    g_assert (!good);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *text = (const char *) data;
  g_autofree char *first = copy (text, size);
  g_autofree char *second = NULL;

  check_skip (text, size, first != NULL);
  if (first == NULL)
    return 0;
  second = copy (first, strlen (first));
  g_assert_cmpstr (first, ==, second);
  return 0;
}
