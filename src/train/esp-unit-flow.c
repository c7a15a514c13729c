/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks calls forward from a value. Views and concatenations move units to other indices, pools and
 * normalisations keep them; what mixes them ends the walk. */

#include "config.h"
#include "esp-unit-flow.h"

#include "esp-layer-join.h"
#include "esp-unit.h"

typedef struct
{
  EspNetwork *network;
  const EspUnitSink *sink;
  gpointer user_data;
} Walk;

static void follow (const Walk *walk, const EspUnitFlow *flow);

static void
tell_open (const Walk *walk, const EspUnitFlow *flow, const char *path)
{
  if (walk->sink->open != NULL)
    walk->sink->open (flow, path, walk->user_data);
}

static void
tell_weights (const Walk *walk, const EspUnitFlow *flow, EspNetCall *call, guint index)
{
  guint parameter = call->module->parameters[index];
  const EspShape *shape = &esp_network_peek_parameter (walk->network, parameter)->info.shape;
  guint groups = call->module->layer->klass->flags & ESP_LAYER_ROWS_FIRST
                     ? (guint) (call->in[0].sizes[0] / shape->sizes[1])
                     : 1;
  if (walk->sink->weights != NULL)
    walk->sink->weights (flow, call, parameter, groups, walk->user_data);
}

/* input weights of the first layer of an RNN, in both directions */
static gboolean
tell_recurrent (const Walk *walk, const EspUnitFlow *flow, EspNetCall *call)
{
  EspParameterInfo infos[ESP_LAYER_MAX_PARAMETERS];
  guint n = esp_layer_get_parameters (call->module->layer, infos);
  gboolean found = FALSE;
  for (guint i = 0; i < n; i++)
    if (g_str_equal (infos[i].name, "weight_ih_l0") ||
        g_str_equal (infos[i].name, "weight_ih_l0_reverse"))
      {
        tell_weights (walk, flow, call, i);
        found = TRUE;
      }
  return found;
}

static void
follow_view (const Walk *walk, const EspUnitFlow *flow, EspNetCall *call, guint out)
{
  if (esp_shape_equal (&call->in[0], &call->out))
    {
      EspUnitFlow next = *flow;
      next.value = out;
      follow (walk, &next);
      return;
    }
  if (call->out.ndim != 1)
    {
      tell_open (walk, flow, call->path);
      return;
    }
  gsize rows, units, positions, count = esp_shape_get_count (&call->out);
  g_autofree guint32 *owner = g_new (guint32, count);
  esp_unit_split (&call->in[0], flow->axis, &rows, &units, &positions);
  for (gsize i = 0; i < count; i++)
    owner[i] = flow->owner[i / positions % units];
  follow (walk, &(EspUnitFlow) { out, 0, owner });
}

static void
follow_concat (const Walk *walk, const EspUnitFlow *flow, EspNetCall *call, guint input, guint out)
{
  JsonObject *settings = call->module->layer->settings;
  guint dim = (guint) esp_shape_find_dim (
      &call->out, json_object_get_int_member_with_default (settings, "dim", 1));
  gsize size = (gsize) call->out.sizes[flow->axis], offset = 0;
  g_autofree guint32 *owner = g_new (guint32, size);
  for (guint i = 0; i < input && dim == flow->axis; i++)
    offset += (gsize) call->in[i].sizes[dim];
  for (gsize i = 0; i < size; i++)
    owner[i] = i >= offset && i - offset < (gsize) call->in[input].sizes[flow->axis]
                   ? flow->owner[i - offset]
                   : ESP_NO_UNIT;
  follow (walk, &(EspUnitFlow) { out, flow->axis, owner });
}

static void
follow_into (const Walk *walk, const EspUnitFlow *flow, guint index, guint input)
{
  EspNetCall *call = esp_network_peek_call (walk->network, index);
  const EspLayerClass *klass = call->module->layer->klass;
  guint out = walk->network->inputs->len + index, last = call->in[input].ndim - 1;
  if (klass->flags & ESP_LAYER_VIEW)
    follow_view (walk, flow, call, out);
  /* a pool or a normalisation has channels along the first axis, the others take numbers one by
   * one */
  else if (klass->flags & ESP_LAYER_UNITWISE &&
           (flow->axis == 0 ||
            (call->module->n_parameters == 0 && esp_shape_equal (&call->in[0], &call->out))))
    {
      if (call->module->n_parameters > 0 && walk->sink->norm != NULL)
        walk->sink->norm (flow, call, walk->user_data);
      follow (walk, &(EspUnitFlow) { out, flow->axis, flow->owner });
    }
  else if ((klass->flags & ESP_LAYER_ROWS_LAST && flow->axis == last) ||
           (klass->flags & ESP_LAYER_ROWS_FIRST && flow->axis == 0))
    tell_weights (walk, flow, call, 0);
  else if (klass == &esp_layer_concat)
    follow_concat (walk, flow, call, input, out);
  else if (flow->axis != last || !tell_recurrent (walk, flow, call))
    tell_open (walk, flow, call->path);
}

static void
follow (const Walk *walk, const EspUnitFlow *flow)
{
  EspNetwork *network = walk->network;
  if (flow->value == network->output)
    tell_open (walk, flow,
               esp_network_peek_call (network, flow->value - network->inputs->len)->path);
  for (guint i = flow->value - network->inputs->len + 1; i < network->calls->len; i++)
    {
      EspNetCall *call = esp_network_peek_call (network, i);
      for (guint j = 0; j < call->n_in; j++)
        if (call->from[j] == flow->value)
          follow_into (walk, flow, i, j);
    }
}

void
esp_unit_follow (EspNetwork *network, guint call, const EspUnitSink *sink, gpointer user_data)
{
  const Walk walk = { network, sink, user_data };
  guint axis = esp_unit_find_axis (network, call);
  gsize rows, units, positions;
  esp_unit_split (&esp_network_peek_call (network, call)->out, axis, &rows, &units, &positions);
  g_autofree guint32 *owner = g_new (guint32, units);
  for (gsize u = 0; u < units; u++)
    owner[u] = (guint32) u;
  follow (&walk, &(EspUnitFlow) { network->inputs->len + call, axis, owner });
}
