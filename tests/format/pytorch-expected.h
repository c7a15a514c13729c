/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A checkpoint against what PyTorch says of the same file (expected.json of
 * fixtures/make-pytorch*.py): names, shapes, types, roles, every value, ties, modules with classes
 * and attributes, metadata, and the report of the pickle. */

#include "pytorch-fixture.h"

#include <json-glib/json-glib.h>
#include <math.h>

/* values */

static inline void
flatten (JsonNode *node, GArray *out)
{
  double value;

  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      for (guint i = 0; i < json_array_get_length (array); i++)
        flatten (json_array_get_element (array, i), out);
      return;
    }
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    value = g_ascii_strtod (json_node_get_string (node), NULL);
  else
    value = json_node_get_double (node);
  g_array_append_val (out, value);
}

static inline void
check_values (const char *name, EspTensor *tensor, JsonNode *values)
{
  g_autoptr (GArray) wanted = g_array_new (FALSE, FALSE, sizeof (double));
  g_autofree double *got = NULL;
  g_autoptr (GError) error = NULL;
  guint64 count = esp_tensor_get_count (tensor);

  flatten (values, wanted);
  g_assert_cmpuint (wanted->len % MAX (count, 1), ==, 0);
  got = g_new (double, wanted->len + 1);
  esp_tensor_read_f64 (tensor, 0, count, got, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < wanted->len; i++)
    {
      double want = g_array_index (wanted, double, i);
      /* PyTorch multiplies quantised values in float32 */
      double tolerance = esp_tensor_get_affine (tensor) != NULL ? 1e-6 * fabs (want) : 0;

      if (isnan (want))
        g_assert_true (isnan (got[i]));
      else if (isinf (want))
        g_assert_cmpfloat (got[i], ==, want);
      else if (fabs (got[i] - want) > tolerance)
        g_error ("%s[%u] is %.17g, not %.17g", name, i, got[i], want);
    }
}

static inline void
check_tensor (EspCheckpoint *checkpoint, JsonObject *row)
{
  const char *name = json_object_get_string_member (row, "name");
  JsonArray *shape = json_object_get_array_member (row, "shape");
  EspPlace *place = esp_tree_find (esp_checkpoint_get_tree (checkpoint), name, NULL);
  EspTensor *tensor = get_tensor (checkpoint, name);

  g_test_message ("%s", name);
  g_assert_nonnull (tensor);
  g_assert_cmpstr (esp_tensor_get_native_dtype (tensor), ==,
                   json_object_get_string_member (row, "dtype"));
  g_assert_cmpuint (esp_tensor_get_ndim (tensor), ==, json_array_get_length (shape));
  for (guint i = 0; i < json_array_get_length (shape); i++)
    g_assert_cmpint (esp_tensor_get_shape (tensor)[i], ==, json_array_get_int_element (shape, i));
  if (json_object_has_member (row, "role"))
    g_assert_cmpstr (esp_role_get_name (esp_parameter_get_role (esp_place_get_parameter (place))),
                     ==, json_object_get_string_member (row, "role"));
  if (json_object_has_member (row, "values"))
    check_values (name, tensor, json_object_get_member (row, "values"));
  else
    g_assert_error (esp_tensor_get_error (tensor), ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA);
}

/* ties: an array of arrays of names a kind */
static inline void
check_ties (EspTree *tree, JsonObject *wanted)
{
  guint n = 0;

  for (guint i = 0; i < esp_tree_get_n_ties (tree); i++)
    {
      EspTie *tie = esp_tree_get_tie (tree, i);
      JsonArray *groups = json_object_get_array_member (wanted, esp_tie_get_kind_name (tie));
      g_autoptr (GString) names = g_string_new (NULL);
      gboolean found = FALSE;

      for (guint j = 0; j < esp_tie_get_n_places (tie); j++)
        g_string_append_printf (names, "%s ", esp_place_get_path (esp_tie_get_place (tie, j)));
      for (guint j = 0; j < json_array_get_length (groups); j++)
        {
          JsonArray *group = json_array_get_array_element (groups, j);
          gboolean all = json_array_get_length (group) == esp_tie_get_n_places (tie);

          for (guint k = 0; k < json_array_get_length (group); k++)
            all = all && strstr (names->str, json_array_get_string_element (group, k)) != NULL;
          found = found || all;
        }
      if (!found)
        g_error ("%s: %sisn't expected", esp_tie_get_kind_name (tie), names->str);
      n++;
    }
  g_assert_cmpuint (n, ==,
                    json_array_get_length (json_object_get_array_member (wanted, "alias")) +
                        json_array_get_length (json_object_get_array_member (wanted, "overlap")));
}

static inline void
check_modules (EspTree *tree, JsonArray *wanted)
{
  for (guint i = 0; i < json_array_get_length (wanted); i++)
    {
      JsonObject *row = json_array_get_object_element (wanted, i);
      const char *path = json_object_get_string_member (row, "path");
      EspPlace *place = *path == '\0' ? esp_tree_get_root (tree) : esp_tree_find (tree, path, NULL);

      g_test_message ("%s", path);
      g_assert_nonnull (place);
      g_assert_nonnull (esp_place_get_module (place));
      g_assert_cmpstr (esp_module_get_class (esp_place_get_module (place)), ==,
                       json_object_get_string_member (row, "class"));
      g_assert_cmpstr (esp_place_get_path (esp_place_get_first (place)), ==,
                       json_object_get_string_member_with_default (row, "shared_with", path));
    }
}

static inline void
check_attributes (EspTree *tree, JsonObject *wanted)
{
  g_autoptr (GList) paths = json_object_get_members (wanted);

  for (GList *p = paths; p != NULL; p = p->next)
    {
      JsonObject *row = json_object_get_object_member (wanted, p->data);
      g_autoptr (GList) names = json_object_get_members (row);
      EspPlace *place = *(const char *) p->data == '\0' ? esp_tree_get_root (tree)
                                                        : esp_tree_find (tree, p->data, NULL);

      for (GList *n = names; n != NULL; n = n->next)
        g_assert_cmpstr (esp_module_find_attribute (esp_place_get_module (place), n->data), ==,
                         json_object_get_string_member (row, n->data));
    }
}

static inline void
check_metadata (EspCheckpoint *checkpoint, JsonObject *wanted)
{
  g_autoptr (GList) keys = json_object_get_members (wanted);

  for (GList *k = keys; k != NULL; k = k->next)
    {
      const char *value = NULL;

      for (guint i = 0; i < esp_checkpoint_get_n_metadata (checkpoint); i++)
        if (strcmp (esp_checkpoint_get_metadata_key (checkpoint, i), k->data) == 0)
          value = esp_checkpoint_get_metadata_value (checkpoint, i);
      g_assert_cmpstr (value, ==, json_object_get_string_member (wanted, k->data));
    }
}

static inline void
check_refused (EspCheckpoint *checkpoint, JsonObject *wanted)
{
  const char *const *refused = esp_checkpoint_get_pickle_refused (checkpoint);
  JsonArray *rows = json_object_has_member (wanted, "refused")
                        ? json_object_get_array_member (wanted, "refused")
                        : NULL;
  guint n = rows != NULL ? json_array_get_length (rows) : 0;

  g_assert_cmpuint (g_strv_length ((GStrv) refused), ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpstr (refused[i], ==, json_array_get_string_element (rows, i));
}

static inline JsonParser *
load_expected (const char *folder)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", folder, "expected.json",
                                                 NULL);
  JsonParser *parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  return parser;
}

static inline void
check_expected (EspCheckpoint *checkpoint, JsonObject *wanted)
{
  JsonArray *rows = json_object_get_array_member (wanted, "tensors");
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);

  g_assert_cmpuint (esp_tree_get_n_tensors (tree), ==, json_array_get_length (rows));
  for (guint i = 0; i < json_array_get_length (rows); i++)
    check_tensor (checkpoint, json_array_get_object_element (rows, i));
  if (json_object_has_member (wanted, "ties"))
    check_ties (tree, json_object_get_object_member (wanted, "ties"));
  if (json_object_has_member (wanted, "modules"))
    check_modules (tree, json_object_get_array_member (wanted, "modules"));
  if (json_object_has_member (wanted, "attributes"))
    check_attributes (tree, json_object_get_object_member (wanted, "attributes"));
  if (json_object_has_member (wanted, "metadata"))
    check_metadata (checkpoint, json_object_get_object_member (wanted, "metadata"));
  check_refused (checkpoint, wanted);
}
