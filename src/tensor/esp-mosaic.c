/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Four axes as two: a view with its axes in the order block row, row, block column, column, and a
 * storage that reads its elements in C order as if they were stored so; in that, block row and row
 * are one axis, and block column and column another. Kernels are small (3 × 3 × 512 × 512 is 9 MB),
 * so the strided reads that this takes are bearable, and nothing is copied.
 */

#include "config.h"

#include "esp-mosaic.h"

#include <string.h>

#include "esp-check.h"
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

/* {{{ the storage */

typedef struct
{
  EspTensor *view; /* owned; its elements in the order of the matrix */
  gboolean floats; /* decoded to float32, else stored bytes */
  gsize size;      /* of an element */
} Ordered;

static gboolean
read_elements (const Ordered *self,
               guint64 first,
               gsize n,
               void *out,
               GCancellable *cancellable,
               GError **error)
{
  return self->floats ? esp_tensor_read_f32 (self->view, first, n, out, cancellable, error)
                      : esp_tensor_read_bytes (self->view, first, n, out, cancellable, error);
}

/* a tensor reads whole elements, nearly always into a buffer that is aligned */
static gboolean
ordered_read (gpointer data,
              guint64 offset,
              gsize length,
              void *buffer,
              GCancellable *cancellable,
              GError **error)
{
  const Ordered *self = data;
  guint64 first = offset / self->size, end = (offset + length + self->size - 1) / self->size;
  g_autofree guint8 *whole = NULL;

  if (offset % self->size == 0 && length % self->size == 0 &&
      (guintptr) buffer % sizeof (float) == 0)
    return read_elements (self, first, length / self->size, buffer, cancellable, error);
  whole = g_malloc ((gsize) (end - first) * self->size);
  if (!read_elements (self, first, (gsize) (end - first), whole, cancellable, error))
    return FALSE;
  memcpy (buffer, whole + (offset - first * self->size), length);
  return TRUE;
}

static void
ordered_free (gpointer data)
{
  Ordered *self = data;

  esp_tensor_unref (self->view);
  g_free (self);
}

static const EspStorageFuncs ordered_funcs = { ordered_read, ordered_free, NULL };

/* }}} */

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
  g_autoptr (EspStorage) storage = NULL;
  EspDtype dtype;
  Ordered *ordered;
  gint64 shape[4], matrix[2];
  EspTensor *view;
  guint64 bytes;

  g_return_val_if_fail (tensor != NULL && block_rows != NULL && block_columns != NULL, NULL);

  for (guint i = 0; i < 4; i++)
    g_return_val_if_fail (axes[i] == NONE || axes[i] < esp_tensor_get_ndim (tensor), NULL);
  if (!esp_tensor_check_walkable (tensor, error))
    return NULL;
  view = make_view (tensor, axes, shape, error);
  if (view == NULL)
    return NULL;
  ordered = g_new0 (Ordered, 1);
  ordered->view = view;
  dtype = esp_tensor_get_dtype (tensor);
  /* elements that aren't whole bytes, or have scales of their own, are taken as numbers */
  ordered->floats = esp_dtype_get_info (dtype)->bits < 8 || esp_tensor_get_affine (tensor) != NULL;
  if (ordered->floats)
    dtype = ESP_DTYPE_FLOAT32;
  ordered->size = esp_dtype_get_info (dtype)->bits / 8;
  matrix[0] = shape[0] * shape[1]; /* no more than there are elements, or there are none */
  matrix[1] = shape[2] * shape[3];
  if (!esp_mul_u64 (esp_tensor_get_count (tensor), ordered->size, &bytes))
    bytes = 0; /* then the tensor below doesn't fit */
  storage = esp_storage_new (&ordered_funcs, ordered,
                             esp_storage_get_id (esp_tensor_get_storage (tensor)), bytes);
  *block_rows = shape[1];
  *block_columns = shape[3];
  return esp_tensor_new (
      dtype, esp_tensor_get_native_dtype (tensor), matrix, 2, NULL, 0,
      ordered->floats ? 0 : esp_tensor_get_flags (tensor) & ~(guint) ESP_TENSOR_BIG_ENDIAN, storage,
      error);
}

void
esp_mosaic_get_index (const EspMosaic *self,
                      EspTensor *tensor,
                      gint64 row,
                      gint64 column,
                      gint64 *index)
{
  gint64 rows = esp_tensor_get_shape (tensor)[self->row];
  gint64 columns = esp_tensor_get_shape (tensor)[self->column];

  g_return_if_fail (index != NULL && rows > 0 && columns > 0);

  if (self->block_row != NONE)
    index[self->block_row] = row / rows;
  if (self->block_column != NONE)
    index[self->block_column] = column / columns;
  index[self->row] = row % rows;
  index[self->column] = column % columns;
}
