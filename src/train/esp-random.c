/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random numbers of the training core: initial values, made-up data, the order of examples. Small
 * and our own because seeds are a promise: the same specification gives the same numbers in every
 * version and on every system. Drawing happens when a network is made and once an epoch; nothing
 * here is hot. */

#include "config.h"
#include "esp-random.h"

#include <math.h>

static guint64
mix (guint64 z)
{
  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* SplitMix64 */
static guint64
split_next (guint64 *state)
{
  *state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return mix (*state);
}

static guint64
rotate (guint64 x, int k)
{
  return (x << k) | (x >> (64 - k));
}

void
esp_random_init (EspRandom *self, guint64 seed, EspStream stream, guint64 index)
{
  guint64 state = mix (mix (mix (seed) + stream) + index);
  for (guint i = 0; i < 4; i++)
    self->state[i] = split_next (&state);
}

guint64
esp_random_key (guint64 seed, EspStream stream, guint64 index, guint64 step)
{
  return mix (mix (mix (mix (seed) + stream) + index) + step);
}

guint64
esp_random_next (EspRandom *self)
{
  guint64 *s = self->state;
  guint64 result = rotate (s[0] + s[3], 23) + s[0];
  guint64 t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate (s[3], 45);
  return result;
}

double
esp_random_uniform (EspRandom *self)
{
  /* 24 bits fit a float exactly, so that no cast can round up to 1 */
  return (double) (esp_random_next (self) >> 40) * 0x1p-24;
}

static double
evaluate (const double *coefficients, guint n, double x)
{
  double sum = coefficients[0];
  for (guint i = 1; i < n; i++)
    sum = sum * x + coefficients[i];
  return sum;
}

/* The normal distribution's quantile of 0 < p < 1 to 16 digits: algorithm AS 241, PPND16 (Wichura,
 * Applied Statistics 37, 1988). */
static double
find_normal_quantile (double p)
{
  static const double a[] = { 2.5090809287301226727e+3, 3.3430575583588128105e+4,
                              6.7265770927008700853e+4, 4.5921953931549871457e+4,
                              1.3731693765509461125e+4, 1.9715909503065514427e+3,
                              1.3314166789178437745e+2, 3.3871328727963666080e+0 };
  static const double b[] = { 5.2264952788528545610e+3, 2.8729085735721942674e+4,
                              3.9307895800092710610e+4, 2.1213794301586595867e+4,
                              5.3941960214247511077e+3, 6.8718700749205790830e+2,
                              4.2313330701600911252e+1, 1.0 };
  static const double c[] = { 7.74545014278341407640e-4, 2.27238449892691845833e-2,
                              2.41780725177450611770e-1, 1.27045825245236838258e+0,
                              3.64784832476320460504e+0, 5.76949722146069140550e+0,
                              4.63033784615654529590e+0, 1.42343711074968357734e+0 };
  static const double d[] = { 1.05075007164441684324e-9, 5.47593808499534494600e-4,
                              1.51986665636164571966e-2, 1.48103976427480074590e-1,
                              6.89767334985100004550e-1, 1.67638483018380384940e+0,
                              2.05319162663775882187e+0, 1.0 };
  static const double e[] = { 2.01033439929228813265e-7, 2.71155556874348757815e-5,
                              1.24266094738807843860e-3, 2.65321895265761230930e-2,
                              2.96560571828504891230e-1, 1.78482653991729133580e+0,
                              5.46378491116411436990e+0, 6.65790464350110377720e+0 };
  static const double f[] = { 2.04426310338993978564e-15, 1.42151175831644588870e-7,
                              1.84631831751005468180e-5,  7.86869131145613259100e-4,
                              1.48753612908506148525e-2,  1.36929880922735805310e-1,
                              5.99832206555887937690e-1,  1.0 };
  double q = p - 0.5;
  if (fabs (q) <= 0.425)
    {
      double r = 0.180625 - q * q;
      return q * evaluate (a, 8, r) / evaluate (b, 8, r);
    }
  double r = sqrt (-log (q < 0 ? p : 1 - p));
  double size = r <= 5 ? evaluate (c, 8, r - 1.6) / evaluate (d, 8, r - 1.6)
                       : evaluate (e, 8, r - 5) / evaluate (f, 8, r - 5);
  return q < 0 ? -size : size;
}

/* in (0, 1), of 53 bits and symmetric about a half */
static double
draw_open (EspRandom *self)
{
  return ((double) (esp_random_next (self) >> 12) + 0.5) * 0x1p-52;
}

double
esp_random_normal (EspRandom *self)
{
  return find_normal_quantile (draw_open (self));
}

/* the left half of the distribution keeps its digits far out, so a range on the right is turned
 * over; where even that has no probability left, every number is the bound next to 0 */
double
esp_random_truncated_normal (EspRandom *self, double low, double high)
{
  if (low > 0)
    return -esp_random_truncated_normal (self, -high, -low);
  double from = 0.5 * erfc (-low * M_SQRT1_2), to = 0.5 * erfc (-high * M_SQRT1_2);
  double p = from + (to - from) * draw_open (self);
  if (!(p > 0 && p < 1))
    return CLAMP (0.0, low, high);
  return CLAMP (find_normal_quantile (p), low, high);
}

guint64
esp_random_below (EspRandom *self, guint64 limit)
{
  g_return_val_if_fail (limit > 0, 0);
  guint64 threshold = -limit %
                      limit; /* 2^64 mod limit: values below it would come once too often */
  for (;;)
    {
      guint64 value = esp_random_next (self);
      if (value >= threshold)
        return value % limit;
    }
}

void
esp_random_shuffle (EspRandom *self, guint32 *order, gsize n)
{
  for (gsize i = n; i > 1; i--)
    {
      gsize j = esp_random_below (self, i);
      guint32 kept = order[i - 1];
      order[i - 1] = order[j];
      order[j] = kept;
    }
}
