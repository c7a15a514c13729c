/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspStorage:
 *
 * A run of bytes that tensors are views of. Identity matters: two tensors share memory exactly if
 * they have the same storage object. It reads through a codec: plain bytes of a source today; HDF5
 * chunks, assembled shards, sparse and block-quantised data have the same face. Immutable,
 * atomically refcounted, any thread.
 */
typedef struct
{
  gboolean (*read) (gpointer data,
                    guint64 offset,
                    gsize length,
                    void *buffer,
                    GCancellable *cancellable,
                    GError **error);
  void (*free) (gpointer data);
  /* or NULL: the storage whose bytes this one makes other bytes of, element by element or block by
   * block, so that going to any place costs no more than it does there; borrowed */
  EspStorage *(*get_stored) (gpointer data);
  /* reading at any place costs about what lies there, and threads don't hinder one another: so that
   * many may go through it at once */
  gboolean is_random;
} EspStorageFuncs;

/* @id is the producer's key of the storage ("0"), for people; unique within one checkpoint */
EspStorage *esp_storage_new (const EspStorageFuncs *funcs,
                             gpointer data,
                             const char *id,
                             guint64 size);
/* the caller has checked that the range lies in @source */
EspStorage *esp_storage_new_for_source (EspSource *source,
                                        guint64 offset,
                                        guint64 size,
                                        const char *id);
EspStorage *esp_storage_new_for_bytes (GBytes *bytes, const char *id);
EspStorage *esp_storage_ref (EspStorage *self);
void esp_storage_unref (EspStorage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspStorage, esp_storage_unref)

/* whether there is one reference on it */
gboolean esp_storage_is_sole (EspStorage *self);
const char *esp_storage_get_id (EspStorage *self);
guint64 esp_storage_get_size (EspStorage *self); /* bytes */
/* what lies in the file: itself, or what its codec decodes; borrowed */
EspStorage *esp_storage_get_stored (EspStorage *self);
/* the data that esp_storage_new() was given with these funcs, else NULL: for the codec itself */
gpointer esp_storage_get_codec (EspStorage *self, const EspStorageFuncs *funcs);
/* whether the bytes only come one after another (inflated), so that going back is dear */
gboolean esp_storage_is_stream (EspStorage *self);
/* byte offset of the stored bytes within the opened file, or -1 where they don't lie there */
gint64 esp_storage_get_file_offset (EspStorage *self);
/* the bytes themselves when they are in memory, else NULL; borrowed */
const guint8 *esp_storage_peek (EspStorage *self);
gboolean esp_storage_read (EspStorage *self,
                           guint64 offset,
                           gsize length,
                           void *buffer,
                           GCancellable *cancellable,
                           GError **error);

G_END_DECLS
