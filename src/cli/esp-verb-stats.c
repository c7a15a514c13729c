/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Statistics of some or all tensors, written as they come. A memory that has several names is
 * scanned once. A tensor that can't be read gets a row that says so. */

#include "config.h"

#include "esp-cli.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "esp-number.h"
#include "esp-part.h"
#include "esp-path.h"

typedef struct
{
  EspStats *stats; /* NULL with @error */
  char *hash;      /* or NULL */
  char *error;
} Result;

typedef struct
{
  gboolean hash;
  char *part; /* of complex values, or NULL: over real and imaginary parts */
  EspPart part_id;
  EspJsonWriter *json; /* or NULL for text */
  int name_width;
  GHashTable *known; /* EspTie -> Result, of aliases */
} Printer;

static void
free_result (gpointer data)
{
  Result *result = data;

  g_clear_pointer (&result->stats, esp_stats_unref);
  g_free (result->hash);
  g_free (result->error);
  g_free (result);
}

static Result *
scan (const Printer *self, EspTensor *tensor, char *name)
{
  Result *result = g_new0 (Result, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTensor) part = NULL;

  if (self->part != NULL && esp_tensor_is_complex (tensor))
    part = esp_tensor_new_part (tensor, self->part_id, &error);
  else
    part = esp_tensor_ref (tensor);
  if (part != NULL)
    result->stats = esp_scan_stats (part, esp_cli_progress, name, NULL, &error);
  if (result->stats != NULL && self->hash)
    result->hash = esp_scan_hash (tensor, esp_cli_progress, name, NULL, &error);
  if (error != NULL)
    {
      g_clear_pointer (&result->stats, esp_stats_unref);
      result->error = g_strdup (error->message);
    }
  esp_cli_progress_end ();
  return result;
}

/* --- output --- */

static void
put_number (EspJsonWriter *json, const char *key, double value, gboolean known)
{
  esp_json_writer_key (json, key);
  if (known)
    esp_json_writer_double (json, value);
  else
    esp_json_writer_null (json);
}

static void
put_count (EspJsonWriter *json, const char *key, guint64 value)
{
  esp_json_writer_key (json, key);
  esp_json_writer_u64 (json, value);
}

static void
put_result (Printer *self, const char *name, EspTensor *tensor, const Result *result)
{
  EspJsonWriter *json = self->json;
  const EspStatsValues *values;

  esp_json_writer_newline (json);
  esp_json_writer_begin_object (json);
  esp_json_writer_key (json, "name");
  esp_json_writer_string (json, name);
  if (result->stats == NULL)
    {
      esp_json_writer_key (json, "error");
      esp_json_writer_string (json, result->error);
      esp_json_writer_end_object (json);
      return;
    }
  if (self->part != NULL && esp_tensor_is_complex (tensor))
    {
      esp_json_writer_key (json, "part");
      esp_json_writer_string (json, self->part);
    }
  values = esp_stats_get_values (result->stats);
  put_count (json, "count", values->count);
  put_number (json, "min", values->min, values->finite > 0);
  put_number (json, "max", values->max, values->finite > 0);
  put_number (json, "mean", values->mean, values->finite > 0);
  put_number (json, "std", values->std, values->finite > 0);
  put_count (json, "zeros", values->zeros);
  put_count (json, "nans", values->nans);
  put_count (json, "infs", values->infs);
  put_number (json, "l2", values->l2, TRUE);
  if (result->hash != NULL)
    {
      esp_json_writer_key (json, "hash_kind");
      esp_json_writer_string (json, esp_scan_get_hash_kind (tensor));
      esp_json_writer_key (json, "sha256");
      esp_json_writer_string (json, result->hash);
    }
  esp_json_writer_end_object (json);
}

static void
print_number (double value)
{
  g_autofree char *text = isnan (value) ? g_strdup ("-") : g_strdup_printf ("%.6g", value);

  esp_cli_print ("  %12s", text);
}

static void
print_result (Printer *self, const char *name, const Result *result)
{
  g_autofree char *shown = esp_cli_show_name (name);
  const EspStatsValues *values;

  esp_cli_print_padded (shown, self->name_width);
  if (result->stats == NULL)
    {
      esp_cli_print ("  %s\n", result->error);
      return;
    }
  values = esp_stats_get_values (result->stats);
  esp_cli_print ("  %12" PRIu64, values->count);
  print_number (values->min);
  print_number (values->max);
  print_number (values->mean);
  print_number (values->std);
  print_number (values->l2);
  esp_cli_print ("  %10" PRIu64 "  %8" PRIu64 "  %8" PRIu64, values->zeros, values->nans,
                 values->infs);
  if (result->hash != NULL)
    esp_cli_print ("  %s", result->hash);
  esp_cli_print_text ("\n");
}

static void
show_tensor (Printer *self, EspPlace *place)
{
  EspTensor *tensor = esp_parameter_get_data (esp_place_get_parameter (place));
  EspTie *tie = esp_place_get_tie (place);
  g_autofree char *path = esp_place_dup_path (place);
  gboolean alias = tie != NULL && (esp_tie_get_kind (tie) == ESP_TIE_ALIAS ||
                                   esp_tie_get_kind (tie) == ESP_TIE_IMPLIED);
  Result *result = alias ? g_hash_table_lookup (self->known, tie) : NULL;
  gboolean keep = result != NULL || alias;

  if (result == NULL)
    {
      g_autofree char *shown = esp_cli_show_name (path);

      result = scan (self, tensor, shown);
      if (alias)
        g_hash_table_insert (self->known, tie, result);
    }
  if (self->json != NULL)
    put_result (self, path, tensor, result);
  else
    print_result (self, path, result);
  if (!keep)
    free_result (result);
}

/* --- which --- */

static void
collect_below (EspPlace *place, GPtrArray *places)
{
  guint n = esp_place_get_n_children (place);

  if (esp_place_get_parameter (place) != NULL)
    g_ptr_array_add (places, place);
  /* at most ESP_LIMIT_MODULE_DEPTH deep */
  for (guint i = 0; i < n; i++)
    collect_below (esp_place_get_child (place, i), places);
}

static gboolean
collect (EspSession *session, char **operands, GPtrArray *places)
{
  EspTree *tree = esp_document_get_tree (esp_session_get_document (session));
  guint n = esp_tree_get_n_tensors (tree);

  for (guint i = 1; operands[i] != NULL; i++)
    {
      EspPlace *place = esp_cli_find (session, operands[0], operands[i]);

      if (place == NULL)
        return FALSE;
      collect_below (place, places);
    }
  for (guint i = 0; i < n && operands[1] == NULL; i++)
    {
      EspTreeRow row;

      esp_tree_read_row (tree, i, &row);
      if (row.stored)
        g_ptr_array_add (places, esp_tree_get_tensor (tree, i));
    }
  return TRUE;
}

static int
measure_names (GPtrArray *places)
{
  int width = 4;

  for (guint i = 0; i < places->len; i++)
    {
      g_autofree char *path = esp_place_dup_path (places->pdata[i]);
      g_autofree char *shown = esp_cli_show_name (path);

      width = MAX (width, esp_cli_get_width (shown));
    }
  return MIN (width, 60);
}

static int
show_all (Printer *self, GPtrArray *places)
{
  if (self->json != NULL)
    {
      esp_json_writer_begin_object (self->json);
      esp_json_writer_key (self->json, "tensors");
      esp_json_writer_begin_array (self->json);
    }
  else
    {
      self->name_width = measure_names (places);
      esp_cli_print_padded ("name", self->name_width);
      esp_cli_print ("  %12s  %12s  %12s  %12s  %12s  %12s  %10s  %8s  %8s%s\n", "count", "min",
                     "max", "mean", "std", "l2", "zeros", "nans", "infs",
                     self->hash ? "  sha256" : "");
    }
  for (guint i = 0; i < places->len; i++)
    show_tensor (self, places->pdata[i]);
  if (self->json == NULL)
    return esp_cli_finish ();
  esp_json_writer_newline (self->json);
  esp_json_writer_end_array (self->json);
  esp_json_writer_end_object (self->json);
  esp_json_writer_newline (self->json);
  return esp_cli_finish_json (self->json);
}

int
esp_verb_stats (int argc, char *argv[])
{
  gboolean as_json = FALSE;
  Printer printer = { 0 };
  const GOptionEntry entries[] = {
    { "hash", 0, 0, G_OPTION_ARG_NONE, &printer.hash,
      N_ ("Also a fingerprint of the values, the same whatever the file format"), NULL },
    { "part", 0, 0, G_OPTION_ARG_STRING, &printer.part,
      N_ ("Of complex values: magnitude, real, imaginary or phase"), "P" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &as_json, N_ ("One JSON object"), NULL },
    { NULL },
  };
  g_autofree char *part = NULL;
  gboolean found = TRUE;
  g_auto (GStrv) operands = NULL;
  g_autoptr (EspSession) session = NULL;
  g_autoptr (GPtrArray) places = g_ptr_array_new ();
  g_autoptr (EspJsonWriter) json = NULL;
  int status = ESP_CLI_COULD_NOT;

  if (!esp_cli_parse (argc, argv, entries, "FILE [NAME…] [--hash] [--part P] [--json]",
                      _ ("Prints exact statistics over the finite values of each tensor, or of "
                         "those named and those below the modules named."),
                      1, G_MAXUINT, &operands))
    return ESP_CLI_COULD_NOT;
  part = printer.part;
  if (part != NULL)
    printer.part_id = esp_part_from_name (part, &found);
  if (!found)
    {
      esp_cli_message (_ ("--part: there is no “%s”; there are magnitude, real, imaginary, phase"),
                       part);
      return ESP_CLI_COULD_NOT;
    }
  session = esp_cli_open (operands[0]);
  if (session == NULL)
    return ESP_CLI_COULD_NOT;
  printer.known = g_hash_table_new_full (NULL, NULL, NULL, free_result);
  if (as_json)
    printer.json = json = esp_json_writer_new_for_fd (STDOUT_FILENO);
  else
    esp_cli_show_warnings (session, operands[0]);
  if (collect (session, operands, places))
    status = show_all (&printer, places);
  g_hash_table_unref (printer.known);
  return status;
}
