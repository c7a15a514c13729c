/* SPDX-License-Identifier: GPL-3.0-or-later */

/* TensorProto:
 *
 *   1 type, 2 shape, 4 tensor_content: the bytes in C order, or
 *   5 float_val, 6 double_val, 7 int_val (of up to 32 bits), 8 string_val, 9 scomplex_val,
 *   10 int64_val, 11 bool_val, 12 dcomplex_val, 13 half_val (bfloat16, too), 16 uint32_val,
 *   17 uint64_val, 18 float8_val
 *
 * where the last value stands for all that are missing. In content, types of less than a byte have
 * a byte each. */

#include "config.h"

#include "esp-tf-proto.h"

#include "esp-error.h"
#include "esp-limits.h"
#include "esp-proto-values.h"
#include "esp-tf-slice.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

G_STATIC_ASSERT (G_N_ELEMENTS (((EspTfProto *) NULL)->shape) == ESP_LIMIT_DIMS);

/* elements; some bytes can say any number of them, and nobody waits for a scan of more */
#define FILLED_MAX ((guint64) 1 << 32)

/* {{{ the message */

static gboolean
read_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  EspTfProto *self = data;

  if (field->kind == ESP_WIRE_VARINT && field->number == 1)
    self->type = esp_wire_to_i32 (field->value);
  if (field->kind == ESP_WIRE_BYTES &&
      (field->number == 4 || (field->number == 18 && self->content.number == 0)))
    self->content = *field;
  if (field->kind == ESP_WIRE_BYTES && field->number == 2)
    return esp_tf_shape_read (self->shape, &self->ndim, wire, field, error);
  return TRUE;
}

gboolean
esp_tf_proto_read (EspTfProto *self, EspWire *wire, const EspWireField *field, GError **error)
{
  memset (self, 0, sizeof *self);
  self->message = *field;
  return esp_wire_foreach (wire, field, read_field, self, error);
}

/* }}} */
/* {{{ the last value for all that are missing */

typedef struct
{
  EspStorage *values; /* one element or more */
  gsize element;      /* bytes */
} Filled;

static void
filled_free (gpointer data)
{
  Filled *self = data;

  esp_storage_unref (self->values);
  g_free (self);
}

static gboolean
filled_read (gpointer data,
             guint64 offset,
             gsize length,
             void *buffer,
             GCancellable *cancellable,
             GError **error)
{
  const Filled *self = data;
  guint64 size = esp_storage_get_size (self->values);
  gsize n = offset < size ? (gsize) MIN (length, size - offset) : 0;
  guint8 last[16];
  guint8 *out = buffer;

  if (!esp_storage_read (self->values, n > 0 ? offset : 0, n, out, cancellable, error) ||
      !esp_storage_read (self->values, size - self->element, self->element, last, cancellable,
                         error))
    return FALSE;
  for (; n < length; n++)
    out[n] = last[(offset + n) % self->element];
  return TRUE;
}

static const EspStorageFuncs filled_funcs = { filled_read, filled_free };

/* }}} */
/* {{{ values */

/* the field that holds values of a type, and the bits of one of its entries */
static guint32
find_field (EspDtype dtype, EspWireKind *kind, guint *bits)
{
  *bits = esp_dtype_get_info (dtype)->bits;
  *kind = ESP_WIRE_VARINT;
  switch (dtype)
    {
    case ESP_DTYPE_FLOAT32:
    case ESP_DTYPE_COMPLEX64:
      *kind = ESP_WIRE_FIXED32;
      *bits = 32;
      return dtype == ESP_DTYPE_FLOAT32 ? 5 : 9;
    case ESP_DTYPE_FLOAT64:
    case ESP_DTYPE_COMPLEX128:
      *kind = ESP_WIRE_FIXED64;
      *bits = 64;
      return dtype == ESP_DTYPE_FLOAT64 ? 6 : 12;
    case ESP_DTYPE_INT64:
      return 10;
    case ESP_DTYPE_BOOL:
      return 11;
    case ESP_DTYPE_FLOAT16:
    case ESP_DTYPE_BFLOAT16:
      return 13;
    case ESP_DTYPE_UINT32:
      return 16;
    case ESP_DTYPE_UINT64:
      return 17;
    default:
      *bits = MAX (*bits, 8);
      return 7;
    }
}

static EspStorage *
find_typed (const EspTfProto *self,
            EspSource *source,
            const EspTfType *type,
            guint64 count,
            gboolean fill,
            const char *id,
            GCancellable *cancellable,
            GError **error)
{
  EspWireKind kind;
  guint bits, per_element;
  guint32 number = find_field (type->dtype, &kind, &bits);
  g_autoptr (EspStorage) values = NULL;
  guint64 found;
  Filled *filled;

  values = esp_proto_values_new (source, self->message.offset, self->message.length, number, kind,
                                 bits, id, &found, cancellable, error);
  if (values == NULL)
    return NULL;
  per_element = MAX (type->stored / bits, 1);
  if (found == count * per_element)
    return g_steal_pointer (&values);
  if (fill && count > FILLED_MAX && found > 0 && found < count * per_element)
    {
      g_set_error (
          error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
          _ ("its last value stands for %" PRIu64 " elements, more than the limit of %" PRIu64),
          count, FILLED_MAX);
      return NULL;
    }
  if (!fill || found == 0 || found > count * per_element || found % per_element != 0)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("its shape and type take %" PRIu64 " entries, but it has %" PRIu64),
                   count * per_element, found);
      return NULL;
    }
  filled = g_new0 (Filled, 1);
  filled->values = g_steal_pointer (&values);
  filled->element = type->stored / 8;
  return esp_storage_new (&filled_funcs, filled, id, count * filled->element);
}

EspStorage *
esp_tf_proto_find_values (const EspTfProto *self,
                          EspSource *source,
                          const EspTfType *type,
                          guint64 count,
                          gboolean fill,
                          const char *id,
                          GCancellable *cancellable,
                          GError **error)
{
  guint64 bytes = count * (type->stored / 8);

  if (self->content.number == 0 || (self->content.length == 0 && bytes > 0))
    return find_typed (self, source, type, count, fill, id, cancellable, error);
  if (self->content.length == bytes)
    return esp_storage_new_for_source (source, self->content.offset, bytes, id);
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("its shape and type take %" PRIu64 " bytes, but it has %" PRIu64), bytes,
               self->content.length);
  return NULL;
}

/* }}} */

static EspTensor *
make_tensor (const EspTfProto *self,
             EspSource *source,
             const char *id,
             GCancellable *cancellable,
             GError **error)
{
  const EspTfType *type = esp_tf_type_require (self->type, error);
  g_autoptr (EspStorage) storage = NULL;
  guint64 count, bytes;

  if (type == NULL || !esp_tf_count_bytes (type, self->shape, self->ndim, &count, &bytes, error))
    return NULL;
  storage = esp_tf_proto_find_values (self, source, type, count, TRUE, id, cancellable, error);
  if (storage == NULL)
    return NULL;
  return esp_tf_tensor_new (type, self->shape, self->ndim, 0, storage, error);
}

EspTensor *
esp_tf_proto_make_tensor (const EspTfProto *self,
                          EspSource *source,
                          const char *id,
                          GCancellable *cancellable,
                          GError **error)
{
  GError *reason = NULL;
  EspTensor *tensor = make_tensor (self, source, id, cancellable, &reason);
  gint64 shape[ESP_LIMIT_DIMS];

  if (tensor != NULL)
    return tensor;
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, reason);
      return NULL;
    }
  for (guint i = 0; i < self->ndim; i++)
    shape[i] = MAX (self->shape[i], 0);
  return esp_tf_tensor_new_unreadable (self->type, shape, self->ndim, reason);
}
