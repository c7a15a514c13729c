/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Prints the lines of Python that reach each tensor of a file, for check-code.py: FILE DIALECT
 * (pytorch, numpy). A line "### NAME" comes before those of a tensor. */

#include "config.h"

#include "esp-code.h"
#include "esp-format.h"

#include <stdio.h>
#include <string.h>

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = NULL;
  EspDialect dialect;
  EspTree *tree;

  if (argc != 3)
    return 1;
  dialect = strcmp (argv[2], "numpy") == 0 ? ESP_DIALECT_NUMPY : ESP_DIALECT_PYTORCH;
  checkpoint = esp_format_open (argv[1], NULL, NULL, NULL, &error);
  if (checkpoint == NULL)
    {
      fprintf (stderr, "%s\n", error->message);
      return 2;
    }
  tree = esp_checkpoint_get_tree (checkpoint);
  for (guint i = 0; i < esp_tree_get_n_tensors (tree); i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);
      g_autofree char *lines = esp_code_for_place (checkpoint, NULL, place, dialect);

      if (esp_tensor_get_error (esp_parameter_get_data (esp_place_get_parameter (place))) == NULL)
        printf ("### %s\n%s\n", esp_place_get_path (place), lines);
    }
  return 0;
}
