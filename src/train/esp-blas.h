/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* values of CBLAS's enums */
#define ESP_BLAS_ROW_MAJOR 101
#define ESP_BLAS_NO_TRANS 111
#define ESP_BLAS_TRANS 112

typedef void (*EspBlasSgemm) (int order,
                              int trans_a,
                              int trans_b,
                              int M,
                              int N,
                              int K,
                              float alpha,
                              const float *A,
                              int lda,
                              const float *B,
                              int ldb,
                              float beta,
                              float *C,
                              int ldc);

/* OpenBLAS's cblas_sgemm on one thread, loaded at the first call; NULL where it isn't installed.
 * Any thread. */
EspBlasSgemm esp_blas_get_sgemm (void);

G_END_DECLS
