/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A specification as a graph that can be edited: names that modules call one another by ("inputs",
 * "tie", "use", patterns of groups) are resolved when it is read and made again when it is written
 * (esp-spec-graph-write.c), so that no edit has to think of them. Input is a network's own JSON:
 * complete, valid, at most 10,000 places, 64 levels. */

#include "config.h"
#include "esp-spec-graph.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-error.h"
#include "esp-setting.h"
#include "esp-spec.h"

typedef struct
{
  EspSpecGraph *graph;
  GHashTable *ids;  /* id -> EspSpecModule, borrowed */
  GHashTable *ties; /* EspSpecModule -> JsonObject, until all places are known */
} Reader;

void
esp_spec_wire_free (EspSpecWire *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->route);
  g_free (self->word);
  g_free (self);
}

static void
place_free (gpointer data)
{
  EspSpecPlace *place = data;
  g_free (place->name);
  g_clear_pointer (&place->inputs, g_ptr_array_unref);
  g_free (place);
}

static void
module_free (gpointer data)
{
  EspSpecModule *module = data;
  json_object_unref (module->settings);
  g_clear_pointer (&module->children, g_ptr_array_unref);
  g_clear_pointer (&module->ties, g_hash_table_unref);
  g_free (module->id);
  g_free (module->origin);
  g_free (module->path);
  g_free (module);
}

static void
pattern_free (gpointer data)
{
  EspSpecPattern *pattern = data;
  g_ptr_array_unref (pattern->route);
  g_free (pattern->rest);
  g_free (pattern);
}

static void
group_free (gpointer data)
{
  EspSpecGroup *group = data;
  json_object_unref (group->settings);
  g_ptr_array_unref (group->patterns);
  g_strfreev (group->fixed);
  g_free (group);
}

void
esp_spec_graph_free (EspSpecGraph *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->groups);
  g_ptr_array_unref (self->modules);
  g_ptr_array_unref (self->places);
  g_clear_pointer (&self->rest, json_object_unref);
  g_strfreev (self->words);
  g_free (self);
}

EspSpecModule *
esp_spec_graph_add_module (EspSpecGraph *self, JsonObject *settings)
{
  EspSpecModule *module = g_new0 (EspSpecModule, 1);
  module->settings = json_object_ref (settings);
  if (g_strcmp0 (json_object_get_string_member_with_default (settings, "class", ""),
                 "Sequential") == 0)
    module->children = g_ptr_array_new_with_free_func (place_free);
  g_ptr_array_add (self->modules, module);
  return module;
}

EspSpecPlace *
esp_spec_place_new (EspSpecModule *parent, EspSpecModule *module)
{
  EspSpecPlace *place = g_new0 (EspSpecPlace, 1);
  place->parent = parent;
  place->module = module;
  return place;
}

guint
esp_spec_place_get_index (EspSpecPlace *place)
{
  guint index = 0;
  return g_ptr_array_find (place->parent->children, place, &index) ? index : G_MAXUINT;
}

char *
esp_spec_place_dup_name (EspSpecPlace *place)
{
  return place->name != NULL ? g_strdup (place->name)
                             : g_strdup_printf ("%u", esp_spec_place_get_index (place));
}

static EspSpecPlace *
find_child (EspSpecModule *module, const char *name)
{
  for (guint i = 0; module->children != NULL && i < module->children->len; i++)
    {
      EspSpecPlace *place = g_ptr_array_index (module->children, i);
      char number[16];
      g_snprintf (number, sizeof number, "%u", i);
      if (strcmp (place->name != NULL ? place->name : number, name) == 0)
        return place;
    }
  return NULL;
}

/* as far down from @module as @path names places; *rest is what is left */
static GPtrArray *
walk (EspSpecModule *module, const char *path, const char **rest)
{
  GPtrArray *route = g_ptr_array_new ();
  while (module != NULL && *path != '\0')
    {
      gsize length = strcspn (path, ".");
      g_autofree char *name = g_strndup (path, length);
      EspSpecPlace *place = find_child (module, name);
      if (place == NULL)
        break;
      g_ptr_array_add (route, place);
      module = place->module;
      path += length + (path[length] == '.');
    }
  *rest = path;
  return route;
}

EspSpecPlace *
esp_spec_graph_find (EspSpecGraph *self, const char *path, guint *index)
{
  const char *rest;
  g_autoptr (GPtrArray) route = walk (self->root, path, &rest);
  if (*rest != '\0' || route->len == 0)
    return NULL;
  EspSpecPlace *place = g_ptr_array_index (route, route->len - 1);
  *index = esp_spec_place_get_index (place);
  return place;
}

EspSpecModule *
esp_spec_graph_find_container (EspSpecGraph *self, const char *path)
{
  guint index;
  EspSpecPlace *place = *path != '\0' ? esp_spec_graph_find (self, path, &index) : NULL;
  EspSpecModule *module = *path == '\0' ? self->root : place != NULL ? place->module : NULL;
  return module != NULL && module->children != NULL ? module : NULL;
}

/* --- wires --- */

EspSpecWire *
esp_spec_wire_new (EspSpecModule *scope, EspSpecPlace *to)
{
  EspSpecWire *self = g_new0 (EspSpecWire, 1);
  self->scope = scope;
  self->route = g_ptr_array_new ();
  if (to != NULL)
    g_ptr_array_add (self->route, to);
  return self;
}

EspSpecWire *
esp_spec_wire_copy (const EspSpecWire *self)
{
  EspSpecWire *copy = esp_spec_wire_new (self->scope, NULL);
  for (guint i = 0; i < self->route->len; i++)
    g_ptr_array_add (copy->route, g_ptr_array_index (self->route, i));
  copy->word = g_strdup (self->word);
  return copy;
}

/* The rule of esp_network_find_value(): a path is looked for in the module's own container, then
 * outwards; children that come later aren't there yet. */
EspSpecWire *
esp_spec_graph_resolve (EspSpecGraph *graph,
                        const EspSpecLevel *level,
                        GHashTable *after,
                        const char *name)
{
  for (; level != NULL; level = level->outer)
    {
      const char *rest;
      g_autoptr (GPtrArray) route = walk (level->module, name, &rest);
      EspSpecPlace *last = route->len > 0 ? g_ptr_array_index (route, route->len - 1) : NULL;
      gboolean found =
          last != NULL && *rest == '\0' && last->module != NULL && !last->module->open &&
          (after == NULL || !g_hash_table_contains (after, g_ptr_array_index (route, 0)));
      gboolean word = strcmp (name, "input") == 0;
      if (level->outer == NULL)
        word = g_strv_contains ((const char *const *) graph->words, name);
      if (!found && !word)
        continue;
      EspSpecWire *wire = esp_spec_wire_new (level->module, NULL);
      if (found)
        {
          g_ptr_array_unref (wire->route);
          wire->route = g_steal_pointer (&route);
        }
      else
        wire->word = g_strdup (name);
      return wire;
    }
  return NULL;
}

/* --- reading --- */

static gboolean read_children (Reader *reader,
                               const EspSpecLevel *level,
                               JsonArray *array,
                               const char *path);

void
esp_spec_graph_tie (EspSpecGraph *self, EspSpecModule *module, const char *name, const char *target)
{
  const char *rest;
  EspSpecWire *wire = esp_spec_wire_new (self->root, NULL);
  g_ptr_array_unref (wire->route);
  wire->route = walk (self->root, target, &rest);
  wire->word = g_strdup (rest);
  if (module->ties == NULL)
    module->ties = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                          (GDestroyNotify) esp_spec_wire_free);
  g_hash_table_insert (module->ties, g_strdup (name), wire);
}

static void
read_ties (EspSpecGraph *graph, EspSpecModule *module, JsonObject *tie)
{
  g_autoptr (GList) names = json_object_get_members (tie);
  for (GList *item = names; item != NULL; item = item->next)
    esp_spec_graph_tie (graph, module, item->data, json_object_get_string_member (tie, item->data));
}

void
esp_spec_forget_sizes (JsonObject *settings)
{
  const char *name = json_object_get_string_member_with_default (settings, "class", "");
  g_autoptr (GPtrArray) known = esp_setting_list_for_layer (name);
  for (guint i = 0; known != NULL && i < known->len; i++)
    {
      const EspSetting *setting = g_ptr_array_index (known, i);
      JsonNode *node = json_object_get_member (settings, setting->key);
      if (setting->follows && node != NULL && JSON_NODE_HOLDS_VALUE (node))
        json_object_remove_member (settings, setting->key);
    }
}

/* a module where it is defined */
static gboolean
read_module (Reader *reader,
             const EspSpecLevel *level,
             EspSpecPlace *place,
             JsonObject *object,
             const char *path)
{
  static const char *const apart[] = { "modules", "name", "inputs", "id", "tie" };
  g_autoptr (JsonObject) settings = esp_spec_copy (object);
  for (guint i = 0; i < G_N_ELEMENTS (apart); i++)
    if (json_object_has_member (settings, apart[i]))
      json_object_remove_member (settings, apart[i]);
  esp_spec_forget_sizes (settings);
  EspSpecModule *module = esp_spec_graph_add_module (reader->graph, settings);
  place->module = module;
  module->origin = g_strdup (path);
  module->id = g_strdup (json_object_get_string_member_with_default (object, "id", NULL));
  if (module->id != NULL)
    g_hash_table_insert (reader->ids, module->id, module);
  if (json_object_has_member (object, "tie"))
    g_hash_table_insert (reader->ties, module, json_object_get_object_member (object, "tie"));
  if (module->children == NULL)
    return TRUE;
  EspSpecLevel inner = { level, module };
  module->open = TRUE;
  gboolean good = read_children (reader, &inner, json_object_get_array_member (object, "modules"),
                                 path);
  module->open = FALSE;
  return good;
}

static gboolean
read_inputs (Reader *reader, const EspSpecLevel *level, EspSpecPlace *place, JsonArray *inputs)
{
  place->inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_spec_wire_free);
  for (guint i = 0; i < json_array_get_length (inputs); i++)
    {
      EspSpecWire *wire = esp_spec_graph_resolve (reader->graph, level, NULL,
                                                  json_array_get_string_element (inputs, i));
      if (wire == NULL)
        return FALSE;
      g_ptr_array_add (place->inputs, wire);
    }
  return TRUE;
}

static gboolean
read_children (Reader *reader, const EspSpecLevel *level, JsonArray *array, const char *path)
{
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *object = json_array_get_object_element (array, i);
      EspSpecPlace *place = esp_spec_place_new (level->module, NULL);
      place->name = g_strdup (json_object_get_string_member_with_default (object, "name", NULL));
      gboolean good = !json_object_has_member (object, "inputs") ||
                      read_inputs (reader, level, place,
                                   json_object_get_array_member (object, "inputs"));
      g_ptr_array_add (level->module->children, place);
      g_autofree char *name = place->name != NULL ? g_strdup (place->name)
                                                  : g_strdup_printf ("%u", i);
      g_autofree char *below = *path != '\0' ? g_strconcat (path, ".", name, NULL)
                                             : g_strdup (name);
      const char *use = json_object_get_string_member_with_default (object, "use", NULL);
      if (use != NULL)
        place->module = g_hash_table_lookup (reader->ids, use);
      else
        good = good && read_module (reader, level, place, object, below);
      if (!good || place->module == NULL)
        return FALSE;
    }
  return TRUE;
}

static void
add_pattern (EspSpecGraph *self, EspSpecGroup *group, const char *text)
{
  EspSpecPattern *pattern = g_new0 (EspSpecPattern, 1);
  const char *rest;
  pattern->route = walk (self->root, text, &rest);
  pattern->rest = g_strdup (rest);
  g_ptr_array_add (group->patterns, pattern);
}

static void
read_groups (EspSpecGraph *self, JsonArray *array)
{
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *object = json_array_get_object_element (array, i);
      JsonNode *params = json_object_get_member (object, "params");
      EspSpecGroup *group = g_new0 (EspSpecGroup, 1);
      group->patterns = g_ptr_array_new_with_free_func (pattern_free);
      JsonArray *list = JSON_NODE_HOLDS_ARRAY (params) ? json_node_get_array (params) : NULL;
      if (list == NULL)
        add_pattern (self, group, json_node_get_string (params));
      for (guint k = 0; list != NULL && k < json_array_get_length (list); k++)
        add_pattern (self, group, json_array_get_string_element (list, k));
      json_object_remove_member (object, "params");
      group->settings = json_object_ref (object);
      g_ptr_array_add (self->groups, group);
    }
}

/* names of what the outermost modules can take */
static char **
read_words (JsonObject *object)
{
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  JsonArray *inputs = json_object_has_member (object, "inputs")
                          ? json_object_get_array_member (object, "inputs")
                          : NULL;
  guint n = inputs != NULL ? json_array_get_length (inputs) : 0;
  for (guint i = 0; i < n; i++)
    g_strv_builder_add (
        words, json_object_get_string_member (json_array_get_object_element (inputs, i), "name"));
  if (n == 0)
    g_strv_builder_add (words, "input");
  return g_strv_builder_end (words);
}

EspSpecGraph *
esp_spec_graph_new (const char *json, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (EspSpecGraph) self = g_new0 (EspSpecGraph, 1);
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (JsonObject) root = json_object_new ();
  g_autoptr (GHashTable) ties = g_hash_table_new (NULL, NULL);
  self->modules = g_ptr_array_new_with_free_func (module_free);
  self->places = g_ptr_array_new_with_free_func (place_free);
  self->groups = g_ptr_array_new_with_free_func (group_free);
  if (!json_parser_load_from_data (parser, json, -1, error))
    return NULL;
  self->rest = json_object_ref (json_node_get_object (json_parser_get_root (parser)));
  self->words = read_words (self->rest);
  json_object_set_string_member (root, "class", "Sequential");
  self->root = esp_spec_graph_add_module (self, root);
  self->root->origin = g_strdup ("");
  Reader reader = { self, ids, ties };
  EspSpecLevel level = { NULL, self->root };
  if (!read_children (&reader, &level, json_object_get_array_member (self->rest, "modules"), ""))
    {
      g_set_error_literal (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                           _ ("The network's description can't be read again."));
      return NULL;
    }
  GHashTableIter iter;
  gpointer module, tie;
  g_hash_table_iter_init (&iter, ties);
  while (g_hash_table_iter_next (&iter, &module, &tie))
    read_ties (self, module, tie);
  json_object_remove_member (self->rest, "modules");
  JsonObject *optimizer = json_object_get_object_member (self->rest, "optimizer");
  if (json_object_has_member (optimizer, "groups"))
    {
      read_groups (self, json_object_get_array_member (optimizer, "groups"));
      json_object_remove_member (optimizer, "groups");
    }
  return g_steal_pointer (&self);
}

/* --- asking --- */

static void
list_below (EspSpecModule *container, EspSpecModule *wanted, GHashTable *seen, GPtrArray *places)
{
  if (!g_hash_table_add (seen, container))
    return;
  for (guint i = 0; i < container->children->len; i++)
    {
      EspSpecPlace *place = g_ptr_array_index (container->children, i);
      if (wanted == NULL || place->module == wanted)
        g_ptr_array_add (places, place);
      if (place->module->children != NULL)
        list_below (place->module, wanted, seen, places);
    }
}

GPtrArray *
esp_spec_graph_list_places (EspSpecGraph *self, EspSpecModule *module)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  GPtrArray *places = g_ptr_array_new ();
  list_below (self->root, module, seen, places);
  return places;
}

/* --- copying --- */

typedef struct
{
  EspSpecGraph *graph;
  GHashTable *modules; /* old -> new */
  GHashTable *places;
} Copier;

static gpointer
map (GHashTable *table, gpointer old)
{
  gpointer found = g_hash_table_lookup (table, old);
  return found != NULL ? found : old;
}

static EspSpecModule *
copy_below (Copier *copier, EspSpecModule *module)
{
  EspSpecModule *known = g_hash_table_lookup (copier->modules, module);
  if (known != NULL)
    return known;
  g_autoptr (JsonObject) settings = esp_spec_copy (module->settings);
  EspSpecModule *copy = esp_spec_graph_add_module (copier->graph, settings);
  copy->origin = g_strdup (module->origin);
  g_hash_table_insert (copier->modules, module, copy);
  for (guint i = 0; module->children != NULL && i < module->children->len; i++)
    {
      EspSpecPlace *place = g_ptr_array_index (module->children, i);
      EspSpecPlace *twin = esp_spec_place_new (copy, copy_below (copier, place->module));
      twin->name = g_strdup (place->name);
      g_ptr_array_add (copy->children, twin);
      g_hash_table_insert (copier->places, place, twin);
    }
  return copy;
}

static EspSpecWire *
map_wire (Copier *copier, const EspSpecWire *wire)
{
  EspSpecWire *copy = esp_spec_wire_copy (wire);
  copy->scope = map (copier->modules, copy->scope);
  for (guint i = 0; i < copy->route->len; i++)
    g_ptr_array_index (copy->route, i) = map (copier->places, g_ptr_array_index (copy->route, i));
  return copy;
}

static void
copy_wires (Copier *copier)
{
  GHashTableIter iter;
  gpointer old, new;
  g_hash_table_iter_init (&iter, copier->places);
  while (g_hash_table_iter_next (&iter, &old, &new))
    {
      EspSpecPlace *place = old, *twin = new;
      if (place->inputs == NULL)
        continue;
      twin->inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_spec_wire_free);
      for (guint i = 0; i < place->inputs->len; i++)
        g_ptr_array_add (twin->inputs, map_wire (copier, g_ptr_array_index (place->inputs, i)));
    }
  g_hash_table_iter_init (&iter, copier->modules);
  while (g_hash_table_iter_next (&iter, &old, &new))
    {
      EspSpecModule *module = old, *twin = new;
      GHashTableIter ties;
      gpointer name, wire;
      if (module->ties == NULL)
        continue;
      twin->ties = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                          (GDestroyNotify) esp_spec_wire_free);
      g_hash_table_iter_init (&ties, module->ties);
      while (g_hash_table_iter_next (&ties, &name, &wire))
        g_hash_table_insert (twin->ties, g_strdup (name), map_wire (copier, wire));
    }
}

EspSpecModule *
esp_spec_graph_copy_module (EspSpecGraph *self, EspSpecModule *module)
{
  g_autoptr (GHashTable) modules = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) places = g_hash_table_new (NULL, NULL);
  Copier copier = { self, modules, places };
  EspSpecModule *copy = copy_below (&copier, module);
  copy_wires (&copier);
  return copy;
}
