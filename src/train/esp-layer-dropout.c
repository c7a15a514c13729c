/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dropout: in training each number becomes 0 with probability p and grows by 1 / (1 - p) otherwise.
 * Which ones follows from seed, place and step (esp_random_key()), so a step can be repeated. */

#include "config.h"
#include "esp-layer-dropout.h"

#include <string.h>

typedef struct
{
  EspLayer base;
  double p;
} EspDropout;

static gboolean
dropout_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspDropout *self = (EspDropout *) layer;
  self->p = 0.5;
  return esp_spec_read_double (spec, "p", 0, 1, &self->p, error);
}

static void
dropout_measure (const EspLayer *layer,
                 const EspShape *in,
                 guint n_in,
                 const EspShape *out,
                 EspLayerNeeds *needs)
{
  needs->kept_per_example = esp_shape_get_count (out);
}

static void
dropout_forward (const EspLayerCall *call)
{
  const EspDropout *self = (const EspDropout *) call->layer;
  gsize count = call->N * call->out_count;
  if (!call->run->training || self->p <= 0)
    {
      memcpy (call->y, call->x, count * sizeof (EspReal));
      return;
    }
  esp_layer_fill_mask (call, self->p, 0, call->kept, count);
  call->kernels->multiply (call->x, call->kept, call->y, count);
}

static void
dropout_backward (const EspLayerCall *call)
{
  gsize count = call->N * call->out_count;
  if (call->dx == NULL)
    return;
  if (((const EspDropout *) call->layer)->p <= 0)
    call->kernels->add (call->dy, call->dx, count);
  else
    call->kernels->multiply_add (call->dy, call->kept, call->dx, count);
}

/* as in evaluation */
static void
dropout_bound (const EspLayerCall *call, const EspBounds *in, const EspBounds *out)
{
  memcpy (out->low, in->low, call->out_count * sizeof (double));
  memcpy (out->high, in->high, call->out_count * sizeof (double));
}

const EspLayerClass esp_layer_dropout = {
  .name = "Dropout",
  .size = sizeof (EspDropout),
  .flags = ESP_LAYER_UNITWISE,
  .read = dropout_read,
  .measure = dropout_measure,
  .forward = dropout_forward,
  .backward = dropout_backward,
  .bound = dropout_bound,
};
