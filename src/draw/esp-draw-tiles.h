/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>

#include "esp-heatmap-geometry.h"
#include "esp-norm.h"
#include "esp-pyramid.h"

G_BEGIN_DECLS

/**
 * EspTilePixels:
 *
 * The tiles of a pyramid in colours, beside their values: another norm or reduction colours again
 * and reads nothing. Keeps some hundred tiles. Main thread, or one thread.
 */
typedef struct _EspTilePixels EspTilePixels;

EspTilePixels *esp_tile_pixels_new (EspPyramid *pyramid);
void esp_tile_pixels_free (EspTilePixels *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTilePixels, esp_tile_pixels_free)
EspPyramid *esp_tile_pixels_get_pyramid (EspTilePixels *self); /* borrowed */

/**
 * esp_draw_tiles:
 * @scale: device pixels per pixel of the stage
 *
 * Paints what is in view of the matrix from the tiles that are there now, coarser ones where the
 * right ones are missing, and nothing where there is none; without axes and marks. Asks for
 * nothing: that is esp_pyramid_want()'s. Never waits.
 *
 * Returns: whether all of it is of the right level
 */
gboolean esp_draw_tiles (cairo_t *cr,
                         EspTilePixels *self,
                         const EspHeatmapGeometry *geometry,
                         const EspNorm *norm,
                         EspReduction reduction,
                         double scale);

G_END_DECLS
