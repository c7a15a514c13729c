/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The affine map and its derivatives. Hot: three quarters of a training step. Three matrix products
 * each; esp-matmul decides between loops and OpenBLAS by size. */

#include "esp-kernel-linear.h"

#include "esp-matmul.h"

void
esp_kernel_linear_forward (const EspReal *x,
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
  esp_matmul_nt (x, weight, y, N, O, I);
}

void
esp_kernel_linear_backward (const EspReal *x,
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
    esp_matmul_nn (dy, weight, dx, N, I, O);
  if (dweight != NULL)
    esp_matmul_tn (dy, x, dweight, O, I, N);
  if (dbias != NULL)
    for (gsize n = 0; n < N; n++)
      for (gsize o = 0; o < O; o++)
        dbias[o] += dy[n * O + o];
}
