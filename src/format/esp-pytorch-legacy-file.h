/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pickle.h"
#include "esp-source.h"
#include "esp-tensor.h"

G_BEGIN_DECLS

/**
 * EspPytorchLegacyFile:
 *
 * What torch.save wrote before it wrote archives, and writes into pickles of others to this day:
 * pickles one after another, then the storages. Here: where everything lies.
 */
typedef struct _EspPytorchLegacyFile EspPytorchLegacyFile;

/* whether the first bytes of a file are the number that all of them begin with */
gboolean esp_pytorch_legacy_file_is_one (const guint8 *head, gsize size);

/* reads the pickles and the lengths of the storages; a storage that is broken is an error only to
 * whoever opens it */
EspPytorchLegacyFile *esp_pytorch_legacy_file_new (EspSource *source,
                                                   GCancellable *cancellable,
                                                   GError **error);
void esp_pytorch_legacy_file_free (EspPytorchLegacyFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspPytorchLegacyFile, esp_pytorch_legacy_file_free)

/* the one that describes the object; borrowed */
EspPickle *esp_pytorch_legacy_file_get_pickle (EspPytorchLegacyFile *self);
/* all five, for the report */
guint esp_pytorch_legacy_file_get_n_pickles (EspPytorchLegacyFile *self);
EspPickle *esp_pytorch_legacy_file_get_nth_pickle (EspPytorchLegacyFile *self, guint index);
/* the bytes of a storage; @id: what it is to be called */
EspStorage *esp_pytorch_legacy_file_open_storage (EspPytorchLegacyFile *self,
                                                  const char *key,
                                                  const char *id,
                                                  GError **error);

G_END_DECLS
