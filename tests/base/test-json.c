/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The strict JSON reader against a table of good and bad texts, and the writer. */

#include "esp-error.h"
#include "esp-json-writer.h"
#include "esp-json.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* all tokens of a text, one letter each, keys and strings in full; NULL with an error */
static char *
trace (const char *text, gsize length, GError **error)
{
  g_autoptr (EspJsonReader) json = esp_json_reader_new (text, length, "text");
  g_autoptr (GString) out = g_string_new (NULL);

  for (;;)
    switch (esp_json_reader_next (json, error))
      {
      case ESP_JSON_ERROR:
        return NULL;
      case ESP_JSON_END:
        return g_string_free (g_steal_pointer (&out), FALSE);
      case ESP_JSON_OBJECT:
        g_string_append_c (out, '{');
        break;
      case ESP_JSON_OBJECT_END:
        g_string_append_c (out, '}');
        break;
      case ESP_JSON_ARRAY:
        g_string_append_c (out, '[');
        break;
      case ESP_JSON_ARRAY_END:
        g_string_append_c (out, ']');
        break;
      case ESP_JSON_KEY:
        g_string_append_printf (out, "%s:", esp_json_reader_get_text (json, NULL));
        break;
      case ESP_JSON_STRING:
        g_string_append_printf (out, "'%s'", esp_json_reader_get_text (json, NULL));
        break;
      case ESP_JSON_NUMBER:
        g_string_append_printf (out, "%g ", esp_json_reader_get_double (json));
        break;
      case ESP_JSON_TRUE:
        g_string_append_c (out, 't');
        break;
      case ESP_JSON_FALSE:
        g_string_append_c (out, 'f');
        break;
      case ESP_JSON_NULL:
        g_string_append_c (out, 'n');
        break;
      default:
        g_assert_not_reached ();
      }
}

static void
test_good (void)
{
  static const struct
  {
    const char *text, *tokens;
  } cases[] = {
    { "{}", "{}" },
    { " [ ] \n\t\r", "[]" },
    { "0", "0 " },
    { "-0", "-0 " },
    { "-1.5e+3", "-1500 " },
    { "1E2", "100 " },
    { "\"\"", "''" },
    { "[true,false,null]", "[tfn]" },
    { "{\"a\":[1,{\"b\":\"c\"}],\"d\":{}}", "{a:[1 {b:'c'}]d:{}}" },
    { "{\"a\":{\"a\":{\"a\":1}}}", "{a:{a:{a:1 }}}" },
    { "[{\"a\":1},{\"a\":2}]", "[{a:1 }{a:2 }]" },
    { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "'\"\\/\b\f\n\r\t'" },
    { "\"\\u00fc\\u4e2d\\ud83d\\udd25\"", "'ü中🔥'" },
    { "\"ü中🔥\x7f\"", "'ü中🔥\x7f'" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *tokens = trace (cases[i].text, strlen (cases[i].text), &error);

      g_assert_no_error (error);
      g_assert_cmpstr (tokens, ==, cases[i].tokens);
    }
}

static void
test_bad (void)
{
  static const struct
  {
    const char *text, *message; /* what the message ends with */
  } cases[] = {
    { "", "at byte 0: the JSON text ends before it is complete" },
    { " ", "at byte 1: the JSON text ends before it is complete" },
    { "{", "at byte 1: the JSON text ends before it is complete" },
    { "[1", "at byte 2: the JSON text ends before it is complete" },
    { "{\"a\"", "at byte 4: the JSON text ends before it is complete" },
    { "{\"a\":", "at byte 5: the JSON text ends before it is complete" },
    { "\"abc", "at byte 4: the JSON text ends before it is complete" },
    { "\"abc\\", "at byte 4: this is no valid escape" },
    { "[1,]", "at byte 3: a JSON value wanted, found “]”" },
    { "[,1]", "at byte 1: a JSON value wanted, found “,”" },
    { "[1 2]", "at byte 3: “,” or “]” wanted, found “2”" },
    { "[1}", "at byte 2: “,” or “]” wanted, found “}”" },
    { "{\"a\":1]", "at byte 6: “,” or “}” wanted, found “]”" },
    { "{\"a\":1,}", "at byte 7: a key in quotes wanted, found “}”" },
    { "{a:1}", "at byte 1: a key in quotes wanted, found “a”" },
    { "{\"a\" 1}", "at byte 5: “:” wanted, found “1”" },
    { "{\"a\":1} x", "at byte 8: the end of the JSON text wanted, found “x”" },
    { "{}{}", "at byte 2: the end of the JSON text wanted, found “{”" },
    { "nul", "at byte 0: a JSON value wanted, found “n”" },
    { "True", "at byte 0: a JSON value wanted, found “T”" },
    { "NaN", "at byte 0: a JSON value wanted, found “N”" },
    { "'a'", "at byte 0: a JSON value wanted, found “'”" },
    { "/*c*/1", "at byte 0: a JSON value wanted, found “/”" },
    { "+1", "at byte 0: a JSON value wanted, found “+”" },
    { ".5", "at byte 0: a JSON value wanted, found “.”" },
    { "01", "at byte 0: this is no valid JSON number" },
    { "0x10", "at byte 1: the end of the JSON text wanted, found “x”" },
    { "1.", "at byte 0: this is no valid JSON number" },
    { "1e", "at byte 0: this is no valid JSON number" },
    { "-", "at byte 0: this is no valid JSON number" },
    { "\"\n\"", "at byte 1: a string holds the control character 0x0a" },
    { "\"\\x41\"", "at byte 1: this is no valid escape" },
    { "\"\\u12g4\"", "at byte 1: this is no valid escape" },
    { "\"\\ud800\"", "at byte 1: this is no valid escape" },
    { "\"\\udc00\"", "at byte 1: this is no valid escape" },
    { "\"\\ud800\\u0041\"", "at byte 1: this is no valid escape" },
    { "\"\xff\"", "at byte 1: the text is not UTF-8" },
    { "\"\xed\xa0\x80\"", "at byte 1: the text is not UTF-8" },
    { "\"\xc0\x80\"", "at byte 1: the text is not UTF-8" },
    { "\xef\xbb\xbf{}", "at byte 0: a JSON value wanted, found the byte 0xef" },
    { "{\"a\":1,\"a\":2}", "at byte 7: the key “a” is there twice" },
    { "{\"a\":1,\"\\u0061\":2}", "at byte 7: the key “a” is there twice" },
    { "{\"\\n\":1,\"\\u000a\":2}", "at byte 8: the key “\n” is there twice" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *tokens = trace (cases[i].text, strlen (cases[i].text), &error);
      g_autofree char *message = g_strconcat ("text: ", cases[i].message, NULL);

      g_test_message ("case %u", i);
      g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
      g_assert_cmpstr (error->message, ==, message);
      g_assert_null (tokens);
    }
}

/* NUL is a byte that ends nothing */
static void
test_nul (void)
{
  static const char trailing[] = "{}\0";
  static const char inside[] = "\"a\0b\"";
  static const char escaped[] = "\"a\\u0000b\"";
  g_autoptr (EspJsonReader) json = esp_json_reader_new (escaped, strlen (escaped), "text");
  g_autoptr (GError) error = NULL;
  const char *text;
  gsize length;

  g_assert_null (trace (trailing, sizeof trailing - 1, &error));
  g_assert_nonnull (strstr (error->message, "at byte 2: the end of the JSON text wanted"));
  g_clear_error (&error);
  g_assert_null (trace (inside, sizeof inside - 1, &error));
  g_assert_nonnull (strstr (error->message, "control character 0x00"));

  g_assert_cmpint (esp_json_reader_next (json, NULL), ==, ESP_JSON_STRING);
  text = esp_json_reader_get_text (json, &length);
  g_assert_cmpmem (text, length, "a\0b", 3);
}

static void
test_depth (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *tokens = NULL;
  g_autofree char *good = g_strnfill (128, '[');
  g_autofree char *bad = g_strnfill (200000, '[');

  memset (good + 64, ']', 64);
  tokens = trace (good, 128, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (strlen (tokens), ==, 128);
  g_assert_null (trace (bad, 200000, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT);
}

static void
test_u64 (void)
{
  static const struct
  {
    const char *text;
    gboolean good;
    guint64 value;
  } cases[] = {
    { "0", TRUE, 0 },
    { "18446744073709551615", TRUE, G_MAXUINT64 },
    { "18446744073709551616", FALSE, 0 },
    { "99999999999999999999999", FALSE, 0 },
    { "-1", FALSE, 0 },
    { "-0", FALSE, 0 },
    { "2.0", FALSE, 0 },
    { "1e3", FALSE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EspJsonReader)
          json = esp_json_reader_new (cases[i].text, strlen (cases[i].text), "text");
      g_autoptr (GError) error = NULL;
      guint64 value = 0;

      g_assert_cmpint (esp_json_reader_next (json, NULL), ==, ESP_JSON_NUMBER);
      g_assert_cmpint (esp_json_reader_get_u64 (json, &value, &error), ==, cases[i].good);
      g_assert_cmpuint (value, ==, cases[i].value);
      g_assert_cmpint (error == NULL, ==, cases[i].good);
    }
}

static void
test_skip (void)
{
  static const char text[] = "{\"a\": {\"x\":[1,{\"y\":\"]\"}]} , \"b\":2,\"c\":[ 1, 2 ]}";
  g_autoptr (EspJsonReader) json = esp_json_reader_new (text, strlen (text), "text");
  g_autoptr (GError) error = NULL;
  const char *raw;
  gsize length;

  g_assert_true (esp_json_reader_expect (json, ESP_JSON_OBJECT, &error));
  g_assert_true (esp_json_reader_expect (json, ESP_JSON_KEY, &error));
  g_assert_true (esp_json_reader_skip (json, &error));
  g_assert_true (esp_json_reader_expect (json, ESP_JSON_KEY, &error));
  g_assert_cmpstr (esp_json_reader_get_text (json, NULL), ==, "b");
  g_assert_true (esp_json_reader_read_raw (json, &raw, &length, &error));
  g_assert_cmpmem (raw, length, "2", 1);
  g_assert_true (esp_json_reader_expect (json, ESP_JSON_KEY, &error));
  g_assert_true (esp_json_reader_read_raw (json, &raw, &length, &error));
  g_assert_cmpmem (raw, length, "[ 1, 2 ]", 8);
  g_assert_false (esp_json_reader_skip (json, &error)); /* there is no value */
  g_assert_cmpstr (error->message, ==,
                   "text: at byte 46: a JSON value wanted, found the end of an object");
  g_clear_error (&error);
  /* the first error stays */
  g_assert_cmpint (esp_json_reader_next (json, &error), ==, ESP_JSON_ERROR);
  g_assert_nonnull (strstr (error->message, "at byte 46"));
}

/* duplicates are found however many keys there are, and only those */
static void
test_many_keys (void)
{
  for (guint n = 1; n <= 5000; n = n < 40 ? n + 1 : n * 2)
    {
      g_autoptr (GString) text = g_string_new ("{");
      g_autoptr (GError) error = NULL;
      g_autofree char *tokens = NULL;
      guint twice = (guint) g_test_rand_int_range (0, (gint32) n);

      for (guint i = 0; i < n; i++)
        g_string_append_printf (text, "\"layer.%u\\n\":{\"a\":1,\"b\":2},", i);
      g_string_append (text, "\"last\":0}");
      tokens = trace (text->str, text->len, &error);
      g_assert_no_error (error);

      g_string_truncate (text, text->len - 1);
      g_string_append_printf (text, ",\"layer.%u\\u000a\":0}", twice);
      g_assert_null (trace (text->str, text->len, &error));
      g_assert_nonnull (strstr (error->message, "is there twice"));
    }
}

/* any cut and any changed byte gives tokens or an error */
static void
test_mutations (void)
{
  static const char text[] = "{\"a\\u00e9\":[1.5e3,true,null,{\"b\":\"\\ud83d\\udd25\"}],\"c\":-0}";

  for (gsize i = 0; i < sizeof text; i++)
    for (guint byte = 0; byte < 256; byte++)
      {
        g_autofree char *copy = g_memdup2 (text, sizeof text);
        g_autofree char *tokens = NULL;
        g_autoptr (GError) error = NULL;

        copy[i] = (char) byte;
        tokens = trace (copy, byte == 0 ? i : sizeof text - 1, &error);
        g_assert_true ((tokens == NULL) == (error != NULL));
      }
}

/* writing */

static void
put_sample (EspJsonWriter *json)
{
  esp_json_writer_begin_object (json);
  esp_json_writer_key (json, "numbers");
  esp_json_writer_begin_array (json);
  esp_json_writer_u64 (json, 0);
  esp_json_writer_u64 (json, G_MAXUINT64);
  esp_json_writer_i64 (json, G_MININT64);
  esp_json_writer_double (json, 0.1);
  esp_json_writer_double (json, -0.0);
  esp_json_writer_double (json, 3);
  esp_json_writer_double (json, 1e-7);
  esp_json_writer_double (json, NAN);
  esp_json_writer_double (json, -INFINITY);
  esp_json_writer_end_array (json);
  esp_json_writer_key (json, "rows");
  esp_json_writer_begin_array (json);
  esp_json_writer_newline (json);
  esp_json_writer_begin_object (json);
  esp_json_writer_end_object (json);
  esp_json_writer_newline (json);
  esp_json_writer_bool (json, TRUE);
  esp_json_writer_newline (json);
  esp_json_writer_end_array (json);
  esp_json_writer_key (json, "text");
  esp_json_writer_string (json, "a\"\\\n\x01\x7fü🔥");
  esp_json_writer_key (json, "odd");
  esp_json_writer_string (json, "\xff|\xc0\x80|\xed\xa0\x80|\xe4\xb8");
  esp_json_writer_key (json, "nothing");
  esp_json_writer_string (json, NULL);
  esp_json_writer_end_object (json);
  esp_json_writer_newline (json);
}

static const char sample[] = "{\"numbers\":[0,18446744073709551615,-9223372036854775808,0.1,-0.0,3."
                             "0,1e-07,\"nan\",\"-inf\"],"
                             "\"rows\":[\n{},\ntrue\n],"
                             "\"text\":\"a\\\"\\\\\\n\\u0001\x7fü🔥\",\"odd\":\"\xef\xbf\xbd|"
                             "\\u0000|\\ud800|\xef\xbf\xbd\xef\xbf\xbd\","
                             "\"nothing\":null}\n";

static void
test_write (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (EspJsonWriter) json = esp_json_writer_new_for_string (out);

  put_sample (json);
  g_assert_true (esp_json_writer_flush (json, NULL));
  g_assert_cmpstr (out->str, ==, sample);
}

static void
test_write_file (void)
{
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  int fd = g_file_open_tmp ("espalier-XXXXXX", &path, NULL);
  g_autoptr (EspJsonWriter) json = esp_json_writer_new_for_fd (fd);
  g_autoptr (GError) error = NULL;
  gsize length;

  /* more than one buffer full */
  for (guint i = 0; i < 1000; i++)
    put_sample (json);
  g_assert_true (esp_json_writer_flush (json, &error));
  g_assert_no_error (error);
  close (fd);
  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  g_assert_cmpuint (length, ==, 1000 * strlen (sample) + 999); /* and a comma between two */
  g_assert_true (g_str_has_suffix (text, sample));
  g_unlink (path);
}

static void
test_write_error (void)
{
  int fd = g_open ("/dev/full", O_WRONLY, 0);
  g_autoptr (EspJsonWriter) json = NULL;
  g_autoptr (GError) error = NULL;

  if (fd < 0)
    {
      g_test_skip ("there is no /dev/full");
      return;
    }
  json = esp_json_writer_new_for_fd (fd);
  esp_json_writer_null (json);
  g_assert_false (esp_json_writer_flush (json, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_assert_false (esp_json_writer_flush (json, NULL));
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/good", test_good);
  g_test_add_func ("/json/bad", test_bad);
  g_test_add_func ("/json/nul", test_nul);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/u64", test_u64);
  g_test_add_func ("/json/skip", test_skip);
  g_test_add_func ("/json/many-keys", test_many_keys);
  g_test_add_func ("/json/mutations", test_mutations);
  g_test_add_func ("/json-writer/string", test_write);
  g_test_add_func ("/json-writer/file", test_write_file);
  g_test_add_func ("/json-writer/error", test_write_error);
  return g_test_run ();
}
