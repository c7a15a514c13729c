/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pytorch-archive.h"
#include "esp-pytorch-edges.h"

G_BEGIN_DECLS

/**
 * EspTorchscriptCode:
 *
 * The classes in the code of a TorchScript archive, as far as they say which of their fields are
 * parameters and which are buffers. A member is read when one of its classes is asked for.
 */
typedef struct _EspTorchscriptCode EspTorchscriptCode;

/* @archive is borrowed */
EspTorchscriptCode *esp_torchscript_code_new (EspPytorchArchive *archive);
void esp_torchscript_code_free (EspTorchscriptCode *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTorchscriptCode, esp_torchscript_code_free)

/* What a tensor in a field of @class_name ("__torch__.net.Net") is: a parameter, a buffer, or an
 * attribute; %ESP_EDGE_ITEM where the code doesn't tell. */
EspPytorchEdgeKind esp_torchscript_code_get_kind (EspTorchscriptCode *self,
                                                  const char *class_name,
                                                  const char *field);

G_END_DECLS
