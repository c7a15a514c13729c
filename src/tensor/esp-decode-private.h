/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-decode.h"

G_BEGIN_DECLS

/* Sub-byte types as codes: one code a byte, in its low bits. What a strided read gathers. */
void esp_decode_unpack (EspDtype dtype,
                        const void *bytes,
                        guint64 first,
                        gsize count,
                        gsize step,
                        guint8 *codes);
void esp_decode_pack (EspDtype dtype, const guint8 *codes, gsize count, void *bytes);
void esp_decode_codes_f32 (EspDtype dtype, const guint8 *codes, gsize count, float *out);
void esp_decode_codes_f64 (EspDtype dtype, const guint8 *codes, gsize count, double *out);
void esp_decode_codes_i64 (EspDtype dtype, const guint8 *codes, gsize count, gint64 *out);

G_END_DECLS
