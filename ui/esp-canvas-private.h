/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-canvas.h"

#include "esp-heatmap-frame.h"
#include "esp-histogram.h"
#include "esp-jumper.h"
#include "esp-levels.h"
#include "esp-path-bar.h"
#include "esp-second-heatmap.h"
#include "esp-sheet.h"
#include "esp-slice-button.h"
#include "esp-value-table.h"
#include "esp-view.h"

G_BEGIN_DECLS

/* What esp-canvas.c (parts, pages, toolbar) and esp-canvas-commands.c (actions, keys) share. */

struct _EspCanvas
{
  GtkWidget parent_instance;

  /* template */
  GtkWidget *all;
  EspPathBar *path;
  GtkWidget *views;
  GtkToggleButton *heatmap_button, *values_button;
  GtkToggleButton *data_button, *gradient_button, *beside_button;
  EspSecondHeatmap *beside;
  GtkWidget *channels;
  GtkWidget *channel_button;
  GtkDropDown *part;
  GtkBox *wide_choices, *narrow_choices;
  GtkWidget *choices;
  GtkWidget *view_menu;
  EspSliceButton *slice;
  GtkStack *stage;
  EspHeatmapFrame *frame;
  EspLevels *levels;
  EspValueTable *values;
  EspHistogram *histogram;
  GtkLabel *scalar;
  EspSheet *sheet;
  AdwStatusPage *message;
  GtkLabel *status;
  GtkWidget *go_to, *take;
  GtkWidget *zoom;
  GtkLabel *percent;
  GtkCheckButton *log_counts;

  /* owned */
  EspSession *session;
  EspView *view;
  EspJumper *jumper;
  EspHeatmap *heatmap; /* borrowed from the frame */

  /* state */
  gboolean narrow, low, slim;
  guint adapt; /* source that adapts to these */
};

void _esp_canvas_add_commands (GtkWidgetClass *widget_class);

G_END_DECLS
