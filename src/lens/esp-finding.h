/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-scan.h"
#include "esp-snapshot.h"
#include "esp-tree.h"

G_BEGIN_DECLS

/**
 * EspFinding:
 *
 * Something about a tensor or a unit that a person should look at. A plain list of them is all that
 * lenses give.
 */
typedef enum
{
  ESP_FINDING_NAN,         /* NaN or infinities */
  ESP_FINDING_ZERO,        /* every value is 0 */
  ESP_FINDING_CONSTANT,    /* every value is the same, not 0 */
  ESP_FINDING_ZERO_UNIT,   /* all weights into a unit are 0 */
  ESP_FINDING_NEVER_FIRES, /* weights prove that the unit's ReLU is never on */
  ESP_FINDING_DEAD_UNIT,   /* fired on no example of the data set at any of its places */
  ESP_FINDING_SILENT_UNIT, /* the same at one place of a shared layer only */
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

/* units of the layer whose weight or bias stands at @place that never fired, from what a snapshot
 * observed; dead at every place of a shared layer, or silent at some. @place may be a module too.
 */
GPtrArray *esp_findings_from_units (EspPlace *place, EspSnapshot *snapshot);

G_END_DECLS
