/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Four axes as two: a view with its axes in the order block row, row, block column, column, whose
 * elements in C order are read as if they were stored so (esp-rearrange.c); in that, block row and
 * row are one axis, and block column and column another. Kernels are small (3 × 3 × 512 × 512 is 9
 * MB), so the strided reads that this takes are bearable, and nothing is copied.
 */

#include "config.h"

#include "esp-mosaic.h"

#include "esp-rearrange-private.h"
#include "esp-tensor-private.h"

/* an axis that isn't there: one block, one column */
#define NONE G_MAXUINT

gboolean
esp_mosaic_init (EspMosaic *self, guint ndim, gboolean channels_last)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (ndim == 4 && channels_last)
    *self = (EspMosaic) { 3, 2, 0, 1 };
  else if (ndim == 4)
    *self = (EspMosaic) { 0, 1, 2, 3 };
  else if (ndim == 3)
    *self = (EspMosaic) { NONE, 0, 1, 2 };
  else
    return FALSE;
  return TRUE;
}

static EspTensor *
make_view (EspTensor *tensor, const guint *axes, gint64 *shape, GError **error)
{
  const EspAffine *affine = esp_tensor_get_affine (tensor);
  EspAffine moved = { .axis = -1 };
  gint64 strides[4];

  if (affine != NULL)
    moved = *affine;
  for (guint i = 0; i < 4; i++)
    {
      shape[i] = axes[i] == NONE ? 1 : esp_tensor_get_shape (tensor)[axes[i]];
      strides[i] = axes[i] == NONE ? 0 : esp_tensor_get_strides (tensor)[axes[i]];
      if (affine != NULL && affine->axis >= 0 && axes[i] == (guint) affine->axis)
        moved.axis = (int) i;
    }
  return esp_tensor_new_view_with_affine (tensor, shape, 4, strides, esp_tensor_get_offset (tensor),
                                          affine != NULL ? &moved : NULL, error);
}

EspTensor *
esp_mosaic_apply (const EspMosaic *self,
                  EspTensor *tensor,
                  gint64 *block_rows,
                  gint64 *block_columns,
                  GError **error)
{
  const guint axes[4] = { self->block_row, self->row, self->block_column, self->column };
  gint64 shape[4];
  EspTensor *view;

  g_return_val_if_fail (tensor != NULL && block_rows != NULL && block_columns != NULL, NULL);

  for (guint i = 0; i < 4; i++)
    g_return_val_if_fail (axes[i] == NONE || axes[i] < esp_tensor_get_ndim (tensor), NULL);
  if (!esp_tensor_check_walkable (tensor, error))
    return NULL;
  view = make_view (tensor, axes, shape, error);
  if (view == NULL)
    return NULL;
  *block_rows = shape[1];
  *block_columns = shape[3];
  /* no more than there are elements, or there are none */
  return esp_rearrange_take (view, shape[0] * shape[1], shape[2] * shape[3], NULL, NULL, error);
}
