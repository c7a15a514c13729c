/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The affine layer, on the last dimension as PyTorch has it: (..., in) -> (..., out). */

#include "config.h"
#include "esp-layer-linear.h"

#include <glib/gi18n.h>

#include "esp-bound-sum.h"

typedef struct
{
  EspLayer base;
  guint64 in_features; /* 0 until the first use when it was left out */
  guint64 out_features;
  gboolean bias;
} EspLinear;

static gboolean
linear_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspLinear *self = (EspLinear *) layer;
  self->bias = TRUE;
  return esp_spec_require (spec, "out_features", error) &&
         esp_spec_read_size (spec, "in_features", 1, ESP_SHAPE_MAX_COUNT, &self->in_features,
                             error) &&
         esp_spec_read_size (spec, "out_features", 1, ESP_SHAPE_MAX_COUNT, &self->out_features,
                             error) &&
         esp_spec_read_bool (spec, "bias", &self->bias, error);
}

static gboolean
linear_infer (EspLayer *layer,
              const EspShape *in,
              guint n_in,
              EspShape *out,
              const char *path,
              GError **error)
{
  EspLinear *self = (EspLinear *) layer;
  guint64 last = in->ndim > 0 ? (guint64) in->sizes[in->ndim - 1] : 0;
  if (self->in_features == 0 && last > 0)
    {
      self->in_features = last;
      json_object_set_int_member (layer->settings, "in_features", (gint64) last);
    }
  if (last == 0 || last != self->in_features)
    {
      g_autofree char *wanted = self->in_features > 0
                                    ? g_strdup_printf ("[..., %" G_GUINT64_FORMAT "]",
                                                       self->in_features)
                                    : g_strdup ("[..., in_features]");
      esp_layer_set_shape_error (layer, path, wanted, in, error);
      return FALSE;
    }
  *out = *in;
  out->sizes[out->ndim - 1] = (gint64) self->out_features;
  return TRUE;
}

static guint
linear_get_parameters (const EspLayer *layer, EspParameterInfo *infos)
{
  const EspLinear *self = (const EspLinear *) layer;
  double bound = 1 / sqrt ((double) self->in_features);
  infos[0] = (EspParameterInfo) {
    .name = "weight",
    .shape = { 2, { (gint64) self->out_features, (gint64) self->in_features } },
    .kind = ESP_PARAMETER_WEIGHT,
    .begin_value = bound,
    .fan_in = self->in_features,
    .fan_out = self->out_features,
  };
  infos[1] = (EspParameterInfo) {
    .name = "bias",
    .shape = { 1, { (gint64) self->out_features } },
    .kind = ESP_PARAMETER_BIAS,
    .begin_value = bound,
    .fan_in = self->in_features,
    .fan_out = self->out_features,
  };
  return self->bias ? 2 : 1;
}

static void
linear_forward (const EspLayerCall *call)
{
  const EspLinear *self = (const EspLinear *) call->layer;
  gsize rows = call->N * (call->in_count / self->in_features);
  call->kernels->linear_forward (call->x, call->parameters[0],
                                 self->bias ? call->parameters[1] : NULL, call->y, rows,
                                 self->in_features, self->out_features);
}

static void
linear_backward (const EspLayerCall *call)
{
  const EspLinear *self = (const EspLinear *) call->layer;
  gsize rows = call->N * (call->in_count / self->in_features);
  call->kernels->linear_backward (call->x, call->parameters[0], call->dy, call->dx, call->grads[0],
                                  self->bias ? call->grads[1] : NULL, rows, self->in_features,
                                  self->out_features);
}

static void
linear_bound (const EspLayerCall *call, const EspBounds *in, const EspBounds *out)
{
  const EspLinear *self = (const EspLinear *) call->layer;
  gsize n_in = self->in_features, n_out = self->out_features;
  for (gsize i = 0; i < call->out_count; i++)
    {
      const EspReal *weight = call->parameters[0] + i % n_out * n_in;
      gsize first = i / n_out * n_in;
      EspBoundSum sum = { 0 };
      for (gsize j = 0; j < n_in; j++)
        esp_bound_sum_add (&sum, (double) weight[j], in->low[first + j], in->high[first + j]);
      if (self->bias)
        esp_bound_sum_add (&sum, (double) call->parameters[1][i % n_out], 1, 1);
      esp_bound_sum_get (&sum, &out->low[i], &out->high[i]);
    }
}

const EspLayerClass esp_layer_linear = {
  .name = "Linear",
  .size = sizeof (EspLinear),
  .flags = ESP_LAYER_ROWS_LAST,
  .read = linear_read,
  .infer = linear_infer,
  .get_parameters = linear_get_parameters,
  .forward = linear_forward,
  .backward = linear_backward,
  .bound = linear_bound,
};
