/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-cursor.h"
#include "esp-hdf5-process.h"
#include "esp-hdf5-protocol.h"
#include "esp-limits.h"
#include "esp-tensor.h"

G_BEGIN_DECLS

/* class, byte order, layout, filters: constants of esp-hdf5-protocol.h */
typedef struct
{
  guint8 class, is_signed, order, is_odd, hidden_bit;
  guint32 size, precision, offset;
  guint32 sign, exponent, exponent_bits, mantissa, mantissa_bits;
  guint64 bias;
  char *tag;
} EspHdf5Type;

typedef struct
{
  guint32 id;
  guint32 n_values;
  guint32 values[4];
} EspHdf5Filter;

/**
 * EspHdf5Dataset:
 *
 * A data set as the process described it, its numbers checked against one another.
 */
typedef struct
{
  guint64 object; /* the process's key */
  GError *reason; /* why there is nothing, else NULL; then type and shape may be there */
  EspHdf5Type type;
  guint n_axes; /* of the data set */
  guint ndim;   /* with those of an array type in it */
  gint64 shape[ESP_HDF5_DIMS];

  guint8 layout;
  guint64 address;             /* of contiguous values, or ESP_HDF5_NOWHERE */
  guint64 stored;              /* bytes */
  gint64 chunk[ESP_HDF5_DIMS]; /* (n_axes) */
  gboolean edges_unfiltered;
  guint n_filters;
  EspHdf5Filter filters[ESP_HDF5_FILTERS];
  guint n_fill;
  guint8 fill[ESP_HDF5_FILL_BYTES];
} EspHdf5Dataset;

/* out of a DATASET frame; NULL with %ESP_FORMAT_ERROR_CORRUPT for one that makes no sense */
EspHdf5Dataset *esp_hdf5_dataset_parse (EspCursor *payload, guint64 object, GError **error);
void esp_hdf5_dataset_free (EspHdf5Dataset *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspHdf5Dataset, esp_hdf5_dataset_free)

/* @told_dtype: what an attribute "dtype" says of opaque bytes, or NULL; @id of the storage. Never
 * NULL: what can't be read carries its error. */
EspTensor *esp_hdf5_dataset_make_tensor (const EspHdf5Dataset *self,
                                         EspHdf5Process *process,
                                         const char *told_dtype,
                                         const char *id);

/* a text of a frame as UTF-8; FALSE with an error when it ends too early */
gboolean esp_hdf5_read_text (EspCursor *payload, char **out, GError **error);

G_END_DECLS
