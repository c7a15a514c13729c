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
void
esp_plan_begin_epoch (EspPlan *self, guint64 epoch)
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

static void
reset_optimizer (EspPlan *self)
{
  const EspOptimizer *optimizer = self->network->optimizer;
  for (guint i = 0; i < self->network->parameters->len; i++)
    for (guint m = 0; m < optimizer->n_moments && esp_plan_can_train (self, i); m++)
      {
        const EspNetParameter *parameter = esp_network_peek_parameter (self->network, i);
        EspReal *moment = self->moments[m] + self->offsets[i];
        double value = esp_optimizer_get_initial_moment (optimizer, parameter->group, m);
        if (parameter->initial_moments[m] != NULL)
          memcpy (moment, parameter->initial_moments[m], parameter->count * sizeof *moment);
        else
          for (gsize j = 0; j < parameter->count; j++)
            moment[j] = (EspReal) value;
      }
  esp_plan_reset_rules (self);
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
  reset_optimizer (self);
  memset (self->last_fired, 0, self->n_last_fired * sizeof *self->last_fired);
  self->loss = NAN;
  self->step = 0;
  self->rows = 0;
  self->row_limit = G_MAXUINT64;
  self->stage = ESP_STAGE_UPDATED;
  self->has_before = FALSE;
  self->has_view = FALSE;
  esp_plan_begin_epoch (self, 0);
}

void
esp_plan_put_example (EspPlan *self, EspTape *tape, gsize row, const EspReal *example)
{
  for (guint i = 0; i < self->network->inputs->len; i++)
    memcpy (tape->values[i] + row * self->input_counts[i],
            example + esp_network_peek_input (self->network, i)->offset,
            self->input_counts[i] * sizeof (EspReal));
}

/* the next batch, the last of an epoch may be smaller */
static void
gather_batch (EspPlan *self)
{
  EspDataset *data = self->network->data;
  if (self->position >= data->n)
    esp_plan_begin_epoch (self, self->epoch + 1);
  gsize rows = MIN (self->network->batch_size, data->n - self->position);
  rows = MIN (rows, self->row_limit);
  self->row_limit = G_MAXUINT64;
  const guint32 *order = self->order + self->position;
  gsize n_out = self->loss_call.count;
  for (gsize r = 0; r < rows; r++)
    esp_plan_put_example (self, &self->batch, r, data->inputs + order[r] * self->example_count);
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

void
esp_plan_run_forward (EspPlan *self, EspTape *tape, gsize rows)
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
      if (self->use_grads[i] == NULL || self->rules[i].frozen)
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

/* clip_grad_value_ and clip_grad_norm_ of torch.nn.utils, with the former first */
static void
clip_gradients (EspPlan *self)
{
  double limit = self->network->clip_grad_norm;
  if (isfinite (self->network->clip_grad_value))
    self->kernels->clamp (self->grads, self->n_trainable, (EspReal) self->network->clip_grad_value);
  if (!isfinite (limit))
    return;
  double norm = sqrt (self->kernels->sum_squares (self->grads, self->n_trainable));
  if (!(norm + 1e-6 <= limit))
    self->kernels->scale (self->grads, self->n_trainable, (EspReal) (limit / (norm + 1e-6)));
}

static void
update_run (EspPlan *self, EspPlanRun *run, const EspOptimizerSettings *settings, gboolean cycled)
{
  EspOptimizerCall call = {
    .kernels = self->kernels,
    .rate = settings->rate,
    .parameter = self->parameters + run->offset,
    .grad = self->grads + run->offset,
    .count = run->count,
  };
  for (guint m = 0; m < self->network->optimizer->n_moments; m++)
    call.moments[m] = self->moments[m] + run->offset;
  esp_optimizer_state_advance (&run->state, settings, cycled);
  self->network->optimizer->klass->update (settings, &run->state, &call);
}

static void
run_update (EspPlan *self)
{
  const EspOptimizer *optimizer = self->network->optimizer;
  const EspSchedule *schedule = self->network->schedule;
  gboolean cycled = schedule != NULL && esp_schedule_cycles_momentum (schedule);
  EspOptimizerSettings settings[ESP_OPTIMIZER_MAX_GROUPS];
  guint64 t = schedule != NULL && esp_schedule_is_per_epoch (schedule) ? self->epoch : self->step;
  for (guint group = 0; group < optimizer->n_groups; group++)
    {
      settings[group] = optimizer->groups[group];
      if (group == 0)
        settings[0].rate = self->rate;
      if (schedule != NULL)
        settings[group].rate = esp_schedule_get_rate (schedule, settings[group].rate, t);
      if (cycled)
        settings[group].momentum = settings[group].betas[0] = esp_schedule_get_momentum (schedule,
                                                                                         t);
    }
  for (guint i = 0; i < self->n_runs; i++)
    {
      EspPlanRun *run = &self->runs[i];
      EspOptimizerSettings own = settings[run->group];
      if (!isnan (run->rate))
        own.rate = schedule != NULL ? esp_schedule_get_rate (schedule, run->rate, t) : run->rate;
      if (!isnan (run->weight_decay))
        own.weight_decay = run->weight_decay;
      update_run (self, run, &own, cycled);
    }
}

static void
do_forward (EspPlan *self)
{
  self->batch.run.step = self->step;
  gather_batch (self);
  esp_plan_run_forward (self, &self->batch, self->rows);
}

static void
do_loss (EspPlan *self)
{
  memset (self->clear, 0, self->n_clear * sizeof (EspReal));
  self->loss = run_loss (self);
}

static void
do_update (EspPlan *self, gboolean watched)
{
  self->has_before = watched || self->n_trainable <= SMALL;
  if (self->has_before)
    memcpy (self->before, self->parameters, self->n_trainable * sizeof (EspReal));
  run_update (self);
  self->step++;
  esp_plan_mark_fired (self);
}

EspStage
esp_plan_advance (EspPlan *self, gboolean watched)
{
  switch (self->stage)
    {
    case ESP_STAGE_UPDATED:
      do_forward (self);
      return self->stage = ESP_STAGE_FORWARD;
    case ESP_STAGE_FORWARD:
      do_loss (self);
      return self->stage = ESP_STAGE_LOSS;
    case ESP_STAGE_LOSS:
      run_backward (self);
      clip_gradients (self);
      return self->stage = ESP_STAGE_BACKWARD;
    case ESP_STAGE_BACKWARD:
    default:
      do_update (self, watched);
      return self->stage = ESP_STAGE_UPDATED;
    }
}

double
esp_plan_step (EspPlan *self, gboolean watched)
{
  while (esp_plan_advance (self, watched) != ESP_STAGE_UPDATED)
    ;
  return self->loss;
}

EspStage
esp_plan_get_stage (EspPlan *self)
{
  return self->stage;
}

void
esp_plan_limit_rows (EspPlan *self, guint64 rows)
{
  self->row_limit = MAX (rows, 1);
}

void
esp_plan_fill (EspPlan *self, guint parameter, guint channel, const EspReal *values)
{
  g_return_if_fail (parameter < self->network->parameters->len);
  g_return_if_fail (channel <= self->network->optimizer->n_moments);
  EspNetParameter *own = esp_network_peek_parameter (self->network, parameter);
  g_return_if_fail (channel == 0 || esp_plan_can_train (self, parameter));
  EspReal *numbers = channel == 0 ? self->parameters : self->moments[channel - 1];
  memcpy (numbers + self->offsets[parameter], values, own->slots * sizeof (EspReal));
}

double
esp_plan_get_batch_loss (EspPlan *self)
{
  g_return_val_if_fail (self->rows > 0, NAN);
  self->batch.run.track = FALSE;
  esp_plan_run_forward (self, &self->batch, self->rows);
  self->batch.run.track = TRUE;
  EspLossCall call = self->loss_call;
  call.dy = NULL;
  return self->network->loss->klass->compute (self->network->loss, &call);
}

void
esp_plan_edit (EspPlan *self, guint parameter, guint64 index, double value)
{
  g_return_if_fail (parameter < self->network->parameters->len);
  g_return_if_fail (index < esp_network_peek_parameter (self->network, parameter)->count);
  EspReal *cell = self->parameters + self->offsets[parameter] + index;
  if (esp_network_peek_parameter (self->network, parameter)->info.kind != ESP_PARAMETER_COUNTER)
    {
      *cell = (EspReal) value;
      return;
    }
  /* NaN counts nothing */
  gint64 count = value >= 0 ? (gint64) fmin (value, 0x1p53) : 0;
  memcpy (cell, &count, sizeof count);
}

void
esp_plan_set_rate (EspPlan *self, double rate)
{
  self->rate = rate;
}

double
esp_plan_get_base_rate (EspPlan *self)
{
  return self->rate;
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
  return (self->step > 0 || self->stage == ESP_STAGE_BACKWARD) &&
         esp_plan_can_train (self, parameter) && !self->rules[parameter].frozen;
}

/* whether the optimiser has counted a step of it: before it was frozen, or in another network */
static gboolean
was_trained (EspPlan *self, guint parameter)
{
  esp_plan_settle_rules (self);
  return self->rules[parameter].state.step > 0;
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
  const EspOptimizer *optimizer = self->network->optimizer;
  if (!(is_trained (self, parameter) || was_trained (self, parameter)) ||
      moment >= optimizer->n_moments ||
      !esp_optimizer_keeps (optimizer, esp_network_peek_parameter (self->network, parameter)->group,
                            moment))
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
