/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-real.h"

/* Matrix products that add to C (M, N), row-major and dense. K is the inner size. */
void esp_matmul_nn (const EspReal *A, /* (M, K) */
                    const EspReal *B, /* (K, N) */
                    EspReal *C,
                    gsize M,
                    gsize N,
                    gsize K);
void esp_matmul_nt (const EspReal *A, /* (M, K) */
                    const EspReal *B, /* (N, K) */
                    EspReal *C,
                    gsize M,
                    gsize N,
                    gsize K);
void esp_matmul_tn (const EspReal *A, /* (K, M) */
                    const EspReal *B, /* (K, N) */
                    EspReal *C,
                    gsize M,
                    gsize N,
                    gsize K);
