/* SPDX-License-Identifier: GPL-3.0-or-later */

/* ONNX has no modules, but exporters leave their paths in the names of nodes and values, or in
 * their metadata. In: one such text, at most 64 KB. Out: paths with dots. */

#include "config.h"

#include "esp-onnx-scope.h"

#include <string.h>

#define SAID_AGAIN 8 /* names that are looked back */

/* TorchScript's exporter names a child of a Sequential after the Sequential too: "mlp/mlp.2" is
 * mlp.2. What is said again at the begin of @part is left out. */
static void
append_part (GString *scope, const char *part)
{
  gsize skip = 0;
  guint looked_at = 0;

  for (gsize at = scope->len; at > 0 && looked_at < SAID_AGAIN; at--)
    if (at == 1 || scope->str[at - 2] == '.')
      {
        gsize n = scope->len - (at - 1);

        if (strncmp (part, scope->str + at - 1, n) == 0 && part[n] == '.')
          skip = n + 1;
        looked_at++;
      }
  if (scope->len > 0)
    g_string_append_c (scope, '.');
  g_string_append (scope, part + skip);
}

void
_esp_onnx_scope_split (const char *name, char **scope, char **leaf)
{
  g_autoptr (GString) joined = g_string_new (NULL);
  const char *end = strrchr (name, '/');

  if (end != NULL)
    {
      g_autofree char *above = g_strndup (name, (gsize) (end - name));
      g_auto (GStrv) parts = g_strsplit (above, "/", -1);

      for (guint i = 0; parts[i] != NULL; i++)
        if (*parts[i] != '\0')
          append_part (joined, parts[i]);
    }
  else if ((end = strrchr (name, '.')) != NULL)
    g_string_append_len (joined, name, end - name);
  if (leaf != NULL)
    *leaf = g_strdup (end != NULL ? end + 1 : name);
  if (scope != NULL)
    *scope = g_string_free (g_steal_pointer (&joined), FALSE);
}

/* one quoted text; *text is moved behind it */
static char *
parse_quoted (const char **text)
{
  g_autoptr (GString) value = g_string_new (NULL);
  const char *at = *text;
  char quote = *at;

  if (quote != '\'' && quote != '"')
    return NULL;
  for (at++; *at != quote; at++)
    {
      if (*at == '\\')
        at++;
      if (*at == '\0')
        return NULL;
      g_string_append_c (value, *at);
    }
  *text = at + 1;
  return g_string_free (g_steal_pointer (&value), FALSE);
}

GStrv
_esp_onnx_scope_parse_list (const char *text)
{
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();

  if (*text++ != '[')
    return NULL;
  for (;;)
    {
      g_autofree char *value = NULL;

      while (*text == ' ' || *text == ',')
        text++;
      if (*text == ']')
        return g_strv_builder_end (list);
      value = parse_quoted (&text);
      if (value == NULL)
        return NULL;
      g_strv_builder_add (list, value);
    }
}

void
_esp_onnx_scope_parse_namespace (const char *text, GStrv *scopes, GStrv *classes)
{
  g_auto (GStrv) parts = g_strsplit (text, "/", -1);
  g_autoptr (GStrvBuilder) first = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) second = g_strv_builder_new ();

  for (guint i = 0; parts[i] != NULL; i++)
    {
      char *colon = strstr (parts[i], ": ");

      if (colon != NULL)
        *colon = '\0';
      g_strv_builder_add (first, parts[i]);
      g_strv_builder_add (second, colon != NULL ? colon + 2 : "");
    }
  *scopes = g_strv_builder_end (first);
  *classes = g_strv_builder_end (second);
}
