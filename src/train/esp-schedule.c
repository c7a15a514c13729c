/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Schedules of the learning rate. PyTorch computes each rate out of the one before; the closed
 * forms here differ from that by rounding alone, which tests/fixtures/make-train.py shows. */

#include "config.h"
#include "esp-schedule.h"

#include <math.h>
#include <string.h>
#include <glib/gi18n.h>

#define MAX_TIME (G_GUINT64_CONSTANT (1) << 53)
#define MAX_DEPTH 8 /* of SequentialLR inside SequentialLR */

typedef struct
{
  const char *name;
  gboolean (*read) (EspSchedule *self, EspSpec *spec, guint depth, GError **error);
  double (*get_rate) (const EspSchedule *self, double base, double t);
  const char *example; /* what a person who chooses this class begins with, but "class"; JSON */
} ScheduleClass;

struct _EspSchedule
{
  const ScheduleClass *klass;
  gboolean per_epoch;
  double gamma;       /* StepLR, MultiStepLR, ExponentialLR */
  double start, end;  /* factors: ConstantLR (start), LinearLR */
  double power;       /* PolynomialLR */
  double lowest;      /* eta_min */
  guint64 total;      /* steps of whatever the class counts: T_max, step_size, total_iters */
  guint64 multiplier; /* T_mult */
  double largest;     /* OneCycleLR's max_lr, NaN elsewhere */
  double share;       /* pct_start */
  double divisor, end_divisor; /* div_factor, final_div_factor */
  double momenta[2];           /* base, max */
  gboolean linear, three_phase, cycles;
  guint n_milestones;
  guint64 milestones[ESP_SCHEDULE_MAX_MILESTONES];
  GPtrArray *parts; /* of SequentialLR */
  JsonObject *settings;
};

static EspSchedule *schedule_new (JsonObject *object, guint depth, GError **error);

static double
mix (double from, double to, double share)
{
  return from + (to - from) * share;
}

static double
mix_cosine (double from, double to, double share)
{
  return to + (from - to) / 2 * (cos (G_PI * share) + 1);
}

static gboolean
read_total (EspSchedule *self, EspSpec *spec, const char *key, guint64 fallback, GError **error)
{
  self->total = fallback;
  return (fallback > 0 || esp_spec_require (spec, key, error)) &&
         esp_spec_read_size (spec, key, 1, MAX_TIME, &self->total, error);
}

static gboolean
constant_read (EspSchedule *self, EspSpec *spec, guint depth, GError **error)
{
  self->start = 1.0 / 3;
  return esp_spec_read_double (spec, "factor", 0, 1, &self->start, error) &&
         read_total (self, spec, "total_iters", 5, error);
}

static double
constant_rate (const EspSchedule *self, double base, double t)
{
  return t < (double) self->total ? base * self->start : base;
}

static gboolean
linear_read (EspSchedule *self, EspSpec *spec, guint depth, GError **error)
{
  self->start = 1.0 / 3;
  self->end = 1;
  return esp_spec_read_double (spec, "start_factor", 0, 1, &self->start, error) &&
         esp_spec_read_double (spec, "end_factor", 0, 1, &self->end, error) &&
         read_total (self, spec, "total_iters", 5, error);
}

static double
linear_rate (const EspSchedule *self, double base, double t)
{
  return base * mix (self->start, self->end, fmin (t / (double) self->total, 1));
}

static gboolean
exponential_read (EspSchedule *self, EspSpec *spec, guint depth, GError **error)
{
  return esp_spec_require (spec, "gamma", error) &&
         esp_spec_read_double (spec, "gamma", 0, 10, &self->gamma, error);
}

static double
exponential_rate (const EspSchedule *self, double base, double t)
{
  return base * pow (self->gamma, t);
}

static gboolean
step_read (EspSchedule *self, EspSpec *spec, guint depth, GError **error)
{
  return esp_spec_read_double (spec, "gamma", 0, 10, &self->gamma, error) &&
         read_total (self, spec, "step_size", 0, error);
}

static double
step_rate (const EspSchedule *self, double base, double t)
{
  return base * pow (self->gamma, floor (t / (double) self->total));
}

static gboolean
read_milestones (EspSchedule *self, EspSpec *spec, GError **error)
{
  GError *inner = NULL;
  JsonArray *array = esp_spec_read_array (spec, "milestones", &inner);
  if (inner != NULL)
    {
      g_propagate_error (error, inner);
      return FALSE;
    }
  guint n = array != NULL ? json_array_get_length (array) : 0;
  gboolean good = n > 0 && n <= ESP_SCHEDULE_MAX_MILESTONES;
  for (guint i = 0; good && i < n; i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      gint64 value = -1;
      if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64)
        value = json_node_get_int (node);
      good = value > 0 && (i == 0 || (guint64) value > self->milestones[i - 1]);
      self->milestones[i] = (guint64) value;
    }
  self->n_milestones = n;
  if (!good)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                          _ ("“milestones” must be a list of 1 to %d rising whole numbers"),
                          ESP_SCHEDULE_MAX_MILESTONES);
      return FALSE;
    }
  json_object_set_array_member (esp_spec_get_complete (spec), "milestones", json_array_ref (array));
  return TRUE;
}

static gboolean
multi_step_read (EspSchedule *self, EspSpec *spec, guint depth, GError **error)
{
  return esp_spec_read_double (spec, "gamma", 0, 10, &self->gamma, error) &&
         read_milestones (self, spec, error);
}

static guint
count_passed (const EspSchedule *self, double t)
{
  guint n = 0;
  while (n < self->n_milestones && t >= (double) self->milestones[n])
    n++;
  return n;
}

static double
multi_step_rate (const EspSchedule *self, double base, double t)
{
  return base * pow (self->gamma, count_passed (self, t));
}

static gboolean
polynomial_read (EspSchedule *self, EspSpec *spec, guint depth, GError **error)
{
  self->power = 1;
  return esp_spec_read_double (spec, "power", 0, 100, &self->power, error) &&
         read_total (self, spec, "total_iters", 5, error);
}

static double
polynomial_rate (const EspSchedule *self, double base, double t)
{
  return base * pow (1 - fmin (t / (double) self->total, 1), self->power);
}

static gboolean
cosine_read (EspSchedule *self, EspSpec *spec, guint depth, GError **error)
{
  return esp_spec_read_double (spec, "eta_min", 0, 1e6, &self->lowest, error) &&
         read_total (self, spec, "T_max", 0, error);
}

/* beyond T_max it goes up again, as PyTorch's does */
static double
cosine_rate (const EspSchedule *self, double base, double t)
{
  return mix_cosine (base, self->lowest, t / (double) self->total);
}

static gboolean
restarts_read (EspSchedule *self, EspSpec *spec, guint depth, GError **error)
{
  self->multiplier = 1;
  return esp_spec_read_double (spec, "eta_min", 0, 1e6, &self->lowest, error) &&
         esp_spec_read_size (spec, "T_mult", 1, 1000, &self->multiplier, error) &&
         read_total (self, spec, "T_0", 0, error);
}

static double
restarts_rate (const EspSchedule *self, double base, double t)
{
  double length = (double) self->total;
  if (self->multiplier == 1)
    t = fmod (t, length);
  else
    for (; t >= length; length *= (double) self->multiplier)
      t -= length;
  return mix_cosine (base, self->lowest, t / length);
}

static gboolean
one_cycle_read (EspSchedule *self, EspSpec *spec, guint depth, GError **error)
{
  static const char *const words[] = { "cos", "linear", NULL };
  guint word = 0;
  self->share = 0.3;
  self->divisor = 25;
  self->end_divisor = 1e4;
  self->momenta[0] = 0.85;
  self->momenta[1] = 0.95;
  self->cycles = TRUE;
  if (!esp_spec_require (spec, "max_lr", error) ||
      !esp_spec_read_double (spec, "max_lr", 0, 1e6, &self->largest, error) ||
      !read_total (self, spec, "total_steps", 0, error) ||
      !esp_spec_read_double (spec, "pct_start", 0, 1, &self->share, error) ||
      !esp_spec_read_word (spec, "anneal_strategy", words, &word, error) ||
      !esp_spec_read_bool (spec, "cycle_momentum", &self->cycles, error) ||
      !esp_spec_read_double (spec, "base_momentum", 0, 0.9999999, &self->momenta[0], error) ||
      !esp_spec_read_double (spec, "max_momentum", 0, 0.9999999, &self->momenta[1], error) ||
      !esp_spec_read_double (spec, "div_factor", 1e-6, 1e12, &self->divisor, error) ||
      !esp_spec_read_double (spec, "final_div_factor", 1e-6, 1e12, &self->end_divisor, error) ||
      !esp_spec_read_bool (spec, "three_phase", &self->three_phase, error))
    return FALSE;
  self->linear = word == 1;
  return TRUE;
}

/* the phase of the cycle at @t and how far it is along: 0 up, 1 down again, 2 out */
static guint
find_phase (const EspSchedule *self, double t, double *share)
{
  double total = (double) self->total, up = self->share * total - 1;
  double ends[3] = { up, self->three_phase ? 2 * self->share * total - 2 : up, total - 1 };
  double begin = 0;
  guint phase = 0;
  for (; phase < 2 && t > ends[phase]; phase++)
    begin = ends[phase];
  *share = ends[phase] > begin ? CLAMP ((t - begin) / (ends[phase] - begin), 0, 1) : 1;
  return phase;
}

static double
one_cycle_mix (const EspSchedule *self, double from, double to, double share)
{
  return self->linear ? mix (from, to, share) : mix_cosine (from, to, share);
}

static double
one_cycle_rate (const EspSchedule *self, double base, double t)
{
  double share, first = base / self->divisor, last = first / self->end_divisor;
  guint phase = find_phase (self, t, &share);
  double from = phase == 0 ? first : phase == 1 || !self->three_phase ? base : first;
  double to = phase == 0 ? base : phase == 1 ? first : last;
  return one_cycle_mix (self, from, to, share);
}

static void
schedule_free (gpointer data)
{
  esp_schedule_free (data);
}

static gboolean
sequential_read (EspSchedule *self, EspSpec *spec, guint depth, GError **error)
{
  GError *inner = NULL;
  JsonArray *array = esp_spec_read_array (spec, "schedulers", &inner);
  if (inner != NULL)
    {
      g_propagate_error (error, inner);
      return FALSE;
    }
  if (!read_milestones (self, spec, error))
    return FALSE;
  if (array == NULL || depth >= MAX_DEPTH ||
      json_array_get_length (array) != self->n_milestones + 1)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                          _ ("“schedulers” must be a list with one schedule more than there are "
                             "milestones, not nested deeper than %d levels"),
                          MAX_DEPTH);
      return FALSE;
    }
  g_autoptr (JsonArray) complete = json_array_new ();
  self->parts = g_ptr_array_new_with_free_func (schedule_free);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      EspSchedule *part = NULL;
      if (JSON_NODE_HOLDS_OBJECT (node))
        part = schedule_new (json_node_get_object (node), depth + 1, error);
      else
        esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                            _ ("a schedule must be an object in braces"));
      if (part == NULL)
        return FALSE;
      g_ptr_array_add (self->parts, part);
      json_array_add_object_element (complete, json_object_ref (part->settings));
    }
  json_object_set_array_member (esp_spec_get_complete (spec), "schedulers",
                                g_steal_pointer (&complete));
  return TRUE;
}

/* each part counts from its own beginning */
static double
sequential_rate (const EspSchedule *self, double base, double t)
{
  guint passed = count_passed (self, t);
  const EspSchedule *part = g_ptr_array_index (self->parts, passed);
  return part->klass->get_rate (part, base,
                                passed > 0 ? t - (double) self->milestones[passed - 1] : t);
}

static const ScheduleClass classes[] = {
  { "ConstantLR", constant_read, constant_rate, "{}" },
  { "CosineAnnealingLR", cosine_read, cosine_rate, "{\"T_max\": 1000}" },
  { "CosineAnnealingWarmRestarts", restarts_read, restarts_rate, "{\"T_0\": 1000}" },
  { "ExponentialLR", exponential_read, exponential_rate, "{\"gamma\": 0.999}" },
  { "LinearLR", linear_read, linear_rate, "{\"total_iters\": 100}" },
  { "MultiStepLR", multi_step_read, multi_step_rate, "{\"milestones\": [1000, 2000]}" },
  { "OneCycleLR", one_cycle_read, one_cycle_rate,
    "{\"max_lr\": 0.01, \"total_steps\": 1000, \"cycle_momentum\": false}" },
  { "PolynomialLR", polynomial_read, polynomial_rate, "{\"total_iters\": 1000}" },
  { "SequentialLR", sequential_read, sequential_rate,
    "{\"milestones\": [100], \"schedulers\": ["
    "{\"class\": \"LinearLR\", \"start_factor\": 0.1, \"total_iters\": 100}, "
    "{\"class\": \"CosineAnnealingLR\", \"T_max\": 1000}]}" },
  { "StepLR", step_read, step_rate, "{\"step_size\": 1000}" },
};

static const ScheduleClass *
find_class (EspSpec *spec, const char *name, guint depth, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    {
      /* its rate is the whole run's, so it is no part of another */
      gboolean fits = depth == 0 || classes[i].read != one_cycle_read;
      if (fits && strcmp (classes[i].name, name) == 0)
        return &classes[i];
      if (fits)
        g_string_append_printf (known, "%s%s", known->len > 0 ? ", " : "", classes[i].name);
    }
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                      _ ("there is no schedule “%s” here; there are %s"), name, known->str);
  return NULL;
}

static gboolean
read_every (EspSchedule *self, EspSpec *spec, GError **error)
{
  static const char *const words[] = { "step", "epoch", NULL };
  guint word = 0;
  if (!esp_spec_read_word (spec, "every", words, &word, error))
    return FALSE;
  self->per_epoch = word == 1;
  return TRUE;
}

static EspSchedule *
schedule_begin (const ScheduleClass *klass)
{
  EspSchedule *self = g_new0 (EspSchedule, 1);
  self->klass = klass;
  self->largest = NAN;
  self->gamma = 0.1;
  return self;
}

static EspSchedule *
schedule_new (JsonObject *object, guint depth, GError **error)
{
  g_autoptr (EspSpec) spec = esp_spec_new (object, "schedule");
  g_autofree char *name = esp_spec_read_string (spec, "class", NULL, error);
  const ScheduleClass *klass = name != NULL ? find_class (spec, name, depth, error) : NULL;
  if (klass == NULL)
    return NULL;
  EspSchedule *self = schedule_begin (klass);
  if ((depth > 0 || read_every (self, spec, error)) && klass->read (self, spec, depth, error) &&
      esp_spec_finish (spec, error))
    {
      self->settings = json_object_ref (esp_spec_get_complete (spec));
      return self;
    }
  esp_schedule_free (self);
  return NULL;
}

EspSchedule *
esp_schedule_new (JsonObject *object, GError **error)
{
  return schedule_new (object, 0, error);
}

const char *const *
esp_schedule_get_class_names (void)
{
  static const char *names[G_N_ELEMENTS (classes) + 1];
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    names[i] = classes[i].name;
  return names;
}

static const ScheduleClass *
get_class (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    if (strcmp (classes[i].name, name) == 0)
      return &classes[i];
  return NULL;
}

gboolean
esp_schedule_ask (const char *class_name, EspSpec *questions)
{
  const ScheduleClass *klass = get_class (class_name);
  if (klass == NULL)
    return FALSE;
  EspSchedule *self = schedule_begin (klass);
  /* lists have no answer that would do, so that a reader may give up behind them */
  klass->read (self, questions, 0, NULL);
  read_every (self, questions, NULL);
  esp_schedule_free (self);
  return TRUE;
}

JsonObject *
esp_schedule_make_example (const char *class_name)
{
  const ScheduleClass *klass = get_class (class_name);
  g_autoptr (JsonNode) node = klass != NULL ? json_from_string (klass->example, NULL) : NULL;
  if (node == NULL)
    return NULL;
  JsonObject *object = json_object_ref (json_node_get_object (node));
  json_object_set_string_member (object, "class", class_name);
  return object;
}

void
esp_schedule_free (EspSchedule *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->parts, g_ptr_array_unref);
  g_clear_pointer (&self->settings, json_object_unref);
  g_free (self);
}

gboolean
esp_schedule_is_per_epoch (const EspSchedule *self)
{
  return self->per_epoch;
}

double
esp_schedule_get_base (const EspSchedule *self)
{
  return self->largest;
}

double
esp_schedule_get_rate (const EspSchedule *self, double base, guint64 t)
{
  return self->klass->get_rate (self, base, (double) t);
}

gboolean
esp_schedule_cycles_momentum (const EspSchedule *self)
{
  return self->cycles;
}

double
esp_schedule_get_momentum (const EspSchedule *self, guint64 t)
{
  double share;
  guint phase = find_phase (self, (double) t, &share);
  double base = self->momenta[0], max = self->momenta[1];
  if (phase == 0)
    return one_cycle_mix (self, max, base, share);
  /* without a third phase the momentum comes back on the way out */
  return phase == 1 || !self->three_phase ? one_cycle_mix (self, base, max, share) : max;
}

JsonObject *
esp_schedule_get_settings (const EspSchedule *self)
{
  return self->settings;
}
