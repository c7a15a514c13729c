/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The training thread, its queue of commands, and what its owner's thread asks of it. It sleeps
 * until a command comes or the next step is due; at full speed it runs bursts of about 1 ms.
 * Snapshots: some 80 a second at most while a view takes them, seldom when nobody does, and never
 * at more than a sixteenth of the time: with what they cost the caches that stays under a tenth.
 * After commands there is always one, so that what the slot holds is what was asked for. */

#include "config.h"
#include "esp-train-loop-private.h"

#include <math.h>

#include "esp-kept.h"

#define REPEAT_US (G_USEC_PER_SEC / 2) /* that a run from elsewhere is tried for at most */
#define FIRST_WORK 5000000 /* multiplications that the first snapshot may cost its caller */

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
    esp_train_loop_run_asked (self, 1);
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
  if (esp_train_loop_execute_change (self, command))
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
      esp_train_loop_run_asked (self, command->count);
      break;
    case ESP_COMMAND_EXAMPLES:
      esp_train_loop_step_examples (self, command->count);
      break;
    case ESP_COMMAND_SPEED:
      self->speed = command->value;
      self->due = MIN (self->due, now + G_USEC_PER_SEC / self->speed);
      break;
    case ESP_COMMAND_EPOCH:
      esp_train_loop_run_epoch (self);
      break;
    case ESP_COMMAND_ADVANCE:
      esp_train_loop_advance (self);
      break;
    case ESP_COMMAND_SEEK:
      esp_train_loop_seek (self, command->parameter, command->count, command->serial);
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
    case ESP_COMMAND_REPEAT:
      esp_history_try_repeating (self->history, self->plan, g_get_monotonic_time () + REPEAT_US);
      self->stale = TRUE;
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
        until = MIN (until, (double) esp_train_loop_get_publish_time (self));
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
        esp_train_loop_publish (self, !self->playing);
      if (commands->len > 0)
        {
          g_mutex_lock (&self->lock);
          esp_train_loop_hand_over_reports (self);
          self->n_done += commands->len;
          g_cond_broadcast (&self->done);
          g_mutex_unlock (&self->lock);
        }
      g_array_set_size (commands, 0);
      spare = commands;
      if (going && self->playing)
        esp_train_loop_play (self);
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
  if (!foreign)
    esp_train_loop_push (self, &(EspCommand) { .kind = ESP_COMMAND_REPEAT });
  if (!foreign || esp_plan_get_step (self->plan) < step)
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
    self->observe_cost = G_MAXINT64 / ESP_TRAIN_LOOP_COST_SHARE;
  esp_train_loop_publish (self, cheap);
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
