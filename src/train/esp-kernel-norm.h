/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Normalisations: statistics of rows and of channels, and the affine map behind them. Compiled once
 * per instruction set (esp-kernels-set.c); what each does is told in esp-kernels.h. Sums over more
 * than a few hundred numbers are kept in double, as PyTorch does. */

#include "esp-kernels.h"

enum
{
  ESP_SUM_BLOCK = 256
};

/* sum of x - shift, and of its square */
static void
add_moments (const EspReal *x, gsize count, EspReal shift, double *sum, double *squares)
{
  for (gsize start = 0; start < count; start += ESP_SUM_BLOCK)
    {
      gsize end = MIN (count, start + ESP_SUM_BLOCK);
      EspReal s = 0, q = 0;
#pragma omp simd reduction(+ : s, q)
      for (gsize i = start; i < end; i++)
        {
          EspReal d = x[i] - shift;
          s += d;
          q += d * d;
        }
      *sum += (double) s;
      *squares += (double) q;
    }
}

/* sum of a, and of a b */
static void
add_products (const EspReal *a, const EspReal *b, gsize count, double *sum, double *products)
{
  for (gsize start = 0; start < count; start += ESP_SUM_BLOCK)
    {
      gsize end = MIN (count, start + ESP_SUM_BLOCK);
      EspReal s = 0, q = 0;
#pragma omp simd reduction(+ : s, q)
      for (gsize i = start; i < end; i++)
        {
          s += a[i];
          q += a[i] * b[i];
        }
      *sum += (double) s;
      *products += (double) q;
    }
}

static void
normalize_rows (const EspReal *x,
                EspReal *normal,
                EspReal *scales,
                gsize R,
                gsize L,
                double eps,
                gboolean centered)
{
  for (gsize r = 0; r < R; r++)
    {
      const EspReal *row = x + r * L;
      double sum = 0, squares = 0, unused = 0;
      if (centered)
        add_moments (row, L, 0, &sum, &unused);
      EspReal mean = (EspReal) (sum / (double) L);
      add_moments (row, L, mean, &unused, &squares);
      EspReal scale = (EspReal) (1 / sqrt (squares / (double) L + eps));
      for (gsize i = 0; i < L; i++)
        normal[r * L + i] = (row[i] - mean) * scale;
      scales[r] = scale;
    }
}

static void
normalize_rows_backward (const EspReal *normal,
                         const EspReal *scales,
                         const EspReal *dnormal,
                         EspReal *dx,
                         gsize R,
                         gsize L,
                         gboolean centered)
{
  for (gsize r = 0; r < R; r++)
    {
      const EspReal *n = normal + r * L, *dn = dnormal + r * L;
      double sum = 0, products = 0;
      add_products (dn, n, L, &sum, &products);
      EspReal mean = centered ? (EspReal) (sum / (double) L) : 0;
      EspReal along = (EspReal) (products / (double) L), scale = scales[r];
      for (gsize i = 0; i < L; i++)
        dx[r * L + i] += scale * (dn[i] - mean - n[i] * along);
    }
}

static void
channel_moments (const EspReal *x,
                 const EspReal *shift,
                 double *sums,
                 double *squares,
                 gsize N,
                 gsize C,
                 gsize inner)
{
  for (gsize c = 0; c < C; c++)
    sums[c] = squares[c] = 0;
  for (gsize n = 0; n < N; n++)
    for (gsize c = 0; c < C; c++)
      {
        const EspReal *run = x + (n * C + c) * inner;
        EspReal own = shift != NULL ? shift[c] : 0;
        if (inner > 1)
          add_moments (run, inner, own, &sums[c], &squares[c]);
        else
          {
            double d = (double) (run[0] - own);
            sums[c] += d;
            squares[c] += d * d;
          }
      }
}

static void
channel_products (const EspReal *a,
                  const EspReal *b,
                  double *sums,
                  double *products,
                  gsize N,
                  gsize C,
                  gsize inner)
{
  for (gsize c = 0; c < C; c++)
    sums[c] = products[c] = 0;
  for (gsize n = 0; n < N; n++)
    for (gsize c = 0; c < C; c++)
      {
        gsize at = (n * C + c) * inner;
        if (inner > 1)
          add_products (a + at, b + at, inner, &sums[c], &products[c]);
        else
          {
            sums[c] += (double) a[at];
            products[c] += (double) (a[at] * b[at]);
          }
      }
}

static void
channel_normalize (const EspReal *restrict x,
                   const EspReal *restrict means,
                   const EspReal *restrict scales,
                   EspReal *restrict normal,
                   gsize N,
                   gsize C,
                   gsize inner)
{
  for (gsize n = 0; n < N; n++)
    for (gsize c = 0; c < C; c++)
      {
        gsize at = (n * C + c) * inner;
        EspReal mean = means[c], scale = scales[c];
        for (gsize i = 0; i < inner; i++)
          normal[at + i] = (x[at + i] - mean) * scale;
      }
}

static void
channel_normalize_backward (const EspReal *restrict normal,
                            const EspReal *restrict dnormal,
                            const EspReal *restrict scales,
                            const EspReal *restrict means,
                            const EspReal *restrict alongs,
                            EspReal *restrict dx,
                            gsize N,
                            gsize C,
                            gsize inner)
{
  for (gsize n = 0; n < N; n++)
    for (gsize c = 0; c < C; c++)
      {
        gsize at = (n * C + c) * inner;
        EspReal scale = scales[c], mean = means[c], along = alongs[c];
        for (gsize i = 0; i < inner; i++)
          dx[at + i] += scale * (dnormal[at + i] - mean - normal[at + i] * along);
      }
}

static void
channel_affine (const EspReal *restrict x,
                const EspReal *restrict weight,
                const EspReal *restrict bias,
                EspReal *restrict y,
                gsize N,
                gsize C,
                gsize inner)
{
  for (gsize n = 0; n < N; n++)
    for (gsize c = 0; c < C; c++)
      {
        gsize at = (n * C + c) * inner;
        EspReal scale = weight != NULL ? weight[c] : 1, shift = bias != NULL ? bias[c] : 0;
        for (gsize i = 0; i < inner; i++)
          y[at + i] = x[at + i] * scale + shift;
      }
}
