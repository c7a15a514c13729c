/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wires of a network: a value is one of its inputs or the output of a call. Modules name the
 * values that they take by path, looked for from their own container outwards, so that a container
 * that stands at several places is wired alike at each; "input" is what the container takes. */

#include "config.h"
#include "esp-network-private.h"

#include <math.h>
#include <string.h>
#include <glib/gi18n.h>

static gboolean
find_in_scope (EspNetwork *self,
               GHashTable *values,
               const EspNetScope *scope,
               const char *name,
               guint *value)
{
  g_autofree char *path = *scope->path != '\0' ? g_strconcat (scope->path, ".", name, NULL)
                                               : g_strdup (name);
  gpointer found = g_hash_table_lookup (values, path);
  if (found != NULL)
    {
      *value = GPOINTER_TO_UINT (found) - 1;
      return TRUE;
    }
  if (scope->outer != NULL)
    {
      *value = scope->input;
      return strcmp (name, "input") == 0;
    }
  for (guint i = 0; i < self->inputs->len; i++)
    if (strcmp (esp_network_peek_input (self, i)->name, name) == 0)
      {
        *value = i;
        return TRUE;
      }
  return FALSE;
}

gboolean
esp_network_find_value (EspNetwork *self,
                        GHashTable *values,
                        const EspNetScope *scope,
                        const char *name,
                        const char *place,
                        guint *value,
                        GError **error)
{
  for (; scope != NULL; scope = scope->outer)
    if (find_in_scope (self, values, scope, name, value))
      return TRUE;
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
               _ ("%s: “inputs” names “%s”, but no module before it has this path"), place, name);
  return FALSE;
}

/* a value that nobody takes is a mistake: its module would stand there and learn nothing */
static gboolean
check_taken (EspNetwork *self, GError **error)
{
  guint n = self->inputs->len + self->calls->len;
  g_autofree gboolean *taken = g_new0 (gboolean, n);
  taken[self->output] = TRUE;
  for (guint i = 0; i < self->calls->len; i++)
    for (guint j = 0; j < esp_network_peek_call (self, i)->n_in; j++)
      taken[esp_network_peek_call (self, i)->from[j]] = TRUE;
  for (guint i = 0; i < n; i++)
    {
      if (taken[i])
        continue;
      if (i < self->inputs->len)
        {
          g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                       _ ("input “%s”: no module takes it"),
                       esp_network_peek_input (self, i)->name);
          return FALSE;
        }
      EspNetCall *call = esp_network_peek_call (self, i - self->inputs->len);
      g_autofree char *place = esp_network_name_place (call->path,
                                                       call->module->layer->klass->name);
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: no module takes its output"), place);
      return FALSE;
    }
  return TRUE;
}

/* the network's input that @value is, whatever its shape; -1 when it is something else */
static int
find_source (EspNetwork *self, guint value)
{
  while (value >= self->inputs->len)
    {
      EspNetCall *call = esp_network_peek_call (self, value - self->inputs->len);
      if (!esp_network_call_is_view (call))
        return -1;
      value = call->from[0];
    }
  return (int) value;
}

static gboolean
check_indices (EspNetwork *self, EspNetCall *call, guint64 limit, GError **error)
{
  int source = find_source (self, call->from[0]);
  g_autofree char *place = esp_network_name_place (call->path, call->module->layer->klass->name);
  if (source < 0)
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: wants whole numbers, so it must take the data itself"), place);
      return FALSE;
    }
  EspNetInput *input = esp_network_peek_input (self, (guint) source);
  gsize count = esp_shape_get_count (&input->shape);
  gsize stride = esp_shape_get_count (&self->data->input);
  for (guint64 n = 0; n < self->data->n; n++)
    for (gsize i = 0; i < count; i++)
      {
        double number = (double) self->data->inputs[n * stride + input->offset + i];
        if (number >= 0 && number < (double) limit && number == floor (number))
          continue;
        g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_DATA,
                     /* Translators: module, a number, number of an example, a number */
                     _ ("%s: wants whole numbers from 0 to %llu, but gets %g in example %llu"),
                     place, (unsigned long long) limit - 1, number, (unsigned long long) n);
        return FALSE;
      }
  return TRUE;
}

gboolean
esp_network_check_values (EspNetwork *self, GError **error)
{
  if (!check_taken (self, error))
    return FALSE;
  for (guint i = 0; i < self->calls->len; i++)
    {
      EspNetCall *call = esp_network_peek_call (self, i);
      const EspLayer *layer = call->module->layer;
      if (layer->klass->get_index_limit != NULL &&
          !check_indices (self, call, layer->klass->get_index_limit (layer), error))
        return FALSE;
    }
  return TRUE;
}

guint64
esp_network_count_numbers (EspNetwork *self)
{
  guint64 numbers = 0, per_example = esp_shape_get_count (&self->data->input);
  guint64 scratch = 0, scratch_per_example = 0;
  for (guint i = 0; i < self->parameters->len; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (self, i);
      guint64 uses = parameter->n_uses > 1 ? parameter->n_uses : 0;
      uses += 3 + self->optimizer->n_moments;
      numbers = esp_layer_add (numbers, esp_layer_multiply (parameter->slots + 1, uses));
    }
  for (guint i = 0; i < self->calls->len; i++)
    {
      EspNetCall *call = esp_network_peek_call (self, i);
      EspLayerNeeds needs;
      esp_layer_measure (call->module->layer, call->in, call->n_in, &call->out, &needs);
      per_example += esp_shape_get_count (&call->out);
      per_example = esp_layer_add (per_example, needs.kept_per_example);
      /* of the batch, and of what is looked at beside it */
      numbers = esp_layer_add (numbers, esp_layer_multiply (needs.kept, 2));
      scratch = MAX (scratch, needs.scratch);
      scratch_per_example = MAX (scratch_per_example, needs.scratch_per_example);
    }
  per_example = esp_layer_add (per_example, scratch_per_example);
  numbers = esp_layer_add (numbers, scratch);
  /* a batch has activations and their derivatives; one example at least is looked at beside it */
  return esp_layer_add (numbers, esp_layer_multiply (per_example, 2 * self->batch_size + 1));
}

guint
esp_network_get_n_uses (EspNetwork *self, guint index)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self) && index < self->parameters->len, 0);
  return esp_network_peek_parameter (self, index)->n_uses;
}

char *
esp_network_dup_use_path (EspNetwork *self, guint index, guint use)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self) && index < self->parameters->len, NULL);
  for (guint i = 0; i < self->calls->len; i++)
    {
      EspNetCall *call = esp_network_peek_call (self, i);
      EspParameterInfo infos[ESP_LAYER_MAX_PARAMETERS];
      guint n = esp_layer_get_parameters (call->module->layer, infos);
      for (guint j = 0; j < n; j++)
        if (call->module->parameters[j] == index && call->uses[j] == use)
          return g_strconcat (call->path, ".", infos[j].name, NULL);
    }
  return NULL;
}
