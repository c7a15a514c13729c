/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The text that says which checkpoint of a folder is the latest: protobuf's text format, a few
 * hundred bytes.
 *
 *   model_checkpoint_path: "ckpt-2"
 *   all_model_checkpoint_paths: "ckpt-1"
 *   all_model_checkpoint_paths: "ckpt-2"
 *   last_preserved_timestamp: 1700000000.0 */

#include "config.h"

#include "esp-tf-state.h"

#include "esp-error.h"
#include "esp-path.h"
#include "esp-source.h"

#include <glib/gi18n.h>
#include <string.h>

#define TEXT_BYTES (1024 * 1024)
#define LATEST "model_checkpoint_path"
#define ALL "all_model_checkpoint_paths"
#define OTHERS_SHOWN 3

gboolean
esp_tf_state_is_one (const guint8 *head, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) head, size);
  const char *at = text;

  while (g_ascii_isspace (*at))
    at++;
  if (!g_str_has_prefix (at, LATEST) && !g_str_has_prefix (at, ALL))
    return FALSE;
  at += strlen (g_str_has_prefix (at, LATEST) ? LATEST : ALL);
  while (g_ascii_isspace (*at))
    at++;
  return *at == ':';
}

/* the text between the quotes that @line begins with; NULL if there is none */
static char *
parse_quoted (const char *line)
{
  g_autofree char *inside = NULL;
  char quote;
  gsize n;

  while (g_ascii_isspace (*line))
    line++;
  quote = *line++;
  if (quote != '"' && quote != '\'')
    return NULL;
  for (n = 0; line[n] != quote; n++)
    {
      if (line[n] == '\\')
        n++;
      if (line[n] == '\0')
        return NULL;
    }
  inside = g_strndup (line, n);
  return g_strcompress (inside);
}

/* as it may be looked for beside the text */
static char *
make_relative (char *path)
{
  char *last = path;

  if (esp_beside_check_path (path, -1, NULL))
    return path;
  last = g_path_get_basename (path);
  g_free (path);
  if (esp_beside_check_path (last, -1, NULL))
    return last;
  g_free (last);
  return NULL;
}

static void
read_line (EspTfState *self, const char *line)
{
  const char *colon = strchr (line, ':');
  g_autofree char *key = colon != NULL ? g_strndup (line, (gsize) (colon - line)) : NULL;
  char *value;

  if (key == NULL)
    return;
  g_strstrip (key);
  if (strcmp (key, LATEST) != 0 && strcmp (key, ALL) != 0)
    return;
  value = parse_quoted (colon + 1);
  value = value != NULL ? make_relative (value) : NULL;
  if (value == NULL)
    return;
  if (strcmp (key, ALL) == 0)
    {
      g_ptr_array_add (self->all, value);
      return;
    }
  g_free (self->latest);
  self->latest = value;
}

EspTfState *
esp_tf_state_new (EspSource *source, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) bytes = esp_source_read_bytes (source, 0, esp_source_get_size (source),
                                                    TEXT_BYTES, cancellable, error);
  g_autoptr (EspTfState) self = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (bytes == NULL)
    return NULL;
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  lines = g_strsplit (text, "\n", -1);
  self = g_new0 (EspTfState, 1);
  self->all = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; lines[i] != NULL; i++)
    read_line (self, lines[i]);
  if (self->latest != NULL)
    return g_steal_pointer (&self);
  g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                       _ ("model_checkpoint_path: this doesn’t name a checkpoint beside it"));
  return NULL;
}

void
esp_tf_state_free (EspTfState *self)
{
  if (self == NULL)
    return;
  g_free (self->latest);
  g_ptr_array_unref (self->all);
  g_free (self);
}

static gboolean
is_there (EspBeside *beside, const char *prefix)
{
  g_autofree char *name = g_strconcat (prefix, ".index", NULL);
  g_autoptr (EspSource) source = esp_beside_open (beside, name, ESP_BESIDE_LINKS, NULL);

  return source != NULL;
}

char *
esp_tf_state_list_others (const EspTfState *self, EspBeside *beside)
{
  g_autoptr (GString) out = g_string_new (NULL);
  guint shown = 0;

  for (guint i = 0; i < self->all->len && shown < OTHERS_SHOWN; i++)
    {
      g_autofree char *name = NULL;

      if (strcmp (self->all->pdata[i], self->latest) == 0 ||
          !is_there (beside, self->all->pdata[i]))
        continue;
      name = esp_path_escape (self->all->pdata[i]);
      g_string_append_printf (out, shown++ > 0 ? ", “%s”" : "“%s”", name);
    }
  if (shown == 0)
    return NULL;
  if (self->all->len > shown + 1)
    g_string_append (out, " …");
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* -00000-of-00002 */
static gboolean
is_number_of_several (const char *text)
{
  guint digits = 0, others = 0;

  for (; g_ascii_isdigit (*text); text++)
    digits++;
  if (digits == 0 || !g_str_has_prefix (text, "-of-"))
    return FALSE;
  for (text += 4; g_ascii_isdigit (*text); text++)
    others++;
  return others > 0 && *text == '\0';
}

char *
esp_tf_state_dup_prefix (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  char *dot = strrchr (name, '.');

  if (dot != NULL && dot != name &&
      (strcmp (dot, ".index") == 0 || strcmp (dot, ".meta") == 0 ||
       (g_str_has_prefix (dot, ".data-") && is_number_of_several (dot + 6))))
    *dot = '\0';
  return g_steal_pointer (&name);
}
