/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Writes the code that builds a network elsewhere. */

#include "config.h"

#include "esp-cli.h"

#include <glib/gi18n.h>
#include <math.h>

#include "esp-network-code.h"
#include "esp-train-source.h"

int
esp_verb_code (int argc, char *argv[])
{
  EspTrainSource source = { .rate = NAN };
  gboolean keras = FALSE;
  const GOptionEntry entries[] = {
    { "data", 0, 0, G_OPTION_ARG_FILENAME, &source.data,
      N_ ("A data set instead of the specification’s: a built-in one or a file"), "D" },
    { "guess", 0, 0, G_OPTION_ARG_STRING, &source.guess,
      N_ ("Of a state dict: guess its layers, with this activation between them"), "ACT" },
    { "keras", 0, 0, G_OPTION_ARG_NONE, &keras, N_ ("Code for Keras instead of PyTorch"), NULL },
    { NULL },
  };
  g_auto (GStrv) operands = NULL;
  g_autoptr (EspDocument) document = NULL;
  g_autofree char *code = NULL;
  int status = ESP_CLI_COULD_NOT;
  GError *error = NULL;

  if (esp_cli_parse (argc, argv, entries, "SPEC [OPTION…]",
                     _ ("Writes Python that builds the network SPEC in PyTorch or Keras, as `net`: "
                        "what the verb train takes."),
                     1, 1, &operands))
    document = esp_train_source_read (&source, operands[0]);
  if (document != NULL)
    {
      EspNetwork *network = esp_trainer_get_network (esp_document_get_trainer (document));

      code = keras ? esp_network_to_keras (network, &error)
                   : esp_network_to_pytorch (network, &error);
      if (code == NULL)
        status = esp_cli_fail (operands[0], error);
      else
        {
          esp_cli_print ("%s", code);
          status = esp_cli_finish ();
        }
    }
  esp_train_source_clear (&source);
  return status;
}
