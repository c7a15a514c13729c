/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* CRC-32C (Castagnoli, RFC 3720 appendix B.4) of @length bytes; @crc is that of the bytes before
 * them, 0 at the begin */
guint32 esp_crc32c (guint32 crc, const void *bytes, gsize length);

/* How LevelDB and TensorFlow store one, so that bytes with a checksum among them can be summed up
 * again: rotated right by 15 bits, plus a constant. */
static inline guint32
esp_crc32c_mask (guint32 crc)
{
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

G_END_DECLS
