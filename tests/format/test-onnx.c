/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The ONNX reader: files of the onnx package with its own values (made by make-onnx.py), a table of
 * malformed models built field by field, cuts and changed bytes. */

#include "esp-damage.h"
#include "esp-error.h"
#include "esp-format.h"
#include "esp-onnx-scope.h"
#include "esp-source.h"
#include "esp-wire.h"

#include <string.h>

/* {{{ building messages */

static void
put_varint (GByteArray *out, guint64 value)
{
  do
    {
      guint8 byte = (guint8) ((value & 0x7f) | (value > 0x7f ? 0x80 : 0));

      g_byte_array_append (out, &byte, 1);
      value >>= 7;
    }
  while (value != 0);
}

static void
put_number (GByteArray *out, guint number, guint64 value)
{
  put_varint (out, number << 3 | ESP_WIRE_VARINT);
  put_varint (out, value);
}

static void
put_bytes (GByteArray *out, guint number, const void *bytes, gsize length)
{
  put_varint (out, number << 3 | ESP_WIRE_BYTES);
  put_varint (out, length);
  g_byte_array_append (out, bytes, (guint) length);
}

static void
put_text (GByteArray *out, guint number, const char *text)
{
  put_bytes (out, number, text, strlen (text));
}

/* takes @message */
static void
put_message (GByteArray *out, guint number, GByteArray *message)
{
  put_bytes (out, number, message->data, message->len);
  g_byte_array_unref (message);
}

static GByteArray *
make_tensor (const char *name, guint type, gint64 a, gint64 b)
{
  GByteArray *out = g_byte_array_new ();

  put_number (out, 1, (guint64) a);
  put_number (out, 1, (guint64) b);
  put_number (out, 2, type);
  put_text (out, 8, name);
  return out;
}

/* a model with one initialiser, which is taken, and a good one */
static GBytes *
make_model (GByteArray *tensor)
{
  GByteArray *model = g_byte_array_new ();
  GByteArray *graph = g_byte_array_new ();
  GByteArray *good = make_tensor ("good", 1, 1, 1);

  put_bytes (good, 9, "\0\0\x80\x3f", 4);
  put_message (graph, 5, tensor);
  put_message (graph, 5, good);
  put_number (model, 1, 10);
  put_message (model, 7, graph);
  return g_byte_array_free_to_bytes (model);
}

/* }}} */
/* {{{ asking */

/* takes @bytes */
static EspCheckpoint *
open_bytes (GBytes *bytes, GError **error)
{
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "memory");

  g_bytes_unref (bytes);
  return esp_format_open_source (source, "x.onnx", NULL, NULL, NULL, error);
}

static EspCheckpoint *
open_fixture (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "onnx", name, NULL);
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, "onnx");
  return checkpoint;
}

static char *
read_fixture (const char *name, gsize *size)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "onnx", name, NULL);
  char *contents;

  g_assert_true (g_file_get_contents (path, &contents, size, NULL));
  return contents;
}

static EspTensor *
find_tensor (EspCheckpoint *checkpoint, const char *name)
{
  EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), name, NULL);

  g_assert_nonnull (place);
  return esp_parameter_get_data (esp_place_get_parameter (place));
}

static const char *
find_metadata (EspCheckpoint *checkpoint, const char *key)
{
  for (guint i = 0; i < esp_checkpoint_get_n_metadata (checkpoint); i++)
    if (strcmp (esp_checkpoint_get_metadata_key (checkpoint, i), key) == 0)
      return esp_checkpoint_get_metadata_value (checkpoint, i);
  return NULL;
}

static void
assert_values (EspTensor *tensor, const double *wanted, gsize n)
{
  g_autofree double *values = g_new (double, n + 1);
  g_autoptr (GError) error = NULL;
  gboolean pairs = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind == ESP_KIND_COMPLEX;
  gsize count = pairs ? n / 2 : n;

  g_assert_cmpuint (esp_tensor_get_count (tensor), ==, count);
  g_assert_true (esp_tensor_read_f64 (tensor, 0, count, values, NULL, &error));
  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    g_assert_true (values[i] == wanted[i] || (values[i] != values[i] && wanted[i] != wanted[i]));
  /* one by one, from the end, as typed fields can't be reached at once */
  for (gsize i = count; i > 0; i--)
    {
      g_assert_true (esp_tensor_read_f64 (tensor, i - 1, 1, values, NULL, &error));
      g_assert_true (values[0] == wanted[pairs ? 2 * i - 2 : i - 1] || values[0] != values[0]);
    }
}

/* }}} */
/* {{{ good files */

/* every data type, raw and typed, exactly */
static void
test_types (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("types.onnx");
  gsize size, n_text, done = 0;
  g_autofree char *golden = read_fixture ("types.golden", &size);
  g_autofree char *text = read_fixture ("types.txt", &n_text);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (text), "\n", -1);

  g_assert_cmpuint (g_strv_length (lines), ==, 54);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], " ", -1);
      EspTensor *tensor = find_tensor (checkpoint, words[0]);
      gsize n = (gsize) g_ascii_strtoull (words[1], NULL, 10);
      g_autofree double *wanted = g_new (double, n);

      g_test_message ("%s", words[0]);
      g_assert_cmpstr (esp_tensor_get_native_dtype (tensor), ==, strchr (words[0], '.') + 1);
      memcpy (wanted, golden + done * sizeof *wanted, n * sizeof *wanted);
      assert_values (tensor, wanted, n);
      done += n;
    }
  g_assert_cmpuint (done * 8, ==, size);
}

typedef struct
{
  const char *name;
  const char *path;
  EspRole role;
} Wanted;

static void
test_graph (void)
{
  static const Wanted wanted[] = {
    { "onnx::MatMul_1", "blocks.0.mlp.2", ESP_ROLE_PARAMETER },
    { "tied", "head", ESP_ROLE_PARAMETER },
    { "val_3", "layers.0.lin", ESP_ROLE_PARAMETER },
    { "layers.0.lin.bias", "layers.0.lin", ESP_ROLE_PARAMETER },
    { "val_4", "conv", ESP_ROLE_PARAMETER },
    { "s", "model.bn", ESP_ROLE_PARAMETER },
    { "m", "model.bn", ESP_ROLE_BUFFER },
    { "shape", "", ESP_ROLE_CONSTANT },
    { "outer", "", ESP_ROLE_CONSTANT },
    { "Wb", "deep.Loop.body", ESP_ROLE_PARAMETER },
    { "Wt", "If_8.else_branch", ESP_ROLE_CONSTANT },
    { "If_8.then_branch.Wt", "If_8.then_branch", ESP_ROLE_PARAMETER },
    { "sp", "", ESP_ROLE_CONSTANT },
    { "lr", "training_0", ESP_ROLE_OTHER },
    { "k", "functions.fancy", ESP_ROLE_CONSTANT },
  };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("graph.onnx");
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      EspPlace *place = esp_tree_find (tree, wanted[i].name, NULL);

      g_test_message ("%s", wanted[i].name);
      g_assert_nonnull (place);
      g_assert_cmpstr (esp_place_get_path (esp_place_get_parent (place)), ==, wanted[i].path);
      g_assert_cmpint (esp_parameter_get_role (esp_place_get_parameter (place)), ==,
                       wanted[i].role);
    }
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
  g_assert_cmpstr (esp_checkpoint_get_producer (checkpoint), ==, "make-onnx 1");
  g_assert_cmpstr (find_metadata (checkpoint, "author"), ==, "tést");
  g_assert_cmpstr (find_metadata (checkpoint, "opset.own"), ==, "1");
  g_assert_cmpstr (find_metadata (checkpoint, "inputs"), ==, "x FLOAT [batch, 4]");
  g_assert_cmpstr (find_metadata (checkpoint, "shared.tied"), ==,
                   "Identity_5[0], /head/MatMul[1], /head2/MatMul[1]");
}

static void
test_classes (void)
{
  static const char *const wanted[][2] = {
    { "", "app.Net" },
    { "layers.0", "app.Blk" },
    { "layers.0.lin", "torch.nn.modules.linear.Linear" },
    { "conv", "torch.nn.modules.conv.Conv2d" },
  };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("graph.onnx");
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      EspPlace *place = *wanted[i][0] != '\0' ? esp_tree_find (tree, wanted[i][0], NULL)
                                              : esp_tree_get_root (tree);

      g_assert_nonnull (place);
      g_assert_cmpstr (esp_module_get_class (esp_place_get_module (place)), ==, wanted[i][1]);
    }
}

static void
test_constants (void)
{
  static const double floats[] = { 1, 2, 3, 4 };
  static const double number = 1.5;
  static const double integer = -7;
  static const double integers[] = { -1, 1099511627776.0 };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("graph.onnx");

  assert_values (find_tensor (checkpoint, "c_f"), &number, 1);
  g_assert_cmpuint (esp_tensor_get_ndim (find_tensor (checkpoint, "c_f")), ==, 0);
  assert_values (find_tensor (checkpoint, "c_fs"), floats, 3);
  assert_values (find_tensor (checkpoint, "c_i"), &integer, 1);
  assert_values (find_tensor (checkpoint, "c_is"), integers, 2);
  assert_values (find_tensor (checkpoint, "c_t"), floats, 4);
  g_assert_error (esp_tensor_get_error (find_tensor (checkpoint, "c_s")), ESP_TENSOR_ERROR,
                  ESP_TENSOR_ERROR_DTYPE);
  g_assert_cmpint (esp_tensor_get_shape (find_tensor (checkpoint, "c_ss"))[0], ==, 2);
}

static void
test_external (void)
{
  static const double wanted[] = { 12, 13, 14, 15, 16, 17, 18, 19 };
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("external/model.onnx");

  assert_values (find_tensor (checkpoint, "b"), wanted, 8);
  g_assert_true (
      esp_tensor_is_alias (find_tensor (checkpoint, "a"), find_tensor (checkpoint, "a2")));
}

/* a typed field of a size for which marks are set, packed in runs of all lengths */
static void
test_marks (void)
{
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  GByteArray *tensor = make_tensor ("t", 6, 100, 200);
  g_autofree double *wanted = g_new (double, 20000);
  guint done = 0;

  for (guint run = 1; done < 20000; run = run * 2 % 9973)
    {
      GByteArray *packed = g_byte_array_new ();

      for (guint i = 0; i < run && done < 20000; i++, done++)
        {
          wanted[done] = (double) (gint32) (done * 2654435761u);
          put_varint (packed, (guint64) (gint64) (gint32) (done * 2654435761u));
        }
      put_message (tensor, 5, packed);
      if (done < 20000)
        {
          wanted[done] = done;
          put_number (tensor, 5, done++);
        }
    }
  checkpoint = open_bytes (make_model (tensor), &error);
  g_assert_no_error (error);
  assert_values (find_tensor (checkpoint, "t"), wanted, 20000);
}

/* }}} */
/* {{{ malformed ones */

typedef struct
{
  const char *name;
  guint type;
  gint64 a, b;
  guint field;      /* one more, of bytes; 0: none */
  const char *data; /* of it */
  gsize size;
  const char *message; /* of the tensor, a part */
} Bad;

#define BYTES(text) text, sizeof (text) - 1

static const Bad bad[] = {
  { "type-unknown", 99, 1, 1, 9, BYTES ("1234"), "its data type has the number 99" },
  { "type-undefined", 0, 1, 1, 9, BYTES ("1234"), "its data type has the number 0" },
  { "size-negative", 1, -1, 4, 9, BYTES (""), "its sizes are negative or too large" },
  { "size-overflow", 1, G_MAXINT64, 4, 9, BYTES (""), "its sizes are negative or too large" },
  { "size-overflow-beside-0", 1, G_MAXINT64, 4, 9, BYTES (""), "its sizes are negative" },
  { "terabytes", 1, 1 << 20, 1 << 20, 9, BYTES ("1"), "take 4398046511104 bytes, but it has 1" },
  { "raw-short", 1, 1, 2, 9, BYTES ("1234567"), "take 8 bytes, but it has 7" },
  { "raw-long", 1, 1, 1, 9, BYTES ("12345"), "take 4 bytes, but it has 5" },
  { "raw-int4", 22, 1, 3, 9, BYTES ("123"), "take 2 bytes, but it has 3" },
  { "absent", 1, 1, 2, 0, NULL, 0, "take 2 entries, but it has 0" },
  { "typed-short", 1, 1, 2, 4, BYTES ("1234"), "take 2 entries, but it has 1" },
  { "typed-long", 6, 1, 2, 5, BYTES ("\1\2\3"), "take 2 entries, but it has 3" },
  { "typed-int4", 22, 1, 3, 5, BYTES ("\1"), "take 2 entries, but it has 1" },
  { "typed-cut", 6, 1, 2, 5, BYTES ("\1\x80"), "reaches beyond the end of its message" },
  { "typed-of-another-type", 1, 1, 2, 5, BYTES ("\1\1"), "take 2 entries, but it has 0" },
  { "complex-odd", 14, 1, 1, 4, BYTES ("1234"), "take 2 entries, but it has 1" },
  { "dims-cut", 1, 1, 1, 1, BYTES ("\x80"), "reaches beyond the end of its message" },
};

static void
test_bad (gconstpointer data)
{
  const Bad *row = data;
  static const double one = 1;
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  GByteArray *tensor = make_tensor ("bad", row->type, row->a, row->b);
  const GError *reason;

  if (strcmp (row->name, "size-overflow-beside-0") == 0)
    put_number (tensor, 1, 0);
  if (row->field != 0)
    put_bytes (tensor, row->field, row->data, row->size);
  checkpoint = open_bytes (make_model (tensor), &error);
  g_assert_no_error (error);
  reason = esp_tensor_get_error (find_tensor (checkpoint, "bad"));
  g_assert_nonnull (reason);
  if (strstr (reason->message, row->message) == NULL)
    g_error ("“%s” lacks “%s”", reason->message, row->message);
  assert_values (find_tensor (checkpoint, "good"), &one, 1);
}

typedef struct
{
  const char *name;
  const char *location, *offset, *length;
  const char *message;
} BadExternal;

static const BadExternal bad_external[] = {
  { "absolute", "/etc/passwd", "0", "8", "no plain relative path" },
  { "above", "../weights.bin", "0", "8", "no plain relative path" },
  { "not-there", "none.bin", "0", "8", "none.bin: " },
  { "folder", ".", "0", "8", "no plain relative path" },
  { "unnamed", NULL, "0", "8", "which isn’t named" },
  { "offset-text", "weights.bin", "four", "8", "is no number" },
  { "offset-negative", "weights.bin", "-4", "8", "is no number" },
  { "beyond", "weights.bin", "80", "8", "8 bytes at 80 of “weights.bin” were wanted" },
  { "overflow", "weights.bin", "18446744073709551612", "8", "were wanted" },
  { "length", "weights.bin", "0", "12", "take 8 bytes, but it has 12" },
  { "rest", "weights.bin", "80", NULL, "take 8 bytes, but it has 4" },
};

static void
put_pair (GByteArray *tensor, const char *key, const char *value)
{
  GByteArray *pair = g_byte_array_new ();

  put_text (pair, 1, key);
  if (value != NULL)
    put_text (pair, 2, value);
  put_message (tensor, 13, pair);
}

static void
test_bad_external (gconstpointer data)
{
  const BadExternal *row = data;
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "onnx", "external",
                                                 "x.onnx", NULL);
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EspSource) source = NULL;
  g_autoptr (GError) error = NULL;
  GByteArray *tensor = make_tensor ("bad", 1, 1, 2);
  const GError *reason;

  put_number (tensor, 14, 1);
  put_pair (tensor, "location", row->location);
  put_pair (tensor, "offset", row->offset);
  put_pair (tensor, "length", row->length);
  bytes = make_model (tensor);
  source = esp_source_new_for_bytes (bytes, "memory");
  checkpoint = esp_format_open_source (source, path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  reason = esp_tensor_get_error (find_tensor (checkpoint, "bad"));
  g_assert_nonnull (reason);
  if (strstr (reason->message, row->message) == NULL)
    g_error ("“%s” lacks “%s”", reason->message, row->message);
}

static void
assert_refused (GByteArray *model, EspFormatError code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (open_bytes (g_byte_array_free_to_bytes (model), &error));
  g_assert_error (error, ESP_FORMAT_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” lacks “%s”", error->message, message);
}

static void
test_two_graphs (void)
{
  GByteArray *model = g_byte_array_new ();

  put_number (model, 1, 10);
  put_bytes (model, 7, "", 0);
  put_bytes (model, 7, "", 0);
  assert_refused (model, ESP_FORMAT_ERROR_CORRUPT, "the model has two graphs");
}

/* If in If in If ...; a stack would overflow long before the end */
static void
test_nesting (void)
{
  GByteArray *model = g_byte_array_new ();
  GByteArray *graph = g_byte_array_new ();

  for (guint i = 0; i < 5000; i++)
    {
      GByteArray *attribute = g_byte_array_new ();
      GByteArray *node = g_byte_array_new ();

      put_message (attribute, 6, graph);
      put_message (node, 5, attribute);
      graph = g_byte_array_new ();
      put_message (graph, 1, node);
    }
  put_number (model, 1, 10);
  put_message (model, 7, graph);
  assert_refused (model, ESP_FORMAT_ERROR_LIMIT, "nested deeper than the limit");
}

/* two of one name stay two, and are told of */
static void
test_duplicate (void)
{
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  GByteArray *tensor = make_tensor ("good", 1, 1, 1);

  put_bytes (tensor, 9, "1234", 4);
  checkpoint = open_bytes (make_model (tensor), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (esp_tree_get_n_tensors (esp_checkpoint_get_tree (checkpoint)), ==, 2);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 1);
}

/* any cut and any changed byte gives values or an error */
static void
test_damage (gconstpointer path)
{
  esp_damage_fixture (
      path, (EspDamage) { .flips = "\xff", .n_random = 4000, .user_data = (gpointer) "x" });
}

/* }}} */

static void
test_scopes (void)
{
  static const char *const rows[][3] = {
    { "/layers.0/lin/MatMul", "layers.0.lin", "MatMul" },
    { "/blocks.0/mlp/mlp.2/MatMul", "blocks.0.mlp.2", "MatMul" },
    { "/features/features.0/features.0.1/Conv", "features.0.1", "Conv" },
    { "/layer1/layer1.0/conv1/Conv", "layer1.0.conv1", "Conv" },
    { "/0/Gemm", "0", "Gemm" },
    { "/Add", "", "Add" },
    { "model/dense/MatMul", "model.dense", "MatMul" },
    { "layers.0.weight", "layers.0", "weight" },
    { "plain", "", "plain" },
    { "", "", "" },
    { "//", "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *scope = NULL;
      g_autofree char *leaf = NULL;

      _esp_onnx_scope_split (rows[i][0], &scope, &leaf);
      g_assert_cmpstr (scope, ==, rows[i][1]);
      g_assert_cmpstr (leaf, ==, rows[i][2]);
    }
}

static void
test_lists (void)
{
  static const char *const bad_lists[] = { "", "x", "[", "['a", "['a'", "[a]", "['a\\", "['a' 5]" };
  g_auto (GStrv) list = _esp_onnx_scope_parse_list ("['', \"it's\", 'a\\'b', 'x']");

  g_assert_cmpuint (g_strv_length (list), ==, 4);
  g_assert_cmpstr (list[0], ==, "");
  g_assert_cmpstr (list[1], ==, "it's");
  g_assert_cmpstr (list[2], ==, "a'b");
  for (guint i = 0; i < G_N_ELEMENTS (bad_lists); i++)
    g_assert_null (_esp_onnx_scope_parse_list (bad_lists[i]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/onnx/types", test_types);
  g_test_add_func ("/onnx/graph", test_graph);
  g_test_add_func ("/onnx/classes", test_classes);
  g_test_add_func ("/onnx/constants", test_constants);
  g_test_add_func ("/onnx/external", test_external);
  g_test_add_func ("/onnx/marks", test_marks);
  g_test_add_func ("/onnx/scopes", test_scopes);
  g_test_add_func ("/onnx/lists", test_lists);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = g_strconcat ("/onnx/bad/", bad[i].name, NULL);

      g_test_add_data_func (path, &bad[i], test_bad);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad_external); i++)
    {
      g_autofree char *path = g_strconcat ("/onnx/bad-external/", bad_external[i].name, NULL);

      g_test_add_data_func (path, &bad_external[i], test_bad_external);
    }
  g_test_add_func ("/onnx/two-graphs", test_two_graphs);
  g_test_add_func ("/onnx/nesting", test_nesting);
  g_test_add_func ("/onnx/duplicate", test_duplicate);
  g_test_add_data_func ("/onnx/damage/types", "onnx/types.onnx", test_damage);
  g_test_add_data_func ("/onnx/damage/graph", "onnx/graph.onnx", test_damage);
  g_test_add_data_func ("/onnx/damage/external", "onnx/external/model.onnx", test_damage);
  return g_test_run ();
}
