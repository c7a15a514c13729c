/* SPDX-License-Identifier: GPL-3.0-or-later */

/* SipHash-1-3 (Aumasson and Bernstein) over names of some dozen bytes. Hot: once per key of a
 * safetensors header. */

#include "config.h"

#include "esp-hash.h"

#include <string.h>

typedef struct
{
  guint64 v0, v1, v2, v3;
} Sip;

static inline guint64
rotate (guint64 x, guint bits)
{
  return x << bits | x >> (64 - bits);
}

static inline void
sip_round (Sip *s)
{
  s->v0 += s->v1;
  s->v1 = rotate (s->v1, 13) ^ s->v0;
  s->v0 = rotate (s->v0, 32);
  s->v2 += s->v3;
  s->v3 = rotate (s->v3, 16) ^ s->v2;
  s->v0 += s->v3;
  s->v3 = rotate (s->v3, 21) ^ s->v0;
  s->v2 += s->v1;
  s->v1 = rotate (s->v1, 17) ^ s->v2;
  s->v2 = rotate (s->v2, 32);
}

static const guint64 *
get_secret (void)
{
  static guint64 secret[2];
  static gsize made = 0;

  if (g_once_init_enter (&made))
    {
      for (guint i = 0; i < 2; i++)
        secret[i] = (guint64) g_random_int () << 32 | g_random_int ();
      g_once_init_leave (&made, 1);
    }
  return secret;
}

guint64
esp_hash_bytes (const void *data, gsize length)
{
  const guint64 *secret = get_secret ();
  const guint8 *at = data;
  guint64 last = (guint64) length << 56;
  guint64 word;
  Sip s = { secret[0] ^ 0x736f6d6570736575u, secret[1] ^ 0x646f72616e646f6du,
            secret[0] ^ 0x6c7967656e657261u, secret[1] ^ 0x7465646279746573u };

  for (; length >= sizeof word; at += sizeof word, length -= sizeof word)
    {
      memcpy (&word, at, sizeof word);
      word = GUINT64_FROM_LE (word);
      s.v3 ^= word;
      sip_round (&s);
      s.v0 ^= word;
    }
  for (gsize i = 0; i < length; i++)
    last |= (guint64) at[i] << (8 * i);
  s.v3 ^= last;
  sip_round (&s);
  s.v0 ^= last;
  s.v2 ^= 0xff;
  for (guint i = 0; i < 3; i++)
    sip_round (&s);
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

guint
esp_hash_string (gconstpointer text)
{
  return (guint) esp_hash_bytes (text, strlen (text));
}
