/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-scan.h"
#include "esp-snapshot.h"
#include "esp-tree.h"
#include "esp-unit-reader.h"

G_BEGIN_DECLS

/**
 * EspFinding:
 *
 * Something about a tensor or a unit that a person should look at. A plain list of them is all that
 * lenses give.
 */
typedef enum
{
  ESP_FINDING_NAN,          /* NaN or infinities */
  ESP_FINDING_ZERO,         /* every value is 0 */
  ESP_FINDING_CONSTANT,     /* every value is the same, not 0 */
  ESP_FINDING_ZERO_UNIT,    /* all weights into a unit are 0 */
  ESP_FINDING_NEVER_FIRES,  /* weights prove that the unit's ReLU is never on */
  ESP_FINDING_DEAD_UNIT,    /* fired on no example of the data set at any of its places */
  ESP_FINDING_SILENT_UNIT,  /* the same at one place of a shared layer only */
  ESP_FINDING_DORMANT_UNIT, /* hardly says anything beside the others of its layer, at this place */
  ESP_FINDING_SATURATED_UNIT, /* hardly reacts any more, at this place */
} EspFindingKind;

typedef enum
{
  ESP_SEVERITY_NOTE,
  ESP_SEVERITY_WARNING,
  ESP_SEVERITY_ERROR,
} EspSeverity;

typedef struct
{
  EspFindingKind kind;
  EspSeverity severity;
  gint64 unit;   /* row of the weight (output unit), -1 if it isn't about one */
  gint64 index;  /* C-order index of a telling element, -1 */
  char *title;   /* translated, one line: "3 NaN, 2 Inf"; "Unit 5: dead" */
  char *details; /* translated, one line: "First at row 1202, column 91"; "0 of 64 examples" */
} EspFinding;

EspFinding *esp_finding_new (EspFindingKind kind,
                             EspSeverity severity,
                             gint64 unit,
                             gint64 index,
                             char *take_title,
                             char *take_details);
void esp_finding_free (EspFinding *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspFinding, esp_finding_free)

/* what the statistics of one tensor show; (element-type EspFinding), frees its elements */
GPtrArray *esp_findings_from_stats (EspTensor *tensor, EspStats *stats);

/**
 * esp_findings_from_weights:
 * @place: place of a Linear's or convolution's weight
 *
 * Units that the weights alone prove dead (Metta's note, exact cases only): all incoming weights 0;
 * or, where the tree says that the input is the output of a ReLU and a ReLU follows, all weights <=
 * 0 and bias <= 0. Reads the tensor in chunks; blocking, for a worker.
 */
GPtrArray *esp_findings_from_weights (EspPlace *place, GCancellable *cancellable, GError **error);

/* Units of the layer whose weight or bias stands at @place that are in trouble, with the evidence,
 * from what a snapshot observed: dead at every place of a shared layer, or silent at some; dormant;
 * saturated (EspUnitState). @place may be a module too, also an activation itself. */
GPtrArray *esp_findings_from_units (EspPlace *place, EspSnapshot *snapshot);

/* the same without words: (element-type EspUnitMark), new */
typedef struct
{
  guint unit;
  EspFindingKind kind;
} EspUnitMark;
GArray *esp_findings_mark_units (EspPlace *place, EspSnapshot *snapshot);

/* how many units of a place are in trouble, by the kinds of findings */
typedef struct
{
  EspPlace *place; /* borrowed: the layer that makes the units; the activation if none has a row for
                    * each */
  guint n_units;
  guint dead, silent, dormant, saturated;
} EspUnitTally;

/* The same as numbers, for all layers of @tree whose units are observed, each place of a shared
 * one: (element-type EspUnitTally), new. Takes time by the number of units, no strings. */
GArray *esp_findings_tally_units (EspTree *tree, EspSnapshot *snapshot);

/* an index of a weight's axis "in" that a unit in trouble comes in at */
typedef struct
{
  gint64 input;
  EspUnitState state;
  const char *unit_path; /* borrowed from the reader: place of the activation */
  guint unit;
} EspUnitInput;

/* which inputs of the weight at @place are units in trouble, in order: (element-type EspUnitInput),
 * new. @readers: of the network (element-type EspUnitReader). */
GArray *esp_findings_from_inputs (EspPlace *place, EspSnapshot *snapshot, GPtrArray *readers);

G_END_DECLS
