/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Data sets as tensors. What lies in one piece is a range of the file and is read without the HDF5
 * library; chunks and the rest go through esp-hdf5-chunks. */

#include "config.h"

#include "esp-hdf5-dataset.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#include "esp-check.h"
#include "esp-error.h"
#include "esp-hdf5-chunks.h"
#include "esp-hdf5-reason.h"

/* {{{ the frame */

gboolean
esp_hdf5_read_text (EspCursor *payload, char **out, GError **error)
{
  const guint8 *bytes;
  guint32 n;

  if (!esp_cursor_read_u32 (payload, &n, error) ||
      !esp_cursor_read_bytes (payload, n, &bytes, error))
    return FALSE;
  *out = g_utf8_make_valid ((const char *) bytes, n);
  return TRUE;
}

static gboolean
set_nonsense (const char *what, GError **error)
{
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("the HDF5 library’s answer makes no sense: %s"), what);
  return FALSE;
}

static gboolean
read_numbers (EspCursor *payload, guint32 **out, guint n, GError **error)
{
  for (guint i = 0; i < n; i++)
    if (!esp_cursor_read_u32 (payload, out[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
parse_type (EspCursor *payload, EspHdf5Type *type, GError **error)
{
  guint32 *fields[] = { &type->precision,     &type->offset,   &type->sign,         &type->exponent,
                        &type->exponent_bits, &type->mantissa, &type->mantissa_bits };

  if (!esp_cursor_read_u8 (payload, &type->class, error) ||
      !esp_cursor_read_u8 (payload, &type->is_signed, error) ||
      !esp_cursor_read_u8 (payload, &type->order, error) ||
      !esp_cursor_read_u8 (payload, &type->is_odd, error) ||
      !esp_cursor_read_u32 (payload, &type->size, error) ||
      !esp_hdf5_read_text (payload, &type->tag, error) ||
      !read_numbers (payload, fields, G_N_ELEMENTS (fields), error) ||
      !esp_cursor_read_u64 (payload, &type->bias, error) ||
      !esp_cursor_read_u8 (payload, &type->hidden_bit, error))
    return FALSE;
  if (type->class >= ESP_HDF5_N_CLASSES || type->order > ESP_HDF5_OTHER_ENDIAN || type->size == 0)
    return set_nonsense ("type", error);
  return TRUE;
}

static gboolean
parse_axes (EspCursor *payload, gint64 *axes, guint n, gint64 least, GError **error)
{
  for (guint i = 0; i < n; i++)
    {
      guint64 length;

      if (!esp_cursor_read_u64 (payload, &length, error))
        return FALSE;
      if (length > G_MAXINT64 || (gint64) length < least)
        return set_nonsense ("shape", error);
      axes[i] = (gint64) length;
    }
  return TRUE;
}

static gboolean
parse_shape (EspCursor *payload, EspHdf5Dataset *self, GError **error)
{
  guint32 n_axes, ndim;

  if (!esp_cursor_read_u32 (payload, &n_axes, error) ||
      !esp_cursor_read_u32 (payload, &ndim, error))
    return FALSE;
  if (ndim > ESP_HDF5_DIMS || n_axes > ndim)
    return set_nonsense ("axes", error);
  self->n_axes = n_axes;
  self->ndim = ndim;
  return parse_axes (payload, self->shape, ndim, 0, error);
}

static gboolean
parse_filters (EspCursor *payload, EspHdf5Dataset *self, GError **error)
{
  guint32 n;

  if (!esp_cursor_read_u32 (payload, &n, error))
    return FALSE;
  if (n > ESP_HDF5_FILTERS)
    return set_nonsense ("filters", error);
  self->n_filters = n;
  for (guint i = 0; i < n; i++)
    {
      EspHdf5Filter *filter = &self->filters[i];

      if (!esp_cursor_read_u32 (payload, &filter->id, error) ||
          !esp_cursor_read_u32 (payload, &filter->n_values, error))
        return FALSE;
      if (filter->n_values > G_N_ELEMENTS (filter->values))
        return set_nonsense ("filter", error);
      for (guint j = 0; j < filter->n_values; j++)
        if (!esp_cursor_read_u32 (payload, &filter->values[j], error))
          return FALSE;
    }
  return TRUE;
}

static gboolean
parse_fill (EspCursor *payload, EspHdf5Dataset *self, GError **error)
{
  const guint8 *fill;
  guint32 n;

  if (!esp_cursor_read_u32 (payload, &n, error))
    return FALSE;
  if (n > sizeof self->fill)
    return set_nonsense ("fill value", error);
  if (!esp_cursor_read_bytes (payload, n, &fill, error))
    return FALSE;
  self->n_fill = n;
  if (n > 0)
    memcpy (self->fill, fill, n);
  return TRUE;
}

static gboolean
parse_layout (EspCursor *payload, EspHdf5Dataset *self, GError **error)
{
  guint8 edges;
  guint32 n;

  if (!esp_cursor_read_u8 (payload, &self->layout, error) ||
      !esp_cursor_read_u64 (payload, &self->address, error) ||
      !esp_cursor_read_u64 (payload, &self->stored, error) ||
      !esp_cursor_read_u32 (payload, &n, error))
    return FALSE;
  if (self->layout >= ESP_HDF5_N_LAYOUTS ||
      n != (self->layout == ESP_HDF5_LAYOUT_CHUNKED ? self->n_axes : 0) ||
      (self->layout == ESP_HDF5_LAYOUT_CHUNKED && n == 0))
    return set_nonsense ("layout", error);
  if (!parse_axes (payload, self->chunk, n, 1, error) ||
      !esp_cursor_read_u8 (payload, &edges, error))
    return FALSE;
  self->edges_unfiltered = edges != 0;
  return parse_filters (payload, self, error) && parse_fill (payload, self, error);
}

EspHdf5Dataset *
esp_hdf5_dataset_parse (EspCursor *payload, guint64 object, GError **error)
{
  g_autoptr (EspHdf5Dataset) self = g_new0 (EspHdf5Dataset, 1);
  g_autofree char *detail = NULL;
  guint16 reason;

  self->object = object;
  self->address = ESP_HDF5_NOWHERE;
  if (!esp_cursor_read_u16 (payload, &reason, error) ||
      !esp_hdf5_read_text (payload, &detail, error))
    return NULL;
  if (reason != ESP_HDF5_FINE)
    self->reason = esp_hdf5_reason_to_error (reason, detail);
  else if (!parse_type (payload, &self->type, error) || !parse_shape (payload, self, error) ||
           !parse_layout (payload, self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
esp_hdf5_dataset_free (EspHdf5Dataset *self)
{
  g_clear_error (&self->reason);
  g_free (self->type.tag);
  g_free (self);
}

/* }}} */
/* {{{ what an element is */

typedef struct
{
  EspDtype dtype;
  char native[32]; /* NumPy's word, as h5py has it */
  gboolean big_endian;
  gboolean convert; /* the library makes 64-bit numbers of it */
} Element;

typedef struct
{
  EspDtype dtype;
  const char *native;
  guint32 size, exponent_bits, mantissa_bits;
  guint64 bias;
} FloatRow;

/* one sign bit above the exponent above the mantissa, with a hidden bit */
static const FloatRow floats[] = {
  { ESP_DTYPE_FLOAT16, "float16", 2, 5, 10, 15 },
  { ESP_DTYPE_BFLOAT16, "bfloat16", 2, 8, 7, 127 },
  { ESP_DTYPE_FLOAT32, "float32", 4, 8, 23, 127 },
  { ESP_DTYPE_FLOAT64, "float64", 8, 11, 52, 1023 },
  { ESP_DTYPE_FLOAT8_E4M3FN, "float8_e4m3fn", 1, 4, 3, 7 },
  { ESP_DTYPE_FLOAT8_E5M2, "float8_e5m2", 1, 5, 2, 15 },
};

static const FloatRow *
find_float (const EspHdf5Type *type, guint32 size)
{
  guint32 bits = 8 * size;

  for (guint i = 0; i < G_N_ELEMENTS (floats); i++)
    {
      const FloatRow *row = &floats[i];

      if (row->size == size && type->precision == bits && type->offset == 0 &&
          type->order != ESP_HDF5_OTHER_ENDIAN && type->sign == bits - 1 &&
          type->exponent == row->mantissa_bits && type->exponent_bits == row->exponent_bits &&
          type->mantissa == 0 && type->mantissa_bits == row->mantissa_bits &&
          type->bias == row->bias && type->hidden_bit)
        return row;
    }
  return NULL;
}

static void
set_native (Element *out, const char *word, guint bits)
{
  g_snprintf (out->native, sizeof out->native, "%s%u", word, bits);
}

static gboolean
choose_int (const EspHdf5Type *type, Element *out)
{
  static const EspDtype dtypes[2][4] = {
    { ESP_DTYPE_UINT8, ESP_DTYPE_UINT16, ESP_DTYPE_UINT32, ESP_DTYPE_UINT64 },
    { ESP_DTYPE_INT8, ESP_DTYPE_INT16, ESP_DTYPE_INT32, ESP_DTYPE_INT64 },
  };
  gboolean sign = type->is_signed != 0;
  gboolean whole = type->precision == 8 * type->size && type->offset == 0 &&
                   type->order != ESP_HDF5_OTHER_ENDIAN;

  set_native (out, sign ? "int" : "uint", type->precision);
  for (guint i = 0; i < 4; i++)
    if (whole && type->size == 1u << i)
      {
        out->dtype = dtypes[sign][i];
        return TRUE;
      }
  out->dtype = dtypes[sign][3];
  out->convert = TRUE;
  return type->precision >= 1 && type->precision <= 64;
}

static gboolean
choose_float (const EspHdf5Type *type, Element *out)
{
  const FloatRow *row = find_float (type, type->size);

  if (row != NULL)
    {
      out->dtype = row->dtype;
      g_strlcpy (out->native, row->native, sizeof out->native);
      return TRUE;
    }
  out->dtype = ESP_DTYPE_FLOAT64;
  out->convert = TRUE;
  set_native (out, "float", type->precision);
  return TRUE;
}

static gboolean
choose_complex (const EspHdf5Type *type, Element *out)
{
  const FloatRow *half = find_float (type, type->size / 2);

  set_native (out, "complex", 8 * type->size);
  if (half == NULL || type->size % 2 != 0)
    return FALSE;
  out->dtype = half->dtype == ESP_DTYPE_FLOAT16   ? ESP_DTYPE_COMPLEX32
               : half->dtype == ESP_DTYPE_FLOAT32 ? ESP_DTYPE_COMPLEX64
               : half->dtype == ESP_DTYPE_FLOAT64 ? ESP_DTYPE_COMPLEX128
                                                  : ESP_DTYPE_INVALID;
  return out->dtype != ESP_DTYPE_INVALID;
}

/* Keras stores bfloat16 as opaque bytes and says so beside them */
static gboolean
choose_opaque (const EspHdf5Type *type, const char *told_dtype, Element *out)
{
  set_native (out, "|V", type->size);
  if (type->size != 2 || g_strcmp0 (told_dtype, "bfloat16") != 0)
    return FALSE;
  g_strlcpy (out->native, "bfloat16", sizeof out->native);
  out->dtype = ESP_DTYPE_BFLOAT16;
  return TRUE;
}

/* what isn't a number, as NumPy calls it */
static void
name_other (const EspHdf5Type *type, Element *out)
{
  if (type->class == ESP_HDF5_CLASS_STRING && type->precision > 0)
    set_native (out, "|S", type->size);
  else if (type->class == ESP_HDF5_CLASS_COMPOUND)
    set_native (out, "|V", type->size);
  else
    g_strlcpy (out->native, "object", sizeof out->native);
}

static GError *
make_type_error (const EspHdf5Type *type)
{
  const char *sentence;

  switch (type->class)
    {
    case ESP_HDF5_CLASS_STRING:
      sentence = _ ("this is text, not numbers");
      break;
    case ESP_HDF5_CLASS_COMPOUND:
      sentence = _ ("each element is a record of several values, which can’t be shown");
      break;
    case ESP_HDF5_CLASS_VLEN:
      sentence = _ ("each element is a list of its own length, which can’t be shown");
      break;
    case ESP_HDF5_CLASS_REFERENCE:
      sentence = _ ("these are references to other places of the file, not numbers");
      break;
    case ESP_HDF5_CLASS_OPAQUE:
      sentence = _ ("these are opaque bytes; the file doesn’t say what numbers they are");
      break;
    default:
      sentence = _ ("these are numbers of a type that can’t be shown");
    }
  return g_error_new_literal (ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED, sentence);
}

static gboolean
choose_element (const EspHdf5Type *type, const char *told_dtype, Element *out)
{
  memset (out, 0, sizeof *out);
  out->big_endian = type->order == ESP_HDF5_BIG_ENDIAN;
  switch (type->class)
    {
    case ESP_HDF5_CLASS_INT:
      return choose_int (type, out);
    case ESP_HDF5_CLASS_FLOAT:
      return choose_float (type, out);
    case ESP_HDF5_CLASS_BOOL:
      out->dtype = ESP_DTYPE_BOOL;
      g_strlcpy (out->native, "bool", sizeof out->native);
      return type->size == 1;
    case ESP_HDF5_CLASS_COMPLEX:
      return choose_complex (type, out);
    case ESP_HDF5_CLASS_OPAQUE:
      out->big_endian = FALSE;
      return choose_opaque (type, told_dtype, out);
    default:
      name_other (type, out);
      return FALSE;
    }
}

/* }}} */
/* {{{ tensors */

static gboolean
count_bytes (const EspHdf5Dataset *self, guint64 size, guint64 *bytes)
{
  gboolean empty = FALSE;

  *bytes = size;
  for (guint i = 0; i < self->ndim; i++)
    {
      empty = empty || self->shape[i] == 0;
      if (!esp_mul_u64 (*bytes, (guint64) MAX (self->shape[i], 1), bytes) || *bytes > G_MAXINT64)
        return FALSE;
    }
  if (empty)
    *bytes = 0;
  return TRUE;
}

/* a few bytes can declare any shape: what isn't stored must not keep anybody busy for days */
static gboolean
check_ratio (const EspHdf5Dataset *self, guint64 bytes, GError **error)
{
  if (bytes <= ESP_LIMIT_HDF5_RATIO_BYTES || bytes / ESP_LIMIT_ZIP_RATIO <= self->stored)
    return TRUE;
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
               _ ("its shape has %" PRIu64 " bytes of values, of which the file stores %" PRIu64),
               bytes, self->stored);
  return FALSE;
}

static EspStorage *
make_range (const EspHdf5Dataset *self,
            EspHdf5Process *process,
            guint64 bytes,
            const char *id,
            GError **error)
{
  EspSource *source = esp_hdf5_process_get_source (process);

  if (!esp_range_fits (self->address, bytes, esp_source_get_size (source)))
    {
      g_set_error (
          error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_TRUNCATED,
          _ ("%" PRIu64 " bytes at offset %" PRIu64 " end beyond the file (%" PRIu64 " bytes)"),
          bytes, self->address, esp_source_get_size (source));
      return NULL;
    }
  if (self->stored < bytes)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("its shape takes %" PRIu64 " bytes, and %" PRIu64 " are stored"), bytes,
                   self->stored);
      return NULL;
    }
  return esp_storage_new_for_source (source, self->address, bytes, id);
}

static EspStorage *
make_storage (const EspHdf5Dataset *self,
              EspHdf5Process *process,
              const Element *element,
              const char *id,
              GError **error)
{
  guint64 size = element->convert ? 8 : self->type.size;
  guint64 bytes;

  if (!count_bytes (self, size, &bytes))
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("its shape has more bytes than 64 bits can count"));
      return NULL;
    }
  if (bytes > 0 && self->layout == ESP_HDF5_LAYOUT_CONTIGUOUS && !element->convert &&
      self->address != ESP_HDF5_NOWHERE)
    return make_range (self, process, bytes, id, error);
  if (!check_ratio (self, bytes, error))
    return NULL;
  return esp_hdf5_chunks_new_storage (self, process, element->convert, bytes, id, error);
}

EspTensor *
esp_hdf5_dataset_make_tensor (const EspHdf5Dataset *self,
                              EspHdf5Process *process,
                              const char *told_dtype,
                              const char *id)
{
  g_autoptr (EspStorage) storage = NULL;
  EspTensor *tensor = NULL;
  GError *reason = NULL;
  Element element = { 0 };

  g_return_val_if_fail (self != NULL && process != NULL, NULL);

  if (self->reason != NULL)
    reason = g_error_copy (self->reason);
  else if (!choose_element (&self->type, told_dtype, &element))
    reason = make_type_error (&self->type);
  else
    storage = make_storage (self, process, &element, id, &reason);
  if (storage != NULL)
    tensor = esp_tensor_new (element.dtype, element.native, self->shape, self->ndim, NULL, 0,
                             element.big_endian && !element.convert ? ESP_TENSOR_BIG_ENDIAN : 0,
                             storage, &reason);
  if (tensor == NULL)
    tensor = esp_tensor_new_unreadable (element.dtype != ESP_DTYPE_INVALID ? element.dtype
                                                                           : ESP_DTYPE_RAW,
                                        element.native, self->shape, self->ndim, reason);
  return tensor;
}

/* }}} */
