/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-overview-job-private.h"
#include "esp-tile-store-private.h"

G_BEGIN_DECLS

/* cells that the ground should read, and up to which a matrix needs none */
#define ESP_PYRAMID_GROUND_CELLS (2 * 1000 * 1000)

guint64 esp_pyramid_get_owner (EspPyramid *self);
/* a tile from the cache, or else from the cells; new reference */
EspOverview *esp_pyramid_ensure_tile (EspPyramid *self,
                                      const EspTileKey *key,
                                      GCancellable *cancellable,
                                      GError **error);

/* the same, but of the tiles below it where that is better; not looked for in the cache */
EspOverview *esp_pyramid_make_tile (EspPyramid *self,
                                    const EspTileKey *key,
                                    GCancellable *cancellable,
                                    GError **error);
/* all of the matrix in some hundred pixels a side; new reference */
EspOverview *esp_pyramid_make_ground (EspPyramid *self, GCancellable *cancellable, GError **error);

/* A picture of whole entries of the level that has one to two of them a pixel along each axis, so
 * that it costs a few milliseconds once its tiles are there. @region is grown to whole entries, the
 * pixels alike. Neighbouring pixels may have one and two entries, which shows as a grid in noise:
 * for searches rather than for the eye. */
EspOverview *esp_pyramid_compose_entries (EspPyramid *self,
                                          const EspRegion *region,
                                          guint width,
                                          guint height,
                                          gboolean may_read,
                                          GCancellable *cancellable,
                                          GError **error);
/* how such a picture of the whole matrix is cut */
void esp_pyramid_get_cuts (EspPyramid *self,
                           guint height,
                           guint width,
                           EspCuts *rows,
                           EspCuts *columns);

G_END_DECLS
