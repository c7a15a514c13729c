/* SPDX-License-Identifier: GPL-3.0-or-later */

/* PyTorch's rebuild functions as a table: what each one's arguments say of a tensor. Nothing is
 * called. What can't be made is an unreadable tensor that still has the shape and type that were
 * understood. Tensors are made once per value of the pickle, so that a parameter that occurs twice
 * is one. Hot: build_tensor(), once per tensor. */

#include "config.h"

#include "esp-pytorch-tensors.h"

#include "esp-check.h"
#include "esp-error.h"
#include "esp-limits.h"
#include "esp-pytorch-inner.h"
#include "esp-pytorch-numpy.h"
#include "esp-pytorch-sparse.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

struct _EspPytorchTensors
{
  EspPickle *pickle; /* owned */
  EspPytorchStorages *storages;
  GCancellable *cancellable;
  GHashTable *by_value;    /* EspPickleValue -> EspPytorchTensor */
  GHashTable *from_pickle; /* bytes inside the pickle -> EspStorage */
  EspPytorchInner *inner;  /* storages in files inside the pickle */
  guint depth;
};

/* a tensor while it is made */
typedef struct
{
  EspPytorchTensors *owner;
  EspPytorchTensor *out;
  /* what is known of it even when it can't be read */
  EspDtype dtype;
  const char *native;
  gint64 shape[ESP_LIMIT_DIMS];
  guint ndim;
} Build;

typedef gboolean (*BuildFunc) (Build *self, const EspPickleValue *args, GError **error);

static gboolean build_call (Build *self,
                            EspPickleMeaning meaning,
                            const EspPickleValue *args,
                            GError **error);

static gboolean G_GNUC_PRINTF (3, 4) fail (GError **error, int code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (ESP_FORMAT_ERROR, code, format, args);
  va_end (args);
  return FALSE;
}

/* arguments */

static const EspPickleValue *
get_arg (const EspPickleValue *args, guint index)
{
  return esp_pickle_value_get_item (args, index);
}

static gboolean
is_true (const EspPickleValue *value)
{
  gint64 integer;

  return esp_pickle_value_get_int (value, &integer) && integer != 0;
}

static gboolean
read_sizes (const EspPickleValue *value, gint64 sizes[ESP_LIMIT_DIMS], guint *n, GError **error)
{
  *n = esp_pickle_value_get_n_items (value);
  if (value == NULL || (value->kind != ESP_PICKLE_TUPLE && value->kind != ESP_PICKLE_LIST))
    return fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("a tuple of sizes is missing"));
  if (*n > ESP_LIMIT_DIMS)
    return fail (error, ESP_FORMAT_ERROR_LIMIT, _ ("it has %u dimensions, more than %d"), *n,
                 ESP_LIMIT_DIMS);
  for (guint i = 0; i < *n; i++)
    if (!esp_pickle_value_get_int (value->items.items[i], &sizes[i]) || sizes[i] < 0)
      {
        g_autofree char *text = esp_pickle_value_to_text (value, 200);

        return fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("%s are no sizes"), text);
      }
  return TRUE;
}

static gboolean
read_shape (Build *self, const EspPickleValue *value, GError **error)
{
  guint n;

  if (!read_sizes (value, self->shape, &n, error))
    return FALSE;
  self->ndim = n;
  return TRUE;
}

static void
set_dtype (Build *self, const EspPytorchDtype *dtype)
{
  self->dtype = dtype->dtype;
  self->native = dtype->native;
}

static gboolean
read_dtype (Build *self, const EspPickleValue *value, GError **error)
{
  const EspPytorchDtype *dtype = NULL;
  g_autofree char *text = NULL;

  if (esp_pickle_value_get_meaning (value) == ESP_MEANING_DTYPE)
    dtype = esp_pytorch_dtype_from_name (value->name->name);
  if (dtype != NULL)
    {
      set_dtype (self, dtype);
      return TRUE;
    }
  if (value == NULL)
    return fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("the data type is missing"));
  text = esp_pickle_value_to_text (value, 200);
  return fail (error, ESP_FORMAT_ERROR_UNSUPPORTED, _ ("%s is no data type that can be read"),
               text);
}

static void
set_requires_grad (Build *self, const EspPickleValue *value)
{
  if (value != NULL && value->kind == ESP_PICKLE_BOOL)
    self->out->requires_grad = value->boolean ? ESP_REQUIRES_GRAD_YES : ESP_REQUIRES_GRAD_NO;
}

/* @offset: receives where in it a view of it begins */
static const EspPytorchStorage *
get_storage (Build *self, const EspPickleValue *value, gint64 *offset, GError **error)
{
  const EspPytorchStorage *storage;

  if (value == NULL)
    {
      fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("the storage is missing"));
      return NULL;
    }
  if (esp_pickle_value_get_callee_meaning (value) == ESP_MEANING_LOAD_FROM_BYTES)
    storage = esp_pytorch_inner_get (self->owner->inner, value->record->args, offset, error);
  else
    storage = esp_pytorch_storages_get (self->owner->storages, value, offset, error);
  if (storage == NULL)
    return NULL;
  if (storage->dtype != NULL && self->dtype == ESP_DTYPE_INVALID)
    set_dtype (self, storage->dtype);
  if (storage->error != NULL)
    {
      g_propagate_error (error, g_error_copy (storage->error));
      return NULL;
    }
  return storage;
}

/* PyTorch's lazy views */
static EspTensorFlags
read_flags (const EspPickleValue *metadata)
{
  EspTensorFlags flags = 0;

  if (is_true (esp_pickle_value_find (metadata, "conj")))
    flags |= ESP_TENSOR_CONJUGATE;
  if (is_true (esp_pickle_value_find (metadata, "neg")))
    flags |= ESP_TENSOR_NEGATE;
  return flags;
}

/* the rebuild functions */

/* (storage, offset, size, stride): of all that have a storage */
static gboolean
build_strided (Build *self,
               const EspPickleValue *args,
               const EspPickleValue *metadata,
               GError **error)
{
  const EspPytorchStorage *storage;
  gint64 strides[ESP_LIMIT_DIMS];
  gint64 offset;
  gint64 view_offset = 0;
  guint n;
  EspTensorFlags flags;

  if (!read_shape (self, get_arg (args, 2), error))
    return FALSE;
  storage = get_storage (self, get_arg (args, 0), &view_offset, error);
  if (storage == NULL || !read_sizes (get_arg (args, 3), strides, &n, error))
    return FALSE;
  if (n != self->ndim)
    return fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("it has %u sizes and %u strides"), self->ndim,
                 n);
  if (!esp_pickle_value_get_int (get_arg (args, 1), &offset) ||
      (offset >= 0 && !esp_add_i64 (offset, view_offset, &offset)))
    return fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("the offset is no number"));
  flags = read_flags (metadata) | esp_pytorch_storages_get_flags (self->owner->storages);
  self->out->tensor = esp_tensor_new (self->dtype, self->native, self->shape, self->ndim, strides,
                                      offset, flags, storage->storage, error);
  return self->out->tensor != NULL;
}

/* (storage, offset, size, stride[, requires_grad, hooks[, metadata]]) */
static gboolean
build_tensor (Build *self, const EspPickleValue *args, GError **error)
{
  /* a detached tensor of a state dict doesn't say whether the model wants a gradient */
  if (is_true (get_arg (args, 4)))
    self->out->requires_grad = ESP_REQUIRES_GRAD_YES;
  return build_strided (self, args, get_arg (args, 6), error);
}

/* (untyped storage, offset, size, stride, requires_grad, hooks, dtype[, metadata]) */
static gboolean
build_tensor_v3 (Build *self, const EspPickleValue *args, GError **error)
{
  if (is_true (get_arg (args, 4)))
    self->out->requires_grad = ESP_REQUIRES_GRAD_YES;
  if (!read_dtype (self, get_arg (args, 6), error))
    {
      read_shape (self, get_arg (args, 2), NULL);
      return FALSE;
    }
  return build_strided (self, args, get_arg (args, 7), error);
}

/* a tensor that this one is made of; borrowed */
static const EspPytorchTensor *
get_inner (Build *self, const EspPickleValue *value, GError **error)
{
  const EspPytorchTensor *inner = NULL;

  if (value == NULL || !esp_pytorch_value_is_tensor (value))
    fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("a tensor that it is made of is missing"));
  else if (self->owner->depth >= ESP_LIMIT_TENSOR_NESTING)
    fail (error, ESP_FORMAT_ERROR_LIMIT, _ ("it is nested more than %d deep"),
          ESP_LIMIT_TENSOR_NESTING);
  else
    {
      self->owner->depth++;
      inner = esp_pytorch_tensors_get (self->owner, value);
      self->owner->depth--;
      if (inner->tensor == NULL)
        {
          fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("it is made of itself"));
          return NULL;
        }
    }
  return inner;
}

/* takes over what another value of the pickle describes */
static gboolean
build_inner (Build *self, const EspPickleValue *value, GError **error)
{
  const EspPytorchTensor *inner = get_inner (self, value, error);

  if (inner == NULL)
    return FALSE;
  *self->out = *inner;
  self->out->tensor = esp_tensor_ref (inner->tensor);
  return TRUE;
}

/* (tensor, requires_grad, hooks[, state]) */
static gboolean
build_parameter (Build *self, const EspPickleValue *args, GError **error)
{
  if (!build_inner (self, get_arg (args, 0), error))
    return FALSE;
  self->out->is_parameter = TRUE;
  set_requires_grad (self, get_arg (args, 1));
  return TRUE;
}

/* (function, type, arguments, state) */
static gboolean
build_from_type (Build *self, const EspPickleValue *args, GError **error)
{
  const EspPickleValue *state = get_arg (args, 3);
  gboolean good;

  if (state != NULL && state->kind == ESP_PICKLE_TUPLE) /* of a class with __slots__ */
    state = get_arg (state, 0);
  if (self->owner->depth >= ESP_LIMIT_TENSOR_NESTING)
    return fail (error, ESP_FORMAT_ERROR_LIMIT, _ ("it is nested more than %d deep"),
                 ESP_LIMIT_TENSOR_NESTING);
  self->owner->depth++;
  good = build_call (self, esp_pickle_value_get_meaning (get_arg (args, 0)), get_arg (args, 2),
                     error);
  self->owner->depth--;
  if (!good)
    return FALSE;
  if (esp_pickle_value_get_meaning (get_arg (args, 1)) == ESP_MEANING_PARAMETER_CLASS)
    self->out->is_parameter = TRUE;
  if (is_true (esp_pickle_value_find (state, "_is_buffer")))
    self->out->is_buffer = TRUE;
  return TRUE;
}

/* numbers of a small tensor inside the pickle, such as scales */
static double *
read_numbers (Build *self, const EspPickleValue *value, guint64 count, GError **error)
{
  const EspPytorchTensor *numbers;
  g_autofree double *out = NULL;

  numbers = get_inner (self, value, error);
  if (numbers == NULL)
    return NULL;
  if (esp_tensor_get_count (numbers->tensor) != count ||
      esp_dtype_get_info (esp_tensor_get_dtype (numbers->tensor))->kind == ESP_KIND_COMPLEX)
    {
      fail (error, ESP_FORMAT_ERROR_CORRUPT,
            _ ("it has %" PRIu64 " scales or zero points instead of %" PRIu64),
            esp_tensor_get_count (numbers->tensor), count);
      return NULL;
    }
  out = g_new (double, MAX (count, 1));
  if (!esp_tensor_read_f64 (numbers->tensor, 0, count, out, self->owner->cancellable, error))
    return NULL;
  return g_steal_pointer (&out);
}

/* applies (torch.per_tensor_affine, scale, zero point) */
static gboolean
quantise_whole (Build *self, const EspPickleValue *params, GError **error)
{
  double scale, zero_point;
  EspAffine affine = { -1, 1, &scale, &zero_point };
  EspTensor *quantised;

  if (!esp_pickle_value_get_double (get_arg (params, 1), &scale) ||
      !esp_pickle_value_get_double (get_arg (params, 2), &zero_point))
    return fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("scale or zero point is no number"));
  quantised = esp_tensor_with_affine (self->out->tensor, &affine, error);
  if (quantised == NULL)
    return FALSE;
  esp_tensor_unref (self->out->tensor);
  self->out->tensor = quantised;
  return TRUE;
}

/* applies (torch.per_channel_affine, scales, zero points, axis) */
static gboolean
quantise_channels (Build *self, const EspPickleValue *params, GError **error)
{
  g_autofree double *scales = NULL;
  g_autofree double *zero_points = NULL;
  EspAffine affine = { 0 };
  EspTensor *quantised;
  gint64 axis;

  if (!esp_pickle_value_get_int (get_arg (params, 3), &axis) || axis < 0 || axis >= self->ndim)
    return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("the axis of its scales isn’t one of its %u dimensions"), self->ndim);
  if (self->shape[axis] > G_MAXINT32)
    return fail (error, ESP_FORMAT_ERROR_LIMIT, _ ("it has %" PRIi64 " scales, more than %d"),
                 self->shape[axis], G_MAXINT32);
  affine.axis = (int) axis;
  affine.n = (guint) self->shape[axis];
  scales = read_numbers (self, get_arg (params, 1), affine.n, error);
  zero_points = scales != NULL ? read_numbers (self, get_arg (params, 2), affine.n, error) : NULL;
  if (zero_points == NULL)
    return FALSE;
  affine.scales = scales;
  affine.zero_points = zero_points;
  quantised = esp_tensor_with_affine (self->out->tensor, &affine, error);
  if (quantised == NULL)
    return FALSE;
  esp_tensor_unref (self->out->tensor);
  self->out->tensor = quantised;
  return TRUE;
}

/* (storage, offset, size, stride, parameters of the quantisation, requires_grad, hooks) */
static gboolean
build_qtensor (Build *self, const EspPickleValue *args, GError **error)
{
  const EspPickleValue *params = get_arg (args, 4);

  if (!build_strided (self, args, NULL, error))
    return FALSE;
  switch (esp_pickle_value_get_meaning (get_arg (params, 0)))
    {
    case ESP_MEANING_QSCHEME_TENSOR:
      return quantise_whole (self, params, error);
    case ESP_MEANING_QSCHEME_CHANNEL:
      return quantise_channels (self, params, error);
    default:
      return fail (error, ESP_FORMAT_ERROR_UNSUPPORTED,
                   _ ("it is quantised in a way that can’t be read"));
    }
}

static gboolean
find_layout (const EspPickleValue *value, EspSparseLayout *out)
{
  const EspPickleValue *name = value;

  if (esp_pickle_value_get_callee_meaning (value) == ESP_MEANING_LAYOUT)
    name = get_arg (value->record->args, 0);
  for (guint i = 0; i < ESP_N_SPARSE_LAYOUTS; i++)
    if (esp_pickle_value_is_string (name, esp_sparse_layout_get_name (i)))
      {
        *out = i;
        return TRUE;
      }
  return FALSE;
}

/* (layout, (indices, [plain indices,] values, size[, coalesced])) */
static gboolean
build_sparse (Build *self, const EspPickleValue *args, GError **error)
{
  const EspPickleValue *data = get_arg (args, 1);
  EspSparseLayout layout;
  EspTensor *parts[3] = { 0 };
  guint at = 0;

  if (!find_layout (get_arg (args, 0), &layout))
    return fail (error, ESP_FORMAT_ERROR_UNSUPPORTED, _ ("its sparse layout can’t be read"));
  if (!read_shape (self, get_arg (data, layout == ESP_SPARSE_COO ? 2 : 3), error))
    return FALSE;
  for (guint i = 0; i < 3; i++)
    if (i != 1 || layout != ESP_SPARSE_COO)
      {
        const EspPytorchTensor *part = get_inner (self, get_arg (data, at++), error);

        if (part == NULL)
          return FALSE;
        parts[i] = part->tensor;
      }
  self->dtype = esp_tensor_get_dtype (parts[2]);
  self->native = esp_tensor_get_native_dtype (parts[2]);
  self->out->layout = esp_sparse_layout_get_name (layout);
  self->out->n_stored = esp_tensor_get_count (parts[2]);
  self->out->tensor = esp_pytorch_sparse_new (layout, parts[0], parts[1], parts[2], self->shape,
                                              self->ndim, error);
  return self->out->tensor != NULL;
}

static gboolean
fail_no_data (GError **error, const char *message)
{
  g_set_error_literal (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA, message);
  return FALSE;
}

/* (dtype, size, stride, requires_grad) */
static gboolean
build_meta (Build *self, const EspPickleValue *args, GError **error)
{
  set_requires_grad (self, get_arg (args, 3));
  return read_dtype (self, get_arg (args, 0), error) &&
         read_shape (self, get_arg (args, 1), error) &&
         fail_no_data (error, _ ("a tensor on the device “meta” has no values"));
}

/* (class, dtype, size, stride, offset, layout, device, requires_grad) */
static gboolean
build_wrapper (Build *self, const EspPickleValue *args, GError **error)
{
  set_requires_grad (self, get_arg (args, 7));
  return read_dtype (self, get_arg (args, 1), error) &&
         read_shape (self, get_arg (args, 2), error) &&
         fail_no_data (error, _ ("the values of this class of tensor lie in its attributes"));
}

/* (array or tensor, dtype, device, requires_grad) */
static gboolean
build_from_device (Build *self, const EspPickleValue *args, GError **error)
{
  if (!build_inner (self, get_arg (args, 0), error))
    return FALSE;
  if (is_true (get_arg (args, 3)))
    self->out->requires_grad = ESP_REQUIRES_GRAD_YES;
  return TRUE;
}

/* (buffer, sizes, strides, offsets): a list of tensors of different sizes, shown as the buffer */
static gboolean
build_nested (Build *self, const EspPickleValue *args, GError **error)
{
  return build_inner (self, get_arg (args, 0), error);
}

/* ({values, offsets, ...}): the same of a newer kind */
static gboolean
build_jagged (Build *self, const EspPickleValue *args, GError **error)
{
  const EspPickleValue *fields = get_arg (args, 0);

  return build_inner (self, fields != NULL ? esp_pickle_value_find (fields, "values") : NULL,
                      error);
}

/* (requires_grad): it has neither shape nor values before the first batch */
static gboolean
build_uninitialized (Build *self, const EspPickleValue *args, GError **error)
{
  set_requires_grad (self, get_arg (args, 0));
  return fail_no_data (error, _ ("it is uninitialised: its shape follows from the first batch"));
}

static gboolean
build_uninitialized_parameter (Build *self, const EspPickleValue *args, GError **error)
{
  self->out->is_parameter = TRUE;
  return build_uninitialized (self, args, error);
}

static EspStorage *
get_pickle_storage (const EspPickleValue *bytes, gpointer user_data)
{
  EspPytorchTensors *self = user_data;
  EspStorage *storage = g_hash_table_lookup (self->from_pickle, bytes->text.bytes);
  g_autoptr (GBytes) copy = NULL;
  g_autofree char *id = NULL;

  /* bytes at one place may be seen with two lengths only where they end at the pickle's end */
  if (storage != NULL && esp_storage_get_size (storage) == bytes->text.length)
    return esp_storage_ref (storage);
  id = g_strdup_printf ("pickle %u", g_hash_table_size (self->from_pickle));
  copy = g_bytes_new (bytes->text.bytes, bytes->text.length);
  storage = esp_storage_new_for_bytes (copy, id);
  g_hash_table_insert (self->from_pickle, (gpointer) bytes->text.bytes, storage);
  return esp_storage_ref (storage);
}

static gboolean
build_array (Build *self, const EspPickleValue *array, GError **error)
{
  if (!esp_pytorch_numpy_is_array (array))
    return fail (error, ESP_FORMAT_ERROR_UNSUPPORTED, _ ("the array doesn’t hold numbers"));
  self->out->tensor = esp_pytorch_numpy_read (array, get_pickle_storage, self->owner, error);
  return self->out->tensor != NULL;
}

/* PyTorch 0.1 to 0.3: an object whose state is (storage, offset, size, stride) */
static gboolean
build_object (Build *self, const EspPickleValue *value, GError **error)
{
  const EspPickleValue *state = value->state;

  if (esp_pickle_value_get_callee_meaning (value) == ESP_MEANING_PARAMETER_CLASS)
    {
      self->out->is_parameter = TRUE;
      return build_parameter (self, value->record->args, error);
    }
  return build_strided (self, state, NULL, error);
}

static const BuildFunc builders[ESP_N_MEANINGS] = {
  [ESP_MEANING_REBUILD_TENSOR] = build_tensor,
  [ESP_MEANING_REBUILD_TENSOR_V3] = build_tensor_v3,
  [ESP_MEANING_REBUILD_PARAMETER] = build_parameter,
  [ESP_MEANING_REBUILD_PARAMETER_STATE] = build_parameter,
  [ESP_MEANING_REBUILD_FROM_TYPE] = build_from_type,
  [ESP_MEANING_REBUILD_QTENSOR] = build_qtensor,
  [ESP_MEANING_REBUILD_SPARSE] = build_sparse,
  [ESP_MEANING_REBUILD_META] = build_meta,
  [ESP_MEANING_REBUILD_NUMPY] = build_from_device,
  [ESP_MEANING_REBUILD_CPU] = build_from_device,
  [ESP_MEANING_REBUILD_NESTED] = build_nested,
  [ESP_MEANING_REBUILD_JAGGED] = build_jagged,
  [ESP_MEANING_REBUILD_WRAPPER] = build_wrapper,
  [ESP_MEANING_UNINITIALIZED] = build_uninitialized,
  [ESP_MEANING_UNINITIALIZED_PARAMETER] = build_uninitialized_parameter,
};

static gboolean
build_call (Build *self, EspPickleMeaning meaning, const EspPickleValue *args, GError **error)
{
  if (builders[meaning] == NULL)
    return fail (error, ESP_FORMAT_ERROR_UNSUPPORTED,
                 _ ("it is made by a function that isn’t known here"));
  if (args == NULL || args->kind != ESP_PICKLE_TUPLE)
    return fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("its arguments are missing"));
  return builders[meaning](self, args, error);
}

static gboolean
build_value (Build *self, const EspPickleValue *value, GError **error)
{
  EspPickleMeaning meaning = esp_pickle_value_get_callee_meaning (value);

  switch (meaning)
    {
    case ESP_MEANING_NDARRAY:
    case ESP_MEANING_FROM_BUFFER:
      return build_array (self, value, error);
    case ESP_MEANING_TENSOR_CLASS:
    case ESP_MEANING_PARAMETER_CLASS:
      return build_object (self, value, error);
    default:
      return build_call (self, meaning, value->record->args, error);
    }
}

static void
tensor_free (gpointer data)
{
  EspPytorchTensor *self = data;

  g_clear_pointer (&self->tensor, esp_tensor_unref);
  g_free (self);
}

EspPytorchTensors *
esp_pytorch_tensors_new (EspPickle *pickle, EspPytorchStorages *storages, GCancellable *cancellable)
{
  EspPytorchTensors *self = g_new0 (EspPytorchTensors, 1);

  self->pickle = esp_pickle_ref (pickle);
  self->storages = storages;
  self->cancellable = cancellable;
  self->inner = esp_pytorch_inner_new (storages, cancellable);
  self->by_value = g_hash_table_new_full (NULL, NULL, NULL, tensor_free);
  self->from_pickle = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) esp_storage_unref);
  return self;
}

void
esp_pytorch_tensors_free (EspPytorchTensors *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_value);
  g_hash_table_unref (self->from_pickle);
  esp_pytorch_inner_free (self->inner);
  esp_pickle_unref (self->pickle);
  g_free (self);
}

gboolean
esp_pytorch_value_is_tensor (const EspPickleValue *value)
{
  EspPickleMeaning meaning = esp_pickle_value_get_callee_meaning (value);

  switch (meaning)
    {
    case ESP_MEANING_UNKNOWN:
      return FALSE;
    case ESP_MEANING_NDARRAY:
    case ESP_MEANING_FROM_BUFFER:
      return esp_pytorch_numpy_is_array (value);
    case ESP_MEANING_TENSOR_CLASS:
      return esp_pickle_value_get_n_items (value->state) == 4;
    case ESP_MEANING_PARAMETER_CLASS:
      return esp_pickle_value_get_n_items (value->record->args) > 0;
    default:
      return builders[meaning] != NULL;
    }
}

const EspPytorchTensor *
esp_pytorch_tensors_get (EspPytorchTensors *self, const EspPickleValue *value)
{
  EspPytorchTensor *out = g_hash_table_lookup (self->by_value, value);
  Build build;
  GError *error = NULL;

  if (out != NULL)
    return out;
  /* found without a tensor, it is being made just now */
  out = g_new0 (EspPytorchTensor, 1);
  g_hash_table_insert (self->by_value, (gpointer) value, out);
  build.owner = self;
  build.out = out;
  build.dtype = ESP_DTYPE_INVALID;
  build.native = "";
  build.ndim = 0;
  if (!build_value (&build, value, &error))
    {
      g_clear_pointer (&out->tensor, esp_tensor_unref);
      out->tensor = esp_tensor_new_unreadable (build.dtype, build.native, build.shape, build.ndim,
                                               error);
    }
  return out;
}

EspPytorchInner *
esp_pytorch_tensors_get_inner (EspPytorchTensors *self)
{
  return self->inner;
}
