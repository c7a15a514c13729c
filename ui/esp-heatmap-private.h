/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-heatmap.h"
#include "esp-cell-editor.h"
#include "esp-overview-loader.h"

G_BEGIN_DECLS

/* What the files of the heatmap share: esp-heatmap.c (geometry, cursor), -picture (painting),
 * -input (pointer, keys) and -words. */

struct _EspHeatmap
{
  GtkWidget parent_instance;

  /* owned */
  EspView *view;
  EspOverviewLoader *loader;
  GtkWidget *editor; /* child, made when it is first needed */
  cairo_surface_t *pixels, *ground_pixels;
  EspOverview *pixels_of, *ground_of; /* what the surfaces were made of */
  char *status;
  char *row_name, *column_name;

  /* state */
  EspHeatmapGeometry geometry;
  gboolean fits;        /* all in view: stays so when the size changes */
  gboolean has_pointer; /* over the widget */
  double pointer_x, pointer_y;
  gint64 hover_row, hover_column;   /* -1 none */
  gint64 linked_row, linked_column; /* under the peer's pointer, -1 none */
  gint64 cursor_row, cursor_column; /* the session's cell as it was last heard of */
  gboolean dragging;
  double drag_x, drag_y; /* offset of the drag that was followed so far */
  double pinch_cell;     /* cell size when the pinch began */
  EspHeatmap *peer;      /* weak: shows the same part */
  gboolean following;    /* the peer's moves, so none are to be told back */
  guint resized;         /* source that tells of another size */
};

/* the view's matrix, if there is one to draw; borrowed */
EspTensor *_esp_heatmap_get_matrix (EspHeatmap *self);
void _esp_heatmap_snapshot (GtkWidget *widget, GtkSnapshot *snapshot);
/* other colours or another matrix */
void _esp_heatmap_forget_pixels (EspHeatmap *self);
/* a first range from a first picture, so that it can be painted before the statistics are there */
void _esp_heatmap_offer_range (EspHeatmap *self, EspOverview *overview);
void _esp_heatmap_add_controllers (EspHeatmap *self);
void _esp_heatmap_add_bindings (GtkWidgetClass *widget_class);
/* the pointer or what is under it moved */
void _esp_heatmap_update_hover (EspHeatmap *self);
/* geometry changed: what is in view, zoom, status */
void _esp_heatmap_moved (EspHeatmap *self);
/* a cell and its value in words, as markup; new string */
char *_esp_heatmap_dup_status (EspHeatmap *self, gint64 row, gint64 column);
/* name and description of now */
void _esp_heatmap_update_accessible (EspHeatmap *self);
void _esp_heatmap_snapshot_tooltip (EspHeatmap *self, GtkSnapshot *snapshot);
void _esp_heatmap_edit (EspHeatmap *self, gint64 row, gint64 column);

G_END_DECLS
