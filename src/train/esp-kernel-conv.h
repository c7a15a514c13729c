/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The products of a convolution. What a cell of the window sees over all places is a plane that is
 * shifted, so a matrix of such rows needn't be made: rows are given by where they begin. Compiled
 * once per instruction set (esp-kernels-set.c); what each does is told in esp-kernels.h. */

#include "esp-kernel-matmul.h"

#if defined(__AVX512F__)
#define ESP_WIDEST(name) name##_64
#define ESP_WIDEST_BYTES 64
#elif defined(__AVX2__)
#define ESP_WIDEST(name) name##_32
#define ESP_WIDEST_BYTES 32
#else
#define ESP_WIDEST(name) name##_16
#define ESP_WIDEST_BYTES 16
#endif

static void
shifted_product (const EspReal *A,
                 const EspReal *bias,
                 const EspReal *B,
                 const gsize *offsets,
                 EspReal *C,
                 gsize M,
                 gsize N,
                 gsize K)
{
  const gsize lanes = ESP_WIDEST_BYTES / sizeof (EspReal);
  EspShifted s = { A, bias, B, offsets, C, M, N, K };
  gsize n = 0;
  for (; n + 2 * lanes <= N; n += 2 * lanes)
    ESP_WIDEST (shift_columns) (&s, n, 2);
  for (; n < N; n += lanes)
    ESP_WIDEST (shift_columns) (&s, n, 1);
}

static void
gathered_product (const EspReal *A,
                  const gsize *offsets,
                  const EspReal *B,
                  EspReal *C,
                  gsize M,
                  gsize N,
                  gsize K)
{
  EspGathered g = { A, offsets, B, C, M, N, K };
  gsize n = 0;
#if defined(__AVX512F__)
  n = gather_vectors_64 (&g, n);
#endif
#if defined(__AVX2__)
  n = gather_vectors_32 (&g, n);
#endif
  n = gather_vectors_16 (&g, n);
  for (; n < N; n++)
    for (gsize m = 0; m < M; m++)
      {
        EspReal sum = 0;
        for (gsize k = 0; k < K; k++)
          sum += A[offsets[m] + k] * B[k * N + n];
        C[m * N + n] += sum;
      }
}

/* B (N, M) = A^T, or B += A^T */
static void
transpose (const EspReal *restrict A, EspReal *restrict B, gsize M, gsize N, gboolean accumulate)
{
  for (gsize m = 0; m < M; m++)
    for (gsize n = 0; n < N; n++)
      B[n * M + m] = A[m * N + n] + (accumulate ? B[n * M + m] : 0);
}

static double
sum (const EspReal *x, gsize count)
{
  EspReal total = 0;
#pragma omp simd reduction(+ : total)
  for (gsize i = 0; i < count; i++)
    total += x[i];
  return (double) total;
}
