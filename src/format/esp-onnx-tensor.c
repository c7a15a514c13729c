/* SPDX-License-Identifier: GPL-3.0-or-later */

/* TensorProto: shape, type and where the values are, which is one of three places:
 *
 *   raw_data       little endian, packed, in the model's file: stays there
 *   *_data         a typed field, one number an entry or several to a byte (esp-proto-values.c)
 *   external_data  a range of a file beside the model
 *
 * Whatever is wrong with one tensor is its own: it becomes unreadable, and the others are not. */

#include "config.h"

#include "esp-onnx-tensor.h"

#include "esp-beside.h"
#include "esp-check.h"
#include "esp-error.h"
#include "esp-limits.h"
#include "esp-proto-values.h"
#include "esp-path.h"
#include "esp-source.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

enum
{
  TYPE_FLOAT = 1,
  TYPE_INT64 = 7,
  TYPE_STRING = 8,
};

typedef struct
{
  const char *name;
  EspDtype dtype;
  guint32 number; /* of its typed field */
  EspWireKind kind;
  guint bits; /* of an entry of that */
} Type;

#define IN_INT32 5, ESP_WIRE_VARINT
#define IN_INT64 7, ESP_WIRE_VARINT
#define IN_UINT64 11, ESP_WIRE_VARINT
#define IN_FLOAT 4, ESP_WIRE_FIXED32, 32
#define IN_DOUBLE 10, ESP_WIRE_FIXED64, 64

static const Type types[] = {
  [TYPE_FLOAT] = { "FLOAT", ESP_DTYPE_FLOAT32, IN_FLOAT },
  [2] = { "UINT8", ESP_DTYPE_UINT8, IN_INT32, 8 },
  [3] = { "INT8", ESP_DTYPE_INT8, IN_INT32, 8 },
  [4] = { "UINT16", ESP_DTYPE_UINT16, IN_INT32, 16 },
  [5] = { "INT16", ESP_DTYPE_INT16, IN_INT32, 16 },
  [6] = { "INT32", ESP_DTYPE_INT32, IN_INT32, 32 },
  [TYPE_INT64] = { "INT64", ESP_DTYPE_INT64, IN_INT64, 64 },
  [TYPE_STRING] = { "STRING", ESP_DTYPE_RAW, 6, ESP_WIRE_BYTES, 8 },
  [9] = { "BOOL", ESP_DTYPE_BOOL, IN_INT32, 8 },
  [10] = { "FLOAT16", ESP_DTYPE_FLOAT16, IN_INT32, 16 },
  [11] = { "DOUBLE", ESP_DTYPE_FLOAT64, IN_DOUBLE },
  [12] = { "UINT32", ESP_DTYPE_UINT32, IN_UINT64, 32 },
  [13] = { "UINT64", ESP_DTYPE_UINT64, IN_UINT64, 64 },
  [14] = { "COMPLEX64", ESP_DTYPE_COMPLEX64, IN_FLOAT },
  [15] = { "COMPLEX128", ESP_DTYPE_COMPLEX128, IN_DOUBLE },
  [16] = { "BFLOAT16", ESP_DTYPE_BFLOAT16, IN_INT32, 16 },
  [17] = { "FLOAT8E4M3FN", ESP_DTYPE_FLOAT8_E4M3FN, IN_INT32, 8 },
  [18] = { "FLOAT8E4M3FNUZ", ESP_DTYPE_FLOAT8_E4M3FNUZ, IN_INT32, 8 },
  [19] = { "FLOAT8E5M2", ESP_DTYPE_FLOAT8_E5M2, IN_INT32, 8 },
  [20] = { "FLOAT8E5M2FNUZ", ESP_DTYPE_FLOAT8_E5M2FNUZ, IN_INT32, 8 },
  [21] = { "UINT4", ESP_DTYPE_UINT4, IN_INT32, 8 },
  [22] = { "INT4", ESP_DTYPE_INT4, IN_INT32, 8 },
  [23] = { "FLOAT4E2M1", ESP_DTYPE_FLOAT4_E2M1, IN_INT32, 8 },
  [24] = { "FLOAT8E8M0", ESP_DTYPE_FLOAT8_E8M0FNU, IN_INT32, 8 },
  [25] = { "UINT2", ESP_DTYPE_UINT2, IN_INT32, 8 },
  [26] = { "INT2", ESP_DTYPE_INT2, IN_INT32, 8 },
  [27] = { "FLOAT6E2M3", ESP_DTYPE_FLOAT6_E2M3, IN_INT32, 6 },
  [28] = { "FLOAT6E3M2", ESP_DTYPE_FLOAT6_E3M2, IN_INT32, 6 },
};

/* what a TensorProto says */
typedef struct
{
  EspWireField message;
  char *name;
  gint64 shape[ESP_LIMIT_DIMS];
  guint ndim;
  guint64 n_dims; /* as they came */
  gboolean bad_dim;
  gint32 type;
  EspWireField raw; /* number 0 if there is none */
  guint32 fields;   /* bit n: field n is there */
  gboolean external;
  char *location, *offset, *length;
} Proto;

static void
proto_clear (Proto *self)
{
  g_free (self->name);
  g_free (self->location);
  g_free (self->offset);
  g_free (self->length);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Proto, proto_clear)

void
_esp_onnx_store_init (EspOnnxStore *self,
                      EspSource *source,
                      const char *path,
                      GCancellable *cancellable)
{
  memset (self, 0, sizeof *self);
  self->source = source;
  self->path = path;
  self->cancellable = cancellable;
  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                       (GDestroyNotify) esp_source_unref);
  self->storages = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                          (GDestroyNotify) esp_storage_unref);
}

void
_esp_onnx_store_clear (EspOnnxStore *self)
{
  g_clear_pointer (&self->beside, esp_beside_unref);
  g_clear_pointer (&self->files, g_hash_table_unref);
  g_clear_pointer (&self->storages, g_hash_table_unref);
}

char *
_esp_onnx_dup_shown (const char *text, gsize limit)
{
  g_autofree char *cut = g_strndup (text, limit);

  return g_utf8_validate (cut, -1, NULL) ? g_steal_pointer (&cut) : esp_path_escape (cut);
}

const char *
_esp_onnx_type_get_name (gint32 type)
{
  return type > 0 && (gsize) type < G_N_ELEMENTS (types) ? types[type].name : NULL;
}

/* {{{ reading the message */

typedef struct
{
  char *key, *value;
} Pair;

static gboolean
read_pair_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Pair *self = data;
  char **text = field->number == 1 ? &self->key : field->number == 2 ? &self->value : NULL;

  if (text == NULL || field->kind != ESP_WIRE_BYTES)
    return TRUE;
  g_free (*text);
  *text = esp_wire_dup_name (wire, field, error);
  return *text != NULL;
}

static gboolean
read_external (Proto *self, EspWire *wire, const EspWireField *field, GError **error)
{
  Pair pair = { 0 };
  gboolean read = esp_wire_foreach (wire, field, read_pair_field, &pair, error);
  char **slot = NULL;

  if (read && pair.key != NULL && pair.value != NULL)
    slot = strcmp (pair.key, "location") == 0 ? &self->location
           : strcmp (pair.key, "offset") == 0 ? &self->offset
           : strcmp (pair.key, "length") == 0 ? &self->length
                                              : NULL;
  if (slot != NULL)
    {
      g_free (*slot);
      *slot = g_steal_pointer (&pair.value);
    }
  g_free (pair.key);
  g_free (pair.value);
  return read;
}

static gboolean
read_dims (Proto *self, EspWire *wire, EspWireField field, GError **error)
{
  GError *failure = NULL;
  guint64 value;

  while (esp_wire_next_scalar (wire, &field, ESP_WIRE_VARINT, &value, &failure))
    {
      gint64 size = (gint64) value;

      self->n_dims++;
      self->bad_dim = self->bad_dim || size < 0;
      if (self->ndim < ESP_LIMIT_DIMS)
        self->shape[self->ndim++] = MAX (size, 0);
    }
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

static gboolean
read_proto_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Proto *self = data;
  gboolean is_bytes = field->kind == ESP_WIRE_BYTES;
  gboolean is_number = field->kind == ESP_WIRE_VARINT;

  if (field->number < 32)
    self->fields |= (guint32) 1 << field->number;
  if (field->number == 1)
    return read_dims (self, wire, *field, error);
  if (field->number == 2 && is_number)
    self->type = esp_wire_to_i32 (field->value);
  if (field->number == 14 && is_number)
    self->external = field->value == 1;
  if (field->number == 9 && is_bytes)
    self->raw = *field;
  if (field->number == 13 && is_bytes)
    return read_external (self, wire, field, error);
  if (field->number != 8 || !is_bytes)
    return TRUE;
  g_free (self->name);
  self->name = esp_wire_dup_name (wire, field, error);
  return self->name != NULL;
}

/* }}} */
/* {{{ finding the bytes */

static gboolean
check_shape (const Proto *self, const Type *type, guint64 *count, guint64 *bytes, GError **error)
{
  if (self->n_dims > ESP_LIMIT_DIMS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("it has %" PRIu64 " dimensions, more than the limit of %d"), self->n_dims,
                   ESP_LIMIT_DIMS);
      return FALSE;
    }
  *count = 1;
  for (guint i = 0; i < self->ndim && !self->bad_dim; i++)
    if (!esp_mul_u64 (*count, (guint64) MAX (self->shape[i], 1), count))
      *count = G_MAXUINT64;
  for (guint i = 0; i < self->ndim && *count != G_MAXUINT64; i++)
    if (self->shape[i] == 0)
      *count = 0;
  if (self->bad_dim || *count > G_MAXINT64 || !esp_dtype_get_size (type->dtype, *count, bytes))
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("its sizes are negative or too large"));
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_bytes (guint64 found, guint64 wanted, GError **error)
{
  if (found == wanted)
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("its shape and type take %" PRIu64 " bytes, but it has %" PRIu64), wanted, found);
  return FALSE;
}

static EspSource *
open_file (EspOnnxStore *store, const char *location, GError **error)
{
  EspSource *source = g_hash_table_lookup (store->files, location);

  if (source != NULL)
    return source;
  if (store->beside == NULL)
    store->beside = esp_beside_new_for_file (store->path, error);
  if (store->beside == NULL)
    return NULL;
  source = esp_beside_open (store->beside, location, ESP_BESIDE_LINKS, error);
  if (source != NULL)
    g_hash_table_insert (store->files, g_strdup (location), source);
  return source;
}

static gboolean
parse_number (const char *key, const char *text, guint64 otherwise, guint64 *out, GError **error)
{
  g_autofree char *shown = NULL;

  if (text == NULL)
    {
      *out = otherwise;
      return TRUE;
    }
  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, out, NULL))
    return TRUE;
  shown = _esp_onnx_dup_shown (text, 40);
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("the %s of its external data, “%s”, is no number"), key, shown);
  return FALSE;
}

static EspStorage *
find_external (const Proto *self,
               EspOnnxStore *store,
               guint64 bytes,
               const char *id,
               GError **error)
{
  EspSource *source;
  EspStorage *storage;
  char *key;
  guint64 offset, length, size;

  if (self->location == NULL)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("its data are in another file, which isn’t named"));
      return NULL;
    }
  source = open_file (store, self->location, error);
  if (source == NULL)
    return NULL;
  size = esp_source_get_size (source);
  if (!parse_number ("offset", self->offset, 0, &offset, error) ||
      !parse_number ("length", self->length, size - MIN (offset, size), &length, error) ||
      !check_bytes (length, bytes, error))
    return NULL;
  if (!esp_range_fits (offset, length, size))
    {
      g_autofree char *shown = _esp_onnx_dup_shown (self->location, 200);

      g_set_error (
          error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
          _ ("%" PRIu64 " bytes at %" PRIu64 " of “%s” were wanted, which has only %" PRIu64),
          length, offset, shown, size);
      return NULL;
    }
  key = g_strdup_printf ("%" PRIu64 " %" PRIu64 " %s", offset, length, self->location);
  storage = g_hash_table_lookup (store->storages, key);
  if (storage == NULL || length == 0)
    {
      storage = esp_storage_new_for_source (source, offset, length, id);
      g_hash_table_insert (store->storages, key, esp_storage_ref (storage));
      return storage;
    }
  g_free (key);
  return esp_storage_ref (storage);
}

/* how many entries of its typed field @count elements take */
static guint64
count_entries (const Type *type, guint64 count)
{
  guint bits = esp_dtype_get_info (type->dtype)->bits;

  if (bits >= type->bits)
    return count * (bits / type->bits);
  return count / (type->bits / bits) + (count % (type->bits / bits) != 0);
}

static EspStorage *
find_typed (const Proto *self,
            const Type *type,
            EspOnnxStore *store,
            guint64 count,
            const char *id,
            GError **error)
{
  guint64 n, wanted = count_entries (type, count);
  EspStorage *storage = esp_proto_values_new (store->source, self->message.offset,
                                              self->message.length, type->number, type->kind,
                                              type->bits, id, &n, store->cancellable, error);

  if (storage == NULL || n == wanted)
    return storage;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("its shape and type take %" PRIu64 " entries, but it has %" PRIu64), wanted, n);
  esp_storage_unref (storage);
  return NULL;
}

static EspStorage *
find_bytes (const Proto *self,
            const Type *type,
            EspOnnxStore *store,
            guint64 count,
            guint64 bytes,
            GError **error)
{
  char id[16];

  g_snprintf (id, sizeof id, "%u", store->n_tensors++);
  if (self->fields & 1 << 3)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                           _ ("it is one segment of a tensor, which ONNX gave up"));
      return NULL;
    }
  if (self->external)
    return find_external (self, store, bytes, id, error);
  if (self->raw.number == 0 || (self->raw.length == 0 && self->fields & 1 << type->number))
    return find_typed (self, type, store, count, id, error);
  if (!check_bytes (self->raw.length, bytes, error))
    return NULL;
  return esp_storage_new_for_source (store->source, self->raw.offset, self->raw.length, id);
}

/* }}} */

static const Type *
find_type (gint32 number, GError **error)
{
  if (number == TYPE_STRING)
    g_set_error_literal (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE,
                         _ ("its values are texts, not numbers"));
  else if (_esp_onnx_type_get_name (number) == NULL)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                 _ ("its data type has the number %d, which isn’t known"), number);
  else
    return &types[number];
  return NULL;
}

static EspTensor *
make_tensor (const Proto *proto, EspOnnxStore *store, GError **error)
{
  const Type *type = find_type (proto->type, error);
  g_autoptr (EspStorage) storage = NULL;
  guint64 count, bytes;

  if (type == NULL || !check_shape (proto, type, &count, &bytes, error))
    return NULL;
  storage = find_bytes (proto, type, store, count, bytes, error);
  if (storage == NULL)
    return NULL;
  return esp_tensor_new (type->dtype, type->name, proto->shape, proto->ndim, NULL, 0, 0, storage,
                         error);
}

/* takes @reason */
static EspTensor *
make_unreadable (const Proto *proto, GError *reason)
{
  const char *name = _esp_onnx_type_get_name (proto->type);
  g_autofree char *number = g_strdup_printf ("%d", proto->type);

  return esp_tensor_new_unreadable (name != NULL ? types[proto->type].dtype : ESP_DTYPE_RAW,
                                    name != NULL ? name : number, proto->shape, proto->ndim,
                                    reason);
}

static EspTensor *
finish (const Proto *proto, EspOnnxStore *store, GError *reason, GError **error)
{
  EspTensor *tensor = reason == NULL ? make_tensor (proto, store, &reason) : NULL;

  if (tensor != NULL)
    return tensor;
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, reason);
      return NULL;
    }
  return make_unreadable (proto, reason);
}

EspTensor *
_esp_onnx_tensor_read (EspOnnxStore *store,
                       EspWire *wire,
                       const EspWireField *message,
                       char **name,
                       GError **error)
{
  g_auto (Proto) proto = { .message = *message };
  guint depth = wire->depth;
  GError *reason = NULL;
  EspTensor *tensor;

  esp_wire_foreach (wire, message, read_proto_field, &proto, &reason);
  while (wire->depth > depth) /* it broke off */
    esp_wire_leave (wire);
  tensor = finish (&proto, store, reason, error);
  *name = proto.name != NULL ? g_steal_pointer (&proto.name) : g_strdup ("");
  return tensor;
}

/* {{{ values of attributes */

static const Type *
find_attribute_type (guint32 number)
{
  static const Type attributes[] = {
    { "FLOAT", ESP_DTYPE_FLOAT32, 2, ESP_WIRE_FIXED32, 32 },
    { "FLOAT", ESP_DTYPE_FLOAT32, 7, ESP_WIRE_FIXED32, 32 },
    { "INT64", ESP_DTYPE_INT64, 3, ESP_WIRE_VARINT, 64 },
    { "INT64", ESP_DTYPE_INT64, 8, ESP_WIRE_VARINT, 64 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (attributes); i++)
    if (attributes[i].number == number)
      return &attributes[i];
  return NULL;
}

/* how often the field stands in the message */
static gboolean
count_field (EspWire *wire, const EspWireField *message, guint32 number, gint64 *n, GError **error)
{
  GError *failure = NULL;
  EspWireField field;

  *n = 0;
  if (!esp_wire_enter (wire, message, error))
    return FALSE;
  while (esp_wire_next (wire, &field, &failure))
    *n += field.number == number;
  esp_wire_leave (wire);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

EspTensor *
_esp_onnx_tensor_read_attribute (EspOnnxStore *store,
                                 EspWire *wire,
                                 const EspWireField *message,
                                 guint32 number,
                                 gboolean list,
                                 GError **error)
{
  const Type *type = find_attribute_type (number);
  g_auto (Proto) proto = { .message = *message };
  g_autoptr (EspStorage) storage = NULL;
  GError *reason = NULL;
  guint64 n = 0;

  proto.type = TYPE_STRING;
  proto.ndim = list ? 1 : 0;
  if (type == NULL)
    {
      count_field (wire, message, number, &proto.shape[0], &reason);
      return finish (&proto, store, reason, error);
    }
  proto.type = type->dtype == ESP_DTYPE_INT64 ? TYPE_INT64 : TYPE_FLOAT;
  storage = esp_proto_values_new (store->source, message->offset, message->length, number,
                                  type->kind, type->bits, "constant", &n, store->cancellable,
                                  &reason);
  proto.shape[0] = (gint64) n;
  if (storage != NULL && !list && n != 1)
    g_set_error (&reason, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("its shape and type take %" PRIu64 " entries, but it has %" PRIu64),
                 (guint64) 1, n);
  if (reason != NULL)
    return finish (&proto, store, reason, error);
  return esp_tensor_new (type->dtype, type->name, proto.shape, proto.ndim, NULL, 0, 0, storage,
                         error);
}

/* }}} */
