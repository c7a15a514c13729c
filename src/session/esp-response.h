/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-draw-field.h"
#include "esp-network.h"
#include "esp-snapshot.h"

G_BEGIN_DECLS

/**
 * EspResponse:
 *
 * What a network with two inputs and each of its units answer all over the plane, and to the
 * examples on it: what goes in (points of a grid, then examples), and what came out with a
 * snapshot. One thread.
 */
typedef struct _EspResponse EspResponse;

#define ESP_RESPONSE_SIDE 64
#define ESP_RESPONSE_POINTS 2000 /* examples that are drawn at most, evenly spread */

/* what one module answers, borrowed from the response until its next update */
typedef struct
{
  const char *path;
  guint n_units;
  const float *values; /* (side, side, n_units), the first row at the smallest y */
  double largest;      /* magnitude of a finite value, > 0 */
} EspResponseLayer;

/* NULL for a network without a plane (esp_network_has_plane()) */
EspResponse *esp_response_new (EspNetwork *network, guint side);
void esp_response_free (EspResponse *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspResponse, esp_response_free)

const EspGrid *esp_response_get_grid (EspResponse *self);
/* (points, 2): for %ESP_PROBE_GRID. Borrowed. */
GBytes *esp_response_get_inputs (EspResponse *self);

/* takes what came out with @snapshot; FALSE, and nothing changes, when this grid didn't go in yet
 */
gboolean esp_response_update (EspResponse *self, EspSnapshot *snapshot);
/* in forward order; 0 before the first update */
guint esp_response_get_n_layers (EspResponse *self);
void esp_response_get_layer (EspResponse *self, guint index, EspResponseLayer *layer);
/* -1 if there is none of that path */
int esp_response_find_layer (EspResponse *self, const char *path);

/* Fills in values, norm, examples and classes of @scene: of unit @unit of @layer; for -1 of what
 * the network decides (shares of classes, or its value). Palette, scale and pointer are the
 * caller's. */
void esp_response_init_scene (EspResponse *self, int layer, guint unit, EspFieldScene *scene);
/* what the network decides at the point next to (@x, @y), or what a unit answers, in words; NULL
 * outside of the grid. New string. */
char *esp_response_describe (EspResponse *self, int layer, guint unit, double x, double y);
/* of the examples that are drawn, those to train with or to test with: how many are predicted
 * wrong, and of how many; 0 of 0 without labels */
void esp_response_count_wrong (EspResponse *self, gboolean test, guint *wrong, guint *all);

G_END_DECLS
