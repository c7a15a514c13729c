/* SPDX-License-Identifier: GPL-3.0-or-later */

/* TensorFlow's checkpoints: files of TensorFlow with its own values (made by make-tensorflow.py),
 * tables of malformed entries and folders, cuts and changed bytes. */

#include "esp-damage.h"
#include "esp-error.h"
#include "esp-folder.h"
#include "esp-tf-slice.h"

#include "../base/table-builder.h"

#include <glib/gstdio.h>

/* {{{ asking */

static char *
fixture_path (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "fixtures", "tensorflow", name, NULL);
}

static char *
read_fixture (const char *name, const char *suffix, gsize *size)
{
  g_autofree char *file = g_strconcat (name, suffix, NULL);
  g_autofree char *path = fixture_path (file);
  char *contents;

  g_assert_true (g_file_get_contents (path, &contents, size, NULL));
  return contents;
}

static EspCheckpoint *
open_fixture (const char *name)
{
  g_autofree char *path = fixture_path (name);
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  return checkpoint;
}

static EspPlace *
find_place (EspCheckpoint *checkpoint, const char *name)
{
  EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), name, NULL);

  g_test_message ("%s", name);
  g_assert_nonnull (place);
  return place;
}

static EspTensor *
find_tensor (EspCheckpoint *checkpoint, const char *name)
{
  return esp_parameter_get_data (esp_place_get_parameter (find_place (checkpoint, name)));
}

static const char *
find_metadata (EspCheckpoint *checkpoint, const char *key)
{
  for (guint i = 0; i < esp_checkpoint_get_n_metadata (checkpoint); i++)
    if (strcmp (esp_checkpoint_get_metadata_key (checkpoint, i), key) == 0)
      return esp_checkpoint_get_metadata_value (checkpoint, i);
  return NULL;
}

/* }}} */
/* {{{ all values of TensorFlow's own reader */

/* "2,5" */
static guint64
assert_shape (EspTensor *tensor, const char *text)
{
  g_auto (GStrv) sizes = g_strsplit (text, ",", -1);
  guint64 count = 1;

  g_assert_cmpuint (g_strv_length (sizes), ==, esp_tensor_get_ndim (tensor));
  for (guint i = 0; sizes[i] != NULL; i++)
    {
      g_assert_cmpint (g_ascii_strtoll (sizes[i], NULL, 10), ==, esp_tensor_get_shape (tensor)[i]);
      count *= (guint64) esp_tensor_get_shape (tensor)[i];
    }
  return count;
}

/* gives how many numbers it has */
static gsize
assert_line (EspCheckpoint *checkpoint, const char *line, const double *wanted)
{
  g_auto (GStrv) words = g_strsplit (line, "\t", -1);
  EspTensor *tensor = find_tensor (checkpoint, words[0]);
  gboolean pairs = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind == ESP_KIND_COMPLEX;
  g_autoptr (GError) error = NULL;
  g_autofree double *values = NULL;
  gsize count;

  g_assert_cmpstr (esp_tensor_get_native_dtype (tensor), ==, words[1]);
  count = (gsize) assert_shape (tensor, words[2]);
  if (strcmp (words[1], "string") == 0)
    {
      g_assert_error (esp_tensor_get_error (tensor), ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE);
      return 0;
    }
  values = g_new (double, 2 * count + 2);
  g_assert_true (esp_tensor_read_f64 (tensor, 0, count, values, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (values, count * (pairs ? 16 : 8), wanted, count * (pairs ? 16 : 8));
  /* once more from the middle, when checksums are known */
  g_assert_true (esp_tensor_read_f64 (tensor, count / 2, count - count / 2, values, NULL, &error));
  g_assert_cmpmem (values, (count - count / 2) * (pairs ? 16 : 8),
                   wanted + count / 2 * (pairs ? 2 : 1), (count - count / 2) * (pairs ? 16 : 8));
  return pairs ? 2 * count : count;
}

typedef struct
{
  const char *path;   /* what is opened */
  const char *golden; /* its values; NULL: named as that */
  const char *format;
  guint n_more; /* rows that the golden file doesn't have */
} Good;

static const Good good[] = {
  { "types.index", "types", "tf-checkpoint", 0 },
  { "types.data-00000-of-00001", "types", "tf-checkpoint", 0 },
  { "objects", NULL, "tf-checkpoint", 0 },
  { "objects/checkpoint", "objects", "tf-checkpoint", 0 },
  { "objects/ckpt-2.index", "objects", "tf-checkpoint", 0 },
  { "sliced.index", "sliced", "tf-checkpoint", 1 },
  { "shards.index", "shards", "tf-checkpoint", 0 },
  { "shards.data-00001-of-00002", "shards", "tf-checkpoint", 0 },
  { "scopes", NULL, "tf-checkpoint", 0 },
  { "scopes/model.ckpt-7.meta", "scopes", "tf-checkpoint", 0 },
  { "saved", NULL, "tf-savedmodel", 0 },
  { "saved/saved_model.pb", "saved", "tf-savedmodel", 0 },
  { "saved/variables/variables.index", "saved", "tf-checkpoint", 0 },
  { "saved-scopes", NULL, "tf-savedmodel", 0 },
  { "saved-keras", NULL, "tf-savedmodel", 0 },
  { "keras3.index", "keras3", "tf-checkpoint", 0 },
  { "v1", NULL, "tf-checkpoint-v1", 0 },
  { "v1/model.ckpt-7", "v1", "tf-checkpoint-v1", 0 },
  { "v1-types", NULL, "tf-checkpoint-v1", 0 },
  { "frozen.pb", "frozen", "tf-graphdef", 2 },
};

static void
test_good (gconstpointer data)
{
  const Good *row = data;
  const char *golden_name = row->golden != NULL ? row->golden : row->path;
  g_autoptr (EspCheckpoint) checkpoint = open_fixture (row->path);
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);
  gsize n_text, size, done = 0;
  g_autofree char *text = read_fixture (golden_name, ".txt", &n_text);
  g_autofree char *golden = read_fixture (golden_name, ".golden", &size);
  g_autofree double *wanted = g_memdup2 (golden, size + 1);
  g_auto (GStrv) lines = NULL;
  guint stored = 0;

  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, row->format);
  text[n_text - 1] = '\0'; /* the last newline */
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    done += assert_line (checkpoint, lines[i], wanted + done);
  g_assert_cmpuint (done * 8, ==, size);
  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    stored += esp_place_is_stored (esp_tree_get_tensor (tree, i));
  g_assert_cmpuint (stored, ==, g_strv_length (lines) + row->n_more);
}

/* }}} */
/* {{{ structure */

typedef struct
{
  const char *name;
  const char *path; /* where it stands */
  EspRole role;
} Wanted;

static void
assert_places (EspCheckpoint *checkpoint, const Wanted *wanted, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      EspPlace *place = find_place (checkpoint, wanted[i].name);
      g_autofree char *path = g_strdup (esp_place_get_path (esp_place_get_parent (place)));

      g_assert_cmpstr (path, ==, wanted[i].path);
      g_assert_cmpint (esp_parameter_get_role (esp_place_get_parameter (place)), ==,
                       wanted[i].role);
    }
}

#define V "/.ATTRIBUTES/VARIABLE_VALUE"

static void
test_objects (void)
{
  static const Wanted wanted[] = {
    { "net/embed" V, "net", ESP_ROLE_PARAMETER },
    { "net/first/w" V, "net/first", ESP_ROLE_PARAMETER },
    { "net/embed/.OPTIMIZER_SLOT/optimizer/m" V, "optimizer/m/net", ESP_ROLE_OPTIMIZER },
    { "net/first/w/.OPTIMIZER_SLOT/optimizer/v" V, "optimizer/v/net/first", ESP_ROLE_OPTIMIZER },
    { "optimizer/learning_rate" V, "optimizer", ESP_ROLE_OPTIMIZER },
    { "net/odd/a.Sb" V, "net/odd", ESP_ROLE_PARAMETER },
    { "net/odd/é" V, "net/odd", ESP_ROLE_BUFFER },
    { "net/text" V, "net", ESP_ROLE_OTHER },
    { "save_counter" V, "", ESP_ROLE_OTHER },
  };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("objects");

  assert_places (checkpoint, wanted, G_N_ELEMENTS (wanted));
  g_assert_cmpstr (find_metadata (checkpoint, "checkpoint"), ==, "ckpt-2");
  g_assert_cmpstr (find_metadata (checkpoint, "net/text"), ==, "hello");
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 1);
  g_assert_nonnull (strstr (esp_checkpoint_get_warning (checkpoint, 0), "also “ckpt-1”"));
}

/* what one object holds twice stands at both places and is stored at one */
static void
test_ties (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("objects");
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);
  EspPlace *embed = find_place (checkpoint, "net/embed" V);
  EspPlace *kernel = find_place (checkpoint, "net/head/kernel");
  EspPlace *first = find_place (checkpoint, "net/first");
  EspPlace *block = find_place (checkpoint, "net/blocks/0");

  g_assert_true (esp_place_get_parameter (embed) == esp_place_get_parameter (kernel));
  g_assert_false (esp_place_is_stored (kernel));
  g_assert_cmpint (esp_tie_get_kind (esp_place_get_tie (kernel)), ==, ESP_TIE_IMPLIED);
  g_assert_true (esp_place_get_module (first) == esp_place_get_module (block));
  g_assert_false (esp_place_is_stored (find_place (checkpoint, "net/blocks/0/w")));
  g_assert_true (esp_place_is_stored (find_place (checkpoint, "net/first/w" V)));
  g_assert_cmpuint (esp_tree_get_totals (tree)->unique_elements, <,
                    esp_tree_get_totals (tree)->elements);
  /* head.net is the whole again: a ring isn't followed */
  g_assert_null (esp_tree_find (tree, "net/head/net", NULL));
}

static void
test_scopes (void)
{
  static const Wanted wanted[] = {
    { "dense/kernel", "dense", ESP_ROLE_PARAMETER },
    { "dense/kernel/Adam", "dense/kernel", ESP_ROLE_OPTIMIZER },
    { "dense/kernel/Adam_1", "dense/kernel", ESP_ROLE_OPTIMIZER },
    { "emb/table", "emb", ESP_ROLE_PARAMETER },
    { "emb/table/Adam", "emb/table", ESP_ROLE_OPTIMIZER },
    { "beta1_power", "", ESP_ROLE_OPTIMIZER },
    { "norm/scale", "norm", ESP_ROLE_BUFFER }, /* not trained, says the .meta */
    { "global_step", "", ESP_ROLE_OTHER },
  };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("scopes");

  assert_places (checkpoint, wanted, G_N_ELEMENTS (wanted));
  g_assert_true (g_str_has_prefix (esp_checkpoint_get_producer (checkpoint), "tensorflow 2."));
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
}

static const char *
find_class (EspCheckpoint *checkpoint, const char *path)
{
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);
  EspPlace *place = *path != '\0' ? find_place (checkpoint, path) : esp_tree_get_root (tree);

  return esp_module_get_class (esp_place_get_module (place));
}

static void
test_saved (void)
{
  static const Wanted wanted[] = {
    { "inner/w" V, "inner", ESP_ROLE_PARAMETER },
    { "inner/mean" V, "inner", ESP_ROLE_BUFFER },
    { "table/0" V, "table", ESP_ROLE_PARAMETER },
    { "table/1" V, "table", ESP_ROLE_BUFFER }, /* not trained, says the SavedModel */
  };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("saved");

  assert_places (checkpoint, wanted, G_N_ELEMENTS (wanted));
  g_assert_true (esp_place_get_module (find_place (checkpoint, "inner")) ==
                 esp_place_get_module (find_place (checkpoint, "again")));
  g_assert_cmpstr (find_metadata (checkpoint, "tags"), ==, "serve");
  g_assert_cmpstr (find_metadata (checkpoint, "signature.serving_default"), ==,
                   "(x float32 [?, 3]) → (output_0 float32 [?, 3])");
  g_assert_true (g_str_has_prefix (esp_checkpoint_get_producer (checkpoint), "tensorflow 2."));
  g_assert_cmpuint (esp_checkpoint_get_file_size (checkpoint), >, 18325);
}

static void
test_saved_keras (void)
{
  static const Wanted wanted[] = {
    { "layer_with_weights-0/kernel" V, "layer_with_weights-0", ESP_ROLE_PARAMETER },
    { "layer_with_weights-1/gamma" V, "layer_with_weights-1", ESP_ROLE_PARAMETER },
    { "layer_with_weights-1/moving_mean" V, "layer_with_weights-1", ESP_ROLE_BUFFER },
    { "optimizer/_variables/1" V, "optimizer/_variables", ESP_ROLE_OPTIMIZER },
  };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("saved-keras");
  EspModule *module = esp_place_get_module (find_place (checkpoint, "layer_with_weights-1"));

  assert_places (checkpoint, wanted, G_N_ELEMENTS (wanted));
  g_assert_cmpstr (find_class (checkpoint, ""), ==, "Sequential");
  g_assert_cmpstr (find_class (checkpoint, "layer_with_weights-0"), ==, "Dense");
  g_assert_cmpstr (esp_module_get_class (module), ==, "BatchNormalization");
  g_assert_cmpstr (esp_module_get_attribute_name (module, 0), ==, "name");
  g_assert_cmpstr (esp_module_get_attribute_value (module, 0), ==, "norm");
}

/* the optimizer holds the model's variables by a path as short as the model's own */
static void
test_keras3 (void)
{
  static const Wanted wanted[] = {
    { "optimizer/_trainable_variables/0" V, "optimizer/_trainable_variables", ESP_ROLE_PARAMETER },
    { "optimizer/_variables/2" V, "optimizer/_variables", ESP_ROLE_OPTIMIZER },
    { "optimizer/_learning_rate" V, "optimizer", ESP_ROLE_OPTIMIZER },
  };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("keras3.index");
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);

  assert_places (checkpoint, wanted, G_N_ELEMENTS (wanted));
  g_assert_true (
      esp_place_get_parameter (find_place (checkpoint, wanted[0].name)) ==
      esp_place_get_parameter (find_place (checkpoint, "model/_functional/_operations/1/_kernel")));
  g_assert_null (esp_tree_find (tree, "model/optimizer", NULL));
}

static void
test_saved_scopes (void)
{
  static const Wanted wanted[] = {
    { "dense/kernel", "dense", ESP_ROLE_PARAMETER },
    { "dense/kernel/Adam", "dense/kernel", ESP_ROLE_OPTIMIZER },
    { "norm/scale", "norm", ESP_ROLE_BUFFER },
  };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("saved-scopes");

  assert_places (checkpoint, wanted, G_N_ELEMENTS (wanted));
  g_assert_cmpstr (find_metadata (checkpoint, "tags"), ==, "serve, test");
}

static void
test_frozen (void)
{
  static const Wanted wanted[] = {
    { "dense/kernel", "dense", ESP_ROLE_PARAMETER },
    { "tail", "", ESP_ROLE_CONSTANT },
    { "functions/f/c", "functions/f", ESP_ROLE_PARAMETER },
  };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("frozen.pb");
  EspTensor *tensor = find_tensor (checkpoint, "functions/f/c");
  double value;

  assert_places (checkpoint, wanted, G_N_ELEMENTS (wanted));
  g_assert_true (esp_tensor_read_f64 (tensor, 0, 1, &value, NULL, NULL));
  g_assert_cmpfloat (value, ==, 7);
  g_assert_error (esp_tensor_get_error (find_tensor (checkpoint, "words")), ESP_TENSOR_ERROR,
                  ESP_TENSOR_ERROR_DTYPE);
}

static void
test_v1 (void)
{
  static const Wanted wanted[] = {
    { "dense/kernel/Adam", "dense/kernel", ESP_ROLE_OPTIMIZER },
    { "emb/table", "emb", ESP_ROLE_PARAMETER },
    { "global_step", "", ESP_ROLE_OTHER },
  };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("v1");

  assert_places (checkpoint, wanted, G_N_ELEMENTS (wanted));
}

static void
test_long_slices (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("sliced.index");
  EspTensor *tensor = find_tensor (checkpoint, "long");
  g_autofree gint64 *values = g_new (gint64, 9001);

  g_assert_true (esp_tensor_read_i64 (tensor, 0, 9001, values, NULL, NULL));
  for (guint i = 0; i < 9001; i++)
    g_assert_cmpint (values[i], ==, i % 99);
}

/* of a folder with indices alone the last is meant */
static void
test_folder (void)
{
  g_autofree char *path = fixture_path (".");
  g_autofree char *warning = NULL;
  g_autofree char *chosen = esp_folder_choose (path, &warning);

  g_assert_nonnull (chosen);
  g_assert_true (g_str_has_suffix (chosen, "types.index"));
  g_assert_nonnull (strstr (warning, "sliced.index"));
}

/* as ordered_code.cc writes them: its own tests have these */
static void
test_keys (void)
{
  gint64 extents[] = { 0, -1, 64, -65, 8191, 8192, G_MAXINT64, G_MININT64 };
  const EspTfSlice slice = { 4, extents };
  static const guint8 wanted[] = {
    0x00, 'a',  0x00, 0xff, 0xff, 0x00, 0x00, 0x01, 0x01, 0x04, 0x80, 0x7f, 0xc0, 0x40,
    0x3f, 0xbf, 0xdf, 0xff, 0xe0, 0x20, 0x00, 0xff, 0xc0, 0x7f, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0x00, 0x3f, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  };
  g_autoptr (GBytes) key = esp_tf_slice_make_key (&slice, "a\0\xff", 3);

  g_assert_cmpmem (g_bytes_get_data (key, NULL), g_bytes_get_size (key), wanted, sizeof wanted);
}

/* }}} */
/* {{{ malformed entries */

#define BYTES(text) text, sizeof (text) - 1

typedef struct
{
  const char *name;
  const char *entry; /* BundleEntryProto of "bad" */
  gsize length;
  const char *message; /* of the tensor, a part */
} Bad;

/* the data file has 16 bytes */
static const Bad bad[] = {
  { "type-unknown", BYTES ("\x08\x63\x28\x04"), "its data type has the number 99" },
  { "type-none", BYTES ("\x28\x04"), "its data type has the number 0" },
  { "variant", BYTES ("\x08\x15\x28\x04"), "its values are objects (variant), not numbers" },
  { "bias-11", BYTES ("\x08\x1b\x28\x01"), "of type float8_e4m3b11fnuz, which can’t be" },
  { "resource", BYTES ("\x08\x14\x28\x04"), "its values are objects (resource)" },
  { "short", BYTES ("\x08\1\x12\4\x12\2\x08\2\x28\4"), "take 8 bytes, but it has 4" },
  { "beyond", BYTES ("\x08\1\x20\x0e\x28\4"), "4 bytes at 14 of “x.data-00000-of-00001”" },
  { "offset-huge", BYTES ("\x08\1\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\x28\4"),
    "4 bytes at 18446744073709551615 of" },
  { "negative", BYTES ("\x08\1\x12\x0d\x12\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"),
    "its sizes are negative or too large" },
  { "overflow",
    BYTES ("\x08\1\x12\x16\x12\x0a\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x12\2\x08\4\x12\2\x08"
           "\0\x28\0"),
    "its sizes are negative or too large" },
  { "rank-unknown", BYTES ("\x08\1\x12\2\x18\1"), "its shape isn’t known" },
  { "shard", BYTES ("\x08\1\x18\1\x28\4"), "data file 1, but there are only 1" },
  { "sum", BYTES ("\x08\1\x28\4\x35\1\2\3\4"), "its checksum is 04030201, but its bytes have" },
  { "cut", BYTES ("\x08\1\x12\x04\x12"), "reaches beyond the end of its message" },
  { "slice-absent", BYTES ("\x08\1\x12\4\x12\2\x08\2\x3a\4\x0a\2\x10\2"),
    "no entry for one of its slices" },
  { "slice-of-int4", BYTES ("\x08\x1d\x12\4\x12\2\x08\2\x3a\2\x0a\0"),
    "it lies in slices of int4" },
};

/* a folder of its own with an index of @entry and 16 bytes of data */
static char *
write_checkpoint (const void *header, gsize header_length, const void *entry, gsize length)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-tf-XXXXXX", NULL);
  g_autofree char *index = g_build_filename (folder, "x.index", NULL);
  g_autofree char *data = g_build_filename (folder, "x.data-00000-of-00001", NULL);
  g_autoptr (GBytes) bytes = NULL;
  TableBuilder table;

  table_init (&table);
  if (header != NULL)
    table_add (&table, "", 0, header, header_length);
  if (entry != NULL)
    table_add (&table, "bad", 3, entry, length);
  table_add (&table, "good", 4, BYTES ("\x08\1\x20\4\x28\4"));
  bytes = table_finish (&table);
  table_clear (&table);
  g_assert_true (g_file_set_contents (index, g_bytes_get_data (bytes, NULL),
                                      (gssize) g_bytes_get_size (bytes), NULL));
  g_assert_true (g_file_set_contents (data,
                                      "0123\0\0\x80\x3f"
                                      "89abcdef",
                                      16, NULL));
  return g_steal_pointer (&folder);
}

static void
remove_folder (const char *folder)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_dir_close (dir);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_bad (gconstpointer data)
{
  const Bad *row = data;
  g_autofree char *folder = write_checkpoint (BYTES ("\x08\1"), row->entry, row->length);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = esp_format_open (folder, NULL, NULL, NULL, &error);
  EspTensor *tensor;
  double value;

  g_assert_no_error (error);
  tensor = find_tensor (checkpoint, "bad");
  g_assert_false (esp_tensor_read_f64 (tensor, 0, 1, &value, NULL, &error));
  if (strstr (error->message, row->message) == NULL)
    g_error ("“%s” lacks “%s”", error->message, row->message);
  g_clear_error (&error);
  g_assert_true (esp_tensor_read_f64 (find_tensor (checkpoint, "good"), 0, 1, &value, NULL, NULL));
  g_assert_cmpfloat (value, ==, 1);
  remove_folder (folder);
}

typedef struct
{
  const char *name;
  const char *header;
  gsize length;
  const char *message;
} BadHeader;

static const BadHeader bad_headers[] = {
  { "none", NULL, 0, "x.index: the index has no header" },
  { "shards", BYTES ("\x08\xff\xff\xff\xff\x0f"), "4294967295 data files, more than the limit" },
  { "broken", BYTES ("\x08"), "reaches beyond the end of its message" },
};

static void
test_bad_header (gconstpointer data)
{
  const BadHeader *row = data;
  g_autofree char *folder = write_checkpoint (row->header, row->length, NULL, 0);
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_format_open (folder, NULL, NULL, NULL, &error));
  if (strstr (error->message, row->message) == NULL)
    g_error ("“%s” lacks “%s”", error->message, row->message);
  remove_folder (folder);
}

/* {{{ folders */

static void
set_text (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

typedef struct
{
  const char *name;
  const char *text;    /* of the file `checkpoint` */
  const char *message; /* NULL: it opens */
} State;

static const State states[] = {
  { "plain", "model_checkpoint_path: \"x\"\n", NULL },
  { "spaces", "\n  model_checkpoint_path : 'x'", NULL },
  { "absolute", "model_checkpoint_path: \"/home/somebody/x\"\n", NULL },
  { "above", "model_checkpoint_path: \"../../x\"\n", NULL },
  { "escaped", "model_checkpoint_path: \"\\170\"\n", NULL },
  { "absent", "model_checkpoint_path: \"y\"\n", "y.index: there is no file of this name" },
  { "unended", "model_checkpoint_path: \"x\n", "this doesn’t name a checkpoint beside it" },
  { "unquoted", "model_checkpoint_path: x\n", "this doesn’t name a checkpoint beside it" },
  { "dots", "model_checkpoint_path: \"..\"\n", "this doesn’t name a checkpoint beside it" },
  { "others-only", "all_model_checkpoint_paths: \"x\"\n", "this doesn’t name a checkpoint" },
  { "control", "model_checkpoint_path: \"a\\nb\"\n", "a\\nb.index: there is no file" },
};

static void
test_state (gconstpointer data)
{
  const State *row = data;
  g_autofree char *folder = write_checkpoint (BYTES ("\x08\1"), NULL, 0);
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;

  set_text (folder, "checkpoint", row->text);
  checkpoint = esp_format_open (folder, NULL, NULL, NULL, &error);
  if (row->message == NULL)
    g_assert_no_error (error);
  else if (strstr (error->message, row->message) == NULL)
    g_error ("“%s” lacks “%s”", error->message, row->message);
  g_assert_true ((checkpoint != NULL) == (row->message == NULL));
  remove_folder (folder);
}

/* a data file that isn't there takes its own tensors along and no others */
static void
test_missing_shard (void)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-tf-XXXXXX", NULL);
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  static const char *const files[] = { "shards.index", "shards.data-00001-of-00002" };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (folder, files[i], NULL);
      gsize size;
      g_autofree char *bytes = read_fixture (files[i], "", &size);

      g_assert_true (g_file_set_contents (path, bytes, (gssize) size, NULL));
    }
  checkpoint = esp_format_open (folder, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_error (esp_tensor_get_error (find_tensor (checkpoint, "x/one")), G_IO_ERROR,
                  G_IO_ERROR_NOT_FOUND);
  g_assert_null (esp_tensor_get_error (find_tensor (checkpoint, "y/two")));
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 1);
  g_assert_cmpstr (esp_checkpoint_get_warning (checkpoint, 0), ==,
                   "shards.data-00000-of-00002: there is no file of this name");
  remove_folder (folder);
}

/* }}} */

/* the index's checksums find every change, but the graph of objects lies in a data file, whose
 * checksum is the entry's */
static gboolean
open_with_data (const guint8 *data, gsize size, gpointer user_data)
{
  const char *folder = user_data;
  g_autofree char *path = g_build_filename (folder, "ckpt-2.data-00000-of-00001", NULL);
  g_autofree char *index = g_build_filename (folder, "ckpt-2.index", NULL);
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint;

  g_assert_true (g_file_set_contents (path, (const char *) data, (gssize) size, NULL));
  checkpoint = esp_format_open (index, NULL, NULL, NULL, &error);
  return esp_damage_judge (checkpoint, error);
}

static void
test_damaged_data (void)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-tf-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "ckpt-2.index", NULL);
  gsize size;
  g_autofree char *index = read_fixture ("objects/ckpt-2.index", "", &size);
  EspDamageCount count;

  g_assert_true (g_file_set_contents (path, index, (gssize) size, NULL));
  count = esp_damage_fixture (
      "tensorflow/objects/ckpt-2.data-00000-of-00001",
      (EspDamage) { .flips = "\xff", .open = open_with_data, .user_data = folder });
  /* one bad tensor doesn't take the file */
  g_assert_cmpuint (count.refused, ==, 0);
  remove_folder (folder);
}

static void
test_damaged_index (void)
{
  EspDamageCount count = esp_damage_fixture ("tensorflow/types.index",
                                             (EspDamage) { .flips = ESP_DAMAGE_EVERY_BIT });

  g_assert_cmpuint (count.cut_opened, ==, 0);
  g_assert_cmpuint (count.refused, >, 8000);
}

/* a constant of @dims that has the last of @n values for all that are missing */
typedef struct
{
  const char *name;
  const char *tensor; /* TensorProto */
  gsize length;
  const char *message; /* of the tensor, a part */
} BadConstant;

static const BadConstant bad_constants[] = {
  { "none", BYTES ("\x08\1\x12\4\x12\2\x08\2"), "take 2 entries, but it has 0" },
  { "more", BYTES ("\x08\3\x12\4\x12\2\x08\2\x3a\3\1\2\3"), "take 2 entries, but it has 3" },
  { "content-short", BYTES ("\x08\1\x12\4\x12\2\x08\2\x22\4\0\0\0\0"),
    "take 8 bytes, but it has 4" },
  { "filled-without-end", BYTES ("\x08\3\x12\x08\x12\6\x08\x80\x80\x80\x80\x40\x3a\1\1"),
    "elements, more than the limit of" },
  { "type", BYTES ("\x08\x63"), "its data type has the number 99" },
};

static void
put_field (GByteArray *out, guint8 tag, const void *bytes, gsize length)
{
  g_byte_array_append (out, &tag, 1);
  table_put_varint (out, length);
  g_byte_array_append (out, bytes, (guint) length);
}

static void
test_bad_constant (gconstpointer data)
{
  const BadConstant *row = data;
  g_autoptr (GByteArray) value = g_byte_array_new (), attribute = g_byte_array_new ();
  g_autoptr (GByteArray) node = g_byte_array_new (), graph = g_byte_array_new ();
  g_autoptr (EspSource) source = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  const GError *reason;

  put_field (value, 0x42, row->tensor, row->length);
  put_field (attribute, 0x0a, "value", 5);
  put_field (attribute, 0x12, value->data, value->len);
  put_field (node, 0x0a, "bad", 3);
  put_field (node, 0x12, "Const", 5);
  put_field (node, 0x2a, attribute->data, attribute->len);
  put_field (graph, 0x0a, node->data, node->len);
  bytes = g_bytes_new (graph->data, graph->len);
  source = esp_source_new_for_bytes (bytes, "graph");
  checkpoint = esp_format_open_source (source, "graph.pb", NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  reason = esp_tensor_get_error (find_tensor (checkpoint, "bad"));
  g_assert_nonnull (reason);
  if (strstr (reason->message, row->message) == NULL)
    g_error ("“%s” lacks “%s”", reason->message, row->message);
}

static void
test_damaged_graph (void)
{
  EspDamageCount count = esp_damage_fixture ("tensorflow/frozen.pb",
                                             (EspDamage) { .flips = ESP_DAMAGE_EVERY_BIT });

  g_assert_cmpuint (count.opened, >, 100);
  g_assert_cmpuint (count.refused, >, 100);
}

static void
test_damaged_v1 (void)
{
  EspDamageCount count = esp_damage_fixture ("tensorflow/v1-types",
                                             (EspDamage) { .flips = "\x01\xff" });

  g_assert_cmpuint (count.cut_opened, ==, 0);
}

/* the graph of a SavedModel has no checksum */
static void
test_damaged_saved (void)
{
  EspDamageCount count =
      esp_damage_fixture ("tensorflow/saved/saved_model.pb",
                          (EspDamage) { .flips = "\x01\x80", .n_random = 500, .header = 2000 });

  g_assert_cmpuint (count.opened, >, 100);
  g_assert_cmpuint (count.refused, >, 100);
}

/* }}} */

#define ADD(group, rows, func)                                                                     \
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)                                                  \
    {                                                                                              \
      g_autofree char *path = g_strdup_printf ("/tf/" group "/%s", rows[i].name);                  \
                                                                                                   \
      g_test_add_data_func (path, &rows[i], func);                                                 \
    }

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *path = g_strdup_printf ("/tf/good/%s", good[i].path);

      g_test_add_data_func (path, &good[i], test_good);
    }
  g_test_add_func ("/tf/objects", test_objects);
  g_test_add_func ("/tf/ties", test_ties);
  g_test_add_func ("/tf/scopes", test_scopes);
  g_test_add_func ("/tf/saved", test_saved);
  g_test_add_func ("/tf/saved-keras", test_saved_keras);
  g_test_add_func ("/tf/keras3", test_keras3);
  g_test_add_func ("/tf/saved-scopes", test_saved_scopes);
  g_test_add_func ("/tf/frozen", test_frozen);
  g_test_add_func ("/tf/v1", test_v1);
  g_test_add_func ("/tf/long-slices", test_long_slices);
  g_test_add_func ("/tf/folder", test_folder);
  g_test_add_func ("/tf/keys", test_keys);
  ADD ("bad", bad, test_bad)
  ADD ("bad-header", bad_headers, test_bad_header)
  ADD ("bad-constant", bad_constants, test_bad_constant)
  g_test_add_func ("/tf/damaged-graph", test_damaged_graph);
  g_test_add_func ("/tf/damaged-v1", test_damaged_v1);
  ADD ("state", states, test_state)
  g_test_add_func ("/tf/missing-shard", test_missing_shard);
  g_test_add_func ("/tf/damaged-data", test_damaged_data);
  g_test_add_func ("/tf/damaged-saved", test_damaged_saved);
  g_test_add_func ("/tf/damaged-index", test_damaged_index);
  return g_test_run ();
}
