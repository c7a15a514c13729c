/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random numbers of the training core: initial values, made-up data, the order of examples. Small
 * and our own because seeds are a promise: the same specification gives the same numbers in every
 * version and on every system. Drawing happens when a network is made and once an epoch; nothing
 * here is hot. */

#include "config.h"
#include "esp-random.h"

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
