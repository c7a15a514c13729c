/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of every instruction set that this processor has, against the plainest code in double, at
 * sizes on both sides of every vector and block; and at numbers that are not finite. */

#include <math.h>
#include <string.h>

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

/* (N, U, P) in which each unit fires once at most, early, late or never, or is NaN once */
static void
check_mark_fired (const EspKernels *kernels, gsize N, gsize U, gsize P)
{
  EspRandom random;
  esp_random_init (&random, N * 10000 + U * 100 + P, ESP_STREAM_DATA, 0);
  g_autofree EspReal *y = g_new0 (EspReal, N * U * P);
  g_autofree guint64 *last = g_new (guint64, U), *wanted = g_new (guint64, U);
  for (gsize u = 0; u < U; u++)
    {
      gsize n = (gsize) ((double) N * esp_random_uniform (&random));
      gsize p = (gsize) ((double) P * esp_random_uniform (&random));
      last[u] = wanted[u] = u + 1;
      if (esp_random_uniform (&random) < 0.3)
        continue;
      y[(n * U + u) * P + p] = u % 5 == 0 ? (EspReal) NAN : (EspReal) 1e-30;
      wanted[u] = 1000;
    }
  kernels->mark_fired (y, N, U, P, 1000, last);
  g_assert_cmpmem (last, U * sizeof *last, wanted, U * sizeof *wanted);
}

static void
test_mark_fired (gconstpointer data)
{
  const gsize sizes[][3] = { { 1, 1, 1 },   { 2, 8, 1 }, { 4, 9, 1 },  { 5, 16, 1 },
                             { 33, 23, 1 }, { 3, 8, 4 }, { 2, 17, 9 }, { 256, 32, 1 } };
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    check_mark_fired (data, sizes[i][0], sizes[i][1], sizes[i][2]);
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

/* distance from @wanted in units of the last place of a float there */
static double
count_ulps (EspReal found, double wanted)
{
  int exponent;
  frexp (wanted, &exponent);
  return fabs ((double) found - wanted) / ldexp (1, exponent - 24);
}

static double
sigmoid_of (double x)
{
  return 1 / (1 + exp (-x));
}

/* of every 499th float from @low to @high, in blocks as the kernels take them */
static double
measure_ulps (const EspKernels *kernels,
              EspActivationKind kind,
              double (*exact) (double),
              float low,
              float high)
{
  enum
  {
    BLOCK = 61
  };
  EspReal x[BLOCK], y[BLOCK];
  gsize n = 0;
  double worst = 0;
  for (guint64 bits = 0; bits <= G_MAXUINT32 + (guint64) 499; bits += 499)
    {
      guint32 own = (guint32) bits;
      float value;
      memcpy (&value, &own, sizeof value);
      gboolean more = bits <= G_MAXUINT32;
      if (more && value >= low && value <= high && fabsf (value) >= 1.2e-38f)
        x[n++] = (EspReal) value;
      if (n < BLOCK && (more || n == 0))
        continue;
      kernels->activations[kind].forward (x, y, n, 0, 0);
      for (gsize i = 0; i < n; i++)
        worst = fmax (worst, count_ulps (y[i], exact ((double) x[i])));
      n = 0;
    }
  return worst;
}

static void
test_ulps (gconstpointer data)
{
  double tanh_error = measure_ulps (data, ESP_ACTIVATION_TANH, tanh, -200, 200);
  double sigmoid_error = measure_ulps (data, ESP_ACTIVATION_SIGMOID, sigmoid_of, -86, 200);
  g_test_message ("units in the last place: tanh %.3f, sigmoid %.3f", tanh_error, sigmoid_error);
  g_assert_cmpfloat (tanh_error, <, 2);
  g_assert_cmpfloat (sigmoid_error, <, 2);
}

static double
gelu_of (double x)
{
  return x * 0.5 * erfc (-x * sqrt (0.5));
}

static double
silu_of (double x)
{
  return x * sigmoid_of (x);
}

static double
softplus_of (double x)
{
  return x > 20 ? x : log1p (exp (x));
}

static double
elu_of (double x)
{
  return x > 0 ? x : expm1 (x);
}

/* activations that subtract: how far they are off, as a share of |x| or 1 */
static void
test_activation_accuracy (gconstpointer data)
{
  static const struct
  {
    EspActivationKind kind;
    double (*exact) (double);
    EspReal a, b;
  } cases[] = {
    { ESP_ACTIVATION_GELU, gelu_of, 0, 0 },
    { ESP_ACTIVATION_SILU, silu_of, 0, 0 },
    { ESP_ACTIVATION_SOFTPLUS, softplus_of, 1, 20 },
    { ESP_ACTIVATION_ELU, elu_of, 1, 0 },
  };
  const EspKernels *kernels = data;
  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    {
      double worst = 0;
      for (int i = -400000; i <= 400000; i++)
        {
          EspReal x = (EspReal) i / 10000, y = 0;
          kernels->activations[cases[c].kind].forward (&x, &y, 1, cases[c].a, cases[c].b);
          double wanted = cases[c].exact ((double) x);
          worst = fmax (worst, fabs ((double) y - wanted) / fmax (1, fabs ((double) x)));
        }
      g_test_message ("activation %u: off by %.2g", (guint) cases[c].kind, worst);
      g_assert_cmpfloat (worst, <, 2.4e-7);
    }
}

/* the exponential itself is inside of softmax: of two numbers 0 and x <= 0 it is e^x / (1 + e^x) */
static void
test_exp (gconstpointer data)
{
  const EspKernels *kernels = data;
  double worst = 0;
  for (int i = 0; i <= 860000; i++)
    {
      EspReal x[2] = { 0, -(EspReal) i / 10000 }, y[2];
      kernels->softmax_forward (x, y, 1, 2, 1, FALSE);
      double power = exp ((double) x[1]);
      worst = fmax (worst, fabs ((double) (y[1] / y[0]) - power) / power);
    }
  g_test_message ("e^x: off by %.2g of itself", worst);
  g_assert_cmpfloat (worst, <, 4e-7); /* with four more roundings */
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
    { "mark-fired", test_mark_fired },
    { "activation-accuracy", test_activation_accuracy },
    { "ulps", test_ulps },
    { "exp", test_exp },
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
