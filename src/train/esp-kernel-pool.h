/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The pool that nearly everybody takes. Compiled once per instruction set (esp-kernels-set.c); what
 * it does is told in esp-kernels.h. */

#include "esp-kernels.h"

/* the first of equals; NaN wins */
static void
max_pool_2x2 (const EspReal *restrict x,
              EspReal *restrict y,
              gint32 *restrict where,
              gsize planes,
              gsize height,
              gsize width)
{
  gsize out_width = width / 2;
  for (gsize c = 0; c < planes; c++, x += height * width)
    for (gsize i = 0; i < height / 2; i++, y += out_width, where += out_width)
      {
        const EspReal *above = x + 2 * i * width, *below = above + width;
        gint32 start = (gint32) (2 * i * width), line = (gint32) width;
        for (gsize j = 0; j < out_width; j++)
          {
            gint32 at = start + 2 * (gint32) j, best_at = at;
            EspReal best = above[2 * j], next = above[2 * j + 1];
            gboolean wins = !(next <= best) && !(best != best);
            best = wins ? next : best;
            best_at = wins ? at + 1 : best_at;
            next = below[2 * j];
            wins = !(next <= best) && !(best != best);
            best = wins ? next : best;
            best_at = wins ? at + line : best_at;
            next = below[2 * j + 1];
            wins = !(next <= best) && !(best != best);
            best = wins ? next : best;
            best_at = wins ? at + line + 1 : best_at;
            y[j] = best;
            where[j] = best_at;
          }
      }
}
