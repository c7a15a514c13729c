/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-tile-store-private.h"

G_BEGIN_DECLS

guint64 esp_pyramid_get_owner (EspPyramid *self);
/* a tile from the cache, or else from the cells; new reference */
EspOverview *esp_pyramid_ensure_tile (EspPyramid *self,
                                      const EspTileKey *key,
                                      GCancellable *cancellable,
                                      GError **error);

G_END_DECLS
