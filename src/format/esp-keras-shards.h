/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * esp_keras_shards_read:
 *
 * The index of weights in several files, X.weights.json:
 *
 *   {"metadata": {"total_size": 992.0},
 *    "weight_map": {"/layers/dense/vars": "X_00000.weights.h5",
 *                   "/layers/dense_1/vars": ["X_00000.weights.h5", "X_00001.weights.h5"]}}
 *
 * Returns: (element-type utf8): the names of the files as they stand there, each once, in natural
 * order; or NULL with an error
 */
GPtrArray *esp_keras_shards_read (const char *text, gsize length, const char *what, GError **error);
/* whether a JSON text is such an index, by its first bytes */
gboolean esp_keras_shards_is_one (const char *text, gsize length);

G_END_DECLS
