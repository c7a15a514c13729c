/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The graph as a specification again: "use" where a module was written before, and names for all
 * that modules call one another. A name that would mean something else there is an error. */

#include "config.h"
#include "esp-spec-graph.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-error.h"
#include "esp-spec.h"

typedef struct
{
  EspSpecGraph *graph;
  GHashTable *written; /* EspSpecModule */
  GHashTable *stands;  /* EspSpecPlace in the network */
  GHashTable *ids;     /* that are taken */
  GHashTable *after;   /* EspSpecPlace that aren't written yet */
} Writer;

static JsonArray *write_children (Writer *writer,
                                  const EspSpecLevel *level,
                                  const char *path,
                                  GError **error);

static char *
join (GPtrArray *route, const char *rest)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < route->len; i++)
    {
      g_autofree char *name = esp_spec_place_dup_name (g_ptr_array_index (route, i));
      g_string_append_printf (text, "%s%s", i > 0 ? "." : "", name);
    }
  if (rest != NULL && *rest != '\0')
    g_string_append_printf (text, "%s%s", route->len > 0 ? "." : "", rest);
  return g_string_free (text, FALSE);
}

/* whether its places are still in the network, each in the one before */
static gboolean
stands (Writer *writer, EspSpecModule *scope, GPtrArray *route)
{
  for (guint i = 0; i < route->len; i++)
    {
      EspSpecPlace *place = g_ptr_array_index (route, i);
      if (place->parent != scope || !g_hash_table_contains (writer->stands, place))
        return FALSE;
      scope = place->module;
    }
  return TRUE;
}

static gboolean
is_same_wire (const EspSpecWire *a, const EspSpecWire *b)
{
  if (a->scope != b->scope || a->route->len != b->route->len || g_strcmp0 (a->word, b->word) != 0)
    return FALSE;
  for (guint i = 0; i < a->route->len; i++)
    if (g_ptr_array_index (a->route, i) != g_ptr_array_index (b->route, i))
      return FALSE;
  return TRUE;
}

static JsonArray *
write_inputs (Writer *writer,
              const EspSpecLevel *level,
              EspSpecPlace *place,
              const char *path,
              GError **error)
{
  g_autoptr (JsonArray) array = json_array_new ();
  for (guint i = 0; i < place->inputs->len; i++)
    {
      const EspSpecWire *wire = g_ptr_array_index (place->inputs, i);
      if (!stands (writer, wire->scope, wire->route))
        {
          g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                       _ ("module %s: what it takes is no longer there"), path);
          return NULL;
        }
      g_autofree char *name = join (wire->route, wire->word);
      EspSpecWire *found = esp_spec_graph_resolve (writer->graph, level, writer->after, name);
      EspSpecPlace *first = wire->route->len > 0 ? g_ptr_array_index (wire->route, 0) : NULL;
      gboolean late = first != NULL && g_hash_table_contains (writer->after, first);
      gboolean same = found != NULL && is_same_wire (found, wire);
      esp_spec_wire_free (found);
      if (!same)
        {
          g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                       late ? _ ("module %s: takes what “%s” gives, which comes after it here")
                            : _ ("module %s: can't take what “%s” gives from here; another module "
                                 "has this name"),
                       path, name);
          return NULL;
        }
      json_array_add_string_element (array, name);
    }
  return g_steal_pointer (&array);
}

/* A tie to a module that stands elsewhere now goes there; one to a module that is gone goes, too.
 */
static JsonObject *
write_ties (Writer *writer, EspSpecModule *module)
{
  JsonObject *object = json_object_new ();
  g_autoptr (GList)
      names = g_list_sort (g_hash_table_get_keys (module->ties), (GCompareFunc) strcmp);
  for (GList *item = names; item != NULL; item = item->next)
    {
      const EspSpecWire *wire = g_hash_table_lookup (module->ties, item->data);
      EspSpecPlace *last = g_ptr_array_index (wire->route, wire->route->len - 1);
      g_autofree char *path = NULL;
      if (stands (writer, wire->scope, wire->route))
        path = join (wire->route, wire->word);
      else if (g_hash_table_contains (writer->written, last->module))
        path = g_strconcat (last->module->path, ".", wire->word, NULL);
      if (path != NULL)
        json_object_set_string_member (object, item->data, path);
    }
  return object;
}

/* a label for @module that no other has */
static void
make_id (Writer *writer, EspSpecModule *module)
{
  if (module->id != NULL && g_hash_table_lookup (writer->ids, module->id) == module)
    return;
  g_clear_pointer (&module->id, g_free);
  for (guint i = 1; module->id == NULL; i++)
    {
      g_autofree char *id = i == 1 ? g_strdup ("shared") : g_strdup_printf ("shared%u", i);
      if (!g_hash_table_contains (writer->ids, id))
        module->id = g_steal_pointer (&id);
    }
  g_hash_table_insert (writer->ids, module->id, module);
}

static gboolean
write_module (Writer *writer,
              const EspSpecLevel *level,
              EspSpecModule *module,
              JsonObject *object,
              const char *path,
              GError **error)
{
  g_autoptr (GList) names = json_object_get_members (module->settings);
  g_autoptr (GPtrArray) places = esp_spec_graph_list_places (writer->graph, module);
  g_free (module->path);
  module->path = g_strdup (path);
  for (GList *item = names; item != NULL; item = item->next)
    json_object_set_member (object, item->data,
                            json_node_copy (json_object_get_member (module->settings, item->data)));
  if (places->len > 1)
    make_id (writer, module);
  if (places->len > 1 || module->id != NULL)
    json_object_set_string_member (object, "id", module->id);
  g_autoptr (JsonObject) ties = module->ties != NULL ? write_ties (writer, module) : NULL;
  if (ties != NULL && json_object_get_size (ties) > 0)
    json_object_set_object_member (object, "tie", g_steal_pointer (&ties));
  if (module->children == NULL)
    return TRUE;
  EspSpecLevel inner = { level, module };
  module->open = TRUE;
  JsonArray *array = write_children (writer, &inner, path, error);
  module->open = FALSE;
  if (array == NULL)
    return FALSE;
  json_object_set_array_member (object, "modules", array);
  return TRUE;
}

static gboolean
write_place (Writer *writer,
             const EspSpecLevel *level,
             EspSpecPlace *place,
             JsonObject *object,
             const char *parent,
             GError **error)
{
  g_autofree char *name = esp_spec_place_dup_name (place);
  g_autofree char *path = *parent != '\0' ? g_strconcat (parent, ".", name, NULL) : g_strdup (name);
  if (place->inputs != NULL)
    {
      JsonArray *inputs = write_inputs (writer, level, place, path, error);
      if (inputs == NULL)
        return FALSE;
      json_object_set_array_member (object, "inputs", inputs);
    }
  g_hash_table_remove (writer->after, place);
  if (!g_hash_table_add (writer->written, place->module))
    json_object_set_string_member (object, "use", place->module->id);
  else if (!write_module (writer, level, place->module, object, path, error))
    return FALSE;
  if (place->name != NULL)
    json_object_set_string_member (object, "name", place->name);
  return TRUE;
}

static JsonArray *
write_children (Writer *writer, const EspSpecLevel *level, const char *path, GError **error)
{
  g_autoptr (JsonArray) array = json_array_new ();
  GPtrArray *children = level->module->children;
  for (guint i = 0; i < children->len; i++)
    g_hash_table_add (writer->after, g_ptr_array_index (children, i));
  for (guint i = 0; i < children->len; i++)
    {
      EspSpecPlace *place = g_ptr_array_index (children, i);
      g_autoptr (JsonObject) object = json_object_new ();
      if (!write_place (writer, level, place, object, path, error))
        return NULL;
      json_array_add_object_element (array, g_steal_pointer (&object));
    }
  return g_steal_pointer (&array);
}

static JsonArray *
write_groups (Writer *writer)
{
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < writer->graph->groups->len; i++)
    {
      EspSpecGroup *group = g_ptr_array_index (writer->graph->groups, i);
      g_autoptr (JsonArray) params = json_array_new ();
      for (guint k = 0; group->fixed == NULL && k < group->patterns->len; k++)
        {
          const EspSpecPattern *pattern = g_ptr_array_index (group->patterns, k);
          g_autofree char *text = join (pattern->route, pattern->rest);
          if (stands (writer, writer->graph->root, pattern->route))
            json_array_add_string_element (params, text);
        }
      for (guint k = 0; group->fixed != NULL && group->fixed[k] != NULL; k++)
        json_array_add_string_element (params, group->fixed[k]);
      group->dropped = json_array_get_length (params) == 0;
      if (group->dropped)
        continue;
      JsonObject *object = esp_spec_copy (group->settings);
      json_object_set_array_member (object, "params", g_steal_pointer (&params));
      json_array_add_object_element (array, object);
    }
  return array;
}

/* ids that were given keep their modules */
static void
take_ids (Writer *writer)
{
  g_autoptr (GPtrArray) places = esp_spec_graph_list_places (writer->graph, NULL);
  for (guint i = 0; i < places->len; i++)
    {
      EspSpecPlace *place = g_ptr_array_index (places, i);
      g_hash_table_add (writer->stands, place);
      if (place->module->id != NULL && !g_hash_table_contains (writer->ids, place->module->id))
        g_hash_table_insert (writer->ids, place->module->id, place->module);
    }
}

char *
esp_spec_graph_write (EspSpecGraph *self, gboolean with_groups, GError **error)
{
  g_autoptr (GHashTable) written = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) places = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) after = g_hash_table_new (NULL, NULL);
  Writer writer = { self, written, places, ids, after };
  EspSpecLevel level = { NULL, self->root };
  take_ids (&writer);
  JsonArray *modules = write_children (&writer, &level, "", error);
  if (modules == NULL)
    return NULL;
  g_autoptr (JsonObject) object = esp_spec_copy (self->rest);
  json_object_set_array_member (object, "modules", modules);
  g_autoptr (JsonArray) groups = write_groups (&writer);
  if (with_groups && json_array_get_length (groups) > 0)
    json_object_set_array_member (json_object_get_object_member (object, "optimizer"), "groups",
                                  g_steal_pointer (&groups));
  return esp_spec_to_text (object);
}
