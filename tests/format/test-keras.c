/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The Keras readers: files of keras and tf_keras with the names that these give their variables
 * (made by make-keras.py), archives with parts missing or broken, cuts and changed bytes. */

#include "config.h"

#include "esp-damage.h"
#include "esp-error.h"
#include "esp-format.h"
#include "esp-pairing.h"
#include "esp-source.h"
#include "zip-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

/* {{{ asking */

static char *
get_path (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "fixtures", "keras", name, NULL);
}

static EspCheckpoint *
open_fixture (const char *name, const char *format)
{
  g_autofree char *path = get_path (name);
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, format);
  return checkpoint;
}

static char *
read_fixture (const char *name, gsize *size)
{
  g_autofree char *path = get_path (name);
  char *contents;

  g_assert_true (g_file_get_contents (path, &contents, size, NULL));
  return contents;
}

/* takes @bytes */
static EspCheckpoint *
open_bytes (GBytes *bytes, GError **error)
{
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "memory");

  g_bytes_unref (bytes);
  return esp_format_open_source (source, "x.keras", NULL, NULL, NULL, error);
}

/* by the names on the way, with "/" between them */
static EspPlace *
find_place (EspCheckpoint *checkpoint, const char *way)
{
  EspPlace *place = esp_tree_get_root (esp_checkpoint_get_tree (checkpoint));
  g_auto (GStrv) parts = g_strsplit (way, "/", -1);

  for (guint i = 0; parts[i] != NULL && place != NULL; i++)
    place = esp_place_find_child (place, parts[i]);
  if (place == NULL)
    g_error ("%s isn’t there", way);
  return place;
}

static EspTensor *
find_tensor (EspCheckpoint *checkpoint, const char *way)
{
  EspParameter *parameter = esp_place_get_parameter (find_place (checkpoint, way));

  g_assert_nonnull (parameter);
  return esp_parameter_get_data (parameter);
}

static void
assert_class (EspCheckpoint *checkpoint, const char *way, const char *class_name)
{
  EspModule *module = esp_place_get_module (find_place (checkpoint, way));

  g_assert_nonnull (module);
  g_assert_cmpstr (esp_module_get_class (module), ==, class_name);
}

static void
assert_attribute (EspCheckpoint *checkpoint, const char *way, const char *key, const char *value)
{
  EspModule *module = esp_place_get_module (find_place (checkpoint, way));

  g_assert_cmpstr (esp_module_find_attribute (module, key), ==, value);
}

static void
assert_stored_as (EspCheckpoint *checkpoint, const char *way, const char *path, EspRole role)
{
  EspPlace *place = find_place (checkpoint, way);

  g_assert_cmpstr (esp_place_get_path (place), ==, path);
  g_assert_cmpint (esp_parameter_get_role (esp_place_get_parameter (place)), ==, role);
}

static gboolean
has_warning (EspCheckpoint *checkpoint, const char *pattern)
{
  for (guint i = 0; i < esp_checkpoint_get_n_warnings (checkpoint); i++)
    if (g_pattern_match_simple (pattern, esp_checkpoint_get_warning (checkpoint, i)))
      return TRUE;
  return FALSE;
}

static void
assert_warning (EspCheckpoint *checkpoint, const char *pattern)
{
  if (!has_warning (checkpoint, pattern))
    g_error ("no warning like %s", pattern);
}

/* }}} */
/* {{{ names that Keras gives */

/* the names that the objects above a place have in Keras, joined by @separator */
static char *
get_keras_path (EspPlace *place, const char *separator)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (EspPlace *at = place; esp_place_get_parent (at) != NULL; at = esp_place_get_parent (at))
    {
      EspModule *module = esp_place_get_module (at);
      const char *name = module != NULL ? esp_module_find_attribute (module, "name")
                                        : esp_place_get_name (at);

      /* lists have none, and aren't in Keras' paths */
      if (name == NULL)
        continue;
      if (out->len > 0)
        g_string_prepend (out, separator);
      g_string_prepend (out, name);
    }
  return g_strdup (out->str);
}

/* of what an optimizer keeps: "adam/out_kernel_momentum" */
static char *
get_slot_path (EspCheckpoint *checkpoint, EspPlace *place)
{
  g_autoptr (GString) way = g_string_new (NULL);
  g_autofree char *of = NULL;

  for (EspPlace *at = esp_place_get_parent (place);
       strcmp (esp_place_get_name (at), "optimizer") != 0; at = esp_place_get_parent (at))
    {
      if (way->len > 0)
        g_string_prepend_c (way, '/');
      g_string_prepend (way, esp_place_get_name (at));
    }
  if (way->len == 0)
    return g_strdup_printf ("adam/%s", esp_place_get_name (place));
  of = get_keras_path (find_place (checkpoint, way->str), "_");
  return g_strdup_printf ("adam/%s_%s", of, esp_place_get_name (place));
}

static void
check_line (EspCheckpoint *checkpoint, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 2);
  EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), words[0], NULL);
  gboolean is_slot = g_str_has_prefix (words[0], "optimizer/");
  g_autofree char *path = NULL;

  g_assert_nonnull (place);
  path = is_slot ? get_slot_path (checkpoint, place) : get_keras_path (place, "/");
  /* the class is the file's own: nobody else knows what it calls its variables */
  if (g_str_has_prefix (words[1], "scale/"))
    g_assert_true (g_str_has_prefix (path, "scale/"));
  else if (!g_str_has_prefix (words[1], "adam/scale_"))
    g_assert_cmpstr (path, ==, words[1]);
  g_assert_cmpint (esp_parameter_get_role (esp_place_get_parameter (place)) == ESP_ROLE_OPTIMIZER,
                   ==, is_slot);
}

static void
test_names (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("layers.keras", "keras-zip");
  gsize size;
  g_autofree char *text = read_fixture ("layers.txt", &size);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (text), "\n", -1);

  g_assert_cmpuint (g_strv_length (lines), >, 110);
  for (guint i = 0; lines[i] != NULL; i++)
    check_line (checkpoint, lines[i]);
}

/* }}} */
/* {{{ structure */

static void
test_classes (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("layers.keras", "keras-zip");
  EspPlace *root = esp_tree_get_root (esp_checkpoint_get_tree (checkpoint));

  g_assert_cmpstr (esp_checkpoint_get_producer (checkpoint), ==, "Keras 3.15.1");
  g_assert_cmpstr (esp_module_get_class (esp_place_get_module (root)), ==, "Functional");
  assert_class (checkpoint, "image", "InputLayer");
  assert_class (checkpoint, "conv", "Conv2D");
  assert_attribute (checkpoint, "conv", "name", "conv");
  assert_attribute (checkpoint, "conv", "filters", "3");
  assert_attribute (checkpoint, "conv", "dtype", "float32");
  assert_attribute (checkpoint, "conv", "input_shape", "[null, 6, 6, 2]");
  assert_class (checkpoint, "both/forward_layer", "LSTM");
  assert_class (checkpoint, "both/backward_layer/cell", "LSTMCell");
  assert_class (checkpoint, "stack/cell", "StackedRNNCells");
  assert_class (checkpoint, "stack/cell/cells/gru_cell_1", "GRUCell");
  assert_class (checkpoint, "mha/query_dense", "EinsumDense");
  assert_class (checkpoint, "time/layer", "Dense");
  assert_class (checkpoint, "inner/deep", "Dense");
  assert_class (checkpoint, "scale", "Scale");
  assert_class (checkpoint, "optimizer", "Adam");
  assert_stored_as (checkpoint, "bn/moving_mean", "layers/batch_normalization/vars/1",
                    ESP_ROLE_BUFFER);
  assert_stored_as (checkpoint, "bn/beta", "layers/batch_normalization/vars/0", ESP_ROLE_PARAMETER);
  assert_warning (checkpoint, "*“twice” holds Python code, which was not run");
}

static void
test_frozen (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("layers.keras", "keras-zip");
  static const struct
  {
    const char *way;
    EspRequiresGrad grad;
  } cases[] = {
    { "out/kernel", ESP_REQUIRES_GRAD_YES },
    { "frozen/kernel", ESP_REQUIRES_GRAD_NO },
    { "bn/moving_mean", ESP_REQUIRES_GRAD_NO },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (esp_parameter_get_requires_grad (
                         esp_place_get_parameter (find_place (checkpoint, cases[i].way))),
                     ==, cases[i].grad);
}

/* a layer, and a model, that the graph calls several times */
static void
test_shared (void)
{
  static const char *const files[] = { "layers.keras", "two.h5", "three.h5" };
  static const char *const formats[] = { "keras-zip", "keras-h5", "keras-h5" };

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (EspCheckpoint) checkpoint = open_fixture (files[i], formats[i]);
      EspPlace *first = find_place (checkpoint, "shared");
      EspPlace *again = find_place (checkpoint, "shared[1]");
      EspPlace *kernel = find_place (checkpoint, "shared[1]/kernel");

      g_assert_true (esp_place_get_module (first) == esp_place_get_module (again));
      g_assert_true (esp_place_get_first (again) == first);
      g_assert_true (esp_place_is_stored (find_place (checkpoint, "shared/kernel")));
      g_assert_false (esp_place_is_stored (kernel));
      g_assert_cmpint (esp_tie_get_kind (esp_place_get_tie (kernel)), ==, ESP_TIE_IMPLIED);
      g_assert_true (esp_place_get_parameter (kernel) ==
                     esp_place_get_parameter (find_place (checkpoint, "shared/kernel")));
    }
}

static void
test_inner (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("layers.keras", "keras-zip");

  g_assert_true (esp_place_get_module (find_place (checkpoint, "inner[1]/deep")) ==
                 esp_place_get_module (find_place (checkpoint, "inner/deep")));
  g_assert_false (esp_place_is_stored (find_place (checkpoint, "inner[1]/leaky/alpha")));
}

static void
assert_owner (EspTree *tree, EspPairing *pairing, const char *state, const char *wanted)
{
  EspPlace *place = esp_tree_find (tree, state, NULL);
  gboolean guessed;
  gint64 owner;

  g_assert_nonnull (place);
  owner = esp_pairing_get_owner (pairing, (guint) esp_place_get_index (place), &guessed);
  if (wanted == NULL)
    {
      g_assert_cmpint (owner, ==, -1);
      return;
    }
  if (owner < 0)
    g_error ("%s has no owner", state);
  g_assert_false (guessed);
  g_assert_cmpstr (esp_place_get_path (esp_tree_get_tensor (tree, (guint) owner)), ==, wanted);
}

/* what an optimizer keeps belongs to the parameter that it stands below */
static void
test_owners (void)
{
  static const struct
  {
    const char *file, *format, *state, *owner;
  } cases[] = {
    { "layers.keras", "keras-zip", "optimizer/vars/0", NULL },
    { "layers.keras", "keras-zip", "optimizer/vars/1", NULL },
    { "layers.keras", "keras-zip", "optimizer/vars/2", "layers/conv2d/vars/0" },
    { "layers.keras", "keras-zip", "optimizer/vars/67", "layers/dense/vars/1" },
    { "layers.keras", "keras-zip", "optimizer/vars/75", "layers/dense_2/vars/0" },
    { "two.h5", "keras-h5", "optimizer_weights/Adam/v/deep/kernel:0",
      "model_weights/inner/deep/kernel:0" },
    { "three.h5", "keras-h5", "optimizer_weights/adam_1/out_bias_velocity",
      "model_weights/out/out/bias" },
    { "three.h5", "keras-h5", "optimizer_weights/adam_1/iteration", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EspCheckpoint) checkpoint = open_fixture (cases[i].file, cases[i].format);
      EspTree *tree = esp_checkpoint_get_tree (checkpoint);
      g_autoptr (EspPairing) pairing = esp_pairing_new (tree);

      assert_owner (tree, pairing, cases[i].state, cases[i].owner);
    }
}

/* }}} */
/* {{{ other layouts */

static void
test_legacy (void)
{
  g_autoptr (EspCheckpoint) two = open_fixture ("two.h5", "keras-h5");
  g_autoptr (EspCheckpoint) three = open_fixture ("three.h5", "keras-h5");

  g_assert_cmpstr (esp_checkpoint_get_producer (two), ==, "Keras 2.21.0");
  assert_warning (two, "*“twice” holds Python code, which was not run");
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (three), ==, 0);
  assert_stored_as (two, "both/forward_gru/gru_cell/kernel",
                    "model_weights/both/both/forward_gru/gru_cell/kernel:0", ESP_ROLE_PARAMETER);
  assert_class (two, "both/forward_gru", "GRU");
  assert_class (two, "both/backward_gru/gru_cell", "GRUCell");
  assert_stored_as (two, "inner/deep/kernel", "model_weights/inner/deep/kernel:0",
                    ESP_ROLE_PARAMETER);
  assert_class (two, "inner/norm", "LayerNormalization");
  assert_stored_as (two, "bn/moving_variance", "model_weights/bn/bn/moving_variance:0",
                    ESP_ROLE_BUFFER);
  assert_stored_as (two, "optimizer/inner/deep/kernel/m", "optimizer_weights/Adam/m/deep/kernel:0",
                    ESP_ROLE_OPTIMIZER);
  assert_stored_as (two, "optimizer/iteration", "optimizer_weights/iteration:0",
                    ESP_ROLE_OPTIMIZER);
  assert_class (two, "optimizer", "Adam");
  assert_stored_as (three, "inner/deep/kernel", "model_weights/inner/inner/deep/kernel",
                    ESP_ROLE_PARAMETER);
  assert_stored_as (three, "optimizer/out/bias/velocity",
                    "optimizer_weights/adam_1/out_bias_velocity", ESP_ROLE_OPTIMIZER);
}

static void
test_weights (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("two-weights.h5", "keras-h5-weights");

  assert_stored_as (checkpoint, "both/backward_gru/gru_cell/bias",
                    "both/both/backward_gru/gru_cell/bias:0", ESP_ROLE_PARAMETER);
  assert_stored_as (checkpoint, "out/kernel", "out/out/kernel:0", ESP_ROLE_PARAMETER);
  assert_class (checkpoint, "twice", "");
}

static void
test_keras1 (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("one.h5", "keras-h5");
  float values[6];

  g_assert_cmpstr (esp_checkpoint_get_producer (checkpoint), ==, "Keras 1.2.2");
  assert_class (checkpoint, "dense_1", "Dense");
  assert_stored_as (checkpoint, "dense_1/W", "model_weights/dense_1/dense_1_W", ESP_ROLE_PARAMETER);
  assert_stored_as (checkpoint, "bn_1/running_std", "model_weights/bn_1/bn_1_running_std",
                    ESP_ROLE_BUFFER);
  g_assert_true (
      esp_tensor_read_f32 (find_tensor (checkpoint, "dense_1/W"), 0, 6, values, NULL, NULL));
  for (guint i = 0; i < 6; i++)
    g_assert_cmpfloat (values[i], ==, (float) i);
}

/* without a config: what the groups themselves tell */
static void
test_own (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("own.weights.h5", "keras-weights-h5");

  assert_stored_as (checkpoint, "first/kernel", "first/vars/0", ESP_ROLE_PARAMETER);
  assert_stored_as (checkpoint, "blocks/b/bias", "blocks/dense_1/vars/1", ESP_ROLE_PARAMETER);
  assert_stored_as (checkpoint, "blocks/c/moving_mean", "blocks/batch_normalization/vars/2",
                    ESP_ROLE_BUFFER);
  assert_stored_as (checkpoint, "table/embeddings", "layers/embedding/vars/0", ESP_ROLE_PARAMETER);
  assert_stored_as (checkpoint, "0", "vars/0", ESP_ROLE_PARAMETER);
  assert_class (checkpoint, "first", "");
}

static void
test_quantised (void)
{
  g_autoptr (EspCheckpoint) int8 = open_fixture ("int8.keras", "keras-zip");
  g_autoptr (EspCheckpoint) float8 = open_fixture ("float8.keras", "keras-zip");

  assert_stored_as (int8, "q/kernel", "layers/dense/vars/0", ESP_ROLE_PARAMETER);
  assert_stored_as (int8, "q/kernel_scale", "layers/dense/vars/2", ESP_ROLE_BUFFER);
  assert_stored_as (int8, "r/kernel_scale", "layers/dense_1/vars/1", ESP_ROLE_BUFFER);
  assert_attribute (int8, "q", "dtype", "int8_from_float32");
  assert_stored_as (float8, "r/outputs_grad_amax_history", "layers/dense_1/vars/6",
                    ESP_ROLE_BUFFER);
}

/* }}} */
/* {{{ shards */

static void
test_shards (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("shards.weights.json", "keras-sharded");

  assert_stored_as (checkpoint, "wide/kernel", "layers/dense/vars/0", ESP_ROLE_PARAMETER);
  assert_stored_as (checkpoint, "out/bias", "layers/dense_2/vars/1", ESP_ROLE_PARAMETER);
  g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
}

static void
test_missing_shard (void)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  static const char *const names[] = { "shards.weights.json", "shards_00001.weights.h5" };
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autofree char *index = g_build_filename (folder, names[0], NULL);
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      gsize size;
      g_autofree char *bytes = read_fixture (names[i], &size);
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      g_assert_true (g_file_set_contents (path, bytes, (gssize) size, NULL));
    }
  checkpoint = esp_format_open (index, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  assert_warning (checkpoint, "shards_00000.weights.h5: *; the variables in it can’t be shown");
  find_place (checkpoint, "out/bias");
  g_clear_object (&checkpoint);
  for (gsize i = G_N_ELEMENTS (names); i-- > 0;)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      g_unlink (path);
      if (i == 0)
        break;
      /* the index alone */
      checkpoint = esp_format_open (index, NULL, NULL, NULL, &error);
      g_assert_null (checkpoint);
      g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED);
      g_clear_error (&error);
    }
  g_rmdir (folder);
}

/* }}} */
/* {{{ parts missing or broken */

#define CONFIG                                                                                     \
  "{\"class_name\":\"Sequential\",\"config\":{\"name\":\"s\",\"layers\":[{\"class_name\":"         \
  "\"Dense\",\"config\":{\"name\":\"wide\",\"trainable\":true}}]}}"
#define FACTS "{\"keras_version\": \"3.0.0\"}"

static const struct
{
  const char *config;  /* NULL: no such member */
  const char *facts;   /* the same */
  const char *weights; /* name of a fixture; "": broken; NULL */
  const char *problem; /* a warning, or an error if there is no @found */
  const char *found;   /* a place that opens, or NULL */
} archives[] = {
  { CONFIG, FACTS, "shards_00000.weights.h5", NULL, "wide/kernel" },
  { NULL, FACTS, "shards_00000.weights.h5", "config.json is missing; *", "wide/kernel" },
  { "{", FACTS, "shards_00000.weights.h5", "config.json: *without it the classes*", "wide/kernel" },
  { "[]", FACTS, "shards_00000.weights.h5", "config.json: this should be an object; *",
    "wide/kernel" },
  { CONFIG, NULL, "shards_00000.weights.h5", NULL, "wide/kernel" },
  { CONFIG, "{", "shards_00000.weights.h5", "metadata.json: *", "wide/kernel" },
  { CONFIG, FACTS, NULL, "model.weights.h5 is missing; only the layers are shown", "wide" },
  { CONFIG, FACTS, "", "model.weights.h5: *; only the layers are shown", "wide" },
  { NULL, FACTS, "", "x.keras: model.weights.h5: *", NULL },
  { "{", FACTS, NULL, "x.keras: model.weights.h5 is missing", NULL },
};

static GBytes *
make_archive (gsize index)
{
  ZipWriter zip;

  zip_init (&zip);
  if (archives[index].facts != NULL)
    zip_add (&zip, "metadata.json", archives[index].facts, strlen (archives[index].facts));
  if (archives[index].config != NULL)
    zip_add (&zip, "config.json", archives[index].config, strlen (archives[index].config));
  if (archives[index].weights != NULL && *archives[index].weights != '\0')
    {
      gsize size;
      g_autofree char *weights = read_fixture (archives[index].weights, &size);

      zip_add (&zip, "model.weights.h5", weights, size);
    }
  else if (archives[index].weights != NULL)
    zip_add (&zip, "model.weights.h5", "no HDF5 at all", 14);
  return zip_finish (&zip);
}

static void
test_parts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (archives); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspCheckpoint) checkpoint = open_bytes (make_archive (i), &error);

      if (archives[i].found == NULL)
        {
          g_assert_null (checkpoint);
          g_assert_nonnull (error);
          if (!g_pattern_match_simple (archives[i].problem, error->message))
            g_error ("%s: not like %s", error->message, archives[i].problem);
          continue;
        }
      g_assert_no_error (error);
      find_place (checkpoint, archives[i].found);
      if (archives[i].problem != NULL)
        assert_warning (checkpoint, archives[i].problem);
      else
        g_assert_cmpuint (esp_checkpoint_get_n_warnings (checkpoint), ==, 0);
    }
}

static void
add_fixture (ZipWriter *zip, const char *member, const char *name)
{
  gsize size;
  g_autofree char *bytes = read_fixture (name, &size);

  zip_add (zip, member, bytes, size);
}

/* weights in pieces inside an archive, and all of it in a folder that a person zipped */
static void
test_pieces_inside (void)
{
  ZipWriter zip;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;

  zip_init (&zip);
  zip_add (&zip, "top/metadata.json", TEXT (FACTS));
  zip_add (&zip, "top/config.json", TEXT (CONFIG));
  add_fixture (&zip, "top/model.weights.json", "shards.weights.json");
  add_fixture (&zip, "top/shards_00001.weights.h5", "shards_00001.weights.h5");
  checkpoint = open_bytes (zip_finish (&zip), &error);
  g_assert_no_error (error);
  assert_warning (checkpoint, "shards_00000.weights.h5: the file isn’t in the archive");
  assert_class (checkpoint, "wide", "Dense");
  find_place (checkpoint, "out/kernel");
}

/* an archive that was unpacked */
static void
test_unpacked (void)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_autofree char *config = g_build_filename (folder, "config.json", NULL);
  g_autofree char *weights = g_build_filename (folder, "model.weights.h5", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  gsize size;
  g_autofree char *bytes = read_fixture ("shards_00000.weights.h5", &size);

  g_assert_true (g_file_set_contents (config, CONFIG, -1, NULL));
  g_assert_true (g_file_set_contents (weights, bytes, (gssize) size, NULL));
  checkpoint = esp_format_open (folder, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, "keras-weights-h5");
  assert_class (checkpoint, "wide", "Dense");
  assert_stored_as (checkpoint, "wide/kernel", "layers/dense/vars/0", ESP_ROLE_PARAMETER);
  g_unlink (config);
  g_unlink (weights);
  g_rmdir (folder);
}

/* a config whose shared models unfold without end leaves the first places */
static void
test_unfolding (void)
{
  g_autoptr (GString) config = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  ZipWriter zip;

  for (guint i = 0; i < 14; i++)
    g_string_append_printf (config,
                            "{\"class_name\":\"Functional\",\"inbound_nodes\":[[],[],[],[],[],[]],"
                            "\"config\":{\"name\":\"m%u\",\"layers\":[",
                            i);
  for (guint i = 0; i < 14; i++)
    g_string_append (config, "]}}");
  zip_init (&zip);
  zip_add (&zip, "metadata.json", FACTS, strlen (FACTS));
  zip_add (&zip, "config.json", config->str, config->len);
  checkpoint = open_bytes (zip_finish (&zip), &error);
  g_assert_no_error (error);
  assert_warning (checkpoint, "*; layers that are called several times are shown at one place*");
  find_place (checkpoint, "m1/m2/m3");
}

/* }}} */
/* {{{ damage */

/* each try starts a process, so that only some are made */
static void
damage (const char *name, guint cuts, guint changes)
{
  gsize size;
  g_autofree char *good = read_fixture (name, &size);
  g_autofree char *path = get_path (name);
  g_autoptr (GRand) random = g_rand_new_with_seed (5);

  for (guint i = 0; i < cuts; i++)
    {
      g_autoptr (GBytes) cut = g_bytes_new (good, size * i / cuts);

      esp_damage_open (cut, path);
    }
  for (guint i = 0; i < changes; i++)
    {
      gsize at = (gsize) g_rand_int_range (random, 0, (gint32) size);
      g_autoptr (GBytes) changed = NULL;
      char kept = good[at];

      good[at] = (char) g_rand_int (random);
      changed = g_bytes_new (good, size);
      esp_damage_open (changed, path);
      good[at] = kept;
    }
}

static void
test_damage (void)
{
  damage ("int8.keras", 20, 60);
  damage ("own.weights.h5", 20, 60);
  damage ("two-weights.h5", 20, 60);
  damage ("one.h5", 20, 60);
}

/* }}} */

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#if ESP_HAVE_HDF5
  g_test_add_func ("/keras/names", test_names);
  g_test_add_func ("/keras/classes", test_classes);
  g_test_add_func ("/keras/frozen", test_frozen);
  g_test_add_func ("/keras/shared", test_shared);
  g_test_add_func ("/keras/inner", test_inner);
  g_test_add_func ("/keras/owners", test_owners);
  g_test_add_func ("/keras/legacy", test_legacy);
  g_test_add_func ("/keras/weights", test_weights);
  g_test_add_func ("/keras/keras1", test_keras1);
  g_test_add_func ("/keras/own", test_own);
  g_test_add_func ("/keras/quantised", test_quantised);
  g_test_add_func ("/keras/shards", test_shards);
  g_test_add_func ("/keras/missing-shard", test_missing_shard);
  g_test_add_func ("/keras/parts", test_parts);
  g_test_add_func ("/keras/pieces-inside", test_pieces_inside);
  g_test_add_func ("/keras/unpacked", test_unpacked);
#endif
  g_test_add_func ("/keras/unfolding", test_unfolding);
  g_test_add_func ("/keras/damage", test_damage);
  return g_test_run ();
}
