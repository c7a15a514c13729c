/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-view.h"

#include "esp-session-watch.h"
#include "esp-unit-marks.h"

G_BEGIN_DECLS

/* What esp-view.c (following the session), -stats and -slice share. */

struct _EspView
{
  GObject parent_instance;

  /* owned */
  EspSessionWatch *watch;
  EspPlace *place;
  EspTensor *tensor;
  EspTensor *shown;  /* the same, or the part of its complex values that is looked at */
  EspTensor *cells;  /* the matrix with values as they are stored */
  EspTensor *plain;  /* the matrix as it is stored */
  EspTensor *matrix; /* as it is shown */
  EspStats *stats;
  GCancellable *scan;
  EspTensor *scanned; /* what the scan that runs reads, or the last one read */
  EspTensor *claimed; /* see esp_scan_claim() */
  char *title, *details;
  EspPlane plane;
  EspUnitMarks *marks;
  GArray *placed, *placed_inputs; /* the marks in the order of the matrix */
  EspLook *look;

  /* state */
  EspViewKind kind;
  EspPart part; /* what is shown of complex values */
  int channel;  /* -1: the session's */
  gboolean has_norm;
  EspNorm norm;
  double held;       /* the range of a live tensor, see esp_norm_hold() */
  double offered[2]; /* a range to draw with until there are statistics */
  guint claim;       /* source that ends it */
};

typedef enum
{
  ESP_VIEW_TENSOR_CHANGED,
  ESP_VIEW_VALUES_CHANGED,
  ESP_VIEW_LOOK_CHANGED,
  ESP_VIEW_MARKS_CHANGED,
  ESP_VIEW_CELL_CHANGED,
  ESP_VIEW_N_SIGNALS
} EspViewSignal;

void _esp_view_emit (EspView *self, EspViewSignal signal);
/* why there is nothing to draw, translated */
void _esp_view_set_message (EspView *self, const char *title, const char *details);

/* the matrix of the tensor, or a message; FALSE if there is nothing to scan */
gboolean _esp_view_take_matrix (EspView *self);
/* another tensor; NULL for none */
void _esp_view_set_tensor (EspView *self, EspTensor *tensor);
/* makes the plane one that the session's cell lies in; TRUE if it was another */
gboolean _esp_view_show_cell (EspView *self);

/* statistics of the tensor: at once, or later with "look-changed" */
void _esp_view_scan (EspView *self);
void _esp_view_cancel_scan (EspView *self);
void _esp_view_update_norm (EspView *self);

G_END_DECLS
