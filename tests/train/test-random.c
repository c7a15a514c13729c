/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random numbers: the algorithm is the published one, streams are independent, the numbers of a
 * seed never change, and they are as uniform as they should be. */

#include "esp-random.h"

#include <math.h>

/* the first outputs of xoshiro256++ from the state 1, 2, 3, 4, as the authors' code gives them */
static void
test_reference (void)
{
  static const guint64 wanted[] = {
    G_GUINT64_CONSTANT (41943041),
    G_GUINT64_CONSTANT (58720359),
    G_GUINT64_CONSTANT (3588806011781223),
    G_GUINT64_CONSTANT (3591011842654386),
    G_GUINT64_CONSTANT (9228616714210784205),
  };
  EspRandom random = { { 1, 2, 3, 4 } };
  for (gsize i = 0; i < G_N_ELEMENTS (wanted); i++)
    g_assert_cmpuint (esp_random_next (&random), ==, wanted[i]);
}

/* a promise to specifications with a seed */
static void
test_promise (void)
{
  EspRandom random;
  esp_random_init (&random, 0, ESP_STREAM_INIT, 0);
  g_assert_cmphex (esp_random_next (&random), ==, G_GUINT64_CONSTANT (0xc9b59c692ce09e3f));
  esp_random_init (&random, 7, ESP_STREAM_DATA, 3);
  g_assert_cmphex (esp_random_next (&random), ==, G_GUINT64_CONSTANT (0x3fd17c7465cd6f39));
}

static void
test_streams (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  for (guint64 seed = 0; seed < 8; seed++)
    for (EspStream stream = ESP_STREAM_INIT; stream <= ESP_STREAM_ORDER; stream++)
      for (guint64 index = 0; index < 8; index++)
        {
          EspRandom random;
          esp_random_init (&random, seed, stream, index);
          for (guint i = 0; i < 100; i++)
            {
              guint64 value = esp_random_next (&random);
              g_assert_true (g_hash_table_add (seen, g_memdup2 (&value, sizeof value)));
            }
        }
}

static void
test_uniform (void)
{
  enum
  {
    N = 200000,
    BINS = 100
  };
  guint bins[BINS] = { 0 };
  double sum = 0, squares = 0;
  EspRandom random;
  esp_random_init (&random, 1, ESP_STREAM_DATA, 0);
  for (guint i = 0; i < N; i++)
    {
      double value = esp_random_uniform (&random);
      g_assert_true (value >= 0 && value < 1 && (float) value < 1);
      sum += value;
      squares += value * value;
      bins[(guint) (value * BINS)]++;
    }
  double mean = sum / N, variance = squares / N - mean * mean, chi = 0;
  for (guint i = 0; i < BINS; i++)
    chi += (bins[i] - N / (double) BINS) * (bins[i] - N / (double) BINS) / (N / (double) BINS);
  g_assert_cmpfloat_with_epsilon (mean, 0.5, 5 * sqrt (1 / 12.0 / N));
  g_assert_cmpfloat_with_epsilon (variance, 1 / 12.0, 1e-3);
  /* 99 degrees of freedom: 99.99 % lie below 161 */
  g_assert_cmpfloat (chi, <, 161);
}

static void
test_shuffle (void)
{
  guint32 order[52];
  guint first[52] = { 0 };
  EspRandom random;
  esp_random_init (&random, 3, ESP_STREAM_ORDER, 0);
  for (guint round = 0; round < 52 * 200; round++)
    {
      gboolean seen[52] = { FALSE };
      for (guint i = 0; i < 52; i++)
        order[i] = i;
      esp_random_shuffle (&random, order, 52);
      for (guint i = 0; i < 52; i++)
        {
          g_assert_false (seen[order[i]]);
          seen[order[i]] = TRUE;
        }
      first[order[0]]++;
    }
  /* 200 expected each, standard deviation 14 */
  for (guint i = 0; i < 52; i++)
    g_assert_true (first[i] > 200 - 5 * 14 && first[i] < 200 + 5 * 14);
}

/* how many lie below some bounds, against the distribution's own shares; and bounds far out */
static void
test_normal (void)
{
  enum
  {
    N = 200000
  };
  static const double bounds[] = { -3, -2, -1, -0.3, 0, 0.3, 1, 2, 3 };
  guint below[G_N_ELEMENTS (bounds)] = { 0 };
  EspRandom random;
  esp_random_init (&random, 5, ESP_STREAM_INIT, 0);
  for (guint i = 0; i < N; i++)
    {
      double x = esp_random_normal (&random);
      for (gsize b = 0; b < G_N_ELEMENTS (bounds); b++)
        below[b] += x < bounds[b];
    }
  for (gsize b = 0; b < G_N_ELEMENTS (bounds); b++)
    {
      double share = 0.5 * erfc (-bounds[b] * sqrt (0.5));
      g_assert_cmpfloat (fabs (below[b] / (double) N - share), <,
                         5 * sqrt (share * (1 - share) / N));
    }
  static const double ranges[][2] = { { 10, 11 },
                                      { -11, -10 },
                                      { -1, -1 },
                                      { 50, 60 },
                                      { 0, 0.1 } };
  for (gsize r = 0; r < G_N_ELEMENTS (ranges); r++)
    for (guint i = 0; i < 100; i++)
      {
        double x = esp_random_truncated_normal (&random, ranges[r][0], ranges[r][1]);
        g_assert_true (x >= ranges[r][0] && x <= ranges[r][1]);
      }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/random/reference", test_reference);
  g_test_add_func ("/train/random/promise", test_promise);
  g_test_add_func ("/train/random/streams", test_streams);
  g_test_add_func ("/train/random/uniform", test_uniform);
  g_test_add_func ("/train/random/shuffle", test_shuffle);
  g_test_add_func ("/train/random/normal", test_normal);
  return g_test_run ();
}
