/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The affine map and its derivatives: three matrix products. Compiled once per instruction set
 * (esp-kernels-set.c); what each does is told in esp-kernels.h. */

#include "esp-kernel-matmul.h"

static void
linear_forward (const EspReal *x,
                const EspReal *weight,
                const EspReal *bias,
                EspReal *y,
                gsize N,
                gsize I,
                gsize O)
{
  for (gsize n = 0; n < N; n++)
    for (gsize o = 0; o < O; o++)
      y[n * O + o] = bias != NULL ? bias[o] : 0;
  matmul_nt (x, weight, y, N, O, I);
}

static void
linear_backward (const EspReal *x,
                 const EspReal *weight,
                 const EspReal *dy,
                 EspReal *dx,
                 EspReal *dweight,
                 EspReal *dbias,
                 gsize N,
                 gsize I,
                 gsize O)
{
  if (dx != NULL)
    matmul_nn (dy, weight, dx, N, I, O);
  if (dweight != NULL)
    matmul_tn (dy, x, dweight, O, I, N);
  if (dbias != NULL)
    for (gsize n = 0; n < N; n++)
      for (gsize o = 0; o < O; o++)
        dbias[o] += dy[n * O + o];
}
