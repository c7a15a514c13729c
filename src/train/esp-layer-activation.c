/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activations as layers: the kernels over all numbers of a batch. */

#include "config.h"
#include "esp-layer-activation.h"

static void
relu_forward (const EspLayerCall *call)
{
  call->kernels->relu_forward (call->x, call->y, call->N * call->out_count);
}

static void
relu_backward (const EspLayerCall *call)
{
  if (call->dx != NULL)
    call->kernels->relu_backward (call->y, call->dy, call->dx, call->N * call->out_count);
}

static void
sigmoid_forward (const EspLayerCall *call)
{
  call->kernels->sigmoid_forward (call->x, call->y, call->N * call->out_count);
}

static void
sigmoid_backward (const EspLayerCall *call)
{
  if (call->dx != NULL)
    call->kernels->sigmoid_backward (call->y, call->dy, call->dx, call->N * call->out_count);
}

static void
tanh_forward (const EspLayerCall *call)
{
  call->kernels->tanh_forward (call->x, call->y, call->N * call->out_count);
}

static void
tanh_backward (const EspLayerCall *call)
{
  if (call->dx != NULL)
    call->kernels->tanh_backward (call->y, call->dy, call->dx, call->N * call->out_count);
}

const EspLayerClass esp_layer_relu = {
  .name = "ReLU",
  .size = sizeof (EspLayer),
  .flags = ESP_LAYER_OBSERVED | ESP_LAYER_CAN_DIE,
  .forward = relu_forward,
  .backward = relu_backward,
};

const EspLayerClass esp_layer_sigmoid = {
  .name = "Sigmoid",
  .size = sizeof (EspLayer),
  .flags = ESP_LAYER_OBSERVED,
  .forward = sigmoid_forward,
  .backward = sigmoid_backward,
};

const EspLayerClass esp_layer_tanh = {
  .name = "Tanh",
  .size = sizeof (EspLayer),
  .flags = ESP_LAYER_OBSERVED,
  .forward = tanh_forward,
  .backward = tanh_backward,
};
