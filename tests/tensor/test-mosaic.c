/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Kernels as a matrix of small pictures against the tensor's own elements. */

#include "config.h"

#include <math.h>

#include "esp-mosaic.h"
#include "esp-overview.h"
#include "tensor-fixture.h"

/* the axis of the tensor that counts blocks down, rows in them, blocks across, columns in them */
static const int orders[3][4] = { { 0, 2, 1, 3 }, { 3, 0, 2, 1 }, { -1, 1, 0, 2 } };

static void
check (EspTensor *tensor, gboolean channels_last)
{
  guint ndim = esp_tensor_get_ndim (tensor);
  const gint64 *shape = esp_tensor_get_shape (tensor);
  g_autoptr (EspTensor) matrix = NULL;
  g_autoptr (GError) error = NULL;
  gint64 block_rows, block_columns;
  const int *axes = orders[ndim == 3 ? 2 : channels_last ? 1 : 0];
  EspMosaic mosaic;

  g_assert_true (esp_mosaic_init (&mosaic, ndim, channels_last));
  matrix = esp_mosaic_apply (&mosaic, tensor, &block_rows, &block_columns, &error);
  g_assert_no_error (error);
  g_assert_cmpint (block_rows, ==, shape[axes[1]]);
  g_assert_cmpint (block_columns, ==, shape[axes[3]]);
  g_assert_cmpuint (esp_tensor_get_count (matrix), ==, esp_tensor_get_count (tensor));
  for (gint64 row = 0; row < esp_tensor_get_shape (matrix)[0]; row++)
    for (gint64 column = 0; column < esp_tensor_get_shape (matrix)[1]; column++)
      {
        gint64 index[4] = { 0 };
        const gint64 places[2][2] = { { row / block_rows, row % block_rows },
                                      { column / block_columns, column % block_columns } };
        guint64 at = 0;
        float got, wanted;

        for (guint i = 0; i < 4; i++)
          if (axes[i] >= 0)
            index[axes[i]] = places[i / 2][i % 2];
        for (guint i = 0; i < ndim; i++)
          {
            g_assert_cmpint (index[i], <, shape[i]);
            at = at * (guint64) shape[i] + (guint64) index[i];
          }
        g_assert_true (esp_tensor_read_f32 (
            matrix, (guint64) (row * esp_tensor_get_shape (matrix)[1] + column), 1, &got, NULL,
            NULL));
        g_assert_true (esp_tensor_read_f32 (tensor, at, 1, &wanted, NULL, NULL));
        g_assert_true (isnan (wanted) ? isnan (got) : got == wanted);
      }
}

static void
test_kernels (void)
{
  static const EspDtype dtypes[] = { ESP_DTYPE_FLOAT32, ESP_DTYPE_FLOAT16, ESP_DTYPE_INT8,
                                     ESP_DTYPE_UINT4, ESP_DTYPE_FLOAT64 };
  guint64 random = 11;

  for (int i = 0; i < 60; i++)
    {
      gint64 shape[4] = { random_between (&random, 1, 6), random_between (&random, 1, 5),
                          random_between (&random, 1, 4), random_between (&random, 1, 4) };
      g_autoptr (GBytes) bytes = random_bytes (&random, 6 * 5 * 4 * 4 * 8);
      g_autoptr (EspStorage) storage = make_storage (i % N_STORED, bytes);
      g_autoptr (EspTensor)
          tensor = esp_tensor_new (dtypes[i % G_N_ELEMENTS (dtypes)], "", shape, i % 4 == 3 ? 3 : 4,
                                   NULL, 0, i % 2 ? ESP_TENSOR_BIG_ENDIAN : 0, storage, NULL);

      check (tensor, i % 3 == 0);
    }
}

static void
test_quantised (void)
{
  const gint64 shape[4] = { 3, 2, 2, 2 };
  double scales[3] = { 0.5, 2, 4 }, zero_points[3] = { 1, 0, -3 };
  EspAffine affine = { 0, 3, scales, zero_points };
  guint64 random = 2;
  g_autoptr (GBytes) bytes = random_bytes (&random, 24);
  g_autoptr (EspStorage) storage = make_storage (STORED_IN_MEMORY, bytes);
  g_autoptr (EspTensor)
      plain = esp_tensor_new (ESP_DTYPE_INT8, "", shape, 4, NULL, 0, 0, storage, NULL);
  g_autoptr (EspTensor) tensor = esp_tensor_with_affine (plain, &affine, NULL);

  check (tensor, FALSE);
  check (tensor, TRUE);
}

/* one picture of all kernels */
static void
test_picture (void)
{
  float values[2 * 2 * 3 * 3];
  g_autoptr (EspTensor) tensor = NULL;
  g_autoptr (EspTensor) matrix = NULL;
  g_autoptr (EspOverview) picture = NULL;
  gint64 block_rows, block_columns;
  EspMosaic mosaic;

  for (int i = 0; i < 36; i++)
    values[i] = (float) i;
  tensor = esp_tensor_new_for_floats (values, (const gint64[]) { 2, 2, 3, 3 }, 4);
  g_assert_false (esp_mosaic_init (&mosaic, 2, FALSE));
  g_assert_true (esp_mosaic_init (&mosaic, 4, FALSE));
  matrix = esp_mosaic_apply (&mosaic, tensor, &block_rows, &block_columns, NULL);
  picture = esp_overview_new (matrix, &(EspRegion) { 0, 0, 6, 6 }, 6, 6, 1, NULL, NULL);
  /* out 0, in 1, last row; out 1, in 0, its middle */
  g_assert_cmpfloat (esp_overview_get_row (picture, 2)[3].max, ==, 15);
  g_assert_cmpfloat (esp_overview_get_row (picture, 4)[1].max, ==, 22);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mosaic/kernels", test_kernels);
  g_test_add_func ("/mosaic/quantised", test_quantised);
  g_test_add_func ("/mosaic/picture", test_picture);
  return g_test_run ();
}
