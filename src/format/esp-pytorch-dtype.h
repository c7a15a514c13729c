/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-dtype.h"

G_BEGIN_DECLS

/* a data type as PyTorch names it */
typedef struct
{
  const char *name;   /* "float32" */
  const char *native; /* "torch.float32" */
  EspDtype dtype;
  guint packing; /* elements of ours in one of its storage elements; 1 but for packed types */
} EspPytorchDtype;

/* by name, also the older ones: "float32", "half"; NULL if there is none that can be read */
const EspPytorchDtype *esp_pytorch_dtype_from_name (const char *name);
/* by class of storage: "FloatStorage"; an untyped storage holds bytes */
const EspPytorchDtype *esp_pytorch_dtype_from_storage (const char *class_name);
/* bytes of @n storage elements; FALSE on overflow */
gboolean esp_pytorch_dtype_get_size (const EspPytorchDtype *self, guint64 n, guint64 *bytes);

G_END_DECLS
