/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which inputs of which operators are weights, as the operators' specification has them. Called
 * once per use of a tensor. */

#include "config.h"

#include "esp-onnx-roles.h"

#include "esp-role-guess.h"

#include <string.h>

typedef struct
{
  const char *op;
  const char *parameters; /* slots, a digit each */
  const char *buffers;
  gboolean integers; /* weights may be quantised */
} Row;

static const Row rows[] = {
  { "BatchNormalization", "12", "34", FALSE },
  { "Conv", "12", "", FALSE },
  { "ConvInteger", "1", "3", TRUE },
  { "ConvTranspose", "12", "", FALSE },
  { "DeformConv", "13", "", FALSE },
  { "DequantizeLinear", "0", "12", TRUE },
  { "GRU", "123", "", FALSE },
  { "Gather", "0", "", FALSE },
  { "Gemm", "012", "", FALSE },
  { "GroupNormalization", "12", "", FALSE },
  { "InstanceNormalization", "12", "", FALSE },
  { "LSTM", "1237", "", FALSE },
  { "LayerNormalization", "12", "", FALSE },
  { "MatMul", "01", "", FALSE },
  { "MatMulInteger", "01", "23", TRUE },
  { "PRelu", "1", "", FALSE },
  { "QLinearConv", "38", "124567", TRUE },
  { "QLinearMatMul", "03", "124567", TRUE },
  { "QuantizeLinear", "0", "12", TRUE },
  { "RMSNormalization", "1", "", FALSE },
  { "RNN", "123", "", FALSE },
};

gboolean
_esp_onnx_role_from_slot (const char *op, guint slot, EspDtype dtype, EspRole *out)
{
  EspKind kind = esp_dtype_get_info (dtype)->kind;

  if (slot > 9)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (strcmp (rows[i].op, op) == 0)
      {
        char digit = (char) ('0' + slot);

        if (!rows[i].integers && kind != ESP_KIND_FLOAT && kind != ESP_KIND_COMPLEX)
          return FALSE;
        *out = strchr (rows[i].buffers, digit) != NULL ? ESP_ROLE_BUFFER : ESP_ROLE_PARAMETER;
        return *out == ESP_ROLE_BUFFER || strchr (rows[i].parameters, digit) != NULL;
      }
  return FALSE;
}

EspRole
_esp_onnx_role_from_name (const char *name, EspDtype dtype, EspRole otherwise)
{
  EspKind kind = esp_dtype_get_info (dtype)->kind;
  gboolean is_number = kind == ESP_KIND_FLOAT || kind == ESP_KIND_COMPLEX;

  if (strchr (name, '.') == NULL || strchr (name, '/') != NULL || strstr (name, "::") != NULL)
    return otherwise;
  return is_number ? esp_role_guess (name, dtype) : otherwise;
}
