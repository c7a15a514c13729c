/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table, filled when the selection changes and asked when a row is bound. */

#include "config.h"

#include "esp-tree-links.h"
#include "esp-chip.h"

enum
{
  LINKED = 1, /* the row itself */
  LEADS,      /* something below it */
};

struct _EspTreeLinks
{
  GHashTable *places; /* EspPlace -> LINKED or LEADS */
  const char *tint;
};

EspTreeLinks *
esp_tree_links_new (void)
{
  EspTreeLinks *self = g_new0 (EspTreeLinks, 1);

  self->places = g_hash_table_new (NULL, NULL);
  return self;
}

void
esp_tree_links_free (EspTreeLinks *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->places);
  g_free (self);
}

static void
add (EspTreeLinks *self, EspPlace *place)
{
  g_hash_table_insert (self->places, place, GINT_TO_POINTER (LINKED));
  for (place = esp_place_get_parent (place); place; place = esp_place_get_parent (place))
    {
      if (g_hash_table_contains (self->places, place))
        return;
      g_hash_table_insert (self->places, place, GINT_TO_POINTER (LEADS));
    }
}

static void
add_members (EspTreeLinks *self, EspTie *tie, EspPlace *place)
{
  for (guint i = 0; i < esp_tie_get_n_places (tie); i++)
    if (esp_tie_get_place (tie, i) != place)
      add (self, esp_tie_get_place (tie, i));
  self->tint = esp_chip_get_tie_class (esp_tie_get_index (tie));
}

static void
add_places (EspTreeLinks *self, EspTreeMarks *marks, EspModule *module, EspPlace *place)
{
  EspTreeTies ties;

  for (guint i = 0; i < esp_module_get_n_places (module); i++)
    if (esp_module_get_place (module, i) != place)
      add (self, esp_module_get_place (module, i));
  esp_tree_marks_get_ties (marks, place, TRUE, &ties);
  self->tint = esp_chip_get_tie_class (ties.ties[0] ? esp_tie_get_index (ties.ties[0]) : 0);
}

void
esp_tree_links_set_place (EspTreeLinks *self, EspTreeMarks *marks, EspPlace *place)
{
  EspModule *module = place ? esp_place_get_module (place) : NULL;
  EspTie *tie = place ? esp_place_get_tie (place) : NULL;

  g_hash_table_remove_all (self->places);
  self->tint = NULL;
  if (module && esp_module_get_n_places (module) > 1)
    add_places (self, marks, module, place);
  else if (tie)
    add_members (self, tie, place);
}

const char *
esp_tree_links_get_tint (EspTreeLinks *self, EspPlace *place, gboolean closed)
{
  switch (GPOINTER_TO_INT (g_hash_table_lookup (self->places, place)))
    {
    case LINKED:
      return self->tint;
    case LEADS:
      return closed ? self->tint : NULL;
    default:
      return NULL;
    }
}
