/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Initial values from elsewhere: a checkpoint that training goes on with, or the network before
 * its structure was changed. */

#include "config.h"
#include "esp-network-private.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-parameter.h"

static gboolean
has_shape (EspTensor *tensor, const EspShape *shape)
{
  guint ndim = esp_tensor_get_ndim (tensor);
  return ndim == shape->ndim && (ndim == 0 || memcmp (esp_tensor_get_shape (tensor), shape->sizes,
                                                      ndim * sizeof (gint64)) == 0);
}

static gboolean
check_values (const EspNetParameter *parameter, EspTensor *values, GError **error)
{
  EspKind kind = esp_dtype_get_info (esp_tensor_get_dtype (values))->kind;
  gboolean counter = parameter->info.kind == ESP_PARAMETER_COUNTER;
  if (!has_shape (values, &parameter->info.shape))
    {
      EspShape found = { .ndim = MIN (esp_tensor_get_ndim (values), ESP_SHAPE_MAX_DIMS) };
      memcpy (found.sizes, esp_tensor_get_shape (values), found.ndim * sizeof (gint64));
      g_autofree char *has = esp_shape_to_string (&parameter->info.shape);
      g_autofree char *got = esp_shape_to_string (&found);
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
                   /* Translators: path of a parameter, its shape, another shape */
                   _ ("%s: has shape %s, but the values have %s"), parameter->path, has, got);
      return FALSE;
    }
  if (counter ? kind == ESP_KIND_INT || kind == ESP_KIND_UINT : kind == ESP_KIND_FLOAT)
    return TRUE;
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
               counter ? _ ("%s: counts in whole numbers, but the values are %s")
                       : _ ("%s: is made of floating point numbers, but the values are %s"),
               parameter->path, esp_tensor_get_dtype_name (values));
  return FALSE;
}

static gboolean
read_values (const EspNetParameter *parameter, EspTensor *values, EspReal *out, GError **error)
{
  if (parameter->info.kind == ESP_PARAMETER_COUNTER)
    {
      gint64 count;
      if (!esp_tensor_read_i64 (values, 0, 1, &count, NULL, error))
        return FALSE;
      memcpy (out, &count, sizeof count);
      return TRUE;
    }
#ifdef ESP_REAL_DOUBLE
  return esp_tensor_read_f64 (values, 0, parameter->count, out, NULL, error);
#else
  return esp_tensor_read_f32 (values, 0, parameter->count, out, NULL, error);
#endif
}

gboolean
esp_network_set_initial (EspNetwork *self, guint parameter, EspTensor *values, GError **error)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self) && parameter < self->parameters->len, FALSE);
  g_return_val_if_fail (values != NULL && !self->trains, FALSE);
  EspNetParameter *own = esp_network_peek_parameter (self, parameter);
  if (!check_values (own, values, error) || !esp_tensor_check_walkable (values, error))
    return FALSE;
  g_autofree EspReal *numbers = g_new0 (EspReal, own->slots);
  if (!read_values (own, values, numbers, error))
    return FALSE;
  memcpy (own->initial, numbers, own->slots * sizeof (EspReal));
  g_autoptr (EspTensor) tensor = esp_network_make_parameter_tensor (own, own->initial);
  esp_parameter_set_channel (own->object, ESP_CHANNEL_DATA, tensor);
  esp_parameter_changed (own->object);
  return TRUE;
}

gboolean
esp_network_set_initial_moments (EspNetwork *self,
                                 guint parameter,
                                 EspTensor *const *moments,
                                 const EspUpdateRule *rule,
                                 GError **error)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self) && parameter < self->parameters->len, FALSE);
  g_return_val_if_fail (moments != NULL && rule != NULL && !self->trains, FALSE);
  EspNetParameter *own = esp_network_peek_parameter (self, parameter);
  g_return_val_if_fail (!esp_parameter_kind_is_buffer (own->info.kind), FALSE);
  EspReal *numbers[ESP_OPTIMIZER_MAX_MOMENTS] = { NULL };
  gboolean good = TRUE;
  for (guint m = 0; m < self->optimizer->n_moments && good; m++)
    if (moments[m] != NULL)
      {
        numbers[m] = g_new0 (EspReal, own->slots);
        good = check_values (own, moments[m], error) &&
               esp_tensor_check_walkable (moments[m], error) &&
               read_values (own, moments[m], numbers[m], error);
      }
  for (guint m = 0; m < ESP_OPTIMIZER_MAX_MOMENTS; m++)
    if (good)
      {
        g_free (own->initial_moments[m]);
        own->initial_moments[m] = numbers[m];
      }
    else
      g_free (numbers[m]);
  if (good)
    own->initial_state = (EspOptimizerState) { rule->n_steps,
                                               { rule->powers[0], rule->powers[1] } };
  return good;
}

/* a word alone is the name of an initialiser */
static JsonNode *
parse_word (const char *word, GError **error)
{
  if (*word == '{')
    return json_from_string (word, error);
  JsonNode *node = json_node_new (JSON_NODE_VALUE);
  json_node_set_string (node, word);
  return node;
}

gboolean
esp_network_initialize (EspNetwork *self,
                        guint parameter,
                        const char *word,
                        guint64 seed,
                        float *values,
                        GError **error)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self) && parameter < self->parameters->len, FALSE);
  EspNetParameter *own = esp_network_peek_parameter (self, parameter);
  g_return_val_if_fail (own->info.kind != ESP_PARAMETER_COUNTER, FALSE);
  g_autoptr (JsonNode) node = word != NULL ? parse_word (word, error) : NULL;
  if (word != NULL && node == NULL)
    return FALSE;
  g_autofree EspReal *numbers = g_new0 (EspReal, own->count);
  if (!esp_network_fill_again (self, parameter, node, seed, numbers, error))
    return FALSE;
  for (guint64 i = 0; i < own->count; i++)
    values[i] = (float) numbers[i];
  return TRUE;
}
