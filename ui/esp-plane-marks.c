/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Units and inputs of a layer in the matrix that is shown of its weight: rows or columns, wherever
 * an order puts them; blocks of a mosaic. */

#include "config.h"

#include "esp-plane.h"

/* how indices of an axis lie in the matrix: @columns or rows, @each of them. FALSE: not at all. */
static gboolean
find_axis (const EspPlane *self, int axis, gboolean *columns, gint64 *each)
{
  if (axis < 0 || self->ndim == 0)
    return FALSE;
  *each = 1;
  if (self->as_mosaic)
    {
      *columns = axis == (int) self->mosaic.block_column;
      *each = *columns ? self->block_columns : self->block_rows;
      return *columns || (self->ndim > 3 && axis == (int) self->mosaic.block_row);
    }
  *columns = axis == self->column_axis;
  return *columns || axis == self->row_axis;
}

gint64
esp_plane_get_along (const EspPlane *self, int axis, gint64 row, gint64 column)
{
  gboolean columns;
  gint64 each;

  if (!find_axis (self, axis, &columns, &each))
    return -1;
  return self->as_mosaic ? (columns ? column : row) / each
                         : esp_plane_get_label (self, columns, columns ? column : row);
}

static int
compare_marks (gconstpointer a, gconstpointer b)
{
  gint64 left = ((const EspRowMark *) a)->row, right = ((const EspRowMark *) b)->row;

  return (left > right) - (left < right);
}

gboolean
esp_plane_place_marks (const EspPlane *self,
                       int axis,
                       const EspRowMark *marks,
                       guint n,
                       GArray *placed,
                       gboolean *on_columns)
{
  const gint64 *places;
  gint64 each;

  g_array_set_size (placed, 0);
  if (!find_axis (self, axis, on_columns, &each))
    return FALSE;
  places = self->as_mosaic ? NULL : self->orders[*on_columns ? 1 : 0].places;
  for (guint i = 0; i < n; i++)
    {
      EspRowMark mark = marks[i];

      if (mark.row < 0 || mark.row >= self->shape[axis])
        continue;
      mark.row = places != NULL ? places[mark.row] : mark.row * each;
      mark.span = each;
      g_array_append_val (placed, mark);
    }
  if (places != NULL)
    g_array_sort (placed, compare_marks);
  return TRUE;
}
