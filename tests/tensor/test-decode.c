/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Element types: the table, and decoding against what PyTorch and NumPy make of the same codes. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "esp-decode-private.h"
#include "esp-scan.h"
#include "tensor-fixture.h"

static guint32
bits_of (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  return isnan (value) ? 0x7fc00000 : bits;
}

static float
float_of (guint32 bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static void
test_table (void)
{
  guint64 size;

  for (EspDtype dtype = ESP_DTYPE_INVALID + 1; dtype < ESP_N_DTYPES; dtype++)
    {
      const EspDtypeInfo *info = esp_dtype_get_info (dtype);

      g_assert_cmpint (esp_dtype_from_name (info->name), ==, dtype);
      g_assert_cmpuint (strlen (info->brief), <=, 8);
      g_assert_true (info->bits % 8 == 0 || info->bits == 2 || info->bits == 4 || info->bits == 6);
      g_assert_true (esp_dtype_get_size (dtype, 0, &size));
      g_assert_cmpuint (size, ==, 0);
      g_assert_true (esp_dtype_get_size (dtype, 1, &size));
      g_assert_cmpuint (size, ==, (info->bits + 7) / 8);
      g_assert_true (esp_dtype_get_size (dtype, 5, &size));
      g_assert_cmpuint (size, ==, (5 * info->bits + 7) / 8);
      g_assert_cmpint (esp_dtype_get_size (dtype, G_MAXUINT64, &size), ==, info->bits <= 8);
    }
  g_assert_cmpint (esp_dtype_from_name ("float128"), ==, ESP_DTYPE_INVALID);
  g_assert_cmpstr (esp_dtype_get_info (-1)->name, ==, "invalid");
  g_assert_cmpstr (esp_dtype_get_info (1000)->name, ==, "invalid");
}

static guint64 *
load_hex (GKeyFile *file, const char *group, const char *key, gsize *n)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) texts = g_key_file_get_string_list (file, group, key, n, &error);
  guint64 *values;

  g_assert_no_error (error);
  values = g_new (guint64, *n);
  for (gsize i = 0; i < *n; i++)
    values[i] = g_ascii_strtoull (texts[i], NULL, 16);
  return values;
}

/* all codes of a type, in order, packed */
static void
pack_all_codes (EspDtype dtype, guint8 *packed)
{
  guint bits = esp_dtype_get_info (dtype)->bits;

  for (guint code = 0; code < 1u << bits; code++)
    for (guint bit = 0; bit < bits; bit++)
      {
        guint at = code * bits + bit;

        packed[at / 8] |= (code >> bit & 1) << at % 8;
      }
}

static void
test_small_floats (void)
{
  g_autoptr (GKeyFile) file = load_fixture ("dtypes.ini");
  gsize n_types;
  g_auto (GStrv) types = g_key_file_get_keys (file, "codes", &n_types, NULL);

  g_assert_cmpuint (n_types, ==, 8);
  for (gsize t = 0; t < n_types; t++)
    {
      EspDtype dtype = esp_dtype_from_name (types[t]);
      guint bits = esp_dtype_get_info (dtype)->bits;
      gsize n;
      g_autofree guint64 *wanted = load_hex (file, "codes", types[t], &n);
      guint8 packed[256] = { 0 };
      guint8 codes[256], again[256] = { 0 };
      float floats[256];
      double doubles[256];

      g_assert_cmpuint (n, ==, 1u << bits);
      pack_all_codes (dtype, packed);
      esp_decode_f32 (dtype, packed, 0, n, floats);
      esp_decode_f64 (dtype, packed, 0, n, doubles);
      for (gsize i = 0; i < n; i++)
        {
          g_assert_cmphex (bits_of (floats[i]), ==, wanted[i]);
          g_assert_cmphex (bits_of ((float) doubles[i]), ==, wanted[i]);
        }
      if (bits >= 8)
        continue;
      /* from within a byte */
      esp_decode_f32 (dtype, packed, 1, n - 1, floats);
      for (gsize i = 1; i < n; i++)
        g_assert_cmphex (bits_of (floats[i - 1]), ==, wanted[i]);
      esp_decode_unpack (dtype, packed, 0, n, 1, codes);
      for (gsize i = 0; i < n; i++)
        g_assert_cmpuint (codes[i], ==, i);
      esp_decode_pack (dtype, codes, n, again);
      g_assert_cmpmem (packed, n * bits / 8, again, n * bits / 8);
    }
}

static void
check_hash_of_all_codes (EspDtype dtype, const char *wanted)
{
  guint16 *codes = g_new (guint16, 65536);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EspStorage) storage = NULL;
  g_autoptr (EspTensor) tensor = NULL;
  g_autofree char *hash = NULL;
  gint64 shape = 65536;

  for (guint i = 0; i < 65536; i++)
    codes[i] = (guint16) i;
  bytes = g_bytes_new_take (codes, 65536 * sizeof *codes);
  storage = esp_storage_new_for_bytes (bytes, "0");
  tensor = esp_tensor_new (dtype, "", &shape, 1, NULL, 0, 0, storage, NULL);
  hash = esp_scan_hash (tensor, NULL, NULL, NULL, NULL);
  g_assert_cmpstr (hash, ==, wanted);
}

static void
test_halves (void)
{
  g_autoptr (GKeyFile) file = load_fixture ("dtypes.ini");
  g_autofree char *half = g_key_file_get_string (file, "hashes", "float16", NULL);
  g_autofree char *brain = g_key_file_get_string (file, "hashes", "bfloat16", NULL);
  guint16 codes[1024];
  float decoded[1024];

  check_hash_of_all_codes (ESP_DTYPE_FLOAT16, half);
  check_hash_of_all_codes (ESP_DTYPE_BFLOAT16, brain);

  /* there and back, and the loop is the same as the function */
  for (guint first = 0; first < 65536; first += 1024)
    {
      for (guint i = 0; i < 1024; i++)
        codes[i] = (guint16) (first + i);
      esp_decode_f32 (ESP_DTYPE_FLOAT16, codes, 0, 1024, decoded);
      for (guint i = 0; i < 1024; i++)
        {
          float value = esp_half_to_float (codes[i]);

          g_assert_cmphex (bits_of (decoded[i]), ==, bits_of (value));
          if (!isnan (value))
            g_assert_cmphex (esp_float_to_half (value), ==, codes[i]);
          else
            g_assert_true (isnan (esp_half_to_float (esp_float_to_half (value))));
        }
    }
}

static void
test_rounding (void)
{
  g_autoptr (GKeyFile) file = load_fixture ("dtypes.ini");
  gsize n, n_halves, n_brains;
  g_autofree guint64 *floats = load_hex (file, "rounding", "float32", &n);
  g_autofree guint64 *halves = load_hex (file, "rounding", "float16", &n_halves);
  g_autofree guint64 *brains = load_hex (file, "rounding", "bfloat16", &n_brains);

  g_assert_cmpuint (n, >, 800);
  g_assert_cmpuint (n_halves, ==, n);
  g_assert_cmpuint (n_brains, ==, n);
  for (gsize i = 0; i < n; i++)
    {
      g_assert_cmphex (esp_float_to_half (float_of ((guint32) floats[i])), ==, halves[i]);
      g_assert_cmphex (esp_float_to_bfloat16 (float_of ((guint32) floats[i])), ==, brains[i]);
    }
  g_assert_true (isnan (float_of ((guint32) esp_float_to_bfloat16 (float_of (0x7f800001)) << 16)));
  g_assert_true (isnan (float_of ((guint32) esp_float_to_bfloat16 (float_of (0xffffffff)) << 16)));
  g_assert_true (isnan (esp_half_to_float (esp_float_to_half (float_of (0x7f800001)))));
}

static void
test_integers (void)
{
  const guint8 bytes[] = { 0xff, 0x00, 0x80, 0x01, 0x7f, 0xfe, 0x10, 0x90,
                           0xaa, 0x55, 0x00, 0x00, 0xc3, 0x3c, 0x01, 0x81 };
  static const struct
  {
    EspDtype dtype;
    gint64 first, last;
  } rows[] = {
    { ESP_DTYPE_BOOL, 1, 1 },
    { ESP_DTYPE_UINT8, 0xff, 0x81 },
    { ESP_DTYPE_INT8, -1, -127 },
    { ESP_DTYPE_UINT16, 0x00ff, 0x8101 },
    { ESP_DTYPE_INT16, 0x00ff, (gint16) 0x8101 },
    { ESP_DTYPE_UINT32, 0x018000ff, 0x81013cc3 },
    { ESP_DTYPE_INT32, 0x018000ff, (gint32) 0x81013cc3 },
    { ESP_DTYPE_UINT64, (gint64) 0x9010fe7f018000ff, (gint64) 0x81013cc3000055aa },
    { ESP_DTYPE_INT64, (gint64) 0x9010fe7f018000ff, (gint64) 0x81013cc3000055aa },
    { ESP_DTYPE_UINT4, 15, 8 },
    { ESP_DTYPE_INT4, -1, -8 },
    { ESP_DTYPE_UINT2, 3, 2 },
    { ESP_DTYPE_INT2, -1, -2 },
    { ESP_DTYPE_RAW, 0xff, 0x81 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      EspDtype dtype = rows[i].dtype;
      gsize n = sizeof bytes * 8 / esp_dtype_get_info (dtype)->bits;
      gint64 integers[64];
      double doubles[64];
      float floats[64];

      esp_decode_i64 (dtype, bytes, 0, n, integers);
      esp_decode_f64 (dtype, bytes, 0, n, doubles);
      esp_decode_f32 (dtype, bytes, 0, n, floats);
      g_assert_cmpint (integers[0], ==, rows[i].first);
      g_assert_cmpint (integers[n - 1], ==, rows[i].last);
      for (gsize k = 0; k < n; k++)
        if (dtype == ESP_DTYPE_UINT64)
          {
            g_assert_cmpfloat (doubles[k], ==, (double) (guint64) integers[k]);
            g_assert_cmpfloat (floats[k], ==, (float) (guint64) integers[k]);
          }
        else
          {
            g_assert_cmpfloat (doubles[k], ==, (double) integers[k]);
            g_assert_cmpfloat (floats[k], ==, (float) integers[k]);
          }
    }
}

static void
test_swap (void)
{
  static const struct
  {
    EspDtype dtype;
    const char *wanted;
  } rows[] = {
    { ESP_DTYPE_INT8, "abcdefghijklmnop" },       { ESP_DTYPE_FLOAT16, "badcfehgjilknmpo" },
    { ESP_DTYPE_COMPLEX32, "badcfehgjilknmpo" },  { ESP_DTYPE_INT32, "dcbahgfelkjiponm" },
    { ESP_DTYPE_COMPLEX64, "dcbahgfelkjiponm" },  { ESP_DTYPE_FLOAT64, "hgfedcbaponmlkji" },
    { ESP_DTYPE_COMPLEX128, "hgfedcbaponmlkji" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      char text[] = "-abcdefghijklmnop"; /* the elements aren't aligned */

      esp_decode_swap (rows[i].dtype, text + 1, 16 * 8 / esp_dtype_get_info (rows[i].dtype)->bits);
      g_assert_cmpstr (text + 1, ==, rows[i].wanted);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/decode/table", test_table);
  g_test_add_func ("/decode/small-floats", test_small_floats);
  g_test_add_func ("/decode/halves", test_halves);
  g_test_add_func ("/decode/rounding", test_rounding);
  g_test_add_func ("/decode/integers", test_integers);
  g_test_add_func ("/decode/swap", test_swap);
  return g_test_run ();
}
