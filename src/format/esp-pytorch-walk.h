/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pytorch-tensors.h"
#include "esp-torchscript-code.h"
#include "esp-tree-builder.h"

G_BEGIN_DECLS

/**
 * esp_pytorch_walk:
 * @above: NULL-terminated path at which the pickle's root stands, as a rule empty
 * @code: tells the roles of tensors in modules of TorchScript; or NULL
 * @metadata: receives key, value, key, value, ...: what stands beside the tensors
 * @warnings: receives texts
 *
 * Walks a pickle's values from its root and gives modules, attributes and tensors to @builder.
 * Names are the path of keys; the index of a list is a key. Fails when cancelled or when a limit of
 * the tree is met.
 */
gboolean esp_pytorch_walk (EspPickle *pickle,
                           const char *const *above,
                           EspPytorchTensors *tensors,
                           EspTreeBuilder *builder,
                           EspTorchscriptCode *code,
                           GPtrArray *metadata,
                           GPtrArray *warnings,
                           GCancellable *cancellable,
                           GError **error);

G_END_DECLS
