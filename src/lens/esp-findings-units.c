/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Units in trouble, from what a snapshot counted at each place of an activation. Dead is a unit of
 * a layer that fired at none of the layer's places, on no example of the data set; a unit of a
 * shared layer that is silent only at some is told at those places. An activation's own row tells
 * of its place alone, since the same ReLU at two places has not the same units. Dormant and
 * saturated are told at each place. Thousands of units are looked at three times a second, so that
 * numbers alone are made where numbers do.
 */

#include "config.h"

#include "esp-finding.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "esp-module.h"
#include "esp-number.h"
#include "esp-place.h"

/* whether a layer's unit fired at any place that was looked at, and at how many that was */
typedef struct
{
  guint n_units, n_places;
  gboolean *fired; /* (n_units) */
} Alive;

static void
free_alive (gpointer data)
{
  Alive *alive = data;

  g_free (alive->fired);
  g_free (alive);
}

/* what was counted at one place, of the activation there or of the layer that feeds it; NULL if
 * nothing was */
static const EspUnitCounts *
find_counts (EspSnapshot *snapshot, EspPlace *place, gboolean as_source)
{
  const char *path = esp_place_get_path (place);

  for (guint i = 0; i < esp_snapshot_get_n_units (snapshot); i++)
    {
      const EspUnitCounts *counts = esp_snapshot_get_units (snapshot, i);

      if (g_str_equal (as_source ? counts->source_path : counts->path, path) &&
          (!as_source || counts->has_rows))
        return counts->examples > 0 ? counts : NULL;
    }
  return NULL;
}

static void
add_alive (Alive *alive, const EspUnitCounts *counts)
{
  if (alive->fired == NULL)
    {
      alive->n_units = counts->n_units;
      alive->fired = g_new0 (gboolean, counts->n_units);
    }
  alive->n_places++;
  for (guint unit = 0; unit < MIN (alive->n_units, counts->n_units); unit++)
    alive->fired[unit] |= counts->fired[unit] > 0;
}

/* @alive: of the layer, NULL for an activation's own place. Dead at its place, but not, or nobody
 * knows, at others: %ESP_FINDING_SILENT_UNIT. */
static gboolean
find_kind (const EspUnitCounts *counts,
           guint unit,
           const Alive *alive,
           guint n_places,
           EspFindingKind *kind)
{
  switch (esp_unit_counts_get_state (counts, unit))
    {
    case ESP_UNIT_DEAD:
      *kind = alive == NULL || (alive->n_places == n_places && !alive->fired[unit])
                  ? ESP_FINDING_DEAD_UNIT
                  : ESP_FINDING_SILENT_UNIT;
      return TRUE;
    case ESP_UNIT_DORMANT:
      *kind = ESP_FINDING_DORMANT_UNIT;
      return TRUE;
    case ESP_UNIT_SATURATED:
      *kind = ESP_FINDING_SATURATED_UNIT;
      return TRUE;
    case ESP_UNIT_FINE:
    default:
      return FALSE;
    }
}

/* --- in words --- */

static void
add_part (GString *text, const char *part)
{
  if (text->len > 0)
    g_string_append (text, " · ");
  g_string_append (text, part);
}

/* when it fired last, and whether its weights forbid it */
static void
add_evidence (GString *text, const EspUnitCounts *counts, guint unit)
{
  if (counts->last_fired != NULL && counts->last_fired[unit] == 0)
    add_part (text, _ ("in no batch so far"));
  else if (counts->last_fired != NULL)
    {
      g_autofree char *step = esp_number_format_count (counts->last_fired[unit]);
      g_autofree char *part = NULL;

      /* TRANSLATORS: a unit that fires no more did so for the last time in training step %s */
      part = g_strdup_printf (_ ("last in step %s"), step);
      add_part (text, part);
    }
  if (esp_unit_counts_is_proven (counts, unit) && isfinite (counts->reach[unit]))
    {
      g_autofree char *reach = esp_number_format_value (counts->reach[unit], 3);
      g_autofree char *part = NULL;

      /* TRANSLATORS: a unit's weights and the range of the data say that its input z can't exceed
       * this number, which isn't above 0 */
      part = g_strdup_printf (_ ("its weights prove it: z ≤ %s"), reach);
      add_part (text, part);
    }
}

static EspFinding *
make_silent (EspFindingKind kind, const EspUnitCounts *counts, guint unit)
{
  g_autofree char *count = esp_number_format_count (counts->examples);
  gboolean dead = kind == ESP_FINDING_DEAD_UNIT;
  GString *details = g_string_new (NULL);

  if (dead)
    g_string_append_printf (
        details,
        ngettext ("Fired on 0 of %s example", "Fired on 0 of %s examples", counts->examples),
        count);
  else
    g_string_append_printf (details,
                            ngettext ("Fired on 0 of %s example at this place",
                                      "Fired on 0 of %s examples at this place", counts->examples),
                            count);
  add_evidence (details, counts, unit);
  return esp_finding_new (
      kind, dead ? ESP_SEVERITY_WARNING : ESP_SEVERITY_NOTE, unit, -1,
      g_strdup_printf (dead ? _ ("Unit %u: dead") : _ ("Unit %u: silent here"), unit),
      g_string_free (details, FALSE));
}

static EspFinding *
make_finding (EspFindingKind kind, const EspUnitCounts *counts, guint unit)
{
  g_autofree char *count = esp_number_format_count (counts->examples);
  g_autofree char *number = NULL;

  if (kind == ESP_FINDING_DORMANT_UNIT)
    {
      number = esp_number_format_value (esp_unit_counts_get_dormant_score (counts, unit), 3);
      return esp_finding_new (
          kind, ESP_SEVERITY_NOTE, unit, -1, g_strdup_printf (_ ("Unit %u: dormant"), unit),
          g_strdup_printf (ngettext ("Dormant score %s on %s example; at most 0.025 is dormant",
                                     "Dormant score %s on %s examples; at most 0.025 is dormant",
                                     counts->examples),
                           number, count));
    }
  if (kind == ESP_FINDING_SATURATED_UNIT)
    {
      number = g_strdup_printf (_ ("%.1f %%"), esp_unit_counts_get_saturation (counts, unit) * 100);
      return esp_finding_new (
          kind, ESP_SEVERITY_NOTE, unit, -1, g_strdup_printf (_ ("Unit %u: saturated"), unit),
          g_strdup_printf (ngettext ("In %s of its outputs on %s example",
                                     "In %s of its outputs on %s examples", counts->examples),
                           number, count));
    }
  return make_silent (kind, counts, unit);
}

/* all places of a shared layer that were looked at */
static void
add_places (Alive *alive, EspSnapshot *snapshot, EspModule *layer)
{
  g_autoptr (GHashTable) by_path = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = esp_snapshot_get_n_units (snapshot); i-- > 0;) /* the first one of a path stays */
    {
      const EspUnitCounts *counts = esp_snapshot_get_units (snapshot, i);

      if (counts->has_rows && counts->examples > 0)
        g_hash_table_insert (by_path, counts->source_path, (gpointer) counts);
    }
  for (guint i = 0; i < esp_module_get_n_places (layer); i++)
    {
      const EspUnitCounts *counts =
          g_hash_table_lookup (by_path, esp_place_get_path (esp_module_get_place (layer, i)));

      if (counts != NULL)
        add_alive (alive, counts);
    }
}

/* marks of @place; @counts: (out): what they were found in */
static GArray *
mark_units (EspPlace *place, EspSnapshot *snapshot, const EspUnitCounts **counts)
{
  GArray *marks = g_array_new (FALSE, FALSE, sizeof (EspUnitMark));
  Alive alive = { 0 };
  EspModule *layer = NULL;
  guint n_places = 0;

  if (esp_place_get_module (place) == NULL)
    place = esp_place_get_parent (place);
  *counts = find_counts (snapshot, place, TRUE);
  if (*counts != NULL)
    layer = esp_place_get_module (place);
  else
    *counts = find_counts (snapshot, place, FALSE);
  if (layer != NULL)
    n_places = esp_module_get_n_places (layer);
  if (n_places == 1)
    add_alive (&alive, *counts);
  else if (n_places > 1)
    add_places (&alive, snapshot, layer);
  for (guint unit = 0; *counts != NULL && unit < (*counts)->n_units; unit++)
    {
      EspUnitMark mark = { .unit = unit };

      if (find_kind (*counts, unit, layer != NULL ? &alive : NULL, n_places, &mark.kind))
        g_array_append_val (marks, mark);
    }
  g_free (alive.fired);
  return marks;
}

GArray *
esp_findings_mark_units (EspPlace *place, EspSnapshot *snapshot)
{
  const EspUnitCounts *counts;

  g_return_val_if_fail (ESP_IS_PLACE (place) && snapshot != NULL, NULL);

  return mark_units (place, snapshot, &counts);
}

GPtrArray *
esp_findings_from_units (EspPlace *place, EspSnapshot *snapshot)
{
  GPtrArray *findings = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_finding_free);
  const EspUnitCounts *counts;
  g_autoptr (GArray) marks = NULL;

  g_return_val_if_fail (ESP_IS_PLACE (place), findings);
  g_return_val_if_fail (snapshot != NULL, findings);

  marks = mark_units (place, snapshot, &counts);
  for (guint i = 0; i < marks->len; i++)
    {
      const EspUnitMark *mark = &g_array_index (marks, EspUnitMark, i);

      g_ptr_array_add (findings, make_finding (mark->kind, counts, mark->unit));
    }
  return findings;
}

/* --- in numbers --- */

static EspPlace *
find_place (EspTree *tree, const EspUnitCounts *counts)
{
  EspPlace *place = esp_tree_find (tree, counts->has_rows ? counts->source_path : counts->path,
                                   NULL);

  return place != NULL && esp_place_get_module (place) != NULL ? place : NULL;
}

static GHashTable *
collect_alive (EspTree *tree, EspSnapshot *snapshot)
{
  GHashTable *modules = g_hash_table_new_full (NULL, NULL, NULL, free_alive);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < esp_snapshot_get_n_units (snapshot); i++)
    {
      const EspUnitCounts *counts = esp_snapshot_get_units (snapshot, i);
      EspPlace *place = counts->has_rows && counts->examples > 0 ? find_place (tree, counts) : NULL;
      Alive *alive;

      if (place == NULL || !g_hash_table_add (seen, place))
        continue;
      alive = g_hash_table_lookup (modules, esp_place_get_module (place));
      if (alive == NULL)
        {
          alive = g_new0 (Alive, 1);
          g_hash_table_insert (modules, esp_place_get_module (place), alive);
        }
      add_alive (alive, counts);
    }
  return modules;
}

static void
count_unit (EspUnitTally *tally, EspFindingKind kind)
{
  tally->dead += kind == ESP_FINDING_DEAD_UNIT;
  tally->silent += kind == ESP_FINDING_SILENT_UNIT;
  tally->dormant += kind == ESP_FINDING_DORMANT_UNIT;
  tally->saturated += kind == ESP_FINDING_SATURATED_UNIT;
}

GArray *
esp_findings_tally_units (EspTree *tree, EspSnapshot *snapshot)
{
  GArray *tallies = g_array_new (FALSE, FALSE, sizeof (EspUnitTally));
  g_autoptr (GHashTable) modules = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  g_return_val_if_fail (ESP_IS_TREE (tree) && snapshot != NULL, tallies);

  modules = collect_alive (tree, snapshot);
  for (guint i = 0; i < esp_snapshot_get_n_units (snapshot); i++)
    {
      const EspUnitCounts *counts = esp_snapshot_get_units (snapshot, i);
      EspUnitTally tally = { .place = counts->examples > 0 ? find_place (tree, counts) : NULL };
      EspModule *module = tally.place != NULL ? esp_place_get_module (tally.place) : NULL;
      const Alive *alive = counts->has_rows ? g_hash_table_lookup (modules, module) : NULL;

      /* as esp_findings_from_units(): the first one that a layer feeds */
      if (module == NULL || !g_hash_table_add (seen, tally.place))
        continue;
      tally.n_units = counts->n_units;
      for (guint unit = 0; unit < counts->n_units; unit++)
        {
          EspFindingKind kind;

          if (find_kind (counts, unit, alive, esp_module_get_n_places (module), &kind))
            count_unit (&tally, kind);
        }
      g_array_append_val (tallies, tally);
    }
  return tallies;
}

/* --- where they go --- */

static void
add_inputs (GArray *inputs, const EspUnitReader *reader, const EspUnitCounts *counts)
{
  for (guint i = 0; i < reader->n; i++)
    {
      EspUnitInput input = { i, ESP_UNIT_FINE, reader->unit_path, reader->units[i] };

      if (input.unit >= counts->n_units)
        continue;
      input.state = esp_unit_counts_get_state (counts, input.unit);
      if (input.state != ESP_UNIT_FINE)
        g_array_append_val (inputs, input);
    }
}

static int
compare_inputs (gconstpointer a, gconstpointer b)
{
  const EspUnitInput *left = a, *right = b;

  if (left->input != right->input)
    return left->input < right->input ? -1 : 1;
  return (int) left->state - (int) right->state; /* the worst first */
}

GArray *
esp_findings_from_inputs (EspPlace *place, EspSnapshot *snapshot, GPtrArray *readers)
{
  GArray *inputs = g_array_new (FALSE, FALSE, sizeof (EspUnitInput));

  g_return_val_if_fail (ESP_IS_PLACE (place) && snapshot != NULL && readers != NULL, inputs);

  for (guint i = 0; i < readers->len; i++)
    {
      const EspUnitReader *reader = g_ptr_array_index (readers, i);

      if (!g_str_equal (reader->path, esp_place_get_path (place)))
        continue;
      for (guint k = 0; k < esp_snapshot_get_n_units (snapshot); k++)
        if (g_str_equal (esp_snapshot_get_units (snapshot, k)->path, reader->unit_path))
          add_inputs (inputs, reader, esp_snapshot_get_units (snapshot, k));
    }
  g_array_sort (inputs, compare_inputs);
  for (guint i = inputs->len; i-- > 1;) /* two activations one behind the other */
    if (g_array_index (inputs, EspUnitInput, i).input ==
        g_array_index (inputs, EspUnitInput, i - 1).input)
      g_array_remove_index (inputs, i);
  return inputs;
}
