/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Paths as text, and numbers as text. */

#include "esp-number.h"
#include "esp-path.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void
test_split (void)
{
  static const char *const texts[] = { "layers.0.weight", "", ".", "a..b", ".a.", "alone" };
  static const guint parts[] = { 3, 1, 2, 3, 3, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_auto (GStrv) split = esp_path_split (texts[i], '.');
      g_autofree char *joined = esp_path_join ((const char *const *) split, ".");

      g_assert_cmpuint (g_strv_length (split), ==, parts[i]);
      g_assert_cmpstr (joined, ==, texts[i]);
    }
}

static void
test_parse (void)
{
  static const struct
  {
    const char *text;
    const char *parts; /* joined by |, NULL if it is no path */
  } cases[] = {
    { "net[2].weight", "net|2|weight" },
    { "net.2.weight", "net|2|weight" },
    { "2.weight", "2|weight" },
    { "state_dict[\"a.b\"]", "state_dict|a.b" },
    { "state_dict['a\\'b']['c']", "state_dict|a'b|c" },
    { "[ 0 ].bias", "0|bias" },
    { "  weight \n", "weight" },
    { "blocks[0][1].ln", "blocks|0|1|ln" },
    { "net[-1]", "net|-1" },
    { "a..b", "a||b" },
    { "重み[3]", "重み|3" },
    { "", NULL },
    { "   ", NULL },
    { "net[2", NULL },
    { "net]2", NULL },
    { "net[2]weight", NULL },
    { "net[[2]]", NULL },
    { "net[\"a]", NULL },
    { "net[\"a\"b]", NULL },
    { "net['a\\", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv) parts = esp_path_parse (cases[i].text);
      g_autofree char *joined = parts != NULL ? g_strjoinv ("|", parts) : NULL;

      g_test_message ("%s", cases[i].text);
      g_assert_cmpstr (joined, ==, cases[i].parts);
    }
}

static void
test_compare (void)
{
  /* in order */
  static const char *const names[] = {
    "",
    "01",
    "1",
    "2",
    "10",
    "99999999999999999999998",
    "99999999999999999999999",
    "a",
    "layer",
    "layer.2",
    "layer.02.x",
    "layer.10",
    "layer.10.a",
    "layer1",
    "layer1b",
    "layer2",
    "é",
  };
  guint n = G_N_ELEMENTS (names);

  for (guint i = 0; i < n; i++)
    for (guint k = 0; k < n; k++)
      {
        int order = esp_path_compare (names[i], names[k]);

        g_test_message ("%s, %s", names[i], names[k]);
        g_assert_cmpint (order < 0, ==, i < k);
        g_assert_cmpint (order == 0, ==, i == k);
      }
}

static void
test_escape (void)
{
  static const struct
  {
    const char *name, *shown;
  } cases[] = {
    { "layers.0.weight", "layers.0.weight" },
    { "new\nline\ttab\rreturn", "new\\nline\\ttab\\rreturn" },
    { "bell\x07", "bell\\u0007" },
    { "del\x7f", "del\\u007f" },
    { "ａ\xe2\x80\xae"
      "b",
      "ａ\\u202eb" },
    { "c1\xc2\x85", "c1\\u0085" },
    { "日本語.重み 🔥", "日本語.重み 🔥" },
    { "C:\\temp <b>", "C:\\temp <b>" },
    { "nul\xc0\x80"
      "byte",
      "nul\\u0000byte" },
    { "lone\xed\xa0\x80", "lone\\ud800" },
    { "bad\xff\xc3", "bad\\xff\\xc3" },
    { "cut\xed\xa0", "cut\\xed\\xa0" },
    { "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *shown = esp_path_escape (cases[i].name);
      g_assert_cmpstr (shown, ==, cases[i].shown);
      g_assert_true (g_utf8_validate (shown, -1, NULL));
    }
}

static void
test_from_text (void)
{
  g_autofree char *plain = esp_path_from_text ("weightXX", 6);
  g_autofree char *nul = esp_path_from_text ("a\0\0b", 4);
  g_autofree char *empty = esp_path_from_text (NULL, 0);

  g_assert_cmpstr (plain, ==, "weight");
  g_assert_cmpstr (nul, ==,
                   "a\xc0\x80\xc0\x80"
                   "b");
  g_assert_cmpstr (empty, ==, "");
}

static void
assert_text (char *text, const char *wanted)
{
  g_assert_cmpstr (text, ==, wanted);
  g_free (text);
}

static void
test_numbers (void)
{
  const gint64 shape[] = { 2048, 11008, 3 };

  assert_text (esp_number_format_value (-0.04934, 3), "−0.0493");
  assert_text (esp_number_format_value (1.2e-7, 3), "1.2e−07");
  assert_text (esp_number_format_value (NAN, 3), "NaN");
  assert_text (esp_number_format_value (INFINITY, 3), "+Inf");
  assert_text (esp_number_format_value (-INFINITY, 3), "−Inf");
  assert_text (esp_number_format_value (0.0, 3), "0");
  assert_text (esp_number_format_shape (shape, 3), "2048 × 11008 × 3");
  assert_text (esp_number_format_shape (NULL, 0), "scalar");
  assert_text (esp_number_format_percent (0.963), "96.3\xc2\xa0%");
  assert_text (esp_number_format_percent (0), "0\xc2\xa0%");
  assert_text (esp_number_format_percent (1), "100\xc2\xa0%");
  assert_text (esp_number_format_percent (1e-6), "< 0.1\xc2\xa0%");
  assert_text (esp_number_format_percent (0.99999), "> 99.9\xc2\xa0%");
  assert_text (esp_number_format_count (0), "0");
  /* the test's locale, C, groups nothing */
  assert_text (esp_number_format_count (G_MAXUINT64), "18446744073709551615");
  assert_text (esp_number_format_bytes (8400000), "8.4\xc2\xa0MB");
}

static void
test_exact (void)
{
  static const struct
  {
    double value;
    gboolean single;
    const char *text;
  } cases[] = {
    { 0.1, FALSE, "0.1" },
    { 1.0 / 3, FALSE, "0.3333333333333333" },
    { 5e-324, FALSE, "5e-324" },
    { 2.2250738585072014e-308, FALSE, "2.2250738585072014e-308" },
    { 1.7976931348623157e308, FALSE, "1.7976931348623157e+308" },
    { 9007199254740993.0, FALSE, "9007199254740992" },
    { 1e22, FALSE, "1e+22" },
    { -0.0, FALSE, "-0" },
    { 0.1f, TRUE, "0.1" },
    { 0.1f, FALSE, "0.10000000149011612" },
    { 16777216, TRUE, "16777216" },
    { 1e-45f, TRUE, "1e-45" },
    { 3.4028235e38f, TRUE, "3.4028235e+38" },
    { NAN, TRUE, "nan" },
    { -INFINITY, FALSE, "-inf" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_text (esp_number_format_exact (cases[i].value, cases[i].single), cases[i].text);
}

/* any float of any size reads back, and one digit fewer doesn't */
static void
test_exact_random (void)
{
  for (guint i = 0; i < 20000; i++)
    {
      guint64 bits = (guint64) g_test_rand_int () << 32 | (guint32) g_test_rand_int ();
      gboolean single = i % 2 == 0;
      g_autofree char *text = NULL;
      char shorter[64];
      double value;
      float narrow;
      int digits = 0;

      memcpy (&value, &bits, sizeof value);
      memcpy (&narrow, &bits, sizeof narrow);
      if (single)
        value = narrow;
      if (!isfinite (value) || value == 0)
        continue;
      text = esp_number_format_exact (value, single);
      g_assert_true (single ? strtof (text, NULL) == (float) value : strtod (text, NULL) == value);
      for (const char *at = text; *at != '\0' && *at != 'e'; at++)
        digits += g_ascii_isdigit (*at) != 0;
      if (digits < 2 || strchr (text, 'e') == NULL)
        continue;
      g_snprintf (shorter, sizeof shorter, "%.*e", digits - 2, value);
      g_assert_false (single ? strtof (shorter, NULL) == (float) value
                             : strtod (shorter, NULL) == value);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/path/split", test_split);
  g_test_add_func ("/path/parse", test_parse);
  g_test_add_func ("/path/compare", test_compare);
  g_test_add_func ("/path/escape", test_escape);
  g_test_add_func ("/path/from-text", test_from_text);
  g_test_add_func ("/number/shown", test_numbers);
  g_test_add_func ("/number/exact", test_exact);
  g_test_add_func ("/number/exact-random", test_exact_random);
  return g_test_run ();
}
