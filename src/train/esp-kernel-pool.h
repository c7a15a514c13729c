/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The pool that nearly everybody takes. Compiled once per instruction set (esp-kernels-set.c); what
 * it does is told in esp-kernels.h. */

#include "esp-kernels.h"

/* what a later number of a window does to the largest so far; the first of equals stays, NaN wins
 */
#define ESP_POOL_TAKE(number, place)                                                               \
  do                                                                                               \
    {                                                                                              \
      EspReal next = (number);                                                                     \
      int wins = (next > best) | (next != next);                                                   \
      best = wins ? next : best;                                                                   \
      at = wins ? (place) : at;                                                                    \
    }                                                                                              \
  while (0)

/* @count numbers of a line of the output */
static inline __attribute__ ((always_inline)) void
max_pool_2x2_run (const EspReal *restrict above,
                  const EspReal *restrict below,
                  EspReal *restrict y,
                  gint32 *restrict where,
                  gint32 start,
                  gint32 line,
                  gint32 count)
{
#pragma omp simd
  for (gint32 j = 0; j < count; j++)
    {
      EspReal best = above[2 * j];
      gint32 at = 0;
      ESP_POOL_TAKE (above[2 * j + 1], 1);
      ESP_POOL_TAKE (below[2 * j], line);
      ESP_POOL_TAKE (below[2 * j + 1], line + 1);
      y[j] = best;
      where[j] = start + 2 * j + at;
    }
}

/* Lines are short, 7 or 14 numbers as a rule. Vectors run over their end into what belongs to the
 * next line, which is written after it; at the end of the memory they go number by number. */
static void
max_pool_2x2 (const EspReal *x, EspReal *y, gint32 *where, gsize planes, gsize height, gsize width)
{
  gsize out_width = width / 2, out_height = height / 2, lanes = out_width <= 8 ? 8 : 16;
  gsize whole = (out_width + lanes - 1) / lanes * lanes;
  const EspReal *end = x + planes * height * width;
  EspReal *out_end = y + planes * out_height * out_width;
  for (gsize c = 0; c < planes; c++, x += height * width)
    for (gsize i = 0; i < out_height; i++, y += out_width, where += out_width)
      {
        const EspReal *above = x + 2 * i * width, *below = above + width;
        gint32 start = (gint32) (2 * i * width), line = (gint32) width;
        gboolean room = end - below >= (gssize) (2 * whole) && out_end - y >= (gssize) whole;
        if (!room)
          max_pool_2x2_run (above, below, y, where, start, line, (gint32) out_width);
        else if (lanes == 8)
          max_pool_2x2_run (above, below, y, where, start, line, 8);
        else
          for (gsize j = 0; j < whole; j += 16)
            max_pool_2x2_run (above + 2 * j, below + 2 * j, y + j, where + j,
                              start + 2 * (gint32) j, line, 16);
      }
}
