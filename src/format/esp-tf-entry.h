/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tf-slice.h"

G_BEGIN_DECLS

/**
 * EspTfEntry:
 *
 * What the index of a checkpoint says of one name (BundleEntryProto). Nothing of it is checked
 * against the data files.
 */
typedef struct
{
  char *name;     /* the key, see esp_path_from_text() */
  gint32 type;    /* number, see esp-tf-dtype.h */
  guint32 shard;  /* number of the data file */
  guint64 offset; /* bytes in that */
  guint64 size;   /* bytes */
  guint32 crc;    /* masked */
  gboolean has_crc;
  guint ndim;
  gint64 *shape;      /* (ndim) */
  guint n_slices;     /* of a tensor that lies in parts */
  EspTfSlice *slices; /* (n_slices) */
  GError *error;      /* why it can't be read, or NULL */
} EspTfEntry;

void esp_tf_entry_free (gpointer self);
/* fills it from a message; what was read before an error stays */
gboolean esp_tf_entry_read (EspTfEntry *self, EspWire *wire, GError **error);

G_END_DECLS
