/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Elements in another order than a view has them: a storage that fetches them as they are asked
 * for, so that scan, overview and pyramid read it like any other. What is read at once is at most a
 * chunk of the scan or a row.
 *
 *   matrix, orders -> storage -> tensor; its bytes -> rows of the view -> bytes
 */

#include "config.h"

#include "esp-rearrange-private.h"

#include <string.h>

#include "esp-check.h"
#include "esp-tensor-private.h"

typedef struct
{
  EspTensor *view;        /* owned; its elements in the order of the matrix before */
  gint64 *rows, *columns; /* owned, or NULL */
  guint64 n_columns;
  gboolean floats; /* decoded to float32, else stored bytes */
  gsize size;      /* of an element */
} Rearranged;

static gboolean
read_plain (const Rearranged *self,
            guint64 first,
            gsize n,
            void *out,
            GCancellable *cancellable,
            GError **error)
{
  return self->floats ? esp_tensor_read_f32 (self->view, first, n, out, cancellable, error)
                      : esp_tensor_read_bytes (self->view, first, n, out, cancellable, error);
}

/* @n elements of one row from @column on; @row is one of the view's, (n_columns) @spare */
static gboolean
read_part (const Rearranged *self,
           guint64 row,
           guint64 column,
           gsize n,
           guint8 *spare,
           guint8 *out,
           GCancellable *cancellable,
           GError **error)
{
  guint64 first = row * self->n_columns;

  if (self->columns == NULL)
    return read_plain (self, first + column, n, out, cancellable, error);
  if (!read_plain (self, first, (gsize) self->n_columns, spare, cancellable, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    memcpy (out + i * self->size, spare + (gsize) self->columns[column + i] * self->size,
            self->size);
  return TRUE;
}

static gboolean
read_elements (const Rearranged *self,
               guint64 first,
               gsize n,
               guint8 *out,
               GCancellable *cancellable,
               GError **error)
{
  g_autofree guint8 *spare = NULL;

  if (self->rows == NULL && self->columns == NULL)
    return read_plain (self, first, n, out, cancellable, error);

  if (self->columns != NULL)
    spare = g_malloc ((gsize) self->n_columns * self->size);
  for (gsize done = 0; done < n;)
    {
      guint64 place = (first + done) / self->n_columns, column = (first + done) % self->n_columns;
      gsize count = (gsize) MIN (n - done, self->n_columns - column);
      guint64 row = self->rows != NULL ? (guint64) self->rows[place] : place;

      if (!read_part (self, row, column, count, spare, out + done * self->size, cancellable, error))
        return FALSE;
      done += count;
    }
  return TRUE;
}

/* a tensor reads whole elements, nearly always into a buffer that is aligned */
static gboolean
rearranged_read (gpointer data,
                 guint64 offset,
                 gsize length,
                 void *buffer,
                 GCancellable *cancellable,
                 GError **error)
{
  const Rearranged *self = data;
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

static EspStorage *
rearranged_get_stored (gpointer data)
{
  return esp_tensor_get_storage (((Rearranged *) data)->view);
}

static void
rearranged_free (gpointer data)
{
  Rearranged *self = data;

  esp_tensor_unref (self->view);
  g_free (self->rows);
  g_free (self->columns);
  g_free (self);
}

static const EspStorageFuncs rearranged_funcs = { rearranged_read, rearranged_free,
                                                  rearranged_get_stored, FALSE };

EspTensor *
esp_rearrange_take (EspTensor *take_view,
                    gint64 n_rows,
                    gint64 n_columns,
                    const gint64 *rows,
                    const gint64 *columns,
                    GError **error)
{
  const gint64 shape[2] = { n_rows, n_columns };
  EspDtype dtype = esp_tensor_get_dtype (take_view);
  Rearranged *self = g_new0 (Rearranged, 1);
  g_autoptr (EspStorage) storage = NULL;
  guint64 bytes;

  self->view = take_view;
  /* elements that aren't whole bytes, or have scales of their own, are taken as numbers */
  self->floats = esp_dtype_get_info (dtype)->bits < 8 || esp_tensor_get_affine (take_view) != NULL;
  if (self->floats)
    dtype = ESP_DTYPE_FLOAT32;
  self->size = esp_dtype_get_info (dtype)->bits / 8;
  self->n_columns = (guint64) n_columns;
  /* no more than there are elements, or there are none */
  self->rows = rows != NULL ? g_memdup2 (rows, (gsize) n_rows * sizeof *rows) : NULL;
  self->columns = columns != NULL ? g_memdup2 (columns, (gsize) n_columns * sizeof *columns) : NULL;
  if (!esp_mul_u64 (esp_tensor_get_count (take_view), self->size, &bytes))
    bytes = 0; /* then the tensor below doesn't fit */
  storage = esp_storage_new (&rearranged_funcs, self,
                             esp_storage_get_id (esp_tensor_get_storage (take_view)), bytes);
  return esp_tensor_new (
      dtype, esp_tensor_get_native_dtype (take_view), shape, 2, NULL, 0,
      self->floats ? 0 : esp_tensor_get_flags (take_view) & ~(guint) ESP_TENSOR_BIG_ENDIAN, storage,
      error);
}

EspTensor *
esp_rearrange_apply (EspTensor *matrix, const gint64 *rows, const gint64 *columns, GError **error)
{
  const gint64 *shape;

  g_return_val_if_fail (matrix != NULL && esp_tensor_get_ndim (matrix) == 2, NULL);

  if (!esp_tensor_check_walkable (matrix, error))
    return NULL;
  shape = esp_tensor_get_shape (matrix);
  return esp_rearrange_take (esp_tensor_ref (matrix), shape[0], shape[1], rows, columns, error);
}

gint64 *
esp_rearrange_invert (const gint64 *order, gint64 n)
{
  gint64 *inverse;

  g_return_val_if_fail (order != NULL && n >= 0, NULL);

  inverse = g_new (gint64, MAX (n, 1));
  for (gint64 i = 0; i < n; i++)
    inverse[order[i]] = i;
  return inverse;
}
