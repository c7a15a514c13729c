/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the verbs of espalier-cli share: options, messages, output, opening, look-up by name. */

#include "esp-json-writer.h"
#include "esp-session.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_CLI_DONE = 0,
  ESP_CLI_FINDINGS = 1,
  ESP_CLI_COULD_NOT = 2,
} EspCliStatus;

typedef struct
{
  const char *name;
  const char *summary;                 /* one line for --help */
  int (*run) (int argc, char *argv[]); /* argv[0] is the verb; returns an EspCliStatus */
} EspVerb;

int esp_verb_tree (int argc, char *argv[]);
int esp_verb_list (int argc, char *argv[]);
int esp_verb_stats (int argc, char *argv[]);
int esp_verb_dump (int argc, char *argv[]);
int esp_verb_render (int argc, char *argv[]);
int esp_verb_code (int argc, char *argv[]);
int esp_verb_train (int argc, char *argv[]);

/* --- messages: on stderr, "espalier-cli: FILE: what, where" --- */

void esp_cli_message (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* for --json and for pipes: nobody reads on, which is no failure of ours */
gboolean esp_cli_is_broken_pipe (const GError *error);
/* prints @error with @file in front unless it says so itself; always ESP_CLI_COULD_NOT, or
 * ESP_CLI_DONE for a broken pipe. Takes @error. */
int esp_cli_fail (const char *file, GError *error);

/* --- options --- */

/* parses @entries; the rest of the line is given as @operands (NULL-terminated, owned). @usage and
 * @summary are for --help. FALSE after a message. */
gboolean esp_cli_parse (int argc,
                        char *argv[],
                        const GOptionEntry *entries,
                        const char *usage,
                        const char *summary,
                        guint least,
                        guint most,
                        char ***operands);

/* --- files --- */

/* opens a checkpoint or a network; shows progress; NULL after a message */
EspSession *esp_cli_open (const char *file);
/* a place by exact name, by its name as shown, or as people type it; NULL after a message */
EspPlace *esp_cli_find (EspSession *session, const char *file, const char *name);
/* the tensor at a place of a file; NULL after a message */
EspTensor *esp_cli_find_tensor (EspSession *session, const char *file, const char *name);
/* warnings of the checkpoint, on stderr */
void esp_cli_show_warnings (EspSession *session, const char *file);

/* --- output --- */

/**
 * EspOutput:
 *
 * Bytes to a file that appears when it is complete, or to the standard output.
 */
typedef struct _EspOutput EspOutput;

/* @path NULL or "-": the standard output */
EspOutput *esp_output_new (const char *path, GError **error);
gboolean esp_output_write (EspOutput *self, const void *data, gsize length, GError **error);
/* nothing is in the file before this */
gboolean esp_output_commit (EspOutput *self, GError **error);
void esp_output_free (EspOutput *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspOutput, esp_output_free)
/* an EspExportFunc; @data is an EspOutput */
gboolean esp_cli_export (const void *bytes, gsize length, gpointer data, GError **error);

/* text on the standard output; the first write error is told at the end by esp_cli_finish() */
void esp_cli_print (const char *format, ...) G_GNUC_PRINTF (1, 2);
void esp_cli_print_text (const char *text);
/* pads to @width columns as a terminal shows them */
void esp_cli_print_padded (const char *text, int width);
int esp_cli_get_width (const char *text);
/* flushes; the exit status */
int esp_cli_finish (void);
int esp_cli_finish_json (EspJsonWriter *json);

/* --- progress: one line on stderr while something takes longer, if that is a terminal --- */

void esp_cli_progress (double done, gpointer what);
void esp_cli_progress_end (void);

/* a name as it may be shown on a terminal. New string. */
#define esp_cli_show_name(name) esp_path_escape (name)

G_END_DECLS
