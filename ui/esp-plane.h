/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

G_BEGIN_DECLS

/* how rows or columns follow one another */
typedef struct
{
  gint64 *order;  /* which one stands at each place, owned; NULL: as they are stored */
  gint64 *places; /* where each one stands, owned */
  EspProfileKind kind;
} EspPlaneOrder;

/**
 * EspPlane:
 *
 * Which matrix of an N-d tensor is shown: two axes, the others fixed at an index. A plain value
 * that owns its arrays; zero it before the first use.
 */
typedef struct
{
  guint ndim;
  int row_axis, column_axis; /* -1: a strip, a scalar */
  int unit_axis;             /* which axis counts the layer's units: "out" */
  int input_axis;            /* and which what they take: "in", -1 if that isn't known */
  gint64 *shape;             /* (ndim) */
  gint64 *index;             /* (ndim), of no meaning for the two axes */
  gboolean as_mosaic;        /* all of it instead: kernels side by side */
  EspMosaic mosaic;
  gint64 block_rows, block_columns; /* cells of one */
  EspPlaneOrder orders[2];          /* of rows and of columns */
} EspPlane;

/* the last two axes, index 0 of the others; @place, which may be NULL, tells which axis is which */
void esp_plane_set (EspPlane *self, EspPlace *place, EspTensor *tensor);
void esp_plane_clear (EspPlane *self);
gboolean esp_plane_fits (const EspPlane *self, EspTensor *tensor); /* it has the same shape */
gboolean esp_plane_is_fixed (const EspPlane *self, guint axis);

/* other axes across and down: two different ones of the tensor */
void esp_plane_set_axes (EspPlane *self, int row_axis, int column_axis);
/* of a fixed axis */
void esp_plane_set_index (EspPlane *self, guint axis, gint64 index);
/* the same plane for another place of equal shape: its axes may mean something else */
void esp_plane_set_place (EspPlane *self, EspPlace *place);

/* all matrices of a tensor of three or four axes side by side, as small pictures; FALSE where that
 * can't be. The layout follows from the meaning of the axes. */
gboolean esp_plane_can_be_mosaic (const EspPlane *self);
void esp_plane_set_mosaic (EspPlane *self, EspPlace *place, gboolean as_mosaic);

/* Rows or columns in an order of their own: @order tells which one stands at each place and is the
 * sorting of a profile of @kind; NULL: as they are stored. From here on rows and columns of a cell
 * are places in the matrix as it is shown. Other axes, another index or a mosaic end it. */
void esp_plane_set_order (EspPlane *self,
                          gboolean columns,
                          EspProfileKind kind,
                          const gint64 *order);
void esp_plane_end_orders (EspPlane *self);
void esp_plane_copy_orders (EspPlane *self, const EspPlane *from);
gboolean esp_plane_has_orders_of (const EspPlane *self, const EspPlane *other);
/* which row or column stands at a place */
gint64 esp_plane_get_label (const EspPlane *self, gboolean column, gint64 place);
/* "Rows by norm"; NULL where all is as it is stored. New string. */
char *esp_plane_dup_order_note (const EspPlane *self);

/* the matrix as it is stored; new reference */
EspTensor *esp_plane_apply (const EspPlane *self, EspTensor *tensor, GError **error);
/* that matrix as it is shown; new reference */
EspTensor *esp_plane_arrange (const EspPlane *self, EspTensor *matrix, GError **error);
/* C-order index in the whole tensor of a cell of the matrix */
guint64 esp_plane_get_flat_index (const EspPlane *self, gint64 row, gint64 column);
/* the other way: the cell of the matrix that a C-order index lies in. FALSE if it lies in another
 * matrix, one with other indices of the fixed axes; these are then set to it if @go. */
gboolean esp_plane_locate (EspPlane *self, guint64 flat, gboolean go, gint64 *row, gint64 *column);
/* esp-plane-marks.c: index along an axis of the tensor that a cell belongs to, -1 if that axis is
 * neither of the two, nor of a mosaic's blocks */
gint64 esp_plane_get_along (const EspPlane *self, int axis, gint64 row, gint64 column);
/* Puts marks on indices of @axis where these are in the matrix as it is shown, in order, into
 * @placed (element-type EspRowMark), and says whether they are columns there. FALSE, and none, if
 * they are nowhere. */
gboolean esp_plane_place_marks (const EspPlane *self,
                                int axis,
                                const EspRowMark *marks,
                                guint n,
                                GArray *placed,
                                gboolean *on_columns);

/* "[0, 3, :, :]". New string. */
char *esp_plane_to_string (const EspPlane *self);
/* "Row 611, column 1204", "Element 5"; all indices where there are more than two. New string. */
char *esp_plane_describe_cell (const EspPlane *self, gint64 row, gint64 column);
/* "out", "in", "dim 2"; NULL if there is nothing to say. New string. */
char *esp_plane_dup_axis_name (const EspPlane *self, EspPlace *place, int axis);

/* a cell of a matrix as text: the shortest that reads back, or re and im of a complex one. New
 * string. */
char *esp_plane_read_cell (EspTensor *matrix, gint64 row, gint64 column, GError **error);
/* @n cells of a row as such texts; NULL-terminated, new. @plain: for programs instead of eyes, "-"
 * for minus and a decimal point, so that a spreadsheet or NumPy reads them back. */
GStrv esp_plane_read_row (EspTensor *matrix,
                          gint64 row,
                          gint64 column,
                          guint n,
                          gboolean plain,
                          GCancellable *cancellable,
                          GError **error);

G_END_DECLS
