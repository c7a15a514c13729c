/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A part of a complex tensor behind the face of a storage: whoever reads it gets one real number
 * per element, as if the tensor had been stored so. Nothing is kept: a read fetches the pairs that
 * it touches in pieces that fit the stack. So views, scans, overviews and searches of a part are
 * those of any tensor.
 *
 *   stored     | re im | re im | re im | ...    complex32, 64, 128, either byte order
 *   this one   | part  | part  | part  | ...    float32, float32, float64
 */

#include "config.h"

#include "esp-part.h"

#include <math.h>
#include <string.h>

#include "esp-check.h"
#include "esp-decode.h"
#include "esp-tensor-private.h"

#define PIECE 512 /* elements */

typedef struct
{
  EspStorage *stored; /* owned */
  EspDtype dtype;     /* of the pairs */
  EspTensorFlags flags;
  EspPart part;
} Parts;

static const char *const names[ESP_N_PARTS] = { "magnitude", "real", "imaginary", "phase" };

EspPart
esp_part_from_name (const char *name, gboolean *found)
{
  for (guint i = 0; i < ESP_N_PARTS; i++)
    if (g_strcmp0 (name, names[i]) == 0)
      {
        if (found != NULL)
          *found = TRUE;
        return (EspPart) i;
      }
  if (found != NULL)
    *found = FALSE;
  return ESP_PART_MAGNITUDE;
}

const char *
esp_part_get_name (EspPart part)
{
  g_return_val_if_fail (part < ESP_N_PARTS, NULL);

  return names[part];
}

static double
take_part (EspPart part, double re, double im)
{
  switch (part)
    {
    case ESP_PART_REAL:
      return re;
    case ESP_PART_IMAGINARY:
      return im;
    case ESP_PART_PHASE:
      return atan2 (im, re);
    case ESP_PART_MAGNITUDE:
    case ESP_N_PARTS:
    default:
      return hypot (re, im);
    }
}

/* pairs in stored order -> numbers of @size bytes at @out, which may lie at any address */
static void
convert (const Parts *self, guint8 *pairs, gsize n, gsize size, guint8 *out)
{
  double numbers[2 * PIECE];

  if ((self->flags & ESP_TENSOR_BIG_ENDIAN) != 0)
    esp_decode_swap (self->dtype, pairs, n);
  esp_decode_f64 (self->dtype, pairs, 0, n, numbers);
  for (gsize i = 0; i < n; i++)
    {
      double re = numbers[2 * i], im = numbers[2 * i + 1], number;
      float single;

      if ((self->flags & ESP_TENSOR_CONJUGATE) != 0)
        im = -im;
      if ((self->flags & ESP_TENSOR_NEGATE) != 0)
        {
          re = -re;
          im = -im;
        }
      number = take_part (self->part, re, im);
      single = (float) number;
      memcpy (out + i * size, size == sizeof number ? (void *) &number : (void *) &single, size);
    }
}

static gboolean
parts_read (gpointer data,
            guint64 offset,
            gsize length,
            void *buffer,
            GCancellable *cancellable,
            GError **error)
{
  const Parts *self = data;
  gsize pair = esp_dtype_get_info (self->dtype)->bits / 8;
  gsize size = self->dtype == ESP_DTYPE_COMPLEX128 ? sizeof (double) : sizeof (float);
  guint64 end = offset + length; /* esp_storage_read() has checked it */
  guint8 *out = buffer, pairs[PIECE * 16], numbers[PIECE * sizeof (double)];

  while (offset < end)
    {
      guint64 first = offset / size;
      gsize n = (gsize) MIN ((end - 1) / size - first + 1, PIECE);
      gsize from = (gsize) (offset - first * size);
      gsize bytes = (gsize) MIN (n * size - from, end - offset);

      if (!esp_storage_read (self->stored, first * pair, n * pair, pairs, cancellable, error))
        return FALSE;
      convert (self, pairs, n, size, numbers);
      memcpy (out, numbers + from, bytes);
      out += bytes;
      offset += bytes;
    }
  return TRUE;
}

static void
parts_free (gpointer data)
{
  Parts *self = data;

  esp_storage_unref (self->stored);
  g_free (self);
}

static EspStorage *
parts_get_stored (gpointer data)
{
  return ((Parts *) data)->stored;
}

static const EspStorageFuncs parts_funcs = { parts_read, parts_free, parts_get_stored, FALSE };

gboolean
esp_tensor_is_complex (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return esp_dtype_get_info (esp_tensor_get_dtype (self))->kind == ESP_KIND_COMPLEX;
}

EspTensor *
esp_tensor_new_part (EspTensor *self, EspPart part, GError **error)
{
  g_autoptr (EspStorage) storage = NULL;
  g_autoptr (EspTensor) all = NULL;
  EspDtype dtype;
  gint64 elements;
  guint64 n;
  gsize size;
  Parts *parts;

  g_return_val_if_fail (self != NULL && esp_tensor_is_complex (self), NULL);
  g_return_val_if_fail (part < ESP_N_PARTS, NULL);

  if (!esp_tensor_check_readable (self, error))
    return NULL;
  dtype = esp_tensor_get_dtype (self) == ESP_DTYPE_COMPLEX128 ? ESP_DTYPE_FLOAT64
                                                              : ESP_DTYPE_FLOAT32;
  size = esp_dtype_get_info (dtype)->bits / 8;
  n = esp_storage_get_size (esp_tensor_get_storage (self)) /
      (esp_dtype_get_info (esp_tensor_get_dtype (self))->bits / 8);
  parts = g_new (Parts, 1);
  parts->stored = esp_storage_ref (esp_tensor_get_storage (self));
  parts->dtype = esp_tensor_get_dtype (self);
  parts->flags = esp_tensor_get_flags (self);
  parts->part = part;
  storage = esp_storage_new (&parts_funcs, parts,
                             esp_storage_get_id (esp_tensor_get_storage (self)), n * size);
  elements = (gint64) n;
  all = esp_tensor_new (dtype, esp_dtype_get_info (dtype)->name, &elements, 1, NULL, 0, 0, storage,
                        error);
  /* a slice may go backwards, which only a view can */
  return all != NULL
             ? esp_tensor_new_view (all, esp_tensor_get_shape (self), esp_tensor_get_ndim (self),
                                    esp_tensor_get_strides (self), esp_tensor_get_offset (self),
                                    error)
             : NULL;
}
