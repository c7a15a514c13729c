/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrix products for the kernels. Below ESP_BLAS_WORK multiplications own loops are faster than a
 * call into OpenBLAS, which packs its operands first; networks that people watch stay there. The
 * loops run along rows in memory so that compilers make vectors of them.
 *
 * The order of additions depends on the sizes alone, never on the moment: the same network gives
 * the same bytes on the same kind of processor. */

#include "esp-matmul.h"

#include "esp-blas.h"

/* measured on an AVX-512 machine: equal at about 16 x 64 x 64 */
#define ESP_BLAS_WORK (64 * 1024)

#ifndef ESP_REAL_DOUBLE
static gboolean
use_blas (gsize M, gsize N, gsize K)
{
  return M * N * K >= ESP_BLAS_WORK && esp_blas_get_sgemm () != NULL;
}

static void
blas (gboolean trans_a,
      gboolean trans_b,
      const float *A,
      const float *B,
      float *C,
      gsize M,
      gsize N,
      gsize K)
{
  esp_blas_get_sgemm () (ESP_BLAS_ROW_MAJOR, trans_a ? ESP_BLAS_TRANS : ESP_BLAS_NO_TRANS,
                         trans_b ? ESP_BLAS_TRANS : ESP_BLAS_NO_TRANS, (int) M, (int) N, (int) K, 1,
                         A, (int) (trans_a ? M : K), B, (int) (trans_b ? K : N), 1, C, (int) N);
}
#endif

void
esp_matmul_nn (const EspReal *A, const EspReal *B, EspReal *C, gsize M, gsize N, gsize K)
{
#ifndef ESP_REAL_DOUBLE
  if (use_blas (M, N, K))
    {
      blas (FALSE, FALSE, A, B, C, M, N, K);
      return;
    }
#endif
  for (gsize m = 0; m < M; m++)
    for (gsize k = 0; k < K; k++)
      {
        EspReal a = A[m * K + k];
        const EspReal *b = B + k * N;
        EspReal *c = C + m * N;
        for (gsize n = 0; n < N; n++)
          c[n] += a * b[n];
      }
}

void
esp_matmul_nt (const EspReal *A, const EspReal *B, EspReal *C, gsize M, gsize N, gsize K)
{
#ifndef ESP_REAL_DOUBLE
  if (use_blas (M, N, K))
    {
      blas (FALSE, TRUE, A, B, C, M, N, K);
      return;
    }
#endif
  for (gsize m = 0; m < M; m++)
    for (gsize n = 0; n < N; n++)
      {
        const EspReal *a = A + m * K;
        const EspReal *b = B + n * K;
        EspReal sum = 0;
#pragma omp simd reduction(+ : sum)
        for (gsize k = 0; k < K; k++)
          sum += a[k] * b[k];
        C[m * N + n] += sum;
      }
}

void
esp_matmul_tn (const EspReal *A, const EspReal *B, EspReal *C, gsize M, gsize N, gsize K)
{
#ifndef ESP_REAL_DOUBLE
  if (use_blas (M, N, K))
    {
      blas (TRUE, FALSE, A, B, C, M, N, K);
      return;
    }
#endif
  for (gsize k = 0; k < K; k++)
    for (gsize m = 0; m < M; m++)
      {
        EspReal a = A[k * M + m];
        const EspReal *b = B + k * N;
        EspReal *c = C + m * N;
        for (gsize n = 0; n < N; n++)
          c[n] += a * b[n];
      }
}
