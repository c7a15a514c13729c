/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which matrix of the tensor a view shows: axes, indices, mosaic, order of rows and columns; and
 * where the session's cell and the units that were found lie in it. */

#include "config.h"

#include "esp-view-private.h"

#include <glib/gi18n.h>
#include <string.h>

void
_esp_view_set_tensor (EspView *self, EspTensor *tensor)
{
  if (tensor != NULL)
    esp_tensor_ref (tensor);
  g_clear_pointer (&self->tensor, esp_tensor_unref);
  g_clear_pointer (&self->shown, esp_tensor_unref);
  self->tensor = tensor;
}

/* of complex values, one number each */
static gboolean
take_part (EspView *self, GError **error)
{
  EspPart part = esp_look_get_part (self->look);

  if (self->shown != NULL && part == self->part)
    return TRUE;
  g_clear_pointer (&self->shown, esp_tensor_unref);
  self->part = part;
  self->shown = esp_tensor_is_complex (self->tensor)
                    ? esp_tensor_new_part (self->tensor, part, error)
                    : esp_tensor_ref (self->tensor);
  return self->shown != NULL;
}

static EspTensor *
arrange (EspView *self, EspTensor *tensor, EspTensor **plain, GError **error)
{
  *plain = esp_plane_apply (&self->plane, tensor, error);
  return *plain != NULL ? esp_plane_arrange (&self->plane, *plain, error) : NULL;
}

/* the same for the values as they are stored */
static EspTensor *
arrange_cells (EspView *self, GError **error)
{
  g_autoptr (EspTensor) plain = NULL;

  if (self->shown == self->tensor)
    return esp_tensor_ref (self->matrix);
  return arrange (self, self->tensor, &plain, error);
}

/* the matrix of the tensor, or a message; FALSE if there is nothing to scan */
gboolean
_esp_view_take_matrix (EspView *self)
{
  const GError *reason = esp_tensor_get_error (self->tensor);
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->matrix, esp_tensor_unref);
  g_clear_pointer (&self->cells, esp_tensor_unref);
  if (reason != NULL)
    {
      _esp_view_set_message (self, _ ("This tensor can't be read"), reason->message);
      return FALSE;
    }
  if (esp_tensor_get_count (self->tensor) == 0)
    {
      g_autofree char *shape = esp_number_format_shape (esp_tensor_get_shape (self->tensor),
                                                        esp_tensor_get_ndim (self->tensor));
      g_autofree char *details = g_strdup_printf (_ ("Its shape is %s."), shape);

      _esp_view_set_message (self, _ ("This tensor has no elements"), details);
      return FALSE;
    }

  g_clear_pointer (&self->plain, esp_tensor_unref);
  if (take_part (self, &error))
    self->matrix = arrange (self, self->shown, &self->plain, &error);
  if (self->matrix != NULL)
    self->cells = arrange_cells (self, &error);
  if (self->cells == NULL)
    {
      g_clear_pointer (&self->matrix, esp_tensor_unref);
      _esp_view_set_message (self, _ ("This slice can't be drawn"), error->message);
      return FALSE;
    }

  self->kind = self->plane.ndim == 0 ? ESP_VIEW_SCALAR : ESP_VIEW_MATRIX;
  return TRUE;
}

/* makes the plane one that the session's cell lies in; TRUE if it was another */
gboolean
_esp_view_show_cell (EspView *self)
{
  gint64 cell = esp_session_get_cell (esp_session_watch_get_session (self->watch)), row, column;

  return cell >= 0 && !esp_plane_locate (&self->plane, (guint64) cell, TRUE, &row, &column);
}

const EspPlane *
esp_view_get_plane (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return &self->plane;
}

EspTensor *
esp_view_get_matrix (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->matrix;
}

EspTensor *
esp_view_get_plain (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->plain;
}

EspTensor *
esp_view_get_cells (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->cells;
}

EspTensor *
esp_view_get_shown (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  return self->shown;
}

gboolean
esp_view_has_parts (EspView *self)
{
  g_return_val_if_fail (ESP_IS_VIEW (self), FALSE);

  return self->matrix != NULL && self->shown != self->tensor;
}

void
esp_view_set_index (EspView *self, guint axis, gint64 index)
{
  g_return_if_fail (ESP_IS_VIEW (self));
  g_return_if_fail (self->tensor != NULL && axis < self->plane.ndim);

  index = CLAMP (index, 0, self->plane.shape[axis] - 1);
  if (index == self->plane.index[axis])
    return;

  esp_plane_set_index (&self->plane, axis, index);
  _esp_view_emit (self,
                  _esp_view_take_matrix (self) ? ESP_VIEW_VALUES_CHANGED : ESP_VIEW_TENSOR_CHANGED);
}

void
esp_view_set_axes (EspView *self, int row_axis, int column_axis)
{
  g_return_if_fail (ESP_IS_VIEW (self));
  g_return_if_fail (self->tensor != NULL);

  if (row_axis == self->plane.row_axis && column_axis == self->plane.column_axis)
    return;

  esp_plane_set_axes (&self->plane, row_axis, column_axis);
  _esp_view_take_matrix (self);
  _esp_view_emit (self, ESP_VIEW_TENSOR_CHANGED);
}

void
esp_view_set_mosaic (EspView *self, gboolean as_mosaic)
{
  g_return_if_fail (ESP_IS_VIEW (self));
  g_return_if_fail (self->tensor != NULL);

  if (self->plane.as_mosaic == as_mosaic)
    return;
  esp_plane_set_mosaic (&self->plane, self->place, as_mosaic);
  _esp_view_take_matrix (self);
  _esp_view_emit (self, ESP_VIEW_TENSOR_CHANGED);
}

void
esp_view_set_order (EspView *self, gboolean columns, EspProfileKind kind, const gint64 *order)
{
  g_return_if_fail (ESP_IS_VIEW (self));
  g_return_if_fail (self->matrix != NULL && self->plane.ndim >= 2);

  esp_plane_set_order (&self->plane, columns, kind, order);
  _esp_view_take_matrix (self);
  _esp_view_emit (self, ESP_VIEW_TENSOR_CHANGED);
}

static char *
dup_order_note (EspView *self)
{
  g_autofree char *note = esp_plane_dup_order_note (&self->plane);

  /* it stays while the values change */
  if (note != NULL && esp_view_is_live (self))
    return g_strdup_printf (_ ("%s when they were sorted"), note);
  return g_steal_pointer (&note);
}

char *
esp_view_dup_note (EspView *self)
{
  g_autofree char *order = NULL;

  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  if (self->matrix == NULL)
    return NULL;
  order = dup_order_note (self);
  return esp_draw_join_notes (
      esp_view_has_parts (self) ? esp_draw_describe_part (self->part) : NULL, order);
}

void
esp_view_copy_plane (EspView *self, EspView *from)
{
  gboolean axes, indices, orders;

  g_return_if_fail (ESP_IS_VIEW (self) && ESP_IS_VIEW (from));

  if (self->matrix == NULL || from->tensor == NULL ||
      !esp_plane_fits (&self->plane, from->tensor) || self->plane.ndim < 2)
    return;
  axes = self->plane.row_axis != from->plane.row_axis ||
         self->plane.column_axis != from->plane.column_axis;
  indices = memcmp (self->plane.index, from->plane.index,
                    self->plane.ndim * sizeof *self->plane.index) != 0;
  orders = axes || !esp_plane_has_orders_of (&self->plane, &from->plane);
  if (self->plane.as_mosaic != from->plane.as_mosaic)
    {
      esp_view_set_mosaic (self, from->plane.as_mosaic);
      return;
    }
  if (!axes && !indices && !orders)
    return;
  memcpy (self->plane.index, from->plane.index, self->plane.ndim * sizeof *self->plane.index);
  esp_plane_set_axes (&self->plane, from->plane.row_axis, from->plane.column_axis);
  esp_plane_copy_orders (&self->plane, &from->plane);
  _esp_view_emit (self, _esp_view_take_matrix (self) && !orders ? ESP_VIEW_VALUES_CHANGED
                                                                : ESP_VIEW_TENSOR_CHANGED);
}

gboolean
esp_view_get_cell (EspView *self, gint64 *row, gint64 *column)
{
  EspSession *session;
  gint64 cell;

  g_return_val_if_fail (ESP_IS_VIEW (self), FALSE);

  session = esp_session_watch_get_session (self->watch);
  cell = session != NULL && self->matrix != NULL &&
                 esp_session_get_selection (session) == self->place
             ? esp_session_get_cell (session)
             : -1;
  *row = *column = -1;
  return cell >= 0 && esp_plane_locate (&self->plane, (guint64) cell, FALSE, row, column);
}

void
esp_view_set_cell (EspView *self, gint64 row, gint64 column)
{
  g_return_if_fail (ESP_IS_VIEW (self));

  if (self->matrix == NULL)
    return;
  esp_session_set_cell (
      esp_session_watch_get_session (self->watch),
      row < 0 || column < 0 ? -1 : (gint64) esp_plane_get_flat_index (&self->plane, row, column));
}

const EspRowMark *
esp_view_get_marks (EspView *self, guint *n, gboolean *on_columns)
{
  const EspRowMark *marks;

  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  *on_columns = FALSE;
  marks = esp_unit_marks_get (self->marks, n);
  if (!esp_plane_place_marks (&self->plane, self->plane.unit_axis, marks, *n, self->placed,
                              on_columns) &&
      esp_plane_place_marks (&self->plane, self->plane.input_axis, NULL, 0, self->placed,
                             on_columns))
    *on_columns = !*on_columns;
  *n = self->placed->len;
  return (const EspRowMark *) (gpointer) self->placed->data;
}

const EspRowMark *
esp_view_get_input_marks (EspView *self, guint *n)
{
  const EspRowMark *marks;
  gboolean on_columns;

  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  marks = esp_unit_marks_get_inputs (self->marks, n);
  esp_plane_place_marks (&self->plane, self->plane.input_axis, marks, *n, self->placed_inputs,
                         &on_columns);
  *n = self->placed_inputs->len;
  return (const EspRowMark *) (gpointer) self->placed_inputs->data;
}

char *
esp_view_dup_unit_note (EspView *self, gint64 row, gint64 column)
{
  gint64 unit, input;
  const char *own, *comes_in;

  g_return_val_if_fail (ESP_IS_VIEW (self), NULL);

  unit = esp_plane_get_along (&self->plane, self->plane.unit_axis, row, column);
  input = esp_plane_get_along (&self->plane, self->plane.input_axis, row, column);
  own = unit >= 0 ? esp_unit_marks_get_title (self->marks, unit) : NULL;
  comes_in = input >= 0 ? esp_unit_marks_get_input_title (self->marks, input) : NULL;
  return own && comes_in ? g_strdup_printf ("%s\n%s", own, comes_in)
                         : g_strdup (own ? own : comes_in);
}
