/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to session/: a tree -> a file of safetensors, or of PyTorch where its name ends in .pt
 * and the like. */

#include "esp-tree.h"

G_BEGIN_DECLS

/* blocking */
gboolean esp_save_tree (EspTree *tree,
                        const char *path,
                        gboolean replace,
                        GCancellable *cancellable,
                        GError **error);
/* in a worker; @live: the parameters change meanwhile, so their tensors of this moment are saved */
void esp_save_tree_async (EspTree *tree,
                          gboolean live,
                          const char *path,
                          gboolean replace,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
gboolean esp_save_tree_finish (GAsyncResult *result, GError **error);

G_END_DECLS
