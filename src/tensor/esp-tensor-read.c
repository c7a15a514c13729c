/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading a tensor: gather -> byte order -> decode -> conjugate, negate -> dequantise, in blocks,
 * so that the memory it takes doesn't follow from the count that is asked for. Blocks are some 100
 * KB; strided views of a file get larger ones, since each read then serves more of them. Where the
 * stored element is what is wanted (float32 as float), it is read into the caller's buffer at once.
 */

#include "config.h"

#include "esp-layout-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-check.h"
#include "esp-decode-private.h"
#include "esp-error.h"

#define BLOCK_ELEMENTS (32 * 1024)
#define STRIDED_BLOCK_BYTES (32 * 1024 * 1024)
#define PART 1024

/* packed elements (or codes) from C-order index @start on -> numbers at @out; may be in place */
typedef void (
    *Convert) (EspTensor *tensor, const guint8 *packed, guint64 start, gsize count, gpointer out);

typedef struct
{
  Convert convert;
  gsize size;              /* of a number */
  EspDtype same, same_too; /* element types that are stored as they are wanted */
} Target;

void
esp_scratch_clear (EspScratch *self)
{
  g_clear_pointer (&self->bytes, g_free);
  g_clear_pointer (&self->window, g_free);
  self->size = self->window_size = 0;
}

static guint8 *
ensure_bytes (EspScratch *scratch, gsize size)
{
  if (scratch->size < size)
    {
      g_free (scratch->bytes);
      scratch->bytes = g_malloc (size);
      scratch->size = size;
    }
  return scratch->bytes;
}

/* {{{ numbers */

static void
decode_f64 (EspDtype dtype, const guint8 *packed, gsize first, gsize count, double *out)
{
  guint bits = esp_dtype_get_info (dtype)->bits;

  if (bits < 8)
    esp_decode_codes_f64 (dtype, packed + first, count, out);
  else
    esp_decode_f64 (dtype, packed + first * (bits / 8), 0, count, out);
}

/* To the last bit as PyTorch does it: the difference in float32, and so a scale that is the only
 * one; scales of an axis stay double. */
static void
dequantise (EspTensor *tensor, const guint8 *packed, guint64 start, gsize count, float *out)
{
  const EspAffine *affine = esp_tensor_get_affine (tensor);
  const gint64 *shape = esp_tensor_get_shape (tensor);
  EspDtype dtype = esp_tensor_get_dtype (tensor);
  guint64 inner = 1; /* elements with the same scale that follow one another */

  if (affine->axis < 0)
    inner = G_MAXUINT64;
  else
    for (guint i = (guint) affine->axis + 1; i < esp_tensor_get_ndim (tensor); i++)
      inner *= (guint64) shape[i];

  for (gsize done = 0; done < count;)
    {
      double stored[PART];
      guint64 at = start + done;
      guint entry = (guint) (at / inner % affine->n);
      gsize n = (gsize) MIN (MIN (count - done, PART), inner - at % inner);
      double scale = affine->axis < 0 ? (float) affine->scales[entry] : affine->scales[entry];
      float zero_point = (float) affine->zero_points[entry];

      decode_f64 (dtype, packed, done, n, stored);
      for (gsize i = 0; i < n; i++)
        out[done + i] = (float) ((double) ((float) stored[i] - zero_point) * scale);
      done += n;
    }
}

#define DEFINE_FLAGS(name, type)                                                                   \
  static void name (EspTensor *tensor, gsize count, type *out)                                     \
  {                                                                                                \
    EspTensorFlags flags = esp_tensor_get_flags (tensor);                                          \
    guint per = esp_tensor_get_numbers_per_element (tensor);                                       \
                                                                                                   \
    if (per == 2 && (flags & ESP_TENSOR_CONJUGATE) != 0)                                           \
      for (gsize i = 0; i < count; i++)                                                            \
        out[2 * i + 1] = -out[2 * i + 1];                                                          \
    if ((flags & ESP_TENSOR_NEGATE) != 0)                                                          \
      for (gsize i = 0; i < per * count; i++)                                                      \
        out[i] = -out[i];                                                                          \
  }

DEFINE_FLAGS (apply_flags_f32, float)
DEFINE_FLAGS (apply_flags_f64, double)

static void
convert_f32 (EspTensor *tensor, const guint8 *packed, guint64 start, gsize count, gpointer out)
{
  EspDtype dtype = esp_tensor_get_dtype (tensor);

  if (esp_tensor_get_affine (tensor) != NULL)
    dequantise (tensor, packed, start, count, out);
  else if (esp_dtype_get_info (dtype)->bits < 8)
    esp_decode_codes_f32 (dtype, packed, count, out);
  else if (packed != out)
    esp_decode_f32 (dtype, packed, 0, count, out);
  apply_flags_f32 (tensor, count, out);
}

static void
convert_f64 (EspTensor *tensor, const guint8 *packed, guint64 start, gsize count, gpointer out)
{
  EspDtype dtype = esp_tensor_get_dtype (tensor);
  double *numbers = out;
  gsize size = MAX (esp_dtype_get_info (dtype)->bits / 8, 1);

  if (esp_tensor_get_affine (tensor) != NULL)
    for (gsize done = 0; done < count; done += PART)
      {
        float part[PART];
        gsize n = MIN (count - done, PART);

        dequantise (tensor, packed + done * size, start + done, n, part);
        for (gsize i = 0; i < n; i++)
          numbers[done + i] = part[i];
      }
  else if (packed != out)
    decode_f64 (dtype, packed, 0, count, numbers);
  apply_flags_f64 (tensor, count, numbers);
}

static void
convert_i64 (EspTensor *tensor, const guint8 *packed, guint64 start, gsize count, gpointer out)
{
  EspDtype dtype = esp_tensor_get_dtype (tensor);
  gint64 *numbers = out;

  if (esp_dtype_get_info (dtype)->bits < 8)
    esp_decode_codes_i64 (dtype, packed, count, numbers);
  else if (packed != out)
    esp_decode_i64 (dtype, packed, 0, count, numbers);
  if ((esp_tensor_get_flags (tensor) & ESP_TENSOR_NEGATE) != 0)
    for (gsize i = 0; i < count; i++)
      numbers[i] = (gint64) - (guint64) numbers[i];
}

static const Target target_f32 = { convert_f32, sizeof (float), ESP_DTYPE_FLOAT32,
                                   ESP_DTYPE_COMPLEX64 };
static const Target target_f64 = { convert_f64, sizeof (double), ESP_DTYPE_FLOAT64,
                                   ESP_DTYPE_COMPLEX128 };
static const Target target_i64 = { convert_i64, sizeof (gint64), ESP_DTYPE_INT64,
                                   ESP_DTYPE_UINT64 };

/* }}} */
/* {{{ blocks */

static gboolean
check_range (EspTensor *tensor, guint64 start, gsize count, GError **error)
{
  if (!esp_tensor_check_readable (tensor, error))
    return FALSE;
  if (esp_range_fits (start, count, esp_tensor_get_count (tensor)))
    return TRUE;
  g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
               _ ("%llu elements were wanted at %llu of a tensor of %llu"),
               (unsigned long long) count, (unsigned long long) start,
               (unsigned long long) esp_tensor_get_count (tensor));
  return FALSE;
}

static gsize
get_block (const EspLayout *layout)
{
  if (esp_layout_is_run (layout) || esp_storage_peek (layout->storage) != NULL)
    return BLOCK_ELEMENTS;
  return STRIDED_BLOCK_BYTES / MAX (layout->bits / 8, 1);
}

/* Packed elements, at @into if that is not NULL, else wherever they are had cheapest. NULL if it
 * fails. */
static const guint8 *
get_packed (EspTensor *tensor,
            const EspLayout *layout,
            EspScratch *scratch,
            guint64 start,
            gsize count,
            guint8 *into,
            GCancellable *cancellable,
            GError **error)
{
  gboolean swap = (esp_tensor_get_flags (tensor) & ESP_TENSOR_BIG_ENDIAN) != 0;
  const guint8 *memory = esp_storage_peek (layout->storage);
  gsize size = MAX (layout->bits / 8, 1);

  if (into == NULL && memory != NULL && !swap && layout->bits >= 8 && esp_layout_is_run (layout))
    return memory + ((guint64) layout->offset + start) * size;
  if (into == NULL)
    into = ensure_bytes (scratch, count * size);
  if (!esp_layout_fetch (layout, scratch, start, count, into, cancellable, error))
    return NULL;
  if (swap)
    esp_decode_swap (layout->dtype, into, count);
  return into;
}

static gboolean
read_numbers (EspTensor *tensor,
              EspScratch *scratch,
              const Target *target,
              guint64 start,
              gsize count,
              gpointer out,
              GCancellable *cancellable,
              GError **error)
{
  gsize step = target->size * esp_tensor_get_numbers_per_element (tensor);
  gboolean same;
  EspLayout layout;
  gsize block;

  if (!check_range (tensor, start, count, error))
    return FALSE;
  if (count == 0)
    return TRUE;
  esp_layout_init (&layout, tensor);
  same = (layout.dtype == target->same || layout.dtype == target->same_too) &&
         esp_tensor_get_affine (tensor) == NULL;
  block = get_block (&layout);

  for (gsize done = 0; done < count; done += block)
    {
      gsize n = MIN (count - done, block);
      guint8 *at = (guint8 *) out + done * step;
      const guint8 *packed;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      packed = get_packed (tensor, &layout, scratch, start + done, n, same ? at : NULL, cancellable,
                           error);
      if (packed == NULL)
        return FALSE;
      target->convert (tensor, packed, start + done, n, at);
    }
  return TRUE;
}

/* }}} */
/* {{{ public */

gboolean
esp_tensor_read_f32_with (EspTensor *self,
                          EspScratch *scratch,
                          guint64 start,
                          gsize count,
                          float *out,
                          GCancellable *cancellable,
                          GError **error)
{
  return read_numbers (self, scratch, &target_f32, start, count, out, cancellable, error);
}

gboolean
esp_tensor_read_f64_with (EspTensor *self,
                          EspScratch *scratch,
                          guint64 start,
                          gsize count,
                          double *out,
                          GCancellable *cancellable,
                          GError **error)
{
  return read_numbers (self, scratch, &target_f64, start, count, out, cancellable, error);
}

gboolean
esp_tensor_read_f32 (EspTensor *self,
                     guint64 start,
                     gsize count,
                     float *out,
                     GCancellable *cancellable,
                     GError **error)
{
  g_auto (EspScratch) scratch = { 0 };

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (out != NULL || count == 0, FALSE);

  return read_numbers (self, &scratch, &target_f32, start, count, out, cancellable, error);
}

gboolean
esp_tensor_read_f64 (EspTensor *self,
                     guint64 start,
                     gsize count,
                     double *out,
                     GCancellable *cancellable,
                     GError **error)
{
  g_auto (EspScratch) scratch = { 0 };

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (out != NULL || count == 0, FALSE);

  return read_numbers (self, &scratch, &target_f64, start, count, out, cancellable, error);
}

gboolean
esp_tensor_read_i64 (EspTensor *self,
                     guint64 start,
                     gsize count,
                     gint64 *out,
                     GCancellable *cancellable,
                     GError **error)
{
  g_auto (EspScratch) scratch = { 0 };
  EspKind kind;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (out != NULL || count == 0, FALSE);

  if (!esp_tensor_check_readable (self, error))
    return FALSE;
  kind = esp_dtype_get_info (esp_tensor_get_dtype (self))->kind;
  if (kind == ESP_KIND_FLOAT || kind == ESP_KIND_COMPLEX || esp_tensor_get_affine (self) != NULL)
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE,
                   _ ("Values of type %s can't be read as whole numbers"),
                   esp_tensor_get_affine (self) != NULL
                       ? esp_tensor_get_native_dtype (self)
                       : esp_dtype_get_info (esp_tensor_get_dtype (self))->name);
      return FALSE;
    }
  return read_numbers (self, &scratch, &target_i64, start, count, out, cancellable, error);
}

gboolean
esp_tensor_read_bytes (EspTensor *self,
                       guint64 start,
                       gsize count,
                       void *out,
                       GCancellable *cancellable,
                       GError **error)
{
  g_auto (EspScratch) scratch = { 0 };
  EspLayout layout;
  gsize block;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (out != NULL || count == 0, FALSE);

  if (!check_range (self, start, count, error))
    return FALSE;
  if (count == 0)
    return TRUE;
  esp_layout_init (&layout, self);
  block = get_block (&layout); /* a multiple of 8, so blocks of packed elements meet at bytes */
  for (gsize done = 0; done < count; done += block)
    {
      gsize n = MIN (count - done, block);
      guint8 *at = (guint8 *) out + done * layout.bits / 8;
      const guint8 *packed = get_packed (self, &layout, &scratch, start + done, n,
                                         layout.bits >= 8 ? at : NULL, cancellable, error);

      if (packed == NULL)
        return FALSE;
      if (layout.bits < 8)
        esp_decode_pack (layout.dtype, packed, n, at);
    }
  return TRUE;
}

/* }}} */
