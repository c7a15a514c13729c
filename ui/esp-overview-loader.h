/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/**
 * EspOverviewLoader:
 *
 * Has the overviews made that a heatmap paints: quickly and coarse first, then exactly, in workers;
 * small tensors at once. Keeps a coarse picture of the whole matrix (the ground) and an exact one
 * of what is in view. What comes too late is dropped. Main thread only.
 *
 * Signal "changed": another overview, or an error.
 */
#define ESP_TYPE_OVERVIEW_LOADER (esp_overview_loader_get_type ())
G_DECLARE_FINAL_TYPE (EspOverviewLoader, esp_overview_loader, ESP, OVERVIEW_LOADER, GObject)

EspOverviewLoader *esp_overview_loader_new (void);
/* @matrix: two dimensions, or NULL; @quick: small enough for the main thread; @newer: the same
 * matrix with newer values, so that the old picture stays until the new one is there */
void esp_overview_loader_set_matrix (EspOverviewLoader *self,
                                     EspTensor *matrix,
                                     gboolean quick,
                                     gboolean newer);
/* what is in view now, and the pixels for it; cheap to call for every frame. Makes the overview at
 * once if the matrix is quick (without "changed"). */
void esp_overview_loader_request (EspOverviewLoader *self,
                                  const EspRegion *region,
                                  guint width,
                                  guint height);
EspOverview *esp_overview_loader_get_overview (EspOverviewLoader *self); /* borrowed or NULL */
EspOverview *esp_overview_loader_get_ground (
    EspOverviewLoader *self); /* the same; of a quick matrix
                                 made when it is asked for */
/* why the last one could not be made; NULL if it could */
const GError *esp_overview_loader_get_error (EspOverviewLoader *self);
/* something is being computed */
gboolean esp_overview_loader_is_busy (EspOverviewLoader *self);

G_END_DECLS
