/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All kernels for one instruction set: compiled several times with different options, each time
 * with ESP_KERNEL_SET naming the table and ESP_KERNEL_NAME what it is called. Nothing may be
 * included here that has functions which are not static: the linker could take this set's copy for
 * every processor. */

#include "esp-kernels.h"

#include "esp-kernel-activation.h"
#include "esp-kernel-linear.h"
#include "esp-kernel-loss.h"
#include "esp-kernel-matmul.h"
#include "esp-kernel-optimizer.h"

extern const EspKernels ESP_KERNEL_SET;

const EspKernels ESP_KERNEL_SET = {
  .name = ESP_KERNEL_NAME,
  .matmul_nn = matmul_nn,
  .matmul_nt = matmul_nt,
  .matmul_tn = matmul_tn,
  .linear_forward = linear_forward,
  .linear_backward = linear_backward,
  .add = add,
  .relu_forward = relu_forward,
  .relu_backward = relu_backward,
  .tanh_forward = tanh_forward,
  .tanh_backward = tanh_backward,
  .sigmoid_forward = sigmoid_forward,
  .sigmoid_backward = sigmoid_backward,
  .count_fired = count_fired,
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
