/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of torch.save's zip files against what PyTorch says of the same files
 * (fixtures/make-pytorch.py): names, shapes, types, roles, every value, ties, modules with classes
 * and attributes, metadata, and the report of the pickle. */

#include "pytorch-expected.h"

static EspCheckpoint *
open_fixture (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".pt", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "pytorch", file, NULL);
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==, "pytorch-zip");
  g_assert_cmpstr (esp_checkpoint_get_producer (checkpoint), ==, "torch");
  return checkpoint;
}

static void
test_fixture (gconstpointer data)
{
  g_autoptr (JsonParser) parser = load_expected ("pytorch");
  g_autoptr (EspCheckpoint) checkpoint = open_fixture (data);

  check_expected (checkpoint, json_object_get_object_member (
                                  json_node_get_object (json_parser_get_root (parser)), data));
}

/* a hostile pickle names what it would have called, and its one tensor is there */
static void
test_hostile (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("hostile");
  const char *const *globals = esp_checkpoint_get_pickle_globals (checkpoint);

  g_assert_true (g_strv_contains (globals, "posix.system"));
  g_assert_true (g_strv_contains (globals, "builtins.exec"));
  g_assert_true (g_strv_contains (globals, "os.environ"));
  g_assert_true (g_strv_contains (globals, "torch._utils._rebuild_tensor_v2"));
  g_assert_false (g_file_test ("hacked", G_FILE_TEST_EXISTS));
}

static void
test_meta (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("parameters");
  gboolean told = FALSE;

  for (guint i = 0; i < esp_checkpoint_get_n_warnings (checkpoint); i++)
    told = told || g_strcmp0 (esp_checkpoint_get_warning (checkpoint, i),
                              "“meta” can’t be read: a tensor on the device “meta” has no "
                              "values") == 0;
  g_assert_true (told);
}

static void
test_requires_grad (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("parameters");
  static const struct
  {
    const char *name;
    EspRequiresGrad wanted;
  } rows[] = {
    { "par", ESP_REQUIRES_GRAD_YES },    { "par2", ESP_REQUIRES_GRAD_NO },
    { "leaf", ESP_REQUIRES_GRAD_YES },   { "att", ESP_REQUIRES_GRAD_UNKNOWN },
    { "list.0", ESP_REQUIRES_GRAD_YES },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), rows[i].name, NULL);

      g_assert_cmpint (esp_parameter_get_requires_grad (esp_place_get_parameter (place)), ==,
                       rows[i].wanted);
    }
}

/* a parameter that occurs three times is one object at three places */
static void
test_shared_parameter (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("parameters");
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);
  EspParameter *first = esp_place_get_parameter (esp_tree_find (tree, "par", NULL));

  g_assert_true (esp_place_get_parameter (esp_tree_find (tree, "again", NULL)) == first);
  g_assert_true (esp_place_get_parameter (esp_tree_find (tree, "list.0", NULL)) == first);
  g_assert_cmpuint (esp_parameter_get_n_places (first), ==, 3);
}

static void
test_keys (void)
{
  g_autoptr (EspCheckpoint) checkpoint = open_fixture ("training");
  EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), "model.0.weight", NULL);
  const char *const *keys = esp_place_get_keys (place);

  g_assert_cmpstr (keys[0], ==, "model");
  g_assert_cmpstr (keys[1], ==, "0.weight");
  g_assert_null (keys[2]);
}

int
main (int argc, char **argv)
{
  static const char *const fixtures[] = { "state-dict", "training",  "module",     "quantised",
                                          "sparse",     "dtypes",    "big-endian", "deflated",
                                          "protocol3",  "protocol4", "protocol5",  "parameters",
                                          "single",     "hostile" };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (fixtures); i++)
    {
      g_autofree char *path = g_strconcat ("/pytorch/fixture/", fixtures[i], NULL);

      g_test_add_data_func (path, fixtures[i], test_fixture);
    }
  g_test_add_func ("/pytorch/hostile", test_hostile);
  g_test_add_func ("/pytorch/meta", test_meta);
  g_test_add_func ("/pytorch/requires-grad", test_requires_grad);
  g_test_add_func ("/pytorch/shared-parameter", test_shared_parameter);
  g_test_add_func ("/pytorch/keys", test_keys);
  return g_test_run ();
}
