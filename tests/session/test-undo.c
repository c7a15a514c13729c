/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Commands that don't wait, and what undo makes of them: names, values, the document that was there
 * before a change of structure, and what is forgotten. */

#include "config.h"

#include "esp-edit.h"
#include "esp-error.h"
#include "esp-network-change.h"
#include "esp-session.h"
#include "esp-undo.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static EspDocument *
new_document (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".json", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "data", "networks", file, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_session_read_network (path, NULL, &error);

  g_assert_no_error (error);
  return esp_document_new_for_network (network);
}

static EspSession *
open_network (const char *name)
{
  EspSession *session = esp_session_new ();
  g_autoptr (EspDocument) document = new_document (name);

  esp_session_set_document (session, document);
  return session;
}

static void
settle (EspSession *session)
{
  EspDocument *document = esp_session_get_document (session);

  esp_trainer_wait (esp_document_get_trainer (document));
  esp_document_update (document);
}

static EspPlace *
find (EspSession *session, const char *path)
{
  return esp_tree_find (esp_document_get_tree (esp_session_get_document (session)), path, NULL);
}

static float
read_cell (EspSession *session, const char *path, guint64 index)
{
  EspParameter *parameter = esp_place_get_parameter (find (session, path));
  float value;

  g_assert_true (
      esp_tensor_read_f32 (esp_parameter_get_data (parameter), index, 1, &value, NULL, NULL));
  return value;
}

static void
edit (EspSession *session, const char *path, double value)
{
  g_autoptr (GError) error = NULL;

  esp_document_edit (esp_session_get_document (session), find (session, path), 0, value, &error);
  g_assert_no_error (error);
}

static void
run_steps (EspSession *session, guint n)
{
  esp_trainer_run (esp_document_get_trainer (esp_session_get_document (session)), n);
  settle (session);
}

static void
undo (EspSession *session)
{
  esp_undo_undo (esp_session_get_undo (session));
  settle (session);
}

static void
redo (EspSession *session)
{
  esp_undo_redo (esp_session_get_undo (session));
  settle (session);
}

#define assert_names(session, undo, redo)                                                          \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_assert_cmpstr (esp_undo_get_undo_name (esp_session_get_undo (session)), ==, undo);           \
    g_assert_cmpstr (esp_undo_get_redo_name (esp_session_get_undo (session)), ==, redo);           \
  }                                                                                                \
  G_STMT_END

static void
test_values (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-mlp");
  EspTrainer *trainer = esp_document_get_trainer (esp_session_get_document (session));
  float weight = read_cell (session, "0.weight", 0), stepped;
  double rate = esp_trainer_get_learning_rate (trainer);

  assert_names (session, NULL, NULL);
  edit (session, "0.weight", 5);
  assert_names (session, "Edit 0.weight", NULL);
  esp_document_set_learning_rate (esp_session_get_document (session), 0.5);
  assert_names (session, "Set learning rate", NULL);
  run_steps (session, 3);
  stepped = read_cell (session, "0.weight", 0);
  g_assert_cmpfloat (fabsf (stepped - 5), <, 4);

  undo (session);
  assert_names (session, "Edit 0.weight", "Set learning rate");
  g_assert_cmpfloat (esp_trainer_get_learning_rate (trainer), ==, rate);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, 5);
  g_assert_cmpuint (
      esp_snapshot_get_step (esp_document_get_snapshot (esp_session_get_document (session))), ==,
      0);
  undo (session);
  assert_names (session, NULL, "Edit 0.weight");
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, weight);
  undo (session);
  redo (session);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, 5);
  redo (session);
  assert_names (session, "Set learning rate", NULL);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, stepped);
  g_assert_cmpfloat (esp_trainer_get_learning_rate (trainer), ==, 0.5);

  /* something new: what was undone can't be done again */
  undo (session);
  edit (session, "0.bias", 2);
  assert_names (session, "Edit 0.bias", NULL);
}

/* several parameters at once are one entry; what doesn't fit is refused and changes nothing */
static void
test_change (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-mlp");
  EspDocument *document = esp_session_get_document (session);
  const float weights[32] = { 7 }, biases[8] = { 9 };
  g_autoptr (GBytes) first = g_bytes_new_static (weights, sizeof weights);
  g_autoptr (GBytes) second = g_bytes_new_static (biases, sizeof biases);
  EspDocumentChange changes[] = { { find (session, "0.weight"), ESP_CHANNEL_DATA, first },
                                  { find (session, "0.bias"), ESP_CHANNEL_MOMENT1, second } };
  float weight = read_cell (session, "0.weight", 0);
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_document_change_many (document, changes, 2, "Two things", &error));
  g_assert_no_error (error);
  settle (session);
  assert_names (session, "Two things", NULL);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, 7);
  undo (session);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, weight);
  assert_names (session, NULL, "Two things");

  changes[1].channel = ESP_CHANNEL_GRAD;
  g_assert_false (esp_document_change_many (document, changes, 2, "No", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  changes[1] = (EspDocumentChange) { find (session, "0.bias"), ESP_CHANNEL_DATA, first };
  g_assert_false (esp_document_change_many (document, changes, 2, "No", &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
  g_assert_cmpstr (error->message, ==, "0.bias has 8 numbers, but 32 are given");
  settle (session);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, weight);
  assert_names (session, NULL, "Two things");
}

/* the document before is whole: trainer, steps, and its own changes */
static void
test_structure (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-mlp");
  g_autoptr (EspDocument) before = g_object_ref (esp_session_get_document (session));
  g_autoptr (EspDocument) after = new_document ("d2l-shared");
  float weight;

  edit (session, "0.weight", 5);
  run_steps (session, 4);
  weight = read_cell (session, "0.weight", 0);
  esp_session_set_selection (session, find (session, "2.weight"));
  esp_undo_change_document (esp_session_get_undo (session), after, "Add layer 4");
  g_assert_true (esp_session_get_document (session) == after);
  g_assert_cmpstr (esp_place_get_path (esp_session_get_selection (session)), ==, "2.weight");
  edit (session, "6.bias", 1);
  settle (session);
  assert_names (session, "Edit 6.bias", NULL);

  undo (session);
  assert_names (session, "Add layer 4", "Edit 6.bias");
  undo (session);
  g_assert_true (esp_session_get_document (session) == before);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, weight);
  assert_names (session, "Edit 0.weight", "Add layer 4");
  undo (session);
  g_assert_cmpuint (esp_snapshot_get_step (esp_document_get_snapshot (before)), ==, 0);
  redo (session);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, weight);
  redo (session);
  g_assert_true (esp_session_get_document (session) == after);
  redo (session);
  g_assert_cmpfloat (read_cell (session, "6.bias", 0), ==, 1);
  assert_names (session, "Edit 6.bias", NULL);
}

static void
on_changed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  esp_session_change_network_finish (ESP_SESSION (source), result, &error);
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

static void
set_part (EspSession *session, const char *part, const char *key, const char *json)
{
  g_autoptr (JsonNode) value = json_from_string (json, NULL);
  EspNetworkChange change = { ESP_NETWORK_CHANGE_PART, part, key, 0, value };
  gboolean done = FALSE;

  esp_session_change_network_async (session, &change, on_changed, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
  settle (session);
}

static double
describe_rate (EspSession *session)
{
  g_autoptr (JsonObject) description = esp_session_describe_network (session);

  return json_object_get_double_member (json_object_get_object_member (description, "optimizer"),
                                        "lr");
}

/* the rate changes within the run, and another setting takes the one that holds along */
static void
test_rate (void)
{
  g_autoptr (EspSession) session = open_network ("spirals");
  g_autoptr (EspDocument) before = g_object_ref (esp_session_get_document (session));
  EspTrainer *trainer;
  float weight;

  run_steps (session, 3);
  set_part (session, "optimizer", "lr", "0.25");
  g_assert_true (esp_session_get_document (session) == before);
  g_assert_cmpfloat (describe_rate (session), ==, 0.25);
  g_assert_cmpuint (esp_snapshot_get_step (esp_document_get_snapshot (before)), ==, 3);
  weight = read_cell (session, "0.weight", 0);

  set_part (session, "optimizer", "betas", "[0.8, 0.99]");
  g_assert_true (esp_session_get_document (session) != before);
  trainer = esp_document_get_trainer (esp_session_get_document (session));
  g_assert_cmpfloat (esp_trainer_get_learning_rate (trainer), ==, 0.25);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, weight);
  assert_names (session, "Set betas of optimizer", NULL);
  /* another class begins with its own */
  set_part (session, "optimizer", "class", "\"SGD\"");
  g_assert_cmpfloat (describe_rate (session), ==, 0.001);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, weight);

  undo (session);
  undo (session);
  g_assert_true (esp_session_get_document (session) == before);
  assert_names (session, "Set learning rate", "Set betas of optimizer");
  undo (session);
  g_assert_cmpfloat (describe_rate (session), ==, 0.01);
}

/* a reset forgets the changes of its document, another document everything */
static void
test_forgets (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-mlp");
  g_autoptr (EspDocument) other = new_document ("xor");
  EspUndo *undo = esp_session_get_undo (session);

  edit (session, "0.weight", 5);
  edit (session, "0.weight", 6);
  esp_document_reset (esp_session_get_document (session));
  settle (session);
  assert_names (session, NULL, NULL);
  edit (session, "0.weight", 5);
  assert_names (session, "Edit 0.weight", NULL);
  esp_session_set_document (session, other);
  assert_names (session, NULL, NULL);

  for (guint i = 0; i < ESP_UNDO_MAX_DOCUMENTS + 2; i++)
    {
      g_autoptr (EspDocument) next = new_document ("xor");

      esp_undo_change_document (undo, next, "Next");
    }
  for (guint i = 0; i < ESP_UNDO_MAX_DOCUMENTS; i++)
    {
      assert_names (session, "Next", i > 0 ? "Next" : NULL);
      esp_undo_undo (undo);
    }
  assert_names (session, NULL, "Next");
}

/* --- many cells --- */

static void
assert_edit (EspSession *session, EspEdit edit, guint64 n_cells, guint64 n_changed)
{
  EspDocument *document = esp_session_get_document (session);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEditPlan) plan = esp_edit_plan_new (document, &edit, &error);

  g_assert_no_error (error);
  g_assert_true (esp_edit_plan_run (plan, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (esp_edit_plan_get_n_cells (plan), ==, n_cells);
  g_assert_cmpuint (esp_edit_plan_get_n_changed (plan), ==, n_changed);
  g_assert_true (esp_edit_plan_apply (plan, &error));
  g_assert_no_error (error);
  settle (session);
}

static void
assert_no_edit (EspSession *session, EspEdit edit, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEditPlan)
      plan = esp_edit_plan_new (esp_session_get_document (session), &edit, &error);

  g_assert_false (plan != NULL && esp_edit_plan_run (plan, NULL, &error));
  g_assert_cmpstr (error->message, ==, message);
}

/* 0.weight of d2l-mlp is (8, 4) */
static void
test_cells (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-mlp");
  EspPlace *place = find (session, "0.weight");
  float start[32], now;

  for (guint i = 0; i < 32; i++)
    start[i] = read_cell (session, "0.weight", i);
  assert_edit (session, (EspEdit) { place, 0, 2, ESP_EDIT_VALUE, " 3 ", 1 }, 4, 4);
  assert_names (session, "Fill 0.weight", NULL);
  assert_edit (session, (EspEdit) { place, 1, 3, ESP_EDIT_FORMULA, "10 * i + j + 0 * w", 1 }, 8, 8);
  for (guint i = 0; i < 32; i++)
    {
      now = read_cell (session, "0.weight", i);
      g_assert_cmpfloat (now, ==, i % 4 == 3 ? 10 * (i / 4) + 3 : i / 4 == 2 ? 3 : start[i]);
    }
  /* 8 cells of the column lie at 3 and above, 3 of the row are 3; 0.weight is small otherwise */
  assert_edit (session, (EspEdit) { place, -1, 0, ESP_EDIT_PRUNE, "3", 1 }, 32, 21);
  assert_names (session, "Prune 0.weight", NULL);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, 0);
  g_assert_cmpfloat (read_cell (session, "0.weight", 8), ==, 3);
  /* what is 0 already doesn't change: half of 32 are smallest, but 21 are 0 */
  assert_edit (session, (EspEdit) { place, -1, 0, ESP_EDIT_PRUNE, "50 %", 1 }, 32, 0);
  assert_edit (session, (EspEdit) { place, 0, 7, ESP_EDIT_PRUNE, "100%", 1 }, 4, 1);
  assert_edit (session, (EspEdit) { place, -1, 0, ESP_EDIT_INITIALIZER, "ones_", 1 }, 32, 32);
  g_assert_cmpfloat (read_cell (session, "0.weight", 31), ==, 1);
  for (guint i = 0; i < 5; i++)
    undo (session);
  for (guint i = 0; i < 32; i++)
    g_assert_cmpfloat (read_cell (session, "0.weight", i), ==, start[i]);
  assert_names (session, NULL, "Fill 0.weight");

  assert_no_edit (session, (EspEdit) { place, -1, 0, ESP_EDIT_VALUE, "four", 1 },
                  "“four” is not a number.");
  assert_no_edit (session, (EspEdit) { place, -1, 0, ESP_EDIT_PRUNE, "120%", 1 },
                  "“120%” is neither a number nor a percentage.");
  assert_no_edit (session, (EspEdit) { place, 0, 8, ESP_EDIT_VALUE, "1", 1 },
                  "0.weight has no such cells");
  assert_no_edit (session, (EspEdit) { find (session, "0.bias"), 1, 0, ESP_EDIT_VALUE, "1", 1 },
                  "0.bias has no such cells");
  assert_no_edit (session, (EspEdit) { find (session, "0"), -1, 0, ESP_EDIT_VALUE, "1", 1 },
                  "Only the parameters of a live network can be edited");
}

static gboolean
initialize (EspDocument *document, EspPlace *place, guint64 seed, GError **error)
{
  g_autoptr (EspEditPlan) plan = esp_edit_plan_new_initialize (document, place, seed, error);

  return plan != NULL && esp_edit_plan_run (plan, NULL, error) && esp_edit_plan_apply (plan, error);
}

/* as it began, with other numbers in the same range; all of a module at once */
static void
test_initialize (void)
{
  g_autoptr (EspSession) session = open_network ("digits");
  EspDocument *document = esp_session_get_document (session);
  g_autoptr (GError) error = NULL;
  float weight = read_cell (session, "0.weight", 0), bias = read_cell (session, "0.bias", 0);
  float other = read_cell (session, "2.weight", 0), seeded;

  g_assert_true (initialize (document, find (session, "0"), 5, &error));
  g_assert_no_error (error);
  settle (session);
  assert_names (session, "Initialize 0", NULL);
  seeded = read_cell (session, "0.weight", 0);
  g_assert_cmpfloat (seeded, !=, weight);
  g_assert_cmpfloat (read_cell (session, "0.bias", 0), !=, bias);
  g_assert_cmpfloat (read_cell (session, "2.weight", 0), ==, other);
  for (guint i = 0; i < 64 * 32; i++)
    g_assert_cmpfloat (fabsf (read_cell (session, "0.weight", i)), <=, 0.125);
  undo (session);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, weight);
  g_assert_true (initialize (document, find (session, "0"), 5, &error));
  settle (session);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, seeded);
  g_assert_false (initialize (document, find (session, "1"), 5, &error));
  g_assert_cmpstr (error->message, ==, "1 has no parameters");
}

/* --- not waiting --- */

/* Holds the trainer's thread up: it has to free these inputs, and may not before the gate opens. A
 * command that waited for it would wait for ever. */
typedef struct
{
  GMutex lock;
  GCond cond;
  gboolean reached, open;
} Gate;

static void
pass_gate (gpointer data)
{
  Gate *gate = data;

  g_mutex_lock (&gate->lock);
  gate->reached = TRUE;
  g_cond_broadcast (&gate->cond);
  while (!gate->open)
    g_cond_wait (&gate->cond, &gate->lock);
  g_mutex_unlock (&gate->lock);
}

static void
shut_gate (Gate *gate, EspTrainer *trainer)
{
  static const float inputs[4] = { 0 };
  GBytes *bytes = g_bytes_new_with_free_func (inputs, sizeof inputs, pass_gate, gate);

  esp_trainer_set_probe (trainer, ESP_PROBE_EXAMPLE, bytes);
  esp_trainer_wait (trainer);
  g_bytes_unref (bytes); /* the trainer's is the last one now */
  esp_trainer_set_probe (trainer, ESP_PROBE_EXAMPLE, NULL);
  g_mutex_lock (&gate->lock);
  while (!gate->reached)
    g_cond_wait (&gate->cond, &gate->lock);
  g_mutex_unlock (&gate->lock);
}

static void
open_gate (Gate *gate)
{
  g_mutex_lock (&gate->lock);
  gate->open = TRUE;
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->lock);
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

/* the whole queue is carried out in order once the thread goes on, without anybody's frame clock */
static void
test_no_waiting (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-mlp"), reopened = esp_session_new ();
  EspDocument *document = esp_session_get_document (session);
  EspTrainer *trainer = esp_document_get_trainer (document);
  g_autofree char *folder = g_dir_make_tmp ("espalier-undo-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "saved.safetensors", NULL);
  g_autoptr (GError) error = NULL;
  Gate gate = { .open = FALSE };
  Waiter waiter = { 0 };
  EspTimeline timeline;
  float shown;

  run_steps (session, 200);
  shown = read_cell (session, "0.weight", 0);
  shut_gate (&gate, trainer);
  esp_document_seek (document, 0, 199);
  edit (session, "0.weight", 5);
  esp_document_set_learning_rate (document, 0.5);
  esp_document_save_async (document, path, FALSE, NULL, note_result, &waiter);
  esp_undo_undo (esp_session_get_undo (session));
  esp_undo_redo (esp_session_get_undo (session));
  esp_document_reset (document);
  /* all have come back, and the trainer has done none of it */
  esp_document_update (document);
  esp_trainer_get_timeline (trainer, &timeline);
  g_assert_cmpuint (timeline.step, ==, 200);
  g_assert_cmpuint (timeline.n_branches, ==, 1);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, shown);
  g_assert_false (waiter.done);

  open_gate (&gate);
  while (!waiter.done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (esp_document_save_finish (document, waiter.result, &error));
  g_assert_no_error (error);
  g_object_unref (waiter.result);
  /* all was done, and last of all the reset, which leaves the rate alone */
  esp_trainer_get_timeline (trainer, &timeline);
  g_assert_cmpuint (timeline.step, ==, 0);
  g_assert_cmpuint (timeline.n_branches, ==, 1);
  g_assert_cmpfloat (timeline.rate, ==, 0.5);
  g_assert_false (esp_document_get_modified (document));
  /* as it was when it was asked for, not as it is by now */
  g_assert_nonnull (esp_session_load (reopened, path, NULL, &error));
  g_assert_cmpfloat (read_cell (reopened, "0.weight", 0), ==, 5);
  g_unlink (path);
  g_rmdir (folder);
}

/* all numbers of data and moments */
static char *
hash_numbers (EspSession *session)
{
  EspSnapshot *snapshot = esp_document_get_snapshot (esp_session_get_document (session));
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < esp_snapshot_get_n_parameters (snapshot); i++)
    for (guint channel = 0; channel < ESP_N_CHANNELS; channel++)
      {
        EspTensor *tensor = esp_snapshot_get_channel (snapshot, i, (EspChannel) channel);
        g_autofree float *values = NULL;

        if (tensor == NULL || channel == ESP_CHANNEL_GRAD || channel == ESP_CHANNEL_UPDATE)
          continue;
        values = g_new (float, esp_tensor_get_count (tensor));
        g_assert_true (
            esp_tensor_read_f32 (tensor, 0, esp_tensor_get_count (tensor), values, NULL, NULL));
        g_checksum_update (checksum, (const guchar *) values,
                           (gssize) (esp_tensor_get_count (tensor) * sizeof (float)));
      }
  return g_strdup (g_checksum_get_string (checksum));
}

static void
on_revived (EspDocument *document, const char *text, char **told)
{
  g_free (*told);
  *told = g_strdup (text);
}

static void
revive (EspSession *session, const EspUnitId *units, guint n, char **told)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  g_clear_pointer (told, g_free);
  esp_document_revive (esp_session_get_document (session), units, n, 1);
  while (*told == NULL && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, FALSE);
  g_assert_nonnull (*told);
  settle (session);
}

/* in the middle of a step, too; then the same numbers again, whatever was done since */
static void
test_revive (void)
{
  static const EspUnitId units[] = { { "1", 2 }, { "1", 5 } }, none = { "1", 99 };
  g_autoptr (EspSession) session = open_network ("d2l-mlp");
  EspDocument *document = esp_session_get_document (session);
  g_autofree char *told = NULL;
  g_autofree char *before = NULL, *after = NULL, *undone = NULL, *redone = NULL, *kept = NULL;

  g_signal_connect (document, "revived", G_CALLBACK (on_revived), &told);
  edit (session, "0.bias", 0);
  run_steps (session, 7);
  esp_document_advance (document);
  esp_document_advance (document);
  settle (session);
  revive (session, &none, 1, &told);
  g_assert_nonnull (strstr (told, "99"));
  assert_names (session, "Edit 0.bias", NULL);
  g_assert_cmpuint (esp_snapshot_get_step (esp_document_get_snapshot (document)), ==, 8);
  before = hash_numbers (session);
  revive (session, units, 2, &told);
  g_assert_cmpstr (told, ==, "Revived 2 units");
  assert_names (session, "Revive 2 units", NULL);
  after = hash_numbers (session);
  g_assert_cmpstr (after, !=, before);
  g_assert_cmpfloat (read_cell (session, "0.bias", 2), ==, 0);
  g_assert_cmpfloat (read_cell (session, "2.weight", 5), ==, 0);
  undo (session);
  undone = hash_numbers (session);
  g_assert_cmpstr (undone, ==, before);
  redo (session);
  redone = hash_numbers (session);
  g_assert_cmpstr (redone, ==, after);
  run_steps (session, 20);
  undo (session);
  kept = hash_numbers (session);
  g_assert_cmpstr (kept, ==, before);
}

/* turns of the rate in quick succession are one change; another kind of change ends that */
static void
test_turns (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-mlp");
  EspDocument *document = esp_session_get_document (session);
  EspTrainer *trainer = esp_document_get_trainer (document);
  double first = esp_trainer_get_learning_rate (trainer);

  for (guint i = 1; i <= 5; i++)
    {
      esp_document_set_learning_rate (document, 0.1 * i);
      run_steps (session, 1);
    }
  g_assert_cmpfloat (esp_trainer_get_learning_rate (trainer), ==, 0.5);
  undo (session);
  g_assert_null (esp_undo_get_undo_name (esp_session_get_undo (session)));
  g_assert_cmpfloat (esp_trainer_get_learning_rate (trainer), ==, first);
  redo (session);
  g_assert_cmpfloat (esp_trainer_get_learning_rate (trainer), ==, 0.5);
  g_assert_cmpuint (esp_snapshot_get_step (esp_document_get_snapshot (document)), ==, 5);
  edit (session, "0.weight", 3);
  esp_document_set_learning_rate (document, 0.75);
  settle (session);
  undo (session);
  g_assert_cmpfloat (esp_trainer_get_learning_rate (trainer), ==, 0.5);
  g_assert_cmpfloat (read_cell (session, "0.weight", 0), ==, 3);
}

/* freezing and rates as a person does them: by module, each taken back at once */
static void
test_rules (void)
{
  g_autoptr (EspSession) session = open_network ("d2l-shared");
  EspDocument *document = esp_session_get_document (session);
  EspDocumentRule rule;
  float before;

  settle (session);
  g_assert_true (esp_document_get_rule (document, find (session, "2"), &rule));
  g_assert_cmpuint (rule.n_parameters, ==, 2);
  g_assert_cmpuint (rule.n_frozen, ==, 0);
  before = read_cell (session, "2.weight", 0);
  g_assert_true (esp_document_set_frozen (document, find (session, "2"), TRUE));
  run_steps (session, 3);
  g_assert_false (esp_document_set_frozen (document, find (session, "4"), TRUE));
  g_assert_cmpfloat (read_cell (session, "4.weight", 0), ==, before);
  g_assert_true (esp_document_get_rule (document, find (session, ""), &rule));
  g_assert_cmpuint (rule.n_parameters, ==, 6);
  g_assert_cmpuint (rule.n_frozen, ==, 2);
  g_assert_true (esp_document_set_own_rate (document, find (session, "0.weight"), 0.25));
  settle (session);
  g_assert_true (esp_document_get_rule (document, find (session, "0"), &rule));
  g_assert_false (rule.same_rate);
  g_assert_cmpfloat (rule.first.own_rate, ==, 0.25);
  undo (session);
  g_assert_true (esp_document_get_rule (document, find (session, "0"), &rule));
  g_assert_true (rule.same_rate && isnan (rule.first.own_rate));
  undo (session);
  g_assert_true (esp_document_get_rule (document, find (session, "2"), &rule));
  g_assert_cmpuint (rule.n_frozen, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/undo/turns", test_turns);
  g_test_add_func ("/session/undo/rules", test_rules);
  g_test_add_func ("/session/undo/values", test_values);
  g_test_add_func ("/session/undo/change", test_change);
  g_test_add_func ("/session/undo/structure", test_structure);
  g_test_add_func ("/session/undo/rate", test_rate);
  g_test_add_func ("/session/undo/forgets", test_forgets);
  g_test_add_func ("/session/undo/revive", test_revive);
  g_test_add_func ("/session/undo/cells", test_cells);
  g_test_add_func ("/session/undo/initialize", test_initialize);
  g_test_add_func ("/session/undo/no-waiting", test_no_waiting);
  return g_test_run ();
}
