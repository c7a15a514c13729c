/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What units can't do, whatever example within the range of the data comes: intervals sent through
 * the network (interval bound propagation, arXiv 1810.12715). A unit whose input can't be above 0
 * is proven dead: for every input of that box, not for the examples alone. One pass costs about as
 * much as two examples; what a layer doesn't bound is infinite, and nothing is proven behind it. */

#include "config.h"
#include "esp-plan-private.h"

#include <string.h>

#include "esp-unit.h"

/* the least and the most of each number of the examples; of all of them, so that a new split of
 * the same data changes nothing */
static void
measure_data (EspPlan *self)
{
  EspDataset *data = self->network->data;
  gsize count = self->example_count;
  double *low = self->data_bounds.low, *high = self->data_bounds.high;
  for (gsize j = 0; j < count; j++)
    {
      low[j] = INFINITY;
      high[j] = -INFINITY;
    }
  for (guint64 i = 0; i < data->n + data->n_test; i++)
    for (gsize j = 0; j < count; j++)
      {
        double value = (double) data->inputs[i * count + j];
        low[j] = isnan (value) ? -INFINITY : fmin (low[j], value);
        high[j] = isnan (value) ? INFINITY : fmax (high[j], value);
      }
}

static void
bound_inputs (EspPlan *self)
{
  for (guint i = 0; i < self->network->inputs->len; i++)
    {
      gsize offset = esp_network_peek_input (self->network, i)->offset;
      self->bounds[i] = (EspBounds) { self->data_bounds.low + offset,
                                      self->data_bounds.high + offset };
    }
}

static EspBounds
new_bounds (gsize count)
{
  return (EspBounds) { g_new (double, count), g_new (double, count) };
}

static void
init (EspPlan *self)
{
  guint n_inputs = self->network->inputs->len;
  self->bounds = g_new0 (EspBounds, self->n_values);
  self->data_bounds = new_bounds (self->example_count);
  measure_data (self);
  bound_inputs (self);
  for (guint i = 0; i < self->n_calls; i++)
    {
      EspNetCall *call = esp_network_peek_call (self->network, i);
      self->bounds[n_inputs + i] = esp_network_call_is_view (call)
                                       ? self->bounds[call->from[0]]
                                       : new_bounds (esp_shape_get_count (&call->out));
    }
}

void
esp_plan_clear_bounds (EspPlan *self)
{
  guint n_inputs = self->network->inputs->len;
  for (guint i = 0; self->bounds != NULL && i < self->n_calls; i++)
    if (!esp_network_call_is_view (esp_network_peek_call (self->network, i)))
      {
        g_free (self->bounds[n_inputs + i].low);
        g_free (self->bounds[n_inputs + i].high);
      }
  g_free (self->bounds);
  g_free (self->data_bounds.low);
  g_free (self->data_bounds.high);
}

static void
bound_call (EspPlan *self, guint index)
{
  EspNetCall *own = esp_network_peek_call (self->network, index);
  const EspLayerCall *call = &self->watched.calls[index];
  EspBounds *out = &self->bounds[self->network->inputs->len + index];
  g_autofree EspBounds *in = g_new (EspBounds, own->n_in);
  if (esp_network_call_is_view (own))
    return;
  for (guint i = 0; i < own->n_in; i++)
    in[i] = self->bounds[own->from[i]];
  if (call->layer->klass->bound != NULL)
    {
      call->layer->klass->bound (call, in, out);
      return;
    }
  for (gsize i = 0; i < call->out_count; i++)
    {
      out->low[i] = -INFINITY;
      out->high[i] = INFINITY;
    }
}

/* the most that comes into each unit, over all its rows and positions */
static void
take_reach (EspPlan *self, EspPlanUnits *units)
{
  EspNetCall *call = esp_network_peek_call (self->network, units->call);
  const double *high = self->bounds[call->from[0]].high;
  for (gsize u = 0; u < units->n_units; u++)
    units->reach[u] = -INFINITY;
  for (gsize r = 0; r < units->rows; r++)
    for (gsize u = 0; u < units->n_units; u++)
      for (gsize p = 0; p < units->positions; p++)
        units->reach[u] = fmax (units->reach[u],
                                high[(r * units->n_units + u) * units->positions + p]);
}

void
esp_plan_bound_units (EspPlan *self)
{
  guint last = 0;
  for (guint i = 0; i < self->view.n_calls; i++)
    if (self->view.calls[i].reach != NULL)
      last = self->view.calls[i].call + 1;
  if (last == 0)
    return;
  if (self->bounds == NULL)
    init (self);
  for (guint i = 0; i < last; i++)
    bound_call (self, i);
  for (guint i = 0; i < self->view.n_calls; i++)
    if (self->view.calls[i].reach != NULL)
      take_reach (self, &self->view.calls[i]);
}
