/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-wire.h"

G_BEGIN_DECLS

/**
 * EspTfSlice:
 *
 * A box of a tensor as TensorFlow's checkpoints have it (TensorSliceProto): where it begins and how
 * much it has along each axis; -1 for all.
 */
typedef struct
{
  guint ndim;
  gint64 *extents; /* (ndim, 2) start, length; owned */
} EspTfSlice;

/* a TensorShapeProto, the message @field of @wire, into @shape of %ESP_LIMIT_DIMS; sizes as they
 * come, which may be negative */
gboolean esp_tf_shape_read (gint64 *shape,
                            guint *ndim,
                            EspWire *wire,
                            const EspWireField *field,
                            GError **error);

void esp_tf_slice_clear (EspTfSlice *self);
/* the message @field of @wire; more dimensions than a tensor can have are %ESP_FORMAT_ERROR_LIMIT
 */
gboolean esp_tf_slice_read (EspTfSlice *self,
                            EspWire *wire,
                            const EspWireField *field,
                            GError **error);
/* start and size along each axis of a tensor of this shape; FALSE if they don't fit it */
gboolean esp_tf_slice_resolve (const EspTfSlice *self,
                               const gint64 *shape,
                               guint ndim,
                               gint64 *start,
                               gint64 *size);
/* the key under which a table has the slice of this tensor; (transfer full) */
GBytes *esp_tf_slice_make_key (const EspTfSlice *self, const char *name, gsize length);

G_END_DECLS
