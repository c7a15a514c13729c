/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Flax's MessagePack files against what Flax reads back from them (fixtures/make-flax.py); broken
 * ones, byte by byte; cuts and changed bytes. */

#include "esp-damage.h"
#include "pytorch-expected.h"

static void
test_fixture (gconstpointer name)
{
  g_autoptr (JsonParser) parser = load_expected ("flax");
  JsonObject *all = json_node_get_object (json_parser_get_root (parser));
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "flax", name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, "flax-msgpack");
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
  check_expected (checkpoint, json_object_get_object_member (all, name));
}

/* an array of two bytes */
#define GOOD "\xc7\x0d\x01\x93\x91\x02\xa5uint8\xc4\x02\1\2"
#define CHUNKED "\x83\xb9__msgpack_chunked_array__\xc3"

static const struct
{
  const char *name;
  const char *bytes;
  gsize size;
  EspFormatError code;
  const char *message;
} bad[] = {
  { "no-arrays", TEXT ("\x81\xa6params\xa5hello"), ESP_FORMAT_ERROR_UNSUPPORTED,
    "this is a MessagePack file without arrays of Flax" },
  { "bytes-follow", TEXT ("\x81\xa6params" GOOD "\0\0"), ESP_FORMAT_ERROR_CORRUPT,
    "2 bytes follow the end of the dictionary" },
  { "reserved", TEXT ("\x81\xa6params\xc1"), ESP_FORMAT_ERROR_CORRUPT,
    "the byte 0xc1 at offset 8 begins no item of MessagePack" },
  { "text-past-end", TEXT ("\x81\xa6params\xdb\xff\xff\xff\xffx"), ESP_FORMAT_ERROR_TRUNCATED,
    "the item at offset 8 takes 4294967295 bytes at least, but 1 are left" },
  { "map-past-end", TEXT ("\x81\xa6params\xdf\xff\xff\xff\xffx"), ESP_FORMAT_ERROR_TRUNCATED,
    "the item at offset 8 takes 8589934590 bytes at least, but 1 are left" },
  { "array-past-end", TEXT ("\x81\xa6params\xdd\xff\xff\xff\xffx"), ESP_FORMAT_ERROR_TRUNCATED,
    "the item at offset 8 takes 4294967295 bytes at least, but 1 are left" },
  { "extension-past-end", TEXT ("\x81\xa6params\xc9\xff\xff\xff\xff\1x"),
    ESP_FORMAT_ERROR_TRUNCATED, "the item at offset 8 takes 4294967295 bytes at least, but 1" },
  { "key", TEXT ("\x82\xa6params\1\xc0\xc0"), ESP_FORMAT_ERROR_CORRUPT,
    "the key at offset 9 is neither a text nor a number" },
  { "payload", TEXT ("\x81\xa6params\xd4\1\xc0"), ESP_FORMAT_ERROR_CORRUPT,
    "the array at offset 8 should be [sizes, type, values]; it is something else" },
  { "sizes", TEXT ("\x81\xa6params\xd7\1\x93\xc0\xa5uint8"), ESP_FORMAT_ERROR_CORRUPT,
    "the array at offset 8 should be [sizes, type, values]; its sizes are missing" },
  { "negative", TEXT ("\x81\xa6params\xd7\1\x93\x91\xff\xa4int8"), ESP_FORMAT_ERROR_CORRUPT,
    "the array at offset 8 should be [sizes, type, values]; one of its sizes is no number" },
  { "type", TEXT ("\x81\xa6params\xd6\1\x93\x91\2\xc0"), ESP_FORMAT_ERROR_CORRUPT,
    "the array at offset 8 should be [sizes, type, values]; its type is missing" },
  { "values", TEXT ("\x81\xa6params\xc7\x0a\1\x93\x91\2\xa5uint8\xc0"), ESP_FORMAT_ERROR_CORRUPT,
    "the array at offset 8 should be [sizes, type, values]; its values are missing" },
  { "length", TEXT ("\x81\xa6params\xc7\x0c\1\x93\x91\2\xa5uint8\xc4\2\1\2"),
    ESP_FORMAT_ERROR_CORRUPT,
    "the array at offset 8 should be [sizes, type, values]; it ends elsewhere" },
  { "dimensions",
    TEXT ("\x81\xa6params\xc7\x44\1\x93\xdc\0\x41"
          "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
          "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"),
    ESP_FORMAT_ERROR_LIMIT, "the array at offset 8 has 65 dimensions, more than the limit of 64" },
  { "in-pieces",
    TEXT ("\x81\xa6params" CHUNKED "\xa5shape\x81\xa1"
          "0\xc0\xa6"
          "chunks\x80"),
    ESP_FORMAT_ERROR_CORRUPT, "the item at offset 45 has no place in an array in pieces" },
};

static EspCheckpoint *
open_text (const void *text, gsize size, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, size);

  return open_bytes (bytes, error);
}

static void
test_bad (gconstpointer data)
{
  gsize row = GPOINTER_TO_SIZE (data);
  g_autoptr (GError) error = NULL;

  g_assert_null (open_text (bad[row].bytes, bad[row].size, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, ESP_FORMAT_ERROR, (int) bad[row].code);
  g_assert_true (g_str_has_prefix (error->message, "f.pt: "));
  g_assert_true (g_str_has_prefix (error->message + 6, bad[row].message));
}

/* one bad array doesn't take the others with it */
static void
test_bad_arrays (void)
{
  static const struct
  {
    const char *bytes;
    gsize size;
    const char *message;
  } rows[] = {
    { TEXT ("\xc7\x0d\x01\x93\x91\x03\xa5uint8\xc4\x02\1\2"),
      "its values should have 3 bytes, but they have 2" },
    { TEXT ("\xc7\x0d\x01\x93\x91\x02\xa5Uint8\xc4\x02\1\2"), "unknown data type Uint8" },
    { TEXT ("\xc7\x0c\x01\x93\x91\x02\xa4int4\xc4\x02\1\2"), "unknown data type int4" },
    { TEXT ("\xc7\x1d\x01\x93\x93\xcf\x7f\xff\xff\xff\xff\xff\xff\xff\x04\xcd\xff\xff\xa7"
            "float32\xc4\x04\1\2\3\4"),
      "its values should have 18446744073709551615 bytes, but they have 4" },
    { TEXT (CHUNKED "\xa5shape\x81\xa1"
                    "0\3\xa6"
                    "chunks\x81\xa1"
                    "0" GOOD),
      "its pieces have 2 of its 3 elements" },
    { TEXT (CHUNKED "\xa5shape\x81\xa1"
                    "0\1\xa6"
                    "chunks\x81\xa1"
                    "0" GOOD),
      "one of its pieces reaches beyond it or has too few bytes" },
    { TEXT (CHUNKED "\xa5shape\x80\xa6"
                    "chunks\x80"),
      "it has no pieces" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GString) text = g_string_new_len (TEXT ("\x82\xa4good" GOOD "\xa3"
                                                         "bad"));
      g_autoptr (GError) error = NULL;
      g_autoptr (EspCheckpoint) checkpoint = NULL;
      double values[2];

      g_string_append_len (text, rows[i].bytes, (gssize) rows[i].size);
      checkpoint = open_text (text->str, text->len, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 1);
      g_assert_nonnull (strstr (esp_checkpoint_get_warning (checkpoint, 0), rows[i].message));
      g_assert_cmpstr (esp_tensor_get_error (get_tensor (checkpoint, "bad"))->message, ==,
                       rows[i].message);
      g_assert_true (
          esp_tensor_read_f64 (get_tensor (checkpoint, "good"), 0, 2, values, NULL, NULL));
      g_assert_cmpfloat (values[1], ==, 2);
    }
}

static void
test_deep (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 100000; i++)
    g_string_append_len (text, "\x81\xa1k", 3);
  g_string_append_len (text, GOOD, sizeof (GOOD) - 1);
  g_assert_null (open_text (text->str, text->len, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT);
}

static void
test_cancelled (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "flax", "state.msgpack",
                                                 NULL);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancelled);
  g_assert_null (esp_format_open (path, NULL, NULL, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* any cut gives an error, any changed byte values or an error */
static void
test_damage (gconstpointer path)
{
  EspDamageCount count = esp_damage_fixture (
      path, (EspDamage) { .flips = ESP_DAMAGE_EVERY_BIT, .user_data = (gpointer) "x.msgpack" });

  g_assert_cmpuint (count.opened, >, 100);
  g_assert_cmpuint (count.refused, >, 100);
  g_assert_cmpuint (count.cut_opened, ==, 0);
}

int
main (int argc, char **argv)
{
  static const char *const fixtures[] = { "kinds.msgpack", "state.msgpack", "chunked.msgpack" };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (fixtures); i++)
    {
      g_autofree char *path = g_strconcat ("/flax/", fixtures[i], NULL);
      g_autofree char *damage = g_strconcat ("/flax/damage/", fixtures[i], NULL);

      g_test_add_data_func (path, fixtures[i], test_fixture);
      g_test_add_data_func_full (damage, g_strconcat ("flax/", fixtures[i], NULL), test_damage,
                                 g_free);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = g_strconcat ("/flax/bad/", bad[i].name, NULL);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_bad);
    }
  g_test_add_func ("/flax/bad-arrays", test_bad_arrays);
  g_test_add_func ("/flax/deep", test_deep);
  g_test_add_func ("/flax/cancelled", test_cancelled);
  return g_test_run ();
}
