/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activations as layers: the kernels over all numbers of a batch. */

#include "config.h"
#include "esp-layer-activation.h"

#include <string.h>
#include <glib/gi18n.h>

typedef struct
{
  EspLayer base;
  EspActivationKind kind;
  EspReal a, b; /* as the kernel takes them */
} EspActivationLayer;

static void
activation_forward (const EspLayerCall *call)
{
  const EspActivationLayer *self = (const EspActivationLayer *) call->layer;
  call->kernels->activations[self->kind].forward (call->x, call->y, call->N * call->out_count,
                                                  self->a, self->b);
}

static void
activation_backward (const EspLayerCall *call)
{
  const EspActivationLayer *self = (const EspActivationLayer *) call->layer;
  if (call->dx != NULL)
    call->kernels->activations[self->kind].backward (call->x, call->y, call->dy, call->dx,
                                                     call->N * call->out_count, self->a, self->b);
}

/* All of them go up with x but GELU and SiLU left of their least value, which is above -0.3. A
 * vectorised function's error is some units of the last place. */
static void
activation_bound (const EspLayerCall *call, const EspBounds *in, const EspBounds *out)
{
  const EspActivationLayer *self = (const EspActivationLayer *) call->layer;
  gboolean dips = self->kind == ESP_ACTIVATION_GELU || self->kind == ESP_ACTIVATION_GELU_TANH ||
                  self->kind == ESP_ACTIVATION_SILU;
  for (gsize i = 0; i < call->out_count; i++)
    {
      EspReal x[2] = { (EspReal) in->low[i], (EspReal) in->high[i] }, y[2];
      call->kernels->activations[self->kind].forward (x, y, 2, self->a, self->b);
      double low = fmin ((double) y[0], (double) y[1]), high = fmax ((double) y[0], (double) y[1]);
      gboolean known = !isnan (low) && !isnan (high);
      low = dips ? fmin (low, -0.3) : low;
      out->low[i] = known ? low - 1e-6 * fabs (low) : -INFINITY;
      out->high[i] = known ? high + 1e-6 * fabs (high) : INFINITY;
      if (dips && x[1] < 0) /* what is negative stays so */
        out->high[i] = 0;
    }
}

/* a setting of the kernel */
static gboolean
read_number (EspSpec *spec,
             const char *key,
             double min,
             double max,
             double value,
             EspReal *setting,
             GError **error)
{
  if (!esp_spec_read_double (spec, key, min, max, &value, error))
    return FALSE;
  *setting = (EspReal) value;
  return TRUE;
}

static gboolean
relu_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  ((EspActivationLayer *) layer)->kind = ESP_ACTIVATION_RELU;
  return TRUE;
}

static gboolean
sigmoid_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  ((EspActivationLayer *) layer)->kind = ESP_ACTIVATION_SIGMOID;
  return TRUE;
}

static gboolean
silu_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  ((EspActivationLayer *) layer)->kind = ESP_ACTIVATION_SILU;
  return TRUE;
}

static gboolean
tanh_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  ((EspActivationLayer *) layer)->kind = ESP_ACTIVATION_TANH;
  return TRUE;
}

static gboolean
leaky_relu_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspActivationLayer *self = (EspActivationLayer *) layer;
  self->kind = ESP_ACTIVATION_LEAKY_RELU;
  return read_number (spec, "negative_slope", -1e6, 1e6, 0.01, &self->a, error);
}

static gboolean
elu_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspActivationLayer *self = (EspActivationLayer *) layer;
  self->kind = ESP_ACTIVATION_ELU;
  return read_number (spec, "alpha", 0, 1e6, 1, &self->a, error);
}

static gboolean
softplus_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspActivationLayer *self = (EspActivationLayer *) layer;
  self->kind = ESP_ACTIVATION_SOFTPLUS;
  return read_number (spec, "beta", 1e-6, 1e6, 1, &self->a, error) &&
         read_number (spec, "threshold", 0, 80, 20, &self->b, error);
}

static gboolean
gelu_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspActivationLayer *self = (EspActivationLayer *) layer;
  static const char *const words[] = { "none", "tanh", NULL };
  guint word = 0;
  if (!esp_spec_read_word (spec, "approximate", words, &word, error))
    return FALSE;
  self->kind = word == 0 ? ESP_ACTIVATION_GELU : ESP_ACTIVATION_GELU_TANH;
  return TRUE;
}

const EspLayerClass esp_layer_elu = {
  .name = "ELU",
  .size = sizeof (EspActivationLayer),
  .flags = ESP_LAYER_UNITWISE | ESP_LAYER_OBSERVED,
  .read = elu_read,
  .forward = activation_forward,
  .backward = activation_backward,
  .bound = activation_bound,
};

const EspLayerClass esp_layer_gelu = {
  .name = "GELU",
  .size = sizeof (EspActivationLayer),
  .flags = ESP_LAYER_UNITWISE | ESP_LAYER_OBSERVED,
  .read = gelu_read,
  .forward = activation_forward,
  .backward = activation_backward,
  .bound = activation_bound,
};

const EspLayerClass esp_layer_leaky_relu = {
  .name = "LeakyReLU",
  .size = sizeof (EspActivationLayer),
  .flags = ESP_LAYER_UNITWISE | ESP_LAYER_OBSERVED,
  .read = leaky_relu_read,
  .forward = activation_forward,
  .backward = activation_backward,
  .bound = activation_bound,
};

const EspLayerClass esp_layer_relu = {
  .name = "ReLU",
  .size = sizeof (EspActivationLayer),
  .flags = ESP_LAYER_UNITWISE | ESP_LAYER_OBSERVED | ESP_LAYER_CAN_DIE,
  .read = relu_read,
  .forward = activation_forward,
  .backward = activation_backward,
  .bound = activation_bound,
};

/* |x| > 5 */
const EspLayerClass esp_layer_sigmoid = {
  .name = "Sigmoid",
  .saturation = { 0.0066928509, 0.9933071491 },
  .size = sizeof (EspActivationLayer),
  .flags = ESP_LAYER_UNITWISE | ESP_LAYER_OBSERVED,
  .read = sigmoid_read,
  .forward = activation_forward,
  .backward = activation_backward,
  .bound = activation_bound,
};

const EspLayerClass esp_layer_silu = {
  .name = "SiLU",
  .size = sizeof (EspActivationLayer),
  .flags = ESP_LAYER_UNITWISE | ESP_LAYER_OBSERVED,
  .read = silu_read,
  .forward = activation_forward,
  .backward = activation_backward,
  .bound = activation_bound,
};

const EspLayerClass esp_layer_softplus = {
  .name = "Softplus",
  .size = sizeof (EspActivationLayer),
  .flags = ESP_LAYER_UNITWISE,
  .read = softplus_read,
  .forward = activation_forward,
  .backward = activation_backward,
  .bound = activation_bound,
};

const EspLayerClass esp_layer_tanh = {
  .name = "Tanh",
  .saturation = { -0.97, 0.97 },
  .size = sizeof (EspActivationLayer),
  .flags = ESP_LAYER_UNITWISE | ESP_LAYER_OBSERVED,
  .read = tanh_read,
  .forward = activation_forward,
  .backward = activation_backward,
  .bound = activation_bound,
};
