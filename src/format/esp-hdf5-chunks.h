/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-hdf5-dataset.h"

G_BEGIN_DECLS

/**
 * esp_hdf5_chunks_new_storage:
 * @convert: the library makes 64-bit numbers of the elements, in little-endian order
 * @bytes: of all values in C order
 *
 * The values of a data set that don't lie in one piece, as if they did: chunks with their filters,
 * compact ones, ones that were never written (which have the fill value), and types and filters
 * that only the HDF5 library knows. Unpacked parts are kept in a cache that all such storages
 * share, so that memory doesn't grow.
 *
 * Returns: a storage of @bytes bytes, or NULL with %ESP_FORMAT_ERROR
 */
EspStorage *esp_hdf5_chunks_new_storage (const EspHdf5Dataset *dataset,
                                         EspHdf5Process *process,
                                         gboolean convert,
                                         guint64 bytes,
                                         const char *id,
                                         GError **error);

G_END_DECLS
