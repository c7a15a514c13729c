/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-limits.h"
#include "esp-parameter.h"

G_BEGIN_DECLS

/* one tensor as the configuration of the weights of a .pt2 tells it */
typedef struct
{
  char *name;   /* owned */
  char *member; /* owned; the file of its bytes */
  gboolean is_parameter;
  gboolean is_pickled;
  gboolean is_symbolic; /* its sizes are no numbers */
  guint64 dtype;        /* PyTorch's number of the data type */
  guint64 layout;
  gint64 shape[ESP_LIMIT_DIMS];
  gint64 strides[ESP_LIMIT_DIMS];
  guint n_sizes, n_strides;
  gint64 offset;
  EspRequiresGrad requires_grad;
} EspTorchExportEntry;

/* is called for each entry, which is borrowed; FALSE ends it all with an error */
typedef gboolean (*EspTorchExportEntryFunc) (const EspTorchExportEntry *entry,
                                             gpointer user_data,
                                             GError **error);

/* reads {"config": {NAME: {"path_name", "is_param", "use_pickle", "tensor_meta": {...}}}} */
gboolean esp_torch_export_config_read (const char *text,
                                       gsize length,
                                       const char *what,
                                       EspTorchExportEntryFunc func,
                                       gpointer user_data,
                                       GError **error);

G_END_DECLS
