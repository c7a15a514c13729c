/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The arena of a pickle's values. A state dict takes a few hundred bytes per tensor, in runs of 32
 * to 64 bytes; esp_pickle_arena_alloc() is hot. */

#include "config.h"

#include "esp-pickle-arena.h"

#include <string.h>

#define FIRST_CHUNK ((gsize) 16 * 1024)
#define LAST_CHUNK ((gsize) 1024 * 1024)
#define ALIGNMENT ((gsize) 8)

void
esp_pickle_arena_init (EspPickleArena *self)
{
  memset (self, 0, sizeof *self);
  self->chunks = g_ptr_array_new_with_free_func (g_free);
  self->chunk_size = FIRST_CHUNK;
}

void
esp_pickle_arena_clear (EspPickleArena *self)
{
  g_clear_pointer (&self->chunks, g_ptr_array_unref);
  self->next = NULL;
  self->left = 0;
}

static void *
alloc_slow (EspPickleArena *self, gsize size)
{
  guint8 *chunk;

  if (size >= self->chunk_size / 4) /* a run of its own; the open chunk goes on being used */
    {
      chunk = g_malloc (size);
      g_ptr_array_add (self->chunks, chunk);
      return chunk;
    }
  chunk = g_malloc (self->chunk_size);
  g_ptr_array_add (self->chunks, chunk);
  self->next = chunk + size;
  self->left = self->chunk_size - size;
  self->chunk_size = MIN (self->chunk_size * 2, LAST_CHUNK);
  return chunk;
}

void *
esp_pickle_arena_alloc (EspPickleArena *self, gsize size)
{
  void *out;

  size = MAX (size, 1);
  size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  self->total += size;
  if (G_UNLIKELY (size > self->left))
    return alloc_slow (self, size);
  out = self->next;
  self->next += size;
  self->left -= size;
  return out;
}

void *
esp_pickle_arena_alloc0 (EspPickleArena *self, gsize size)
{
  void *out = esp_pickle_arena_alloc (self, size);

  memset (out, 0, size);
  return out;
}
