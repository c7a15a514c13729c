/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sparse tensors as storages of dense bytes. All five layouts become one list of runs: from element
 * `from` of the values, so many elements go to element `to` of the dense tensor. The list is sorted
 * by `to`, so any range of the dense bytes is found by bisection; what lies between the runs is
 * zero.
 *
 *   COO       indices (S, n), values (n, D...): value k is a run of D elements
 *   CSR, CSC  compressed (..., R + 1), plain (..., n), values (..., n, D...)
 *   BSR, BSC  the same with values (..., n, H, W, D...): H runs of W * D elements a block
 *
 * In COO one place may occur several times: its values add up. */

#include "config.h"

#include "esp-pytorch-sparse.h"

#include "esp-check.h"
#include "esp-decode.h"
#include "esp-error.h"
#include "esp-limits.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

/* what is kept from one read to the next when a scan has come to the end */
#define KEPT_MAX ((guint64) 1024 * 1024)

typedef struct
{
  guint64 to;
  guint64 from;
} Run;

typedef struct
{
  EspSparseLayout layout;
  EspTensor *indices;
  EspTensor *plain; /* or NULL */
  EspTensor *values;
  gint64 shape[ESP_LIMIT_DIMS];
  guint ndim;

  guint n_sparse; /* COO: dimensions with indices; else 2 */
  guint n_batch;
  guint64 batches; /* product of the batch sizes */
  guint64 stored;  /* values per batch: blocks of them */
  guint64 block_rows;
  guint64 block_columns;
  guint64 dense;      /* elements below the sparse dimensions */
  guint64 run_length; /* in elements */
  gsize element;      /* bytes */
  guint64 size;       /* bytes of the dense form */
  guint64 memory;     /* of runs and values, when loaded */

  GMutex lock;
  gboolean loaded;
  GArray *runs;
  guint8 *bytes; /* the values, packed */
} Sparse;

const char *
esp_sparse_layout_get_name (EspSparseLayout layout)
{
  static const char *const names[ESP_N_SPARSE_LAYOUTS] = {
    "torch.sparse_coo", "torch.sparse_csr", "torch.sparse_csc",
    "torch.sparse_bsr", "torch.sparse_bsc",
  };

  return (gsize) layout < G_N_ELEMENTS (names) ? names[layout] : NULL;
}

static void
sparse_free (gpointer data)
{
  Sparse *self = data;

  g_clear_pointer (&self->indices, esp_tensor_unref);
  g_clear_pointer (&self->plain, esp_tensor_unref);
  g_clear_pointer (&self->values, esp_tensor_unref);
  g_clear_pointer (&self->runs, g_array_unref);
  g_free (self->bytes);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
fail_parts (GError **error)
{
  g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                       _ ("the indices and values of the sparse tensor don’t fit its shape"));
  return FALSE;
}

static gboolean
fail_index (gint64 index, guint64 size, GError **error)
{
  g_set_error (
      error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
      _ ("index %" PRId64 " of the sparse tensor lies outside its dimension of size %" PRIu64),
      index, size);
  return FALSE;
}

/* reading */

static void
add_run (Sparse *self, guint64 to, guint64 from)
{
  Run run = { to, from };

  g_array_append_val (self->runs, run);
}

static gboolean
load_coo (Sparse *self, const gint64 *indices, GError **error)
{
  for (guint64 k = 0; k < self->stored; k++)
    {
      guint64 to = 0;

      for (guint i = 0; i < self->n_sparse; i++)
        {
          gint64 index = indices[i * self->stored + k];

          if (index < 0 || index >= self->shape[i])
            return fail_index (index, (guint64) self->shape[i], error);
          to = to * (guint64) self->shape[i] + (guint64) index;
        }
      add_run (self, to * self->dense, k * self->dense);
    }
  return TRUE;
}

/* the block number @k of all, at block row and block column */
static void
add_block (Sparse *self, guint64 batch, guint64 k, guint64 row, guint64 column)
{
  guint64 rows = (guint64) self->shape[self->n_batch];
  guint64 columns = (guint64) self->shape[self->n_batch + 1];

  for (guint64 i = 0; i < self->block_rows; i++)
    add_run (
        self,
        ((batch * rows + row * self->block_rows + i) * columns + column * self->block_columns) *
            self->dense,
        (k * self->block_rows + i) * self->run_length);
}

static gboolean
load_compressed_batch (Sparse *self,
                       guint64 batch,
                       const gint64 *compressed,
                       const gint64 *plain,
                       GError **error)
{
  gboolean by_column = self->layout == ESP_SPARSE_CSC || self->layout == ESP_SPARSE_BSC;
  guint64 rows = (guint64) self->shape[self->n_batch] / self->block_rows;
  guint64 columns = (guint64) self->shape[self->n_batch + 1] / self->block_columns;
  guint64 n = by_column ? columns : rows;
  guint64 n_plain = by_column ? rows : columns;

  for (guint64 i = 0; i < n; i++)
    {
      if (compressed[i] < 0 || compressed[i + 1] < compressed[i] ||
          (guint64) compressed[i + 1] > self->stored)
        return fail_index (compressed[i + 1], self->stored, error);
      for (gint64 k = compressed[i]; k < compressed[i + 1]; k++)
        {
          if (plain[k] < 0 || (guint64) plain[k] >= n_plain)
            return fail_index (plain[k], n_plain, error);
          add_block (self, batch, batch * self->stored + (guint64) k,
                     by_column ? (guint64) plain[k] : i, by_column ? i : (guint64) plain[k]);
        }
    }
  return TRUE;
}

static gint64 *
read_indices (EspTensor *tensor, GCancellable *cancellable, GError **error)
{
  guint64 count = esp_tensor_get_count (tensor);
  g_autofree gint64 *out = g_new (gint64, MAX (count, 1));

  if (!esp_tensor_read_i64 (tensor, 0, count, out, cancellable, error))
    return NULL;
  return g_steal_pointer (&out);
}

static gboolean
load_runs (Sparse *self, GCancellable *cancellable, GError **error)
{
  g_autofree gint64 *indices = read_indices (self->indices, cancellable, error);
  g_autofree gint64 *plain = NULL;
  guint64 n_compressed;

  if (indices == NULL)
    return FALSE;
  if (self->layout == ESP_SPARSE_COO)
    return load_coo (self, indices, error);
  plain = read_indices (self->plain, cancellable, error);
  if (plain == NULL)
    return FALSE;
  n_compressed = esp_tensor_get_count (self->indices) / MAX (self->batches, 1);
  for (guint64 b = 0; b < self->batches; b++)
    if (!load_compressed_batch (self, b, indices + b * n_compressed, plain + b * self->stored,
                                error))
      return FALSE;
  return TRUE;
}

static int
compare_runs (gconstpointer a, gconstpointer b)
{
  const Run *x = a;
  const Run *y = b;

  if (x->to != y->to)
    return x->to < y->to ? -1 : 1;
  return x->from < y->from ? -1 : x->from > y->from;
}

/* adds numbers of @type; both may lie anywhere */
#define ADD_AS(type)                                                                               \
  {                                                                                                \
    type x, y;                                                                                     \
    memcpy (&x, to + i, sizeof x);                                                                 \
    memcpy (&y, from + i, sizeof y);                                                               \
    x = (type) (x + y);                                                                            \
    memcpy (to + i, &x, sizeof x);                                                                 \
  }

static void
add_half (EspDtype dtype, guint8 *to, const guint8 *from)
{
  float x, y;
  guint16 sum;

  esp_decode_f32 (dtype, to, 0, 1, &x);
  esp_decode_f32 (dtype, from, 0, 1, &y);
  sum = dtype == ESP_DTYPE_FLOAT16 ? esp_float_to_half (x + y) : esp_float_to_bfloat16 (x + y);
  sum = GUINT16_TO_LE (sum);
  memcpy (to, &sum, sizeof sum);
}

/* to += from, @size bytes of elements; FALSE for a type that isn't added */
static gboolean
add_elements (EspDtype dtype, guint8 *to, const guint8 *from, gsize size)
{
  const EspDtypeInfo *info = esp_dtype_get_info (dtype);
  gsize step = info->kind == ESP_KIND_COMPLEX ? info->bits / 16 : info->bits / 8;

  for (gsize i = 0; i < size; i += step)
    if (dtype == ESP_DTYPE_FLOAT32 || dtype == ESP_DTYPE_COMPLEX64)
      ADD_AS (float)
    else if (dtype == ESP_DTYPE_FLOAT64 || dtype == ESP_DTYPE_COMPLEX128)
      ADD_AS (double)
    else if (dtype == ESP_DTYPE_FLOAT16 || dtype == ESP_DTYPE_BFLOAT16)
      add_half (dtype, to + i, from + i);
    else if (dtype == ESP_DTYPE_BOOL)
      to[i] |= from[i];
    else if (info->kind != ESP_KIND_INT && info->kind != ESP_KIND_UINT)
      return FALSE;
    else if (step == 8)
      ADD_AS (guint64)
    else if (step == 4)
      ADD_AS (guint32)
    else if (step == 2)
      ADD_AS (guint16)
    else
      ADD_AS (guint8)
  return TRUE;
}

/* puts the runs in order and adds up what goes to the same place */
static gboolean
merge_runs (Sparse *self, GError **error)
{
  EspDtype dtype = esp_tensor_get_dtype (self->values);
  Run *runs;
  guint n = 0;

  g_array_sort (self->runs, compare_runs);
  runs = (Run *) (gpointer) self->runs->data;
  for (guint i = 0; i < self->runs->len; i++)
    {
      if (n == 0 || runs[n - 1].to != runs[i].to)
        {
          runs[n++] = runs[i];
          continue;
        }
      if (!add_elements (dtype, self->bytes + runs[n - 1].from * self->element,
                         self->bytes + runs[i].from * self->element,
                         self->run_length * self->element))
        {
          g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                       _ ("a place of the sparse tensor has several values, but those of type %s "
                          "can’t be added"),
                       esp_dtype_get_info (dtype)->name);
          return FALSE;
        }
    }
  g_array_set_size (self->runs, n);
  return TRUE;
}

static void
unload (Sparse *self)
{
  g_clear_pointer (&self->runs, g_array_unref);
  g_clear_pointer (&self->bytes, g_free);
  self->loaded = FALSE;
}

static gboolean
load (Sparse *self, GCancellable *cancellable, GError **error)
{
  guint64 count = esp_tensor_get_count (self->values);

  unload (self);
  self->runs = g_array_new (FALSE, FALSE, sizeof (Run));
  self->bytes = g_malloc (MAX (count * self->element, 1));
  return esp_tensor_read_bytes (self->values, 0, count, self->bytes, cancellable, error) &&
         load_runs (self, cancellable, error) && merge_runs (self, error);
}

/* the first run that ends after @element */
static guint
find_run (const Sparse *self, guint64 element)
{
  guint low = 0;
  guint high = self->runs->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (g_array_index (self->runs, Run, middle).to + self->run_length <= element)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static void
fill (const Sparse *self, guint64 offset, gsize length, guint8 *out)
{
  memset (out, 0, length);
  if (self->run_length == 0)
    return;
  for (guint i = find_run (self, offset / self->element); i < self->runs->len; i++)
    {
      const Run *run = &g_array_index (self->runs, Run, i);
      guint64 begin = run->to * self->element;
      guint64 end = begin + self->run_length * self->element;
      guint64 from = MAX (begin, offset);
      guint64 to = MIN (end, offset + length);

      if (begin >= offset + length)
        break;
      if (from < to)
        memcpy (out + (from - offset), self->bytes + run->from * self->element + (from - begin),
                to - from);
    }
}

static gboolean
sparse_read (gpointer data,
             guint64 offset,
             gsize length,
             void *buffer,
             GCancellable *cancellable,
             GError **error)
{
  Sparse *self = data;
  gboolean good;

  if (length == 0)
    return TRUE;
  g_mutex_lock (&self->lock);
  good = self->loaded || load (self, cancellable, error);
  self->loaded = good;
  if (good)
    fill (self, offset, length, buffer);
  /* a checkpoint may have many of them: those that were gone through give their memory back */
  if (!good || (offset + length == self->size && self->memory > KEPT_MAX))
    unload (self);
  g_mutex_unlock (&self->lock);
  return good;
}

static const EspStorageFuncs sparse_funcs = { sparse_read, sparse_free };

/* making */

static gboolean
is_integer (EspTensor *tensor)
{
  EspDtype dtype = esp_tensor_get_dtype (tensor);

  return esp_tensor_get_error (tensor) == NULL &&
         (dtype == ESP_DTYPE_INT64 || dtype == ESP_DTYPE_INT32);
}

static gboolean
has_shape (EspTensor *tensor, guint at, const gint64 *sizes, guint n)
{
  const gint64 *shape = esp_tensor_get_shape (tensor);

  return at + n <= esp_tensor_get_ndim (tensor) &&
         (n == 0 || memcmp (shape + at, sizes, n * sizeof *shape) == 0);
}

static guint64
product (const gint64 *sizes, guint n)
{
  guint64 out = 1;

  for (guint i = 0; i < n; i++)
    out *= (guint64) sizes[i];
  return out;
}

static gboolean
check_coo (Sparse *self, GError **error)
{
  const gint64 *shape = esp_tensor_get_shape (self->indices);
  guint n_dense;

  if (esp_tensor_get_ndim (self->indices) != 2 || shape[0] > self->ndim)
    return fail_parts (error);
  self->n_sparse = (guint) shape[0];
  self->stored = (guint64) shape[1];
  n_dense = self->ndim - self->n_sparse;
  if (esp_tensor_get_ndim (self->values) != 1 + n_dense ||
      !has_shape (self->values, 0, shape + 1, 1) ||
      !has_shape (self->values, 1, self->shape + self->n_sparse, n_dense))
    return fail_parts (error);
  self->dense = product (self->shape + self->n_sparse, n_dense);
  self->run_length = self->dense;
  return TRUE;
}

static gboolean
check_blocks (Sparse *self, GError **error)
{
  const gint64 *values = esp_tensor_get_shape (self->values);
  const gint64 *matrix = self->shape + self->n_batch;

  self->block_rows = self->block_columns = 1;
  if (self->layout == ESP_SPARSE_BSR || self->layout == ESP_SPARSE_BSC)
    {
      if (esp_tensor_get_ndim (self->values) < self->n_batch + 3)
        return fail_parts (error);
      self->block_rows = (guint64) values[self->n_batch + 1];
      self->block_columns = (guint64) values[self->n_batch + 2];
    }
  if (self->block_rows == 0 || self->block_columns == 0 ||
      (guint64) matrix[0] % self->block_rows != 0 || (guint64) matrix[1] % self->block_columns != 0)
    return fail_parts (error);
  return TRUE;
}

static gboolean
check_compressed (Sparse *self, GError **error)
{
  gboolean by_column = self->layout == ESP_SPARSE_CSC || self->layout == ESP_SPARSE_BSC;
  gboolean blocked = self->layout == ESP_SPARSE_BSR || self->layout == ESP_SPARSE_BSC;
  guint n_compressed = esp_tensor_get_ndim (self->indices);
  gint64 n;
  guint n_dense;
  guint first_dense;

  if (n_compressed < 1 || self->ndim < n_compressed + 1 ||
      esp_tensor_get_ndim (self->plain) != n_compressed)
    return fail_parts (error);
  self->n_batch = n_compressed - 1;
  if (!check_blocks (self, error))
    return FALSE;
  n = by_column ? self->shape[self->n_batch + 1] / (gint64) self->block_columns
                : self->shape[self->n_batch] / (gint64) self->block_rows;
  n_dense = self->ndim - self->n_batch - 2;
  first_dense = self->n_batch + 1 + (blocked ? 2 : 0);
  self->stored = (guint64) esp_tensor_get_shape (self->plain)[self->n_batch];
  if (esp_tensor_get_shape (self->indices)[self->n_batch] != n + 1 ||
      !has_shape (self->indices, 0, self->shape, self->n_batch) ||
      !has_shape (self->plain, 0, self->shape, self->n_batch) ||
      esp_tensor_get_ndim (self->values) != first_dense + n_dense ||
      !has_shape (self->values, 0, esp_tensor_get_shape (self->plain), self->n_batch + 1) ||
      !has_shape (self->values, first_dense, self->shape + self->n_batch + 2, n_dense))
    return fail_parts (error);
  self->batches = product (self->shape, self->n_batch);
  self->dense = product (self->shape + self->n_batch + 2, n_dense);
  self->run_length = self->block_columns * self->dense;
  return TRUE;
}

/* Memory of indices as int64, runs and values. Where the dense form has no elements nothing is ever
 * read; else each run has a value at least, so the values bound the runs. */
static gboolean
check_memory (Sparse *self, GError **error)
{
  guint64 indices = esp_tensor_get_count (self->indices);
  guint64 plain = self->plain != NULL ? esp_tensor_get_count (self->plain) : 0;
  guint64 count = esp_tensor_get_count (self->values);

  if (indices <= ESP_LIMIT_SPARSE_BYTES && plain <= ESP_LIMIT_SPARSE_BYTES &&
      count <= ESP_LIMIT_SPARSE_BYTES)
    {
      self->memory = count / MAX (self->run_length, 1) * sizeof (Run) + count * self->element;
      if (self->memory + (indices + plain) * sizeof (gint64) <= ESP_LIMIT_SPARSE_BYTES)
        return TRUE;
    }
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
               _ ("the sparse tensor holds more values than can be put in order in %d bytes"),
               ESP_LIMIT_SPARSE_BYTES);
  return FALSE;
}

static gboolean
check (Sparse *self, GError **error)
{
  const EspDtypeInfo *info = esp_dtype_get_info (esp_tensor_get_dtype (self->values));
  guint64 count = 1;

  if (!is_integer (self->indices) || (self->plain != NULL && !is_integer (self->plain)) ||
      (self->plain != NULL) != (self->layout != ESP_SPARSE_COO) || info->bits % 8 != 0 ||
      esp_tensor_get_affine (self->values) != NULL)
    return fail_parts (error);
  for (guint i = 0; i < self->ndim; i++)
    if (self->shape[i] < 0 || !esp_mul_u64 (count, (guint64) MAX (self->shape[i], 1), &count))
      return fail_parts (error);
  if (count > ESP_LIMIT_SPARSE_ELEMENTS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("the dense form of the sparse tensor has %" PRIu64 " elements, more than the "
                      "%" PRIu64 " that can be looked at"),
                   count, ESP_LIMIT_SPARSE_ELEMENTS);
      return FALSE;
    }
  self->element = info->bits / 8;
  return (self->layout == ESP_SPARSE_COO ? check_coo (self, error)
                                         : check_compressed (self, error)) &&
         check_memory (self, error);
}

static Sparse *
sparse_alloc (EspSparseLayout layout,
              EspTensor *indices,
              EspTensor *plain,
              EspTensor *values,
              const gint64 *shape,
              guint ndim)
{
  Sparse *self = g_new0 (Sparse, 1);

  g_mutex_init (&self->lock);
  self->layout = layout;
  self->indices = esp_tensor_ref (indices);
  self->plain = plain != NULL ? esp_tensor_ref (plain) : NULL;
  self->values = esp_tensor_ref (values);
  if (ndim > 0)
    memcpy (self->shape, shape, ndim * sizeof *shape);
  self->ndim = ndim;
  return self;
}

EspTensor *
esp_pytorch_sparse_new (EspSparseLayout layout,
                        EspTensor *indices,
                        EspTensor *plain,
                        EspTensor *values,
                        const gint64 *shape,
                        guint ndim,
                        GError **error)
{
  g_autoptr (EspStorage) storage = NULL;
  const GError *reason = esp_tensor_get_error (values);
  EspDtype dtype = esp_tensor_get_dtype (values);
  EspTensorFlags flags;
  g_autofree char *id = NULL;
  Sparse *self;
  GError *failure = NULL;

  if (reason != NULL)
    {
      g_propagate_error (error, g_error_copy (reason));
      return NULL;
    }
  self = sparse_alloc (layout, indices, plain, values, shape, ndim);
  if (!check (self, &failure))
    {
      g_propagate_error (error, failure);
      sparse_free (self);
      return NULL;
    }
  id = g_strdup_printf ("sparse %s", esp_storage_get_id (esp_tensor_get_storage (values)));
  self->size = product (shape, ndim) * self->element;
  storage = esp_storage_new (&sparse_funcs, self, id, self->size);
  /* the packed values are little endian already */
  flags = esp_tensor_get_flags (values) & ~(guint) ESP_TENSOR_BIG_ENDIAN;
  return esp_tensor_new (dtype, esp_tensor_get_native_dtype (values), shape, ndim, NULL, 0, flags,
                         storage, error);
}
