/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/**
 * EspTreeMarks:
 *
 * What the rows of one document's tree carry besides their names: which ties lie below a module,
 * how many units of a live network are in trouble, what was found in a tensor that somebody looked
 * at. Made once for a document; the units are counted again when esp_tree_marks_update() is called.
 */
typedef struct _EspTreeMarks EspTreeMarks;

/* ties of a row: the first few, and how many there are in all */
#define ESP_TREE_MARKS_MAX_TIES 2
typedef struct
{
  EspTie *ties[ESP_TREE_MARKS_MAX_TIES]; /* borrowed from the tree */
  guint n_ties;
} EspTreeTies;

typedef struct
{
  guint dead;    /* units that never fired */
  guint silent;  /* at one of several places */
  guint dormant; /* units that hardly say anything */
  guint saturated;
  guint errors;   /* findings: NaN and the like */
  guint warnings; /* the others that should be looked at */
} EspTreeCounts;

EspTreeMarks *esp_tree_marks_new (EspDocument *document);
void esp_tree_marks_free (EspTreeMarks *self);

/* @closed: what is below a module, too. A leaf gives its own tie. */
void esp_tree_marks_get_ties (EspTreeMarks *self,
                              EspPlace *place,
                              gboolean closed,
                              EspTreeTies *ties);
/* @closed: counts what is below a module, too, each module once */
void esp_tree_marks_get_counts (EspTreeMarks *self,
                                EspPlace *place,
                                gboolean closed,
                                EspTreeCounts *counts);
/* counts the units of a live network again; TRUE if a count changed */
gboolean esp_tree_marks_update (EspTreeMarks *self);
/* takes over what the document found at @place; TRUE if a count changed */
gboolean esp_tree_marks_update_place (EspTreeMarks *self, EspPlace *place);

G_END_DECLS
