/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-real.h"

G_BEGIN_DECLS

typedef struct
{
  EspReal rate;
  EspReal momentum;
  EspReal keep; /* of the buffer: momentum, 0 at the first step */
  EspReal take; /* of the gradient: 1 - dampening, 1 at the first step */
  EspReal weight_decay;
  gboolean nesterov;
} EspMomentumFactors;

typedef struct
{
  EspReal step_size;       /* lr / (1 - beta1^t) */
  EspReal correction_sqrt; /* sqrt (1 - beta2^t) */
  EspReal one_minus_beta1; /* taken in double, then rounded */
  EspReal beta2;
  EspReal one_minus_beta2;
  EspReal eps;
  EspReal weight_decay;
} EspAdamFactors;

/**
 * EspKernels:
 *
 * The inner loops of training, compiled for one instruction set (esp-kernel-*.h). Shapes stand
 * beside the pointers; backward adds to what is there; nothing is allocated. All of it is plain C,
 * the sets differ in the compiler's options alone.
 *
 * A new kernel is a function in one of those headers, a member here and a line in
 * esp-kernels-set.c.
 */
typedef struct
{
  const char *name; /* "avx2" */

  /* C += A B, A B^T, A^T B; C (M, N), inner size K, row-major and dense */
  void (*matmul_nn) (const EspReal *A, const EspReal *B, EspReal *C, gsize M, gsize N, gsize K);
  void (*matmul_nt) (const EspReal *A, const EspReal *B, EspReal *C, gsize M, gsize N, gsize K);
  void (*matmul_tn) (const EspReal *A, const EspReal *B, EspReal *C, gsize M, gsize N, gsize K);

  /* y = x W^T + b */
  void (*linear_forward) (const EspReal *x,      /* (N, I) */
                          const EspReal *weight, /* (O, I) */
                          const EspReal *bias,   /* (O) or NULL */
                          EspReal *y,            /* (N, O) */
                          gsize N,
                          gsize I,
                          gsize O);
  /* each of dx, dweight and dbias may be NULL when nobody wants it */
  void (*linear_backward) (const EspReal *x,      /* (N, I) */
                           const EspReal *weight, /* (O, I) */
                           const EspReal *dy,     /* (N, O) */
                           EspReal *dx,           /* (N, I) */
                           EspReal *dweight,      /* (O, I) */
                           EspReal *dbias,        /* (O) */
                           gsize N,
                           gsize I,
                           gsize O);

  /* y += x */
  void (*add) (const EspReal *x, EspReal *y, gsize count);
  /* element by element; the derivatives need only the output */
  void (*relu_forward) (const EspReal *x, EspReal *y, gsize count);
  void (*relu_backward) (const EspReal *y, const EspReal *dy, EspReal *dx, gsize count);
  void (*tanh_forward) (const EspReal *x, EspReal *y, gsize count);
  void (*tanh_backward) (const EspReal *y, const EspReal *dy, EspReal *dx, gsize count);
  void (*sigmoid_forward) (const EspReal *x, EspReal *y, gsize count);
  void (*sigmoid_backward) (const EspReal *y, const EspReal *dy, EspReal *dx, gsize count);
  /* counts[u] += rows whose y[row, u] > 0; NaN counts, it is not silent. y (N, U) */
  void (*count_fired) (const EspReal *y, guint64 *counts, gsize N, gsize U);

  /* losses: the sum over what they are given times @scale (1 / count for the mean); their
   * derivative is added to dy unless that is NULL */
  double (*mse) (const EspReal *y, const EspReal *target, EspReal *dy, gsize count, EspReal scale);
  /* of the softmax of each row of y (N, K); labels lie in [0, K) */
  double (*cross_entropy) (const EspReal *y,
                           const gint32 *labels,
                           EspReal *dy,
                           gsize N,
                           gsize K,
                           EspReal scale);
  /* rows whose first largest number stands at the label */
  gsize (*count_correct) (const EspReal *y, const gint32 *labels, gsize N, gsize K);

  /* one update of @count numbers */
  void (*sgd) (EspReal *parameter,
               const EspReal *grad,
               gsize count,
               EspReal rate,
               EspReal weight_decay);
  void (*sgd_momentum) (EspReal *parameter,
                        const EspReal *grad,
                        EspReal *momentum_buffer,
                        gsize count,
                        const EspMomentumFactors *factors);
  void (*adam) (EspReal *parameter,
                const EspReal *grad,
                EspReal *exp_avg,
                EspReal *exp_avg_sq,
                gsize count,
                const EspAdamFactors *factors);
} EspKernels;

/* the best set that this processor can run. Any thread. */
const EspKernels *esp_kernels_get (void);
/* all that it can run, from the plainest to the best; NULL when @index is beyond. For tests. */
const EspKernels *esp_kernels_list (guint index);
/* what esp_kernels_get() gives from now on; NULL for the best again. For tests. */
void esp_kernels_use (const EspKernels *kernels);

G_END_DECLS
