/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pytorch-result.h"
#include "esp-torch-dcp-table.h"

G_BEGIN_DECLS

/* A piece of a distributed checkpoint is a whole archive of torch.save in the middle of a file. */

/* The one tensor that the piece holds; a new reference. @result: hears of the pickle, or NULL. */
EspTensor *esp_dcp_piece_read_tensor (EspSource *piece,
                                      EspPytorchResult *result,
                                      GCancellable *cancellable,
                                      GError **error);
/* a piece that is no tensor: what is in it goes to @result, at the path @above */
gboolean esp_dcp_piece_walk (EspSource *piece,
                             const char *const *above,
                             EspPytorchResult *result,
                             GError **error);

/**
 * esp_dcp_tensor_new:
 * @item: a tensor that isn't broken and whose data type is known
 * @pieces: (n_chunks) where each lies; NULL for those without elements; references are taken
 *
 * A tensor that is put together from its pieces as it is read. With @result, all pieces are opened
 * and checked now, and it hears of their pickles; otherwise when a value of them is wanted.
 */
EspTensor *esp_dcp_tensor_new (const EspDcpItem *item,
                               EspSource *const *pieces,
                               EspPytorchResult *result,
                               GError **error);

G_END_DECLS
