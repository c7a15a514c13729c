/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One budget for the unpacked parts of all chunked data sets. One lock for all: it is held for a
 * look-up, never while a part is loaded. Parts in use may go over the budget; they are bounded by
 * the threads that use them. */

#include "config.h"

#include "esp-hdf5-cache.h"

#define OVERHEAD 256 /* of a part beside its bytes: so that a million tiny ones count too */

struct _EspHdf5Part
{
  guint64 number;
  EspHdf5Cache *cache;
  guint8 *bytes; /* owned; NULL while it is loaded */
  gsize length;
  guint pins;
  gboolean is_listed; /* in the cache's table; else the last to release it frees it */
  GList link;         /* in the order of use, while it has bytes */
};

struct _EspHdf5Cache
{
  EspHdf5LoadFunc load;
  gpointer data;
  GHashTable *parts; /* guint64 -> EspHdf5Part; NULL before the first */
};

static GMutex lock;
static GCond loaded;
static GQueue by_use = G_QUEUE_INIT; /* used last first */
static gsize total;

/* {{{ all under the lock */

static void
part_free (EspHdf5Part *self)
{
  g_free (self->bytes);
  g_free (self);
}

/* out of the table and the order */
static void
unlist (EspHdf5Part *self)
{
  g_hash_table_remove (self->cache->parts, &self->number);
  self->is_listed = FALSE;
  if (self->bytes != NULL)
    {
      g_queue_unlink (&by_use, &self->link);
      total -= self->length + OVERHEAD;
    }
}

static void
make_room (void)
{
  GList *at = by_use.tail;

  while (at != NULL && total > ESP_HDF5_CACHE_BYTES)
    {
      EspHdf5Part *part = at->data;

      at = at->prev;
      if (part->pins > 0)
        continue;
      unlist (part);
      part_free (part);
    }
}

static void
unpin (EspHdf5Part *self)
{
  if (--self->pins == 0 && !self->is_listed)
    part_free (self);
}

static EspHdf5Part *
add_part (EspHdf5Cache *self, guint64 number)
{
  EspHdf5Part *part = g_new0 (EspHdf5Part, 1);

  part->number = number;
  part->cache = self;
  part->pins = 1;
  part->is_listed = TRUE;
  part->link.data = part;
  if (self->parts == NULL)
    self->parts = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_hash_table_insert (self->parts, &part->number, part);
  return part;
}

/* }}} */

/* in no lock; the part is the caller's, and others wait for it */
static EspHdf5Part *
load_part (EspHdf5Cache *self, EspHdf5Part *part, GCancellable *cancellable, GError **error)
{
  gsize length = 0;
  guint8 *bytes = self->load (self->data, part->number, &length, cancellable, error);

  g_mutex_lock (&lock);
  if (bytes == NULL)
    {
      unlist (part);
      unpin (part);
      part = NULL;
    }
  else
    {
      part->bytes = bytes;
      part->length = length;
      g_queue_push_head_link (&by_use, &part->link);
      total += length + OVERHEAD;
      make_room ();
    }
  g_cond_broadcast (&loaded);
  g_mutex_unlock (&lock);
  return part;
}

/* under the lock: a part that is there, or NULL; *@absent: nobody loads it */
static EspHdf5Part *
look_up (EspHdf5Cache *self, guint64 number, gboolean *absent)
{
  EspHdf5Part *part = self->parts != NULL ? g_hash_table_lookup (self->parts, &number) : NULL;

  *absent = part == NULL;
  if (part == NULL || part->bytes == NULL)
    return NULL;
  part->pins++;
  g_queue_unlink (&by_use, &part->link);
  g_queue_push_head_link (&by_use, &part->link);
  return part;
}

EspHdf5Part *
esp_hdf5_cache_get (EspHdf5Cache *self,
                    guint64 number,
                    gboolean wait,
                    GCancellable *cancellable,
                    GError **error)
{
  EspHdf5Part *part;
  gboolean absent;

  g_return_val_if_fail (self != NULL, NULL);

  g_mutex_lock (&lock);
  part = look_up (self, number, &absent);
  while (part == NULL && !absent && wait && !g_cancellable_is_cancelled (cancellable))
    {
      g_cond_wait_until (&loaded, &lock, g_get_monotonic_time () + 100 * G_TIME_SPAN_MILLISECOND);
      part = look_up (self, number, &absent);
    }
  if (part == NULL && absent)
    {
      part = add_part (self, number);
      g_mutex_unlock (&lock);
      return load_part (self, part, cancellable, error);
    }
  g_mutex_unlock (&lock);
  if (part == NULL)
    g_cancellable_set_error_if_cancelled (cancellable, error);
  return part;
}

void
esp_hdf5_cache_release (EspHdf5Part *part)
{
  g_return_if_fail (part != NULL);

  g_mutex_lock (&lock);
  unpin (part);
  make_room ();
  g_mutex_unlock (&lock);
}

const guint8 *
esp_hdf5_part_get_bytes (EspHdf5Part *part)
{
  g_return_val_if_fail (part != NULL, NULL);

  return part->bytes;
}

EspHdf5Cache *
esp_hdf5_cache_new (EspHdf5LoadFunc load, gpointer data)
{
  EspHdf5Cache *self;

  g_return_val_if_fail (load != NULL, NULL);

  self = g_new0 (EspHdf5Cache, 1);
  self->load = load;
  self->data = data;
  return self;
}

void
esp_hdf5_cache_free (EspHdf5Cache *self)
{
  g_autoptr (GList) parts = NULL;

  g_return_if_fail (self != NULL);

  g_mutex_lock (&lock);
  parts = self->parts != NULL ? g_hash_table_get_values (self->parts) : NULL;
  for (GList *at = parts; at != NULL; at = at->next)
    {
      unlist (at->data);
      part_free (at->data);
    }
  g_mutex_unlock (&lock);
  g_clear_pointer (&self->parts, g_hash_table_unref);
  g_free (self);
}

gsize
esp_hdf5_cache_get_total (void)
{
  gsize now;

  g_mutex_lock (&lock);
  now = total;
  g_mutex_unlock (&lock);
  return now;
}
