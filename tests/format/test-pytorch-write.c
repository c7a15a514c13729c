/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The PyTorch writer: the pickle byte for byte, ties, what our own reader reads back, what it
 * refuses. That PyTorch takes the files is tested in tests/peers. */

#include "esp-error.h"
#include "esp-format.h"
#include "esp-pytorch-write.h"
#include "esp-source.h"
#include "esp-tree-builder.h"
#include "esp-zip.h"

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
  self->path = g_build_filename (self->folder, "net.pt", NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->path);
  g_free (self->folder);
}

static EspParameter *
add (EspTreeBuilder *builder, const char *module, const char *name, EspTensor *tensor)
{
  const char *const keys[] = { module, name, NULL };
  g_autoptr (GError) error = NULL;
  EspParameter *parameter = esp_tree_builder_add_tensor (builder, keys, NULL, ESP_ROLE_PARAMETER,
                                                         ESP_REQUIRES_GRAD_YES, tensor, &error);

  g_assert_no_error (error);
  return parameter;
}

/* "0.weight" (2, 3), "0.bias" (2), "1.weight" that is the first again */
static EspTree *
make_tree (void)
{
  static const float weight[] = { 1, -2, 3, 0.5, 0, 1e-9f }, bias[] = { 7, 8 };
  static const gint64 shape[] = { 2, 3 };
  static const char *const again[] = { "1", "weight", NULL };
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTensor) first = esp_tensor_new_for_floats (weight, shape, 2);
  g_autoptr (EspTensor) second = esp_tensor_new_for_floats (bias, shape, 1);
  EspParameter *shared = add (builder, "0", "weight", first);

  add (builder, "0", "bias", second);
  g_assert_true (esp_tree_builder_add_shared_parameter (builder, again, shared, NULL));
  return esp_tree_builder_finish (builder, NULL);
}

static void
write_tree (EspTree *tree, const char *path)
{
  g_autoptr (GError) error = NULL;

  esp_pytorch_write (tree, path, TRUE, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
test_bytes (Fixture *self, gconstpointer data)
{
#define STORAGE(n) "((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0" n "X\3\0\0\0cpu"
#define END                                                                                        \
  "\x89"                                                                                           \
  "ccollections\nOrderedDict\n)RtR"
  static const char wanted[] =
      "\x80\2ccollections\nOrderedDict\n)R("
      "X\10\0\0\0"
      "0.weightctorch._utils\n_rebuild_tensor_v2\n" STORAGE (
          "0") "K\6tQK\0(K\2K\3t(K\3K\1t" END "X\6\0\0\0"
               "0.biasctorch._utils\n_rebuild_tensor_v2\n" STORAGE (
                   "1") "K\2tQK\0(K\2t(K\1t" END "X\10\0\0\0"
                        "1.weightctorch._utils\n_rebuild_tensor_v2\n" STORAGE (
                            "0") "K\6tQK\0(K\2K\3t(K\3K\1t" END "u.";
  g_autoptr (EspTree) tree = make_tree ();
  g_autoptr (EspSource) source = NULL, pickle = NULL;
  g_autoptr (EspZip) zip = NULL;
  g_autoptr (GBytes) bytes = NULL;
  static const char *const members[] = { "net/data.pkl", "net/byteorder", "net/data/0",
                                         "net/data/1", "net/version" };

  write_tree (tree, self->path);
  source = esp_source_new_for_file (self->path, NULL);
  zip = esp_zip_new (source, NULL, NULL);
  g_assert_nonnull (zip);
  g_assert_cmpuint (esp_zip_get_n_members (zip), ==, G_N_ELEMENTS (members));
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    g_assert_nonnull (esp_zip_find (zip, members[i]));
  pickle = esp_zip_open_member (zip, esp_zip_find (zip, members[0]), NULL, NULL);
  bytes = esp_source_read_bytes (pickle, 0, esp_source_get_size (pickle), 10000, NULL, NULL);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), wanted,
                   sizeof wanted - 1);
}

static void
test_back (Fixture *self, gconstpointer data)
{
  g_autoptr (EspTree) tree = make_tree ();
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autofree char *first = NULL, *second = NULL;
  g_autoptr (GError) error = NULL;
  gsize first_length, second_length;
  EspTree *back;

  write_tree (tree, self->path);
  g_assert_true (g_file_get_contents (self->path, &first, &first_length, NULL));
  checkpoint = esp_format_open (self->path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, "pytorch-zip");
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
  back = esp_checkpoint_get_tree (checkpoint);
  g_assert_cmpuint (esp_tree_get_n_tensors (back), ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      EspPlace *wanted = esp_tree_get_tensor (tree, i), *found = esp_tree_get_tensor (back, i);
      EspTensor *a = esp_parameter_get_data (esp_place_get_parameter (wanted));
      EspTensor *b = esp_parameter_get_data (esp_place_get_parameter (found));
      float x[6] = { 0 }, y[6] = { 0 };

      g_assert_cmpstr (esp_place_get_path (found), ==, esp_place_get_path (wanted));
      g_assert_cmpuint (esp_tensor_get_count (b), ==, esp_tensor_get_count (a));
      /* as torch.save places them */
      g_assert_cmpint (esp_storage_get_file_offset (esp_tensor_get_storage (b)) % 64, ==, 0);
      esp_tensor_read_f32 (a, 0, esp_tensor_get_count (a), x, NULL, NULL);
      esp_tensor_read_f32 (b, 0, esp_tensor_get_count (b), y, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpmem (x, sizeof x, y, sizeof y);
    }
  g_assert_cmpuint (esp_tree_get_n_ties (back), ==, 1);
  g_assert_cmpint (esp_tie_get_kind (esp_tree_get_tie (back, 0)), ==, ESP_TIE_ALIAS);
  /* the same tree gives the same bytes */
  write_tree (tree, self->path);
  g_assert_true (g_file_get_contents (self->path, &second, &second_length, NULL));
  g_assert_cmpmem (first, first_length, second, second_length);
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  static const float values[] = { 1 };
  static const gint64 one[] = { 1 };
  static const char *const names[] = { "a", "a.b" };
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTensor) tensor = esp_tensor_new_for_floats (values, one, 1);
  g_autoptr (EspTensor) other = esp_tensor_new_for_floats (values, one, 1);
  g_autoptr (EspTree) tree = NULL;
  g_autoptr (GError) error = NULL;

  /* two tensors whose joined names are the same */
  add (builder, names[0], "b.c", tensor);
  add (builder, names[1], "c", other);
  tree = esp_tree_builder_finish (builder, NULL);
  g_assert_nonnull (tree);
  g_assert_false (esp_pytorch_write (tree, self->path, TRUE, NULL, NULL, NULL, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED);
  g_assert_cmpstr (error->message, ==, "a.b.c: a PyTorch file can’t hold two tensors of one name");
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/pytorch-write/bytes", Fixture, NULL, set_up, test_bytes, tear_down);
  g_test_add ("/pytorch-write/back", Fixture, NULL, set_up, test_back, tear_down);
  g_test_add ("/pytorch-write/refused", Fixture, NULL, set_up, test_refused, tear_down);
  return g_test_run ();
}
