/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tensor.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_SPARSE_COO,
  ESP_SPARSE_CSR,
  ESP_SPARSE_CSC,
  ESP_SPARSE_BSR,
  ESP_SPARSE_BSC,
  ESP_N_SPARSE_LAYOUTS
} EspSparseLayout;

/* "torch.sparse_coo"; NULL if @layout isn't one */
const char *esp_sparse_layout_get_name (EspSparseLayout layout);

/**
 * esp_pytorch_sparse_new:
 * @indices: COO: (sparse dimensions, n); else the compressed ones, (..., rows + 1)
 * @plain: COO: NULL; else the plain indices, (..., n)
 * @values: COO: (n, dense sizes...); else (..., n, block sizes..., dense sizes...)
 *
 * A sparse tensor as the dense one it stands for. Its storage puts the values in their places when
 * it is read; memory grows with what the file holds, not with the shape. Indices that point outside
 * are an error of the first read.
 *
 * Returns: a new tensor, or NULL with an error where the parts don't fit or are too large
 */
EspTensor *esp_pytorch_sparse_new (EspSparseLayout layout,
                                   EspTensor *indices,
                                   EspTensor *plain,
                                   EspTensor *values,
                                   const gint64 *shape,
                                   guint ndim,
                                   GError **error);

G_END_DECLS
