/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tree.h"

G_BEGIN_DECLS

/* the writer of PyTorch files: a state dict that torch.load(weights_only=True) takes */
gboolean esp_pytorch_write (EspTree *tree,
                            const char *path,
                            gboolean replace,
                            EspProgressFunc progress,
                            gpointer user_data,
                            GCancellable *cancellable,
                            GError **error);

G_END_DECLS
