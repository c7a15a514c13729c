/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Slices against NumPy's answers, and the matrix of an N-d tensor. */

#include "config.h"

#include <string.h>

#include "esp-slice.h"
#include "tensor-fixture.h"

/* numpy.arange (n).reshape (shape) */
static EspTensor *
make_range (const gint64 *shape, guint ndim)
{
  g_autofree float *values = NULL;
  gsize count = 1;

  for (guint i = 0; i < ndim; i++)
    count *= (gsize) shape[i];
  values = g_new (float, MAX (count, 1));
  for (gsize i = 0; i < count; i++)
    values[i] = (float) i;
  return esp_tensor_new_for_floats (values, shape, ndim);
}

static guint
parse_numbers (const char *text, gint64 *out)
{
  g_auto (GStrv) parts = g_strsplit (text, " ", -1);
  guint n = 0;

  for (guint i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0')
      out[n++] = g_ascii_strtoll (parts[i], NULL, 10);
  return n;
}

/* "2 × 3: 0 1 2 3 4 5", or the error's domain */
static char *
describe (EspTensor *tensor, GError *error)
{
  GString *out = g_string_new (NULL);
  guint64 count;
  g_autofree float *values = NULL;

  if (tensor == NULL)
    {
      g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_SLICE);
      return g_string_free (g_string_append (out, "error"), FALSE);
    }
  count = esp_tensor_get_count (tensor);
  values = g_new (float, count + 1);
  g_assert_true (esp_tensor_read_f32 (tensor, 0, count, values, NULL, NULL));
  for (guint i = 0; i < esp_tensor_get_ndim (tensor); i++)
    g_string_append_printf (out, "%s%d", i > 0 ? " " : "", (int) esp_tensor_get_shape (tensor)[i]);
  g_string_append (out, " | ");
  for (guint64 i = 0; i < count; i++)
    g_string_append_printf (out, "%s%g", i > 0 ? " " : "", (double) values[i]);
  return g_string_free (out, FALSE);
}

static char *
apply_text (const char *text, EspTensor *tensor)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSlice) slice = esp_slice_parse (text, &error);
  g_autoptr (EspTensor) result = NULL;

  if (slice != NULL)
    result = esp_slice_apply (slice, tensor, &error);
  return describe (result, error);
}

static void
test_numpy (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "tensor", "slices.txt",
                                                 NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++, n++)
    {
      g_auto (GStrv) parts = g_strsplit (lines[i], " | ", 3);
      gint64 shape[8];
      guint ndim = parse_numbers (parts[0], shape);
      g_autoptr (EspTensor) tensor = make_range (shape, ndim);
      g_autofree char *got = apply_text (parts[1], tensor);
      g_autoptr (EspSlice) slice = esp_slice_parse (parts[1], NULL);

      g_test_message ("%s %s", parts[0], parts[1]);
      g_assert_cmpstr (got, ==, parts[2]);
      if (slice != NULL) /* what it says of itself means the same */
        {
          g_autofree char *again = esp_slice_to_string (slice);
          g_autofree char *got_again = apply_text (again, tensor);

          g_assert_cmpstr (got_again, ==, parts[2]);
        }
    }
  g_assert_cmpuint (n, ==, 260);
}

static void
test_text (void)
{
  static const struct
  {
    const char *in, *out;
  } rows[] = {
    { "[0,:,:,3]", "[0,:,:,3]" },
    { " [ 1 , 2:3 , ::-1 ] ", "[1,2:3,::-1]" },
    { "1,2", "[1,2]" },
    { "[...].T", "[...].T" },
    { ":", "[:]" },
    { "[:,None]", "[:,None]" },
    { "[-1,+2]", "[-1,2]" },
    { "[0,]", "[0]" },
    { "[0::1]", "[0:]" },
  };
  static const char *const bad[] = { "",      "[",     "[1",         "1]",      "[]",     "[ ]",
                                     "[,]",   "[1 2]", "[0x10]",     "[1e3]",   "[....]", "[--1]",
                                     "[:::]", "[1:-]", "[\xff\xfe]", "[1].T.T", "[:,:]T", "[True]",
                                     "[1;2]", "[a]",   "[::0]",      "[1:2:x]" };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (EspSlice) slice = esp_slice_parse (rows[i].in, NULL);
      g_autofree char *text = NULL;

      g_assert_nonnull (slice);
      text = esp_slice_to_string (slice);
      g_assert_cmpstr (text, ==, rows[i].out);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (esp_slice_parse (bad[i], &error));
      g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_SLICE);
    }
}

static void
test_names_what_is_wrong (void)
{
  g_autoptr (EspTensor) tensor = make_range ((const gint64[]) { 2, 3 }, 2);
  g_autoptr (EspSlice) slice = esp_slice_parse ("[0,7]", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_slice_apply (slice, tensor, &error));
  g_assert_nonnull (strstr (error->message, "Index 7"));
  g_assert_nonnull (strstr (error->message, "axis 1 of size 3"));
  g_clear_error (&error);
  g_assert_null (esp_slice_parse ("[0,1:x]", &error));
  g_assert_nonnull (strstr (error->message, "1:x"));
}

static void
test_many_parts (void)
{
  g_autoptr (GString) text = g_string_new ("[");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 100000; i++)
    g_string_append (text, "None,");
  g_string_append (text, "0]");
  g_assert_null (esp_slice_parse (text->str, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_SLICE);
  g_clear_error (&error);

  { /* more dimensions than a tensor has */
    g_autoptr (EspTensor) tensor = make_range ((const gint64[]) { 2 }, 1);
    g_autoptr (EspSlice) slice = NULL;

    g_string_assign (text, "[");
    for (guint i = 0; i < 100; i++)
      g_string_append (text, "None,");
    g_string_append (text, "0]");
    slice = esp_slice_parse (text->str, &error);
    g_assert_no_error (error);
    g_assert_null (esp_slice_apply (slice, tensor, &error));
    g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
  }
}

static void
check_matrix (EspSlice *slice, EspTensor *tensor, const char *text, const char *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTensor) matrix = esp_slice_apply_matrix (slice, tensor, &error);
  g_autofree char *got = describe (matrix, error);
  g_autofree char *got_text = esp_slice_to_string (slice);
  g_autoptr (EspSlice) again = esp_slice_parse (got_text, NULL);
  g_autoptr (EspTensor) matrix_again = esp_slice_apply_matrix (again, tensor, &error);
  g_autofree char *got_again = describe (matrix_again, error);

  g_assert_cmpstr (got_text, ==, text);
  g_assert_cmpstr (got, ==, wanted);
  g_assert_cmpstr (got_again, ==, wanted);
}

static void
test_matrix (void)
{
  static const gint64 index[] = { 1, 2, 0 };
  static const struct
  {
    int row, column;
    const char *text, *wanted;
  } rows[] = {
    { 1, 2, "[1,:,:]", "3 4 | 12 13 14 15 16 17 18 19 20 21 22 23" },
    { 2, 1, "[1,:,:].T", "4 3 | 12 16 20 13 17 21 14 18 22 15 19 23" },
    { 0, 1, "[:,:,0]", "2 3 | 0 4 8 12 16 20" },
    { 2, 0, "[:,2,:].T", "4 2 | 8 20 9 21 10 22 11 23" },
    { -1, 1, "[1,:,0]", "1 3 | 12 16 20" },
    { 1, -1, "[1,:,0,None]", "3 1 | 12 16 20" },
    { -1, -1, "[1,2,0]", "1 1 | 20" },
  };
  g_autoptr (EspTensor) tensor = make_range ((const gint64[]) { 2, 3, 4 }, 3);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (EspSlice) slice = esp_slice_new_matrix (3, rows[i].row, rows[i].column, index);

      check_matrix (slice, tensor, rows[i].text, rows[i].wanted);
    }
}

static void
test_default (void)
{
  static const gint64 shape[] = { 2, 2, 2, 3 };
  static const struct
  {
    guint ndim;
    const char *text, *wanted;
  } rows[] = {
    { 0, "[...]", "1 1 | 0" },
    { 1, "[:]", "1 3 | 0 1 2" },
    { 2, "[:,:]", "2 3 | 0 1 2 3 4 5" },
    { 3, "[0,:,:]", "2 3 | 0 1 2 3 4 5" },
    { 4, "[0,0,:,:]", "2 3 | 0 1 2 3 4 5" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (EspTensor) tensor = make_range (shape + 4 - rows[i].ndim, rows[i].ndim);
      g_autoptr (EspSlice) slice = esp_slice_new_default (rows[i].ndim);
      g_autoptr (EspSlice) other = esp_slice_ref (slice);

      check_matrix (other, tensor, rows[i].text, rows[i].wanted);
    }

  { /* more than two dimensions are left: the last two of them */
    g_autoptr (EspTensor) tensor = make_range (shape, 4);
    g_autoptr (EspSlice) slice = esp_slice_parse ("[:,1]", NULL);

    check_matrix (slice, tensor, "[:,1]", "2 3 | 6 7 8 9 10 11");
  }
}

/* scales and zero points follow their axis */
static void
test_quantised (void)
{
  static const gint8 stored[] = { 0, 1, 2, 3, 4, 5 };
  double scales[] = { 1, 10, 100 };
  double zero_points[] = { 0, 1, 2 };
  EspAffine affine = { 1, 3, scales, zero_points };
  g_autoptr (GBytes) bytes = g_bytes_new_static (stored, sizeof stored);
  g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (bytes, "0");
  g_autoptr (EspTensor) plain = esp_tensor_new (ESP_DTYPE_INT8, "", (const gint64[]) { 2, 3 }, 2,
                                                NULL, 0, 0, storage, NULL);
  g_autoptr (EspTensor) tensor = esp_tensor_with_affine (plain, &affine, NULL);
  static const struct
  {
    const char *text, *wanted;
  } rows[] = {
    { "[...]", "2 3 | 0 0 0 3 30 300" },
    { "[1]", "3 | 3 30 300" },
    { "[:,1]", "2 | 0 30" },
    { "[:,::-2]", "2 2 | 0 0 300 3" },
    { "[:,1:]", "2 2 | 0 0 30 300" },
    { "[...].T", "3 2 | 0 3 0 30 0 300" },
    { "[None,1,:2].T", "2 1 | 3 30" },
    { "[:,3:]", "2 0 | " },
    { "[1,2]", " | 300" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *got = apply_text (rows[i].text, tensor);

      g_assert_cmpstr (got, ==, rows[i].wanted);
    }
}

static void
test_unreadable (void)
{
  g_autoptr (EspTensor) tensor = esp_tensor_new_unreadable (
      ESP_DTYPE_FLOAT32, "F32", (const gint64[]) { 2, 2 }, 2,
      g_error_new_literal (ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA, "on the meta device"));
  g_autoptr (EspSlice) slice = esp_slice_new_default (2);
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_slice_apply_matrix (slice, tensor, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA);
  g_assert_cmpstr (error->message, ==, "on the meta device");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/slice/numpy", test_numpy);
  g_test_add_func ("/slice/text", test_text);
  g_test_add_func ("/slice/names-what-is-wrong", test_names_what_is_wrong);
  g_test_add_func ("/slice/many-parts", test_many_parts);
  g_test_add_func ("/slice/matrix", test_matrix);
  g_test_add_func ("/slice/default", test_default);
  g_test_add_func ("/slice/quantised", test_quantised);
  g_test_add_func ("/slice/unreadable", test_unreadable);
  return g_test_run ();
}
