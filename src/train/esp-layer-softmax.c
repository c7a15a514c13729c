/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Softmax and LogSoftmax along one dimension of an example. */

#include "config.h"
#include "esp-layer-softmax.h"

#include <glib/gi18n.h>

typedef struct
{
  EspLayer base;
  gint64 dim; /* counted with the batch, may be negative */
  gboolean log;
} EspSoftmax;

static gboolean
softmax_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspSoftmax *self = (EspSoftmax *) layer;
  self->dim = -1;
  self->log = layer->klass == &esp_layer_log_softmax;
  return esp_spec_read_int (spec, "dim", -ESP_SHAPE_MAX_DIMS, ESP_SHAPE_MAX_DIMS, &self->dim,
                            error);
}

static gboolean
softmax_infer (EspLayer *layer,
               const EspShape *in,
               guint n_in,
               EspShape *out,
               const char *path,
               GError **error)
{
  EspSoftmax *self = (EspSoftmax *) layer;
  *out = in[0];
  if (esp_shape_find_dim (in, self->dim) >= 0)
    return TRUE;
  g_autofree char *shape = esp_shape_to_string (in);
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
               /* Translators: dimension 0 is the batch; the last is the shape of one example */
               _ ("module %s (%s): there is no dimension %lld in a batch of examples of shape %s"),
               path, layer->klass->name, (long long) self->dim, shape);
  return FALSE;
}

/* (N, K, inner) */
static void
measure_dims (const EspLayerCall *call, gsize *N, gsize *K, gsize *inner)
{
  const EspSoftmax *self = (const EspSoftmax *) call->layer;
  guint dim = (guint) esp_shape_find_dim (call->in, self->dim);
  *K = (gsize) call->in->sizes[dim];
  *inner = 1;
  for (guint i = dim + 1; i < call->in->ndim; i++)
    *inner *= (gsize) call->in->sizes[i];
  *N = call->N * (call->in_count / (*K * *inner));
}

static void
softmax_layer_forward (const EspLayerCall *call)
{
  gsize N, K, inner;
  measure_dims (call, &N, &K, &inner);
  call->kernels->softmax_forward (call->x, call->y, N, K, inner,
                                  ((const EspSoftmax *) call->layer)->log);
}

static void
softmax_layer_backward (const EspLayerCall *call)
{
  gsize N, K, inner;
  measure_dims (call, &N, &K, &inner);
  if (call->dx != NULL)
    call->kernels->softmax_backward (call->y, call->dy, call->dx, N, K, inner,
                                     ((const EspSoftmax *) call->layer)->log);
}

const EspLayerClass esp_layer_log_softmax = {
  .name = "LogSoftmax",
  .size = sizeof (EspSoftmax),
  .read = softmax_read,
  .infer = softmax_infer,
  .forward = softmax_layer_forward,
  .backward = softmax_layer_backward,
};

const EspLayerClass esp_layer_softmax = {
  .name = "Softmax",
  .size = sizeof (EspSoftmax),
  .read = softmax_read,
  .infer = softmax_infer,
  .forward = softmax_layer_forward,
  .backward = softmax_layer_backward,
};
