/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Long runs: what they take of memory, that every step of them can be gone back to byte for byte,
 * whatever the optimiser and the schedule, and what is left of curves and key frames after 10^9. */

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "esp-history-private.h"
#include "esp-loss-curve.h"
#include "esp-meter-log.h"

#define BILLION 1000000000u
#define MEGABYTE (1 << 20)

/* a sanitizer's own memory says nothing */
#if defined(__SANITIZE_ADDRESS__)
#define MEASURES FALSE
#elif defined(__has_feature)
#define MEASURES (!__has_feature (address_sanitizer))
#else
#define MEASURES TRUE
#endif

static EspNetwork *
make_network (const char *modules, const char *around, const char *data, guint batch)
{
  g_autofree char *spec = g_strdup_printf ("{\"espalier\": 1, \"modules\": [%s], %s, \"data\": %s, "
                                           "\"batch_size\": %u, \"seed\": 5}",
                                           modules, around, data, batch);
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_new_from_json (spec, -1, &error);
  g_assert_no_error (error);
  return network;
}

/* us of this process's time, whatever else the machine does */
static gint64
get_time (void)
{
  return (gint64) clock () * G_USEC_PER_SEC / CLOCKS_PER_SEC;
}

/* bytes of this process that are in memory */
static guint64
measure_memory (void)
{
  malloc_trim (0); /* what is free doesn't count */
  unsigned long pages = 0;
  FILE *file = fopen ("/proc/self/statm", "r");
  g_assert_nonnull (file);
  g_assert_cmpint (fscanf (file, "%*u %lu", &pages), ==, 1);
  fclose (file);
  return (guint64) pages * (guint64) sysconf (_SC_PAGESIZE);
}

static char *
hash_state (EspPlan *plan)
{
  gsize size = esp_plan_get_state_size (plan);
  g_autofree guint8 *state = g_malloc (size);
  esp_plan_save_state (plan, state);
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, state, size);
}

static int
compare_steps (gconstpointer a, gconstpointer b)
{
  const guint64 *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

/* a run that was looked at at random steps */
typedef struct
{
  EspPlan *plan;
  EspHistory *history;
  guint n;
  guint64 *steps; /* (n), ascending */
  char **hashes;  /* (n) */
} Run;

static void
run_init (Run *self, EspNetwork *network, guint64 bytes, guint64 n_steps, guint n)
{
  gboolean new;
  self->plan = esp_plan_new (network);
  self->history = esp_history_new (self->plan, bytes);
  self->n = n;
  self->steps = g_new0 (guint64, n);
  self->hashes = g_new0 (char *, n);
  for (guint i = 1; i < n; i++)
    self->steps[i] = (guint64) g_test_rand_int_range (0, (gint32) n_steps + 1);
  qsort (self->steps, n, sizeof *self->steps, compare_steps);
  for (guint64 step = 0, i = 0; step <= n_steps; step++)
    {
      for (; i < n && self->steps[i] == step; i++)
        self->hashes[i] = hash_state (self->plan);
      if (step < n_steps)
        esp_history_step (self->history, self->plan, FALSE, &new);
    }
}

static void
run_clear (Run *self)
{
  for (guint i = 0; i < self->n; i++)
    g_free (self->hashes[i]);
  g_free (self->hashes);
  g_free (self->steps);
  esp_history_free (self->history);
  esp_plan_free (self->plan);
}

/* to all of the steps, in random order; a state has the step's number, so hashes tell steps apart
 */
static void
check_returns (Run *self)
{
  for (guint i = 0; i < self->n; i++)
    {
      guint at = (guint) g_test_rand_int_range (0, (gint32) self->n), steps = 0;
      gboolean new;
      esp_history_rewind (self->history, self->plan, 0, self->steps[at]);
      for (; esp_plan_get_step (self->plan) < self->steps[at]; steps++)
        esp_history_step (self->history, self->plan, FALSE, &new);
      g_autofree char *hash = hash_state (self->plan);
      g_assert_cmpstr (hash, ==, self->hashes[at]);
      g_assert_cmpuint (steps, <=, esp_history_get_distance (self->history));
    }
}

/* 10,000 steps of 10,000 parameters with Adam, Dropout and shuffled batches */
static void
test_ten_thousand (void)
{
  g_autoptr (EspNetwork) network = make_network (
      "{\"class\": \"Linear\", \"out_features\": 90}, {\"class\": \"BatchNorm1d\"}, {\"class\": "
      "\"ReLU\"}, {\"class\": \"Dropout\", \"p\": 0.2}, {\"class\": \"Linear\", \"out_features\": "
      "80}, {\"class\": \"Tanh\"}, {\"class\": \"Linear\", \"out_features\": 10}",
      "\"loss\": {\"class\": \"CrossEntropyLoss\"}, \"optimizer\": {\"class\": \"Adam\", \"lr\": "
      "0.001}",
      "{\"name\": \"random\", \"inputs\": [18], \"classes\": 10, \"count\": 300}", 8);
  guint64 count = 0, before = measure_memory ();
  Run run;
  for (guint i = 0; i < network->parameters->len; i++)
    if (esp_network_peek_parameter (network, i)->requires_grad)
      count += esp_network_peek_parameter (network, i)->count;
  g_assert_cmpuint (count, >=, 9900);
  g_assert_cmpuint (count, <=, 10100);
  run_init (&run, network, ESP_HISTORY_BYTES, 10000, 60);
  guint64 after = measure_memory ();
  g_test_message ("%u parameters: history %.1f MB, process %.1f MB more, key frames %u apart",
                  (guint) count, (double) esp_history_get_size (run.history) / MEGABYTE,
                  (double) (after - before) / MEGABYTE,
                  (guint) esp_history_get_distance (run.history));
  g_assert_cmpuint (esp_history_get_size (run.history), <=, 64 * MEGABYTE);
  if (MEASURES) /* with the plan */
    g_assert_cmpuint (after - MIN (before, after), <=, 72 * MEGABYTE);
  g_assert_cmpuint (esp_history_get_distance (run.history), <=, 32);
  check_returns (&run);
  run_clear (&run);
}

static const char *const optimizers[] = {
  "{\"class\": \"SGD\", \"lr\": 0.05}",
  "{\"class\": \"SGD\", \"lr\": 0.02, \"momentum\": 0.9, \"nesterov\": true, \"weight_decay\": "
  "0.01}",
  "{\"class\": \"RMSprop\", \"lr\": 0.001, \"momentum\": 0.5, \"centered\": true}",
  "{\"class\": \"Adagrad\", \"lr\": 0.05, \"lr_decay\": 0.001}",
  "{\"class\": \"Adam\", \"lr\": 0.003, \"amsgrad\": true}",
  "{\"class\": \"AdamW\", \"lr\": 0.003, \"groups\": [{\"params\": [\"0.*\"], \"lr\": 0.0005}]}",
};

#define SCHEDULE(settings) ", \"schedule\": {" settings "}"

static const char *const schedules[] = {
  "",
  SCHEDULE ("\"class\": \"ConstantLR\", \"factor\": 0.5, \"total_iters\": 1700"),
  SCHEDULE ("\"class\": \"CosineAnnealingLR\", \"T_max\": 5000"),
  SCHEDULE ("\"class\": \"CosineAnnealingWarmRestarts\", \"T_0\": 300, \"T_mult\": 2"),
  SCHEDULE ("\"class\": \"ExponentialLR\", \"gamma\": 0.9995"),
  SCHEDULE ("\"class\": \"LinearLR\", \"start_factor\": 0.1, \"total_iters\": 900"),
  SCHEDULE ("\"class\": \"MultiStepLR\", \"milestones\": [1000, 3000], \"gamma\": 0.3"),
  SCHEDULE ("\"class\": \"OneCycleLR\", \"max_lr\": 0.03, \"total_steps\": 5000"),
  SCHEDULE ("\"class\": \"PolynomialLR\", \"total_iters\": 4000, \"power\": 2"),
  SCHEDULE ("\"class\": \"StepLR\", \"step_size\": 7, \"gamma\": 0.8, \"every\": \"epoch\""),
  SCHEDULE ("\"class\": \"SequentialLR\", \"milestones\": [100], \"schedulers\": [{\"class\": "
            "\"LinearLR\", \"start_factor\": 0.01, \"total_iters\": 100}, {\"class\": "
            "\"CosineAnnealingLR\", \"T_max\": 4900}]"),
};

/* 5,000 steps of every optimiser with every schedule that it takes, in so little memory that key
 * frames are thinned several times */
static void
test_all_settings (gconstpointer data)
{
  enum
  {
    STEPS = 5000,
    TRIES = 12
  };
  const char *optimizer = data;
  for (gsize i = 0; i < G_N_ELEMENTS (schedules); i++)
    {
      gboolean cycles = strstr (schedules[i], "OneCycleLR") != NULL;
      if (cycles && strstr (optimizer, "Adagrad") != NULL)
        continue; /* it has no momentum */
      g_autofree char *around =
          g_strdup_printf ("\"loss\": {\"class\": \"CrossEntropyLoss\"}, \"optimizer\": %s%s%s",
                           optimizer, schedules[i], i % 2 == 0 ? ", \"clip_grad_norm\": 1" : "");
      g_autoptr (EspNetwork) network = make_network (
          "{\"class\": \"Linear\", \"out_features\": 6}, {\"class\": \"BatchNorm1d\"}, {\"class\": "
          "\"ReLU\"}, {\"class\": \"Dropout\", \"p\": 0.3}, {\"class\": \"Linear\", "
          "\"out_features\": 2}",
          around, "{\"name\": \"moons\", \"count\": 41}", 4);
      Run run;
      run_init (&run, network, 64 << 10, STEPS, TRIES);
      g_test_message ("%s: key frames %u apart", schedules[i],
                      (guint) esp_history_get_distance (run.history));
      g_assert_cmpuint (esp_history_get_size (run.history), <=, 64 << 10);
      check_returns (&run);
      run_clear (&run);
    }
}

/* --- a billion steps --- */

/* no point has more steps than another, but for the last; nothing is lost */
static void
test_curve (void)
{
  EspLossCurve *curve = g_new0 (EspLossCurve, 1);
  guint64 last = 0, total = 0;
  esp_loss_curve_clear (curve);
  for (guint step = 1; step <= BILLION; step++)
    esp_loss_curve_add (curve, step, step);
  g_assert_cmpuint (curve->n, <=, ESP_LOSS_CURVE_POINTS);
  g_assert_cmpuint (curve->n, >, ESP_LOSS_CURVE_POINTS / 3);
  for (guint i = 0; i < curve->n; i++)
    {
      guint64 middle = curve->points[i].steps / curve->points[i].count;
      g_assert_true (curve->points[i].count == curve->width || i + 1 == curve->n);
      g_assert_cmpuint (middle, >, last);
      /* the loss was the step's number */
      g_assert_cmpfloat (
          fabs (curve->points[i].sum / (double) curve->points[i].count - (double) middle), <, 1);
      total += curve->points[i].count;
      last = middle;
    }
  g_assert_cmpuint (total, ==, BILLION);
  g_free (curve);
}

static void
test_meters (void)
{
  EspMeterLog *log = esp_meter_log_new (3);
  EspMeter meters[3] = { 0 };
  EspMeterTable table = { .n_parameters = 3 };
  guint64 step = 0;
  while (step < BILLION)
    {
      guint64 distance = 1;
      esp_meter_log_add (log, step, meters);
      while (!esp_meter_log_wants (log, step + distance)) /* those between aren't wanted, either */
        distance *= 2;
      step += distance;
    }
  esp_meter_log_append_to (log, G_MAXUINT64, &table);
  g_assert_cmpuint (table.n, <=, ESP_METER_LOG_POINTS);
  g_assert_cmpuint (table.n, >=, ESP_METER_LOG_POINTS / 2 - 1);
  for (guint i = 1; i < table.n; i++)
    g_assert_cmpuint (table.steps[i] - table.steps[i - 1], ==, table.steps[1] - table.steps[0]);
  g_assert_cmpuint (table.steps[table.n - 1], >, BILLION - 2 * (table.steps[1] - table.steps[0]));
  g_free (table.steps);
  g_free (table.meters);
  esp_meter_log_free (log);
}

static EspNetwork *
make_tiny (void)
{
  return make_network ("{\"class\": \"Linear\", \"out_features\": 1}",
                       "\"loss\": {\"class\": \"MSELoss\"}, \"optimizer\": {\"class\": \"SGD\"}",
                       "{\"name\": \"random\", \"inputs\": [2], \"targets\": [1], \"count\": 4}",
                       4);
}

/* to @step - 1, so that the next is @step: no key frame lies between */
static void
jump (EspPlan *plan, guint8 *state, guint64 step)
{
  guint64 before = step - 1;
  esp_plan_save_state (plan, state);
  memcpy (state, &before, sizeof before); /* it begins with it */
  esp_plan_load_state (plan, state);
  g_assert_cmpuint (esp_plan_get_step (plan), ==, before);
}

/* all key frames up to the head are there, at even distances from the fork */
static void
check_frames (EspHistory *history, guint branch)
{
  const EspHistoryBranch *own = esp_history_peek_branch (history, branch);
  guint64 distance = esp_history_get_distance (history);
  g_assert_cmpuint (own->frames->len, ==, (own->head - own->fork) / distance);
  for (guint i = 0; i < own->frames->len; i++)
    {
      const EspHistoryFrame *frame = g_ptr_array_index (own->frames, i);
      g_assert_cmpuint (frame->step, ==, own->fork + (i + 1) * distance);
    }
}

/* Steps at which a key frame is taken are done, those between are passed over: nothing that the
 * history keeps comes of them. A branch leaves on the way. */
static void
test_frames (void)
{
  g_autoptr (EspNetwork) network = make_tiny ();
  g_autoptr (EspPlan) plan = esp_plan_new (network);
  gsize size = esp_plan_get_state_size (plan);
  guint64 bytes = 100 * size;
  g_autofree guint8 *state = g_malloc (size);
  EspHistory *history = esp_history_new (plan, bytes);
  EspHistoryEvent rate = { .kind = ESP_HISTORY_RATE, .value = 0.5 };
  gboolean new, forked = FALSE;
  for (guint64 fork = 0; esp_plan_get_step (plan) < BILLION;)
    {
      guint64 distance = esp_history_get_distance (history), step = esp_plan_get_step (plan);
      jump (plan, state, fork + ((step - fork) / distance + 1) * distance);
      esp_history_step (history, plan, FALSE, &new);
      g_assert_true (new);
      g_assert_cmpuint (esp_history_get_size (history), <=, bytes + sizeof rate);
      if (forked || step < BILLION / 10)
        continue;
      check_frames (history, 0);
      esp_history_rewind (history, plan, 0, step / 2);
      fork = esp_plan_get_step (plan);
      forked = esp_history_do (history, plan, &rate, 1, 0);
      g_assert_true (forked);
      g_assert_cmpuint (esp_history_get_branch (history), ==, 1);
    }
  check_frames (history, 0);
  check_frames (history, 1);
  g_assert_cmpuint (esp_history_get_size (history), >, bytes / 3);
  esp_history_free (history);
}

/* a tiny network has very many key frames; there is no step that takes long */
static void
test_tiny (void)
{
  g_autoptr (EspNetwork) network = make_tiny ();
  guint64 bytes = 16 * MEGABYTE, before = measure_memory ();
  gint64 longest = 0;
  gboolean new;
  Run run;
  run_init (&run, network, bytes, 1000, 50);
  for (guint i = 0; i < 4000000 / 1000; i++)
    {
      gint64 start = get_time ();
      for (guint j = 0; j < 1000; j++)
        esp_history_step (run.history, run.plan, FALSE, &new);
      longest = MAX (longest, get_time () - start);
    }
  guint64 after = measure_memory ();
  g_test_message ("%u key frames of %u bytes, %u steps apart; process %.1f MB more; 1,000 steps "
                  "took %.1f ms at most",
                  run.history->n_frames, (guint) run.history->state_size,
                  (guint) esp_history_get_distance (run.history),
                  (double) (after - before) / MEGABYTE, (double) longest / 1000);
  if (MEASURES)
    g_assert_cmpuint (after - MIN (before, after), <=, bytes + bytes / 8);
  if (MEASURES)
    g_assert_cmpint (longest, <, 100000);
  check_returns (&run);
  run_clear (&run);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/history/long/ten-thousand", test_ten_thousand);
  for (gsize i = 0; i < G_N_ELEMENTS (optimizers); i++)
    {
      g_autofree char *path = g_strdup_printf ("/train/history/long/all-settings/%u", (guint) i);
      g_test_add_data_func (path, optimizers[i], test_all_settings);
    }
  g_test_add_func ("/train/history/long/curve", test_curve);
  g_test_add_func ("/train/history/long/meters", test_meters);
  g_test_add_func ("/train/history/long/frames", test_frames);
  g_test_add_func ("/train/history/long/tiny", test_tiny);
  return g_test_run ();
}
