/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON -> Python: what a specification holds, as literals and calls of constructors. */

#include "config.h"
#include "esp-python.h"

#include <string.h>

#include "esp-number.h"

void
esp_python_append_text (GString *out, const char *text)
{
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), text);
  g_autofree char *quoted = json_to_string (node, FALSE);
  g_string_append (out, quoted);
}

void
esp_python_append_number (GString *out, double value)
{
  g_autofree char *text = esp_number_format_exact (value, FALSE);
  g_string_append (out, text);
}

void
esp_python_append_value (GString *out, JsonNode *node)
{
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      guint n = json_array_get_length (array);
      g_string_append_c (out, '(');
      for (guint i = 0; i < n; i++)
        {
          esp_python_append_value (out, json_array_get_element (array, i));
          g_string_append (out, i + 1 < n ? ", " : n == 1 ? "," : "");
        }
      g_string_append_c (out, ')');
    }
  else if (JSON_NODE_HOLDS_NULL (node))
    g_string_append (out, "None");
  else if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    g_string_append (out, json_node_get_boolean (node) ? "True" : "False");
  else if (json_node_get_value_type (node) == G_TYPE_STRING)
    esp_python_append_text (out, json_node_get_string (node));
  else if (json_node_get_value_type (node) == G_TYPE_INT64)
    g_string_append_printf (out, "%" G_GINT64_FORMAT, json_node_get_int (node));
  else
    esp_python_append_number (out, json_node_get_double (node));
}

void
esp_python_append_object (GString *out,
                          const char *prefix,
                          JsonObject *settings,
                          const char *const *left_out)
{
  g_autoptr (GList) names = json_object_get_members (settings);
  const char *separator = "";
  g_string_append_printf (out, "%s%s(", prefix, json_object_get_string_member (settings, "class"));
  for (GList *item = names; item != NULL; item = item->next)
    {
      if (strcmp (item->data, "class") == 0 ||
          (left_out != NULL && g_strv_contains (left_out, item->data)))
        continue;
      g_string_append_printf (out, "%s%s=", separator, (const char *) item->data);
      esp_python_append_value (out, json_object_get_member (settings, item->data));
      separator = ", ";
    }
  g_string_append_c (out, ')');
}
