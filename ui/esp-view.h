/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include "esp-look.h"
#include "esp-plane.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspView:
 *
 * What the canvas shows of the session's selection: which matrix of which tensor, its statistics
 * and how values become colours. The widgets of the canvas draw it and change it; it follows the
 * session's selection and channel, the document's updates and the style. Main thread only.
 *
 * Property "session" (EspSession, read and write).
 * Signals:
 * "tensor-changed": another tensor, channel or slice, or a message instead: widgets start over;
 * "values-changed": newer values of the same matrix, as while a network trains;
 * "look-changed": other statistics, range, colours or reduction;
 * "marks-changed": something was found about units;
 * "cell-changed": another cell is looked at.
 */
#define ESP_TYPE_VIEW (esp_view_get_type ())
G_DECLARE_FINAL_TYPE (EspView, esp_view, ESP, VIEW, GObject)

typedef enum
{
  ESP_VIEW_NOTHING, /* no document */
  ESP_VIEW_MODULE,  /* a sheet of what is below the selection */
  ESP_VIEW_SCALAR,
  ESP_VIEW_MATRIX,
  ESP_VIEW_MESSAGE, /* why there is nothing to draw */
} EspViewKind;

EspView *esp_view_new (void);
EspSession *esp_view_get_session (EspView *self);
void esp_view_set_session (EspView *self, EspSession *session);

/* another channel than the session's, so that two views show both; -1: the session's. Such a view
 * has its own range, unless it is locked. */
void esp_view_set_channel (EspView *self, int channel);
EspChannel esp_view_get_channel (EspView *self);

EspViewKind esp_view_get_kind (EspView *self);
/* of %ESP_VIEW_MESSAGE, translated */
const char *esp_view_get_title (EspView *self);
const char *esp_view_get_details (EspView *self);
EspPlace *esp_view_get_place (EspView *self);   /* borrowed, NULL without a document */
EspTensor *esp_view_get_tensor (EspView *self); /* of the session's channel; borrowed or NULL */
EspTensor *esp_view_get_matrix (EspView *self); /* two dimensions; borrowed or NULL */
/* The same matrix with values as they are stored: where these are complex, that of
 * esp_view_get_matrix() has one part of them, which the look tells. Borrowed or NULL. */
EspTensor *esp_view_get_cells (EspView *self);
/* what the statistics are of: the tensor, or a part of its complex values; borrowed or NULL */
EspTensor *esp_view_get_shown (EspView *self);
/* a matrix of complex values, of which a part is shown */
gboolean esp_view_has_parts (EspView *self);
/* a network whose values change and can be edited */
gboolean esp_view_is_live (EspView *self);
/* values can be read one by one without work in a worker */
gboolean esp_view_is_direct (EspView *self);
/* the same and small: overviews and statistics are made at once, so that nothing flickers */
gboolean esp_view_is_quick (EspView *self);

/* which matrix of an N-d tensor */
const EspPlane *esp_view_get_plane (EspView *self); /* borrowed; of no meaning without a tensor */
void esp_view_set_index (EspView *self, guint axis, gint64 index);
/* other axes down and across; two different ones */
void esp_view_set_axes (EspView *self, int row_axis, int column_axis);

/* all matrices side by side, as small pictures, or one of them */
void esp_view_set_mosaic (EspView *self, gboolean as_mosaic);
/* Rows or columns in the order of a profile of %kind, see esp_plane_set_order(); of a tensor of two
 * axes or more, not of a mosaic. esp_row_order_apply() makes such orders. */
void esp_view_set_order (EspView *self, gboolean columns, EspProfileKind kind, const gint64 *order);
/* the matrix as it is stored, whatever the order; borrowed or NULL */
EspTensor *esp_view_get_plain (EspView *self);
/* which part of complex values is shown and what the order is, for the legend: new string or NULL
 */
char *esp_view_dup_note (EspView *self);
/* the same matrix as another view shows of a tensor of the same shape */
void esp_view_copy_plane (EspView *self, EspView *from);

/* the session's cell where it lies in this matrix. FALSE if there is none. */
gboolean esp_view_get_cell (EspView *self, gint64 *row, gint64 *column);
/* -1 for none; shared with all views of the session */
void esp_view_set_cell (EspView *self, gint64 row, gint64 column);

/* units that were found in trouble or all zero; and, across them, what comes in from such units of
 * the layer before. Borrowed. */
const EspRowMark *esp_view_get_marks (EspView *self, guint *n, gboolean *on_columns);
const EspRowMark *esp_view_get_input_marks (EspView *self, guint *n);
/* what was found about the unit and the input of a cell, a line each: "Unit 5: dead"; new string or
 * NULL */
char *esp_view_dup_unit_note (EspView *self, gint64 row, gint64 column);

/* values -> colours */
EspStats *esp_view_get_stats (EspView *self);     /* borrowed; NULL while they are computed */
const EspNorm *esp_view_get_norm (EspView *self); /* NULL while nothing is known */
/* the value far beyond the range that is to be pointed out, where it lies in this matrix; see
 * esp_norm_find_outlier() */
gboolean esp_view_get_outlier (EspView *self, gint64 *row, gint64 *column);
/* a range to draw with until the statistics are there */
void esp_view_offer_range (EspView *self, double lo, double hi);
/* what the person chose; borrowed. Views may share one. */
EspLook *esp_view_get_look (EspView *self);
void esp_view_set_look (EspView *self, EspLook *look);

G_END_DECLS
