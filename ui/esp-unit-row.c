/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies the figures of one unit out of a snapshot, so that rows live on while snapshots go. */

#include "config.h"

#include "esp-unit-row.h"

#include <glib/gi18n.h>
#include <math.h>

struct _EspUnitRow
{
  GObject parent_instance;

  char *path, *source;
  guint unit;
  gboolean has_rows;

  EspUnitState state;
  double on_rate, score, saturation; /* saturation: NaN where it can't */
  guint64 examples;
  gint64 last_fired; /* -1: it can't die, 0: never */
  double reach;      /* NaN where nothing is known */
  gboolean proven;
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspUnitRow, esp_unit_row, G_TYPE_OBJECT)

static void
esp_unit_row_finalize (GObject *object)
{
  EspUnitRow *self = ESP_UNIT_ROW (object);

  g_free (self->path);
  g_free (self->source);
  G_OBJECT_CLASS (esp_unit_row_parent_class)->finalize (object);
}

static void
esp_unit_row_class_init (EspUnitRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_unit_row_finalize;
  signals[CHANGED] = g_signal_new ("changed", ESP_TYPE_UNIT_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
esp_unit_row_init (EspUnitRow *self)
{
}

EspUnitRow *
esp_unit_row_new (const EspUnitCounts *counts, guint unit)
{
  EspUnitRow *self = g_object_new (ESP_TYPE_UNIT_ROW, NULL);

  self->path = g_strdup (counts->path);
  self->source = g_strdup (counts->source_path);
  self->unit = unit;
  self->has_rows = counts->has_rows;
  esp_unit_row_update (self, counts);
  return self;
}

void
esp_unit_row_update (EspUnitRow *self, const EspUnitCounts *counts)
{
  guint unit = self->unit;

  g_return_if_fail (ESP_IS_UNIT_ROW (self) && unit < counts->n_units);

  self->state = esp_unit_counts_get_state (counts, unit);
  self->examples = counts->examples;
  self->on_rate = counts->can_die ? esp_unit_counts_get_on_rate (counts, unit) : NAN;
  self->score = counts->is_output ? NAN : esp_unit_counts_get_dormant_score (counts, unit);
  self->saturation = counts->can_saturate && !counts->is_output
                         ? esp_unit_counts_get_saturation (counts, unit)
                         : NAN;
  self->last_fired = counts->last_fired != NULL ? (gint64) counts->last_fired[unit] : -1;
  self->reach = counts->reach != NULL && isfinite (counts->reach[unit]) ? counts->reach[unit]
                                                                        : (double) NAN;
  self->proven = esp_unit_counts_is_proven (counts, unit);
  g_signal_emit (self, signals[CHANGED], 0);
}

const char *
esp_unit_row_name_state (EspUnitState state)
{
  switch (state)
    {
    case ESP_UNIT_DEAD:
      return _ ("Dead");
    case ESP_UNIT_DORMANT:
      return _ ("Dormant");
    case ESP_UNIT_SATURATED:
      return _ ("Saturated");
    case ESP_UNIT_FINE:
    default:
      return _ ("Fine");
    }
}

static char *
format_share (double share)
{
  return isnan (share) ? g_strdup ("–") : g_strdup_printf (_ ("%.1f %%"), share * 100);
}

static char *
format_last_fired (EspUnitRow *self)
{
  g_autofree char *step = NULL;

  if (self->last_fired < 0)
    return g_strdup ("–");
  if (self->last_fired == 0)
    return g_strdup (_ ("Never"));
  step = esp_number_format_count ((guint64) self->last_fired);
  return g_strdup_printf (_ ("Step %s"), step);
}

static char *
format_proof (EspUnitRow *self)
{
  g_autofree char *reach = NULL;

  if (self->state != ESP_UNIT_DEAD || isnan (self->reach))
    return g_strdup (self->state == ESP_UNIT_DEAD ? _ ("Not proven") : "–");
  reach = esp_number_format_value (self->reach, 3);
  /* TRANSLATORS: what weights say of a unit over the range of the data: its input z is at most
   * this number, "Proven: z ≤ −0.31" */
  return g_strdup_printf (self->proven ? _ ("Proven: z ≤ %s") : _ ("Not proven: z ≤ %s"), reach);
}

char *
esp_unit_row_dup_text (EspUnitRow *self, EspUnitColumn column)
{
  g_return_val_if_fail (ESP_IS_UNIT_ROW (self), NULL);

  switch (column)
    {
    case ESP_UNIT_COLUMN_STATE:
      return g_strdup (esp_unit_row_name_state (self->state));
    case ESP_UNIT_COLUMN_ON_RATE:
      return format_share (self->on_rate);
    case ESP_UNIT_COLUMN_SCORE:
      return isnan (self->score) ? g_strdup ("–") : g_strdup_printf ("%.3f", self->score);
    case ESP_UNIT_COLUMN_SATURATION:
      return format_share (self->saturation);
    case ESP_UNIT_COLUMN_LAST_FIRED:
      return format_last_fired (self);
    case ESP_UNIT_COLUMN_PROOF:
      return format_proof (self);
    case ESP_UNIT_COLUMN_NAME:
    case ESP_N_UNIT_COLUMNS:
    default:
      /* TRANSLATORS: path of an activation, number of a unit of it: "1, unit 5" */
      return g_strdup_printf (_ ("%s, unit %u"), self->path, self->unit);
    }
}

/* what isn't there comes last */
static int
compare_numbers (double a, double b)
{
  if (isnan (a) || isnan (b))
    return isnan (a) - isnan (b);
  return a < b ? -1 : a > b;
}

int
esp_unit_row_compare (EspUnitRow *a, EspUnitRow *b, EspUnitColumn column)
{
  static const int urgency[] = { [ESP_UNIT_DEAD] = 0,
                                 [ESP_UNIT_DORMANT] = 1,
                                 [ESP_UNIT_SATURATED] = 2,
                                 [ESP_UNIT_FINE] = 3 };

  switch (column)
    {
    case ESP_UNIT_COLUMN_STATE:
      return urgency[a->state] - urgency[b->state];
    case ESP_UNIT_COLUMN_ON_RATE:
      return compare_numbers (a->on_rate, b->on_rate);
    case ESP_UNIT_COLUMN_SCORE:
      return compare_numbers (a->score, b->score);
    case ESP_UNIT_COLUMN_SATURATION:
      return compare_numbers (b->saturation, a->saturation);
    case ESP_UNIT_COLUMN_LAST_FIRED:
      return a->last_fired < b->last_fired ? -1 : a->last_fired > b->last_fired;
    case ESP_UNIT_COLUMN_PROOF:
      return compare_numbers (a->reach, b->reach);
    case ESP_UNIT_COLUMN_NAME:
    case ESP_N_UNIT_COLUMNS:
    default:
      return 0; /* the order of the network */
    }
}

EspUnitState
esp_unit_row_get_state (EspUnitRow *self)
{
  return self->state;
}

const char *
esp_unit_row_get_path (EspUnitRow *self)
{
  return self->path;
}

const char *
esp_unit_row_get_source (EspUnitRow *self)
{
  return self->source;
}

guint
esp_unit_row_get_unit (EspUnitRow *self)
{
  return self->unit;
}

gboolean
esp_unit_row_can_revive (EspUnitRow *self)
{
  return self->has_rows && self->state != ESP_UNIT_FINE;
}
