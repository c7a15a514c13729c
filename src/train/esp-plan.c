/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The training step, and a look at what it did. Each use of a shared parameter has a gradient of
 * its own, which are added up afterwards: the sum is the same whether anybody looks at the uses or
 * not.
 *
 * Typical sizes: 50 to 5,000 parameters, batches of 2 to 256; a step takes 0.2 us upwards, so every
 * call in esp_plan_step() counts. */

#include "config.h"
#include "esp-plan-private.h"

#include <string.h>

#define SMALL (32 * 1024) /* parameters that are copied before every step */

/* the order depends on seed and epoch alone, so any epoch can be begun without those before it */
static void
begin_epoch (EspPlan *self, guint64 epoch)
{
  self->epoch = epoch;
  self->position = 0;
  for (guint64 i = 0; i < self->network->data->n; i++)
    self->order[i] = (guint32) i;
  if (!self->network->shuffle)
    return;
  EspRandom random;
  esp_random_init (&random, self->network->seed, ESP_STREAM_ORDER, epoch);
  esp_random_shuffle (&random, self->order, self->network->data->n);
}

void
esp_plan_reset (EspPlan *self)
{
  memset (self->block, 0, self->block_count * sizeof *self->block);
  for (guint i = 0; i < self->network->parameters->len; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (self->network, i);
      memcpy (self->parameters + self->offsets[i], parameter->initial,
              parameter->slots * sizeof (EspReal));
    }
  esp_optimizer_state_init (&self->optimizer);
  self->loss = NAN;
  self->step = 0;
  self->rows = 0;
  self->has_before = FALSE;
  self->has_units = FALSE;
  begin_epoch (self, 0);
}

/* one example into row @row of a tape, cut into the network's inputs */
static void
put_example (EspPlan *self, EspTape *tape, gsize row, guint64 example)
{
  const EspReal *from = self->network->data->inputs + example * self->example_count;
  for (guint i = 0; i < self->network->inputs->len; i++)
    memcpy (tape->values[i] + row * self->input_counts[i],
            from + esp_network_peek_input (self->network, i)->offset,
            self->input_counts[i] * sizeof (EspReal));
}

/* the next batch, the last of an epoch may be smaller */
static void
gather_batch (EspPlan *self)
{
  EspDataset *data = self->network->data;
  if (self->position >= data->n)
    begin_epoch (self, self->epoch + 1);
  gsize rows = MIN (self->network->batch_size, data->n - self->position);
  const guint32 *order = self->order + self->position;
  gsize n_out = self->loss_call.count;
  for (gsize r = 0; r < rows; r++)
    put_example (self, &self->batch, r, order[r]);
  if (data->labels != NULL)
    for (gsize r = 0; r < rows; r++)
      self->labels[r] = data->labels[order[r]];
  else
    for (gsize r = 0; r < rows; r++)
      memcpy (self->targets + r * n_out, data->targets + order[r] * n_out,
              n_out * sizeof (EspReal));
  self->position += rows;
  self->rows = rows;
  self->loss_call.N = rows;
}

static void
run_forward (EspPlan *self, EspTape *tape, gsize rows)
{
  for (guint i = 0; i < self->n_calls; i++)
    {
      EspLayerCall *call = &tape->calls[i];
      call->N = rows;
      if (call->layer->klass->forward != NULL)
        call->layer->klass->forward (call);
    }
}

static double
run_loss (EspPlan *self)
{
  return self->network->loss->klass->compute (self->network->loss, &self->loss_call);
}

/* the last use first, as autograd does */
static void
add_uses (EspPlan *self)
{
  for (guint i = 0; i < self->network->parameters->len; i++)
    {
      if (self->use_grads[i] == NULL)
        continue;
      EspNetParameter *parameter = esp_network_peek_parameter (self->network, i);
      EspReal *sum = self->grads + self->offsets[i];
      for (guint use = parameter->n_uses; use-- > 0;)
        {
          const EspReal *grad = self->use_grads[i] + use * parameter->count;
          for (guint64 j = 0; j < parameter->count; j++)
            sum[j] += grad[j];
        }
    }
}

static void
run_backward (EspPlan *self)
{
  for (guint i = self->n_calls; i-- > self->first_backward;)
    {
      EspLayerCall *call = &self->batch.calls[i];
      if (call->dy != NULL && call->layer->klass->backward != NULL)
        call->layer->klass->backward (call);
    }
  add_uses (self);
}

static void
run_update (EspPlan *self)
{
  const EspOptimizer *optimizer = self->network->optimizer;
  EspOptimizerCall call = {
    .kernels = self->kernels,
    .rate = self->rate,
    .parameter = self->parameters,
    .grad = self->grads,
    .moments = { self->moments[0], self->moments[1] },
    .count = self->n_updated,
  };
  optimizer->klass->begin (optimizer, &self->optimizer);
  optimizer->klass->update (optimizer, &self->optimizer, &call);
}

double
esp_plan_step (EspPlan *self, gboolean watched)
{
  self->batch.run.step = self->step;
  gather_batch (self);
  memset (self->clear, 0, self->n_clear * sizeof (EspReal));
  run_forward (self, &self->batch, self->rows);
  self->loss = run_loss (self);
  run_backward (self);
  self->has_before = watched || self->n_trainable <= SMALL;
  if (self->has_before)
    memcpy (self->before, self->parameters, self->n_trainable * sizeof (EspReal));
  run_update (self);
  self->step++;
  return self->loss;
}

double
esp_plan_get_batch_loss (EspPlan *self)
{
  g_return_val_if_fail (self->rows > 0, NAN);
  self->batch.run.track = FALSE;
  run_forward (self, &self->batch, self->rows);
  self->batch.run.track = TRUE;
  EspLossCall call = self->loss_call;
  call.dy = NULL;
  return self->network->loss->klass->compute (self->network->loss, &call);
}

void
esp_plan_edit (EspPlan *self, guint parameter, guint64 index, EspReal value)
{
  g_return_if_fail (parameter < self->network->parameters->len);
  g_return_if_fail (index < esp_network_peek_parameter (self->network, parameter)->count);
  EspReal *cell = self->parameters + self->offsets[parameter] + index;
  gint64 count = (gint64) value;
  if (esp_network_peek_parameter (self->network, parameter)->info.kind == ESP_PARAMETER_COUNTER)
    memcpy (cell, &count, sizeof count);
  else
    *cell = value;
}

void
esp_plan_set_rate (EspPlan *self, double rate)
{
  self->rate = rate;
}

guint64
esp_plan_get_step (EspPlan *self)
{
  return self->step;
}

guint64
esp_plan_get_epoch (EspPlan *self)
{
  return self->epoch + (self->position >= self->network->data->n);
}

double
esp_plan_get_loss (EspPlan *self)
{
  return self->loss;
}

const EspReal *
esp_plan_get_parameter (EspPlan *self, guint parameter)
{
  return self->parameters + self->offsets[parameter];
}

static gboolean
is_trained (EspPlan *self, guint parameter)
{
  return self->step > 0 && esp_network_peek_parameter (self->network, parameter)->requires_grad;
}

const EspReal *
esp_plan_get_grad (EspPlan *self, guint parameter)
{
  return is_trained (self, parameter) ? self->grads + self->offsets[parameter] : NULL;
}

const EspReal *
esp_plan_get_grad_at (EspPlan *self, guint parameter, guint use)
{
  if (!is_trained (self, parameter) || self->use_grads[parameter] == NULL)
    return NULL;
  return esp_plan_find_use_grad (self, parameter, use);
}

const EspReal *
esp_plan_get_moment (EspPlan *self, guint parameter, guint moment)
{
  if (!is_trained (self, parameter) || moment >= self->network->optimizer->n_moments)
    return NULL;
  return self->moments[moment] + self->offsets[parameter];
}

const EspReal *
esp_plan_get_before (EspPlan *self, guint parameter)
{
  if (!is_trained (self, parameter) || !self->has_before)
    return NULL;
  return self->before + self->offsets[parameter];
}

/* rows [first, first + rows) of the examples looked at -> counts; returns how many are right */
static gsize
observe_rows (EspPlan *self, guint64 first, gsize rows)
{
  EspDataset *data = self->network->data;
  gint32 labels[ESP_PLAN_OBSERVE_ROWS];
  for (gsize r = 0; r < rows; r++)
    {
      guint64 example = (first + r) * data->n / self->units.examples;
      put_example (self, &self->watched, r, example);
      if (data->labels != NULL)
        labels[r] = data->labels[example];
    }
  run_forward (self, &self->watched, rows);
  for (guint i = 0; i < self->units.n_calls; i++)
    {
      EspLayerCall *call = &self->watched.calls[self->units.calls[i]];
      self->kernels->count_fired (call->y, self->units.fired[i], rows, call->out_count);
    }
  if (data->labels == NULL)
    return 0;
  return self->kernels->count_correct (self->watched.output, labels, rows, self->loss_call.count);
}

const EspPlanUnits *
esp_plan_observe (EspPlan *self)
{
  guint64 correct = 0;
  for (guint i = 0; i < self->units.n_calls; i++)
    memset (self->units.fired[i], 0,
            self->watched.calls[self->units.calls[i]].out_count * sizeof (guint64));
  for (guint64 first = 0; first < self->units.examples; first += self->watch_rows)
    correct += observe_rows (self, first, MIN (self->watch_rows, self->units.examples - first));
  self->units.accuracy = self->network->data->labels != NULL
                             ? (double) correct / (double) self->units.examples
                             : NAN;
  self->has_units = TRUE;
  return &self->units;
}

const EspPlanUnits *
esp_plan_get_units (EspPlan *self)
{
  return self->has_units ? &self->units : NULL;
}

guint64
esp_plan_get_observe_work (EspPlan *self)
{
  return esp_layer_multiply (self->units.examples, self->observe_work);
}
