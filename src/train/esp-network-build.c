/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modules -> the chain of layer calls with their shapes, and the parameters with their initial
 * values, in the order in which named_parameters() yields them. Everything that could become large
 * is checked before it is allocated. */

#include "config.h"
#include "esp-network-private.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-initializer.h"

typedef struct
{
  EspNetwork *network;
  GHashTable *values; /* path of a module -> the value it gives, + 1 */
} Builder;

static gboolean build_children (Builder *builder,
                                EspNetModule *module,
                                const EspNetScope *scope,
                                guint *value,
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
  const EspParameterInfo *tied = &esp_network_peek_parameter (self, (guint) index)->info;
  const EspShape *shape = &tied->shape;
  if (esp_parameter_kind_is_buffer (info->kind) || esp_parameter_kind_is_buffer (tied->kind))
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: “%s” can't be tied to “%s”: buffers stay with their module"), place,
                   info->name, target);
      return -2;
    }
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

/* a module's "init" that has a word for each parameter, or NULL. With a "class" it is an
 * initialiser for all of them. */
static JsonObject *
get_words (EspNetModule *module)
{
  if (module->init == NULL || !JSON_NODE_HOLDS_OBJECT (module->init))
    return NULL;
  JsonObject *object = json_node_get_object (module->init);
  return json_object_has_member (object, "class") ? NULL : object;
}

/* the module's word on this parameter, or the network's; NULL: as the layer says. Buffers begin as
 * they must unless the module has a word for them alone. */
static JsonNode *
find_init (EspNetwork *self, EspNetModule *module, const EspParameterInfo *info, gboolean *whole)
{
  JsonNode *all = esp_parameter_kind_is_buffer (info->kind) ? NULL : self->init;
  JsonObject *words = get_words (module);
  *whole = TRUE;
  if (module->init == NULL)
    return all;
  if (words == NULL)
    return all != NULL ? module->init : NULL;
  JsonNode *node = json_object_get_member (words, info->name);
  *whole = node == NULL;
  return node != NULL ? node : all;
}

/* a counter's number; whole, as it is written */
static gboolean
fill_counter (JsonNode *node, EspReal *slots, const char *name, const char *place, GError **error)
{
  gint64 count = 0;
  if (node != NULL)
    {
      if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
        {
          g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                       _ ("%s: “%s” must be a whole number"), place, name);
          return FALSE;
        }
      count = json_node_get_int (node);
    }
  memcpy (slots, &count, sizeof count);
  return TRUE;
}

static gboolean
draw_values (JsonNode *node,
             gboolean whole,
             const EspParameterInfo *info,
             EspRandom *random,
             EspReal *values,
             const char *place,
             GError **error)
{
  if (node == NULL)
    {
      esp_initializer_fill_natural (info, random, values);
      return TRUE;
    }
  if (!esp_initializer_fill_from_json (node, whole, info, random, values, place, error))
    return FALSE;
  if (info->idle_row > 0 && !JSON_NODE_HOLDS_ARRAY (node))
    {
      gsize row = (gsize) info->shape.sizes[1];
      memset (values + (info->idle_row - 1) * row, 0, row * sizeof (EspReal));
    }
  return TRUE;
}

static gboolean
fill_parameter (EspNetwork *self,
                EspNetModule *module,
                EspNetParameter *parameter,
                const char *place,
                GError **error)
{
  const EspParameterInfo *info = &parameter->info;
  gboolean whole;
  JsonNode *node = find_init (self, module, info, &whole);
  if (info->kind == ESP_PARAMETER_COUNTER)
    return fill_counter (node, parameter->initial, info->name, place, error);
  guint64 index = 0;
  for (guint i = 0; i < self->parameters->len; i++)
    if (esp_network_peek_parameter (self, i) != parameter &&
        !esp_parameter_kind_is_buffer (esp_network_peek_parameter (self, i)->info.kind))
      index++;
  EspRandom random;
  esp_random_init (&random, self->seed, ESP_STREAM_INIT, index);
  return draw_values (node, whole, info, &random, parameter->initial, place, error);
}

/* the module that made the parameter: those that are tied to it come later */
static EspNetModule *
find_maker (EspNetwork *self, guint parameter)
{
  for (guint i = 0; i < self->modules->len; i++)
    {
      EspNetModule *module = g_ptr_array_index (self->modules, i);
      for (guint j = 0; j < module->n_parameters; j++)
        if (module->parameters[j] == parameter)
          return module;
    }
  return NULL;
}

gboolean
esp_network_fill_again (EspNetwork *self,
                        guint parameter,
                        JsonNode *word,
                        guint64 seed,
                        EspReal *values,
                        GError **error)
{
  EspNetParameter *own = esp_network_peek_parameter (self, parameter);
  EspNetModule *module = find_maker (self, parameter);
  gboolean whole = FALSE;
  EspRandom random;
  esp_random_init (&random, seed, ESP_STREAM_INIT, parameter);
  if (word == NULL && module != NULL)
    word = find_init (self, module, &own->info, &whole);
  return draw_values (word, whole, &own->info, &random, values, own->path, error);
}

void
esp_network_draw_again (EspNetwork *self, guint index, guint64 draw, EspReal *values)
{
  EspNetParameter *parameter = esp_network_peek_parameter (self, index);
  EspNetModule *module = find_maker (self, index);
  g_return_if_fail (module != NULL && parameter->info.kind != ESP_PARAMETER_COUNTER);
  g_autofree EspReal *other = g_new0 (EspReal, parameter->slots);
  EspReal *results[] = { values, other };
  gboolean whole, good = TRUE;
  JsonNode *node = find_init (self, module, &parameter->info, &whole);
  EspRandom random;
  for (guint i = 0; i < 2; i++)
    {
      esp_random_init (&random, self->seed, ESP_STREAM_REVIVE, ((2 * draw + i) << 32) + index);
      good = good && draw_values (node, whole, &parameter->info, &random, results[i],
                                  parameter->path, NULL);
    }
  if (good && memcmp (values, other, parameter->slots * sizeof (EspReal)) != 0)
    return;
  esp_random_init (&random, self->seed, ESP_STREAM_REVIVE, ((2 * draw) << 32) + index);
  esp_initializer_fill_natural (&parameter->info, &random, values);
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
  parameter->slots = info->kind == ESP_PARAMETER_COUNTER ? sizeof (gint64) / sizeof (EspReal)
                                                         : parameter->count;
  parameter->requires_grad = module->requires_grad && !esp_parameter_kind_is_buffer (info->kind) &&
                             (module->grads == NULL || json_object_get_boolean_member_with_default (
                                                           module->grads, info->name, TRUE));
  esp_optimizer_state_init (&parameter->initial_state);
  parameter->group = esp_optimizer_find_group (self->optimizer, parameter->path);
  parameter->initial = g_new0 (EspReal, parameter->slots);
  return fill_parameter (self, module, parameter, place, error);
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
  if (!check_names (module->tie, infos, n, place, error) ||
      !check_names (module->grads, infos, n, place, error) ||
      !check_names (get_words (module), infos, n, place, error))
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
check_output (EspNetModule *module, const EspShape *out, const char *path, GError **error)
{
  if (esp_shape_is_valid (out))
    return TRUE;
  g_autofree char *text = esp_shape_to_string (out);
  g_autofree char *place = esp_network_name_place (path, module->layer->klass->name);
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
               _ ("%s: its output of shape %s is too large; a layer may have %llu numbers"), place,
               text, (unsigned long long) ESP_SHAPE_MAX_COUNT);
  return FALSE;
}

/* @values: (n) what it takes; at the end the first is what it gives */
static gboolean
build_call (Builder *builder,
            EspNetModule *module,
            const char *path,
            guint *values,
            guint n,
            GError **error)
{
  EspNetwork *self = builder->network;
  g_autofree EspShape *in = g_new (EspShape, n);
  EspShape out = { 0 };
  for (guint i = 0; i < n; i++)
    in[i] = *esp_network_peek_shape (self, values[i]);
  if (!esp_layer_infer (module->layer, in, n, &out, path, error) ||
      !check_output (module, &out, path, error) ||
      (!module->built && !build_parameters (self, module, path, error)))
    return FALSE;
  EspNetCall *call = g_new0 (EspNetCall, 1);
  g_ptr_array_add (self->calls, call);
  call->module = module;
  call->path = g_strdup (path);
  call->n_in = n;
  call->from = g_memdup2 (values, n * sizeof *values);
  call->in = g_steal_pointer (&in);
  call->out = out;
  EspParameterInfo infos[ESP_LAYER_MAX_PARAMETERS];
  guint n_infos = esp_layer_get_parameters (module->layer, infos);
  for (guint i = 0; i < n_infos; i++)
    {
      call->uses[i] = esp_network_peek_parameter (self, module->parameters[i])->n_uses++;
      g_hash_table_insert (self->paths, g_strconcat (path, ".", infos[i].name, NULL),
                           GINT_TO_POINTER ((int) module->parameters[i] + 1));
    }
  values[0] = self->inputs->len + self->calls->len - 1;
  return TRUE;
}

/* one module at one place, with the inputs that are named there or else what came before; @value
 * goes in and out */
static gboolean
build_child (Builder *builder,
             EspNetChild *child,
             const char *path,
             const EspNetScope *scope,
             guint *value,
             GError **error)
{
  guint values[ESP_LAYER_MAX_INPUTS] = { *value }, n = 1;
  const char *class_name = child->module->layer != NULL ? child->module->layer->klass->name
                                                        : "Sequential";
  g_autofree char *place = esp_network_name_place (path, class_name);
  if (child->inputs != NULL)
    for (n = 0; child->inputs[n] != NULL; n++)
      if (!esp_network_find_value (builder->network, builder->values, scope, child->inputs[n],
                                   place, &values[n], error))
        return FALSE;
  if (child->module->layer == NULL && n > 1)
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: “inputs” must be the path of one module, but there are %u"), place, n);
      return FALSE;
    }
  EspNetScope inner = { scope, path, values[0] };
  gboolean good = child->module->layer != NULL
                      ? build_call (builder, child->module, path, values, n, error)
                      : build_children (builder, child->module, &inner, values, error);
  if (!good)
    return FALSE;
  *value = values[0];
  g_hash_table_insert (builder->values, g_strdup (path), GUINT_TO_POINTER (*value + 1));
  return TRUE;
}

static gboolean
build_children (Builder *builder,
                EspNetModule *module,
                const EspNetScope *scope,
                guint *value,
                GError **error)
{
  for (guint i = 0; i < module->children->len; i++)
    {
      EspNetChild *child = g_ptr_array_index (module->children, i);
      g_autofree char *below = *scope->path != '\0'
                                   ? g_strconcat (scope->path, ".", child->name, NULL)
                                   : g_strdup (child->name);
      if (builder->network->n_places++ >= ESP_NETWORK_MAX_PLACES)
        {
          g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                       _ ("module %s: the network is too large here; modules may stand at %d "
                          "places"),
                       below, ESP_NETWORK_MAX_PLACES);
          return FALSE;
        }
      if (!build_child (builder, child, below, scope, value, error))
        return FALSE;
    }
  return TRUE;
}

/* what esp-plan-layout.c will allocate */
static gboolean
check_size (EspNetwork *self, GError **error)
{
  guint64 numbers = esp_network_count_numbers (self);
  if (numbers <= ESP_NETWORK_MAX_NUMBERS)
    return TRUE;
  g_set_error (
      error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
      _ ("the network is too large: training would take %llu numbers at once, and %llu are "
         "allowed"),
      (unsigned long long) numbers, (unsigned long long) ESP_NETWORK_MAX_NUMBERS);
  return FALSE;
}

/* a group that nothing belongs to is a spelling mistake */
static gboolean
check_groups (EspNetwork *self, GError **error)
{
  for (guint group = 1; group < self->optimizer->n_groups; group++)
    {
      gboolean found = FALSE;
      for (guint i = 0; i < self->parameters->len; i++)
        found = found || esp_network_peek_parameter (self, i)->group == group;
      if (found)
        continue;
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("optimizer, group %u: no parameter fits “%s” that isn't in a group before"),
                   group, self->optimizer->patterns[group][0]);
      return FALSE;
    }
  return TRUE;
}

gboolean
esp_network_build (EspNetwork *self, GError **error)
{
  g_autoptr (GHashTable) values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Builder builder = { self, values };
  EspNetScope scope = { NULL, "", 0 };
  if (!build_children (&builder, self->root, &scope, &self->output, error))
    return FALSE;
  if (self->calls->len == 0)
    {
      g_set_error_literal (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                           _ ("the network has no layer"));
      return FALSE;
    }
  return esp_network_check_values (self, error) && check_groups (self, error) &&
         check_size (self, error) &&
         esp_loss_check (self->loss, esp_network_peek_shape (self, self->output), self->data,
                         error);
}
