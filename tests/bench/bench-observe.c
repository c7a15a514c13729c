/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What looking at a network costs its training: bench-observe SPEC SECONDS. Trains in turns with
 * nobody looking, and at full speed with a view that takes 60 snapshots a second, units of the
 * whole data set counted, as the window does. Prints the percentage by which a step takes longer,
 * the median of the turns, in processor time of the program: others on the machine don't count. */

#include "esp-trainer.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#define TURNS 15

static double
get_cpu_seconds (void)
{
  struct timespec now;
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static guint64
get_step (EspTrainer *trainer)
{
  EspTimeline timeline;
  esp_trainer_wait (trainer);
  esp_trainer_get_timeline (trainer, &timeline);
  return timeline.step;
}

/* processor seconds a step while somebody looks for @seconds */
static double
play (EspTrainer *trainer, double seconds)
{
  guint64 before = get_step (trainer);
  double start = get_cpu_seconds ();
  gint64 until = g_get_monotonic_time () + (gint64) (seconds * G_USEC_PER_SEC);
  esp_trainer_play (trainer);
  while (g_get_monotonic_time () < until)
    {
      g_usleep (G_USEC_PER_SEC / 60);
      EspSnapshot *snapshot = esp_trainer_take_snapshot (trainer);
      g_clear_pointer (&snapshot, esp_snapshot_unref);
    }
  esp_trainer_pause (trainer);
  guint64 steps = get_step (trainer) - before;
  return (get_cpu_seconds () - start) / (double) MAX (steps, 1);
}

/* the same while nobody does */
static double
run (EspTrainer *trainer, guint64 steps)
{
  double start = get_cpu_seconds ();
  esp_trainer_run (trainer, steps);
  return (get_cpu_seconds () - start) / (double) steps;
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return x < y ? -1 : x > y;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize length = 0;
  double seconds = argc == 3 ? g_ascii_strtod (argv[2], NULL) : 0, costs[TURNS];
  if (!(seconds > 0) || !g_file_get_contents (argv[1], &text, &length, &error))
    {
      g_printerr ("usage: bench-observe SPEC SECONDS%s%s\n", error != NULL ? ": " : "",
                  error != NULL ? error->message : "");
      return 2;
    }
  g_autoptr (EspNetwork) network = esp_network_new_from_json (text, (gssize) length, &error);
  if (network == NULL)
    {
      g_printerr ("%s: %s\n", argv[1], error->message);
      return 2;
    }
  g_autoptr (EspTrainer) trainer = esp_trainer_new (network);
  esp_trainer_set_speed (trainer, INFINITY);
  guint64 steps = (guint64) (seconds / play (trainer, seconds)) + 1;
  for (guint i = 0; i < TURNS; i++)
    {
      double alone = run (trainer, steps);
      costs[i] = 100 * (play (trainer, seconds) / alone - 1);
    }
  qsort (costs, TURNS, sizeof *costs, compare);
  g_print ("%.2f\n", costs[TURNS / 2]);
  return 0;
}
