/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EspDtype:
 *
 * Our own word for what an element is, whatever a format calls it. The table in esp-dtype.c says
 * all about each. Sub-byte elements are packed from the low bits up.
 */
typedef enum
{
  ESP_DTYPE_INVALID,
  ESP_DTYPE_BOOL,
  ESP_DTYPE_UINT8,
  ESP_DTYPE_INT8,
  ESP_DTYPE_UINT16,
  ESP_DTYPE_INT16,
  ESP_DTYPE_UINT32,
  ESP_DTYPE_INT32,
  ESP_DTYPE_UINT64,
  ESP_DTYPE_INT64,
  ESP_DTYPE_FLOAT4_E2M1,
  ESP_DTYPE_FLOAT6_E2M3,
  ESP_DTYPE_FLOAT6_E3M2,
  ESP_DTYPE_FLOAT8_E4M3FN,
  ESP_DTYPE_FLOAT8_E4M3FNUZ,
  ESP_DTYPE_FLOAT8_E5M2,
  ESP_DTYPE_FLOAT8_E5M2FNUZ,
  ESP_DTYPE_FLOAT8_E8M0FNU,
  ESP_DTYPE_FLOAT16,
  ESP_DTYPE_BFLOAT16,
  ESP_DTYPE_FLOAT32,
  ESP_DTYPE_FLOAT64,
  ESP_DTYPE_COMPLEX32, /* two float16: re, im */
  ESP_DTYPE_COMPLEX64,
  ESP_DTYPE_COMPLEX128,
  ESP_DTYPE_UINT4,
  ESP_DTYPE_INT4,
  ESP_DTYPE_UINT2,
  ESP_DTYPE_INT2,
  ESP_DTYPE_RAW, /* one opaque byte: kept, hashed, never decoded */
  ESP_N_DTYPES
} EspDtype;

typedef enum
{
  ESP_KIND_OPAQUE,
  ESP_KIND_BOOL,
  ESP_KIND_UINT,
  ESP_KIND_INT,
  ESP_KIND_FLOAT,
  ESP_KIND_COMPLEX,
} EspKind;

typedef struct
{
  const char *name;  /* "bfloat16" */
  const char *brief; /* "bf16", for narrow columns */
  EspKind kind;
  guint bits; /* per element; a multiple of 8, or 2, 4, 6 */
} EspDtypeInfo;

/* never NULL; for an invalid value the entry of %ESP_DTYPE_INVALID */
const EspDtypeInfo *esp_dtype_get_info (EspDtype dtype);
EspDtype esp_dtype_from_name (const char *name);
/* bytes that @count elements take, whole bytes up; FALSE on overflow */
gboolean esp_dtype_get_size (EspDtype dtype, guint64 count, guint64 *bytes);

G_END_DECLS
