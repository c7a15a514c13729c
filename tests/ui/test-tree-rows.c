/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree as text: its rows, what a search leaves of them, marks and totals. No window. */

#include "esp-tree-builder.h"
#include "esp-tree-columns.h"
#include "esp-tree-foot.h"
#include "esp-tree-links.h"
#include "esp-tree-marks.h"
#include "esp-tree-rows.h"

static EspSession *
open_network (const char *name)
{
  EspSession *session = esp_session_new ();
  GError *error = NULL;

  esp_session_new_network (session, name, &error);
  g_assert_no_error (error);
  return session;
}

static EspSession *
open_fixture (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "safetensors", name,
                                                 NULL);
  EspSession *session = esp_session_new ();
  GError *error = NULL;

  esp_session_load (session, path, NULL, &error);
  g_assert_no_error (error);
  return session;
}

static EspTree *
get_tree (EspSession *session)
{
  return esp_document_get_tree (esp_session_get_document (session));
}

static EspPlace *
find (EspSession *session, const char *name)
{
  EspPlace *place = esp_tree_find (get_tree (session), name, NULL);

  g_assert_nonnull (place);
  return place;
}

/* a line for each row: two spaces a level, name, text of each column */
static char *
dump (GtkTreeListModel *rows)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (rows)); i++)
    {
      g_autoptr (GtkTreeListRow) row = gtk_tree_list_model_get_row (rows, i);
      EspPlace *place = esp_tree_row_get_place (row);

      g_string_append_printf (text, "%*s%s", 2 * (int) gtk_tree_list_row_get_depth (row), "",
                              esp_place_get_name (place));
      for (guint k = 0; k <= ESP_TREE_COLUMN_SIZE; k++)
        {
          EspTreeTextStyle style;
          g_autofree char *cell = esp_tree_column_dup_text (k, place, &style);

          g_string_append_printf (text, "|%s%s", style == ESP_TREE_TEXT_GUESS ? "~" : "", cell);
        }
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}

static void
test_network_rows (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-shared");
  g_autoptr (GtkTreeListModel) rows = esp_tree_rows_new (esp_session_get_document (session), NULL);
  g_autofree char *text = NULL;

  esp_tree_rows_open_levels (rows, 200);
  text = dump (rows);
  g_assert_cmpstr (text, ==,
                   "|Sequential||121|772 bytes\n"
                   "  0|Linear||40|160 bytes\n"
                   "    weight|8 × 4|f32|32|128 bytes\n"
                   "    bias|8|f32|8|32 bytes\n"
                   "  1|ReLU (no params)|||\n"
                   "  2|Linear||72|288 bytes\n"
                   "    weight|8 × 8|f32|64|256 bytes\n"
                   "    bias|8|f32|8|32 bytes\n"
                   "  3|ReLU (no params)|||\n"
                   "  4|Linear||(72)|(288 bytes)\n"
                   "    weight|8 × 8|f32|(64)|(256 bytes)\n"
                   "    bias|8|f32|(8)|(32 bytes)\n"
                   "  5|ReLU (no params)|||\n"
                   "  6|Linear||9|36 bytes\n"
                   "    weight|1 × 8|f32|8|32 bytes\n"
                   "    bias|1|f32|1|4 bytes\n");
}

/* a state dict has no row for its root; classes are guessed; a dropped name has no bytes */
static void
test_checkpoint_rows (void)
{
  g_autoptr (EspSession) session = open_fixture ("tied.safetensors");
  g_autoptr (GtkTreeListModel) rows = esp_tree_rows_new (esp_session_get_document (session), NULL);
  g_autofree char *text = NULL;

  esp_tree_rows_open_levels (rows, 200);
  text = dump (rows);
  g_assert_cmpstr (text, ==,
                   "0|~Linear?||12|48 bytes\n"
                   "  bias|4|f32|4|16 bytes\n"
                   "  weight|4 × 2|f32|8|32 bytes\n"
                   "1|~Linear?||20|80 bytes\n"
                   "  bias|4|f32|4|16 bytes\n"
                   "  weight|4 × 4|f32|16|64 bytes\n"
                   "3|~Linear?||20|~not stored\n"
                   "  bias|4|f32|(4)|~not stored\n"
                   "  weight|4 × 4|f32|(16)|~not stored\n");
}

static void
test_totals (void)
{
  g_autoptr (EspSession) network = open_network ("d2l-shared");
  g_autoptr (EspSession) file = open_fixture ("names.safetensors");
  g_autofree char *elements = esp_tree_foot_dup_elements (get_tree (network));
  g_autofree char *tensors = esp_tree_foot_dup_tensors (get_tree (network));
  g_autofree char *file_elements = esp_tree_foot_dup_elements (get_tree (file));

  g_assert_cmpstr (elements, ==, "193 elements, 121 unique");
  g_assert_cmpstr (tensors, ==, "8 tensors in state_dict, 6 parameters");
  g_assert_cmpstr (file_elements, ==, "12 elements");
}

/* what one query says of the places of the shared network, by path */
static void
check_query (EspTree *tree, const char *text, const char *expected)
{
  g_autoptr (EspTreeQuery) query = esp_tree_query_new (text);
  g_autoptr (GString) found = g_string_new (NULL);

  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);

      if (esp_tree_query_matches (query, place))
        g_string_append_printf (found, "%s%s", found->len ? " " : "", esp_place_get_path (place));
    }
  g_assert_cmpstr (found->str, ==, expected);
}

/* a file that calls a tensor otherwise than the tree shows it: both ways find it */
static void
test_query_shown (void)
{
  static const gint64 shape[] = { 2 };
  static const char *const keys[] = { "shared", "kernel", NULL };
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new ("/");
  g_autoptr (EspTensor) tensor = esp_tensor_new_for_floats ((const float[]) { 1, 2 }, shape, 1);
  g_autoptr (EspTree) tree = NULL;
  g_autoptr (GError) error = NULL;

  esp_tree_builder_put_tensor (builder, keys, "layers/dense_1/vars/0", ESP_ROLE_PARAMETER,
                               ESP_REQUIRES_GRAD_YES, tensor, &error);
  g_assert_no_error (error);
  tree = esp_tree_builder_finish (builder, &error);
  g_assert_no_error (error);
  check_query (tree, "vars/0", "layers/dense_1/vars/0");
  check_query (tree, "shared/ker", "layers/dense_1/vars/0");
  check_query (tree, "shared.ker", "layers/dense_1/vars/0");
  check_query (tree, "*.kernel", "layers/dense_1/vars/0");
  check_query (tree, "*/kernel", "layers/dense_1/vars/0");
  check_query (tree, "bias", "");
}

static void
test_query (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-shared");
  EspTree *tree = get_tree (session);
  const char *all = "0.weight 0.bias 2.weight 2.bias 4.weight 4.bias 6.weight 6.bias";

  check_query (tree, "", all);
  check_query (tree, "2.w", "2.weight");
  check_query (tree, "BIAS", "0.bias 2.bias 4.bias 6.bias");
  check_query (tree, "*.bias", "0.bias 2.bias 4.bias 6.bias");
  check_query (tree, "?.weight", "0.weight 2.weight 4.weight 6.weight");
  check_query (tree, "bias 6", "6.bias");
  check_query (tree, "dtype:f32", all);
  check_query (tree, "dtype:float3", all);
  check_query (tree, "type:torch.float32", "");
  check_query (tree, "dtype:bf16", "");
  check_query (tree, "shape:8x8", "2.weight 4.weight");
  check_query (tree, "shape:8,8", "2.weight 4.weight");
  check_query (tree, "shape:[8,8]", "2.weight 4.weight");
  check_query (tree, "shape:*x8", "2.weight 4.weight 6.weight");
  check_query (tree, "is:tied name:w", "2.weight 4.weight");
  check_query (tree, "role:param *.bias", "0.bias 2.bias 4.bias 6.bias");
  check_query (tree, "role:buffer", "");
  check_query (tree, "nothing:here", "");
}

static void
test_query_modules (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-shared");
  g_autoptr (EspTreeQuery) linear = esp_tree_query_new ("class:linear");
  g_autoptr (EspTreeQuery) word = esp_tree_query_new ("relu");
  g_autoptr (EspTreeQuery) shared = esp_tree_query_new ("is:shared");

  g_assert_true (esp_tree_query_matches (linear, find (session, "2")));
  g_assert_false (esp_tree_query_matches (linear, find (session, "1")));
  g_assert_false (esp_tree_query_matches (linear, find (session, "2.weight")));
  g_assert_true (esp_tree_query_matches (word, find (session, "1")));
  g_assert_true (esp_tree_query_matches (shared, find (session, "4")));
  g_assert_false (esp_tree_query_matches (shared, find (session, "0")));
}

static char *
dump_search (EspSession *session, const char *text)
{
  EspPlace *root = esp_tree_get_root (get_tree (session));
  g_autoptr (EspTreeSearch) search = esp_tree_search_new (root, text);
  g_autoptr (GtkTreeListModel) rows = NULL;
  GString *paths = g_string_new (NULL);

  /* however small the slices are, it comes to an end */
  while (!esp_tree_search_run (search, 0))
    ;
  rows = esp_tree_rows_new (esp_session_get_document (session), search);
  esp_tree_rows_open_matches (rows, search, 1000);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (rows)); i++)
    {
      g_autoptr (GtkTreeListRow) row = gtk_tree_list_model_get_row (rows, i);

      g_string_append_printf (paths, "%s%s", i ? " " : "",
                              esp_place_get_path (esp_tree_row_get_place (row)));
    }
  return g_string_free (paths, FALSE);
}

static void
test_search (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-shared");
  g_autofree char *bias = dump_search (session, "*.bias");
  g_autofree char *nothing = dump_search (session, "zzz");
  g_autofree char *module = dump_search (session, "class:ReLU");
  g_autofree char *linear = dump_search (session, "class:Linear");

  g_assert_cmpstr (bias, ==, " 0 0.bias 2 2.bias 4 4.bias 6 6.bias");
  g_assert_cmpstr (nothing, ==, "");
  g_assert_cmpstr (module, ==, " 1 3 5");
  /* modules that match are shown closed, but can be opened: all is there */
  g_assert_cmpstr (linear, ==, " 0 2 4 6");
}

static void
test_search_below_match (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-shared");
  EspPlace *root = esp_tree_get_root (get_tree (session));
  g_autoptr (EspTreeSearch) search = esp_tree_search_new (root, "class:Linear");
  g_autoptr (GListModel) children = NULL;

  g_assert_true (esp_tree_search_run (search, G_USEC_PER_SEC));
  g_assert_cmpuint (esp_tree_search_get_n_matches (search), ==, 4);
  g_assert_true (esp_tree_search_get_first_match (search) == find (session, "0"));
  g_assert_false (esp_tree_search_has_match_below (search, find (session, "0")));
  children = esp_tree_search_get_children (search, find (session, "0"));
  g_assert_cmpuint (g_list_model_get_n_items (children), ==, 2);
}

/* finding a row opens what is above it */
static void
test_find (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-shared");
  g_autoptr (GtkTreeListModel) rows = esp_tree_rows_new (esp_session_get_document (session), NULL);
  EspPlace *place = find (session, "4.bias");
  g_autoptr (GtkTreeListRow) row = NULL;

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (rows)), ==, 1);
  row = esp_tree_rows_find (rows, place);
  g_assert_true (esp_tree_row_get_place (row) == place);
  /* root, seven modules, two parameters */
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (rows)), ==, 10);
  esp_tree_rows_close_all (rows);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (rows)), ==, 1);
}

static void
test_ties (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-shared");
  EspTreeMarks *marks = esp_tree_marks_new (esp_session_get_document (session));
  EspTreeLinks *links = esp_tree_links_new ();
  EspTreeTies ties;

  esp_tree_marks_get_ties (marks, find (session, "2.weight"), FALSE, &ties);
  g_assert_cmpuint (ties.n_ties, ==, 1);
  g_assert_true (ties.ties[0] == esp_place_get_tie (find (session, "4.weight")));
  esp_tree_marks_get_ties (marks, find (session, "0"), TRUE, &ties);
  g_assert_cmpuint (ties.n_ties, ==, 0);
  /* a shared module carries them open and closed, its parent closed only */
  esp_tree_marks_get_ties (marks, find (session, "4"), FALSE, &ties);
  g_assert_cmpuint (ties.n_ties, ==, 2);
  esp_tree_marks_get_ties (marks, esp_tree_get_root (get_tree (session)), FALSE, &ties);
  g_assert_cmpuint (ties.n_ties, ==, 0);
  esp_tree_marks_get_ties (marks, esp_tree_get_root (get_tree (session)), TRUE, &ties);
  g_assert_cmpuint (ties.n_ties, ==, 2);

  esp_tree_links_set_place (links, marks, find (session, "2.weight"));
  g_assert_cmpstr (esp_tree_links_get_tint (links, find (session, "4.weight"), FALSE), ==, "tie-a");
  g_assert_null (esp_tree_links_get_tint (links, find (session, "2.weight"), FALSE));
  g_assert_null (esp_tree_links_get_tint (links, find (session, "4.bias"), FALSE));
  g_assert_null (esp_tree_links_get_tint (links, find (session, "4"), FALSE));
  g_assert_cmpstr (esp_tree_links_get_tint (links, find (session, "4"), TRUE), ==, "tie-a");
  esp_tree_links_set_place (links, marks, find (session, "4"));
  g_assert_nonnull (esp_tree_links_get_tint (links, find (session, "2"), FALSE));
  esp_tree_links_set_place (links, marks, NULL);
  g_assert_null (esp_tree_links_get_tint (links, find (session, "4.weight"), FALSE));
  esp_tree_links_free (links);
  esp_tree_marks_free (marks);
}

/* 20,000 tensors in 250 layers */
static EspDocument *
make_large_document (void)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  const float value = 0;
  const gint64 shape = 1;
  g_autoptr (EspTensor) tensor = esp_tensor_new_for_floats (&value, &shape, 1);
  GError *error = NULL;

  for (guint i = 0; i < 20000; i++)
    {
      g_autofree char *key = g_strdup_printf ("model.layers.%u.experts.%u.weight", i / 80, i % 80);
      const char *keys[] = { key, NULL };

      esp_tree_builder_add_tensor (builder, keys, NULL, ESP_ROLE_PARAMETER,
                                   ESP_REQUIRES_GRAD_UNKNOWN, tensor, &error);
      g_assert_no_error (error);
    }
  tree = esp_tree_builder_finish (builder, &error);
  g_assert_no_error (error);
  checkpoint = esp_checkpoint_new ("safetensors", tree);
  return esp_document_new_for_checkpoint (checkpoint);
}

static void
test_large (void)
{
  g_autoptr (EspDocument) document = make_large_document ();
  EspTree *tree = esp_document_get_tree (document);
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GtkTreeListModel) rows = esp_tree_rows_new (document, NULL);
  g_autoptr (GtkTreeListModel) found = NULL;
  g_autoptr (EspTreeSearch) search = esp_tree_search_new (esp_tree_get_root (tree), "9.weight");
  gint64 longest = 0;

  esp_tree_rows_open_levels (rows, 200);
  /* model, layers and, as these are all of one module, the 250 below it */
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (rows)), ==, 252);
  g_test_message ("open: %.1f ms", (g_get_monotonic_time () - start) / 1000.0);
  for (gboolean done = FALSE; !done;)
    {
      start = g_get_monotonic_time ();
      done = esp_tree_search_run (search, 4000);
      longest = MAX (longest, g_get_monotonic_time () - start);
    }
  g_assert_cmpuint (esp_tree_search_get_n_matches (search), ==, 250 * 8);
  g_test_message ("longest slice of a search: %.1f ms", longest / 1000.0);
  start = g_get_monotonic_time ();
  found = esp_tree_rows_new (document, search);
  esp_tree_rows_open_matches (found, search, 20000);
  /* two, then a layer, its experts, eight of these and their weights */
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (found)), ==, 2 + 250 * (2 + 2 * 8));
  g_test_message ("rows of what was found: %.1f ms", (g_get_monotonic_time () - start) / 1000.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tree/rows/network", test_network_rows);
  g_test_add_func ("/tree/rows/checkpoint", test_checkpoint_rows);
  g_test_add_func ("/tree/rows/find", test_find);
  g_test_add_func ("/tree/rows/large", test_large);
  g_test_add_func ("/tree/totals", test_totals);
  g_test_add_func ("/tree/query/tensors", test_query);
  g_test_add_func ("/tree/query/tensors-shown", test_query_shown);
  g_test_add_func ("/tree/query/modules", test_query_modules);
  g_test_add_func ("/tree/search", test_search);
  g_test_add_func ("/tree/search/below-match", test_search_below_match);
  g_test_add_func ("/tree/ties", test_ties);
  return g_test_run ();
}
