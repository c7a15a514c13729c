/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspShardIndex:
 *
 * What the index of a checkpoint in several files says (`model.safetensors.index.json`): which
 * tensor lies in which file, and how many bytes all have. Nothing of it is checked against the
 * files.
 *
 *   {"metadata": {"total_size": 123}, "weight_map": {"a.weight":
 * "model-00001-of-00002.safetensors"}}
 */
typedef struct
{
  char *name;
  guint shard;
  gboolean found; /* for who reads the shards */
} EspShardEntry;

typedef struct
{
  GPtrArray *shards;   /* names of files as the index has them, in natural order */
  GArray *entries;     /* of EspShardEntry, shard by shard, else in the index's order */
  guint *starts;       /* (shards + 1) where each shard's entries begin */
  GHashTable *by_name; /* name -> its place in entries + 1 */
  GPtrArray *metadata; /* key, value, key, value, ... */
  double total_size;   /* -1 if it isn't said */
} EspShardIndex;

/* whether a JSON text is such an index; says yes to a broken text that names a weight_map */
gboolean esp_shard_index_is_one (const char *text, gsize length);
EspShardIndex *esp_shard_index_new (const char *text,
                                    gsize length,
                                    GCancellable *cancellable,
                                    GError **error);
void esp_shard_index_free (EspShardIndex *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspShardIndex, esp_shard_index_free)

/* the entry of this name, or NULL */
EspShardEntry *esp_shard_index_find (EspShardIndex *self, const char *name);

G_END_DECLS
