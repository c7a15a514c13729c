/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-parameter.h"
#include "esp-pickle.h"
#include "esp-pytorch-dtype.h"

G_BEGIN_DECLS

/**
 * EspDcpTable:
 *
 * What the file `.metadata` of a distributed checkpoint says: which tensors and values there are,
 * in which pieces, and where each piece lies. Nothing of it is checked against the files.
 */

/* where a piece lies */
typedef struct
{
  const char *path; /* of a file beside the .metadata, as it is written there; NULL: nowhere */
  guint64 offset;
  guint64 length;
  gboolean transformed; /* compressed or the like, by an extension */
} EspDcpPlace;

typedef struct
{
  const EspPickleValue *fqn;  /* its name, a STRING; borrowed from the pickle */
  const EspPickleValue *path; /* the keys that it was nested in, a TUPLE or LIST; or NULL */
  EspDcpPlace *places;        /* (n_chunks); of a value that is no tensor: 1 */
  guint n_chunks;

  /* of a tensor */
  gboolean is_tensor;
  const EspPytorchDtype *dtype; /* NULL if unknown; then: */
  char *dtype_name;             /* what stands there */
  gboolean requires_grad;
  guint ndim;
  gint64 *shape; /* (ndim) */
  gint64 *boxes; /* (n_chunks, 2, ndim): where each piece begins, and its sizes */
  char *broken;  /* or NULL: what is wrong with it */
} EspDcpItem;

typedef struct
{
  GArray *items;     /* of EspDcpItem, in the file's order */
  GHashTable *paths; /* the paths of the places, owned */
} EspDcpTable;

/* whether a pickle begins as such a table does */
gboolean esp_dcp_table_is_one (const guint8 *head, gsize size);
/* borrows from @pickle, which must live longer */
EspDcpTable *esp_dcp_table_new (EspPickle *pickle, GCancellable *cancellable, GError **error);
void esp_dcp_table_free (EspDcpTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspDcpTable, esp_dcp_table_free)

G_END_DECLS
