/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tiles by key, in the order of their use: a hash table of nodes of a queue under one lock. A tile
 * is up to 1.5 MB, so there are some hundreds; a look-up takes well under a microsecond.
 */

#include "esp-tile-store-private.h"

#include "esp-limits.h"

typedef struct
{
  EspTileKey key;
  EspOverview *tile; /* owned */
  guint64 bytes;
} Entry;

static GMutex lock;
static GHashTable *table;          /* Entry's key -> node of @used */
static GQueue used = G_QUEUE_INIT; /* of Entry; the last used first */
static guint64 limit = ESP_LIMIT_TILE_BYTES;
static guint64 size;
static guint64 last_owner;

gboolean
esp_tile_key_equal (const EspTileKey *a, const EspTileKey *b)
{
  return a->owner == b->owner && a->row == b->row && a->column == b->column &&
         a->level.rows == b->level.rows && a->level.columns == b->level.columns;
}

static gboolean
keys_equal (gconstpointer a, gconstpointer b)
{
  return esp_tile_key_equal (a, b);
}

static guint
hash_key (gconstpointer data)
{
  const EspTileKey *key = data;
  guint64 hash = key->owner;

  hash = hash * 0x9e3779b97f4a7c15 + (guint64) key->row;
  hash = hash * 0x9e3779b97f4a7c15 + (guint64) key->column;
  hash = hash * 0x9e3779b97f4a7c15 + key->level.rows * 64 + key->level.columns;
  return (guint) (hash ^ hash >> 32);
}

guint64
esp_tile_store_new_owner (void)
{
  return __atomic_add_fetch (&last_owner, 1, __ATOMIC_RELAXED);
}

/* locked */
static void
drop (GList *node)
{
  Entry *entry = node->data;

  g_hash_table_remove (table, &entry->key);
  g_queue_delete_link (&used, node);
  size -= entry->bytes;
  esp_overview_unref (entry->tile);
  g_free (entry);
}

/* locked */
static void
shrink (void)
{
  while (size > limit && used.tail != NULL)
    drop (used.tail);
}

/* locked */
static GList *
find (const EspTileKey *key)
{
  return table != NULL ? g_hash_table_lookup (table, key) : NULL;
}

EspOverview *
esp_tile_store_get (const EspTileKey *key)
{
  EspOverview *tile = NULL;
  GList *node;

  g_mutex_lock (&lock);
  node = find (key);
  if (node != NULL)
    {
      g_queue_unlink (&used, node);
      g_queue_push_head_link (&used, node);
      tile = esp_overview_ref (((Entry *) node->data)->tile);
    }
  g_mutex_unlock (&lock);
  return tile;
}

gboolean
esp_tile_store_has (const EspTileKey *key)
{
  gboolean has;

  g_mutex_lock (&lock);
  has = find (key) != NULL;
  g_mutex_unlock (&lock);
  return has;
}

void
esp_tile_store_put (const EspTileKey *key, EspOverview *tile)
{
  Entry *entry = g_new (Entry, 1);
  GList *node;

  entry->key = *key;
  entry->tile = esp_overview_ref (tile);
  entry->bytes = sizeof (EspPixel) * (guint64) esp_overview_get_width (tile) *
                     esp_overview_get_height (tile) +
                 sizeof *entry + 128; /* and what the table takes */
  g_mutex_lock (&lock);
  if (table == NULL)
    table = g_hash_table_new (hash_key, keys_equal);
  node = find (key);
  if (node != NULL)
    drop (node);
  g_queue_push_head (&used, entry);
  g_hash_table_insert (table, &entry->key, used.head);
  size += entry->bytes;
  shrink ();
  g_mutex_unlock (&lock);
}

void
esp_tile_store_forget (guint64 owner)
{
  g_mutex_lock (&lock);
  for (GList *node = used.head, *next; node != NULL; node = next)
    {
      next = node->next;
      if (((Entry *) node->data)->key.owner == owner)
        drop (node);
    }
  g_mutex_unlock (&lock);
}

void
esp_tile_store_set_limit (guint64 bytes)
{
  g_mutex_lock (&lock);
  limit = bytes;
  shrink ();
  g_mutex_unlock (&lock);
}

guint64
esp_tile_store_get_limit (void)
{
  guint64 bytes;

  g_mutex_lock (&lock);
  bytes = limit;
  g_mutex_unlock (&lock);
  return bytes;
}

guint64
esp_tile_store_get_size (void)
{
  guint64 bytes;

  g_mutex_lock (&lock);
  bytes = size;
  g_mutex_unlock (&lock);
  return bytes;
}
