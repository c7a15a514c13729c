/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspAtomicFile:
 *
 * Writes a new file beside its final name and renames it when complete and synced, so that a reader
 * sees the old file or the new one. Without @replace an existing file is an error
 * (G_IO_ERROR_EXISTS), decided at commit without a race. Freeing without a commit removes what was
 * written.
 */
typedef struct _EspAtomicFile EspAtomicFile;

EspAtomicFile *esp_atomic_file_new (const char *path, gboolean replace, GError **error);
gboolean esp_atomic_file_write (EspAtomicFile *self,
                                const void *data,
                                gsize length,
                                GError **error);
gboolean esp_atomic_file_commit (EspAtomicFile *self, GError **error);
void esp_atomic_file_free (EspAtomicFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspAtomicFile, esp_atomic_file_free)

G_END_DECLS
