/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network as the EspTree that files have too: modules at their places, parameters with their
 * initial values, what is shared as one object at several places. */

#include "config.h"
#include "esp-network-private.h"

#include "esp-number.h"
#include "esp-tensor.h"
#include "esp-tree-builder.h"

typedef struct
{
  EspNetwork *network;
  EspTreeBuilder *builder;
  GPtrArray *keys; /* the path down to here, NULL-terminated while it is handed over */
} Walk;

static gboolean add_children (Walk *walk, EspNetModule *module, GError **error);

/* a setting as PyTorch prints it */
static char *
format_setting (JsonNode *node)
{
  GType type = json_node_get_value_type (node);
  if (type == G_TYPE_BOOLEAN)
    return g_strdup (json_node_get_boolean (node) ? "True" : "False");
  if (type == G_TYPE_INT64)
    return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
  if (type == G_TYPE_DOUBLE)
    return esp_number_format_exact (json_node_get_double (node), FALSE);
  return g_strdup (json_node_get_string (node));
}

static void
add_attributes (Walk *walk, EspNetModule *module)
{
  g_autoptr (GList) names = json_object_get_members (module->settings);
  for (GList *item = names; item != NULL; item = item->next)
    {
      JsonNode *node = json_object_get_member (module->settings, item->data);
      if (g_str_equal (item->data, "class") || !JSON_NODE_HOLDS_VALUE (node))
        continue;
      g_autofree char *value = format_setting (node);
      esp_tree_builder_add_attribute (walk->builder, module->object, item->data, value);
    }
}

EspTensor *
esp_network_make_tensor (const EspReal *values, const EspShape *shape)
{
#ifdef ESP_REAL_DOUBLE
  guint64 count = esp_shape_get_count (shape);
  g_autofree float *rounded = g_new (float, count);
  for (guint64 i = 0; i < count; i++)
    rounded[i] = (float) values[i];
  return esp_tensor_new_for_floats (rounded, shape->sizes, shape->ndim);
#else
  return esp_tensor_new_for_floats (values, shape->sizes, shape->ndim);
#endif
}

EspTensor *
esp_network_make_parameter_tensor (const EspNetParameter *parameter, const EspReal *values)
{
  if (parameter->info.kind != ESP_PARAMETER_COUNTER)
    return esp_network_make_tensor (values, &parameter->info.shape);
  g_autoptr (GBytes) bytes = g_bytes_new (values, sizeof (gint64));
  g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (bytes, NULL);
  return esp_tensor_new (ESP_DTYPE_INT64, "int64", NULL, 0, NULL, 0, 0, storage, NULL);
}

static EspParameter *
add_tensor (Walk *walk, const char *const *keys, const EspNetParameter *parameter, GError **error)
{
  gboolean buffer = esp_parameter_kind_is_buffer (parameter->info.kind);
  g_autoptr (EspTensor) tensor = esp_network_make_parameter_tensor (parameter, parameter->initial);
  return esp_tree_builder_add_tensor (
      walk->builder, keys, NULL, buffer ? ESP_ROLE_BUFFER : ESP_ROLE_PARAMETER,
      parameter->requires_grad ? ESP_REQUIRES_GRAD_YES : ESP_REQUIRES_GRAD_NO, tensor, error);
}

static gboolean
add_parameters (Walk *walk, EspNetModule *module, GError **error)
{
  EspParameterInfo infos[ESP_LAYER_MAX_PARAMETERS];
  guint n = esp_layer_get_parameters (module->layer, infos);
  for (guint i = 0; i < n; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (walk->network,
                                                               module->parameters[i]);
      const char **slot = (const char **) &g_ptr_array_index (walk->keys, walk->keys->len - 1);
      g_assert (*slot == NULL);
      *slot = infos[i].name;
      g_ptr_array_add (walk->keys, NULL);
      const char *const *keys = (const char *const *) walk->keys->pdata;
      gboolean good;
      if (parameter->object != NULL)
        good = esp_tree_builder_add_shared_parameter (walk->builder, keys, parameter->object,
                                                      error);
      else
        {
          EspParameter *object = add_tensor (walk, keys, parameter, error);
          good = object != NULL;
          if (good)
            parameter->object = g_object_ref (object);
        }
      g_ptr_array_set_size (walk->keys, (int) walk->keys->len - 1);
      g_ptr_array_index (walk->keys, walk->keys->len - 1) = NULL;
      if (!good)
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_module (Walk *walk, EspNetModule *module, GError **error)
{
  const char *const *keys = (const char *const *) walk->keys->pdata;
  if (module->object != NULL)
    return esp_tree_builder_add_shared_module (walk->builder, keys, module->object, error);
  const char *class_name = json_object_get_string_member (module->settings, "class");
  module->object = esp_tree_builder_add_module (walk->builder, keys, class_name, error);
  if (module->object == NULL)
    return FALSE;
  add_attributes (walk, module);
  return module->layer != NULL ? add_parameters (walk, module, error)
                               : add_children (walk, module, error);
}

static gboolean
add_children (Walk *walk, EspNetModule *module, GError **error)
{
  for (guint i = 0; i < module->children->len; i++)
    {
      EspNetChild *child = g_ptr_array_index (module->children, i);
      g_ptr_array_index (walk->keys, walk->keys->len - 1) = child->name;
      g_ptr_array_add (walk->keys, NULL);
      gboolean good = add_module (walk, child->module, error);
      g_ptr_array_set_size (walk->keys, (int) walk->keys->len - 1);
      g_ptr_array_index (walk->keys, walk->keys->len - 1) = NULL;
      if (!good)
        return FALSE;
    }
  return TRUE;
}

gboolean
esp_network_build_tree (EspNetwork *self, GError **error)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  g_ptr_array_add (keys, NULL);
  Walk walk = { self, builder, keys };
  if (!add_module (&walk, self->root, error))
    return FALSE;
  self->tree = esp_tree_builder_finish (builder, error);
  return self->tree != NULL;
}
