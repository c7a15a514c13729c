/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The training thread. It sleeps until a command comes or the next step is due; at full speed it
 * runs bursts of about 1 ms and looks at one flag between steps. Snapshots are made outside the
 * lock, some 80 a second at most while a view takes them, seldom when nobody does, and never at
 * more than a sixteenth of the time: with what they cost the caches that stays under a tenth. After
 * commands there is always one, so that what the slot holds is what was asked for. */

#include "config.h"
#include "esp-train-loop.h"

#include <math.h>

#include "esp-history.h"
#include "esp-kept.h"
#include "esp-meter-log.h"
#include "esp-plan.h"

#define BURST_US 1000                     /* without a look at the clock, about */
#define SNAPSHOT_US (G_USEC_PER_SEC / 80) /* between snapshots that are taken */
#define UNTAKEN_US (G_USEC_PER_SEC / 4)   /* between snapshots that nobody takes */
#define LAG_US (G_USEC_PER_SEC / 10)      /* steps that are later than this are left out */
#define COST_SHARE 16                     /* snapshots take at most one part of so many */
#define SEEK_US (G_USEC_PER_SEC / 10)     /* between looks on a long way to another step */
#define SEEK_BURST 64                     /* steps of it without a look at the clock */
#define TURN_BACK 8                       /* steps that a divergence is looked for in */
#define FIRST_WORK 5000000 /* multiplications that the first snapshot may cost its caller */

struct _EspTrainLoop
{
  GThread *thread;
  EspNetwork *network; /* owned */

  /* shared, under @lock */
  GMutex lock;
  GCond wake; /* a command came */
  GCond done; /* commands were carried out */
  GArray *commands;
  guint64 n_pushed, n_done;
  EspSnapshot *slot;
  EspTimeline timeline;
  EspBranchInfo branches[ESP_HISTORY_MAX_BRANCHES];
  EspLossCurve *curves[ESP_HISTORY_MAX_BRANCHES]; /* owned */
  EspLossCurve *tests[ESP_HISTORY_MAX_BRANCHES];  /* loss over the test examples, or NULL; owned */
  EspMeterLog *meters[ESP_HISTORY_MAX_BRANCHES]; /* or NULL; owned. The thread alone changes them */
  guint64 tested[ESP_HISTORY_MAX_BRANCHES];      /* last step of these, plus 1 */
  EspDivergence *divergence;
  GBytes *kept; /* what a KEEP gave, until it is taken */
  double seconds;
  guint n_seeks;
  EspCommandKind last_pushed;
  guint first_overtaken, last_overtaken; /* serials of seeks that others, or the end, overtook */
  GArray *reports;                       /* EspReport */
  GMainContext *context;                 /* owned; the one to be told about reports */
  GSource *source;                       /* owned; tells it, or NULL */
  void (*notify) (gpointer user_data);
  gpointer user_data;
  gint pending; /* atomic: there are commands */
  gint taken;   /* atomic: the slot was emptied since it was filled */

  double first_rate; /* the learning rate when it began; never changed */

  /* the thread's own */
  EspPlan *plan;
  EspHistory *history;
  GBytes *probes[ESP_N_PROBES]; /* inputs, or NULL */
  gboolean watch_batch, guarded;
  gboolean playing;
  double speed;     /* steps a second */
  double due;       /* us, when the next step is */
  guint64 burst;    /* steps between looks at the clock */
  gint64 published; /* us, when the last snapshot was */
  gint64 cost;      /* us that it took */
  gint64 observed;  /* us, when the units were last looked at */
  gint64 observe_cost;
  gboolean stale; /* the slot is older than the plan */
  GArray *own_reports;
  guint n_losses;
  guint64 first_step;  /* of losses */
  double losses[1024]; /* not yet in the curve */
};

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

/* under the lock */
static void
update_timeline (EspTrainLoop *self)
{
  EspTimeline *timeline = &self->timeline;
  guint known = timeline->n_branches;
  timeline->branch = esp_history_get_branch (self->history);
  timeline->n_branches = esp_history_get_n_branches (self->history);
  timeline->step = esp_plan_get_step (self->plan);
  timeline->stage = esp_plan_get_stage (self->plan);
  timeline->head = esp_history_get_head (self->history, timeline->branch);
  timeline->rate = esp_plan_get_base_rate (self->plan);
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

static void
flush_losses (EspTrainLoop *self, gint64 us)
{
  g_mutex_lock (&self->lock);
  update_timeline (self);
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

/* under the lock: what is in them is in the slot now, or will never be seen there */
static void
hand_over_reports (EspTrainLoop *self)
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

/* looks at the units as well unless that was too costly too lately; @full: in any case */
static void
publish (EspTrainLoop *self, gboolean full)
{
  gint64 start = g_get_monotonic_time ();
  gboolean look = FALSE;
  if (full || start - self->observed >= COST_SHARE * self->observe_cost)
    {
      look = TRUE;
      esp_plan_observe (self->plan);
      self->observed = g_get_monotonic_time ();
      self->observe_cost = self->observed - start;
    }
  EspSnapshot *snapshot = esp_plan_make_snapshot (self->plan, self->network);
  add_probes (self, snapshot);
  g_mutex_lock (&self->lock);
  update_timeline (self);
  if (look)
    add_test (self);
  EspSnapshot *old = self->slot;
  self->slot = snapshot;
  g_atomic_int_set (&self->taken, FALSE);
  hand_over_reports (self);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&old, esp_snapshot_unref);
  self->published = g_get_monotonic_time ();
  self->cost = self->published - start;
  self->stale = FALSE;
}

static gint64
get_publish_time (EspTrainLoop *self)
{
  gint64 pause = g_atomic_int_get (&self->taken) ? SNAPSHOT_US : UNTAKEN_US;
  return self->published + MAX (pause, (COST_SHARE - 1) * self->cost);
}

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
          flush_losses (self, 0);
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

static void
play (EspTrainLoop *self)
{
  gint64 start = g_get_monotonic_time ();
  gboolean free_running = isinf (self->speed);
  if (!free_running && self->due > (double) start)
    {
      if (self->stale && start >= get_publish_time (self))
        publish (self, FALSE);
      return;
    }
  guint64 count = self->burst;
  if (!free_running)
    {
      double late = ((double) start - self->due) * self->speed / G_USEC_PER_SEC;
      count = MIN (count, (guint64) late + 1);
    }
  guint64 n = run_steps (self, count, TRUE, start >= get_publish_time (self));
  gint64 end = g_get_monotonic_time ();
  flush_losses (self, end - start);
  adapt_burst (self, n, end - start);
  self->stale = self->stale || n > 0;
  if (!free_running)
    self->due = MAX (self->due + (double) n * G_USEC_PER_SEC / self->speed,
                     (double) (end - LAG_US));
  if (self->stale && end >= get_publish_time (self))
    publish (self, FALSE);
}

static void
run_asked (EspTrainLoop *self, guint64 count)
{
  while (count > 0)
    {
      gint64 start = g_get_monotonic_time ();
      guint64 before = esp_plan_get_step (self->plan);
      count -= run_steps (self, count, FALSE, count <= G_N_ELEMENTS (self->losses));
      flush_losses (self, g_get_monotonic_time () - start);
      if (esp_plan_get_step (self->plan) <= before)
        break; /* turned back */
    }
  self->stale = TRUE;
}

static void
run_epoch (EspTrainLoop *self)
{
  guint64 epoch = esp_plan_get_epoch (self->plan), before;
  do
    {
      before = esp_plan_get_step (self->plan);
      run_asked (self, 1);
    }
  while (esp_plan_get_epoch (self->plan) == epoch && esp_plan_get_step (self->plan) > before);
}

static void
advance (EspTrainLoop *self)
{
  gint64 start = g_get_monotonic_time ();
  esp_history_catch_up (self->history, self->plan);
  /* the last stage is the step itself as far as history goes */
  if (esp_plan_get_stage (self->plan) == ESP_STAGE_BACKWARD)
    run_steps (self, 1, FALSE, TRUE);
  else
    esp_plan_advance (self->plan, TRUE);
  flush_losses (self, g_get_monotonic_time () - start);
  self->stale = TRUE;
}

static void
report (EspTrainLoop *self, const EspCommand *command, gboolean done, double before)
{
  EspReport own = { command->ticket, esp_plan_get_step (self->plan), before, done, NULL };
  g_array_append_val (self->own_reports, own);
}

/* whatever comes after it */
static void
mark (EspTrainLoop *self, const EspCommand *command)
{
  EspReport own = { command->ticket, esp_plan_get_step (self->plan), NAN, TRUE, NULL };
  own.snapshot = esp_plan_make_snapshot (self->plan, self->network);
  g_array_append_val (self->own_reports, own);
  self->stale = TRUE;
}

/* the number that @event is about to change, if it is a single one */
static double
get_before (EspTrainLoop *self, const EspHistoryEvent *event)
{
  if (event->kind == ESP_HISTORY_RATE)
    return esp_plan_get_base_rate (self->plan);
  if (event->kind != ESP_HISTORY_EDIT)
    return NAN;
  return esp_plan_read_cell (self->plan, event->parameter, event->index);
}

/* settings and edits wait for the end of a step that is under way. @id: 0 for what nobody takes
 * back */
static gboolean
change (EspTrainLoop *self, const EspHistoryEvent *events, guint n, guint64 id)
{
  if (esp_plan_get_stage (self->plan) != ESP_STAGE_UPDATED)
    run_asked (self, 1);
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
  if (esp_plan_get_stage (self->plan) != ESP_STAGE_UPDATED)
    run_asked (self, 1);
  double before = command->events->len == 1 ? get_before (self, events) : NAN;
  gboolean done = change (self, events, command->events->len, command->ticket);
  report (self, command, done, before);
}

static void
step_examples (EspTrainLoop *self, guint64 count)
{
  EspHistoryEvent event = { .kind = ESP_HISTORY_ROWS, .index = count };
  change (self, &event, 1, 0);
  run_asked (self, 1);
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

/* shows on a long way where it is; another seek overtakes it */
static void
seek (EspTrainLoop *self, guint branch, guint64 step, guint serial)
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
  while (esp_plan_get_step (self->plan) < step && !is_overtaken (self, serial))
    {
      guint64 left = step - esp_plan_get_step (self->plan);
      for (guint64 n = MIN (left, SEEK_BURST); n-- > 0; left--)
        esp_history_step (self->history, self->plan, left == 1, &new);
      if (left > 0 && g_get_monotonic_time () - shown > SEEK_US)
        {
          publish (self, FALSE);
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
    seek (self, branch, step, command->serial);
  report (self, command, done, NAN);
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
      seek (self, branch, step, command->serial);
      done = n == 0 || change (self, events, n, command->count);
    }
  report (self, command, done, NAN);
}

static void
reset (EspTrainLoop *self)
{
  esp_plan_reset (self->plan);
  esp_history_clear (self->history, self->plan);
  self->playing = FALSE;
  self->stale = TRUE;
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < ESP_HISTORY_MAX_BRANCHES; i++)
    {
      if (self->curves[i] != NULL)
        esp_loss_curve_clear (self->curves[i]);
      g_clear_pointer (&self->tests[i], g_free);
      g_clear_pointer (&self->meters[i], esp_meter_log_free);
      self->tested[i] = 0;
    }
  self->seconds = 0;
  update_timeline (self);
  g_mutex_unlock (&self->lock);
}

static void
set_probe (EspTrainLoop *self, const EspCommand *command)
{
  if (command->parameter == ESP_PROBE_BATCH)
    self->watch_batch = command->count != 0;
  else
    {
      g_clear_pointer (&self->probes[command->parameter], g_bytes_unref);
      if (command->numbers != NULL)
        self->probes[command->parameter] = g_bytes_ref (command->numbers);
    }
  self->stale = TRUE;
}

/* commands that a report answers; FALSE: it is none */
static gboolean
execute_change (EspTrainLoop *self, const EspCommand *command)
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
      report (self, command, TRUE, NAN);
      reset (self);
      return TRUE;
    case ESP_COMMAND_MARK:
      mark (self, command);
      return TRUE;
    default:
      return FALSE;
    }
}

static EspKept
get_kept (EspTrainLoop *self)
{
  return (EspKept) { self->plan,  self->history, self->curves,
                     self->tests, self->tested,  self->seconds };
}

/* all of the run; a step that is under way is ended first. Only this thread changes the curves. */
static void
keep (EspTrainLoop *self)
{
  if (esp_plan_get_stage (self->plan) != ESP_STAGE_UPDATED)
    run_asked (self, 1);
  EspKept kept = get_kept (self);
  GBytes *bytes = esp_kept_write (self->network, &kept);
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->kept, g_bytes_unref);
  self->kept = bytes;
  g_cond_broadcast (&self->done);
  g_mutex_unlock (&self->lock);
}

/* FALSE: the thread ends */
static gboolean
execute (EspTrainLoop *self, const EspCommand *command)
{
  double now = (double) g_get_monotonic_time ();
  if (execute_change (self, command))
    return TRUE;
  switch ((int) command->kind)
    {
    case ESP_COMMAND_PLAY:
      self->playing = TRUE;
      self->due = now;
      break;
    case ESP_COMMAND_PAUSE:
      self->playing = FALSE;
      break;
    case ESP_COMMAND_STEPS:
      run_asked (self, command->count);
      break;
    case ESP_COMMAND_EXAMPLES:
      step_examples (self, command->count);
      break;
    case ESP_COMMAND_SPEED:
      self->speed = command->value;
      self->due = MIN (self->due, now + G_USEC_PER_SEC / self->speed);
      break;
    case ESP_COMMAND_EPOCH:
      run_epoch (self);
      break;
    case ESP_COMMAND_ADVANCE:
      advance (self);
      break;
    case ESP_COMMAND_SEEK:
      seek (self, command->parameter, command->count, command->serial);
      break;
    case ESP_COMMAND_PROBE:
      set_probe (self, command);
      break;
    case ESP_COMMAND_GUARD:
      self->guarded = command->count != 0;
      break;
    case ESP_COMMAND_KEEP:
      keep (self);
      break;
    default:
      return FALSE;
    }
  return TRUE;
}

/* until there are commands or it is time to play; takes the commands */
static GArray *
wait_for_commands (EspTrainLoop *self, GArray *empty)
{
  g_mutex_lock (&self->lock);
  while (self->commands->len == 0)
    {
      if (!self->playing)
        {
          g_cond_wait (&self->wake, &self->lock);
          continue;
        }
      if (isinf (self->speed))
        break;
      double until = self->due;
      if (self->stale)
        until = MIN (until, (double) get_publish_time (self));
      if ((double) g_get_monotonic_time () >= until ||
          !g_cond_wait_until (&self->wake, &self->lock, (gint64) ceil (until)))
        break;
    }
  GArray *commands = self->commands;
  self->commands = empty;
  g_atomic_int_set (&self->pending, FALSE);
  g_mutex_unlock (&self->lock);
  return commands;
}

static void
command_clear (gpointer data)
{
  EspCommand *command = data;
  g_clear_pointer (&command->numbers, g_bytes_unref);
  g_clear_pointer (&command->events, g_array_unref);
}

static GArray *
new_commands (void)
{
  GArray *commands = g_array_new (FALSE, FALSE, sizeof (EspCommand));
  g_array_set_clear_func (commands, command_clear);
  return commands;
}

static gpointer
run (gpointer data)
{
  EspTrainLoop *self = data;
  GArray *spare = new_commands ();
  gboolean going = TRUE;
  esp_real_flush_subnormals ();
  while (going)
    {
      GArray *commands = wait_for_commands (self, spare);
      for (guint i = 0; going && i < commands->len; i++)
        going = execute (self, &g_array_index (commands, EspCommand, i));
      if (going && commands->len > 0 && self->stale)
        publish (self, !self->playing);
      if (commands->len > 0)
        {
          g_mutex_lock (&self->lock);
          hand_over_reports (self);
          self->n_done += commands->len;
          g_cond_broadcast (&self->done);
          g_mutex_unlock (&self->lock);
        }
      g_array_set_size (commands, 0);
      spare = commands;
      if (going && self->playing)
        play (self);
    }
  g_array_unref (spare);
  return NULL;
}

/* before the thread begins; the way to @step is the thread's */
static gboolean
load_kept (EspTrainLoop *self, GBytes *bytes, gboolean foreign, GError **error)
{
  EspKept kept = get_kept (self);
  guint branch;
  guint64 step;
  if (!esp_kept_read (self->network, &kept, bytes, foreign, &branch, &step, error))
    return FALSE;
  self->seconds = kept.seconds;
  self->first_rate = esp_plan_get_base_rate (self->plan);
  for (guint i = 0; i < esp_history_get_n_branches (self->history); i++)
    {
      EspBranchInfo *info = &self->branches[i];
      info->fork = esp_history_get_fork (self->history, i, &info->parent);
      info->head = esp_history_get_head (self->history, i);
    }
  self->timeline.n_foreign = esp_history_get_n_foreign (self->history);
  if (esp_plan_get_step (self->plan) < step)
    esp_train_loop_push (
        self, &(EspCommand) { .kind = ESP_COMMAND_SEEK, .parameter = branch, .count = step });
  return TRUE;
}

static EspTrainLoop *
new_loop (EspNetwork *network,
          double speed,
          void (*notify) (gpointer user_data),
          gpointer user_data)
{
  EspTrainLoop *self = g_new0 (EspTrainLoop, 1);
  self->context = g_main_context_ref_thread_default ();
  self->notify = notify;
  self->user_data = user_data;
  self->reports = g_array_new (FALSE, FALSE, sizeof (EspReport));
  self->own_reports = g_array_new (FALSE, FALSE, sizeof (EspReport));
  self->network = g_object_ref (network);
  self->plan = esp_plan_new (network);
  self->history = esp_history_new (self->plan, ESP_HISTORY_BYTES);
  self->first_rate = esp_plan_get_base_rate (self->plan);
  self->commands = new_commands ();
  self->speed = speed;
  self->burst = 1;
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  g_cond_init (&self->done);
  return self;
}

EspTrainLoop *
esp_train_loop_new (EspNetwork *network,
                    double speed,
                    void (*notify) (gpointer user_data),
                    gpointer user_data,
                    GBytes *kept,
                    gboolean foreign,
                    GError **error)
{
  EspTrainLoop *self = new_loop (network, speed, notify, user_data);
  if (kept != NULL && !load_kept (self, kept, foreign, error))
    {
      esp_train_loop_free (self);
      return NULL;
    }
  /* a large network's units are left to the thread */
  gboolean cheap = esp_plan_get_observe_work (self->plan) <= FIRST_WORK;
  if (!cheap)
    self->observe_cost = G_MAXINT64 / COST_SHARE;
  publish (self, cheap);
  self->observe_cost = cheap ? self->observe_cost : 0;
  self->thread = g_thread_new ("train", run, self);
  return self;
}

void
esp_train_loop_free (EspTrainLoop *self)
{
  if (self == NULL)
    return;
  esp_train_loop_push (self, &(EspCommand) { .kind = ESP_COMMAND_QUIT });
  if (self->thread != NULL)
    g_thread_join (self->thread);
  g_clear_pointer (&self->kept, g_bytes_unref);
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_main_context_unref (self->context);
  for (guint i = 0; i < self->reports->len; i++)
    g_clear_pointer (&g_array_index (self->reports, EspReport, i).snapshot, esp_snapshot_unref);
  g_array_unref (self->reports);
  g_array_unref (self->own_reports);
  g_array_unref (self->commands);
  g_clear_pointer (&self->slot, esp_snapshot_unref);
  esp_history_free (self->history);
  esp_plan_free (self->plan);
  for (guint i = 0; i < ESP_HISTORY_MAX_BRANCHES; i++)
    {
      g_free (self->curves[i]);
      g_free (self->tests[i]);
      g_clear_pointer (&self->meters[i], esp_meter_log_free);
    }
  for (guint i = 0; i < ESP_N_PROBES; i++)
    g_clear_pointer (&self->probes[i], g_bytes_unref);
  g_clear_pointer (&self->divergence, esp_divergence_free);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->wake);
  g_cond_clear (&self->done);
  g_object_unref (self->network);
  g_free (self);
}

double
esp_train_loop_get_first_rate (EspTrainLoop *self)
{
  return self->first_rate;
}

GBytes *
esp_train_loop_wait_kept (EspTrainLoop *self)
{
  g_mutex_lock (&self->lock);
  while (self->kept == NULL)
    g_cond_wait (&self->done, &self->lock);
  GBytes *kept = g_steal_pointer (&self->kept);
  g_mutex_unlock (&self->lock);
  return kept;
}

/* under the lock: nothing lies between two seeks in a row, or a seek and a reset, and nothing is
 * left of any at the end */
static void
overtake (EspTrainLoop *self, EspCommand *command)
{
  EspCommandKind kind = command->kind;
  gboolean goes = kind == ESP_COMMAND_SEEK || kind == ESP_COMMAND_UNDO || kind == ESP_COMMAND_REDO;
  if (goes)
    command->serial = ++self->n_seeks;
  if (kind == ESP_COMMAND_QUIT)
    {
      self->first_overtaken = 1;
      self->last_overtaken = self->n_seeks;
    }
  else if (self->last_pushed == ESP_COMMAND_SEEK &&
           (kind == ESP_COMMAND_SEEK || kind == ESP_COMMAND_RESET))
    {
      guint last = kind == ESP_COMMAND_SEEK ? command->serial - 1 : self->n_seeks;
      if (self->last_overtaken + 1 != last)
        self->first_overtaken = last;
      self->last_overtaken = last;
    }
  self->last_pushed = kind;
}

guint64
esp_train_loop_push (EspTrainLoop *self, const EspCommand *command)
{
  EspCommand own = *command;
  if (own.numbers != NULL)
    g_bytes_ref (own.numbers);
  if (own.events != NULL)
    g_array_ref (own.events);
  g_mutex_lock (&self->lock);
  overtake (self, &own);
  guint64 ticket = own.ticket = ++self->n_pushed;
  g_array_append_val (self->commands, own);
  g_atomic_int_set (&self->pending, TRUE);
  g_cond_signal (&self->wake);
  g_mutex_unlock (&self->lock);
  return ticket;
}

gboolean
esp_train_loop_is_done (EspTrainLoop *self, guint64 ticket)
{
  g_mutex_lock (&self->lock);
  gboolean done = self->n_done >= ticket;
  g_mutex_unlock (&self->lock);
  return done;
}

void
esp_train_loop_wait (EspTrainLoop *self)
{
  g_mutex_lock (&self->lock);
  guint64 wanted = self->n_pushed;
  while (self->n_done < wanted)
    g_cond_wait (&self->done, &self->lock);
  g_mutex_unlock (&self->lock);
}

EspSnapshot *
esp_train_loop_take (EspTrainLoop *self, GArray *reports)
{
  g_mutex_lock (&self->lock);
  if (reports != NULL && self->reports->len > 0)
    {
      g_array_append_vals (reports, self->reports->data, self->reports->len);
      g_array_set_size (self->reports, 0);
    }
  EspSnapshot *snapshot = g_steal_pointer (&self->slot);
  if (snapshot != NULL)
    g_atomic_int_set (&self->taken, TRUE);
  g_mutex_unlock (&self->lock);
  return snapshot;
}

double
esp_train_loop_get_seconds (EspTrainLoop *self)
{
  g_mutex_lock (&self->lock);
  double seconds = self->seconds;
  g_mutex_unlock (&self->lock);
  return seconds;
}

void
esp_train_loop_get_curve (EspTrainLoop *self,
                          guint branch,
                          gboolean test,
                          guint64 **steps,
                          double **losses,
                          guint *n)
{
  static const EspLossCurve empty = { .width = 1 };
  g_mutex_lock (&self->lock);
  EspLossCurve *const *curves = test ? self->tests : self->curves;
  const EspLossCurve *curve = branch < ESP_HISTORY_MAX_BRANCHES ? curves[branch] : NULL;
  esp_loss_curve_copy (curve != NULL ? curve : &empty, steps, losses, n);
  g_mutex_unlock (&self->lock);
}

void
esp_train_loop_append_meters (EspTrainLoop *self, guint branch, guint64 last, EspMeterTable *table)
{
  g_mutex_lock (&self->lock);
  if (branch < ESP_HISTORY_MAX_BRANCHES && self->meters[branch] != NULL)
    esp_meter_log_append_to (self->meters[branch], last, table);
  g_mutex_unlock (&self->lock);
}

void
esp_train_loop_get_timeline (EspTrainLoop *self, EspTimeline *timeline)
{
  g_mutex_lock (&self->lock);
  *timeline = self->timeline;
  g_mutex_unlock (&self->lock);
}

gboolean
esp_train_loop_get_branch (EspTrainLoop *self, guint branch, EspBranchInfo *info)
{
  g_mutex_lock (&self->lock);
  gboolean there = branch < self->timeline.n_branches;
  if (there)
    *info = self->branches[branch];
  g_mutex_unlock (&self->lock);
  return there;
}

EspDivergence *
esp_train_loop_take_divergence (EspTrainLoop *self)
{
  g_mutex_lock (&self->lock);
  EspDivergence *divergence = g_steal_pointer (&self->divergence);
  g_mutex_unlock (&self->lock);
  return divergence;
}
