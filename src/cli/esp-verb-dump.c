/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The values of one tensor, or of a slice of it, to a file or to the standard output. */

#include "config.h"

#include "esp-cli.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#include "esp-export.h"
#include "esp-path.h"
#include "esp-slice.h"

static const char *const forms[] = { "native", "f32", "csv", "npy" };

/* FALSE after a message */
static gboolean
find_form (const char *word, const char *out, EspExportForm *form)
{
  *form = ESP_EXPORT_NATIVE;
  if (word == NULL && out != NULL && g_str_has_suffix (out, ".npy"))
    *form = ESP_EXPORT_NPY;
  if (word == NULL && out != NULL && g_str_has_suffix (out, ".csv"))
    *form = ESP_EXPORT_CSV;
  for (guint i = 0; word != NULL && i < G_N_ELEMENTS (forms); i++)
    if (strcmp (word, forms[i]) == 0)
      {
        *form = i;
        return TRUE;
      }
  if (word != NULL)
    {
      esp_cli_message (_ ("--as: “%s” is none of native, f32, csv, npy"), word);
      return FALSE;
    }
  if (*form == ESP_EXPORT_NATIVE && (out == NULL || strcmp (out, "-") == 0) &&
      isatty (STDOUT_FILENO))
    {
      esp_cli_message (_ ("bytes are nothing for a terminal: --as csv, or -o FILE"));
      return FALSE;
    }
  return TRUE;
}

static int
dump (const char *file, EspTensor *tensor, const char *slice, EspExportForm form, const char *out)
{
  g_autoptr (EspTensor) view = NULL;
  g_autoptr (EspOutput) output = NULL;
  GError *error = NULL;

  if (slice != NULL)
    {
      g_autoptr (EspSlice) parsed = esp_slice_parse (slice, &error);

      if (parsed != NULL)
        view = esp_slice_apply (parsed, tensor, &error);
    }
  else
    view = esp_tensor_ref (tensor);
  if (view == NULL)
    return esp_cli_fail (file, error);
  output = esp_output_new (out, &error);
  if (output == NULL)
    return esp_cli_fail (out, error);
  if (!esp_export_values (view, form, esp_cli_export, output, NULL, &error))
    return esp_cli_fail (file, error);
  if (!esp_output_commit (output, &error))
    return esp_cli_fail (out != NULL ? out : file, error);
  return ESP_CLI_DONE;
}

int
esp_verb_dump (int argc, char *argv[])
{
  g_autofree char *slice = NULL, *as = NULL, *out = NULL;
  const GOptionEntry entries[] = {
    { "slice", 0, 0, G_OPTION_ARG_STRING, &slice, N_ ("Part of it, as NumPy indexes: [0,:,::-1]"),
      "S" },
    { "as", 0, 0, G_OPTION_ARG_STRING, &as,
      N_ ("native (the stored bytes, the default), f32, csv or npy"), "FORM" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &out,
      N_ ("Write to this file; .npy and .csv choose the form"), "OUT" },
    { NULL },
  };
  g_auto (GStrv) operands = NULL;
  g_autoptr (EspSession) session = NULL;
  g_autofree char *shown = NULL;
  EspExportForm form;
  EspTensor *tensor;

  if (!esp_cli_parse (argc, argv, entries,
                      "FILE NAME [--slice S] [--as native|f32|csv|npy] [-o OUT]",
                      _ ("Writes the values of the tensor NAME."), 2, 2, &operands) ||
      !find_form (as, out, &form))
    return ESP_CLI_COULD_NOT;
  session = esp_cli_open (operands[0]);
  tensor = session != NULL ? esp_cli_find_tensor (session, operands[0], operands[1]) : NULL;
  if (tensor == NULL)
    return ESP_CLI_COULD_NOT;
  return dump (operands[0], tensor, slice, form, out);
}
