/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Folders of torch.distributed.checkpoint against what PyTorch reads back from them
 * (fixtures/make-torch-dcp.py): tensors in pieces of one and two axes, optimizer states, values;
 * tables with something wrong, missing files, cuts and changed bytes of table and pieces. */

#include "esp-damage.h"
#include "esp-beside.h"
#include "esp-torch-dcp-piece.h"
#include "pytorch-expected.h"

#include <glib/gstdio.h>

static EspCheckpoint *
open_path (const char *folder, const char *file, GError **error)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "torch-dcp", folder, file,
                                                 NULL);

  return esp_format_open (path, NULL, NULL, NULL, error);
}

static void
check (const char *folder, const char *file)
{
  g_autoptr (JsonParser) parser = load_expected ("torch-dcp");
  JsonObject *all = json_node_get_object (json_parser_get_root (parser));
  JsonObject *wanted = json_object_get_object_member (all, folder);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = open_path (folder, file, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, "torch-dcp");
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
  check_expected (checkpoint, wanted);
}

static void
test_folder (gconstpointer folder)
{
  check (folder, NULL);
}

/* a table or any file of pieces stands for the folder */
static void
test_files (void)
{
  check ("ranks", ".metadata");
  check ("ranks", "__2_0.distcp");
}

/* the keys are those that the values were nested in */
static void
test_keys (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = open_path ("one", NULL, &error);
  EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), "model.0.weight", NULL);
  const char *const *keys = esp_place_get_keys (place);

  g_assert_cmpstr (keys[0], ==, "model");
  g_assert_cmpstr (keys[1], ==, "0.weight");
  g_assert_null (keys[2]);
}

/* any part of a tensor in pieces, as a heatmap asks for it */
static void
test_parts (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = open_path ("ranks", NULL, &error);
  EspTensor *tensor = get_tensor (checkpoint, "model.both");
  float values[105];

  for (guint start = 0; start < 105; start++)
    for (guint n = 1; n <= 105 - start; n += 7)
      {
        g_assert_true (esp_tensor_read_f32 (tensor, start, n, values, NULL, &error));
        for (guint i = 0; i < n; i++)
          g_assert_cmpfloat (values[i], ==, (float) (start + i) - 9);
      }
}

#define BOUNDS -1

static const struct
{
  const char *table;
  int code; /* BOUNDS: of EspTensorError */
  const char *message;
} bad[] = {
  { "hole", BOUNDS, "its pieces have 3 of its 6 elements" },
  { "overlap", BOUNDS, "two of its pieces overlap" },
  { "outside", BOUNDS, "one of its pieces reaches beyond it or has too few bytes" },
  { "negative", ESP_FORMAT_ERROR_CORRUPT,
    "piece 0 should have an offset and a size in 2 dimensions, but it is" },
  { "offset", ESP_FORMAT_ERROR_CORRUPT,
    "piece 0 should have an offset and a size in 2 dimensions, but it is" },
  { "place", ESP_FORMAT_ERROR_CORRUPT, "storage_data doesn’t say where a piece of it lies" },
  { "path", ESP_FORMAT_ERROR_UNSAFE,
    "“../small/__0_0.distcp” should name a file beside this one, but it is no plain relative "
    "path" },
  { "range", ESP_FORMAT_ERROR_TRUNCATED,
    "__0_0.distcp: 1099511627776 bytes at offset 0 end beyond the file (1577 bytes)" },
  { "middle", ESP_FORMAT_ERROR_TRUNCATED,
    "__0_0.distcp: 1577 bytes at offset 5 end beyond the file (1577 bytes)" },
  { "transform", ESP_FORMAT_ERROR_UNSUPPORTED, "__0_0.distcp: it was transformed when" },
  { "shape", BOUNDS, "its sizes are negative or too large" },
  { "piece", ESP_FORMAT_ERROR_CORRUPT, "__1_0.distcp:0: a tensor should be here, but there is 5" },
  { "dtype", ESP_FORMAT_ERROR_UNSUPPORTED, "unknown data type 'float32'" },
  { "type", ESP_FORMAT_ERROR_CORRUPT,
    "__0_0.distcp:0: it should be float64 of (1, 3), but it is float32 of (1, 3)" },
};

/* the tensor says what is wrong with it, in a warning too; all else opens */
static void
test_bad (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *file = g_strconcat (bad[i].table, ".metadata", NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspCheckpoint) checkpoint = open_path ("small", file, &error);
      const GError *reason;

      g_test_message ("%s", bad[i].table);
      g_assert_no_error (error);
      reason = esp_tensor_get_error (get_tensor (checkpoint, "w"));
      if (bad[i].code == BOUNDS)
        g_assert_error (reason, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
      else
        g_assert_error (reason, ESP_FORMAT_ERROR, bad[i].code);
      g_assert_true (g_str_has_prefix (reason->message, bad[i].message));
      g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), >=, 1);
      g_assert_nonnull (strstr (esp_checkpoint_get_warning (checkpoint, 0), bad[i].message));
    }
}

static void
test_bad_table (void)
{
  static const char *const rows[][2] = {
    { "table.metadata", "table.metadata: a Metadata with the dict state_dict_metadata should be" },
    { "names.metadata", "names.metadata: state_dict_metadata: 5 is no name, or stands twice" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (open_path ("small", rows[i][0], &error));
      g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
      g_assert_true (g_str_has_prefix (error->message, rows[i][1]));
    }
}

/* a file that isn't there: its tensors stay as rows that aren't stored */
static void
test_missing (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = open_path ("small", "file.metadata", &error);
  EspPlace *place;

  g_assert_no_error (error);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 1);
  g_assert_cmpstr (esp_checkpoint_get_warning (checkpoint, 0), ==,
                   "__9_0.distcp: there is no file of this name; 1 tensor with a piece in it can’t "
                   "be shown");
  place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), "w", NULL);
  g_assert_nonnull (place);
  g_assert_false (esp_place_is_stored (place));
}

static void
test_hostile (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = open_path ("small", "hostile.metadata", &error);
  const char *const *refused;

  g_assert_no_error (error);
  refused = esp_checkpoint_get_pickle_refused (checkpoint);
  g_assert_cmpuint (g_strv_length ((GStrv) refused), ==, 1);
  g_assert_cmpstr (refused[0], ==, "posix.system('touch /tmp/never')");
}

static void
test_cancelled (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "torch-dcp", "one", NULL);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancelled);
  g_assert_null (esp_format_open (path, NULL, NULL, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* pieces that are only opened when a value is wanted, as where there are very many */
static void
test_late (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "torch-dcp", "small",
                                                 ".metadata", NULL);
  g_autoptr (EspSource) source = esp_source_new_for_file (path, NULL);
  g_autoptr (EspBeside) beside = esp_beside_new_for_file (path, NULL);
  g_autoptr (GBytes)
      bytes = esp_source_read_bytes (source, 0, esp_source_get_size (source), 10000, NULL, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspPickle) pickle = esp_pickle_new (bytes, 0, ".metadata", NULL, &error);
  g_autoptr (EspDcpTable) table = esp_dcp_table_new (pickle, NULL, &error);
  const EspDcpItem *item = &g_array_index (table->items, EspDcpItem, 0);
  EspSource *pieces[2];
  float values[6];

  g_assert_no_error (error);
  g_assert_cmpuint (item->n_chunks, ==, 2);
  for (guint good = 0; good < 2; good++)
    {
      g_autoptr (EspTensor) tensor = NULL;

      for (guint i = 0; i < 2; i++)
        {
          g_autoptr (EspSource)
              file = esp_beside_open (beside, item->places[i].path, ESP_BESIDE_NO_LINKS, NULL);

          /* of a bad one, a byte is missing at the end */
          pieces[i] = esp_source_new_range (file, item->places[i].offset,
                                            item->places[i].length - (good == 0 && i == 1),
                                            i == 0 ? "first" : "second");
        }
      tensor = esp_dcp_tensor_new (item, pieces, NULL, &error);
      g_assert_no_error (error);
      g_assert_null (esp_tensor_get_error (tensor));
      g_assert_true (esp_tensor_read_f32 (tensor, 0, 3, values, NULL, &error));
      g_assert_cmpfloat (values[2], ==, 2);
      g_assert_true (esp_tensor_read_f32 (tensor, 2, 4, values, NULL, &error) == (good == 1));
      if (good == 1)
        g_assert_cmpfloat (values[3], ==, 5);
      else
        g_assert_true (g_str_has_prefix (error->message, "second: "));
      g_clear_error (&error);
      for (guint i = 0; i < 2; i++)
        esp_source_unref (pieces[i]);
    }
}

/* {{{ damage */

/* the table, damaged, beside its pieces */
static void
test_damaged_table (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "torch-dcp", "small",
                                                 ".metadata", NULL);
  EspDamageCount count = esp_damage_fixture (
      "torch-dcp/small/.metadata", (EspDamage) { .flips = "\xff\x01\x80\x04", .user_data = path });

  g_assert_cmpuint (count.opened, >, 100);
  g_assert_cmpuint (count.cut_opened, ==, 0);
}

typedef struct
{
  char *folder;
  char *pieces;
} Copy;

static void
copy_fixture (const Copy *self, const char *name)
{
  g_autofree char *from = g_test_build_filename (G_TEST_DIST, "fixtures", "torch-dcp", "small",
                                                 name, NULL);
  g_autofree char *to = g_build_filename (self->folder, name, NULL);
  g_autofree char *contents = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (from, &contents, &size, NULL));
  g_assert_true (g_file_set_contents (to, contents, (gssize) size, NULL));
}

static gboolean
open_damaged_pieces (const guint8 *data, gsize size, gpointer user_data)
{
  const Copy *self = user_data;
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint;

  esp_damage_write (self->pieces, data, size);
  checkpoint = esp_format_open (self->folder, NULL, NULL, NULL, &error);
  /* whatever the pieces are, the table is good */
  g_assert_no_error (error);
  return esp_damage_judge (checkpoint, error);
}

/* a file of pieces, damaged, beside its table */
static void
test_damaged_pieces (void)
{
  Copy copy = { 0 };

  copy.folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  copy.pieces = g_build_filename (copy.folder, "__0_0.distcp", NULL);
  copy_fixture (&copy, ".metadata");
  copy_fixture (&copy, "__1_0.distcp");
  esp_damage_fixture (
      "torch-dcp/small/__0_0.distcp",
      (EspDamage) { .flips = "\xff", .open = open_damaged_pieces, .user_data = &copy });
  {
    static const char *const names[] = { ".metadata", "__0_0.distcp", "__1_0.distcp" };

    for (guint i = 0; i < G_N_ELEMENTS (names); i++)
      {
        g_autofree char *path = g_build_filename (copy.folder, names[i], NULL);

        g_unlink (path);
      }
  }
  g_rmdir (copy.folder);
  g_free (copy.pieces);
  g_free (copy.folder);
}

/* }}} */

int
main (int argc, char **argv)
{
  static const char *const folders[] = { "one", "flat", "ranks", "fsdp", "small" };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = g_strconcat ("/torch-dcp/", folders[i], NULL);

      g_test_add_data_func (path, folders[i], test_folder);
    }
  g_test_add_func ("/torch-dcp/files", test_files);
  g_test_add_func ("/torch-dcp/keys", test_keys);
  g_test_add_func ("/torch-dcp/parts", test_parts);
  g_test_add_func ("/torch-dcp/bad", test_bad);
  g_test_add_func ("/torch-dcp/bad-table", test_bad_table);
  g_test_add_func ("/torch-dcp/missing", test_missing);
  g_test_add_func ("/torch-dcp/hostile", test_hostile);
  g_test_add_func ("/torch-dcp/late", test_late);
  g_test_add_func ("/torch-dcp/cancelled", test_cancelled);
  g_test_add_func ("/torch-dcp/damaged-table", test_damaged_table);
  g_test_add_func ("/torch-dcp/damaged-pieces", test_damaged_pieces);
  return g_test_run ();
}
