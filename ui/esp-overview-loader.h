/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/**
 * EspOverviewLoader:
 *
 * Has the pictures made that a heatmap paints. Of a small matrix in reach: at once. Of others: a
 * pyramid, whose workers make a coarse picture of all (the ground) and tiles of what is in view;
 * tiles are painted while the view moves, and put together to an exact overview where it rests.
 * Main thread only.
 *
 * Signal "changed": something better can be painted, or there is an error.
 */
#define ESP_TYPE_OVERVIEW_LOADER (esp_overview_loader_get_type ())
G_DECLARE_FINAL_TYPE (EspOverviewLoader, esp_overview_loader, ESP, OVERVIEW_LOADER, GObject)

/* cells from which on a picture of the whole takes a pass in its own right: the pyramid begins with
 * a coarse one then */
#define ESP_LOAD_LARGE (2 * 1000 * 1000)

typedef enum
{
  ESP_LOAD_QUICK = 1 << 0, /* small enough for the main thread */
  ESP_LOAD_NEWER = 1 << 1, /* the same matrix with newer values, so that the old picture stays until
                              the new one is there */
  ESP_LOAD_COUNT = 1 << 2, /* its statistics are wanted as well: one pass makes both, and leaves
                              them to whoever asks esp_scan_stats() meanwhile or later */
} EspLoadFlags;

EspOverviewLoader *esp_overview_loader_new (void);
/* @matrix: two dimensions, or NULL */
void esp_overview_loader_set_matrix (EspOverviewLoader *self,
                                     EspTensor *matrix,
                                     EspLoadFlags flags);
/* what is in view now, and the pixels for it; cheap to call for every frame. A picture that is made
 * at once is there after it, without "changed". */
void esp_overview_loader_request (EspOverviewLoader *self,
                                  const EspRegion *region,
                                  guint width,
                                  guint height);
/* a picture of all that was requested, at that size; perhaps of older values. Borrowed, NULL while
 * there is none. */
EspOverview *esp_overview_loader_get_overview (EspOverviewLoader *self);
/* all of the matrix, perhaps coarse; of a quick one made when it is asked for. Borrowed or NULL. */
EspOverview *esp_overview_loader_get_ground (EspOverviewLoader *self);
/* what is there of the tiles; borrowed, NULL for a quick matrix */
EspTilePixels *esp_overview_loader_get_tiles (EspOverviewLoader *self);
/* something is being made */
gboolean esp_overview_loader_is_busy (EspOverviewLoader *self);

G_END_DECLS
