/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a network does over its whole data set: how often each unit fires, how strongly, and how
 * often it is saturated; how many examples are right, among those it is trained with and those it
 * isn't. Definitions: dead (cs231n), dormant (arXiv 2302.12902: mean over examples and positions).
 */

#include "config.h"
#include "esp-plan-private.h"

#include <string.h>

#include "esp-unit.h"

static void
init_units (EspPlan *self, EspPlanUnits *units, guint index)
{
  EspNetCall *call = esp_network_peek_call (self->network, index);
  const double *bounds = call->module->layer->klass->saturation;
  gboolean none = bounds[0] >= bounds[1];
  *units = (EspPlanUnits) { .call = index };
  esp_unit_split (&call->out, esp_unit_find_axis (self->network, index), &units->rows,
                  &units->n_units, &units->positions);
  units->sums = (EspUnitSums) {
    .low = (EspReal) (none ? -INFINITY : bounds[0]),
    .high = (EspReal) (none ? INFINITY : bounds[1]),
    .fired = g_new0 (guint64, units->n_units),
    .saturated = g_new0 (guint64, units->n_units),
    .magnitude = g_new0 (double, units->n_units),
  };
}

static gboolean
can_die (const EspNetCall *call)
{
  return (call->module->layer->klass->flags & ESP_LAYER_CAN_DIE) != 0;
}

void
esp_plan_init_view (EspPlan *self)
{
  EspPlanView *view = &self->view;
  view->calls = g_new0 (EspPlanUnits, self->n_calls + 1);
  for (guint i = 0; i < self->n_calls; i++)
    {
      EspNetCall *call = esp_network_peek_call (self->network, i);
      if (call->module->layer->klass->flags & ESP_LAYER_OBSERVED)
        init_units (self, &view->calls[view->n_calls++], i);
      if (can_die (call))
        self->n_last_fired += view->calls[view->n_calls - 1].n_units;
    }
  self->last_fired = g_new0 (guint64, self->n_last_fired + 1);
  gsize offset = 0;
  for (guint i = 0; i < view->n_calls; i++)
    if (can_die (esp_network_peek_call (self->network, view->calls[i].call)))
      {
        view->calls[i].last_fired = self->last_fired + offset;
        view->calls[i].reach = g_new0 (double, view->calls[i].n_units);
        offset += view->calls[i].n_units;
      }
}

void
esp_plan_clear_view (EspPlan *self)
{
  for (guint i = 0; i < self->view.n_calls; i++)
    {
      EspPlanUnits *units = &self->view.calls[i];
      g_free (units->sums.fired);
      g_free (units->sums.saturated);
      g_free (units->sums.magnitude);
      g_free (units->reach);
    }
  g_free (self->view.calls);
  g_free (self->last_fired);
}

void
esp_plan_mark_fired (EspPlan *self)
{
  for (guint i = 0; i < self->view.n_calls; i++)
    {
      const EspPlanUnits *units = &self->view.calls[i];
      if (units->last_fired != NULL)
        self->kernels->mark_fired (self->batch.calls[units->call].y, self->rows * units->rows,
                                   units->n_units, units->positions, self->step, units->last_fired);
    }
}

/* example @first + i * @total / @n of the data set into row i of the watched tape, @rows of them
 * from the @from-th on */
static void
put_rows (EspPlan *self, guint64 first, guint64 total, guint64 n, guint64 from, gsize rows)
{
  EspDataset *data = self->network->data;
  gsize n_out = self->loss_call.count;
  for (gsize r = 0; r < rows; r++)
    {
      guint64 example = first + (from + r) * total / n;
      esp_plan_put_example (self, &self->watched, r, data->inputs + example * self->example_count);
      if (data->labels != NULL)
        self->view_labels[r] = data->labels[example];
      else
        memcpy (self->view_targets + r * n_out, data->targets + example * n_out,
                n_out * sizeof (EspReal));
    }
}

static gsize
count_correct (EspPlan *self, gsize rows)
{
  if (self->network->data->labels == NULL)
    return 0;
  return self->kernels->count_correct (self->watched.output, self->view_labels, rows,
                                       self->loss_call.count);
}

static void
observe_units (EspPlan *self, gsize rows)
{
  for (guint i = 0; i < self->view.n_calls; i++)
    {
      const EspPlanUnits *units = &self->view.calls[i];
      self->kernels->observe (self->watched.calls[units->call].y, rows * units->rows,
                              units->n_units, units->positions, &units->sums);
    }
}

static double
get_share (EspPlan *self, guint64 correct, guint64 examples)
{
  return self->network->data->labels != NULL && examples > 0 ? (double) correct / (double) examples
                                                             : NAN;
}

/* loss and accuracy over the examples that it isn't trained with */
static void
observe_test (EspPlan *self)
{
  EspDataset *data = self->network->data;
  const EspLoss *loss = self->network->loss;
  guint64 n = MIN (data->n_test, MAX (self->view.examples, 1)), correct = 0;
  double sum = 0;
  EspLossCall call = self->loss_call;
  call.y = self->watched.output;
  call.target = self->view_targets;
  call.labels = data->labels != NULL ? self->view_labels : NULL;
  call.dy = NULL;
  for (guint64 from = 0; from < n; from += self->watch_rows)
    {
      gsize rows = (gsize) MIN (self->watch_rows, n - from);
      put_rows (self, data->n, data->n_test, n, from, rows);
      esp_plan_run_forward (self, &self->watched, rows);
      call.N = rows;
      sum += loss->klass->compute (loss, &call) * (loss->mean ? (double) rows : 1);
      correct += count_correct (self, rows);
    }
  self->view.test_loss = n > 0 ? sum / (loss->mean ? (double) n : 1) : NAN;
  self->view.test_accuracy = get_share (self, correct, n);
}

const EspPlanView *
esp_plan_observe (EspPlan *self)
{
  EspPlanView *view = &self->view;
  guint64 correct = 0;
  for (guint i = 0; i < view->n_calls; i++)
    {
      EspPlanUnits *units = &view->calls[i];
      memset (units->sums.fired, 0, units->n_units * sizeof (guint64));
      memset (units->sums.saturated, 0, units->n_units * sizeof (guint64));
      memset (units->sums.magnitude, 0, units->n_units * sizeof (double));
    }
  for (guint64 from = 0; from < view->examples; from += self->watch_rows)
    {
      gsize rows = (gsize) MIN (self->watch_rows, view->examples - from);
      put_rows (self, 0, self->network->data->n, view->examples, from, rows);
      esp_plan_run_forward (self, &self->watched, rows);
      observe_units (self, rows);
      correct += count_correct (self, rows);
    }
  esp_plan_bound_units (self);
  view->accuracy = get_share (self, correct, view->examples);
  observe_test (self);
  self->has_view = TRUE;
  return view;
}

const EspPlanView *
esp_plan_get_view (EspPlan *self)
{
  return self->has_view ? &self->view : NULL;
}

guint64
esp_plan_get_observe_work (EspPlan *self)
{
  return esp_layer_multiply (self->view.examples, self->observe_work);
}
