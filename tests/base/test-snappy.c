/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Snappy streams made by hand after its format description, good and broken, and the CRC-32C of
 * RFC 3720. */

#include "esp-crc32c.h"
#include "esp-error.h"
#include "esp-snappy.h"

#include <string.h>

#define BYTES(text) text, sizeof (text) - 1

typedef struct
{
  const char *name;
  const char *bytes;
  gsize length;
  const char *wanted; /* or NULL: broken */
} Row;

static const Row rows[] = {
  { "empty", BYTES ("\0"), "" },
  { "literal", BYTES ("\5\x10hello"), "hello" },
  { "literal-1", BYTES ("\5\xf0\4hello"), "hello" },
  { "literal-2", BYTES ("\5\xf4\4\0hello"), "hello" },
  { "literal-4", BYTES ("\5\xfc\4\0\0\0hello"), "hello" },
  { "copy-1",
    BYTES ("\x0b\x08"
           "abc\x11\3"),
    "abcabcabcab" },
  { "copy-2",
    BYTES ("\6\x08"
           "abc\x0a\3\0"),
    "abcabc" },
  { "copy-4",
    BYTES ("\6\x08"
           "abc\x0b\3\0\0\0"),
    "abcabc" },
  { "run", BYTES ("\x0a\0a\x22\1\0"), "aaaaaaaaaa" },
  { "no-size", BYTES (""), NULL },
  { "size-unended", BYTES ("\x80"), NULL },
  { "short", BYTES ("\6\x10hello"), NULL },
  { "long", BYTES ("\4\x10hello"), NULL },
  { "literal-cut", BYTES ("\5\x10hell"), NULL },
  { "literal-length-cut", BYTES ("\5\xf4\4"), NULL },
  { "literal-huge", BYTES ("\5\xfc\xff\xff\xff\xffhello"), NULL },
  { "copy-from-before",
    BYTES ("\6\x08"
           "abc\x0a\4\0"),
    NULL },
  { "copy-of-0-back",
    BYTES ("\6\x08"
           "abc\x0a\0\0"),
    NULL },
  { "copy-cut",
    BYTES ("\6\x08"
           "abc\x0a\3"),
    NULL },
  { "copy-too-long",
    BYTES ("\5\x08"
           "abc\x0a\3\0"),
    NULL },
  { "bomb", BYTES ("\xff\xff\xff\xff\x0f\0a"), NULL },
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = esp_snappy_inflate (row->bytes, row->length, 1000, "block", &error);

  if (row->wanted == NULL)
    {
      g_assert_null (bytes);
      g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
      g_assert_nonnull (strstr (error->message, "block"));
      return;
    }
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), row->wanted,
                   strlen (row->wanted));
}

static void
test_limit (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_snappy_inflate (BYTES ("\x0a\0a\x22\1\0"), 9, "block", &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT);
}

/* RFC 3720, B.4; in one go and in pieces */
static void
test_crc32c (void)
{
  guint8 bytes[32];

  memset (bytes, 0, sizeof bytes);
  g_assert_cmphex (esp_crc32c (0, bytes, sizeof bytes), ==, 0x8a9136aa);
  memset (bytes, 0xff, sizeof bytes);
  g_assert_cmphex (esp_crc32c (0, bytes, sizeof bytes), ==, 0x62a8ab43);
  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = (guint8) i;
  g_assert_cmphex (esp_crc32c (0, bytes, sizeof bytes), ==, 0x46dd794e);
  g_assert_cmphex (esp_crc32c (0, "123456789", 9), ==, 0xe3069283);
  for (guint i = 0; i <= sizeof bytes; i++)
    g_assert_cmphex (esp_crc32c (esp_crc32c (0, bytes, i), bytes + i, sizeof bytes - i), ==,
                     0x46dd794e);
  g_assert_cmphex (esp_crc32c (0, NULL, 0), ==, 0);
  g_assert_cmphex (esp_crc32c_mask (0), ==, 0xa282ead8);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/snappy/%s", rows[i].name);

      g_test_add_data_func (path, &rows[i], test_row);
    }
  g_test_add_func ("/snappy-limit", test_limit);
  g_test_add_func ("/crc32c", test_crc32c);
  return g_test_run ();
}
