/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-limits.h"
#include "esp-tensor-private.h"

G_BEGIN_DECLS

/**
 * EspScanPlan:
 *
 * The same elements in the order in which they lie in the storage, and the way back to the tensor's
 * own order.
 */
typedef struct
{
  EspTensor *view;   /* owned */
  gboolean in_order; /* it is the tensor's own C order */
  guint ndim;
  gint64 shape[ESP_LIMIT_DIMS];
  gint64 steps[ESP_LIMIT_DIMS]; /* of the tensor's C-order index, by dimension of the view */
} EspScanPlan;

gboolean esp_scan_plan_init (EspScanPlan *self, EspTensor *tensor, GError **error);
void esp_scan_plan_clear (EspScanPlan *self);

/* where a walk over the view stands in the tensor's own order: @at */
typedef struct
{
  const EspScanPlan *plan;
  gint64 index[ESP_LIMIT_DIMS];
  guint64 at;
} EspScanWalk;

void esp_scan_walk_init (EspScanWalk *self, const EspScanPlan *plan, guint64 start);
void esp_scan_walk_next (EspScanWalk *self);

G_END_DECLS
