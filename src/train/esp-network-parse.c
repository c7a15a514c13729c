/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modules of a specification -> EspNetModule. Recursion goes as deep as the JSON nests, which was
 * bounded when it was parsed; {"use": ID} refers to what is complete already, so a module can't be
 * inside itself. */

#include "config.h"
#include "esp-network-private.h"

#include <string.h>
#include <glib/gi18n.h>

typedef struct
{
  EspNetwork *network;
  GHashTable *ids; /* borrowed id -> EspNetModule */
} Parser;

static EspNetModule *parse_sequential (Parser *parser,
                                       EspSpec *spec,
                                       const char *path,
                                       GError **error);

char *
esp_network_name_place (const char *path, const char *class_name)
{
  /* Translators: path and class of a module */
  return g_strdup_printf (_ ("module %s (%s)"), path, class_name);
}

static EspNetModule *
add_module (Parser *parser)
{
  EspNetModule *module = g_new0 (EspNetModule, 1);
  module->requires_grad = TRUE;
  module->depth = 1;
  g_ptr_array_add (parser->network->modules, module);
  return module;
}

/* one word for all below a container, as nn.Module.requires_grad_() */
static void
freeze_below (EspNetModule *module)
{
  module->requires_grad = FALSE;
  for (guint i = 0; module->children != NULL && i < module->children->len; i++)
    freeze_below (((EspNetChild *) g_ptr_array_index (module->children, i))->module);
}

static gboolean
is_switch (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_BOOLEAN;
}

/* yes or no, or an object with a word for each parameter */
static gboolean
read_requires_grad (EspNetModule *module, EspSpec *spec, GError **error)
{
  JsonNode *node = esp_spec_read_node (spec, "requires_grad");
  JsonObject *words = node != NULL && JSON_NODE_HOLDS_OBJECT (node) && module->layer != NULL
                          ? json_node_get_object (node)
                          : NULL;
  g_autoptr (GList) names = words != NULL ? json_object_get_members (words) : NULL;
  gboolean good = node == NULL || words != NULL || is_switch (node);
  for (GList *item = names; item != NULL; item = item->next)
    good = good && is_switch (json_object_get_member (words, item->data));
  if (!good)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                          _ ("“requires_grad” must be true or false, or an object with one of them "
                             "for each parameter"));
      return FALSE;
    }
  module->grads = words != NULL ? json_object_ref (words) : NULL;
  if (node != NULL && words == NULL && !json_node_get_boolean (node))
    freeze_below (module);
  return TRUE;
}

/* what every module may have, whatever its class; kept apart from its settings */
static gboolean
read_common (Parser *parser, EspNetModule *module, EspSpec *spec, GError **error)
{
  JsonObject *complete = esp_spec_get_complete (spec);
  if (!read_requires_grad (module, spec, error))
    return FALSE;
  json_object_remove_member (complete, "requires_grad");
  JsonNode *init = esp_spec_read_node (spec, "init");
  module->init = init != NULL ? json_node_copy (init) : NULL;
  json_object_remove_member (complete, "init");
  GError *inner = NULL;
  JsonObject *tie = esp_spec_read_object (spec, "tie", &inner);
  if (inner != NULL)
    {
      g_propagate_error (error, inner);
      return FALSE;
    }
  module->tie = tie != NULL ? json_object_ref (tie) : NULL;
  if (!esp_spec_has (spec, "id"))
    return TRUE;
  module->id = esp_spec_read_string (spec, "id", NULL, error);
  json_object_remove_member (complete, "id");
  if (module->id == NULL)
    return FALSE;
  if (!g_hash_table_contains (parser->ids, module->id))
    return TRUE;
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                      _ ("the id “%s” belongs to another module already"), module->id);
  return FALSE;
}

static EspNetModule *
parse_definition (Parser *parser, EspSpec *spec, const char *path, GError **error)
{
  g_autofree char *name = esp_spec_read_string (spec, "class", NULL, error);
  if (name == NULL)
    return NULL;
  g_autofree char *place = esp_network_name_place (path, name);
  esp_spec_set_place (spec, place);
  const EspLayerClass *klass = esp_layer_find_class (name);
  EspNetModule *module;
  if (strcmp (name, "Sequential") == 0)
    module = parse_sequential (parser, spec, path, error);
  else if (klass != NULL)
    {
      module = add_module (parser);
      module->layer = esp_layer_new (klass, spec, error);
      if (module->layer == NULL)
        return NULL;
    }
  else
    {
      g_autofree char *known = esp_layer_list_classes ();
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                          _ ("there is no such class of module; there are Sequential, %s"), known);
      return NULL;
    }
  if (module == NULL || !read_common (parser, module, spec, error) ||
      !esp_spec_finish (spec, error))
    return NULL;
  module->settings = json_object_ref (esp_spec_get_complete (spec));
  if (module->id != NULL)
    g_hash_table_insert (parser->ids, module->id, module);
  return module;
}

static EspNetModule *
parse_use (Parser *parser, EspSpec *spec, GError **error)
{
  g_autofree char *id = esp_spec_read_string (spec, "use", NULL, error);
  if (id == NULL || !esp_spec_finish (spec, error))
    return NULL;
  EspNetModule *module = g_hash_table_lookup (parser->ids, id);
  if (module == NULL)
    esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                        _ ("no module before this one has the id “%s”"), id);
  return module;
}

static gboolean
is_good_name (const char *name)
{
  return *name != '\0' && strchr (name, '.') == NULL && strlen (name) <= 256;
}

/* the paths of "inputs" -> @inputs, NULL when there are none */
static gboolean
read_paths (EspSpec *spec, char ***inputs, GError **error)
{
  GError *inner = NULL;
  JsonArray *array = esp_spec_read_array (spec, "inputs", &inner);
  if (array == NULL)
    {
      if (inner != NULL)
        g_propagate_error (error, inner);
      return inner == NULL;
    }
  guint n = json_array_get_length (array);
  g_auto (GStrv) paths = g_new0 (char *, MIN (n, ESP_LAYER_MAX_INPUTS) + 1);
  gboolean good = n > 0 && n <= ESP_LAYER_MAX_INPUTS;
  for (guint i = 0; good && i < n; i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      good = JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
      if (good)
        paths[i] = g_strdup (json_node_get_string (node));
    }
  if (!good)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                          _ ("“inputs” must be a list of 1 to %d paths of modules"),
                          ESP_LAYER_MAX_INPUTS);
      return FALSE;
    }
  *inputs = g_steal_pointer (&paths);
  return TRUE;
}

static gboolean
add_child (Parser *parser,
           EspNetModule *parent,
           GHashTable *names,
           JsonNode *node,
           guint index,
           const char *parent_path,
           GError **error)
{
  g_autofree char *number = g_strdup_printf ("%u", index);
  g_autofree char *where = *parent_path != '\0' ? g_strconcat (parent_path, ".", number, NULL)
                                                : g_strdup (number);
  g_autofree char *place = g_strdup_printf (_ ("module %s"), where);
  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: a module must be an object in braces"), place);
      return FALSE;
    }
  g_autoptr (EspSpec) spec = esp_spec_new (json_node_get_object (node), place);
  g_autofree char *name = esp_spec_read_string (spec, "name", number, error);
  if (name == NULL)
    return FALSE;
  json_object_remove_member (esp_spec_get_complete (spec), "name");
  g_auto (GStrv) inputs = NULL;
  if (!read_paths (spec, &inputs, error))
    return FALSE;
  if (!is_good_name (name) || g_hash_table_contains (names, name))
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                          _ ("“name” must be a text without dots that no module beside it has, but "
                             "it is “%s”"),
                          name);
      return FALSE;
    }
  g_autofree char *path = *parent_path != '\0' ? g_strconcat (parent_path, ".", name, NULL)
                                               : g_strdup (name);
  EspNetModule *module = esp_spec_has (spec, "use") ? parse_use (parser, spec, error)
                                                    : parse_definition (parser, spec, path, error);
  if (module == NULL)
    return FALSE;
  EspNetChild *child = g_new0 (EspNetChild, 1);
  child->name = g_strdup (name);
  child->module = module;
  child->inputs = g_steal_pointer (&inputs);
  g_ptr_array_add (parent->children, child);
  g_hash_table_add (names, child->name);
  parent->depth = MAX (parent->depth, module->depth + 1);
  return TRUE;
}

static void
child_free (gpointer data)
{
  EspNetChild *child = data;
  g_free (child->name);
  g_strfreev (child->inputs);
  g_free (child);
}

static gboolean
parse_children (Parser *parser,
                EspNetModule *module,
                JsonArray *array,
                const char *path,
                GError **error)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  module->children = g_ptr_array_new_with_free_func (child_free);
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (!add_child (parser, module, names, json_array_get_element (array, i), i, path, error))
      return FALSE;
  if (module->depth <= ESP_NETWORK_MAX_DEPTH)
    return TRUE;
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
               _ ("module %s: modules nest deeper than %d levels"), path, ESP_NETWORK_MAX_DEPTH);
  return FALSE;
}

static EspNetModule *
parse_sequential (Parser *parser, EspSpec *spec, const char *path, GError **error)
{
  GError *inner = NULL;
  JsonArray *array = esp_spec_read_array (spec, "modules", &inner);
  if (inner != NULL)
    {
      g_propagate_error (error, inner);
      return NULL;
    }
  if (array == NULL)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error, _ ("“%s” is missing"), "modules");
      return NULL;
    }
  EspNetModule *module = add_module (parser);
  return parse_children (parser, module, array, path, error) ? module : NULL;
}

gboolean
esp_network_parse_modules (EspNetwork *self, JsonArray *modules, GError **error)
{
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  Parser parser = { self, ids };
  self->root = add_module (&parser);
  self->root->settings = json_object_new ();
  json_object_set_string_member (self->root->settings, "class", "Sequential");
  return parse_children (&parser, self->root, modules, "", error);
}
