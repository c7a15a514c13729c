/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Values of a tensor as bytes or text, streamed in chunks. */

#include "esp-cli.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_VALUES_NATIVE, /* stored bytes, C order, little endian */
  ESP_VALUES_F32,    /* little-endian float32; complex as pairs */
  ESP_VALUES_CSV,
  ESP_VALUES_NPY,
} EspValuesForm;

gboolean esp_values_write (EspTensor *tensor,
                           EspValuesForm form,
                           EspOutput *output,
                           GError **error);

G_END_DECLS
