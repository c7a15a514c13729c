/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-draw-tiles.h"

G_BEGIN_DECLS

typedef struct _EspColoredTile EspColoredTile;

/* what isn't finite in a square of a tile's entries */
typedef struct
{
  guint8 flags; /* EspPixelFlags */
  guint8 x, y;  /* the first entry */
  guint8 n;     /* entries */
} EspTileMark;

/* @x, @y: stage position of the first; @area: stage pixels that all of them cover */
typedef void (*EspTileMarkFunc) (guint8 flags, double x, double y, double area, gpointer data);

/* what isn't finite in the tiles that esp_draw_tiles() paints */
void esp_draw_tiles_for_each_mark (EspTilePixels *self,
                                   const EspHeatmapGeometry *geometry,
                                   double scale,
                                   EspTileMarkFunc func,
                                   gpointer data);

G_END_DECLS
