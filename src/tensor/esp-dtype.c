/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one table of element types: our word, a brief one for narrow columns, the kind and the bits
 * of an element. Formats map their own words to these; esp-decode.c has a row of functions for
 * each. A few dozen rows, looked up by index everywhere, by name only for what a person types.
 */

#include "esp-dtype.h"

#include "esp-check.h"

static const EspDtypeInfo infos[ESP_N_DTYPES] = {
  [ESP_DTYPE_INVALID] = { "invalid", "?", ESP_KIND_OPAQUE, 8 },
  [ESP_DTYPE_BOOL] = { "bool", "bool", ESP_KIND_BOOL, 8 },
  [ESP_DTYPE_UINT8] = { "uint8", "u8", ESP_KIND_UINT, 8 },
  [ESP_DTYPE_INT8] = { "int8", "i8", ESP_KIND_INT, 8 },
  [ESP_DTYPE_UINT16] = { "uint16", "u16", ESP_KIND_UINT, 16 },
  [ESP_DTYPE_INT16] = { "int16", "i16", ESP_KIND_INT, 16 },
  [ESP_DTYPE_UINT32] = { "uint32", "u32", ESP_KIND_UINT, 32 },
  [ESP_DTYPE_INT32] = { "int32", "i32", ESP_KIND_INT, 32 },
  [ESP_DTYPE_UINT64] = { "uint64", "u64", ESP_KIND_UINT, 64 },
  [ESP_DTYPE_INT64] = { "int64", "i64", ESP_KIND_INT, 64 },
  [ESP_DTYPE_FLOAT4_E2M1] = { "float4_e2m1", "f4", ESP_KIND_FLOAT, 4 },
  [ESP_DTYPE_FLOAT6_E2M3] = { "float6_e2m3", "f6e2m3", ESP_KIND_FLOAT, 6 },
  [ESP_DTYPE_FLOAT6_E3M2] = { "float6_e3m2", "f6e3m2", ESP_KIND_FLOAT, 6 },
  [ESP_DTYPE_FLOAT8_E4M3FN] = { "float8_e4m3fn", "f8e4m3", ESP_KIND_FLOAT, 8 },
  [ESP_DTYPE_FLOAT8_E4M3FNUZ] = { "float8_e4m3fnuz", "f8e4m3uz", ESP_KIND_FLOAT, 8 },
  [ESP_DTYPE_FLOAT8_E5M2] = { "float8_e5m2", "f8e5m2", ESP_KIND_FLOAT, 8 },
  [ESP_DTYPE_FLOAT8_E5M2FNUZ] = { "float8_e5m2fnuz", "f8e5m2uz", ESP_KIND_FLOAT, 8 },
  [ESP_DTYPE_FLOAT8_E8M0FNU] = { "float8_e8m0fnu", "f8e8m0", ESP_KIND_FLOAT, 8 },
  [ESP_DTYPE_FLOAT16] = { "float16", "f16", ESP_KIND_FLOAT, 16 },
  [ESP_DTYPE_BFLOAT16] = { "bfloat16", "bf16", ESP_KIND_FLOAT, 16 },
  [ESP_DTYPE_FLOAT32] = { "float32", "f32", ESP_KIND_FLOAT, 32 },
  [ESP_DTYPE_FLOAT64] = { "float64", "f64", ESP_KIND_FLOAT, 64 },
  [ESP_DTYPE_COMPLEX32] = { "complex32", "c32", ESP_KIND_COMPLEX, 32 },
  [ESP_DTYPE_COMPLEX64] = { "complex64", "c64", ESP_KIND_COMPLEX, 64 },
  [ESP_DTYPE_COMPLEX128] = { "complex128", "c128", ESP_KIND_COMPLEX, 128 },
  [ESP_DTYPE_UINT4] = { "uint4", "u4", ESP_KIND_UINT, 4 },
  [ESP_DTYPE_INT4] = { "int4", "i4", ESP_KIND_INT, 4 },
  [ESP_DTYPE_UINT2] = { "uint2", "u2", ESP_KIND_UINT, 2 },
  [ESP_DTYPE_INT2] = { "int2", "i2", ESP_KIND_INT, 2 },
  [ESP_DTYPE_RAW] = { "raw", "raw", ESP_KIND_OPAQUE, 8 },
};

const EspDtypeInfo *
esp_dtype_get_info (EspDtype dtype)
{
  return &infos[(guint) dtype < ESP_N_DTYPES ? dtype : ESP_DTYPE_INVALID];
}

EspDtype
esp_dtype_from_name (const char *name)
{
  g_return_val_if_fail (name != NULL, ESP_DTYPE_INVALID);

  for (EspDtype dtype = ESP_DTYPE_INVALID + 1; dtype < ESP_N_DTYPES; dtype++)
    if (g_str_equal (infos[dtype].name, name))
      return dtype;
  return ESP_DTYPE_INVALID;
}

gboolean
esp_dtype_get_size (EspDtype dtype, guint64 count, guint64 *bytes)
{
  guint bits = esp_dtype_get_info (dtype)->bits;

  if (bits % 8 == 0)
    return esp_mul_u64 (count, bits / 8, bytes);
  *bytes = count / 8 * bits + (count % 8 * bits + 7) / 8;
  return TRUE;
}
