/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-history.h"
#include "esp-loss-curve.h"
#include "esp-plan.h"

G_BEGIN_DECLS

/* Private to train/: all that a trainer knows of its run, as bytes: initial values, history,
 * curves. The specification and the data set are somebody else's. */
typedef struct
{
  EspPlan *plan; /* borrowed, as all of them */
  EspHistory *history;
  EspLossCurve **curves; /* (ESP_HISTORY_MAX_BRANCHES), NULL where there is none yet */
  EspLossCurve **tests;
  guint64 *tested;
  double seconds;
} EspKept;

/* between steps */
GBytes *esp_kept_write (EspNetwork *network, const EspKept *kept);
/* the initial values alone, into @network, which has no trainer yet */
gboolean esp_kept_read_initial (EspNetwork *network, GBytes *bytes, GError **error);
/* The rest. @branch, @step: (out): where it was; the plan is at the key frame before it. New curves
 * go into the arrays, which are empty. */
gboolean esp_kept_read (EspNetwork *network,
                        EspKept *kept,
                        GBytes *bytes,
                        gboolean foreign,
                        guint *branch,
                        guint64 *step,
                        GError **error);

G_END_DECLS
