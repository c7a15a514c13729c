/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The safetensors writer: the bytes of small files, ties as save_model() leaves them, round trips
 * of the reference's own files, what it refuses. That the reference takes the files is tested in
 * tests/peers. */

#include "esp-error.h"
#include "esp-format.h"
#include "esp-safetensors.h"
#include "esp-scan.h"
#include "esp-tree-builder.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "out.safetensors", NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->path);
  g_free (self->folder);
}

#define KEYS(name) ((const char *const[]) { name, NULL })

/* a view of @storage, float32 */
static EspTensor *
view (EspStorage *storage, gint64 rows, gint64 columns, gboolean transposed)
{
  const gint64 shape[] = { rows, columns };
  const gint64 strides[] = { 1, rows };
  g_autoptr (GError) error = NULL;
  EspTensor *tensor = esp_tensor_new (ESP_DTYPE_FLOAT32, "F32", shape, 2,
                                      transposed ? strides : NULL, 0, 0, storage, &error);

  g_assert_no_error (error);
  return tensor;
}

static EspStorage *
make_storage (guint n)
{
  float *values = g_new (float, n);
  g_autoptr (GBytes) bytes = NULL;

  for (guint i = 0; i < n; i++)
    values[i] = (float) i;
  bytes = g_bytes_new_take (values, n * sizeof *values);
  return esp_storage_new_for_bytes (bytes, "0");
}

static EspParameter *
add (EspTreeBuilder *builder, const char *name, EspRole role, EspTensor *tensor)
{
  g_autoptr (GError) error = NULL;
  EspParameter *parameter = esp_tree_builder_add_tensor (builder, KEYS (name), NULL, role,
                                                         ESP_REQUIRES_GRAD_UNKNOWN, tensor, &error);

  g_assert_no_error (error);
  return parameter;
}

static void
add_typed (EspTreeBuilder *builder, const char *name, EspDtype dtype, guint n, EspTensorFlags flags)
{
  static const guint8 bytes[64] = { 0, 0, 128, 63, 0, 0, 0, 64 }; /* 1, 2 as float32 */
  g_autoptr (GBytes) data = g_bytes_new_static (bytes, sizeof bytes);
  g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (data, "0");
  const gint64 shape[] = { n };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTensor)
      tensor = esp_tensor_new (dtype, "x", shape, 1, NULL, 0, flags, storage, &error);

  g_assert_no_error (error);
  add (builder, name, ESP_ROLE_PARAMETER, tensor);
}

static EspTree *
finish (EspTreeBuilder *builder)
{
  g_autoptr (GError) error = NULL;
  EspTree *tree = esp_tree_builder_finish (builder, &error);

  g_assert_no_error (error);
  return tree;
}

static gboolean
save (Fixture *self, EspTree *tree, GError **error)
{
  return esp_format_safetensors.write (tree, self->path, FALSE, NULL, NULL, NULL, error);
}

/* the header's text of what was written */
static char *
read_header (Fixture *self, gsize *n_buffer)
{
  g_autofree char *contents = NULL;
  guint64 n;
  gsize size;

  g_assert_true (g_file_get_contents (self->path, &contents, &size, NULL));
  memcpy (&n, contents, sizeof n);
  n = GUINT64_FROM_LE (n);
  g_assert_cmpuint (n % 8, ==, 0);
  *n_buffer = size - 8 - n;
  return g_strndup (contents + 8, n);
}

/* rising dtype is falling order, then the names; only parameters and buffers; strides are gone */
static void
test_bytes (Fixture *self, gconstpointer data)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspStorage) storage = make_storage (6);
  g_autoptr (EspTensor) transposed = view (storage, 2, 3, TRUE);
  g_autoptr (EspTensor) other = view (storage, 1, 1, FALSE);
  g_autoptr (EspTree) tree = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *header = NULL;
  g_autofree char *contents = NULL;
  const float values[] = { 0, 2, 4, 1, 3, 5 };
  gsize n_buffer;

  add_typed (builder, "z\"\n", ESP_DTYPE_UINT8, 3, 0);
  add (builder, "b.weight", ESP_ROLE_PARAMETER, transposed);
  add (builder, "b.moment", ESP_ROLE_OPTIMIZER, other);
  add_typed (builder, "c", ESP_DTYPE_INT64, 1, 0);
  add_typed (builder, "a", ESP_DTYPE_BOOL, 2, 0);
  tree = finish (builder);
  g_assert_true (save (self, tree, &error));
  g_assert_no_error (error);
  header = read_header (self, &n_buffer);
  g_assert_cmpstr (g_strchomp (header), ==,
                   "{\"__metadata__\":{\"format\":\"pt\"},"
                   "\"c\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                   "\"b.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[8,32]},"
                   "\"z\\\"\\n\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[32,35]},"
                   "\"a\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[35,37]}}");
  g_assert_cmpuint (n_buffer, ==, 37);
  g_assert_true (g_file_get_contents (self->path, &contents, &n_buffer, NULL));
  g_assert_cmpmem (contents + n_buffer - 29, 24, values, 24);
}

/* The first name in the order of bytes is kept, wherever it stands in the tree. */
static void
test_ties (Fixture *self, gconstpointer data)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspStorage) storage = make_storage (6);
  g_autoptr (EspTensor) tensor = view (storage, 2, 3, FALSE);
  g_autoptr (EspTensor) same = view (storage, 2, 3, FALSE);
  g_autoptr (EspTensor) part = view (storage, 1, 3, FALSE);
  g_autoptr (EspTree) tree = NULL;
  g_autoptr (EspCheckpoint) back = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *header = NULL;
  EspParameter *parameter;
  gsize n_buffer;

  parameter = add (builder, "4.weight", ESP_ROLE_PARAMETER, tensor);
  g_assert_true (
      esp_tree_builder_add_shared_parameter (builder, KEYS ("10.weight"), parameter, NULL));
  add (builder, "2.weight", ESP_ROLE_PARAMETER, same);
  add (builder, "part", ESP_ROLE_PARAMETER, part);
  tree = finish (builder);
  g_assert_true (save (self, tree, &error));
  g_assert_no_error (error);
  header = read_header (self, &n_buffer);
  g_assert_cmpstr (g_strchomp (header), ==,
                   "{\"__metadata__\":{\"4.weight\":\"10.weight\",\"2.weight\":\"10.weight\","
                   "\"format\":\"pt\"},"
                   "\"10.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                   "\"part\":{\"dtype\":\"F32\",\"shape\":[1,3],\"data_offsets\":[24,36]}}");

  back = esp_format_open (self->path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (esp_tree_get_n_ties (esp_checkpoint_get_tree (back)), ==, 1);
  g_assert_nonnull (esp_tree_find (esp_checkpoint_get_tree (back), "4.weight", NULL));
}

/* what the reference wrote, read and written and read again: the same values under the same names
 */
static void
test_round_trip (Fixture *self, gconstpointer data)
{
  static const char *const files[] = { "tied.safetensors", "dtypes.safetensors",
                                       "names.safetensors" };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "safetensors",
                                                     files[i], NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspCheckpoint) first = esp_format_open (path, NULL, NULL, NULL, &error);
      g_autoptr (EspCheckpoint) second = NULL;
      EspTree *tree;

      g_assert_no_error (error);
      tree = esp_checkpoint_get_tree (first);
      g_assert_true (
          esp_format_safetensors.write (tree, self->path, TRUE, NULL, NULL, NULL, &error));
      g_assert_no_error (error);
      second = esp_format_open (self->path, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (second)), ==,
                        esp_tree_get_n_tensors (tree));
      for (guint k = 0; k < esp_tree_get_n_tensors (tree); k++)
        {
          EspPlace *place = esp_tree_get_tensor (tree, k);
          EspPlace *other = esp_tree_find (esp_checkpoint_get_tree (second),
                                           esp_place_get_path (place), NULL);
          EspTensor *tensor = esp_parameter_get_data (esp_place_get_parameter (place));
          EspTensor *again;
          g_autofree char *hash = esp_scan_hash (tensor, NULL, NULL, NULL, &error);
          g_autofree char *hash_again = NULL;

          g_assert_nonnull (other);
          again = esp_parameter_get_data (esp_place_get_parameter (other));
          hash_again = esp_scan_hash (again, NULL, NULL, NULL, &error);
          g_assert_no_error (error);
          g_assert_cmpstr (hash, ==, hash_again);
          g_assert_cmpint (esp_tensor_get_dtype (tensor), ==, esp_tensor_get_dtype (again));
          g_assert_cmpuint (esp_tensor_get_ndim (tensor), ==, esp_tensor_get_ndim (again));
        }
    }
}

/* torch's lazy negative and conjugate become real ones */
static void
test_signs (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *name;
    EspDtype dtype;
    EspTensorFlags flags;
    double values[2];
  } cases[] = {
    { "neg", ESP_DTYPE_FLOAT32, ESP_TENSOR_NEGATE, { -1, -2 } },
    { "conj", ESP_DTYPE_COMPLEX64, ESP_TENSOR_CONJUGATE, { 1, -2 } },
    { "negconj", ESP_DTYPE_COMPLEX64, ESP_TENSOR_NEGATE | ESP_TENSOR_CONJUGATE, { -1, 2 } },
    { "plain", ESP_DTYPE_COMPLEX64, 0, { 1, 2 } },
  };
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autoptr (EspCheckpoint) back = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    add_typed (builder, cases[i].name, cases[i].dtype, cases[i].dtype == ESP_DTYPE_FLOAT32 ? 2 : 1,
               cases[i].flags);
  tree = finish (builder);
  g_assert_true (save (self, tree, &error));
  back = esp_format_open (self->path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (back), cases[i].name, NULL);
      EspTensor *tensor = esp_parameter_get_data (esp_place_get_parameter (place));
      double values[2];

      g_assert_true (
          esp_tensor_read_f64 (tensor, 0, esp_tensor_get_count (tensor), values, NULL, NULL));
      g_assert_cmpfloat (values[0], ==, cases[i].values[0]);
      g_assert_cmpfloat (values[1], ==, cases[i].values[1]);
    }
}

/* more than one chunk, told on the way */

static void
count_progress (double done, gpointer data)
{
  double *last = data;

  g_assert_cmpfloat (done, >, *last);
  *last = done;
}

static void
test_large (Fixture *self, gconstpointer data)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspStorage) storage = make_storage (3000000);
  g_autoptr (EspTensor) tensor = view (storage, 3, 1000000, TRUE);
  g_autoptr (EspTree) tree = NULL;
  g_autoptr (EspCheckpoint) back = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autofree char *before = esp_scan_hash (tensor, NULL, NULL, NULL, NULL);
  g_autofree char *after = NULL;
  double done = 0;

  add (builder, "w", ESP_ROLE_BUFFER, tensor);
  tree = finish (builder);
  g_cancellable_cancel (cancelled);
  g_assert_false (
      esp_format_safetensors.write (tree, self->path, FALSE, NULL, NULL, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));

  g_assert_true (
      esp_format_safetensors.write (tree, self->path, FALSE, count_progress, &done, NULL, &error));
  g_assert_cmpfloat (done, ==, 1.0);
  back = esp_format_open (self->path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  after = esp_scan_hash (esp_parameter_get_data (esp_place_get_parameter (
                             esp_tree_get_tensor (esp_checkpoint_get_tree (back), 0))),
                         NULL, NULL, NULL, NULL);
  g_assert_cmpstr (before, ==, after);
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *name;
    EspDtype dtype;
    const char *message;
  } cases[] = {
    { "__metadata__", ESP_DTYPE_FLOAT32,
      "__metadata__: a safetensors file can’t hold a tensor of this name" },
    { "a\xff", ESP_DTYPE_FLOAT32, "a\\xff: the name is no Unicode text" },
    { "a\xed\xa0\x80", ESP_DTYPE_FLOAT32, "a\\ud800: the name is no Unicode text" },
    { "c", ESP_DTYPE_COMPLEX128, "c: a safetensors file can’t hold values of type complex128" },
    { "q", ESP_DTYPE_INT4, "q: a safetensors file can’t hold values of type int4" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
      g_autoptr (EspTree) tree = NULL;
      g_autoptr (GError) error = NULL;

      add_typed (builder, cases[i].name, cases[i].dtype, 1, 0);
      tree = finish (builder);
      g_assert_false (save (self, tree, &error));
      g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED);
      g_assert_true (g_str_has_prefix (error->message, cases[i].message));
    }
}

static void
test_refused_tensors (Fixture *self, gconstpointer data)
{
  const gint64 shape[] = { 1 };
  double one = 1, zero = 0;
  const EspAffine affine = { -1, 1, &one, &zero };

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
      g_autoptr (EspTree) tree = NULL;
      g_autoptr (EspTensor) tensor = NULL;
      g_autoptr (GError) error = NULL;

      if (i == 0) /* no values */
        tensor = esp_tensor_new_unreadable (
            ESP_DTYPE_FLOAT32, "F32", shape, 1,
            g_error_new_literal (ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA, "no values"));
      else if (i == 1) /* quantised */
        {
          g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
          g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (bytes, "0");
          g_autoptr (EspTensor)
              plain = esp_tensor_new (ESP_DTYPE_INT8, "I8", shape, 1, NULL, 0, 0, storage, NULL);
          tensor = esp_tensor_with_affine (plain, &affine, NULL);
        }
      else /* two of one name */
        {
          add_typed (builder, "a.b", ESP_DTYPE_FLOAT32, 1, 0);
          tensor = esp_tensor_new_for_floats ((const float[]) { 7 }, shape, 1);
        }
      add (builder, "a.b", ESP_ROLE_PARAMETER, tensor);
      tree = finish (builder);
      g_assert_false (save (self, tree, &error));
      g_assert_nonnull (error);
      g_assert_true (g_str_has_prefix (error->message, "a.b: "));
      g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
    }
}

static void
test_exists (Fixture *self, gconstpointer data)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = finish (builder);
  g_autoptr (GError) error = NULL;
  g_autofree char *header = NULL;
  gsize n_buffer;

  g_assert_true (g_file_set_contents (self->path, "old", 3, NULL));
  g_assert_false (save (self, tree, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_true (esp_format_safetensors.write (tree, self->path, TRUE, NULL, NULL, NULL, &error));
  header = read_header (self, &n_buffer);
  g_assert_cmpstr (g_strchomp (header), ==, "{\"__metadata__\":{\"format\":\"pt\"}}");
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/safetensors-write/bytes", test_bytes);
  ADD ("/safetensors-write/ties", test_ties);
  ADD ("/safetensors-write/round-trip", test_round_trip);
  ADD ("/safetensors-write/signs", test_signs);
  ADD ("/safetensors-write/large", test_large);
  ADD ("/safetensors-write/refused", test_refused);
  ADD ("/safetensors-write/refused-tensors", test_refused_tensors);
  ADD ("/safetensors-write/exists", test_exists);
  return g_test_run ();
}
