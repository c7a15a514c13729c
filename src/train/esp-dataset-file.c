/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Examples out of files: a table of text, or one array for the inputs and one for what is wanted,
 * each in a file of its own (IDX, .npy) or both in one (.npz). */

#include "config.h"
#include "esp-dataset-file.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-beside.h"

#define MAX_BYTES (G_GUINT64_CONSTANT (512) << 20)
#define MAX_LABEL 1000000

static EspSource *
open_file (EspDataset *self, EspSpec *spec, const char *path, GError **error)
{
  if (self->access->chosen != NULL && strcmp (path, self->access->chosen) == 0)
    return esp_source_new_for_file (path, error);
  if (self->access->folder == NULL)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_DATA, error,
                          _ ("“%s” can't be read: it isn't known where the specification lies"),
                          path);
      return NULL;
    }
  g_autoptr (EspBeside) beside = esp_beside_new (self->access->folder, error);
  return beside != NULL ? esp_beside_open (beside, path, ESP_BESIDE_NO_LINKS, error) : NULL;
}

/* The settings say from now on where the file lies, whatever the specification is written beside;
 * who writes it makes paths below its folder relative again. */
static void
note_place (EspDataset *self, EspSpec *spec, const char *key, const char *path)
{
  gboolean chosen = self->access->chosen != NULL && strcmp (path, self->access->chosen) == 0;
  g_autofree char *full = g_canonicalize_filename (path, chosen ? NULL : self->access->folder);
  json_object_set_string_member (esp_spec_get_complete (spec), key, full);
}

/* 0 0 type ndim, then sizes and values, all big-endian (yann.lecun.com/exdb/mnist) */
static EspTensor *
read_idx (EspSource *source, const guint8 *head, gsize size, GError **error)
{
  static const EspDtype dtypes[] = {
    [0x08] = ESP_DTYPE_UINT8, [0x09] = ESP_DTYPE_INT8,    [0x0b] = ESP_DTYPE_INT16,
    [0x0c] = ESP_DTYPE_INT32, [0x0d] = ESP_DTYPE_FLOAT32, [0x0e] = ESP_DTYPE_FLOAT64,
  };
  guint ndim = head[3];
  gint64 shape[ESP_SHAPE_MAX_DIMS + 1];
  guint64 start = 4 + 4 * (guint64) ndim, bytes = esp_dtype_get_info (dtypes[head[2]])->bits / 8;
  gboolean fits = ndim > 0 && ndim <= ESP_SHAPE_MAX_DIMS && start <= size;
  for (guint d = 0; fits && d < ndim; d++)
    {
      guint32 be;
      memcpy (&be, head + 4 + 4 * d, sizeof be);
      shape[d] = GUINT32_FROM_BE (be);
      fits = shape[d] > 0 && bytes <= MAX_BYTES / (guint64) shape[d];
      bytes *= fits ? (guint64) shape[d] : 1;
    }
  if (!fits || start + bytes != esp_source_get_size (source))
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_DATA,
                   _ ("%s: its IDX header and its size of %llu bytes don't fit"),
                   esp_source_get_name (source), (unsigned long long) esp_source_get_size (source));
      return NULL;
    }
  g_autoptr (EspStorage) storage = esp_storage_new_for_source (source, start, bytes, "0");
  return esp_tensor_new (dtypes[head[2]], "IDX", shape, ndim, NULL, 0, ESP_TENSOR_BIG_ENDIAN,
                         storage, error);
}

static gboolean
is_idx (const guint8 *head, gsize size)
{
  return size >= 4 && head[0] == 0 && head[1] == 0 && head[2] >= 0x08 && head[2] <= 0x0e &&
         head[2] != 0x0a;
}

static EspTensor *
read_array (EspDataset *self, EspSource *source, const char *member, GError **error)
{
  guint8 head[4 + 4 * ESP_SHAPE_MAX_DIMS] = { 0 };
  gsize size = (gsize) MIN (sizeof head, esp_source_get_size (source));
  if (!esp_source_read (source, 0, size, head, NULL, error))
    return NULL;
  if (is_idx (head, size))
    return read_idx (source, head, size, error);
  if (self->access->read_array != NULL)
    return self->access->read_array (source, member, error);
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_DATA,
               _ ("%s: arrays of this kind can't be read here"), esp_source_get_name (source));
  return NULL;
}

static gboolean
read_numbers (EspTensor *tensor, EspReal *out, GError **error)
{
  guint64 count = esp_tensor_get_count (tensor);
  g_autofree double *buffer = g_new (double, 4096);
  for (guint64 start = 0; start < count; start += 4096)
    {
      gsize n = (gsize) MIN (4096, count - start);
      if (!esp_tensor_read_f64 (tensor, start, n, buffer, NULL, error))
        return FALSE;
      for (gsize i = 0; i < n; i++)
        out[start + i] = (EspReal) buffer[i];
    }
  return TRUE;
}

/* (n, ...) -> n and the shape of one; an array of numbers alone has shape (1) */
static gboolean
split_shape (EspTensor *tensor, guint64 *n, EspShape *shape)
{
  guint ndim = esp_tensor_get_ndim (tensor);
  const gint64 *sizes = esp_tensor_get_shape (tensor);
  if (ndim == 0 || ndim > ESP_SHAPE_MAX_DIMS || esp_tensor_get_count (tensor) == 0 ||
      esp_tensor_get_count (tensor) > ESP_SHAPE_MAX_COUNT)
    return FALSE;
  *n = (guint64) sizes[0];
  *shape = (EspShape) { .ndim = MAX (ndim - 1, 1), .sizes = { 1 } };
  for (guint d = 1; d < ndim; d++)
    shape->sizes[d - 1] = sizes[d];
  return TRUE;
}

/* whole numbers of an integer type, one per example, are labels */
static gboolean
are_labels (EspTensor *tensor)
{
  EspKind kind = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind;
  return esp_tensor_get_ndim (tensor) == 1 &&
         (kind == ESP_KIND_UINT || kind == ESP_KIND_INT || kind == ESP_KIND_BOOL);
}

static gboolean
fill_labels (EspDataset *self, EspSpec *spec, EspTensor *tensor, GError **error)
{
  g_autofree double *values = g_new (double, self->n);
  double most = 1;
  if (!esp_tensor_read_f64 (tensor, 0, self->n, values, NULL, error))
    return FALSE;
  for (guint64 i = 0; i < self->n; i++)
    {
      if (!(values[i] >= 0 && values[i] < MAX_LABEL))
        {
          esp_spec_set_error (spec, ESP_NETWORK_ERROR_DATA, error,
                              _ ("label %g of example %llu isn't in 0 to %d"), values[i],
                              (unsigned long long) i, MAX_LABEL - 1);
          return FALSE;
        }
      most = fmax (most, values[i]);
    }
  self->n_classes = (gint32) most + 1;
  if (!esp_dataset_allocate (self, spec, error))
    return FALSE;
  for (guint64 i = 0; i < self->n; i++)
    self->labels[i] = (gint32) values[i];
  return TRUE;
}

/* "[1797, 64]"; new string */
static char *
describe (EspTensor *tensor)
{
  GString *text = g_string_new ("[");
  for (guint d = 0; d < esp_tensor_get_ndim (tensor); d++)
    g_string_append_printf (text, "%s%lld", d > 0 ? ", " : "",
                            (long long) esp_tensor_get_shape (tensor)[d]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

static gboolean
fill_from_arrays (EspDataset *self,
                  EspSpec *spec,
                  EspTensor *inputs,
                  EspTensor *wanted,
                  GError **error)
{
  guint64 n = 0;
  if (!split_shape (inputs, &self->n, &self->input) || !split_shape (wanted, &n, &self->target) ||
      n != self->n)
    {
      g_autofree char *have = describe (inputs);
      g_autofree char *want = describe (wanted);
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_DATA, error,
                          _ ("inputs of shape %s and targets of shape %s don't make examples"),
                          have, want);
      return FALSE;
    }
  if (are_labels (wanted))
    {
      self->target = (EspShape) { 0 };
      if (!fill_labels (self, spec, wanted, error))
        return FALSE;
    }
  else if (!esp_dataset_allocate (self, spec, error) ||
           !read_numbers (wanted, self->targets, error))
    return FALSE;
  if (!read_numbers (inputs, self->inputs, error))
    return FALSE;
  /* pixels as bytes: to [0, 1], as every framework's loader does */
  if (esp_tensor_get_dtype (inputs) == ESP_DTYPE_UINT8)
    for (guint64 i = 0; i < esp_tensor_get_count (inputs); i++)
      self->inputs[i] /= 255;
  return TRUE;
}

static gboolean
is_table (EspDataset *self, EspSource *source, gboolean *table, GError **error)
{
  guint8 head[6] = { 0 };
  gsize size = (gsize) MIN (sizeof head, esp_source_get_size (source));
  if (!esp_source_read (source, 0, size, head, NULL, error))
    return FALSE;
  *table = !is_idx (head, size) && memcmp (head, "\x93NUMPY", 6) != 0 &&
           memcmp (head, "PK\x03\x04", 4) != 0;
  return TRUE;
}

static gboolean
make_table (EspDataset *self, EspSpec *spec, EspSource *source, GError **error)
{
  gsize size;
  g_autoptr (GBytes) bytes = esp_source_read_bytes (source, 0, esp_source_get_size (source),
                                                    MAX_BYTES, NULL, error);
  if (bytes == NULL)
    return FALSE;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autofree char *text = g_malloc (size + 1);
  if (size > 0)
    memcpy (text, data, size);
  text[size] = '\0';
  return esp_dataset_read_csv (self, spec, text, size, error);
}

gboolean
esp_dataset_make_file (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  gboolean table = FALSE, two = esp_spec_has (spec, "targets_path");
  g_autofree char *path = esp_spec_read_string (spec, "path", NULL, error);
  g_autoptr (EspSource) source = path != NULL ? open_file (self, spec, path, error) : NULL;
  if (source == NULL || !is_table (self, source, &table, error))
    return FALSE;
  note_place (self, spec, "path", path);
  if (table)
    return make_table (self, spec, source, error);
  g_autofree char *inputs_name = esp_spec_read_string (spec, "inputs", two ? "" : "x", error);
  g_autofree char *targets_name = esp_spec_read_string (spec, "targets", two ? "" : "y", error);
  if (inputs_name == NULL || targets_name == NULL)
    return FALSE;
  g_autofree char *other = two ? esp_spec_read_string (spec, "targets_path", NULL, error) : NULL;
  g_autoptr (EspSource) second = NULL;
  if (two && (other == NULL || (second = open_file (self, spec, other, error)) == NULL))
    return FALSE;
  if (two)
    note_place (self, spec, "targets_path", other);
  g_autoptr (EspTensor)
      inputs = read_array (self, source, *inputs_name != '\0' ? inputs_name : NULL, error);
  g_autoptr (EspTensor)
      wanted = inputs != NULL ? read_array (self, second != NULL ? second : source,
                                            *targets_name != '\0' ? targets_name : NULL, error)
                              : NULL;
  return wanted != NULL && fill_from_arrays (self, spec, inputs, wanted, error);
}
