/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which matrix of a tensor is shown, and cells of it in words. Plain arithmetic on up to 64 axes.
 */

#include "config.h"

#include "esp-plane.h"

#include "esp-axes.h"

#include <glib/gi18n.h>
#include <string.h>

void
esp_plane_end_orders (EspPlane *self)
{
  for (guint i = 0; i < 2; i++)
    {
      g_clear_pointer (&self->orders[i].order, g_free);
      g_clear_pointer (&self->orders[i].places, g_free);
    }
}

void
esp_plane_set (EspPlane *self, EspPlace *place, EspTensor *tensor)
{
  guint ndim = esp_tensor_get_ndim (tensor);

  esp_plane_clear (self);
  self->ndim = ndim;
  self->shape = g_new0 (gint64, MAX (ndim, 1));
  self->index = g_new0 (gint64, MAX (ndim, 1));
  if (ndim > 0)
    memcpy (self->shape, esp_tensor_get_shape (tensor), ndim * sizeof *self->shape);
  self->column_axis = (int) ndim - 1;
  self->row_axis = MAX ((int) ndim - 2, -1);
  esp_plane_set_place (self, place);
}

void
esp_plane_set_place (EspPlane *self, EspPlace *place)
{
  const char *const *axes = place != NULL ? esp_axes_get (place) : NULL;

  self->unit_axis = 0;
  self->input_axis = -1;
  for (guint axis = 0; axes != NULL && axis < self->ndim; axis++)
    {
      if (g_str_equal (axes[axis], "out"))
        self->unit_axis = (int) axis;
      else if (g_str_equal (axes[axis], "in"))
        self->input_axis = (int) axis;
    }
}

/* --- order --- */

void
esp_plane_set_order (EspPlane *self, gboolean columns, EspProfileKind kind, const gint64 *order)
{
  EspPlaneOrder *which = &self->orders[columns ? 1 : 0];
  int axis = columns ? self->column_axis : self->row_axis;
  gint64 n;

  g_return_if_fail (axis >= 0 && !self->as_mosaic);

  n = self->shape[axis];
  g_clear_pointer (&which->order, g_free);
  g_clear_pointer (&which->places, g_free);
  if (order == NULL)
    return;
  which->kind = kind;
  which->order = g_memdup2 (order, (gsize) n * sizeof *order);
  which->places = esp_rearrange_invert (order, n);
}

void
esp_plane_copy_orders (EspPlane *self, const EspPlane *from)
{
  esp_plane_end_orders (self);
  for (guint i = 0; i < 2; i++)
    if (from->orders[i].order != NULL)
      esp_plane_set_order (self, i == 1, from->orders[i].kind, from->orders[i].order);
}

gboolean
esp_plane_has_orders_of (const EspPlane *self, const EspPlane *other)
{
  for (guint i = 0; i < 2; i++)
    {
      const gint64 *one = self->orders[i].order, *two = other->orders[i].order;
      int axis = i == 1 ? self->column_axis : self->row_axis;

      if ((one == NULL) != (two == NULL) ||
          (one != NULL && memcmp (one, two, (gsize) self->shape[axis] * sizeof *one) != 0))
        return FALSE;
    }
  return TRUE;
}

gint64
esp_plane_get_label (const EspPlane *self, gboolean column, gint64 place)
{
  const gint64 *order = self->orders[column ? 1 : 0].order;

  return order != NULL ? order[place] : place;
}

char *
esp_plane_dup_order_note (const EspPlane *self)
{
  const EspPlaneOrder *orders = self->orders;

  return esp_draw_join_notes (
      orders[0].order != NULL ? esp_draw_describe_order (FALSE, orders[0].kind) : NULL,
      orders[1].order != NULL ? esp_draw_describe_order (TRUE, orders[1].kind) : NULL);
}

void
esp_plane_set_axes (EspPlane *self, int row_axis, int column_axis)
{
  g_return_if_fail (self->ndim >= 2 && row_axis != column_axis);
  g_return_if_fail (row_axis >= 0 && row_axis < (int) self->ndim);
  g_return_if_fail (column_axis >= 0 && column_axis < (int) self->ndim);

  if (row_axis != self->row_axis || column_axis != self->column_axis)
    esp_plane_end_orders (self);
  self->row_axis = row_axis;
  self->column_axis = column_axis;
}

void
esp_plane_set_index (EspPlane *self, guint axis, gint64 index)
{
  g_return_if_fail (axis < self->ndim);

  if (self->index[axis] == index)
    return;
  esp_plane_end_orders (self); /* that of another matrix */
  self->index[axis] = index;
}

void
esp_plane_clear (EspPlane *self)
{
  esp_plane_end_orders (self);
  g_free (self->shape);
  g_free (self->index);
  memset (self, 0, sizeof *self);
}

gboolean
esp_plane_fits (const EspPlane *self, EspTensor *tensor)
{
  guint ndim = esp_tensor_get_ndim (tensor);

  if (self->shape == NULL || ndim != self->ndim)
    return FALSE;
  for (guint axis = 0; axis < ndim; axis++)
    if (self->shape[axis] != esp_tensor_get_shape (tensor)[axis])
      return FALSE;

  return TRUE;
}

gboolean
esp_plane_can_be_mosaic (const EspPlane *self)
{
  return self->ndim == 3 || self->ndim == 4;
}

void
esp_plane_set_mosaic (EspPlane *self, EspPlace *place, gboolean as_mosaic)
{
  const char *const *axes = place != NULL ? esp_axes_get (place) : NULL;
  gboolean channels_last = axes != NULL && g_str_has_prefix (axes[0], "k");

  if (as_mosaic)
    esp_plane_end_orders (self);
  self->as_mosaic = as_mosaic && esp_mosaic_init (&self->mosaic, self->ndim, channels_last);
  if (!self->as_mosaic)
    return;
  self->block_rows = self->shape[self->mosaic.row];
  self->block_columns = self->shape[self->mosaic.column];
}

gboolean
esp_plane_is_fixed (const EspPlane *self, guint axis)
{
  if (self->as_mosaic)
    return FALSE;
  return (int) axis != self->row_axis && (int) axis != self->column_axis;
}

static EspTensor *
apply_slice (const EspPlane *self, EspTensor *tensor, GError **error)
{
  g_autoptr (EspSlice) slice = self->ndim < 2
                                   ? esp_slice_new_default (self->ndim)
                                   : esp_slice_new_matrix (self->ndim, self->row_axis,
                                                           self->column_axis, self->index);

  return esp_slice_apply_matrix (slice, tensor, error);
}

EspTensor *
esp_plane_apply (const EspPlane *self, EspTensor *tensor, GError **error)
{
  if (self->as_mosaic)
    {
      gint64 rows, columns;

      return esp_mosaic_apply (&self->mosaic, tensor, &rows, &columns, error);
    }
  /* the very tensor, so that what is known of it is known of the matrix */
  if (self->ndim == 2 && self->row_axis == 0)
    return esp_tensor_ref (tensor);
  return apply_slice (self, tensor, error);
}

EspTensor *
esp_plane_arrange (const EspPlane *self, EspTensor *matrix, GError **error)
{
  if (self->orders[0].order == NULL && self->orders[1].order == NULL)
    return esp_tensor_ref (matrix);
  return esp_rearrange_apply (matrix, self->orders[0].order, self->orders[1].order, error);
}

static gint64
get_index (const EspPlane *self, guint axis, gint64 row, gint64 column)
{
  if (self->as_mosaic)
    return axis == self->mosaic.row            ? row % self->block_rows
           : axis == self->mosaic.column       ? column % self->block_columns
           : axis == self->mosaic.block_column ? column / self->block_columns
                                               : row / self->block_rows;
  if ((int) axis == self->column_axis)
    return esp_plane_get_label (self, TRUE, column);
  if ((int) axis == self->row_axis)
    return esp_plane_get_label (self, FALSE, row);

  return self->index[axis];
}

guint64
esp_plane_get_flat_index (const EspPlane *self, gint64 row, gint64 column)
{
  guint64 flat = 0;

  for (guint axis = 0; axis < self->ndim; axis++)
    flat = flat * (guint64) self->shape[axis] + (guint64) get_index (self, axis, row, column);

  return flat;
}

gboolean
esp_plane_locate (EspPlane *self, guint64 flat, gboolean go, gint64 *row, gint64 *column)
{
  gboolean here = TRUE;

  *row = *column = 0;
  for (int axis = (int) self->ndim - 1; axis >= 0; axis--)
    {
      gint64 index = (gint64) (flat % (guint64) MAX (self->shape[axis], 1));

      flat /= (guint64) MAX (self->shape[axis], 1);
      if (self->as_mosaic)
        {
          if ((guint) axis == self->mosaic.row)
            *row += index;
          else if ((guint) axis == self->mosaic.column)
            *column += index;
          else if ((guint) axis == self->mosaic.block_column)
            *column += index * self->block_columns;
          else
            *row += index * self->block_rows;
        }
      else if (axis == self->row_axis)
        *row = index;
      else if (axis == self->column_axis)
        *column = index;
      else if (index != self->index[axis])
        {
          here = FALSE;
          if (go)
            esp_plane_set_index (self, (guint) axis, index);
        }
    }
  if (self->orders[0].places != NULL)
    *row = self->orders[0].places[*row];
  if (self->orders[1].places != NULL)
    *column = self->orders[1].places[*column];
  return here;
}

static char *
slice_to_string (const EspPlane *self)
{
  GString *text = g_string_new ("[");

  for (guint axis = 0; axis < self->ndim; axis++)
    {
      if (axis > 0)
        g_string_append (text, ", ");
      if (esp_plane_is_fixed (self, axis))
        g_string_append_printf (text, "%" G_GINT64_FORMAT, self->index[axis]);
      else
        g_string_append_c (text, ':');
    }
  g_string_append_c (text, ']');

  return g_string_free (text, FALSE);
}

char *
esp_plane_to_string (const EspPlane *self)
{
  if (self->as_mosaic)
    return g_strdup (_ ("all kernels"));
  return slice_to_string (self);
}

char *
esp_plane_describe_cell (const EspPlane *self, gint64 row, gint64 column)
{
  g_autoptr (GString) indices = NULL;

  if (self->ndim == 0)
    return g_strdup (_ ("The only value"));
  if (self->ndim == 1)
    return g_strdup_printf (_ ("Element %lld"), (long long) get_index (self, 0, row, column));
  if (self->ndim == 2 && self->row_axis == 0)
    return g_strdup_printf (_ ("Row %lld, column %lld"),
                            (long long) get_index (self, 0, row, column),
                            (long long) get_index (self, 1, row, column));

  indices = g_string_new ("[");
  for (guint axis = 0; axis < self->ndim; axis++)
    g_string_append_printf (indices, axis > 0 ? ", %" G_GINT64_FORMAT : "%" G_GINT64_FORMAT,
                            get_index (self, axis, row, column));
  g_string_append_c (indices, ']');
  return g_strdup_printf (_ ("Element %s"), indices->str);
}

char *
esp_plane_dup_axis_name (const EspPlane *self, EspPlace *place, int axis)
{
  const char *const *axes;

  if (self->ndim < 2 || axis < 0)
    return NULL;

  axes = esp_axes_get (place);
  if (self->as_mosaic)
    {
      axis = (int) (axis == self->row_axis ? self->mosaic.block_row : self->mosaic.block_column);
      if (axis < 0 || axis >= (int) self->ndim) /* one row of pictures */
        axis = (int) self->mosaic.row;
    }
  if (axes != NULL)
    return g_strdup (axes[axis]);
  if (self->ndim == 2)
    return NULL;

  return g_strdup_printf (C_ ("axis", "dim %d"), axis);
}

static char *
format_whole (gint64 value, EspKind kind, gboolean plain)
{
  if (value < 0 && kind == ESP_KIND_INT)
    return g_strdup_printf ("%s%" G_GUINT64_FORMAT, plain ? "-" : "\xe2\x88\x92", -(guint64) value);

  return g_strdup_printf ("%" G_GUINT64_FORMAT, (guint64) value);
}

static char *
format_number (double value, gboolean single, gboolean plain)
{
  return plain ? esp_number_format_exact (value, single) : esp_number_format_all (value, single);
}

static char *
format_complex (const double *parts, gboolean single, gboolean plain)
{
  g_autofree char *re = format_number (parts[0], single, plain);
  g_autofree char *im = format_number (parts[1], single, plain);

  /* NumPy's and Python's way */
  if (plain)
    return g_strdup_printf ("%s%s%sj", re, *im == '-' ? "" : "+", im);
  return g_strdup_printf (C_ ("complex number", "%s, %s i"), re, im);
}

GStrv
esp_plane_read_row (EspTensor *matrix,
                    gint64 row,
                    gint64 column,
                    guint n,
                    gboolean plain,
                    GCancellable *cancellable,
                    GError **error)
{
  EspDtype dtype = esp_tensor_get_dtype (matrix);
  EspKind kind = esp_dtype_get_info (dtype)->kind;
  guint64 index = (guint64) row * (guint64) esp_tensor_get_shape (matrix)[1] + (guint64) column;
  gboolean single = dtype != ESP_DTYPE_FLOAT64 && dtype != ESP_DTYPE_COMPLEX128;
  gboolean whole = (kind == ESP_KIND_INT || kind == ESP_KIND_UINT) &&
                   esp_tensor_get_affine (matrix) == NULL;
  guint parts = kind == ESP_KIND_COMPLEX ? 2 : 1;
  g_autofree double *values = g_new (double, (gsize) n *parts + 1);
  gint64 *wholes = (gint64 *) (gpointer) values;
  g_auto (GStrv) texts = NULL;

  if (!(whole ? esp_tensor_read_i64 (matrix, index, n, wholes, cancellable, error)
              : esp_tensor_read_f64 (matrix, index, n, values, cancellable, error)))
    return NULL;

  texts = g_new0 (char *, (gsize) n + 1);
  for (guint i = 0; i < n; i++)
    texts[i] = whole        ? format_whole (wholes[i], kind, plain)
               : parts == 2 ? format_complex (values + 2 * (gsize) i, single, plain)
                            : format_number (values[i], single, plain);
  return g_steal_pointer (&texts);
}

char *
esp_plane_read_cell (EspTensor *matrix, gint64 row, gint64 column, GError **error)
{
  g_auto (GStrv) texts = esp_plane_read_row (matrix, row, column, 1, FALSE, NULL, error);

  return texts != NULL ? g_strdup (texts[0]) : NULL;
}
