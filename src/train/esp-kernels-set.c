/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All kernels for one instruction set: compiled several times with different options, each time
 * with ESP_KERNEL_SET naming the table and ESP_KERNEL_NAME what it is called. Nothing may be
 * included here that has functions which are not static: the linker could take this set's copy for
 * every processor. */

#include "esp-kernels.h"

#include "esp-kernel-activation.h"
#include "esp-kernel-conv.h"
#include "esp-kernel-linear.h"
#include "esp-kernel-loss.h"
#include "esp-kernel-matmul.h"
#include "esp-kernel-norm.h"
#include "esp-kernel-optimizer.h"
#include "esp-kernel-pool.h"
#include "esp-kernel-softmax.h"

extern const EspKernels ESP_KERNEL_SET;

const EspKernels ESP_KERNEL_SET = {
  .name = ESP_KERNEL_NAME,
  .matmul_nn = matmul_nn,
  .matmul_nt = matmul_nt,
  .matmul_tn = matmul_tn,
  .shifted_product = shifted_product,
  .gathered_product = gathered_product,
  .transpose = transpose,
  .copy_lines = copy_lines,
  .add_lines = add_lines,
  .sum = sum,
  .linear_forward = linear_forward,
  .linear_backward = linear_backward,
  .add = add,
  .activations = {
    [ESP_ACTIVATION_RELU] = { relu_forward, relu_backward },
    [ESP_ACTIVATION_LEAKY_RELU] = { leaky_relu_forward, leaky_relu_backward },
    [ESP_ACTIVATION_ELU] = { elu_forward, elu_backward },
    [ESP_ACTIVATION_GELU] = { gelu_forward, gelu_backward },
    [ESP_ACTIVATION_GELU_TANH] = { gelu_tanh_forward, gelu_tanh_backward },
    [ESP_ACTIVATION_SILU] = { silu_forward, silu_backward },
    [ESP_ACTIVATION_TANH] = { tanh_forward, tanh_backward },
    [ESP_ACTIVATION_SIGMOID] = { sigmoid_forward, sigmoid_backward },
    [ESP_ACTIVATION_SOFTPLUS] = { softplus_forward, softplus_backward },
  },
  .softmax_forward = softmax_forward,
  .softmax_backward = softmax_backward,
  .normalize_rows = normalize_rows,
  .normalize_rows_backward = normalize_rows_backward,
  .channel_moments = channel_moments,
  .channel_products = channel_products,
  .channel_normalize = channel_normalize,
  .channel_normalize_backward = channel_normalize_backward,
  .channel_affine = channel_affine,
  .max_pool_2x2 = max_pool_2x2,
  .dropout_mask = dropout_mask,
  .multiply = multiply,
  .multiply_add = multiply_add,
  .observe = observe,
  .mark_fired = mark_fired,
  .mse = mse,
  .l1 = l1,
  .huber = huber,
  .cross_entropy = cross_entropy,
  .nll = nll,
  .bce_with_logits = bce_with_logits,
  .count_correct = count_correct,
  .sgd = sgd,
  .sgd_momentum = sgd_momentum,
  .adam = adam,
  .amsgrad = amsgrad,
  .rmsprop = rmsprop,
  .adagrad = adagrad,
  .sum_squares = sum_squares,
  .scale = scale,
  .clamp = clamp,
};
