/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-atomic-file.h"

G_BEGIN_DECLS

/**
 * EspZipWriter:
 *
 * Writes a zip archive of stored members, one after the other, in one pass: a member's checksum
 * stands behind it, as PyTorch's writer does it, too. Zip64 where sizes want it. The same members
 * give the same bytes: there are no times in it.
 */
typedef struct _EspZipWriter EspZipWriter;

/* borrows @file, which is committed by its owner */
EspZipWriter *esp_zip_writer_new (EspAtomicFile *file);
void esp_zip_writer_free (EspZipWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspZipWriter, esp_zip_writer_free)

/* begins member @name of @size bytes, which follow in calls of esp_zip_writer_write(). They begin
 * at a multiple of @alignment (a power of 2, 1: anywhere). */
gboolean esp_zip_writer_begin (EspZipWriter *self,
                               const char *name,
                               guint64 size,
                               guint alignment,
                               GError **error);
gboolean esp_zip_writer_write (EspZipWriter *self, const void *data, gsize length, GError **error);
/* ends the member, whose bytes must all be there */
gboolean esp_zip_writer_end (EspZipWriter *self, GError **error);
/* a whole member */
gboolean esp_zip_writer_add (EspZipWriter *self,
                             const char *name,
                             const void *data,
                             gsize length,
                             guint alignment,
                             GError **error);
/* the directory at the end */
gboolean esp_zip_writer_finish (EspZipWriter *self, GError **error);

G_END_DECLS
