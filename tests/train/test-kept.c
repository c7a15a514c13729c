/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A kept run: any step byte for byte after it was read again, branches and curves, key frames alone
 * where other kernels made it, and bytes that anything may have happened to. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "esp-error.h"
#include "esp-kernels.h"
#include "esp-trainer.h"

static const char spec[] =
    "{\"espalier\": 1, \"modules\": [{\"class\": \"Linear\", \"out_features\": 8, \"id\": \"a\"},"
    " {\"class\": \"BatchNorm1d\"}, {\"class\": \"Tanh\"}, {\"class\": \"Linear\", "
    "\"out_features\": "
    "2}, {\"use\": \"a\", \"name\": \"again\"}, {\"class\": \"Dropout\", \"p\": 0.1},"
    " {\"class\": \"Linear\", \"out_features\": 2, \"name\": \"end\"}],"
    " \"loss\": {\"class\": \"CrossEntropyLoss\"}, \"optimizer\": {\"class\": \"Adam\", \"lr\": "
    "0.01}, \"data\": {\"name\": \"moons\", \"count\": 60, \"test\": 0.2}, \"batch_size\": 7}";

static EspNetwork *
make_network (void)
{
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_new_from_json (spec, -1, &error);

  g_assert_no_error (error);
  return network;
}

static GBytes *
keep (EspTrainer *trainer)
{
  esp_trainer_keep (trainer);
  return esp_trainer_wait_kept (trainer);
}

static EspTrainer *
go_on (GBytes *kept, gboolean foreign)
{
  g_autoptr (EspNetwork) network = make_network ();
  g_autoptr (GError) error = NULL;
  EspTrainer *trainer;

  esp_trainer_read_initial (network, kept, &error);
  g_assert_no_error (error);
  trainer = esp_trainer_new_kept (network, kept, foreign ? "other" : esp_trainer_get_kernels (),
                                  &error);
  g_assert_no_error (error);
  esp_trainer_wait (trainer);
  return trainer;
}

/* all parameters and moments, one behind the other */
static GBytes *
read_state (EspTrainer *trainer)
{
  EspNetwork *network = esp_trainer_get_network (trainer);
  GByteArray *out = g_byte_array_new ();
  g_autoptr (EspSnapshot) snapshot = NULL;
  guint64 step;

  esp_trainer_wait (trainer);
  /* the slot may be empty: something that changes nothing fills it */
  esp_trainer_watch_batch (trainer, FALSE);
  esp_trainer_wait (trainer);
  snapshot = esp_trainer_take_snapshot (trainer);
  g_assert_nonnull (snapshot);
  step = esp_snapshot_get_step (snapshot);
  g_byte_array_append (out, (const guint8 *) &step, sizeof step);
  for (guint i = 0; i < esp_network_get_n_parameters (network); i++)
    for (guint channel = 0; channel < ESP_N_CHANNELS; channel++)
      {
        EspTensor *tensor = esp_snapshot_get_channel (snapshot, i, channel);
        g_autofree guint8 *bytes = NULL;
        gsize size;

        if (tensor == NULL || (channel != ESP_CHANNEL_DATA && channel < ESP_CHANNEL_MOMENT1))
          continue;
        size = esp_tensor_get_bytes (tensor);
        bytes = g_malloc (size);
        g_assert_true (
            esp_tensor_read_bytes (tensor, 0, esp_tensor_get_count (tensor), bytes, NULL, NULL));
        g_byte_array_append (out, bytes, (guint) size);
      }
  return g_byte_array_free_to_bytes (out);
}

static void
assert_same_moment (EspTrainer *a, EspTrainer *b)
{
  g_autoptr (GBytes) x = read_state (a), y = read_state (b);

  g_assert_cmpuint (g_bytes_get_size (x), >, 300); /* without moments at step 0 */
  g_assert_true (g_bytes_equal (x, y));
}

/* 700 steps, edits on the way, a branch from 300 with another rate */
static EspTrainer *
make_run (void)
{
  g_autoptr (EspNetwork) network = make_network ();
  EspTrainer *trainer = esp_trainer_new (network);

  esp_trainer_run (trainer, 250);
  esp_trainer_edit (trainer, 0, 3, 0.5f);
  esp_trainer_run (trainer, 450);
  esp_trainer_seek (trainer, 0, 300);
  esp_trainer_wait (trainer);
  esp_trainer_set_learning_rate (trainer, 0.05);
  esp_trainer_run (trainer, 123);
  esp_trainer_step_example (trainer);
  esp_trainer_wait (trainer);
  return trainer;
}

static void
assert_same_curve (EspTrainer *a, EspTrainer *b, guint branch)
{
  g_autofree guint64 *x = NULL, *y = NULL;
  g_autofree double *u = NULL, *v = NULL;
  guint n, m;

  esp_trainer_get_branch_curve (a, branch, &x, &u, &n);
  esp_trainer_get_branch_curve (b, branch, &y, &v, &m);
  g_assert_cmpuint (n, >, 50);
  g_assert_cmpmem (x, n * sizeof *x, y, m * sizeof *y);
  g_assert_cmpmem (u, n * sizeof *u, v, m * sizeof *v);
}

static void
test_back (void)
{
  g_autoptr (EspTrainer) before = make_run ();
  g_autoptr (GBytes) kept = keep (before);
  g_autoptr (EspTrainer) after = go_on (kept, FALSE);
  EspTimeline x, y;

  esp_trainer_get_timeline (before, &x);
  esp_trainer_get_timeline (after, &y);
  g_assert_cmpuint (y.branch, ==, 1);
  g_assert_cmpuint (y.n_branches, ==, 2);
  g_assert_cmpuint (y.step, ==, 424);
  g_assert_cmpuint (y.step, ==, x.step);
  g_assert_cmpuint (y.head, ==, x.head);
  g_assert_cmpuint (y.n_foreign, ==, 0);
  g_assert_cmpfloat (esp_trainer_get_learning_rate (after), ==, 0.05);
  g_assert_cmpfloat (esp_trainer_get_seconds (after), ==, esp_trainer_get_seconds (before));
  assert_same_moment (before, after);
  for (guint i = 0; i < 2; i++)
    assert_same_curve (before, after, i);
  for (guint i = 0; i < 40; i++)
    {
      guint branch = (guint) g_test_rand_int_range (0, 2);
      guint64 step = (guint64) g_test_rand_int_range (0, branch == 0 ? 701 : 425);

      esp_trainer_seek (before, branch, step);
      esp_trainer_seek (after, branch, step);
      assert_same_moment (before, after);
    }
  /* both go the same way on, and a reset leads to the same beginning */
  esp_trainer_seek (before, 1, 424);
  esp_trainer_seek (after, 1, 424);
  esp_trainer_run (before, 100);
  esp_trainer_run (after, 100);
  assert_same_moment (before, after);
  esp_trainer_reset (before);
  esp_trainer_reset (after);
  esp_trainer_run (before, 10);
  esp_trainer_run (after, 10);
  assert_same_moment (before, after);
}

/* kept where it isn't at a head, and kept again */
static void
test_middle (void)
{
  g_autoptr (EspTrainer) before = make_run (), after = NULL, again = NULL;
  g_autoptr (GBytes) kept = NULL, twice = NULL;

  esp_trainer_seek (before, 1, 277); /* before its fork */
  kept = keep (before);
  after = go_on (kept, FALSE);
  assert_same_moment (before, after);
  esp_trainer_seek (after, 0, 333);
  esp_trainer_seek (before, 0, 333);
  twice = keep (after);
  again = go_on (twice, FALSE);
  assert_same_moment (before, again);
}

/* other kernels: key frames alone, and what goes on from one is a branch */
static void
test_foreign (void)
{
  g_autoptr (EspTrainer) before = make_run ();
  g_autoptr (GBytes) kept = keep (before);
  g_autoptr (EspTrainer) after = go_on (kept, TRUE);
  g_autofree char *note = NULL;
  EspTimeline timeline;

  note = esp_trainer_dup_foreign_note (after);
  g_assert_nonnull (strstr (note, "another instruction set (other; here it is "));
  esp_trainer_get_timeline (after, &timeline);
  g_assert_cmpuint (timeline.n_foreign, ==, 2);
  g_assert_cmpuint (timeline.step, ==, 424);
  assert_same_moment (before, after);
  esp_trainer_seek (after, 0, 333);
  esp_trainer_wait (after);
  esp_trainer_get_timeline (after, &timeline);
  g_assert_cmpuint (timeline.step, <=, 333);
  g_assert_cmpuint (timeline.step, >, 333 - 32);
  esp_trainer_seek (before, 0, timeline.step);
  assert_same_moment (before, after);
  esp_trainer_run (after, 5);
  esp_trainer_get_timeline (after, &timeline);
  g_assert_cmpuint (timeline.branch, ==, 2);
  g_assert_cmpuint (timeline.n_branches, ==, 3);
  /* its own steps can all be had */
  esp_trainer_seek (after, 2, timeline.step - 2);
  esp_trainer_seek (before, 0, timeline.step - 2);
  assert_same_moment (before, after);
}

/* the name is the same, the numbers aren't: it is found out, and said */
static void
test_other_numbers (void)
{
  g_autoptr (EspTrainer) before = make_run (), same = NULL, other = NULL;
  g_autoptr (GBytes) kept = keep (before);
  g_autofree char *note = NULL;
  const EspKernels *sets[] = { esp_kernels_list (0), esp_kernels_list (1) };
  EspTimeline timeline;

  same = go_on (kept, FALSE);
  esp_trainer_get_timeline (same, &timeline);
  g_assert_cmpuint (timeline.n_foreign, ==, 0);
  g_assert_null (esp_trainer_dup_foreign_note (same));
  if (sets[1] == NULL)
    {
      g_test_skip ("this processor has one set of kernels");
      return;
    }
  esp_kernels_use (esp_kernels_get () == sets[0] ? sets[1] : sets[0]);
  {
    g_autoptr (EspNetwork) network = make_network ();
    g_autoptr (GError) error = NULL;

    g_assert_true (esp_trainer_read_initial (network, kept, &error));
    /* not the name of those that made it */
    other = esp_trainer_new_kept (network, kept, esp_trainer_get_kernels (), &error);
    g_assert_no_error (error);
    esp_trainer_wait (other);
  }
  esp_kernels_use (NULL);
  esp_trainer_get_timeline (other, &timeline);
  g_assert_cmpuint (timeline.n_foreign, ==, 2);
  g_assert_cmpuint (timeline.step, ==, 424);
  assert_same_moment (before, other);
  note = esp_trainer_dup_foreign_note (other);
  g_assert_nonnull (strstr (note, "another build"));
}

static gboolean
try_bytes (const guint8 *data, gsize size)
{
  g_autoptr (EspNetwork) network = make_network ();
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (EspTrainer) trainer = NULL;
  g_autoptr (GError) error = NULL;

  if (!esp_trainer_read_initial (network, bytes, &error))
    {
      g_assert_nonnull (error);
      return FALSE;
    }
  trainer = esp_trainer_new_kept (network, bytes, esp_trainer_get_kernels (), &error);
  g_assert_true ((trainer == NULL) == (error != NULL));
  if (trainer != NULL)
    {
      EspTimeline timeline;

      esp_trainer_get_timeline (trainer, &timeline);
      esp_trainer_seek (trainer, timeline.branch, MIN (timeline.head, 500));
      esp_trainer_run (trainer, 3);
    }
  return trainer != NULL;
}

static void
test_damage (void)
{
  g_autoptr (EspNetwork) network = make_network ();
  g_autoptr (EspTrainer) trainer = esp_trainer_new (network);
  g_autoptr (GBytes) kept = NULL;
  g_autofree guint8 *copy = NULL;
  gsize size;

  esp_trainer_run (trainer, 40);
  esp_trainer_edit (trainer, 1, 2, 3.0f);
  esp_trainer_set_learning_rate (trainer, 0.5);
  esp_trainer_run (trainer, 3);
  kept = keep (trainer);
  copy = g_memdup2 (g_bytes_get_data (kept, &size), g_bytes_get_size (kept));
  g_assert_true (try_bytes (copy, size));
  for (guint i = 0; i < 150; i++)
    g_assert_false (try_bytes (copy, (gsize) g_test_rand_int_range (0, (gint32) size)));
  for (guint i = 0; i < 400; i++)
    {
      gsize at = (gsize) g_test_rand_int_range (0, (gint32) size);
      guint8 old = copy[at];

      copy[at] = (guint8) g_test_rand_int_range (0, 256);
      try_bytes (copy, size);
      copy[at] = old;
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kept/back", test_back);
  g_test_add_func ("/kept/middle", test_middle);
  g_test_add_func ("/kept/foreign", test_foreign);
  g_test_add_func ("/kept/other-numbers", test_other_numbers);
  g_test_add_func ("/kept/damage", test_damage);
  return g_test_run ();
}
