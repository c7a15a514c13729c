/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Every tensor: a line each, or the contract's JSON object as a stream, a tensor a line. No object
 * is made per row and nothing but tables is read. 20,000 tensors are some megabytes of text. */

#include "config.h"

#include "esp-cli.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "esp-number.h"
#include "esp-path.h"

#define WIDEST_NAME 60

/* --- JSON --- */

static void
put_module (const char *path, EspModule *module, const char *shared_with, gpointer user_data)
{
  EspJsonWriter *json = user_data;
  guint n = module != NULL ? esp_module_get_n_attributes (module) : 0;

  esp_json_writer_newline (json);
  esp_json_writer_begin_object (json);
  esp_json_writer_key (json, "path");
  esp_json_writer_string (json, path);
  esp_json_writer_key (json, "class");
  esp_json_writer_string (json, module != NULL ? esp_module_get_class (module) : "");
  esp_json_writer_key (json, "attributes");
  esp_json_writer_begin_object (json);
  for (guint i = 0; i < n; i++)
    {
      esp_json_writer_key (json, esp_module_get_attribute_name (module, i));
      esp_json_writer_string (json, esp_module_get_attribute_value (module, i));
    }
  esp_json_writer_end_object (json);
  esp_json_writer_key (json, "shared_with");
  esp_json_writer_string (json, shared_with);
  esp_json_writer_end_object (json);
}

static void
put_sizes (EspJsonWriter *json, const char *key, const gint64 *sizes, guint n)
{
  esp_json_writer_key (json, key);
  esp_json_writer_begin_array (json);
  for (guint i = 0; i < n; i++)
    esp_json_writer_i64 (json, sizes[i]);
  esp_json_writer_end_array (json);
}

static void
put_storage (EspJsonWriter *json, EspTensor *tensor)
{
  EspStorage *storage = esp_tensor_get_storage (tensor);

  esp_json_writer_key (json, "storage");
  if (storage == NULL)
    {
      esp_json_writer_null (json);
      return;
    }
  esp_json_writer_begin_object (json);
  esp_json_writer_key (json, "id");
  esp_json_writer_string (json, esp_storage_get_id (storage));
  esp_json_writer_key (json, "offset");
  esp_json_writer_i64 (json, esp_tensor_get_offset (tensor));
  put_sizes (json, "stride", esp_tensor_get_strides (tensor), esp_tensor_get_ndim (tensor));
  esp_json_writer_key (json, "bytes");
  esp_json_writer_u64 (json, esp_storage_get_size (esp_storage_get_stored (storage)));
  esp_json_writer_end_object (json);
}

static void
put_keys (EspJsonWriter *json, EspTree *tree, guint index)
{
  g_auto (GStrv) keys = esp_tree_dup_row_keys (tree, index);

  esp_json_writer_key (json, "path");
  esp_json_writer_begin_array (json);
  for (guint i = 0; keys[i] != NULL; i++)
    esp_json_writer_string (json, keys[i]);
  esp_json_writer_end_array (json);
}

static void
put_owner (EspJsonWriter *json, EspDocument *document, guint index)
{
  EspTree *tree = esp_document_get_tree (document);
  gboolean guessed;
  gint64 owner = esp_pairing_get_owner (esp_document_get_pairing (document), index, &guessed);
  g_autoptr (GString) name = g_string_new (NULL);

  if (owner < 0)
    return;
  esp_tree_append_row_path (tree, (guint) owner, name);
  esp_json_writer_key (json, "of");
  esp_json_writer_begin_object (json);
  esp_json_writer_key (json, "name");
  esp_json_writer_string (json, name->str);
  esp_json_writer_key (json, "guessed");
  esp_json_writer_bool (json, guessed);
  esp_json_writer_end_object (json);
}

static void
put_tensor (EspJsonWriter *json,
            EspDocument *document,
            guint index,
            const EspTreeRow *row,
            GString *name)
{
  EspTree *tree = esp_document_get_tree (document);
  const GError *error = esp_tensor_get_error (row->tensor);

  g_string_truncate (name, 0);
  esp_tree_append_row_path (tree, index, name);
  esp_json_writer_newline (json);
  esp_json_writer_begin_object (json);
  esp_json_writer_key (json, "name");
  esp_json_writer_string (json, name->str);
  put_keys (json, tree, index);
  esp_json_writer_key (json, "role");
  esp_json_writer_string (json, esp_role_get_name (row->role));
  put_sizes (json, "shape", esp_tensor_get_shape (row->tensor), esp_tensor_get_ndim (row->tensor));
  esp_json_writer_key (json, "dtype");
  esp_json_writer_string (json, esp_tensor_get_dtype_name (row->tensor));
  esp_json_writer_key (json, "native_dtype");
  esp_json_writer_string (json, esp_tensor_get_native_dtype (row->tensor));
  esp_json_writer_key (json, "count");
  esp_json_writer_u64 (json, esp_tensor_get_count (row->tensor));
  esp_json_writer_key (json, "bytes");
  esp_json_writer_u64 (json, esp_tensor_get_bytes (row->tensor));
  put_storage (json, row->tensor);
  esp_json_writer_key (json, "error");
  esp_json_writer_string (json, error != NULL ? error->message : NULL);
  if (row->role == ESP_ROLE_OPTIMIZER)
    put_owner (json, document, index);
  esp_json_writer_end_object (json);
}

/* what the file itself lists: a name without bytes is no row of it, only a member of its tie */
static void
put_tensors (EspJsonWriter *json, EspDocument *document, EspTotals *listed)
{
  EspTree *tree = esp_document_get_tree (document);
  g_autoptr (GString) name = g_string_new (NULL);
  guint n = esp_tree_get_n_tensors (tree);
  EspTreeRow row;

  *listed = *esp_tree_get_totals (tree);
  esp_json_writer_key (json, "tensors");
  esp_json_writer_begin_array (json);
  for (guint i = 0; i < n; i++)
    {
      esp_tree_read_row (tree, i, &row);
      if (row.stored)
        put_tensor (json, document, i, &row, name);
      else
        {
          listed->tensors--;
          listed->elements -= esp_tensor_get_count (row.tensor);
        }
    }
  esp_json_writer_newline (json);
  esp_json_writer_end_array (json);
}

static void
put_ties (EspJsonWriter *json, EspTree *tree)
{
  guint n = esp_tree_get_n_ties (tree);

  esp_json_writer_key (json, "ties");
  esp_json_writer_begin_array (json);
  for (guint i = 0; i < n; i++)
    {
      EspTie *tie = esp_tree_get_tie (tree, i);
      guint members = esp_tie_get_n_places (tie);

      esp_json_writer_newline (json);
      esp_json_writer_begin_object (json);
      esp_json_writer_key (json, "kind");
      esp_json_writer_string (json, esp_tie_get_kind_name (tie));
      esp_json_writer_key (json, "names");
      esp_json_writer_begin_array (json);
      for (guint k = 0; k < members; k++)
        esp_json_writer_string (json, esp_place_get_path (esp_tie_get_place (tie, k)));
      esp_json_writer_end_array (json);
      esp_json_writer_end_object (json);
    }
  esp_json_writer_end_array (json);
}

static void
put_totals (EspJsonWriter *json, const EspTotals *totals)
{
  esp_json_writer_key (json, "totals");
  esp_json_writer_begin_object (json);
  esp_json_writer_key (json, "tensors");
  esp_json_writer_u64 (json, totals->tensors);
  esp_json_writer_key (json, "elements");
  esp_json_writer_u64 (json, totals->elements);
  esp_json_writer_key (json, "unique_elements");
  esp_json_writer_u64 (json, totals->unique_elements);
  esp_json_writer_key (json, "bytes");
  esp_json_writer_u64 (json, totals->bytes);
  esp_json_writer_end_object (json);
}

static void
put_texts (EspJsonWriter *json, const char *key, const char *const *texts)
{
  esp_json_writer_key (json, key);
  esp_json_writer_begin_array (json);
  for (guint i = 0; texts != NULL && texts[i] != NULL; i++)
    esp_json_writer_string (json, texts[i]);
  esp_json_writer_end_array (json);
}

static void
put_metadata (EspJsonWriter *json, EspCheckpoint *checkpoint)
{
  guint n = checkpoint != NULL ? esp_checkpoint_get_n_metadata (checkpoint) : 0;

  esp_json_writer_key (json, "metadata");
  esp_json_writer_begin_object (json);
  for (guint i = 0; i < n; i++)
    {
      esp_json_writer_key (json, esp_checkpoint_get_metadata_key (checkpoint, i));
      esp_json_writer_string (json, esp_checkpoint_get_metadata_value (checkpoint, i));
    }
  esp_json_writer_end_object (json);
  esp_json_writer_key (json, "pickle");
  esp_json_writer_begin_object (json);
  put_texts (json, "globals",
             checkpoint != NULL ? esp_checkpoint_get_pickle_globals (checkpoint) : NULL);
  put_texts (json, "refused",
             checkpoint != NULL ? esp_checkpoint_get_pickle_refused (checkpoint) : NULL);
  esp_json_writer_end_object (json);
}

static void
put_warnings (EspJsonWriter *json, EspCheckpoint *checkpoint, EspTree *tree)
{
  guint n = checkpoint != NULL ? esp_checkpoint_get_n_warnings (checkpoint) : 0;

  esp_json_writer_key (json, "warnings");
  esp_json_writer_begin_array (json);
  for (guint i = 0; i < n; i++)
    esp_json_writer_string (json, esp_checkpoint_get_warning (checkpoint, i));
  if (!esp_tree_get_ties_complete (tree))
    esp_json_writer_string (json, _ ("There are more ties than are listed"));
  esp_json_writer_end_array (json);
}

static int
list_json (EspDocument *document, const char *file)
{
  EspCheckpoint *checkpoint = esp_document_get_checkpoint (document);
  EspTree *tree = esp_document_get_tree (document);
  g_autoptr (EspJsonWriter) json = esp_json_writer_new_for_fd (STDOUT_FILENO);
  EspTotals listed;

  esp_json_writer_begin_object (json);
  esp_json_writer_key (json, "file");
  esp_json_writer_string (json, file);
  esp_json_writer_key (json, "format");
  esp_json_writer_string (json, checkpoint != NULL ? esp_checkpoint_get_format (checkpoint)
                                                   : "espalier-network");
  esp_json_writer_key (json, "producer");
  esp_json_writer_string (json, checkpoint != NULL ? esp_checkpoint_get_producer (checkpoint) : "");
  esp_json_writer_newline (json);
  esp_json_writer_key (json, "modules");
  esp_json_writer_begin_array (json);
  esp_tree_foreach_module (tree, put_module, json);
  esp_json_writer_newline (json);
  esp_json_writer_end_array (json);
  esp_json_writer_newline (json);
  put_tensors (json, document, &listed);
  esp_json_writer_newline (json);
  put_ties (json, tree);
  esp_json_writer_newline (json);
  put_totals (json, &listed);
  esp_json_writer_newline (json);
  put_metadata (json, checkpoint);
  esp_json_writer_newline (json);
  put_warnings (json, checkpoint, tree);
  esp_json_writer_end_object (json);
  esp_json_writer_newline (json);
  return esp_cli_finish_json (json);
}

/* --- text --- */

static int
measure_names (EspTree *tree)
{
  g_autoptr (GString) name = g_string_new (NULL);
  guint n = esp_tree_get_n_tensors (tree);
  int width = 0;

  for (guint i = 0; i < n && width < WIDEST_NAME; i++)
    {
      g_autofree char *shown = NULL;

      g_string_truncate (name, 0);
      esp_tree_append_row_path (tree, i, name);
      shown = esp_cli_show_name (name->str);
      width = MAX (width, esp_cli_get_width (shown));
    }
  return MIN (width, WIDEST_NAME);
}

static int
list_text (EspDocument *document, const char *file)
{
  EspTree *tree = esp_document_get_tree (document);
  g_autoptr (GString) name = g_string_new (NULL);
  guint n = esp_tree_get_n_tensors (tree);
  int width = measure_names (tree);
  EspTreeRow row;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *shown = NULL, *shape = NULL;

      esp_tree_read_row (tree, i, &row);
      if (!row.stored)
        continue;
      g_string_truncate (name, 0);
      esp_tree_append_row_path (tree, i, name);
      shown = esp_cli_show_name (name->str);
      shape = esp_tensor_dup_shape (row.tensor);
      esp_cli_print_padded (shown, width);
      esp_cli_print ("  %-10s  %-8s  %12" PRIu64 "  %s\n", esp_role_get_name (row.role),
                     esp_tensor_get_dtype_brief (row.tensor), esp_tensor_get_bytes (row.tensor),
                     shape);
    }
  return esp_cli_finish ();
}

int
esp_verb_list (int argc, char *argv[])
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object with all facts"), NULL },
    { NULL },
  };
  g_auto (GStrv) operands = NULL;
  g_autoptr (EspSession) session = NULL;

  if (!esp_cli_parse (argc, argv, entries, "FILE [--json]",
                      _ ("Lists every tensor of FILE: name, role, type, bytes, shape. Reads only "
                         "headers and tables."),
                      1, 1, &operands))
    return ESP_CLI_COULD_NOT;
  session = esp_cli_open (operands[0]);
  if (session == NULL)
    return ESP_CLI_COULD_NOT;
  if (json)
    return list_json (esp_session_get_document (session), operands[0]);
  esp_cli_show_warnings (session, operands[0]);
  return list_text (esp_session_get_document (session), operands[0]);
}
