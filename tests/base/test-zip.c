/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The zip directory: archives made here byte by byte, good ones and a table of bad ones. */

#include "esp-error.h"
#include "esp-source.h"
#include "esp-zip.h"

#include <string.h>

/* what is wrong with the archive, or odd */
typedef enum
{
  PLAIN,
  ZIP64_END,    /* a zip64 end record and locator, as torch writes them */
  ZIP64_FIELDS, /* sizes and offset in extra fields */
  DEFLATED,
  DESCRIPTOR, /* sizes behind the data, 0 in the local header */
  JUNK_AFTER,
  COMMENT,
  FOLDERS,
  JUNK_BEFORE,
  NO_END,
  CUT_DIRECTORY,
  DIRECTORY_BEYOND,
  MORE_ENTRIES,
  FEWER_ENTRIES,
  TWICE,
  OVERLAP,
  BEYOND_DIRECTORY,
  ENCRYPTED,
  METHOD,
  NUL_IN_NAME,
  STORED_SIZES,
  RATIO,
  VOLUMES,
  END64_BEYOND,
  END64_MISSING,
  CUT_EXTRA,
  LATIN_NAME,
  /* seen when the member is opened */
  LOCAL_SIGNATURE,
  LOCAL_NAME,
  LOCAL_METHOD,
  LOCAL_LENGTH,
} Oddity;

static void
put (GByteArray *out, guint bytes, guint64 value)
{
  for (guint i = 0; i < bytes; i++)
    {
      guint8 byte = (guint8) (value >> (8 * i));
      g_byte_array_append (out, &byte, 1);
    }
}

static void
put_text (GByteArray *out, const char *text)
{
  g_byte_array_append (out, (const guint8 *) text, strlen (text));
}

/* "hello hello hello" as a raw deflate stream */
static const guint8 packed[] = { 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x40, 0x90, 0x00 };
#define HELLO "hello hello hello"

static void
put_local (GByteArray *out, Oddity oddity, const char *name, gboolean deflated)
{
  gboolean later = oddity == DESCRIPTOR;
  gsize size = strlen (HELLO);

  put (out, 4, oddity == LOCAL_SIGNATURE ? 0x12345678 : 0x04034b50);
  put (out, 2, 20);
  put (out, 2, later ? 8 : 0);
  put (out, 2, oddity == LOCAL_METHOD ? 8 : deflated ? 8 : 0);
  put (out, 4, 0x00210000);
  put (out, 4, 0);
  put (out, 4, later ? 0 : deflated ? sizeof packed : size);
  put (out, 4, later ? 0 : size);
  put (out, 2, strlen (name));
  put (out, 2, oddity == LOCAL_LENGTH ? 60000 : 4);
  if (oddity == LOCAL_NAME)
    {
      g_autofree char *other = g_strnfill (strlen (name), 'x');
      put_text (out, other);
    }
  else
    put_text (out, name);
  put (out, 4, 0x4246); /* an extra field without data: "FB" */
  if (deflated)
    g_byte_array_append (out, packed, sizeof packed);
  else
    put_text (out, HELLO);
  if (later)
    {
      put (out, 4, 0x08074b50);
      put (out, 4, 0);
      put (out, 4, size);
      put (out, 4, size);
    }
}

static void
put_extra (GByteArray *out, Oddity oddity, guint64 size, guint64 offset)
{
  put (out, 2, 0x7875); /* another field first */
  put (out, 2, 2);
  put (out, 2, 0);
  put (out, 2, 0x0001);
  put (out, 2, oddity == CUT_EXTRA ? 8 : 24);
  put (out, 8, size);
  if (oddity == CUT_EXTRA)
    return;
  put (out, 8, size);
  put (out, 8, offset);
}

static void
put_central (GByteArray *out, Oddity oddity, const char *name, gboolean deflated, guint64 offset)
{
  gboolean wide = oddity == ZIP64_FIELDS || oddity == CUT_EXTRA;
  gsize size = strlen (HELLO);
  guint64 compressed = deflated ? sizeof packed : size;

  if (oddity == STORED_SIZES)
    compressed--;
  if (oddity == BEYOND_DIRECTORY)
    size = compressed = 100000;
  if (oddity == RATIO)
    size = 1032 * sizeof packed + 1;
  put (out, 4, 0x02014b50);
  put (out, 4, 20);
  put (out, 2, oddity == ENCRYPTED ? 1 : 0);
  put (out, 2, oddity == METHOD ? 93 : deflated ? 8 : 0);
  put (out, 8, 0);
  put (out, 4, wide ? G_MAXUINT32 : compressed);
  put (out, 4, wide ? G_MAXUINT32 : size);
  put (out, 2, strlen (name));
  put (out, 2, oddity == CUT_EXTRA ? 18 : wide ? 34 : 0);
  put (out, 2, 3);
  put (out, 8, 0);
  put (out, 4, wide ? G_MAXUINT32 : offset);
  put_text (out, name);
  if (oddity == NUL_IN_NAME)
    out->data[out->len - 1] = 0;
  if (wide)
    put_extra (out, oddity, size, offset);
  put_text (out, "abc"); /* a comment */
}

static void
put_end (GByteArray *out, Oddity oddity, guint n, guint64 size, guint64 offset)
{
  gboolean wide = oddity == ZIP64_END || oddity == END64_BEYOND || oddity == END64_MISSING;
  guint64 position = out->len;

  if (wide && oddity != END64_MISSING)
    {
      put (out, 4, 0x06064b50);
      put (out, 8, 44);
      put (out, 4, 0x002d002d);
      put (out, 8, 0);
      put (out, 8, n);
      put (out, 8, n);
      put (out, 8, size);
      put (out, 8, offset);
    }
  if (wide)
    {
      put (out, 4, 0x07064b50);
      put (out, 4, 0);
      put (out, 8, oddity == END64_BEYOND ? position + 1 : oddity == END64_MISSING ? 0 : position);
      put (out, 4, 1);
    }
  if (oddity == NO_END)
    return;
  put (out, 4, 0x06054b50);
  put (out, 2, oddity == VOLUMES ? 1 : 0);
  put (out, 2, 0);
  put (out, 2, wide ? G_MAXUINT16 : n);
  put (out, 2, wide ? G_MAXUINT16 : n);
  put (out, 4, wide ? G_MAXUINT32 : size);
  put (out, 4, wide ? G_MAXUINT32 : offset);
  put (out, 2, oddity == COMMENT ? 5 : 0);
  if (oddity == COMMENT)
    put_text (out, "PK\x05\x06!"); /* looks like an end record and is too short for one */
  if (oddity == JUNK_AFTER)
    put_text (out, "some bytes more");
}

static GBytes *
make_zip (Oddity oddity)
{
  GByteArray *out = g_byte_array_new ();
  const char *names[] = { "top/data.pkl", oddity == LATIN_NAME ? "top/\xfc" : "top/version" };
  guint64 offsets[2], directory, size;
  guint n = 2;

  if (oddity == JUNK_BEFORE)
    put_text (out, "#!/bin/sh\n");
  if (oddity == TWICE)
    names[1] = names[0];
  for (guint i = 0; i < 2; i++)
    {
      offsets[i] = out->len;
      put_local (out, oddity, names[i], oddity == DEFLATED && i == 0);
    }
  if (oddity == OVERLAP)
    offsets[1] = offsets[0] + 20;
  if (oddity == JUNK_BEFORE)
    offsets[0] -= 10, offsets[1] -= 10;
  directory = out->len;
  for (guint i = 0; i < 2; i++)
    put_central (out,
                 i == 0                   ? oddity
                 : oddity == ZIP64_FIELDS ? oddity
                                          : PLAIN,
                 names[i], (oddity == DEFLATED || oddity == RATIO) && i == 0, offsets[i]);
  if (oddity == FOLDERS)
    {
      gsize at = out->len;
      put_central (out, PLAIN, "top/", FALSE, 0);
      memset (out->data + at + 20, 0, 8); /* its sizes */
      n = 3;
    }
  if (oddity == MORE_ENTRIES)
    n = 3;
  if (oddity == FEWER_ENTRIES)
    n = 1;
  size = out->len - directory;
  if (oddity == CUT_DIRECTORY)
    size -= 20;
  if (oddity == JUNK_BEFORE)
    directory -= 10;
  if (oddity == DIRECTORY_BEYOND)
    directory += 10;
  put_end (out, oddity, n, size, directory);
  return g_byte_array_free_to_bytes (out);
}

static EspZip *
open_zip (Oddity oddity, GError **error)
{
  g_autoptr (GBytes) bytes = make_zip (oddity);
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "zip");

  return esp_zip_new (source, NULL, error);
}

static void
assert_hello (EspZip *zip, const char *name)
{
  const EspZipMember *member = esp_zip_find (zip, name);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSource) source = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_assert_nonnull (member);
  g_assert_cmpuint (member->size, ==, strlen (HELLO));
  source = esp_zip_open_member (zip, member, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (esp_source_get_file_offset (source, 0) >= 0, ==, member->method == 0);
  bytes = esp_source_read_bytes (source, 0, member->size, 100, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), HELLO, strlen (HELLO));
}

static void
test_good (gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspZip) zip = open_zip (GPOINTER_TO_INT (data), &error);

  g_assert_no_error (error);
  g_assert_cmpuint (esp_zip_get_n_members (zip), ==, 2);
  g_assert_cmpstr (esp_zip_get_member (zip, 0)->name, ==, "top/data.pkl");
  assert_hello (zip, "top/data.pkl");
  assert_hello (zip, "top/version");
  g_assert_null (esp_zip_find (zip, "top/versio"));
  g_assert_null (esp_zip_find (zip, "a"));
  g_assert_null (esp_zip_find (zip, "z"));
}

static void
test_bad (void)
{
  static const struct
  {
    Oddity oddity;
    EspFormatError code;
    const char *message;
  } cases[] = {
    { JUNK_BEFORE, ESP_FORMAT_ERROR_CORRUPT, "there is no entry at byte 0 of the zip directory" },
    { NO_END, ESP_FORMAT_ERROR_TRUNCATED,
      "the zip archive has no end record: the file was cut off or is not complete" },
    { CUT_DIRECTORY, ESP_FORMAT_ERROR_TRUNCATED, "zip directory: " },
    { DIRECTORY_BEYOND, ESP_FORMAT_ERROR_CORRUPT, "the zip directory should have " },
    { MORE_ENTRIES, ESP_FORMAT_ERROR_TRUNCATED, "zip directory: " },
    { FEWER_ENTRIES, ESP_FORMAT_ERROR_CORRUPT,
      "the zip directory has 60 bytes after its last entry" },
    { TWICE, ESP_FORMAT_ERROR_CORRUPT, "member “top/data.pkl” is there twice" },
    { OVERLAP, ESP_FORMAT_ERROR_CORRUPT,
      "member “top/data.pkl”: 17 bytes at offset 0 overlap the member at 20" },
    { BEYOND_DIRECTORY, ESP_FORMAT_ERROR_CORRUPT,
      "member “top/data.pkl”: 100000 bytes at offset 0 overlap the member at 63" },
    { ENCRYPTED, ESP_FORMAT_ERROR_UNSAFE, "member “top/data.pkl” is encrypted" },
    { METHOD, ESP_FORMAT_ERROR_UNSUPPORTED, "member “top/data.pkl” is compressed by method 93" },
    { NUL_IN_NAME, ESP_FORMAT_ERROR_UNSAFE, "the name of member 0 holds a NUL byte" },
    { STORED_SIZES, ESP_FORMAT_ERROR_CORRUPT,
      "member “top/data.pkl” is stored, yet has 16 bytes in the archive and 17 outside" },
    { RATIO, ESP_FORMAT_ERROR_LIMIT,
      "member “top/data.pkl” has 10 compressed bytes, which can’t hold the 10321 declared" },
    { VOLUMES, ESP_FORMAT_ERROR_UNSUPPORTED, "this zip archive is one of several volumes" },
    { END64_BEYOND, ESP_FORMAT_ERROR_CORRUPT, "the zip64 end record should be at offset " },
    { END64_MISSING, ESP_FORMAT_ERROR_CORRUPT, "there is no zip64 end record at offset 0" },
    { CUT_EXTRA, ESP_FORMAT_ERROR_TRUNCATED, "zip64 field: " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspZip) zip = open_zip (cases[i].oddity, &error);

      g_assert_null (zip);
      g_test_message ("%s", error->message);
      g_assert_error (error, ESP_FORMAT_ERROR, (int) cases[i].code);
      g_assert_true (g_str_has_prefix (error->message, cases[i].message));
    }
}

static void
test_bad_members (void)
{
  static const struct
  {
    Oddity oddity;
    const char *message;
  } cases[] = {
    { LOCAL_SIGNATURE, "member “top/data.pkl”: there is no local header at offset 0" },
    { LOCAL_NAME, "member “top/data.pkl”: its local header at offset 0 has another name" },
    { LOCAL_METHOD, "member “top/data.pkl”: its local header says method 8" },
    { LOCAL_LENGTH, "member “top/data.pkl”: 17 bytes at offset 60042 end beyond its place" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspZip) zip = open_zip (cases[i].oddity, &error);
      g_autoptr (EspSource) source = NULL;

      g_assert_no_error (error);
      source = esp_zip_open_member (zip, esp_zip_get_member (zip, 0), NULL, &error);
      g_assert_null (source);
      g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
      g_assert_true (g_str_has_prefix (error->message, cases[i].message));
    }
}

/* a name in an old code page is shown, and its member can be read */
static void
test_latin (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspZip) zip = open_zip (LATIN_NAME, &error);

  g_assert_no_error (error);
  assert_hello (zip, "top/\\xfc");
}

static void
read_everything (EspZip *zip)
{
  for (guint i = 0; i < esp_zip_get_n_members (zip); i++)
    {
      const EspZipMember *member = esp_zip_get_member (zip, i);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspSource) source = esp_zip_open_member (zip, member, NULL, &error);
      g_autoptr (GBytes) bytes = NULL;

      g_assert_true ((source == NULL) == (error != NULL));
      if (source != NULL)
        bytes = esp_source_read_bytes (source, 0, member->size, 100000, NULL, NULL);
    }
}

/* any cut and any changed byte gives members or an error */
static void
test_mutations (void)
{
  static const Oddity kinds[] = { DEFLATED, ZIP64_END, ZIP64_FIELDS };

  for (guint kind = 0; kind < G_N_ELEMENTS (kinds); kind++)
    {
      g_autoptr (GBytes) bytes = make_zip (kinds[kind]);
      gsize size = g_bytes_get_size (bytes);

      for (gsize i = 0; i < size; i++)
        for (guint step = 0; step < 10; step++)
          {
            g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (bytes, NULL), size);
            g_autoptr (GBytes) changed = NULL;
            g_autoptr (EspSource) source = NULL;
            g_autoptr (EspZip) zip = NULL;
            g_autoptr (GError) error = NULL;

            if (step < 8)
              copy[i] ^= (guint8) (1 << step);
            else if (step == 8)
              copy[i] = 0xff;
            changed = g_bytes_new (copy, step == 9 ? i : size);
            source = esp_source_new_for_bytes (changed, "zip");
            zip = esp_zip_new (source, NULL, &error);
            g_assert_true ((zip == NULL) == (error != NULL));
            if (zip != NULL)
              read_everything (zip);
          }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/zip/plain", GINT_TO_POINTER (PLAIN), test_good);
  g_test_add_data_func ("/zip/zip64-end", GINT_TO_POINTER (ZIP64_END), test_good);
  g_test_add_data_func ("/zip/zip64-fields", GINT_TO_POINTER (ZIP64_FIELDS), test_good);
  g_test_add_data_func ("/zip/deflated", GINT_TO_POINTER (DEFLATED), test_good);
  g_test_add_data_func ("/zip/descriptor", GINT_TO_POINTER (DESCRIPTOR), test_good);
  g_test_add_data_func ("/zip/junk-after", GINT_TO_POINTER (JUNK_AFTER), test_good);
  g_test_add_data_func ("/zip/comment", GINT_TO_POINTER (COMMENT), test_good);
  g_test_add_data_func ("/zip/folders", GINT_TO_POINTER (FOLDERS), test_good);
  g_test_add_func ("/zip/latin-name", test_latin);
  g_test_add_func ("/zip/bad", test_bad);
  g_test_add_func ("/zip/bad-members", test_bad_members);
  g_test_add_func ("/zip/mutations", test_mutations);
  return g_test_run ();
}
