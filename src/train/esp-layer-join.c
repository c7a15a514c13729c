/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where several paths of a network meet: Add, the sum of inputs of one shape, as a residual block
 * ends; and Concat, torch.cat, inputs one behind the other along a dimension. The derivative of
 * either is a copy, so there is nothing to compute. */

#include "config.h"
#include "esp-layer-join.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-bound-sum.h"

typedef struct
{
  EspLayer base;
  gint64 dim; /* counted with the batch, may be negative */
} EspConcat;

static gboolean
add_infer (EspLayer *layer,
           const EspShape *in,
           guint n_in,
           EspShape *out,
           const char *path,
           GError **error)
{
  for (guint i = 1; i < n_in; i++)
    if (!esp_shape_equal (&in[i], &in[0]))
      {
        g_autofree char *wanted = esp_shape_to_string (&in[0]);
        esp_layer_set_shape_error (layer, path, wanted, &in[i], error);
        return FALSE;
      }
  *out = in[0];
  return TRUE;
}

static void
add_forward (const EspLayerCall *call)
{
  memcpy (call->y, call->x, call->N * call->out_count * sizeof (EspReal));
  for (guint i = 1; i < call->n_in; i++)
    call->kernels->add (call->xs[i], call->y, call->N * call->out_count);
}

static void
add_backward (const EspLayerCall *call)
{
  for (guint i = 0; i < call->n_in; i++)
    if (call->dxs[i] != NULL)
      call->kernels->add (call->dy, call->dxs[i], call->N * call->out_count);
}

static void
add_bound (const EspLayerCall *call, const EspBounds *in, const EspBounds *out)
{
  for (gsize j = 0; j < call->out_count; j++)
    {
      EspBoundSum sum = { 0 };
      for (guint i = 0; i < call->n_in; i++)
        esp_bound_sum_add (&sum, 1, in[i].low[j], in[i].high[j]);
      esp_bound_sum_get (&sum, &out->low[j], &out->high[j]);
    }
}

static gboolean
concat_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspConcat *self = (EspConcat *) layer;
  self->dim = 1;
  return esp_spec_read_int (spec, "dim", -ESP_SHAPE_MAX_DIMS, ESP_SHAPE_MAX_DIMS, &self->dim,
                            error);
}

static gboolean
concat_infer (EspLayer *layer,
              const EspShape *in,
              guint n_in,
              EspShape *out,
              const char *path,
              GError **error)
{
  int dim = esp_shape_find_dim (in, ((EspConcat *) layer)->dim);
  if (dim < 0)
    {
      g_autofree char *shape = esp_shape_to_string (&in[0]);
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
                   /* Translators: dimension 0 is the batch; the last is the shape of one example */
                   _ ("module %s (Concat): there is no dimension %lld to join along in a batch of "
                      "examples of shape %s"),
                   path, (long long) ((EspConcat *) layer)->dim, shape);
      return FALSE;
    }
  *out = in[0];
  for (guint i = 1; i < n_in; i++)
    {
      EspShape same = in[i];
      if (same.ndim == out->ndim)
        same.sizes[dim] = in[0].sizes[dim];
      if (!esp_shape_equal (&same, &in[0]))
        {
          g_autofree char *wanted = esp_shape_to_string (&in[0]);
          esp_layer_set_shape_error (layer, path, wanted, &in[i], error);
          return FALSE;
        }
      out->sizes[dim] += in[i].sizes[dim];
    }
  return TRUE;
}

/* numbers of one input that lie together, and how many such runs there are */
static gsize
get_run (const EspShape *shape, guint dim)
{
  gsize run = 1;
  for (guint i = dim; i < shape->ndim; i++)
    run *= (gsize) shape->sizes[i];
  return run;
}

static void
concat_forward (const EspLayerCall *call)
{
  guint dim = (guint) esp_shape_find_dim (call->out, ((const EspConcat *) call->layer)->dim);
  gsize whole = get_run (call->out, dim), offset = 0;
  for (guint i = 0; i < call->n_in; i++)
    {
      gsize run = get_run (&call->in[i], dim), rows = call->N * call->out_count / whole;
      for (gsize r = 0; r < rows; r++)
        memcpy (call->y + r * whole + offset, call->xs[i] + r * run, run * sizeof (EspReal));
      offset += run;
    }
}

static void
concat_bound (const EspLayerCall *call, const EspBounds *in, const EspBounds *out)
{
  guint dim = (guint) esp_shape_find_dim (call->out, ((const EspConcat *) call->layer)->dim);
  gsize whole = get_run (call->out, dim), offset = 0;
  for (guint i = 0; i < call->n_in; i++)
    {
      gsize run = get_run (&call->in[i], dim), rows = call->out_count / whole;
      for (gsize r = 0; r < rows; r++)
        {
          memcpy (out->low + r * whole + offset, in[i].low + r * run, run * sizeof (double));
          memcpy (out->high + r * whole + offset, in[i].high + r * run, run * sizeof (double));
        }
      offset += run;
    }
}

static void
concat_backward (const EspLayerCall *call)
{
  guint dim = (guint) esp_shape_find_dim (call->out, ((const EspConcat *) call->layer)->dim);
  gsize whole = get_run (call->out, dim), offset = 0;
  for (guint i = 0; i < call->n_in; i++)
    {
      gsize run = get_run (&call->in[i], dim), rows = call->N * call->out_count / whole;
      for (gsize r = 0; call->dxs[i] != NULL && r < rows; r++)
        call->kernels->add (call->dy + r * whole + offset, call->dxs[i] + r * run, run);
      offset += run;
    }
}

const EspLayerClass esp_layer_add_inputs = {
  .name = "Add",
  .size = sizeof (EspLayer),
  .min_inputs = 2,
  .max_inputs = ESP_LAYER_MAX_INPUTS,
  .infer = add_infer,
  .forward = add_forward,
  .backward = add_backward,
  .bound = add_bound,
};

const EspLayerClass esp_layer_concat = {
  .name = "Concat",
  .size = sizeof (EspConcat),
  .min_inputs = 2,
  .max_inputs = ESP_LAYER_MAX_INPUTS,
  .read = concat_read,
  .infer = concat_infer,
  .forward = concat_forward,
  .backward = concat_backward,
  .bound = concat_bound,
};
