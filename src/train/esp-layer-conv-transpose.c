/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The transpose of a convolution: (C, H, W) -> (O, OH, OW). What Conv2d does to come back from the
 * derivative of its output is forward here: the columns weight^T x are rolled up to planes. */

#include "config.h"
#include "esp-layer-conv-transpose.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-stencil.h"

typedef struct
{
  EspLayer base;
  EspStencil window;
  guint64 output_padding[2];
  guint64 in_channels; /* 0 until the first use when it was left out */
  guint64 out_channels;
  guint64 groups;
  gboolean bias;
} EspConvTranspose;

static gboolean
conv_transpose_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspConvTranspose *self = (EspConvTranspose *) layer;
  self->bias = TRUE;
  self->groups = 1;
  if (!esp_spec_require (spec, "out_channels", error))
    return FALSE;
  if (!esp_spec_read_size (spec, "in_channels", 1, ESP_SHAPE_MAX_COUNT, &self->in_channels,
                           error) ||
      !esp_spec_read_size (spec, "out_channels", 1, ESP_SHAPE_MAX_COUNT, &self->out_channels,
                           error) ||
      !esp_stencil_read (&self->window, spec, 2, ESP_STENCIL_DILATION, error) ||
      !esp_spec_read_sizes (spec, "output_padding", 0, ESP_STENCIL_MAX_PADDING,
                            self->output_padding, 2, error) ||
      !esp_spec_read_size (spec, "groups", 1, ESP_SHAPE_MAX_COUNT, &self->groups, error) ||
      !esp_spec_read_bool (spec, "bias", &self->bias, error))
    return FALSE;
  if (self->out_channels % self->groups != 0 || self->in_channels % self->groups != 0)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                          _ ("“groups” must divide the channels, but it is %llu"),
                          (unsigned long long) self->groups);
      return FALSE;
    }
  for (guint i = 0; i < 2; i++)
    if (self->output_padding[i] >= MAX (self->window.stride[i], self->window.dilation[i]))
      {
        esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                            _ ("“output_padding” must be smaller than “stride” or “dilation”"));
        return FALSE;
      }
  return TRUE;
}

/* numbers along an axis of the output; 0 when nothing is left */
static guint64
get_size (const EspConvTranspose *self, guint axis, guint64 size)
{
  const EspStencil *window = &self->window;
  guint64 reach = esp_layer_multiply (window->dilation[axis], window->kernel[axis] - 1);
  guint64 whole = esp_layer_add (esp_layer_multiply (size - 1, window->stride[axis]), reach);
  whole = esp_layer_add (whole, self->output_padding[axis] + 1);
  return whole > 2 * window->padding[axis] ? whole - 2 * window->padding[axis] : 0;
}

static gboolean
conv_transpose_infer (EspLayer *layer,
                      const EspShape *in,
                      guint n_in,
                      EspShape *out,
                      const char *path,
                      GError **error)
{
  EspConvTranspose *self = (EspConvTranspose *) layer;
  guint64 found = in->ndim == 3 ? (guint64) in->sizes[0] : 0;
  if (self->in_channels == 0 && found > 0 && found % self->groups == 0)
    {
      self->in_channels = found;
      json_object_set_int_member (layer->settings, "in_channels", (gint64) found);
    }
  guint64 height = found > 0 ? get_size (self, 0, (guint64) in->sizes[1]) : 0;
  guint64 width = found > 0 ? get_size (self, 1, (guint64) in->sizes[2]) : 0;
  if (found == 0 || found != self->in_channels || height == 0 || width == 0)
    {
      g_autofree char *wanted =
          self->in_channels > 0
              ? g_strdup_printf ("[%" G_GUINT64_FORMAT ", H, W]", self->in_channels)
              : g_strdup_printf ("[n × %" G_GUINT64_FORMAT ", H, W]", self->groups);
      esp_layer_set_shape_error (layer, path, wanted, in, error);
      return FALSE;
    }
  *out = (EspShape) { 3,
                      { (gint64) self->out_channels, (gint64) MIN (height, G_MAXINT64),
                        (gint64) MIN (width, G_MAXINT64) } };
  return TRUE;
}

static guint
conv_transpose_get_parameters (const EspLayer *layer, EspParameterInfo *infos)
{
  const EspConvTranspose *self = (const EspConvTranspose *) layer;
  const EspStencil *window = &self->window;
  guint64 cells = esp_layer_multiply (window->kernel[0], window->kernel[1]);
  guint64 channels = self->out_channels / self->groups;
  /* PyTorch takes the second dimension of a weight for what goes in */
  EspParameterInfo info = {
    .fan_in = esp_layer_multiply (channels, cells),
    .fan_out = esp_layer_multiply (self->in_channels, cells),
  };
  info.begin_value = 1 / sqrt ((double) info.fan_in);
  infos[0] = infos[1] = info;
  infos[0].name = "weight";
  infos[0].kind = ESP_PARAMETER_WEIGHT;
  infos[0].shape = (EspShape) { 4,
                                { (gint64) self->in_channels, (gint64) channels,
                                  (gint64) window->kernel[0], (gint64) window->kernel[1] } };
  infos[1].name = "bias";
  infos[1].kind = ESP_PARAMETER_BIAS;
  infos[1].shape = (EspShape) { 1, { (gint64) self->out_channels } };
  return self->bias ? 2 : 1;
}

static void
conv_transpose_measure (const EspLayer *layer,
                        const EspShape *in,
                        guint n_in,
                        const EspShape *out,
                        EspLayerNeeds *needs)
{
  const EspConvTranspose *self = (const EspConvTranspose *) layer;
  guint64 K = self->out_channels / self->groups * self->window.kernel[0] * self->window.kernel[1];
  guint64 places = (guint64) in->sizes[1] * (guint64) in->sizes[2];
  needs->scratch = esp_layer_multiply (K, places);
  needs->work = esp_layer_multiply (K, esp_shape_get_count (in));
}

/* the convolution that this is the transpose of: from our output to our input */
static EspStencilGeometry
get_geometry (const EspLayerCall *call)
{
  const EspConvTranspose *self = (const EspConvTranspose *) call->layer;
  EspStencilGeometry g = {
    .channels = self->out_channels,
    .height = (gsize) call->out->sizes[1],
    .width = (gsize) call->out->sizes[2],
    .out_height = (gsize) call->in->sizes[1],
    .out_width = (gsize) call->in->sizes[2],
  };
  for (guint i = 0; i < 2; i++)
    {
      g.kernel[i] = self->window.kernel[i];
      g.stride[i] = self->window.stride[i];
      g.dilation[i] = self->window.dilation[i];
      g.before[i] = self->window.padding[i];
    }
  return g;
}

static void
conv_transpose_forward (const EspLayerCall *call)
{
  const EspConvTranspose *self = (const EspConvTranspose *) call->layer;
  EspStencilGeometry g = get_geometry (call);
  gsize C = self->in_channels / self->groups, O = self->out_channels / self->groups;
  gsize K = O * g.kernel[0] * g.kernel[1], places = g.out_height * g.out_width;
  gsize plane = g.height * g.width;
  for (gsize i = 0; i < call->N * self->groups; i++)
    {
      gsize group = i % self->groups;
      EspReal *y = call->y + i * O * plane;
      for (gsize j = 0; j < O * plane; j++)
        y[j] = self->bias ? call->parameters[1][group * O + j / plane] : 0;
      memset (call->scratch, 0, K * places * sizeof (EspReal));
      call->kernels->matmul_tn (call->parameters[0] + group * C * K, call->x + i * C * places,
                                call->scratch, K, places, C);
      esp_stencil_roll (&g, call->scratch, y, O, places);
    }
}

static void
conv_transpose_backward (const EspLayerCall *call)
{
  const EspConvTranspose *self = (const EspConvTranspose *) call->layer;
  EspStencilGeometry g = get_geometry (call);
  gsize C = self->in_channels / self->groups, O = self->out_channels / self->groups;
  gsize K = O * g.kernel[0] * g.kernel[1], places = g.out_height * g.out_width;
  gsize plane = g.height * g.width;
  for (gsize i = 0; i < call->N * self->groups; i++)
    {
      gsize group = i % self->groups;
      const EspReal *dy = call->dy + i * O * plane;
      esp_stencil_unroll (&g, dy, call->scratch, O, places);
      if (call->dx != NULL)
        call->kernels->matmul_nn (call->parameters[0] + group * C * K, call->scratch,
                                  call->dx + i * C * places, C, places, K);
      if (call->grads[0] != NULL)
        call->kernels->matmul_nt (call->x + i * C * places, call->scratch,
                                  call->grads[0] + group * C * K, C, K, places);
      for (gsize o = 0; self->bias && call->grads[1] != NULL && o < O; o++)
        call->grads[1][group * O + o] += (EspReal) call->kernels->sum (dy + o * plane, plane);
    }
}

const EspLayerClass esp_layer_conv_transpose2d = {
  .name = "ConvTranspose2d",
  .size = sizeof (EspConvTranspose),
  .read = conv_transpose_read,
  .infer = conv_transpose_infer,
  .get_parameters = conv_transpose_get_parameters,
  .measure = conv_transpose_measure,
  .forward = conv_transpose_forward,
  .backward = conv_transpose_backward,
};
