/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changes a run of the training thread: edits and settings between two steps, undo and redo,
 * ways to other moments, the beginning. Each is answered by a report. */

#include "config.h"
#include "esp-train-loop-private.h"

#define SEEK_US (G_USEC_PER_SEC / 10) /* between looks on a long way to another step */
#define SEEK_BURST 64                 /* steps of it without a look at the clock */

static void
report (EspTrainLoop *self, const EspCommand *command, gboolean done)
{
  EspReport own = { command->ticket, esp_plan_get_step (self->plan), done, NULL };
  g_array_append_val (self->own_reports, own);
}

/* whatever comes after it */
static void
mark (EspTrainLoop *self, const EspCommand *command)
{
  EspReport own = { command->ticket, esp_plan_get_step (self->plan), TRUE, NULL };
  own.snapshot = esp_plan_make_snapshot (self->plan, self->network);
  g_array_append_val (self->own_reports, own);
  self->stale = TRUE;
}

/* settings and edits wait for the end of a step that is under way. @id: 0 for what nobody takes
 * back */
static gboolean
change (EspTrainLoop *self, const EspHistoryEvent *events, guint n, guint64 id)
{
  if (esp_plan_get_stage (self->plan) != ESP_STAGE_UPDATED)
    esp_train_loop_run_asked (self, 1);
  gboolean done = esp_history_do (self->history, self->plan, events, n, id);
  g_mutex_lock (&self->lock);
  self->timeline.refused = !done;
  g_mutex_unlock (&self->lock);
  self->stale = TRUE;
  return done;
}

static void
change_numbers (EspTrainLoop *self, const EspCommand *command)
{
  const EspHistoryEvent *events = (const EspHistoryEvent *) (gpointer) command->events->data;
  guint64 id = command->count != 0 ? command->count : command->ticket;
  report (self, command, change (self, events, command->events->len, id));
}

void
esp_train_loop_step_examples (EspTrainLoop *self, guint64 count)
{
  EspHistoryEvent event = { .kind = ESP_HISTORY_ROWS, .index = count };
  change (self, &event, 1, 0);
  esp_train_loop_run_asked (self, 1);
}

static void
set_seeking (EspTrainLoop *self, gboolean seeking)
{
  g_mutex_lock (&self->lock);
  self->timeline.seeking = seeking;
  g_mutex_unlock (&self->lock);
}

static gboolean
is_overtaken (EspTrainLoop *self, guint serial)
{
  g_mutex_lock (&self->lock);
  gboolean overtaken = serial >= self->first_overtaken && serial <= self->last_overtaken;
  g_mutex_unlock (&self->lock);
  return overtaken;
}

void
esp_train_loop_seek (EspTrainLoop *self, guint branch, guint64 step, guint serial)
{
  if (is_overtaken (self, serial) || branch >= esp_history_get_n_branches (self->history))
    return;
  step = MIN (step, esp_history_get_head (self->history, branch));
  step = esp_history_get_reachable (self->history, branch, step);
  gint64 shown = g_get_monotonic_time ();
  gboolean new;
  self->playing = FALSE;
  set_seeking (self, TRUE);
  esp_history_rewind (self->history, self->plan, branch, step);
  g_mutex_lock (&self->lock);
  esp_train_loop_update_timeline (self); /* branches may be gone */
  g_mutex_unlock (&self->lock);
  while (esp_plan_get_step (self->plan) < step && !is_overtaken (self, serial))
    {
      guint64 left = step - esp_plan_get_step (self->plan);
      for (guint64 n = MIN (left, SEEK_BURST); n-- > 0; left--)
        esp_history_step (self->history, self->plan, left == 1, &new);
      if (left > 0 && g_get_monotonic_time () - shown > SEEK_US)
        {
          esp_train_loop_publish (self, FALSE);
          shown = g_get_monotonic_time ();
        }
    }
  esp_history_catch_up (self->history, self->plan);
  set_seeking (self, FALSE);
  self->stale = TRUE;
}

/* undo and redo: to another moment, where a change isn't or is done again */
static void
go_back (EspTrainLoop *self, const EspCommand *command)
{
  guint branch;
  guint64 step;
  gboolean done = esp_history_undo (self->history, self->plan, command->count, &branch, &step);
  if (done)
    esp_train_loop_seek (self, branch, step, command->serial);
  report (self, command, done);
}

static void
go_forth (EspTrainLoop *self, const EspCommand *command)
{
  guint branch, n;
  guint64 step;
  const EspHistoryEvent *events;
  gboolean done = esp_history_redo (self->history, self->plan, command->count, &branch, &step,
                                    &events, &n);
  if (done)
    {
      esp_train_loop_seek (self, branch, step, command->serial);
      done = n == 0 || change (self, events, n, command->count);
    }
  report (self, command, done);
}

static void
reset (EspTrainLoop *self)
{
  esp_plan_keep_rules (self->plan);
  esp_plan_reset (self->plan);
  esp_history_clear (self->history, self->plan);
  self->playing = FALSE;
  self->stale = TRUE;
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < ESP_HISTORY_MAX_BRANCHES; i++)
    esp_train_loop_forget_branch (self, i);
  self->seconds = 0;
  esp_train_loop_update_timeline (self);
  g_mutex_unlock (&self->lock);
}

gboolean
esp_train_loop_execute_change (EspTrainLoop *self, const EspCommand *command)
{
  switch ((int) command->kind)
    {
    case ESP_COMMAND_CHANGE:
      change_numbers (self, command);
      return TRUE;
    case ESP_COMMAND_UNDO:
      go_back (self, command);
      return TRUE;
    case ESP_COMMAND_REDO:
      go_forth (self, command);
      return TRUE;
    case ESP_COMMAND_RESET:
      report (self, command, TRUE);
      reset (self);
      return TRUE;
    case ESP_COMMAND_MARK:
      mark (self, command);
      return TRUE;
    default:
      return FALSE;
    }
}
