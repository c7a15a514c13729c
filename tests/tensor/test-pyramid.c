/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The pyramid against plain overviews; its queue: what is wanted comes, what is no longer wanted is
 * dropped, the cache keeps its limit. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "esp-pyramid-private.h"
#include "tensor-fixture.h"

static void
assert_near (float got, float wanted, float tolerance)
{
  if (isnan (wanted))
    g_assert_true (isnan (got));
  else
    g_assert_cmpfloat (fabsf (got - wanted), <=, tolerance);
}

/* min, max, flags and counts to the last bit; mean and RMS were rounded twice */
static void
assert_same (EspOverview *got, EspOverview *wanted)
{
  g_assert_cmpuint (esp_overview_get_width (got), ==, esp_overview_get_width (wanted));
  g_assert_cmpuint (esp_overview_get_height (got), ==, esp_overview_get_height (wanted));
  for (guint y = 0; y < esp_overview_get_height (got); y++)
    for (guint x = 0; x < esp_overview_get_width (got); x++)
      {
        const EspPixel *a = &esp_overview_get_row (got, y)[x];
        const EspPixel *b = &esp_overview_get_row (wanted, y)[x];
        float tolerance = 1e-5f * MAX (fabsf (b->min), fabsf (b->max));

        assert_near (a->min, b->min, 0);
        assert_near (a->max, b->max, 0);
        assert_near (a->mean, b->mean, tolerance);
        assert_near (a->rms, b->rms, tolerance);
        g_assert_cmpuint (a->finite, ==, b->finite);
        g_assert_cmphex (a->flags, ==, b->flags);
      }
}

static EspTensor *
random_matrix (guint64 *random, gint64 most)
{
  static const EspDtype dtypes[] = { ESP_DTYPE_FLOAT32, ESP_DTYPE_FLOAT16, ESP_DTYPE_INT8,
                                     ESP_DTYPE_COMPLEX32 };
  EspDtype dtype = dtypes[random_between (random, 0, G_N_ELEMENTS (dtypes) - 1)];
  gint64 shape[2] = { random_between (random, 1, most), random_between (random, 1, most) };
  gboolean transposed = random_between (random, 0, 2) == 0;
  gint64 strides[2] = { transposed ? 1 : shape[1], transposed ? shape[0] : 1 };
  g_autoptr (GBytes) bytes = random_bytes (random, (gsize) (shape[0] * shape[1] * 4));
  g_autoptr (EspStorage) storage =
      make_storage (random_between (random, 0, 3) == 0 ? STORED_IN_FILE : STORED_IN_MEMORY, bytes);
  g_autoptr (GError) error = NULL;
  EspTensor *tensor = esp_tensor_new (dtype, "", shape, 2, strides, 0, 0, storage, &error);

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

/* each cell of the region, and of what it was grown by, is below exactly one pixel: sums and
 * extremes of all pixels are those of the cells */
static void
check_entries (EspTensor *matrix, const EspRegion *region, EspOverview *entries)
{
  const EspRegion *grown = esp_overview_get_region (entries);
  g_autoptr (EspOverview) all = esp_overview_new (matrix, grown, 1, 1, 1, NULL, NULL);
  const EspPixel *wanted = esp_overview_get_row (all, 0);
  EspPixel got = { INFINITY, -INFINITY, 0, 0, 0, 0 };
  double sum = 0;

  g_assert_cmpint (grown->row, <=, region->row);
  g_assert_cmpint (grown->column, <=, region->column);
  g_assert_cmpint (grown->row + grown->rows, >=, region->row + region->rows);
  g_assert_cmpint (grown->column + grown->columns, >=, region->column + region->columns);
  for (guint y = 0; y < esp_overview_get_height (entries); y++)
    for (guint x = 0; x < esp_overview_get_width (entries); x++)
      {
        const EspPixel *pixel = &esp_overview_get_row (entries, y)[x];

        got.flags |= pixel->flags;
        got.finite += pixel->finite;
        if (pixel->finite == 0)
          continue;
        got.min = fminf (got.min, pixel->min);
        got.max = fmaxf (got.max, pixel->max);
        sum += (double) pixel->mean * pixel->finite;
      }
  g_assert_cmpuint (got.finite, ==, wanted->finite);
  g_assert_cmphex (got.flags, ==, wanted->flags);
  if (wanted->finite == 0)
    return;
  g_assert_cmpfloat (got.min, ==, wanted->min);
  g_assert_cmpfloat (got.max, ==, wanted->max);
  assert_near ((float) (sum / got.finite), wanted->mean,
               1e-5f * MAX (fabsf (wanted->min), fabsf (wanted->max)));
}

static void
test_compose (void)
{
  guint64 random = 0x5eed;

  for (int i = 0; i < 60; i++)
    {
      g_autoptr (EspTensor) matrix = random_matrix (&random, i % 10 == 0 ? 2500 : 700);
      g_autoptr (EspPyramid) pyramid = esp_pyramid_new (matrix);

      for (int j = 0; j < 6; j++)
        {
          g_autoptr (EspOverview) composed = NULL;
          g_autoptr (EspOverview) plain = NULL;
          g_autoptr (EspOverview) again = NULL;
          g_autoptr (EspOverview) entries = NULL;
          g_autoptr (GError) error = NULL;
          guint width = (guint) random_between (&random, 1, 300);
          guint height = (guint) random_between (&random, 1, 300);
          EspRegion region;

          random_region (&random, matrix, &region);
          composed = esp_pyramid_compose (pyramid, &region, width, height, TRUE, NULL, &error);
          g_assert_no_error (error);
          plain = esp_overview_new (matrix, &region, width, height, 1, NULL, &error);
          g_assert_no_error (error);
          assert_same (composed, plain);
          /* from the cache alone, where entries are cells */
          again = esp_pyramid_compose (pyramid, &region, width, height, FALSE, NULL, &error);
          g_assert_no_error (error);
          if (again != NULL)
            assert_same (again, plain);
          else
            g_assert_true (region.rows >= 2 * height || region.columns >= 2 * width);
          entries = esp_pyramid_compose_entries (pyramid, &region, width, height, TRUE, NULL,
                                                 &error);
          g_assert_no_error (error);
          check_entries (matrix, &region, entries);
        }
    }
}

/* a large picture for the queue's tests: the value of a cell is its row */
static EspTensor *
ramp (gint64 rows, gint64 columns)
{
  gint64 shape[2] = { rows, columns };
  g_autofree float *values = g_new (float, rows *columns);

  for (gint64 i = 0; i < rows * columns; i++)
    values[i] = (float) (i / columns);
  return esp_tensor_new_for_floats (values, shape, 2);
}

static void
on_notify (EspPyramid *pyramid, gpointer user_data)
{
  int *n_calls = user_data;

  ++*n_calls;
}

static void
wait_until_done (EspPyramid *pyramid)
{
  gint64 end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;

  while (esp_pyramid_is_busy (pyramid))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_main_context_iteration (NULL, FALSE);
      g_usleep (100);
    }
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_want (void)
{
  g_autoptr (EspTensor) matrix = ramp (3000, 2000);
  g_autoptr (EspPyramid) pyramid = esp_pyramid_new (matrix);
  g_autoptr (EspOverview) ground = NULL;
  g_autoptr (EspOverview) tile = NULL;
  g_autoptr (EspOverview) missing = NULL;
  EspRegion region = { 0, 0, 3000, 2000 };
  EspLevel level = esp_pyramid_get_level (pyramid, &region, 600, 900);
  int n_calls = 0;

  /* 3.33 cells a pixel: entries of 4 */
  g_assert_cmpuint (level.rows, ==, 2);
  g_assert_cmpuint (level.columns, ==, 2);
  g_assert_null (esp_pyramid_get_tile (pyramid, level, 0, 0));
  esp_pyramid_set_notify (pyramid, NULL, on_notify, &n_calls);
  esp_pyramid_want (pyramid, &region, 600, 900);
  wait_until_done (pyramid);
  g_assert_cmpint (n_calls, >, 0);
  ground = esp_pyramid_get_ground (pyramid);
  g_assert_nonnull (ground);
  for (gint64 row = 0; row < 3; row++)
    for (gint64 column = 0; column < 2; column++)
      {
        g_autoptr (EspOverview) each = esp_pyramid_get_tile (pyramid, level, row, column);

        g_assert_nonnull (each);
        g_assert_true (esp_overview_is_exact (each));
      }
  tile = esp_pyramid_get_tile (pyramid, level, 2, 1);
  /* what is left: 3000 / 4 - 512 and 2000 / 4 - 256 entries */
  g_assert_cmpuint (esp_overview_get_height (tile), ==, 238);
  g_assert_cmpuint (esp_overview_get_width (tile), ==, 244);
  g_assert_cmpfloat (esp_overview_get_row (tile, 237)[0].max, ==, 2999);
  g_assert_cmpfloat (esp_overview_get_row (tile, 237)[0].min, ==, 2996);
  g_assert_cmpfloat (esp_overview_get_row (tile, 237)[0].mean, ==, 2997.5f);
  missing = esp_pyramid_get_tile (pyramid, level, 3, 0);
  g_assert_null (missing);
}

/* reads are slow here, and each is counted */
typedef struct
{
  gint n_reads; /* atomic */
} Slow;

static gboolean
read_slowly (gpointer data,
             guint64 offset,
             gsize length,
             void *buffer,
             GCancellable *cancellable,
             GError **error)
{
  Slow *slow = data;

  g_atomic_int_inc (&slow->n_reads);
  g_usleep (20);
  memset (buffer, 0, length);
  return TRUE;
}

/* a view that jumps about: what it no longer wants isn't made */
static void
test_generations (void)
{
  static const EspStorageFuncs funcs = { read_slowly, NULL, NULL };
  Slow slow = { 0 };
  gint64 shape[2] = { 64 * 256, 64 * 256 };
  g_autoptr (EspStorage)
      storage = esp_storage_new (&funcs, &slow, "slow", (guint64) (shape[0] * shape[1]) * 4);
  g_autoptr (EspTensor)
      matrix = esp_tensor_new (ESP_DTYPE_FLOAT32, "", shape, 2, NULL, 0, 0, storage, NULL);
  g_autoptr (EspPyramid) pyramid = esp_pyramid_new (matrix);
  EspLevel level = { 0, 0 };
  guint n_made = 0;

  for (gint64 i = 0; i < 60; i++)
    esp_pyramid_want (pyramid, &(EspRegion) { i * 256, 0, 1024, 16384 }, 16384, 1024);
  esp_pyramid_want (pyramid, &(EspRegion) { 0, 0, 256, 256 }, 256, 256);
  wait_until_done (pyramid);
  for (gint64 row = 0; row < 64; row++)
    for (gint64 column = 0; column < 64; column++)
      {
        g_autoptr (EspOverview) tile = esp_pyramid_get_tile (pyramid, level, row, column);

        n_made += tile != NULL;
        if (row == 0 && column == 0)
          g_assert_nonnull (tile);
      }
  /* the last one, and perhaps some that were finished on the way: never the 4,000 of all */
  g_assert_cmpuint (n_made, <, 200);
  esp_pyramid_want (pyramid, &(EspRegion) { 0, 0, 16384, 16384 }, 16384, 16384);
  esp_pyramid_rest (pyramid);
  wait_until_done (pyramid);
  g_assert_false (esp_pyramid_is_busy (pyramid));
}

/* a pyramid that goes while its tiles are being made gives them up within 100 ms */
static void
test_close (void)
{
  static const EspStorageFuncs funcs = { read_slowly, NULL, NULL };
  Slow slow = { 0 };
  gint64 shape[2] = { 1 << 15, 1 << 15 };
  g_autoptr (EspStorage)
      storage = esp_storage_new (&funcs, &slow, "slow", (guint64) (shape[0] * shape[1]) * 4);
  EspTensor *matrix = esp_tensor_new (ESP_DTYPE_FLOAT32, "", shape, 2, NULL, 0, 0, storage, NULL);
  EspPyramid *pyramid = esp_pyramid_new (matrix);
  gint n_reads;

  esp_pyramid_want (pyramid, &(EspRegion) { 0, 0, shape[0], shape[1] }, 512, 512);
  g_usleep (20000);
  esp_pyramid_unref (pyramid);
  g_usleep (100000);
  n_reads = g_atomic_int_get (&slow.n_reads);
  g_usleep (100000);
  g_assert_cmpint (g_atomic_int_get (&slow.n_reads), ==, n_reads);
  esp_tensor_unref (matrix);
}

static void
test_limit (void)
{
  guint64 usual = esp_pyramid_get_cache_limit ();
  g_autoptr (EspTensor) matrix = ramp (2048, 2048);
  EspPyramid *pyramid = esp_pyramid_new (matrix);
  g_autoptr (EspOverview) picture = NULL;
  EspRegion region = { 0, 0, 2048, 2048 };

  esp_pyramid_set_cache_limit (5 * 1000 * 1000);
  picture = esp_pyramid_compose (pyramid, &region, 2048, 2048, TRUE, NULL, NULL);
  g_assert_nonnull (picture);
  g_assert_cmpfloat (esp_overview_get_row (picture, 2047)[3].max, ==, 2047);
  g_assert_cmpuint (esp_pyramid_get_cache_size (), <=, 5 * 1000 * 1000);
  g_assert_cmpuint (esp_pyramid_get_cache_size (), >, 3 * 1000 * 1000);
  esp_pyramid_unref (pyramid);
  g_assert_cmpuint (esp_pyramid_get_cache_size (), ==, 0);
  esp_pyramid_set_cache_limit (usual);
}

/* a file cut short is an error, told once, and nothing hangs */
static gboolean
read_nothing (gpointer data,
              guint64 offset,
              gsize length,
              void *buffer,
              GCancellable *cancellable,
              GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "cut");
  return FALSE;
}

static void
test_error (void)
{
  static const EspStorageFuncs funcs = { read_nothing, NULL, NULL };
  gint64 shape[2] = { 4000, 4000 };
  g_autoptr (EspStorage) storage = esp_storage_new (&funcs, NULL, "cut", 4000 * 4000 * 4);
  g_autoptr (EspTensor)
      matrix = esp_tensor_new (ESP_DTYPE_FLOAT32, "", shape, 2, NULL, 0, 0, storage, NULL);
  g_autoptr (EspPyramid) pyramid = esp_pyramid_new (matrix);
  g_autoptr (EspOverview) picture = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) told = NULL;

  esp_pyramid_want (pyramid, &(EspRegion) { 0, 0, 4000, 4000 }, 400, 400);
  wait_until_done (pyramid);
  told = esp_pyramid_dup_error (pyramid);
  g_assert_error (told, G_IO_ERROR, G_IO_ERROR_FAILED);
  picture = esp_pyramid_compose (pyramid, &(EspRegion) { 0, 0, 10, 10 }, 10, 10, TRUE, NULL,
                                 &error);
  g_assert_null (picture);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pyramid/compose", test_compose);
  g_test_add_func ("/pyramid/want", test_want);
  g_test_add_func ("/pyramid/generations", test_generations);
  g_test_add_func ("/pyramid/close", test_close);
  g_test_add_func ("/pyramid/limit", test_limit);
  g_test_add_func ("/pyramid/error", test_error);
  return g_test_run ();
}
