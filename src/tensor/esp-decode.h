/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-dtype.h"

G_BEGIN_DECLS

/* Contiguous little-endian elements, any alignment -> numbers. Hot: called per chunk by every scan.
 * Complex elements decode to their (re, im) pairs, so @out holds 2 * @count numbers; %ESP_DTYPE_RAW
 * decodes to its bytes. @first is the index of the first element inside its byte (sub-byte types
 * only), else 0. */
void esp_decode_f32 (EspDtype dtype, const void *bytes, guint first, gsize count, float *out);
void esp_decode_f64 (EspDtype dtype, const void *bytes, guint first, gsize count, double *out);
/* bool, integers; uint64 keeps its bits */
void esp_decode_i64 (EspDtype dtype, const void *bytes, guint first, gsize count, gint64 *out);
/* reverses the bytes of each element (of each half of a complex one) in place */
void esp_decode_swap (EspDtype dtype, void *bytes, gsize count);

float esp_half_to_float (guint16 bits);
guint16 esp_float_to_half (float value);     /* nearest even */
guint16 esp_float_to_bfloat16 (float value); /* nearest even; NaN stays NaN */

G_END_DECLS
