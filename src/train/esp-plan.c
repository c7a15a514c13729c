/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The training step. All numbers lie in one block:
 *
 *   parameters | before | moments | x of each call, batch and watched | grads | grads per use | dx
 *
 * Trainable parameters come first, in one run, so that the optimiser is one loop over them. What
 * backward adds to (grads, grads per use, dx) lies together at the end and is cleared at once.
 * Each use of a shared parameter has a gradient of its own, which are added up afterwards: the sum
 * is the same whether anybody looks at the uses or not.
 *
 * Typical sizes: 50 to 5,000 parameters, batches of 2 to 256; a step takes 0.3 us upwards, so every
 * call in esp_plan_step() counts. */

#include "config.h"
#include "esp-plan.h"

#include <string.h>

#define ALIGN 16                  /* numbers: 64 bytes of floats */
#define SMALL (32 * 1024)         /* parameters that are copied before every step */
#define OBSERVE_ROWS 256          /* examples at once */
#define OBSERVE_NUMBERS (1 << 22) /* activations at once */
#define OBSERVE_WORK 100000000    /* multiplications, about 50 ms */

/* the calls over one size of batch */
typedef struct
{
  EspLayerCall *calls; /* (n_calls) */
  EspReal *input;      /* x of the first */
  const EspReal *output;
} EspTape;

struct _EspPlan
{
  EspNetwork *network; /* owned */
  const EspKernels *kernels;

  /* owned */
  EspReal *block;
  gsize block_count;
  EspReal **pointers; /* arrays of parameters and grads that the calls point at */
  EspTape batch;
  EspTape watched;
  gsize *offsets;      /* of each parameter within a run of parameters */
  EspReal **use_grads; /* of each parameter: (n_uses, count), or NULL with one use */
  guint32 *order;      /* of examples in this epoch */
  gint32 *labels;      /* of the batch, or of what is observed */
  EspReal *targets;    /* of the batch */
  EspPlanUnits units;
  guint *unit_calls;

  /* runs inside the block */
  EspReal *parameters, *before, *grads, *clear;
  EspReal *moments[ESP_OPTIMIZER_MAX_MOMENTS];
  gsize n_numbers, n_trainable, n_clear;
  gsize n_updated; /* trainable numbers, up to whole vectors: what lies behind them is idle */
  guint n_calls, first_backward;
  gsize watch_rows;

  /* state */
  EspOptimizerState optimizer;
  double rate;
  double loss;
  guint64 step, epoch, position; /* position: examples of this epoch that are done */
  gsize rows;                    /* of the last batch */
  EspLossCall loss_call;
  gboolean has_before, has_units;
};

/* hands out runs of the block; with @base NULL it only counts */
typedef struct
{
  EspReal *base;
  gsize used;
} Arena;

static gsize
round_up (gsize count)
{
  return (count + ALIGN - 1) / ALIGN * ALIGN;
}

static EspReal *
take (Arena *arena, gsize count)
{
  EspReal *run = arena->base != NULL ? arena->base + arena->used : NULL;
  arena->used += round_up (count);
  return run;
}

static void
place_parameters (EspPlan *self)
{
  gsize offset = 0;
  for (guint pass = 0; pass < 2; pass++)
    {
      for (guint i = 0; i < self->network->parameters->len; i++)
        {
          EspNetParameter *parameter = esp_network_peek_parameter (self->network, i);
          if (parameter->requires_grad != (pass == 0))
            continue;
          self->offsets[i] = offset;
          offset += parameter->count;
        }
      if (pass == 0)
        {
          self->n_trainable = offset;
          offset = round_up (offset);
          self->n_updated = offset;
        }
    }
  self->n_numbers = offset;
}

static gboolean
has_gradient (EspPlan *self, guint call)
{
  EspNetModule *module = esp_network_peek_call (self->network, call)->module;
  for (guint i = 0; i < module->n_parameters; i++)
    if (esp_network_peek_parameter (self->network, module->parameters[i])->requires_grad)
      return TRUE;
  return FALSE;
}

static void
lay_out_forward (EspPlan *self, EspTape *tape, Arena *arena, gsize rows)
{
  EspReal *x = take (arena, rows * esp_shape_get_count (&self->network->data->input));
  tape->input = x;
  for (guint i = 0; i < self->n_calls; i++)
    {
      EspNetCall *call = esp_network_peek_call (self->network, i);
      gboolean view = call->module->layer->klass->flags & ESP_LAYER_VIEW;
      EspReal *y = view ? x : take (arena, rows * esp_shape_get_count (&call->out));
      tape->calls[i].x = x;
      tape->calls[i].y = y;
      x = y;
    }
  tape->output = x;
}

static void
lay_out_backward (EspPlan *self, Arena *arena, gsize rows)
{
  EspReal *dx = NULL;
  for (guint i = 0; i < self->n_calls; i++)
    {
      EspNetCall *call = esp_network_peek_call (self->network, i);
      gboolean view = call->module->layer->klass->flags & ESP_LAYER_VIEW;
      EspReal *dy = dx;
      if (!view)
        dy = i >= self->first_backward ? take (arena, rows * esp_shape_get_count (&call->out))
                                       : NULL;
      self->batch.calls[i].dx = dx;
      self->batch.calls[i].dy = dy;
      dx = dy;
    }
  self->loss_call.dy = dx;
}

/* twice: to count, then to place */
static void
lay_out (EspPlan *self, Arena *arena)
{
  EspNetwork *network = self->network;
  self->parameters = take (arena, self->n_numbers);
  self->before = take (arena, self->n_trainable);
  for (guint m = 0; m < network->optimizer->n_moments; m++)
    self->moments[m] = take (arena, self->n_trainable);
  lay_out_forward (self, &self->batch, arena, network->batch_size);
  lay_out_forward (self, &self->watched, arena, self->watch_rows);
  gsize start = arena->used;
  self->clear = take (arena, 0);
  self->grads = take (arena, self->n_trainable);
  for (guint i = 0; i < network->parameters->len; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (network, i);
      if (parameter->n_uses > 1 && parameter->requires_grad)
        self->use_grads[i] = take (arena, parameter->n_uses * parameter->count);
    }
  lay_out_backward (self, arena, network->batch_size);
  self->n_clear = arena->used - start;
}

static EspReal *
find_use_grad (EspPlan *self, guint index, guint use)
{
  EspNetParameter *parameter = esp_network_peek_parameter (self->network, index);
  if (!parameter->requires_grad)
    return NULL;
  if (self->use_grads[index] != NULL)
    return self->use_grads[index] + use * parameter->count;
  return self->grads + self->offsets[index];
}

static void
connect_calls (EspPlan *self)
{
  self->pointers = g_new0 (EspReal *, 2 * self->n_calls * ESP_LAYER_MAX_PARAMETERS);
  for (guint i = 0; i < self->n_calls; i++)
    {
      EspNetCall *source = esp_network_peek_call (self->network, i);
      EspLayerCall *call = &self->batch.calls[i];
      call->kernels = self->kernels;
      call->layer = source->module->layer;
      call->in = &source->in;
      call->out = &source->out;
      call->in_count = esp_shape_get_count (&source->in);
      call->out_count = esp_shape_get_count (&source->out);
      call->parameters = self->pointers + 2 * i * ESP_LAYER_MAX_PARAMETERS;
      call->grads = call->parameters + ESP_LAYER_MAX_PARAMETERS;
      for (guint p = 0; p < source->module->n_parameters; p++)
        {
          guint index = source->module->parameters[p];
          call->parameters[p] = self->parameters + self->offsets[index];
          call->grads[p] = find_use_grad (self, index, source->uses[p]);
        }
      EspLayerCall watched = *call;
      watched.x = self->watched.calls[i].x;
      watched.y = self->watched.calls[i].y;
      watched.dx = NULL;
      watched.dy = NULL;
      self->watched.calls[i] = watched;
    }
}

static void
plan_observation (EspPlan *self)
{
  EspDataset *data = self->network->data;
  guint64 work = self->n_numbers + 1, per_example = esp_shape_get_count (&data->input);
  guint n = 0;
  self->unit_calls = g_new0 (guint, self->n_calls);
  for (guint i = 0; i < self->n_calls; i++)
    {
      EspNetCall *call = esp_network_peek_call (self->network, i);
      per_example += esp_shape_get_count (&call->out);
      if (call->module->layer->klass->flags & ESP_LAYER_OBSERVED)
        self->unit_calls[n++] = i;
    }
  self->units.n_calls = n;
  self->units.calls = self->unit_calls;
  self->units.fired = g_new0 (guint64 *, n);
  for (guint i = 0; i < n; i++)
    self->units.fired[i] = g_new0 (
        guint64,
        esp_shape_get_count (&esp_network_peek_call (self->network, self->unit_calls[i])->out));
  guint64 examples = CLAMP (OBSERVE_WORK / work, 64, ESP_NETWORK_MAX_OBSERVED);
  self->units.examples = MIN (data->n, examples);
  /* the network's check_size() has left room for one row */
  self->watch_rows = CLAMP (OBSERVE_NUMBERS / per_example, 1,
                            MIN (OBSERVE_ROWS, self->units.examples));
}

EspPlan *
esp_plan_new (EspNetwork *network)
{
  EspPlan *self = g_new0 (EspPlan, 1);
  self->network = g_object_ref (network);
  self->kernels = esp_kernels_get ();
  self->loss_call.kernels = self->kernels;
  self->n_calls = network->calls->len;
  self->rate = network->optimizer->rate;
  self->offsets = g_new0 (gsize, network->parameters->len + 1);
  self->use_grads = g_new0 (EspReal *, network->parameters->len + 1);
  self->batch.calls = g_new0 (EspLayerCall, self->n_calls);
  self->watched.calls = g_new0 (EspLayerCall, self->n_calls);
  while (self->first_backward < self->n_calls && !has_gradient (self, self->first_backward))
    self->first_backward++;
  place_parameters (self);
  plan_observation (self);

  Arena arena = { NULL, 0 };
  lay_out (self, &arena);
  self->block_count = arena.used;
  self->block = g_aligned_alloc0 (MAX (arena.used, 1), sizeof (EspReal), 64);
  arena = (Arena) { self->block, 0 };
  lay_out (self, &arena);
  connect_calls (self);

  EspDataset *data = network->data;
  self->order = g_new0 (guint32, data->n);
  self->labels = g_new0 (gint32, MAX (network->batch_size, self->watch_rows));
  if (data->targets != NULL)
    self->targets = g_new0 (EspReal, network->batch_size * esp_shape_get_count (&data->target));
  self->loss_call.count =
      esp_shape_get_count (&esp_network_peek_call (network, self->n_calls - 1)->out);
  self->loss_call.y = self->batch.output;
  self->loss_call.target = self->targets;
  self->loss_call.labels = data->labels != NULL ? self->labels : NULL;
  esp_plan_reset (self);
  return self;
}

void
esp_plan_free (EspPlan *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->units.n_calls; i++)
    g_free (self->units.fired[i]);
  g_free (self->units.fired);
  g_free (self->unit_calls);
  g_aligned_free (self->block);
  g_free (self->pointers);
  g_free (self->batch.calls);
  g_free (self->watched.calls);
  g_free (self->offsets);
  g_free (self->use_grads);
  g_free (self->order);
  g_free (self->labels);
  g_free (self->targets);
  g_object_unref (self->network);
  g_free (self);
}

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
              parameter->count * sizeof (EspReal));
    }
  esp_optimizer_state_init (&self->optimizer);
  self->loss = NAN;
  self->step = 0;
  self->rows = 0;
  self->has_before = FALSE;
  self->has_units = FALSE;
  begin_epoch (self, 0);
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
  gsize n_in = self->batch.calls[0].in_count, n_out = self->loss_call.count;
  for (gsize r = 0; r < rows; r++)
    memcpy (self->batch.input + r * n_in, data->inputs + order[r] * n_in, n_in * sizeof (EspReal));
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
      if (call->layer->klass->backward != NULL)
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
  run_forward (self, &self->batch, self->rows);
  EspLossCall call = self->loss_call;
  call.dy = NULL;
  return self->network->loss->klass->compute (self->network->loss, &call);
}

void
esp_plan_edit (EspPlan *self, guint parameter, guint64 index, EspReal value)
{
  g_return_if_fail (parameter < self->network->parameters->len);
  g_return_if_fail (index < esp_network_peek_parameter (self->network, parameter)->count);
  self->parameters[self->offsets[parameter] + index] = value;
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
  return find_use_grad (self, parameter, use);
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
  gsize n_in = self->batch.calls[0].in_count;
  gint32 labels[OBSERVE_ROWS];
  for (gsize r = 0; r < rows; r++)
    {
      guint64 example = (first + r) * data->n / self->units.examples;
      memcpy (self->watched.input + r * n_in, data->inputs + example * n_in,
              n_in * sizeof (EspReal));
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
  return self->units.examples * (self->n_numbers + 1);
}
