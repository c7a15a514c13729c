/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes that are taken back and done again: the same bytes as without (with) them, at the moment
 * itself and many steps after it, and no step of the run is lost. */

#include <math.h>

#include "esp-history.h"
#include "esp-trainer.h"
#include "train-fixture.h"

enum
{
  AFTER = 70 /* steps: several key frames */
};

static EspTrainer *
new_trainer (const char *name)
{
  g_autoptr (EspNetwork) network = train_load_template (name);
  return esp_trainer_new (network);
}

/* all numbers there are, and where it is */
static char *
look (EspTrainer *trainer)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  esp_trainer_mark (trainer);
  esp_trainer_wait (trainer);
  g_autoptr (EspSnapshot) snapshot = esp_trainer_take_snapshot (trainer);
  g_assert_nonnull (snapshot);
  for (guint i = 0; i < esp_snapshot_get_n_parameters (snapshot); i++)
    for (EspChannel channel = ESP_CHANNEL_DATA; channel < ESP_N_CHANNELS; channel++)
      {
        EspTensor *tensor = esp_snapshot_get_channel (snapshot, i, channel);
        gsize count;
        if (tensor == NULL)
          continue;
        g_autofree float *values = train_read_tensor (tensor, &count);
        g_checksum_update (checksum, (const guchar *) &channel, sizeof channel);
        g_checksum_update (checksum, (const guchar *) values, (gssize) (count * sizeof (float)));
      }
  return g_strdup_printf ("%" G_GUINT64_FORMAT " %g %s", esp_snapshot_get_step (snapshot),
                          esp_trainer_get_learning_rate (trainer),
                          g_checksum_get_string (checksum));
}

static void
assert_looks (EspTrainer *trainer, const char *wanted)
{
  g_autofree char *found = look (trainer);
  g_assert_cmpstr (found, ==, wanted);
}

static guint
count_branches (EspTrainer *trainer, guint *current)
{
  EspTimeline timeline;
  esp_trainer_wait (trainer);
  esp_trainer_get_timeline (trainer, &timeline);
  *current = timeline.branch;
  return timeline.n_branches;
}

/* an edit, a filled moment, rates and a parameter that is frozen, or thaws, at once */
static guint64
change (EspTrainer *trainer, float value)
{
  gsize count = esp_tensor_get_count (
      esp_parameter_get_data (esp_network_get_parameter (esp_trainer_get_network (trainer), 2)));
  g_autofree float *numbers = g_new (float, count);
  for (gsize i = 0; i < count; i++)
    numbers[i] = value * (float) i / (float) count;
  g_autoptr (GBytes) bytes = g_bytes_new (numbers, count * sizeof (float));
  const EspHistoryEvent events[] = {
    { .kind = ESP_HISTORY_EDIT, .parameter = 0, .index = 3, .value = (double) value },
    { .kind = ESP_HISTORY_FILL, .parameter = 2, .numbers = bytes },
    { .kind = ESP_HISTORY_FILL, .parameter = 2, .index = 1, .numbers = bytes },
    { .kind = ESP_HISTORY_RATE, .value = 0.01 * (double) value },
    { .kind = ESP_HISTORY_FREEZE, .parameter = 1, .index = (guint64) value % 2 },
    { .kind = ESP_HISTORY_OWN_RATE, .parameter = 0, .value = 0.02 * (double) value },
    { .kind = ESP_HISTORY_OWN_DECAY, .parameter = 3, .value = 0.1 * (double) value },
  };
  return esp_trainer_change (trainer, events, G_N_ELEMENTS (events));
}

/* right after it: the event is gone, no branch is there, and training goes as if it never was */
static void
test_at_once (gconstpointer data)
{
  guint64 begin = GPOINTER_TO_UINT (data);
  g_autoptr (EspTrainer) trainer = new_trainer ("spirals"), plain = new_trainer ("spirals");
  guint current;
  esp_trainer_run (trainer, begin);
  esp_trainer_run (plain, begin);
  g_autofree char *before = look (trainer);
  guint64 first = change (trainer, 1);
  g_autofree char *between = look (trainer);
  guint64 second = change (trainer, 2);
  g_autofree char *after = look (trainer);
  g_assert_cmpstr (before, !=, between);
  g_assert_cmpstr (between, !=, after);

  esp_trainer_undo (trainer, second);
  assert_looks (trainer, between);
  esp_trainer_undo (trainer, first);
  assert_looks (trainer, before);
  esp_trainer_redo (trainer, first);
  assert_looks (trainer, between);
  esp_trainer_redo (trainer, second);
  assert_looks (trainer, after);
  g_assert_cmpuint (count_branches (trainer, &current), ==, 1);

  /* N steps after: with both, and without either */
  esp_trainer_run (trainer, AFTER);
  g_autofree char *with = look (trainer);
  esp_trainer_seek (trainer, 0, begin);
  assert_looks (trainer, after);
  esp_trainer_run (trainer, AFTER);
  assert_looks (trainer, with);
  esp_trainer_run (plain, AFTER);
  g_autofree char *without = look (plain);
  g_autoptr (EspTrainer) again = new_trainer ("spirals");
  esp_trainer_run (again, begin);
  esp_trainer_undo (again, change (again, 7));
  esp_trainer_run (again, AFTER);
  assert_looks (again, without);
}

/* steps since: they stay, and a branch goes on without it */
static void
test_later (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("spirals"), plain = new_trainer ("spirals");
  guint current;
  esp_trainer_run (trainer, 50);
  guint64 first = change (trainer, 1);
  esp_trainer_run (trainer, 30);
  guint64 second = change (trainer, 2);
  esp_trainer_run (trainer, 20);
  g_autofree char *end = look (trainer);

  esp_trainer_run (plain, 50);
  g_autofree char *at_50 = look (plain);
  esp_trainer_run (plain, AFTER);
  g_autofree char *without = look (plain);

  esp_trainer_undo (trainer, second);
  g_autofree char *at_80 = look (trainer);
  g_assert_cmpuint (count_branches (trainer, &current), ==, 2);
  g_assert_cmpuint (current, ==, 1);
  esp_trainer_undo (trainer, first);
  assert_looks (trainer, at_50);
  g_assert_cmpuint (count_branches (trainer, &current), ==, 3);
  esp_trainer_run (trainer, AFTER);
  assert_looks (trainer, without);

  /* back to where each was taken back, then the same way again: no branch more */
  esp_trainer_redo (trainer, first);
  assert_looks (trainer, at_80);
  esp_trainer_redo (trainer, second);
  assert_looks (trainer, end);
  esp_trainer_undo (trainer, second);
  assert_looks (trainer, at_80);
  esp_trainer_undo (trainer, first);
  assert_looks (trainer, without);
  g_assert_cmpuint (count_branches (trainer, &current), ==, 3);
  esp_trainer_seek (trainer, 0, 100);
  assert_looks (trainer, end);
}

/* a run that was begun by undo and left again before a step was done leaves nothing behind */
static void
test_empty (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("spirals");
  guint current;
  esp_trainer_run (trainer, 20);
  guint64 first = change (trainer, 1);
  esp_trainer_run (trainer, 10);
  g_autofree char *end = look (trainer);
  for (guint i = 0; i < 3; i++)
    {
      esp_trainer_undo (trainer, first);
      g_assert_cmpuint (count_branches (trainer, &current), ==, 2);
      g_assert_cmpuint (current, ==, 1);
      esp_trainer_redo (trainer, first);
      assert_looks (trainer, end);
      g_assert_cmpuint (count_branches (trainer, &current), ==, 1);
    }
  /* in the past, and taken back at once: nor does that */
  esp_trainer_seek (trainer, 0, 5);
  esp_trainer_undo (trainer, change (trainer, 2));
  g_assert_cmpuint (count_branches (trainer, &current), ==, 1);
  esp_trainer_undo (trainer, first);
  esp_trainer_run (trainer, 10);
  g_assert_cmpuint (count_branches (trainer, &current), ==, 2);
}

/* done again after other steps: at its own moment, and these stay as well */
static void
test_redo_later (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("spirals");
  guint current;
  esp_trainer_run (trainer, 50);
  guint64 ticket = change (trainer, 1);
  g_autofree char *changed = look (trainer);
  esp_trainer_undo (trainer, ticket);
  esp_trainer_run (trainer, 25);
  g_autofree char *without = look (trainer);
  esp_trainer_redo (trainer, ticket);
  assert_looks (trainer, changed);
  g_assert_cmpuint (count_branches (trainer, &current), ==, 2);
  g_assert_cmpuint (current, ==, 1);
  /* nothing was done there since: it is taken back, and the run that goes on is shown */
  esp_trainer_undo (trainer, ticket);
  count_branches (trainer, &current);
  g_assert_cmpuint (current, ==, 0);
  esp_trainer_redo (trainer, ticket);
  assert_looks (trainer, changed);
  g_assert_cmpuint (count_branches (trainer, &current), ==, 2);
  esp_trainer_seek (trainer, 0, 75);
  assert_looks (trainer, without);
}

/* what doesn't exist, isn't done or was forgotten is refused and changes nothing */
static void
test_refused (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-mlp");
  g_autoptr (GArray) reports = g_array_new (FALSE, FALSE, sizeof (EspReport));
  esp_trainer_run (trainer, 3);
  guint64 ticket = change (trainer, 1);
  g_autofree char *changed = look (trainer);
  esp_trainer_redo (trainer, ticket);
  esp_trainer_undo (trainer, ticket + 1000);
  assert_looks (trainer, changed);
  esp_trainer_reset (trainer);
  esp_trainer_undo (trainer, ticket);
  esp_trainer_wait (trainer);
  g_autoptr (EspSnapshot) snapshot = esp_trainer_take (trainer, reports);
  g_assert_cmpuint (esp_snapshot_get_step (snapshot), ==, 0);
  static const gboolean done[] = { TRUE, TRUE, FALSE, FALSE, TRUE, TRUE, FALSE };
  /* change, mark, redo, undo, mark, reset, undo */
  g_assert_cmpuint (reports->len, ==, G_N_ELEMENTS (done));
  for (guint i = 0; i < reports->len; i++)
    {
      const EspReport *report = &g_array_index (reports, EspReport, i);
      g_assert_cmpint (report->done, ==, done[i]);
      g_assert_cmpuint (report->step, ==, i < 6 ? 3 : 0);
      g_clear_pointer (&g_array_index (reports, EspReport, i).snapshot, esp_snapshot_unref);
    }
}

/* any order of changes, steps, undo and redo: undoing all leads to the start, redoing all back */
static void
test_random (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-shared");
  enum
  {
    CHANGES = 12
  };
  guint64 tickets[CHANGES];
  char *before[CHANGES], *left[CHANGES];
  g_autofree char *start = look (trainer);
  for (guint i = 0; i < CHANGES; i++)
    {
      before[i] = look (trainer);
      tickets[i] = change (trainer, (float) i + 1);
      esp_trainer_run (trainer, (guint64) g_test_rand_int_range (0, 3) * 9);
    }
  for (guint i = CHANGES; i-- > 0;)
    {
      left[i] = look (trainer);
      esp_trainer_undo (trainer, tickets[i]);
      assert_looks (trainer, before[i]);
    }
  assert_looks (trainer, start);
  for (guint i = 0; i < CHANGES; i++)
    {
      esp_trainer_redo (trainer, tickets[i]);
      assert_looks (trainer, left[i]);
      g_free (before[i]);
      g_free (left[i]);
    }
}

/* an edit between two seeks takes place where the first of them led to, whatever overtakes the
 * others */
static void
test_seeks_around (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("spirals");
  EspBranchInfo info;
  esp_trainer_run (trainer, 400);
  esp_trainer_wait (trainer);
  esp_trainer_seek (trainer, 0, 399);
  esp_trainer_edit (trainer, 0, 0, 1);
  esp_trainer_seek (trainer, 0, 300);
  esp_trainer_seek (trainer, 0, 200);
  esp_trainer_seek (trainer, 0, 100);
  esp_trainer_wait (trainer);
  g_assert_true (esp_trainer_get_branch (trainer, 1, &info));
  g_assert_cmpuint (info.fork, ==, 399);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/train/history/undo/at-start", GUINT_TO_POINTER (0), test_at_once);
  g_test_add_data_func ("/train/history/undo/at-once", GUINT_TO_POINTER (53), test_at_once);
  g_test_add_func ("/train/history/undo/empty", test_empty);
  g_test_add_func ("/train/history/undo/later", test_later);
  g_test_add_func ("/train/history/undo/redo-later", test_redo_later);
  g_test_add_func ("/train/history/undo/refused", test_refused);
  g_test_add_func ("/train/history/undo/random", test_random);
  g_test_add_func ("/train/history/undo/seeks-around", test_seeks_around);
  return g_test_run ();
}
