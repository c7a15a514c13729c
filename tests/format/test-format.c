/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The registry: files find their format by their bytes, and what nobody reads is named. */

#include "esp-error.h"
#include "esp-format.h"
#include "esp-role-guess.h"
#include "esp-source.h"

#include <glib/gstdio.h>
#include <string.h>

static EspCheckpoint *
open_bytes (const char *data, gsize size, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "memory");

  return esp_format_open_source (source, "some/where/file.bin", NULL, NULL, NULL, error);
}

static void
test_table (void)
{
  const EspFormat *const *formats = esp_format_get_all ();
  guint n = 0;

  for (; formats[n] != NULL; n++)
    {
      g_assert_nonnull (formats[n]->name);
      g_assert_nonnull (formats[n]->title);
      g_assert_nonnull (formats[n]->suffixes);
      g_assert_nonnull (formats[n]->probe);
      g_assert_nonnull (formats[n]->read);
      g_assert_true (esp_format_from_name (formats[n]->name) == formats[n]);
    }
  g_assert_cmpuint (n, >, 0);
  g_assert_null (esp_format_from_name ("nonsense"));
}

#define BYTES(text) text, sizeof (text) - 1

static void
test_foreign (void)
{
  static const struct
  {
    const char *bytes;
    gsize size;
    EspFormatError code;
    const char *message; /* a part of it */
  } cases[] = {
    { BYTES (""), ESP_FORMAT_ERROR_UNKNOWN, "file.bin: the file is empty" },
    { BYTES ("\x01\x02\x03"), ESP_FORMAT_ERROR_UNKNOWN,
      "file.bin: no kind of checkpoint that is known begins with these bytes: 01 02 03" },
    { BYTES ("\0\0\0\0\0\0\0\0\0\0"), ESP_FORMAT_ERROR_UNKNOWN, "nothing but zeros" },
    { BYTES ("tjgg\x01\0\0\0"), ESP_FORMAT_ERROR_UNSUPPORTED, "old ggml" },
    { BYTES ("\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19."), ESP_FORMAT_ERROR_TRUNCATED,
      "pickle 2" },
    { BYTES ("\x80\x04\x95\x0e\0\0\0\0\0\0\0\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19."),
      ESP_FORMAT_ERROR_TRUNCATED, "pickle 2" },
    { BYTES ("\x80\x02}q\0."), ESP_FORMAT_ERROR_UNSUPPORTED, "a bare Python pickle" },
    { BYTES ("0123456789012345678901234567890123456789\x57\xfb\x80\x8b\x24\x75\x47\xdb"),
      ESP_FORMAT_ERROR_UNSUPPORTED, "a table of LevelDB" },
    { BYTES ("\x0c\xdb\x3a\x2a\0\0\0\0"), ESP_FORMAT_ERROR_UNSUPPORTED, "Orbax" },
    { BYTES ("\x28\xb5\x2f\xfd\x04"), ESP_FORMAT_ERROR_UNSUPPORTED, "zstd -d" },
    { BYTES ("\x1f\x8b\x08\0"), ESP_FORMAT_ERROR_UNSUPPORTED, "gunzip" },
    { BYTES ("\xfd"
             "7zXZ\0\0"),
      ESP_FORMAT_ERROR_UNSUPPORTED, "unxz" },
    { BYTES ("version https://git-lfs.example/spec/v1\noid sha256:0\n"),
      ESP_FORMAT_ERROR_UNSUPPORTED, "git lfs pull" },
    { BYTES ("<!DOCTYPE HTML>\n<html>"), ESP_FORMAT_ERROR_UNSUPPORTED, "web page" },
    { BYTES ("{\"hidden_size\":4096}"), ESP_FORMAT_ERROR_UNSUPPORTED, "a JSON text" },
    { BYTES ("{\"tree_metadata\": {}}"), ESP_FORMAT_ERROR_UNSUPPORTED, "an Orbax checkpoint" },
    { BYTES ("Hällo, Welt!\n"), ESP_FORMAT_ERROR_UNSUPPORTED, "this is a text" },
    { BYTES ("\x89PNG\r\n\x1a\n\0\0"), ESP_FORMAT_ERROR_UNSUPPORTED, "picture" },
    { BYTES ("PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), ESP_FORMAT_ERROR_UNSUPPORTED,
      "an empty zip archive" },
    { BYTES ("PK\x03\x04 and no more"), ESP_FORMAT_ERROR_TRUNCATED,
      "the zip archive has no end record" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspCheckpoint) checkpoint = open_bytes (cases[i].bytes, cases[i].size, &error);

      g_assert_null (checkpoint);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].message));
      g_assert_true (g_str_has_prefix (error->message, "file.bin: "));
      g_assert_error (error, ESP_FORMAT_ERROR, (int) cases[i].code);
    }
}

static void
test_tar (void)
{
  char block[1024] = { 0 };
  g_autoptr (GError) error = NULL;

  strcpy (block, "model.pt");
  memcpy (block + 257, "ustar", 5);
  g_assert_null (open_bytes (block, sizeof block, &error));
  g_assert_nonnull (strstr (error->message, "tar archive"));
  g_clear_error (&error);
  /* HDF5 behind a user block */
  memset (block, 0, sizeof block);
  memcpy (block + 512, "\x89HDF\r\n\x1a\n", 8);
  g_assert_null (open_bytes (block, sizeof block, &error));
  g_assert_nonnull (strstr (error->message, "HDF5"));
}

/* a text that is cut within a character at the end of what is looked at */
static void
test_long_text (void)
{
  g_autoptr (GString) text = g_string_new ("x");
  g_autoptr (GError) error = NULL;

  while (text->len < 5000)
    g_string_append (text, "ü");
  g_assert_null (open_bytes (text->str, text->len, &error));
  g_assert_nonnull (strstr (error->message, "this is a text"));
}

static void
test_paths (void)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_autofree char *nowhere = g_build_filename (folder, "no\nsuch", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_format_open (nowhere, NULL, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpstr (error->message, ==, "no\\nsuch: there is no file of this name");
  g_clear_error (&error);

  g_assert_null (esp_format_open (folder, NULL, NULL, NULL, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "this is a folder without a checkpoint"));
  g_clear_error (&error);

  g_rmdir (folder);
}

static void
test_roles (void)
{
  g_assert_cmpint (esp_role_guess ("bn.weight", ESP_DTYPE_FLOAT32), ==, ESP_ROLE_PARAMETER);
  g_assert_cmpint (esp_role_guess ("weight", ESP_DTYPE_BFLOAT16), ==, ESP_ROLE_PARAMETER);
  g_assert_cmpint (esp_role_guess ("bn.running_mean", ESP_DTYPE_FLOAT32), ==, ESP_ROLE_BUFFER);
  g_assert_cmpint (esp_role_guess ("running_var", ESP_DTYPE_FLOAT32), ==, ESP_ROLE_BUFFER);
  g_assert_cmpint (esp_role_guess ("my_running_var", ESP_DTYPE_FLOAT32), ==, ESP_ROLE_PARAMETER);
  g_assert_cmpint (esp_role_guess ("bn.num_batches_tracked", ESP_DTYPE_INT64), ==, ESP_ROLE_BUFFER);
  g_assert_cmpint (esp_role_guess ("q.qweight", ESP_DTYPE_INT32), ==, ESP_ROLE_BUFFER);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/format/table", test_table);
  g_test_add_func ("/format/foreign", test_foreign);
  g_test_add_func ("/format/foreign-blocks", test_tar);
  g_test_add_func ("/format/long-text", test_long_text);
  g_test_add_func ("/format/paths", test_paths);
  g_test_add_func ("/format/roles", test_roles);
  return g_test_run ();
}
