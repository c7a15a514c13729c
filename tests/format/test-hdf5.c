/* SPDX-License-Identifier: GPL-3.0-or-later */

/* HDF5 files of h5py (made by make-hdf5.py) through the real process: types, layouts, filters,
 * links, attributes, archives; values that are read in any order and by many threads; files that
 * change while they are open. Element i of most data sets is (37 * i) % 113. */

#include "config.h"

#include "esp-check.h"
#include "esp-damage.h"
#include "esp-error.h"
#include "esp-format.h"
#include "esp-hdf5-cache.h"
#include "esp-hdf5.h"
#include "esp-zip.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* {{{ asking */

static char *
get_path (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "fixtures", "hdf5", name, NULL);
}

static EspHdf5File *
open_path (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSource) source = esp_source_new_for_file (path, &error);
  EspHdf5File *file;

  g_assert_no_error (error);
  g_assert_true (esp_hdf5_probe (source));
  file = esp_hdf5_file_open (source, "", NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  return file;
}

static EspHdf5File *
open_fixture (const char *name)
{
  g_autofree char *path = get_path (name);

  return open_path (path);
}

static const EspHdf5Node *
find (EspHdf5File *file, const char *path)
{
  const EspHdf5Node *node = esp_hdf5_file_find (file, NULL, path);

  if (node == NULL)
    g_test_message ("%s isn't there", path);
  g_assert_nonnull (node);
  return node;
}

static double
get_number (guint64 i)
{
  return (double) (37 * i % 113);
}

/* what element @i is of a tensor of that dtype; of a complex one the number @i of both parts */
static double
get_wanted (EspTensor *tensor, guint64 i)
{
  return esp_tensor_get_dtype (tensor) == ESP_DTYPE_BOOL ? fmod (get_number (i), 2)
                                                         : get_number (i);
}

static void
assert_range (EspTensor *tensor, guint64 start, gsize n)
{
  EspDtype dtype = esp_tensor_get_dtype (tensor);
  guint per = esp_dtype_get_info (dtype)->kind == ESP_KIND_COMPLEX ? 2 : 1;
  g_autofree double *values = g_new (double, MAX (per * n, 1));
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_tensor_read_f64 (tensor, start, n, values, NULL, &error));
  g_assert_no_error (error);
  for (gsize i = 0; i < per * n; i++)
    g_assert_cmpfloat (values[i], ==, get_wanted (tensor, per * start + i));
}

static void
assert_numbers (EspTensor *tensor)
{
  g_assert_no_error (esp_tensor_get_error (tensor));
  assert_range (tensor, 0, esp_tensor_get_count (tensor));
}

static void
assert_all_are (EspTensor *tensor, double wanted)
{
  guint64 n = esp_tensor_get_count (tensor);
  g_autofree double *values = g_new (double, n);
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_tensor_read_f64 (tensor, 0, n, values, NULL, &error));
  g_assert_no_error (error);
  for (guint64 i = 0; i < n; i++)
    g_assert_cmpfloat (values[i], ==, wanted);
}

/* }}} */
/* {{{ types */

static void
test_types (void)
{
  static const struct
  {
    const char *path, *dtype, *native;
  } rows[] = {
    { "i1", "int8", "int8" },
    { "u1", "uint8", "uint8" },
    { "<i2", "int16", "int16" },
    { ">i2", "int16", "int16" },
    { "<u2", "uint16", "uint16" },
    { ">u2", "uint16", "uint16" },
    { "<i4", "int32", "int32" },
    { ">i4", "int32", "int32" },
    { "<u4", "uint32", "uint32" },
    { ">u4", "uint32", "uint32" },
    { "<i8", "int64", "int64" },
    { ">i8", "int64", "int64" },
    { "<u8", "uint64", "uint64" },
    { ">u8", "uint64", "uint64" },
    { "<f2", "float16", "float16" },
    { ">f2", "float16", "float16" },
    { "<f4", "float32", "float32" },
    { ">f4", "float32", "float32" },
    { "<f8", "float64", "float64" },
    { ">f8", "float64", "float64" },
    { "bool", "bool", "bool" },
    { "<c8", "complex64", "complex64" },
    { ">c8", "complex64", "complex64" },
    { "<c16", "complex128", "complex128" },
    { "enum", "int16", "int16" },
    { "array", "float32", "float32" },
    { "bfloat16", "bfloat16", "bfloat16" },
    { "keras", "bfloat16", "bfloat16" },
    { "float24", "float64", "float24" },
    { "int24", "int64", "int24" },
    { "padded", "uint64", "uint12" },
    { "longdouble", "float64", "float80" },
  };
  g_autoptr (EspHdf5File) file = open_fixture ("types.h5");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      EspTensor *tensor = find (file, rows[i].path)->tensor;

      g_test_message ("%s", rows[i].path);
      g_assert_cmpstr (esp_tensor_get_dtype_name (tensor), ==, rows[i].dtype);
      g_assert_cmpstr (esp_tensor_get_native_dtype (tensor), ==, rows[i].native);
      g_assert_cmpuint (esp_tensor_get_ndim (tensor), ==, 2);
      g_assert_cmpint (esp_tensor_get_shape (tensor)[0], ==, 3);
      g_assert_cmpint (esp_tensor_get_shape (tensor)[1], ==, 5);
      assert_numbers (tensor);
    }
  assert_all_are (find (file, "scalar")->tensor, 37);
  g_assert_cmpuint (esp_tensor_get_ndim (find (file, "scalar")->tensor), ==, 0);
  assert_numbers (find (file, "nothing")->tensor);
}

static void
test_refused_types (void)
{
  static const struct
  {
    const char *path, *native, *message;
  } rows[] = {
    { "refused/text", "object", "text" },    { "refused/texts", "|S4", "text" },
    { "refused/record", "|V8", "a record" }, { "refused/opaque", "|V2", "opaque" },
    { "refused/list", "object", "a list" },  { "refused/reference", "object", "references" },
    { "refused/empty", "", "but no shape" },
  };
  g_autoptr (EspHdf5File) file = open_fixture ("types.h5");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      EspTensor *tensor = find (file, rows[i].path)->tensor;

      g_assert_error (esp_tensor_get_error (tensor), ESP_FORMAT_ERROR,
                      ESP_FORMAT_ERROR_UNSUPPORTED);
      g_assert_nonnull (strstr (esp_tensor_get_error (tensor)->message, rows[i].message));
      g_assert_cmpstr (esp_tensor_get_native_dtype (tensor), ==, rows[i].native);
    }
}

/* }}} */
/* {{{ layouts */

static const char *const in_any_layout[] = {
  "contiguous",  "chunked",     "whole",          "rows",         "columns",
  "deep",        "larger",      "checked",        "all",          "shuffled f8",
  "shuffled f2", "shuffled u1", "shuffled <c16",  "shuffled >i4", "scaled",
  "szip",        "compact",     "compact scalar", "skipped",
};

/* what an older HDF5 library can't read is told of by a library that is as old */
static gboolean
is_too_new (EspTensor *tensor)
{
  const GError *error = esp_tensor_get_error (tensor);

  return error != NULL && strstr (error->message, "bad version number for datatype") != NULL;
}

static void
test_layouts (gconstpointer name)
{
  g_autoptr (EspHdf5File) file = open_fixture (name);

  for (guint i = 0; i < G_N_ELEMENTS (in_any_layout); i++)
    {
      const EspHdf5Node *node = esp_hdf5_file_find (file, NULL, in_any_layout[i]);

      g_test_message ("%s", in_any_layout[i]);
      if (node == NULL && strcmp (in_any_layout[i], "szip") == 0)
        continue; /* it is missing in a file that was made without it */
      g_assert_nonnull (node);
      if (!is_too_new (node->tensor))
        assert_numbers (node->tensor);
    }
  assert_all_are (find (file, "never written")->tensor, 7.5);
  assert_all_are (find (file, "never chunked")->tensor, -3);
}

static void
test_fill_values (gconstpointer name)
{
  g_autoptr (EspHdf5File) file = open_fixture (name);
  EspTensor *tensor = find (file, "filled")->tensor;
  g_autoptr (GError) error = NULL;
  double values[23][17];

  g_assert_true (esp_tensor_read_f64 (tensor, 0, 23 * 17, &values[0][0], NULL, &error));
  for (guint i = 0; i < 23; i++)
    for (guint j = 0; j < 17; j++)
      g_assert_cmpfloat (values[i][j], ==, i < 8 && j < 5 ? get_number (17 * i + j) : 7.5);
}

static void
test_refused_values (gconstpointer name)
{
  g_autoptr (EspHdf5File) file = open_fixture (name);
  g_autoptr (GError) error = NULL;
  EspTensor *foreign = find (file, "foreign")->tensor;
  double values[16];

  g_assert_error (esp_tensor_get_error (foreign), ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (esp_tensor_get_error (foreign)->message, "Zstandard"));
  g_assert_false (
      esp_tensor_read_f64 (find (file, "damaged")->tensor, 0, 16, values, NULL, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
  g_assert_nonnull (strstr (error->message, "checksum"));
}

/* any range of any layout gives what the whole gives */
static void
test_ranges (void)
{
  g_autoptr (EspHdf5File) file = open_fixture ("layouts.h5");
  g_autoptr (GRand) random = g_rand_new_with_seed (5);

  for (guint i = 0; i < 2000; i++)
    {
      const char *name = in_any_layout[g_rand_int_range (random, 0, G_N_ELEMENTS (in_any_layout))];
      EspTensor *tensor = find (file, name)->tensor;
      gint32 count = (gint32) esp_tensor_get_count (tensor);
      gint32 start = g_rand_int_range (random, 0, count);

      assert_range (tensor, (guint64) start,
                    (gsize) g_rand_int_range (random, 0, count - start + 1));
    }
  g_assert_cmpuint (esp_hdf5_cache_get_total (), >, 0);
}

static gpointer
read_ranges (gpointer file)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (GPOINTER_TO_UINT (g_thread_self ()) % 1000);

  for (guint i = 0; i < 300; i++)
    {
      const char *name = in_any_layout[g_rand_int_range (random, 0, G_N_ELEMENTS (in_any_layout))];
      EspTensor *tensor = find (file, name)->tensor;
      gint32 start = g_rand_int_range (random, 0, (gint32) esp_tensor_get_count (tensor));

      assert_range (tensor, (guint64) start, 1);
    }
  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (EspHdf5File) file = open_fixture ("layouts.h5");
  GThread *threads[6];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, read_ranges, file);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* values outlive the file, and the cache keeps nothing of what is gone */
static void
test_lifetime (void)
{
  EspHdf5File *file = open_fixture ("layouts.h5");
  EspTensor *chunked = esp_tensor_ref (find (file, "all")->tensor);
  EspTensor *compact = esp_tensor_ref (find (file, "compact")->tensor);
  gsize before = esp_hdf5_cache_get_total ();

  esp_hdf5_file_unref (file);
  assert_numbers (chunked);
  assert_numbers (compact);
  g_assert_cmpuint (esp_hdf5_cache_get_total (), >, before);
  esp_tensor_unref (chunked);
  esp_tensor_unref (compact);
  g_assert_cmpuint (esp_hdf5_cache_get_total (), ==, before);
}

/* what lies in one piece is read in place */
static void
test_places (void)
{
  g_autoptr (EspHdf5File) file = open_fixture ("userblock.h5");
  g_autofree char *path = get_path ("userblock.h5");
  gint64 offset = esp_tensor_get_file_offset (find (file, "weight")->tensor);
  g_autofree char *contents = NULL;
  float values[12];
  gsize size;

  g_assert_true (g_file_get_contents (path, &contents, &size, NULL));
  g_assert_cmpint (offset, >, 512);
  g_assert_true (esp_range_fits ((guint64) offset, sizeof values, size));
  memcpy (values, contents + offset, sizeof values);
  for (guint i = 0; i < 12; i++)
    g_assert_cmpfloat (values[i], ==, (float) get_number (i));
  g_assert_cmpint (esp_tensor_get_file_offset (find (file, "chunked")->tensor), ==, -1);
  /* chunks are unpacked by all cores */
  g_assert_false (esp_storage_is_stream (esp_tensor_get_storage (find (file, "chunked")->tensor)));
}

/* }}} */
/* {{{ links and attributes */

static void
test_nodes (void)
{
  g_autoptr (EspHdf5File) file = open_fixture ("links.h5");
  const EspHdf5Node *root = esp_hdf5_file_get_node (file, 0);
  const EspHdf5Node *b = find (file, "b"), *weight = find (file, "b/weight");
  static const char *const order[] = { "z", "10", "2", "a" };
  const EspHdf5Node *child = find (file, "order")->first_child;

  g_assert_cmpstr (root->path, ==, "");
  g_assert_null (root->parent);
  g_assert_true (find (file, "b/again")->same != NULL || weight->same != NULL);
  g_assert_true (find (file, "b/again")->tensor == weight->tensor);
  g_assert_true (find (file, "a")->is_soft && find (file, "a")->tensor == weight->tensor);
  g_assert_true (find (file, "c")->same == b && find (file, "b/self")->same == b);
  g_assert_true (find (file, "c/self/self/weight") == weight);
  g_assert_true (esp_hdf5_file_find (file, find (file, "c"), "/b/weight") == weight);
  g_assert_true (esp_hdf5_file_find (file, find (file, "c"), "weight") == weight);
  g_assert_null (esp_hdf5_file_find (file, NULL, "c/weight/deeper"));
  for (guint i = 0; i < G_N_ELEMENTS (order); i++, child = child->next)
    g_assert_cmpstr (child->name, ==, order[i]);
  g_assert_null (child);
  g_assert_cmpint (find (file, "dangling")->kind, ==, ESP_HDF5_OTHER);
  g_assert_nonnull (strstr (find (file, "dangling")->error, "/no/such"));
  g_assert_nonnull (strstr (find (file, "outside")->error, "another file"));
  g_assert_nonnull (find (file, "round")->error);
  g_assert_null (find (file, "type")->error);
  g_assert_cmpuint (g_strv_length ((char **) esp_hdf5_file_get_warnings (file)), ==, 3);
}

static void
test_attributes (void)
{
  static const struct
  {
    const char *name, *text;
  } rows[] = {
    { "text", "a längerer text" },
    { "fixed", "fixed" },
    { "padded", "ab" },
    { "texts", "[\"one\", \"two\", \"\"]" },
    { "int", "-7" },
    { "ints", "[1, 2, 3, 4]" },
    { "float", "1.5" },
    { "floats", "[0.5, -2]" },
    { "uint", "18446744073709551615" },
    { "bool", "1" },
    { "none", "[]" },
    { "fixed texts", "[\"one\", \"twos\"]" },
  };
  g_autoptr (EspHdf5File) file = open_fixture ("attributes.h5");
  const EspHdf5Node *root = esp_hdf5_file_get_node (file, 0), *group = find (file, "group");
  g_auto (GStrv) names = esp_hdf5_node_dup_strings (root, "layer_names");
  g_auto (GStrv) none = esp_hdf5_node_dup_strings (root, "none");
  g_autofree char *short_text = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const EspHdf5Attribute *attribute = esp_hdf5_node_get_attribute (root, rows[i].name);
      g_autofree char *text = NULL;

      g_assert_nonnull (attribute);
      text = esp_hdf5_attribute_to_text (attribute, 1000);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
  g_assert_cmpstr (esp_hdf5_node_get_string (root, "text"), ==, "a längerer text");
  g_assert_null (esp_hdf5_node_get_string (root, "texts"));
  g_assert_null (esp_hdf5_node_get_string (root, "int"));
  g_assert_cmpuint (g_strv_length (names), ==, 3);
  g_assert_cmpstr (names[2], ==, "dense");
  g_assert_cmpuint (g_strv_length (none), ==, 0);
  g_assert_null (esp_hdf5_node_dup_strings (root, "no such"));
  g_assert_null (esp_hdf5_node_dup_strings (root, "int"));
  g_assert_cmpint (esp_hdf5_node_get_attribute (root, "empty")->type, ==, ESP_HDF5_VALUE_NONE);
  g_assert_nonnull (esp_hdf5_node_get_attribute (root, "record")->error);
  g_assert_cmpstr (group->attributes[0].name, ==, "z"); /* in the order of their making */
  short_text = esp_hdf5_attribute_to_text (find (file, "long")->attributes, 10);
  g_assert_cmpstr (short_text, ==, "xxxxxxxxxx…");
}

static void
test_format (void)
{
  g_autofree char *path = get_path ("links.h5");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, "hdf5");
  g_assert_nonnull (esp_tree_find (tree, "b/weight", NULL));
  g_assert_nonnull (esp_tree_find (tree, "c/weight", NULL)); /* a module at two places */
  g_assert_nonnull (esp_tree_find (tree, "a", NULL));
  g_assert_cmpuint (esp_tree_get_n_tensors (tree), ==, 9);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 6);
}

/* }}} */
/* {{{ sources */

static void
test_archives (gconstpointer name)
{
  g_autofree char *path = get_path (name);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSource) source = esp_source_new_for_file (path, &error);
  g_autoptr (EspZip) zip = esp_zip_new (source, NULL, &error);
  const EspZipMember *member = esp_zip_get_member (zip, 1);
  g_autoptr (EspSource) inner = esp_zip_open_member (zip, member, NULL, &error);
  g_autoptr (EspHdf5File) file = esp_hdf5_file_open (inner, "inner/", NULL, NULL, NULL, &error);
  gboolean stored = strcmp (name, "stored.zip") == 0;
  EspTensor *weight;

  g_assert_no_error (error);
  weight = find (file, "weight")->tensor;
  assert_numbers (weight);
  assert_numbers (find (file, "chunked")->tensor);
  g_assert_true ((esp_tensor_get_file_offset (weight) > 0) == stored);
  g_assert_true (
      g_str_has_prefix (esp_storage_get_id (esp_tensor_get_storage (weight)), "inner/0x"));
}

static void
test_memory (void)
{
  g_autofree char *path = get_path ("layouts.h5"), *contents = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSource) source = NULL;
  g_autoptr (EspHdf5File) file = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &contents, &size, NULL));
  bytes = g_bytes_new_take (g_steal_pointer (&contents), size);
  source = esp_source_new_for_bytes (bytes, "memory");
  file = esp_hdf5_file_open (source, "", NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  assert_numbers (find (file, "contiguous")->tensor);
  assert_numbers (find (file, "all")->tensor);
  assert_numbers (find (file, "compact")->tensor);
}

/* a file that is written to while it is open: no value of it is shown any more */
static void
test_changed (void)
{
  static const char *const names[] = { "contiguous", "all", "compact" };
  g_autofree char *path = get_path ("layouts.h5"), *contents = NULL, *copy = NULL;
  g_autoptr (EspHdf5File) file = NULL;
  gsize size;
  int fd;

  g_assert_true (g_file_get_contents (path, &contents, &size, NULL));
  fd = g_file_open_tmp ("espalier-XXXXXX", &copy, NULL);
  g_assert_cmpint (fd, >=, 0);
  g_assert_true (g_file_set_contents_full (copy, contents, (gssize) size, G_FILE_SET_CONTENTS_NONE,
                                           0600, NULL));
  file = open_path (copy);
  {
    FILE *stream = fopen (copy, "r+b");

    fputc (contents[0], stream);
    fclose (stream);
    g_assert_cmpint (truncate (copy, (off_t) size - 1), ==, 0);
  }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      double value;

      g_assert_false (
          esp_tensor_read_f64 (find (file, names[i])->tensor, 0, 1, &value, NULL, &error));
      g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
      g_assert_nonnull (strstr (error->message, "changed since it was opened"));
    }
  close (fd);
  g_unlink (copy);
}

/* each try starts a process, so there are few of them */
static void
test_damage (void)
{
  g_autofree char *path = get_path ("userblock.h5"), *contents = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (11);
  guint opened = 0, refused = 0;
  gsize size;

  g_assert_true (g_file_get_contents (path, &contents, &size, NULL));
  for (guint i = 0; i < 150; i++)
    {
      g_autofree char *copy = g_memdup2 (contents, size);
      gsize length = i % 3 == 0 ? (gsize) g_rand_int_range (random, 0, (gint32) size) : size;
      g_autoptr (GBytes) bytes = NULL;

      for (guint j = 0; j < 4; j++)
        copy[g_rand_int_range (random, 512, (gint32) size)] = (char) g_rand_int (random);
      bytes = g_bytes_new_take (g_steal_pointer (&copy), length);
      if (esp_damage_open (bytes, "damaged.h5"))
        opened++;
      else
        refused++;
    }
  g_test_message ("%u opened, %u refused", opened, refused);
  g_assert_cmpuint (opened, >, 0);
  g_assert_cmpuint (refused, >, 0);
}

/* }}} */

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!ESP_HAVE_HDF5)
    {
      g_print ("1..0 # SKIP this build has no HDF5\n");
      return 0;
    }
  g_test_add_func ("/hdf5/types", test_types);
  g_test_add_func ("/hdf5/refused-types", test_refused_types);
  g_test_add_data_func ("/hdf5/layouts/old", "layouts.h5", test_layouts);
  g_test_add_data_func ("/hdf5/layouts/latest", "latest.h5", test_layouts);
  g_test_add_data_func ("/hdf5/fill-values/old", "layouts.h5", test_fill_values);
  g_test_add_data_func ("/hdf5/fill-values/latest", "latest.h5", test_fill_values);
  g_test_add_data_func ("/hdf5/refused-values/old", "layouts.h5", test_refused_values);
  g_test_add_data_func ("/hdf5/refused-values/latest", "latest.h5", test_refused_values);
  g_test_add_func ("/hdf5/ranges", test_ranges);
  g_test_add_func ("/hdf5/threads", test_threads);
  g_test_add_func ("/hdf5/lifetime", test_lifetime);
  g_test_add_func ("/hdf5/places", test_places);
  g_test_add_func ("/hdf5/nodes", test_nodes);
  g_test_add_func ("/hdf5/attributes", test_attributes);
  g_test_add_func ("/hdf5/format", test_format);
  g_test_add_data_func ("/hdf5/archives/stored", "stored.zip", test_archives);
  g_test_add_data_func ("/hdf5/archives/deflated", "deflated.zip", test_archives);
  g_test_add_func ("/hdf5/memory", test_memory);
  g_test_add_func ("/hdf5/changed", test_changed);
  g_test_add_func ("/hdf5/damage", test_damage);
  return g_test_run ();
}
