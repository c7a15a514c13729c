/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tensor.h"

G_BEGIN_DECLS

/**
 * EspMosaic:
 *
 * A tensor of four axes as one matrix of small pictures: the kernels of a convolution, (out, in,
 * kH, kW), as out × in blocks of kH × kW cells. Cells of blocks follow one another without gaps;
 * who draws it leaves gutters between blocks (EspHeatmapScene), so that values, indices and
 * statistics are those of the tensor. A plain value.
 */
typedef struct
{
  guint block_row, block_column; /* axes that count blocks down and across */
  guint row, column;             /* axes within a block */
} EspMosaic;

/* @ndim 4: the last two axes within blocks; @ndim 3: the first counts blocks across. FALSE for
 * other tensors. With @channels_last (Keras: kH, kW, in, out) the first two axes are within blocks.
 */
gboolean esp_mosaic_init (EspMosaic *self, guint ndim, gboolean channels_last);
/**
 * esp_mosaic_apply:
 * @tensor: of three or four dimensions, as esp_mosaic_init() was told
 * @block_rows, @block_columns: (out): cells of a block
 *
 * Returns: a matrix whose values are those of @tensor, read when they are wanted; or NULL
 */
EspTensor *esp_mosaic_apply (const EspMosaic *self,
                             EspTensor *tensor,
                             gint64 *block_rows,
                             gint64 *block_columns,
                             GError **error);

G_END_DECLS
