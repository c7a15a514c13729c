/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tensor.h"

G_BEGIN_DECLS

/**
 * EspTfType:
 *
 * One of TensorFlow's data types (tensorflow/core/framework/types.proto), by its number there.
 */
typedef struct
{
  const char *name; /* as tf.DType.name has it */
  EspDtype dtype;   /* ESP_DTYPE_RAW: no numbers that can be decoded */
  guint stored;     /* bits of an element in a file: sub-byte types have a byte; 0: it varies */
} EspTfType;

#define ESP_TF_STRING 7
#define ESP_TF_RESOURCE 20
#define ESP_TF_VARIANT 21

/* NULL for a number that isn't known; a reference type is the type it refers to */
const EspTfType *esp_tf_type_get (gint32 number);
/* the same for a type whose values can be decoded, else NULL with the reason */
const EspTfType *esp_tf_type_require (gint32 number, GError **error);

/**
 * esp_tf_tensor_new:
 * @storage: C order; of so many bytes as count_bytes() says
 *
 * Returns: the tensor, or NULL with %ESP_TENSOR_ERROR
 */
EspTensor *esp_tf_tensor_new (const EspTfType *type,
                              const gint64 *shape,
                              guint ndim,
                              EspTensorFlags flags,
                              EspStorage *storage,
                              GError **error);
/* a row without values; takes @reason. Keeps the name of the type, or its number. */
EspTensor *esp_tf_tensor_new_unreadable (gint32 number,
                                         const gint64 *shape,
                                         guint ndim,
                                         GError *reason);
/* elements and their bytes in a file; FALSE when a size is negative or the product too large */
gboolean esp_tf_count_bytes (const EspTfType *type,
                             const gint64 *shape,
                             guint ndim,
                             guint64 *count,
                             guint64 *bytes,
                             GError **error);

G_END_DECLS
