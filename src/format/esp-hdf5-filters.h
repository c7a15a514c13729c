/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-hdf5-dataset.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_HDF5_PIPELINE_OURS,    /* we can undo all of it */
  ESP_HDF5_PIPELINE_LIBRARY, /* only the HDF5 library can */
  ESP_HDF5_PIPELINE_NOBODY,
} EspHdf5Pipeline;

/* who can undo these filters; NOBODY with an error that names the one */
EspHdf5Pipeline esp_hdf5_filters_classify (const EspHdf5Filter *filters, guint n, GError **error);

/**
 * esp_hdf5_filters_undo:
 * @stored: (transfer full): a chunk as it lies in the file, with @length bytes
 * @skipped: bit i is set where filter i wasn't applied to this chunk
 * @wanted: bytes of the chunk
 *
 * Returns: (transfer full): the chunk's bytes, @wanted of them; or NULL with
 * %ESP_FORMAT_ERROR_CORRUPT
 */
guint8 *esp_hdf5_filters_undo (const EspHdf5Filter *filters,
                               guint n,
                               guint32 skipped,
                               guint8 *stored,
                               gsize length,
                               gsize wanted,
                               GError **error);

G_END_DECLS
