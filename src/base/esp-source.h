/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspSource:
 *
 * Bytes that can be read by ranges: a local file, memory, a range or an inflated member of another
 * source; later an address or a running job. Atomically refcounted; all calls are safe from any
 * thread.
 *
 * A local file is read with pread, never mapped, so that a file cut short under us is an error and
 * no signal. It must be a regular file. A read fails with %ESP_FORMAT_ERROR_TRUNCATED beyond the
 * end, and with %ESP_FORMAT_ERROR_CORRUPT when the file was changed in place (size or time) since
 * it was opened.
 */

/* what makes a file this very version of this very file */
typedef struct
{
  guint64 device;
  guint64 inode;
  guint64 size;
  gint64 modified_ns; /* since the epoch */
} EspIdentity;

typedef struct
{
  /* fills exactly @length bytes; the range was checked against the size before */
  gboolean (*read) (gpointer data,
                    guint64 offset,
                    gsize length,
                    void *buffer,
                    GCancellable *cancellable,
                    GError **error);
  gboolean (*get_identity) (gpointer data, EspIdentity *out); /* or NULL */
  void (*free) (gpointer data);
  /* or NULL: a new descriptor of the file, or -1 */
  int (*dup_descriptor) (gpointer data, GError **error);
} EspSourceFuncs;

EspSource *esp_source_new (const EspSourceFuncs *funcs,
                           gpointer data,
                           const char *name,
                           guint64 size);
EspSource *esp_source_new_for_file (const char *path, GError **error);
EspSource *esp_source_new_for_bytes (GBytes *bytes, const char *name);
/* the caller has checked that the range lies inside @parent; programmer error otherwise */
EspSource *esp_source_new_range (EspSource *parent,
                                 guint64 offset,
                                 guint64 length,
                                 const char *name);
/* raw deflate stream at a range of @parent that inflates to @size bytes: read as a stream,
 * restarted when a read goes back; memory doesn't grow with the member. @size is what the member
 * declares and is enforced. */
EspSource *esp_source_new_inflated (EspSource *parent,
                                    guint64 offset,
                                    guint64 compressed,
                                    guint64 size,
                                    const char *name);

EspSource *esp_source_ref (EspSource *self);
void esp_source_unref (EspSource *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspSource, esp_source_unref)

const char *esp_source_get_name (EspSource *self);
guint64 esp_source_get_size (EspSource *self);
/* FALSE where there is no file behind it */
gboolean esp_source_get_identity (EspSource *self, EspIdentity *out);
/* where the byte at @offset lies in the file (or memory) that was opened, through all ranges; -1
 * where it doesn't lie there as it is */
gint64 esp_source_get_file_offset (EspSource *self, guint64 offset);
/* a descriptor that another process may pread() the same bytes with, from *@offset on: the caller
 * closes it. -1 where the bytes don't lie in a file as they are; then @error isn't set, unless the
 * file can't be opened any more. What was read so is only sure once a read of the source says that
 * the file is still the same. */
int esp_source_dup_descriptor (EspSource *self, guint64 *offset, GError **error);
gboolean esp_source_read (EspSource *self,
                          guint64 offset,
                          gsize length,
                          void *buffer,
                          GCancellable *cancellable,
                          GError **error);
/* a whole range as new bytes; @length over @limit is %ESP_FORMAT_ERROR_LIMIT, checked before
 * anything is allocated */
GBytes *esp_source_read_bytes (EspSource *self,
                               guint64 offset,
                               guint64 length,
                               guint64 limit,
                               GCancellable *cancellable,
                               GError **error);

G_END_DECLS
