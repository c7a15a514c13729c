/* SPDX-License-Identifier: GPL-3.0-or-later */

/* CRC-32C, eight bytes a step with eight tables ("slicing by 8": M. Kounavis, F. Berry, A
 * Systematic Approach to Building High Performance Software-Based CRC Generators, 2005). In: blocks
 * of tables of some KB to MB, tensors of up to 1 MB. Out: 32 bits. The tables are computed when
 * first asked for. */

#include "config.h"

#include "esp-crc32c.h"

#include <string.h>

#define POLYNOMIAL 0x82f63b78u /* 0x1EDC6F41, bits reversed */

static guint32 tables[8][256];

static void
fill_tables (void)
{
  for (guint32 i = 0; i < 256; i++)
    {
      guint32 crc = i;

      for (guint bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
      tables[0][i] = crc;
    }
  for (guint k = 1; k < 8; k++)
    for (guint32 i = 0; i < 256; i++)
      tables[k][i] = (tables[k - 1][i] >> 8) ^ tables[0][tables[k - 1][i] & 0xff];
}

guint32
esp_crc32c (guint32 crc, const void *bytes, gsize length)
{
  static gsize filled;
  const guint8 *at = bytes;

  g_return_val_if_fail (bytes != NULL || length == 0, crc);

  if (g_once_init_enter (&filled))
    {
      fill_tables ();
      g_once_init_leave (&filled, 1);
    }
  crc = ~crc;
  for (; length >= 8; at += 8, length -= 8)
    {
      guint64 word;

      memcpy (&word, at, sizeof word);
      word = GUINT64_FROM_LE (word) ^ crc;
      crc = tables[7][word & 0xff] ^ tables[6][(word >> 8) & 0xff] ^
            tables[5][(word >> 16) & 0xff] ^ tables[4][(word >> 24) & 0xff] ^
            tables[3][(word >> 32) & 0xff] ^ tables[2][(word >> 40) & 0xff] ^
            tables[1][(word >> 48) & 0xff] ^ tables[0][word >> 56];
    }
  for (; length > 0; at++, length--)
    crc = (crc >> 8) ^ tables[0][(crc ^ *at) & 0xff];
  return ~crc;
}
