/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the training thread shows: the snapshot in the slot, the time line, curves, reports.
 * Snapshots are made outside the lock. Curves and meters are the run's own, so nothing here depends
 * on when somebody looked, but for the loss over the test examples. */

#include "config.h"
#include "esp-train-loop-private.h"

#include <math.h>

#define SNAPSHOT_US (G_USEC_PER_SEC / 80) /* between snapshots that are taken */
#define UNTAKEN_US (G_USEC_PER_SEC / 4)   /* between snapshots that nobody takes */

/* under the lock */
static void
update_branch (EspTrainLoop *self, guint branch)
{
  EspBranchInfo *info = &self->branches[branch];
  info->fork = esp_history_get_fork (self->history, branch, &info->parent);
  info->head = esp_history_get_head (self->history, branch);
  if (self->curves[branch] == NULL)
    {
      self->curves[branch] = g_new0 (EspLossCurve, 1);
      esp_loss_curve_clear (self->curves[branch]);
    }
}

void
esp_train_loop_forget_branch (EspTrainLoop *self, guint branch)
{
  if (self->curves[branch] != NULL)
    esp_loss_curve_clear (self->curves[branch]);
  g_clear_pointer (&self->tests[branch], g_free);
  g_clear_pointer (&self->meters[branch], esp_meter_log_free);
  self->tested[branch] = 0;
}

void
esp_train_loop_update_timeline (EspTrainLoop *self)
{
  EspTimeline *timeline = &self->timeline;
  guint known = timeline->n_branches;
  timeline->branch = esp_history_get_branch (self->history);
  timeline->n_branches = esp_history_get_n_branches (self->history);
  timeline->n_foreign = esp_history_get_n_foreign (self->history);
  timeline->step = esp_plan_get_step (self->plan);
  timeline->stage = esp_plan_get_stage (self->plan);
  timeline->head = esp_history_get_head (self->history, timeline->branch);
  timeline->rate = esp_plan_get_base_rate (self->plan);
  for (guint i = timeline->n_branches; i < known; i++)
    esp_train_loop_forget_branch (self, i);
  for (guint i = known; i < timeline->n_branches; i++)
    update_branch (self, i);
  update_branch (self, timeline->branch);
}

/* under the lock: the test loss belongs to the steps at which somebody looked, each once */
static void
add_test (EspTrainLoop *self)
{
  const EspPlanView *view = esp_plan_get_view (self->plan);
  guint branch = self->timeline.branch;
  guint64 step = self->timeline.step;
  if (view == NULL || isnan (view->test_loss) || step < self->tested[branch] ||
      self->timeline.stage != ESP_STAGE_UPDATED)
    return;
  if (self->tests[branch] == NULL)
    {
      self->tests[branch] = g_new0 (EspLossCurve, 1);
      esp_loss_curve_clear (self->tests[branch]);
    }
  esp_loss_curve_add (self->tests[branch], step, view->test_loss);
  self->tested[branch] = step + 1;
}

void
esp_train_loop_flush_losses (EspTrainLoop *self, gint64 us)
{
  g_mutex_lock (&self->lock);
  esp_train_loop_update_timeline (self);
  for (guint i = 0; i < self->n_losses; i++)
    esp_loss_curve_add (self->curves[self->timeline.branch], self->first_step + i, self->losses[i]);
  self->seconds += (double) us / G_USEC_PER_SEC;
  g_mutex_unlock (&self->lock);
  self->n_losses = 0;
}

static void
add_probes (EspTrainLoop *self, EspSnapshot *snapshot)
{
  if (self->watch_batch)
    esp_plan_add_batch (self->plan, snapshot);
  for (guint probe = 0; probe < ESP_N_PROBES; probe++)
    if (self->probes[probe] != NULL)
      esp_plan_add_probe (self->plan, snapshot, probe, self->probes[probe]);
}

static gboolean
tell (gpointer data)
{
  EspTrainLoop *self = data;
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->source, g_source_unref);
  g_mutex_unlock (&self->lock);
  self->notify (self->user_data);
  return G_SOURCE_REMOVE;
}

void
esp_train_loop_hand_over_reports (EspTrainLoop *self)
{
  if (self->own_reports->len == 0)
    return;
  g_array_append_vals (self->reports, self->own_reports->data, self->own_reports->len);
  g_array_set_size (self->own_reports, 0);
  if (self->notify == NULL || self->source != NULL)
    return;
  self->source = g_idle_source_new ();
  g_source_set_priority (self->source, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->source, tell, self, NULL);
  g_source_attach (self->source, self->context);
}

void
esp_train_loop_publish (EspTrainLoop *self, gboolean full)
{
  gint64 start = g_get_monotonic_time ();
  gboolean look = FALSE;
  if (full || start - self->observed >= ESP_TRAIN_LOOP_COST_SHARE * self->observe_cost)
    {
      look = TRUE;
      esp_plan_observe (self->plan);
      self->observed = g_get_monotonic_time ();
      self->observe_cost = self->observed - start;
    }
  EspSnapshot *snapshot = esp_plan_make_snapshot (self->plan, self->network);
  add_probes (self, snapshot);
  g_mutex_lock (&self->lock);
  esp_train_loop_update_timeline (self);
  if (look)
    add_test (self);
  EspSnapshot *old = self->slot;
  self->slot = snapshot;
  g_atomic_int_set (&self->taken, FALSE);
  esp_train_loop_hand_over_reports (self);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&old, esp_snapshot_unref);
  self->published = g_get_monotonic_time ();
  self->cost = self->published - start;
  self->stale = FALSE;
}

gint64
esp_train_loop_get_publish_time (EspTrainLoop *self)
{
  gint64 pause = g_atomic_int_get (&self->taken) ? SNAPSHOT_US : UNTAKEN_US;
  return self->published + MAX (pause, (ESP_TRAIN_LOOP_COST_SHARE - 1) * self->cost);
}
