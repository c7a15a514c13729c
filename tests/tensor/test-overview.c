/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Overviews against a naive twin that looks up every cell under a pixel. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "esp-overview.h"
#include "tensor-fixture.h"

static void
add_cell (EspPixel *pixel, float value, double *sum, double *squares)
{
  if (isnan (value))
    pixel->flags |= ESP_PIXEL_NAN;
  else if (isinf (value))
    pixel->flags |= value > 0 ? ESP_PIXEL_POSITIVE_INF : ESP_PIXEL_NEGATIVE_INF;
  else
    {
      pixel->min = isnan (pixel->min) || value < pixel->min ? value : pixel->min;
      pixel->max = isnan (pixel->max) || value > pixel->max ? value : pixel->max;
      *sum += (double) value;
      *squares += (double) value * (double) value;
      pixel->finite++;
    }
}

/* all cells, a complex one as its modulus */
static float *
read_cells (EspTensor *matrix)
{
  gsize count = (gsize) esp_tensor_get_count (matrix);
  float *cells = g_new (float, 2 * count);

  g_assert_true (esp_tensor_read_f32 (matrix, 0, count, cells, NULL, NULL));
  if (esp_dtype_get_info (esp_tensor_get_dtype (matrix))->kind == ESP_KIND_COMPLEX)
    for (gsize i = 0; i < count; i++)
      cells[i] = hypotf (cells[2 * i], cells[2 * i + 1]);
  return cells;
}

/* the first cell of pixel @x of an axis, counted from the region's first */
static gint64
naive_edge (gint64 cells, gint64 pixels, gint64 x)
{
  return x * cells / pixels;
}

static EspPixel
naive_pixel (const float *cells,
             gint64 stride,
             const EspRegion *region,
             guint width,
             guint height,
             guint x,
             guint y)
{
  EspPixel pixel = { NAN, NAN, NAN, NAN, 0, 0 };
  gint64 top = naive_edge (region->rows, height, y);
  gint64 bottom = naive_edge (region->rows, height, y + 1);
  gint64 left = naive_edge (region->columns, width, x);
  gint64 right = naive_edge (region->columns, width, x + 1);
  double sum = 0, squares = 0;

  g_assert_cmpint (top, <, bottom);
  g_assert_cmpint (left, <, right);
  for (gint64 r = top; r < bottom; r++)
    for (gint64 c = left; c < right; c++)
      add_cell (&pixel, cells[(region->row + r) * stride + region->column + c], &sum, &squares);
  if (pixel.finite > 0)
    {
      pixel.mean = (float) (sum / pixel.finite);
      pixel.rms = (float) sqrt (squares / pixel.finite);
    }
  return pixel;
}

static void
assert_same (float got, float wanted, float tolerance)
{
  if (isnan (wanted))
    g_assert_true (isnan (got));
  else
    g_assert_cmpfloat (fabsf (got - wanted), <=, tolerance);
}

static void
check_overview (EspTensor *matrix, const EspRegion *region, guint width, guint height)
{
  g_autofree float *cells = read_cells (matrix);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspOverview)
      overview = esp_overview_new (matrix, region, width, height, 1, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (esp_overview_get_width (overview), ==, MIN (width, region->columns));
  g_assert_cmpuint (esp_overview_get_height (overview), ==, MIN (height, region->rows));
  g_assert_cmpmem (esp_overview_get_region (overview), sizeof *region, region, sizeof *region);
  g_assert_true (esp_overview_is_exact (overview));
  width = esp_overview_get_width (overview);
  height = esp_overview_get_height (overview);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      {
        EspPixel wanted = naive_pixel (cells, esp_tensor_get_shape (matrix)[1], region, width,
                                       height, x, y);
        const EspPixel *got = &esp_overview_get_row (overview, y)[x];

        assert_same (got->min, wanted.min, 0);
        assert_same (got->max, wanted.max, 0);
        /* summed in another order */
        assert_same (got->mean, wanted.mean, 1e-6f * MAX (fabsf (wanted.min), fabsf (wanted.max)));
        assert_same (got->rms, wanted.rms, 1e-6f * MAX (fabsf (wanted.min), fabsf (wanted.max)));
        g_assert_cmpuint (got->finite, ==, wanted.finite);
        g_assert_cmphex (got->flags, ==, wanted.flags);
      }
}

static EspTensor *
random_matrix (guint64 *random, Stored stored, gint64 most)
{
  static const EspDtype dtypes[] = { ESP_DTYPE_FLOAT32,     ESP_DTYPE_FLOAT32, ESP_DTYPE_FLOAT16,
                                     ESP_DTYPE_FLOAT8_E5M2, ESP_DTYPE_INT8,    ESP_DTYPE_FLOAT64,
                                     ESP_DTYPE_COMPLEX32,   ESP_DTYPE_UINT4 };
  EspDtype dtype = dtypes[random_between (random, 0, G_N_ELEMENTS (dtypes) - 1)];
  gint64 shape[2] = { random_between (random, 1, most), random_between (random, 1, most) };
  gint64 kind = random_between (random, 0, 5);
  gint64 gap = random_between (random, 0, 1) * random_between (random, 0, 5);
  gint64 strides[2] = { shape[1] + gap, 1 };
  gint64 offset = random_between (random, 0, 5);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EspStorage) storage = NULL;
  g_autoptr (GError) error = NULL;
  EspTensor *tensor;

  if (kind == 1 || kind == 2)
    {
      strides[0] = 1;
      strides[1] = shape[0] + gap;
    }
  else if (kind == 3)
    strides[0] = strides[1] = 0;
  else if (kind == 4)
    strides[1] = 3;
  bytes = random_bytes (
      random, (gsize) (offset + (shape[0] - 1) * strides[0] + (shape[1] - 1) * strides[1] + 1) * 8);
  storage = make_storage (stored, bytes);
  tensor = esp_tensor_new (dtype, "", shape, 2, strides, offset, 0, storage, &error);
  g_assert_no_error (error);
  return tensor;
}

static void
random_region (guint64 *random, EspTensor *matrix, EspRegion *region)
{
  const gint64 *shape = esp_tensor_get_shape (matrix);

  region->row = random_between (random, 0, shape[0] - 1);
  region->column = random_between (random, 0, shape[1] - 1);
  region->rows = random_between (random, 1, shape[0] - region->row);
  region->columns = random_between (random, 1, shape[1] - region->column);
}

static void
test_random (void)
{
  guint64 random = 31337;

  for (guint i = 0; i < 300; i++)
    {
      g_autoptr (EspTensor) matrix = random_matrix (&random, (Stored) (i % N_STORED), 40);
      EspRegion region = { 0, 0, esp_tensor_get_shape (matrix)[0],
                           esp_tensor_get_shape (matrix)[1] };

      check_overview (matrix, &region, (guint) random_between (&random, 1, 50),
                      (guint) random_between (&random, 1, 50));
      random_region (&random, matrix, &region);
      check_overview (matrix, &region, (guint) random_between (&random, 1, 50),
                      (guint) random_between (&random, 1, 50));
    }
}

/* more than one job, block and segment */
static void
test_large (void)
{
  static const gint64 shapes[][2] = { { 700, 900 },  { 1, 600000 }, { 600000, 1 },
                                      { 3, 200000 }, { 200000, 3 }, { 20000, 30 } };
  guint64 random = 4242;
  g_autoptr (GBytes) bytes = random_bytes (&random, 630000 * 2);

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (guint turned = 0; turned < 2; turned++)
      {
        Stored stored = (Stored) ((i + turned) % N_STORED);
        g_autoptr (EspStorage) storage = make_storage (stored, bytes);
        gint64 strides[2] = { turned ? 1 : shapes[i][1], turned ? shapes[i][0] : 1 };
        EspRegion region = { 0, 0, shapes[i][0], shapes[i][1] };
        g_autoptr (EspTensor) matrix = esp_tensor_new (ESP_DTYPE_FLOAT16, "", shapes[i], 2, strides,
                                                       0, 0, storage, NULL);

        check_overview (matrix, &region, 7, 5);
        check_overview (matrix, &region, 300, 2);
      }
}

static void
test_quantised (void)
{
  guint64 random = 5;
  double scales[12], zero_points[12];
  g_autoptr (GBytes) bytes = random_bytes (&random, 12 * 12);
  g_autoptr (EspStorage) storage = make_storage (STORED_IN_MEMORY, bytes);

  for (guint i = 0; i < 12; i++)
    {
      scales[i] = 1 + i * i;
      zero_points[i] = i;
    }
  for (int axis = -1; axis < 2; axis++)
    for (guint turned = 0; turned < 2; turned++)
      {
        EspAffine affine = { axis, axis < 0 ? 1 : 12, scales, zero_points };
        gint64 strides[2] = { turned ? 1 : 12, turned ? 12 : 1 };
        g_autoptr (EspTensor) plain = esp_tensor_new (
            ESP_DTYPE_INT8, "", (const gint64[]) { 12, 12 }, 2, strides, 0, 0, storage, NULL);
        g_autoptr (EspTensor) matrix = esp_tensor_with_affine (plain, &affine, NULL);

        check_overview (matrix, &(EspRegion) { 3, 1, 8, 10 }, 5, 4);
        check_overview (matrix, &(EspRegion) { 0, 0, 12, 12 }, 12, 12);
      }
}

/* every k-th row of a pixel's rows: the first of them always */
static void
test_every (void)
{
  g_autofree float *values = g_new (float, 60 * 4);
  g_autoptr (EspTensor) matrix = NULL;
  g_autoptr (EspOverview) coarse = NULL;
  g_autoptr (EspOverview) exact = NULL;
  EspRegion region = { 0, 0, 60, 4 };

  for (guint i = 0; i < 60 * 4; i++)
    values[i] = (float) (i / 4); /* its row */
  matrix = esp_tensor_new_for_floats (values, (const gint64[]) { 60, 4 }, 2);
  coarse = esp_overview_new (matrix, &region, 4, 3, 8, NULL, NULL);
  g_assert_false (esp_overview_is_exact (coarse));
  for (guint y = 0; y < 3; y++)
    {
      const EspPixel *pixel = esp_overview_get_row (coarse, y);

      g_assert_cmpfloat (pixel->min, ==, (float) (20 * y));
      g_assert_cmpfloat (pixel->max, ==, (float) (20 * y + 16));
      g_assert_cmpfloat (pixel->mean, ==, (float) (20 * y + 8));
    }
  /* a row a pixel: nothing can be left out */
  exact = esp_overview_new (matrix, &region, 4, 60, 8, NULL, NULL);
  g_assert_true (esp_overview_is_exact (exact));
  g_assert_cmpfloat (esp_overview_get_row (exact, 59)->max, ==, 59);
}

static void
test_reduce (void)
{
  EspPixel pixel = { -3, 2, 0.5f, 1.5f, 4, 0 };
  EspPixel nothing = { NAN, NAN, NAN, NAN, 0, ESP_PIXEL_NAN };

  g_assert_cmpfloat (esp_pixel_reduce (&pixel, ESP_REDUCTION_LARGEST), ==, -3);
  g_assert_cmpfloat (esp_pixel_reduce (&pixel, ESP_REDUCTION_MIN), ==, -3);
  g_assert_cmpfloat (esp_pixel_reduce (&pixel, ESP_REDUCTION_MAX), ==, 2);
  g_assert_cmpfloat (esp_pixel_reduce (&pixel, ESP_REDUCTION_MEAN), ==, 0.5f);
  g_assert_cmpfloat (esp_pixel_reduce (&pixel, ESP_REDUCTION_RMS), ==, 1.5f);
  pixel.max = 3;
  g_assert_cmpfloat (esp_pixel_reduce (&pixel, ESP_REDUCTION_LARGEST), ==, 3);
  for (EspReduction i = ESP_REDUCTION_LARGEST; i < ESP_N_REDUCTIONS; i++)
    g_assert_true (isnan (esp_pixel_reduce (&nothing, i)));
}

static void
test_refused (void)
{
  static const EspRegion bad[] = {
    { 0, 0, 3, 4 },  { 0, 0, 2, 5 },          { 0, 0, 0, 1 },          { 0, 0, 1, 0 },
    { -1, 0, 1, 1 }, { 0, -1, 1, 1 },         { 2, 0, 1, 1 },          { 0, 4, 1, 1 },
    { 1, 0, 2, 1 },  { 1, 0, G_MAXINT64, 1 }, { 0, 1, 1, G_MAXINT64 }, { 0, 0, -1, 1 },
  };
  const float values[8] = { 0 };
  g_autoptr (EspTensor) matrix = esp_tensor_new_for_floats (values, (const gint64[]) { 2, 4 }, 2);
  g_autoptr (EspTensor) unreadable = esp_tensor_new_unreadable (
      ESP_DTYPE_FLOAT32, "", (const gint64[]) { 2, 4 }, 2,
      g_error_new_literal (ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA, "on the meta device"));
  g_autoptr (GBytes) bytes = g_bytes_new_static (values, 4);
  g_autoptr (EspStorage) storage = make_storage (STORED_IN_MEMORY, bytes);
  g_autoptr (EspTensor)
      giant = esp_tensor_new (ESP_DTYPE_FLOAT32, "", (const gint64[]) { 1 << 20, 1 << 20 }, 2,
                              (const gint64[]) { 0, 0 }, 0, 0, storage, NULL);
  g_autoptr (EspOverview) part = NULL;
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_null (esp_overview_new (matrix, &bad[i], 2, 2, 1, NULL, &error));
      g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
      g_clear_error (&error);
    }
  g_assert_null (
      esp_overview_new (matrix, &(EspRegion) { 0, 0, 2, 4 }, 1 << 20, 1 << 20, 1, NULL, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
  g_clear_error (&error);
  g_assert_null (esp_overview_new (unreadable, &(EspRegion) { 0, 0, 1, 1 }, 2, 2, 1, NULL, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA);
  g_clear_error (&error);

  /* few bytes that say they are many: not all of it, but a part */
  g_assert_null (
      esp_overview_new (giant, &(EspRegion) { 0, 0, 1 << 20, 1 << 20 }, 9, 9, 1, NULL, &error));
  g_assert_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS);
  g_clear_error (&error);
  part = esp_overview_new (giant, &(EspRegion) { 9, 9, 1000, 1000 }, 9, 9, 1, NULL, &error);
  g_assert_no_error (error);
}

typedef struct
{
  GMainLoop *loop;
  guint left, n_cancelled;
} Waiting;

static void
on_overview (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Waiting *waiting = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspOverview) overview = esp_overview_new_finish (result, &error);

  if (overview == NULL)
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      waiting->n_cancelled++;
    }
  else
    {
      g_autoptr (EspOverview) other = esp_overview_ref (overview);

      g_assert_cmpfloat (esp_overview_get_row (other, 0)->max, ==, 7);
    }
  if (--waiting->left == 0)
    g_main_loop_quit (waiting->loop);
}

static void
test_async (void)
{
  const float values[] = { 1, 7, 3, 4 };
  EspTensor *matrix = esp_tensor_new_for_floats (values, (const gint64[]) { 2, 2 }, 2);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  Waiting waiting = { g_main_loop_new (NULL, FALSE), 20, 0 };
  EspRegion region = { 0, 0, 2, 2 };

  g_cancellable_cancel (cancelled);
  for (guint i = 0; i < 20; i++)
    esp_overview_new_async (matrix, &region, 1, 1, 1, i % 2 ? cancelled : NULL, on_overview,
                            &waiting);
  esp_tensor_unref (matrix);
  g_main_loop_run (waiting.loop);
  g_assert_cmpuint (waiting.n_cancelled, ==, 10);
  g_main_loop_unref (waiting.loop);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/overview/random", test_random);
  g_test_add_func ("/overview/large", test_large);
  g_test_add_func ("/overview/quantised", test_quantised);
  g_test_add_func ("/overview/every", test_every);
  g_test_add_func ("/overview/reduce", test_reduce);
  g_test_add_func ("/overview/refused", test_refused);
  g_test_add_func ("/overview/async", test_async);
  return g_test_run ();
}
