/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-thumbnails.h"
#include "esp-view.h"

G_BEGIN_DECLS

/**
 * EspTile:
 *
 * One tensor of a sheet: a small picture of all of it, its name, the module, the shape.
 */
#define ESP_TYPE_TILE (esp_tile_get_type ())
G_DECLARE_FINAL_TYPE (EspTile, esp_tile, ESP, TILE, GtkWidget)

#define ESP_TILE_SIZE 116

GtkWidget *esp_tile_new (void);
/* shows the tensor at @place, named relative to @module, in the colours of @view; overviews come
 * from
 * @thumbnails */
void esp_tile_bind (EspTile *self,
                    EspView *view,
                    EspThumbnails *thumbnails,
                    EspPlace *module,
                    EspPlace *place);
void esp_tile_unbind (EspTile *self);
/* newer values, another channel or look; draws again only if something changed */
void esp_tile_update (EspTile *self, gboolean look);
/* the number that the sheet is sorted by, beside the module; NULL for none */
void esp_tile_set_figure (EspTile *self, const char *figure);
EspPlace *esp_tile_get_place (EspTile *self); /* borrowed, NULL if it isn't bound */

G_END_DECLS
