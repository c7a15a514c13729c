/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How each parameter is trained: frozen or not, with rates of its own or its group's. All that a
 * step needs follows from these rules and changes only between steps: runs of parameters that are
 * updated alike, mostly a single one, and how far down the gradient is computed. The optimiser
 * counts steps for each parameter, as PyTorch does, so that one that was frozen goes on where it
 * was. */

#include "config.h"
#include "esp-plan-private.h"

#include <math.h>
#include <string.h>

gboolean
esp_plan_can_train (EspPlan *self, guint parameter)
{
  const EspNetParameter *own = esp_network_peek_parameter (self->network, parameter);
  return !esp_parameter_kind_is_buffer (own->info.kind);
}

static gboolean
is_trained (EspPlan *self, const EspNetCall *call, gboolean ever)
{
  for (guint i = 0; i < call->module->n_parameters; i++)
    {
      guint parameter = call->module->parameters[i];
      if (esp_plan_can_train (self, parameter) && (ever || !self->rules[parameter].frozen))
        return TRUE;
    }
  return FALSE;
}

gboolean *
esp_plan_find_wanted (EspPlan *self, gboolean ever)
{
  gboolean *wanted = g_new0 (gboolean, self->n_values);
  for (guint i = 0; i < self->n_calls; i++)
    {
      EspNetCall *call = esp_network_peek_call (self->network, i);
      gboolean own = is_trained (self, call, ever);
      for (guint j = 0; j < call->n_in; j++)
        own = own || wanted[call->from[j]];
      wanted[self->network->inputs->len + i] = own;
    }
  return wanted;
}

/* --- what follows from the rules --- */

/* the way back of the gradient: nothing below what is trained */
static void
wire_backward (EspPlan *self)
{
  g_autofree gboolean *wanted = esp_plan_find_wanted (self, FALSE);
  guint n_inputs = self->network->inputs->len, output = self->network->output;
  self->first_backward = self->n_calls;
  for (guint i = self->n_calls; i-- > 0;)
    {
      EspNetCall *source = esp_network_peek_call (self->network, i);
      EspLayerCall *call = &self->batch.calls[i];
      call->dy = wanted[n_inputs + i] ? self->grad_values[n_inputs + i] : NULL;
      for (guint j = 0; j < source->module->n_parameters; j++)
        call->grads[j] = esp_plan_find_use_grad (self, source->module->parameters[j],
                                                 source->uses[j]);
      for (guint j = 0; j < source->n_in; j++)
        call->dxs[j] = wanted[source->from[j]] ? self->grad_values[source->from[j]] : NULL;
      call->dx = call->dxs[0];
      if (wanted[n_inputs + i])
        self->first_backward = i;
    }
  self->loss_call.dy = wanted[output] ? self->grad_values[output] : NULL;
}

static gboolean
is_alike (const EspPlanRun *run, guint group, const EspPlanRule *rule)
{
  return run->group == group && memcmp (&run->rate, &rule->rate, sizeof run->rate) == 0 &&
         memcmp (&run->weight_decay, &rule->weight_decay, sizeof run->weight_decay) == 0 &&
         memcmp (&run->state, &rule->state, sizeof run->state) == 0;
}

/* neighbours that are alike become one run; one at the end goes up to whole vectors */
static void
make_runs (EspPlan *self)
{
  EspPlanRun *run = NULL;
  gsize end = 0;
  self->n_runs = 0;
  for (guint i = 0; i < self->network->parameters->len; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (self->network, i);
      const EspPlanRule *rule = &self->rules[i];
      if (!esp_plan_can_train (self, i))
        continue;
      end = self->offsets[i] + parameter->count;
      if (rule->frozen)
        {
          run = NULL;
          continue;
        }
      if (run == NULL || !is_alike (run, parameter->group, rule))
        {
          run = &self->runs[self->n_runs++];
          *run = (EspPlanRun) { self->offsets[i],   0,          i, i, parameter->group, rule->rate,
                                rule->weight_decay, rule->state };
        }
      run->last = i;
      run->count += parameter->count;
    }
  if (run != NULL && run->offset + run->count == end)
    run->count = self->n_updated - run->offset;
}

void
esp_plan_apply_rules (EspPlan *self)
{
  make_runs (self);
  wire_backward (self);
}

void
esp_plan_settle_rules (EspPlan *self)
{
  for (guint r = 0; r < self->n_runs; r++)
    for (guint i = self->runs[r].first; i <= self->runs[r].last; i++)
      if (esp_plan_can_train (self, i))
        self->rules[i].state = self->runs[r].state;
}

void
esp_plan_reset_rules (EspPlan *self)
{
  memcpy (self->rules, self->first_rules, self->network->parameters->len * sizeof *self->rules);
  esp_plan_apply_rules (self);
}

gboolean
esp_plan_check_rule (EspPlan *self, guint parameter, const EspPlanRule *rule)
{
  double numbers[] = { rule->rate, rule->weight_decay };
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (!isnan (numbers[i]) && !(isfinite (numbers[i]) && numbers[i] >= 0))
      return FALSE;
  return rule->frozen <= (esp_plan_can_train (self, parameter) ? 1 : 0) &&
         isfinite (rule->state.powers[0]) && isfinite (rule->state.powers[1]);
}

/* --- changes --- */

void
esp_plan_set_frozen (EspPlan *self, guint parameter, gboolean frozen)
{
  g_return_if_fail (parameter < self->network->parameters->len);
  g_return_if_fail (esp_plan_can_train (self, parameter));
  esp_plan_settle_rules (self);
  self->rules[parameter].frozen = frozen != FALSE;
  esp_plan_apply_rules (self);
}

void
esp_plan_set_own_rate (EspPlan *self, guint parameter, double rate)
{
  g_return_if_fail (parameter < self->network->parameters->len);
  g_return_if_fail (esp_plan_can_train (self, parameter));
  esp_plan_settle_rules (self);
  self->rules[parameter].rate = isnan (rate) ? (double) NAN : rate;
  esp_plan_apply_rules (self);
}

void
esp_plan_set_own_decay (EspPlan *self, guint parameter, double weight_decay)
{
  g_return_if_fail (parameter < self->network->parameters->len);
  g_return_if_fail (esp_plan_can_train (self, parameter));
  esp_plan_settle_rules (self);
  self->rules[parameter].weight_decay = isnan (weight_decay) ? (double) NAN : weight_decay;
  esp_plan_apply_rules (self);
}

void
esp_plan_keep_rules (EspPlan *self)
{
  for (guint i = 0; i < self->network->parameters->len; i++)
    {
      self->first_rules[i].frozen = self->rules[i].frozen;
      self->first_rules[i].rate = self->rules[i].rate;
      self->first_rules[i].weight_decay = self->rules[i].weight_decay;
    }
}

void
esp_plan_get_rule (EspPlan *self, guint parameter, EspUpdateRule *rule)
{
  const EspOptimizer *optimizer = self->network->optimizer;
  const EspSchedule *schedule = self->network->schedule;
  const EspPlanRule *own = &self->rules[parameter];
  guint group = esp_network_peek_parameter (self->network, parameter)->group;
  guint64 t = schedule != NULL && esp_schedule_is_per_epoch (schedule) ? self->epoch : self->step;
  esp_plan_settle_rules (self);
  *rule = (EspUpdateRule) {
    .frozen = own->frozen != 0,
    .group = group,
    .group_rate = group == 0 ? self->rate : optimizer->groups[group].rate,
    .group_decay = optimizer->groups[group].weight_decay,
    .own_rate = own->rate,
    .own_decay = own->weight_decay,
    .n_steps = own->state.step,
    .powers = { own->state.powers[0], own->state.powers[1] },
  };
  rule->rate_now = isnan (own->rate) ? rule->group_rate : own->rate;
  if (schedule != NULL)
    rule->rate_now = esp_schedule_get_rate (schedule, rule->rate_now, t);
}
