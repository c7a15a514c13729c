/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tying parameters and taking ties apart, as changes of a specification's graph. One parameter of a
 * tie has the memory, the others say whose it is; a module at several places ties all it has. */

#include "config.h"
#include "esp-spec-edit-private.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-network-private.h"

/* index of the parameter at @path, -1 with an error */
static int
find_parameter (EspSpecEdit *self, const char *path, GError **error)
{
  int index = GPOINTER_TO_INT (g_hash_table_lookup (self->network->paths, path)) - 1;
  if (index < 0)
    esp_spec_edit_refuse (error, _ ("The network has no parameter “%s”."), path);
  return index;
}

/* the place of the module that @path is a parameter of; *name: its name there */
static EspSpecPlace *
find_owner (EspSpecEdit *self, const char *path, const char **name)
{
  const char *dot = strrchr (path, '.');
  guint index;
  if (dot == NULL)
    return NULL;
  g_autofree char *module = g_strndup (path, (gsize) (dot - path));
  *name = dot + 1;
  return esp_spec_graph_find (self->graph, module, &index);
}

gboolean
esp_spec_edit_tie (EspSpecEdit *self, const char *path, const char *other, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL && other != NULL, FALSE);
  int a = find_parameter (self, path, error);
  int b = a >= 0 ? find_parameter (self, other, error) : -1;
  if (b < 0)
    return FALSE;
  if (a == b)
    return esp_spec_edit_refuse (error, _ ("“%s” and “%s” are one parameter already."), path,
                                 other);
  const char *first = esp_network_peek_parameter (self->network, (guint) MIN (a, b))->path;
  const char *second = esp_network_peek_parameter (self->network, (guint) MAX (a, b))->path;
  const char *name;
  EspSpecPlace *place = find_owner (self, second, &name);
  if (place == NULL)
    return esp_spec_edit_refuse (error, _ ("The network has no module “%s”."), second);
  esp_spec_graph_tie (self->graph, place->module, name, first);
  return TRUE;
}

/* --- apart again --- */

typedef struct
{
  EspSpecModule *module;
  const char *name;
} Tied;

/* those that say their memory is that of @name of @module, in the order of the network */
static GArray *
list_tied (EspSpecEdit *self, EspSpecModule *module, const char *name)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (Tied));
  for (guint i = 0; i < self->graph->modules->len; i++)
    {
      EspSpecModule *other = g_ptr_array_index (self->graph->modules, i);
      GHashTableIter iter;
      gpointer key, value;
      if (other->ties == NULL)
        continue;
      g_hash_table_iter_init (&iter, other->ties);
      while (g_hash_table_iter_next (&iter, &key, &value))
        {
          const EspSpecWire *wire = value;
          EspSpecPlace *last = wire->route->len > 0
                                   ? g_ptr_array_index (wire->route, wire->route->len - 1)
                                   : NULL;
          const Tied tied = { other, key };
          if (last != NULL && last->module == module && strcmp (wire->word, name) == 0)
            g_array_append_val (found, tied);
        }
    }
  return found;
}

/* the next in line has the memory for those that stay together */
static void
hand_over (EspSpecEdit *self, GArray *tied)
{
  const Tied *heir = &g_array_index (tied, Tied, 0);
  for (guint i = 1; i < tied->len; i++)
    {
      const Tied *other = &g_array_index (tied, Tied, i);
      g_autofree char *target = g_strconcat (heir->module->origin, ".", heir->name, NULL);
      esp_spec_graph_tie (self->graph, other->module, other->name, target);
    }
  g_hash_table_remove (heir->module->ties, heir->name);
}

/* the layer at @path alone, for what stands at several places: all but @name stays tied */
static gboolean
split (EspSpecEdit *self, EspSpecPlace *place, const char *path, const char *name)
{
  EspParameterInfo infos[ESP_LAYER_MAX_PARAMETERS];
  g_autoptr (GPtrArray) places = esp_spec_graph_list_places (self->graph, place->module);
  const EspNetModule *source = NULL;
  g_autofree char *module = g_strndup (path, strlen (path) - strlen (name) - 1);
  for (guint i = 0; i < self->network->calls->len; i++)
    if (strcmp (esp_network_peek_call (self->network, i)->path, module) == 0)
      source = esp_network_peek_call (self->network, i)->module;
  if (places->len < 2 || source == NULL)
    return FALSE;
  /* the first place keeps the module; where that is @path, the others go on with a copy */
  EspSpecModule *copy = esp_spec_graph_copy_module (self->graph, place->module);
  gboolean first = g_ptr_array_index (places, 0) == place;
  guint n = esp_layer_get_parameters (source->layer, infos);
  for (guint i = 0; i < n; i++)
    {
      const EspNetParameter *own = esp_network_peek_parameter (self->network,
                                                               source->parameters[i]);
      if (strcmp (infos[i].name, name) != 0 && !esp_parameter_kind_is_buffer (infos[i].kind))
        esp_spec_graph_tie (self->graph, copy, infos[i].name, own->path);
    }
  for (guint i = 0; i < places->len; i++)
    {
      EspSpecPlace *other = g_ptr_array_index (places, i);
      if (first ? other != place : other == place)
        other->module = copy;
    }
  return TRUE;
}

gboolean
esp_spec_edit_untie (EspSpecEdit *self, const char *path, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL, FALSE);
  const char *name;
  EspSpecPlace *place = find_parameter (self, path, error) >= 0 ? find_owner (self, path, &name)
                                                                : NULL;
  if (place == NULL)
    return error != NULL && *error != NULL
               ? FALSE
               : esp_spec_edit_refuse (error, _ ("The network has no module “%s”."), path);
  if (split (self, place, path, name))
    return TRUE;
  if (place->module->ties != NULL && g_hash_table_remove (place->module->ties, name))
    return TRUE;
  g_autoptr (GArray) tied = list_tied (self, place->module, name);
  if (tied->len > 0)
    {
      hand_over (self, tied);
      return TRUE;
    }
  return esp_spec_edit_refuse (
      error,
      _ ("“%s” isn’t tied, unless a layer around it stands at several places; stop "
         "sharing that one."),
      path);
}
