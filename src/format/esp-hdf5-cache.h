/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspHdf5Cache:
 *
 * The unpacked parts of one storage, by number. All caches together keep to one budget, and what
 * wasn't used for longest goes first, whoever it belongs to. A part is loaded by one thread at a
 * time. Any thread.
 */
typedef struct _EspHdf5Cache EspHdf5Cache;
typedef struct _EspHdf5Part EspHdf5Part;

/* the bytes of part @number, their length in *@length; in no lock. NULL with an error. */
typedef guint8 *(*EspHdf5LoadFunc) (gpointer data,
                                    guint64 number,
                                    gsize *length,
                                    GCancellable *cancellable,
                                    GError **error);

EspHdf5Cache *esp_hdf5_cache_new (EspHdf5LoadFunc load, gpointer data);
void esp_hdf5_cache_free (EspHdf5Cache *self); /* no part is in use any more */

/**
 * esp_hdf5_cache_get:
 * @wait: for a part that another thread is loading
 *
 * Returns: the part, loaded if need be, which stays until it is released; or NULL with an error, or
 * without one where it doesn't wait.
 */
EspHdf5Part *esp_hdf5_cache_get (EspHdf5Cache *self,
                                 guint64 number,
                                 gboolean wait,
                                 GCancellable *cancellable,
                                 GError **error);
void esp_hdf5_cache_release (EspHdf5Part *part);
const guint8 *esp_hdf5_part_get_bytes (EspHdf5Part *part);

/* what all caches keep when nothing is in use, and how much of it now: for tests */
#define ESP_HDF5_CACHE_BYTES ((gsize) 64 * 1024 * 1024)
gsize esp_hdf5_cache_get_total (void);

G_END_DECLS
