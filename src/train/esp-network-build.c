/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modules -> the chain of layer calls with their shapes, and the parameters with their initial
 * values, in the order in which named_parameters() yields them. Everything that could become large
 * is checked before it is allocated. */

#include "config.h"
#include "esp-network-private.h"

#include <glib/gi18n.h>

#include "esp-initializer.h"

static gboolean build_children (EspNetwork *self,
                                EspNetModule *module,
                                const char *path,
                                EspShape *shape,
                                GError **error);

/* index of the parameter that @name of @module is tied to; -1 when it isn't tied, -2 with @error */
static int
find_tied (EspNetwork *self,
           EspNetModule *module,
           const EspParameterInfo *info,
           const char *place,
           GError **error)
{
  if (module->tie == NULL || !json_object_has_member (module->tie, info->name))
    return -1;
  JsonNode *node = json_object_get_member (module->tie, info->name);
  const char *target = NULL;
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    target = json_node_get_string (node);
  gpointer found = target != NULL ? g_hash_table_lookup (self->paths, target) : NULL;
  if (found == NULL)
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: “%s” is tied to “%s”, but no parameter before it has this path"), place,
                   info->name, target != NULL ? target : "");
      return -2;
    }
  int index = GPOINTER_TO_INT (found) - 1;
  const EspShape *shape = &esp_network_peek_parameter (self, (guint) index)->info.shape;
  if (!esp_shape_equal (shape, &info->shape))
    {
      g_autofree char *own = esp_shape_to_string (&info->shape);
      g_autofree char *other = esp_shape_to_string (shape);
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
                   _ ("%s: “%s” has shape %s, but “%s”, which it is tied to, has %s"), place,
                   info->name, own, target, other);
      return -2;
    }
  return index;
}

/* the module's word on this parameter, or the network's */
static JsonNode *
find_init (EspNetwork *self, EspNetModule *module, const char *name)
{
  if (module->init == NULL)
    return self->init;
  if (!JSON_NODE_HOLDS_OBJECT (module->init))
    return module->init;
  JsonNode *node = json_object_get_member (json_node_get_object (module->init), name);
  return node != NULL ? node : self->init;
}

static gboolean
add_parameter (EspNetwork *self,
               EspNetModule *module,
               const EspParameterInfo *info,
               const char *path,
               const char *place,
               GError **error)
{
  guint64 total = 0;
  for (guint i = 0; i < self->parameters->len; i++)
    total += esp_network_peek_parameter (self, i)->count;
  if (!esp_shape_is_valid (&info->shape) ||
      total + esp_shape_get_count (&info->shape) > ESP_NETWORK_MAX_COUNT)
    {
      g_autofree char *shape = esp_shape_to_string (&info->shape);
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: “%s” of shape %s is too large; a network may have %llu numbers"), place,
                   info->name, shape, (unsigned long long) ESP_NETWORK_MAX_COUNT);
      return FALSE;
    }
  EspNetParameter *parameter = g_new0 (EspNetParameter, 1);
  guint index = self->parameters->len;
  g_ptr_array_add (self->parameters, parameter);
  module->parameters[module->n_parameters++] = index;
  parameter->info = *info;
  parameter->path = g_strconcat (path, ".", info->name, NULL);
  parameter->count = esp_shape_get_count (&info->shape);
  parameter->requires_grad = module->requires_grad;
  parameter->initial = g_new0 (EspReal, parameter->count);
  EspRandom random;
  esp_random_init (&random, self->seed, ESP_STREAM_INIT, index);
  return esp_initializer_fill_from_json (find_init (self, module, info->name), info, &random,
                                         parameter->initial, place, error);
}

/* every name in "tie" and "init" must be a parameter's */
static gboolean
check_names (JsonObject *object,
             const EspParameterInfo *infos,
             guint n,
             const char *place,
             GError **error)
{
  g_autoptr (GList) names = object != NULL ? json_object_get_members (object) : NULL;
  for (GList *item = names; item != NULL; item = item->next)
    {
      gboolean found = FALSE;
      for (guint i = 0; i < n; i++)
        found = found || g_str_equal (infos[i].name, item->data);
      if (found)
        continue;
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: it has no parameter “%s”"), place, (const char *) item->data);
      return FALSE;
    }
  return TRUE;
}

static gboolean
build_parameters (EspNetwork *self, EspNetModule *module, const char *path, GError **error)
{
  EspParameterInfo infos[ESP_LAYER_MAX_PARAMETERS];
  guint n = esp_layer_get_parameters (module->layer, infos);
  g_autofree char *place = esp_network_name_place (path, module->layer->klass->name);
  JsonObject *init = module->init != NULL && JSON_NODE_HOLDS_OBJECT (module->init)
                         ? json_node_get_object (module->init)
                         : NULL;
  if (!check_names (module->tie, infos, n, place, error) ||
      !check_names (init, infos, n, place, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      int tied = find_tied (self, module, &infos[i], place, error);
      if (tied == -2)
        return FALSE;
      if (tied >= 0)
        module->parameters[module->n_parameters++] = (guint) tied;
      else if (!add_parameter (self, module, &infos[i], path, place, error))
        return FALSE;
    }
  module->built = TRUE;
  return TRUE;
}

static gboolean
build_call (EspNetwork *self,
            EspNetModule *module,
            const char *path,
            EspShape *shape,
            GError **error)
{
  EspShape out = { 0 };
  if (!esp_layer_infer (module->layer, shape, &out, path, error))
    return FALSE;
  if (!esp_shape_is_valid (&out))
    {
      g_autofree char *text = esp_shape_to_string (&out);
      g_autofree char *place = esp_network_name_place (path, module->layer->klass->name);
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: its output of shape %s is too large; a layer may have %llu numbers"),
                   place, text, (unsigned long long) ESP_SHAPE_MAX_COUNT);
      return FALSE;
    }
  if (!module->built && !build_parameters (self, module, path, error))
    return FALSE;
  EspNetCall *call = g_new0 (EspNetCall, 1);
  g_ptr_array_add (self->calls, call);
  call->module = module;
  call->path = g_strdup (path);
  call->in = *shape;
  call->out = out;
  EspParameterInfo infos[ESP_LAYER_MAX_PARAMETERS];
  guint n = esp_layer_get_parameters (module->layer, infos);
  for (guint i = 0; i < n; i++)
    {
      call->uses[i] = esp_network_peek_parameter (self, module->parameters[i])->n_uses++;
      g_hash_table_insert (self->paths, g_strconcat (path, ".", infos[i].name, NULL),
                           GINT_TO_POINTER ((int) module->parameters[i] + 1));
    }
  *shape = out;
  return TRUE;
}

static gboolean
build_children (EspNetwork *self,
                EspNetModule *module,
                const char *path,
                EspShape *shape,
                GError **error)
{
  for (guint i = 0; i < module->children->len; i++)
    {
      EspNetChild *child = g_ptr_array_index (module->children, i);
      g_autofree char *below = *path != '\0' ? g_strconcat (path, ".", child->name, NULL)
                                             : g_strdup (child->name);
      if (self->n_places++ >= ESP_NETWORK_MAX_PLACES)
        {
          g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                       _ ("module %s: the network is too large here; modules may stand at %d "
                          "places"),
                       below, ESP_NETWORK_MAX_PLACES);
          return FALSE;
        }
      gboolean good = child->module->layer != NULL
                          ? build_call (self, child->module, below, shape, error)
                          : build_children (self, child->module, below, shape, error);
      if (!good)
        return FALSE;
    }
  return TRUE;
}

/* what esp-plan.c will allocate, at most */
static gboolean
check_size (EspNetwork *self, GError **error)
{
  guint64 numbers = 0;
  for (guint i = 0; i < self->parameters->len; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (self, i);
      guint uses = parameter->n_uses > 1 ? parameter->n_uses : 0;
      numbers += parameter->count * (3 + self->optimizer->n_moments + uses);
    }
  guint64 per_example = esp_shape_get_count (&self->data->input);
  for (guint i = 0; i < self->calls->len; i++)
    per_example += esp_shape_get_count (&esp_network_peek_call (self, i)->out);
  /* a batch has activations and their derivatives; one example at least is looked at beside it */
  if (per_example < ESP_NETWORK_MAX_NUMBERS)
    numbers += per_example * (2 * self->batch_size + 1);
  else
    numbers = ESP_NETWORK_MAX_NUMBERS + 1;
  if (numbers <= ESP_NETWORK_MAX_NUMBERS)
    return TRUE;
  g_set_error (
      error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
      _ ("the network is too large: training would take %llu numbers at once, and %llu are "
         "allowed"),
      (unsigned long long) numbers, (unsigned long long) ESP_NETWORK_MAX_NUMBERS);
  return FALSE;
}

gboolean
esp_network_build (EspNetwork *self, GError **error)
{
  EspShape shape = self->data->input;
  if (!build_children (self, self->root, "", &shape, error))
    return FALSE;
  if (self->calls->len == 0)
    {
      g_set_error_literal (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                           _ ("the network has no layer"));
      return FALSE;
    }
  return esp_loss_check (self->loss, &shape, self->data, error) && check_size (self, error);
}
