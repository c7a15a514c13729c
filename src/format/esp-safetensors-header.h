/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-limits.h"
#include "esp-safetensors-private.h"

G_BEGIN_DECLS

/**
 * EspSafetensorsHeader:
 *
 * The entries of a header, checked against the rules of the format, and its metadata. It keeps
 * nothing of the text.
 */
typedef struct _EspSafetensorsHeader EspSafetensorsHeader;

typedef struct
{
  const char *name; /* a NUL in it is C0 80 */
  const EspSafetensorsDtype *dtype;
  guint ndim;
  guint64 begin, end; /* in the buffer */
  gint64 shape[ESP_LIMIT_DIMS];
} EspSafetensorsEntry;

typedef struct
{
  const guint8 *at;
  guint left;
  EspSafetensorsEntry entry;
} EspSafetensorsIter;

/* @buffer_size is what the file has behind the header */
EspSafetensorsHeader *_esp_safetensors_header_new (const char *text,
                                                   gsize length,
                                                   guint64 buffer_size,
                                                   GCancellable *cancellable,
                                                   GError **error);
void _esp_safetensors_header_free (EspSafetensorsHeader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspSafetensorsHeader, _esp_safetensors_header_free)

/* key, value, key, value, ... in the file's order */
const GPtrArray *_esp_safetensors_header_get_metadata (const EspSafetensorsHeader *self);
/* values that were too long and were cut */
guint _esp_safetensors_header_get_n_cut (const EspSafetensorsHeader *self);

/* when they are of no more use, but the metadata is */
void _esp_safetensors_header_drop_entries (EspSafetensorsHeader *self);
/* goes through the entries in the file's order; what it gives is valid until the next call */
void _esp_safetensors_iter_init (EspSafetensorsIter *iter, const EspSafetensorsHeader *header);
const EspSafetensorsEntry *_esp_safetensors_iter_next (EspSafetensorsIter *iter);

G_END_DECLS
