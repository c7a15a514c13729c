/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pickle.h"
#include "esp-pytorch-storage.h"

G_BEGIN_DECLS

/**
 * EspPytorchInner:
 *
 * The storages that a pickle holds as whole files inside itself (torch.storage._load_from_bytes).
 */
typedef struct _EspPytorchInner EspPytorchInner;

/* @outside is borrowed; its owner hears of warnings */
EspPytorchInner *esp_pytorch_inner_new (EspPytorchStorages *outside, GCancellable *cancellable);
void esp_pytorch_inner_free (EspPytorchInner *self);

/* the storage that a call of _load_from_bytes with @args would give; borrowed. As
 * esp_pytorch_storages_get(). */
const EspPytorchStorage *esp_pytorch_inner_get (EspPytorchInner *self,
                                                const EspPickleValue *args,
                                                gint64 *offset,
                                                GError **error);
/* the pickles of all that were opened so far; borrowed */
guint esp_pytorch_inner_get_n_pickles (EspPytorchInner *self);
EspPickle *esp_pytorch_inner_get_pickle (EspPytorchInner *self, guint index);

G_END_DECLS
