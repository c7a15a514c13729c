/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compiles a network into a plan. All numbers lie in one block:
 *
 *   parameters | before | moments | x of each call, batch and watched | grads | grads per use | dx
 *
 * Trainable parameters come first, in one run, so that the optimiser is one loop over them. What
 * backward adds to (grads, grads per use, dx) lies together at the end and is cleared at once. The
 * layout is walked twice, once to count and once to place; esp-network-build.c has checked that it
 * isn't too much. */

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

EspReal *
esp_plan_find_use_grad (EspPlan *self, guint index, guint use)
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
          call->grads[p] = esp_plan_find_use_grad (self, index, source->uses[p]);
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
                            MIN (ESP_PLAN_OBSERVE_ROWS, self->units.examples));
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
