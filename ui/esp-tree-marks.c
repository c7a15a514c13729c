/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables by place. Ties: from each member up to the root, once. Units: only a live network has any,
 * and each update takes over how many are in trouble at each of their layers. Findings of a
 * checkpoint come one tensor at a time, as people look at them, and are added up to the root. */

#include "config.h"

#include "esp-tree-marks.h"

#include <string.h>

typedef struct
{
  EspTreeTies ties;
  EspTie *last; /* added last: ties come one after another, so that this finds repeats */
} Below;

struct _EspTreeMarks
{
  EspDocument *document;
  GHashTable *ties;  /* EspPlace of a module -> Below */
  GHashTable *own;   /* EspPlace -> EspTreeCounts */
  GHashTable *below; /* EspPlace -> EspTreeCounts: its own and those of all below */
};

static void
add_tie (EspTreeMarks *self, EspPlace *place, EspTie *tie)
{
  for (place = esp_place_get_parent (place); place; place = esp_place_get_parent (place))
    {
      Below *below = g_hash_table_lookup (self->ties, place);

      if (!below)
        {
          below = g_new0 (Below, 1);
          g_hash_table_insert (self->ties, place, below);
        }
      if (below->last == tie)
        return; /* and all further up have it, too */
      below->last = tie;
      if (below->ties.n_ties < ESP_TREE_MARKS_MAX_TIES)
        below->ties.ties[below->ties.n_ties] = tie;
      below->ties.n_ties++;
    }
}

static void
collect_ties (EspTreeMarks *self)
{
  EspTree *tree = esp_document_get_tree (self->document);

  for (guint i = 0; i < esp_tree_get_n_ties (tree); i++)
    {
      EspTie *tie = esp_tree_get_tie (tree, i);

      for (guint k = 0; k < esp_tie_get_n_places (tie); k++)
        add_tie (self, esp_tie_get_place (tie, k), tie);
    }
}

EspTreeMarks *
esp_tree_marks_new (EspDocument *document)
{
  EspTreeMarks *self;

  g_return_val_if_fail (ESP_IS_DOCUMENT (document), NULL);

  self = g_new0 (EspTreeMarks, 1);
  self->document = g_object_ref (document);
  self->ties = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->own = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->below = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  collect_ties (self);
  return self;
}

void
esp_tree_marks_free (EspTreeMarks *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->ties);
  g_hash_table_unref (self->own);
  g_hash_table_unref (self->below);
  g_object_unref (self->document);
  g_free (self);
}

void
esp_tree_marks_get_ties (EspTreeMarks *self, EspPlace *place, gboolean closed, EspTreeTies *ties)
{
  EspModule *module = esp_place_get_module (place);
  Below *below;

  *ties = (EspTreeTies) { 0 };
  if (!module)
    {
      ties->ties[0] = esp_place_get_tie (place);
      ties->n_ties = ties->ties[0] ? 1 : 0;
      return;
    }
  below = g_hash_table_lookup (self->ties, place);
  if (below && (closed || esp_module_get_n_places (module) > 1))
    *ties = below->ties;
}

void
esp_tree_marks_get_counts (EspTreeMarks *self,
                           EspPlace *place,
                           gboolean closed,
                           EspTreeCounts *counts)
{
  EspTreeCounts *found = g_hash_table_lookup (closed ? self->below : self->own, place);

  *counts = found ? *found : (EspTreeCounts) { 0 };
}

/* of a file; a live network's units are told as numbers */
static void
count_finding (EspTreeCounts *counts, const EspFinding *finding)
{
  if (finding->severity == ESP_SEVERITY_ERROR)
    counts->errors++;
  else if (finding->severity == ESP_SEVERITY_WARNING)
    counts->warnings++;
}

static EspTreeCounts
count_findings (GPtrArray *findings)
{
  EspTreeCounts counts = { 0 };

  for (guint i = 0; findings && i < findings->len; i++)
    count_finding (&counts, g_ptr_array_index (findings, i));
  return counts;
}

static gboolean
is_nothing (const EspTreeCounts *counts)
{
  return !counts->dead && !counts->silent && !counts->dormant && !counts->saturated &&
         !counts->errors && !counts->warnings;
}

/* TRUE if that is news */
static gboolean
set_own (EspTreeMarks *self, EspPlace *place, const EspTreeCounts *counts)
{
  EspTreeCounts *known = g_hash_table_lookup (self->own, place);

  if (known ? memcmp (known, counts, sizeof *counts) == 0 : is_nothing (counts))
    return FALSE;
  g_hash_table_insert (self->own, place, g_memdup2 (counts, sizeof *counts));
  return TRUE;
}

static void
add_below (EspTreeMarks *self, EspPlace *place, const EspTreeCounts *counts)
{
  for (; place; place = esp_place_get_parent (place))
    {
      EspTreeCounts *sum = g_hash_table_lookup (self->below, place);

      if (!sum)
        {
          sum = g_new0 (EspTreeCounts, 1);
          g_hash_table_insert (self->below, place, sum);
        }
      sum->dead += counts->dead;
      sum->silent += counts->silent;
      sum->dormant += counts->dormant;
      sum->saturated += counts->saturated;
      sum->errors += counts->errors;
      sum->warnings += counts->warnings;
    }
}

/* A shared layer's dead units are the same ones at each of its places: the modules above count them
 * once, its other places show their own. */
static void
add_tally (EspTreeMarks *self, EspPlace *layer, const EspTreeCounts *counts)
{
  EspTreeCounts above = *counts;

  if (esp_place_get_first (layer) == layer)
    {
      add_below (self, layer, counts);
      return;
    }
  above.dead = 0;
  add_below (self, esp_place_get_parent (layer), &above);
  g_hash_table_insert (self->below, layer, g_memdup2 (counts, sizeof *counts));
}

gboolean
esp_tree_marks_update (EspTreeMarks *self)
{
  g_autoptr (GArray) tallies = esp_document_tally_units (self->document);
  gboolean changed = FALSE;

  if (tallies->len == 0)
    return FALSE;
  g_hash_table_remove_all (self->below);
  for (guint i = 0; i < tallies->len; i++)
    {
      const EspUnitTally *tally = &g_array_index (tallies, EspUnitTally, i);
      EspTreeCounts counts = { .dead = tally->dead,
                               .silent = tally->silent,
                               .dormant = tally->dormant,
                               .saturated = tally->saturated };

      changed |= set_own (self, tally->place, &counts);
      if (!is_nothing (&counts))
        add_tally (self, tally->place, &counts);
    }
  return changed;
}

gboolean
esp_tree_marks_update_place (EspTreeMarks *self, EspPlace *place)
{
  EspTreeCounts counts = count_findings (esp_document_peek_findings (self->document, place));
  EspTreeCounts before;

  esp_tree_marks_get_counts (self, place, FALSE, &before);
  if (!set_own (self, place, &counts))
    return FALSE;
  /* unsigned differences add up to what is right, whatever their sign */
  counts.errors -= before.errors;
  counts.warnings -= before.warnings;
  add_below (self, place, &counts);
  return TRUE;
}
