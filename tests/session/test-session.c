/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a window does, without one: opening, refusals, commands to a live network, saving. */

#include "config.h"

#include "esp-error.h"
#include "esp-format.h"
#include "esp-session.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static char *folder;

/* --- helpers of these tests --- */

static char *
write_file (const char *name, const void *data, gsize length)
{
  char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, data, length, NULL));
  return path;
}

static char *
write_safetensors (const char *name, gsize header_size)
{
  static const char header[] =
      "{\"a.weight\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}";
  static const float values[] = { 1, 2, NAN, 4 };
  g_autoptr (GString) all = g_string_new (NULL);
  guint64 size;

  header_size = MAX (header_size, strlen (header));
  size = GUINT64_TO_LE ((guint64) header_size);
  g_string_append_len (all, (const char *) &size, 8);
  g_string_append (all, header);
  while (all->len < 8 + header_size)
    g_string_append_c (all, ' ');
  g_string_append_len (all, (const char *) values, sizeof values);
  return write_file (name, all->str, all->len);
}

/* runs the main loop until @flag */
static void
wait_for (gboolean *flag)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  while (!*flag && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, FALSE);
  g_assert_true (*flag);
}

typedef struct
{
  gboolean done;
  GAsyncResult *result;
} Waiter;

static void
note_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Waiter *waiter = user_data;

  waiter->done = TRUE;
  waiter->result = g_object_ref (result);
}

static void
count_call (GObject *object, gpointer pspec_or_data, gpointer data)
{
  (*(guint *) data)++;
}

static void
count_signal (GObject *object, gpointer data)
{
  (*(guint *) data)++;
}

static EspPlace *
find (EspSession *session, const char *name)
{
  EspTree *tree = esp_document_get_tree (esp_session_get_document (session));
  EspPlace *place = esp_tree_find (tree, name, NULL);

  g_assert_nonnull (place);
  return place;
}

static float
read_cell (EspPlace *place, EspChannel channel, guint64 index)
{
  EspTensor *tensor = esp_parameter_get_channel (esp_place_get_parameter (place), channel);
  float value;

  g_assert_nonnull (tensor);
  g_assert_true (esp_tensor_read_f32 (tensor, index, 1, &value, NULL, NULL));
  return value;
}

static EspSession *
open_network (const char *name)
{
  EspSession *session = esp_session_new ();
  g_autoptr (GError) error = NULL;

  esp_session_new_network (session, name, &error);
  g_assert_no_error (error);
  return session;
}

/* --- opening --- */

static void
test_open (void)
{
  g_autofree char *path = write_safetensors ("first.safetensors", 0);
  g_autoptr (EspSession) session = esp_session_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *subtitle = NULL;
  guint documents = 0, selections = 0;
  EspDocument *document;

  g_signal_connect (session, "notify::document", G_CALLBACK (count_call), &documents);
  g_signal_connect (session, "notify::selection", G_CALLBACK (count_call), &selections);
  g_assert_null (esp_session_get_document (session));
  g_assert_null (esp_session_get_selection (session));

  document = esp_session_load (session, path, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (document == esp_session_get_document (session));
  g_assert_cmpuint (documents, ==, 1);
  g_assert_cmpuint (selections, ==, 1);
  g_assert_cmpstr (esp_document_get_title (document), ==, "first.safetensors");
  subtitle = esp_document_dup_subtitle (document);
  g_assert_nonnull (strstr (subtitle, " · 1 tensor · "));
  g_assert_null (esp_document_get_trainer (document));
  g_assert_null (esp_document_get_snapshot (document));
  g_assert_false (esp_document_get_modified (document));
  g_assert_false (esp_document_update (document));
  g_assert_true (esp_session_get_selection (session) ==
                 esp_tree_get_root (esp_document_get_tree (document)));
}

/* what can't be opened takes nothing away */
static void
test_refusal (void)
{
  g_autofree char *path = write_safetensors ("good.safetensors", 0);
  g_autofree char *text = write_file ("bad.txt", "no checkpoint\n", 14);
  g_autoptr (EspSession) session = esp_session_new ();
  g_autoptr (GError) error = NULL;
  EspDocument *document = esp_session_load (session, path, NULL, NULL);
  EspPlace *place = find (session, "a.weight");

  esp_session_set_selection (session, place);
  g_assert_null (esp_session_load (session, text, NULL, &error));
  g_assert_nonnull (error);
  g_assert_true (g_str_has_prefix (error->message, "bad.txt: "));
  g_assert_true (esp_session_get_document (session) == document);
  g_assert_true (esp_session_get_selection (session) == place);
}

/* one cell is looked at; tensors of equal shape share it, others take it away */
static void
test_cell (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-shared");
  guint changes = 0;

  g_signal_connect (session, "notify::cell", G_CALLBACK (count_call), &changes);
  esp_session_set_cell (session, 3); /* the root is a module */
  g_assert_cmpint (esp_session_get_cell (session), ==, -1);
  esp_session_set_selection (session, find (session, "2.weight"));
  esp_session_set_cell (session, 63);
  g_assert_cmpint (esp_session_get_cell (session), ==, 63);
  esp_session_set_selection (session, find (session, "4.weight"));
  g_assert_cmpint (esp_session_get_cell (session), ==, 63);
  g_assert_cmpuint (changes, ==, 1);
  esp_session_set_cell (session, 64); /* beyond its 8 x 8 */
  g_assert_cmpint (esp_session_get_cell (session), ==, -1);
  esp_session_set_cell (session, 5);
  esp_session_set_selection (session, find (session, "2.bias"));
  g_assert_cmpint (esp_session_get_cell (session), ==, -1);
  g_assert_cmpuint (changes, ==, 4);
}

static void
test_open_in_worker (void)
{
  g_autofree char *path = write_safetensors ("worker.safetensors", 0);
  g_autofree char *missing = g_build_filename (folder, "missing", NULL);
  g_autoptr (EspSession) session = esp_session_new ();
  g_autoptr (GError) error = NULL;
  Waiter good = { 0 }, bad = { 0 };
  gboolean busy;
  guint changes = 0;

  g_signal_connect (session, "notify::busy", G_CALLBACK (count_call), &changes);
  esp_session_load_async (session, path, NULL, note_result, &good);
  g_object_get (session, "busy", &busy, NULL);
  g_assert_true (busy);
  g_assert_null (esp_session_get_document (session));
  wait_for (&good.done);
  g_assert_true (esp_session_load_finish (session, good.result, &error));
  g_object_get (session, "busy", &busy, NULL);
  g_assert_false (busy);
  g_assert_cmpuint (changes, ==, 2);
  g_assert_nonnull (esp_session_get_document (session));

  esp_session_load_async (session, missing, NULL, note_result, &bad);
  wait_for (&bad.done);
  g_assert_false (esp_session_load_finish (session, bad.result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (esp_session_get_document (session));
  g_object_unref (good.result);
  g_object_unref (bad.result);
}

/* the second call wins; its own cancellable stops a load, too */
static void
test_cancel (void)
{
  g_autofree char *first = write_safetensors ("one.safetensors", 0);
  g_autofree char *second = write_safetensors ("two.safetensors", 0);
  g_autoptr (EspSession) session = esp_session_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL, cancelled = NULL;
  Waiter one = { 0 }, two = { 0 }, three = { 0 };

  esp_session_load_async (session, first, NULL, note_result, &one);
  esp_session_load_async (session, second, NULL, note_result, &two);
  wait_for (&one.done);
  wait_for (&two.done);
  g_assert_false (esp_session_load_finish (session, one.result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (esp_session_load_finish (session, two.result, NULL));
  g_assert_cmpstr (esp_document_get_title (esp_session_get_document (session)), ==,
                   "two.safetensors");

  esp_session_load_async (session, first, cancellable, note_result, &three);
  g_cancellable_cancel (cancellable);
  wait_for (&three.done);
  g_assert_false (esp_session_load_finish (session, three.result, &cancelled));
  g_assert_error (cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (esp_document_get_title (esp_session_get_document (session)), ==,
                   "two.safetensors");
  g_object_unref (one.result);
  g_object_unref (two.result);
  g_object_unref (three.result);
}

/* a specification is known by its content, and a length that looks like a brace is none */
static void
test_kinds (void)
{
  g_autofree char *spec_path = esp_session_find_data ("networks/d2l-mlp.json");
  g_autofree char *brace = write_safetensors ("brace.safetensors", '{');
  g_autofree char *index = write_file ("index.json", "{\"weight_map\": {}}", 18);
  g_autofree char *text = NULL, *marked = NULL, *broken = NULL;
  g_autoptr (EspSession) session = esp_session_new ();
  g_autoptr (GError) error = NULL, unknown = NULL;
  g_autoptr (GString) with_mark = g_string_new ("\xef\xbb\xbf \n");

  g_assert_nonnull (spec_path);
  g_assert_true (g_file_get_contents (spec_path, &text, NULL, NULL));
  g_string_append (with_mark, text);
  marked = write_file ("spec.txt", with_mark->str, with_mark->len);
  g_assert_nonnull (esp_session_load (session, marked, NULL, &error));
  g_assert_no_error (error);
  g_assert_nonnull (esp_document_get_trainer (esp_session_get_document (session)));

  g_assert_nonnull (esp_session_load (session, brace, NULL, &error));
  g_assert_no_error (error);
  g_assert_nonnull (esp_document_get_checkpoint (esp_session_get_document (session)));

  broken = write_file ("broken.json", "{\"espalier\": 1, \"modules\": [}", 29);
  g_assert_null (esp_session_load (session, broken, NULL, &error));
  g_assert_true (g_str_has_prefix (error->message, "broken.json: "));
  g_assert_null (esp_session_load (session, index, NULL, &unknown));
  g_assert_nonnull (esp_document_get_checkpoint (esp_session_get_document (session)));
}

/* --- a live network --- */

static void
test_templates (void)
{
  guint n;
  const EspTemplate *templates = esp_session_get_templates (&n);
  g_autoptr (EspSession) session = esp_session_new ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (n, ==, 9);
  for (guint i = 0; i < n; i++)
    {
      g_assert_true (esp_session_new_network (session, templates[i].name, &error));
      g_assert_no_error (error);
      g_assert_nonnull (esp_document_get_trainer (esp_session_get_document (session)));
    }
  g_assert_false (esp_session_new_network (session, "../networks/spirals", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
count_change (EspDocument *document, guint64 ticket, const char *label, guint *count)
{
  (*count)++;
}

/* commands don't wait: this does */
static void
settle (EspDocument *document)
{
  esp_trainer_wait (esp_document_get_trainer (document));
  esp_document_update (document);
}

static void
test_steps (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-shared");
  EspDocument *document = esp_session_get_document (session);
  g_autofree char *subtitle = esp_document_dup_subtitle (document);
  /* the one parameter whose gradient no ReLU can stop */
  EspPlace *weight = find (session, "6.bias");
  float start = read_cell (weight, ESP_CHANNEL_DATA, 0), stepped;
  guint updates = 0, modified = 0;

  g_assert_nonnull (strstr (subtitle, "193"));
  g_assert_nonnull (strstr (subtitle, "121"));
  g_signal_connect (document, "updated", G_CALLBACK (count_signal), &updates);
  g_signal_connect (document, "notify::modified", G_CALLBACK (count_call), &modified);
  g_assert_false (esp_document_get_modified (document));
  g_assert_cmpuint (esp_snapshot_get_step (esp_document_get_snapshot (document)), ==, 0);
  g_assert_null (esp_parameter_get_channel (esp_place_get_parameter (weight), ESP_CHANNEL_GRAD));

  for (guint i = 0; i < 3; i++)
    {
      esp_document_step (document);
      esp_trainer_wait (esp_document_get_trainer (document));
      g_assert_true (esp_document_update (document));
    }
  g_assert_cmpuint (updates, ==, 3);
  g_assert_cmpuint (modified, ==, 1);
  g_assert_true (esp_document_get_modified (document));
  stepped = read_cell (weight, ESP_CHANNEL_DATA, 0);
  g_assert_cmpfloat (stepped, !=, start);
  g_assert_true (isfinite (read_cell (weight, ESP_CHANNEL_GRAD, 0)));

  esp_document_reset (document);
  settle (document);
  g_assert_cmpfloat (read_cell (weight, ESP_CHANNEL_DATA, 0), ==, start);
  g_assert_cmpuint (esp_snapshot_get_step (esp_document_get_snapshot (document)), ==, 0);
  g_assert_false (esp_document_get_modified (document));
}

static void
test_edit (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-shared");
  EspDocument *document = esp_session_get_document (session);
  EspPlace *two = find (session, "2.weight"), *four = find (session, "4.weight");
  guint changed = 0;
  g_autoptr (GError) error = NULL;

  g_signal_connect (document, "changed", G_CALLBACK (count_change), &changed);
  g_assert_true (esp_document_edit (document, four, 9, 2.5, &error));
  settle (document);
  g_assert_no_error (error);
  g_assert_cmpfloat (read_cell (two, ESP_CHANNEL_DATA, 9), ==, 2.5);
  g_assert_cmpfloat (read_cell (four, ESP_CHANNEL_DATA, 9), ==, 2.5);
  g_assert_true (esp_document_get_modified (document));

  g_assert_false (esp_document_edit (document, four, 64, 1, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
  g_clear_error (&error);
  g_assert_false (esp_document_edit (document, find (session, "4"), 0, 1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_assert_cmpuint (changed, ==, 1);
}

/* an edit and a rate while it plays: carried out between steps that can be gone back to; it plays
 * on */
static void
test_edit_while_playing (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-mlp");
  EspDocument *document = esp_session_get_document (session);
  EspTrainer *trainer = esp_document_get_trainer (document);
  EspTimeline timeline;
  float end;

  esp_document_set_speed (document, INFINITY);
  esp_document_play (document);
  g_assert_true (esp_document_edit (document, find (session, "0.weight"), 0, 1, NULL));
  g_assert_true (esp_trainer_is_playing (trainer));
  esp_document_set_learning_rate (document, 0.125);
  g_assert_true (esp_trainer_is_playing (trainer));
  g_assert_cmpfloat (esp_trainer_get_learning_rate (trainer), ==, 0.125);
  esp_document_pause (document);
  settle (document);
  g_assert_false (esp_trainer_is_playing (trainer));

  /* to the beginning and the same way again, with both where they were */
  esp_trainer_get_timeline (trainer, &timeline);
  end = read_cell (find (session, "0.weight"), ESP_CHANNEL_DATA, 0);
  esp_document_seek (document, timeline.branch, 0);
  settle (document);
  g_assert_cmpuint (esp_snapshot_get_step (esp_document_get_snapshot (document)), ==, 0);
  esp_document_seek (document, timeline.branch, timeline.step);
  settle (document);
  g_assert_cmpfloat (read_cell (find (session, "0.weight"), ESP_CHANNEL_DATA, 0), ==, end);
  g_assert_cmpfloat (esp_trainer_get_learning_rate (trainer), ==, 0.125);
}

static void
test_save (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-shared");
  EspDocument *document = esp_session_get_document (session);
  g_autofree char *path = g_build_filename (folder, "saved.safetensors", NULL);
  g_autoptr (EspSession) reopened = esp_session_new ();
  g_autoptr (GError) error = NULL, exists = NULL;
  Waiter waiter = { 0 }, again = { 0 };
  EspPlace *weight;

  esp_document_step (document);
  esp_trainer_wait (esp_document_get_trainer (document));
  esp_document_update (document);
  g_assert_true (esp_document_get_modified (document));
  esp_document_save_async (document, path, FALSE, NULL, note_result, &waiter);
  wait_for (&waiter.done);
  g_assert_true (esp_document_save_finish (document, waiter.result, &error));
  g_assert_no_error (error);
  g_assert_false (esp_document_get_modified (document));

  /* all names and values come back; the tie is told by the metadata */
  g_assert_nonnull (esp_session_load (reopened, path, NULL, &error));
  g_assert_no_error (error);
  weight = find (reopened, "4.weight");
  g_assert_false (esp_place_is_stored (weight));
  for (guint i = 0; i < 64; i++)
    g_assert_cmpfloat (read_cell (weight, ESP_CHANNEL_DATA, i), ==,
                       read_cell (find (session, "2.weight"), ESP_CHANNEL_DATA, i));

  esp_document_save_async (document, path, FALSE, NULL, note_result, &again);
  wait_for (&again.done);
  g_assert_false (esp_document_save_finish (document, again.result, &exists));
  g_assert_error (exists, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_object_unref (waiter.result);
  g_object_unref (again.result);
}

/* saving takes the numbers of its moment, and what comes after is still unsaved */
static void
test_save_while_playing (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-mlp");
  EspDocument *document = esp_session_get_document (session);
  EspTrainer *trainer = esp_document_get_trainer (document);
  g_autofree char *path = g_build_filename (folder, "playing.safetensors", NULL);
  Waiter waiter = { 0 };
  guint64 step;

  esp_document_set_speed (document, INFINITY);
  esp_document_play (document);
  esp_document_save_async (document, path, TRUE, NULL, note_result, &waiter);
  step = esp_snapshot_get_step (esp_document_get_snapshot (document));
  while (esp_snapshot_get_step (esp_document_get_snapshot (document)) < step + 10)
    {
      esp_document_update (document);
      g_thread_yield ();
    }
  wait_for (&waiter.done);
  g_assert_true (esp_document_save_finish (document, waiter.result, NULL));
  g_assert_true (esp_document_get_modified (document));
  esp_document_pause (document);
  esp_trainer_wait (trainer);
  g_object_unref (waiter.result);
}

/* --- findings --- */

static GPtrArray *
look_for (EspDocument *document, EspPlace *place)
{
  Waiter waiter = { 0 };
  g_autoptr (GError) error = NULL;
  GPtrArray *findings;

  esp_document_find_async (document, place, NULL, note_result, &waiter);
  wait_for (&waiter.done);
  findings = esp_document_find_finish (document, waiter.result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (findings);
  g_object_unref (waiter.result);
  return findings;
}

static gboolean
has_kind (GPtrArray *findings, EspFindingKind kind)
{
  for (guint i = 0; i < findings->len; i++)
    if (((EspFinding *) findings->pdata[i])->kind == kind)
      return TRUE;
  return FALSE;
}

static void
test_findings (void)
{
  g_autofree char *path = write_safetensors ("nan.safetensors", 0);
  g_autoptr (EspSession) session = esp_session_new ();
  g_autoptr (GPtrArray) first = NULL, second = NULL, module = NULL;
  EspDocument *document = esp_session_load (session, path, NULL, NULL);

  first = look_for (document, find (session, "a.weight"));
  second = look_for (document, find (session, "a.weight"));
  module = look_for (document, find (session, "a"));
  g_assert_true (has_kind (first, ESP_FINDING_NAN));
  g_assert_cmpuint (first->len, ==, second->len);
  g_assert_cmpuint (module->len, ==, 0);
}

/* they follow the tensor, which an edit replaces */
static void
test_findings_follow (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-shared");
  EspDocument *document = esp_session_get_document (session);
  EspPlace *place = find (session, "4.weight");
  g_autoptr (GPtrArray) before = look_for (document, place), after = NULL;

  g_assert_false (has_kind (before, ESP_FINDING_NAN));
  g_assert_true (esp_document_edit (document, place, 0, NAN, NULL));
  settle (document);
  after = look_for (document, find (session, "2.weight"));
  g_assert_true (has_kind (after, ESP_FINDING_NAN));
}

static void
remove_folder (void)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
  g_dir_close (dir);
  g_rmdir (folder);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("espalier-session-XXXXXX", NULL);
  g_test_add_func ("/session/open", test_open);
  g_test_add_func ("/session/refusal", test_refusal);
  g_test_add_func ("/session/cell", test_cell);
  g_test_add_func ("/session/open-in-worker", test_open_in_worker);
  g_test_add_func ("/session/cancel", test_cancel);
  g_test_add_func ("/session/kinds", test_kinds);
  g_test_add_func ("/session/templates", test_templates);
  g_test_add_func ("/session/steps", test_steps);
  g_test_add_func ("/session/edit", test_edit);
  g_test_add_func ("/session/edit-while-playing", test_edit_while_playing);
  g_test_add_func ("/session/save", test_save);
  g_test_add_func ("/session/save-while-playing", test_save_while_playing);
  g_test_add_func ("/session/findings", test_findings);
  g_test_add_func ("/session/findings-follow", test_findings_follow);
  status = g_test_run ();
  remove_folder ();
  g_free (folder);
  return status;
}
