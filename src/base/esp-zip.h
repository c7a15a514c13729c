/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspZip:
 *
 * The central directory of a zip archive (zip64 too), checked: members lie inside the file and
 * before the directory, don't overlap, have unique names, are stored or deflated, and not
 * encrypted. Immutable and refcounted; all calls are safe from any thread.
 */
typedef struct
{
  const char *name; /* borrowed from the archive; UTF-8, no NUL */
  guint64 size;
  guint64 compressed_size;
  guint64 header_offset;
  guint32 crc;
  guint16 method; /* 0 stored, 8 deflated */
} EspZipMember;

EspZip *esp_zip_new (EspSource *source, GCancellable *cancellable, GError **error);
EspZip *esp_zip_ref (EspZip *self);
void esp_zip_unref (EspZip *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspZip, esp_zip_unref)

guint esp_zip_get_n_members (EspZip *self);
const EspZipMember *esp_zip_get_member (EspZip *self, guint index);
const EspZipMember *esp_zip_find (EspZip *self, const char *name);
/* the member's bytes: a range of the archive where stored, a stream where deflated. Reads its local
 * header. */
EspSource *esp_zip_open_member (EspZip *self,
                                const EspZipMember *member,
                                GCancellable *cancellable,
                                GError **error);

G_END_DECLS
