/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of every instruction set that this processor has, against the plainest code in double, at
 * sizes on both sides of every vector and block; and at numbers that are not finite. */

#include <math.h>

#include "esp-kernels.h"
#include "esp-random.h"

static EspReal *
make_values (EspRandom *random, gsize count)
{
  EspReal *values = g_new (EspReal, count);
  for (gsize i = 0; i < count; i++)
    values[i] = (EspReal) (2 * esp_random_uniform (random) - 1);
  return values;
}

/* element (row, column) of a matrix or of its transpose */
static double
at (const EspReal *matrix, gsize rows, gsize columns, gboolean transposed, gsize row, gsize column)
{
  return (double) (transposed ? matrix[column * rows + row] : matrix[row * columns + column]);
}

static void
check_matmul (const EspKernels *kernels, gsize M, gsize N, gsize K)
{
  EspRandom random;
  esp_random_init (&random, M * 10000 + N * 100 + K, ESP_STREAM_DATA, 0);
  g_autofree EspReal *a = make_values (&random, M * K);
  g_autofree EspReal *b = make_values (&random, K * N);
  for (guint kind = 0; kind < 3; kind++)
    {
      g_autofree EspReal *c = make_values (&random, M * N);
      g_autofree EspReal *before = g_memdup2 (c, M * N * sizeof *c);
      if (kind == 0)
        kernels->matmul_nn (a, b, c, M, N, K);
      else if (kind == 1)
        kernels->matmul_nt (a, b, c, M, N, K);
      else
        kernels->matmul_tn (a, b, c, M, N, K);
      for (gsize m = 0; m < M; m++)
        for (gsize n = 0; n < N; n++)
          {
            double sum = (double) before[m * N + n], size = fabs (sum);
            for (gsize k = 0; k < K; k++)
              {
                double term = at (a, M, K, kind == 2, m, k) * at (b, K, N, kind == 1, k, n);
                sum += term;
                size += fabs (term);
              }
            /* rounding of a float sum grows with its terms, at worst like their number */
            g_assert_cmpfloat_with_epsilon ((double) c[m * N + n], sum, 1e-6 * (size + 1));
          }
    }
}

static void
test_matmul (gconstpointer data)
{
  const EspKernels *kernels = data;
  static const gsize sizes[] = { 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33 };
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (sizes); j++)
      for (gsize k = 0; k < G_N_ELEMENTS (sizes); k++)
        check_matmul (kernels, sizes[i], sizes[j], sizes[k]);
}

static void
test_matmul_large (gconstpointer data)
{
  const EspKernels *kernels = data;
  check_matmul (kernels, 70, 130, 90);
  check_matmul (kernels, 1, 700, 300);
  check_matmul (kernels, 300, 1, 700);
  check_matmul (kernels, 64, 10, 257);
}

static void
test_not_finite (gconstpointer data)
{
  const EspKernels *kernels = data;
  const EspReal x[] = { NAN, INFINITY, -INFINITY, -0.0f, 1 };
  EspReal y[5], dx[5] = { 0 };
  const EspReal dy[] = { 1, 1, 1, 1, 1 };
  kernels->activations[ESP_ACTIVATION_RELU].forward (x, y, 5, 0, 0);
  g_assert_true (isnan (y[0]) && y[1] == INFINITY && y[2] == 0 && y[3] == 0 && y[4] == 1);
  kernels->activations[ESP_ACTIVATION_RELU].backward (x, y, dy, dx, 5, 0, 0);
  g_assert_true (dx[1] == 1 && dx[2] == 0 && dx[3] == 0 && dx[4] == 1);
  guint64 counts[5] = { 0 }, saturated[5] = { 0 };
  double magnitude[5] = { 0 };
  EspUnitSums sums = { -1, 1, counts, saturated, magnitude };
  kernels->observe (y, 1, 5, 1, &sums);
  /* NaN isn't silent */
  g_assert_true (counts[0] == 1 && counts[1] == 1 && counts[2] == 0 && counts[3] == 0);
  kernels->activations[ESP_ACTIVATION_TANH].forward (x, y, 5, 0, 0);
  g_assert_true (isnan (y[0]) && y[1] == 1 && y[2] == -1);
  kernels->activations[ESP_ACTIVATION_SIGMOID].forward (x, y, 5, 0, 0);
  g_assert_true (isnan (y[0]) && y[1] == 1 && y[2] < 1e-37f);
}

/* large logits neither overflow nor lose the loss */
static void
test_cross_entropy_range (gconstpointer data)
{
  const EspKernels *kernels = data;
  const EspReal y[] = { 1000, -1000, 0, /**/ -1000, 1000, 1000 };
  const gint32 labels[] = { 0, 0 };
  EspReal dy[6] = { 0 };
  double loss = kernels->cross_entropy (y, labels, dy, 2, 3, 1, 0);
  g_assert_cmpfloat_with_epsilon (loss, 2000 + log (2), 1e-3);
  g_assert_cmpfloat_with_epsilon ((double) dy[0], 0, 1e-6);
  g_assert_cmpfloat_with_epsilon ((double) dy[3], -1, 1e-6);
  g_assert_cmpfloat_with_epsilon ((double) dy[4], 0.5, 1e-6);
  const EspReal bad[] = { 0, NAN, 0 };
  g_assert_true (isnan (kernels->cross_entropy (bad, labels, NULL, 1, 3, 1, 0)));
}

/* large numbers neither overflow nor lose the loss; NaN goes through every loss */
static void
test_loss_range (gconstpointer data)
{
  const EspKernels *kernels = data;
  const EspReal y[] = { 1000, -1000, 1000, -1000 }, target[] = { 1, 0, 0, 1 };
  EspReal dy[4] = { 0 };
  double loss = kernels->bce_with_logits (y, target, NULL, dy, 4, 1);
  g_assert_cmpfloat_with_epsilon (loss, 2000, 1e-3);
  g_assert_true (fabs ((double) dy[0]) < 1e-6 && fabs ((double) dy[1]) < 1e-6);
  g_assert_true (fabs ((double) dy[2] - 1) < 1e-6 && fabs ((double) dy[3] + 1) < 1e-6);
  g_assert_cmpfloat_with_epsilon (kernels->huber (y, target, NULL, 4, 1, 1), 4000 - 2 - 2 + 2, 3);
  const EspReal bad[] = { NAN, 0 }, zeros[] = { 0, 0 };
  const gint32 labels[] = { 0 };
  g_assert_true (isnan (kernels->l1 (bad, zeros, NULL, 2, 1)));
  g_assert_true (isnan (kernels->huber (bad, zeros, NULL, 2, 1, 1)));
  g_assert_true (isnan (kernels->bce_with_logits (bad, zeros, NULL, NULL, 2, 1)));
  g_assert_true (isnan (kernels->nll (bad, labels, NULL, 1, 2, 1)));
  EspReal slope[] = { 0, 0 };
  kernels->l1 (bad, zeros, slope, 2, 1);
  g_assert_true (isnan (slope[0]) && slope[1] == 0);
}

/* the sum over any length, and what scaling and clamping leave */
static void
test_gradient_kernels (gconstpointer data)
{
  const EspKernels *kernels = data;
  EspReal x[37];
  double wanted = 0;
  for (int i = 0; i < 37; i++)
    {
      g_assert_cmpfloat_with_epsilon (kernels->sum_squares (x, (gsize) i), wanted,
                                      1e-12 * wanted + 1e-12);
      x[i] = (EspReal) (i - 18);
      wanted += (double) x[i] * (double) x[i];
    }
  kernels->scale (x, 37, (EspReal) 0.5);
  kernels->clamp (x, 36, 4);
  g_assert_true (x[0] == -4 && x[18] == 0 && x[19] == (EspReal) 0.5 && x[35] == 4 && x[36] == 9);
  EspReal bad[] = { NAN, INFINITY, -INFINITY };
  kernels->clamp (bad, 3, 1);
  g_assert_true (isnan (bad[0]) && bad[1] == 1 && bad[2] == -1);
}

/* (2, 3, 2): units by their pixels, by hand */
static void
test_observe (gconstpointer data)
{
  const EspKernels *kernels = data;
  const EspReal y[] = { 1, -2, 0, 0, -1, 5, /**/ 0, 3, 0, 0, 2, 2 };
  guint64 fired[3] = { 0 }, saturated[3] = { 0 };
  double magnitude[3] = { 0 };
  EspUnitSums sums = { -2, 3, fired, saturated, magnitude };
  kernels->observe (y, 2, 3, 2, &sums);
  g_assert_true (fired[0] == 2 && fired[1] == 0 && fired[2] == 3);
  g_assert_true (saturated[0] == 2 && saturated[1] == 0 && saturated[2] == 1);
  g_assert_true (magnitude[0] == 6 && magnitude[1] == 0 && magnitude[2] == 10);
}

static void
test_correct (gconstpointer data)
{
  const EspKernels *kernels = data;
  const EspReal y[] = { 1, 2, /**/ 5, 4, /**/ 3, 3 };
  const gint32 labels[] = { 1, 1, 0 };
  g_assert_cmpuint (kernels->count_correct (y, labels, 3, 2), ==, 2);
  /* one logit per example: right are the second and the third */
  const EspReal logits[] = { -1, 2, 0 };
  g_assert_cmpuint (kernels->count_correct (logits, labels, 3, 1), ==, 2);
}

/* tanh and exp are the only numbers that don't come out of + - * / */
static void
test_activation_accuracy (gconstpointer data)
{
  const EspKernels *kernels = data;
  double worst_tanh = 0, worst_sigmoid = 0;
  for (int i = -40000; i <= 40000; i++)
    {
      EspReal x = (EspReal) i / 1000, y = 0;
      kernels->activations[ESP_ACTIVATION_TANH].forward (&x, &y, 1, 0, 0);
      double wanted = tanh ((double) x);
      if (i != 0)
        worst_tanh = fmax (worst_tanh, fabs ((double) y - wanted) / fabs (wanted));
      kernels->activations[ESP_ACTIVATION_SIGMOID].forward (&x, &y, 1, 0, 0);
      wanted = 1 / (1 + exp (-(double) x));
      worst_sigmoid = fmax (worst_sigmoid, fabs ((double) y - wanted) / wanted);
    }
  g_test_message ("relative error: tanh %.2g, sigmoid %.2g", worst_tanh, worst_sigmoid);
  /* 2 ulp are 2.4e-7 at most */
  g_assert_cmpfloat (worst_tanh, <, 2.4e-7);
  g_assert_cmpfloat (worst_sigmoid, <, 3.6e-7);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *name;
    GTestDataFunc func;
  } tests[] = {
    { "matmul", test_matmul },
    { "matmul-large", test_matmul_large },
    { "not-finite", test_not_finite },
    { "cross-entropy-range", test_cross_entropy_range },
    { "loss-range", test_loss_range },
    { "gradient", test_gradient_kernels },
    { "correct", test_correct },
    { "observe", test_observe },
    { "activation-accuracy", test_activation_accuracy },
  };
  const EspKernels *kernels;
  g_test_init (&argc, &argv, NULL);
  for (guint set = 0; (kernels = esp_kernels_list (set)) != NULL; set++)
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
      {
        g_autofree char *path = g_strdup_printf ("/train/kernel/%s/%s", kernels->name,
                                                 tests[i].name);
        g_test_add_data_func (path, kernels, tests[i].func);
      }
  return g_test_run ();
}
