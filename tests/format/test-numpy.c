/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The NumPy reader: files of NumPy itself (made by make-numpy.py), a table of headers good and bad,
 * cuts and changed bytes. */

#include "esp-damage.h"
#include "esp-error.h"
#include "esp-format.h"
#include "esp-part.h"
#include "esp-slice.h"
#include "esp-source.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* {{{ asking */

static EspCheckpoint *
open_fixture (const char *name, const char *format)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "numpy", name, NULL);
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, format);
  g_assert_cmpstr (esp_checkpoint_get_producer (checkpoint), ==, "numpy");
  return checkpoint;
}

static EspCheckpoint *
open_bytes (GBytes *bytes, GError **error)
{
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "memory");

  return esp_format_open_source (source, "folder/x.npy", NULL, NULL, NULL, error);
}

static EspTensor *
find_tensor (EspCheckpoint *checkpoint, const char *name)
{
  EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), name, NULL);

  g_assert_nonnull (place);
  return esp_parameter_get_data (esp_place_get_parameter (place));
}

static void
assert_values (EspTensor *tensor, const double *wanted, gsize n)
{
  gboolean complex = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind == ESP_KIND_COMPLEX;
  g_autofree double *values = g_new (double, MAX (n, 1));
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (esp_tensor_get_count (tensor) * (complex ? 2 : 1), ==, n);
  g_assert_true (
      esp_tensor_read_f64 (tensor, 0, esp_tensor_get_count (tensor), values, NULL, &error));
  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (values[i], ==, wanted[i]);
}

static const double six[] = { 0, 1, 2, 3, 4, 6 };

/* }}} */
/* {{{ NumPy's own files */

static void
test_types (void)
{
  static const struct
  {
    const char *word, *name;
  } types[] = {
    { "i1", "int8" },       { "u1", "uint8" },        { "<i2", "int16" },
    { ">i2", "int16" },     { "<u2", "uint16" },      { ">u2", "uint16" },
    { "<i4", "int32" },     { ">i4", "int32" },       { "<u4", "uint32" },
    { ">u4", "uint32" },    { "<i8", "int64" },       { ">i8", "int64" },
    { "<u8", "uint64" },    { ">u8", "uint64" },      { "<f2", "float16" },
    { ">f2", "float16" },   { "<f4", "float32" },     { ">f4", "float32" },
    { "<f8", "float64" },   { ">f8", "float64" },     { "<c8", "complex64" },
    { ">c8", "complex64" }, { "<c16", "complex128" }, { ">c16", "complex128" },
  };
  static const double bools[] = { 0, 1, 0, 1, 0, 1 };
  static const double pairs[] = { 0, 0, 1, -1, 2, -2, 3, -3, 4, -4, 6, -6 };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("types.npz", "npz");

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      EspTensor *tensor = find_tensor (checkpoint, types[i].word);
      g_autofree char *byte = g_strconcat ("|", types[i].word, NULL);

      g_test_message ("%s", types[i].word);
      g_assert_cmpstr (esp_tensor_get_dtype_name (tensor), ==, types[i].name);
      g_assert_cmpstr (esp_tensor_get_native_dtype (tensor), ==,
                       strlen (types[i].word) == 2 ? byte : types[i].word);
      if (strchr (types[i].word, 'c') != NULL)
        assert_values (tensor, pairs, 12);
      else
        assert_values (tensor, six, 6);
    }
  assert_values (find_tensor (checkpoint, "b1"), bools, 6);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
  g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), ==,
                    G_N_ELEMENTS (types) + 1);
}

/* to the bit, but that any NaN is one, and that hypot() and atan2() of another library may round
 * the last bit of a double otherwise */
static void
assert_same (EspTensor *part, EspTensor *wanted, gboolean wide)
{
  gsize n = (gsize) esp_tensor_get_count (wanted);
  g_autofree double *got = g_new (double, n);
  g_autofree double *want = g_new (double, n);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (esp_tensor_get_dtype (part), ==, esp_tensor_get_dtype (wanted));
  g_assert_cmpint (esp_tensor_get_dtype (part), ==, wide ? ESP_DTYPE_FLOAT64 : ESP_DTYPE_FLOAT32);
  g_assert_cmpuint (esp_tensor_get_count (part), ==, n);
  g_assert_true (esp_tensor_read_f64 (part, 0, n, got, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (esp_tensor_read_f64 (wanted, 0, n, want, NULL, &error));
  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    if (!isnan (want[i]) || !isnan (got[i]))
      g_assert_true ((got[i] == want[i] ||
                      (wide && fabs (got[i] - want[i]) <= fabs (want[i]) * DBL_EPSILON)) &&
                     !signbit (got[i]) == !signbit (want[i]));
}

/* parts of complex values as NumPy computes them, of all of a tensor and of a slice of it that goes
 * backwards */
static void
test_parts (void)
{
  static const char *const words[] = { "<c8", ">c8", "<c16", ">c16" };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("complex.npz", "npz");

  for (guint i = 0; i < G_N_ELEMENTS (words) * ESP_N_PARTS; i++)
    {
      const char *word = words[i / ESP_N_PARTS];
      EspPart part = (EspPart) (i % ESP_N_PARTS);
      g_autofree char *name = g_strconcat (word, ".values", NULL);
      g_autofree char *wanted = g_strconcat (word, ".", esp_part_get_name (part), NULL);
      EspTensor *values = find_tensor (checkpoint, name);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspSlice) slice = esp_slice_parse ("[::-1,3:17:2]", &error);
      g_autoptr (EspTensor) sliced = esp_slice_apply_matrix (slice, values, &error);
      g_autoptr (EspTensor) of_slice = esp_tensor_new_part (sliced, part, &error);
      g_autoptr (EspTensor) whole = esp_tensor_new_part (values, part, &error);
      g_autoptr (EspTensor)
          slice_of = esp_slice_apply_matrix (slice, find_tensor (checkpoint, wanted), &error);

      g_test_message ("%s", wanted);
      g_assert_no_error (error);
      assert_same (whole, find_tensor (checkpoint, wanted), i / ESP_N_PARTS >= 2);
      assert_same (of_slice, slice_of, i / ESP_N_PARTS >= 2);
      g_assert_true (esp_tensor_is_complex (values) && !esp_tensor_is_complex (whole));
    }
}

static void
test_versions (void)
{
  g_autoptr (EspCheckpoint) two = open_fixture ("version2.npy", "npy");
  g_autoptr (EspCheckpoint) three = open_fixture ("version3.npy", "npy");

  assert_values (find_tensor (two, "version2"), six, 6);
  assert_values (find_tensor (three, "version3"), six, 6);
}

static void
test_fortran (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("fortran.npy", "npy");
  EspTensor *tensor = find_tensor (checkpoint, "fortran");
  double wanted[24];

  for (guint i = 0; i < 24; i++)
    wanted[i] = i;
  assert_values (tensor, wanted, 24);
  g_assert_cmpint (esp_tensor_get_shape (tensor)[2], ==, 4);
  g_assert_cmpint (esp_tensor_get_strides (tensor)[0], ==, 1);
  g_assert_cmpint (esp_tensor_get_strides (tensor)[2], ==, 6);
}

static void
test_deflated (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("deflated.npz", "npz");
  EspTensor *tensor = find_tensor (checkpoint, "long");
  const double scalar = -2.5;
  g_autoptr (GError) error = NULL;
  float value;

  assert_values (find_tensor (checkpoint, "layer/0/kernel"), six, 6);
  assert_values (find_tensor (checkpoint, "scalar"), &scalar, 1);
  assert_values (find_tensor (checkpoint, "empty"), NULL, 0);
  g_assert_cmpuint (esp_tensor_get_ndim (find_tensor (checkpoint, "scalar")), ==, 0);
  g_assert_true (esp_tensor_read_f32 (tensor, 19999, 1, &value, NULL, &error));
  g_assert_cmpfloat (value, ==, 199);
  g_assert_nonnull (
      esp_place_get_module (esp_tree_find (esp_checkpoint_get_tree (checkpoint), "layer/0", NULL)));
}

/* what holds no numbers is named; the one that does is there */
static void
test_refused (void)
{
  static const char *const wanted[] = {
    "object: an array of Python objects (type “|O”) is a pickle, which is not run",
    "unicode: an array of text (type “<U2”) holds no numbers",
    "bytes: an array of text (type “|S1”) holds no numbers",
    "date: an array of dates or durations (type “<M8[s]”) holds no plain numbers",
    "duration: an array of dates or durations (type “<m8[s]”) holds no plain numbers",
    "record: a structured array holds records, not numbers; save its fields one by one",
    "void: an array of bare bytes (type “|V2”): NumPy stores bfloat16 and float8 so, and does not "
    "say which it was; save it as float32",
    "long: an array of type “<f16” can’t be read",
  };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("refused.npz", "npz");

  assert_values (find_tensor (checkpoint, "good"), six, 6);
  g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), ==, 1);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, G_N_ELEMENTS (wanted));
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    g_assert_cmpstr (esp_checkpoint_get_warning (checkpoint, i), ==, wanted[i]);
}

/* }}} */
/* {{{ headers */

/* version 1, the header as it is, then @n_values bytes counting up from 1 */
static GBytes *
make_file (const char *header, gsize n_values)
{
  GByteArray *out = g_byte_array_new ();
  gsize length = strlen (header);
  const guint8 size[] = { (guint8) length, (guint8) (length >> 8) };

  g_byte_array_append (out, (const guint8 *) "\x93NUMPY\x01\0", 8);
  g_byte_array_append (out, size, 2);
  g_byte_array_append (out, (const guint8 *) header, (guint) length);
  for (gsize i = 0; i < n_values; i++)
    {
      guint8 byte = (guint8) (i + 1);

      g_byte_array_append (out, &byte, 1);
    }
  return g_byte_array_free_to_bytes (out);
}

static void
test_good (void)
{
  static const struct
  {
    const char *header;
    gsize n;
    guint ndim;
  } cases[] = {
    { "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }      \n", 3, 1 },
    { "{'shape': (1, 3), 'fortran_order': True, 'descr': '|u1'}", 3, 2 },
    { "{\"descr\":\"|u1\",\"fortran_order\":False,\"shape\":(3,)}", 3, 1 },
    { " { 'descr' : '|u1' , 'fortran_order' : False , 'shape' : ( 3 , 1 , ) , } ", 3, 2 },
    { "{'descr': '|u1', 'fortran_order': False, 'shape': (3L, 1L)}", 3, 2 },
    { "{'descr': '=u1', 'fortran_order': False, 'shape': ()}", 1, 0 },
    { "{'descr': '|u1', 'fortran_order': True, 'shape': (0, 9000000000000000000)}", 0, 2 },
  };
  static const double wanted[] = { 1, 2, 3 };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = make_file (cases[i].header, cases[i].n);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspCheckpoint) checkpoint = open_bytes (bytes, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
      g_assert_cmpuint (esp_tensor_get_ndim (find_tensor (checkpoint, "x")), ==, cases[i].ndim);
      assert_values (find_tensor (checkpoint, "x"), wanted, cases[i].n);
    }
}

#define NOT_A_HEADER "the array’s header is not the dictionary of descr, fortran_order and shape"

static void
test_bad (void)
{
  static const struct
  {
    const char *header;
    gsize n;
    EspFormatError code;
    const char *message;
  } cases[] = {
    { "", 8, ESP_FORMAT_ERROR_CORRUPT, NOT_A_HEADER },
    { "{}", 8, ESP_FORMAT_ERROR_CORRUPT, NOT_A_HEADER },
    { "{'descr': '|u1', 'fortran_order': False}", 8, ESP_FORMAT_ERROR_CORRUPT, NOT_A_HEADER },
    { "{'descr': '|u1', 'shape': (1,)}", 8, ESP_FORMAT_ERROR_CORRUPT, NOT_A_HEADER },
    { "{'fortran_order': False, 'shape': (1,)}", 8, ESP_FORMAT_ERROR_CORRUPT, NOT_A_HEADER },
    { "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'more': 1}", 8,
      ESP_FORMAT_ERROR_CORRUPT, NOT_A_HEADER },
    { "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}", 8,
      ESP_FORMAT_ERROR_CORRUPT, NOT_A_HEADER },
    { "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}", 8,
      ESP_FORMAT_ERROR_CORRUPT, NOT_A_HEADER },
    { "{'descr': '|u1', 'fortran_order': None, 'shape': (1,)}", 8, ESP_FORMAT_ERROR_CORRUPT,
      NOT_A_HEADER },
    { "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}", 8, ESP_FORMAT_ERROR_CORRUPT,
      NOT_A_HEADER },
    { "{'descr': '|u1', 'fortran_order': False, 'shape': (1)}", 8, ESP_FORMAT_ERROR_CORRUPT,
      NOT_A_HEADER },
    { "{'descr': '|u1', 'fortran_order': False, 'shape': (1.0,)}", 8, ESP_FORMAT_ERROR_CORRUPT,
      NOT_A_HEADER },
    { "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}", 8,
      ESP_FORMAT_ERROR_CORRUPT, NOT_A_HEADER },
    { "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2", 8, ESP_FORMAT_ERROR_CORRUPT,
      NOT_A_HEADER },
    { "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} x", 8, ESP_FORMAT_ERROR_CORRUPT,
      NOT_A_HEADER },
    { "{'descr': '|u\\x31', 'fortran_order': False, 'shape': (1,)}", 8, ESP_FORMAT_ERROR_CORRUPT,
      NOT_A_HEADER },
    { "{'descr': [[[[('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", 8,
      ESP_FORMAT_ERROR_CORRUPT, NOT_A_HEADER },
    { "__import__('os').system('true')", 8, ESP_FORMAT_ERROR_CORRUPT, NOT_A_HEADER },
    { "{'descr': '', 'fortran_order': False, 'shape': (1,)}", 8, ESP_FORMAT_ERROR_CORRUPT,
      NOT_A_HEADER },
    { "{'descr': [('a]', '<f4', (2,))], 'fortran_order': False, 'shape': (1,)}", 8,
      ESP_FORMAT_ERROR_UNSUPPORTED, "a structured array holds records, not numbers" },
    { "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", 8, ESP_FORMAT_ERROR_UNSUPPORTED,
      "an array of Python objects (type “|O”) is a pickle, which is not run" },
    { "{'descr': '|V0', 'fortran_order': False, 'shape': (1,)}", 8, ESP_FORMAT_ERROR_UNSUPPORTED,
      "an array of bare bytes (type “|V0”)" },
    { "{'descr': '<', 'fortran_order': False, 'shape': (1,)}", 8, ESP_FORMAT_ERROR_UNSUPPORTED,
      "an array of type “<” can’t be read" },
    { "{'descr': '<f3', 'fortran_order': False, 'shape': (1,)}", 8, ESP_FORMAT_ERROR_UNSUPPORTED,
      "an array of type “<f3” can’t be read" },
    { "{'descr': 'f4', 'fortran_order': False, 'shape': (1,)}", 8, ESP_FORMAT_ERROR_UNSUPPORTED,
      "an array of type “f4” can’t be read" },
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 8, ESP_FORMAT_ERROR_TRUNCATED,
      "the array’s shape takes 12 bytes, and 8 follow the header" },
    { "{'descr': '<f4', 'fortran_order': True, 'shape': (4294967296, 4294967296)}", 8,
      ESP_FORMAT_ERROR_CORRUPT, "the array’s shape has more bytes than 64 bits can count" },
    { "{'descr': '<f4', 'fortran_order': True, 'shape': (0, 4294967296, 4294967296)}", 0,
      ESP_FORMAT_ERROR_CORRUPT, "the array’s shape has more bytes than 64 bits can count" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = make_file (cases[i].header, cases[i].n);
      g_autoptr (GError) error = NULL;
      g_autofree char *wanted = g_strconcat ("x.npy: ", cases[i].message, NULL);

      g_test_message ("%s", cases[i].header);
      g_assert_null (open_bytes (bytes, &error));
      g_assert_error (error, ESP_FORMAT_ERROR, (int) cases[i].code);
      if (!g_str_has_prefix (error->message, wanted))
        g_error ("“%s”, not “%s”", error->message, wanted);
    }
}

/* more dimensions than anything has */
static void
test_dimensions (void)
{
  g_autoptr (GString) header = g_string_new ("{'descr': '|u1', 'fortran_order': False, 'shape': (");
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 65; i++)
    g_string_append (header, "1, ");
  g_string_append (header, ")}");
  bytes = make_file (header->str, 1);
  g_assert_null (open_bytes (bytes, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
}

static void
test_bad_start (void)
{
  static const struct
  {
    const char *bytes;
    gsize size;
    EspFormatError code;
    const char *message;
  } cases[] = {
    { "\x93NUMPY\x01\0", 8, ESP_FORMAT_ERROR_TRUNCATED,
      "an array’s header needs 12 bytes, and there are 8" },
    { "\x93NUMPY\x04\0\x10\0\0\0\0\0", 14, ESP_FORMAT_ERROR_UNSUPPORTED,
      "a NumPy array of version 4.0; versions 1 to 3 can be read" },
    { "\x93NUMPY\0\x09\x10\0\0\0\0\0", 14, ESP_FORMAT_ERROR_UNSUPPORTED,
      "a NumPy array of version 0.9; versions 1 to 3 can be read" },
    { "\x93NUMPY\x01\0\x10\0{}{}", 14, ESP_FORMAT_ERROR_TRUNCATED,
      "the array’s header of 16 bytes ends beyond the file (14 bytes)" },
    { "\x93NUMPY\x02\0\xff\xff\xff\xff{}", 14, ESP_FORMAT_ERROR_TRUNCATED,
      "the array’s header of 4294967295 bytes ends beyond the file (14 bytes)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (cases[i].bytes, cases[i].size);
      g_autoptr (GError) error = NULL;
      g_autofree char *wanted = g_strconcat ("x.npy: ", cases[i].message, NULL);

      g_assert_null (open_bytes (bytes, &error));
      g_assert_error (error, ESP_FORMAT_ERROR, (int) cases[i].code);
      g_assert_cmpstr (error->message, ==, wanted);
    }
}

/* a header of 2 MB is not even looked at */
static void
test_large_header (void)
{
  const gsize size = 2 * 1024 * 1024;
  g_autofree char *data = g_strnfill (size + 12, ' ');
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  memcpy (data, "\x93NUMPY\x02\0\0\0\x20\0", 12);
  bytes = g_bytes_new (data, size + 12);
  g_assert_null (open_bytes (bytes, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT);
  g_assert_cmpstr (error->message, ==,
                   "x.npy: the array’s header has 2097152 bytes; at most 1048576 can be read");
}

static void
test_more_bytes (void)
{
  g_autoptr (GBytes)
      bytes = make_file ("{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}", 5);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = open_bytes (bytes, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 1);
  g_assert_cmpstr (esp_checkpoint_get_warning (checkpoint, 0), ==,
                   "3 bytes follow the array’s values");
}

/* }}} */
/* {{{ any file */

/* any cut gives an error, any changed byte values or an error */
static void
test_mutations (gconstpointer path)
{
  EspDamageCount count =
      esp_damage_fixture (path, (EspDamage) { .flips = ESP_DAMAGE_EVERY_BIT, .values = "(" });

  g_assert_cmpuint (count.opened, >, 0);
  g_assert_cmpuint (count.refused, >, 0);
  g_assert_cmpuint (count.cut_opened, ==, 0);
}

/* }}} */

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/numpy/types", test_types);
  g_test_add_func ("/numpy/parts", test_parts);
  g_test_add_func ("/numpy/versions", test_versions);
  g_test_add_func ("/numpy/fortran", test_fortran);
  g_test_add_func ("/numpy/deflated", test_deflated);
  g_test_add_func ("/numpy/refused", test_refused);
  g_test_add_func ("/numpy/good", test_good);
  g_test_add_func ("/numpy/bad", test_bad);
  g_test_add_func ("/numpy/dimensions", test_dimensions);
  g_test_add_func ("/numpy/bad-start", test_bad_start);
  g_test_add_func ("/numpy/large-header", test_large_header);
  g_test_add_func ("/numpy/more-bytes", test_more_bytes);
  g_test_add_data_func ("/numpy/mutations/npy", "numpy/fortran.npy", test_mutations);
  g_test_add_data_func ("/numpy/mutations/npz", "numpy/deflated.npz", test_mutations);

  return g_test_run ();
}
