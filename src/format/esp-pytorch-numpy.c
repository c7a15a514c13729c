/* SPDX-License-Identifier: GPL-3.0-or-later */

/* NumPy values in a pickle. Protocol 2 to 4:
 *
 *   numpy._core.multiarray._reconstruct (numpy.ndarray, (0,), b'b')
 *     BUILD (1, shape, dtype, Fortran order, bytes)
 *   numpy.dtype ('f4', False, True) BUILD (3, '<', None, None, None, -1, -1, 0)
 *   numpy._core.multiarray.scalar (dtype, bytes)
 *
 * and protocol 5: numpy._core.numeric._frombuffer (bytes, dtype, shape, 'C' or 'F'). Their bytes
 * lie in the pickle itself. */

#include "config.h"

#include "esp-pytorch-numpy.h"

#include "esp-decode.h"
#include "esp-error.h"
#include "esp-limits.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct
{
  const char *code;
  const char *native;
  EspDtype dtype;
} NumpyDtype;

static const NumpyDtype dtypes[] = {
  { "b1", "numpy.bool", ESP_DTYPE_BOOL },
  { "u1", "numpy.uint8", ESP_DTYPE_UINT8 },
  { "i1", "numpy.int8", ESP_DTYPE_INT8 },
  { "u2", "numpy.uint16", ESP_DTYPE_UINT16 },
  { "i2", "numpy.int16", ESP_DTYPE_INT16 },
  { "u4", "numpy.uint32", ESP_DTYPE_UINT32 },
  { "i4", "numpy.int32", ESP_DTYPE_INT32 },
  { "u8", "numpy.uint64", ESP_DTYPE_UINT64 },
  { "i8", "numpy.int64", ESP_DTYPE_INT64 },
  { "f2", "numpy.float16", ESP_DTYPE_FLOAT16 },
  { "f4", "numpy.float32", ESP_DTYPE_FLOAT32 },
  { "f8", "numpy.float64", ESP_DTYPE_FLOAT64 },
  { "c8", "numpy.complex64", ESP_DTYPE_COMPLEX64 },
  { "c16", "numpy.complex128", ESP_DTYPE_COMPLEX128 },
};

/* an array's or a scalar's parts */
typedef struct
{
  const NumpyDtype *dtype;
  gboolean big_endian;
  const EspPickleValue *shape; /* TUPLE; NULL for a scalar */
  const EspPickleValue *bytes;
  gboolean fortran;
} Parts;

static const NumpyDtype *
find_dtype (const EspPickleValue *value, gboolean *big_endian)
{
  const EspPickleValue *code;

  if (esp_pickle_value_get_callee_meaning (value) != ESP_MEANING_NUMPY_DTYPE)
    return NULL;
  code = esp_pickle_value_get_item (value->record->args, 0);
  *big_endian = esp_pickle_value_is_string (esp_pickle_value_get_item (value->state, 1), ">");
  for (gsize i = 0; i < G_N_ELEMENTS (dtypes); i++)
    if (esp_pickle_value_is_string (code, dtypes[i].code))
      return &dtypes[i];
  return NULL;
}

static gboolean
get_array_parts (const EspPickleValue *value, Parts *out)
{
  const EspPickleValue *state = value->state;
  const EspPickleValue *args;
  gint64 fortran = 0;

  switch (esp_pickle_value_get_callee_meaning (value))
    {
    case ESP_MEANING_NDARRAY:
      out->dtype = find_dtype (esp_pickle_value_get_item (state, 2), &out->big_endian);
      out->shape = esp_pickle_value_get_item (state, 1);
      out->bytes = esp_pickle_value_get_item (state, 4);
      esp_pickle_value_get_int (esp_pickle_value_get_item (state, 3), &fortran);
      break;
    case ESP_MEANING_FROM_BUFFER:
      args = value->record->args;
      out->bytes = esp_pickle_value_get_item (args, 0);
      out->dtype = find_dtype (esp_pickle_value_get_item (args, 1), &out->big_endian);
      out->shape = esp_pickle_value_get_item (args, 2);
      fortran = esp_pickle_value_is_string (esp_pickle_value_get_item (args, 3), "F");
      break;
    default:
      return FALSE;
    }
  out->fortran = fortran != 0;
  return out->dtype != NULL && out->shape != NULL && out->shape->kind == ESP_PICKLE_TUPLE &&
         out->bytes != NULL &&
         (out->bytes->kind == ESP_PICKLE_BYTES || out->bytes->kind == ESP_PICKLE_STRING);
}

gboolean
esp_pytorch_numpy_is_array (const EspPickleValue *value)
{
  Parts parts = { 0 };

  return get_array_parts (value, &parts);
}

static gboolean
read_shape (const EspPickleValue *tuple, gint64 *shape, guint *ndim, GError **error)
{
  guint n = tuple->items.n;
  gboolean good = n <= ESP_LIMIT_DIMS;

  for (guint i = 0; good && i < n; i++)
    good = esp_pickle_value_get_int (tuple->items.items[i], &shape[i]) && shape[i] >= 0;
  *ndim = good ? n : 0;
  if (!good)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("its shape isn’t a tuple of at most %d sizes"), ESP_LIMIT_DIMS);
  return good;
}

static void
fill_fortran_strides (const gint64 *shape, guint ndim, gint64 *strides)
{
  gint64 stride = 1;

  for (guint i = 0; i < ndim; i++)
    {
      strides[i] = stride;
      /* a product that overflows is found by the tensor, which multiplies the same sizes */
      if (__builtin_mul_overflow (stride, MAX (shape[i], 1), &stride))
        stride = 0;
    }
}

EspTensor *
esp_pytorch_numpy_read (const EspPickleValue *array,
                        EspPytorchBytesFunc get_storage,
                        gpointer user_data,
                        GError **error)
{
  g_autoptr (EspStorage) storage = NULL;
  g_autoptr (EspTensor) tensor = NULL;
  Parts parts = { 0 };
  gint64 shape[ESP_LIMIT_DIMS];
  gint64 strides[ESP_LIMIT_DIMS];
  guint ndim;

  if (!get_array_parts (array, &parts))
    g_return_val_if_reached (NULL);
  if (!read_shape (parts.shape, shape, &ndim, error))
    return NULL;
  fill_fortran_strides (shape, ndim, strides);
  storage = get_storage (parts.bytes, user_data);
  tensor = esp_tensor_new (parts.dtype->dtype, parts.dtype->native, shape, ndim,
                           parts.fortran ? strides : NULL, 0,
                           parts.big_endian ? ESP_TENSOR_BIG_ENDIAN : 0, storage, error);
  if (tensor == NULL)
    return NULL;
  if (esp_tensor_get_bytes (tensor) != parts.bytes->text.length)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("the array takes %" PRIu64 " bytes, but the pickle holds %zu"),
                   esp_tensor_get_bytes (tensor), parts.bytes->text.length);
      return NULL;
    }
  return g_steal_pointer (&tensor);
}

char *
esp_pytorch_numpy_scalar_to_text (const EspPickleValue *value)
{
  const NumpyDtype *dtype;
  const EspPickleValue *bytes;
  EspPickleValue number = { 0 };
  gboolean big_endian;
  const EspDtypeInfo *info;
  guint8 copy[16];

  if (esp_pickle_value_get_callee_meaning (value) != ESP_MEANING_NUMPY_SCALAR)
    return NULL;
  dtype = find_dtype (esp_pickle_value_get_item (value->record->args, 0), &big_endian);
  bytes = esp_pickle_value_get_item (value->record->args, 1);
  if (dtype == NULL || bytes == NULL)
    return NULL;
  info = esp_dtype_get_info (dtype->dtype);
  if ((bytes->kind != ESP_PICKLE_BYTES && bytes->kind != ESP_PICKLE_STRING) ||
      info->kind == ESP_KIND_COMPLEX || bytes->text.length != info->bits / 8)
    return NULL;
  memcpy (copy, bytes->text.bytes, bytes->text.length);
  if (big_endian)
    esp_decode_swap (dtype->dtype, copy, 1);
  if (info->kind == ESP_KIND_FLOAT)
    {
      number.kind = ESP_PICKLE_FLOAT;
      esp_decode_f64 (dtype->dtype, copy, 0, 1, &number.real);
    }
  else
    {
      gint64 integer;

      esp_decode_i64 (dtype->dtype, copy, 0, 1, &integer);
      if (dtype->dtype == ESP_DTYPE_UINT64)
        return g_strdup_printf ("%" PRIu64, (guint64) integer);
      if (info->kind == ESP_KIND_BOOL)
        return g_strdup (integer != 0 ? "True" : "False");
      number.kind = ESP_PICKLE_INT;
      number.integer = integer;
    }
  return esp_pickle_value_to_text (&number, 64);
}
