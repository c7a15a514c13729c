/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network's specification, written again: as it was made, which a run begins with, or as it is
 * trained now, with what was frozen and which rates were set since. What the main thread knows of
 * the latter stands in the tree's parameters (EspUpdateRule). */

#include "config.h"
#include "esp-network-private.h"

#include <math.h>
#include <string.h>

#include "esp-parameter.h"

typedef struct
{
  EspNetwork *network;
  GHashTable *written; /* EspNetModule */
  gboolean now;
} Writer;

/* --- what is frozen --- */

static gboolean
is_frozen (const Writer *writer, const EspNetParameter *parameter)
{
  const EspUpdateRule *rule = writer->now ? esp_parameter_get_rule (parameter->object) : NULL;
  return rule != NULL ? rule->frozen : !parameter->requires_grad;
}

/* false for all parameters that the module brings along, a word for each that is frozen, or nothing
 */
static void
write_requires_grad (const Writer *writer, EspNetModule *module, JsonObject *object)
{
  EspParameterInfo infos[ESP_LAYER_MAX_PARAMETERS];
  guint n = module->layer != NULL ? esp_layer_get_parameters (module->layer, infos) : 0;
  g_autoptr (JsonObject) words = json_object_new ();
  gboolean all = TRUE;
  for (guint i = 0; i < n && i < module->n_parameters; i++)
    {
      if (esp_parameter_kind_is_buffer (infos[i].kind) ||
          (module->tie != NULL && json_object_has_member (module->tie, infos[i].name)))
        continue;
      if (is_frozen (writer, esp_network_peek_parameter (writer->network, module->parameters[i])))
        json_object_set_boolean_member (words, infos[i].name, FALSE);
      else
        all = FALSE;
    }
  if (json_object_get_size (words) == 0)
    return;
  if (all)
    json_object_set_boolean_member (object, "requires_grad", FALSE);
  else
    json_object_set_object_member (object, "requires_grad", g_steal_pointer (&words));
}

/* --- modules: "use" where one was written before --- */

static JsonArray *write_children (const Writer *writer, EspNetModule *module);

static JsonObject *
write_module (const Writer *writer, EspNetModule *module)
{
  JsonObject *object = json_object_new ();
  if (!g_hash_table_add (writer->written, module))
    {
      json_object_set_string_member (object, "use", module->id);
      return object;
    }
  g_autoptr (GList) names = json_object_get_members (module->settings);
  for (GList *item = names; item != NULL; item = item->next)
    json_object_set_member (object, item->data,
                            json_node_copy (json_object_get_member (module->settings, item->data)));
  if (module->id != NULL)
    json_object_set_string_member (object, "id", module->id);
  if (module->init != NULL)
    json_object_set_member (object, "init", json_node_copy (module->init));
  if (module->tie != NULL)
    json_object_set_object_member (object, "tie", json_object_ref (module->tie));
  write_requires_grad (writer, module, object);
  if (module->children != NULL)
    json_object_set_array_member (object, "modules", write_children (writer, module));
  return object;
}

static JsonArray *
write_strings (char **texts)
{
  JsonArray *array = json_array_new ();
  for (; *texts != NULL; texts++)
    json_array_add_string_element (array, *texts);
  return array;
}

static JsonArray *
write_children (const Writer *writer, EspNetModule *module)
{
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < module->children->len; i++)
    {
      EspNetChild *child = g_ptr_array_index (module->children, i);
      JsonObject *object = write_module (writer, child->module);
      g_autofree char *number = g_strdup_printf ("%u", i);
      if (strcmp (child->name, number) != 0)
        json_object_set_string_member (object, "name", child->name);
      if (child->inputs != NULL)
        json_object_set_array_member (object, "inputs", write_strings (child->inputs));
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonArray *
write_inputs (EspNetwork *self)
{
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < self->inputs->len; i++)
    {
      EspNetInput *input = esp_network_peek_input (self, i);
      JsonObject *object = json_object_new ();
      JsonArray *shape = json_array_new ();
      for (guint j = 0; j < input->shape.ndim; j++)
        json_array_add_int_element (shape, input->shape.sizes[j]);
      json_object_set_string_member (object, "name", input->name);
      json_object_set_array_member (object, "shape", shape);
      json_array_add_object_element (array, object);
    }
  return array;
}

/* --- the optimiser --- */

/* parameters of one group that have the same rates of their own */
static void
add_own_group (EspNetwork *self, guint first, const EspUpdateRule *rule, JsonArray *groups)
{
  const EspOptimizer *optimizer = self->optimizer;
  JsonArray *old = rule->group > 0 ? json_object_get_array_member (optimizer->settings, "groups")
                                   : NULL;
  g_autoptr (JsonObject) group = esp_spec_copy (
      old != NULL ? json_array_get_object_element (old, rule->group - 1) : optimizer->settings);
  JsonArray *paths = json_array_new ();
  for (guint i = first; i < self->parameters->len; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (self, i);
      const EspUpdateRule *own = esp_parameter_get_rule (parameter->object);
      if (own != NULL && own->group == rule->group &&
          memcmp (&own->own_rate, &rule->own_rate, sizeof own->own_rate) == 0 &&
          memcmp (&own->own_decay, &rule->own_decay, sizeof own->own_decay) == 0)
        json_array_add_string_element (paths, parameter->path);
    }
  if (json_object_has_member (group, "class"))
    json_object_remove_member (group, "class");
  if (json_object_has_member (group, "groups"))
    json_object_remove_member (group, "groups");
  json_object_set_array_member (group, "params", paths);
  json_object_set_double_member (group, "lr",
                                 isnan (rule->own_rate) ? rule->group_rate : rule->own_rate);
  json_object_set_double_member (group, "weight_decay",
                                 isnan (rule->own_decay) ? rule->group_decay : rule->own_decay);
  json_array_add_object_element (groups, g_steal_pointer (&group));
}

static gboolean
has_own (const EspUpdateRule *rule)
{
  return rule != NULL && !(isnan (rule->own_rate) && isnan (rule->own_decay));
}

/* whether a parameter before @index has the same rates of its own */
static gboolean
is_grouped (EspNetwork *self, guint index, const EspUpdateRule *rule)
{
  for (guint i = 0; i < index; i++)
    {
      const EspUpdateRule *own =
          esp_parameter_get_rule (esp_network_peek_parameter (self, i)->object);
      if (own != NULL && own->group == rule->group &&
          memcmp (&own->own_rate, &rule->own_rate, sizeof own->own_rate) == 0 &&
          memcmp (&own->own_decay, &rule->own_decay, sizeof own->own_decay) == 0)
        return TRUE;
    }
  return FALSE;
}

/* a group of the specification that still has members */
static gboolean
is_kept (EspNetwork *self, guint group)
{
  for (guint i = 0; i < self->parameters->len; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (self, i);
      if (parameter->group == group && !has_own (esp_parameter_get_rule (parameter->object)))
        return TRUE;
    }
  return FALSE;
}

/* What has rates of its own is a group of its own, before those of the specification. */
static JsonObject *
write_optimizer_now (EspNetwork *self)
{
  JsonObject *object = esp_spec_copy (self->optimizer->settings);
  g_autoptr (JsonArray) groups = json_array_new ();
  for (guint i = 0; i < self->parameters->len; i++)
    {
      const EspUpdateRule *rule =
          esp_parameter_get_rule (esp_network_peek_parameter (self, i)->object);
      if (rule != NULL && rule->group == 0)
        json_object_set_double_member (object, "lr", rule->group_rate);
      if (has_own (rule) && !is_grouped (self, i, rule))
        add_own_group (self, i, rule, groups);
    }
  JsonArray *old = json_object_has_member (object, "groups")
                       ? json_object_get_array_member (object, "groups")
                       : NULL;
  for (guint g = 0; old != NULL && g < json_array_get_length (old); g++)
    if (is_kept (self, g + 1))
      json_array_add_object_element (groups,
                                     esp_spec_copy (json_array_get_object_element (old, g)));
  if (json_array_get_length (groups) > 0)
    json_object_set_array_member (object, "groups", g_steal_pointer (&groups));
  else if (old != NULL)
    json_object_remove_member (object, "groups");
  return object;
}

/* --- all of it --- */

static char *
write_network (EspNetwork *self, gboolean now)
{
  g_autoptr (GHashTable) written = g_hash_table_new (NULL, NULL);
  const Writer writer = { self, written, now };
  g_autoptr (JsonObject) object = json_object_new ();
  json_object_set_int_member (object, "espalier", 1);
  json_object_set_string_member (object, "name", self->name);
  if (self->cut)
    json_object_set_array_member (object, "inputs", write_inputs (self));
  json_object_set_array_member (object, "modules", write_children (&writer, self->root));
  json_object_set_object_member (object, "loss", json_object_ref (self->loss->settings));
  json_object_set_object_member (object, "optimizer",
                                 now ? write_optimizer_now (self)
                                     : json_object_ref (self->optimizer->settings));
  if (self->schedule != NULL)
    json_object_set_object_member (object, "schedule",
                                   json_object_ref (esp_schedule_get_settings (self->schedule)));
  if (isfinite (self->clip_grad_norm))
    json_object_set_double_member (object, "clip_grad_norm", self->clip_grad_norm);
  if (isfinite (self->clip_grad_value))
    json_object_set_double_member (object, "clip_grad_value", self->clip_grad_value);
  json_object_set_member (object, "init", json_node_copy (self->init));
  json_object_set_object_member (object, "data", json_object_ref (self->data->settings));
  json_object_set_int_member (object, "batch_size", (gint64) self->batch_size);
  json_object_set_boolean_member (object, "shuffle", self->shuffle);
  json_object_set_int_member (object, "seed", (gint64) self->seed);
  return esp_spec_to_text (object);
}

char *
esp_network_to_json (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), NULL);
  return write_network (self, FALSE);
}

char *
esp_network_to_json_now (EspNetwork *self)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), NULL);
  return write_network (self, TRUE);
}
