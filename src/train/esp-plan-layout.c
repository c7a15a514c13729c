/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compiles a network into a plan. All numbers lie in one block:
 *
 *   parameters | before | moments | values, batch and watched | kept | scratch | grads |
 *   grads per use | derivatives of values
 *
 * Parameters come first, so that the optimiser is one loop over them unless some are frozen or go
 * their own way (esp-plan-rule.c); behind them buffers. What backward adds to (grads, grads per
 * use, dx) lies together at the end and is cleared at once. The layout is walked twice, once to
 * count and once to place; esp-network-build.c has checked that it isn't too much. */

#include "config.h"
#include "esp-plan-private.h"

#define ALIGN 16                  /* numbers: 64 bytes of floats */
#define OBSERVE_NUMBERS (1 << 22) /* activations at once */
#define OBSERVE_WORK 100000000    /* multiplications, a few ms to 50 ms */

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
          if (esp_plan_can_train (self, i) != (pass == 0))
            continue;
          if (parameter->info.kind == ESP_PARAMETER_COUNTER)
            offset += offset % parameter->slots; /* a gint64 stands at an even place */
          self->offsets[i] = offset;
          offset += parameter->slots;
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

static void
lay_out_values (EspPlan *self, EspTape *tape, Arena *arena, gsize rows)
{
  guint n_inputs = self->network->inputs->len;
  for (guint i = 0; i < self->n_values; i++)
    {
      gsize count = esp_shape_get_count (esp_network_peek_shape (self->network, i));
      EspNetCall *call = i >= n_inputs ? esp_network_peek_call (self->network, i - n_inputs) : NULL;
      tape->values[i] = call != NULL && esp_network_call_is_view (call)
                            ? tape->values[call->from[0]]
                            : take (arena, rows * count);
    }
  tape->output = tape->values[self->network->output];
}

/* a value's derivative may be wanted when something before it can be trained */
static void
lay_out_derivatives (EspPlan *self, Arena *arena, gsize rows, const gboolean *wanted)
{
  guint n_inputs = self->network->inputs->len;
  for (guint i = 0; i < self->n_calls; i++)
    {
      EspNetCall *call = esp_network_peek_call (self->network, i);
      guint value = n_inputs + i;
      if (wanted[value])
        self->grad_values[value] = esp_network_call_is_view (call)
                                       ? self->grad_values[call->from[0]]
                                       : take (arena, rows * esp_shape_get_count (&call->out));
    }
}

/* memory of the calls beside their output: kept apart in the batch, where backward follows; passes
 * that only look share one */
static void
lay_out_needs (EspPlan *self, Arena *arena)
{
  gsize rows = self->network->batch_size, look = 0, scratch = 0,
        most = MAX (rows, self->watch_rows);
  for (guint i = 0; i < self->n_calls; i++)
    {
      EspNetCall *call = esp_network_peek_call (self->network, i);
      EspLayerNeeds needs;
      esp_layer_measure (call->module->layer, call->in, call->n_in, &call->out, &needs);
      self->batch.calls[i].kept = take (arena, needs.kept + rows * needs.kept_per_example);
      look = MAX (look, needs.kept + self->watch_rows * needs.kept_per_example);
      scratch = MAX (scratch, needs.scratch + most * needs.scratch_per_example);
    }
  EspReal *kept = take (arena, look), *shared = take (arena, scratch);
  for (guint i = 0; i < self->n_calls; i++)
    {
      self->watched.calls[i].kept = kept;
      self->watched.calls[i].scratch = shared;
      self->batch.calls[i].scratch = shared;
    }
}

/* twice: to count, then to place */
static void
lay_out (EspPlan *self, Arena *arena, const gboolean *wanted)
{
  EspNetwork *network = self->network;
  self->parameters = take (arena, self->n_numbers);
  self->before = take (arena, self->n_trainable);
  for (guint m = 0; m < network->optimizer->n_moments; m++)
    self->moments[m] = take (arena, self->n_trainable);
  lay_out_values (self, &self->batch, arena, network->batch_size);
  lay_out_values (self, &self->watched, arena, self->watch_rows);
  lay_out_needs (self, arena);
  gsize start = arena->used;
  self->clear = take (arena, 0);
  self->grads = take (arena, self->n_trainable);
  for (guint i = 0; i < network->parameters->len; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (network, i);
      if (parameter->n_uses > 1 && esp_plan_can_train (self, i))
        self->use_grads[i] = take (arena, parameter->n_uses * parameter->count);
    }
  lay_out_derivatives (self, arena, network->batch_size, wanted);
  self->n_clear = arena->used - start;
}

EspReal *
esp_plan_find_use_grad (EspPlan *self, guint index, guint use)
{
  EspNetParameter *parameter = esp_network_peek_parameter (self->network, index);
  if (!esp_plan_can_train (self, index) || self->rules[index].frozen)
    return NULL;
  if (self->use_grads[index] != NULL)
    return self->use_grads[index] + use * parameter->count;
  return self->grads + self->offsets[index];
}

/* pointers of both tapes' calls to values and parameters; those of the way back follow from what is
 * trained (esp_plan_apply_rules()) */
static void
connect_call (EspPlan *self, guint index, EspReal ***pointers)
{
  EspNetCall *source = esp_network_peek_call (self->network, index);
  EspLayerCall *call = &self->batch.calls[index], *watched = &self->watched.calls[index];
  guint value = self->network->inputs->len + index, n = source->module->n_parameters;
  EspReal *kept = watched->kept;
  call->kernels = self->kernels;
  call->layer = source->module->layer;
  call->run = &self->batch.run;
  call->place = index;
  call->in = source->in;
  call->out = &source->out;
  call->in_count = esp_shape_get_count (&source->in[0]);
  call->out_count = esp_shape_get_count (&source->out);
  call->n_in = source->n_in;
  call->y = self->batch.values[value];
  call->parameters = *pointers;
  call->grads = call->parameters + n;
  call->dxs = call->grads + n;
  call->xs = (const EspReal **) (call->dxs + source->n_in);
  *watched = *call;
  watched->xs = call->xs + source->n_in;
  watched->dxs = NULL;
  watched->run = &self->watched.run;
  watched->kept = kept;
  *pointers += 2 * n + 3 * source->n_in;
  for (guint i = 0; i < n; i++)
    {
      call->parameters[i] = self->parameters + self->offsets[source->module->parameters[i]];
    }
  for (guint i = 0; i < source->n_in; i++)
    {
      call->xs[i] = self->batch.values[source->from[i]];
      watched->xs[i] = self->watched.values[source->from[i]];
    }
  call->x = call->xs[0];
  watched->x = watched->xs[0];
  watched->y = self->watched.values[value];
  watched->dx = NULL;
  watched->dy = NULL;
}

static void
connect_calls (EspPlan *self)
{
  gsize n = 0;
  for (guint i = 0; i < self->n_calls; i++)
    {
      EspNetCall *call = esp_network_peek_call (self->network, i);
      n += 2 * call->module->n_parameters + 3 * call->n_in;
    }
  self->pointers = g_new0 (EspReal *, n);
  EspReal **pointers = self->pointers;
  for (guint i = 0; i < self->n_calls; i++)
    connect_call (self, i, &pointers);
}

/* multiplications and numbers of memory that looking at one example takes, about */
static void
measure_observation (EspPlan *self, guint64 *work, guint64 *numbers)
{
  *work = 1;
  *numbers = esp_shape_get_count (&self->network->data->input);
  for (guint i = 0; i < self->n_calls; i++)
    {
      EspNetCall *call = esp_network_peek_call (self->network, i);
      guint64 out = esp_shape_get_count (&call->out), own = out;
      EspLayerNeeds needs;
      esp_layer_measure (call->module->layer, call->in, call->n_in, &call->out, &needs);
      for (guint j = 0; j < call->module->n_parameters; j++)
        own += esp_network_peek_parameter (self->network, call->module->parameters[j])->count;
      *work = esp_layer_add (*work, needs.work > 0 ? needs.work : own);
      *numbers += out + needs.kept_per_example;
    }
}

static void
plan_observation (EspPlan *self)
{
  EspDataset *data = self->network->data;
  guint64 per_example;
  measure_observation (self, &self->observe_work, &per_example);
  guint64 examples = CLAMP (OBSERVE_WORK / self->observe_work, 64, ESP_NETWORK_MAX_OBSERVED);
  self->view.examples = MIN (data->n, examples);
  /* the network's check_size() has left room for one row */
  self->watch_rows = CLAMP (OBSERVE_NUMBERS / per_example, 1,
                            MIN (ESP_PLAN_OBSERVE_ROWS, MAX (self->view.examples, data->n_test)));
  esp_plan_init_view (self);
}

EspPlan *
esp_plan_new (EspNetwork *network)
{
  EspPlan *self = g_new0 (EspPlan, 1);
  self->network = g_object_ref (network);
  self->kernels = esp_kernels_get ();
  self->loss_call.kernels = self->kernels;
  self->n_calls = network->calls->len;
  self->rate = network->optimizer->groups[0].rate;
  self->offsets = g_new0 (gsize, network->parameters->len + 1);
  self->use_grads = g_new0 (EspReal *, network->parameters->len + 1);
  self->batch.calls = g_new0 (EspLayerCall, self->n_calls);
  self->watched.calls = g_new0 (EspLayerCall, self->n_calls);
  self->n_values = network->inputs->len + self->n_calls;
  self->example_count = esp_shape_get_count (&network->data->input);
  self->input_counts = g_new0 (gsize, network->inputs->len);
  for (guint i = 0; i < network->inputs->len; i++)
    self->input_counts[i] = esp_shape_get_count (&esp_network_peek_input (network, i)->shape);
  self->batch.values = g_new0 (EspReal *, self->n_values);
  self->watched.values = g_new0 (EspReal *, self->n_values);
  self->grad_values = g_new0 (EspReal *, self->n_values);
  self->batch.run = (EspLayerRun) { .training = TRUE, .track = TRUE, .seed = network->seed };
  self->watched.run = (EspLayerRun) { .seed = network->seed };
  self->rules = g_new0 (EspPlanRule, network->parameters->len + 1);
  self->first_rules = g_new0 (EspPlanRule, network->parameters->len + 1);
  self->runs = g_new0 (EspPlanRun, network->parameters->len + 1);
  g_autofree gboolean *wanted = esp_plan_find_wanted (self, TRUE);
  place_parameters (self);
  plan_observation (self);

  Arena arena = { NULL, 0 };
  lay_out (self, &arena, wanted);
  self->block_count = arena.used;
  self->block = g_aligned_alloc0 (MAX (arena.used, 1), sizeof (EspReal), 64);
  arena = (Arena) { self->block, 0 };
  lay_out (self, &arena, wanted);
  connect_calls (self);

  EspDataset *data = network->data;
  self->order = g_new0 (guint32, data->n);
  self->labels = g_new0 (gint32, network->batch_size);
  self->view_labels = g_new0 (gint32, self->watch_rows);
  if (data->targets != NULL)
    {
      gsize n_target = esp_shape_get_count (&data->target);
      self->targets = g_new0 (EspReal, network->batch_size * n_target);
      self->view_targets = g_new0 (EspReal, self->watch_rows * n_target);
    }
  self->loss_call.count = esp_shape_get_count (esp_network_peek_shape (network, network->output));
  self->loss_call.y = self->batch.output;
  self->loss_call.target = self->targets;
  self->loss_call.labels = data->labels != NULL ? self->labels : NULL;
  for (guint i = 0; i < network->parameters->len; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (network, i);
      gboolean frozen = esp_plan_can_train (self, i) && !parameter->requires_grad;
      self->first_rules[i] = (EspPlanRule) { frozen, NAN, NAN, parameter->initial_state };
    }
  esp_plan_reset (self);
  return self;
}

void
esp_plan_free (EspPlan *self)
{
  if (self == NULL)
    return;
  esp_plan_clear_view (self);
  esp_plan_clear_bounds (self);
  g_free (self->runs);
  g_free (self->rules);
  g_free (self->first_rules);
  g_aligned_free (self->block);
  g_free (self->pointers);
  g_free (self->batch.calls);
  g_free (self->watched.calls);
  g_free (self->batch.values);
  g_free (self->watched.values);
  g_free (self->grad_values);
  g_free (self->input_counts);
  g_free (self->offsets);
  g_free (self->use_grads);
  g_free (self->order);
  g_free (self->labels);
  g_free (self->targets);
  g_free (self->view_labels);
  g_free (self->view_targets);
  g_object_unref (self->network);
  g_free (self);
}
