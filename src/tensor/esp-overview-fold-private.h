/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-overview.h"

G_BEGIN_DECLS

/**
 * EspFold:
 *
 * Lines of cells folded into one, cell by cell: smallest, largest, sum and number of the finite
 * values, flags for the others. Then stretches of that line are added up to pixels.
 */
typedef struct _EspFold EspFold;

typedef struct
{
  float min, max;
  double sum;
  guint64 n;
  guint8 flags;
} EspFoldTotal;

EspFold *esp_fold_new (gsize max_cells);
void esp_fold_free (EspFold *self);
/* forgets all; lines of @count cells follow */
void esp_fold_reset (EspFold *self, gsize count);
void esp_fold_add_line (EspFold *self, const float *values, gsize count);

void esp_fold_total_init (EspFoldTotal *total);
void esp_fold_add_to_total (const EspFold *self, gsize begin, gsize end, EspFoldTotal *total);
void esp_fold_finish_pixel (const EspFoldTotal *total, EspPixel *pixel);

G_END_DECLS
