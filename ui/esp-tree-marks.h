/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/**
 * EspTreeMarks:
 *
 * What the rows of one document's tree carry besides their names: which ties lie below a module,
 * and how many units of a live network never fire. Made once for a document; the units are counted
 * again when esp_tree_marks_update() is called.
 */
typedef struct _EspTreeMarks EspTreeMarks;

/* ties of a row: the first few, and how many there are in all */
#define ESP_TREE_MARKS_MAX_TIES 2
typedef struct
{
  EspTie *ties[ESP_TREE_MARKS_MAX_TIES]; /* borrowed from the tree */
  guint n_ties;
} EspTreeTies;

/* units, or findings, of a row; a closed row counts what is below it, each module once */
typedef struct
{
  guint dead;
  guint silent;
} EspTreeUnits;

EspTreeMarks *esp_tree_marks_new (EspDocument *document);
void esp_tree_marks_free (EspTreeMarks *self);

/* @closed: counts what is below a module, too. A leaf gives its own tie. */
void esp_tree_marks_get_ties (EspTreeMarks *self,
                              EspPlace *place,
                              gboolean closed,
                              EspTreeTies *ties);
void esp_tree_marks_get_units (EspTreeMarks *self,
                               EspPlace *place,
                               gboolean closed,
                               EspTreeUnits *units);
/* TRUE if a count changed */
gboolean esp_tree_marks_update (EspTreeMarks *self);

G_END_DECLS
