/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies a plan's numbers into an immutable snapshot, at most about 80 times a second. Plain
 * copies, some 20 small tensors for the networks that people watch. */

#include "config.h"
#include "esp-plan-private.h"
#include "esp-unit.h"

typedef struct
{
  EspPlan *plan;
  EspSnapshot *snapshot;
  guint index;
  EspNetParameter *parameter;
} Filler;

static void
set_channel (Filler *filler, EspChannel channel, const EspReal *values)
{
  if (values == NULL)
    return;
  g_autoptr (EspTensor) tensor = esp_network_make_parameter_tensor (filler->parameter, values);
  esp_snapshot_set_channel (filler->snapshot, filler->index, channel, tensor);
}

static void
set_update (Filler *filler)
{
  const EspReal *before = esp_plan_get_before (filler->plan, filler->index);
  const EspReal *now = esp_plan_get_parameter (filler->plan, filler->index);
  if (before == NULL)
    return;
  g_autofree EspReal *update = g_new (EspReal, filler->parameter->count);
  for (guint64 i = 0; i < filler->parameter->count; i++)
    update[i] = now[i] - before[i];
  set_channel (filler, ESP_CHANNEL_UPDATE, update);
}

static void
set_uses (Filler *filler)
{
  for (guint use = 0; use < filler->parameter->n_uses; use++)
    {
      const EspReal *grad = esp_plan_get_grad_at (filler->plan, filler->index, use);
      if (grad == NULL)
        return;
      g_autoptr (EspTensor) tensor = esp_network_make_tensor (grad, &filler->parameter->info.shape);
      esp_snapshot_set_grad_at (filler->snapshot, filler->index, use, tensor);
    }
}

static void
set_rule (Filler *filler)
{
  EspUpdateRule rule;
  if (!esp_plan_can_train (filler->plan, filler->index))
    return;
  esp_plan_get_rule (filler->plan, filler->index, &rule);
  esp_snapshot_set_rule (filler->snapshot, filler->index, &rule);
}

/* the layer whose weight has a row for each unit, else the one before, past those that only change
 * the shape; "" for the data */
static const char *
find_source (EspNetwork *network, guint index)
{
  EspNetCall *call = esp_network_peek_call (network, index);
  int source = esp_unit_find_source (network, index);
  guint value = call->from[0];
  if (source >= 0)
    return esp_network_peek_call (network, (guint) source)->path;
  while (value >= network->inputs->len)
    {
      EspNetCall *before = esp_network_peek_call (network, value - network->inputs->len);
      if (!esp_network_call_is_view (before))
        return before->path;
      value = before->from[0];
    }
  return "";
}

static void
add_units (EspSnapshot *snapshot, EspNetwork *network, const EspPlanView *view)
{
  for (guint i = 0; i < view->n_calls; i++)
    {
      const EspPlanUnits *units = &view->calls[i];
      EspNetCall *call = esp_network_peek_call (network, units->call);
      const EspLayerClass *klass = call->module->layer->klass;
      EspUnitCounts counts = {
        .path = call->path,
        .source_path = (char *) find_source (network, units->call),
        .n_units = (guint) units->n_units,
        .examples = view->examples,
        .positions = units->rows * units->positions,
        .fired = units->sums.fired,
        .saturated = units->sums.saturated,
        .magnitude = units->sums.magnitude,
        .last_fired = units->last_fired,
        .reach = units->reach,
        .has_rows = esp_unit_find_source (network, units->call) >= 0,
        .is_output = network->inputs->len + units->call == network->output,
        .can_die = (klass->flags & ESP_LAYER_CAN_DIE) != 0,
        .can_saturate = klass->saturation[0] < klass->saturation[1],
      };
      esp_snapshot_add_units (snapshot, &counts);
    }
}

EspSnapshot *
esp_plan_make_snapshot (EspPlan *self, EspNetwork *network)
{
  EspSnapshot *snapshot = esp_snapshot_new (network->parameters->len);
  const EspPlanView *view = esp_plan_get_view (self);
  esp_snapshot_set_step (snapshot, esp_plan_get_step (self), esp_plan_get_epoch (self));
  esp_snapshot_set_loss (snapshot, esp_plan_get_loss (self), view != NULL ? view->accuracy : NAN);
  if (view != NULL)
    esp_snapshot_set_test (snapshot, view->test_loss, view->test_accuracy);
  for (guint i = 0; i < network->parameters->len; i++)
    {
      EspMeter meter;
      Filler filler = { self, snapshot, i, esp_network_peek_parameter (network, i) };
      set_channel (&filler, ESP_CHANNEL_DATA, esp_plan_get_parameter (self, i));
      set_channel (&filler, ESP_CHANNEL_GRAD, esp_plan_get_grad (self, i));
      for (guint m = 0; m < ESP_OPTIMIZER_MAX_MOMENTS; m++)
        set_channel (&filler, ESP_CHANNEL_MOMENT1 + m, esp_plan_get_moment (self, i, m));
      set_update (&filler);
      set_uses (&filler);
      esp_plan_measure (self, i, &meter);
      esp_snapshot_set_meter (snapshot, i, &meter);
      set_rule (&filler);
    }
  if (view != NULL)
    add_units (snapshot, network, view);
  return snapshot;
}

/* (rows, ...) */
static EspTensor *
make_rows (const EspReal *values, const EspShape *example, gsize rows)
{
  EspShape shape = { .ndim = MIN (example->ndim + 1, ESP_SHAPE_MAX_DIMS) };
  shape.sizes[0] = (gint64) rows;
  for (guint d = 1; d < shape.ndim; d++)
    shape.sizes[d] = example->sizes[d - 1];
  /* a shape with all dimensions already keeps its numbers in the last one */
  if (example->ndim + 1 > ESP_SHAPE_MAX_DIMS)
    shape.sizes[shape.ndim - 1] *= example->sizes[example->ndim - 1];
  return esp_network_make_tensor (values, &shape);
}

void
esp_plan_add_batch (EspPlan *self, EspSnapshot *snapshot)
{
  for (guint i = 0; self->rows > 0 && i < self->n_calls; i++)
    {
      EspNetCall *call = esp_network_peek_call (self->network, i);
      const EspLayerCall *own = &self->batch.calls[i];
      gboolean has_grad = own->dy != NULL &&
                          (self->stage == ESP_STAGE_BACKWARD || self->stage == ESP_STAGE_UPDATED);
      g_autoptr (EspTensor) value = make_rows (own->y, &call->out, self->rows);
      g_autoptr (EspTensor) grad = has_grad ? make_rows (own->dy, &call->out, self->rows) : NULL;
      esp_snapshot_add_activation (snapshot, ESP_PROBE_BATCH, call->path, value, grad);
    }
}

void
esp_plan_add_probe (EspPlan *self, EspSnapshot *snapshot, EspProbeKind probe, GBytes *inputs)
{
  gsize size = 0;
  const EspReal *values = g_bytes_get_data (inputs, &size);
  gsize rows = size / (self->example_count * sizeof (EspReal));
  g_autofree EspReal **outputs = g_new0 (EspReal *, self->n_calls);
  for (guint i = 0; i < self->n_calls; i++)
    outputs[i] = g_new (EspReal, rows * self->watched.calls[i].out_count);
  esp_plan_probe (self, values, rows, outputs);
  for (guint i = 0; i < self->n_calls; i++)
    {
      EspNetCall *call = esp_network_peek_call (self->network, i);
      g_autoptr (EspTensor) tensor = make_rows (outputs[i], &call->out, rows);
      esp_snapshot_add_activation (snapshot, probe, call->path, tensor, NULL);
      g_free (outputs[i]);
    }
}
