/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-block.h"
#include "esp-dtype.h"
#include "esp-storage.h"

G_BEGIN_DECLS

/**
 * EspTensor:
 *
 * A view of a storage: dtype, shape, strides and offset (both in elements). Immutable, atomically
 * refcounted, any thread. Strides may be 0 (expanded) and, in views that a slice made, negative.
 * Values are decoded when they are read.
 */

typedef enum
{
  ESP_TENSOR_BIG_ENDIAN = 1 << 0,
  ESP_TENSOR_CONJUGATE = 1 << 1, /* stored values have to be conjugated (torch's lazy conj) */
  ESP_TENSOR_NEGATE = 1 << 2,    /* stored values have to be negated (torch's lazy neg) */
} EspTensorFlags;

/* value = (stored - zero_point) * scale; per tensor (axis < 0, one entry each) or per index of one
 * axis */
typedef struct
{
  int axis;
  guint n;
  double *scales;      /* n */
  double *zero_points; /* n */
} EspAffine;

/**
 * esp_tensor_new:
 * @native_dtype: the format's own word ("torch.float32", "F32")
 * @shape: (ndim) sizes, each >= 0
 * @strides: (ndim) or NULL for C order
 *
 * Returns: a new tensor that holds a reference on @storage, or NULL with %ESP_TENSOR_ERROR_BOUNDS
 * when any element would lie outside the storage, or shape and size overflow.
 */
EspTensor *esp_tensor_new (EspDtype dtype,
                           const char *native_dtype,
                           const gint64 *shape,
                           guint ndim,
                           const gint64 *strides,
                           gint64 offset,
                           EspTensorFlags flags,
                           EspStorage *storage,
                           GError **error);
/* a tensor that is known but can't be read: meta device, a broken entry. Takes @reason, which every
 * read then gives. */
EspTensor *esp_tensor_new_unreadable (EspDtype dtype,
                                      const char *native_dtype,
                                      const gint64 *shape,
                                      guint ndim,
                                      GError *reason);
/**
 * esp_tensor_new_blocks:
 * @stored: the blocks; or the storage of another tensor that has them, to share its memory
 *
 * A tensor whose rows are stored as blocks of quantised values: a float32 one to all who read it,
 * but esp_tensor_get_dtype_name(), esp_tensor_get_native_dtype() and esp_tensor_get_bytes() tell of
 * the blocks. Rows (the last axis) must be whole blocks. @flags may have %ESP_TENSOR_BIG_ENDIAN.
 *
 * Returns: a new tensor, or NULL with %ESP_TENSOR_ERROR
 */
EspTensor *esp_tensor_new_blocks (const EspBlockType *type,
                                  const gint64 *shape,
                                  guint ndim,
                                  EspTensorFlags flags,
                                  EspStorage *stored,
                                  GError **error);
/* the same without values; takes @reason */
EspTensor *esp_tensor_new_unreadable_blocks (const EspBlockType *type,
                                             const gint64 *shape,
                                             guint ndim,
                                             GError *reason);
/* copies @values (C order) into a storage of its own; float32 */
EspTensor *esp_tensor_new_for_floats (const float *values, const gint64 *shape, guint ndim);
/* the same view with quantisation parameters; copies @affine; fails unless they fit the shape */
EspTensor *esp_tensor_with_affine (EspTensor *self, const EspAffine *affine, GError **error);
/* another view of the same storage, checked again: what a slice makes */
EspTensor *esp_tensor_new_view (EspTensor *self,
                                const gint64 *shape,
                                guint ndim,
                                const gint64 *strides,
                                gint64 offset,
                                GError **error);

EspTensor *esp_tensor_ref (EspTensor *self);
void esp_tensor_unref (EspTensor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTensor, esp_tensor_unref)

/* what values decode from; of blocks: float32 */
EspDtype esp_tensor_get_dtype (EspTensor *self);
/* our word for how it is stored: "float32", "q4_k" */
const char *esp_tensor_get_dtype_name (EspTensor *self);
/* the same for narrow columns: "f32", "Q4_K" */
const char *esp_tensor_get_dtype_brief (EspTensor *self);
const EspBlockType *esp_tensor_get_block_type (EspTensor *self); /* or NULL */
const char *esp_tensor_get_native_dtype (EspTensor *self);
guint esp_tensor_get_ndim (EspTensor *self);
const gint64 *esp_tensor_get_shape (EspTensor *self);
/* "2 × 3" for a person, as esp_number_format_shape(); "unknown" where the file doesn't tell. New
 * string. */
char *esp_tensor_dup_shape (EspTensor *self);
const gint64 *esp_tensor_get_strides (EspTensor *self);
gint64 esp_tensor_get_offset (EspTensor *self);
guint64 esp_tensor_get_count (EspTensor *self); /* elements of the view */
/* bytes that these would take stored contiguously (of blocks: with a part of one counted as such)
 */
guint64 esp_tensor_get_bytes (EspTensor *self);
/* byte of the file at which the first element (or its block) lies; -1 where there is none */
gint64 esp_tensor_get_file_offset (EspTensor *self);
EspTensorFlags esp_tensor_get_flags (EspTensor *self);
EspStorage *esp_tensor_get_storage (EspTensor *self); /* NULL if unreadable */
const EspAffine *esp_tensor_get_affine (EspTensor *self);
const GError *esp_tensor_get_error (EspTensor *self); /* NULL if readable */
gboolean esp_tensor_is_contiguous (EspTensor *self);
/* same storage object, dtype, shape, strides, offset and flags: one memory under two names */
gboolean esp_tensor_is_alias (EspTensor *self, EspTensor *other);
/* whether the caller's reference is the only one on the tensor, and the tensor's the only one on
 * its storage: no other tensor shares its memory. FALSE says nothing. */
gboolean esp_tensor_is_sole (EspTensor *self);

/* Ask before going through all of a tensor: FALSE with %ESP_TENSOR_ERROR_BOUNDS where a view
 * repeats few stored elements so often (stride 0) that it would take for ever, and with the
 * tensor's own error where it can't be read. */
gboolean esp_tensor_check_walkable (EspTensor *self, GError **error);

/* @count values from C-order index @start on; complex: 2 * @count numbers. Quantised values come
 * out dequantised. */
gboolean esp_tensor_read_f32 (EspTensor *self,
                              guint64 start,
                              gsize count,
                              float *out,
                              GCancellable *cancellable,
                              GError **error);
gboolean esp_tensor_read_f64 (EspTensor *self,
                              guint64 start,
                              gsize count,
                              double *out,
                              GCancellable *cancellable,
                              GError **error);
gboolean esp_tensor_read_i64 (EspTensor *self,
                              guint64 start,
                              gsize count,
                              gint64 *out,
                              GCancellable *cancellable,
                              GError **error);
/* bytes of @count elements in C order (of blocks: their float32), little endian, flags and
 * quantisation not applied; whole-byte dtypes, or a sub-byte tensor read whole */
gboolean esp_tensor_read_bytes (EspTensor *self,
                                guint64 start,
                                gsize count,
                                void *out,
                                GCancellable *cancellable,
                                GError **error);

G_END_DECLS
