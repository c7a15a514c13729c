/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pickle.h"
#include "esp-source.h"
#include "esp-tensor.h"
#include "esp-zip.h"

G_BEGIN_DECLS

/**
 * EspPytorchArchive:
 *
 * A zip of PyTorch: everything lies in one folder at its top. Lives on the stack and borrows all
 * but the folder's name.
 */
typedef struct
{
  EspZip *zip;
  char *folder; /* owned, with the slash */
  GCancellable *cancellable;
  const char *shard; /* the archive's name where it is one file of several; may be set after init */
} EspPytorchArchive;

/* Finds the first folder at the top that holds @member. FALSE if there is none; then there is
 * nothing to clear. @zip may be NULL. */
gboolean esp_pytorch_archive_init (EspPytorchArchive *self,
                                   EspZip *zip,
                                   const char *member,
                                   GCancellable *cancellable);
void esp_pytorch_archive_clear (EspPytorchArchive *self);

/* a member by its name in the folder, or NULL */
const EspZipMember *esp_pytorch_archive_find (EspPytorchArchive *self, const char *name);
/* a member whole; one that isn't there is %ESP_FORMAT_ERROR_CORRUPT */
GBytes *esp_pytorch_archive_read (EspPytorchArchive *self,
                                  const char *name,
                                  guint64 limit,
                                  GError **error);
/* a small member as text without white space around it; NULL without an error if there is none */
char *esp_pytorch_archive_read_text (EspPytorchArchive *self, const char *name, GError **error);
/* what the member “byteorder” says of all tensors */
gboolean esp_pytorch_archive_read_byte_order (EspPytorchArchive *self,
                                              EspTensorFlags *flags,
                                              GError **error);
EspPickle *esp_pytorch_archive_read_pickle (EspPytorchArchive *self,
                                            const char *name,
                                            GError **error);
/* the bytes of a storage, which are the member @prefix + @key */
EspStorage *esp_pytorch_archive_open_storage (EspPytorchArchive *self,
                                              const char *prefix,
                                              const char *key,
                                              GError **error);

G_END_DECLS
