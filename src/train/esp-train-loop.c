/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The training thread. It sleeps until a command comes or the next step is due; at full speed it
 * runs bursts of about 1 ms and looks at one flag between steps. Snapshots are made outside the
 * lock, at most SNAPSHOTS a second while a view takes them, seldom when nobody does, and never at
 * more than a tenth of the time. After commands there is always one, so that what the slot holds
 * is what was asked for. */

#include "config.h"
#include "esp-train-loop.h"

#include <math.h>

#include "esp-plan.h"

#define BURST_US 1000                     /* without a look at the clock, about */
#define SNAPSHOT_US (G_USEC_PER_SEC / 80) /* between snapshots that are taken */
#define UNTAKEN_US (G_USEC_PER_SEC / 4)   /* between snapshots that nobody takes */
#define LAG_US (G_USEC_PER_SEC / 10)      /* steps that are later than this are left out */
#define COST_SHARE 10                     /* snapshots take at most one part of so many */
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
  EspCurve curve;
  double seconds;
  gint pending; /* atomic: there are commands */
  gint taken;   /* atomic: the slot was emptied since it was filled */

  /* the thread's own */
  EspPlan *plan;
  gboolean playing;
  double speed;     /* steps a second */
  double due;       /* us, when the next step is */
  guint64 burst;    /* steps between looks at the clock */
  gint64 published; /* us, when the last snapshot was */
  gint64 cost;      /* us that it took */
  gint64 observed;  /* us, when the units were last looked at */
  gint64 observe_cost;
  gboolean stale; /* the slot is older than the plan */
  guint n_losses;
  guint64 first_step;  /* of losses */
  double losses[1024]; /* not yet in the curve */
};

static void
flush_losses (EspTrainLoop *self, gint64 us)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->n_losses; i++)
    esp_curve_add (&self->curve, self->first_step + i, self->losses[i]);
  self->seconds += (double) us / G_USEC_PER_SEC;
  g_mutex_unlock (&self->lock);
  self->n_losses = 0;
}

/* looks at the units as well unless that was too costly too lately; @full: in any case */
static void
publish (EspTrainLoop *self, gboolean full)
{
  gint64 start = g_get_monotonic_time ();
  if (full || start - self->observed >= COST_SHARE * self->observe_cost)
    {
      esp_plan_observe (self->plan);
      self->observed = g_get_monotonic_time ();
      self->observe_cost = self->observed - start;
    }
  EspSnapshot *snapshot = esp_plan_make_snapshot (self->plan, self->network);
  g_mutex_lock (&self->lock);
  EspSnapshot *old = self->slot;
  self->slot = snapshot;
  g_atomic_int_set (&self->taken, FALSE);
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

/* up to @count steps without a look at the clock; fewer when a command comes and @yield */
static guint64
run_steps (EspTrainLoop *self, guint64 count, gboolean yield, gboolean watched)
{
  guint64 n = 0;
  self->first_step = esp_plan_get_step (self->plan) + 1;
  while (n < count && self->n_losses < G_N_ELEMENTS (self->losses) &&
         !(yield && g_atomic_int_get (&self->pending)))
    {
      self->losses[self->n_losses++] = esp_plan_step (self->plan, watched);
      n++;
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
      count -= run_steps (self, count, FALSE, count <= G_N_ELEMENTS (self->losses));
      flush_losses (self, g_get_monotonic_time () - start);
    }
  self->stale = TRUE;
}

static void
reset (EspTrainLoop *self)
{
  esp_plan_reset (self->plan);
  self->playing = FALSE;
  self->stale = TRUE;
  g_mutex_lock (&self->lock);
  esp_curve_clear (&self->curve);
  self->seconds = 0;
  g_mutex_unlock (&self->lock);
}

static gboolean
execute (EspTrainLoop *self, const EspCommand *command)
{
  double now = (double) g_get_monotonic_time ();
  switch (command->kind)
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
    case ESP_COMMAND_RESET:
      reset (self);
      break;
    case ESP_COMMAND_SPEED:
      self->speed = command->value;
      self->due = MIN (self->due, now + G_USEC_PER_SEC / self->speed);
      break;
    case ESP_COMMAND_RATE:
      esp_plan_set_rate (self->plan, command->value);
      break;
    case ESP_COMMAND_EDIT:
      esp_plan_edit (self->plan, command->parameter, command->count, (EspReal) command->value);
      self->stale = TRUE;
      break;
    case ESP_COMMAND_QUIT:
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

static gpointer
run (gpointer data)
{
  EspTrainLoop *self = data;
  GArray *spare = g_array_new (FALSE, FALSE, sizeof (EspCommand));
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

EspTrainLoop *
esp_train_loop_new (EspNetwork *network, double speed)
{
  EspTrainLoop *self = g_new0 (EspTrainLoop, 1);
  self->network = g_object_ref (network);
  self->plan = esp_plan_new (network);
  self->commands = g_array_new (FALSE, FALSE, sizeof (EspCommand));
  self->speed = speed;
  self->burst = 1;
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  g_cond_init (&self->done);
  esp_curve_clear (&self->curve);
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
  g_thread_join (self->thread);
  g_array_unref (self->commands);
  g_clear_pointer (&self->slot, esp_snapshot_unref);
  esp_plan_free (self->plan);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->wake);
  g_cond_clear (&self->done);
  g_object_unref (self->network);
  g_free (self);
}

void
esp_train_loop_push (EspTrainLoop *self, const EspCommand *command)
{
  g_mutex_lock (&self->lock);
  g_array_append_vals (self->commands, command, 1);
  self->n_pushed++;
  g_atomic_int_set (&self->pending, TRUE);
  g_cond_signal (&self->wake);
  g_mutex_unlock (&self->lock);
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
esp_train_loop_take (EspTrainLoop *self)
{
  g_mutex_lock (&self->lock);
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
esp_train_loop_get_curve (EspTrainLoop *self, guint64 **steps, double **losses, guint *n)
{
  g_mutex_lock (&self->lock);
  esp_curve_copy (&self->curve, steps, losses, n);
  g_mutex_unlock (&self->lock);
}
