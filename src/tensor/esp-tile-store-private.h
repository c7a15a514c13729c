/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pyramid.h"

G_BEGIN_DECLS

/* The tiles of all pyramids: a table with a limit in bytes, from which goes what wasn't used for
 * longest. Any thread. */

typedef struct
{
  guint64 owner; /* a pyramid */
  EspLevel level;
  gint64 row, column; /* in tiles */
} EspTileKey;

gboolean esp_tile_key_equal (const EspTileKey *a, const EspTileKey *b);
/* an owner that no one has been */
guint64 esp_tile_store_new_owner (void);
/* a reference or NULL */
EspOverview *esp_tile_store_get (const EspTileKey *key);
gboolean esp_tile_store_has (const EspTileKey *key); /* doesn't count as a use */
void esp_tile_store_put (const EspTileKey *key, EspOverview *tile);
void esp_tile_store_forget (guint64 owner);
void esp_tile_store_set_limit (guint64 bytes);
guint64 esp_tile_store_get_limit (void);
guint64 esp_tile_store_get_size (void);

G_END_DECLS
