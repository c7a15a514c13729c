/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-view.h"

G_BEGIN_DECLS

/**
 * EspHeatmap:
 *
 * The matrix of a view, drawn: zoom to the pointer, pan, a cell cursor for the keyboard, a tooltip
 * with the exact value, and an entry for a cell of a live network.
 *
 * Keys: arrows, Page Up and Down, Home and End, Ctrl+Home and Ctrl+End move the cursor;
 * Shift+arrows pan; + and − zoom, 0 fits, 1 makes a cell a pixel; Enter edits; Ctrl+C copies the
 * value; Escape takes the cursor away.
 *
 * Properties (notify): "status" (string, read): markup that tells the cell under the pointer or the
 * cursor; "zoom" (double, read): size of a cell in pixels.
 * Signals: "moved": another part of the matrix is in view, or another matrix; "picture-changed":
 * its colours did.
 */
#define ESP_TYPE_HEATMAP (esp_heatmap_get_type ())
G_DECLARE_FINAL_TYPE (EspHeatmap, esp_heatmap, ESP, HEATMAP, GtkWidget)

GtkWidget *esp_heatmap_new (void);
void esp_heatmap_set_view (EspHeatmap *self, EspView *view);

/* about the middle of what is shown */
void esp_heatmap_zoom_in (EspHeatmap *self);
void esp_heatmap_zoom_out (EspHeatmap *self);
void esp_heatmap_zoom_fit (EspHeatmap *self);
void esp_heatmap_zoom_one (EspHeatmap *self); /* a cell a pixel */

/* moves the cell cursor there and brings it into view; -1 takes it away */
void esp_heatmap_set_cursor (EspHeatmap *self, gint64 row, gint64 column);
gboolean esp_heatmap_get_cursor (EspHeatmap *self, gint64 *row, gint64 *column);
/* what is in view of one is in view of the other, where their matrices have the same shape; a cell
 * under the pointer of one is marked in both */
void esp_heatmap_link (EspHeatmap *self, EspHeatmap *other);
/* brings a place of the matrix, in cells, into the middle */
void esp_heatmap_center (EspHeatmap *self, double row, double column);
/* there is a matrix */
gboolean esp_heatmap_is_shown (EspHeatmap *self);
/* a pixel stands for several cells */
gboolean esp_heatmap_reduces (EspHeatmap *self);
/* what is in view is painted exactly */
gboolean esp_heatmap_has_picture (EspHeatmap *self);
/* all of the matrix in small, in the colours of now, and what it was made of; borrowed. NULL while
 * there is none. */
cairo_surface_t *esp_heatmap_get_ground (EspHeatmap *self, EspOverview **ground);
/* the matrix's overviews at every scale; new reference, NULL without a matrix */
EspPyramid *esp_heatmap_dup_pyramid (EspHeatmap *self);
/* where the matrix lies in the widget */
const EspHeatmapGeometry *esp_heatmap_get_geometry (EspHeatmap *self);

G_END_DECLS
