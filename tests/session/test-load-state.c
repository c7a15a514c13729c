/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Weights of files into a live network: lists and values as PyTorch's own (fixtures/load), ties,
 * undo, and that every moment before and after can be gone back to. */

#include "config.h"

#include "esp-load-state.h"
#include "esp-session.h"
#include "esp-undo.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

static const char spec[] =
    "{\"espalier\": 1, \"name\": \"load\", \"modules\": [{\"class\": \"Linear\", \"out_features\": "
    "4}, {\"class\": \"BatchNorm1d\", \"num_features\": 4}, {\"class\": \"ReLU\"}, {\"class\": "
    "\"Linear\", \"out_features\": 2}], \"loss\": {\"class\": \"CrossEntropyLoss\"}, "
    "\"optimizer\": {\"class\": \"Adam\"}, \"data\": {\"name\": \"moons\", \"count\": 40}}";

static EspSession *
open_text (const char *text)
{
  EspSession *session = esp_session_new ();
  g_autoptr (EspNetwork) network = esp_network_new_from_json (text, -1, NULL);
  g_autoptr (EspDocument) document = esp_document_new_for_network (network);

  esp_session_set_document (session, document);
  return session;
}

static EspTrainer *
settle (EspSession *session)
{
  EspDocument *document = esp_session_get_document (session);

  esp_trainer_wait (esp_document_get_trainer (document));
  esp_document_update (document);
  return esp_document_get_trainer (document);
}

static EspTensor *
get_data (EspSession *session, const char *path)
{
  EspTree *tree = esp_document_get_tree (esp_session_get_document (session));
  EspPlace *place = esp_tree_find (tree, path, NULL);

  g_assert_nonnull (place);
  return esp_parameter_get_data (esp_place_get_parameter (place));
}

/* all that the tree shows, as one run of bytes */
static GByteArray *
read_all (EspSession *session)
{
  EspTree *tree = esp_document_get_tree (esp_session_get_document (session));
  GByteArray *all = g_byte_array_new ();

  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);
      EspTensor *tensor = esp_parameter_get_data (esp_place_get_parameter (place));
      gsize n = esp_tensor_get_count (tensor);
      g_autofree double *values = g_new (double, n);

      g_assert_true (esp_tensor_read_f64 (tensor, 0, n, values, NULL, NULL));
      g_byte_array_append (all, (const guint8 *) values, n * sizeof *values);
    }
  return all;
}

static void
assert_all (EspSession *session, GByteArray *wanted)
{
  g_autoptr (GByteArray) all = NULL;

  settle (session);
  all = read_all (session);
  g_assert_cmpmem (all->data, all->len, wanted->data, wanted->len);
}

static EspLoadState *
read_file (EspSession *session, const char *path)
{
  g_autoptr (GError) error = NULL;
  EspLoadState *state = esp_load_state_new (esp_session_get_document (session));

  esp_load_state_read (state, path, NULL, &error);
  g_assert_no_error (error);
  return state;
}

static EspLoadState *
read_fixture (EspSession *session, const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "load", name, NULL);

  return read_file (session, path);
}

/* --- as PyTorch --- */

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static void
assert_list (GPtrArray *found, JsonObject *expected, const char *key)
{
  JsonArray *wanted = json_object_get_array_member (expected, key);

  g_ptr_array_sort (found, compare_texts);
  g_assert_cmpuint (found->len, ==, json_array_get_length (wanted));
  for (guint i = 0; i < found->len; i++)
    g_assert_cmpstr (g_ptr_array_index (found, i), ==, json_array_get_string_element (wanted, i));
}

/* @kept are as a network has them that nothing was loaded into */
static void
assert_kept (EspSession *session, const char *const *kept)
{
  g_autoptr (EspSession) fresh = open_text (spec);

  settle (fresh);
  for (guint i = 0; kept[i] != NULL; i++)
    {
      EspTensor *wanted = get_data (fresh, kept[i]), *tensor = get_data (session, kept[i]);

      for (guint64 j = 0; j < esp_tensor_get_count (wanted); j++)
        {
          float a, b;

          g_assert_true (esp_tensor_read_f32 (wanted, j, 1, &a, NULL, NULL));
          g_assert_true (esp_tensor_read_f32 (tensor, j, 1, &b, NULL, NULL));
          g_assert_cmpfloat (a, ==, b);
        }
    }
}

/* what isn't in @kept is as PyTorch has it afterwards */
static void
assert_values (EspSession *session, JsonObject *expected, const char *const *kept)
{
  JsonObject *values = json_object_get_object_member (expected, "values");
  g_autoptr (GList) names = json_object_get_members (values);

  for (GList *item = names; item != NULL; item = item->next)
    {
      JsonArray *wanted = json_object_get_array_member (values, item->data);
      EspTensor *tensor = get_data (session, item->data);

      if (g_strv_contains (kept, item->data))
        continue;
      g_assert_cmpuint (esp_tensor_get_count (tensor), ==, json_array_get_length (wanted));
      for (guint i = 0; i < json_array_get_length (wanted); i++)
        {
          double value;

          g_assert_true (esp_tensor_read_f64 (tensor, i, 1, &value, NULL, NULL));
          g_assert_cmpfloat (value, ==, json_array_get_double_element (wanted, i));
        }
    }
}

static void
check_against_torch (const char *name, const char *const *kept)
{
  g_autoptr (EspSession) session = open_text (spec);
  g_autofree char *file = g_strconcat (name, ".pt", NULL), *text = NULL;
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "load", "expected.json",
                                                 NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (EspLoadState) state = NULL;
  g_autoptr (GByteArray) before = NULL, after = NULL;
  JsonObject *expected;
  guint n;

  g_assert_true (json_parser_load_from_file (parser, path, NULL));
  expected = json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)),
                                            name);
  settle (session);
  before = read_all (session);
  state = read_fixture (session, file);
  assert_list (esp_load_state_get_missing (state), expected, "missing");
  assert_list (esp_load_state_get_unexpected (state, &n), expected, "unexpected");
  assert_list (esp_load_state_get_mismatches (state), expected, "errors");
  g_assert_cmpuint (n, ==, esp_load_state_get_unexpected (state, NULL)->len);
  g_assert_cmpuint (esp_load_state_get_n_fitting (state), ==, 9 - g_strv_length ((GStrv) kept));
  g_assert_cmpint (esp_load_state_is_complete (state), ==, *kept == NULL);
  text = esp_load_state_describe (state, 1);
  g_assert_cmpint (*text == '\0', ==, *kept == NULL);
  if (*kept != NULL)
    g_assert_nonnull (strstr (text, "0.bias\nand 1 more\n"));
  assert_all (session, before);
  g_assert_true (esp_load_state_apply (state));
  settle (session);
  assert_values (session, expected, kept);
  after = read_all (session);
  assert_kept (session, kept);

  g_assert_cmpstr (esp_undo_get_undo_name (esp_session_get_undo (session)), ==,
                   *kept == NULL ? "Load weights of wrapped.pt" : "Load weights of other.pt");
  esp_undo_undo (esp_session_get_undo (session));
  assert_all (session, before);
  esp_undo_redo (esp_session_get_undo (session));
  assert_all (session, after);
}

static void
test_torch (void)
{
  const char *const none[] = { NULL };
  const char *const kept[] = { "0.weight", "0.bias", "1.running_var", "3.weight", NULL };

  check_against_torch ("wrapped", none);
  check_against_torch ("other", kept);
}

/* --- history --- */

static void
seek (EspSession *session, guint64 step, GByteArray *wanted)
{
  esp_document_seek (esp_session_get_document (session), 0, step);
  assert_all (session, wanted);
}

/* saved with its history and opened again, it goes to the same moment after the change */
static void
check_kept (EspSession *session, GByteArray *at_31)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "kept.espalier", NULL);
  g_autoptr (EspSession) again = esp_session_new ();
  g_autoptr (GError) error = NULL;
  EspDocument *document;

  esp_document_save (esp_session_get_document (session), path, TRUE, &error);
  g_assert_no_error (error);
  document = esp_session_load (again, path, NULL, &error);
  g_assert_no_error (error);
  esp_session_set_document (again, document);
  settle (again);
  seek (again, 31, at_31);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_replay (void)
{
  g_autoptr (EspSession) session = open_text (spec);
  g_autoptr (EspLoadState) state = NULL;
  g_autoptr (GByteArray) at_20 = NULL, at_30 = NULL, at_31 = NULL, at_90 = NULL;
  EspTrainer *trainer = settle (session);

  esp_trainer_run (trainer, 20);
  settle (session);
  at_20 = read_all (session);
  esp_trainer_run (trainer, 10);
  state = read_fixture (session, "wrapped.pt");
  g_assert_true (esp_load_state_apply (state));
  settle (session);
  at_30 = read_all (session);
  esp_trainer_run (trainer, 1);
  settle (session);
  at_31 = read_all (session);
  esp_trainer_run (trainer, 59);
  settle (session);
  at_90 = read_all (session);
  seek (session, 20, at_20);
  seek (session, 31, at_31);
  seek (session, 90, at_90);
  seek (session, 30, at_30);
  check_kept (session, at_31);
  esp_undo_undo (esp_session_get_undo (session));
  settle (session);
  g_assert_cmpuint (
      esp_snapshot_get_step (esp_document_get_snapshot (esp_session_get_document (session))), ==,
      30);
}

/* --- what the program itself saves --- */

static const char shared[] =
    "{\"espalier\": 1, \"name\": \"shared\", \"modules\": [{\"class\": \"Linear\", "
    "\"out_features\": 3}, {\"class\": \"Linear\", \"out_features\": 3, \"id\": \"s\"}, "
    "{\"class\": "
    "\"Tanh\"}, {\"use\": \"s\"}, {\"class\": \"Linear\", \"out_features\": 2}], \"loss\": "
    "{\"class\": \"CrossEntropyLoss\"}, \"optimizer\": {\"class\": \"Adam\"}, \"data\": {\"name\": "
    "\"moons\", \"count\": 40}}";

/* a run that goes on, saved in each form, for the network as it begins */
static void
test_saved (void)
{
  static const char *const names[] = { "a.safetensors", "a.pt", "a.espalier" };
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (EspSession) session = open_text (shared), fresh = open_text (shared);
      g_autofree char *path = g_build_filename (folder, names[i], NULL);
      g_autoptr (EspLoadState) state = NULL;
      g_autoptr (GByteArray) trained = NULL;
      g_autoptr (GError) error = NULL;

      esp_trainer_run (settle (session), 25);
      settle (session);
      trained = read_all (session);
      esp_document_save (esp_session_get_document (session), path, TRUE, &error);
      g_assert_no_error (error);
      settle (fresh);
      state = read_file (fresh, path);
      g_assert_true (esp_load_state_is_complete (state));
      g_assert_cmpuint (esp_load_state_get_n_fitting (state), ==, 6);
      g_assert_true (esp_load_state_apply (state));
      assert_all (fresh, trained);
      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* one memory lacks nothing where the file has one of its names; of several the last counts */
static void
test_tied (void)
{
  g_autoptr (EspSession) session = open_text (shared);
  g_autoptr (EspLoadState) state = NULL;
  float value;

  settle (session);
  state = read_fixture (session, "tied.pt");
  g_assert_true (esp_load_state_is_complete (state));
  g_assert_cmpuint (esp_load_state_get_n_fitting (state), ==, 6);
  g_assert_true (esp_load_state_apply (state));
  settle (session);
  g_assert_true (esp_tensor_read_f32 (get_data (session, "1.weight"), 8, 1, &value, NULL, NULL));
  g_assert_cmpfloat (value, ==, 2);
  g_assert_true (esp_tensor_read_f32 (get_data (session, "3.bias"), 2, 1, &value, NULL, NULL));
  g_assert_cmpfloat (value, ==, 4);
}

/* nothing fits, or it is no such file: nothing happens */
static void
test_nothing (void)
{
  g_autoptr (EspSession) session = open_text (shared);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "load", "expected.json",
                                                 NULL);
  g_autoptr (EspLoadState) state = NULL, bad = NULL;
  g_autoptr (GByteArray) before = NULL;
  g_autoptr (GError) error = NULL;

  settle (session);
  before = read_all (session);
  bad = esp_load_state_new (esp_session_get_document (session));
  g_assert_false (esp_load_state_read (bad, path, NULL, &error));
  g_assert_true (g_str_has_prefix (error->message, "expected.json: "));
  state = read_fixture (session, "wrapped.pt");
  g_assert_false (esp_load_state_is_complete (state));
  assert_all (session, before);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/load-state/torch", test_torch);
  g_test_add_func ("/session/load-state/replay", test_replay);
  g_test_add_func ("/session/load-state/saved", test_saved);
  g_test_add_func ("/session/load-state/tied", test_tied);
  g_test_add_func ("/session/load-state/nothing", test_nothing);
  return g_test_run ();
}
