/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-real.h"

G_BEGIN_DECLS

/* numbers: rows that kernels take in whole vectors are multiples of this, whatever the set */
#define ESP_KERNEL_PITCH 16

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

typedef enum
{
  ESP_ACTIVATION_RELU,
  ESP_ACTIVATION_LEAKY_RELU, /* a: the slope below 0 */
  ESP_ACTIVATION_ELU,        /* a: alpha */
  ESP_ACTIVATION_GELU,       /* x Phi (x) */
  ESP_ACTIVATION_GELU_TANH,  /* Phi by tanh */
  ESP_ACTIVATION_SILU,
  ESP_ACTIVATION_TANH,
  ESP_ACTIVATION_SIGMOID,
  ESP_ACTIVATION_SOFTPLUS, /* a: beta, b: threshold */
  ESP_N_ACTIVATIONS,
} EspActivationKind;

/* element by element, a and b as the activation says; backward adds dy f'(x) to dx */
typedef struct
{
  void (*forward) (const EspReal *x, EspReal *y, gsize count, EspReal a, EspReal b);
  void (*backward) (const EspReal *x,
                    const EspReal *y,
                    const EspReal *dy,
                    EspReal *dx,
                    gsize count,
                    EspReal a,
                    EspReal b);
} EspActivationKernels;

/* what is counted of U units */
typedef struct
{
  EspReal low, high;  /* outputs at or beyond these are saturated */
  guint64 *fired;     /* outputs that aren't <= 0; NaN counts, it is not silent */
  guint64 *saturated; /* outputs beyond the bounds */
  double *magnitude;  /* sum of |y| */
} EspUnitSums;

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

  /* C (M, N) = bias + A (M, K) B, where row k of B begins at B + offsets[k]. N is a multiple of
   * %ESP_KERNEL_PITCH. @bias (M) or NULL */
  void (*shifted_product) (const EspReal *A,
                           const EspReal *bias,
                           const EspReal *B,
                           const gsize *offsets,
                           EspReal *C,
                           gsize M,
                           gsize N,
                           gsize K);
  /* C (M, N) += A B (K, N), where row m of A begins at A + offsets[m] */
  void (*gathered_product) (const EspReal *A,
                            const gsize *offsets,
                            const EspReal *B,
                            EspReal *C,
                            gsize M,
                            gsize N,
                            gsize K);
  /* B (N, M) = A (M, N)^T; rows of A and B are @a_row and @b_row numbers apart */
  void (*transpose) (const EspReal *A, gsize a_row, EspReal *B, gsize b_row, gsize M, gsize N);
  /* lines of a plane that lie closer or wider there; add: += */
  void (*copy_lines) (const EspReal *from,
                      gsize from_line,
                      EspReal *to,
                      gsize to_line,
                      gsize lines,
                      gsize width);
  void (*add_lines) (const EspReal *from,
                     gsize from_line,
                     EspReal *to,
                     gsize to_line,
                     gsize lines,
                     gsize width);
  double (*sum) (const EspReal *x, gsize count);

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
  EspActivationKernels activations[ESP_N_ACTIVATIONS];
  /* along the middle dimension; log: its logarithm */
  void (*softmax_forward) (const EspReal *x, /* (N, K, inner) */
                           EspReal *y,       /* the same */
                           gsize N,
                           gsize K,
                           gsize inner,
                           gboolean log);
  void (*softmax_backward) (const EspReal *y,
                            const EspReal *dy,
                            EspReal *dx,
                            gsize N,
                            gsize K,
                            gsize inner,
                            gboolean log);
  /* normal = (x - mean) scale of each row, where scale = 1 / sqrt (mean square + eps); without
   * @centered the mean is left where it is */
  void (*normalize_rows) (const EspReal *x, /* (R, L) */
                          EspReal *normal,  /* (R, L) */
                          EspReal *scales,  /* (R) */
                          gsize R,
                          gsize L,
                          double eps,
                          gboolean centered);
  void (*normalize_rows_backward) (const EspReal *normal,
                                   const EspReal *scales,
                                   const EspReal *dnormal,
                                   EspReal *dx,
                                   gsize R,
                                   gsize L,
                                   gboolean centered);
  /* channels of (N, C, inner): sums of x - shift and of its square; @shift (C) or NULL */
  void (*channel_moments) (const EspReal *x,
                           const EspReal *shift,
                           double *sums,    /* (C) */
                           double *squares, /* (C) */
                           gsize N,
                           gsize C,
                           gsize inner);
  /* sums of a and of a b */
  void (*channel_products) (const EspReal *a,
                            const EspReal *b,
                            double *sums,
                            double *products,
                            gsize N,
                            gsize C,
                            gsize inner);
  /* normal = (x - mean) scale */
  void (*channel_normalize) (const EspReal *x,
                             const EspReal *means,  /* (C) */
                             const EspReal *scales, /* (C) */
                             EspReal *normal,
                             gsize N,
                             gsize C,
                             gsize inner);
  /* dx += scale (dnormal - mean - normal along) */
  void (*channel_normalize_backward) (const EspReal *normal,
                                      const EspReal *dnormal,
                                      const EspReal *scales,
                                      const EspReal *means,
                                      const EspReal *alongs,
                                      EspReal *dx,
                                      gsize N,
                                      gsize C,
                                      gsize inner);
  /* y = x weight + bias; each (C) or NULL */
  void (*channel_affine) (const EspReal *x,
                          const EspReal *weight,
                          const EspReal *bias,
                          EspReal *y,
                          gsize N,
                          gsize C,
                          gsize inner);
  /* windows of 2 x 2, stride 2, what is left over at the edges is left out; where in its plane each
   * maximum stands */
  void (*max_pool_2x2) (const EspReal *x, /* (planes, height, width) */
                        EspReal *y,       /* (planes, height / 2, width / 2) */
                        gint32 *where,    /* the same */
                        gsize planes,
                        gsize height,
                        gsize width);
  /* mask = 0 with probability @drop / 2^24, else @scale; number i of the stream @key */
  void (*dropout_mask) (EspReal *mask, gsize count, guint64 key, guint32 drop, EspReal scale);
  /* y = a b; c += a b */
  void (*multiply) (const EspReal *a, const EspReal *b, EspReal *y, gsize count);
  void (*multiply_add) (const EspReal *a, const EspReal *b, EspReal *c, gsize count);
  /* adds what the units did, over y (N, U, P) */
  void (*observe) (const EspReal *y, gsize N, gsize U, gsize P, const EspUnitSums *sums);
  /* @step to each of @last (U) whose unit fired at all, the others stay; y (N, U, P). Looks no
   * further than it must. */
  void (*mark_fired) (const EspReal *y, gsize N, gsize U, gsize P, guint64 step, guint64 *last);

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
