/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-format.h"

G_BEGIN_DECLS

/* one array (.npy, versions 1 to 3), named after the file */
extern const EspFormat esp_format_npy;
/* a zip of arrays (.npz), stored or deflated, named after its members */
extern const EspFormat esp_format_npz;

/**
 * esp_numpy_read_array:
 * @source: the bytes of one .npy, whole
 * @id: for the storage
 * @warning: (out): set when something is odd but harmless, else NULL
 *
 * Reads the header alone. Returns: a tensor (Fortran order is a transposed view), or NULL with
 * %ESP_FORMAT_ERROR
 */
EspTensor *esp_numpy_read_array (EspSource *source,
                                 const char *id,
                                 char **warning,
                                 GCancellable *cancellable,
                                 GError **error);

G_END_DECLS
