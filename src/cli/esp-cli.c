/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The parts that the verbs share. Results go to stdout, everything else to stderr. */

#include "config.h"

#include "esp-cli.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "esp-atomic-file.h"
#include "esp-path.h"

/* --- messages --- */

void
esp_cli_message (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  esp_cli_progress_end ();
  fprintf (stderr, "espalier-cli: %s\n", text);
}

gboolean
esp_cli_is_broken_pipe (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
}

int
esp_cli_fail (const char *file, GError *error)
{
  int status = ESP_CLI_COULD_NOT;

  if (esp_cli_is_broken_pipe (error))
    status = ESP_CLI_DONE;
  else if (file != NULL)
    {
      g_autofree char *typed = g_filename_display_name (file);
      g_autofree char *shown = esp_cli_show_name (typed);
      g_autofree char *base = g_path_get_basename (file);
      g_autofree char *shown_base = esp_cli_show_name (base);
      g_autofree char *prefix = g_strconcat (shown_base, ": ", NULL);

      /* the core names a file by its last part, a terminal by what was typed */
      esp_cli_message ("%s: %s", shown,
                       g_str_has_prefix (error->message, prefix) ? error->message + strlen (prefix)
                                                                 : error->message);
    }
  else
    esp_cli_message ("%s", error->message);
  g_error_free (error);
  return status;
}

/* --- options --- */

gboolean
esp_cli_parse (int argc,
               char *argv[],
               const GOptionEntry *entries,
               const char *usage,
               const char *summary,
               guint least,
               guint most,
               char ***operands)
{
  g_autofree char *program = g_strdup_printf ("espalier-cli %s", argv[0]);
  g_autoptr (GOptionContext) context = g_option_context_new (usage);
  g_auto (GStrv) rest = NULL;
  g_autoptr (GError) error = NULL;
  const GOptionEntry operand_entries[] = {
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL },
    { NULL },
  };
  guint n;

  g_set_prgname (program);
  g_option_context_set_summary (context, summary);
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, operand_entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      esp_cli_message ("%s: %s", argv[0], error->message);
      return FALSE;
    }
  n = rest != NULL ? g_strv_length (rest) : 0;
  if (n < least || n > most)
    {
      /* Translators: %s are a verb of the command line and its arguments */
      esp_cli_message (_ ("%s: wanted: espalier-cli %s %s"), argv[0], argv[0], usage);
      return FALSE;
    }
  *operands = g_steal_pointer (&rest);
  return TRUE;
}

/* --- files --- */

EspSession *
esp_cli_open (const char *file)
{
  g_autoptr (EspSession) session = esp_session_new ();
  GError *error = NULL;

  if (esp_session_load (session, file, NULL, &error) != NULL)
    return g_steal_pointer (&session);
  esp_cli_fail (file, error);
  return NULL;
}

/* the first row whose name looks like @name on a terminal */
static EspPlace *
find_shown (EspTree *tree, const char *name)
{
  g_autoptr (GString) path = g_string_new (NULL);
  guint n = esp_tree_get_n_tensors (tree);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *shown = NULL;

      g_string_truncate (path, 0);
      esp_tree_append_row_path (tree, i, path);
      shown = esp_cli_show_name (path->str);
      if (strcmp (shown, name) == 0)
        return esp_tree_get_tensor (tree, i);
    }
  return NULL;
}

EspPlace *
esp_cli_find (EspSession *session, const char *file, const char *name)
{
  EspTree *tree = esp_document_get_tree (esp_session_get_document (session));
  g_autofree char *shown = esp_cli_show_name (name), *shown_file = g_filename_display_name (file);
  gboolean ambiguous = FALSE;
  EspPlace *place = esp_tree_find (tree, name, &ambiguous);

  if (place == NULL)
    place = esp_tree_find_typed (tree, name);
  if (place == NULL)
    place = find_shown (tree, name);
  if (place == NULL)
    esp_cli_message (_ ("%s: there is no tensor or module “%s”"), shown_file, shown);
  else if (ambiguous)
    esp_cli_message (_ ("%s: there are several tensors “%s”; this is the first"), shown_file,
                     shown);
  return place;
}

EspTensor *
esp_cli_find_tensor (EspSession *session, const char *file, const char *name)
{
  EspPlace *place = esp_cli_find (session, file, name);

  if (place == NULL)
    return NULL;
  if (esp_place_get_parameter (place) == NULL)
    {
      g_autofree char *shown = esp_cli_show_name (name);
      g_autofree char *shown_file = g_filename_display_name (file);

      esp_cli_message (_ ("%s: “%s” is a module; a tensor is wanted"), shown_file, shown);
      return NULL;
    }
  return esp_parameter_get_data (esp_place_get_parameter (place));
}

void
esp_cli_show_warnings (EspSession *session, const char *file)
{
  EspCheckpoint *checkpoint = esp_document_get_checkpoint (esp_session_get_document (session));
  g_autofree char *shown = g_filename_display_name (file);
  guint n = checkpoint != NULL ? esp_checkpoint_get_n_warnings (checkpoint) : 0;

  for (guint i = 0; i < n; i++)
    esp_cli_message ("%s: %s", shown, esp_checkpoint_get_warning (checkpoint, i));
}

/* --- output --- */

struct _EspOutput
{
  EspAtomicFile *file; /* or NULL for the standard output */
};

EspOutput *
esp_output_new (const char *path, GError **error)
{
  EspOutput *self = g_new0 (EspOutput, 1);

  if (path == NULL || strcmp (path, "-") == 0)
    return self;
  self->file = esp_atomic_file_new (path, TRUE, error);
  if (self->file != NULL)
    return self;
  g_free (self);
  return NULL;
}

static gboolean
set_errno (GError **error)
{
  int saved = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved), "%s", g_strerror (saved));
  return FALSE;
}

gboolean
esp_output_write (EspOutput *self, const void *data, gsize length, GError **error)
{
  if (self->file != NULL)
    return esp_atomic_file_write (self->file, data, length, error);
  return fwrite (data, 1, length, stdout) == length || set_errno (error);
}

gboolean
esp_output_commit (EspOutput *self, GError **error)
{
  if (self->file != NULL)
    return esp_atomic_file_commit (self->file, error);
  return fflush (stdout) == 0 || set_errno (error);
}

void
esp_output_free (EspOutput *self)
{
  g_clear_pointer (&self->file, esp_atomic_file_free);
  g_free (self);
}

gboolean
esp_cli_export (const void *bytes, gsize length, gpointer data, GError **error)
{
  return esp_output_write (data, bytes, length, error);
}

static int print_failure; /* errno of the first failed write to stdout */

void
esp_cli_print_text (const char *text)
{
  if (print_failure == 0 && fputs (text, stdout) == EOF)
    print_failure = errno;
}

void
esp_cli_print (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  esp_cli_print_text (text);
}

int
esp_cli_get_width (const char *text)
{
  int width = 0;

  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = (guchar) *text;

      if (c < 0x80)
        {
          width++;
          continue;
        }
      c = g_utf8_get_char (text);
      width += g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
    }
  return width;
}

void
esp_cli_print_padded (const char *text, int width)
{
  int missing = width - esp_cli_get_width (text);

  esp_cli_print_text (text);
  if (missing > 0)
    esp_cli_print ("%*s", missing, "");
}

int
esp_cli_finish (void)
{
  if (print_failure == 0 && fflush (stdout) != 0)
    print_failure = errno;
  if (print_failure == 0 || print_failure == EPIPE)
    return ESP_CLI_DONE;
  esp_cli_message (_ ("the output can’t be written: %s"), g_strerror (print_failure));
  return ESP_CLI_COULD_NOT;
}

int
esp_cli_finish_json (EspJsonWriter *json)
{
  g_autoptr (GError) error = NULL;

  if (esp_json_writer_flush (json, &error) || esp_cli_is_broken_pipe (error))
    return ESP_CLI_DONE;
  esp_cli_message (_ ("the output can’t be written: %s"), error->message);
  return ESP_CLI_COULD_NOT;
}

/* --- progress --- */

#define FIRST_PROGRESS_USEC (G_USEC_PER_SEC / 2)
#define PROGRESS_INTERVAL_USEC (G_USEC_PER_SEC / 10)

static gboolean progress_shown;

/* scans tell from several threads, one at a time at most every 100 ms */
void
esp_cli_progress (double done, gpointer what)
{
  static GMutex lock;
  static gint64 started, last;
  gint64 now = g_get_monotonic_time ();

  if (!isatty (STDERR_FILENO))
    return;
  g_mutex_lock (&lock);
  if (started == 0)
    started = last = now;
  if (now - started > FIRST_PROGRESS_USEC && now - last > PROGRESS_INTERVAL_USEC)
    {
      fprintf (stderr, "\r\033[K%s: %.0f %%", (const char *) what, done * 100);
      last = now;
      progress_shown = TRUE;
    }
  g_mutex_unlock (&lock);
}

void
esp_cli_progress_end (void)
{
  if (progress_shown)
    fputs ("\r\033[K", stderr);
  progress_shown = FALSE;
}
