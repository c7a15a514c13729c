/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Values of a tensor -> bytes, CSV or a NumPy file. In: a view of any type and layout. Out: a
 * stream; memory doesn't grow with the tensor, except for packed types as native bytes, which are
 * read whole. What NumPy has no type for (bfloat16, float8, quantised values) becomes float32.
 *
 *   npy: 93 "NUMPY" 1 0 [length: u16] "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
 *        padded with spaces and a newline so that the values begin at a multiple of 64 */

#include "config.h"

#include "esp-export-private.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "esp-decode.h"
#include "esp-error.h"
#include "esp-number.h"

#define CHUNK 65536

/* by what a value goes through on its way */
typedef enum
{
  BY_F32,
  BY_F64,
  BY_I64,
} Way;

/* what an element is in an npy file, and how to make its @size bytes from the decoded number */
typedef struct
{
  const char *descr;
  Way way;
  guint size; /* bytes of one number */
} NpyType;

typedef struct
{
  EspTensor *tensor;
  EspExportFunc func;
  gpointer data;
  GCancellable *cancellable;
  GError **error;
  guint per_element; /* numbers */
} Writer;

static gboolean
is_complex (EspTensor *tensor)
{
  return esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind == ESP_KIND_COMPLEX;
}

static NpyType
get_npy_type (EspTensor *tensor)
{
  if (esp_tensor_get_affine (tensor) != NULL)
    return (NpyType) { "<f4", BY_F32, 4 };
  switch (esp_tensor_get_dtype (tensor))
    {
    case ESP_DTYPE_BOOL:
      return (NpyType) { "|b1", BY_I64, 1 };
    case ESP_DTYPE_UINT8:
    case ESP_DTYPE_UINT4:
    case ESP_DTYPE_UINT2:
    case ESP_DTYPE_RAW:
      return (NpyType) { "|u1", BY_I64, 1 };
    case ESP_DTYPE_INT8:
    case ESP_DTYPE_INT4:
    case ESP_DTYPE_INT2:
      return (NpyType) { "|i1", BY_I64, 1 };
    case ESP_DTYPE_UINT16:
      return (NpyType) { "<u2", BY_I64, 2 };
    case ESP_DTYPE_INT16:
      return (NpyType) { "<i2", BY_I64, 2 };
    case ESP_DTYPE_UINT32:
      return (NpyType) { "<u4", BY_I64, 4 };
    case ESP_DTYPE_INT32:
      return (NpyType) { "<i4", BY_I64, 4 };
    case ESP_DTYPE_UINT64:
      return (NpyType) { "<u8", BY_I64, 8 };
    case ESP_DTYPE_INT64:
      return (NpyType) { "<i8", BY_I64, 8 };
    case ESP_DTYPE_FLOAT16:
      return (NpyType) { "<f2", BY_F32, 2 };
    case ESP_DTYPE_FLOAT64:
      return (NpyType) { "<f8", BY_F64, 8 };
    case ESP_DTYPE_COMPLEX32:
    case ESP_DTYPE_COMPLEX64:
      return (NpyType) { "<c8", BY_F32, 4 };
    case ESP_DTYPE_COMPLEX128:
      return (NpyType) { "<c16", BY_F64, 8 };
    default:
      return (NpyType) { "<f4", BY_F32, 4 };
    }
}

/* --- numbers --- */

static gboolean
read_numbers (Writer *self, Way way, guint64 start, gsize count, void *numbers)
{
  switch (way)
    {
    case BY_F32:
      return esp_tensor_read_f32 (self->tensor, start, count, numbers, self->cancellable,
                                  self->error);
    case BY_F64:
      return esp_tensor_read_f64 (self->tensor, start, count, numbers, self->cancellable,
                                  self->error);
    default:
      return esp_tensor_read_i64 (self->tensor, start, count, numbers, self->cancellable,
                                  self->error);
    }
}

/* @n numbers to @size little-endian bytes each, in place (the bytes never grow) */
static gsize
pack (Way way, guint size, void *numbers, gsize n)
{
  guint8 *out = numbers;

  for (gsize i = 0; i < n; i++)
    {
      guint64 bits = 0;

      if (way == BY_F32)
        {
          guint32 word;

          memcpy (&word, (guint8 *) numbers + i * 4, 4);
          bits = word;
          if (size == 2)
            {
              float value;

              memcpy (&value, &word, 4);
              bits = esp_float_to_half (value);
            }
        }
      else
        memcpy (&bits, (guint8 *) numbers + i * 8, 8);
      for (guint k = 0; k < size; k++)
        out[i * size + k] = (guint8) (bits >> (8 * k));
    }
  return n * size;
}

static gboolean
write_numbers (Writer *self, Way way, guint size)
{
  g_autofree void *chunk = g_malloc (CHUNK * 8 * self->per_element);
  guint64 count = esp_tensor_get_count (self->tensor);

  for (guint64 start = 0; start < count; start += CHUNK)
    {
      gsize n = MIN (CHUNK, count - start), bytes;

      if (!read_numbers (self, way, start, n, chunk))
        return FALSE;
      bytes = pack (way, size, chunk, n * self->per_element);
      if (!self->func (chunk, bytes, self->data, self->error))
        return FALSE;
    }
  return TRUE;
}

/* --- native bytes --- */

static gboolean
write_native (Writer *self)
{
  guint64 bits = esp_dtype_get_info (esp_tensor_get_dtype (self->tensor))->bits;
  guint64 count = esp_tensor_get_count (self->tensor);
  guint64 step = bits % 8 == 0 ? CHUNK : MAX (count, 1);
  guint64 most = bits % 8 == 0 ? CHUNK * (bits / 8) : esp_tensor_get_bytes (self->tensor);
  g_autofree guint8 *chunk = g_try_malloc (MAX (most, 1));

  if (chunk == NULL)
    {
      g_set_error (self->error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                   _ ("%" PRIu64 " bytes are more than there is memory for"), most);
      return FALSE;
    }
  for (guint64 start = 0; start < count; start += step)
    {
      gsize n = MIN (step, count - start);
      gsize bytes = bits % 8 == 0 ? n * (bits / 8) : most;

      if (!esp_tensor_read_bytes (self->tensor, start, n, chunk, self->cancellable, self->error) ||
          !self->func (chunk, bytes, self->data, self->error))
        return FALSE;
    }
  return TRUE;
}

/* --- npy --- */

static gboolean
write_npy (Writer *self)
{
  NpyType type = get_npy_type (self->tensor);
  const gint64 *shape = esp_tensor_get_shape (self->tensor);
  guint ndim = esp_tensor_get_ndim (self->tensor);
  g_autoptr (GString) header = g_string_new (NULL);

  g_string_append_len (header, "\x93NUMPY\x01\x00\x00\x00", 10);
  g_string_append_printf (header, "{'descr': '%s', 'fortran_order': False, 'shape': (", type.descr);
  for (guint i = 0; i < ndim; i++)
    g_string_append_printf (header, "%s%" PRId64 "%s", i > 0 ? ", " : "", shape[i],
                            ndim == 1 ? "," : "");
  g_string_append (header, "), }");
  while ((header->len + 1) % 64 != 0)
    g_string_append_c (header, ' ');
  g_string_append_c (header, '\n');
  /* 64 dimensions of 20 digits take less than the 65535 that two bytes can say */
  header->str[8] = (char) ((header->len - 10) & 0xff);
  header->str[9] = (char) ((header->len - 10) >> 8);
  return self->func (header->str, header->len, self->data, self->error) &&
         write_numbers (self, type.way, type.size);
}

/* --- csv --- */

static void
append_number (GString *text, Way way, gboolean is_unsigned, const void *numbers, gsize i)
{
  g_autofree char *number = NULL;

  if (way == BY_I64)
    {
      gint64 value = ((const gint64 *) numbers)[i];

      if (is_unsigned)
        g_string_append_printf (text, "%" PRIu64, (guint64) value);
      else
        g_string_append_printf (text, "%" PRId64, value);
      return;
    }
  if (way == BY_F32)
    number = esp_number_format_exact (((const float *) numbers)[i], TRUE);
  else
    number = esp_number_format_exact (((const double *) numbers)[i], FALSE);
  g_string_append (text, number);
}

static void
append_element (GString *text, const NpyType *type, guint per_element, const void *numbers, gsize i)
{
  gboolean is_unsigned = type->descr[1] == 'u';

  append_number (text, type->way, is_unsigned, numbers, i * per_element);
  if (per_element == 2)
    {
      gsize at = text->len;

      append_number (text, type->way, FALSE, numbers, i * per_element + 1);
      if (text->str[at] != '-')
        g_string_insert_c (text, at, '+');
      g_string_append_c (text, 'j');
    }
}

/* a line a row of the last axis; a vector takes a line a value, as numpy.savetxt has it */
static gboolean
write_csv (Writer *self)
{
  NpyType type = get_npy_type (self->tensor);
  guint ndim = esp_tensor_get_ndim (self->tensor);
  guint64 columns = ndim >= 2 ? (guint64) esp_tensor_get_shape (self->tensor)[ndim - 1] : 1;
  guint64 count = esp_tensor_get_count (self->tensor), column = 0;
  g_autofree void *chunk = g_malloc (CHUNK * 8 * self->per_element);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint64 start = 0; start < count; start += CHUNK)
    {
      gsize n = MIN (CHUNK, count - start);

      if (!read_numbers (self, type.way, start, n, chunk))
        return FALSE;
      g_string_truncate (text, 0);
      for (gsize i = 0; i < n; i++)
        {
          append_element (text, &type, self->per_element, chunk, i);
          column = (column + 1) % columns;
          g_string_append_c (text, column == 0 ? '\n' : ',');
        }
      if (!self->func (text->str, text->len, self->data, self->error))
        return FALSE;
    }
  return TRUE;
}

gboolean
esp_export_values (EspTensor *tensor,
                   EspExportForm form,
                   EspExportFunc func,
                   gpointer data,
                   GCancellable *cancellable,
                   GError **error)
{
  Writer self = { tensor, func, data, cancellable, error, is_complex (tensor) ? 2 : 1 };

  g_return_val_if_fail (tensor != NULL && func != NULL, FALSE);

  switch (form)
    {
    case ESP_EXPORT_NATIVE:
      return write_native (&self);
    case ESP_EXPORT_F32:
      return write_numbers (&self, BY_F32, 4);
    case ESP_EXPORT_CSV:
      return write_csv (&self);
    case ESP_EXPORT_NPY:
    default:
      return write_npy (&self);
    }
}

gboolean
esp_export_to_file (const void *bytes, gsize length, gpointer data, GError **error)
{
  return esp_atomic_file_write (data, bytes, length, error);
}

/* --- in a worker --- */

typedef struct
{
  EspTensor *tensor;
  EspExportForm form;
  char *path;
  gboolean replace;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  esp_tensor_unref (request->tensor);
  g_free (request->path);
  g_free (request);
}

static void
values_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Request *request = data;
  GError *error = NULL;
  EspAtomicFile *file = esp_atomic_file_new (request->path, request->replace, &error);

  if (file != NULL && esp_export_values (request->tensor, request->form, esp_export_to_file, file,
                                         cancellable, &error))
    esp_atomic_file_commit (file, &error);
  g_clear_pointer (&file, esp_atomic_file_free);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

void
esp_export_values_async (EspTensor *tensor,
                         EspExportForm form,
                         const char *path,
                         gboolean replace,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Request *request;

  g_return_if_fail (tensor != NULL && path != NULL);

  request = g_new0 (Request, 1);
  request->tensor = esp_tensor_ref (tensor);
  request->form = form;
  request->path = g_strdup (path);
  request->replace = replace;
  g_task_set_task_data (task, request, request_free);
  g_task_run_in_thread (task, values_thread);
}

gboolean
esp_export_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
