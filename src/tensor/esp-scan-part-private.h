/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-scan-plan-private.h"
#include "esp-scan.h"

G_BEGIN_DECLS

/**
 * EspScanPart:
 *
 * The figures of a part of a tensor. Parts are merged in a fixed order, so that what comes out
 * doesn't hang on the number of cores.
 */
typedef struct
{
  guint64 finite, zeros, nans, positive_infs, negative_infs;
  double sum, sum_rest; /* as two doubles, whose sum is more exact than one */
  double squares;       /* of deviations from the mean */
  double min, max;
  gint64 first_min, first_max, first_nonfinite;
} EspScanPart;

void esp_scan_part_init (EspScanPart *self);
void esp_scan_part_merge (EspScanPart *self, const EspScanPart *other);
/* @count numbers from element @start of the plan's view on, @per of them an element; @spare has
 * room for as many */
void esp_scan_part_add_f32 (EspScanPart *self,
                            const EspScanPlan *plan,
                            guint per,
                            const float *values,
                            float *spare,
                            guint64 start,
                            gsize count);
void esp_scan_part_add_f64 (EspScanPart *self,
                            const EspScanPlan *plan,
                            guint per,
                            const double *values,
                            double *spare,
                            guint64 start,
                            gsize count);
/* of a tensor of @count elements */
void esp_scan_part_get_values (const EspScanPart *self, guint64 count, EspStatsValues *values);

/* whether float32 and its sums in double hold the values exactly */
gboolean esp_scan_is_single (EspTensor *tensor);

G_END_DECLS
