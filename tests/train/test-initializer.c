/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Initialisers: range, mean and variance over many numbers, and what belongs to zero is zero. */

#include "esp-initializer.h"

#include <math.h>

enum
{
  IN = 300,
  OUT = 200
};

static EspParameterInfo
describe (EspParameterKind kind)
{
  gboolean weight = kind == ESP_PARAMETER_WEIGHT;
  return (EspParameterInfo) {
    .name = weight ? "weight" : "bias",
    .shape = { weight ? 2 : 1, { OUT, weight ? IN : 0 } },
    .kind = kind,
    .begin_value = 1 / sqrt (IN), /* as Linear says */
    .fan_in = IN,
    .fan_out = OUT,
  };
}

/* uniform in [-bound, bound]: never beyond, close to it, mean 0, variance bound^2 / 3 */
static void
check_uniform (const EspReal *values, guint64 count, double bound)
{
  double sum = 0, squares = 0, largest = 0;
  for (guint64 i = 0; i < count; i++)
    {
      double value = (double) values[i];
      sum += value;
      squares += value * value;
      largest = fmax (largest, fabs (value));
    }
  double n = (double) count, variance = bound * bound / 3;
  g_assert_cmpfloat (largest, <=, bound * (1 + 1e-6));
  g_assert_cmpfloat (largest, >, bound * (1 - 20 / n));
  g_assert_cmpfloat (fabs (sum / n), <, 5 * sqrt (variance / n));
  /* the variance of the square of a uniform number is 4/45 bound^4 */
  g_assert_cmpfloat (fabs (squares / n - variance), <, 5 * sqrt (4.0 / 45 / n) * bound * bound);
}

static void
fill (const char *name, EspParameterKind kind, guint64 seed, EspReal *values)
{
  EspParameterInfo info = describe (kind);
  EspRandom random;
  esp_random_init (&random, seed, ESP_STREAM_INIT, 0);
  esp_initializer_find (name)->fill (&info, &random, values);
}

static void
test_pytorch (void)
{
  g_autofree EspReal *values = g_new0 (EspReal, IN * OUT);
  fill ("pytorch", ESP_PARAMETER_WEIGHT, 1, values);
  check_uniform (values, IN * OUT, 1 / sqrt (IN));
  fill ("pytorch", ESP_PARAMETER_BIAS, 2, values);
  check_uniform (values, OUT, 1 / sqrt (IN));
}

static void
test_keras (void)
{
  g_autofree EspReal *values = g_new0 (EspReal, IN * OUT);
  fill ("keras", ESP_PARAMETER_WEIGHT, 1, values);
  check_uniform (values, IN * OUT, sqrt (6.0 / (IN + OUT)));
  fill ("keras", ESP_PARAMETER_BIAS, 2, values);
  for (guint i = 0; i < OUT; i++)
    g_assert_true (values[i] == 0);
}

static void
test_unknown (void)
{
  g_assert_null (esp_initializer_find ("magic"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/initializer/pytorch", test_pytorch);
  g_test_add_func ("/train/initializer/keras", test_keras);
  g_test_add_func ("/train/initializer/unknown", test_unknown);
  return g_test_run ();
}
