/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Matrix products that add to C (M, N), row-major and dense; K is the inner size. Compiled once per
 * instruction set (esp-kernels-set.c); nine tenths of a training step of a large network.
 *
 * C is made of tiles that stay in registers while k runs: ESP_TILE_ROWS rows of two vectors. Rows
 * of B lie along the vectors as they are; where B comes transposed, blocks of it are turned first.
 * Vectors become narrower towards the right edge; the last few columns go one number at a time.
 *
 * The order of additions depends on the sizes alone, so the same network gives the same bytes on
 * the same kind of processor. Measured on a Sapphire Rapids core at 64 x 256 x 784 (AVX-512): 85 %
 * of MKL's speed, 5 times that of OpenBLAS 0.3.21, which doesn't know the processor. */

#include "esp-real.h"

#if defined(__AVX512F__)
#define ESP_TILE_ROWS 8
#elif defined(__AVX2__)
#define ESP_TILE_ROWS 6
#else
#define ESP_TILE_ROWS 4
#endif
/* inner size and columns of a block of B: 32 KiB of floats, so that it stays in L1 */
#define ESP_BLOCK_K 128
#define ESP_BLOCK_N 64

/* A by strides, so that it may be transposed; B and C by rows */
typedef struct
{
  const EspReal *A;
  gsize row, column; /* strides of A */
  const EspReal *B;
  gsize b_row;
  EspReal *C;
  gsize c_row;
  gsize M, N, K;
} EspProduct;

/* C (M, N) = bias + A (M, K) B, where row k of B stands at B + offsets[k]; N is a multiple of
 * ESP_KERNEL_PITCH, and that much may be read behind each row */
typedef struct
{
  const EspReal *A, *bias;
  const EspReal *B;
  const gsize *offsets;
  EspReal *C;
  gsize M, N, K;
} EspShifted;

/* C (M, N) += A B (K, N), where row m of A stands at A + offsets[m] */
typedef struct
{
  const EspReal *A;
  const gsize *offsets;
  const EspReal *B;
  EspReal *C;
  gsize M, N, K;
} EspGathered;

#if defined(__AVX512F__)
#define TILE_BYTES 64
#include "esp-kernel-tile.inc"
#endif
#if defined(__AVX2__)
#define TILE_BYTES 32
#include "esp-kernel-tile.inc"
#endif
#define TILE_BYTES 16
#include "esp-kernel-tile.inc"

/* the last columns, with A's rows dense: dot products with a column of B */
static void
add_edge_dots (const EspProduct *p, gsize n)
{
  EspReal column[ESP_BLOCK_K];
  for (; n < p->N; n++)
    {
      for (gsize k = 0; k < p->K; k++)
        column[k] = p->B[k * p->b_row + n];
      for (gsize m = 0; m < p->M; m++)
        {
          const EspReal *a = p->A + m * p->row;
          EspReal sum = 0;
#pragma omp simd reduction(+ : sum)
          for (gsize k = 0; k < p->K; k++)
            sum += a[k] * column[k];
          p->C[m * p->c_row + n] += sum;
        }
    }
}

/* the same with A's columns dense: many rows at once */
static void
add_edge_rows (const EspProduct *p, gsize n)
{
  enum
  {
    ROWS = 16
  };
  for (; n < p->N; n++)
    {
      gsize m = 0;
      for (; m + ROWS <= p->M; m += ROWS)
        {
          EspReal sum[ROWS] = { 0 };
          for (gsize k = 0; k < p->K; k++)
            for (gsize i = 0; i < ROWS; i++)
              sum[i] += p->A[k * p->column + m + i] * p->B[k * p->b_row + n];
          for (gsize i = 0; i < ROWS; i++)
            p->C[(m + i) * p->c_row + n] += sum[i];
        }
      for (; m < p->M; m++)
        {
          EspReal sum = 0;
          for (gsize k = 0; k < p->K; k++)
            sum += p->A[k * p->column + m] * p->B[k * p->b_row + n];
          p->C[m * p->c_row + n] += sum;
        }
    }
}

/* K is at most ESP_BLOCK_K */
static void
add_product (const EspProduct *p)
{
  gsize n = 0;
#if defined(__AVX512F__)
  n = add_vectors_64 (p, n);
#endif
#if defined(__AVX2__)
  n = add_vectors_32 (p, n);
#endif
  n = add_vectors_16 (p, n);
  if (n == p->N)
    return;
  if (p->column == 1)
    add_edge_dots (p, n);
  else
    add_edge_rows (p, n);
}

/* C += A B */
static void
matmul_nn (const EspReal *A, /* (M, K) */
           const EspReal *B, /* (K, N) */
           EspReal *C,
           gsize M,
           gsize N,
           gsize K)
{
  for (gsize k = 0; k < K; k += ESP_BLOCK_K)
    {
      EspProduct p = { A + k, K, 1, B + k * N, N, C, N, M, N, MIN (ESP_BLOCK_K, K - k) };
      add_product (&p);
    }
}

/* C += A^T B */
static void
matmul_tn (const EspReal *A, /* (K, M) */
           const EspReal *B, /* (K, N) */
           EspReal *C,
           gsize M,
           gsize N,
           gsize K)
{
  for (gsize k = 0; k < K; k += ESP_BLOCK_K)
    {
      EspProduct p = { A + k * M, 1, M, B + k * N, N, C, N, M, N, MIN (ESP_BLOCK_K, K - k) };
      add_product (&p);
    }
}

/* columns [n, N) of C by dot products of the rows of both */
static void
add_dots (const EspReal *A, const EspReal *B, EspReal *C, gsize M, gsize N, gsize K, gsize n)
{
  for (gsize m = 0; m < M; m++)
    for (gsize j = n; j < N; j++)
      {
        const EspReal *a = A + m * K, *b = B + j * K;
        EspReal sum = 0;
#pragma omp simd reduction(+ : sum)
        for (gsize k = 0; k < K; k++)
          sum += a[k] * b[k];
        C[m * N + j] += sum;
      }
}

/* rows of B, @columns of them (a multiple of 16 bytes), become columns; four streams are read at
 * once, so that what is written is dense */
static void
turn_block (const EspReal *B, gsize b_row, EspReal *turned, gsize columns, gsize inner)
{
  enum
  {
    STREAMS = 16 / sizeof (EspReal)
  };
  for (gsize j = 0; j < columns; j += STREAMS)
    for (gsize i = 0; i < inner; i++)
#pragma GCC unroll 4
      for (gsize s = 0; s < STREAMS; s++)
        turned[i * columns + j + s] = B[(j + s) * b_row + i];
}

/* C += A B^T; B is turned block by block, which is worth it from a few rows on */
static void
matmul_nt (const EspReal *A, /* (M, K) */
           const EspReal *B, /* (N, K) */
           EspReal *C,
           gsize M,
           gsize N,
           gsize K)
{
  EspReal turned[ESP_BLOCK_K * ESP_BLOCK_N];
  const gsize narrowest = 16 / sizeof (EspReal);
  gsize whole = M >= 2 ? N / narrowest * narrowest : 0;
  for (gsize n = 0; n < whole; n += ESP_BLOCK_N)
    {
      gsize columns = MIN (ESP_BLOCK_N, whole - n);
      for (gsize k = 0; k < K; k += ESP_BLOCK_K)
        {
          gsize inner = MIN (ESP_BLOCK_K, K - k);
          turn_block (B + n * K + k, K, turned, columns, inner);
          EspProduct p = { A + k, K, 1, turned, columns, C + n, N, M, columns, inner };
          add_product (&p);
        }
    }
  if (whole < N)
    add_dots (A, B, C, M, N, K, whole);
}
