/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-hdf5-process.h"

G_BEGIN_DECLS

/* where a chunk lies in the file */
typedef struct
{
  guint64 address; /* or ESP_HDF5_NOWHERE: it was never written */
  guint64 size;    /* bytes, packed */
  guint32 skipped; /* bit i: filter i wasn't applied to it */
} EspHdf5Place;

/* the places of @n chunks of a data set, counted in C order of its grid; unchecked but for their
 * number */
gboolean esp_hdf5_request_places (EspHdf5Process *process,
                                  guint64 object,
                                  guint64 first,
                                  guint32 n,
                                  EspHdf5Place *out,
                                  GCancellable *cancellable,
                                  GError **error);

typedef struct
{
  guint64 object;
  gboolean convert; /* to 64-bit numbers in little-endian order */
  guint n_axes;
  const gint64 *start; /* (n_axes) each */
  const gint64 *count;
} EspHdf5Box;

/* the values of a box as the HDF5 library reads them, in C order, exactly @length bytes */
gboolean esp_hdf5_request_box (EspHdf5Process *process,
                               const EspHdf5Box *box,
                               guint8 *out,
                               gsize length,
                               GCancellable *cancellable,
                               GError **error);

G_END_DECLS
