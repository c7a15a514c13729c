/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-rearrange.h"

G_BEGIN_DECLS

/* @take_view: a view of as many elements as the matrix of @n_rows × @n_columns has, in the order of
 * its rows; taken. Then as esp_rearrange_apply(). */
EspTensor *esp_rearrange_take (EspTensor *take_view,
                               gint64 n_rows,
                               gint64 n_columns,
                               const gint64 *rows,
                               const gint64 *columns,
                               GError **error);

G_END_DECLS
