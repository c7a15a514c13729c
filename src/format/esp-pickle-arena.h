/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EspPickleArena:
 *
 * Memory for the values of one pickle: taken in order, given back all at once, so that a graph with
 * cycles needs no walk to be freed. Lives inside its owner.
 */
typedef struct
{
  GPtrArray *chunks; /* owned */
  guint8 *next;
  gsize left;
  gsize chunk_size; /* of the next chunk; grows */
  guint64 total;    /* bytes handed out */
} EspPickleArena;

void esp_pickle_arena_init (EspPickleArena *self);
void esp_pickle_arena_clear (EspPickleArena *self);
/* @size bytes, aligned for any value, not cleared */
void *esp_pickle_arena_alloc (EspPickleArena *self, gsize size);
/* the same, cleared */
void *esp_pickle_arena_alloc0 (EspPickleArena *self, gsize size);

G_END_DECLS
