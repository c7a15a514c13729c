/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The main thread's face of training: remembers what was asked for and hands it on as commands.
 * The work is done in esp-train-loop.c. */

#include "config.h"
#include "esp-trainer.h"

#include <math.h>
#include <string.h>
#include <glib/gi18n.h>

#include "esp-history-file.h"
#include "esp-kept.h"
#include "esp-network-private.h"
#include "esp-train-loop.h"

#define DEFAULT_SPEED 10.0 /* steps a second that eyes can follow */
#define SLOWEST 0.001

struct _EspTrainer
{
  GObject parent_instance;

  /* owned */
  EspNetwork *network;
  EspTrainLoop *loop;

  /* as last asked for */
  gboolean playing;
  double speed;
  double rate;
  guint64 rate_ticket;

  char *kernels; /* other ones that made the first runs, or NULL */
};

enum
{
  REPORTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

typedef enum
{
  PROP_PLAYING = 1,
  N_PROPERTIES
} EspTrainerProperty;

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_FINAL_TYPE (EspTrainer, esp_trainer, G_TYPE_OBJECT)

static guint64
push (EspTrainer *self, EspCommandKind kind, guint64 count, double value)
{
  EspCommand command = { .kind = kind, .count = count, .value = value };
  return esp_train_loop_push (self->loop, &command);
}

static void
set_playing (EspTrainer *self, gboolean playing)
{
  if (self->playing == playing)
    return;
  self->playing = playing;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PLAYING]);
}

static void
esp_trainer_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspTrainer *self = ESP_TRAINER (object);
  switch ((EspTrainerProperty) id)
    {
    case PROP_PLAYING:
      g_value_set_boolean (value, self->playing);
      break;
    case N_PROPERTIES:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_trainer_finalize (GObject *object)
{
  EspTrainer *self = ESP_TRAINER (object);
  esp_train_loop_free (self->loop);
  g_clear_object (&self->network);
  g_free (self->kernels);
  G_OBJECT_CLASS (esp_trainer_parent_class)->finalize (object);
}

static void
esp_trainer_class_init (EspTrainerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->get_property = esp_trainer_get_property;
  object_class->finalize = esp_trainer_finalize;
  properties[PROP_PLAYING] = g_param_spec_boolean ("playing", NULL, NULL, FALSE,
                                                   G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY |
                                                       G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  signals[REPORTED] = g_signal_new ("reported", ESP_TYPE_TRAINER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 0);
}

static void
esp_trainer_init (EspTrainer *self)
{
  self->speed = DEFAULT_SPEED;
}

static void
on_reports (gpointer user_data)
{
  g_signal_emit (user_data, signals[REPORTED], 0);
}

EspTrainer *
esp_trainer_new (EspNetwork *network)
{
  return esp_trainer_new_kept (network, NULL, NULL, NULL);
}

const char *
esp_trainer_get_kernels (void)
{
  return esp_kept_get_kernels ();
}

gboolean
esp_trainer_read_initial (EspNetwork *network, GBytes *kept, GError **error)
{
  g_return_val_if_fail (ESP_IS_NETWORK (network) && kept != NULL, FALSE);
  return esp_kept_read_initial (network, kept, error);
}

void
esp_trainer_keep (EspTrainer *self)
{
  g_return_if_fail (ESP_IS_TRAINER (self));
  push (self, ESP_COMMAND_KEEP, 0, 0);
}

GBytes *
esp_trainer_wait_kept (EspTrainer *self)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self), NULL);
  return esp_train_loop_wait_kept (self->loop);
}

EspTrainer *
esp_trainer_new_kept (EspNetwork *network, GBytes *kept, const char *kernels, GError **error)
{
  g_return_val_if_fail (ESP_IS_NETWORK (network), NULL);
  EspTrainer *self = g_object_new (ESP_TYPE_TRAINER, NULL);
  self->network = g_object_ref (network);
  network->trains = TRUE;
  gboolean foreign = kept != NULL && g_strcmp0 (kernels, esp_kept_get_kernels ()) != 0;
  self->kernels = foreign ? g_strdup (kernels) : NULL;
  self->loop = esp_train_loop_new (network, self->speed, on_reports, self, kept, foreign, error);
  if (self->loop == NULL)
    {
      g_object_unref (self);
      return NULL;
    }
  self->rate = esp_train_loop_get_first_rate (self->loop);
  return self;
}

/* a file may say anything; letters, figures and points are words that can be shown */
static gboolean
is_word (const char *text)
{
  gsize length = text != NULL ? strspn (text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._-") : 0;
  return length > 0 && length <= 32 && text[length] == '\0';
}

char *
esp_trainer_dup_foreign_note (EspTrainer *self)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self), NULL);
  EspTimeline timeline;
  g_autofree char *who = NULL;
  esp_train_loop_get_timeline (self->loop, &timeline);
  if (timeline.n_foreign == 0)
    return NULL;
  if (is_word (self->kernels))
    /* Translators: two names, such as avx2 and avx512 */
    who = g_strdup_printf (_ ("These steps were computed with another instruction set (%s; here it "
                              "is %s)."),
                           self->kernels, esp_kept_get_kernels ());
  else if (self->kernels != NULL)
    who = g_strdup (_ ("These steps were computed with another instruction set."));
  else
    who = g_strdup (_ ("These steps were computed by another build of the program."));
  return g_strdup_printf (
      /* Translators: a sentence */
      _ ("%s The steps between key frames would come out with slightly different numbers, so the "
         "time line stops at key frames. What is trained from here on is a run of its own, of "
         "which every step can be gone back to."),
      who);
}

EspNetwork *
esp_trainer_get_network (EspTrainer *self)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self), NULL);
  return self->network;
}

void
esp_trainer_play (EspTrainer *self)
{
  g_return_if_fail (ESP_IS_TRAINER (self));
  if (self->playing)
    return;
  push (self, ESP_COMMAND_PLAY, 0, 0);
  set_playing (self, TRUE);
}

void
esp_trainer_pause (EspTrainer *self)
{
  g_return_if_fail (ESP_IS_TRAINER (self));
  if (!self->playing)
    return;
  push (self, ESP_COMMAND_PAUSE, 0, 0);
  set_playing (self, FALSE);
}

gboolean
esp_trainer_is_playing (EspTrainer *self)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self), FALSE);
  return self->playing;
}

void
esp_trainer_step (EspTrainer *self)
{
  g_return_if_fail (ESP_IS_TRAINER (self));
  esp_trainer_pause (self);
  push (self, ESP_COMMAND_STEPS, 1, 0);
}

guint64
esp_trainer_reset (EspTrainer *self)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self), 0);
  guint64 ticket = push (self, ESP_COMMAND_RESET, 0, 0);
  set_playing (self, FALSE);
  return ticket;
}

void
esp_trainer_set_speed (EspTrainer *self, double steps_per_second)
{
  g_return_if_fail (ESP_IS_TRAINER (self) && steps_per_second > 0);
  self->speed = MAX (steps_per_second, SLOWEST);
  push (self, ESP_COMMAND_SPEED, 0, self->speed);
}

double
esp_trainer_get_speed (EspTrainer *self)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self), 0);
  return self->speed;
}

static GArray *
copy_events (const EspHistoryEvent *events, guint n)
{
  GArray *copies = g_array_sized_new (FALSE, FALSE, sizeof *events, n);
  g_array_set_clear_func (copies, esp_history_event_clear);
  g_array_append_vals (copies, events, n);
  for (guint i = 0; i < n; i++)
    if (events[i].numbers != NULL)
      g_bytes_ref (events[i].numbers);
  return copies;
}

/* whether nothing in @event lies outside the network */
static gboolean
fits (EspTrainer *self, const EspHistoryEvent *event)
{
  if (event->kind == ESP_HISTORY_RATE)
    return isfinite (event->value) && event->value >= 0;
  if (event->kind == ESP_HISTORY_ROWS || event->parameter >= self->network->parameters->len)
    return FALSE;
  EspNetParameter *own = esp_network_peek_parameter (self->network, event->parameter);
  gboolean trains = !esp_parameter_kind_is_buffer (own->info.kind);
  if (event->kind == ESP_HISTORY_EDIT)
    return event->index < own->count;
  if (event->kind == ESP_HISTORY_FREEZE)
    return trains && event->index <= 1;
  if (event->kind == ESP_HISTORY_OWN_RATE || event->kind == ESP_HISTORY_OWN_DECAY)
    return trains && (isnan (event->value) || (isfinite (event->value) && event->value >= 0));
  return event->index <= self->network->optimizer->n_moments && event->numbers != NULL &&
         (event->index == 0 || trains) &&
         g_bytes_get_size (event->numbers) == own->count * sizeof (float) &&
         own->info.kind != ESP_PARAMETER_COUNTER;
}

guint64
esp_trainer_change_more (EspTrainer *self, const EspHistoryEvent *events, guint n, guint64 ticket)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self) && n > 0, 0);
  for (guint i = 0; i < n; i++)
    g_return_val_if_fail (fits (self, &events[i]), 0);
  g_autoptr (GArray) copies = copy_events (events, n);
  EspCommand command = { .kind = ESP_COMMAND_CHANGE, .count = ticket, .events = copies };
  guint64 own = esp_train_loop_push (self->loop, &command);
  for (guint i = 0; i < n; i++)
    if (events[i].kind == ESP_HISTORY_RATE)
      {
        self->rate = events[i].value;
        self->rate_ticket = own;
      }
  return own;
}

guint64
esp_trainer_change (EspTrainer *self, const EspHistoryEvent *events, guint n)
{
  return esp_trainer_change_more (self, events, n, 0);
}

guint64
esp_trainer_edit (EspTrainer *self, guint parameter, guint64 index, float value)
{
  EspHistoryEvent event = { .kind = ESP_HISTORY_EDIT,
                            .parameter = parameter,
                            .index = index,
                            .value = (double) value };
  return esp_trainer_change (self, &event, 1);
}

guint64
esp_trainer_set_learning_rate (EspTrainer *self, double rate)
{
  EspHistoryEvent event = { .kind = ESP_HISTORY_RATE, .value = rate };
  return esp_trainer_change (self, &event, 1);
}

guint64
esp_trainer_undo (EspTrainer *self, guint64 ticket)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self), 0);
  esp_trainer_pause (self);
  return push (self, ESP_COMMAND_UNDO, ticket, 0);
}

guint64
esp_trainer_redo (EspTrainer *self, guint64 ticket)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self), 0);
  esp_trainer_pause (self);
  return push (self, ESP_COMMAND_REDO, ticket, 0);
}

guint64
esp_trainer_mark (EspTrainer *self)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self), 0);
  return push (self, ESP_COMMAND_MARK, 0, 0);
}

double
esp_trainer_get_learning_rate (EspTrainer *self)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self), 0);
  EspTimeline timeline;
  if (!esp_train_loop_is_done (self->loop, self->rate_ticket))
    return self->rate;
  esp_train_loop_get_timeline (self->loop, &timeline);
  return timeline.rate;
}

EspSnapshot *
esp_trainer_take_snapshot (EspTrainer *self)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self), NULL);
  return esp_train_loop_take (self->loop, NULL);
}

EspSnapshot *
esp_trainer_take (EspTrainer *self, GArray *reports)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self) && reports != NULL, NULL);
  return esp_train_loop_take (self->loop, reports);
}

void
esp_trainer_wait (EspTrainer *self)
{
  g_return_if_fail (ESP_IS_TRAINER (self));
  esp_train_loop_wait (self->loop);
}

void
esp_trainer_run (EspTrainer *self, guint64 steps)
{
  g_return_if_fail (ESP_IS_TRAINER (self));
  push (self, ESP_COMMAND_STEPS, steps, 0);
  esp_train_loop_wait (self->loop);
}

double
esp_trainer_get_seconds (EspTrainer *self)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self), 0);
  return esp_train_loop_get_seconds (self->loop);
}

void
esp_trainer_advance (EspTrainer *self)
{
  g_return_if_fail (ESP_IS_TRAINER (self));
  esp_trainer_pause (self);
  push (self, ESP_COMMAND_ADVANCE, 0, 0);
}

void
esp_trainer_step_example (EspTrainer *self)
{
  g_return_if_fail (ESP_IS_TRAINER (self));
  esp_trainer_pause (self);
  push (self, ESP_COMMAND_EXAMPLES, 1, 0);
}

void
esp_trainer_step_epoch (EspTrainer *self)
{
  g_return_if_fail (ESP_IS_TRAINER (self));
  esp_trainer_pause (self);
  push (self, ESP_COMMAND_EPOCH, 0, 0);
}

void
esp_trainer_seek (EspTrainer *self, guint branch, guint64 step)
{
  g_return_if_fail (ESP_IS_TRAINER (self));
  esp_trainer_pause (self);
  EspCommand command = { .kind = ESP_COMMAND_SEEK, .parameter = branch, .count = step };
  esp_train_loop_push (self->loop, &command);
}

void
esp_trainer_get_timeline (EspTrainer *self, EspTimeline *timeline)
{
  g_return_if_fail (ESP_IS_TRAINER (self) && timeline != NULL);
  esp_train_loop_get_timeline (self->loop, timeline);
}

gboolean
esp_trainer_get_branch (EspTrainer *self, guint branch, EspBranchInfo *info)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self) && info != NULL, FALSE);
  return esp_train_loop_get_branch (self->loop, branch, info);
}

void
esp_trainer_get_branch_curve (EspTrainer *self,
                              guint branch,
                              guint64 **steps,
                              double **losses,
                              guint *n)
{
  g_return_if_fail (ESP_IS_TRAINER (self) && steps != NULL && losses != NULL && n != NULL);
  esp_train_loop_get_curve (self->loop, branch, FALSE, steps, losses, n);
}

void
esp_trainer_set_probe (EspTrainer *self, EspProbeKind probe, GBytes *inputs)
{
  g_return_if_fail (ESP_IS_TRAINER (self));
  g_return_if_fail (probe > ESP_PROBE_BATCH && probe < ESP_N_PROBES);
  EspCommand command = { .kind = ESP_COMMAND_PROBE, .parameter = probe, .numbers = inputs };
  esp_train_loop_push (self->loop, &command);
}

void
esp_trainer_watch_batch (EspTrainer *self, gboolean watch)
{
  g_return_if_fail (ESP_IS_TRAINER (self));
  EspCommand command = { .kind = ESP_COMMAND_PROBE, .parameter = ESP_PROBE_BATCH, .count = watch };
  esp_train_loop_push (self->loop, &command);
}

void
esp_trainer_set_guarded (EspTrainer *self, gboolean guarded)
{
  g_return_if_fail (ESP_IS_TRAINER (self));
  push (self, ESP_COMMAND_GUARD, guarded, 0);
}

EspDivergence *
esp_trainer_take_divergence (EspTrainer *self)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self), NULL);
  EspDivergence *divergence = esp_train_loop_take_divergence (self->loop);
  if (divergence != NULL)
    set_playing (self, FALSE);
  return divergence;
}

typedef struct
{
  EspTrainer *trainer;
  gboolean test;
  GArray *steps;  /* guint64 */
  GArray *losses; /* double */
} Collector;

/* the points of @branch up to @last, behind those of what it left */
static void
collect_curve (Collector *self, guint branch, guint64 last)
{
  EspBranchInfo info;
  g_autofree guint64 *steps = NULL;
  g_autofree double *losses = NULL;
  guint n = 0;
  if (!esp_train_loop_get_branch (self->trainer->loop, branch, &info))
    return;
  if (branch != 0)
    collect_curve (self, info.parent, MIN (info.fork, last));
  esp_train_loop_get_curve (self->trainer->loop, branch, self->test, &steps, &losses, &n);
  while (n > 0 && steps[n - 1] > last)
    n--;
  g_array_append_vals (self->steps, steps, n);
  g_array_append_vals (self->losses, losses, n);
}

static void
get_curve (EspTrainer *self, gboolean test, guint64 **steps, double **losses, guint *n)
{
  EspTimeline timeline;
  Collector collector = { self, test, g_array_new (FALSE, FALSE, sizeof (guint64)),
                          g_array_new (FALSE, FALSE, sizeof (double)) };
  esp_train_loop_get_timeline (self->loop, &timeline);
  collect_curve (&collector, timeline.branch, G_MAXUINT64);
  *n = collector.steps->len;
  *steps = (guint64 *) (gpointer) g_array_free (collector.steps, FALSE);
  *losses = (double *) (gpointer) g_array_free (collector.losses, FALSE);
}

void
esp_trainer_get_curve (EspTrainer *self, guint64 **steps, double **losses, guint *n)
{
  g_return_if_fail (ESP_IS_TRAINER (self) && steps != NULL && losses != NULL && n != NULL);
  get_curve (self, FALSE, steps, losses, n);
}

void
esp_trainer_get_test_curve (EspTrainer *self, guint64 **steps, double **losses, guint *n)
{
  g_return_if_fail (ESP_IS_TRAINER (self) && steps != NULL && losses != NULL && n != NULL);
  get_curve (self, TRUE, steps, losses, n);
}

static void
collect_meters (EspTrainer *self, guint branch, guint64 last, EspMeterTable *table)
{
  EspBranchInfo info;
  if (!esp_train_loop_get_branch (self->loop, branch, &info))
    return;
  if (branch != 0)
    collect_meters (self, info.parent, MIN (info.fork, last), table);
  esp_train_loop_append_meters (self->loop, branch, last, table);
}

EspMeterTable *
esp_trainer_get_meters (EspTrainer *self)
{
  g_return_val_if_fail (ESP_IS_TRAINER (self), NULL);
  EspMeterTable *table = g_new0 (EspMeterTable, 1);
  EspTimeline timeline;
  table->n_parameters = self->network->parameters->len;
  esp_train_loop_get_timeline (self->loop, &timeline);
  collect_meters (self, timeline.branch, G_MAXUINT64, table);
  return table;
}

void
esp_divergence_free (EspDivergence *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_free (self);
}
