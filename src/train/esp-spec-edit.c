/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes of a network as changes of its specification's graph. What a layer that is added begins
 * with is chosen here so that the network stays one; whether it does is found by building it
 * (esp-spec-finish.c). */

#include "config.h"
#include "esp-spec-edit-private.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-layer.h"
#include "esp-network-private.h"
#include "esp-parameter.h"
#include "esp-schedule.h"
#include "esp-setting.h"
#include "esp-spec.h"

static void
unref_or_null (gpointer tensor)
{
  if (tensor != NULL)
    esp_tensor_unref (tensor);
}

/* values, and what the optimiser keeps if it has done a step */
static void
take_state (EspSpecEdit *self, guint index, EspParameter *parameter)
{
  const EspUpdateRule *rule = esp_parameter_get_rule (parameter);
  g_ptr_array_add (self->values, esp_tensor_ref (esp_parameter_get_data (parameter)));
  if (rule != NULL)
    self->rules[index] = *rule;
  for (guint m = 0; m < ESP_OPTIMIZER_MAX_MOMENTS; m++)
    {
      EspTensor *moment = rule != NULL && rule->n_steps > 0
                              ? esp_parameter_get_channel (parameter, ESP_CHANNEL_MOMENT1 + m)
                              : NULL;
      g_ptr_array_add (self->moments, moment != NULL ? esp_tensor_ref (moment) : NULL);
    }
}

EspSpecEdit *
esp_spec_edit_new (EspNetwork *network, GError **error)
{
  g_return_val_if_fail (ESP_IS_NETWORK (network), NULL);
  g_autoptr (EspSpecEdit) self = g_new0 (EspSpecEdit, 1);
  g_autofree char *json = esp_network_to_json_now (network);
  self->network = g_object_ref (network);
  self->values = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_tensor_unref);
  self->moments = g_ptr_array_new_with_free_func (unref_or_null);
  self->rules = g_new0 (EspUpdateRule, network->parameters->len);
  for (guint i = 0; i < network->parameters->len; i++)
    take_state (self, i, esp_network_get_parameter (network, i));
  self->graph = esp_spec_graph_new (json, error);
  return self->graph != NULL ? g_steal_pointer (&self) : NULL;
}

void
esp_spec_edit_free (EspSpecEdit *self)
{
  if (self == NULL)
    return;
  esp_spec_graph_free (self->graph);
  g_ptr_array_unref (self->values);
  g_ptr_array_unref (self->moments);
  g_free (self->rules);
  g_object_unref (self->network);
  g_free (self);
}

gboolean
esp_spec_edit_refuse (GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC, message);
  return FALSE;
}

static EspSpecPlace *
find (EspSpecEdit *self, const char *path, guint *index, GError **error)
{
  guint unused;
  EspSpecPlace *place = esp_spec_graph_find (self->graph, path, index != NULL ? index : &unused);
  if (place == NULL)
    esp_spec_edit_refuse (error, _ ("The network has no module “%s”."), path);
  return place;
}

/* --- shapes of the network as it was --- */

static gboolean
is_at (EspNetCall *call, const char *origin)
{
  gsize length = strlen (origin);
  return length == 0 || (strncmp (call->path, origin, length) == 0 &&
                         (call->path[length] == '\0' || call->path[length] == '.'));
}

/* what goes into the module, or comes out of it; NULL where it wasn't there */
static const EspShape *
find_shape (EspSpecEdit *self, EspSpecModule *module, gboolean out)
{
  const EspShape *found = NULL;
  for (guint i = 0; module->origin != NULL && i < self->network->calls->len; i++)
    {
      EspNetCall *call = esp_network_peek_call (self->network, i);
      if (!is_at (call, module->origin) || (!out && found != NULL))
        continue;
      found = out ? &call->out : &call->in[0];
    }
  return found;
}

/* what a module at @index of @container would get */
static EspShape
guess_input (EspSpecEdit *self, EspSpecModule *container, guint index)
{
  const EspShape *shape = NULL;
  if (index > 0)
    {
      EspSpecPlace *before = g_ptr_array_index (container->children, index - 1);
      shape = find_shape (self, before->module, TRUE);
    }
  else if (container->children->len > 0)
    {
      EspSpecPlace *first = g_ptr_array_index (container->children, 0);
      shape = find_shape (self, first->module, FALSE);
    }
  return shape != NULL ? *shape : (EspShape) { 1, { 8 } };
}

/* --- settings that a layer begins with --- */

/* numbers that an Embedding must know: one more than the largest in the data */
static gint64
count_words (EspSpecEdit *self)
{
  const EspDataset *data = self->network->data;
  guint64 count = (data->n + data->n_test) * esp_shape_get_count (&data->input);
  EspReal largest = 0;
  for (guint64 i = 0; i < count; i++)
    largest = MAX (largest, data->inputs[i]);
  return largest < (EspReal) 1e6 ? (gint64) largest + 1 : 16;
}

static gint64
suggest_size (EspSpecEdit *self, const char *class_name, const char *key, const EspShape *in)
{
  gint64 last = in->ndim > 0 ? in->sizes[in->ndim - 1] : 8;
  if (strcmp (key, "out_features") == 0 || strcmp (key, "hidden_size") == 0)
    return last;
  if (strcmp (key, "out_channels") == 0)
    return in->ndim > 0 ? in->sizes[0] : 8;
  if (strcmp (key, "kernel_size") == 0)
    return g_str_has_prefix (class_name, "Conv") ? 3 : 2;
  if (strcmp (key, "num_embeddings") == 0)
    return count_words (self);
  if (strcmp (key, "padding") == 0)
    return 0;
  return strcmp (key, "embedding_dim") == 0 ? 8 : 1;
}

/* one that changes nothing: all dimensions in their order, or no border */
static JsonArray *
suggest_list (const char *key, const EspShape *in)
{
  gboolean dims = strcmp (key, "dims") == 0;
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < (dims ? in->ndim + 1 : 4); i++)
    json_array_add_int_element (array, dims ? i : 0);
  return array;
}

/* what must be there and isn't */
static void
complete (EspSpecEdit *self, JsonObject *settings, const EspShape *in)
{
  const char *class_name = json_object_get_string_member (settings, "class");
  g_autoptr (GPtrArray) known = esp_setting_list_for_layer (class_name);
  for (guint i = 0; known != NULL && i < known->len; i++)
    {
      const EspSetting *setting = g_ptr_array_index (known, i);
      if (!setting->required || json_object_has_member (settings, setting->key))
        continue;
      gint64 size = suggest_size (self, class_name, setting->key, in);
      if (setting->kind == ESP_SETTING_LIST)
        {
          json_object_set_array_member (settings, setting->key, suggest_list (setting->key, in));
          continue;
        }
      if (setting->kind != ESP_SETTING_SHAPE)
        {
          json_object_set_int_member (settings, setting->key, size);
          continue;
        }
      JsonArray *shape = json_array_new ();
      json_array_add_int_element (shape, 1);
      json_array_add_int_element (shape, in->ndim > 0 ? in->sizes[0] : 8);
      json_object_set_array_member (settings, setting->key, shape);
    }
  if (g_str_has_prefix (class_name, "Conv") && !json_object_has_member (settings, "padding") &&
      json_object_get_int_member_with_default (settings, "kernel_size", 0) == 3)
    json_object_set_int_member (settings, "padding", 1);
}

/* --- wires --- */

/* what the one at @index of @container takes by itself */
static EspSpecWire *
wire_before (EspSpecEdit *self, EspSpecModule *container, guint index)
{
  EspSpecPlace *before = index > 0 ? g_ptr_array_index (container->children, index - 1) : NULL;
  EspSpecWire *wire = esp_spec_wire_new (container, before);
  if (before == NULL)
    wire->word = g_strdup (container == self->graph->root ? self->graph->words[0] : "input");
  return wire;
}

static gboolean
is_wire_to (const EspSpecWire *wire, EspSpecModule *scope, EspSpecPlace *place)
{
  return wire->scope == scope && wire->route->len == 1 &&
         g_ptr_array_index (wire->route, 0) == place;
}

/* wires of @place through @gone take @instead */
static void
rewire (EspSpecPlace *place, EspSpecPlace *gone, const EspSpecWire *instead)
{
  for (guint i = 0; place->inputs != NULL && i < place->inputs->len; i++)
    {
      EspSpecWire *wire = g_ptr_array_index (place->inputs, i);
      if (!g_ptr_array_find (wire->route, gone, NULL))
        continue;
      esp_spec_wire_free (wire);
      g_ptr_array_index (place->inputs, i) = esp_spec_wire_copy (instead);
    }
}

/* before @place leaves its container: the one behind it, or everybody, takes what it took */
static void
bridge (EspSpecEdit *self, EspSpecPlace *place, gboolean everybody)
{
  guint index = esp_spec_place_get_index (place);
  EspSpecModule *container = place->parent;
  EspSpecWire *instead = wire_before (self, container, index);
  gboolean listed = place->inputs == NULL;
  for (guint i = 0; place->inputs != NULL && i < place->inputs->len; i++)
    {
      EspSpecPlace *before = index > 0 ? g_ptr_array_index (container->children, index - 1) : NULL;
      listed = listed || is_wire_to (g_ptr_array_index (place->inputs, i), container, before);
    }
  if (!listed)
    {
      esp_spec_wire_free (instead);
      instead = esp_spec_wire_copy (g_ptr_array_index (place->inputs, place->inputs->len - 1));
    }
  g_autoptr (GPtrArray) places = esp_spec_graph_list_places (self->graph, NULL);
  for (guint i = 0; i < places->len; i++)
    {
      EspSpecPlace *other = g_ptr_array_index (places, i);
      if (everybody ||
          (other->parent == container && esp_spec_place_get_index (other) == index + 1))
        rewire (other, place, instead);
    }
  esp_spec_wire_free (instead);
}

/* @place, new in its container, gives to the next what the one before gave to it by name */
static void
insert (EspSpecEdit *self, EspSpecModule *container, guint index, EspSpecPlace *place)
{
  EspSpecPlace *next = index < container->children->len
                           ? g_ptr_array_index (container->children, index)
                           : NULL;
  EspSpecPlace *before = index > 0 ? g_ptr_array_index (container->children, index - 1) : NULL;
  place->parent = container;
  for (guint i = 0; next != NULL && next->inputs != NULL && i < next->inputs->len; i++)
    {
      EspSpecWire *wire = g_ptr_array_index (next->inputs, i);
      if (before == NULL || !is_wire_to (wire, container, before))
        continue;
      g_ptr_array_index (wire->route, 0) = place;
      break;
    }
  g_ptr_array_insert (container->children, (int) index, place);
}

static EspSpecPlace *
take (EspSpecPlace *place)
{
  guint index = esp_spec_place_get_index (place);
  return g_ptr_array_steal_index (place->parent->children, index);
}

/* Add and Concat want a second input: the nearest value of the same shape before, or what the
 * container takes */
static void
join_branches (EspSpecEdit *self, EspSpecModule *container, guint index, EspSpecPlace *place)
{
  EspShape shape = guess_input (self, container, index);
  EspSpecWire *other = wire_before (self, container, 0);
  for (guint i = index; i-- > 1;)
    {
      EspSpecPlace *candidate = g_ptr_array_index (container->children, i - 1);
      const EspShape *out = find_shape (self, candidate->module, TRUE);
      if (out == NULL || !esp_shape_equal (out, &shape))
        continue;
      esp_spec_wire_free (other);
      other = esp_spec_wire_new (container, candidate);
      break;
    }
  place->inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_spec_wire_free);
  g_ptr_array_add (place->inputs, other);
  g_ptr_array_add (place->inputs, wire_before (self, container, index));
}

/* --- the edits --- */

gboolean
esp_spec_edit_add (EspSpecEdit *self,
                   const char *container,
                   guint index,
                   const char *class_name,
                   GError **error)
{
  g_return_val_if_fail (self != NULL && container != NULL && class_name != NULL, FALSE);
  EspSpecModule *parent = esp_spec_graph_find_container (self->graph, container);
  const EspLayerClass *klass = esp_layer_find_class (class_name);
  if (parent == NULL)
    return esp_spec_edit_refuse (error, _ ("“%s” is no container of modules."), container);
  if (klass == NULL)
    return esp_spec_edit_refuse (error, _ ("There is no class of module “%s”."), class_name);
  index = MIN (index, parent->children->len);
  EspShape in = guess_input (self, parent, index);
  g_autoptr (JsonObject) settings = json_object_new ();
  json_object_set_string_member (settings, "class", class_name);
  complete (self, settings, &in);
  EspSpecPlace *place = esp_spec_place_new (parent,
                                            esp_spec_graph_add_module (self->graph, settings));
  if (klass->min_inputs != klass->max_inputs && klass->get_parameters == NULL)
    join_branches (self, parent, index, place);
  insert (self, parent, index, place);
  return TRUE;
}

gboolean
esp_spec_edit_remove (EspSpecEdit *self, const char *path, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL, FALSE);
  EspSpecPlace *place = find (self, path, NULL, error);
  if (place == NULL)
    return FALSE;
  if (place->parent->children->len == 1)
    return esp_spec_edit_refuse (
        error, _ ("“%s” is the only module here; a container must have one."), path);
  bridge (self, place, TRUE);
  g_ptr_array_add (self->graph->places, take (place));
  return TRUE;
}

gboolean
esp_spec_edit_move (EspSpecEdit *self, const char *path, guint index, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL, FALSE);
  EspSpecPlace *place = find (self, path, NULL, error);
  if (place == NULL)
    return FALSE;
  if (index >= place->parent->children->len)
    return esp_spec_edit_refuse (error, _ ("“%s” can't move any further."), path);
  bridge (self, place, FALSE);
  insert (self, place->parent, index, take (place));
  return TRUE;
}

gboolean
esp_spec_edit_duplicate (EspSpecEdit *self, const char *path, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL, FALSE);
  guint index = 0;
  EspSpecPlace *place = find (self, path, &index, error);
  if (place == NULL)
    return FALSE;
  EspSpecPlace *twin = esp_spec_place_new (place->parent,
                                           esp_spec_graph_copy_module (self->graph, place->module));
  if (place->inputs != NULL)
    twin->inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_spec_wire_free);
  for (guint i = 0; place->inputs != NULL && i < place->inputs->len; i++)
    g_ptr_array_add (twin->inputs, esp_spec_wire_copy (g_ptr_array_index (place->inputs, i)));
  if (twin->inputs != NULL)
    {
      /* one behind the other, not beside it */
      g_ptr_array_set_size (twin->inputs, (int) twin->inputs->len - 1);
      g_ptr_array_add (twin->inputs, esp_spec_wire_new (place->parent, place));
    }
  insert (self, place->parent, index + 1, twin);
  return TRUE;
}

/* whether @module is @inside or stands somewhere in it */
static gboolean
contains (EspSpecModule *module, EspSpecModule *inside)
{
  if (module == inside)
    return TRUE;
  for (guint i = 0; module->children != NULL && i < module->children->len; i++)
    if (contains (((EspSpecPlace *) g_ptr_array_index (module->children, i))->module, inside))
      return TRUE;
  return FALSE;
}

gboolean
esp_spec_edit_share (EspSpecEdit *self, const char *path, const char *other, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL && other != NULL, FALSE);
  EspSpecPlace *place = find (self, path, NULL, error);
  EspSpecPlace *with = place != NULL ? find (self, other, NULL, error) : NULL;
  if (with == NULL)
    return FALSE;
  if (place->module == with->module)
    return esp_spec_edit_refuse (error, _ ("“%s” and “%s” are one module already."), path, other);
  if (contains (with->module, place->parent))
    return esp_spec_edit_refuse (error, _ ("“%s” can't be used inside itself."), other);
  EspSpecWire *instead = esp_spec_wire_new (place->parent, place);
  g_autoptr (GPtrArray) places = esp_spec_graph_list_places (self->graph, NULL);
  for (guint i = 0; place->module->children != NULL && i < places->len; i++)
    rewire (g_ptr_array_index (places, i), place, instead);
  esp_spec_wire_free (instead);
  place->module = with->module;
  return TRUE;
}

gboolean
esp_spec_edit_unshare (EspSpecEdit *self, const char *path, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL, FALSE);
  EspSpecPlace *place = find (self, path, NULL, error);
  if (place == NULL)
    return FALSE;
  g_autoptr (GPtrArray) places = esp_spec_graph_list_places (self->graph, place->module);
  if (places->len > 1)
    place->module = esp_spec_graph_copy_module (self->graph, place->module);
  else if (place->module->ties != NULL)
    g_clear_pointer (&place->module->ties, g_hash_table_unref);
  else
    return esp_spec_edit_refuse (error, _ ("“%s” shares nothing."), path);
  return TRUE;
}

gboolean
esp_spec_edit_rename (EspSpecEdit *self, const char *path, const char *name, GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL, FALSE);
  EspSpecPlace *place = find (self, path, NULL, error);
  if (place == NULL)
    return FALSE;
  if (name != NULL && strchr (name, '.') != NULL)
    return esp_spec_edit_refuse (error, _ ("A module's name has no dots, but “%s” has."), name);
  for (guint i = 0; name != NULL && i < place->parent->children->len; i++)
    {
      EspSpecPlace *other = g_ptr_array_index (place->parent->children, i);
      g_autofree char *taken = esp_spec_place_dup_name (other);
      if (other != place && strcmp (taken, name) == 0)
        return esp_spec_edit_refuse (error, _ ("Another module here is called “%s” already."),
                                     name);
    }
  g_free (place->name);
  place->name = name != NULL && *name != '\0' ? g_strdup (name) : NULL;
  return TRUE;
}

/* the setting that says how wide the output is */
static const char *
find_width (JsonObject *settings)
{
  static const char *const keys[] = { "out_features", "out_channels", "hidden_size",
                                      "embedding_dim" };
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (json_object_has_member (settings, keys[i]))
      return keys[i];
  return NULL;
}

gboolean
esp_spec_edit_set_class (EspSpecEdit *self,
                         const char *path,
                         const char *class_name,
                         GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL && class_name != NULL, FALSE);
  EspSpecPlace *place = find (self, path, NULL, error);
  g_autoptr (GPtrArray) known = esp_setting_list_for_layer (class_name);
  if (place == NULL)
    return FALSE;
  if (known == NULL || place->module->children != NULL)
    return esp_spec_edit_refuse (error, _ ("“%s” can't become “%s”."), path, class_name);
  JsonObject *old = place->module->settings;
  g_autoptr (JsonObject) settings = json_object_new ();
  json_object_set_string_member (settings, "class", class_name);
  const char *width = find_width (old);
  for (guint i = 0; i < known->len; i++)
    {
      const EspSetting *setting = g_ptr_array_index (known, i);
      JsonNode *node = json_object_get_member (old, setting->key);
      if (node == NULL && width != NULL && setting->required &&
          (strstr (setting->key, "out_") == setting->key ||
           strcmp (setting->key, "hidden_size") == 0 ||
           strcmp (setting->key, "embedding_dim") == 0))
        node = json_object_get_member (old, width);
      if (node != NULL && !setting->follows)
        json_object_set_member (settings, setting->key, json_node_copy (node));
    }
  JsonNode *frozen = json_object_get_member (old, "requires_grad");
  if (frozen != NULL && JSON_NODE_HOLDS_VALUE (frozen))
    json_object_set_member (settings, "requires_grad", json_node_copy (frozen));
  const EspShape *in = find_shape (self, place->module, FALSE);
  EspShape shape = in != NULL ? *in : (EspShape) { 1, { 8 } };
  complete (self, settings, &shape);
  json_object_unref (place->module->settings);
  place->module->settings = g_steal_pointer (&settings);
  return TRUE;
}

gboolean
esp_spec_edit_set (EspSpecEdit *self,
                   const char *path,
                   const char *key,
                   JsonNode *value,
                   GError **error)
{
  g_return_val_if_fail (self != NULL && path != NULL && key != NULL, FALSE);
  EspSpecPlace *place = find (self, path, NULL, error);
  if (place == NULL)
    return FALSE;
  if (value != NULL)
    json_object_set_member (place->module->settings, key, json_node_copy (value));
  else if (json_object_has_member (place->module->settings, key))
    json_object_remove_member (place->module->settings, key);
  return TRUE;
}

void
esp_spec_edit_set_member (EspSpecEdit *self, const char *key, JsonNode *value)
{
  g_return_if_fail (self != NULL && key != NULL);
  if (value != NULL)
    json_object_set_member (self->graph->rest, key, json_node_copy (value));
  else if (json_object_has_member (self->graph->rest, key))
    json_object_remove_member (self->graph->rest, key);
}

void
esp_spec_edit_set_seed (EspSpecEdit *self, guint64 seed)
{
  g_return_if_fail (self != NULL && seed <= G_MAXINT64);
  json_object_set_int_member (self->graph->rest, "seed", (gint64) seed);
  self->anew = TRUE;
}

/* groups keep what the other optimiser knows */
static void
filter_groups (EspSpecEdit *self, const char *class_name)
{
  g_autoptr (GPtrArray) known = esp_setting_list_for_optimizer (class_name);
  for (guint i = 0; known != NULL && i < self->graph->groups->len; i++)
    {
      EspSpecGroup *group = g_ptr_array_index (self->graph->groups, i);
      g_autoptr (GList) names = json_object_get_members (group->settings);
      for (GList *item = names; item != NULL; item = item->next)
        if (esp_setting_find (known, item->data) == NULL)
          json_object_remove_member (group->settings, item->data);
    }
}

/* what another class begins with; a schedule's has settings that nobody can leave out */
static JsonObject *
begin_part (const char *part, JsonNode *class_name)
{
  JsonObject *object = NULL;
  if (strcmp (part, "schedule") == 0 && class_name != NULL)
    object = esp_schedule_make_example (json_node_get_string (class_name));
  return object != NULL ? object : json_object_new ();
}

void
esp_spec_edit_set_part (EspSpecEdit *self, const char *part, const char *key, JsonNode *value)
{
  g_return_if_fail (self != NULL && part != NULL && key != NULL);
  JsonObject *object = json_object_has_member (self->graph->rest, part)
                           ? json_object_get_object_member (self->graph->rest, part)
                           : NULL;
  if (object == NULL || strcmp (key, "class") == 0)
    {
      object = begin_part (part, strcmp (key, "class") == 0 ? value : NULL);
      json_object_set_object_member (self->graph->rest, part, object);
      if (strcmp (part, "optimizer") == 0)
        filter_groups (self, json_node_get_string (value));
    }
  if (value != NULL)
    json_object_set_member (object, key, json_node_copy (value));
  else if (json_object_has_member (object, key))
    json_object_remove_member (object, key);
  self->data_changed = self->data_changed || strcmp (part, "data") == 0;
}

void
esp_spec_edit_set_data (EspSpecEdit *self, JsonObject *object)
{
  g_return_if_fail (self != NULL && object != NULL);
  json_object_set_object_member (self->graph->rest, "data", esp_spec_copy (object));
  self->data_changed = TRUE;
}
