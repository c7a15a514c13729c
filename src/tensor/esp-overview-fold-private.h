/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-overview.h"

G_BEGIN_DECLS

/* smallest, largest, sum, sum of squares and number of the finite values of a stretch of cells,
 * flags for the others */
typedef struct
{
  float min, max;
  double sum, squares;
  guint64 n;
  guint8 flags;
} EspFoldTotal;

/**
 * EspFold:
 *
 * Lines of cells folded into one, cell by cell. Then stretches of that line are added up to pixels.
 */
typedef struct _EspFold EspFold;

EspFold *esp_fold_new (gsize max_cells);
void esp_fold_free (EspFold *self);
/* forgets all; lines of @count cells follow */
void esp_fold_reset (EspFold *self, gsize count);
/* @n_lines lines of @count cells, at most as many as esp_fold_reset() was told, @stride cells from
 * one to the next */
void esp_fold_add_lines (EspFold *self,
                         const float *values,
                         gsize n_lines,
                         gsize stride,
                         gsize count);

void esp_fold_total_init (EspFoldTotal *total);
/* cells [begin, end) of the folded line, into which @n_lines were folded */
void esp_fold_add_to_total (const EspFold *self,
                            gsize begin,
                            gsize end,
                            guint64 n_lines,
                            EspFoldTotal *total);
/* a run of cells without a detour: for long ones */
void esp_fold_add_run (const float *values, gsize count, EspFoldTotal *total);
/* what is below a pixel; exact but for the rounding of mean and RMS to float */
void esp_fold_add_pixel (EspFoldTotal *total, const EspPixel *pixel);
void esp_fold_finish_pixel (const EspFoldTotal *total, EspPixel *pixel);
/* a pixel that is one cell */
void esp_fold_cells_to_pixels (const float *values, gsize count, EspPixel *pixels, gsize step);

G_END_DECLS
