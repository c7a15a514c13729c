/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes a specification as text that people read and edit: two spaces a level, an object that
 * holds no modules on one line, numbers as short as they can be (json-glib would write 0.1 as
 * 0.10000000000000001). Copies, too. Depth is bounded by what was read. */

#include "config.h"
#include "esp-spec.h"

#include <math.h>

#include "esp-number.h"

static void write_node (GString *out, JsonNode *node, int level);

/* below 0: all in one line */
static int
deeper (int level)
{
  return level >= 0 ? level + 1 : level;
}

static void
write_string (GString *out, const char *text)
{
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), text);
  g_autofree char *quoted = json_to_string (node, FALSE);
  g_string_append (out, quoted);
}

static void
write_number (GString *out, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  for (int digits = 6; digits <= 17; digits++)
    {
      char format[8];
      g_snprintf (format, sizeof format, "%%.%dg", digits);
      g_ascii_formatd (buffer, sizeof buffer, format, value);
      if (g_ascii_strtod (buffer, NULL) == value)
        break;
    }
  /* without a point it would be a whole number, which has no sign at 0 */
  g_string_append (out, value == 0 && signbit (value) ? "-0.0" : buffer);
}

static void
write_value (GString *out, JsonNode *node)
{
  GType type = json_node_get_value_type (node);
  if (type == G_TYPE_STRING)
    write_string (out, json_node_get_string (node));
  else if (type == G_TYPE_BOOLEAN)
    g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
  else if (type == G_TYPE_INT64)
    g_string_append_printf (out, "%" G_GINT64_FORMAT, json_node_get_int (node));
  else if (type == G_TYPE_DOUBLE)
    write_number (out, json_node_get_double (node));
  else
    g_string_append (out, "null");
}

/* whether it is worth lines of its own: it holds a list of objects */
static gboolean
is_long (JsonNode *node)
{
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      return json_array_get_length (array) > 0 &&
             JSON_NODE_HOLDS_OBJECT (json_array_get_element (array, 0));
    }
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return FALSE;
  g_autoptr (GList) values = json_object_get_values (json_node_get_object (node));
  for (GList *item = values; item != NULL; item = item->next)
    if (is_long (item->data))
      return TRUE;
  return FALSE;
}

static void
write_break (GString *out, gboolean lines, int level)
{
  if (!lines)
    return;
  g_string_append_c (out, '\n');
  for (int i = 0; i < level; i++)
    g_string_append (out, "  ");
}

static void
write_object (GString *out, JsonNode *node, int level)
{
  JsonObject *object = json_node_get_object (node);
  gboolean lines = level >= 0 && is_long (node);
  g_autoptr (GList) members = json_object_get_members (object);
  g_string_append_c (out, '{');
  for (GList *item = members; item != NULL; item = item->next)
    {
      write_break (out, lines, deeper (level));
      write_string (out, item->data);
      g_string_append (out, ": ");
      write_node (out, json_object_get_member (object, item->data), deeper (level));
      if (item->next != NULL)
        g_string_append (out, lines ? "," : ", ");
    }
  write_break (out, lines, level);
  g_string_append_c (out, '}');
}

static void
write_array (GString *out, JsonNode *node, int level)
{
  JsonArray *array = json_node_get_array (node);
  gboolean lines = level >= 0 && is_long (node);
  guint n = json_array_get_length (array);
  g_string_append_c (out, '[');
  for (guint i = 0; i < n; i++)
    {
      write_break (out, lines, deeper (level));
      write_node (out, json_array_get_element (array, i), deeper (level));
      if (i + 1 < n)
        g_string_append (out, lines ? "," : ", ");
    }
  write_break (out, lines, level);
  g_string_append_c (out, ']');
}

static void
write_node (GString *out, JsonNode *node, int level)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    write_object (out, node, level);
  else if (JSON_NODE_HOLDS_ARRAY (node))
    write_array (out, node, level);
  else
    write_value (out, node);
}

static JsonNode *
copy_node (JsonNode *node)
{
  JsonNode *copy = json_node_new (JSON_NODE_TYPE (node));
  if (JSON_NODE_HOLDS_OBJECT (node))
    json_node_take_object (copy, esp_spec_copy (json_node_get_object (node)));
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *from = json_node_get_array (node), *to = json_array_new ();
      for (guint i = 0; i < json_array_get_length (from); i++)
        json_array_add_element (to, copy_node (json_array_get_element (from, i)));
      json_node_take_array (copy, to);
    }
  else
    {
      json_node_unref (copy);
      copy = json_node_copy (node);
    }
  return copy;
}

JsonObject *
esp_spec_copy (JsonObject *object)
{
  g_return_val_if_fail (object != NULL, NULL);
  JsonObject *copy = json_object_new ();
  g_autoptr (GList) names = json_object_get_members (object);
  for (GList *item = names; item != NULL; item = item->next)
    json_object_set_member (copy, item->data,
                            copy_node (json_object_get_member (object, item->data)));
  return copy;
}

char *
esp_spec_to_text (JsonObject *object)
{
  g_return_val_if_fail (object != NULL, NULL);
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  GString *out = g_string_new (NULL);
  write_node (out, node, 0);
  g_string_append_c (out, '\n');
  return g_string_free (out, FALSE);
}

char *
esp_setting_to_text (JsonNode *value)
{
  g_return_val_if_fail (value != NULL, NULL);
  if (JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_STRING)
    return g_strdup (json_node_get_string (value));
  GString *out = g_string_new (NULL);
  write_node (out, value, -1);
  return g_string_free (out, FALSE);
}
