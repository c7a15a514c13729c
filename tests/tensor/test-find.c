/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Jumps: planted values are met exactly, wherever they are; a chain of jumps is what sorting all
 * cells gives; profiles against a naive twin. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "esp-find.h"
#include "esp-profile.h"
#include "tensor-fixture.h"

#define ROWS 1100
#define COLUMNS 60

static EspTensor *
wrap (float *values, gint64 rows, gint64 columns, gboolean transposed)
{
  gint64 shape[2] = { rows, columns },
         strides[2] = { transposed ? 1 : columns, transposed ? rows : 1 };
  g_autoptr (GBytes) bytes = g_bytes_new_static (values, (gsize) (rows * columns) * sizeof *values);
  g_autoptr (EspStorage) storage = esp_storage_new_for_bytes (bytes, "0");

  return esp_tensor_new (ESP_DTYPE_FLOAT32, "", shape, 2, strides, 0, 0, storage, NULL);
}

static void
assert_found (EspPyramid *pyramid,
              EspFindKind kind,
              const EspCell *after,
              gint64 row,
              gint64 column)
{
  g_autoptr (GError) error = NULL;
  EspCell found = { -1, -1 };

  g_assert_true (esp_find_cell (pyramid, kind, after, &found, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (found.row, ==, row);
  g_assert_cmpint (found.column, ==, column);
}

/* one NaN and one 10^6 at 1,000 random positions each */
static void
test_planted (void)
{
  g_autofree float *values = g_new (float, ROWS *COLUMNS);
  guint64 random = 77;

  for (gsize i = 0; i < ROWS * COLUMNS; i++)
    values[i] = 0.02f * (float) random_between (&random, -100, 100);
  for (int i = 0; i < 1000; i++)
    {
      gsize nan = (gsize) random_between (&random, 0, ROWS * COLUMNS - 1);
      gsize peak = (gsize) random_between (&random, 0, ROWS * COLUMNS - 1);
      float kept[2];

      if (nan == peak)
        continue;
      kept[0] = values[nan];
      kept[1] = values[peak];
      values[nan] = NAN;
      values[peak] = i % 2 ? 1e6f : -1e6f;
      {
        g_autoptr (EspTensor) matrix = wrap (values, ROWS, COLUMNS, FALSE);
        g_autoptr (EspPyramid) pyramid = esp_pyramid_new (matrix);
        EspCell itself = { (gint64) nan / COLUMNS, (gint64) nan % COLUMNS };
        EspCell somewhere = { random_between (&random, 0, ROWS - 1), 3 };

        assert_found (pyramid, ESP_FIND_EXTREME, NULL, (gint64) peak / COLUMNS,
                      (gint64) peak % COLUMNS);
        assert_found (pyramid, ESP_FIND_NONFINITE, NULL, itself.row, itself.column);
        assert_found (pyramid, ESP_FIND_NONFINITE, &somewhere, itself.row, itself.column);
        /* behind the last comes the first */
        assert_found (pyramid, ESP_FIND_NONFINITE, &itself, itself.row, itself.column);
      }
      values[nan] = kept[0];
      values[peak] = kept[1];
    }
}

typedef struct
{
  float magnitude;
  int index;
} Place;

static int
compare_places (const void *a, const void *b)
{
  const Place *left = a, *right = b;

  if (left->magnitude != right->magnitude)
    return left->magnitude > right->magnitude ? -1 : 1;
  return left->index - right->index;
}

/* all cells in the order of their magnitude, many of them equal */
static void
test_extremes (void)
{
  enum
  {
    N_ROWS = 40,
    N_COLUMNS = 30,
    N = N_ROWS * N_COLUMNS
  };
  float values[N];
  guint64 random = 5;

  for (int round = 0; round < 6; round++)
    {
      g_autoptr (EspTensor) matrix = NULL;
      g_autoptr (EspPyramid) pyramid = NULL;
      gboolean transposed = round % 2;
      Place places[N];
      EspCell cell;
      guint n = 0;

      for (int i = 0; i < N; i++)
        values[i] = (float) random_between (&random, -20, 20);
      values[7] = NAN;
      values[N - 1] = INFINITY;
      matrix = wrap (values, N_ROWS, N_COLUMNS, transposed);
      pyramid = esp_pyramid_new (matrix);
      for (int i = 0; i < N; i++)
        {
          int at = transposed ? i % N_COLUMNS * N_ROWS + i / N_COLUMNS : i;

          if (isfinite (values[at]))
            places[n++] = (Place) { fabsf (values[at]), i };
        }
      qsort (places, n, sizeof *places, compare_places);
      for (guint i = 0; i <= n; i++)
        {
          assert_found (pyramid, ESP_FIND_EXTREME, i > 0 ? &cell : NULL,
                        places[i % n].index / N_COLUMNS, places[i % n].index % N_COLUMNS);
          cell = (EspCell) { places[i % n].index / N_COLUMNS, places[i % n].index % N_COLUMNS };
        }
    }
}

static void
test_zeros (void)
{
  g_autofree float *values = g_new (float, 300 * 200);
  g_autoptr (EspTensor) matrix = NULL;
  g_autoptr (EspPyramid) pyramid = NULL;
  EspCell cell = { 17, 5 }, other = { 290, 199 };

  for (int i = 0; i < 300 * 200; i++)
    values[i] = 1;
  for (int i = 0; i < 200; i++)
    values[17 * 200 + i] = values[290 * 200 + i] = i % 2 ? 0.0f : -0.0f;
  for (int i = 0; i < 200; i++)
    values[100 * 200 + i] = i == 199 ? NAN : 0;
  for (int i = 0; i < 300; i++)
    values[i * 200 + 3] = 0;
  matrix = wrap (values, 300, 200, FALSE);
  pyramid = esp_pyramid_new (matrix);
  assert_found (pyramid, ESP_FIND_ZERO_ROW, NULL, 17, 0);
  assert_found (pyramid, ESP_FIND_ZERO_ROW, &cell, 290, 0);
  assert_found (pyramid, ESP_FIND_ZERO_ROW, &other, 17, 0);
  assert_found (pyramid, ESP_FIND_ZERO_COLUMN, NULL, 0, 3);
  assert_found (pyramid, ESP_FIND_ZERO_COLUMN, &cell, 0, 3);
}

/* nothing to be found is no error; a cancelled search is one */
static void
test_none (void)
{
  g_autofree float *values = g_new (float, 300 * 200);
  g_autoptr (EspTensor) matrix = NULL;
  g_autoptr (EspPyramid) pyramid = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  EspCell found;

  for (int i = 0; i < 300 * 200; i++)
    values[i] = 1;
  matrix = wrap (values, 300, 200, FALSE);
  pyramid = esp_pyramid_new (matrix);
  for (EspFindKind kind = ESP_FIND_NONFINITE; kind < ESP_N_FINDS; kind++)
    {
      g_assert_false (esp_find_cell (pyramid, kind, NULL, &found, NULL, &error));
      g_assert_no_error (error);
    }
  g_cancellable_cancel (cancellable);
  g_assert_false (esp_find_cell (pyramid, ESP_FIND_ZERO_ROW, NULL, &found, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_profiles (void)
{
  guint64 random = 3;

  for (int round = 0; round < 30; round++)
    {
      gint64 rows = random_between (&random, 1, 200), columns = random_between (&random, 1, 200);
      gboolean transposed = round % 3 == 0, by_column = round % 2;
      g_autofree float *values = g_new (float, rows *columns);
      g_autoptr (EspTensor) matrix = NULL;
      g_autoptr (EspProfile) profile = NULL;
      g_autofree gint64 *order = NULL;

      for (gint64 i = 0; i < rows * columns; i++)
        values[i] = (float) random_between (&random, -1000, 1000) / 100;
      values[0] = NAN;
      matrix = wrap (values, rows, columns, transposed);
      profile = esp_profile_new (matrix, by_column, NULL, NULL);
      g_assert_cmpint (esp_profile_get_length (profile), ==, by_column ? columns : rows);
      for (gint64 i = 0; i < esp_profile_get_length (profile); i++)
        {
          double sum = 0, squares = 0, min = INFINITY, max = -INFINITY;
          gint64 n = 0;

          for (gint64 j = 0; j < (by_column ? rows : columns); j++)
            {
              gint64 row = by_column ? j : i, column = by_column ? i : j;
              double value =
                  (double) values[transposed ? column * rows + row : row * columns + column];

              if (!isfinite (value))
                continue;
              sum += value;
              squares += value * value;
              min = fmin (min, value);
              max = fmax (max, value);
              n++;
            }
          g_assert_cmphex (esp_profile_get_flags (profile, i), ==, i == 0 ? ESP_PIXEL_NAN : 0);
          if (n == 0)
            {
              g_assert_true (isnan (esp_profile_get (profile, i, ESP_PROFILE_MEAN)));
              continue;
            }
          g_assert_cmpfloat (esp_profile_get (profile, i, ESP_PROFILE_MIN), ==, min);
          g_assert_cmpfloat (esp_profile_get (profile, i, ESP_PROFILE_MAX), ==, max);
          /* float32 */
          g_assert_cmpfloat (
              fabs (esp_profile_get (profile, i, ESP_PROFILE_MEAN) - sum / (double) n), <=, 1e-5);
          g_assert_cmpfloat (fabs (esp_profile_get (profile, i, ESP_PROFILE_NORM) - sqrt (squares)),
                             <=, 1e-6 * sqrt (squares) + 1e-6);
        }
      order = esp_profile_sort (profile, ESP_PROFILE_NORM, FALSE);
      for (gint64 i = 1; i < esp_profile_get_length (profile); i++)
        {
          double before = esp_profile_get (profile, order[i - 1], ESP_PROFILE_NORM);
          double value = esp_profile_get (profile, order[i], ESP_PROFILE_NORM);

          g_assert_true (isnan (value) || before > value ||
                         (before == value && order[i - 1] < order[i]));
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/find/planted", test_planted);
  g_test_add_func ("/find/extremes", test_extremes);
  g_test_add_func ("/find/zeros", test_zeros);
  g_test_add_func ("/find/none", test_none);
  g_test_add_func ("/find/profiles", test_profiles);
  return g_test_run ();
}
