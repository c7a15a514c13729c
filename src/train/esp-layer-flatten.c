/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Joins neighbouring dimensions into one. Only the shape changes, so there are no kernels: the
 * output is the input's memory. */

#include "config.h"
#include "esp-layer-flatten.h"

#include <glib/gi18n.h>

typedef struct
{
  EspLayer base;
  gint64 start_dim, end_dim; /* as given: counted with the batch, may be negative */
} EspFlatten;

static gboolean
flatten_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspFlatten *self = (EspFlatten *) layer;
  self->start_dim = 1;
  self->end_dim = -1;
  return esp_spec_read_int (spec, "start_dim", -ESP_SHAPE_MAX_DIMS, ESP_SHAPE_MAX_DIMS,
                            &self->start_dim, error) &&
         esp_spec_read_int (spec, "end_dim", -ESP_SHAPE_MAX_DIMS, ESP_SHAPE_MAX_DIMS,
                            &self->end_dim, error);
}

static gboolean
flatten_infer (EspLayer *layer,
               const EspShape *in,
               guint n_in,
               EspShape *out,
               const char *path,
               GError **error)
{
  EspFlatten *self = (EspFlatten *) layer;
  gint64 dims = (gint64) in->ndim + 1;
  gint64 start = self->start_dim < 0 ? self->start_dim + dims : self->start_dim;
  gint64 end = self->end_dim < 0 ? self->end_dim + dims : self->end_dim;
  if (start < 1 || end < start || end >= dims)
    {
      g_autofree char *shape = esp_shape_to_string (in);
      g_set_error (
          error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
          /* Translators: dimension 0 is the batch; the last is the shape of one example */
          _ ("module %s (Flatten): there are no dimensions %lld to %lld to join in a batch "
             "of examples of shape %s"),
          path, (long long) self->start_dim, (long long) self->end_dim, shape);
      return FALSE;
    }
  out->ndim = 0;
  for (gint64 i = 1; i < dims; i++)
    {
      gint64 size = in->sizes[i - 1];
      if (i > start && i <= end)
        out->sizes[out->ndim - 1] *= size;
      else
        out->sizes[out->ndim++] = size;
    }
  return TRUE;
}

const EspLayerClass esp_layer_flatten = {
  .name = "Flatten",
  .size = sizeof (EspFlatten),
  .flags = ESP_LAYER_VIEW,
  .read = flatten_read,
  .infer = flatten_infer,
};
