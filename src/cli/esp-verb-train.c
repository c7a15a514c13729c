/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Trains a network from its specification and reports as it goes: a line of text, or a JSON object
 * a line, each as soon as it is known. */

#include "config.h"

#include "esp-cli.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "esp-kept-file.h"
#include "esp-load-state.h"
#include "esp-path.h"
#include "esp-train-source.h"

#define DEFAULT_STEPS 1000
#define DEFAULT_LINES 20

typedef struct
{
  EspTrainSource source;
  char *save, *spec, *load;
  gint64 steps, every;
  gboolean json, strict;
} Options;

/* --- report --- */

static int
report_json (EspSnapshot *snapshot, EspTrainer *trainer)
{
  g_autoptr (EspJsonWriter) json = esp_json_writer_new_for_fd (STDOUT_FILENO);

  esp_json_writer_begin_object (json);
  esp_json_writer_key (json, "step");
  esp_json_writer_u64 (json, esp_snapshot_get_step (snapshot));
  esp_json_writer_key (json, "epoch");
  esp_json_writer_u64 (json, esp_snapshot_get_epoch (snapshot));
  esp_json_writer_key (json, "loss");
  esp_json_writer_double (json, esp_snapshot_get_loss (snapshot));
  esp_json_writer_key (json, "accuracy");
  if (esp_network_is_classifier (esp_trainer_get_network (trainer)))
    esp_json_writer_double (json, esp_snapshot_get_accuracy (snapshot));
  else
    esp_json_writer_null (json);
  if (!isnan (esp_snapshot_get_test_loss (snapshot)))
    {
      esp_json_writer_key (json, "test_loss");
      esp_json_writer_double (json, esp_snapshot_get_test_loss (snapshot));
    }
  if (!isnan (esp_snapshot_get_test_accuracy (snapshot)))
    {
      esp_json_writer_key (json, "test_accuracy");
      esp_json_writer_double (json, esp_snapshot_get_test_accuracy (snapshot));
    }
  esp_json_writer_key (json, "seconds");
  esp_json_writer_double (json, esp_trainer_get_seconds (trainer));
  esp_json_writer_end_object (json);
  esp_json_writer_newline (json);
  return esp_cli_finish_json (json);
}

static void
print_share (double share)
{
  if (isnan (share))
    esp_cli_print ("  %8s", "-");
  else
    esp_cli_print ("  %8.4f", share);
}

static int
report_text (EspSnapshot *snapshot, EspTrainer *trainer)
{
  esp_cli_print ("%10" PRIu64 "  %8" PRIu64 "  %12.6g", esp_snapshot_get_step (snapshot),
                 esp_snapshot_get_epoch (snapshot), esp_snapshot_get_loss (snapshot));
  print_share (esp_snapshot_get_accuracy (snapshot));
  if (!isnan (esp_snapshot_get_test_loss (snapshot)))
    {
      esp_cli_print ("  %12.6g", esp_snapshot_get_test_loss (snapshot));
      print_share (esp_snapshot_get_test_accuracy (snapshot));
    }
  esp_cli_print ("  %10.3f\n", esp_trainer_get_seconds (trainer));
  return esp_cli_finish ();
}

static void
print_head (EspTrainer *trainer)
{
  esp_cli_print ("%10s  %8s  %12s  %8s", "step", "epoch", "loss", "accuracy");
  if (esp_network_get_n_tests (esp_trainer_get_network (trainer)) > 0)
    esp_cli_print ("  %12s  %8s", "test loss", "accuracy");
  esp_cli_print ("  %10s\n", "seconds");
}

static volatile sig_atomic_t interrupted;

static void
on_signal (int number)
{
  interrupted = number;
}

/* the first asks to end, the second ends */
static void
catch_signals (void)
{
  struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int) SA_RESETHAND };

  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
}

/* up to @steps, in pieces short enough that a signal is heeded; how many were taken */
static guint64
run_steps (EspTrainer *trainer, guint64 steps)
{
  guint64 done = 0, piece = 1;

  while (done < steps && !interrupted)
    {
      gint64 start = g_get_monotonic_time ();
      guint64 n = MIN (piece, steps - done);

      esp_trainer_run (trainer, n);
      done += n;
      piece = g_get_monotonic_time () - start < G_USEC_PER_SEC / 20 ? piece * 2
                                                                    : MAX (piece / 2, 1);
    }
  return done;
}

static int
run (EspDocument *document, const Options *options)
{
  EspTrainer *trainer = esp_document_get_trainer (document);
  guint64 steps = options->steps, done = 0;
  guint64 every = options->every > 0 ? (guint64) options->every : MAX (steps / DEFAULT_LINES, 1);
  int status = ESP_CLI_DONE;

  if (!options->json)
    print_head (trainer);
  catch_signals ();
  while (done < steps && status == ESP_CLI_DONE && !interrupted)
    {
      g_autofree char *trouble = NULL;
      EspSnapshot *snapshot;

      done += run_steps (trainer, MIN (every, steps - done));
      esp_document_update (document);
      snapshot = esp_document_get_snapshot (document);
      status = options->json ? report_json (snapshot, trainer) : report_text (snapshot, trainer);
      trouble = esp_document_take_trouble (document);
      if (trouble != NULL && status == ESP_CLI_DONE)
        {
          esp_cli_message ("%s", trouble);
          status = ESP_CLI_COULD_NOT;
        }
    }
  if (interrupted && status == ESP_CLI_DONE)
    esp_cli_message (_ ("interrupted after %llu steps"), (unsigned long long) done);
  return status;
}

static gboolean
write_spec (EspNetwork *network, const char *path, GError **error)
{
  g_autofree char *text = esp_kept_file_describe (network, path);

  return g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0666, error);
}

/* what doesn't fit is told, and is an error with --strict */
static gboolean
load_weights (EspDocument *document, const Options *options)
{
  g_autoptr (EspLoadState) state = esp_load_state_new (document);
  g_autofree char *lists = NULL, *shown = NULL;
  GError *error = NULL;
  gboolean good;

  if (!esp_load_state_read (state, options->load, NULL, &error))
    {
      esp_cli_message ("%s", error->message);
      g_error_free (error);
      return FALSE;
    }
  good = esp_load_state_is_complete (state);
  lists = esp_load_state_describe (state, 0);
  if (*lists != '\0')
    esp_cli_message ("%s", lists);
  if (!good && options->strict)
    return FALSE;
  if (esp_load_state_apply (state))
    return TRUE;
  shown = esp_cli_show_name (options->load);
  esp_cli_message (_ ("%s: nothing in it fits the network"), shown);
  return FALSE;
}

static int
train (const char *spec, const Options *options)
{
  g_autoptr (EspDocument) document = esp_train_source_read (&options->source, spec);
  EspNetwork *network;
  GError *error = NULL;
  int status;

  if (document == NULL)
    return ESP_CLI_COULD_NOT;
  if (options->load != NULL && !load_weights (document, options))
    return ESP_CLI_COULD_NOT;
  network = esp_trainer_get_network (esp_document_get_trainer (document));
  if (options->spec != NULL && !write_spec (network, options->spec, &error))
    return esp_cli_fail (options->spec, error);
  status = run (document, options);
  /* what went wrong was told; the last good step is worth keeping */
  if (options->save != NULL && !esp_document_save (document, options->save, TRUE, &error))
    return esp_cli_fail (options->save, error);
  return status;
}

int
esp_verb_train (int argc, char *argv[])
{
  Options options = { .source = { .rate = NAN }, .steps = DEFAULT_STEPS };
  EspTrainSource *source = &options.source;
  const GOptionEntry entries[] = {
    { "data", 0, 0, G_OPTION_ARG_FILENAME, &source->data,
      N_ ("A data set instead of the specification’s: a built-in one or a file"), "D" },
    { "steps", 0, 0, G_OPTION_ARG_INT64, &options.steps, N_ ("Steps to take; 1000 unless given"),
      "N" },
    { "seed", 0, 0, G_OPTION_ARG_STRING, &source->seed_text,
      N_ ("A seed instead of the specification’s"), "S" },
    { "guess", 0, 0, G_OPTION_ARG_STRING, &source->guess,
      N_ ("Of a state dict: guess its layers, with this activation between them"), "ACT" },
    { "loss", 0, 0, G_OPTION_ARG_STRING, &source->loss,
      N_ ("Of a checkpoint: the loss; what fits the data unless given"), "CLASS" },
    { "optimizer", 0, 0, G_OPTION_ARG_STRING, &source->optimizer,
      N_ ("Of a checkpoint: the optimizer; Adam unless given"), "CLASS" },
    { "lr", 0, 0, G_OPTION_ARG_DOUBLE, &source->rate, N_ ("Of a checkpoint: the learning rate"),
      "R" },
    { "batch-size", 0, 0, G_OPTION_ARG_INT64, &source->batch_size,
      N_ ("Of a checkpoint: examples in a step; 32 unless given"), "N" },
    { "spec", 0, 0, G_OPTION_ARG_FILENAME, &options.spec,
      N_ ("Write the network’s specification, too"), "OUT" },
    { "load", 0, 0, G_OPTION_ARG_FILENAME, &options.load,
      N_ ("Begin with the weights of a file, as far as they fit"), "FILE" },
    { "strict", 0, 0, G_OPTION_ARG_NONE, &options.strict,
      N_ ("Don’t train unless all weights of the file fit, and none are missing"), NULL },
    { "every", 0, 0, G_OPTION_ARG_INT64, &options.every,
      N_ ("Report every N steps; about 20 lines unless given"), "N" },
    { "save", 0, 0, G_OPTION_ARG_FILENAME, &options.save,
      N_ ("Save the trained network: as safetensors, for PyTorch (.pt), or with its history "
          "(.espalier)"),
      "OUT" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, N_ ("One JSON object a line"), NULL },
    { NULL },
  };
  g_auto (GStrv) operands = NULL;
  int status = ESP_CLI_COULD_NOT;

  if (esp_cli_parse (argc, argv, entries, "SPEC [OPTION…]",
                     _ ("Trains the network that SPEC describes: a JSON file, or the name of a "
                        "network that ships with the program (d2l-mlp, d2l-shared, "
                        "xor, spirals, digits, digits-conv, autoencoder, twins, characters); or a "
                        "checkpoint whose "
                        "layers are known (Keras, a pickled Sequential) or guessed (--guess)."),
                     1, 1, &operands))
    {
      if (options.steps < 0 || options.every < 0 || source->batch_size < 0)
        esp_cli_message (_ ("--steps, --every and --batch-size can’t be negative"));
      else
        status = train (operands[0], &options);
    }
  esp_train_source_clear (source);
  g_free (options.save);
  g_free (options.spec);
  g_free (options.load);
  return status;
}
