/* SPDX-License-Identifier: GPL-3.0-or-later */

/* TensorFlow Lite: a model of its converter with the interpreter's values (made by
 * make-tensorflow.py), FlatBuffers whose offsets lead elsewhere, cuts and changed bytes. */

#include "esp-damage.h"
#include "esp-error.h"
#include "esp-flat.h"

/* {{{ the model */

static EspCheckpoint *
open_fixture (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "tensorflow",
                                                 "lite.tflite", NULL);
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, "tflite");
  return checkpoint;
}

static EspTensor *
find_tensor (EspCheckpoint *checkpoint, const char *name)
{
  EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), name, NULL);

  g_assert_nonnull (place);
  return esp_parameter_get_data (esp_place_get_parameter (place));
}

static void
test_values (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "tensorflow",
                                                 "lite.golden", NULL);
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ();
  EspTensor *tensor = find_tensor (checkpoint, "matmul1");
  g_autofree char *golden = NULL;
  g_autofree double *values = g_new (double, 32 * 64);
  gsize size;

  g_assert_true (g_file_get_contents (path, &golden, &size, NULL));
  g_assert_cmpstr (esp_tensor_get_native_dtype (tensor), ==, "INT8");
  g_assert_cmpuint (esp_tensor_get_count (tensor), ==, 32 * 64);
  g_assert_true (esp_tensor_read_f64 (tensor, 0, 32 * 64, values, NULL, NULL));
  g_assert_cmpmem (values, 32 * 64 * sizeof (double), golden, size);
}

static void
test_structure (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ();
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);
  EspModule *root = esp_place_get_module (esp_tree_get_root (tree));
  EspPlace *scalar = esp_tree_find (tree, "two/add/y", NULL);
  guint signatures = 0;

  /* both subgraphs use one buffer */
  g_assert_true (esp_tensor_is_alias (find_tensor (checkpoint, "matmul1"),
                                      find_tensor (checkpoint, "two/matmul3")));
  g_assert_cmpstr (esp_module_get_attribute_name (root, 0), ==, "matmul1");
  g_assert_true (g_str_has_prefix (esp_module_get_attribute_value (root, 0), "scale 0."));
  g_assert_nonnull (strstr (esp_module_get_attribute_value (root, 0), "; zero point 0"));
  g_assert_cmpint (esp_parameter_get_role (esp_place_get_parameter (scalar)), ==,
                   ESP_ROLE_CONSTANT);
  for (guint i = 0; i < esp_checkpoint_get_n_metadata (checkpoint); i++)
    signatures += g_str_has_prefix (esp_checkpoint_get_metadata_key (checkpoint, i), "signature.");
  g_assert_cmpuint (signatures, ==, 2);
}

static void
test_damage (void)
{
  EspDamageCount count = esp_damage_fixture (
      "tensorflow/lite.tflite", (EspDamage) { .flips = "\x01\x10\x80", .n_random = 500 });

  g_assert_cmpuint (count.opened, >, 1000);
  g_assert_cmpuint (count.refused, >, 1000);
}

/* }}} */
/* {{{ FlatBuffers */

/* root at 12, its vtable of two slots at 4: a number at 16, a text at 20 */
static const guint8 good[] = {
  12, 0, 0,  0,                 /* root */
  8,  0, 12, 0, 4,   0,   8, 0, /* vtable */
  8,  0, 0,  0,                 /* back to it */
  42, 0, 0,  0,                 /* the number */
  4,  0, 0,  0,                 /* the text is 4 on */
  2,  0, 0,  0, 'h', 'i', 0, 0,
};

static void
test_flat (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (good, sizeof good);
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "flat");
  g_autoptr (EspFlat) flat = esp_flat_new (source, "flat", NULL);
  g_autoptr (GError) error = NULL;
  EspFlatTable root = esp_flat_get_root (flat);
  EspFlatVector text = esp_flat_get_vector (flat, &root, 1, 1);
  g_autofree char *shown = esp_flat_dup_text (flat, &root, 1);
  g_autofree char *absent = esp_flat_dup_text (flat, &root, 2);

  g_assert_cmpuint (esp_flat_get_uint (flat, &root, 0, 4, 7), ==, 42);
  g_assert_cmpuint (esp_flat_get_uint (flat, &root, 2, 4, 7), ==, 7);
  g_assert_cmpstr (shown, ==, "hi");
  g_assert_cmpstr (absent, ==, "");
  g_assert_cmpuint (text.n, ==, 2);
  g_assert_cmpuint (esp_flat_get_number (flat, &text, 1, 1), ==, 'i');
  g_assert_cmpuint (esp_flat_get_number (flat, &text, 2, 1), ==, 0);
  g_assert_true (esp_flat_check (flat, &error));
  /* texts of more bytes than the file has */
  for (guint i = 0; i < sizeof good; i++)
    g_free (esp_flat_dup_text (flat, &root, 1));
  g_assert_false (esp_flat_check (flat, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT);
}

typedef struct
{
  const char *name;
  guint at; /* the byte that is changed, and those after it */
  const char *bytes;
  guint n;
} Bad;

static const Bad bad[] = {
  { "root-beyond", 0, "\x24\0\0\0", 4 },        { "root-far-beyond", 0, "\xff\xff\xff\xff", 4 },
  { "vtable-before", 12, "\x0d\0\0\0", 4 },     { "vtable-beyond", 12, "\xf0\xff\xff\xff", 4 },
  { "vtable-far-beyond", 12, "\0\0\0\x80", 4 }, { "vtable-short", 4, "\2\0", 2 },
  { "vtable-long", 4, "\xff\xff", 2 },          { "table-long", 6, "\xff\xff", 2 },
  { "field-outside-table", 8, "\x0a\0", 2 },    { "text-beyond", 20, "\x0d\0\0\0", 4 },
  { "text-long", 24, "\x05\0\0\0", 4 },         { "text-endless", 24, "\xff\xff\xff\xff", 4 },
};

static void
test_bad (gconstpointer data)
{
  const Bad *row = data;
  g_autofree guint8 *copy = g_memdup2 (good, sizeof good);
  g_autoptr (GBytes) bytes = g_bytes_new_static (copy, sizeof good);
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "flat");
  g_autoptr (EspFlat) flat = esp_flat_new (source, "flat", NULL);
  g_autoptr (GError) error = NULL;
  EspFlatTable root;

  memcpy (copy + row->at, row->bytes, row->n);
  root = esp_flat_get_root (flat);
  esp_flat_get_uint (flat, &root, 0, 4, 0);
  g_free (esp_flat_dup_text (flat, &root, 1));
  g_assert_false (esp_flat_check (flat, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
  g_assert_nonnull (strstr (error->message, "beyond the end of the file at 32"));
}

/* }}} */

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tflite/values", test_values);
  g_test_add_func ("/tflite/structure", test_structure);
  g_test_add_func ("/tflite/damage", test_damage);
  g_test_add_func ("/tflite/flat", test_flat);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = g_strdup_printf ("/tflite/bad/%s", bad[i].name);

      g_test_add_data_func (path, &bad[i], test_bad);
    }
  return g_test_run ();
}
