/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The tree: names to places, shared modules and parameters, look-ups, totals, life of objects. */

#include "config.h"

#include "esp-error.h"
#include "esp-limits.h"
#include "esp-tree-builder.h"

#define KEYS(...) ((const char *const[]) { __VA_ARGS__, NULL })

/* a float32 tensor with a storage of its own */
static EspTensor *
make_tensor (gint64 rows, gint64 columns)
{
  g_autoptr (EspStorage) storage = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  gint64 shape[] = { rows, columns };
  EspTensor *tensor;

  bytes = g_bytes_new_take (g_malloc0 (rows * columns * 4 + 1), rows * columns * 4);
  storage = esp_storage_new_for_bytes (bytes, "0");
  tensor = esp_tensor_new (ESP_DTYPE_FLOAT32, "F32", shape, columns == 1 ? 1 : 2, NULL, 0, 0,
                           storage, &error);
  g_assert_no_error (error);
  return tensor;
}

static EspParameter *
add (EspTreeBuilder *builder, const char *const *keys, gint64 rows, gint64 columns)
{
  g_autoptr (EspTensor) tensor = make_tensor (rows, columns);
  g_autoptr (GError) error = NULL;
  EspParameter *parameter = esp_tree_builder_add_tensor (builder, keys, NULL, ESP_ROLE_PARAMETER,
                                                         ESP_REQUIRES_GRAD_UNKNOWN, tensor, &error);

  g_assert_no_error (error);
  g_assert_nonnull (parameter);
  return parameter;
}

static EspTree *
finish (EspTreeBuilder *builder)
{
  g_autoptr (GError) error = NULL;
  EspTree *tree = esp_tree_builder_finish (builder, &error);

  g_assert_no_error (error);
  g_assert_true (ESP_IS_TREE (tree));
  return tree;
}

static char *
list_paths (EspTree *tree)
{
  GString *all = g_string_new (NULL);

  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);

      g_assert_cmpint (esp_place_get_index (place), ==, i);
      g_string_append_printf (all, "%s%s", i > 0 ? " " : "", esp_place_get_path (place));
    }
  return g_string_free (all, FALSE);
}

static void
append_module (const char *path, EspModule *module, const char *shared_with, gpointer user_data)
{
  g_string_append_printf (user_data, "[%s:%s:%s]", path,
                          module != NULL ? esp_module_get_class (module) : "",
                          shared_with != NULL ? shared_with : "");
}

static char *
list_modules (EspTree *tree)
{
  GString *all = g_string_new (NULL);

  esp_tree_foreach_module (tree, append_module, all);
  return g_string_free (all, FALSE);
}

static void
test_flat_names (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autofree char *paths = NULL, *modules = NULL;
  EspPlace *root, *place;

  add (builder, KEYS ("layers.0.weight"), 3, 2);
  add (builder, KEYS ("layers.0.bias"), 3, 1);
  add (builder, KEYS ("layers.10.weight"), 1, 3);
  add (builder, KEYS ("layers.2.weight"), 1, 3);
  add (builder, KEYS ("head"), 5, 1);
  tree = finish (builder);

  paths = list_paths (tree);
  g_assert_cmpstr (paths, ==,
                   "layers.0.weight layers.0.bias layers.10.weight layers.2.weight head");
  modules = list_modules (tree);
  /* numbers in their order, whatever the file's */
  g_assert_cmpstr (modules, ==, "[::][layers::][layers.0::][layers.2::][layers.10::]");

  root = esp_tree_get_root (tree);
  g_assert_null (esp_place_get_parent (root));
  g_assert_cmpstr (esp_place_get_path (root), ==, "");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (root)), ==, 2);
  place = esp_tree_find (tree, "layers.0.bias", NULL);
  g_assert_cmpstr (esp_place_get_name (place), ==, "bias");
  g_assert_cmpstr (esp_place_get_keys (place)[0], ==, "layers.0.bias");
  g_assert_null (esp_place_get_keys (place)[1]);
  g_assert_null (esp_place_get_module (place));
  g_assert_true (esp_place_get_first (place) == place);
  g_assert_null (esp_place_get_tie (place));
  place = esp_place_get_parent (place);
  g_assert_cmpstr (esp_place_get_path (place), ==, "layers.0");
  g_assert_null (esp_place_get_parameter (place));
  g_assert_cmpint (esp_place_get_index (place), ==, -1);
  g_assert_cmpuint (esp_place_get_totals (place)->elements, ==, 9);
  g_assert_cmpuint (esp_place_get_totals (place)->bytes, ==, 36);
  g_assert_cmpuint (esp_tree_get_totals (tree)->tensors, ==, 5);
  g_assert_cmpuint (esp_tree_get_totals (tree)->unique_elements, ==, 20);
  g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, 0);
}

/* the path a file nests by comes back as it was, whatever dots are in it */
static void
test_keys (void)
{
  static const char *const paths[][4] = {
    { "model", "0.weight", NULL },
    { "model.0", "bias", NULL },
    { "a", "b", "c", NULL },
    { "a.b.c", NULL },
    { "", NULL },
    { "..", NULL },
    { "model", "", NULL },
    { NULL },
    { ".a", ".", "b.", NULL },
  };
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  gboolean ambiguous;

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    add (builder, paths[i], 2, 1);
  tree = finish (builder);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);
      g_autofree char *joined = g_strjoinv (".", (GStrv) paths[i]);

      g_assert_true (g_strv_equal (esp_place_get_keys (place), paths[i]));
      g_assert_cmpstr (esp_place_get_path (place), ==, joined);
      g_assert_nonnull (esp_tree_find (tree, joined, &ambiguous));
      g_assert_cmpint (ambiguous, ==, i == 2 || i == 3 || i == 4 || i == 7);
    }
  /* model.0 is one module, however it was reached */
  g_assert_true (esp_place_get_parent (esp_tree_get_tensor (tree, 0)) ==
                 esp_place_get_parent (esp_tree_get_tensor (tree, 1)));
}

static void
test_deep_keys (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autoptr (GString) name = g_string_new ("x");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTensor) tensor = make_tensor (1, 1);
  const char *keys[] = { NULL, "y.z", NULL };

  for (guint i = 1; i < 400; i++)
    g_string_append (name, ".x");
  keys[0] = name->str;
  add (builder, keys, 1, 1);
  g_string_append (name, ".y.z");
  for (guint i = 0; i < ESP_LIMIT_MODULE_DEPTH; i++)
    g_string_append (name, ".x");
  g_assert_false (esp_tree_builder_put_tensor (builder, KEYS (name->str), NULL, ESP_ROLE_PARAMETER,
                                               ESP_REQUIRES_GRAD_NO, tensor, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT);
  tree = finish (builder);
  g_assert_cmpuint (strlen (esp_place_get_keys (esp_tree_get_tensor (tree, 0))[0]), ==, 799);
  g_assert_cmpstr (esp_place_get_keys (esp_tree_get_tensor (tree, 0))[1], ==, "y.z");
}

/* 4-8-8-8-1 with one layer at two places */
static EspTree *
make_shared (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (GError) error = NULL;
  EspModule *shared;

  g_assert_nonnull (esp_tree_builder_add_module (builder, KEYS (NULL), "Sequential", &error));
  g_assert_nonnull (esp_tree_builder_add_module (builder, KEYS ("0"), "nn.Linear", &error));
  add (builder, KEYS ("0", "weight"), 8, 4);
  add (builder, KEYS ("0", "bias"), 8, 1);
  g_assert_nonnull (esp_tree_builder_add_module (builder, KEYS ("1"), "nn.ReLU", &error));
  shared = esp_tree_builder_add_module (builder, KEYS ("2"), "nn.Linear", &error);
  esp_tree_builder_add_attribute (builder, shared, "in_features", "8");
  esp_tree_builder_add_attribute (builder, shared, "out_features", "8");
  add (builder, KEYS ("2", "weight"), 8, 8);
  add (builder, KEYS ("2", "bias"), 8, 1);
  g_assert_true (esp_tree_builder_add_shared_module (builder, KEYS ("4"), shared, &error));
  add (builder, KEYS ("6", "weight"), 1, 8);
  add (builder, KEYS ("6", "bias"), 1, 1);
  return finish (builder);
}

static void
test_shared_module (void)
{
  g_autoptr (EspTree) tree = make_shared ();
  g_autofree char *paths = list_paths (tree), *modules = list_modules (tree);
  EspPlace *two, *four;
  EspTie *tie;

  g_assert_cmpstr (paths, ==, "0.weight 0.bias 2.weight 2.bias 4.weight 4.bias 6.weight 6.bias");
  g_assert_cmpstr (modules, ==,
                   "[:Sequential:][0:nn.Linear:][1:nn.ReLU:][2:nn.Linear:][4:nn.Linear:2][6::]");
  two = esp_tree_find (tree, "2", NULL);
  four = esp_tree_find (tree, "4", NULL);
  g_assert_true (two != four);
  g_assert_true (esp_place_get_module (two) == esp_place_get_module (four));
  g_assert_true (esp_place_get_first (four) == two);
  g_assert_cmpuint (esp_module_get_n_places (esp_place_get_module (two)), ==, 2);
  g_assert_true (esp_module_get_place (esp_place_get_module (two), 1) == four);
  g_assert_cmpstr (esp_place_get_keys (esp_tree_get_tensor (tree, 4))[0], ==, "4");
  g_assert_cmpstr (esp_place_get_keys (esp_tree_get_tensor (tree, 4))[1], ==, "weight");

  g_assert_cmpuint (esp_tree_get_totals (tree)->elements, ==, 193);
  g_assert_cmpuint (esp_tree_get_totals (tree)->unique_elements, ==, 121);
  g_assert_cmpuint (esp_tree_get_totals (tree)->tensors, ==, 8);
  g_assert_cmpuint (esp_tree_get_totals (tree)->parameters, ==, 6);
  g_assert_cmpuint (esp_place_get_totals (four)->unique_elements, ==, 72);

  g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, 2);
  tie = esp_tree_get_tie (tree, 0);
  g_assert_cmpint (esp_tie_get_kind (tie), ==, ESP_TIE_ALIAS);
  g_assert_cmpuint (esp_tie_get_n_places (tie), ==, 2);
  g_assert_cmpstr (esp_place_get_path (esp_tie_get_place (tie, 1)), ==, "4.weight");
  g_assert_true (esp_place_get_tie (esp_tree_find (tree, "4.weight", NULL)) == tie);
  g_assert_true (esp_place_get_parameter (esp_tree_find (tree, "4.weight", NULL)) ==
                 esp_place_get_parameter (esp_tree_find (tree, "2.weight", NULL)));
}

/* shared modules inside shared modules, with keys that hold dots */
/* a module that stands again where the producer lists nothing, also as a part of another */
static void
test_unlisted_module (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new ("/");
  g_autoptr (EspTree) tree = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *paths = NULL;
  EspModule *inner, *outer;

  outer = esp_tree_builder_add_module (builder, KEYS ("a"), "Outer", &error);
  inner = esp_tree_builder_add_module (builder, KEYS ("a", "x"), "Inner", &error);
  g_assert_true (esp_tree_builder_add_shared_module (builder, KEYS ("a", "y"), inner, &error));
  g_assert_true (esp_tree_builder_add_unlisted_module (builder, KEYS ("a[1]"), outer, &error));
  add (builder, KEYS ("a", "x", "w"), 2, 1);
  tree = finish (builder);
  paths = list_paths (tree);
  g_assert_cmpstr (paths, ==, "a/x/w a/y/w a[1]/x/w a[1]/y/w");
  for (guint i = 0; i < 4; i++)
    g_assert_cmpint (esp_place_is_stored (esp_tree_get_tensor (tree, i)), ==, i < 2);
  g_assert_cmpuint (esp_tree_get_totals (tree)->unique_elements, ==, 2);
  g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, 2);
  g_assert_cmpint (esp_tie_get_kind (esp_tree_get_tie (tree, 0)), ==, ESP_TIE_ALIAS);
  g_assert_cmpuint (esp_tie_get_n_places (esp_tree_get_tie (tree, 0)), ==, 2);
  g_assert_cmpint (esp_tie_get_kind (esp_tree_get_tie (tree, 1)), ==, ESP_TIE_IMPLIED);
  g_assert_cmpuint (esp_tie_get_n_places (esp_tree_get_tie (tree, 1)), ==, 3);
}

static void
test_shared_nested (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *paths = NULL;
  EspModule *inner, *outer;
  EspPlace *place;

  outer = esp_tree_builder_add_module (builder, KEYS ("a"), "Outer", &error);
  inner = esp_tree_builder_add_module (builder, KEYS ("a", "x"), "Inner", &error);
  g_assert_true (esp_tree_builder_add_shared_module (builder, KEYS ("a", "y"), inner, &error));
  g_assert_true (esp_tree_builder_add_shared_module (builder, KEYS ("b.c", "d"), outer, &error));
  add (builder, KEYS ("a", "x", "p.q"), 2, 1);
  tree = finish (builder);
  paths = list_paths (tree);
  g_assert_cmpstr (paths, ==, "a.x.p.q a.y.p.q b.c.d.x.p.q b.c.d.y.p.q");
  place = esp_tree_get_tensor (tree, 3);
  g_assert_true (g_strv_equal (esp_place_get_keys (place), KEYS ("b.c", "d", "y", "p.q")));
  g_assert_cmpuint (esp_parameter_get_n_places (esp_place_get_parameter (place)), ==, 4);
  g_assert_cmpuint (esp_tree_get_totals (tree)->unique_elements, ==, 2);
  g_assert_cmpuint (esp_tree_get_totals (tree)->elements, ==, 8);
}

static void
test_module_inside_itself (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (GError) error = NULL;
  EspModule *a;

  a = esp_tree_builder_add_module (builder, KEYS ("a"), "A", &error);
  g_assert_true (esp_tree_builder_add_shared_module (builder, KEYS ("a", "b", "c"), a, &error));
  g_assert_null (esp_tree_builder_finish (builder, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
}

/* 30 modules, each holding the next one twice: 2^30 places */
static void
test_unfolding_is_bounded (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();

  for (guint i = 0; i < 30; i++)
    {
      EspModule *module;

      g_ptr_array_add (keys, (gpointer) "x");
      g_ptr_array_add (keys, NULL);
      module = esp_tree_builder_add_module (builder, (const char *const *) keys->pdata, "M",
                                            &error);
      keys->pdata[keys->len - 2] = (gpointer) "y";
      g_assert_true (esp_tree_builder_add_shared_module (builder, (const char *const *) keys->pdata,
                                                         module, &error));
      keys->pdata[keys->len - 2] = (gpointer) "x";
      g_ptr_array_set_size (keys, keys->len - 1);
    }
  g_assert_null (esp_tree_builder_finish (builder, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT);
}

static void
test_repeated_names (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  gboolean ambiguous = FALSE;

  add (builder, KEYS ("a", "b"), 1, 1);
  add (builder, KEYS ("a.b"), 2, 1);
  add (builder, KEYS ("a"), 3, 1);
  tree = finish (builder);
  g_assert_cmpuint (esp_tree_get_n_tensors (tree), ==, 3);
  g_assert_true (esp_tree_find (tree, "a.b", &ambiguous) == esp_tree_get_tensor (tree, 0));
  g_assert_true (ambiguous);
  g_assert_true (esp_tree_find (tree, "a", &ambiguous) == esp_tree_get_tensor (tree, 2));
  g_assert_false (ambiguous);
}

static void
test_implied (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autoptr (GError) error = NULL;
  EspPlace *place;
  EspTie *tie;

  g_assert_true (esp_tree_builder_add_implied (builder, "4.weight", "2.weight", &error));
  g_assert_true (esp_tree_builder_add_implied (builder, "2.weight", "4.weight", &error));
  g_assert_true (esp_tree_builder_add_implied (builder, "format", "pt", &error));
  add (builder, KEYS ("2.weight"), 8, 8);
  tree = finish (builder);
  g_assert_cmpuint (esp_tree_get_n_tensors (tree), ==, 2);
  place = esp_tree_find (tree, "4.weight", NULL);
  g_assert_false (esp_place_is_stored (place));
  g_assert_cmpstr (esp_place_get_path (esp_place_get_first (place)), ==, "2.weight");
  g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, 1);
  tie = esp_place_get_tie (place);
  g_assert_cmpstr (esp_tie_get_kind_name (tie), ==, "implied");
  g_assert_cmpstr (esp_place_get_path (esp_tie_get_place (tie, 0)), ==, "2.weight");
  g_assert_cmpuint (esp_tree_get_totals (tree)->elements, ==, 128);
  g_assert_cmpuint (esp_tree_get_totals (tree)->unique_elements, ==, 64);
  g_assert_cmpuint (esp_tree_get_totals (tree)->bytes, ==, 256);
  g_assert_cmpuint (esp_tree_get_totals (tree)->parameters, ==, 1);
}

static void
test_find_typed (void)
{
  static const struct
  {
    const char *typed, *path;
  } cases[] = {
    { "net[2].weight", "2.weight" },
    { "2.weight", "2.weight" },
    { "net.2.weight", "2.weight" },
    { "model.2", "2" },
    { "whatever[4].bias", "4.bias" },
    { "net[4].weight.grad", "4.weight" },
    { " self[6].weight.data ", "6.weight" },
    { "6", "6" },
    { "whatever.4.bias", NULL },
    { "net[9].weight", NULL },
    { "2.weight.x", NULL },
    { "", "" },
  };
  g_autoptr (EspTree) tree = make_shared ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      EspPlace *place = esp_tree_find_typed (tree, cases[i].typed);

      g_test_message ("%s", cases[i].typed);
      g_assert_cmpstr (place != NULL ? esp_place_get_path (place) : NULL, ==, cases[i].path);
    }
}

static void
test_find_typed_nested (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;

  add (builder, KEYS ("model", "a.b"), 1, 1);
  add (builder, KEYS ("optimizer", "state"), 1, 1);
  tree = finish (builder);
  g_assert_cmpstr (esp_place_get_path (esp_tree_find_typed (tree, "a.b")), ==, "model.a.b");
  g_assert_cmpstr (esp_place_get_path (esp_tree_find_typed (tree, "model[\"a.b\"]")), ==,
                   "model.a.b");
  g_assert_cmpstr (esp_place_get_path (esp_tree_find_typed (tree, "sd['model']['a.b']")), ==,
                   "model.a.b");
  g_assert_null (esp_tree_find_typed (tree, "state"));
}

static void
test_guesses (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTensor) moment = make_tensor (3, 2);

  g_assert_nonnull (esp_tree_builder_add_tensor (builder, KEYS ("optimizer.state.0.exp_avg"), NULL,
                                                 ESP_ROLE_OPTIMIZER, ESP_REQUIRES_GRAD_UNKNOWN,
                                                 moment, &error));
  add (builder, KEYS ("net.0.weight"), 3, 2);
  add (builder, KEYS ("net.0.bias"), 3, 1);
  add (builder, KEYS ("net.1.weight"), 3, 1);
  add (builder, KEYS ("net.1.bias"), 3, 1);
  add (builder, KEYS ("tok_embed.weight"), 30, 2);
  add (builder, KEYS ("odd.weight"), 3, 2);
  add (builder, KEYS ("odd.bias"), 4, 1);
  add (builder, KEYS ("bn.running_mean"), 4, 1);
  add (builder, KEYS ("lstm.weight_hh_l0"), 8, 2);
  add (builder, KEYS ("gru.weight_hh"), 6, 2);
  g_assert_nonnull (esp_tree_builder_add_module (builder, KEYS ("known"), "a.B", &error));
  add (builder, KEYS ("known.weight"), 2, 2);
  tree = finish (builder);
#define GUESS(path) esp_module_get_guess (esp_place_get_module (esp_tree_find (tree, path, NULL)))
  g_assert_cmpstr (GUESS ("net"), ==, "Sequential");
  g_assert_cmpstr (GUESS ("optimizer.state"), ==, "");
  g_assert_cmpstr (GUESS ("net.0"), ==, "Linear");
  g_assert_cmpstr (GUESS ("net.1"), ==, "LayerNorm");
  g_assert_cmpstr (GUESS ("tok_embed"), ==, "Embedding");
  g_assert_cmpstr (GUESS ("odd"), ==, "");
  g_assert_cmpstr (GUESS ("bn"), ==, "BatchNorm");
  g_assert_cmpstr (GUESS ("lstm"), ==, "LSTM");
  g_assert_cmpstr (GUESS ("gru"), ==, "GRU");
  g_assert_cmpstr (GUESS ("known"), ==, "");
#undef GUESS
  g_assert_cmpstr (
      esp_module_get_brief_class (esp_place_get_module (esp_tree_find (tree, "known", NULL))), ==,
      "B");
}

static void
test_describe (void)
{
  g_autoptr (EspTree) tree = make_shared ();
  g_autofree char *linear =
      esp_module_describe (esp_place_get_module (esp_tree_find (tree, "2", NULL)));
  g_autofree char *relu =
      esp_module_describe (esp_place_get_module (esp_tree_find (tree, "1", NULL)));

  g_assert_cmpstr (linear, ==, "8 → 8");
  g_assert_cmpstr (relu, ==, "");
}

static void
count_call (EspParameter *parameter, gpointer user_data)
{
  (*(guint *) user_data)++;
}

static void
test_channels (void)
{
  g_autoptr (EspTree) tree = make_shared ();
  g_autoptr (EspTensor) tensor = make_tensor (8, 8);
  EspParameter *parameter = esp_place_get_parameter (esp_tree_find (tree, "4.weight", NULL));
  guint calls = 0;

  g_signal_connect (parameter, "changed", G_CALLBACK (count_call), &calls);
  g_assert_null (esp_parameter_get_channel (parameter, ESP_CHANNEL_GRAD));
  esp_parameter_set_channel (parameter, ESP_CHANNEL_GRAD, tensor);
  esp_parameter_set_channel (parameter, ESP_CHANNEL_DATA, tensor);
  g_assert_cmpuint (calls, ==, 0);
  esp_parameter_changed (parameter);
  g_assert_cmpuint (calls, ==, 1);
  g_assert_true (esp_parameter_get_channel (parameter, ESP_CHANNEL_GRAD) == tensor);
  g_assert_true (esp_parameter_get_data (parameter) == tensor);
  esp_parameter_set_channel (parameter, ESP_CHANNEL_GRAD, NULL);
  g_assert_null (esp_parameter_get_channel (parameter, ESP_CHANNEL_GRAD));
}

/* what a view still holds when the document is gone */
static void
test_place_outlives_tree (void)
{
  EspTree *tree = make_shared ();
  g_autoptr (EspPlace) place = g_object_ref (esp_tree_find (tree, "4.weight", NULL));
  g_autoptr (EspModule)
      module = g_object_ref (esp_place_get_module (esp_tree_find (tree, "4", NULL)));
  gpointer watched = esp_tree_get_root (tree);

  g_object_add_weak_pointer (watched, &watched);
  g_object_unref (tree);
  g_assert_null (watched);
  g_assert_cmpstr (esp_place_get_path (place), ==, "4.weight");
  g_assert_null (esp_place_get_parent (place));
  g_assert_null (esp_place_get_parameter (place));
  g_assert_cmpuint (esp_place_get_totals (place)->elements, ==, 64);
  g_assert_cmpuint (esp_module_get_n_places (module), ==, 0);
  g_assert_cmpstr (esp_module_get_class (module), ==, "nn.Linear");
}

static void
test_builder_is_dropped (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (GError) error = NULL;
  gpointer watched = esp_tree_builder_add_module (builder, KEYS ("a"), "A", &error);

  add (builder, KEYS ("a", "b"), 1, 1);
  g_object_add_weak_pointer (watched, &watched);
  g_clear_pointer (&builder, esp_tree_builder_free);
  g_assert_null (watched);
}

/* a large flat list against a plain array of its names */
static void
test_many (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autoptr (EspTensor) tensor = make_tensor (1, 1);
  g_autoptr (GString) path = g_string_new (NULL);
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < 20000; i++)
    {
      g_autofree char *name = g_strdup_printf ("m.layers.%u.experts.%u.w%u.weight", i / 600,
                                               i / 3 % 200, i % 3);

      g_assert_true (esp_tree_builder_put_tensor (builder, KEYS (name), NULL, ESP_ROLE_PARAMETER,
                                                  ESP_REQUIRES_GRAD_UNKNOWN, tensor, NULL));
    }
  tree = finish (builder);
  g_test_message ("20,000 tensors in %.1f ms", (g_get_monotonic_time () - start) / 1000.0);
  g_assert_cmpuint (esp_tree_get_n_tensors (tree), ==, 20000);
  for (guint i = 0; i < 20000; i += 7)
    {
      g_autofree char *name = g_strdup_printf ("m.layers.%u.experts.%u.w%u.weight", i / 600,
                                               i / 3 % 200, i % 3);

      g_string_truncate (path, 0);
      esp_tree_append_row_path (tree, i, path);
      g_assert_cmpstr (path->str, ==, name);
      g_assert_true (esp_tree_find (tree, name, NULL) == esp_tree_get_tensor (tree, i));
    }
  /* one tensor under all names */
  g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, 1);
  g_assert_cmpuint (esp_tree_get_totals (tree)->unique_elements, ==, 1);
}

/* --- random graphs of modules against a naive walk --- */

#define MOST_MODULES 8

/* module i holds parameters and modules of higher number, some several times */
typedef struct
{
  guint n;
  guint modules[4]; /* child, or 0 for a parameter of its own */
  char *keys[4];
} Graph;

typedef struct
{
  Graph graph[MOST_MODULES];
  EspModule *made[MOST_MODULES];
  GPtrArray *keys; /* of the way down */
  GString *naive;  /* all rows by a plain walk */
} Random;

static void
make_graph (Random *self, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      Graph *graph = &self->graph[i];

      graph->n = g_test_rand_int_range (0, 5);
      for (guint k = 0; k < graph->n; k++)
        {
          graph->modules[k] = i + 1 < n && g_test_rand_bit () ? g_test_rand_int_range (i + 1, n)
                                                              : 0;
          graph->keys[k] = g_strdup_printf (g_test_rand_bit () ? "%c%u" : "%c%u.x", 'a' + (int) k,
                                            i);
        }
    }
}

static void
build_graph (Random *self, EspTreeBuilder *builder, guint i)
{
  const Graph *graph = &self->graph[i];

  g_ptr_array_add (self->keys, NULL);
  self->made[i] = esp_tree_builder_add_module (builder, (const char *const *) self->keys->pdata,
                                               "M", NULL);
  for (guint k = 0; k < graph->n; k++)
    {
      const char *const *keys;

      self->keys->pdata[self->keys->len - 1] = graph->keys[k];
      g_ptr_array_add (self->keys, NULL);
      keys = (const char *const *) self->keys->pdata;
      if (graph->modules[k] == 0)
        add (builder, keys, 1, 1);
      else if (self->made[graph->modules[k]] != NULL)
        g_assert_true (esp_tree_builder_add_shared_module (builder, keys,
                                                           self->made[graph->modules[k]], NULL));
      else
        {
          g_ptr_array_set_size (self->keys, self->keys->len - 1);
          build_graph (self, builder, graph->modules[k]);
          continue;
        }
      g_ptr_array_set_size (self->keys, self->keys->len - 1);
    }
  g_ptr_array_set_size (self->keys, self->keys->len - 1);
}

static void
walk_graph (Random *self, guint i)
{
  const Graph *graph = &self->graph[i];

  for (guint k = 0; k < graph->n; k++)
    {
      g_ptr_array_add (self->keys, graph->keys[k]);
      if (graph->modules[k] != 0)
        walk_graph (self, graph->modules[k]);
      else
        for (guint key = 0; key < self->keys->len; key++)
          g_string_append_printf (self->naive, "%s%s", (char *) self->keys->pdata[key],
                                  key + 1 < self->keys->len ? "|" : "\n");
      g_ptr_array_set_size (self->keys, self->keys->len - 1);
    }
}

static void
check_graph (Random *self, EspTree *tree)
{
  g_autoptr (GString) told = g_string_new (NULL);
  guint n = esp_tree_get_n_tensors (tree);

  for (guint i = 0; i < n; i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);
      EspParameter *parameter = esp_place_get_parameter (place);
      g_autofree char *keys = g_strjoinv ("|", (GStrv) esp_place_get_keys (place));
      g_autofree char *path = g_strjoinv (".", (GStrv) esp_place_get_keys (place));
      gboolean found = FALSE;

      g_string_append_printf (told, "%s\n", keys);
      g_assert_cmpstr (esp_place_get_path (place), ==, path);
      g_assert_true (esp_tree_find (tree, path, NULL) == place);
      g_assert_true (esp_place_get_first (place) == esp_parameter_get_place (parameter, 0));
      for (guint k = 0; k < esp_parameter_get_n_places (parameter); k++)
        found = found || esp_parameter_get_place (parameter, k) == place;
      g_assert_true (found);
      g_assert_cmpint (esp_place_get_tie (place) != NULL, ==,
                       esp_parameter_get_n_places (parameter) > 1);
    }
  g_assert_cmpstr (told->str, ==, self->naive->str);
  g_assert_cmpuint (esp_tree_get_totals (tree)->elements, ==, n);
}

static void
test_random_graphs (void)
{
  for (guint round = 0; round < 1000; round++)
    {
      g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
      g_autoptr (EspTree) tree = NULL;
      Random self = { .keys = g_ptr_array_new (), .naive = g_string_new (NULL) };

      make_graph (&self, g_test_rand_int_range (1, MOST_MODULES + 1));
      build_graph (&self, builder, 0);
      walk_graph (&self, 0);
      tree = finish (builder);
      check_graph (&self, tree);
      for (guint i = 0; i < MOST_MODULES; i++)
        for (guint k = 0; k < self.graph[i].n; k++)
          g_free (self.graph[i].keys[k]);
      g_ptr_array_unref (self.keys);
      g_string_free (self.naive, TRUE);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tree/flat-names", test_flat_names);
  g_test_add_func ("/tree/keys", test_keys);
  g_test_add_func ("/tree/deep-keys", test_deep_keys);
  g_test_add_func ("/tree/shared-module", test_shared_module);
  g_test_add_func ("/tree/unlisted-module", test_unlisted_module);
  g_test_add_func ("/tree/shared-nested", test_shared_nested);
  g_test_add_func ("/tree/module-inside-itself", test_module_inside_itself);
  g_test_add_func ("/tree/unfolding-is-bounded", test_unfolding_is_bounded);
  g_test_add_func ("/tree/repeated-names", test_repeated_names);
  g_test_add_func ("/tree/implied", test_implied);
  g_test_add_func ("/tree/find-typed", test_find_typed);
  g_test_add_func ("/tree/find-typed-nested", test_find_typed_nested);
  g_test_add_func ("/tree/guesses", test_guesses);
  g_test_add_func ("/tree/describe", test_describe);
  g_test_add_func ("/tree/channels", test_channels);
  g_test_add_func ("/tree/place-outlives-tree", test_place_outlives_tree);
  g_test_add_func ("/tree/builder-is-dropped", test_builder_is_dropped);
  g_test_add_func ("/tree/random-graphs", test_random_graphs);
  g_test_add_func ("/tree/many", test_many);
  return g_test_run ();
}
