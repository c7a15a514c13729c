/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same specification, data and seed give the same bytes: at any speed and with pauses, whatever
 * is looked at, on any processor and beside any number of others. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_setaffinity */
#endif

#include <math.h>
#include <sched.h>

#include "esp-trainer.h"
#include "train-fixture.h"

#define STEPS 60
#define CROWD 6

static EspTrainer *
new_trainer (const char *name)
{
  g_autoptr (EspNetwork) network = train_load_template (name);
  return esp_trainer_new (network);
}

/* data, gradients and moments at a step, by going there */
static char *
hash_at (EspTrainer *trainer, guint64 step)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  static const EspChannel channels[] = { ESP_CHANNEL_DATA, ESP_CHANNEL_GRAD, ESP_CHANNEL_MOMENT1,
                                         ESP_CHANNEL_MOMENT2 };
  esp_trainer_seek (trainer, 0, step);
  esp_trainer_wait (trainer);
  g_autoptr (EspSnapshot) snapshot = esp_trainer_take_snapshot (trainer);
  g_assert_nonnull (snapshot);
  g_assert_cmpuint (esp_snapshot_get_step (snapshot), ==, step);
  for (guint i = 0; i < esp_snapshot_get_n_parameters (snapshot); i++)
    for (gsize c = 0; c < G_N_ELEMENTS (channels); c++)
      {
        EspTensor *tensor = esp_snapshot_get_channel (snapshot, i, channels[c]);
        gsize count;
        if (tensor == NULL)
          continue;
        g_autofree float *values = train_read_tensor (tensor, &count);
        g_checksum_update (checksum, (const guchar *) values, (gssize) (count * sizeof (float)));
      }
  return g_strdup (g_checksum_get_string (checksum));
}

static char *
run_plainly (const char *name)
{
  g_autoptr (EspTrainer) trainer = new_trainer (name);
  esp_trainer_run (trainer, STEPS + 1);
  g_autofree char *after = hash_at (trainer, STEPS + 1), *end = hash_at (trainer, STEPS);
  g_assert_cmpstr (after, !=, end);
  return hash_at (trainer, STEPS);
}

/* by playing, with what else a person does meanwhile */
static char *
play (const char *name, double speed, gboolean look, gboolean pauses)
{
  g_autoptr (EspTrainer) trainer = new_trainer (name);
  EspTimeline timeline = { 0 };
  guint turn = 0;
  esp_trainer_set_speed (trainer, speed);
  esp_trainer_play (trainer);
  for (; timeline.head < STEPS; turn++)
    {
      g_usleep (1000);
      if (look)
        {
          esp_trainer_watch_batch (trainer, turn % 3 != 0);
          g_autoptr (EspSnapshot) snapshot = esp_trainer_take_snapshot (trainer);
        }
      if (pauses && turn % 5 == 4)
        {
          esp_trainer_pause (trainer);
          esp_trainer_advance (trainer);
          esp_trainer_set_speed (trainer, turn % 2 == 0 ? INFINITY : speed);
          esp_trainer_play (trainer);
        }
      esp_trainer_get_timeline (trainer, &timeline);
    }
  esp_trainer_pause (trainer);
  return hash_at (trainer, STEPS);
}

static void
test_speeds (gconstpointer data)
{
  g_autofree char *wanted = run_plainly (data);
  for (guint i = 0; i < 8; i++)
    {
      gboolean look = (i & 1) != 0, pauses = (i & 2) != 0;
      g_autofree char *found = play (data, (i & 4) != 0 ? 2000 : INFINITY, look, pauses);
      g_test_message ("%s, looked at: %d, pauses: %d", (i & 4) != 0 ? "slow" : "fast", look,
                      pauses);
      g_assert_cmpstr (found, ==, wanted);
    }
}

static gpointer
run_in_thread (gpointer name)
{
  return run_plainly (name);
}

/* several at once, each in two threads of its own */
static void
test_crowd (gconstpointer data)
{
  g_autofree char *wanted = run_plainly (data);
  GThread *threads[CROWD];
  for (guint i = 0; i < CROWD; i++)
    threads[i] = g_thread_new ("crowd", run_in_thread, (gpointer) data);
  for (guint i = 0; i < CROWD; i++)
    {
      g_autofree char *found = g_thread_join (threads[i]);
      g_assert_cmpstr (found, ==, wanted);
    }
}

/* on each processor that this process may use, alone */
static void
test_processors (gconstpointer data)
{
  g_autofree char *wanted = run_plainly (data);
  cpu_set_t all;
  guint n = 0;
  g_assert_cmpint (sched_getaffinity (0, sizeof all, &all), ==, 0);
  for (guint i = 0; i < CPU_SETSIZE && n < 4; i++)
    {
      cpu_set_t one;
      if (!CPU_ISSET (i, &all))
        continue;
      CPU_ZERO (&one);
      CPU_SET (i, &one);
      g_assert_cmpint (sched_setaffinity (0, sizeof one, &one), ==, 0);
      g_autofree char *found = run_plainly (data); /* threads inherit it */
      g_assert_cmpstr (found, ==, wanted);
      n++;
    }
  g_assert_cmpint (sched_setaffinity (0, sizeof all, &all), ==, 0);
  g_assert_cmpuint (n, >, 0);
}

int
main (int argc, char *argv[])
{
  static const char *const names[] = { "d2l-shared",  "spirals",    "digits", "digits-conv",
                                       "autoencoder", "characters", "twins" };
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *speeds = g_strconcat ("/train/same/speeds/", names[i], NULL);
      g_autofree char *crowd = g_strconcat ("/train/same/crowd/", names[i], NULL);
      g_autofree char *processors = g_strconcat ("/train/same/processors/", names[i], NULL);
      g_test_add_data_func (speeds, names[i], test_speeds);
      g_test_add_data_func (crowd, names[i], test_crowd);
      g_test_add_data_func (processors, names[i], test_processors);
    }
  return g_test_run ();
}
