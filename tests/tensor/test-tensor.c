/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Tensors and storages: what is refused, and reading against a naive twin that finds each element
 * by its index, over memory, a file and a stream. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "esp-decode.h"
#include "tensor-fixture.h"

static EspStorage *
make_bytes (gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (MAX (size, 1)), size);

  return esp_storage_new_for_bytes (bytes, "7");
}

/* {{{ what is refused */

typedef struct
{
  const char *what;
  EspDtype dtype;
  guint ndim;
  gint64 shape[4];
  gint64 strides[4];
  gint64 offset;
  gsize size; /* of the storage */
  gboolean good;
} Bounds;

#define P62 ((gint64) 1 << 62)

static const Bounds bounds[] = {
  { "fits", ESP_DTYPE_FLOAT32, 2, { 3, 4 }, { 4, 1 }, 0, 48, TRUE },
  { "a byte short", ESP_DTYPE_FLOAT32, 2, { 3, 4 }, { 4, 1 }, 0, 47, FALSE },
  { "offset too far", ESP_DTYPE_FLOAT32, 2, { 3, 4 }, { 4, 1 }, 1, 48, FALSE },
  { "offset just fits", ESP_DTYPE_FLOAT32, 2, { 3, 4 }, { 4, 1 }, 1, 52, TRUE },
  { "transposed fits", ESP_DTYPE_FLOAT32, 2, { 3, 4 }, { 1, 3 }, 0, 48, TRUE },
  { "negative size", ESP_DTYPE_FLOAT32, 2, { -1, 4 }, { 4, 1 }, 0, 48, FALSE },
  { "negative stride", ESP_DTYPE_FLOAT32, 2, { 3, 4 }, { -4, 1 }, 8, 48, FALSE },
  { "negative offset", ESP_DTYPE_FLOAT32, 1, { 1 }, { 1 }, -1, 48, FALSE },
  { "negative stride of an empty one", ESP_DTYPE_FLOAT32, 2, { 0, 4 }, { 4, -1 }, 0, 48, FALSE },
  { "empty", ESP_DTYPE_FLOAT32, 2, { 0, 4 }, { 4, 1 }, 0, 0, TRUE },
  { "empty, beyond", ESP_DTYPE_FLOAT32, 2, { 4, 0 }, { 1, 1 }, 1000, 0, TRUE },
  { "scalar", ESP_DTYPE_FLOAT64, 0, { 0 }, { 0 }, 0, 8, TRUE },
  { "scalar, nothing there", ESP_DTYPE_FLOAT64, 0, { 0 }, { 0 }, 0, 7, FALSE },
  { "expanded", ESP_DTYPE_FLOAT32, 1, { (gint64) 1 << 40 }, { 0 }, 0, 4, TRUE },
  { "expanded beyond all bytes", ESP_DTYPE_FLOAT32, 1, { P62 }, { 0 }, 0, 4, FALSE },
  { "elements overflow", ESP_DTYPE_INT8, 2, { P62, 4 }, { 0, 0 }, 0, 4, FALSE },
  { "elements overflow, empty", ESP_DTYPE_INT8, 3, { P62, 4, 0 }, { 0, 0, 0 }, 0, 4, FALSE },
  { "reach overflows", ESP_DTYPE_INT8, 2, { 3, 3 }, { P62, P62 }, 0, 4, FALSE },
  { "reach wraps to the inside", ESP_DTYPE_INT8, 1, { 5 }, { P62 }, 0, 4, FALSE },
  { "offset overflows", ESP_DTYPE_INT8, 1, { 2 }, { G_MAXINT64 }, G_MAXINT64, 4, FALSE },
  { "bytes overflow", ESP_DTYPE_COMPLEX128, 1, { P62 / 2 }, { 0 }, 0, 16, FALSE },
  { "long stride of size 1", ESP_DTYPE_INT8, 2, { 1, 3 }, { G_MAXINT64, 1 }, 0, 3, TRUE },
  { "nibbles fit", ESP_DTYPE_UINT4, 1, { 5 }, { 1 }, 0, 3, TRUE },
  { "nibbles just fit", ESP_DTYPE_UINT4, 1, { 6 }, { 1 }, 0, 3, TRUE },
  { "one nibble too many", ESP_DTYPE_UINT4, 1, { 7 }, { 1 }, 0, 3, FALSE },
  { "sixes fit", ESP_DTYPE_FLOAT6_E2M3, 1, { 4 }, { 1 }, 0, 3, TRUE },
  { "sixes in part", ESP_DTYPE_FLOAT6_E2M3, 1, { 5 }, { 1 }, 0, 4, TRUE },
  { "one six too many", ESP_DTYPE_FLOAT6_E2M3, 1, { 6 }, { 1 }, 0, 4, FALSE },
  { "quarters", ESP_DTYPE_UINT2, 1, { 12 }, { 1 }, 0, 3, TRUE },
  { "one quarter too many", ESP_DTYPE_UINT2, 1, { 12 }, { 1 }, 1, 3, FALSE },
};

static void
test_bounds (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bounds); i++)
    {
      const Bounds *row = &bounds[i];
      g_autoptr (EspStorage) storage = make_bytes (row->size);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspTensor) tensor = esp_tensor_new (row->dtype, "x", row->shape, row->ndim,
                                                     row->strides, row->offset, 0, storage, &error);

      g_test_message ("%s", row->what);
      if (row->good)
        g_assert_no_error (error);
      else
        g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
      g_assert_cmpint (tensor != NULL, ==, row->good);
    }
}

static void
test_many_dimensions (void)
{
  g_autoptr (EspStorage) storage = make_bytes (4);
  g_autoptr (EspTensor) tensor = NULL;
  g_autoptr (GError) error = NULL;
  gint64 shape[65];
  float value = 1;

  for (guint i = 0; i < 65; i++)
    shape[i] = 1;
  tensor = esp_tensor_new (ESP_DTYPE_FLOAT32, "", shape, 64, NULL, 0, 0, storage, &error);
  g_assert_no_error (error);
  g_assert_true (esp_tensor_read_f32 (tensor, 0, 1, &value, NULL, &error));
  g_assert_cmpfloat (value, ==, 0);
  g_assert_null (esp_tensor_new (ESP_DTYPE_FLOAT32, "", shape, 65, NULL, 0, 0, storage, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
}

/* views may have negative strides, but may not leave the storage either */
static void
test_views (void)
{
  static const struct
  {
    gint64 size, stride, offset;
    gboolean good;
  } rows[] = {
    { 4, -1, 3, TRUE },          { 4, -1, 2, FALSE }, { 2, -3, 3, TRUE },
    { 2, -3, 4, FALSE },         { 4, 1, 0, TRUE },   { 5, 1, 0, FALSE },
    { 3, G_MININT64, 3, FALSE }, { 0, -9, -5, TRUE }, { 1, 1, -1, FALSE },
  };
  const float values[] = { 0, 1, 2, 3 };
  g_autoptr (EspTensor) tensor = esp_tensor_new_for_floats (values, (const gint64[]) { 2, 2 }, 2);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspTensor) view = esp_tensor_new_view (tensor, &rows[i].size, 1, &rows[i].stride,
                                                        rows[i].offset, &error);
      float got[4];

      g_assert_cmpint (view != NULL, ==, rows[i].good);
      if (view == NULL)
        {
          g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
          continue;
        }
      g_assert_true (esp_tensor_read_f32 (view, 0, (gsize) rows[i].size, got, NULL, &error));
      for (gint64 k = 0; k < rows[i].size; k++)
        g_assert_cmpfloat (got[k], ==, (float) (rows[i].offset + k * rows[i].stride));
    }
}

static void
test_facts (void)
{
  g_autoptr (EspStorage) storage = make_bytes (96);
  g_autoptr (EspTensor)
      tensor = esp_tensor_new (ESP_DTYPE_FLOAT32, "torch.float32", (const gint64[]) { 2, 3, 4 }, 3,
                               NULL, 0, 0, storage, NULL);
  g_autoptr (EspTensor)
      same = esp_tensor_new (ESP_DTYPE_FLOAT32, "F32", (const gint64[]) { 2, 3, 4 }, 3,
                             (const gint64[]) { 12, 4, 1 }, 0, 0, storage, NULL);
  g_autoptr (EspTensor) other = esp_tensor_new_view (tensor, (const gint64[]) { 4, 3 }, 2,
                                                     (const gint64[]) { 1, 4 }, 12, NULL);
  g_autoptr (EspStorage) storage_too = make_bytes (96);
  g_autoptr (EspTensor) twin = esp_tensor_new (ESP_DTYPE_FLOAT32, "", (const gint64[]) { 2, 3, 4 },
                                               3, NULL, 0, 0, storage_too, NULL);
  g_autoptr (EspTensor)
      flagged = esp_tensor_new (ESP_DTYPE_FLOAT32, "", (const gint64[]) { 2, 3, 4 }, 3, NULL, 0,
                                ESP_TENSOR_NEGATE, storage, NULL);

  g_assert_cmpint (esp_tensor_get_dtype (tensor), ==, ESP_DTYPE_FLOAT32);
  g_assert_cmpstr (esp_tensor_get_native_dtype (tensor), ==, "torch.float32");
  g_assert_cmpstr (esp_tensor_get_native_dtype (other), ==, "torch.float32");
  g_assert_cmpuint (esp_tensor_get_ndim (tensor), ==, 3);
  g_assert_cmpint (esp_tensor_get_strides (tensor)[0], ==, 12);
  g_assert_cmpint (esp_tensor_get_strides (tensor)[2], ==, 1);
  g_assert_cmpuint (esp_tensor_get_count (tensor), ==, 24);
  g_assert_cmpuint (esp_tensor_get_bytes (other), ==, 48);
  g_assert_cmpint (esp_tensor_get_offset (other), ==, 12);
  g_assert_true (esp_tensor_get_storage (other) == storage);
  g_assert_cmpstr (esp_storage_get_id (storage), ==, "7");
  g_assert_cmpint (esp_storage_get_file_offset (storage), ==, -1);
  g_assert_null (esp_tensor_get_error (tensor));
  g_assert_null (esp_tensor_get_affine (tensor));

  g_assert_true (esp_tensor_is_contiguous (tensor));
  g_assert_false (esp_tensor_is_contiguous (other));
  g_assert_true (esp_tensor_is_alias (tensor, same));
  g_assert_false (esp_tensor_is_alias (tensor, other));
  g_assert_false (esp_tensor_is_alias (tensor, twin));
  g_assert_false (esp_tensor_is_alias (tensor, flagged));
}

static void
test_contiguous (void)
{
  static const struct
  {
    gint64 shape[3], strides[3];
    gboolean is;
  } rows[] = {
    { { 2, 3, 4 }, { 12, 4, 1 }, TRUE },  { { 2, 1, 4 }, { 4, 99, 1 }, TRUE },
    { { 1, 1, 1 }, { 5, 6, 7 }, TRUE },   { { 2, 3, 1 }, { 3, 1, 9 }, TRUE },
    { { 2, 3, 4 }, { 12, 4, 2 }, FALSE }, { { 2, 3, 4 }, { 24, 4, 1 }, FALSE },
    { { 0, 3, 4 }, { 1, 1, 5 }, TRUE },   { { 2, 2, 2 }, { 0, 2, 1 }, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (EspStorage) storage = make_bytes (1000);
      g_autoptr (EspTensor) tensor = esp_tensor_new (ESP_DTYPE_INT8, "", rows[i].shape, 3,
                                                     rows[i].strides, 0, 0, storage, NULL);

      g_assert_cmpint (esp_tensor_is_contiguous (tensor), ==, rows[i].is);
    }
}

static void
test_unreadable (void)
{
  static const gint64 nonsense[] = { -1, P62, P62 };
  g_autoptr (EspTensor) tensor = esp_tensor_new_unreadable (
      ESP_DTYPE_FLOAT16, "F16", (const gint64[]) { 5, 6 }, 2,
      g_error_new_literal (ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA, "on the meta device"));
  g_autoptr (EspTensor) worse = esp_tensor_new_unreadable (
      ESP_DTYPE_INVALID, NULL, nonsense, 3,
      g_error_new_literal (ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT, "no shape at all"));
  g_autoptr (GError) error = NULL;
  float values[4];
  gint64 integers[4];

  g_assert_cmpuint (esp_tensor_get_count (tensor), ==, 30);
  g_assert_cmpuint (esp_tensor_get_bytes (tensor), ==, 60);
  g_assert_cmpint (esp_tensor_get_shape (tensor)[1], ==, 6);
  g_assert_null (esp_tensor_get_storage (tensor));
  g_assert_error (esp_tensor_get_error (tensor), ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA);
  g_assert_false (esp_tensor_is_alias (tensor, tensor));

  g_assert_false (esp_tensor_read_f32 (tensor, 0, 4, values, NULL, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA);
  g_clear_error (&error);
  g_assert_false (esp_tensor_read_i64 (tensor, 0, 4, integers, NULL, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA);
  g_clear_error (&error);
  g_assert_false (esp_tensor_read_bytes (tensor, 0, 1, values, NULL, NULL));
  g_assert_false (esp_tensor_read_bytes (worse, 0, 1, values, NULL, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
}

/* }}} */
/* {{{ naive twin */

typedef struct
{
  EspDtype dtype;
  guint ndim;
  gint64 shape[5];
  gint64 strides[5];
  gint64 offset;
  EspTensorFlags flags;
  GBytes *bytes;
} Twin;

/* element of the storage that C-order index @at means */
static gint64
twin_element (const Twin *twin, guint64 at)
{
  gint64 element = twin->offset;

  for (guint i = twin->ndim; i-- > 0;)
    {
      element += (gint64) (at % (guint64) twin->shape[i]) * twin->strides[i];
      at /= (guint64) twin->shape[i];
    }
  return element;
}

/* the stored element, little endian, a sub-byte one in the low bits */
static void
twin_stored (const Twin *twin, guint64 at, guint8 *out)
{
  const guint8 *bytes = g_bytes_get_data (twin->bytes, NULL);
  guint bits = esp_dtype_get_info (twin->dtype)->bits;
  guint64 first = (guint64) twin_element (twin, at) * bits;

  memset (out, 0, 16);
  for (guint bit = 0; bit < bits; bit++)
    out[bit / 8] |= (bytes[(first + bit) / 8] >> (first + bit) % 8 & 1) << bit % 8;
  if ((twin->flags & ESP_TENSOR_BIG_ENDIAN) != 0)
    esp_decode_swap (twin->dtype, out, 1);
}

static guint
twin_numbers (const Twin *twin)
{
  return esp_dtype_get_info (twin->dtype)->kind == ESP_KIND_COMPLEX ? 2 : 1;
}

static void
twin_f64 (const Twin *twin, guint64 at, double *out)
{
  guint8 stored[16];

  twin_stored (twin, at, stored);
  esp_decode_f64 (twin->dtype, stored, 0, 1, out);
  if (twin_numbers (twin) == 2 && (twin->flags & ESP_TENSOR_CONJUGATE) != 0)
    out[1] = -out[1];
  for (guint i = 0; (twin->flags & ESP_TENSOR_NEGATE) != 0 && i < twin_numbers (twin); i++)
    out[i] = -out[i];
}

static void
assert_same (double got, double wanted)
{
  if (isnan (wanted))
    g_assert_true (isnan (got));
  else
    {
      g_assert_cmpfloat (got, ==, wanted);
      g_assert_cmpint (signbit (got), ==, signbit (wanted));
    }
}

static guint64
twin_count (const Twin *twin)
{
  guint64 count = 1;

  for (guint i = 0; i < twin->ndim; i++)
    count *= (guint64) twin->shape[i];
  return count;
}

/* any dtype, shape and strides (long ones, 0 and overlapping ones too) that fit */
static void
twin_random (Twin *twin, guint64 *random, gboolean large)
{
  gint64 last = 0;
  gint64 most = large ? 90 : 7;

  memset (twin, 0, sizeof *twin);
  twin->dtype = (EspDtype) random_between (random, ESP_DTYPE_BOOL, ESP_DTYPE_RAW);
  twin->ndim = (guint) random_between (random, 0, large ? 3 : 5);
  twin->offset = random_between (random, 0, 20);
  twin->flags = (EspTensorFlags) random_between (random, 0, 7);
  for (guint i = 0; i < twin->ndim; i++)
    {
      gint64 kind = random_between (random, 0, 9);

      twin->shape[i] = random_between (random, 1, most);
      twin->strides[i] = kind == 0   ? 0
                         : kind <= 4 ? random_between (random, 1, 3)
                                     : random_between (random, 1, large ? 3000 : 40);
      last += (twin->shape[i] - 1) * twin->strides[i];
    }
  if (random_between (random, 0, 3) == 0) /* C order, or another one without gaps */
    {
      gint64 stride = 1;
      guint first = (guint) random_between (random, 0, 4);

      last = 0;
      for (guint k = 0; k < twin->ndim; k++)
        {
          guint i = (first + k) % twin->ndim;

          twin->strides[i] = stride;
          stride *= twin->shape[i];
        }
      last = stride - 1;
    }
  twin->bytes = random_bytes (
      random, (gsize) (twin->offset + last + 1) * esp_dtype_get_info (twin->dtype)->bits / 8 + 1);
}

static EspTensor *
twin_tensor (const Twin *twin, Stored stored)
{
  g_autoptr (EspStorage) storage = make_storage (stored, twin->bytes);
  g_autoptr (GError) error = NULL;
  EspTensor *tensor = esp_tensor_new (twin->dtype, "x", twin->shape, twin->ndim, twin->strides,
                                      twin->offset, twin->flags, storage, &error);

  g_assert_no_error (error);
  return tensor;
}

static void
check_numbers (const Twin *twin, EspTensor *tensor, guint64 start, gsize count)
{
  guint per = twin_numbers (twin);
  g_autofree double *doubles = g_new (double, per *count + 1);
  g_autofree float *floats = g_new (float, per *count + 1);
  g_autoptr (GError) error = NULL;

  doubles[per * count] = floats[per * count] = 4711;
  g_assert_true (esp_tensor_read_f64 (tensor, start, count, doubles, NULL, &error));
  g_assert_true (esp_tensor_read_f32 (tensor, start, count, floats, NULL, &error));
  g_assert_cmpfloat (doubles[per * count], ==, 4711);
  g_assert_cmpfloat (floats[per * count], ==, 4711);
  for (gsize i = 0; i < count; i++)
    {
      double wanted[2];

      twin_f64 (twin, start + i, wanted);
      for (guint k = 0; k < per; k++)
        {
          assert_same (doubles[per * i + k], wanted[k]);
          assert_same ((double) floats[per * i + k], (double) (float) wanted[k]);
        }
    }
}

static void
check_integers (const Twin *twin, EspTensor *tensor, guint64 start, gsize count)
{
  g_autofree gint64 *integers = g_new (gint64, count + 1);
  g_autoptr (GError) error = NULL;
  EspKind kind = esp_dtype_get_info (twin->dtype)->kind;

  if (kind == ESP_KIND_FLOAT || kind == ESP_KIND_COMPLEX)
    {
      g_assert_false (esp_tensor_read_i64 (tensor, start, count, integers, NULL, &error));
      g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE);
      return;
    }
  g_assert_true (esp_tensor_read_i64 (tensor, start, count, integers, NULL, &error));
  for (gsize i = 0; i < count; i++)
    {
      guint8 stored[16];
      gint64 wanted;

      twin_stored (twin, start + i, stored);
      esp_decode_i64 (twin->dtype, stored, 0, 1, &wanted);
      if ((twin->flags & ESP_TENSOR_NEGATE) != 0)
        wanted = (gint64) - (guint64) wanted;
      g_assert_cmpint (integers[i], ==, wanted);
    }
}

static void
check_bytes (const Twin *twin, EspTensor *tensor, guint64 start, gsize count)
{
  guint bits = esp_dtype_get_info (twin->dtype)->bits;
  gsize size = (count * bits + 7) / 8;
  g_autofree guint8 *got = g_malloc (size + 1);
  g_autofree guint8 *wanted = g_malloc0 (size + 1);

  got[size] = 0xaa;
  g_assert_true (esp_tensor_read_bytes (tensor, start, count, got, NULL, NULL));
  g_assert_cmpuint (got[size], ==, 0xaa);
  for (gsize i = 0; i < count; i++)
    {
      guint8 stored[16];

      twin_stored (twin, start + i, stored);
      for (guint bit = 0; bit < bits; bit++)
        wanted[(i * bits + bit) / 8] |= (stored[bit / 8] >> bit % 8 & 1) << (i * bits + bit) % 8;
    }
  g_assert_cmpmem (got, size, wanted, size);
}

static void
check_twin (const Twin *twin, guint64 *random, Stored stored)
{
  g_autoptr (EspTensor) tensor = twin_tensor (twin, stored);
  guint64 count = twin_count (twin);

  g_assert_cmpuint (esp_tensor_get_count (tensor), ==, count);
  check_numbers (twin, tensor, 0, (gsize) count);
  check_bytes (twin, tensor, 0, (gsize) count);
  check_integers (twin, tensor, 0, (gsize) count);
  for (guint i = 0; i < 4; i++)
    {
      guint64 start = (guint64) random_between (random, 0, (gint64) count);
      gsize n = (gsize) random_between (random, 0, (gint64) (count - start));

      check_numbers (twin, tensor, start, n);
      check_integers (twin, tensor, start, n);
      check_bytes (twin, tensor, start, n);
    }
}

static void
test_random_small (void)
{
  guint64 random = 88172645463325252;

  for (guint i = 0; i < 1500; i++)
    {
      Twin twin;

      twin_random (&twin, &random, FALSE);
      check_twin (&twin, &random, (Stored) (i % N_STORED));
      g_bytes_unref (twin.bytes);
    }
}

/* more than a block, longer than a window */
static void
test_random_large (void)
{
  guint64 random = 1234567;

  for (guint i = 0; i < 40; i++)
    {
      Twin twin;

      twin_random (&twin, &random, TRUE);
      g_test_message ("%s: %d × %d × %d, strides %d %d %d", esp_dtype_get_info (twin.dtype)->name,
                      (int) twin.shape[0], (int) twin.shape[1], (int) twin.shape[2],
                      (int) twin.strides[0], (int) twin.strides[1], (int) twin.strides[2]);
      check_twin (&twin, &random, (Stored) (i % N_STORED));
      g_bytes_unref (twin.bytes);
    }
}

/* }}} */
/* {{{ reading */

static void
test_range (void)
{
  const float values[] = { 0, 1, 2, 3 };
  g_autoptr (EspTensor) tensor = esp_tensor_new_for_floats (values, (const gint64[]) { 4 }, 1);
  g_autoptr (GError) error = NULL;
  float got[4];

  g_assert_true (esp_tensor_read_f32 (tensor, 4, 0, got, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (esp_tensor_read_f32 (tensor, 4, 1, got, NULL, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
  g_clear_error (&error);
  g_assert_false (esp_tensor_read_f32 (tensor, 1, G_MAXSIZE, got, NULL, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
  g_clear_error (&error);
  g_assert_false (esp_tensor_read_bytes (tensor, G_MAXUINT64, 2, got, NULL, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
}

/* a few bytes that say they are 2^40 elements: what is asked for is read, no more */
static void
test_expanded_giant (void)
{
  const float value = 7;
  g_autoptr (GBytes) bytes = g_bytes_new (&value, sizeof value);

  for (Stored stored = 0; stored < N_STORED; stored++)
    {
      g_autoptr (EspStorage) storage = make_storage (stored, bytes);
      g_autoptr (EspTensor)
          tensor = esp_tensor_new (ESP_DTYPE_FLOAT32, "", (const gint64[]) { 1 << 20, 1 << 20 }, 2,
                                   (const gint64[]) { 0, 0 }, 0, 0, storage, NULL);
      float got[3] = { 0 };

      g_assert_true (esp_tensor_read_f32 (tensor, ((guint64) 1 << 40) - 3, 3, got, NULL, NULL));
      g_assert_cmpfloat (got[0] + got[1] + got[2], ==, 21);
    }
}

static void
test_quantised (void)
{
  static const gint8 stored[] = { -128, 127, 0, 5, 6, 7 };
  double scales[] = { 0.5, 2, 0.25 };
  double zero_points[] = { 0, 1, -1 };
  EspAffine whole = { -1, 1, scales, zero_points };
  EspAffine columns = { 1, 3, scales, zero_points };
  g_autoptr (GBytes) bytes = g_bytes_new_static (stored, sizeof stored);
  g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (bytes, "0");
  g_autoptr (EspTensor) plain = esp_tensor_new (
      ESP_DTYPE_INT8, "torch.qint8", (const gint64[]) { 2, 3 }, 2, NULL, 0, 0, storage, NULL);
  g_autoptr (EspTensor) tensor = esp_tensor_with_affine (plain, &columns, NULL);
  g_autoptr (EspTensor) other = esp_tensor_with_affine (plain, &whole, NULL);
  g_autoptr (GError) error = NULL;
  float floats[6];
  double doubles[6];
  gint64 integers[6];
  guint8 raw[6];

  g_assert_true (esp_tensor_read_f32 (tensor, 0, 6, floats, NULL, NULL));
  g_assert_cmpfloat (floats[0], ==, -64);
  g_assert_cmpfloat (floats[1], ==, 252);
  g_assert_cmpfloat (floats[2], ==, 0.25);
  g_assert_cmpfloat (floats[5], ==, 2);
  g_assert_true (esp_tensor_read_f64 (tensor, 4, 2, doubles, NULL, NULL));
  g_assert_cmpfloat (doubles[0], ==, 10);
  g_assert_cmpfloat (doubles[1], ==, 2);
  g_assert_true (esp_tensor_read_f32 (other, 0, 6, floats, NULL, NULL));
  g_assert_cmpfloat (floats[1], ==, 63.5);

  /* the stored ones stay to be had */
  g_assert_false (esp_tensor_read_i64 (tensor, 0, 6, integers, NULL, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE);
  g_clear_error (&error);
  g_assert_true (esp_tensor_read_bytes (tensor, 0, 6, raw, NULL, NULL));
  g_assert_cmpmem (raw, 6, stored, 6);
  g_assert_true (esp_tensor_read_i64 (plain, 0, 1, integers, NULL, NULL));
  g_assert_cmpint (integers[0], ==, -128);
}

static void
test_quantised_refused (void)
{
  static const struct
  {
    EspDtype dtype;
    int axis;
    guint n;
    EspTensorError code;
  } rows[] = {
    { ESP_DTYPE_INT8, 1, 2, ESP_TENSOR_ERROR_BOUNDS },
    { ESP_DTYPE_INT8, 2, 3, ESP_TENSOR_ERROR_BOUNDS },
    { ESP_DTYPE_INT8, -1, 3, ESP_TENSOR_ERROR_BOUNDS },
    { ESP_DTYPE_INT8, -1, 0, ESP_TENSOR_ERROR_BOUNDS },
    { ESP_DTYPE_FLOAT32, -1, 1, ESP_TENSOR_ERROR_DTYPE },
    { ESP_DTYPE_COMPLEX64, -1, 1, ESP_TENSOR_ERROR_DTYPE },
  };
  g_autoptr (EspStorage) storage = make_bytes (100);
  double numbers[3] = { 1, 1, 1 };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      EspAffine affine = { rows[i].axis, rows[i].n, numbers, numbers };
      g_autoptr (EspTensor) tensor = esp_tensor_new (rows[i].dtype, "", (const gint64[]) { 2, 3 },
                                                     2, NULL, 0, 0, storage, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_null (esp_tensor_with_affine (tensor, &affine, &error));
      g_assert_error (error, ESP_TENSOR_ERROR, (int) rows[i].code);
    }
  { /* a view can't know where the axis went */
    EspAffine affine = { 1, 3, numbers, numbers };
    g_autoptr (EspTensor) plain = esp_tensor_new (ESP_DTYPE_INT8, "", (const gint64[]) { 2, 3 }, 2,
                                                  NULL, 0, 0, storage, NULL);
    g_autoptr (EspTensor) tensor = esp_tensor_with_affine (plain, &affine, NULL);
    g_autoptr (GError) error = NULL;

    g_assert_null (
        esp_tensor_new_view (tensor, (const gint64[]) { 6 }, 1, (const gint64[]) { 1 }, 0, &error));
    g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_DTYPE);
  }
}

static gboolean
fail_to_read (gpointer data,
              guint64 offset,
              gsize length,
              void *buffer,
              GCancellable *cancellable,
              GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the disk is gone");
  return FALSE;
}

static void
test_failing_storage (void)
{
  static const EspStorageFuncs funcs = { fail_to_read, NULL };
  g_autoptr (EspStorage) storage = esp_storage_new (&funcs, NULL, NULL, 1000);
  float out[8];

  for (gint64 stride = 1; stride < 4; stride++)
    {
      g_autoptr (EspTensor) tensor = esp_tensor_new (ESP_DTYPE_FLOAT32, "", (const gint64[]) { 8 },
                                                     1, &stride, 0, 0, storage, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_false (esp_tensor_read_f32 (tensor, 0, 8, out, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
    }
}

static void
test_cancelled (void)
{
  const float values[] = { 0, 1, 2, 3 };
  g_autoptr (EspTensor) tensor = esp_tensor_new_for_floats (values, (const gint64[]) { 4 }, 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  float got[4];

  g_cancellable_cancel (cancellable);
  g_assert_false (esp_tensor_read_f32 (tensor, 0, 4, got, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_storage (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("0123456789", 10);

  for (Stored stored = 0; stored < N_STORED; stored++)
    {
      g_autoptr (EspStorage) storage = make_storage (stored, bytes);
      g_autoptr (GError) error = NULL;
      char got[4] = { 0 };

      g_assert_cmpuint (esp_storage_get_size (storage), ==, 10);
      g_assert_true (esp_storage_read (storage, 7, 3, got, NULL, &error));
      g_assert_cmpstr (got, ==, "789");
      g_assert_true (esp_storage_read (storage, 10, 0, got, NULL, &error));
      g_assert_false (esp_storage_read (storage, 8, 3, got, NULL, &error));
      g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
      g_assert_cmpint (esp_storage_get_file_offset (storage), ==,
                       stored == STORED_IN_FILE ? 0 : -1);
      g_assert_cmpint (esp_storage_peek (storage) != NULL, ==, stored == STORED_IN_MEMORY);
    }
}

/* where bytes lie in the file through ranges of it */
static void
test_file_offset (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("0123456789", 10);
  g_autoptr (EspSource) whole = esp_source_new_for_bytes (bytes, "x");
  g_autoptr (EspSource) range = esp_source_new_range (whole, 3, 6, "member");
  g_autoptr (EspStorage) storage = esp_storage_new_for_source (range, 2, 4, "5");
  char got[5] = { 0 };

  g_assert_cmpint (esp_storage_get_file_offset (storage), ==, 5);
  g_assert_true (esp_storage_read (storage, 0, 4, got, NULL, NULL));
  g_assert_cmpstr (got, ==, "5678");
}

/* }}} */

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tensor/bounds", test_bounds);
  g_test_add_func ("/tensor/many-dimensions", test_many_dimensions);
  g_test_add_func ("/tensor/views", test_views);
  g_test_add_func ("/tensor/facts", test_facts);
  g_test_add_func ("/tensor/contiguous", test_contiguous);
  g_test_add_func ("/tensor/unreadable", test_unreadable);
  g_test_add_func ("/tensor/random-small", test_random_small);
  g_test_add_func ("/tensor/random-large", test_random_large);
  g_test_add_func ("/tensor/range", test_range);
  g_test_add_func ("/tensor/expanded-giant", test_expanded_giant);
  g_test_add_func ("/tensor/quantised", test_quantised);
  g_test_add_func ("/tensor/quantised-refused", test_quantised_refused);
  g_test_add_func ("/tensor/failing-storage", test_failing_storage);
  g_test_add_func ("/tensor/cancelled", test_cancelled);
  g_test_add_func ("/storage/read", test_storage);
  g_test_add_func ("/storage/file-offset", test_file_offset);
  return g_test_run ();
}
