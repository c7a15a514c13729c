/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps of the training thread: bursts while it plays, steps that were asked for, parts of one, and
 * the way back when numbers stop being finite. Between the steps of a burst it looks at one flag.
 */

#include "config.h"
#include "esp-train-loop-private.h"

#include <math.h>

#define BURST_US 1000                /* without a look at the clock, about */
#define LAG_US (G_USEC_PER_SEC / 10) /* steps that are later than this are left out */
#define TURN_BACK 8                  /* steps that a divergence is looked for in */

/* Numbers stopped being finite in the last step: back to the last good one, and where it came
 * from. The way back is what esp_history_step() does again, so the numbers are the same. */
static void
turn_back (EspTrainLoop *self)
{
  guint branch = esp_history_get_branch (self->history);
  guint64 step = esp_plan_get_step (self->plan), good = step;
  EspDivergence *found = g_new0 (EspDivergence, 1);
  gboolean new;
  do
    {
      good--;
      esp_history_rewind (self->history, self->plan, branch, good);
      while (esp_plan_get_step (self->plan) < good)
        esp_history_step (self->history, self->plan, TRUE, &new);
      esp_history_catch_up (self->history, self->plan);
    }
  while (!esp_plan_is_finite (self->plan) && good > 0 && step - good < TURN_BACK);
  /* an edit may have broken it, so events are looked at, too */
  do
    {
      esp_history_catch_up (self->history, self->plan);
      found->step = esp_plan_get_step (self->plan) + 1;
    }
  while (!esp_plan_find_nonfinite (self->plan, &found->stage, &found->path) && found->step < step);
  esp_history_rewind (self->history, self->plan, branch, good);
  while (esp_plan_get_step (self->plan) < good)
    esp_history_step (self->history, self->plan, TRUE, &new);
  esp_history_catch_up (self->history, self->plan);
  self->playing = FALSE;
  self->stale = TRUE;
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->divergence, esp_divergence_free);
  self->divergence = found;
  g_mutex_unlock (&self->lock);
}

/* whether the step after those that are done is one of those whose meters are kept */
static gboolean
wants_meters (EspTrainLoop *self)
{
  const EspMeterLog *log = self->meters[esp_history_get_branch (self->history)];
  return log == NULL || esp_meter_log_wants (log, esp_plan_get_step (self->plan) + 1);
}

static void
add_meters (EspTrainLoop *self)
{
  guint branch = esp_history_get_branch (self->history), n = self->network->parameters->len;
  g_autofree EspMeter *meters = g_new (EspMeter, n);
  for (guint i = 0; i < n; i++)
    esp_plan_measure (self->plan, i, &meters[i]);
  g_mutex_lock (&self->lock);
  if (self->meters[branch] == NULL)
    self->meters[branch] = esp_meter_log_new (n);
  esp_meter_log_add (self->meters[branch], esp_plan_get_step (self->plan), meters);
  g_mutex_unlock (&self->lock);
}

/* up to @count steps without a look at the clock; fewer when a command comes and @yield, or when
 * numbers stop being finite */
static guint64
run_steps (EspTrainLoop *self, guint64 count, gboolean yield, gboolean watched)
{
  guint64 n = 0;
  while (n < count && self->n_losses < G_N_ELEMENTS (self->losses) &&
         !(yield && g_atomic_int_get (&self->pending)))
    {
      gboolean new, last = yield || n + 1 == count;
      gboolean measured = wants_meters (self);
      double loss = esp_history_step (self->history, self->plan, (watched && last) || measured,
                                      &new);
      n++;
      if (measured && new)
        add_meters (self);
      if (new && self->n_losses == 0)
        self->first_step = esp_plan_get_step (self->plan);
      if (new)
        self->losses[self->n_losses++] = loss;
      if (G_UNLIKELY (self->guarded && !isfinite (loss)))
        {
          esp_train_loop_flush_losses (self, 0);
          turn_back (self);
          break;
        }
    }
  return n;
}

/* bursts grow or shrink towards BURST_US */
static void
adapt_burst (EspTrainLoop *self, guint64 steps, gint64 us)
{
  if (us > 2 * BURST_US && self->burst > 1)
    self->burst = MAX (self->burst / 2, 1);
  else if (us < BURST_US / 2 && steps == self->burst)
    self->burst = MIN (self->burst * 2, G_N_ELEMENTS (self->losses));
}

void
esp_train_loop_play (EspTrainLoop *self)
{
  gint64 start = g_get_monotonic_time ();
  gboolean free_running = isinf (self->speed);
  if (!free_running && self->due > (double) start)
    {
      if (self->stale && start >= esp_train_loop_get_publish_time (self))
        esp_train_loop_publish (self, FALSE);
      return;
    }
  guint64 count = self->burst;
  if (!free_running)
    {
      double late = ((double) start - self->due) * self->speed / G_USEC_PER_SEC;
      count = MIN (count, (guint64) late + 1);
    }
  guint64 n = run_steps (self, count, TRUE, start >= esp_train_loop_get_publish_time (self));
  gint64 end = g_get_monotonic_time ();
  esp_train_loop_flush_losses (self, end - start);
  adapt_burst (self, n, end - start);
  self->stale = self->stale || n > 0;
  if (!free_running)
    self->due = MAX (self->due + (double) n * G_USEC_PER_SEC / self->speed,
                     (double) (end - LAG_US));
  if (self->stale && end >= esp_train_loop_get_publish_time (self))
    esp_train_loop_publish (self, FALSE);
}

void
esp_train_loop_run_asked (EspTrainLoop *self, guint64 count)
{
  while (count > 0)
    {
      gint64 start = g_get_monotonic_time ();
      guint64 before = esp_plan_get_step (self->plan);
      count -= run_steps (self, count, FALSE, count <= G_N_ELEMENTS (self->losses));
      esp_train_loop_flush_losses (self, g_get_monotonic_time () - start);
      if (esp_plan_get_step (self->plan) <= before)
        break; /* turned back */
    }
  self->stale = TRUE;
}

void
esp_train_loop_run_epoch (EspTrainLoop *self)
{
  guint64 epoch = esp_plan_get_epoch (self->plan), before;
  do
    {
      before = esp_plan_get_step (self->plan);
      esp_train_loop_run_asked (self, 1);
    }
  while (esp_plan_get_epoch (self->plan) == epoch && esp_plan_get_step (self->plan) > before);
}

void
esp_train_loop_advance (EspTrainLoop *self)
{
  gint64 start = g_get_monotonic_time ();
  esp_history_catch_up (self->history, self->plan);
  /* the last stage is the step itself as far as history goes */
  if (esp_plan_get_stage (self->plan) == ESP_STAGE_BACKWARD)
    run_steps (self, 1, FALSE, TRUE);
  else
    esp_plan_advance (self->plan, TRUE);
  esp_train_loop_flush_losses (self, g_get_monotonic_time () - start);
  self->stale = TRUE;
}
