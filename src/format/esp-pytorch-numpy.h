/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pickle-value.h"
#include "esp-tensor.h"

G_BEGIN_DECLS

/* NumPy's arrays and scalars as they stand in a pickle. */

/* whether it is an array of numbers; arrays of objects, texts, dates and records are no tensors */
gboolean esp_pytorch_numpy_is_array (const EspPickleValue *value);

/* gives the storage of bytes out of the pickle, the same object for the same bytes */
typedef EspStorage *(*EspPytorchBytesFunc) (const EspPickleValue *bytes, gpointer user_data);

/* the array as a tensor of native type "numpy.float32" */
EspTensor *esp_pytorch_numpy_read (const EspPickleValue *array,
                                   EspPytorchBytesFunc get_storage,
                                   gpointer user_data,
                                   GError **error);
/* a scalar as its value in Python's spelling; NULL if it is none. New string. */
char *esp_pytorch_numpy_scalar_to_text (const EspPickleValue *value);

G_END_DECLS
