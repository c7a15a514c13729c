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

#ifndef ESP_REAL_DOUBLE
typedef EspReal EspFour __attribute__ ((vector_size (16), aligned (sizeof (EspReal))));
typedef int EspFourIndices __attribute__ ((vector_size (16)));

static inline EspFour
pick (EspFour a, EspFour b, int i, int j, int k, int l)
{
#ifdef __clang__
  EspFour both[2] = { a, b };
  const EspReal *from = (const EspReal *) both;
  return (EspFour) { from[i], from[j], from[k], from[l] };
#else
  return __builtin_shuffle (a, b, (EspFourIndices) { i, j, k, l });
#endif
}

/* 4 rows of A become 4 columns */
static inline void
turn_four (const EspReal *A, gsize a_row, EspReal *B, gsize b_row)
{
  EspFour r0 = *(const EspFour *) A, r1 = *(const EspFour *) (A + a_row);
  EspFour r2 = *(const EspFour *) (A + 2 * a_row), r3 = *(const EspFour *) (A + 3 * a_row);
  EspFour low01 = pick (r0, r1, 0, 4, 1, 5), high01 = pick (r0, r1, 2, 6, 3, 7);
  EspFour low23 = pick (r2, r3, 0, 4, 1, 5), high23 = pick (r2, r3, 2, 6, 3, 7);
  *(EspFour *) B = pick (low01, low23, 0, 1, 4, 5);
  *(EspFour *) (B + b_row) = pick (low01, low23, 2, 3, 6, 7);
  *(EspFour *) (B + 2 * b_row) = pick (high01, high23, 0, 1, 4, 5);
  *(EspFour *) (B + 3 * b_row) = pick (high01, high23, 2, 3, 6, 7);
}
#endif

static void
transpose (const EspReal *A, gsize a_row, EspReal *B, gsize b_row, gsize M, gsize N)
{
  gsize m = 0;
#ifndef ESP_REAL_DOUBLE
  for (; m + 4 <= M; m += 4)
    {
      gsize n = 0;
      for (; n + 4 <= N; n += 4)
        turn_four (A + m * a_row + n, a_row, B + n * b_row + m, b_row);
      for (; n < N; n++)
        for (gsize i = m; i < m + 4; i++)
          B[n * b_row + i] = A[i * a_row + n];
    }
#endif
  for (; m < M; m++)
    for (gsize n = 0; n < N; n++)
      B[n * b_row + m] = A[m * a_row + n];
}

static void
copy_lines (const EspReal *restrict from,
            gsize from_line,
            EspReal *restrict to,
            gsize to_line,
            gsize lines,
            gsize width)
{
  for (gsize y = 0; y < lines; y++)
    for (gsize x = 0; x < width; x++)
      to[y * to_line + x] = from[y * from_line + x];
}

static void
add_lines (const EspReal *restrict from,
           gsize from_line,
           EspReal *restrict to,
           gsize to_line,
           gsize lines,
           gsize width)
{
  for (gsize y = 0; y < lines; y++)
    for (gsize x = 0; x < width; x++)
      to[y * to_line + x] += from[y * from_line + x];
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
