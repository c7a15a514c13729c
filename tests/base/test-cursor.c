/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The bounded cursor: numbers, runs and lines, and what happens at the end. */

#include "esp-cursor.h"
#include "esp-error.h"
#include "esp-hash.h"

#include <string.h>

static void
test_numbers (void)
{
  static const guint8 bytes[] = {
    0x7f, 0x01, 0x80, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 8,    7,    6,
    5,    4,    3,    2,    0xf1, 0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18,
  };
  EspCursor cursor;
  guint8 u8;
  guint16 u16;
  guint32 u32;
  gint32 i32;
  guint64 u64;
  double f64;

  esp_cursor_init (&cursor, bytes, sizeof bytes, "bytes");
  g_assert_true (esp_cursor_read_u8 (&cursor, &u8, NULL));
  g_assert_cmpuint (u8, ==, 0x7f);
  g_assert_true (esp_cursor_read_u16 (&cursor, &u16, NULL));
  g_assert_cmpuint (u16, ==, 0x8001);
  g_assert_true (esp_cursor_read_u32 (&cursor, &u32, NULL));
  g_assert_cmpuint (u32, ==, 0xffffffffu);
  g_assert_true (esp_cursor_read_i32 (&cursor, &i32, NULL));
  g_assert_cmpint (i32, ==, -2);
  g_assert_true (esp_cursor_read_u64 (&cursor, &u64, NULL));
  g_assert_cmpuint (u64, ==, G_GUINT64_CONSTANT (0xf102030405060708));
  g_assert_true (esp_cursor_read_f64_be (&cursor, &f64, NULL));
  g_assert_cmpfloat (f64, ==, 3.141592653589793);
  g_assert_cmpuint (esp_cursor_get_remaining (&cursor), ==, 0);
}

/* each reader, given one byte too few, fails and doesn't move */
static void
test_end (void)
{
  static const guint8 bytes[8] = { 0 };
  g_autoptr (GError) error = NULL;
  const guint8 *run;
  const char *line;
  gsize length;
  EspCursor cursor;
  guint16 u16;
  guint64 u64;
  double f64;

  esp_cursor_init (&cursor, bytes, 7, "seven");
  g_assert_false (esp_cursor_read_u64 (&cursor, &u64, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED);
  g_assert_cmpstr (error->message, ==, "seven: 8 bytes wanted at offset 0, but only 7 are left");
  g_assert_false (esp_cursor_read_f64_be (&cursor, &f64, NULL));
  g_assert_false (esp_cursor_read_bytes (&cursor, G_MAXUINT64, &run, NULL));
  g_assert_false (esp_cursor_skip (&cursor, 8, NULL));
  g_assert_false (esp_cursor_seek (&cursor, 8, NULL));
  g_assert_false (esp_cursor_read_line (&cursor, &line, &length, NULL));
  g_assert_cmpuint (cursor.position, ==, 0);

  g_assert_true (esp_cursor_seek (&cursor, 7, NULL));
  g_assert_false (esp_cursor_read_u16 (&cursor, &u16, NULL));
  g_assert_true (esp_cursor_read_bytes (&cursor, 0, &run, NULL));
  g_assert_nonnull (run);

  esp_cursor_init (&cursor, NULL, 0, "nothing");
  g_assert_true (esp_cursor_read_bytes (&cursor, 0, &run, NULL));
  g_assert_nonnull (run);
  g_assert_false (esp_cursor_read_line (&cursor, &line, &length, NULL));
}

static void
test_lines (void)
{
  static const char text[] = "torch\n\nrest";
  EspCursor cursor;
  const char *line;
  gsize length;

  esp_cursor_init (&cursor, text, strlen (text), "text");
  g_assert_true (esp_cursor_read_line (&cursor, &line, &length, NULL));
  g_assert_cmpmem (line, length, "torch", 5);
  g_assert_true (esp_cursor_read_line (&cursor, &line, &length, NULL));
  g_assert_cmpuint (length, ==, 0);
  g_assert_false (esp_cursor_read_line (&cursor, &line, &length, NULL));
  g_assert_cmpuint (esp_cursor_get_remaining (&cursor), ==, 4);
}

/* every byte and the length count, at all lengths of the last word */
static void
test_hash (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  guint8 bytes[20] = { 0 };

  for (gsize length = 0; length <= sizeof bytes; length++)
    for (gsize i = 0; i < MAX (length, 1); i++)
      {
        guint64 *hash = g_new (guint64, 1);

        bytes[i] = length > 0;
        *hash = esp_hash_bytes (bytes, length);
        bytes[i] = 0;
        g_assert_true (g_hash_table_add (seen, hash));
      }
  g_assert_cmpuint (esp_hash_string ("weight"), ==, esp_hash_string ("weight"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cursor/numbers", test_numbers);
  g_test_add_func ("/cursor/end", test_end);
  g_test_add_func ("/cursor/lines", test_lines);
  g_test_add_func ("/hash/differs", test_hash);
  return g_test_run ();
}
