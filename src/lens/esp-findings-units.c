/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Units that never fired, from what a snapshot counted at each place of an activation. Dead is a
 * unit of a layer that fired at none of the layer's places, on no example of the data set; a unit
 * of a shared layer that is silent only at some is told at those places. An activation's own row
 * tells of its place alone, since the same ReLU at two places has not the same units.
 */

#include "config.h"

#include "esp-finding.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-module.h"
#include "esp-number.h"
#include "esp-place.h"

/* what was counted at one place, of the activation there or of the layer that feeds it; NULL if
 * nothing was, or nothing that can be called dead */
static const EspUnitCounts *
find_counts (EspSnapshot *snapshot, EspPlace *place, gboolean as_source)
{
  const char *path = esp_place_get_path (place);

  for (guint i = 0; i < esp_snapshot_get_n_units (snapshot); i++)
    {
      const EspUnitCounts *counts = esp_snapshot_get_units (snapshot, i);

      if (g_str_equal (as_source ? counts->source_path : counts->path, path))
        return counts->can_die && counts->examples > 0 ? counts : NULL;
    }
  return NULL;
}

/* whether @unit fired on nothing at any place of the layer */
static gboolean
is_dead_everywhere (EspSnapshot *snapshot, EspModule *module, guint unit)
{
  for (guint i = 0; i < esp_module_get_n_places (module); i++)
    {
      const EspUnitCounts *counts = find_counts (snapshot, esp_module_get_place (module, i), TRUE);

      if (counts == NULL || unit >= counts->n_units || counts->fired[unit] > 0)
        return FALSE;
    }
  return TRUE;
}

static EspFinding *
make_finding (EspFindingKind kind, guint unit, guint64 examples)
{
  g_autofree char *count = esp_number_format_count (examples);

  if (kind == ESP_FINDING_DEAD_UNIT)
    return esp_finding_new (
        kind, ESP_SEVERITY_WARNING, unit, -1, g_strdup_printf (_ ("Unit %u: dead"), unit),
        g_strdup_printf (
            ngettext ("Fired on 0 of %s example", "Fired on 0 of %s examples", examples), count));
  return esp_finding_new (
      kind, ESP_SEVERITY_NOTE, unit, -1, g_strdup_printf (_ ("Unit %u: silent here"), unit),
      g_strdup_printf (ngettext ("Fired on 0 of %s example at this place",
                                 "Fired on 0 of %s examples at this place", examples),
                       count));
}

GPtrArray *
esp_findings_from_units (EspPlace *place, EspSnapshot *snapshot)
{
  GPtrArray *findings = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_finding_free);
  const EspUnitCounts *counts;
  EspModule *layer = NULL;

  g_return_val_if_fail (ESP_IS_PLACE (place), findings);
  g_return_val_if_fail (snapshot != NULL, findings);

  if (esp_place_get_module (place) == NULL)
    place = esp_place_get_parent (place);
  counts = find_counts (snapshot, place, TRUE);
  if (counts != NULL)
    layer = esp_place_get_module (place);
  else
    counts = find_counts (snapshot, place, FALSE);
  for (guint unit = 0; counts != NULL && unit < counts->n_units; unit++)
    {
      gboolean dead;

      if (counts->fired[unit] > 0)
        continue;
      dead = layer == NULL || is_dead_everywhere (snapshot, layer, unit);
      g_ptr_array_add (findings,
                       make_finding (dead ? ESP_FINDING_DEAD_UNIT : ESP_FINDING_SILENT_UNIT, unit,
                                     counts->examples));
    }
  return findings;
}
