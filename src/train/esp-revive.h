/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-network.h"
#include "esp-snapshot.h"

G_BEGIN_DECLS

/* a unit by the place of its activation */
typedef struct
{
  const char *path;
  guint unit;
} EspUnitId;

/* all numbers of a parameter's channel, as they shall be */
typedef struct
{
  guint parameter;
  EspChannel channel; /* data, or what the optimiser keeps */
  GBytes *floats;
} EspRevivedNumbers;

/* what has to change, and what could not be done */
typedef struct
{
  GArray *numbers; /* EspRevivedNumbers */
  guint n_units;   /* rows of weights that were drawn anew; a shared layer's row once */
  guint n_shared;  /* of these, rows of layers or parameters that stand at several places */
  char *open; /* path of a module that a unit leads to and that has no weights for it alone (the
               * sum of a residual block, the network's answer, what is frozen), or NULL: then what
               * the network answers may change at once */
} EspRevival;

void esp_revival_free (EspRevival *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspRevival, esp_revival_free)

/**
 * esp_revive:
 * @now: the parameters and moments as they are
 * @units: (n) activations' units; several may be the same row of a shared layer
 * @draw: other numbers give other weights
 *
 * Revives units as ReDo does (arXiv 2302.12902, section 5): the weights that come in are drawn anew
 * as the specification says (PyTorch's way where that isn't random), their bias becomes 0, the
 * weights that lead on become 0, so that the network answers as before when the unit was dead; and
 * what the optimiser keeps of all of these begins again. A normalisation in between begins again in
 * that channel. Optimisers count steps for all parameters together, so that count stays. A row of a
 * layer that stands at several places is one row: it is drawn once, and the weights that lead on
 * from each place become 0; a tied parameter changes under all its names. Weights between two units
 * that are revived together are drawn, not 0: otherwise a layer that is dead as a whole would stay
 * so. ReDo leaves to chance whether the drawn row fires; here it is drawn again while it doesn't,
 * 16 times at most, unless looking is too costly.
 *
 * %ESP_NETWORK_ERROR_SPEC when no weights make such a unit, or they aren't trained. Main thread or
 * any; nothing is changed.
 */
EspRevival *esp_revive (EspNetwork *network,
                        EspSnapshot *now,
                        const EspUnitId *units,
                        guint n,
                        guint64 draw,
                        GError **error);

G_END_DECLS
