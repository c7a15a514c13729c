/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers that only rearrange: Select, torch.select, one index of a dimension (the last moment of a
 * sequence); Unflatten, which cuts a dimension into several; Identity. */

#include "config.h"
#include "esp-layer-select.h"

#include <string.h>
#include <glib/gi18n.h>

typedef struct
{
  EspLayer base;
  gint64 dim; /* counted with the batch, may be negative */
  gint64 index;
} EspSelect;

typedef struct
{
  EspLayer base;
  gint64 dim;
  EspShape sizes;
} EspUnflatten;

static gboolean
set_dim_error (const EspLayer *layer,
               gint64 dim,
               const EspShape *in,
               const char *path,
               GError **error)
{
  g_autofree char *shape = esp_shape_to_string (in);
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
               /* Translators: dimension 0 is the batch; the last is the shape of one example */
               _ ("module %s (%s): there is no dimension %lld in a batch of examples of shape %s"),
               path, layer->klass->name, (long long) dim, shape);
  return FALSE;
}

static gboolean
select_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspSelect *self = (EspSelect *) layer;
  self->dim = 1;
  self->index = -1;
  return esp_spec_read_int (spec, "dim", -ESP_SHAPE_MAX_DIMS, ESP_SHAPE_MAX_DIMS, &self->dim,
                            error) &&
         esp_spec_read_int (spec, "index", -(gint64) ESP_SHAPE_MAX_COUNT,
                            (gint64) ESP_SHAPE_MAX_COUNT, &self->index, error);
}

static gboolean
select_infer (EspLayer *layer,
              const EspShape *in,
              guint n_in,
              EspShape *out,
              const char *path,
              GError **error)
{
  EspSelect *self = (EspSelect *) layer;
  int dim = esp_shape_find_dim (in, self->dim);
  if (dim < 0)
    return set_dim_error (layer, self->dim, in, path, error);
  if (self->index < -in->sizes[dim] || self->index >= in->sizes[dim])
    {
      g_autofree char *shape = esp_shape_to_string (in);
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
                   /* Translators: the last is the shape of one example */
                   _ ("module %s (Select): there is no index %lld in dimension %lld of examples of "
                      "shape %s"),
                   path, (long long) self->index, (long long) self->dim, shape);
      return FALSE;
    }
  out->ndim = 0;
  for (guint i = 0; i < in->ndim; i++)
    if (i != (guint) dim)
      out->sizes[out->ndim++] = in->sizes[i];
  return TRUE;
}

/* runs of numbers that lie together, how many there are, and where the first begins */
static void
find_runs (const EspLayerCall *call, gsize *n, gsize *run, gsize *stride, gsize *first)
{
  const EspSelect *self = (const EspSelect *) call->layer;
  guint dim = (guint) esp_shape_find_dim (call->in, self->dim);
  gint64 size = call->in->sizes[dim];
  *run = 1;
  for (guint i = dim + 1; i < call->in->ndim; i++)
    *run *= (gsize) call->in->sizes[i];
  *stride = *run * (gsize) size;
  *n = call->N * call->in_count / *stride;
  *first = *run * (gsize) (self->index < 0 ? self->index + size : self->index);
}

static void
select_forward (const EspLayerCall *call)
{
  gsize n, run, stride, first;
  find_runs (call, &n, &run, &stride, &first);
  for (gsize i = 0; i < n; i++)
    memcpy (call->y + i * run, call->x + i * stride + first, run * sizeof (EspReal));
}

static void
select_backward (const EspLayerCall *call)
{
  gsize n, run, stride, first;
  find_runs (call, &n, &run, &stride, &first);
  for (gsize i = 0; call->dx != NULL && i < n; i++)
    call->kernels->add (call->dy + i * run, call->dx + i * stride + first, run);
}

static gboolean
unflatten_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspUnflatten *self = (EspUnflatten *) layer;
  self->dim = 1;
  return esp_spec_read_int (spec, "dim", -ESP_SHAPE_MAX_DIMS, ESP_SHAPE_MAX_DIMS, &self->dim,
                            error) &&
         esp_spec_read_shape (spec, "unflattened_size", &self->sizes, error);
}

static gboolean
unflatten_infer (EspLayer *layer,
                 const EspShape *in,
                 guint n_in,
                 EspShape *out,
                 const char *path,
                 GError **error)
{
  EspUnflatten *self = (EspUnflatten *) layer;
  int dim = esp_shape_find_dim (in, self->dim);
  if (dim < 0)
    return set_dim_error (layer, self->dim, in, path, error);
  if ((guint64) in->sizes[dim] != esp_shape_get_count (&self->sizes) ||
      in->ndim - 1 + self->sizes.ndim > ESP_SHAPE_MAX_DIMS)
    {
      g_autofree char *sizes = esp_shape_to_string (&self->sizes);
      g_autofree char *shape = esp_shape_to_string (in);
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
                   /* Translators: path of a module, number of a dimension, two shapes */
                   _ ("module %s (Unflatten): dimension %lld of examples of shape %s can't become "
                      "%s"),
                   path, (long long) self->dim, shape, sizes);
      return FALSE;
    }
  out->ndim = 0;
  for (guint i = 0; i < in->ndim; i++)
    if (i != (guint) dim)
      out->sizes[out->ndim++] = in->sizes[i];
    else
      for (guint j = 0; j < self->sizes.ndim; j++)
        out->sizes[out->ndim++] = self->sizes.sizes[j];
  return TRUE;
}

const EspLayerClass esp_layer_identity = {
  .name = "Identity",
  .size = sizeof (EspLayer),
  .flags = ESP_LAYER_VIEW,
};

const EspLayerClass esp_layer_select = {
  .name = "Select",
  .size = sizeof (EspSelect),
  .read = select_read,
  .infer = select_infer,
  .forward = select_forward,
  .backward = select_backward,
};

const EspLayerClass esp_layer_unflatten = {
  .name = "Unflatten",
  .size = sizeof (EspUnflatten),
  .flags = ESP_LAYER_VIEW,
  .read = unflatten_read,
  .infer = unflatten_infer,
};
