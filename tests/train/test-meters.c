/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gradient norms and update ratios: against what the channels of snapshots hold, over steps that
 * are gone back to and done again, over branches, and in bounded memory. */

#include "esp-trainer.h"

#include <math.h>
#include <string.h>

#include "esp-meter-log.h"
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

/* in two passes, as a textbook has it */
static double
get_std (const float *values, gsize count)
{
  double mean = 0, sum = 0;
  for (gsize i = 0; i < count; i++)
    mean += (double) values[i] / (double) count;
  for (gsize i = 0; i < count; i++)
    sum += ((double) values[i] - mean) * ((double) values[i] - mean);
  return sqrt (sum / (double) count);
}

static void
check_meter (EspSnapshot *snapshot, guint parameter)
{
  const EspMeter *meter = esp_snapshot_get_meter (snapshot, parameter);
  gsize count = 0;
  g_autofree float *data =
      train_read_tensor (esp_snapshot_get_channel (snapshot, parameter, ESP_CHANNEL_DATA), &count);
  g_autofree float *grad =
      train_read_tensor (esp_snapshot_get_channel (snapshot, parameter, ESP_CHANNEL_GRAD), &count);
  g_autofree float *update = train_read_tensor (
      esp_snapshot_get_channel (snapshot, parameter, ESP_CHANNEL_UPDATE), &count);
  double norm = 0, spread = get_std (data, count);
  for (gsize i = 0; i < count; i++)
    norm += (double) grad[i] * (double) grad[i];
  norm = sqrt (norm);
  /* float32 has 24 bits, and 32 numbers are added up with these */
  g_assert_cmpfloat_with_epsilon ((double) meter->grad_norm, norm, 3e-6 * norm + 1e-30);
  if (spread > 0)
    g_assert_cmpfloat_with_epsilon ((double) meter->update_ratio,
                                    log10 (get_std (update, count) / spread), 2e-4);
  else
    g_assert_true (isnan (meter->update_ratio));
}

/* the numbers of a snapshot are those of its channels, and those of the table at its step */
static void
test_against_channels (void)
{
  static const char *const names[] = { "d2l-shared", "spirals", "digits-conv" };
  for (guint k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autoptr (EspTrainer) trainer = new_trainer (names[k]);
      g_autoptr (EspSnapshot) first = take (trainer);
      g_assert_true (isnan (esp_snapshot_get_meter (first, 0)->grad_norm));
      g_assert_true (isnan (esp_snapshot_get_meter (first, 0)->update_ratio));
      for (guint64 step = 1; step <= 5; step++)
        {
          esp_trainer_step (trainer);
          g_autoptr (EspSnapshot) snapshot = take (trainer);
          g_autoptr (EspMeterTable) table = esp_trainer_get_meters (trainer);
          g_assert_cmpuint (table->n, ==, step);
          g_assert_cmpuint (table->n_parameters, ==, esp_snapshot_get_n_parameters (snapshot));
          for (guint i = 0; i < table->n_parameters; i++)
            {
              const EspMeter *own = esp_snapshot_get_meter (snapshot, i);
              check_meter (snapshot, i);
              g_assert_cmpmem (own, sizeof *own,
                               &table->meters[(step - 1) * table->n_parameters + i], sizeof *own);
            }
        }
    }
}

static void
assert_same_table (const EspMeterTable *a, const EspMeterTable *b)
{
  g_assert_cmpmem (a->steps, a->n * sizeof *a->steps, b->steps, b->n * sizeof *b->steps);
  g_assert_cmpmem (a->meters, a->n * a->n_parameters * sizeof *a->meters, b->meters,
                   b->n * b->n_parameters * sizeof *b->meters);
}

/* neither speed nor looking back changes the curve, and no step stands in it twice */
static void
test_same_whatever_happens (void)
{
  g_autoptr (EspTrainer) straight = new_trainer ("d2l-shared");
  g_autoptr (EspTrainer) crooked = new_trainer ("d2l-shared");
  esp_trainer_run (straight, 3000);
  for (guint i = 0; i < 300; i++)
    esp_trainer_step (crooked);
  esp_trainer_seek (crooked, 0, 20);
  esp_trainer_run (crooked, 1000);
  esp_trainer_seek (crooked, 0, 500);
  esp_trainer_set_speed (crooked, INFINITY);
  esp_trainer_run (crooked, 2500);
  g_autoptr (EspMeterTable) a = esp_trainer_get_meters (straight);
  g_autoptr (EspMeterTable) b = esp_trainer_get_meters (crooked);
  g_assert_cmpuint (a->n, >, ESP_METER_LOG_POINTS / 2);
  g_assert_cmpuint (a->n, <=, ESP_METER_LOG_POINTS);
  for (guint i = 1; i < a->n; i++)
    g_assert_cmpuint (a->steps[i], >, a->steps[i - 1]);
  assert_same_table (a, b);
  esp_trainer_reset (crooked);
  esp_trainer_wait (crooked);
  g_autoptr (EspMeterTable) none = esp_trainer_get_meters (crooked);
  g_assert_cmpuint (none->n, ==, 0);
}

/* a branch has what came before it, then its own */
static void
test_branches (void)
{
  g_autoptr (EspTrainer) trainer = new_trainer ("d2l-shared");
  esp_trainer_run (trainer, 40);
  g_autoptr (EspMeterTable) before = esp_trainer_get_meters (trainer);
  esp_trainer_seek (trainer, 0, 25);
  esp_trainer_set_learning_rate (trainer, 0.1);
  esp_trainer_run (trainer, 10);
  g_autoptr (EspMeterTable) branch = esp_trainer_get_meters (trainer);
  guint row = before->n_parameters;
  g_assert_cmpuint (branch->n, ==, 35);
  for (guint i = 0; i < branch->n; i++)
    g_assert_cmpuint (branch->steps[i], ==, i + 1);
  g_assert_cmpmem (branch->meters, 25 * row * sizeof (EspMeter), before->meters,
                   25 * row * sizeof (EspMeter));
  /* larger steps */
  g_assert_cmpfloat (branch->meters[25 * row].update_ratio, >,
                     before->meters[25 * row].update_ratio + 1);
  esp_trainer_seek (trainer, 0, 40);
  esp_trainer_wait (trainer);
  g_autoptr (EspMeterTable) again = esp_trainer_get_meters (trainer);
  assert_same_table (before, again);
}

/* a million steps of many parameters: few points, evenly apart */
static void
test_log_bounds (void)
{
  static const guint counts[] = { 1, 20, 1000, 100000 };
  for (guint k = 0; k < G_N_ELEMENTS (counts); k++)
    {
      EspMeterLog *log = esp_meter_log_new (counts[k]);
      g_autofree EspMeter *row = g_new0 (EspMeter, counts[k]);
      g_autoptr (EspMeterTable) table = g_new0 (EspMeterTable, 1);
      table->n_parameters = counts[k];
      for (guint64 step = 1; step <= (k < 3 ? 1000000 : 500); step++)
        {
          row[counts[k] - 1].grad_norm = (float) step;
          if (esp_meter_log_wants (log, step))
            esp_meter_log_add (log, step, row);
        }
      esp_meter_log_append_to (log, G_MAXUINT64, table);
      g_assert_cmpuint (table->n, >=, 31);
      g_assert_cmpuint (table->n, <=, ESP_METER_LOG_POINTS);
      for (guint i = 1; i < table->n; i++)
        {
          g_assert_cmpuint (table->steps[i] - table->steps[i - 1], ==,
                            table->steps[1] - table->steps[0]);
          g_assert_cmpfloat (table->meters[(gsize) (i + 1) * counts[k] - 1].grad_norm, ==,
                             (float) table->steps[i]);
        }
      esp_meter_log_free (log);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/meters/against-channels", test_against_channels);
  g_test_add_func ("/meters/same-whatever-happens", test_same_whatever_happens);
  g_test_add_func ("/meters/branches", test_branches);
  g_test_add_func ("/meters/log-bounds", test_log_bounds);
  return g_test_run ();
}
