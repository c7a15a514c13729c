/* SPDX-License-Identifier: GPL-3.0-or-later */

/* PyTorch's data types and classes of storage. float4_e2m1fn_x2 counts bytes that hold two values
 * each, and PyTorch itself doesn't decode it: it is kept raw, as are the bits types. */

#include "config.h"

#include "esp-pytorch-dtype.h"

#include "esp-check.h"

#include <string.h>

static const EspPytorchDtype dtypes[] = {
  { "float32", "torch.float32", ESP_DTYPE_FLOAT32, 1 },
  { "float64", "torch.float64", ESP_DTYPE_FLOAT64, 1 },
  { "float16", "torch.float16", ESP_DTYPE_FLOAT16, 1 },
  { "bfloat16", "torch.bfloat16", ESP_DTYPE_BFLOAT16, 1 },
  { "int64", "torch.int64", ESP_DTYPE_INT64, 1 },
  { "int32", "torch.int32", ESP_DTYPE_INT32, 1 },
  { "int16", "torch.int16", ESP_DTYPE_INT16, 1 },
  { "int8", "torch.int8", ESP_DTYPE_INT8, 1 },
  { "uint8", "torch.uint8", ESP_DTYPE_UINT8, 1 },
  { "uint16", "torch.uint16", ESP_DTYPE_UINT16, 1 },
  { "uint32", "torch.uint32", ESP_DTYPE_UINT32, 1 },
  { "uint64", "torch.uint64", ESP_DTYPE_UINT64, 1 },
  { "bool", "torch.bool", ESP_DTYPE_BOOL, 1 },
  { "complex32", "torch.complex32", ESP_DTYPE_COMPLEX32, 1 },
  { "complex64", "torch.complex64", ESP_DTYPE_COMPLEX64, 1 },
  { "complex128", "torch.complex128", ESP_DTYPE_COMPLEX128, 1 },
  { "float8_e4m3fn", "torch.float8_e4m3fn", ESP_DTYPE_FLOAT8_E4M3FN, 1 },
  { "float8_e4m3fnuz", "torch.float8_e4m3fnuz", ESP_DTYPE_FLOAT8_E4M3FNUZ, 1 },
  { "float8_e5m2", "torch.float8_e5m2", ESP_DTYPE_FLOAT8_E5M2, 1 },
  { "float8_e5m2fnuz", "torch.float8_e5m2fnuz", ESP_DTYPE_FLOAT8_E5M2FNUZ, 1 },
  { "float8_e8m0fnu", "torch.float8_e8m0fnu", ESP_DTYPE_FLOAT8_E8M0FNU, 1 },
  { "float4_e2m1fn_x2", "torch.float4_e2m1fn_x2", ESP_DTYPE_RAW, 1 },
  { "qint8", "torch.qint8", ESP_DTYPE_INT8, 1 },
  { "quint8", "torch.quint8", ESP_DTYPE_UINT8, 1 },
  { "qint32", "torch.qint32", ESP_DTYPE_INT32, 1 },
  { "quint4x2", "torch.quint4x2", ESP_DTYPE_UINT4, 2 },
  { "quint2x4", "torch.quint2x4", ESP_DTYPE_UINT2, 4 },
  { "bits8", "torch.bits8", ESP_DTYPE_RAW, 1 },
  { "bits1x8", "torch.bits1x8", ESP_DTYPE_RAW, 1 },
  { "bits2x4", "torch.bits2x4", ESP_DTYPE_RAW, 1 },
  { "bits4x2", "torch.bits4x2", ESP_DTYPE_RAW, 1 },
  { "bits16", "torch.bits16", ESP_DTYPE_UINT16, 1 },
};

static const struct
{
  const char *alias;
  const char *name;
} aliases[] = {
  /* older names of data types */
  { "float", "float32" },
  { "double", "float64" },
  { "half", "float16" },
  { "long", "int64" },
  { "int", "int32" },
  { "short", "int16" },
  { "chalf", "complex32" },
  { "cfloat", "complex64" },
  { "cdouble", "complex128" },
  /* classes of storage */
  { "FloatStorage", "float32" },
  { "DoubleStorage", "float64" },
  { "HalfStorage", "float16" },
  { "BFloat16Storage", "bfloat16" },
  { "LongStorage", "int64" },
  { "IntStorage", "int32" },
  { "ShortStorage", "int16" },
  { "CharStorage", "int8" },
  { "ByteStorage", "uint8" },
  { "BoolStorage", "bool" },
  { "ComplexFloatStorage", "complex64" },
  { "ComplexDoubleStorage", "complex128" },
  { "QInt8Storage", "qint8" },
  { "QUInt8Storage", "quint8" },
  { "QInt32Storage", "qint32" },
  { "QUInt4x2Storage", "quint4x2" },
  { "QUInt2x4Storage", "quint2x4" },
  { "UntypedStorage", "uint8" },
  { "_UntypedStorage", "uint8" },
};

static const EspPytorchDtype *
find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (dtypes); i++)
    if (strcmp (dtypes[i].name, name) == 0)
      return &dtypes[i];
  return NULL;
}

static const EspPytorchDtype *
find_alias (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (aliases); i++)
    if (strcmp (aliases[i].alias, name) == 0)
      return find (aliases[i].name);
  return NULL;
}

const EspPytorchDtype *
esp_pytorch_dtype_from_name (const char *name)
{
  const EspPytorchDtype *found = find (name);

  return found != NULL ? found : find_alias (name);
}

const EspPytorchDtype *
esp_pytorch_dtype_from_storage (const char *class_name)
{
  return g_str_has_suffix (class_name, "Storage") ? find_alias (class_name) : NULL;
}

gboolean
esp_pytorch_dtype_get_size (const EspPytorchDtype *self, guint64 n, guint64 *bytes)
{
  guint64 elements;

  return esp_mul_u64 (n, self->packing, &elements) &&
         esp_dtype_get_size (self->dtype, elements, bytes);
}
