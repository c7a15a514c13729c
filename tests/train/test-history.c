/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any moment of a run, byte for byte: seeking, branching, events, bounded memory, stages of a step,
 * and the way back from a divergence. */

#include <math.h>
#include <string.h>

#include "esp-history.h"
#include "esp-trainer.h"
#include "train-fixture.h"

static EspTrainer *
new_trainer (const char *name)
{
  g_autoptr (EspNetwork) network = train_load_template (name);
  return esp_trainer_new (network);
}

static EspSnapshot *
take (EspTrainer *trainer)
{
  esp_trainer_wait (trainer);
  EspSnapshot *snapshot = esp_trainer_take_snapshot (trainer);
  g_assert_nonnull (snapshot);
  return snapshot;
}

/* all numbers of all channels */
static char *
hash (EspSnapshot *snapshot)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
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
  double loss = esp_snapshot_get_loss (snapshot);
  g_checksum_update (checksum, (const guchar *) &loss, sizeof loss);
  return g_strdup (g_checksum_get_string (checksum));
}

static char *
hash_now (EspTrainer *trainer)
{
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  return hash (snapshot);
}

static char *
hash_at (EspTrainer *trainer, guint branch, guint64 step)
{
  esp_trainer_seek (trainer, branch, step);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  g_assert_cmpuint (esp_snapshot_get_step (snapshot), ==, step);
  return hash (snapshot);
}

/* random steps in random order against a run that stopped at each of them */
static void
test_any_step (gconstpointer data)
{
  enum
  {
    STEPS = 600,
    TRIES = 40
  };
  g_autoptr (EspTrainer) trainer = new_trainer (data);
  g_autoptr (GPtrArray) hashes = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (hashes, hash_now (trainer));
  for (guint i = 1; i <= STEPS; i++)
    {
      esp_trainer_run (trainer, 1);
      g_ptr_array_add (hashes, hash_now (trainer));
    }
  for (guint i = 0; i < TRIES; i++)
    {
      guint step = i == 0 ? 0 : i == 1 ? STEPS : (guint) g_test_rand_int_range (0, STEPS + 1);
      g_autofree char *found = hash_at (trainer, 0, step);
      g_test_message ("step %u", step);
      g_assert_cmpstr (found, ==, g_ptr_array_index (hashes, step));
    }
  /* and on from there: the same way again, then beyond */
  EspTimeline timeline;
  esp_trainer_seek (trainer, 0, 100);
  esp_trainer_run (trainer, STEPS - 100);
  g_autofree char *end = hash_now (trainer);
  g_assert_cmpstr (end, ==, g_ptr_array_index (hashes, STEPS));
  esp_trainer_run (trainer, 5);
  esp_trainer_wait (trainer);
  esp_trainer_get_timeline (trainer, &timeline);
  g_assert_cmpuint (timeline.head, ==, STEPS + 5);
  g_assert_cmpuint (timeline.n_branches, ==, 1);
}

static void
test_branches (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("spirals");
  EspTimeline timeline;
  EspBranchInfo info;
  esp_trainer_run (trainer, 50);
  esp_trainer_edit (trainer, 0, 3, 42);
  esp_trainer_run (trainer, 50);
  esp_trainer_set_learning_rate (trainer, 0.5);
  esp_trainer_run (trainer, 50);
  g_autofree char *end = hash_now (trainer);
  g_autofree char *at_60 = hash_at (trainer, 0, 60);
  esp_trainer_get_timeline (trainer, &timeline);
  g_assert_cmpuint (timeline.n_branches, ==, 1);

  /* the edit belongs to step 50, the rate to step 100 */
  esp_trainer_seek (trainer, 0, 60);
  esp_trainer_set_learning_rate (trainer, 0.001);
  esp_trainer_run (trainer, 200);
  g_autofree char *other = hash_now (trainer);
  esp_trainer_get_timeline (trainer, &timeline);
  g_assert_cmpuint (timeline.branch, ==, 1);
  g_assert_cmpuint (timeline.n_branches, ==, 2);
  g_assert_cmpuint (timeline.head, ==, 260);
  g_assert_true (esp_trainer_get_branch (trainer, 1, &info));
  g_assert_cmpuint (info.fork, ==, 60);
  g_assert_cmpuint (info.parent, ==, 0);
  g_assert_false (esp_trainer_get_branch (trainer, 2, &info));

  g_autofree char *again = hash_at (trainer, 0, 150);
  g_assert_cmpstr (again, ==, end);
  g_autofree char *other_again = hash_at (trainer, 1, 260);
  g_assert_cmpstr (other_again, ==, other);
  g_assert_cmpstr (end, !=, other);
  /* before the fork both are one */
  g_autofree char *first = hash_at (trainer, 0, 40);
  g_autofree char *second = hash_at (trainer, 1, 40);
  g_assert_cmpstr (first, ==, second);

  guint n = 0;
  g_autofree guint64 *steps = NULL;
  g_autofree double *losses = NULL;
  esp_trainer_get_curve (trainer, &steps, &losses, &n);
  g_assert_cmpuint (n, ==, 260);
  g_assert_cmpuint (steps[0], ==, 1);
  g_assert_cmpuint (steps[59], ==, 60);
  g_assert_cmpuint (steps[60], ==, 61);
  g_assert_cmpuint (steps[259], ==, 260);
}

static void
test_too_many_branches (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-mlp");
  EspTimeline timeline;
  esp_trainer_run (trainer, 2);
  for (guint i = 0; i < ESP_HISTORY_MAX_BRANCHES + 3; i++)
    {
      esp_trainer_seek (trainer, 0, 1);
      esp_trainer_edit (trainer, 0, 0, (float) i);
    }
  esp_trainer_wait (trainer);
  esp_trainer_get_timeline (trainer, &timeline);
  g_assert_cmpuint (timeline.n_branches, ==, ESP_HISTORY_MAX_BRANCHES);
  g_assert_true (timeline.refused);
}

/* filled numbers, data and moment, come back, too */
static void
test_fill (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-mlp");
  esp_trainer_run (trainer, 20);
  g_autoptr (EspSnapshot) before = take (trainer);
  gsize count;
  g_autofree float *values =
      train_read_tensor (esp_snapshot_get_channel (before, 0, ESP_CHANNEL_DATA), &count);
  for (gsize i = 0; i < count; i++)
    values[i] = (float) i;
  g_autoptr (GBytes) bytes = g_bytes_new (values, count * sizeof (float));
  const EspHistoryEvent events[] = {
    { .kind = ESP_HISTORY_FILL, .index = 0, .numbers = bytes },
    { .kind = ESP_HISTORY_FILL, .index = 2, .numbers = bytes },
  };
  esp_trainer_change (trainer, events, G_N_ELEMENTS (events));
  g_autoptr (EspSnapshot) filled = take (trainer);
  g_autofree float *data =
      train_read_tensor (esp_snapshot_get_channel (filled, 0, ESP_CHANNEL_DATA), &count);
  g_autofree float *moment =
      train_read_tensor (esp_snapshot_get_channel (filled, 0, ESP_CHANNEL_MOMENT2), &count);
  g_assert_cmpmem (data, count * sizeof (float), values, count * sizeof (float));
  g_assert_cmpmem (moment, count * sizeof (float), values, count * sizeof (float));
  g_autofree char *then = hash (filled);
  esp_trainer_run (trainer, 30);
  g_autofree char *end = hash_now (trainer);
  g_autofree char *back = hash_at (trainer, 0, 20);
  g_assert_cmpstr (back, ==, then);
  g_autofree char *again = hash_at (trainer, 0, 50);
  g_assert_cmpstr (again, ==, end);
}

/* a step in parts is the same step */
static void
test_stages (void)
{
  g_autoptr (EspTrainer) whole = new_trainer ("d2l-shared");
  g_autoptr (EspTrainer) parts = new_trainer ("d2l-shared");
  EspTimeline timeline;
  for (guint i = 0; i < 5; i++)
    {
      static const EspStage stages[] = { ESP_STAGE_FORWARD, ESP_STAGE_LOSS, ESP_STAGE_BACKWARD,
                                         ESP_STAGE_UPDATED };
      esp_trainer_run (whole, 1);
      for (guint stage = 0; stage < 4; stage++)
        {
          esp_trainer_advance (parts);
          esp_trainer_wait (parts);
          esp_trainer_get_timeline (parts, &timeline);
          g_assert_cmpuint (timeline.stage, ==, stages[stage]);
          g_assert_cmpuint (timeline.step, ==, i + (stage == 3));
        }
      g_autofree char *a = hash_now (whole);
      g_autofree char *b = hash_now (parts);
      g_assert_cmpstr (a, ==, b);
    }
  /* whatever comes completes the step first */
  esp_trainer_advance (parts);
  esp_trainer_run (parts, 1);
  esp_trainer_run (whole, 1);
  g_autofree char *a = hash_now (whole);
  g_autofree char *b = hash_now (parts);
  g_assert_cmpstr (a, ==, b);
  guint n = 0;
  g_autofree guint64 *steps = NULL;
  g_autofree double *losses = NULL;
  esp_trainer_get_curve (parts, &steps, &losses, &n);
  g_assert_cmpuint (n, ==, 6);
}

static void
test_examples_and_epochs (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-mlp");
  EspNetwork *network = esp_trainer_get_network (trainer);
  guint64 n = esp_network_get_n_examples (network), batch = esp_network_get_batch_size (network);
  esp_trainer_step_epoch (trainer);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  g_assert_cmpuint (esp_snapshot_get_epoch (snapshot), ==, 1);
  g_assert_cmpuint (esp_snapshot_get_step (snapshot), ==, (n + batch - 1) / batch);
  esp_trainer_watch_batch (trainer, TRUE);
  esp_trainer_step_example (trainer);
  g_autoptr (EspSnapshot) example = take (trainer);
  gint64 rows = esp_tensor_get_shape (esp_snapshot_get_activation (example, 0)->value)[0];
  g_assert_cmpint (rows, ==, 1);
  guint64 step = esp_snapshot_get_step (example);
  g_autofree char *then = hash (example);
  esp_trainer_run (trainer, 10);
  g_autofree char *again = hash_at (trainer, 0, step);
  g_assert_cmpstr (again, ==, then);
}

/* the last output of the batch is what the loss is made of; gradients are there after backward */
static void
test_activations (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-mlp");
  esp_trainer_watch_batch (trainer, TRUE);
  esp_trainer_advance (trainer);
  g_autoptr (EspSnapshot) forward = take (trainer);
  g_assert_cmpuint (esp_snapshot_get_n_activations (forward), ==, 3);
  const EspActivation *last = esp_snapshot_find_activation (forward, ESP_PROBE_BATCH, "2");
  g_assert_nonnull (last);
  g_assert_null (last->grad);
  for (guint i = 0; i < 2; i++)
    esp_trainer_advance (trainer);
  g_autoptr (EspSnapshot) backward = take (trainer);
  last = esp_snapshot_find_activation (backward, ESP_PROBE_BATCH, "2");
  g_assert_nonnull (last->grad);
  gsize count;
  g_autofree float *grad = train_read_tensor (last->grad, &count);
  float largest = 0;
  for (gsize i = 0; i < count; i++)
    largest = fmaxf (largest, fabsf (grad[i]));
  g_assert_cmpfloat (largest, >, 0);
}

/* a network's answer to given points, by hand: relu (W x + b) of the first layer */
static void
test_probe (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("spirals");
  const float points[] = { 0.5f, -1, 0.25f, 2, 0, 0 };
  g_autoptr (GBytes) bytes = g_bytes_new (points, sizeof points);
  esp_trainer_set_probe (trainer, ESP_PROBE_GRID, bytes);
  esp_trainer_run (trainer, 3);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  gsize n, n_weight, n_bias;
  const EspActivation *first = esp_snapshot_find_activation (snapshot, ESP_PROBE_GRID, "0");
  g_assert_nonnull (first);
  g_autofree float *y = train_read_tensor (first->value, &n);
  g_autofree float *weight =
      train_read_tensor (esp_snapshot_get_channel (snapshot, 0, ESP_CHANNEL_DATA), &n_weight);
  g_autofree float *bias =
      train_read_tensor (esp_snapshot_get_channel (snapshot, 1, ESP_CHANNEL_DATA), &n_bias);
  g_assert_cmpuint (n, ==, 3 * n_bias);
  for (gsize r = 0; r < 3; r++)
    for (gsize u = 0; u < n_bias; u++)
      {
        float wanted = bias[u] + weight[2 * u] * points[2 * r] +
                       weight[2 * u + 1] * points[2 * r + 1];
        g_assert_cmpfloat_with_epsilon (y[r * n_bias + u], wanted, 1e-6f);
      }
  esp_trainer_set_probe (trainer, ESP_PROBE_GRID, NULL);
  g_autoptr (EspSnapshot) without = take (trainer);
  g_assert_cmpuint (esp_snapshot_get_n_activations (without), ==, 0);
}

/* an absurd rate: training stops where all is finite still, and says where it broke */
static void
test_divergence (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("spirals");
  esp_trainer_set_guarded (trainer, TRUE);
  esp_trainer_run (trainer, 40);
  g_autofree char *good = hash_now (trainer);
  esp_trainer_edit (trainer, 0, 0, NAN);
  esp_trainer_run (trainer, 40);
  esp_trainer_wait (trainer);
  g_autoptr (EspDivergence) divergence = esp_trainer_take_divergence (trainer);
  g_assert_nonnull (divergence);
  g_assert_null (esp_trainer_take_divergence (trainer));
  g_assert_cmpint (divergence->stage, ==, ESP_STAGE_FORWARD);
  g_assert_cmpstr (divergence->path, ==, "0");

  g_autoptr (EspTrainer) other = new_trainer ("d2l-mlp");
  esp_trainer_set_guarded (other, TRUE);
  esp_trainer_run (other, 10);
  esp_trainer_set_learning_rate (other, 1e38);
  esp_trainer_run (other, 100);
  g_autoptr (EspDivergence) second = esp_trainer_take_divergence (other);
  g_assert_nonnull (second);
  EspTimeline timeline;
  esp_trainer_get_timeline (other, &timeline);
  g_assert_cmpuint (timeline.step, ==, second->step - 1);
  g_test_message ("step %u, stage %d, %s", (guint) second->step, second->stage, second->path);
  g_autoptr (EspSnapshot) snapshot = take (other);
  for (guint i = 0; i < esp_snapshot_get_n_parameters (snapshot); i++)
    {
      gsize count;
      g_autofree float *values =
          train_read_tensor (esp_snapshot_get_channel (snapshot, i, ESP_CHANNEL_DATA), &count);
      for (gsize j = 0; j < count; j++)
        g_assert_true (isfinite (values[j]));
    }
}

static double
get_rate_at (EspTrainer *trainer, guint64 step)
{
  EspTimeline timeline;
  esp_trainer_seek (trainer, 0, step);
  esp_trainer_wait (trainer);
  esp_trainer_get_timeline (trainer, &timeline);
  g_assert_cmpuint (timeline.step, ==, step);
  return timeline.rate;
}

/* the rate is that of its time, before and after going back */
static void
test_rate (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-mlp");
  double first = esp_trainer_get_learning_rate (trainer);
  esp_trainer_run (trainer, 3);
  esp_trainer_set_learning_rate (trainer, 0.5);
  esp_trainer_run (trainer, 3);
  g_assert_cmpfloat (first, !=, 0.5);
  g_assert_cmpfloat (get_rate_at (trainer, 6), ==, 0.5);
  g_assert_cmpfloat (get_rate_at (trainer, 2), ==, first);
  g_assert_cmpfloat (get_rate_at (trainer, 3), ==, 0.5);
  g_assert_cmpfloat (get_rate_at (trainer, 0), ==, first);
  g_assert_cmpfloat (get_rate_at (trainer, 5), ==, 0.5);
}

/* when each unit fired last, by the plainest look at every batch: (units of all activations) */
static void
note_fired (EspSnapshot *snapshot, GArray *last)
{
  guint n = 0;
  for (guint i = 0; i < esp_snapshot_get_n_units (snapshot); i++)
    {
      const EspUnitCounts *counts = esp_snapshot_get_units (snapshot, i);
      const EspActivation *batch = esp_snapshot_find_activation (snapshot, ESP_PROBE_BATCH,
                                                                 counts->path);
      gsize count = 0;
      g_autofree float *y = batch != NULL ? train_read_tensor (batch->value, &count) : NULL;
      g_assert_cmpuint (count % counts->n_units, ==, 0);
      if (last->len < n + counts->n_units)
        g_array_set_size (last, n + counts->n_units);
      /* (examples, units, positions) */
      for (gsize j = 0; j < count; j++)
        if (y[j] > 0)
          g_array_index (last, guint64, n + j / counts->positions % counts->n_units) =
              esp_snapshot_get_step (snapshot);
      n += counts->n_units;
    }
}

static void
check_last_fired (EspSnapshot *snapshot, GArray *last)
{
  guint n = 0;
  for (guint i = 0; i < esp_snapshot_get_n_units (snapshot); i++)
    {
      const EspUnitCounts *counts = esp_snapshot_get_units (snapshot, i);
      g_assert_true (counts->can_die);
      g_assert_cmpmem (counts->last_fired, counts->n_units * sizeof (guint64),
                       &g_array_index (last, guint64, n), counts->n_units * sizeof (guint64));
      n += counts->n_units;
    }
  g_assert_cmpuint (n, ==, last->len);
}

/* the step at which a unit fired last belongs to the moment, however one got there; units die on
 * the way, at one of several places, too */
static void
test_last_fired (gconstpointer data)
{
  enum
  {
    STEPS = 300,
    TRIES = 60
  };
  g_autoptr (EspTrainer) trainer = new_trainer (data);
  g_autoptr (GPtrArray) known = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  g_autoptr (GArray) last = g_array_new (FALSE, TRUE, sizeof (guint64));
  esp_trainer_watch_batch (trainer, TRUE);
  for (guint i = 0; i <= STEPS; i++)
    {
      if (i == 90 || i == 200)
        esp_trainer_edit (trainer, 1, i == 90 ? 2 : 0, -1000); /* biases of the first layer */
      if (i > 0)
        esp_trainer_run (trainer, 1);
      g_autoptr (EspSnapshot) snapshot = take (trainer);
      note_fired (snapshot, last);
      check_last_fired (snapshot, last);
      g_ptr_array_add (known, g_array_copy (last));
    }
  g_assert_cmpuint (g_array_index (last, guint64, 2), <=, 90);
  g_assert_cmpuint (g_array_index (last, guint64, 2), >, 0);
  for (guint i = 0; i < TRIES; i++)
    {
      guint step = i == 0 ? 0 : (guint) g_test_rand_int_range (0, STEPS + 1);
      esp_trainer_seek (trainer, 0, step);
      if (step > 20 && i % 3 == 0) /* with parts of a step in between */
        {
          esp_trainer_seek (trainer, 0, step - 1);
          for (guint part = 0; part < 4; part++)
            esp_trainer_advance (trainer);
        }
      g_autoptr (EspSnapshot) snapshot = take (trainer);
      g_assert_cmpuint (esp_snapshot_get_step (snapshot), ==, step);
      check_last_fired (snapshot, g_ptr_array_index (known, step));
    }
}

/* key frames stay within their share however long it runs, and still lead everywhere */
static void
test_memory (void)
{
  g_autoptr (EspNetwork) network = train_load_template ("d2l-mlp");
  g_autoptr (EspPlan) plan = esp_plan_new (network);
  gsize size = esp_plan_get_state_size (plan);
  EspHistory *history = esp_history_new (plan, 10 * size);
  g_autofree guint8 *at_777 = g_malloc (size), *found = g_malloc (size);
  gboolean new;
  for (guint i = 0; i < 20000; i++)
    {
      esp_history_step (history, plan, FALSE, &new);
      g_assert_true (new);
      if (esp_plan_get_step (plan) == 777)
        esp_plan_save_state (plan, at_777);
      g_assert_cmpuint (esp_history_get_size (history), <=, 10 * (size + 64));
    }
  g_assert_cmpuint (esp_history_get_size (history), >, 4 * size);
  g_assert_cmpuint (esp_history_get_distance (history), <=, 20000 / 4);
  esp_history_rewind (history, plan, 0, 777);
  while (esp_plan_get_step (plan) < 777)
    esp_history_step (history, plan, FALSE, &new);
  esp_plan_save_state (plan, found);
  g_assert_cmpmem (found, size, at_777, size);
  esp_history_free (history);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/train/history/any-step/d2l-shared", "d2l-shared", test_any_step);
  g_test_add_data_func ("/train/history/any-step/spirals", "spirals", test_any_step);
  g_test_add_data_func ("/train/history/last-fired/d2l-shared", "d2l-shared", test_last_fired);
  g_test_add_data_func ("/train/history/last-fired/digits-conv", "digits-conv", test_last_fired);
  g_test_add_func ("/train/history/branches", test_branches);
  g_test_add_func ("/train/history/too-many-branches", test_too_many_branches);
  g_test_add_func ("/train/history/fill", test_fill);
  g_test_add_func ("/train/history/stages", test_stages);
  g_test_add_func ("/train/history/examples", test_examples_and_epochs);
  g_test_add_func ("/train/history/activations", test_activations);
  g_test_add_func ("/train/history/probe", test_probe);
  g_test_add_func ("/train/history/divergence", test_divergence);
  g_test_add_func ("/train/history/rate", test_rate);
  g_test_add_func ("/train/history/memory", test_memory);
  return g_test_run ();
}
