/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fingerprint of a tensor's values: SHA-256 over them in C order, in a form that doesn't hang
 * on the format they come from. Which form follows from the element type:
 *
 *   floats, quantised values  f32le  each cast to float32, all NaNs as 0x7fc00000
 *   bool, integers            i64le  each as int64, uint64 keeping its bits
 *   complex                   c64le  (re, im) pairs of float32
 *   opaque                    raw    the stored bytes
 *   blocks that only we decode  raw  the blocks (a view that cuts through them: f32le)
 *
 * Sequential by nature; memory is one block.
 */

#include "config.h"

#include "esp-scan.h"

#include <string.h>

#include "esp-block-storage.h"
#include "esp-tensor-private.h"

#define BLOCK_ELEMENTS (64 * 1024)
/* gathering a strided view pays off in larger pieces */
#define STRIDED_BLOCK_ELEMENTS (8 * 1024 * 1024)

typedef enum
{
  KIND_F32,
  KIND_I64,
  KIND_C64,
  KIND_RAW,
} Kind;

static const char *const kind_names[] = { "f32le", "i64le", "c64le", "raw" };

/* Formats that store packed floats which their own library can't decode: there is no other reader
 * to agree with on values. */
static gboolean
is_undecodable (EspTensor *tensor)
{
  const char *native = esp_tensor_get_native_dtype (tensor);

  if (esp_dtype_get_info (esp_tensor_get_dtype (tensor))->bits >= 8)
    return FALSE;
  return g_str_equal (native, "F4") || g_str_has_prefix (native, "F6_") ||
         g_str_has_prefix (native, "torch.");
}

/* whole blocks whose values there is nobody to agree with on */
static gboolean
is_raw_blocks (EspTensor *tensor)
{
  const EspBlockType *block = esp_tensor_get_block_type (tensor);

  return block != NULL && (block->flags & ESP_BLOCK_NO_REFERENCE) != 0 &&
         esp_tensor_get_flags (tensor) == 0 && esp_tensor_is_contiguous (tensor) &&
         esp_tensor_get_offset (tensor) % block->elements == 0 &&
         esp_tensor_get_count (tensor) % block->elements == 0;
}

static Kind
get_kind (EspTensor *tensor)
{
  if (esp_tensor_get_affine (tensor) != NULL)
    return KIND_F32;
  switch (esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind)
    {
    case ESP_KIND_BOOL:
    case ESP_KIND_UINT:
    case ESP_KIND_INT:
      return KIND_I64;
    case ESP_KIND_FLOAT:
      return is_undecodable (tensor) || is_raw_blocks (tensor) ? KIND_RAW : KIND_F32;
    case ESP_KIND_COMPLEX:
      return KIND_C64;
    case ESP_KIND_OPAQUE:
    default:
      return KIND_RAW;
    }
}

const char *
esp_scan_get_hash_kind (EspTensor *tensor)
{
  g_return_val_if_fail (tensor != NULL, NULL);

  return kind_names[get_kind (tensor)];
}

static void
unify_nans (gpointer values, gsize count)
{
  guint32 *bits = values;

  for (gsize i = 0; i < count; i++)
    bits[i] = (bits[i] & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits[i];
}

/* @count is whole blocks, and so is @start */
static gsize
read_raw_blocks (EspTensor *tensor,
                 guint64 start,
                 gsize count,
                 gpointer out,
                 GCancellable *cancellable,
                 GError **error)
{
  const EspBlockType *block = esp_tensor_get_block_type (tensor);
  guint64 first = ((guint64) esp_tensor_get_offset (tensor) + start) / block->elements;
  gsize n = count / block->elements;

  return esp_storage_read_blocks (esp_tensor_get_storage (tensor), first, n, out, cancellable,
                                  error)
             ? n * block->bytes
             : 0;
}

/* a block in its form at @out; returns its bytes, 0 if it fails */
static gsize
read_block (EspTensor *tensor,
            Kind kind,
            EspScratch *scratch,
            guint64 start,
            gsize count,
            gpointer out,
            GCancellable *cancellable,
            GError **error)
{
  gsize numbers = count * esp_tensor_get_numbers_per_element (tensor);
  guint bits = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->bits;

  switch (kind)
    {
    case KIND_I64:
      return esp_tensor_read_i64 (tensor, start, count, out, cancellable, error)
                 ? count * sizeof (gint64)
                 : 0;
    case KIND_RAW:
      if (esp_tensor_get_block_type (tensor) != NULL)
        return read_raw_blocks (tensor, start, count, out, cancellable, error);
      return esp_tensor_read_bytes (tensor, start, count, out, cancellable, error)
                 ? (count * bits + 7) / 8
                 : 0;
    case KIND_F32:
    case KIND_C64:
    default:
      if (!esp_tensor_read_f32_with (tensor, scratch, start, count, out, cancellable, error))
        return 0;
      unify_nans (out, numbers);
      return numbers * sizeof (float);
    }
}

char *
esp_scan_hash (EspTensor *tensor,
               EspProgressFunc progress,
               gpointer user_data,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (GChecksum) checksum = NULL;
  g_auto (EspScratch) scratch = { 0 };
  g_autofree guint8 *block = NULL;
  guint64 count;
  gsize step;
  Kind kind;

  g_return_val_if_fail (tensor != NULL, NULL);

  if (!esp_tensor_check_walkable (tensor, error))
    return NULL;
  kind = get_kind (tensor);
  count = esp_tensor_get_count (tensor);
  step = esp_tensor_is_contiguous (tensor) ? BLOCK_ELEMENTS : STRIDED_BLOCK_ELEMENTS;
  step = (gsize) MIN (step, count);
  block = g_malloc (MAX (step, 1) * sizeof (gint64));
  checksum = g_checksum_new (G_CHECKSUM_SHA256);
  for (guint64 start = 0; start < count; start += step)
    {
      gsize n = (gsize) MIN (step, count - start);
      gsize size = read_block (tensor, kind, &scratch, start, n, block, cancellable, error);

      if (size == 0)
        return NULL;
      g_checksum_update (checksum, block, (gssize) size);
      if (progress != NULL)
        progress ((double) (start + n) / (double) count, user_data);
    }
  return g_strdup (g_checksum_get_string (checksum));
}
