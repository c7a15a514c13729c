/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What tells of one parameter whether a step was of a healthy size. NaN where there is no such
 * number: before the first step, without a gradient, and the ratio where all values are equal. */
typedef struct
{
  float grad_norm;    /* L2 of the gradient, summed over its uses */
  float update_ratio; /* log10 of std (update) / std (data after it): about -3 (A. Karpathy, "Neural
                       * Networks: Zero to Hero"; CS231n has the same with norms). -INFINITY:
                       * nothing was added. Population std. */
} EspMeter;

/* the same over steps: each a row of all parameters */
typedef struct
{
  guint n;            /* steps */
  guint n_parameters; /* the network's, in its order */
  guint64 *steps;     /* (n), growing */
  EspMeter *meters;   /* (n, n_parameters) */
} EspMeterTable;

void esp_meter_table_free (EspMeterTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspMeterTable, esp_meter_table_free)

G_END_DECLS
