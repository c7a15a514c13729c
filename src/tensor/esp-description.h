/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-block.h"
#include "esp-dtype.h"
#include "esp-tensor.h"

G_BEGIN_DECLS

/* Private to tensor/. What many tensors of a checkpoint have in common: dtype, shape, strides. One
 * object each in the whole program, so that 20,000 tensors of 30 shapes hold a pointer each. */
typedef struct
{
  guint refs; /* guarded by the table's lock */
  guint hash;
  const char *native_dtype;  /* a GRefString where it is kept */
  const EspBlockType *block; /* how the values are stored, where not as @dtype; or NULL */
  EspDtype dtype;
  EspTensorFlags flags;
  guint ndim;
  guint64 count;         /* elements */
  guint64 bytes;         /* that they would take stored contiguously, in blocks if there are */
  const gint64 *shape;   /* (ndim) */
  const gint64 *strides; /* (ndim) */
} EspDescription;

/* the one that equals @wanted, whose counts follow from the rest; a reference */
const EspDescription *esp_description_intern (const EspDescription *wanted);
void esp_description_unref (const EspDescription *self);

G_END_DECLS
