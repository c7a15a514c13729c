/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The safetensors reader: files of the reference implementation (made by make-safetensors.py), a
 * table of malformed ones built from strings, cuts and changed bytes, the corpus if it is there. */

#include "esp-damage.h"
#include "esp-error.h"
#include "esp-format.h"
#include "esp-safetensors.h"
#include "esp-source.h"

#include <string.h>

/* length, header, then @n_buffer bytes counting up */
static GBytes *
make_file_with (const char *header, gsize length, gsize n_buffer)
{
  GByteArray *out = g_byte_array_new ();
  guint64 size = GUINT64_TO_LE ((guint64) length);

  g_byte_array_append (out, (const guint8 *) &size, sizeof size);
  g_byte_array_append (out, (const guint8 *) header, length);
  for (gsize i = 0; i < n_buffer; i++)
    {
      guint8 byte = (guint8) i;
      g_byte_array_append (out, &byte, 1);
    }
  return g_byte_array_free_to_bytes (out);
}

static GBytes *
make_file (const char *header, gsize n_buffer)
{
  return make_file_with (header, strlen (header), n_buffer);
}

static EspCheckpoint *
open_bytes (GBytes *bytes, GError **error)
{
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "memory");

  return esp_format_open_source (source, "folder/x.safetensors", NULL, NULL, NULL, error);
}

static EspCheckpoint *
open_fixture (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "safetensors", name,
                                                 NULL);
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, "safetensors");
  g_assert_cmpstr (esp_checkpoint_get_path (checkpoint), ==, path);
  return checkpoint;
}

static EspTensor *
find_tensor (EspCheckpoint *checkpoint, const char *name)
{
  EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), name, NULL);

  g_assert_nonnull (place);
  g_assert_nonnull (esp_place_get_parameter (place));
  return esp_parameter_get_data (esp_place_get_parameter (place));
}

static void
assert_values (EspTensor *tensor, const double *wanted, gsize n)
{
  g_autofree double *values = g_new (double, n);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (
      esp_tensor_get_count (tensor) *
          (esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind == ESP_KIND_COMPLEX ? 2 : 1),
      ==, n);
  g_assert_true (
      esp_tensor_read_f64 (tensor, 0, esp_tensor_get_count (tensor), values, NULL, &error));
  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (values[i], ==, wanted[i]);
}

static void
test_tied (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("tied.safetensors");
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);
  const double bias[] = { 0, 0.125, 0.25, 0.375 };
  EspTie *tie;

  g_assert_cmpstr (esp_checkpoint_get_producer (checkpoint), ==, "torch");
  g_assert_cmpuint (esp_checkpoint_get_n_metadata (checkpoint), ==, 3);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
  assert_values (find_tensor (checkpoint, "1.bias"), bias, 4);
  assert_values (find_tensor (checkpoint, "3.bias"), bias, 4);
  g_assert_cmpuint (esp_tree_get_totals (tree)->unique_elements, ==, 8 + 4 + 16 + 4);

  g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, 2);
  tie = esp_place_get_tie (esp_tree_find (tree, "3.weight", NULL));
  g_assert_nonnull (tie);
  g_assert_cmpint (esp_tie_get_kind (tie), ==, ESP_TIE_IMPLIED);
  g_assert_true (tie == esp_place_get_tie (esp_tree_find (tree, "1.weight", NULL)));
}

static void
test_dtypes (void)
{
  static const struct
  {
    const char *name, *native, *ours;
  } rows[] = {
    { "uint8", "U8", "uint8" },
    { "int8", "I8", "int8" },
    { "int16", "I16", "int16" },
    { "uint16", "U16", "uint16" },
    { "int32", "I32", "int32" },
    { "uint32", "U32", "uint32" },
    { "int64", "I64", "int64" },
    { "uint64", "U64", "uint64" },
    { "float16", "F16", "float16" },
    { "bfloat16", "BF16", "bfloat16" },
    { "float32", "F32", "float32" },
    { "float64", "F64", "float64" },
    { "float8_e4m3fn", "F8_E4M3", "float8_e4m3fn" },
    { "float8_e5m2", "F8_E5M2", "float8_e5m2" },
    { "float8_e4m3fnuz", "F8_E4M3FNUZ", "float8_e4m3fnuz" },
    { "float8_e5m2fnuz", "F8_E5M2FNUZ", "float8_e5m2fnuz" },
  };
  const double values[] = { 0, 1, 2, 3, 4, 6 };
  const double bools[] = { 0, 1, 0, 1, 0, 1 };
  const double pairs[] = { 0, 0, 1, -1, 2, -2, 3, -3, 4, -4, 6, -6 };
  const double powers[] = { 1, 2, 4 };
  const double codes[] = { 0, 1, 2, 3, 4, 6 };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("dtypes.safetensors");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      EspTensor *tensor = find_tensor (checkpoint, rows[i].name);

      g_assert_cmpstr (esp_tensor_get_native_dtype (tensor), ==, rows[i].native);
      g_assert_cmpstr (esp_dtype_get_info (esp_tensor_get_dtype (tensor))->name, ==, rows[i].ours);
      g_assert_cmpuint (esp_tensor_get_ndim (tensor), ==, 2);
      assert_values (tensor, values, 6);
    }
  assert_values (find_tensor (checkpoint, "bool"), bools, 6);
  assert_values (find_tensor (checkpoint, "complex64"), pairs, 12);
  assert_values (find_tensor (checkpoint, "float8_e8m0fnu"), powers, 3);
  assert_values (find_tensor (checkpoint, "float4_e2m1fn_x2"), codes, 6);
}

static void
test_names (void)
{
  static const char *const names[] = {
    "",
    ".",
    "a.b.c",
    "a/b",
    "../../etc/passwd",
    "new\nline",
    ("nul\xc0\x80"
     "x"),
    "quote\"back\\slash",
    "重み.🔥",
    "__metadata",
    "percent%s%n",
  };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("names.safetensors");
  g_autofree char *longest = g_strnfill (5000, 'x');

  g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), ==, 12);
  for (guint i = 0; i < 12; i++)
    {
      const double value[] = { i };
      assert_values (find_tensor (checkpoint, i < 11 ? names[i] : longest), value, 1);
    }
}

/* headers that are odd and right */
static void
test_good (void)
{
  static const struct
  {
    const char *header;
    gsize n_buffer;
    guint tensors;
    guint warnings;
  } cases[] = {
    { "{}", 0, 0, 0 },
    { "  {\n}\t\r ", 0, 0, 0 },
    { "{\"__metadata__\":null}", 0, 0, 0 },
    { "{\"__metadata__\":{}}", 0, 0, 0 },
    /* fields in any order, and one that isn't known */
    { "{\"a\":{\"data_offsets\":[0,4],\"more\":[{\"x\":1}],\"shape\":[],\"dtype\":\"F32\"}}", 4, 1,
      0 },
    /* no elements */
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[0,0]}}", 0, 1, 0 },
    { "{\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
      "\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[2,2]}}",
      2, 2, 0 },
    /* in the header another order than in the buffer */
    { "{\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]},"
      "\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
      4, 2, 0 },
    /* sub-byte elements that fill whole bytes */
    { "{\"a\":{\"dtype\":\"F4\",\"shape\":[2,3],\"data_offsets\":[0,3]}}", 3, 1, 0 },
    { "{\"a\":{\"dtype\":\"F6_E2M3\",\"shape\":[4],\"data_offsets\":[0,3]}}", 3, 1, 0 },
    /* not aligned: 1 byte, then floats */
    { "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
      "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}",
      5, 2, 1 },
    /* names of the metadata that are no ties */
    { "{\"__metadata__\":{\"a\":\"b\",\"c\":\"d\"},"
      "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
      1, 1, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      /* padded, so that the buffer is aligned */
      int width = (int) (strlen (cases[i].header) + 7) / 8 * 8;
      g_autofree char *header = g_strdup_printf ("%-*s", width, cases[i].header);
      g_autoptr (GBytes) bytes = make_file (header, cases[i].n_buffer);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspCheckpoint) checkpoint = open_bytes (bytes, &error);

      g_test_message ("%s", cases[i].header);
      g_assert_no_error (error);
      g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), ==,
                        cases[i].tensors);
      g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, cases[i].warnings);
      g_assert_cmpuint (esp_checkpoint_get_file_size (checkpoint), ==, g_bytes_get_size (bytes));
    }
}

/* values come from where the offsets say, aligned or not */
static void
test_places (void)
{
  g_autoptr (GBytes)
      bytes = make_file ("{\"b\":{\"dtype\":\"U16\",\"shape\":[2],\"data_offsets\":[3,7]},"
                         "\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}",
                         7);
  g_autoptr (EspCheckpoint) checkpoint = open_bytes (bytes, NULL);
  const double a[] = { 0, 1, 2 };
  const double b[] = { 0x0403, 0x0605 };

  assert_values (find_tensor (checkpoint, "a"), a, 3);
  assert_values (find_tensor (checkpoint, "b"), b, 2);
  g_assert_cmpint (
      esp_storage_get_file_offset (esp_tensor_get_storage (find_tensor (checkpoint, "b"))), ==,
      (gint64) g_bytes_get_size (bytes) - 4);
}

#define F32(name, shape, begin, end)                                                               \
  "\"" name "\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

static const struct
{
  const char *header;
  gsize n_buffer;
  EspFormatError code;
  const char *message;
} bad_headers[] = {
  { "{" F32 ("layer.0.weight", "[1024]", "1024", "5120") "}", 3000, ESP_FORMAT_ERROR_TRUNCATED,
    "layer.0.weight: 4096 bytes at offset 1108 end beyond the file (3084 bytes)" },
  { "{" F32 ("a", "[2]", "0", "8") "," F32 ("b", "[1]", "12", "16") "}", 16,
    ESP_FORMAT_ERROR_CORRUPT,
    "b: its bytes begin at 12 of the buffer and leave a hole, as the tensors before it end at "
    "8" },
  { "{" F32 ("a", "[2]", "0", "8") "," F32 ("b", "[1]", "4", "8") "}", 8, ESP_FORMAT_ERROR_CORRUPT,
    "b: its bytes begin at 4 of the buffer, where other tensors reach up to 8" },
  { "{" F32 ("a", "[2]", "0", "8") "," F32 ("b", "[2]", "0", "8") "}", 8, ESP_FORMAT_ERROR_CORRUPT,
    "b: its bytes begin at 0 of the buffer, where other tensors reach up to 8" },
  { "{" F32 ("a\\n\\\"", "[1]", "4", "8") "}", 8, ESP_FORMAT_ERROR_CORRUPT,
    "a\\n\": its bytes begin at 4 of the buffer and leave a hole" },
  { "{" F32 ("a", "[1]", "0", "4") "}", 9, ESP_FORMAT_ERROR_CORRUPT,
    "5 bytes follow the last tensor, where the file should end" },
  { "{}", 1, ESP_FORMAT_ERROR_CORRUPT, "1 byte follows the last tensor" },
  { "{" F32 ("a", "[2]", "0", "4") "}", 4, ESP_FORMAT_ERROR_CORRUPT,
    "a: 2 of F32 takes 8 bytes, but data_offsets hold 4" },
  { "{" F32 ("a", "[2]", "8", "0") "}", 8, ESP_FORMAT_ERROR_CORRUPT,
    "a: data_offsets end at 0, before they begin at 8" },
  { "{" F32 ("a", "[4611686018427387904,4,0]", "0", "0") "}", 0, ESP_FORMAT_ERROR_CORRUPT,
    "a: 4611686018427387904 × 4 × 0 of F32 has more elements than 64 bits can count" },
  { "{" F32 ("a", "[4611686018427387904]", "0", "0") "}", 0, ESP_FORMAT_ERROR_CORRUPT,
    "a: 4611686018427387904 of F32 has more bits than 64 bits can count" },
  { "{" F32 ("a", "[9223372036854775808]", "0", "0") "}", 0, ESP_FORMAT_ERROR_CORRUPT,
    "a: a size of 9223372036854775808 is more than anything can have" },
  { "{" F32 ("a", "[18446744073709551616]", "0", "0") "}", 0, ESP_FORMAT_ERROR_CORRUPT,
    "a: header: at byte 29: an unsigned integer of 64 bits wanted" },
  { "{" F32 ("a", "[-2]", "0", "0") "}", 0, ESP_FORMAT_ERROR_CORRUPT,
    "a: header: at byte 29: an unsigned integer of 64 bits wanted, found -2" },
  { "{" F32 ("a", "[2.0]", "0", "8") "}", 8, ESP_FORMAT_ERROR_CORRUPT,
    "a: header: at byte 29: an unsigned integer of 64 bits wanted, found 2.0" },
  { "{" F32 ("a", "[\"2\"]", "0", "8") "}", 8, ESP_FORMAT_ERROR_CORRUPT,
    "a: the shape holds something that is no number" },
  { "{" F32 ("a", "2", "0", "8") "}", 8, ESP_FORMAT_ERROR_CORRUPT,
    "a: header: at byte 28: an array wanted, found a number" },
  { "{" F32 ("a", "[1]", "0", "4,8") "}", 8, ESP_FORMAT_ERROR_CORRUPT,
    "a: header: at byte 52: the end of an array wanted, found a number" },
  { "{" F32 ("a", "[1]", "0", "-4") "}", 4, ESP_FORMAT_ERROR_CORRUPT,
    "a: header: at byte 50: an unsigned integer of 64 bits wanted" },
  { "{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,2]}}", 2, ESP_FORMAT_ERROR_CORRUPT,
    "a: 3 of F4 takes 12 bits, which are no whole bytes" },
  { "{\"a\":{\"dtype\":\"f32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
    ESP_FORMAT_ERROR_UNSUPPORTED, "a: “f32” is no data type of safetensors" },
  { "{\"a\":{\"dtype\":\"F128\\n\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
    ESP_FORMAT_ERROR_UNSUPPORTED, "a: “F128\\n” is no data type of safetensors" },
  { "{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, ESP_FORMAT_ERROR_CORRUPT,
    "a: header: at byte 14: a string wanted, found a number" },
  { "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, ESP_FORMAT_ERROR_CORRUPT,
    "a: “dtype” is missing" },
  { "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, ESP_FORMAT_ERROR_CORRUPT,
    "a: “shape” is missing" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, ESP_FORMAT_ERROR_CORRUPT,
    "a: “data_offsets” is missing" },
  { "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
    ESP_FORMAT_ERROR_CORRUPT, "a: header: at byte 20: the key “dtype” is there twice" },
  { "{\"a\":null}", 0, ESP_FORMAT_ERROR_CORRUPT,
    "a: header: at byte 5: an object wanted, found null" },
  { "{" F32 ("a", "[1]", "0", "4") "," F32 ("a", "[1]", "0", "4") "}", 4, ESP_FORMAT_ERROR_CORRUPT,
    "header: at byte 54: the key “a” is there twice" },
  { "{" F32 ("a", "[1]", "0", "4") "," F32 ("\\u0061", "[1]", "4", "8") "}", 8,
    ESP_FORMAT_ERROR_CORRUPT, "header: at byte 54: the key “a” is there twice" },
  { "{\"__metadata__\":{\"a\":1}}", 0, ESP_FORMAT_ERROR_CORRUPT,
    "__metadata__: header: at byte 21: a string wanted, found a number" },
  { "{\"__metadata__\":[]}", 0, ESP_FORMAT_ERROR_CORRUPT, "__metadata__ is no object" },
  { "{} x", 0, ESP_FORMAT_ERROR_CORRUPT,
    "header: at byte 3: the end of the JSON text wanted, found “x”" },
  { "{\"a\":", 0, ESP_FORMAT_ERROR_CORRUPT,
    "a: header: at byte 5: the JSON text ends before it is complete" },
  { "{\"\xff\":1}", 0, ESP_FORMAT_ERROR_CORRUPT, "header: at byte 2: the text is not UTF-8" },
  { "{\"a\":{\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
    "[[[[[[[[[[[[[[[[[",
    0, ESP_FORMAT_ERROR_LIMIT,
    "a: header: at byte 72: the JSON text nests deeper than the limit of 64" },
  { "{" F32 ("a",
             "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
             "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]",
             "0",
             "4") "}",
    4, ESP_FORMAT_ERROR_LIMIT, "a: the shape has more than 64 dimensions" },
};

static void
test_bad (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad_headers); i++)
    {
      g_autoptr (GBytes) bytes = make_file (bad_headers[i].header, bad_headers[i].n_buffer);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspCheckpoint) checkpoint = open_bytes (bytes, &error);
      g_autofree char *message = g_strconcat ("x.safetensors: ", bad_headers[i].message, NULL);

      g_assert_null (checkpoint);
      g_test_message ("%s", error->message);
      g_assert_true (g_str_has_prefix (error->message, message));
      g_assert_error (error, ESP_FORMAT_ERROR, (int) bad_headers[i].code);
    }
}

/* the length in front, and bytes that a C string can't hold */
static void
test_bad_bytes (void)
{
  static const struct
  {
    const char *bytes;
    gsize n;
    EspFormatError code;
    const char *message;
  } cases[] = {
    { "\x10\0\0\0\0\0\0\0{}", 10, ESP_FORMAT_ERROR_TRUNCATED,
      "the file was cut off: its header should end at 24, but it has only 10 bytes" },
    { "\x10\0\0\0\0\0\0\0{\"", 10, ESP_FORMAT_ERROR_TRUNCATED, "the file was cut off: " },
    { "\x10\0\0\0\0\0\0\0{", 9, ESP_FORMAT_ERROR_TRUNCATED, "the file was cut off: " },
    { "\0\xe1\xf5\x05\0\0\0\0{}", 10, ESP_FORMAT_ERROR_TRUNCATED, "the file was cut off: " },
    { "\x01\xe1\xf5\x05\0\0\0\0{}", 10, ESP_FORMAT_ERROR_LIMIT,
      "the header should have 100000001 bytes, more than the limit of 100000000" },
    { "\x03\0\0\0\0\0\0\0{}\0", 11, ESP_FORMAT_ERROR_CORRUPT,
      "header: at byte 2: the end of the JSON text wanted, found the byte 0x00" },
    /* not taken for safetensors at all */
    { "\x02\0\0\0\0\0\0\0[]", 10, ESP_FORMAT_ERROR_UNKNOWN, "no kind of checkpoint" },
    { "\x02\0\0\0\0\0\0\0{x", 10, ESP_FORMAT_ERROR_UNKNOWN, "no kind of checkpoint" },
    { "\x02\0\0\0\0\0\0\xff{}", 10, ESP_FORMAT_ERROR_UNKNOWN, "no kind of checkpoint" },
    { "\x01\0\0\0\0\0\0\0{}", 10, ESP_FORMAT_ERROR_UNKNOWN, "no kind of checkpoint" },
    { "\x02\0\0\0\0\0\0", 7, ESP_FORMAT_ERROR_UNKNOWN, "no kind of checkpoint" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static (cases[i].bytes, cases[i].n);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspCheckpoint) checkpoint = open_bytes (bytes, &error);
      g_autofree char *message = g_strconcat ("x.safetensors: ", cases[i].message, NULL);

      g_assert_null (checkpoint);
      g_test_message ("%s", error->message);
      g_assert_true (g_str_has_prefix (error->message, message));
      g_assert_error (error, ESP_FORMAT_ERROR, (int) cases[i].code);
    }
}

/* any cut gives an error, any changed byte values or an error */
static void
test_mutations (gconstpointer path)
{
  EspDamageCount count =
      esp_damage_fixture (path, (EspDamage) { .flips = ESP_DAMAGE_EVERY_BIT, .values = "\"" });

  /* changed values, names and metadata open */
  g_assert_cmpuint (count.opened, >, count.refused / 10);
  g_assert_cmpuint (count.cut_opened, ==, 0);
}

/* 20,000 tensors, in another order than their bytes: read, and each where it should be */
static void
test_many (void)
{
  g_autoptr (GString) header = g_string_new ("{");
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 20000;

  for (guint i = 0; i < n; i++)
    {
      guint at = (i * 7919) % n; /* a prime, so each place once */
      g_string_append_printf (
          header, "%s\"layers.%u.w%u\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%u,%u]}",
          i > 0 ? "," : "", at / 10, at, at, at + 1);
    }
  g_string_append (header, "}");
  bytes = make_file (header->str, n);
  checkpoint = open_bytes (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), ==, n);
  for (guint i = 0; i < n; i += 977)
    {
      g_autofree char *name = g_strdup_printf ("layers.%u.w%u", i / 10, i);
      const double value[] = { i % 256 };
      assert_values (find_tensor (checkpoint, name), value, 1);
    }
}

static void
test_cancelled (void)
{
  g_autoptr (GBytes) bytes = make_file ("{}", 0);
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "memory");
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancelled);
  g_assert_null (esp_format_open_source (source, "x", NULL, NULL, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/safetensors/tied", test_tied);
  g_test_add_func ("/safetensors/dtypes", test_dtypes);
  g_test_add_func ("/safetensors/names", test_names);
  g_test_add_func ("/safetensors/good", test_good);
  g_test_add_func ("/safetensors/places", test_places);
  g_test_add_func ("/safetensors/bad", test_bad);
  g_test_add_func ("/safetensors/bad-bytes", test_bad_bytes);
  g_test_add_data_func ("/safetensors/mutations/tied", "safetensors/tied.safetensors",
                        test_mutations);
  g_test_add_data_func ("/safetensors/mutations/dtypes", "safetensors/dtypes.safetensors",
                        test_mutations);
  g_test_add_func ("/safetensors/many", test_many);
  g_test_add_func ("/safetensors/cancelled", test_cancelled);
  return g_test_run ();
}
