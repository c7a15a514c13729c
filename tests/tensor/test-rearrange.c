/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Rows and columns in another order against the elements where they lie, whatever their type and
 * however the matrix is stored; and sorted by a profile. */

#include "config.h"

#include <math.h>

#include "esp-profile.h"
#include "esp-rearrange.h"
#include "esp-scan.h"
#include "tensor-fixture.h"

static gint64 *
create_shuffled (guint64 *random, gint64 n)
{
  gint64 *order = g_new (gint64, n);

  for (gint64 i = 0; i < n; i++)
    order[i] = i;
  for (gint64 i = n - 1; i > 0; i--)
    {
      gint64 j = random_between (random, 0, i), kept = order[i];

      order[i] = order[j];
      order[j] = kept;
    }
  return order;
}

static EspTensor *
create_matrix (EspDtype dtype, gint64 rows, gint64 columns, gboolean transposed, guint64 *random)
{
  const gint64 shape[2] = { rows, columns };
  const gint64 strides[2] = { transposed ? 1 : columns, transposed ? rows : 1 };
  gsize size = (gsize) (rows * columns) * MAX (esp_dtype_get_info (dtype)->bits / 8, 1);
  guint8 *bytes = g_malloc (size);
  g_autoptr (GBytes) owner = NULL;
  g_autoptr (EspStorage) storage = NULL;
  GError *error = NULL;
  EspTensor *tensor;

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) random_between (random, 0, 255);
  owner = g_bytes_new_take (bytes, size);
  storage = esp_storage_new_for_bytes (owner, "0");
  tensor = esp_tensor_new (dtype, "", shape, 2, strides, 0, 0, storage, &error);
  g_assert_no_error (error);
  return tensor;
}

static void
check (EspTensor *matrix, const gint64 *rows, const gint64 *columns, guint64 *random)
{
  const gint64 *shape = esp_tensor_get_shape (matrix);
  guint per = esp_dtype_get_info (esp_tensor_get_dtype (matrix))->kind == ESP_KIND_COMPLEX ? 2 : 1;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTensor) arranged = esp_rearrange_apply (matrix, rows, columns, &error);

  g_assert_no_error (error);
  for (int i = 0; i < 60; i++)
    {
      guint64 n = (guint64) (shape[0] * shape[1]);
      guint64 start = (guint64) random_between (random, 0, (gint64) n - 1);
      gsize most = (gsize) random_between (random, 1, 70), count = MIN (most, (gsize) (n - start));
      double got[140], wanted[2];

      esp_tensor_read_f64 (arranged, start, count, got, NULL, &error);
      g_assert_no_error (error);
      for (gsize j = 0; j < count; j++)
        {
          gint64 row = (gint64) (start + j) / shape[1], column = (gint64) (start + j) % shape[1];

          row = rows != NULL ? rows[row] : row;
          column = columns != NULL ? columns[column] : column;
          g_assert_true (esp_tensor_read_f64 (matrix, (guint64) (row * shape[1] + column), 1,
                                              wanted, NULL, NULL));
          for (guint part = 0; part < per; part++)
            g_assert_true (got[j * per + part] == wanted[part] ||
                           (isnan (got[j * per + part]) && isnan (wanted[part])));
        }
    }
}

static void
test_orders (void)
{
  static const EspDtype dtypes[] = { ESP_DTYPE_FLOAT32, ESP_DTYPE_FLOAT16, ESP_DTYPE_INT8,
                                     ESP_DTYPE_INT64,   ESP_DTYPE_FLOAT64, ESP_DTYPE_COMPLEX64,
                                     ESP_DTYPE_UINT4 };
  guint64 random = 5;

  for (int i = 0; i < 60; i++)
    {
      gint64 n_rows = random_between (&random, 1, 40), n_columns = random_between (&random, 1, 30);
      EspDtype dtype = dtypes[random_between (&random, 0, G_N_ELEMENTS (dtypes) - 1)];
      gboolean transposed = dtype != ESP_DTYPE_UINT4 && i % 3 == 0;
      g_autoptr (EspTensor) matrix = create_matrix (dtype, n_rows, n_columns, transposed, &random);
      g_autofree gint64 *rows = create_shuffled (&random, n_rows);
      g_autofree gint64 *columns = create_shuffled (&random, n_columns);
      g_autofree gint64 *places = esp_rearrange_invert (rows, n_rows);

      check (matrix, rows, NULL, &random);
      check (matrix, NULL, columns, &random);
      check (matrix, rows, columns, &random);
      for (gint64 row = 0; row < n_rows; row++)
        g_assert_cmpint (places[rows[row]], ==, row);
    }
}

/* the figures don't hang on the order, and the profile of what is sorted never grows */
static void
test_sorted (void)
{
  guint64 random = 8;
  g_autoptr (EspTensor) matrix = create_matrix (ESP_DTYPE_INT8, 300, 400, FALSE, &random);

  for (int kind = 0; kind < ESP_N_PROFILES; kind++)
    for (int columns = 0; columns < 2; columns++)
      {
        gboolean up = kind == ESP_PROFILE_MIN;
        g_autoptr (EspProfile) profile = esp_profile_new (matrix, columns, NULL, NULL);
        g_autofree gint64 *order = esp_profile_sort (profile, (EspProfileKind) kind, up);
        g_autoptr (EspTensor) sorted = esp_rearrange_apply (matrix, columns ? NULL : order,
                                                            columns ? order : NULL, NULL);
        g_autoptr (EspProfile) after = esp_profile_new (sorted, columns, NULL, NULL);
        g_autoptr (EspStats) one = esp_scan_stats (matrix, NULL, NULL, NULL, NULL);
        g_autoptr (EspStats) other = esp_scan_stats (sorted, NULL, NULL, NULL, NULL);

        for (gint64 i = 0; i < esp_profile_get_length (after); i++)
          {
            double value = esp_profile_get (after, i, (EspProfileKind) kind);
            double before = i > 0 ? esp_profile_get (after, i - 1, (EspProfileKind) kind) : value;

            g_assert_cmpfloat (value, ==,
                               esp_profile_get (profile, order[i], (EspProfileKind) kind));
            g_assert_true (up ? value >= before : value <= before);
          }
        g_assert_cmpfloat (esp_stats_get_values (one)->max, ==, esp_stats_get_values (other)->max);
        g_assert_cmpuint (esp_stats_get_values (one)->zeros, ==,
                          esp_stats_get_values (other)->zeros);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rearrange/orders", test_orders);
  g_test_add_func ("/rearrange/sorted", test_sorted);
  return g_test_run ();
}
