/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The register tile of esp-kernel-matmul.h for vectors of TILE_BYTES: included once for each width
 * that the instruction set has. No guard: it is a template. */

#define TILE_JOIN_(name, bytes) name##_##bytes
#define TILE_JOIN(name, bytes) TILE_JOIN_ (name, bytes)
#define TILE_NAME(name) TILE_JOIN (name, TILE_BYTES)
#define TILE_LANES (TILE_BYTES / sizeof (EspReal))
#define Vector TILE_NAME (EspVector)

/* anywhere in memory */
typedef EspReal Vector __attribute__ ((vector_size (TILE_BYTES), aligned (sizeof (EspReal))));

/* @rows rows of @vectors vectors; both constant where it is called, so that all loops unroll and
 * the sums stay in registers */
static inline __attribute__ ((always_inline)) void
TILE_NAME (add_tile) (const EspProduct *p, gsize m, gsize n, gsize rows, gsize vectors)
{
  Vector sum[ESP_TILE_ROWS][2];
  EspReal *C = p->C + m * p->c_row + n;
  const EspReal *A = p->A + m * p->row, *B = p->B + n;
#pragma GCC unroll 8
  for (gsize r = 0; r < rows; r++)
#pragma GCC unroll 2
    for (gsize v = 0; v < vectors; v++)
      sum[r][v] = *(const Vector *) (C + r * p->c_row + v * TILE_LANES);
  for (gsize k = 0; k < p->K; k++)
    {
      Vector b[2];
#pragma GCC unroll 2
      for (gsize v = 0; v < vectors; v++)
        b[v] = *(const Vector *) (B + k * p->b_row + v * TILE_LANES);
#pragma GCC unroll 8
      for (gsize r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (gsize v = 0; v < vectors; v++)
          sum[r][v] += A[r * p->row + k * p->column] * b[v];
    }
#pragma GCC unroll 8
  for (gsize r = 0; r < rows; r++)
#pragma GCC unroll 2
    for (gsize v = 0; v < vectors; v++)
      *(Vector *) (C + r * p->c_row + v * TILE_LANES) = sum[r][v];
}

static inline __attribute__ ((always_inline)) void
TILE_NAME (add_columns) (const EspProduct *p, gsize n, gsize vectors)
{
  gsize m = 0;
  for (; m + ESP_TILE_ROWS <= p->M; m += ESP_TILE_ROWS)
    TILE_NAME (add_tile) (p, m, n, ESP_TILE_ROWS, vectors);
  for (; m + 2 <= p->M; m += 2)
    TILE_NAME (add_tile) (p, m, n, 2, vectors);
  if (m < p->M)
    TILE_NAME (add_tile) (p, m, n, 1, vectors);
}

/* as many columns from @n on as fill vectors; returns the first that is left */
static gsize
TILE_NAME (add_vectors) (const EspProduct *p, gsize n)
{
  for (; n + 2 * TILE_LANES <= p->N; n += 2 * TILE_LANES)
    TILE_NAME (add_columns) (p, n, 2);
  for (; n + TILE_LANES <= p->N; n += TILE_LANES)
    TILE_NAME (add_columns) (p, n, 1);
  return n;
}

#undef Vector
#undef TILE_LANES
#undef TILE_NAME
#undef TILE_JOIN
#undef TILE_JOIN_
#undef TILE_BYTES
