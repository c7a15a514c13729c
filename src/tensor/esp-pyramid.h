/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-overview.h"

G_BEGIN_DECLS

/**
 * EspPyramid:
 *
 * Overviews of one matrix at every scale, made as far as they are looked at. A *level* has entries
 * of 2^rows × 2^columns cells (both the same unless the matrix is shown stretched); its *tiles* are
 * exact overviews of %ESP_PYRAMID_TILE × %ESP_PYRAMID_TILE entries, fewer at the ends. Tiles lie in
 * one cache for all pyramids, with a limit in bytes; the one that wasn't used for longest goes.
 *
 * A view says what it shows with esp_pyramid_want() as often as it likes; workers make what is
 * missing, coarse first, and the view is told. Each request is a generation of its own: what an
 * older one wanted and the new one doesn't is dropped unread, or given up where it is under way.
 * Refcounted, any thread.
 */
#define ESP_PYRAMID_TILE 256

typedef struct
{
  guint rows, columns; /* log2 of an entry's cells */
} EspLevel;

/* @matrix: two dimensions */
EspPyramid *esp_pyramid_new (EspTensor *matrix);
EspPyramid *esp_pyramid_ref (EspPyramid *self);
/* the last one gives up what is under way and frees its tiles */
void esp_pyramid_unref (EspPyramid *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspPyramid, esp_pyramid_unref)
EspTensor *esp_pyramid_get_matrix (EspPyramid *self); /* borrowed */

/* the finest level with at most one entry a pixel along each axis for @region on @width × @height
 * pixels: no entry is skipped when it is painted without smoothing */
EspLevel esp_pyramid_get_level (EspPyramid *self,
                                const EspRegion *region,
                                double width,
                                double height);
/* the next coarser one; FALSE if a single tile already holds the whole matrix */
gboolean esp_pyramid_get_coarser (EspPyramid *self, EspLevel *level);
/* a tile of @level that is in the cache (new reference), else NULL. Costs a look-up. */
EspOverview *esp_pyramid_get_tile (EspPyramid *self, EspLevel level, gint64 row, gint64 column);
/* all of the matrix in some hundred pixels a side, perhaps not exact; NULL until there is one. New
 * reference. */
EspOverview *esp_pyramid_get_ground (EspPyramid *self);

/* What is in view now and on how many pixels: makes the tiles of its level that are missing, from
 * the middle outwards, after the ground. Never waits. */
void esp_pyramid_want (EspPyramid *self, const EspRegion *region, double width, double height);
/* the ground alone: all is in view, and its picture comes another way */
void esp_pyramid_want_ground (EspPyramid *self);
/* nothing is in view: all that was wanted is given up */
void esp_pyramid_rest (EspPyramid *self);
/* something that was wanted isn't there yet */
gboolean esp_pyramid_is_busy (EspPyramid *self);
/* why a tile could not be made; NULL if all could. New error. */
GError *esp_pyramid_dup_error (EspPyramid *self);
/* @func is called in @context (NULL: the default one) after tiles came or the work ended, once for
 * many of them; NULL for no one. After this call the old one isn't called again, provided that it
 * is made in the thread of the old one's context. */
void esp_pyramid_set_notify (EspPyramid *self,
                             GMainContext *context,
                             void (*func) (EspPyramid *self, gpointer user_data),
                             gpointer user_data);

/**
 * esp_pyramid_compose:
 * @width, @height: pixels, at most one a cell
 * @may_read: read what is missing, which blocks: for a worker. Else NULL without an error when
 * something is: for a frame.
 *
 * The exact picture of a view at rest, as esp_overview_new() makes it, pixel for pixel. From tiles
 * where their entries are cells, within a few milliseconds; else from the cells below it.
 */
EspOverview *esp_pyramid_compose (EspPyramid *self,
                                  const EspRegion *region,
                                  guint width,
                                  guint height,
                                  gboolean may_read,
                                  GCancellable *cancellable,
                                  GError **error);

/* the same in a worker that may read; @callback is called in the thread-default context */
void esp_pyramid_compose_async (EspPyramid *self,
                                const EspRegion *region,
                                guint width,
                                guint height,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
EspOverview *esp_pyramid_compose_finish (GAsyncResult *result, GError **error);

/* of all pyramids: bytes that tiles may take, and take */
void esp_pyramid_set_cache_limit (guint64 bytes);
guint64 esp_pyramid_get_cache_limit (void);
guint64 esp_pyramid_get_cache_size (void);

G_END_DECLS
