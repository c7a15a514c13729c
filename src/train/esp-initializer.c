/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Initial values of parameters. Ranges follow the frameworks; the numbers are our own (EspRandom),
 * so a seed means the same everywhere. */

#include "config.h"
#include "esp-initializer.h"

#include <string.h>
#include <glib/gi18n.h>

static void
fill_uniform (EspRandom *random, EspReal *values, guint64 count, double bound)
{
  for (guint64 i = 0; i < count; i++)
    values[i] = (EspReal) (bound * (2 * esp_random_uniform (random) - 1));
}

static void
fill_constant (EspReal *values, guint64 count, double value)
{
  for (guint64 i = 0; i < count; i++)
    values[i] = (EspReal) value;
}

/* Box and Muller; 1 - u lies in (0, 1] */
static void
fill_normal (EspRandom *random, EspReal *values, guint64 count, double deviation)
{
  for (guint64 i = 0; i < count; i++)
    {
      double radius = sqrt (-2 * log (1 - esp_random_uniform (random)));
      values[i] = (EspReal) (deviation * radius * cos (2 * G_PI * esp_random_uniform (random)));
    }
}

/* what the module itself does, as the layer says */
static void
fill_pytorch (const EspParameterInfo *info, EspRandom *random, EspReal *values)
{
  guint64 count = esp_shape_get_count (&info->shape);
  switch (info->begin)
    {
    case ESP_BEGIN_NORMAL:
      fill_normal (random, values, count, info->begin_value);
      break;
    case ESP_BEGIN_CONSTANT:
      fill_constant (values, count, info->begin_value);
      break;
    case ESP_BEGIN_UNIFORM:
    default:
      fill_uniform (random, values, count, info->begin_value);
    }
}

/* glorot_uniform; biases begin at zero, normalisations do nothing */
static void
fill_keras (const EspParameterInfo *info, EspRandom *random, EspReal *values)
{
  guint64 count = esp_shape_get_count (&info->shape);
  if (info->kind == ESP_PARAMETER_BIAS)
    memset (values, 0, count * sizeof *values);
  else if (info->kind != ESP_PARAMETER_WEIGHT)
    fill_pytorch (info, random, values);
  else
    fill_uniform (random, values, count, sqrt (6 / (double) (info->fan_in + info->fan_out)));
}

static const EspInitializer initializers[] = {
  { "keras", fill_keras },
  { "pytorch", fill_pytorch },
};

const EspInitializer *
esp_initializer_find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (initializers); i++)
    if (strcmp (initializers[i].name, name) == 0)
      return &initializers[i];
  return NULL;
}

/* Nested lists in C order; depth was bounded when the text was parsed. Goes on counting behind the
 * end, so that the message can say how many there are. */
static gboolean
read_values (JsonNode *node, EspReal *values, guint64 count, guint64 *n)
{
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      for (guint i = 0; i < json_array_get_length (array); i++)
        if (!read_values (json_array_get_element (array, i), values, count, n))
          return FALSE;
      return TRUE;
    }
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;
  if (*n < count)
    values[*n] = (EspReal) json_node_get_double (node);
  (*n)++;
  return TRUE;
}

static gboolean
fill_from_list (JsonNode *node,
                const EspParameterInfo *info,
                EspReal *values,
                const char *place,
                GError **error)
{
  guint64 count = esp_shape_get_count (&info->shape), n = 0;
  if (!read_values (node, values, count, &n))
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: initial values of “%s” must be numbers"), place, info->name);
      return FALSE;
    }
  if (n != count)
    {
      g_autofree char *shape = esp_shape_to_string (&info->shape);
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
                   _ ("%s: “%s” of shape %s takes %llu initial values, but there are %llu"), place,
                   info->name, shape, (unsigned long long) count, (unsigned long long) n);
      return FALSE;
    }
  return TRUE;
}

gboolean
esp_initializer_fill_from_json (JsonNode *node,
                                const EspParameterInfo *info,
                                EspRandom *random,
                                EspReal *values,
                                const char *place,
                                GError **error)
{
  if (JSON_NODE_HOLDS_ARRAY (node))
    return fill_from_list (node, info, values, place, error);
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  if (type == G_TYPE_INT64 || type == G_TYPE_DOUBLE)
    {
      EspReal value = (EspReal) json_node_get_double (node);
      for (guint64 i = 0; i < esp_shape_get_count (&info->shape); i++)
        values[i] = value;
      return TRUE;
    }
  const EspInitializer *initializer = type == G_TYPE_STRING
                                          ? esp_initializer_find (json_node_get_string (node))
                                          : NULL;
  if (initializer == NULL)
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: initial values of “%s” must be “pytorch”, “keras”, a number, or all "
                      "values as lists"),
                   place, info->name);
      return FALSE;
    }
  initializer->fill (info, random, values);
  return TRUE;
}
