/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The trainer as its users see it: commands, snapshots, determinism, pacing, the curve. */

#include "esp-trainer.h"

#include <math.h>
#include <string.h>

#include "esp-loss-curve.h"
#include "esp-random.h"
#include "train-fixture.h"

static EspTrainer *
new_trainer (const char *name)
{
  g_autoptr (EspNetwork) network = train_load_template (name);
  return esp_trainer_new (network);
}

/* all of a channel's numbers of all parameters, as bytes */
static GByteArray *
get_bytes (EspSnapshot *snapshot, EspChannel channel)
{
  GByteArray *bytes = g_byte_array_new ();
  for (guint i = 0; i < esp_snapshot_get_n_parameters (snapshot); i++)
    {
      EspTensor *tensor = esp_snapshot_get_channel (snapshot, i, channel);
      gsize count = 0;
      if (tensor == NULL)
        continue;
      g_autofree float *values = train_read_tensor (tensor, &count);
      g_byte_array_append (bytes, (const guint8 *) values, (guint) (count * sizeof (float)));
    }
  return bytes;
}

static void
assert_same_bytes (GByteArray *a, GByteArray *b)
{
  g_assert_cmpmem (a->data, a->len, b->data, b->len);
}

static EspSnapshot *
take (EspTrainer *trainer)
{
  esp_trainer_wait (trainer);
  EspSnapshot *snapshot = esp_trainer_take_snapshot (trainer);
  g_assert_nonnull (snapshot);
  return snapshot;
}

static void
test_first_snapshot (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-shared");
  EspNetwork *network = esp_trainer_get_network (trainer);
  g_autoptr (EspSnapshot) snapshot = esp_trainer_take_snapshot (trainer);
  g_assert_nonnull (snapshot);
  g_assert_null (esp_trainer_take_snapshot (trainer));
  g_assert_cmpuint (esp_snapshot_get_step (snapshot), ==, 0);
  g_assert_true (isnan (esp_snapshot_get_loss (snapshot)));
  g_assert_cmpuint (esp_snapshot_get_n_parameters (snapshot), ==, 6);
  for (guint i = 0; i < 6; i++)
    {
      EspTensor *data = esp_snapshot_get_channel (snapshot, i, ESP_CHANNEL_DATA);
      g_assert_nonnull (data);
      g_assert_null (esp_snapshot_get_channel (snapshot, i, ESP_CHANNEL_GRAD));
      g_assert_null (esp_snapshot_get_channel (snapshot, i, ESP_CHANNEL_UPDATE));
      g_assert_null (esp_snapshot_get_channel (snapshot, i, ESP_CHANNEL_MOMENT1));
      /* what the tree holds from the beginning */
      gsize n = 0, n_tree = 0;
      EspTensor *tree = esp_parameter_get_data (esp_network_get_parameter (network, i));
      g_autofree float *own = train_read_tensor (data, &n);
      g_autofree float *initial = train_read_tensor (tree, &n_tree);
      g_assert_cmpmem (own, n * sizeof (float), initial, n_tree * sizeof (float));
    }
  g_assert_cmpuint (esp_snapshot_get_n_units (snapshot), ==, 3);
  g_assert_cmpuint (esp_snapshot_get_units (snapshot, 0)->examples, ==, 64);
}

static void
test_step (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-shared");
  double rate = esp_trainer_get_learning_rate (trainer);
  g_autoptr (EspSnapshot) before = take (trainer);
  esp_trainer_step (trainer);
  g_autoptr (EspSnapshot) after = take (trainer);
  g_assert_cmpuint (esp_snapshot_get_step (after), ==, 1);
  g_assert_true (isfinite (esp_snapshot_get_loss (after)));
  for (guint i = 0; i < 6; i++)
    {
      gsize n = 0;
      g_autofree float *old =
          train_read_tensor (esp_snapshot_get_channel (before, i, ESP_CHANNEL_DATA), &n);
      g_autofree float *now =
          train_read_tensor (esp_snapshot_get_channel (after, i, ESP_CHANNEL_DATA), &n);
      g_autofree float *update =
          train_read_tensor (esp_snapshot_get_channel (after, i, ESP_CHANNEL_UPDATE), &n);
      g_autofree float *grad =
          train_read_tensor (esp_snapshot_get_channel (after, i, ESP_CHANNEL_GRAD), &n);
      g_assert_nonnull (esp_snapshot_get_channel (after, i, ESP_CHANNEL_MOMENT1));
      g_assert_nonnull (esp_snapshot_get_channel (after, i, ESP_CHANNEL_MOMENT2));
      for (gsize j = 0; j < n; j++)
        {
          g_assert_cmpfloat (update[j], ==, now[j] - old[j]);
          /* Adam's first step goes against the gradient, by the learning rate */
          if (fabsf (grad[j]) > 1e-4f)
            g_assert_cmpfloat_with_epsilon (update[j], grad[j] > 0 ? -rate : rate, rate / 1000);
        }
    }
}

/* the gradient of the shared layer is the sum over its two places */
static void
test_shared_gradient (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-shared");
  esp_trainer_run (trainer, 3);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  for (guint i = 0; i < 6; i++)
    {
      gboolean shared = i == 2 || i == 3;
      EspTensor *first = esp_snapshot_get_grad_at (snapshot, i, 0);
      EspTensor *second = esp_snapshot_get_grad_at (snapshot, i, 1);
      g_assert_true ((first != NULL) == shared && (second != NULL) == shared);
      g_assert_null (esp_snapshot_get_grad_at (snapshot, i, 2));
      if (!shared)
        continue;
      gsize n = 0;
      g_autofree float *a = train_read_tensor (first, &n);
      g_autofree float *b = train_read_tensor (second, &n);
      g_autofree float *sum =
          train_read_tensor (esp_snapshot_get_channel (snapshot, i, ESP_CHANNEL_GRAD), &n);
      float largest[2] = { 0, 0 };
      for (gsize j = 0; j < n; j++)
        {
          g_assert_cmpfloat (sum[j], ==, a[j] + b[j]);
          largest[0] = fmaxf (largest[0], fabsf (a[j]));
          largest[1] = fmaxf (largest[1], fabsf (b[j]));
        }
      g_assert_true (largest[0] > 0 && largest[1] > 0);
    }
}

static void
test_reset (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("spirals");
  g_autoptr (EspSnapshot) start = take (trainer);
  esp_trainer_run (trainer, 777);
  g_autoptr (EspSnapshot) first = take (trainer);
  esp_trainer_edit (trainer, 0, 3, 42);
  esp_trainer_run (trainer, 5);
  esp_trainer_reset (trainer);
  g_autoptr (EspSnapshot) again = take (trainer);
  g_assert_cmpuint (esp_snapshot_get_step (again), ==, 0);
  g_assert_true (isnan (esp_snapshot_get_loss (again)));
  g_assert_null (esp_snapshot_get_channel (again, 0, ESP_CHANNEL_GRAD));
  g_autofree guint64 *steps = NULL;
  g_autofree double *losses = NULL;
  guint n = 1;
  esp_trainer_get_curve (trainer, &steps, &losses, &n);
  g_assert_cmpuint (n, ==, 0);
  esp_trainer_run (trainer, 777);
  g_autoptr (EspSnapshot) second = take (trainer);
  for (EspChannel channel = ESP_CHANNEL_DATA; channel <= ESP_CHANNEL_MOMENT2; channel++)
    {
      g_autoptr (GByteArray) a = get_bytes (first, channel);
      g_autoptr (GByteArray) b = get_bytes (second, channel);
      g_assert_cmpuint (a->len, >, 0);
      assert_same_bytes (a, b);
    }
  g_autoptr (GByteArray) a = get_bytes (start, ESP_CHANNEL_DATA);
  g_autoptr (GByteArray) b = get_bytes (again, ESP_CHANNEL_DATA);
  g_autoptr (GByteArray) c = get_bytes (first, ESP_CHANNEL_DATA);
  assert_same_bytes (a, b);
  g_assert_cmpint (memcmp (a->data, c->data, a->len), !=, 0);
}

static void
test_reset_pauses (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-mlp");
  esp_trainer_set_speed (trainer, INFINITY);
  esp_trainer_play (trainer);
  g_usleep (10000);
  esp_trainer_reset (trainer);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  g_assert_cmpuint (esp_snapshot_get_step (snapshot), ==, 0);
  g_usleep (50000);
  g_autoptr (EspSnapshot) later = esp_trainer_take_snapshot (trainer);
  g_assert_null (later);
}

/* the losses of 3 epochs of single examples, which tell their order: target i is i + 1 and the
 * network's only weight stays 0 */
static double *
get_order (gboolean shuffle)
{
  g_autofree char *text = g_strdup_printf (
      "{\"espalier\": 1, \"modules\": [{\"class\": \"Linear\", \"out_features\": 1, \"bias\": "
      "false, \"init\": 0}], \"loss\": {\"class\": \"MSELoss\"}, \"optimizer\": {\"class\": "
      "\"SGD\", \"lr\": 0}, \"data\": {\"name\": \"values\", \"inputs\": [[1], [1], [1], [1], [1], "
      "[1]], \"targets\": [[1], [2], [3], [4], [5], [6]]}, \"batch_size\": 1, \"seed\": 17, "
      "\"shuffle\": %s}",
      shuffle ? "true" : "false");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_new_from_json (text, -1, &error);
  g_assert_no_error (error);
  g_autoptr (EspTrainer) trainer = esp_trainer_new (network);
  esp_trainer_run (trainer, 18);
  g_autofree guint64 *steps = NULL;
  double *losses = NULL;
  guint n = 0;
  esp_trainer_get_curve (trainer, &steps, &losses, &n);
  g_assert_cmpuint (n, ==, 18);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  g_assert_cmpuint (esp_snapshot_get_epoch (snapshot), ==, 3);
  return losses;
}

/* as data/networks/README.md has it */
static void
test_order (void)
{
  g_autofree double *plain = get_order (FALSE);
  g_autofree double *shuffled = get_order (TRUE);
  for (guint epoch = 0; epoch < 3; epoch++)
    {
      guint32 order[6] = { 0, 1, 2, 3, 4, 5 };
      EspRandom random;
      esp_random_init (&random, 17, ESP_STREAM_ORDER, epoch);
      esp_random_shuffle (&random, order, 6);
      for (guint i = 0; i < 6; i++)
        {
          g_assert_cmpfloat (plain[epoch * 6 + i], ==, (i + 1) * (i + 1));
          g_assert_cmpfloat (shuffled[epoch * 6 + i], ==, (order[i] + 1) * (order[i] + 1));
        }
    }
  g_assert_cmpint (memcmp (shuffled, shuffled + 6, 6 * sizeof (double)), !=, 0);
}

/* plays until @steps are done, taking snapshots all the while */
static EspSnapshot *
play_to (EspTrainer *trainer, guint64 steps, double speed)
{
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  esp_trainer_set_speed (trainer, speed);
  esp_trainer_play (trainer);
  while (esp_snapshot_get_step (snapshot) < steps)
    {
      g_usleep (2000);
      EspSnapshot *newer = esp_trainer_take_snapshot (trainer);
      if (newer == NULL)
        continue;
      g_assert_cmpuint (esp_snapshot_get_step (newer), >=, esp_snapshot_get_step (snapshot));
      esp_snapshot_unref (snapshot);
      snapshot = newer;
    }
  esp_trainer_pause (trainer);
  esp_trainer_wait (trainer);
  EspSnapshot *last = esp_trainer_take_snapshot (trainer);
  return last != NULL ? last : g_steal_pointer (&snapshot);
}

/* watching at any speed changes no bit */
static void
test_same_at_any_speed (void)
{
  static const double speeds[] = { 1000, INFINITY };
  for (gsize i = 0; i < G_N_ELEMENTS (speeds); i++)
    {
      g_autoptr (EspTrainer) watched = new_trainer ("d2l-shared");
      g_autoptr (EspTrainer) alone = new_trainer ("d2l-shared");
      g_autoptr (EspSnapshot) seen = play_to (watched, 150, speeds[i]);
      esp_trainer_run (alone, esp_snapshot_get_step (seen));
      g_autoptr (EspSnapshot) other = take (alone);
      g_assert_cmpuint (esp_snapshot_get_step (seen), ==, esp_snapshot_get_step (other));
      for (EspChannel channel = ESP_CHANNEL_DATA; channel < ESP_N_CHANNELS; channel++)
        {
          g_autoptr (GByteArray) a = get_bytes (seen, channel);
          g_autoptr (GByteArray) b = get_bytes (other, channel);
          assert_same_bytes (a, b);
        }
    }
}

/* steps come when they are due; a loaded machine may be late, so only the upper bound is tight */
static void
test_pacing (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-mlp");
  esp_trainer_set_speed (trainer, 200);
  esp_trainer_play (trainer);
  g_assert_true (esp_trainer_is_playing (trainer));
  gint64 start = g_get_monotonic_time ();
  g_usleep (500000);
  esp_trainer_pause (trainer);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  double seconds = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  guint64 steps = esp_snapshot_get_step (snapshot);
  g_test_message ("%" G_GUINT64_FORMAT " steps in %.3f s", steps, seconds);
  g_assert_cmpuint (steps, <=, (guint64) (200 * seconds) + 2);
  g_assert_cmpuint (steps, >=, 25);
}

/* a slow pace doesn't make commands wait for the next step */
static void
test_wakes_up (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-mlp");
  esp_trainer_set_speed (trainer, 0.01);
  esp_trainer_play (trainer);
  esp_trainer_wait (trainer);
  gint64 start = g_get_monotonic_time ();
  esp_trainer_edit (trainer, 0, 0, 5);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
  gsize n = 0;
  g_autofree float *values =
      train_read_tensor (esp_snapshot_get_channel (snapshot, 0, ESP_CHANNEL_DATA), &n);
  g_assert_cmpfloat (values[0], ==, 5);
}

/* what a step shows at a slow pace comes without waiting for the next step */
static void
test_late_snapshot (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-mlp");
  g_autoptr (EspSnapshot) first = take (trainer);
  esp_trainer_set_speed (trainer, 0.05);
  esp_trainer_play (trainer);
  g_autoptr (EspSnapshot) snapshot = NULL;
  for (guint i = 0; i < 500 && snapshot == NULL; i++)
    {
      g_usleep (10000);
      snapshot = esp_trainer_take_snapshot (trainer);
      if (snapshot != NULL && esp_snapshot_get_step (snapshot) == 0)
        g_clear_pointer (&snapshot, esp_snapshot_unref);
    }
  g_assert_nonnull (snapshot);
  g_assert_cmpuint (esp_snapshot_get_step (snapshot), ==, 1);
}

static void
test_edit_shared (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-shared");
  esp_trainer_edit (trainer, 2, 9, 100);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  gsize n = 0;
  g_autofree float *values =
      train_read_tensor (esp_snapshot_get_channel (snapshot, 2, ESP_CHANNEL_DATA), &n);
  g_assert_cmpuint (n, ==, 64);
  g_assert_cmpfloat (values[9], ==, 100);
  g_assert_cmpuint (esp_snapshot_get_step (snapshot), ==, 0);
}

static void
test_learning_rate (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-mlp");
  g_assert_cmpfloat (esp_trainer_get_learning_rate (trainer), ==, 0.01);
  esp_trainer_set_learning_rate (trainer, 0);
  esp_trainer_run (trainer, 4);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  gsize n = 0;
  g_autofree float *values =
      train_read_tensor (esp_snapshot_get_channel (snapshot, 0, ESP_CHANNEL_UPDATE), &n);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (values[i], ==, 0);
}

static void
count_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  (*(guint *) data)++;
}

static void
test_playing_property (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-mlp");
  guint n = 0;
  g_signal_connect (trainer, "notify::playing", G_CALLBACK (count_notify), &n);
  esp_trainer_pause (trainer);
  g_assert_cmpuint (n, ==, 0);
  esp_trainer_play (trainer);
  esp_trainer_play (trainer);
  g_assert_cmpuint (n, ==, 1);
  esp_trainer_step (trainer);
  g_assert_false (esp_trainer_is_playing (trainer));
  g_assert_cmpuint (n, ==, 2);
  esp_trainer_play (trainer);
  esp_trainer_reset (trainer);
  g_assert_false (esp_trainer_is_playing (trainer));
  g_assert_cmpuint (n, ==, 4);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  g_assert_cmpuint (esp_snapshot_get_step (snapshot), ==, 0);
}

static void
test_curve (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-mlp");
  esp_trainer_run (trainer, 100);
  g_autofree guint64 *steps = NULL;
  g_autofree double *losses = NULL;
  guint n = 0;
  esp_trainer_get_curve (trainer, &steps, &losses, &n);
  g_assert_cmpuint (n, ==, 100);
  g_assert_cmpuint (steps[0], ==, 1);
  g_assert_cmpuint (steps[99], ==, 100);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  g_assert_cmpfloat (losses[99], ==, esp_snapshot_get_loss (snapshot));
  esp_trainer_run (trainer, 100000);
  g_clear_pointer (&steps, g_free);
  g_clear_pointer (&losses, g_free);
  esp_trainer_get_curve (trainer, &steps, &losses, &n);
  g_assert_cmpuint (n, >=, ESP_LOSS_CURVE_POINTS / 2);
  g_assert_cmpuint (n, <=, ESP_LOSS_CURVE_POINTS);
  for (guint i = 1; i < n; i++)
    g_assert_cmpuint (steps[i], >, steps[i - 1]);
  g_assert_cmpuint (steps[n - 1], <=, 100100);
  g_assert_cmpfloat (esp_trainer_get_seconds (trainer), >, 0);
}

/* merged points keep the mean of what they stand for */
static void
test_curve_merge (void)
{
  g_autofree EspLossCurve *curve = g_new (EspLossCurve, 1);
  esp_loss_curve_clear (curve);
  for (guint64 step = 1; step <= 1000000; step++)
    esp_loss_curve_add (curve, step, (double) step);
  g_autofree guint64 *steps = NULL;
  g_autofree double *losses = NULL;
  guint n = 0;
  esp_loss_curve_copy (curve, &steps, &losses, &n);
  g_assert_cmpuint (n, <=, ESP_LOSS_CURVE_POINTS);
  for (guint i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (losses[i], (double) steps[i], 0.51);
}

/* the spirals are worth watching: they are solved */
static void
test_spirals_learn (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("spirals");
  esp_trainer_run (trainer, 4000);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  g_test_message ("accuracy %g, loss %g", esp_snapshot_get_accuracy (snapshot),
                  esp_snapshot_get_loss (snapshot));
  g_assert_cmpfloat (esp_snapshot_get_accuracy (snapshot), >, 0.95);
}

/* a unit whose bias was pushed far down never fires, and is counted so */
static void
test_dead_unit (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-mlp");
  esp_trainer_edit (trainer, 1, 5, -1000);
  g_autoptr (EspSnapshot) snapshot = take (trainer);
  g_assert_cmpuint (esp_snapshot_get_n_units (snapshot), ==, 1);
  const EspUnitCounts *units = esp_snapshot_get_units (snapshot, 0);
  g_assert_cmpstr (units->path, ==, "1");
  g_assert_cmpstr (units->source_path, ==, "0");
  g_assert_true (units->can_die);
  g_assert_cmpuint (units->n_units, ==, 8);
  g_assert_cmpuint (units->examples, ==, 64);
  guint64 others = 0;
  for (guint i = 0; i < 8; i++)
    if (i != 5)
      others += units->fired[i];
  g_assert_cmpuint (units->fired[5], ==, 0);
  g_assert_cmpuint (others, >, 0);
}

/* commands from a busy user while it runs at full speed; ends in the middle */
static void
test_storm (void)
{
  for (guint round = 0; round < 5; round++)
    {
      g_autoptr (EspTrainer) trainer = new_trainer ("spirals");
      esp_trainer_set_speed (trainer, INFINITY);
      esp_trainer_play (trainer);
      for (guint i = 0; i < 300; i++)
        {
          g_autoptr (EspSnapshot) snapshot = esp_trainer_take_snapshot (trainer);
          g_autofree guint64 *steps = NULL;
          g_autofree double *losses = NULL;
          guint n = 0;
          esp_trainer_get_curve (trainer, &steps, &losses, &n);
          esp_trainer_edit (trainer, i % 6, 0, 0.1f * (float) (i % 7));
          if (i % 50 == 7)
            esp_trainer_step (trainer);
          if (i % 50 == 9)
            esp_trainer_play (trainer);
          if (i % 100 == 99)
            esp_trainer_set_speed (trainer, i % 200 == 99 ? 500 : INFINITY);
          g_usleep (50);
        }
    }
}

/* of every template with shared parameters: gradients from all places add up, and it learns */
static void
test_shared_templates (void)
{
  static const struct
  {
    const char *name, *shared, *places[2];
    guint steps;
    double accuracy, test_accuracy; /* at least, after @steps */
  } cases[] = {
    { "d2l-shared", "2.weight", { "2.weight", "4.weight" }, 100, NAN, NAN },
    { "twins", "encoder.0.weight", { "encoder.0.weight", "twin.0.weight" }, 3000, 0.99, 0.88 },
    { "characters", "embedding.weight", { "embedding.weight", "output.weight" }, 3000, 0.85, NAN },
  };
  for (guint k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autoptr (EspNetwork) network = train_load_template (cases[k].name);
      g_autoptr (EspTrainer) trainer = esp_trainer_new (network);
      guint n_shared = 0;
      esp_trainer_run (trainer, cases[k].steps);
      g_autoptr (EspSnapshot) snapshot = esp_trainer_take_snapshot (trainer);
      for (guint i = 0; i < esp_network_get_n_parameters (network); i++)
        {
          if (esp_network_get_n_uses (network, i) < 2)
            continue;
          g_autofree char *first = esp_network_dup_use_path (network, i, 0);
          g_autofree char *second = esp_network_dup_use_path (network, i, 1);
          gsize count, count_at;
          g_autofree float *sum =
              train_read_tensor (esp_snapshot_get_channel (snapshot, i, ESP_CHANNEL_GRAD), &count);
          g_autofree double *parts = g_new0 (double, count);
          double largest = 0;
          n_shared++;
          if (g_str_equal (first, cases[k].shared))
            g_assert_true (g_str_equal (first, cases[k].places[0]) &&
                           g_str_equal (second, cases[k].places[1]));
          for (guint use = 0; use < esp_network_get_n_uses (network, i); use++)
            {
              g_autofree float *part =
                  train_read_tensor (esp_snapshot_get_grad_at (snapshot, i, use), &count_at);
              double square = 0;
              g_assert_cmpuint (count_at, ==, count);
              for (gsize j = 0; j < count; j++)
                {
                  parts[j] += (double) part[j];
                  largest = fmax (largest, fabs ((double) part[j]));
                  square += (double) part[j] * (double) part[j];
                }
              g_assert_cmpfloat (square, >, 0);
            }
          for (gsize j = 0; j < count; j++)
            g_assert_cmpfloat_with_epsilon ((double) sum[j], parts[j], 1e-6 * largest);
        }
      g_assert_cmpuint (n_shared, >, 0);
      g_test_message ("%s: %g, %g", cases[k].name, esp_snapshot_get_accuracy (snapshot),
                      esp_snapshot_get_test_accuracy (snapshot));
      if (!isnan (cases[k].accuracy))
        g_assert_cmpfloat (esp_snapshot_get_accuracy (snapshot), >=, cases[k].accuracy);
      if (!isnan (cases[k].test_accuracy))
        g_assert_cmpfloat (esp_snapshot_get_test_accuracy (snapshot), >=, cases[k].test_accuracy);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/trainer/first-snapshot", test_first_snapshot);
  g_test_add_func ("/train/trainer/step", test_step);
  g_test_add_func ("/train/trainer/shared-gradient", test_shared_gradient);
  g_test_add_func ("/train/trainer/reset", test_reset);
  g_test_add_func ("/train/trainer/reset-pauses", test_reset_pauses);
  g_test_add_func ("/train/trainer/order", test_order);
  g_test_add_func ("/train/trainer/same-at-any-speed", test_same_at_any_speed);
  g_test_add_func ("/train/trainer/pacing", test_pacing);
  g_test_add_func ("/train/trainer/wakes-up", test_wakes_up);
  g_test_add_func ("/train/trainer/late-snapshot", test_late_snapshot);
  g_test_add_func ("/train/trainer/edit-shared", test_edit_shared);
  g_test_add_func ("/train/trainer/learning-rate", test_learning_rate);
  g_test_add_func ("/train/trainer/playing", test_playing_property);
  g_test_add_func ("/train/trainer/curve", test_curve);
  g_test_add_func ("/train/trainer/curve-merge", test_curve_merge);
  g_test_add_func ("/train/trainer/spirals-learn", test_spirals_learn);
  g_test_add_func ("/train/trainer/dead-unit", test_dead_unit);
  g_test_add_func ("/train/trainer/storm", test_storm);
  g_test_add_func ("/train/trainer/shared-templates", test_shared_templates);
  return g_test_run ();
}
