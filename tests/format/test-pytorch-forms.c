/* SPDX-License-Identifier: GPL-3.0-or-later */

/* PyTorch's forms that are no archive of torch.save, against what PyTorch says of the same files
 * (fixtures/make-pytorch-forms.py). */

#include "pytorch-expected.h"

static void
test_fixture (gconstpointer data)
{
  g_autoptr (JsonParser) parser = load_expected ("pytorch-forms");
  JsonObject *all = json_node_get_object (json_parser_get_root (parser));
  JsonObject *wanted = json_object_get_object_member (all, data);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "pytorch-forms", data,
                                                 NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_checkpoint_get_format (checkpoint), ==,
                   json_object_get_string_member (wanted, "format"));
  check_expected (checkpoint, wanted);
}

/* of a lazy module there is nothing yet to compare: neither shape nor numbers */
static void
test_uninitialized (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "pytorch-forms",
                                                 "legacy-lazy.pth", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = esp_format_open (path, NULL, NULL, NULL, &error);
  EspTree *tree;
  EspTreeRow row;

  g_assert_no_error (error);
  tree = esp_checkpoint_get_tree (checkpoint);
  g_assert_cmpuint (esp_tree_get_n_tensors (tree), ==, 5);
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *shape = NULL;

      esp_tree_read_row (tree, i, &row);
      shape = esp_tensor_dup_shape (row.tensor);
      g_assert_cmpstr (shape, ==, "unknown");
      g_assert_error (esp_tensor_get_error (row.tensor), ESP_TENSOR_ERROR,
                      ESP_TENSOR_ERROR_NO_DATA);
      g_assert_cmpint (row.role, ==, i < 2 ? ESP_ROLE_PARAMETER : ESP_ROLE_BUFFER);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GList) names = NULL;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pytorch-forms/uninitialized", test_uninitialized);
  parser = load_expected ("pytorch-forms");
  names = json_object_get_members (json_node_get_object (json_parser_get_root (parser)));
  for (GList *name = names; name != NULL; name = name->next)
    {
      g_autofree char *path = g_strconcat ("/pytorch-forms/", name->data, NULL);

      g_test_add_data_func_full (path, g_strdup (name->data), test_fixture, g_free);
    }
  return g_test_run ();
}
