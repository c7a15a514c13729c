/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stored elements -> numbers. One row of functions for each element type; each is a plain loop over
 * a chunk (a few 10,000 elements) that the compiler turns into vector code. Floats of 8 bits and
 * fewer go through tables of all their codes, made once from the formula:
 *
 *   exponent 0:  (-1)^s 2^(1 - bias) f / 2^m        else:  (-1)^s 2^(e - bias) (1 + f / 2^m)
 *
 * Elements of 4 and 2 bits lie from the low bits of a byte up, those of 6 bits as one stream of
 * bits, four of them in three bytes. Never compiled with -ffast-math: NaN and subnormals count.
 */

#include "esp-decode-private.h"

#include <math.h>
#include <string.h>

#include "esp-vector-private.h"

#if G_BYTE_ORDER != G_LITTLE_ENDIAN
#error "the decoders are written for little-endian machines"
#endif

/* {{{ floats of 16 bits */

static inline float
float_from_bits (guint32 bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static inline guint32
float_to_bits (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  return bits;
}

/* without branches, so that loops of it vectorise */
static inline float
half_to_float (guint16 half)
{
  guint32 sign = (guint32) (half & 0x8000) << 16;
  guint32 magnitude = (guint32) (half & 0x7fff) << 13;
  guint32 normal = magnitude + ((127 - 15) << 23);
  guint32 special = magnitude | 0x7f800000;
  /* 2^-14 + f 2^-24, less 2^-14 */
  guint32 small =
      float_to_bits (float_from_bits (magnitude + (113 << 23)) - float_from_bits (113 << 23));
  guint32 bits = magnitude < (1 << 23) ? small : normal;

  bits = magnitude >= (31 << 23) ? special : bits;
  return float_from_bits (bits | sign);
}

float
esp_half_to_float (guint16 bits)
{
  return half_to_float (bits);
}

guint16
esp_float_to_half (float value)
{
  guint32 bits = float_to_bits (value);
  guint32 sign = bits >> 16 & 0x8000;
  guint32 magnitude = bits & 0x7fffffff;

  if (magnitude > 0x7f800000)
    return sign | 0x7e00 | (magnitude >> 13 & 0x3ff);
  if (magnitude >= 0x477ff000) /* 65520, from which on the nearest half is infinite */
    return sign | 0x7c00;
  if (magnitude < 0x38800000) /* below 2^-14: the float adder rounds to a multiple of 2^-24 */
    return sign | (float_to_bits (float_from_bits (magnitude) + 0.5f) - float_to_bits (0.5f));
  magnitude += 0xfff + (magnitude >> 13 & 1);
  return sign | ((magnitude - (112 << 23)) >> 13);
}

guint16
esp_float_to_bfloat16 (float value)
{
  guint32 bits = float_to_bits (value);

  if ((bits & 0x7fffffff) > 0x7f800000)
    return bits >> 16 | 0x0040;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

/* }}} */
/* {{{ tables of small floats */

typedef enum
{
  SPECIAL_NONE, /* every code is a number */
  SPECIAL_IEEE, /* largest exponent: infinity and NaN */
  SPECIAL_FN,   /* all ones: NaN */
  SPECIAL_FNUZ, /* minus zero: NaN */
} Special;

typedef struct
{
  EspDtype dtype;
  guint exponent_bits, mantissa_bits;
  int bias;
  Special special;
} SmallFloat;

static const SmallFloat small_floats[] = {
  { ESP_DTYPE_FLOAT4_E2M1, 2, 1, 1, SPECIAL_NONE },
  { ESP_DTYPE_FLOAT6_E2M3, 2, 3, 1, SPECIAL_NONE },
  { ESP_DTYPE_FLOAT6_E3M2, 3, 2, 3, SPECIAL_NONE },
  { ESP_DTYPE_FLOAT8_E4M3FN, 4, 3, 7, SPECIAL_FN },
  { ESP_DTYPE_FLOAT8_E4M3FNUZ, 4, 3, 8, SPECIAL_FNUZ },
  { ESP_DTYPE_FLOAT8_E5M2, 5, 2, 15, SPECIAL_IEEE },
  { ESP_DTYPE_FLOAT8_E5M2FNUZ, 5, 2, 16, SPECIAL_FNUZ },
};

static float small_values[ESP_N_DTYPES][256];

static float
small_float_value (const SmallFloat *type, guint code)
{
  guint bits = type->exponent_bits + type->mantissa_bits;
  guint magnitude = code & ((1u << bits) - 1);
  guint mantissa = magnitude & ((1u << type->mantissa_bits) - 1);
  int exponent = (int) (magnitude >> type->mantissa_bits);
  gboolean negative = code >> bits & 1;
  double value;

  if (type->special == SPECIAL_FNUZ && negative && magnitude == 0)
    return NAN;
  if (type->special == SPECIAL_FN && magnitude == (1u << bits) - 1)
    return NAN;
  if (type->special == SPECIAL_IEEE && exponent == (1 << type->exponent_bits) - 1)
    value = mantissa == 0 ? INFINITY : NAN;
  else if (exponent == 0)
    value = ldexp (mantissa, 1 - type->bias - (int) type->mantissa_bits);
  else
    value = ldexp (mantissa + (1u << type->mantissa_bits),
                   exponent - type->bias - (int) type->mantissa_bits);
  return negative ? (float) -value : (float) value;
}

static const float *
small_float_table (EspDtype dtype)
{
  static gsize made;

  if (g_once_init_enter (&made))
    {
      for (gsize i = 0; i < G_N_ELEMENTS (small_floats); i++)
        for (guint code = 0; code < 256; code++)
          small_values[small_floats[i].dtype][code] = small_float_value (&small_floats[i], code);
      for (guint code = 0; code < 255; code++)
        small_values[ESP_DTYPE_FLOAT8_E8M0FNU][code] = (float) ldexp (1, (int) code - 127);
      small_values[ESP_DTYPE_FLOAT8_E8M0FNU][255] = NAN;
      g_once_init_leave (&made, 1);
    }
  return small_values[dtype];
}

static gboolean
is_small_float (EspDtype dtype)
{
  return dtype >= ESP_DTYPE_FLOAT4_E2M1 && dtype <= ESP_DTYPE_FLOAT8_E8M0FNU;
}

/* }}} */
/* {{{ loops */

typedef void (*DecodeF32) (const guint8 *in, gsize count, float *out);
typedef void (*DecodeF64) (const guint8 *in, gsize count, double *out);
typedef void (*DecodeI64) (const guint8 *in, gsize count, gint64 *out);

#define DEFINE_LOOP(name, in_type, out_type, expression)                                           \
  static void name (const guint8 *in, gsize count, out_type *out)                                  \
  {                                                                                                \
    for (gsize i = 0; i < count; i++)                                                              \
      {                                                                                            \
        in_type v;                                                                                 \
                                                                                                   \
        memcpy (&v, in + i * sizeof v, sizeof v);                                                  \
        out[i] = (expression);                                                                     \
      }                                                                                            \
  }

/* the same, compiled for wider vectors too */
#define DEFINE_WIDE_LOOP(name, in_type, out_type, expression)                                      \
  ESP_INLINE void name##_loop (const guint8 *in, gsize count, out_type *out)                       \
  {                                                                                                \
    for (gsize i = 0; i < count; i++)                                                              \
      {                                                                                            \
        in_type v;                                                                                 \
                                                                                                   \
        memcpy (&v, in + i * sizeof v, sizeof v);                                                  \
        out[i] = (expression);                                                                     \
      }                                                                                            \
  }                                                                                                \
  ESP_DEFINE_WIDE_STATIC (void, name, name##_loop, (const guint8 *in, gsize count, out_type *out), \
                          (in, count, out))

#define DEFINE_INTEGER(name, in_type)                                                              \
  DEFINE_LOOP (name##_f32, in_type, float, (float) v)                                              \
  DEFINE_LOOP (name##_f64, in_type, double, (double) v)                                            \
  DEFINE_LOOP (name##_i64, in_type, gint64, (gint64) v)

DEFINE_LOOP (bool_f32, guint8, float, v != 0 ? 1.0f : 0.0f)
DEFINE_LOOP (bool_i64, guint8, gint64, v != 0)
DEFINE_INTEGER (u8, guint8)
DEFINE_INTEGER (i8, gint8)
DEFINE_INTEGER (u16, guint16)
DEFINE_INTEGER (i16, gint16)
DEFINE_INTEGER (u32, guint32)
DEFINE_INTEGER (i32, gint32)
DEFINE_INTEGER (u64, guint64)
DEFINE_INTEGER (i64, gint64)
DEFINE_WIDE_LOOP (half_f32, guint16, float, half_to_float (v))
DEFINE_WIDE_LOOP (bfloat16_f32, guint16, float, float_from_bits ((guint32) v << 16))
DEFINE_LOOP (double_f32, double, float, (float) v)

static void
float_f32 (const guint8 *in, gsize count, float *out)
{
  memcpy (out, in, count * sizeof *out);
}

static void
double_f64 (const guint8 *in, gsize count, double *out)
{
  memcpy (out, in, count * sizeof *out);
}

/* }}} */

/* f64 is NULL where float32 holds every value; small floats go through their tables */
static const struct
{
  DecodeF32 f32;
  DecodeF64 f64;
  DecodeI64 i64;
} decoders[ESP_N_DTYPES] = {
  [ESP_DTYPE_BOOL] = { bool_f32, NULL, bool_i64 },
  [ESP_DTYPE_UINT8] = { u8_f32, u8_f64, u8_i64 },
  [ESP_DTYPE_INT8] = { i8_f32, i8_f64, i8_i64 },
  [ESP_DTYPE_UINT16] = { u16_f32, u16_f64, u16_i64 },
  [ESP_DTYPE_INT16] = { i16_f32, i16_f64, i16_i64 },
  [ESP_DTYPE_UINT32] = { u32_f32, u32_f64, u32_i64 },
  [ESP_DTYPE_INT32] = { i32_f32, i32_f64, i32_i64 },
  [ESP_DTYPE_UINT64] = { u64_f32, u64_f64, u64_i64 },
  [ESP_DTYPE_INT64] = { i64_f32, i64_f64, i64_i64 },
  [ESP_DTYPE_FLOAT16] = { half_f32, NULL, NULL },
  [ESP_DTYPE_BFLOAT16] = { bfloat16_f32, NULL, NULL },
  [ESP_DTYPE_FLOAT32] = { float_f32, NULL, NULL },
  [ESP_DTYPE_FLOAT64] = { double_f32, double_f64, NULL },
  [ESP_DTYPE_RAW] = { u8_f32, u8_f64, u8_i64 },
};

/* complex elements are pairs of these */
static EspDtype
get_half (EspDtype dtype)
{
  switch (dtype)
    {
    case ESP_DTYPE_COMPLEX32:
      return ESP_DTYPE_FLOAT16;
    case ESP_DTYPE_COMPLEX64:
      return ESP_DTYPE_FLOAT32;
    case ESP_DTYPE_COMPLEX128:
      return ESP_DTYPE_FLOAT64;
    default:
      return ESP_DTYPE_INVALID;
    }
}

static void
widen (const float *in, gsize count, double *out)
{
  for (gsize i = 0; i < count; i++)
    out[i] = in[i];
}

/* {{{ codes */

void
esp_decode_unpack (EspDtype dtype,
                   const void *bytes,
                   guint64 first,
                   gsize count,
                   gsize step,
                   guint8 *codes)
{
  guint bits = esp_dtype_get_info (dtype)->bits;
  guint mask = (1u << bits) - 1;
  const guint8 *in = bytes;

  for (gsize i = 0; i < count; i++)
    {
      guint64 bit = (first + i * step) * bits;
      guint shift = bit & 7;
      guint value = in[bit >> 3] >> shift;

      if (shift + bits > 8)
        value |= (guint) in[(bit >> 3) + 1] << (8 - shift);
      codes[i] = value & mask;
    }
}

void
esp_decode_pack (EspDtype dtype, const guint8 *codes, gsize count, void *bytes)
{
  guint bits = esp_dtype_get_info (dtype)->bits;
  guint8 *out = bytes;
  guint pending = 0;
  guint n_pending = 0;

  for (gsize i = 0; i < count; i++)
    {
      pending |= (guint) codes[i] << n_pending;
      n_pending += bits;
      if (n_pending >= 8)
        {
          *out++ = pending & 0xff;
          pending >>= 8;
          n_pending -= 8;
        }
    }
  if (n_pending > 0)
    *out = pending & 0xff;
}

static inline int
code_to_int (EspDtype dtype, guint8 code)
{
  if (dtype == ESP_DTYPE_INT4)
    return (code ^ 8) - 8;
  return dtype == ESP_DTYPE_INT2 ? (code ^ 2) - 2 : code;
}

void
esp_decode_codes_f32 (EspDtype dtype, const guint8 *codes, gsize count, float *out)
{
  if (is_small_float (dtype))
    {
      const float *table = small_float_table (dtype);

      for (gsize i = 0; i < count; i++)
        out[i] = table[codes[i]];
    }
  else
    for (gsize i = 0; i < count; i++)
      out[i] = (float) code_to_int (dtype, codes[i]);
}

void
esp_decode_codes_f64 (EspDtype dtype, const guint8 *codes, gsize count, double *out)
{
  float part[1024];

  for (gsize done = 0; done < count; done += G_N_ELEMENTS (part))
    {
      gsize n = MIN (count - done, G_N_ELEMENTS (part));

      esp_decode_codes_f32 (dtype, codes + done, n, part);
      widen (part, n, out + done);
    }
}

void
esp_decode_codes_i64 (EspDtype dtype, const guint8 *codes, gsize count, gint64 *out)
{
  for (gsize i = 0; i < count; i++)
    out[i] = code_to_int (dtype, codes[i]);
}

/* }}} */
/* {{{ public */

/* through codes, a part at a time; whole groups of bytes, so that the next part begins at bit 0 */
#define DECODE_PACKED(dtype, bytes, first, count, out, decode_codes)                               \
  G_STMT_START                                                                                     \
  {                                                                                                \
    guint8 codes[1024];                                                                            \
                                                                                                   \
    for (gsize done = 0; done < (count); done += sizeof codes)                                     \
      {                                                                                            \
        gsize n = MIN ((count) - done, sizeof codes);                                              \
                                                                                                   \
        esp_decode_unpack ((dtype), (bytes), (first) + done, n, 1, codes);                         \
        decode_codes ((dtype), codes, n, (out) + done);                                            \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

void
esp_decode_f32 (EspDtype dtype, const void *bytes, guint first, gsize count, float *out)
{
  EspDtype half = get_half (dtype);

  if (half != ESP_DTYPE_INVALID)
    decoders[half].f32 (bytes, 2 * count, out);
  else if (esp_dtype_get_info (dtype)->bits < 8)
    DECODE_PACKED (dtype, bytes, first, count, out, esp_decode_codes_f32);
  else if (is_small_float (dtype))
    esp_decode_codes_f32 (dtype, bytes, count, out);
  else
    {
      g_return_if_fail (decoders[dtype].f32 != NULL);
      decoders[dtype].f32 (bytes, count, out);
    }
}

/* types that float32 holds exactly */
static void
decode_f64_by_f32 (EspDtype dtype, const guint8 *bytes, gsize count, double *out)
{
  float part[1024];
  gsize size = esp_dtype_get_info (dtype)->bits / 8;

  for (gsize done = 0; done < count; done += G_N_ELEMENTS (part))
    {
      gsize n = MIN (count - done, G_N_ELEMENTS (part));

      esp_decode_f32 (dtype, bytes + done * size, 0, n, part);
      widen (part, n, out + done);
    }
}

void
esp_decode_f64 (EspDtype dtype, const void *bytes, guint first, gsize count, double *out)
{
  EspDtype half = get_half (dtype);

  if (half != ESP_DTYPE_INVALID)
    esp_decode_f64 (half, bytes, 0, 2 * count, out);
  else if (esp_dtype_get_info (dtype)->bits < 8)
    DECODE_PACKED (dtype, bytes, first, count, out, esp_decode_codes_f64);
  else if (decoders[dtype].f64 != NULL)
    decoders[dtype].f64 (bytes, count, out);
  else
    decode_f64_by_f32 (dtype, bytes, count, out);
}

void
esp_decode_i64 (EspDtype dtype, const void *bytes, guint first, gsize count, gint64 *out)
{
  if (esp_dtype_get_info (dtype)->bits < 8)
    DECODE_PACKED (dtype, bytes, first, count, out, esp_decode_codes_i64);
  else
    {
      g_return_if_fail (decoders[dtype].i64 != NULL);
      decoders[dtype].i64 (bytes, count, out);
    }
}

#define SWAP_LOOP(type, swap)                                                                      \
  for (gsize i = 0; i < count; i++)                                                                \
    {                                                                                              \
      type v;                                                                                      \
                                                                                                   \
      memcpy (&v, at + i * sizeof v, sizeof v);                                                    \
      v = swap (v);                                                                                \
      memcpy (at + i * sizeof v, &v, sizeof v);                                                    \
    }

void
esp_decode_swap (EspDtype dtype, void *bytes, gsize count)
{
  guint8 *at = bytes;
  EspDtype half = get_half (dtype);

  if (half != ESP_DTYPE_INVALID)
    count *= 2;
  switch (esp_dtype_get_info (half != ESP_DTYPE_INVALID ? half : dtype)->bits)
    {
    case 16:
      SWAP_LOOP (guint16, GUINT16_SWAP_LE_BE);
      break;
    case 32:
      SWAP_LOOP (guint32, GUINT32_SWAP_LE_BE);
      break;
    case 64:
      SWAP_LOOP (guint64, GUINT64_SWAP_LE_BE);
      break;
    default: /* single bytes and less */
      break;
    }
}

/* }}} */
