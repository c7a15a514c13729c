/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-gguf-value.h"

G_BEGIN_DECLS

/**
 * EspGgufHeader:
 *
 * What stands before the data of one GGUF file: metadata and the table of tensors, as they are
 * written there. That tensors lie within the file isn't checked.
 */

#define ESP_GGUF_DIMS_MAX 4 /* ggml's own */

typedef struct
{
  char *name;
  gint64 shape[ESP_GGUF_DIMS_MAX]; /* slowest first, as everywhere else here */
  guint ndim;
  guint32 type;
  guint64 offset;    /* into the data */
  guint64 bytes;     /* for the reader; 0 where it is not known */
  gboolean overlaps; /* the same: the one before it in the file */
} EspGgufEntry;

typedef struct
{
  EspSource *source; /* owned */
  GPtrArray *keys;   /* of metadata, owned texts */
  GPtrArray *values;
  GPtrArray *entries; /* EspGgufEntry */
  gboolean big_endian;
  guint64 alignment;
  guint64 data;      /* offset of it */
  guint64 part;      /* of a model in several files: which this is, from 0 on, */
  guint64 n_parts;   /* how many there are, 0 if that isn't said, */
  guint64 n_tensors; /* and what all hold together; 0 if that isn't said */
} EspGgufHeader;

EspGgufHeader *esp_gguf_header_new (EspSource *source, GCancellable *cancellable, GError **error);
void esp_gguf_header_free (EspGgufHeader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspGgufHeader, esp_gguf_header_free)

/* a value of the metadata as text, or NULL */
const char *esp_gguf_header_find (const EspGgufHeader *self, const char *key);

G_END_DECLS
