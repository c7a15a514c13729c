/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tensor.h"

G_BEGIN_DECLS

/**
 * esp_rearrange_apply:
 * @matrix: a tensor of two dimensions
 * @rows: which row of it stands at each place from top to bottom, each row once; NULL: as they are
 * @columns: columns alike
 *
 * The matrix with its rows and columns in another order. Nothing is copied but the orders: values
 * are fetched where they lie, a row with its columns in another order as a whole. Elements keep
 * their type; those that aren't whole bytes or have scales become float32.
 *
 * Returns: (transfer full): NULL with an error where @matrix can't be read
 */
EspTensor *esp_rearrange_apply (EspTensor *matrix,
                                const gint64 *rows,
                                const gint64 *columns,
                                GError **error);
/* where each row went: the inverse of such an order. New array of @n. */
gint64 *esp_rearrange_invert (const gint64 *order, gint64 n);

G_END_DECLS
