/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every change of a network's structure: what the new one is, which values it took over, and what
 * becomes of the names by which modules call one another. */

#include <math.h>
#include <string.h>

#include "esp-error.h"
#include "esp-module.h"
#include "esp-spec-edit.h"
#include "train-fixture.h"

#define REST                                                                                       \
  "\"loss\": {\"class\": \"MSELoss\"}, \"optimizer\": {\"class\": \"SGD\"}, \"data\": "            \
  "{\"name\": \"random\", \"inputs\": [4], \"targets\": [4]}}"
#define LINEAR "{\"class\": \"Linear\", \"out_features\": 4}"
#define RELU "{\"class\": \"ReLU\"}"

static EspNetwork *
load (const char *modules)
{
  g_autofree char *text = g_strdup_printf ("{\"espalier\": 1, \"modules\": [%s], " REST, modules);
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_new_from_json (text, -1, &error);
  g_assert_no_error (error);
  return network;
}

static EspSpecEdit *
begin (EspNetwork *network)
{
  g_autoptr (GError) error = NULL;
  EspSpecEdit *edit = esp_spec_edit_new (network, &error);
  g_assert_no_error (error);
  return edit;
}

static EspNetwork *
finish (EspSpecEdit *edit)
{
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_spec_edit_finish (edit, NULL, &error);
  g_assert_no_error (error);
  return network;
}

/* class of the module at @path */
static const char *
class_at (EspNetwork *network, const char *path)
{
  EspPlace *place = esp_tree_find (esp_network_get_tree (network), path, NULL);
  return place != NULL ? esp_module_get_class (esp_place_get_module (place)) : NULL;
}

static EspParameter *
at (EspNetwork *network, const char *path)
{
  EspPlace *place = esp_tree_find (esp_network_get_tree (network), path, NULL);
  return place != NULL ? esp_place_get_parameter (place) : NULL;
}

static char *
shape_at (EspNetwork *network, const char *path)
{
  EspParameter *parameter = at (network, path);
  GString *text = g_string_new (NULL);
  g_assert_nonnull (parameter);
  EspTensor *tensor = esp_parameter_get_data (parameter);
  for (guint i = 0; i < esp_tensor_get_ndim (tensor); i++)
    g_string_append_printf (text, "%s%d", i > 0 ? "x" : "", (int) esp_tensor_get_shape (tensor)[i]);
  return g_string_free (text, FALSE);
}

static void
check_shape (EspNetwork *network, const char *path, const char *shape)
{
  g_autofree char *found = shape_at (network, path);
  g_assert_cmpstr (found, ==, shape);
}

static gboolean
equal_values (EspNetwork *a, const char *path, EspNetwork *b, const char *other)
{
  gsize n = 0, m = 0;
  g_autofree float *x = train_read_tensor (esp_parameter_get_data (at (a, path)), &n);
  g_autofree float *y = train_read_tensor (esp_parameter_get_data (at (b, other)), &m);
  return n == m && memcmp (x, y, n * sizeof *x) == 0;
}

static void
check_same_values (EspNetwork *a, EspNetwork *b)
{
  EspTree *tree = esp_network_get_tree (a);
  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      const char *path = esp_place_get_path (esp_tree_get_tensor (tree, i));
      g_assert_true (equal_values (a, path, b, path));
    }
}

/* the members of a module in the new specification, as text */
static void
check_json (EspNetwork *network, const char *part)
{
  g_autofree char *json = esp_network_to_json (network);
  if (strstr (json, part) == NULL)
    g_error ("%s isn't in %s", part, json);
}

static void
check_error (EspSpecEdit *edit, const char *a, const char *b)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_spec_edit_finish (edit, NULL, &error);
  g_assert_null (network);
  g_assert_nonnull (error);
  g_assert_true (error->domain == ESP_NETWORK_ERROR);
  if (strstr (error->message, a) == NULL || strstr (error->message, b) == NULL)
    g_error ("“%s” lacks “%s” or “%s”", error->message, a, b);
}

/* nothing changed: the same bytes and the same values, for every template */
static void
test_nothing (void)
{
  static const char *const names[] = { "autoencoder", "d2l-mlp", "d2l-shared", "digits",
                                       "digits-conv", "spirals", "xor" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (EspNetwork) network = train_load_template (names[i]);
      g_autoptr (EspSpecEdit) edit = begin (network);
      g_autoptr (EspNetwork) same = finish (edit);
      g_autofree char *before = esp_network_to_json (network);
      g_autofree char *after = esp_network_to_json (same);
      g_assert_cmpstr (after, ==, before);
      check_same_values (network, same);
    }
}

static void
test_add (void)
{
  g_autoptr (EspNetwork) network = train_load_template ("d2l-mlp");
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_assert_true (esp_spec_edit_add (edit, "", 2, "Linear", NULL));
  g_assert_true (esp_spec_edit_add (edit, "", 3, "Tanh", NULL));
  g_autoptr (EspNetwork) more = finish (edit);
  g_assert_cmpstr (class_at (more, "2"), ==, "Linear");
  g_assert_cmpstr (class_at (more, "3"), ==, "Tanh");
  check_shape (more, "2.weight", "8x8");
  check_shape (more, "4.weight", "1x8");
  g_assert_true (equal_values (network, "0.weight", more, "0.weight"));
  g_assert_true (equal_values (network, "2.weight", more, "4.weight"));
  g_assert_true (equal_values (network, "2.bias", more, "4.bias"));
  g_autofree char *moved = esp_spec_edit_find (edit, "2");
  g_assert_cmpstr (moved, ==, "4");
}

/* every class that can stand behind a vector does so, and the network is one */
static void
test_add_every_class (void)
{
  const char *const *names = esp_setting_get_layers ();
  g_autoptr (EspNetwork) flat = load (LINEAR ", " RELU ", " LINEAR);
  g_autoptr (EspNetwork) conv = train_load_template ("digits-conv");
  guint n_flat = 0, n_conv = 0;
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autoptr (EspSpecEdit) a = begin (flat);
      g_autoptr (EspSpecEdit) b = begin (conv);
      g_autoptr (GError) error = NULL;
      g_assert_true (esp_spec_edit_add (a, "", 2, names[i], NULL));
      g_assert_true (esp_spec_edit_add (b, "", 2, names[i], NULL));
      g_autoptr (EspNetwork) x = esp_spec_edit_finish (a, NULL, &error);
      if (x == NULL)
        g_assert_true (strstr (error->message, "module") != NULL ||
                       strstr (error->message, "loss") != NULL);
      g_clear_error (&error);
      g_autoptr (EspNetwork) y = esp_spec_edit_finish (b, NULL, &error);
      if (y == NULL)
        g_assert_true (strstr (error->message, "module") != NULL ||
                       strstr (error->message, "loss") != NULL);
      n_flat += x != NULL;
      n_conv += y != NULL;
    }
  g_test_message ("%u behind a vector, %u behind planes", n_flat, n_conv);
  g_assert_cmpuint (n_flat, >=, 20);
  g_assert_cmpuint (n_conv, >=, 22);
}

static void
test_remove (void)
{
  g_autoptr (EspNetwork) network = train_load_template ("spirals");
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_assert_true (esp_spec_edit_remove (edit, "2", NULL));
  g_assert_true (esp_spec_edit_remove (edit, "2", NULL));
  g_autoptr (EspNetwork) less = finish (edit);
  check_shape (less, "0.weight", "16x2");
  check_shape (less, "2.weight", "2x16");
  g_assert_true (equal_values (network, "4.weight", less, "2.weight"));
  g_autofree char *gone = esp_spec_edit_find (edit, "2");
  g_assert_null (gone);
}

static void
test_resize (void)
{
  g_autoptr (EspNetwork) network = train_load_template ("d2l-mlp");
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_autoptr (JsonNode) five = json_node_init_int (json_node_alloc (), 5);
  g_assert_true (esp_spec_edit_set (edit, "0", "out_features", five, NULL));
  g_autoptr (EspNetwork) other = finish (edit);
  check_shape (other, "0.weight", "5x4");
  check_shape (other, "2.weight", "1x5");
  g_assert_true (equal_values (network, "2.bias", other, "2.bias"));
  check_json (other, "\"in_features\": 5");
}

/* a size that somebody else depends on is told with the module and both shapes */
static void
test_resize_wrong (void)
{
  g_autoptr (EspNetwork) network = train_load_template ("d2l-mlp");
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_autoptr (JsonNode) three = json_node_init_int (json_node_alloc (), 3);
  g_autoptr (JsonNode) none = json_node_init_int (json_node_alloc (), 0);
  g_assert_true (esp_spec_edit_set (edit, "2", "out_features", three, NULL));
  check_error (edit, "[3]", "[1]");
  g_autoptr (EspSpecEdit) second = begin (network);
  g_assert_true (esp_spec_edit_set (second, "2", "out_features", none, NULL));
  check_error (second, "module 2 (Linear)", "out_features");
  g_autoptr (EspSpecEdit) third = begin (network);
  g_assert_true (esp_spec_edit_set (third, "0", "no_such", none, NULL));
  check_error (third, "module 0 (Linear)", "no_such");
}

static void
test_retype (void)
{
  g_autoptr (EspNetwork) network = train_load_template ("spirals");
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_assert_true (esp_spec_edit_set_class (edit, "1", "LeakyReLU", NULL));
  g_assert_true (esp_spec_edit_set_class (edit, "3", "LayerNorm", NULL));
  g_autoptr (EspNetwork) other = finish (edit);
  g_assert_cmpstr (class_at (other, "1"), ==, "LeakyReLU");
  check_shape (other, "3.weight", "16");
  g_assert_true (equal_values (network, "2.weight", other, "2.weight"));
  g_autoptr (EspSpecEdit) wrong = begin (network);
  g_assert_true (esp_spec_edit_set_class (wrong, "0", "Conv2d", NULL));
  check_error (wrong, "module 0 (Conv2d)", "[2]");
  g_autoptr (GError) error = NULL;
  g_assert_false (esp_spec_edit_set_class (wrong, "0", "Dense", &error));
  g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC);
}

/* 2 and 4 of d2l-shared are one; 0 becomes another place of it when the sizes fit */
static void
test_share (void)
{
  g_autoptr (EspNetwork) network = load (LINEAR ", " RELU ", " LINEAR ", " RELU ", " LINEAR);
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_autoptr (GError) error = NULL;
  g_assert_true (esp_spec_edit_share (edit, "4", "0", NULL));
  g_assert_false (esp_spec_edit_share (edit, "4", "0", &error));
  g_autoptr (EspNetwork) shared = finish (edit);
  g_assert_true (at (shared, "4.weight") == at (shared, "0.weight"));
  g_assert_cmpuint (esp_network_get_n_parameters (shared), ==, 4);
  g_assert_true (equal_values (network, "0.weight", shared, "4.weight"));
  /* the first place goes, the second stays with the values */
  g_autoptr (EspSpecEdit) cut = begin (shared);
  g_assert_true (esp_spec_edit_remove (cut, "0", NULL));
  g_autoptr (EspNetwork) later = finish (cut);
  g_assert_true (equal_values (shared, "0.weight", later, "3.weight"));
  g_assert_true (equal_values (shared, "2.weight", later, "1.weight"));
  /* shared and taken apart, all values are there twice */
  g_autoptr (EspSpecEdit) apart = begin (shared);
  g_assert_true (esp_spec_edit_unshare (apart, "0", NULL));
  g_autoptr (EspNetwork) two = finish (apart);
  g_assert_cmpuint (esp_network_get_n_parameters (two), ==, 6);
  g_assert_true (at (two, "4.weight") != at (two, "0.weight"));
  g_assert_true (equal_values (two, "0.weight", two, "4.weight"));
  g_autoptr (EspSpecEdit) alone = begin (two);
  g_assert_false (esp_spec_edit_unshare (alone, "0", NULL));
}

static void
test_share_wrong (void)
{
  g_autoptr (EspNetwork) network = train_load_template ("d2l-mlp");
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_assert_true (esp_spec_edit_share (edit, "2", "0", NULL));
  check_error (edit, "module 2 (Linear)", "[8]");
  g_autoptr (EspNetwork) nested =
      load ("{\"class\": \"Sequential\", \"name\": \"a\", \"modules\": [" LINEAR ", " RELU "]}");
  g_autoptr (EspSpecEdit) inside = begin (nested);
  g_autoptr (GError) error = NULL;
  g_assert_false (esp_spec_edit_share (inside, "a.0", "a", &error));
  g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC);
}

/* a residual block: the names in "inputs" follow */
#define BLOCK                                                                                      \
  LINEAR ", {\"class\": \"Sequential\", \"name\": \"block\", \"modules\": [" LINEAR ", " RELU      \
         ", {\"class\": \"Add\", \"inputs\": [\"input\", \"1\"]}]}, " RELU                         \
         ", {\"class\": \"Add\", \"inputs\": [\"2\", \"block.0\", \"0\"]}"

static void
test_residual (void)
{
  g_autoptr (EspNetwork) network = load (BLOCK);
  g_autoptr (EspSpecEdit) add = begin (network);
  g_assert_true (esp_spec_edit_add (add, "", 0, "Tanh", NULL));
  g_assert_true (esp_spec_edit_add (add, "block", 2, "LayerNorm", NULL));
  g_assert_true (esp_spec_edit_add (add, "block", 0, "Identity", NULL));
  g_autoptr (EspNetwork) more = finish (add);
  check_json (more, "\"inputs\": [\"input\", \"3\"]");
  check_json (more, "\"inputs\": [\"3\", \"block.1\", \"1\"]");
  g_assert_true (equal_values (network, "block.0.weight", more, "block.1.weight"));
  g_autoptr (EspSpecEdit) remove = begin (network);
  g_assert_true (esp_spec_edit_remove (remove, "block.1", NULL));
  g_assert_true (esp_spec_edit_remove (remove, "2", NULL));
  g_autoptr (EspNetwork) less = finish (remove);
  check_json (less, "\"inputs\": [\"input\", \"0\"]");
  check_json (less, "\"inputs\": [\"block\", \"block.0\", \"0\"]");
  g_autoptr (EspSpecEdit) rename = begin (network);
  g_assert_true (esp_spec_edit_rename (rename, "block", "body", NULL));
  g_assert_true (esp_spec_edit_rename (rename, "0", "first", NULL));
  g_autoptr (EspNetwork) named = finish (rename);
  check_json (named, "\"inputs\": [\"2\", \"body.0\", \"first\"]");
  g_assert_true (equal_values (network, "0.weight", named, "first.weight"));
  g_autoptr (EspSpecEdit) whole = begin (network);
  g_assert_true (esp_spec_edit_remove (whole, "block", NULL));
  g_autoptr (EspNetwork) gone = finish (whole);
  check_json (gone, "\"inputs\": [\"1\", \"0\", \"0\"]");
}

static void
test_move (void)
{
  g_autoptr (EspNetwork) network = load (BLOCK);
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_assert_true (esp_spec_edit_move (edit, "block.1", 0, NULL));
  g_autoptr (EspNetwork) moved = finish (edit);
  g_assert_cmpstr (class_at (moved, "block.0"), ==, "ReLU");
  check_json (moved, "\"inputs\": [\"input\", \"1\"]");
  check_json (moved, "\"inputs\": [\"2\", \"block.1\", \"0\"]");
  g_assert_true (equal_values (network, "block.0.weight", moved, "block.1.weight"));
  g_autoptr (EspSpecEdit) late = begin (network);
  g_assert_true (esp_spec_edit_move (late, "0", 3, NULL));
  g_autoptr (EspSpecEdit) beyond = begin (network);
  g_assert_false (esp_spec_edit_move (beyond, "0", 4, NULL));
  g_assert_true (esp_spec_edit_move (beyond, "3", 0, NULL));
  check_error (beyond, "module 0", "after it");
}

static void
test_duplicate (void)
{
  g_autoptr (EspNetwork) network = load (BLOCK);
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_assert_true (esp_spec_edit_duplicate (edit, "block", NULL));
  g_autoptr (EspNetwork) twice = finish (edit);
  g_assert_cmpstr (class_at (twice, "2"), ==, "Sequential");
  g_assert_true (at (twice, "2.0.weight") != at (twice, "block.0.weight"));
  g_assert_true (equal_values (network, "block.0.weight", twice, "2.0.weight"));
  check_json (twice, "\"inputs\": [\"3\", \"block.0\", \"0\"]");
}

/* a layer that another one's parameter is tied to */
static void
test_tie (void)
{
  g_autoptr (EspNetwork)
      network = load (LINEAR ", " RELU ", {\"class\": \"Linear\", \"out_features\": 4, "
                             "\"tie\": {\"weight\": \"0.weight\"}}");
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_assert_true (esp_spec_edit_add (edit, "", 0, "Tanh", NULL));
  g_autoptr (EspNetwork) moved = finish (edit);
  check_json (moved, "\"tie\": {\"weight\": \"1.weight\"}");
  g_assert_true (at (moved, "3.weight") == at (moved, "1.weight"));
  g_autoptr (EspSpecEdit) cut = begin (network);
  g_assert_true (esp_spec_edit_remove (cut, "0", NULL));
  g_autoptr (EspNetwork) own = finish (cut);
  g_assert_true (equal_values (network, "0.weight", own, "1.weight"));
  g_assert_true (equal_values (network, "2.bias", own, "1.bias"));
  g_autoptr (EspSpecEdit) apart = begin (network);
  g_assert_true (esp_spec_edit_unshare (apart, "2", NULL));
  g_autoptr (EspNetwork) two = finish (apart);
  g_assert_true (at (two, "2.weight") != at (two, "0.weight"));
  g_assert_true (equal_values (two, "2.weight", two, "0.weight"));
}

static EspNetwork *
load_grouped (const char *groups)
{
  g_autofree char *text =
      g_strdup_printf ("{\"espalier\": 1, \"modules\": [" LINEAR ", " RELU ", " LINEAR ", " LINEAR
                       "], \"loss\": {\"class\": \"MSELoss\"}, \"optimizer\": {\"class\": \"SGD\", "
                       "\"groups\": [%s]},"
                       " \"data\": {\"name\": \"random\", \"inputs\": [4], \"targets\": [4]}}",
                       groups);
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_new_from_json (text, -1, &error);
  g_assert_no_error (error);
  return network;
}

/* patterns of the optimiser's groups follow, mean the same or become lists */
static void
test_groups (void)
{
  g_autoptr (EspNetwork) network =
      load_grouped ("{\"params\": \"2.*\", \"lr\": 0.5}, {\"params\": \"*.bias\", \"lr\": 0.25}");
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_assert_true (esp_spec_edit_add (edit, "", 0, "Tanh", NULL));
  g_autoptr (EspNetwork) moved = finish (edit);
  check_json (moved, "\"params\": [\"3.*\"]");
  check_json (moved, "\"params\": [\"*.bias\"]");
  g_autoptr (EspSpecEdit) remove = begin (network);
  g_assert_true (esp_spec_edit_remove (remove, "2", NULL));
  g_autoptr (EspNetwork) less = finish (remove);
  g_autofree char *json = esp_network_to_json (less);
  g_assert_null (strstr (json, "\"lr\": 0.5"));
  g_assert_nonnull (strstr (json, "\"params\": [\"*.bias\"]"));
}

static void
test_groups_become_lists (void)
{
  g_autoptr (EspNetwork) network = load_grouped ("{\"params\": \"?.weight\", \"lr\": 0.5}");
  g_autoptr (EspNetwork) odd = load_grouped ("{\"params\": \"*2.weight\", \"lr\": 0.5}");
  g_autoptr (EspSpecEdit) same = begin (network);
  g_assert_true (esp_spec_edit_add (same, "", 0, "Tanh", NULL));
  g_autoptr (EspNetwork) moved = finish (same);
  check_json (moved, "\"params\": [\"?.weight\"]");
  g_autoptr (EspSpecEdit) edit = begin (odd);
  g_assert_true (esp_spec_edit_add (edit, "", 0, "Tanh", NULL));
  g_autoptr (EspNetwork) listed = finish (edit);
  check_json (listed, "\"params\": [\"3.weight\"]");
}

static void
test_parts (void)
{
  g_autoptr (EspNetwork) network = load_grouped ("{\"params\": \"2.*\", \"momentum\": 0.5}");
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_autoptr (JsonNode) adam = json_node_init_string (json_node_alloc (), "Adam");
  g_autoptr (JsonNode) rate = json_node_init_double (json_node_alloc (), 0.25);
  g_autoptr (JsonNode) batch = json_node_init_int (json_node_alloc (), 7);
  esp_spec_edit_set_part (edit, "optimizer", "class", adam);
  esp_spec_edit_set_part (edit, "optimizer", "lr", rate);
  esp_spec_edit_set_member (edit, "batch_size", batch);
  g_autoptr (EspNetwork) other = finish (edit);
  g_assert_cmpstr (esp_network_get_optimizer_name (other), ==, "Adam");
  g_assert_cmpuint (esp_network_get_batch_size (other), ==, 7);
  check_json (other, "\"lr\": 0.25");
  check_json (other, "\"params\": [\"2.*\"]");
  check_same_values (network, other);
}

/* a schedule comes with what must be there, takes settings, and goes */
static void
test_schedule (void)
{
  g_autoptr (EspNetwork) network = load_grouped ("{\"params\": [\"2.*\"], \"momentum\": 0.5}");
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_autoptr (JsonNode) word = json_node_init_string (json_node_alloc (), "CosineAnnealingLR");
  g_autoptr (JsonNode) steps = json_node_init_int (json_node_alloc (), 77);
  esp_spec_edit_set_part (edit, "schedule", "class", word);
  esp_spec_edit_set_part (edit, "schedule", "T_max", steps);
  g_autoptr (EspNetwork) with = finish (edit);
  check_json (with, "\"class\": \"CosineAnnealingLR\"");
  check_json (with, "\"T_max\": 77");
  g_autoptr (EspSpecEdit) back = begin (with);
  esp_spec_edit_set_member (back, "schedule", NULL);
  g_autoptr (EspNetwork) without = finish (back);
  g_autofree char *before = esp_network_to_json (network);
  g_autofree char *after = esp_network_to_json (without);
  g_assert_cmpstr (before, ==, after);
}

/* the spirals' network is given other data: first and last layer, and the loss, change with it */
static void
test_data (void)
{
  static const struct
  {
    const char *name, *first, *last, *loss;
  } rows[] = {
    { "circle", "16x2", "2x16", "CrossEntropyLoss" },
    { "sine", "16x1", "1x16", "MSELoss" },
    { "digits", "16x64", "10x16", "CrossEntropyLoss" },
    { "iris", "16x4", "3x16", "CrossEntropyLoss" },
    { "plane", "16x2", "1x16", "MSELoss" },
    { "parity", "16x2", "2x16", "CrossEntropyLoss" },
  };
  g_autoptr (EspNetwork) network = train_load_template ("spirals");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (EspSpecEdit) edit = begin (network);
      g_autoptr (JsonObject) data = json_object_new ();
      json_object_set_string_member (data, "name", rows[i].name);
      esp_spec_edit_set_data (edit, data);
      g_autoptr (EspNetwork) other = finish (edit);
      check_shape (other, "0.weight", rows[i].first);
      check_shape (other, "4.weight", rows[i].last);
      g_assert_cmpstr (esp_network_get_loss_name (other), ==, rows[i].loss);
      g_assert_true (equal_values (network, "2.weight", other, "2.weight"));
    }
  g_autoptr (EspNetwork) conv = train_load_template ("digits-conv");
  g_autoptr (EspSpecEdit) edit = begin (conv);
  g_autoptr (JsonObject) data = json_object_new ();
  json_object_set_string_member (data, "name", "digits");
  esp_spec_edit_set_data (edit, data);
  g_autoptr (EspNetwork) same = finish (edit);
  g_assert_true (equal_values (conv, "0.weight", same, "0.weight"));
  json_object_set_string_member (data, "name", "circle");
  g_autoptr (EspSpecEdit) flat = begin (conv);
  esp_spec_edit_set_data (flat, data);
  check_error (flat, "module 0 (Conv2d)", "[2]");
}

/* lists of initial values that no longer fit go, where nothing else is wrong */
static void
test_listed_values (void)
{
  g_autoptr (EspNetwork) network = load (
      LINEAR ", {\"class\": \"Linear\", \"out_features\": 4, \"init\": {\"weight\": 1, "
             "\"bias\": [1, 2, 3, 4]}}, " LINEAR);
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_autoptr (JsonNode) six = json_node_init_int (json_node_alloc (), 6);
  g_assert_true (esp_spec_edit_set (edit, "1", "out_features", six, NULL));
  g_autoptr (EspNetwork) other = finish (edit);
  check_shape (other, "1.bias", "6");
  check_json (other, "\"init\": {\"weight\": 1}");
  g_autoptr (EspSpecEdit) frozen = begin (network);
  g_autoptr (JsonNode) no = json_node_init_boolean (json_node_alloc (), FALSE);
  g_assert_true (esp_spec_edit_set (frozen, "1", "requires_grad", no, NULL));
  g_autoptr (EspNetwork) kept = finish (frozen);
  check_json (kept, "\"bias\": [1, 2, 3, 4]");
  check_json (kept, "\"requires_grad\": false");
}

static void
test_refusals (void)
{
  g_autoptr (EspNetwork) network = load (BLOCK);
  g_autoptr (EspSpecEdit) edit = begin (network);
  g_autoptr (EspNetwork) one = load (LINEAR);
  g_autoptr (EspSpecEdit) last = begin (one);
  g_assert_false (esp_spec_edit_remove (edit, "9", NULL));
  g_assert_false (esp_spec_edit_remove (edit, "", NULL));
  g_assert_false (esp_spec_edit_remove (last, "0", NULL));
  g_assert_false (esp_spec_edit_add (edit, "0", 0, "ReLU", NULL));
  g_assert_false (esp_spec_edit_add (edit, "", 0, "Sequential", NULL));
  g_assert_false (esp_spec_edit_rename (edit, "0", "a.b", NULL));
  g_assert_false (esp_spec_edit_rename (edit, "0", "block", NULL));
  g_assert_false (esp_spec_edit_set_class (edit, "block", "ReLU", NULL));
  g_autoptr (EspNetwork) same = finish (edit);
  g_autofree char *before = esp_network_to_json (network);
  g_autofree char *after = esp_network_to_json (same);
  g_assert_cmpstr (after, ==, before);
}

/* any row of edits gives a network or a sentence, never anything else */
static void
test_random_edits (void)
{
  static const char *const paths[] = { "0", "block", "block.0", "block.1", "block.2", "2", "3" };
  const char *const *names = esp_setting_get_layers ();
  g_autoptr (EspNetwork) network = load (BLOCK);
  guint built = 0;
  for (guint round = 0; round < 600; round++)
    {
      g_autoptr (EspSpecEdit) edit = begin (network);
      g_autoptr (GError) error = NULL;
      for (int k = g_test_rand_int_range (1, 4); k > 0; k--)
        {
          const char *path = paths[g_test_rand_int_range (0, G_N_ELEMENTS (paths))];
          const char *other = paths[g_test_rand_int_range (0, G_N_ELEMENTS (paths))];
          guint index = (guint) g_test_rand_int_range (0, 4);
          const char *name = names[g_test_rand_int_range (0, 34)];
          switch (g_test_rand_int_range (0, 7))
            {
            case 0:
              esp_spec_edit_add (edit, index % 2 ? "block" : "", index, name, NULL);
              break;
            case 1:
              esp_spec_edit_remove (edit, path, NULL);
              break;
            case 2:
              esp_spec_edit_move (edit, path, index, NULL);
              break;
            case 3:
              esp_spec_edit_share (edit, path, other, NULL);
              break;
            case 4:
              esp_spec_edit_duplicate (edit, path, NULL);
              break;
            case 5:
              esp_spec_edit_set_class (edit, path, name, NULL);
              break;
            default:
              esp_spec_edit_unshare (edit, path, NULL);
            }
        }
      g_autoptr (EspNetwork) other = esp_spec_edit_finish (edit, NULL, &error);
      g_assert_true ((other == NULL) == (error != NULL));
      g_assert_true (error == NULL || error->domain == ESP_NETWORK_ERROR);
      built += other != NULL;
    }
  g_test_message ("%u of 600 are networks", built);
  g_assert_cmpuint (built, >, 150);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func ("/train/spec-edit/" name, func)
  ADD ("nothing", test_nothing);
  ADD ("add", test_add);
  ADD ("add-every-class", test_add_every_class);
  ADD ("remove", test_remove);
  ADD ("resize", test_resize);
  ADD ("resize-wrong", test_resize_wrong);
  ADD ("retype", test_retype);
  ADD ("share", test_share);
  ADD ("share-wrong", test_share_wrong);
  ADD ("residual", test_residual);
  ADD ("move", test_move);
  ADD ("duplicate", test_duplicate);
  ADD ("tie", test_tie);
  ADD ("groups", test_groups);
  ADD ("groups-become-lists", test_groups_become_lists);
  ADD ("parts", test_parts);
  ADD ("schedule", test_schedule);
  ADD ("data", test_data);
  ADD ("listed-values", test_listed_values);
  ADD ("refusals", test_refusals);
  ADD ("random-edits", test_random_edits);
  return g_test_run ();
}
