/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decoders of ggml's block-quantised types: bytes of one block in, float32 out. Hot: a scan of a
 * quantised file does little else.
 *
 * A block is read byte by byte (no alignment, little endian). i is the index of an element in its
 * block or group; d, m, dmin are scales kept as float16. Formulas and their order of operations:
 * ggml, src/ggml-quants.c (MIT licence). Compiled without fused multiply-add, which would round
 * otherwise. The common types are compiled for wider vectors too.
 */

#include "esp-block.h"

#include <math.h>
#include <string.h>

#include "esp-block-grids-tables.h"
#include "esp-decode.h"
#include "esp-vector-private.h"

static inline guint
u16 (const guint8 *p)
{
  return p[0] | p[1] << 8;
}

static inline guint32
u32 (const guint8 *p)
{
  return u16 (p) | (guint32) u16 (p + 2) << 16;
}

static inline float
half (const guint8 *p)
{
  return esp_half_to_float (u16 (p));
}

/* --- 32 elements: low nibbles are elements 0 to 15, high nibbles 16 to 31 --- */

static inline guint
nibble (const guint8 *qs, guint i)
{
  return qs[i % 16] >> 4 * (i / 16) & 15;
}

ESP_INLINE void
q4_0 (const guint8 *b, float *y)
{
  const guint8 *qs = b + 2;
  float d = half (b);

  for (guint i = 0; i < 16; i++)
    {
      y[i] = d * (float) ((qs[i] & 15) - 8);
      y[i + 16] = d * (float) ((qs[i] >> 4) - 8);
    }
}

ESP_DEFINE_WIDE_STATIC (void, decode_q4_0, q4_0, (const guint8 *b, float *y), (b, y))

static void
decode_q4_1 (const guint8 *b, float *y)
{
  const guint8 *qs = b + 4;
  float d = half (b), m = half (b + 2);

  for (guint i = 0; i < 16; i++)
    {
      y[i] = d * (float) (qs[i] & 15) + m;
      y[i + 16] = d * (float) (qs[i] >> 4) + m;
    }
}

static void
decode_q5_0 (const guint8 *b, float *y)
{
  const guint8 *qs = b + 6;
  guint32 high = u32 (b + 2);
  float d = half (b);

  for (guint i = 0; i < 16; i++)
    {
      y[i] = d * (float) ((int) ((qs[i] & 15) | (high >> i & 1) << 4) - 16);
      y[i + 16] = d * (float) ((int) (qs[i] >> 4 | (high >> (i + 16) & 1) << 4) - 16);
    }
}

static void
decode_q5_1 (const guint8 *b, float *y)
{
  const guint8 *qs = b + 8;
  guint32 high = u32 (b + 4);
  float d = half (b), m = half (b + 2);

  for (guint i = 0; i < 16; i++)
    {
      y[i] = d * (float) ((qs[i] & 15) | (high >> i & 1) << 4) + m;
      y[i + 16] = d * (float) (qs[i] >> 4 | (high >> (i + 16) & 1) << 4) + m;
    }
}

ESP_INLINE void
q8_0 (const guint8 *b, float *y)
{
  float d = half (b);

  for (guint i = 0; i < 32; i++)
    y[i] = d * (gint8) b[2 + i];
}

ESP_DEFINE_WIDE_STATIC (void, decode_q8_0, q8_0, (const guint8 *b, float *y), (b, y))

static void
decode_q8_1 (const guint8 *b, float *y)
{
  float d = half (b);

  for (guint i = 0; i < 32; i++)
    y[i] = d * (gint8) b[4 + i];
}

static const gint8 iq4_values[16] = { -127, -104, -83, -65, -49, -35, -22, -10,
                                      1,    13,   25,  38,  53,  69,  89,  113 };

static void
decode_iq4_nl (const guint8 *b, float *y)
{
  float d = half (b);

  for (guint i = 0; i < 32; i++)
    y[i] = d * iq4_values[nibble (b + 2, i)];
}

/* e2m1, doubled so that all are whole numbers */
static const gint8 fp4_values[16] = { 0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12 };

static void
decode_mxfp4 (const guint8 *b, float *y)
{
  guint32 bits = b[0] < 2 ? 0x00200000u << b[0]
                          : (guint32) (b[0] - 1) << 23; /* 2^(e - 128), half of e8m0 */
  float d;
  memcpy (&d, &bits, sizeof d);
  for (guint i = 0; i < 32; i++)
    y[i] = d * fp4_values[nibble (b + 1, i)];
}

/* unsigned e4m3 scale of NVFP4 */
static float
ue4m3 (guint8 x)
{
  int e = x >> 3 & 15, f = x & 7;

  if (x == 0 || x == 0x7f)
    return 0;
  return e == 0 ? f * 0x1p-9f : (1 + f / 8.0f) * ldexpf (1, e - 7);
}

static void
decode_nvfp4 (const guint8 *b, float *y)
{
  for (guint i = 0; i < 64; i++)
    {
      guint s = i / 16, q = b[4 + 8 * s + i % 8] >> 4 * (i % 16 / 8) & 15;
      y[i] = ue4m3 (b[s]) * 0.5f * fp4_values[q];
    }
}

static void
decode_q1_0 (const guint8 *b, float *y)
{
  float d = half (b);

  for (guint i = 0; i < 128; i++)
    y[i] = b[2 + i / 8] >> i % 8 & 1 ? d : -d;
}

static void
decode_q2_0 (const guint8 *b, float *y)
{
  float d = half (b);

  for (guint i = 0; i < 64; i++)
    y[i] = ((int) (b[2 + i / 4] >> 2 * (i % 4) & 3) - 1) * d;
}

/* --- 256 elements: n = i / 128, r = (i % 128) / 32, l = i % 32 --- */

static inline guint
two_bits (const guint8 *qs, guint i)
{
  return qs[32 * (i / 128) + i % 32] >> 2 * (i % 128 / 32) & 3;
}

static void
decode_q2_k (const guint8 *b, float *y)
{
  const guint8 *scales = b, *qs = b + 16;
  float d = half (b + 80), dmin = half (b + 82);

  for (guint t = 0; t < 16; t++) /* groups of 16 */
    {
      const guint8 *q = qs + 32 * (t / 8) + 16 * (t % 2);
      float dl = d * (float) (scales[t] & 15), ml = dmin * (float) (scales[t] >> 4);

      for (guint i = 0; i < 16; i++)
        y[16 * t + i] = dl * (float) (q[i] >> 2 * (t % 8 / 2) & 3) - ml;
    }
}

static void
decode_q3_k (const guint8 *b, float *y)
{
  const guint8 *hmask = b, *qs = b + 32, *scales = b + 96;
  float d = half (b + 108);

  for (guint t = 0; t < 16; t++) /* groups of 16 */
    {
      const guint8 *q = qs + 32 * (t / 8) + 16 * (t % 2), *h = hmask + 16 * (t % 2);
      guint low = (t < 8 ? scales[t] : scales[t - 8] >> 4) & 15;
      guint high = scales[8 + t % 4] >> 2 * (t / 4) & 3;
      float dl = d * (float) ((int) (low | high << 4) - 32);

      for (guint i = 0; i < 16; i++)
        y[16 * t + i] = dl * (float) ((q[i] >> 2 * (t % 8 / 2) & 3) - (h[i] >> t / 2 & 1 ? 0 : 4));
    }
}

/* the 6-bit pair (scale, min) of group @j out of 12 packed bytes */
static inline void
scale_min (const guint8 *s, guint j, guint *scale, guint *min)
{
  *scale = j < 4 ? s[j] & 63 : (guint) ((s[j + 4] & 15) | s[j - 4] >> 6 << 4);
  *min = j < 4 ? s[j + 4] & 63 : (guint) (s[j + 4] >> 4 | s[j] >> 6 << 4);
}

ESP_INLINE void
q4_k (const guint8 *b, float *y)
{
  float d = half (b), dmin = half (b + 2);

  for (guint k = 0; k < 8; k++)
    {
      const guint8 *qs = b + 16 + 32 * (k / 2);
      guint scale, min;
      scale_min (b + 4, k, &scale, &min);
      float dl = d * scale, ml = dmin * min;

      for (guint l = 0; l < 32; l++)
        y[32 * k + l] = dl * (qs[l] >> 4 * (k % 2) & 15) - ml;
    }
}

ESP_DEFINE_WIDE_STATIC (void, decode_q4_k, q4_k, (const guint8 *b, float *y), (b, y))

ESP_INLINE void
q5_k (const guint8 *b, float *y)
{
  const guint8 *qh = b + 16;
  float d = half (b), dmin = half (b + 2);

  for (guint k = 0; k < 8; k++)
    {
      const guint8 *qs = b + 48 + 32 * (k / 2);
      guint scale, min;
      scale_min (b + 4, k, &scale, &min);
      float dl = d * scale, ml = dmin * min;

      for (guint l = 0; l < 32; l++)
        y[32 * k + l] = dl * ((qs[l] >> 4 * (k % 2) & 15) | (qh[l] >> k & 1) << 4) - ml;
    }
}

ESP_DEFINE_WIDE_STATIC (void, decode_q5_k, q5_k, (const guint8 *b, float *y), (b, y))

ESP_INLINE void
q6_k (const guint8 *b, float *y)
{
  const gint8 *scales = (const gint8 *) b + 192;
  float d = half (b + 208);

  for (guint t = 0; t < 16; t++) /* groups of 16 */
    {
      guint n = t / 8, r = t % 8 / 2;
      const guint8 *ql = b + 64 * n + 32 * (r % 2) + 16 * (t % 2);
      const guint8 *qh = b + 128 + 32 * n + 16 * (t % 2);
      float dl = d * (float) scales[t];

      for (guint i = 0; i < 16; i++)
        y[16 * t + i] =
            dl * (float) ((int) ((ql[i] >> 4 * (r / 2) & 15) | (qh[i] >> 2 * r & 3) << 4) - 32);
    }
}

ESP_DEFINE_WIDE_STATIC (void, decode_q6_k, q6_k, (const guint8 *b, float *y), (b, y))

static void
decode_q8_k (const guint8 *b, float *y)
{
  guint32 bits = u32 (b);
  float d;
  memcpy (&d, &bits, sizeof d);
  for (guint i = 0; i < 256; i++)
    y[i] = d * (gint8) b[4 + i];
}

static void
decode_iq4_xs (const guint8 *b, float *y)
{
  const guint8 *scales_l = b + 4, *qs = b + 8;
  float d = half (b);
  guint scales_h = u16 (b + 2);

  for (guint k = 0; k < 8; k++)
    {
      int ls = (int) ((scales_l[k / 2] >> 4 * (k % 2) & 15) | (scales_h >> 2 * k & 3) << 4);
      float dl = d * (ls - 32);

      for (guint i = 0; i < 32; i++)
        y[32 * k + i] = dl * iq4_values[nibble (qs + 16 * k, i)];
    }
}

/* digit @power of the base-3 number in a byte, as -1, 0 or 1 */
static inline int
trit (guint8 byte, guint power)
{
  static const guint8 powers[5] = { 1, 3, 9, 27, 81 };
  return (int) ((guint8) (byte * powers[power]) * 3u >> 8) - 1;
}

static void
decode_tq1_0 (const guint8 *b, float *y)
{
  const guint8 *qs = b, *qh = b + 48;
  float d = half (b + 52);

  for (guint i = 0; i < 160; i++)
    y[i] = trit (qs[i % 32], i / 32) * d;
  for (guint i = 0; i < 80; i++)
    y[160 + i] = trit (qs[32 + i % 16], i / 16) * d;
  for (guint i = 0; i < 16; i++)
    y[240 + i] = trit (qh[i % 4], i / 4) * d;
}

static void
decode_tq2_0 (const guint8 *b, float *y)
{
  float d = half (b + 64);

  for (guint i = 0; i < 256; i++)
    y[i] = ((int) two_bits (b, i) - 1) * d;
}

/* --- code books: groups of 8 or 4 grid values, signs apart --- */

/* 7 sign bits; the eighth makes their number even */
static inline guint
even_signs (guint x)
{
  x &= 127;
  return x | (guint) __builtin_parity (x) << 7;
}

static inline void
put_grid (const gint8 *grid, guint n, float d, guint signs, float *y)
{
  for (guint j = 0; j < n; j++)
    y[j] = d * grid[j] * (signs >> j & 1 ? -1.0f : 1.0f);
}

static void
decode_iq2_xxs (const guint8 *b, float *y)
{
  float d = half (b);

  for (guint k = 0; k < 8; k++)
    {
      const guint8 *codes = b + 2 + 8 * k;
      guint32 w = u32 (codes + 4);
      float db = d * (0.5f + (w >> 28)) * 0.25f;

      for (guint l = 0; l < 4; l++)
        put_grid (grid_iq2_xxs[codes[l]], 8, db, even_signs (w >> 7 * l), y + 32 * k + 8 * l);
    }
}

static void
decode_iq2_xs (const guint8 *b, float *y)
{
  const guint8 *scales = b + 66;
  float d = half (b);

  for (guint k = 0; k < 8; k++)
    for (guint l = 0; l < 4; l++)
      {
        guint w = u16 (b + 2 + 2 * (4 * k + l));
        float db = d * (0.5f + (scales[k] >> 4 * (l / 2) & 15)) * 0.25f;
        put_grid (grid_iq2_xs[w & 511], 8, db, even_signs (w >> 9), y + 32 * k + 8 * l);
      }
}

static void
decode_iq2_s (const guint8 *b, float *y)
{
  const guint8 *qs = b + 2, *signs = b + 34, *qh = b + 66, *scales = b + 74;
  float d = half (b);

  for (guint k = 0; k < 8; k++)
    for (guint l = 0; l < 4; l++)
      {
        float db = d * (0.5f + (scales[k] >> 4 * (l / 2) & 15)) * 0.25f;
        guint code = qs[4 * k + l] | (guint) (qh[k] >> 2 * l & 3) << 8;
        put_grid (grid_iq2_s[code], 8, db, signs[4 * k + l], y + 32 * k + 8 * l);
      }
}

static void
decode_iq3_xxs (const guint8 *b, float *y)
{
  const guint8 *qs = b + 2, *gas = b + 66;
  float d = half (b);

  for (guint k = 0; k < 8; k++)
    {
      guint32 w = u32 (gas + 4 * k);
      float db = d * (0.5f + (w >> 28)) * 0.5f;

      for (guint l = 0; l < 4; l++)
        {
          guint signs = even_signs (w >> 7 * l);
          put_grid (grid_iq3_xxs[qs[8 * k + 2 * l]], 4, db, signs, y + 32 * k + 8 * l);
          put_grid (grid_iq3_xxs[qs[8 * k + 2 * l + 1]], 4, db, signs >> 4, y + 32 * k + 8 * l + 4);
        }
    }
}

static void
decode_iq3_s (const guint8 *b, float *y)
{
  const guint8 *qs = b + 2, *qh = b + 66, *signs = b + 74, *scales = b + 106;
  float d = half (b);

  for (guint k = 0; k < 8; k++)
    {
      float db = d * (1 + 2 * (scales[k / 2] >> 4 * (k % 2) & 15));

      for (guint l = 0; l < 8; l++)
        {
          guint code = qs[8 * k + l] | (guint) (qh[k] >> l & 1) << 8;
          put_grid (grid_iq3_s[code], 4, db, signs[4 * k + l / 2] >> 4 * (l % 2),
                    y + 32 * k + 4 * l);
        }
    }
}

static inline void
put_ternary (const gint8 *grid, float dl, float delta, float *y)
{
  for (guint j = 0; j < 8; j++)
    y[j] = dl * (grid[j] + delta);
}

static void
decode_iq1_s (const guint8 *b, float *y)
{
  const guint8 *qs = b + 2;
  float d = half (b);

  for (guint k = 0; k < 8; k++)
    {
      guint h = u16 (b + 34 + 2 * k);
      float dl = d * (2 * (h >> 12 & 7) + 1), delta = h & 0x8000 ? -0.125f : 0.125f;

      for (guint l = 0; l < 4; l++)
        put_ternary (grid_iq1_s[qs[4 * k + l] | (h >> 3 * l & 7) << 8], dl, delta,
                     y + 32 * k + 8 * l);
    }
}

static void
decode_iq1_m (const guint8 *b, float *y)
{
  const guint8 *qs = b, *qh = b + 32;
  guint sc[4];

  for (guint i = 0; i < 4; i++)
    sc[i] = u16 (b + 48 + 2 * i);
  float d = esp_half_to_float (sc[0] >> 12 | sc[1] >> 12 << 4 | sc[2] >> 12 << 8 |
                               sc[3] >> 12 << 12);
  for (guint g = 0; g < 32; g++)
    {
      guint k = g / 4, s = sc[k / 2] >> (6 * (k % 2) + 3 * (g % 4 / 2)) & 7,
            h = qh[g / 2] >> 4 * (g % 2) & 15;
      put_ternary (grid_iq1_s[qs[g] | (h & 7) << 8], d * (2 * s + 1), h & 8 ? -0.125f : 0.125f,
                   y + 8 * g);
    }
}

/* --- the table --- */

/* by ggml's number; numbers left out are plain types or were removed */
static const EspBlockType types[] = {
  [2] = { "q4_0", "Q4_0", 32, 18, { { 0, 2, 1 } }, 0, decode_q4_0 },
  [3] = { "q4_1", "Q4_1", 32, 20, { { 0, 2, 2 } }, 0, decode_q4_1 },
  [6] = { "q5_0", "Q5_0", 32, 22, { { 0, 2, 1 }, { 2, 4, 1 } }, 0, decode_q5_0 },
  [7] = { "q5_1", "Q5_1", 32, 24, { { 0, 2, 2 }, { 4, 4, 1 } }, 0, decode_q5_1 },
  [8] = { "q8_0", "Q8_0", 32, 34, { { 0, 2, 1 } }, 0, decode_q8_0 },
  [9] = { "q8_1", "Q8_1", 32, 36, { { 0, 2, 2 } }, ESP_BLOCK_NO_REFERENCE, decode_q8_1 },
  [10] = { "q2_k", "Q2_K", 256, 84, { { 80, 2, 2 } }, 0, decode_q2_k },
  [11] = { "q3_k", "Q3_K", 256, 110, { { 108, 2, 1 } }, 0, decode_q3_k },
  [12] = { "q4_k", "Q4_K", 256, 144, { { 0, 2, 2 } }, 0, decode_q4_k },
  [13] = { "q5_k", "Q5_K", 256, 176, { { 0, 2, 2 } }, 0, decode_q5_k },
  [14] = { "q6_k", "Q6_K", 256, 210, { { 208, 2, 1 } }, 0, decode_q6_k },
  [15] = { "q8_k",
           "Q8_K",
           256,
           292,
           { { 0, 4, 1 }, { 260, 2, 16 } },
           ESP_BLOCK_NO_REFERENCE,
           decode_q8_k },
  [16] = { "iq2_xxs", "IQ2_XXS", 256, 66, { { 0 } }, ESP_BLOCK_LITTLE_ONLY, decode_iq2_xxs },
  [17] = { "iq2_xs", "IQ2_XS", 256, 74, { { 0, 2, 33 } }, 0, decode_iq2_xs },
  [18] = { "iq3_xxs", "IQ3_XXS", 256, 98, { { 0, 2, 1 }, { 66, 4, 8 } }, 0, decode_iq3_xxs },
  [19] = { "iq1_s", "IQ1_S", 256, 50, { { 0, 2, 1 }, { 34, 2, 8 } }, 0, decode_iq1_s },
  [20] = { "iq4_nl", "IQ4_NL", 32, 18, { { 0, 2, 1 } }, 0, decode_iq4_nl },
  [21] = { "iq3_s", "IQ3_S", 256, 110, { { 0, 2, 1 } }, 0, decode_iq3_s },
  [22] = { "iq2_s", "IQ2_S", 256, 82, { { 0, 2, 1 } }, 0, decode_iq2_s },
  [23] = { "iq4_xs", "IQ4_XS", 256, 136, { { 0, 2, 2 } }, 0, decode_iq4_xs },
  [29] = { "iq1_m", "IQ1_M", 256, 56, { { 48, 2, 4 } }, 0, decode_iq1_m },
  [34] = { "tq1_0", "TQ1_0", 256, 54, { { 52, 2, 1 } }, 0, decode_tq1_0 },
  [35] = { "tq2_0", "TQ2_0", 256, 66, { { 64, 2, 1 } }, 0, decode_tq2_0 },
  [39] = { "mxfp4", "MXFP4", 32, 17, { { 0 } }, 0, decode_mxfp4 },
  [40] = { "nvfp4", "NVFP4", 64, 36, { { 0 } }, 0, decode_nvfp4 },
  [41] = { "q1_0", "Q1_0", 128, 18, { { 0, 2, 1 } }, ESP_BLOCK_NO_REFERENCE, decode_q1_0 },
  [42] = { "q2_0", "Q2_0", 64, 18, { { 0, 2, 1 } }, ESP_BLOCK_NO_REFERENCE, decode_q2_0 },
};

const EspBlockType *
esp_block_type_from_ggml (guint32 type)
{
  return type < G_N_ELEMENTS (types) && types[type].name != NULL ? &types[type] : NULL;
}

const EspBlockType *
esp_block_type_from_name (const char *name)
{
  g_return_val_if_fail (name != NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].name != NULL && g_str_equal (types[i].name, name))
      return &types[i];
  return NULL;
}

static void
swap_bytes (guint8 *number, guint size)
{
  for (guint i = 0; i < size / 2; i++)
    {
      guint8 byte = number[i];

      number[i] = number[size - 1 - i];
      number[size - 1 - i] = byte;
    }
}

void
esp_block_type_swap (const EspBlockType *self, guint8 *blocks, gsize n)
{
  g_return_if_fail (self != NULL);

  for (gsize i = 0; i < n; i++)
    for (guint j = 0; j < G_N_ELEMENTS (self->fields); j++)
      for (guint k = 0; k < self->fields[j].n; k++)
        swap_bytes (blocks + i * self->bytes + self->fields[j].offset + k * self->fields[j].size,
                    self->fields[j].size);
}
