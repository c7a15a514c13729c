/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps a second of a network through the real trainer: bench-train SPEC STEPS. Prints the best of
 * many short runs, in microseconds a step: on a machine that has other things to do, some of them
 * go undisturbed. */

#include "esp-trainer.h"

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize length = 0;
  guint64 steps = argc == 3 ? g_ascii_strtoull (argv[2], NULL, 10) : 0;
  if (steps == 0 || !g_file_get_contents (argv[1], &text, &length, &error))
    {
      g_printerr ("usage: bench-train SPEC STEPS%s%s\n", error != NULL ? ": " : "",
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
  double best = G_MAXDOUBLE;
  esp_trainer_run (trainer, steps / 10 + 1);
  steps = MAX (steps / 20, 1);
  for (guint i = 0; i < 100; i++)
    {
      double before = esp_trainer_get_seconds (trainer);
      esp_trainer_run (trainer, steps);
      best = MIN (best, esp_trainer_get_seconds (trainer) - before);
    }
  g_print ("%.4f\n", best * 1e6 / (double) steps);
  return 0;
}
