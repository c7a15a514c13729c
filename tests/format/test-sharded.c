/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Checkpoints in several files and folders that hold them: what the libraries wrote, indexes that
 * lie, shards that aren't there, and which file of a folder is opened. */

#include "config.h"

#include "esp-damage.h"
#include "esp-error.h"
#include "esp-format.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  char *top;
  char *folder;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->top = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  self->folder = g_build_filename (self->top, "model", NULL);
  g_assert_cmpint (g_mkdir (self->folder, 0700), ==, 0);
}

static void
remove_all (const char *path)
{
  GDir *dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      remove_all (child);
    }
  g_clear_pointer (&dir, g_dir_close);
  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  remove_all (self->top);
  g_free (self->folder);
  g_free (self->top);
}

static void
put (Fixture *self, const char *name, const void *data, gsize size)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);

  g_assert_true (g_file_set_contents (path, data, (gssize) size, NULL));
}

/* a safetensors file with one F32 tensor of one element for each name; @metadata may be NULL */
static void
put_shard (Fixture *self, const char *file, const char *metadata, const char *const *names)
{
  g_autoptr (GString) header = g_string_new ("{");
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint64 size;
  float value = 1;
  guint n = 0;

  if (metadata != NULL)
    g_string_append_printf (header, "\"__metadata__\":{%s}", metadata);
  for (; names[n] != NULL; n++)
    g_string_append_printf (header,
                            "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%u,%u]}",
                            header->len > 1 ? "," : "", names[n], 4 * n, 4 * n + 4);
  g_string_append_c (header, '}');
  while (header->len % 8 != 0)
    g_string_append_c (header, ' ');
  size = GUINT64_TO_LE ((guint64) header->len);
  g_byte_array_append (bytes, (const guint8 *) &size, sizeof size);
  g_byte_array_append (bytes, (const guint8 *) header->str, (guint) header->len);
  for (guint i = 0; i < n; i++, value++)
    g_byte_array_append (bytes, (const guint8 *) &value, sizeof value);
  put (self, file, bytes->data, bytes->len);
}

#define PUT_SHARD(self, file, ...)                                                                 \
  put_shard (self, file, NULL, (const char *[]) { __VA_ARGS__, NULL })
#define PUT_INDEX(self, text) put (self, "model.safetensors.index.json", text, strlen (text))

static EspCheckpoint *
open_folder (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint = esp_format_open (self->folder, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_checkpoint_get_path (checkpoint), ==, self->folder);
  return checkpoint;
}

static void
assert_warnings (EspCheckpoint *checkpoint, const char *const *parts)
{
  guint n = esp_checkpoint_get_n_warnings (checkpoint);

  for (guint i = 0; i < n; i++)
    g_test_message ("%s", esp_checkpoint_get_warning (checkpoint, i));
  g_assert_cmpuint (n, ==, g_strv_length ((GStrv) parts));
  for (guint i = 0; i < n; i++)
    g_assert_nonnull (strstr (esp_checkpoint_get_warning (checkpoint, i), parts[i]));
}

#define ASSERT_WARNINGS(checkpoint, ...)                                                           \
  assert_warnings (checkpoint, (const char *[]) { __VA_ARGS__, NULL })

static const GError *
get_row_error (EspCheckpoint *checkpoint, const char *name, gboolean *stored)
{
  EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), name, NULL);

  g_assert_nonnull (place);
  if (stored != NULL)
    *stored = esp_place_is_stored (place);
  return esp_tensor_get_error (esp_parameter_get_data (esp_place_get_parameter (place)));
}

static guint
count_rows (EspCheckpoint *checkpoint)
{
  return esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint));
}

/* what the libraries wrote */

static void
assert_values (EspTensor *tensor, float first)
{
  guint64 count = esp_tensor_get_count (tensor);
  float values[32];
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (count, <=, G_N_ELEMENTS (values));
  esp_tensor_read_f32 (tensor, 0, count, values, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < count; i++)
    g_assert_cmpfloat (values[i], ==, first + (float) i);
}

static void
assert_expected (EspCheckpoint *checkpoint)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "shards", "expected.txt",
                                                 NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  guint i;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  g_assert_cmpuint (count_rows (checkpoint), ==, g_strv_length (lines));
  for (i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (lines[i], " ", 2);
      g_auto (GStrv) sizes = g_strsplit (parts[1], "x", -1);
      EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), parts[0], NULL);
      EspTensor *tensor;

      g_assert_nonnull (place);
      tensor = esp_parameter_get_data (esp_place_get_parameter (place));
      g_assert_cmpuint (esp_tensor_get_ndim (tensor), ==, g_strv_length (sizes));
      for (guint k = 0; sizes[k] != NULL; k++)
        g_assert_cmpint (esp_tensor_get_shape (tensor)[k], ==, atoi (sizes[k]));
      assert_values (tensor, (float) i);
      /* no two storages of different files have one id */
      g_assert_true (
          g_hash_table_add (ids, (gpointer) esp_storage_get_id (esp_tensor_get_storage (tensor))));
    }
}

static void
test_written (gconstpointer data)
{
  const char *const *kind = data; /* folder, format, index */
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "fixtures", "shards", kind[0],
                                                   NULL);
  g_autofree char *index = g_build_filename (folder, kind[2], NULL);
  const char *const paths[] = { folder, index };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspCheckpoint) checkpoint = esp_format_open (paths[i], NULL, NULL, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, kind[1]);
      g_assert_cmpstr (esp_checkpoint_get_producer (checkpoint), ==, "torch");
      g_assert_cmpstr (esp_checkpoint_get_path (checkpoint), ==, paths[i]);
      g_assert_cmpstr (esp_checkpoint_get_metadata_key (checkpoint, 0), ==, "total_size");
      g_assert_cmpstr (esp_checkpoint_get_metadata_value (checkpoint, 0), ==, "128");
      g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
      g_assert_cmpuint (esp_checkpoint_get_file_size (checkpoint), >, 500);
      assert_expected (checkpoint);
    }
}

static void
test_pickle_report (void)
{
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "fixtures", "shards", "pytorch",
                                                   NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = esp_format_open (folder, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (g_strv_contains (esp_checkpoint_get_pickle_globals (checkpoint),
                                  "torch._utils._rebuild_tensor_v2"));
}

/* indexes that lie */

static void
test_missing_shard (Fixture *self, gconstpointer data)
{
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  const GError *why;
  gboolean stored;

  PUT_SHARD (self, "m-1", "a", "b");
  PUT_INDEX (self,
             "{\"metadata\":{\"total_size\":99},\"weight_map\":{\"a\":\"m-1\",\"c.d\":\"m-2\","
             "\"b\":\"m-1\",\"c.e\":\"m-2\"}}");
  checkpoint = open_folder (self);
  ASSERT_WARNINGS (checkpoint, "m-2: there is no file of this name; 2 tensors");
  g_assert_cmpuint (count_rows (checkpoint), ==, 4);
  g_assert_null (get_row_error (checkpoint, "b", &stored));
  g_assert_true (stored);
  why = get_row_error (checkpoint, "c.e", &stored);
  g_assert_error (why, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_true (g_str_has_prefix (why->message, "m-2: "));
  g_assert_false (stored);
}

static void
test_differences (Fixture *self, gconstpointer data)
{
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  PUT_SHARD (self, "m-1", "a", "extra");
  PUT_SHARD (self, "m-2", "a", "b");
  PUT_INDEX (self, "{\"metadata\":{\"total_size\":17},\"weight_map\":{\"a\":\"m-1\",\"b\":\"m-2\","
                   "\"lost\":\"m-2\"}}");
  checkpoint = open_folder (self);
  ASSERT_WARNINGS (checkpoint, "m-1: 1 tensor isn’t in the index: “extra”",
                   "m-2: 1 tensor is here that the index places in another file: “a”",
                   "m-2: 1 tensor that the index places here is missing: “lost”",
                   "The index says that all tensors have 17 bytes together, but they have 16");
  g_assert_cmpuint (count_rows (checkpoint), ==, 5);
  g_assert_error (get_row_error (checkpoint, "lost", NULL), ESP_FORMAT_ERROR,
                  ESP_FORMAT_ERROR_CORRUPT);
}

/* a name that was dropped in one file for one in another */
static void
test_tie_across (Fixture *self, gconstpointer data)
{
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  EspTree *tree;

  put_shard (self, "m-1", "\"format\":\"pt\",\"head\":\"b\"", (const char *[]) { "a", NULL });
  PUT_SHARD (self, "m-2", "b");
  PUT_INDEX (self, "{\"weight_map\":{\"a\":\"m-1\",\"b\":\"m-2\"}}");
  checkpoint = open_folder (self);
  tree = esp_checkpoint_get_tree (checkpoint);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
  g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, 1);
  g_assert_cmpint (esp_tie_get_kind (esp_tree_get_tie (tree, 0)), ==, ESP_TIE_IMPLIED);
  g_assert_null (get_row_error (checkpoint, "head", NULL));
}

/* one good shard beside each */
static void
test_hostile_shards (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *name; /* as JSON */
    gboolean is_io;
    int code;
  } cases[] = {
    { "../outside", FALSE, ESP_FORMAT_ERROR_UNSAFE },
    { "/etc/passwd", FALSE, ESP_FORMAT_ERROR_UNSAFE },
    { "", FALSE, ESP_FORMAT_ERROR_UNSAFE },
    { ".", FALSE, ESP_FORMAT_ERROR_UNSAFE },
    { "a\\\\b", FALSE, ESP_FORMAT_ERROR_UNSAFE },
    { "m-1\\u0000", TRUE, G_IO_ERROR_NOT_FOUND },
    { "model.safetensors.index.json", FALSE, ESP_FORMAT_ERROR_UNSUPPORTED }, /* itself */
    { "to-index", FALSE, ESP_FORMAT_ERROR_UNSUPPORTED },
    { "folder", TRUE, G_IO_ERROR_IS_DIRECTORY },
    { "fifo", TRUE, G_IO_ERROR_NOT_REGULAR_FILE },
    { "empty", FALSE, ESP_FORMAT_ERROR_UNKNOWN },
    { "cut", FALSE, ESP_FORMAT_ERROR_TRUNCATED },
  };
  g_autofree char *fifo = g_build_filename (self->folder, "fifo", NULL);
  g_autofree char *folder = g_build_filename (self->folder, "folder", NULL);
  g_autofree char *link = g_build_filename (self->folder, "to-index", NULL);

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_cmpint (symlink ("model.safetensors.index.json", link), ==, 0);
  PUT_SHARD (self, "m-1", "a");
  put (self, "empty", "", 0);
  put (self, "cut", "\x40\0\0\0\0\0\0\0{\"a\":", 13);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *index = g_strdup_printf ("{\"weight_map\":{\"a\":\"m-1\",\"b\":\"%s\"}}",
                                                cases[i].name);
      GQuark domain = cases[i].is_io ? G_IO_ERROR : ESP_FORMAT_ERROR;
      g_autoptr (EspCheckpoint) checkpoint = NULL;

      PUT_INDEX (self, index);
      checkpoint = open_folder (self);
      g_assert_cmpuint (count_rows (checkpoint), ==, 2);
      ASSERT_WARNINGS (checkpoint, "1 tensor that should be in it can’t be shown");
      g_assert_null (get_row_error (checkpoint, "a", NULL));
      g_assert_error (get_row_error (checkpoint, "b", NULL), domain, cases[i].code);
    }
}

static void
test_malformed (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *index;
    int code;
    const char *message; /* after the names of the folder and of the index */
  } cases[] = {
    { "{\"weight_map\":{}}", ESP_FORMAT_ERROR_CORRUPT, "weight_map: this index names no files" },
    { "{\"weight_map\":{\"a\":1}}", ESP_FORMAT_ERROR_CORRUPT,
      "weight_map: the file of “a” should be a text" },
    { "{\"weight_map\":{\"a\":\"m-1\",\"a\":\"m-1\"}}", ESP_FORMAT_ERROR_CORRUPT, "index" },
    { "{\"weight_map\":{\"a\":\"m-1\"}", ESP_FORMAT_ERROR_CORRUPT, "index" },
    { "{\"weight_map\":{\"a\":\"m-1\"}} x", ESP_FORMAT_ERROR_CORRUPT, "index" },
    { "{\"metadata\":[],\"weight_map\":{\"a\":\"m-1\"}}", ESP_FORMAT_ERROR_CORRUPT,
      "metadata: this should be an object" },
    { "{\"metadata\":{,\"weight_map\":{\"a\":\"m-1\"}}", ESP_FORMAT_ERROR_CORRUPT, "index" },
    { "{\"weight_map\":{\"a\":\"none\"}}", ESP_FORMAT_ERROR_UNSUPPORTED,
      "none of the files that this index names can be read: none: there is no file" },
    { "{\"weight_map\":[]}", ESP_FORMAT_ERROR_UNSUPPORTED, "JSON text" },
    { "{\"other\":1}", ESP_FORMAT_ERROR_UNSUPPORTED, "JSON text" },
  };

  PUT_SHARD (self, "m-1", "a");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      PUT_INDEX (self, cases[i].index);
      g_assert_null (esp_format_open (self->folder, NULL, NULL, NULL, &error));
      g_test_message ("%s", error->message);
      g_assert_error (error, ESP_FORMAT_ERROR, cases[i].code);
      g_assert_true (g_str_has_prefix (error->message, "model: model.safetensors.index.json: "));
      g_assert_nonnull (strstr (error->message, cases[i].message));
    }
}

static gboolean
open_damaged_index (const guint8 *data, gsize size, gpointer user_data)
{
  Fixture *self = user_data;
  g_autofree char *path = g_build_filename (self->folder, "model.safetensors.index.json", NULL);
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint;

  put (self, "model.safetensors.index.json", data, size);
  checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);
  return esp_damage_judge (checkpoint, error);
}

/* any cut and any changed byte of an index gives an answer or an error */
static void
test_damage (Fixture *self, gconstpointer data)
{
  static const char good[] = "{\"metadata\":{\"total_size\":8.0,\"x\":\"y\"},\"weight_map\":{\"a\":"
                             "\"m-1\",\"b\":\"m-2\"}}";
  const EspDamage damage = {
    .data = good,
    .size = sizeof good - 1,
    .flips = ESP_DAMAGE_EVERY_BIT,
    .open = open_damaged_index,
    .user_data = self,
  };

  PUT_SHARD (self, "m-1", "a");
  PUT_SHARD (self, "m-2", "b");
  esp_damage_all (&damage);
}

static void
test_cancelled (Fixture *self, gconstpointer data)
{
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  PUT_SHARD (self, "m-1", "a");
  PUT_INDEX (self, "{\"weight_map\":{\"a\":\"m-1\"}}");
  g_cancellable_cancel (cancelled);
  g_assert_null (esp_format_open (self->folder, NULL, NULL, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static gint64
open_with_many (Fixture *self, guint n)
{
  g_autoptr (GString) index = g_string_new ("{\"weight_map\":{\"a\":\"m-1\"");
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  gint64 start;

  for (guint i = 0; i < n; i++)
    g_string_append_printf (index, ",\"t%u\":\"s%u\"", i, i % 9000);
  g_string_append (index, "}}");
  PUT_INDEX (self, index->str);
  start = g_get_monotonic_time ();
  checkpoint = open_folder (self);
  g_assert_cmpuint (count_rows (checkpoint), ==, n + 1);
  return g_get_monotonic_time () - start;
}

/* many shards that aren't there, many tensors in each: time doesn't grow with their product */
static void
test_many (Fixture *self, gconstpointer data)
{
  PUT_SHARD (self, "m-1", "a");
  g_assert_cmpint (open_with_many (self, 90000), <, 10 * G_USEC_PER_SEC);
}

static void
test_too_many_shards (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) index = g_string_new ("{\"weight_map\":{\"a\":\"m-1\"");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 10000; i++)
    g_string_append_printf (index, ",\"t%u\":\"s%u\"", i, i);
  g_string_append (index, "}}");
  PUT_INDEX (self, index->str);
  g_assert_null (esp_format_open (self->folder, NULL, NULL, NULL, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, "10000 files"));
}

/* folders */

static void
test_folder_of_one (Fixture *self, gconstpointer data)
{
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  put (self, "config.json", "{}", 2);
  put (self, "README.md", "x", 1);
  put (self, "optimizer.pt", "x", 1);
  PUT_SHARD (self, "model.safetensors", "a");
  checkpoint = open_folder (self);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, "safetensors");
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
}

static void
test_folder_of_several (Fixture *self, gconstpointer data)
{
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  PUT_SHARD (self, "b10.safetensors", "x");
  PUT_SHARD (self, "b9.safetensors", "nine");
  put (self, "pytorch_model.bin", "x", 1);
  checkpoint = open_folder (self);
  ASSERT_WARNINGS (checkpoint, "The folder holds 2 more checkpoints: this is “b9.safetensors”, the "
                               "next is “b10.safetensors”");
  g_assert_null (get_row_error (checkpoint, "nine", NULL));
}

/* shards aren't others beside their index */
static void
test_folder_with_index (Fixture *self, gconstpointer data)
{
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  PUT_SHARD (self, "model-00001-of-00002.safetensors", "a");
  PUT_SHARD (self, "model-00002-of-00002.safetensors", "b");
  PUT_INDEX (self, "{\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\","
                   "\"b\":\"model-00002-of-00002.safetensors\"}}");
  checkpoint = open_folder (self);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, "safetensors-sharded");
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
  g_assert_cmpuint (count_rows (checkpoint), ==, 2);
}

/* a folder of a good name, or a FIFO, is no file to open */
static void
test_folder_of_traps (Fixture *self, gconstpointer data)
{
  g_autofree char *fifo = g_build_filename (self->folder, "a.safetensors", NULL);
  g_autofree char *folder = g_build_filename (self->folder, "b.safetensors", NULL);
  g_autofree char *link = g_build_filename (self->folder, "c.safetensors", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_cmpint (symlink (".", link), ==, 0);
  g_assert_null (esp_format_open (self->folder, NULL, NULL, NULL, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED);
  g_assert_cmpstr (error->message, ==,
                   "model: this is a folder without a checkpoint that can be opened");
}

static void
test_foreign_folder (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  put (self, "_METADATA", "{\"tree_metadata\":{}}", 20);
  g_assert_null (esp_format_open (self->folder, NULL, NULL, NULL, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED);
  g_assert_true (g_str_has_prefix (error->message, "model: this is an Orbax checkpoint"));
}

#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  static const char *const safetensors[] = { "safetensors", "safetensors-sharded",
                                             "model.safetensors.index.json" };
  static const char *const pytorch[] = { "pytorch", "pytorch-sharded",
                                         "pytorch_model.bin.index.json" };

  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/sharded/safetensors", safetensors, test_written);
  g_test_add_data_func ("/sharded/pytorch", pytorch, test_written);
  g_test_add_func ("/sharded/pickle-report", test_pickle_report);
  ADD ("/sharded/missing-shard", test_missing_shard);
  ADD ("/sharded/differences", test_differences);
  ADD ("/sharded/tie-across", test_tie_across);
  ADD ("/sharded/hostile-shards", test_hostile_shards);
  ADD ("/sharded/malformed", test_malformed);
  ADD ("/sharded/damage", test_damage);
  ADD ("/sharded/cancelled", test_cancelled);
  ADD ("/sharded/many", test_many);
  ADD ("/sharded/too-many-shards", test_too_many_shards);
  ADD ("/folder/one", test_folder_of_one);
  ADD ("/folder/several", test_folder_of_several);
  ADD ("/folder/index", test_folder_with_index);
  ADD ("/folder/traps", test_folder_of_traps);
  ADD ("/folder/foreign", test_foreign_folder);
  return g_test_run ();
}
