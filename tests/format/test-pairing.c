/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which parameter an optimizer's state belongs to. In the files by torch (make-optimizers.py) the
 * state of the n-th parameter holds n + 0.5 in all its elements; the other trees are made here,
 * with the names that Keras, TensorFlow, Optax and FSDP give. */

#include "config.h"

#include "esp-error.h"
#include "esp-format.h"
#include "esp-pairing.h"
#include "esp-tree-builder.h"

#include <string.h>

static const char *const parameters[] = { "0.weight", "0.bias", "1.weight", "1.bias",
                                          "2.weight", "2.bias", "3.weight", "3.bias" };

static void
check_file (const char *name, const char *prefix, gboolean named)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "pytorch", name, NULL);
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  g_autoptr (EspPairing) pairing = NULL;
  GError *error = NULL;
  guint n_states = 0, n_listed = 0;
  EspTree *tree;

  checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  tree = esp_checkpoint_get_tree (checkpoint);
  pairing = esp_pairing_new (tree);
  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);
      EspParameter *parameter = esp_place_get_parameter (place);
      gboolean guessed;
      gint64 owner = esp_pairing_get_owner (pairing, i, &guessed);
      g_autofree char *expected = NULL;
      float value;
      guint n;

      if (esp_parameter_get_role (parameter) != ESP_ROLE_OPTIMIZER)
        {
          g_assert_cmpint (owner, ==, -1);
          esp_pairing_get_states (pairing, i, &n);
          n_listed += n;
          continue;
        }
      n_states++;
      g_assert_cmpint (owner, >=, 0);
      if (strcmp (esp_place_get_name (place), "step") == 0)
        continue;
      g_assert_true (
          esp_tensor_read_f32 (esp_parameter_get_data (parameter), 0, 1, &value, NULL, &error));
      g_assert_no_error (error);
      expected = g_strconcat (prefix, parameters[(guint) value], NULL);
      g_assert_cmpstr (esp_place_get_path (esp_tree_get_tensor (tree, (guint) owner)), ==,
                       expected);
      /* five vectors have four elements; other shapes occur once */
      if (named)
        g_assert_false (guessed);
      else
        g_assert_cmpint (guessed, ==,
                         esp_tensor_get_ndim (esp_parameter_get_data (parameter)) == 1 &&
                             (guint) value != 7);
    }
  g_assert_cmpuint (n_states, >=, 8);
  g_assert_cmpuint (n_listed, ==, n_states);
}

static void
test_order (void)
{
  check_file ("optimizer-order.pt", "model.", FALSE);
}

static void
test_groups (void)
{
  check_file ("optimizer-groups.pt", "model.", FALSE);
}

static void
test_names (void)
{
  check_file ("optimizer-names.pt", "model.", TRUE);
}

static void
test_lightning (void)
{
  check_file ("optimizer-lightning.pt", "state_dict.model.", FALSE);
}

typedef struct
{
  const char *name;
  EspRole role;
  gint64 shape[2]; /* 0: fewer dimensions */
} Row;

static EspTree *
make_tree (const char *separator, const Row *rows)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (separator);
  GError *error = NULL;
  EspTree *tree;

  for (; rows->name != NULL; rows++)
    {
      const char *keys[] = { rows->name, NULL };
      guint ndim = rows->shape[0] == 0 ? 0 : rows->shape[1] == 0 ? 1 : 2;
      g_autoptr (EspTensor) tensor = esp_tensor_new_unreadable (
          ESP_DTYPE_FLOAT32, "F32", rows->shape, ndim,
          g_error_new_literal (ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT, "made here"));

      g_assert_true (esp_tree_builder_put_tensor (builder, keys, NULL, rows->role,
                                                  ESP_REQUIRES_GRAD_UNKNOWN, tensor, &error));
      g_assert_no_error (error);
    }
  tree = esp_tree_builder_finish (builder, &error);
  g_assert_no_error (error);
  return tree;
}

/* "state -> parameter" for each, with a "?" where it is guessed; NULL-terminated */
static void
check_tree (const char *separator, const Row *rows, const char *const *expected)
{
  g_autoptr (EspTree) tree = make_tree (separator, rows);
  g_autoptr (EspPairing) pairing = esp_pairing_new (tree);

  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      const char *name = esp_place_get_path (esp_tree_get_tensor (tree, i));
      gboolean guessed;
      gint64 owner = esp_pairing_get_owner (pairing, i, &guessed);
      g_autofree char *found = NULL;

      if (esp_parameter_get_role (esp_place_get_parameter (esp_tree_get_tensor (tree, i))) !=
          ESP_ROLE_OPTIMIZER)
        continue;
      found = owner < 0
                  ? g_strdup (name)
                  : g_strdup_printf ("%s -> %s%s", name,
                                     esp_place_get_path (esp_tree_get_tensor (tree, (guint) owner)),
                                     guessed ? "?" : "");
      g_assert_cmpstr (found, ==, *expected);
      expected++;
    }
  g_assert_null (*expected);
}

#define P ESP_ROLE_PARAMETER
#define S ESP_ROLE_OPTIMIZER

static void
test_keras (void)
{
  static const Row rows[] = { { "dense/kernel", P, { 4, 2 } },
                              { "dense/bias", P, { 2 } },
                              { "out/kernel", P, { 4, 2 } },
                              { "optimizer/iteration", S, { 0 } },
                              { "optimizer/dense/kernel/momentum", S, { 4, 2 } },
                              { "optimizer/Adam/out/kernel/m", S, { 4, 2 } },
                              { "optimizer/velocity/dense/bias", S, { 2 } },
                              { NULL, P, { 0 } } };
  static const char *const pairs[] = { "optimizer/iteration",
                                       "optimizer/dense/kernel/momentum -> dense/kernel",
                                       "optimizer/Adam/out/kernel/m -> out/kernel",
                                       "optimizer/velocity/dense/bias -> dense/bias", NULL };
  /* numbers alone: momentum and velocity of one variable after the other */
  static const Row numbered[] = {
    { "dense/kernel", P, { 4, 2 } },
    { "dense/bias", P, { 2 } },
    { "out/kernel", P, { 4, 2 } },
    { "optimizer/vars/0", S, { 0 } },
    { "optimizer/vars/1", S, { 4, 2 } },
    { "optimizer/vars/2", S, { 4, 2 } },
    { "optimizer/vars/3", S, { 2 } },
    { "optimizer/vars/4", S, { 2 } },
    { "optimizer/vars/5", S, { 4, 2 } },
    { "optimizer/vars/6", S, { 4, 2 } },
    { NULL, P, { 0 } },
  };
  static const char *const by_order[] = { "optimizer/vars/0",
                                          "optimizer/vars/1 -> dense/kernel?",
                                          "optimizer/vars/2 -> dense/kernel?",
                                          "optimizer/vars/3 -> dense/bias",
                                          "optimizer/vars/4 -> dense/bias",
                                          "optimizer/vars/5 -> out/kernel?",
                                          "optimizer/vars/6 -> out/kernel?",
                                          NULL };

  check_tree ("/", rows, pairs);
  check_tree ("/", numbered, by_order);
}

static void
test_tensorflow (void)
{
  static const Row rows[] = { { "net/dense/kernel", P, { 4, 2 } },
                              { "root/net/dense/kernel/.OPTIMIZER_SLOT/opt/m", S, { 4, 2 } },
                              { NULL, P, { 0 } } };
  static const char *const pairs[] = { "root/net/dense/kernel/.OPTIMIZER_SLOT/opt/m -> "
                                       "net/dense/kernel",
                                       NULL };

  check_tree ("/", rows, pairs);
}

static void
test_optax (void)
{
  static const Row rows[] = { { "params.Dense_0.kernel", P, { 4, 2 } },
                              { "params.Dense_0.bias", P, { 2 } },
                              { "opt_state.0.mu.Dense_0.kernel", S, { 4, 2 } },
                              { "opt_state.0.nu.params.Dense_0.bias", S, { 2 } },
                              { NULL, P, { 0 } } };
  static const char *const pairs[] = { "opt_state.0.mu.Dense_0.kernel -> params.Dense_0.kernel",
                                       "opt_state.0.nu.params.Dense_0.bias -> params.Dense_0.bias",
                                       NULL };

  check_tree (".", rows, pairs);
}

/* full names as keys, and what fits nothing */
static void
test_fsdp (void)
{
  static const Row rows[] = { { "model.layers.0.weight", P, { 4, 2 } },
                              { "model.layers.1.weight", P, { 4, 2 } },
                              { "optimizer.state.layers.1.weight.exp_avg", S, { 4, 2 } },
                              { "optimizer.state.layers.0.weight.step", S, { 0 } },
                              { "optimizer.state.layers.7.weight.exp_avg", S, { 9 } },
                              { NULL, P, { 0 } } };
  static const char *const pairs[] = {
    "optimizer.state.layers.1.weight.exp_avg -> model.layers.1.weight",
    "optimizer.state.layers.0.weight.step -> model.layers.0.weight",
    "optimizer.state.layers.7.weight.exp_avg", NULL
  };

  check_tree (".", rows, pairs);
}

/* three vectors, and state for two of them: nobody can say for which */
static void
test_too_few (void)
{
  static const Row rows[] = { { "model.a", P, { 5 } },
                              { "model.b", P, { 5 } },
                              { "model.c", P, { 5 } },
                              { "optimizer.state.0.exp_avg", S, { 5 } },
                              { "optimizer.state.1.exp_avg", S, { 5 } },
                              { NULL, P, { 0 } } };
  static const char *const pairs[] = { "optimizer.state.0.exp_avg", "optimizer.state.1.exp_avg",
                                       NULL };

  check_tree (".", rows, pairs);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pairing/torch/order", test_order);
  g_test_add_func ("/pairing/torch/groups", test_groups);
  g_test_add_func ("/pairing/torch/names", test_names);
  g_test_add_func ("/pairing/torch/lightning", test_lightning);
  g_test_add_func ("/pairing/keras", test_keras);
  g_test_add_func ("/pairing/tensorflow", test_tensorflow);
  g_test_add_func ("/pairing/optax", test_optax);
  g_test_add_func ("/pairing/fsdp", test_fsdp);
  g_test_add_func ("/pairing/too-few", test_too_few);
  return g_test_run ();
}
