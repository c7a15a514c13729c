/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Specifications: what is accepted and what becomes of it, and every way in which one can be wrong:
 * a message that names the place, never a crash or a large allocation. */

#include <math.h>
#include <string.h>

#include "esp-error.h"
#include "esp-module.h"
#include "esp-network.h"
#include "esp-trainer.h"
#include "train-fixture.h"

#define REST                                                                                       \
  "\"loss\": {\"class\": \"MSELoss\"}, \"optimizer\": {\"class\": \"SGD\"}, \"data\": "            \
  "{\"name\": \"random\", \"inputs\": [4], \"targets\": [1]}}"
#define SPEC(modules) "{\"espalier\": 1, \"modules\": [" modules "], " REST
#define LINEAR(out) "{\"class\": \"Linear\", \"out_features\": " out "}"

static EspNetwork *
load (const char *text)
{
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_new_from_json (text, -1, &error);
  g_assert_no_error (error);
  g_assert_nonnull (network);
  return network;
}

static void
test_template_mlp (void)
{
  g_autoptr (EspNetwork) network = train_load_template ("d2l-mlp");
  EspTree *tree = esp_network_get_tree (network);
  EspPlace *root = esp_tree_get_root (tree);
  g_assert_cmpstr (esp_network_get_name (network), ==, "d2l-mlp");
  g_assert_cmpstr (esp_network_get_loss_name (network), ==, "MSELoss");
  g_assert_cmpstr (esp_network_get_optimizer_name (network), ==, "Adam");
  g_assert_cmpstr (esp_network_get_data_name (network), ==, "random");
  g_assert_cmpuint (esp_network_get_n_examples (network), ==, 64);
  g_assert_cmpuint (esp_network_get_batch_size (network), ==, 2);
  g_assert_false (esp_network_is_classifier (network));
  g_assert_cmpuint (esp_network_get_n_parameters (network), ==, 4);
  g_assert_cmpstr (esp_module_get_class (esp_place_get_module (root)), ==, "Sequential");
  g_assert_cmpuint (esp_place_get_n_children (root), ==, 3);
  EspPlace *first = esp_place_get_child (root, 0);
  EspModule *linear = esp_place_get_module (first);
  g_assert_cmpstr (esp_module_get_class (linear), ==, "Linear");
  g_assert_cmpstr (esp_module_find_attribute (linear, "in_features"), ==, "4");
  g_assert_cmpstr (esp_module_find_attribute (linear, "out_features"), ==, "8");
  g_assert_cmpstr (esp_module_find_attribute (linear, "bias"), ==, "True");
  static const char *const names[] = { "0.weight", "0.bias", "2.weight", "2.bias" };
  g_assert_cmpuint (esp_tree_get_n_tensors (tree), ==, 4);
  for (guint i = 0; i < 4; i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);
      g_assert_cmpstr (esp_place_get_path (place), ==, names[i]);
      g_assert_true (esp_place_get_parameter (place) == esp_network_get_parameter (network, i));
      g_assert_cmpint (esp_network_find_parameter (network, esp_place_get_parameter (place)), ==,
                       (int) i);
    }
}

/* 4-8-shared-shared-1: one layer at two places, listed twice, counted once */
static void
test_template_shared (void)
{
  g_autoptr (EspNetwork) network = train_load_template ("d2l-shared");
  EspTree *tree = esp_network_get_tree (network);
  const EspTotals *totals = esp_tree_get_totals (tree);
  g_assert_cmpuint (esp_network_get_n_parameters (network), ==, 6);
  g_assert_cmpuint (esp_tree_get_n_tensors (tree), ==, 8);
  g_assert_cmpuint (totals->elements, ==, 193);
  g_assert_cmpuint (totals->unique_elements, ==, 121);
  EspPlace *a = esp_tree_find (tree, "2.weight", NULL);
  EspPlace *b = esp_tree_find (tree, "4.weight", NULL);
  g_assert_true (a != b);
  g_assert_true (esp_place_get_parameter (a) == esp_place_get_parameter (b));
  g_assert_true (esp_place_get_module (esp_place_get_parent (a)) ==
                 esp_place_get_module (esp_place_get_parent (b)));
  g_assert_cmpuint (esp_parameter_get_n_places (esp_place_get_parameter (a)), ==, 2);
}

static void
test_template_spirals (void)
{
  g_autoptr (EspNetwork) network = train_load_template ("spirals");
  g_assert_true (esp_network_is_classifier (network));
  g_assert_cmpuint (esp_tree_get_totals (esp_network_get_tree (network))->elements, ==, 354);
}

static void
test_nested_and_named (void)
{
  g_autoptr (EspNetwork) network =
      load (SPEC ("{\"class\": \"Sequential\", \"name\": \"block\", \"id\": \"b\", \"modules\": "
                  "[" LINEAR ("4") ", {\"class\": \"Tanh\", \"name\": \"squash\"}]},"
                                   "{\"use\": \"b\", \"name\": \"again\"}," LINEAR ("1")));
  EspTree *tree = esp_network_get_tree (network);
  g_assert_nonnull (esp_tree_find (tree, "block.squash", NULL));
  EspPlace *first = esp_tree_find (tree, "block.0.weight", NULL);
  EspPlace *second = esp_tree_find (tree, "again.0.weight", NULL);
  g_assert_true (esp_place_get_parameter (first) == esp_place_get_parameter (second));
  g_assert_nonnull (esp_tree_find (tree, "2.bias", NULL));
  g_assert_cmpuint (esp_network_get_n_parameters (network), ==, 4);
}

static void
test_tie (void)
{
  g_autoptr (EspNetwork)
      network = load (SPEC (LINEAR ("4") ", {\"class\": \"Linear\", \"out_features\": 4, \"tie\": "
                                         "{\"weight\": \"0.weight\"}}," LINEAR ("1")));
  EspTree *tree = esp_network_get_tree (network);
  g_assert_cmpuint (esp_network_get_n_parameters (network), ==, 5);
  g_assert_true (esp_place_get_parameter (esp_tree_find (tree, "0.weight", NULL)) ==
                 esp_place_get_parameter (esp_tree_find (tree, "1.weight", NULL)));
  g_assert_true (esp_place_get_parameter (esp_tree_find (tree, "0.bias", NULL)) !=
                 esp_place_get_parameter (esp_tree_find (tree, "1.bias", NULL)));
  g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, 1);
}

static void
test_frozen (void)
{
  g_autoptr (EspNetwork) network =
      load (SPEC ("{\"class\": \"Linear\", \"out_features\": 1, \"requires_grad\": false}"));
  EspParameter *parameter = esp_network_get_parameter (network, 0);
  g_assert_cmpint (esp_parameter_get_requires_grad (parameter), ==, ESP_REQUIRES_GRAD_NO);
  g_autoptr (EspTrainer) trainer = esp_trainer_new (network);
  esp_trainer_run (trainer, 3);
  g_autoptr (EspSnapshot) snapshot = esp_trainer_take_snapshot (trainer);
  g_assert_cmpuint (esp_snapshot_get_step (snapshot), ==, 3);
  g_assert_null (esp_snapshot_get_channel (snapshot, 0, ESP_CHANNEL_GRAD));
  gsize n = 0;
  g_autofree float *now =
      train_read_tensor (esp_snapshot_get_channel (snapshot, 0, ESP_CHANNEL_DATA), &n);
  g_autofree float *first = train_read_tensor (esp_parameter_get_data (parameter), &n);
  g_assert_cmpmem (now, n * sizeof (float), first, n * sizeof (float));
}

static void
test_explicit_init (void)
{
  g_autoptr (EspNetwork) network = load (
      SPEC ("{\"class\": \"Linear\", \"out_features\": 1, \"init\": {\"weight\": [[1, 2.5, -3, "
            "1e-3]], \"bias\": 7}}"));
  static const float wanted[] = { 1, 2.5f, -3, 1e-3f };
  gsize n = 0;
  g_autofree float *weight =
      train_read_tensor (esp_parameter_get_data (esp_network_get_parameter (network, 0)), &n);
  g_assert_cmpmem (weight, n * sizeof (float), wanted, sizeof wanted);
  g_autofree float *bias =
      train_read_tensor (esp_parameter_get_data (esp_network_get_parameter (network, 1)), &n);
  g_assert_cmpfloat (bias[0], ==, 7);
}

/* what is written can be read again, is complete, and gives the same numbers */
static void
test_round_trip (void)
{
  static const char *const texts[] = {
    SPEC ("{\"class\": \"Sequential\", \"name\": \"block\", \"id\": \"b\", \"modules\": "
          "[" LINEAR ("4") ", {\"class\": \"Tanh\"}]}, {\"use\": \"b\"}, {\"class\": \"Linear\", "
                           "\"out_features\": 1, \"requires_grad\": false, \"init\": \"keras\"}"),
    SPEC (LINEAR ("4") ", {\"class\": \"Linear\", \"out_features\": 4, \"tie\": {\"weight\": "
                       "\"0.weight\"}, \"init\": {\"bias\": 0.1}}," LINEAR ("1")),
    "{\"espalier\": 1, \"inputs\": [{\"name\": \"a\", \"shape\": [3]}, {\"name\": \"b\", "
    "\"shape\": "
    "[1]}], \"modules\": [" LINEAR ("4") ", " LINEAR (
        "1") ", {\"class\": \"Add\", \"name\": \"sum\", \"inputs\": [\"b\", \"1\"]}], " REST,
  };
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (EspNetwork) first = load (texts[i]);
      g_autofree char *once = esp_network_to_json (first);
      g_autoptr (EspNetwork) second = load (once);
      g_autofree char *twice = esp_network_to_json (second);
      g_assert_cmpstr (once, ==, twice);
      g_assert_nonnull (strstr (once, "\"in_features\": 4"));
      g_assert_nonnull (strstr (once, "\"lr\": 0.001"));
      g_assert_nonnull (strstr (once, "\"momentum\": 0"));
      g_assert_nonnull (strstr (once, "\"count\": 64"));
      guint n = esp_network_get_n_parameters (first);
      g_assert_cmpuint (n, ==, esp_network_get_n_parameters (second));
      for (guint j = 0; j < n; j++)
        {
          gsize count = 0;
          g_autofree float *a = train_read_tensor (
              esp_parameter_get_data (esp_network_get_parameter (first, j)), &count);
          g_autofree float *b = train_read_tensor (
              esp_parameter_get_data (esp_network_get_parameter (second, j)), &count);
          g_assert_cmpmem (a, count * sizeof (float), b, count * sizeof (float));
        }
    }
}

static void
test_options (void)
{
  EspNetworkOptions options = { .has_seed = TRUE, .seed = 5 };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) plain = load (SPEC (LINEAR ("1")));
  g_autoptr (EspNetwork)
      seeded = esp_network_new_from_json_with_options (SPEC (LINEAR ("1")), -1, &options, &error);
  g_assert_no_error (error);
  gsize n = 0;
  g_autofree float *a =
      train_read_tensor (esp_parameter_get_data (esp_network_get_parameter (plain, 0)), &n);
  g_autofree float *b =
      train_read_tensor (esp_parameter_get_data (esp_network_get_parameter (seeded, 0)), &n);
  g_assert_cmpint (memcmp (a, b, n * sizeof (float)), !=, 0);
  options = (EspNetworkOptions) { .data = "spirals" };
  g_autoptr (EspNetwork)
      other = esp_network_new_from_json_with_options (SPEC (LINEAR ("1")), -1, &options, &error);
  g_assert_null (other);
  g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_DATA);
}

typedef struct
{
  const char *name;
  const char *text;
  EspNetworkError code;
  const char *part; /* of the message */
  const char *other;
} Bad;

#define DATA(data)                                                                                 \
  "{\"espalier\": 1, \"modules\": [" LINEAR (                                                      \
      "1") "], \"loss\": {\"class\": \"MSELoss\"}, "                                               \
           "\"optimizer\": {\"class\": \"SGD\"}, \"data\": " data "}"
#define OPTIMIZER(optimizer)                                                                       \
  "{\"espalier\": 1, \"modules\": [" LINEAR (                                                      \
      "1") "], \"loss\": {\"class\": \"MSELoss\"}, "                                               \
           "\"optimizer\": " optimizer                                                             \
           ", \"data\": {\"name\": \"random\", \"inputs\": [4], \"targets\": "                     \
           "[1]}}"

/* what is written again says the same */
static void
test_around (void)
{
  static const char text[] = OPTIMIZER (
      "{\"class\": \"AdamW\", \"groups\": [{\"params\": [\"*.bias\"], \"weight_decay\": 0}]}, "
      "\"schedule\": {\"class\": \"SequentialLR\", \"milestones\": [3], \"schedulers\": "
      "[{\"class\": "
      "\"LinearLR\"}, {\"class\": \"StepLR\", \"step_size\": 4}], \"every\": \"epoch\"}, "
      "\"clip_grad_norm\": 2.5, \"clip_grad_value\": 0.5");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) first = esp_network_new_from_json (text, -1, &error);
  g_assert_no_error (error);
  g_autofree char *written = esp_network_to_json (first);
  g_autoptr (EspNetwork) second = esp_network_new_from_json (written, -1, &error);
  g_assert_no_error (error);
  g_autofree char *again = esp_network_to_json (second);
  g_assert_cmpstr (written, ==, again);
  const char *const parts[] = {
    "SequentialLR", "\"every\": \"epoch\"", "\"clip_grad_norm\": 2.5", "\"clip_grad_value\": 0.5",
    "*.bias",       "\"step_size\": 4"
  };
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    g_assert_nonnull (strstr (written, parts[i]));
}

static const Bad bad[] = {
  { "empty", "", ESP_NETWORK_ERROR_SPEC, "specification", "" },
  { "text", "hello", ESP_NETWORK_ERROR_SPEC, "not valid JSON", "" },
  { "cut", "{\"espalier\": 1, \"modules\": [", ESP_NETWORK_ERROR_SPEC, "not valid JSON", "" },
  { "array", "[1]", ESP_NETWORK_ERROR_SPEC, "not a JSON object", "" },
  { "not-utf8", "{\"espalier\": 1, \"name\": \"\xff\"}", ESP_NETWORK_ERROR_SPEC, "UTF-8", "" },
  { "no-version", "{}", ESP_NETWORK_ERROR_SPEC, "espalier", "missing" },
  { "version", "{\"espalier\": 2}", ESP_NETWORK_ERROR_SPEC, "espalier", "2" },
  { "no-modules", "{\"espalier\": 1, " REST, ESP_NETWORK_ERROR_SPEC, "modules", "missing" },
  { "modules-object", "{\"espalier\": 1, \"modules\": {}, " REST, ESP_NETWORK_ERROR_SPEC, "modules",
    "list" },
  { "no-layer", SPEC (""), ESP_NETWORK_ERROR_SPEC, "no layer", "" },
  { "module-number", SPEC ("3"), ESP_NETWORK_ERROR_SPEC, "module 0", "object" },
  { "no-class", SPEC ("{}"), ESP_NETWORK_ERROR_SPEC, "module 0", "class" },
  { "class-unknown", SPEC (LINEAR ("4") ", {\"class\": \"Linaer\"}"), ESP_NETWORK_ERROR_SPEC,
    "module 1 (Linaer)", "Linear" },
  { "class-number", SPEC ("{\"class\": 3}"), ESP_NETWORK_ERROR_SPEC, "module 0", "text" },
  { "no-out-features", SPEC ("{\"class\": \"Linear\"}"), ESP_NETWORK_ERROR_SPEC,
    "module 0 (Linear)", "out_features" },
  { "spelling", SPEC ("{\"class\": \"Linear\", \"out_feature\": 3, \"out_features\": 1}"),
    ESP_NETWORK_ERROR_SPEC, "module 0 (Linear)", "out_feature" },
  { "size-zero", SPEC (LINEAR ("0")), ESP_NETWORK_ERROR_SPEC, "out_features", "0" },
  { "size-negative", SPEC (LINEAR ("-1")), ESP_NETWORK_ERROR_SPEC, "out_features", "-1" },
  { "size-fraction", SPEC (LINEAR ("1.5")), ESP_NETWORK_ERROR_SPEC, "out_features", "1.5" },
  { "size-text", SPEC (LINEAR ("\"8\"")), ESP_NETWORK_ERROR_SPEC, "out_features", "8" },
  { "size-huge", SPEC (LINEAR ("99999999999999999999")), ESP_NETWORK_ERROR_SPEC, "out_features",
    "" },
  { "too-large", SPEC (LINEAR ("67108864")), ESP_NETWORK_ERROR_SPEC, "module 0 (Linear)",
    "67108864" },
  { "too-large-together",
    SPEC (LINEAR ("1000000") ", " LINEAR ("10") ", " LINEAR ("1000000") ", " LINEAR ("60")),
    ESP_NETWORK_ERROR_SPEC, "too large", "" },
  { "shape",
    SPEC (LINEAR ("8") ", {\"class\": \"ReLU\"}, {\"class\": \"Linear\", \"in_features\": 7, "
                       "\"out_features\": 1}"),
    ESP_NETWORK_ERROR_SHAPE, "module 2 (Linear)", "[8]" },
  { "shape-shared",
    SPEC ("{\"class\": \"Linear\", \"out_features\": 8, \"id\": \"s\"}, {\"use\": \"s\"}"),
    ESP_NETWORK_ERROR_SHAPE, "module 1 (Linear)", "[8]" },
  { "shape-target", SPEC (LINEAR ("2")), ESP_NETWORK_ERROR_SHAPE, "[2]", "[1]" },
  { "flatten", SPEC ("{\"class\": \"Flatten\", \"start_dim\": 2}," LINEAR ("1")),
    ESP_NETWORK_ERROR_SHAPE, "module 0 (Flatten)", "[4]" },
  { "use-unknown", SPEC ("{\"use\": \"x\"}"), ESP_NETWORK_ERROR_SPEC, "module 0", "x" },
  { "use-itself",
    SPEC ("{\"class\": \"Sequential\", \"id\": \"x\", \"modules\": [{\"use\": \"x\"}]}"),
    ESP_NETWORK_ERROR_SPEC, "module 0.0", "x" },
  { "id-twice", SPEC ("{\"class\": \"ReLU\", \"id\": \"x\"}, {\"class\": \"ReLU\", \"id\": \"x\"}"),
    ESP_NETWORK_ERROR_SPEC, "module 1", "x" },
  { "name-twice",
    SPEC ("{\"class\": \"ReLU\", \"name\": \"x\"}, {\"class\": \"ReLU\", \"name\": \"x\"}"),
    ESP_NETWORK_ERROR_SPEC, "module 1", "x" },
  { "name-of-other", SPEC ("{\"class\": \"ReLU\", \"name\": \"1\"}, {\"class\": \"ReLU\"}"),
    ESP_NETWORK_ERROR_SPEC, "module 1", "name" },
  { "name-dot", SPEC ("{\"class\": \"ReLU\", \"name\": \"a.b\"}"), ESP_NETWORK_ERROR_SPEC,
    "module 0", "a.b" },
  { "tie-unknown",
    SPEC ("{\"class\": \"Linear\", \"out_features\": 1, \"tie\": {\"weight\": \"9.weight\"}}"),
    ESP_NETWORK_ERROR_SPEC, "module 0 (Linear)", "9.weight" },
  { "tie-name",
    SPEC (LINEAR ("4") ", {\"class\": \"Linear\", \"out_features\": 4, \"tie\": {\"wait\": "
                       "\"0.weight\"}}"),
    ESP_NETWORK_ERROR_SPEC, "module 1 (Linear)", "wait" },
  { "tie-shape",
    SPEC (LINEAR ("4") ", {\"class\": \"Linear\", \"out_features\": 1, \"tie\": {\"weight\": "
                       "\"0.weight\"}}"),
    ESP_NETWORK_ERROR_SHAPE, "[1, 4]", "[4, 4]" },
  { "init-unknown", SPEC ("{\"class\": \"Linear\", \"out_features\": 1, \"init\": \"magic\"}"),
    ESP_NETWORK_ERROR_SPEC, "module 0 (Linear)", "weight" },
  { "init-count",
    SPEC ("{\"class\": \"Linear\", \"out_features\": 1, \"init\": {\"weight\": [1, 2, 3]}}"),
    ESP_NETWORK_ERROR_SHAPE, "[1, 4]", "3" },
  { "init-text",
    SPEC ("{\"class\": \"Linear\", \"out_features\": 1, \"init\": {\"bias\": [\"a\"]}}"),
    ESP_NETWORK_ERROR_SPEC, "module 0 (Linear)", "bias" },
  { "init-name", SPEC ("{\"class\": \"Linear\", \"out_features\": 1, \"init\": {\"gain\": 1}}"),
    ESP_NETWORK_ERROR_SPEC, "module 0 (Linear)", "gain" },
  { "inputs-unknown", SPEC (LINEAR ("4") ", {\"class\": \"Add\", \"inputs\": [\"0\", \"7\"]}"),
    ESP_NETWORK_ERROR_SPEC, "module 1 (Add)", "7" },
  { "inputs-later", SPEC ("{\"class\": \"Add\", \"inputs\": [\"input\", \"1\"]}," LINEAR ("1")),
    ESP_NETWORK_ERROR_SPEC, "module 0 (Add)", "1" },
  { "inputs-few", SPEC (LINEAR ("4") ", {\"class\": \"Add\"}"), ESP_NETWORK_ERROR_SPEC,
    "module 1 (Add)", "2 to" },
  { "inputs-many", SPEC ("{\"class\": \"ReLU\", \"inputs\": [\"input\", \"input\"]}"),
    ESP_NETWORK_ERROR_SPEC, "module 0 (ReLU)", "2" },
  { "inputs-empty", SPEC ("{\"class\": \"ReLU\", \"inputs\": []}"), ESP_NETWORK_ERROR_SPEC,
    "module 0", "inputs" },
  { "inputs-number", SPEC ("{\"class\": \"ReLU\", \"inputs\": [1]}"), ESP_NETWORK_ERROR_SPEC,
    "module 0", "inputs" },
  { "inputs-container",
    SPEC ("{\"class\": \"Sequential\", \"modules\": [], \"inputs\": [\"input\", \"input\"]}"),
    ESP_NETWORK_ERROR_SPEC, "module 0 (Sequential)", "2" },
  { "output-unused",
    SPEC (LINEAR ("4") ", {\"class\": \"Linear\", \"out_features\": 1, "
                       "\"inputs\": [\"input\"]}"),
    ESP_NETWORK_ERROR_SPEC, "module 0 (Linear)", "output" },
  { "add-shapes", SPEC (LINEAR ("3") ", {\"class\": \"Add\", \"inputs\": [\"input\", \"0\"]}"),
    ESP_NETWORK_ERROR_SHAPE, "module 1 (Add)", "[3]" },
  { "concat-dim", SPEC ("{\"class\": \"Concat\", \"dim\": 2, \"inputs\": [\"input\", \"input\"]}"),
    ESP_NETWORK_ERROR_SHAPE, "module 0 (Concat)", "[4]" },
  { "cut-short",
    "{\"espalier\": 1, \"inputs\": [{\"name\": \"a\", \"shape\": [3]}], \"modules\": [" LINEAR (
        "1") "], " REST,
    ESP_NETWORK_ERROR_SHAPE, "3 numbers", "[4]" },
  { "cut-twice",
    "{\"espalier\": 1, \"inputs\": [{\"name\": \"a\", \"shape\": [2]}, {\"name\": \"a\", "
    "\"shape\": "
    "[2]}], \"modules\": [" LINEAR ("1") "], " REST,
    ESP_NETWORK_ERROR_SPEC, "input 1", "a" },
  { "cut-unused",
    "{\"espalier\": 1, \"inputs\": [{\"name\": \"a\", \"shape\": [3]}, {\"name\": \"b\", "
    "\"shape\": "
    "[1]}], \"modules\": [" LINEAR ("1") "], " REST,
    ESP_NETWORK_ERROR_SPEC, "b", "takes" },
  { "no-data",
    "{\"espalier\": 1, \"modules\": [], \"loss\": {\"class\": \"MSELoss\"}, "
    "\"optimizer\": {\"class\": \"SGD\"}}",
    ESP_NETWORK_ERROR_SPEC, "data", "missing" },
  { "data-unknown", DATA ("{\"name\": \"mnist\"}"), ESP_NETWORK_ERROR_DATA, "mnist", "spirals" },
  { "data-huge",
    DATA ("{\"name\": \"random\", \"inputs\": [4], \"targets\": [1], \"count\": "
          "67108864}"),
    ESP_NETWORK_ERROR_DATA, "data", "67108864" },
  { "data-wide", DATA ("{\"name\": \"random\", \"inputs\": [65536, 65536], \"targets\": [1]}"),
    ESP_NETWORK_ERROR_SPEC, "inputs", "65536" },
  { "data-labels", DATA ("{\"name\": \"spirals\"}"), ESP_NETWORK_ERROR_DATA, "MSELoss", "labels" },
  { "data-ragged",
    DATA ("{\"name\": \"values\", \"inputs\": [[1, 2], [3]], \"targets\": [[1], [2]]}"),
    ESP_NETWORK_ERROR_DATA, "inputs", "" },
  { "data-missing",
    DATA ("{\"name\": \"values\", \"inputs\": [[1, 2], [3, 4]], \"targets\": "
          "[[1]]}"),
    ESP_NETWORK_ERROR_DATA, "targets", "" },
  { "data-label-range",
    DATA ("{\"name\": \"values\", \"inputs\": [[1, 2], [3, 4]], \"labels\": [0, 2]}"),
    ESP_NETWORK_ERROR_DATA, "labels", "1" },
  { "optimizer-unknown", OPTIMIZER ("{\"class\": \"Lion\"}"), ESP_NETWORK_ERROR_SPEC, "Lion",
    "Adam" },
  { "optimizer-rate", OPTIMIZER ("{\"class\": \"SGD\", \"lr\": -1}"), ESP_NETWORK_ERROR_SPEC, "lr",
    "-1" },
  { "optimizer-betas", OPTIMIZER ("{\"class\": \"Adam\", \"betas\": [0.9]}"),
    ESP_NETWORK_ERROR_SPEC, "betas", "2" },
  { "optimizer-nesterov", OPTIMIZER ("{\"class\": \"SGD\", \"nesterov\": true}"),
    ESP_NETWORK_ERROR_SPEC, "nesterov", "" },
  { "optimizer-setting", OPTIMIZER ("{\"class\": \"Adagrad\", \"momentum\": 0.5}"),
    ESP_NETWORK_ERROR_SPEC, "momentum", "" },
  { "groups-object", OPTIMIZER ("{\"class\": \"SGD\", \"groups\": {}}"), ESP_NETWORK_ERROR_SPEC,
    "groups", "" },
  { "group-number", OPTIMIZER ("{\"class\": \"SGD\", \"groups\": [1]}"), ESP_NETWORK_ERROR_SPEC,
    "group 1", "braces" },
  { "group-params", OPTIMIZER ("{\"class\": \"SGD\", \"groups\": [{\"lr\": 1}]}"),
    ESP_NETWORK_ERROR_SPEC, "group 1", "params" },
  { "group-params-empty", OPTIMIZER ("{\"class\": \"SGD\", \"groups\": [{\"params\": []}]}"),
    ESP_NETWORK_ERROR_SPEC, "group 1", "params" },
  { "group-nothing", OPTIMIZER ("{\"class\": \"SGD\", \"groups\": [{\"params\": \"9.*\"}]}"),
    ESP_NETWORK_ERROR_SPEC, "group 1", "9.*" },
  { "group-taken",
    OPTIMIZER ("{\"class\": \"SGD\", \"groups\": [{\"params\": \"*\"}, {\"params\": \"0.bias\"}]}"),
    ESP_NETWORK_ERROR_SPEC, "group 2", "0.bias" },
  { "clip", OPTIMIZER ("{\"class\": \"SGD\"}, \"clip_grad_norm\": -1"), ESP_NETWORK_ERROR_SPEC,
    "clip_grad_norm", "-1" },
  { "schedule-list", OPTIMIZER ("{\"class\": \"SGD\"}, \"schedule\": []"), ESP_NETWORK_ERROR_SPEC,
    "schedule", "" },
  { "schedule-momentum",
    OPTIMIZER ("{\"class\": \"Adagrad\"}, \"schedule\": {\"class\": \"OneCycleLR\", \"max_lr\": 1, "
               "\"total_steps\": 9}"),
    ESP_NETWORK_ERROR_SPEC, "schedule", "cycle_momentum" },
  { "loss-bits",
    "{\"espalier\": 1, \"modules\": [" LINEAR (
        "1") "], \"loss\": {\"class\": \"BCEWithLogitsLoss\"}, \"optimizer\": {\"class\": "
             "\"SGD\"}, "
             "\"data\": {\"name\": \"random\", \"inputs\": [4], \"classes\": 3}}",
    ESP_NETWORK_ERROR_SHAPE, "[1]", "3" },
  { "loss-unknown",
    "{\"espalier\": 1, \"modules\": [], \"loss\": {\"class\": \"L0\"}, \"optimizer\": {}}",
    ESP_NETWORK_ERROR_SPEC, "L0", "MSELoss" },
};

/* layers: what they want and what they get */
#define LAYER(inputs, modules)                                                                     \
  "{\"espalier\": 1, \"modules\": [" modules "], \"loss\": {\"class\": \"MSELoss\"}, "             \
  "\"optimizer\": {\"class\": \"SGD\"}, \"data\": {\"name\": \"random\", \"inputs\": " inputs      \
  ", \"targets\": [1], \"count\": 4}}"

static const Bad bad_layers[] = {
  { "conv-flat", LAYER ("[4]", "{\"class\": \"Conv2d\", \"out_channels\": 2, \"kernel_size\": 3}"),
    ESP_NETWORK_ERROR_SHAPE, "module 0 (Conv2d)", "gets [4]" },
  { "conv-channels",
    LAYER ("[2, 6, 5]",
           "{\"class\": \"Conv2d\", \"in_channels\": 3, \"out_channels\": 2, \"kernel_size\": 3}"),
    ESP_NETWORK_ERROR_SHAPE, "[3, ≥ 3, ≥ 3]", "gets [2, 6, 5]" },
  { "conv-small",
    LAYER ("[2, 6, 5]", "{\"class\": \"Conv2d\", \"out_channels\": 2, \"kernel_size\": 7}"),
    ESP_NETWORK_ERROR_SHAPE, "≥ 7", "gets [2, 6, 5]" },
  { "conv-dilated",
    LAYER ("[2, 6, 5]",
           "{\"class\": \"Conv2d\", \"out_channels\": 2, \"kernel_size\": [3, 3], \"dilation\": "
           "[3, 1]}"),
    ESP_NETWORK_ERROR_SHAPE, "≥ 7", "[2, 6, 5]" },
  { "conv-kernel", LAYER ("[2, 6, 5]", "{\"class\": \"Conv2d\", \"out_channels\": 2}"),
    ESP_NETWORK_ERROR_SPEC, "module 0 (Conv2d)", "kernel_size" },
  { "conv-kernel-three",
    LAYER ("[2, 6, 5]", "{\"class\": \"Conv2d\", \"out_channels\": 2, \"kernel_size\": [1, 2, 3]}"),
    ESP_NETWORK_ERROR_SPEC, "kernel_size", "list of 2" },
  { "conv-kernel-zero",
    LAYER ("[2, 6, 5]", "{\"class\": \"Conv2d\", \"out_channels\": 2, \"kernel_size\": 0}"),
    ESP_NETWORK_ERROR_SPEC, "kernel_size", "0" },
  { "conv-kernel-huge",
    LAYER ("[2, 6, 5]",
           "{\"class\": \"Conv2d\", \"out_channels\": 2, \"kernel_size\": 67108864, \"padding\": "
           "65536}"),
    ESP_NETWORK_ERROR_SHAPE, "module 0 (Conv2d)", "gets" },
  { "conv-dilation-huge",
    LAYER ("[2, 6, 5]",
           "{\"class\": \"Conv2d\", \"out_channels\": 2, \"kernel_size\": [2, 2], \"dilation\": "
           "67108864, \"padding\": \"same\"}"),
    ESP_NETWORK_ERROR_SPEC, "too large", "" },
  { "conv-padding",
    LAYER (
        "[2, 6, 5]",
        "{\"class\": \"Conv2d\", \"out_channels\": 2, \"kernel_size\": 3, \"padding\": \"most\"}"),
    ESP_NETWORK_ERROR_SPEC, "padding", "most" },
  { "conv-same-stride",
    LAYER ("[2, 6, 5]",
           "{\"class\": \"Conv2d\", \"out_channels\": 2, \"kernel_size\": 3, \"padding\": "
           "\"same\", \"stride\": 2}"),
    ESP_NETWORK_ERROR_SPEC, "same", "stride" },
  { "conv-groups",
    LAYER ("[2, 6, 5]",
           "{\"class\": \"Conv2d\", \"out_channels\": 3, \"kernel_size\": 3, \"groups\": 2}"),
    ESP_NETWORK_ERROR_SPEC, "groups", "2" },
  { "conv-groups-lazy",
    LAYER ("[3, 6, 5]",
           "{\"class\": \"Conv2d\", \"out_channels\": 2, \"kernel_size\": 3, \"groups\": 2}"),
    ESP_NETWORK_ERROR_SHAPE, "n × 2", "gets [3, 6, 5]" },
  { "conv1d-planes",
    LAYER ("[2, 6, 5]", "{\"class\": \"Conv1d\", \"out_channels\": 2, \"kernel_size\": 3}"),
    ESP_NETWORK_ERROR_SHAPE, "module 0 (Conv1d)", "gets [2, 6, 5]" },
  { "transpose-padding",
    LAYER ("[2, 6, 5]",
           "{\"class\": \"ConvTranspose2d\", \"out_channels\": 2, \"kernel_size\": 3, "
           "\"output_padding\": 1}"),
    ESP_NETWORK_ERROR_SPEC, "output_padding", "stride" },
  { "transpose-empty",
    LAYER ("[2, 6, 5]",
           "{\"class\": \"ConvTranspose2d\", \"out_channels\": 2, \"kernel_size\": 1, \"padding\": "
           "9}"),
    ESP_NETWORK_ERROR_SHAPE, "module 0 (ConvTranspose2d)", "gets [2, 6, 5]" },
  { "transpose-huge",
    LAYER ("[2, 6, 5]",
           "{\"class\": \"ConvTranspose2d\", \"out_channels\": 2, \"kernel_size\": 2, \"stride\": "
           "67108864}"),
    ESP_NETWORK_ERROR_SPEC, "too large", "shape" },
  { "pool-padding",
    LAYER ("[2, 6, 5]", "{\"class\": \"MaxPool2d\", \"kernel_size\": 2, \"padding\": 2}"),
    ESP_NETWORK_ERROR_SPEC, "padding", "kernel_size" },
  { "pool-small", LAYER ("[2, 6, 5]", "{\"class\": \"MaxPool2d\", \"kernel_size\": [7, 2]}"),
    ESP_NETWORK_ERROR_SHAPE, "≥ 7", "gets [2, 6, 5]" },
  { "pool-flat", LAYER ("[4]", "{\"class\": \"AvgPool2d\", \"kernel_size\": 2}"),
    ESP_NETWORK_ERROR_SHAPE, "module 0 (AvgPool2d)", "gets [4]" },
  { "adaptive-flat", LAYER ("[4]", "{\"class\": \"AdaptiveAvgPool2d\", \"output_size\": 1}"),
    ESP_NETWORK_ERROR_SHAPE, "[C, H, W]", "gets [4]" },
  { "adaptive-huge",
    LAYER ("[2, 6, 5]", "{\"class\": \"AdaptiveAvgPool2d\", \"output_size\": 67108864}"),
    ESP_NETWORK_ERROR_SPEC, "too large", "" },
  { "batch-norm-flat", LAYER ("[4]", "{\"class\": \"BatchNorm2d\"}"), ESP_NETWORK_ERROR_SHAPE,
    "[C, H, W]", "gets [4]" },
  { "batch-norm-features", LAYER ("[4]", "{\"class\": \"BatchNorm1d\", \"num_features\": 5}"),
    ESP_NETWORK_ERROR_SHAPE, "[5] or [5, L]", "gets [4]" },
  { "layer-norm-shape",
    LAYER ("[2, 6, 5]", "{\"class\": \"LayerNorm\", \"normalized_shape\": [5, 6]}"),
    ESP_NETWORK_ERROR_SHAPE, "[..., 5, 6]", "gets [2, 6, 5]" },
  { "group-norm-groups",
    LAYER ("[2, 6, 5]", "{\"class\": \"GroupNorm\", \"num_groups\": 3, \"num_channels\": 4}"),
    ESP_NETWORK_ERROR_SPEC, "num_groups", "3" },
  { "group-norm-channels",
    LAYER ("[2, 6, 5]", "{\"class\": \"GroupNorm\", \"num_groups\": 2, \"num_channels\": 4}"),
    ESP_NETWORK_ERROR_SHAPE, "[4, …]", "gets [2, 6, 5]" },
  { "rms-norm-shape", LAYER ("[4]", "{\"class\": \"RMSNorm\", \"normalized_shape\": 3}"),
    ESP_NETWORK_ERROR_SHAPE, "[..., 3]", "gets [4]" },
  { "embedding-fraction",
    LAYER ("[4]", "{\"class\": \"Embedding\", \"num_embeddings\": 3, \"embedding_dim\": 2}"),
    ESP_NETWORK_ERROR_DATA, "module 0 (Embedding)", "from 0 to 2" },
  { "embedding-inside",
    LAYER ("[4]",
           "{\"class\": \"Tanh\"}, {\"class\": \"Embedding\", \"num_embeddings\": 3, "
           "\"embedding_dim\": 2}"),
    ESP_NETWORK_ERROR_SPEC, "module 1 (Embedding)", "data itself" },
  { "embedding-padding",
    LAYER ("[4]",
           "{\"class\": \"Embedding\", \"num_embeddings\": 3, \"embedding_dim\": 2, "
           "\"padding_idx\": 3}"),
    ESP_NETWORK_ERROR_SPEC, "padding_idx", "3" },
  { "dropout", LAYER ("[4]", "{\"class\": \"Dropout\", \"p\": 1.5}"), ESP_NETWORK_ERROR_SPEC, "p",
    "1.5" },
  { "gelu", LAYER ("[4]", "{\"class\": \"GELU\", \"approximate\": \"erf\"}"),
    ESP_NETWORK_ERROR_SPEC, "approximate", "erf" },
  { "softmax-dim", LAYER ("[4]", "{\"class\": \"Softmax\", \"dim\": 0}"), ESP_NETWORK_ERROR_SHAPE,
    "dimension 0", "[4]" },
  { "select-index", LAYER ("[4]", "{\"class\": \"Select\", \"index\": 4}"), ESP_NETWORK_ERROR_SHAPE,
    "index 4", "[4]" },
  { "unflatten", LAYER ("[4]", "{\"class\": \"Unflatten\", \"unflattened_size\": [3, 2]}"),
    ESP_NETWORK_ERROR_SHAPE, "[4]", "[3, 2]" },
  { "permute-twice", LAYER ("[4, 2]", "{\"class\": \"Permute\", \"dims\": [0, 1, 1]}"),
    ESP_NETWORK_ERROR_SPEC, "dims", "once" },
  { "permute-batch", LAYER ("[4, 2]", "{\"class\": \"Permute\", \"dims\": [1, 0, 2]}"),
    ESP_NETWORK_ERROR_SPEC, "dims", "first" },
  { "permute-list", LAYER ("[4, 2]", "{\"class\": \"Permute\", \"dims\": 3}"),
    ESP_NETWORK_ERROR_SPEC, "dims", "list" },
  { "permute-shape", LAYER ("[4]", "{\"class\": \"Permute\", \"dims\": [0, 2, 1]}"),
    ESP_NETWORK_ERROR_SHAPE, "2 dimensions", "gets [4]" },
  { "pad-list", LAYER ("[1, 2, 2]", "{\"class\": \"ZeroPad2d\", \"padding\": [1, 2]}"),
    ESP_NETWORK_ERROR_SPEC, "padding", "four" },
  { "pad-none", LAYER ("[1, 2, 2]", "{\"class\": \"ZeroPad2d\"}"), ESP_NETWORK_ERROR_SPEC,
    "padding", "missing" },
  { "pad-all", LAYER ("[1, 2, 2]", "{\"class\": \"ZeroPad2d\", \"padding\": -1}"),
    ESP_NETWORK_ERROR_SHAPE, "cut off", "gets [1, 2, 2]" },
  { "lstm-shape", LAYER ("[4]", "{\"class\": \"LSTM\", \"hidden_size\": 3}"),
    ESP_NETWORK_ERROR_SHAPE, "[T, input_size]", "gets [4]" },
  { "lstm-input", LAYER ("[3, 4]", "{\"class\": \"LSTM\", \"input_size\": 5, \"hidden_size\": 3}"),
    ESP_NETWORK_ERROR_SHAPE, "[T, 5]", "gets [3, 4]" },
  { "lstm-batch",
    LAYER ("[3, 4]", "{\"class\": \"LSTM\", \"hidden_size\": 3, \"batch_first\": false}"),
    ESP_NETWORK_ERROR_SPEC, "batch_first", "first" },
  { "lstm-deep", LAYER ("[3, 4]", "{\"class\": \"LSTM\", \"hidden_size\": 3, \"num_layers\": 9}"),
    ESP_NETWORK_ERROR_SPEC, "num_layers", "9" },
  { "rnn-nonlinearity",
    LAYER ("[3, 4]", "{\"class\": \"RNN\", \"hidden_size\": 3, \"nonlinearity\": \"gelu\"}"),
    ESP_NETWORK_ERROR_SPEC, "nonlinearity", "gelu" },
  { "lstm-nonlinearity",
    LAYER ("[3, 4]", "{\"class\": \"LSTM\", \"hidden_size\": 3, \"nonlinearity\": \"tanh\"}"),
    ESP_NETWORK_ERROR_SPEC, "nonlinearity", "no setting" },
  { "lstm-huge", LAYER ("[3, 4]", "{\"class\": \"LSTM\", \"hidden_size\": 1048577}"),
    ESP_NETWORK_ERROR_SPEC, "too large", "weight_ih_l0" },
  { "attention-heads",
    LAYER ("[3, 4]", "{\"class\": \"MultiheadAttention\", \"embed_dim\": 4, \"num_heads\": 3}"),
    ESP_NETWORK_ERROR_SPEC, "num_heads", "3" },
  { "attention-width",
    LAYER ("[3, 4]", "{\"class\": \"MultiheadAttention\", \"embed_dim\": 6, \"num_heads\": 3}"),
    ESP_NETWORK_ERROR_SHAPE, "[L, 6]", "gets [3, 4]" },
  { "attention-long",
    LAYER ("[16384, 4]", "{\"class\": \"MultiheadAttention\", \"embed_dim\": 4, \"num_heads\": 4}"),
    ESP_NETWORK_ERROR_SPEC, "too large", "" },
  { "tie-buffer",
    LAYER ("[4]",
           "{\"class\": \"BatchNorm1d\"}, {\"class\": \"BatchNorm1d\", \"tie\": {\"weight\": "
           "\"0.running_mean\"}}"),
    ESP_NETWORK_ERROR_SPEC, "running_mean", "buffers" },
  { "counter-init",
    LAYER ("[4]", "{\"class\": \"BatchNorm1d\", \"init\": {\"num_batches_tracked\": 0.5}}"),
    ESP_NETWORK_ERROR_SPEC, "num_batches_tracked", "whole" },
};

static void
test_bad (gconstpointer data)
{
  const Bad *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_new_from_json (self->text, -1, &error);
  g_assert_null (network);
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_error (error, ESP_NETWORK_ERROR, (int) self->code);
  g_assert_nonnull (strstr (error->message, self->part));
  g_assert_nonnull (strstr (error->message, self->other));
}

/* json-glib would recurse until the stack is gone */
static void
test_deep (void)
{
  g_autoptr (GString) text = g_string_new ("{\"espalier\": ");
  for (guint i = 0; i < 2000000; i++)
    g_string_append_c (text, i % 2 ? '[' : '{');
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork)
      network = esp_network_new_from_json (text->str, (gssize) text->len, &error);
  g_assert_null (network);
  g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC);
  g_assert_nonnull (strstr (error->message, "nests deeper"));
}

/* brackets inside strings don't nest */
static void
test_not_deep (void)
{
  g_autoptr (EspNetwork) network = load (
      "{\"espalier\": 1, \"name\": "
      "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[[[\", "
      "\"modules\": [" LINEAR ("1") "], " REST);
  g_assert_cmpuint (esp_network_get_n_parameters (network), ==, 2);
}

/* containers of containers, each used twice: 2^40 layers if they were unfolded */
static void
test_bomb (void)
{
  g_autoptr (GString) text = g_string_new ("{\"espalier\": 1, \"modules\": [{\"class\": \"ReLU\", "
                                           "\"id\": \"m0\"}");
  for (guint i = 1; i <= 40; i++)
    g_string_append_printf (text,
                            ", {\"class\": \"Sequential\", \"id\": \"m%u\", \"modules\": "
                            "[{\"use\": \"m%u\"}, {\"use\": \"m%u\"}]}",
                            i, i - 1, i - 1);
  g_string_append (text, "], " REST);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_new_from_json (text->str, -1, &error);
  g_assert_null (network);
  g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "too large"));
}

/* the same without layers: nothing to count, but as many places */
static void
test_empty_bomb (void)
{
  g_autoptr (GString) text = g_string_new (
      "{\"espalier\": 1, \"modules\": [{\"class\": \"Sequential\", \"modules\": [], "
      "\"id\": \"m0\"}");
  for (guint i = 1; i <= 40; i++)
    g_string_append_printf (text,
                            ", {\"class\": \"Sequential\", \"id\": \"m%u\", \"modules\": "
                            "[{\"use\": \"m%u\"}, {\"use\": \"m%u\"}]}",
                            i, i - 1, i - 1);
  g_string_append (text, ", " LINEAR ("1") "], " REST);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_new_from_json (text->str, -1, &error);
  g_assert_null (network);
  g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC);
}

/* a valid text with one byte changed, cut or doubled: an error or a network, never worse */
static void
test_mutations (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "data", "networks",
                                                 "d2l-shared.json", NULL);
  g_autofree char *text = NULL;
  gsize length = 0;
  guint good = 0;
  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  for (guint round = 0; round < 3000; round++)
    {
      g_autofree char *copy = g_memdup2 (text, length + 1);
      gsize at = (gsize) g_rand_int_range (random, 0, (gint32) length);
      gsize size = length;
      switch (round % 3)
        {
        case 0:
          copy[at] = "{}[]\",:019-.e truenl"[g_rand_int_range (random, 0, 20)];
          break;
        case 1:
          size = at;
          break;
        default:
          memmove (copy + at, copy + at + 1, length - at);
          size = length - 1;
        }
      g_autoptr (GError) error = NULL;
      g_autoptr (EspNetwork) network = esp_network_new_from_json (copy, (gssize) size, &error);
      g_assert_true ((network != NULL) == (error == NULL));
      good += network != NULL;
    }
  g_test_message ("%u of 3000 are still networks", good);
  g_assert_cmpuint (good, <, 3000);
  g_assert_cmpuint (good, >, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/network/template-mlp", test_template_mlp);
  g_test_add_func ("/train/network/template-shared", test_template_shared);
  g_test_add_func ("/train/network/template-spirals", test_template_spirals);
  g_test_add_func ("/train/network/nested-and-named", test_nested_and_named);
  g_test_add_func ("/train/network/tie", test_tie);
  g_test_add_func ("/train/network/frozen", test_frozen);
  g_test_add_func ("/train/network/explicit-init", test_explicit_init);
  g_test_add_func ("/train/network/round-trip", test_round_trip);
  g_test_add_func ("/train/network/options", test_options);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = g_strconcat ("/train/network/bad/", bad[i].name, NULL);
      g_test_add_data_func (path, &bad[i], test_bad);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad_layers); i++)
    {
      g_autofree char *path = g_strconcat ("/train/network/bad-layer/", bad_layers[i].name, NULL);
      g_test_add_data_func (path, &bad_layers[i], test_bad);
    }
  g_test_add_func ("/train/network/deep", test_deep);
  g_test_add_func ("/train/network/not-deep", test_not_deep);
  g_test_add_func ("/train/network/bomb", test_bomb);
  g_test_add_func ("/train/network/empty-bomb", test_empty_bomb);
  g_test_add_func ("/train/network/mutations", test_mutations);
  g_test_add_func ("/train/network/around", test_around);
  return g_test_run ();
}
