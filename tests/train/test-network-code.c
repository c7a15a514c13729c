/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The code of networks, word for word: fixtures/code has it, and tests/peers runs the same code in
 * PyTorch and Keras and compares the numbers. What a framework has nothing like is refused by the
 * name of its module. */

#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "esp-error.h"
#include "esp-network-code.h"
#include "train-fixture.h"

static EspNetwork *
load_layers (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".json", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "train", file, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  JsonObject *document = json_node_get_object (json_parser_get_root (parser));
  g_autofree char *spec = json_to_string (json_object_get_member (document, "spec"), FALSE);
  EspNetwork *network = esp_network_new_from_json (spec, -1, &error);

  g_assert_no_error (error);
  return network;
}

/* @data: a file's name without ".py" */
static void
test_golden (gconstpointer data)
{
  const char *dash = strrchr (data, '-');
  g_autofree char *name = g_strndup (data, (gsize) (dash - (const char *) data));
  g_autofree char *file = g_strconcat (data, ".py", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "code", file, NULL);
  g_autofree char *wanted = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = g_str_has_prefix (name, "layer-") ? load_layers (name)
                                                                     : train_load_template (name);
  g_autofree char *code = strcmp (dash, "-keras") == 0 ? esp_network_to_keras (network, &error)
                                                       : esp_network_to_pytorch (network, &error);

  g_assert_no_error (error);
  g_file_get_contents (path, &wanted, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (code, ==, wanted);
}

static void
test_refused (void)
{
  static const struct
  {
    const char *name, *place, *setting;
  } rows[] = { { "layer-batch-norm1d", "module 1 (BatchNorm1d)", "momentum" },
               { "layer-batch-norm1d-rows", "module 3 (BatchNorm1d)", "track_running_stats" },
               { "layer-conv-transpose2d", "module 3 (ConvTranspose2d)", "groups" } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (EspNetwork) network = load_layers (rows[i].name);
      g_autoptr (GError) error = NULL;
      g_autofree char *code = esp_network_to_keras (network, &error);

      g_assert_null (code);
      g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC);
      g_assert_nonnull (strstr (error->message, rows[i].place));
      g_assert_nonnull (strstr (error->message, rows[i].setting));
    }
}

static void
expect_line (const char *code, const char *line)
{
  if (strstr (code, line) == NULL)
    g_error ("no “%s” in:\n%s", line, code);
}

/* what is frozen when the code is asked for, not what was at the beginning */
static void
test_frozen (void)
{
  g_autoptr (EspNetwork) network = load_layers ("thaw-adam");
  EspUpdateRule rule = { .frozen = FALSE };
  g_autoptr (GError) error = NULL;
  g_autofree char *before = esp_network_to_pytorch (network, &error);

  g_assert_no_error (error);
  expect_line (before, "m0.requires_grad_(False)");
  g_assert_null (strstr (before, "m2."));

  esp_parameter_set_rule (esp_network_get_parameter (network, 0), &rule);
  rule.frozen = TRUE;
  esp_parameter_set_rule (esp_network_get_parameter (network, 3), &rule);
  g_autofree char *after = esp_network_to_pytorch (network, &error);
  g_assert_no_error (error);
  expect_line (after, "        m0.bias.requires_grad_(False)\n");
  expect_line (after, "        m2.bias.requires_grad_(False)\n");
  g_assert_null (strstr (after, "m0.requires_grad_"));
  g_autofree char *keras = esp_network_to_keras (network, &error);
  g_assert_no_error (error);
  expect_line (keras, "# 1 of 2 parameters of m0 are frozen in the network, none here\n");
}

int
main (int argc, char *argv[])
{
  g_autofree char *folder = NULL;
  g_autoptr (GDir) files = NULL;
  g_autoptr (GStringChunk) names = g_string_chunk_new (4096);
  g_autoptr (GError) error = NULL;
  const char *file;
  guint n = 0;

  g_test_init (&argc, &argv, NULL);
  folder = g_test_build_filename (G_TEST_DIST, "fixtures", "code", NULL);
  files = g_dir_open (folder, 0, &error);
  g_assert_no_error (error);
  while ((file = g_dir_read_name (files)) != NULL)
    {
      g_autofree char *name = g_strndup (file, strlen (file) - strlen (".py"));
      g_autofree char *path = g_strconcat ("/network-code/", name, NULL);

      g_assert_true (g_str_has_suffix (file, ".py"));
      g_test_add_data_func (path, g_string_chunk_insert (names, name), test_golden);
      n++;
    }
  g_assert_cmpuint (n, >=, 22);
  g_test_add_func ("/network-code/refused", test_refused);
  g_test_add_func ("/network-code/frozen", test_frozen);
  return g_test_run ();
}
