/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A view of a storage: shape, strides, offset, and how to read what lies there. Made by the format
 * readers from hostile numbers, so everything is checked here once and then only read. A checkpoint
 * has up to millions of these: 40 bytes each, shapes and words shared. Reading is in
 * esp-tensor-read.c.
 *
 *   value at (i0, i1, ...) = decode (storage[offset + i0 * stride0 + i1 * stride1 + ...])
 */

#include "config.h"

#include "esp-tensor-private.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "esp-block-storage.h"
#include "esp-check.h"
#include "esp-description.h"
#include "esp-error.h"
#include "esp-limits.h"
#include "esp-number.h"
#include "esp-scan-share-private.h"

struct _EspTensor
{
  gatomicrefcount ref_count;
  gint remembered; /* atomic: see esp_tensor_set_remembered() */

  /* owned */
  const EspDescription *description;
  EspStorage *storage; /* NULL if it can't be read */
  union
  {
    EspAffine *affine; /* or NULL */
    GError *error;     /* where there is no storage */
  };

  gint64 offset;
};

G_STATIC_ASSERT (sizeof (gsize) == 8);

/* {{{ checks */

static gboolean
fail (GError **error, EspTensorError code, const char *message)
{
  g_set_error_literal (error, ESP_TENSOR_ERROR, code, message);
  return FALSE;
}

/* Counts elements. A size of 0 is no excuse for an overflow among the others. */
static gboolean
count_elements (const gint64 *shape, guint ndim, guint64 *count, GError **error)
{
  gint64 product = 1;
  gboolean empty = FALSE;

  if (ndim > ESP_LIMIT_DIMS)
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                   _ ("A tensor of %u dimensions; at most %d can be read"), ndim, ESP_LIMIT_DIMS);
      return FALSE;
    }
  for (guint i = 0; i < ndim; i++)
    {
      if (shape[i] < 0)
        {
          g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                       _ ("Dimension %u has the negative size %lld"), i, (long long) shape[i]);
          return FALSE;
        }
      empty = empty || shape[i] == 0;
      if (!esp_mul_i64 (product, MAX (shape[i], 1), &product))
        return fail (error, ESP_TENSOR_ERROR_BOUNDS,
                     _ ("The shape has more elements than 64 bits can count"));
    }
  *count = empty ? 0 : (guint64) product;
  return TRUE;
}

/* lowest and highest element of the storage that the view reaches; count > 0 */
static gboolean
get_reach (const gint64 *shape,
           const gint64 *strides,
           guint ndim,
           gint64 offset,
           gint64 *lowest,
           gint64 *highest)
{
  *lowest = *highest = offset;
  for (guint i = 0; i < ndim; i++)
    {
      gint64 reach;
      gint64 *end = strides[i] < 0 ? lowest : highest;

      if (!esp_mul_i64 (shape[i] - 1, strides[i], &reach) || !esp_add_i64 (*end, reach, end))
        return FALSE;
    }
  return TRUE;
}

/* whole elements that a storage has room for */
static guint64
count_stored (EspDtype dtype, EspStorage *storage)
{
  guint bits = esp_dtype_get_info (dtype)->bits;
  guint64 size = esp_storage_get_size (storage);

  return bits >= 8 ? size / (bits / 8) : size / bits * 8 + size % bits * 8 / bits;
}

static gboolean
check_reach (EspTensor *self, EspStorage *storage, GError **error)
{
  gint64 lowest, highest;
  guint64 elements;

  if (self->description->count == 0)
    return TRUE;
  if (!get_reach (self->description->shape, self->description->strides, self->description->ndim,
                  self->offset, &lowest, &highest))
    return fail (error, ESP_TENSOR_ERROR_BOUNDS, _ ("Shape and strides overflow 64 bits"));

  elements = count_stored (self->description->dtype, storage);
  if (lowest < 0 || (guint64) highest >= elements)
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                   _ ("Shape, strides and offset reach from element %lld to %lld, but the storage "
                      "“%s” holds %llu elements"),
                   (long long) lowest, (long long) highest, esp_storage_get_id (storage),
                   (unsigned long long) elements);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_not_negative (const gint64 *strides, guint ndim, gint64 offset, GError **error)
{
  if (offset < 0)
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS, _ ("Negative offset %lld"),
                   (long long) offset);
      return FALSE;
    }
  for (guint i = 0; strides != NULL && i < ndim; i++)
    if (strides[i] < 0)
      {
        g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                     _ ("Dimension %u has the negative stride %lld"), i, (long long) strides[i]);
        return FALSE;
      }
  return TRUE;
}

/* }}} */
/* {{{ making */

static void
fill_strides (const gint64 *shape, guint ndim, gint64 *strides)
{
  gint64 stride = 1;

  for (guint i = ndim; i-- > 0;)
    {
      strides[i] = stride;
      stride *= MAX (shape[i], 1); /* can't overflow: count_elements() multiplied the same */
    }
}

/* bytes of so many elements stored in blocks; a part of a block counts in proportion */
static guint64
count_block_bytes (const EspBlockType *block, guint64 count)
{
  guint64 rest = count % block->elements;

  /* a block has fewer bytes than its elements have as float32, which were counted */
  return count / block->elements * block->bytes +
         (rest * block->bytes + block->elements - 1) / block->elements;
}

/* without storage; NULL where the shape alone is wrong */
static EspTensor *
new_described (EspDtype dtype,
               const EspBlockType *block,
               const char *native_dtype,
               const gint64 *shape,
               guint ndim,
               const gint64 *strides,
               EspTensorFlags flags,
               GError **error)
{
  EspDescription description = { .block = block, .dtype = dtype, .flags = flags, .ndim = ndim };
  gint64 contiguous[ESP_LIMIT_DIMS];
  EspTensor *self;

  if (!count_elements (shape, ndim, &description.count, error))
    return NULL;
  if (!esp_dtype_get_size (dtype, description.count, &description.bytes) ||
      description.bytes > G_MAXINT64)
    {
      fail (error, ESP_TENSOR_ERROR_BOUNDS, _ ("The tensor has more bytes than 64 bits can count"));
      return NULL;
    }
  if (block != NULL)
    description.bytes = count_block_bytes (block, description.count);
  if (strides == NULL)
    {
      fill_strides (shape, ndim, contiguous);
      strides = contiguous;
    }
  description.native_dtype = native_dtype != NULL ? native_dtype : "";
  description.shape = shape;
  description.strides = strides;

  self = g_new0 (EspTensor, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->description = esp_description_intern (&description);
  return self;
}

static EspAffine *
affine_copy (const EspAffine *affine)
{
  EspAffine *copy = g_new (EspAffine, 1);

  copy->axis = affine->axis;
  copy->n = affine->n;
  copy->scales = g_memdup2 (affine->scales, affine->n * sizeof *affine->scales);
  copy->zero_points = g_memdup2 (affine->zero_points, affine->n * sizeof *affine->zero_points);
  return copy;
}

static void
affine_free (EspAffine *affine)
{
  g_free (affine->scales);
  g_free (affine->zero_points);
  g_free (affine);
}

/* takes @self, which may be NULL; NULL when it would reach out of @storage */
static EspTensor *
attach (EspTensor *self, gint64 offset, EspStorage *storage, GError **error)
{
  g_autoptr (EspTensor) tensor = self;

  if (tensor == NULL)
    return NULL;
  tensor->offset = offset;
  if (!check_reach (tensor, storage, error))
    return NULL;
  tensor->storage = esp_storage_ref (storage);
  return g_steal_pointer (&tensor);
}

EspTensor *
esp_tensor_new (EspDtype dtype,
                const char *native_dtype,
                const gint64 *shape,
                guint ndim,
                const gint64 *strides,
                gint64 offset,
                EspTensorFlags flags,
                EspStorage *storage,
                GError **error)
{
  g_return_val_if_fail (dtype > ESP_DTYPE_INVALID && dtype < ESP_N_DTYPES, NULL);
  g_return_val_if_fail (shape != NULL || ndim == 0, NULL);
  g_return_val_if_fail (storage != NULL, NULL);

  if (!check_not_negative (strides, MIN (ndim, ESP_LIMIT_DIMS), offset, error))
    return NULL;
  return attach (new_described (dtype, NULL, native_dtype, shape, ndim, strides, flags, error),
                 offset, storage, error);
}

EspTensor *
esp_tensor_new_blocks (const EspBlockType *type,
                       const gint64 *shape,
                       guint ndim,
                       EspTensorFlags flags,
                       EspStorage *stored,
                       GError **error)
{
  gboolean swap = (flags & ESP_TENSOR_BIG_ENDIAN) != 0;
  g_autoptr (EspStorage) storage = NULL;

  g_return_val_if_fail (type != NULL, NULL);
  g_return_val_if_fail (shape != NULL || ndim == 0, NULL);
  g_return_val_if_fail (stored != NULL, NULL);

  if (ndim == 0 || ndim > ESP_LIMIT_DIMS || shape[ndim - 1] % type->elements != 0)
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                   _ ("Rows of %lld elements don't divide into the blocks of %u that %s has"),
                   ndim == 0 || ndim > ESP_LIMIT_DIMS ? 1 : (long long) shape[ndim - 1],
                   type->elements, type->native);
      return NULL;
    }
  if (swap && (type->flags & ESP_BLOCK_LITTLE_ONLY) != 0)
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE,
                   _ ("Values of type %s have no defined order of bytes in a big-endian file"),
                   type->native);
      return NULL;
    }
  if (esp_storage_get_block_type (stored) == type)
    storage = esp_storage_ref (stored);
  else
    storage = esp_storage_new_for_blocks (type, stored, swap);
  return attach (new_described (ESP_DTYPE_FLOAT32, type, type->native, shape, ndim, NULL,
                                flags & ~(guint) ESP_TENSOR_BIG_ENDIAN, error),
                 0, storage, error);
}

/* takes @reason */
static EspTensor *
new_unreadable (EspDtype dtype,
                const EspBlockType *block,
                const char *native_dtype,
                const gint64 *shape,
                guint ndim,
                GError *reason)
{
  EspTensor *self = new_described (dtype, block, native_dtype, shape, ndim, NULL, 0, NULL);

  /* its shape is nonsense too: keep the reason, which is what counts */
  if (self == NULL)
    self = new_described (dtype, block, native_dtype, (const gint64[]) { 0 }, 1, NULL, 0, NULL);
  self->error = reason;
  return self;
}

EspTensor *
esp_tensor_new_unreadable (EspDtype dtype,
                           const char *native_dtype,
                           const gint64 *shape,
                           guint ndim,
                           GError *reason)
{
  g_return_val_if_fail (shape != NULL || ndim == 0, NULL);
  g_return_val_if_fail (reason != NULL, NULL);

  return new_unreadable (dtype, NULL, native_dtype, shape, ndim, reason);
}

EspTensor *
esp_tensor_new_unreadable_blocks (const EspBlockType *type,
                                  const gint64 *shape,
                                  guint ndim,
                                  GError *reason)
{
  g_return_val_if_fail (type != NULL, NULL);
  g_return_val_if_fail (shape != NULL || ndim == 0, NULL);
  g_return_val_if_fail (reason != NULL, NULL);

  return new_unreadable (ESP_DTYPE_FLOAT32, type, type->native, shape, ndim, reason);
}

EspTensor *
esp_tensor_new_for_floats (const float *values, const gint64 *shape, guint ndim)
{
  g_autoptr (EspStorage) storage = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  EspTensor *self;
  guint64 count;

  g_return_val_if_fail (shape != NULL || ndim == 0, NULL);

  if (!count_elements (shape, ndim, &count, &error))
    g_return_val_if_reached (NULL);
  g_return_val_if_fail (values != NULL || count == 0, NULL);

  bytes = g_bytes_new (values, count * sizeof *values);
  storage = esp_storage_new_for_bytes (bytes, NULL);
  self = esp_tensor_new (ESP_DTYPE_FLOAT32, "float32", shape, ndim, NULL, 0, 0, storage, &error);
  g_return_val_if_fail (self != NULL, NULL);
  return self;
}

static gboolean
check_affine (EspTensor *self, const EspAffine *affine, GError **error)
{
  EspKind kind = esp_dtype_get_info (self->description->dtype)->kind;

  if (kind != ESP_KIND_INT && kind != ESP_KIND_UINT)
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE,
                   _ ("Values of type %s can't be quantised ones"),
                   esp_dtype_get_info (self->description->dtype)->name);
      return FALSE;
    }
  if (affine->axis < 0)
    return affine->n == 1 || fail (error, ESP_TENSOR_ERROR_BOUNDS,
                                   _ ("A tensor quantised as a whole needs one scale"));
  if ((guint) affine->axis >= self->description->ndim)
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                   _ ("Quantised along axis %d of a tensor of %u dimensions"), affine->axis,
                   self->description->ndim);
      return FALSE;
    }
  if (affine->n != self->description->shape[affine->axis])
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                   _ ("%u scales for axis %d of size %lld"), affine->n, affine->axis,
                   (long long) self->description->shape[affine->axis]);
      return FALSE;
    }
  return TRUE;
}

EspTensor *
esp_tensor_with_affine (EspTensor *self, const EspAffine *affine, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (affine != NULL, NULL);

  return esp_tensor_new_view_with_affine (self, self->description->shape, self->description->ndim,
                                          self->description->strides, self->offset, affine, error);
}

EspTensor *
esp_tensor_new_view_with_affine (EspTensor *self,
                                 const gint64 *shape,
                                 guint ndim,
                                 const gint64 *strides,
                                 gint64 offset,
                                 const EspAffine *affine,
                                 GError **error)
{
  g_autoptr (EspTensor) view = NULL;

  if (!esp_tensor_check_readable (self, error))
    return NULL;
  view = new_described (self->description->dtype, self->description->block,
                        self->description->native_dtype, shape, ndim, strides,
                        self->description->flags, error);
  if (view == NULL)
    return NULL;
  view->offset = offset;
  if (!check_reach (view, self->storage, error))
    return NULL;
  if (affine != NULL && !check_affine (view, affine, error))
    return NULL;
  view->affine = affine != NULL ? affine_copy (affine) : NULL;
  view->storage = esp_storage_ref (self->storage);
  return g_steal_pointer (&view);
}

EspTensor *
esp_tensor_new_view (EspTensor *self,
                     const gint64 *shape,
                     guint ndim,
                     const gint64 *strides,
                     gint64 offset,
                     GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (shape != NULL || ndim == 0, NULL);

  if (!esp_tensor_check_readable (self, error))
    return NULL;
  if (self->affine != NULL && self->affine->axis >= 0)
    {
      fail (error, ESP_TENSOR_ERROR_DTYPE,
            _ ("The tensor is quantised along one of its axes, so it can only be sliced"));
      return NULL;
    }
  return esp_tensor_new_view_with_affine (self, shape, ndim, strides, offset, self->affine, error);
}

EspTensor *
esp_tensor_ref (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
esp_tensor_unref (EspTensor *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  if (g_atomic_int_get (&self->remembered))
    esp_scan_share_forget (self);
  esp_description_unref (self->description);
  if (self->storage == NULL)
    g_clear_error (&self->error);
  else
    {
      g_clear_pointer (&self->affine, affine_free);
      esp_storage_unref (self->storage);
    }
  g_free (self);
}

void
esp_tensor_set_remembered (EspTensor *self, gboolean remembered)
{
  g_atomic_int_set (&self->remembered, remembered);
}

/* }}} */
/* {{{ what it is */

EspDtype
esp_tensor_get_dtype (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, ESP_DTYPE_INVALID);

  return self->description->dtype;
}

const char *
esp_tensor_get_dtype_name (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->description->block != NULL ? self->description->block->name
                                          : esp_dtype_get_info (self->description->dtype)->name;
}

const char *
esp_tensor_get_dtype_brief (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->description->block != NULL ? self->description->block->native
                                          : esp_dtype_get_info (self->description->dtype)->brief;
}

const EspBlockType *
esp_tensor_get_block_type (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->description->block;
}

const char *
esp_tensor_get_native_dtype (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->description->native_dtype;
}

guint
esp_tensor_get_ndim (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->description->ndim;
}

const gint64 *
esp_tensor_get_shape (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->description->shape;
}

char *
esp_tensor_dup_shape (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (esp_tensor_get_error (self) && esp_tensor_get_dtype (self) == ESP_DTYPE_INVALID &&
      esp_tensor_get_ndim (self) == 0)
    return g_strdup (_ ("unknown"));
  return esp_number_format_shape (esp_tensor_get_shape (self), esp_tensor_get_ndim (self));
}

const gint64 *
esp_tensor_get_strides (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->description->strides;
}

gint64
esp_tensor_get_offset (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->offset;
}

guint64
esp_tensor_get_count (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->description->count;
}

guint64
esp_tensor_get_bytes (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->description->bytes;
}

gint64
esp_tensor_get_file_offset (EspTensor *self)
{
  const EspBlockType *block;
  guint64 skipped;
  gint64 start;

  g_return_val_if_fail (self != NULL, -1);

  start = self->storage != NULL ? esp_storage_get_file_offset (self->storage) : -1;
  if (start < 0)
    return -1;
  block = self->description->block;
  if (block != NULL)
    skipped = (guint64) self->offset / block->elements * block->bytes;
  else if (!esp_dtype_get_size (self->description->dtype, (guint64) self->offset, &skipped))
    return -1;
  return start + (gint64) skipped;
}

EspTensorFlags
esp_tensor_get_flags (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->description->flags;
}

EspStorage *
esp_tensor_get_storage (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->storage;
}

const EspAffine *
esp_tensor_get_affine (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->storage != NULL ? self->affine : NULL;
}

const GError *
esp_tensor_get_error (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->storage == NULL ? self->error : NULL;
}

gboolean
esp_tensor_check_readable (EspTensor *self, GError **error)
{
  if (self->storage != NULL)
    return TRUE;
  if (error != NULL)
    *error = g_error_copy (self->error);
  return FALSE;
}

gboolean
esp_tensor_check_walkable (EspTensor *self, GError **error)
{
  guint64 stored;

  g_return_val_if_fail (self != NULL, FALSE);

  if (!esp_tensor_check_readable (self, error))
    return FALSE;
  stored = count_stored (self->description->dtype, self->storage);
  if (self->description->count <= ESP_LIMIT_VIEW_ELEMENTS ||
      self->description->count / ESP_LIMIT_VIEW_REPEATS <= stored)
    return TRUE;
  g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
               _ ("The tensor has %llu elements that repeat %llu stored ones: too many to go "
                  "through"),
               (unsigned long long) self->description->count, (unsigned long long) stored);
  return FALSE;
}

gboolean
esp_tensor_is_stream (EspTensor *self)
{
  return self->storage != NULL && esp_storage_is_stream (self->storage);
}

guint
esp_tensor_get_numbers_per_element (EspTensor *self)
{
  return esp_dtype_get_info (self->description->dtype)->kind == ESP_KIND_COMPLEX ? 2 : 1;
}

gboolean
esp_tensor_is_contiguous (EspTensor *self)
{
  gint64 stride = 1;

  g_return_val_if_fail (self != NULL, FALSE);

  if (self->description->count == 0)
    return TRUE;
  for (guint i = self->description->ndim; i-- > 0;)
    {
      if (self->description->shape[i] != 1 && self->description->strides[i] != stride)
        return FALSE;
      stride *= self->description->shape[i];
    }
  return TRUE;
}

gboolean
esp_tensor_is_sole (EspTensor *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return g_atomic_ref_count_compare (&self->ref_count, 1) &&
         (self->storage == NULL || esp_storage_is_sole (self->storage));
}

gboolean
esp_tensor_is_alias (EspTensor *self, EspTensor *other)
{
  const EspDescription *a, *b;
  gsize n;

  g_return_val_if_fail (self != NULL && other != NULL, FALSE);

  if (self->storage == NULL || self->storage != other->storage || self->offset != other->offset)
    return FALSE;
  a = self->description;
  b = other->description;
  if (a == b)
    return TRUE;
  n = a->ndim * sizeof *a->shape;
  return a->dtype == b->dtype && a->ndim == b->ndim && a->flags == b->flags &&
         (n == 0 ||
          (memcmp (a->shape, b->shape, n) == 0 && memcmp (a->strides, b->strides, n) == 0));
}

/* }}} */
