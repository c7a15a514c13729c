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
  EspReal weight_decay; /* added to the gradient: Adam */
  EspReal keep;         /* of the parameter, 1 - lr weight_decay: AdamW; 1 else */
} EspAdamFactors;

typedef struct
{
  EspReal rate;
  EspReal alpha;
  EspReal one_minus_alpha;
  EspReal eps;
  EspReal weight_decay;
  EspReal momentum;
} EspRmspropFactors;

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
  double (*l1) (const EspReal *y, const EspReal *target, EspReal *dy, gsize count, EspReal scale);
  /* d^2 / 2 up to |d| = delta > 0, a line of slope delta beyond it */
  double (*huber) (const EspReal *y,
                   const EspReal *target,
                   EspReal *dy,
                   gsize count,
                   EspReal scale,
                   EspReal delta);
  /* of the softmax of each row of y (N, K); labels lie in [0, K). The wanted distribution is 1 at
   * the label, with a share @smoothing of it spread over all K evenly. */
  double (*cross_entropy) (const EspReal *y,
                           const gint32 *labels,
                           EspReal *dy,
                           gsize N,
                           gsize K,
                           EspReal scale,
                           EspReal smoothing);
  /* minus the number at the label of each row of y (N, K) */
  double (
      *nll) (const EspReal *y, const gint32 *labels, EspReal *dy, gsize N, gsize K, EspReal scale);
  /* of the sigmoid of each number; what is wanted stands in @target, or in @labels when that is
   * NULL */
  double (*bce_with_logits) (const EspReal *y,
                             const EspReal *target,
                             const gint32 *labels,
                             EspReal *dy,
                             gsize count,
                             EspReal scale);
  /* rows whose first largest number stands at the label; with K = 1 the label is whether the
   * number is above 0 */
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
  /* the same, divided by the largest second moment so far */
  void (*amsgrad) (EspReal *parameter,
                   const EspReal *grad,
                   EspReal *exp_avg,
                   EspReal *exp_avg_sq,
                   EspReal *max_exp_avg_sq,
                   gsize count,
                   const EspAdamFactors *factors);
  /* grad_avg: NULL unless centred; momentum_buffer: NULL without momentum */
  void (*rmsprop) (EspReal *parameter,
                   const EspReal *grad,
                   EspReal *square_avg,
                   EspReal *grad_avg,
                   EspReal *momentum_buffer,
                   gsize count,
                   const EspRmspropFactors *factors);
  void (*adagrad) (EspReal *parameter,
                   const EspReal *grad,
                   EspReal *sum,
                   gsize count,
                   EspReal rate,
                   EspReal eps,
                   EspReal weight_decay);
  double (*sum_squares) (const EspReal *x, gsize count); /* in double */
  void (*scale) (EspReal *x, gsize count, EspReal factor);
  void (*clamp) (EspReal *x, gsize count, EspReal limit); /* to [-limit, limit]; NaN stays */
} EspKernels;

/* the best set that this processor can run. Any thread. */
const EspKernels *esp_kernels_get (void);
/* all that it can run, from the plainest to the best; NULL when @index is beyond. For tests. */
const EspKernels *esp_kernels_list (guint index);
/* what esp_kernels_get() gives from now on; NULL for the best again. For tests. */
void esp_kernels_use (const EspKernels *kernels);

G_END_DECLS
