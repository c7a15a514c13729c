/* SPDX-License-Identifier: GPL-3.0-or-later */

/* TensorFlow's data types and the tensors that hold them. Types of less than a byte lie in a whole
 * one each, in its low bits: a storage of ours packs them as all our others are packed. */

#include "config.h"

#include "esp-tf-dtype.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-limits.h"

#include <glib/gi18n.h>

static const EspTfType types[] = {
  [1] = { "float32", ESP_DTYPE_FLOAT32, 32 },
  [2] = { "float64", ESP_DTYPE_FLOAT64, 64 },
  [3] = { "int32", ESP_DTYPE_INT32, 32 },
  [4] = { "uint8", ESP_DTYPE_UINT8, 8 },
  [5] = { "int16", ESP_DTYPE_INT16, 16 },
  [6] = { "int8", ESP_DTYPE_INT8, 8 },
  [ESP_TF_STRING] = { "string", ESP_DTYPE_RAW, 0 },
  [8] = { "complex64", ESP_DTYPE_COMPLEX64, 64 },
  [9] = { "int64", ESP_DTYPE_INT64, 64 },
  [10] = { "bool", ESP_DTYPE_BOOL, 8 },
  [11] = { "qint8", ESP_DTYPE_INT8, 8 },
  [12] = { "quint8", ESP_DTYPE_UINT8, 8 },
  [13] = { "qint32", ESP_DTYPE_INT32, 32 },
  [14] = { "bfloat16", ESP_DTYPE_BFLOAT16, 16 },
  [15] = { "qint16", ESP_DTYPE_INT16, 16 },
  [16] = { "quint16", ESP_DTYPE_UINT16, 16 },
  [17] = { "uint16", ESP_DTYPE_UINT16, 16 },
  [18] = { "complex128", ESP_DTYPE_COMPLEX128, 128 },
  [19] = { "float16", ESP_DTYPE_FLOAT16, 16 },
  [ESP_TF_RESOURCE] = { "resource", ESP_DTYPE_RAW, 0 },
  [ESP_TF_VARIANT] = { "variant", ESP_DTYPE_RAW, 0 },
  [22] = { "uint32", ESP_DTYPE_UINT32, 32 },
  [23] = { "uint64", ESP_DTYPE_UINT64, 64 },
  [24] = { "float8_e5m2", ESP_DTYPE_FLOAT8_E5M2, 8 },
  [25] = { "float8_e4m3fn", ESP_DTYPE_FLOAT8_E4M3FN, 8 },
  [26] = { "float8_e4m3fnuz", ESP_DTYPE_FLOAT8_E4M3FNUZ, 8 },
  [27] = { "float8_e4m3b11fnuz", ESP_DTYPE_RAW, 8 },
  [28] = { "float8_e5m2fnuz", ESP_DTYPE_FLOAT8_E5M2FNUZ, 8 },
  [29] = { "int4", ESP_DTYPE_INT4, 8 },
  [30] = { "uint4", ESP_DTYPE_UINT4, 8 },
  [31] = { "int2", ESP_DTYPE_INT2, 8 },
  [32] = { "uint2", ESP_DTYPE_UINT2, 8 },
  [33] = { "float4_e2m1fn", ESP_DTYPE_FLOAT4_E2M1, 8 },
};

#define REFERENCE 100 /* DT_FLOAT_REF is 101 */

const EspTfType *
esp_tf_type_get (gint32 number)
{
  if (number > REFERENCE)
    number -= REFERENCE;
  return number > 0 && (gsize) number < G_N_ELEMENTS (types) ? &types[number] : NULL;
}

const EspTfType *
esp_tf_type_require (gint32 number, GError **error)
{
  const EspTfType *type = esp_tf_type_get (number);

  if (type == NULL)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                 _ ("its data type has the number %d, which isn’t known"), number);
  else if (type == &types[ESP_TF_STRING])
    g_set_error_literal (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE,
                         _ ("its values are texts, not numbers"));
  else if (type->dtype == ESP_DTYPE_RAW && type->stored > 0)
    g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE,
                 _ ("its values are of type %s, which can’t be decoded"), type->name);
  else if (type->dtype == ESP_DTYPE_RAW)
    g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE,
                 _ ("its values are objects (%s), not numbers"), type->name);
  else
    return type;
  return NULL;
}

/* {{{ less than a byte */

typedef struct
{
  EspStorage *stored; /* one byte an element */
  guint bits;
} Packed;

static void
packed_free (gpointer data)
{
  Packed *self = data;

  esp_storage_unref (self->stored);
  g_free (self);
}

static EspStorage *
packed_get_stored (gpointer data)
{
  return ((Packed *) data)->stored;
}

static gboolean
packed_read (gpointer data,
             guint64 offset,
             gsize length,
             void *buffer,
             GCancellable *cancellable,
             GError **error)
{
  const Packed *self = data;
  guint64 size = esp_storage_get_size (self->stored);
  guint8 *out = buffer;
  guint per_byte = 8 / self->bits;
  guint8 mask = (guint8) ((1 << self->bits) - 1);
  guint8 bytes[4096];

  while (length > 0)
    {
      gsize n = MIN (length, sizeof bytes / per_byte);
      gsize wanted = (gsize) MIN (n * per_byte, size - offset * per_byte);

      if (!esp_storage_read (self->stored, offset * per_byte, wanted, bytes, cancellable, error))
        return FALSE;
      for (gsize i = 0; i < n; i++)
        out[i] = 0;
      for (gsize i = 0; i < wanted; i++)
        out[i / per_byte] |= (guint8) ((bytes[i] & mask) << (i % per_byte * self->bits));
      out += n;
      offset += n;
      length -= n;
    }
  return TRUE;
}

static const EspStorageFuncs packed_funcs = { packed_read, packed_free, packed_get_stored };

static EspStorage *
pack (EspStorage *stored, guint bits)
{
  Packed *self = g_new0 (Packed, 1);
  guint per_byte = 8 / bits;
  guint64 n = esp_storage_get_size (stored);

  self->stored = esp_storage_ref (stored);
  self->bits = bits;
  return esp_storage_new (&packed_funcs, self, esp_storage_get_id (stored),
                          n / per_byte + (n % per_byte != 0));
}

/* }}} */

EspTensor *
esp_tf_tensor_new (const EspTfType *type,
                   const gint64 *shape,
                   guint ndim,
                   EspTensorFlags flags,
                   EspStorage *storage,
                   GError **error)
{
  guint bits = esp_dtype_get_info (type->dtype)->bits;
  g_autoptr (EspStorage) packed = bits < type->stored ? pack (storage, bits)
                                                      : esp_storage_ref (storage);

  return esp_tensor_new (type->dtype, type->name, shape, ndim, NULL, 0, flags, packed, error);
}

EspTensor *
esp_tf_tensor_new_unreadable (gint32 number, const gint64 *shape, guint ndim, GError *reason)
{
  const EspTfType *type = esp_tf_type_get (number);
  g_autofree char *text = g_strdup_printf ("%d", number);

  return esp_tensor_new_unreadable (type != NULL ? type->dtype : ESP_DTYPE_RAW,
                                    type != NULL ? type->name : text, shape, ndim, reason);
}

gboolean
esp_tf_count_bytes (const EspTfType *type,
                    const gint64 *shape,
                    guint ndim,
                    guint64 *count,
                    guint64 *bytes,
                    GError **error)
{
  guint64 product = 1;
  gboolean empty = FALSE, fits = TRUE;

  for (guint i = 0; i < ndim && fits; i++)
    {
      empty = empty || shape[i] == 0;
      fits = shape[i] >= 0 && esp_mul_u64 (product, (guint64) MAX (shape[i], 1), &product);
    }
  if (fits && product <= G_MAXINT64 && esp_mul_u64 (product, type->stored / 8, bytes) &&
      *bytes <= G_MAXINT64)
    {
      *count = empty ? 0 : product;
      *bytes = empty ? 0 : *bytes;
      return TRUE;
    }
  g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                       _ ("its sizes are negative or too large"));
  return FALSE;
}
