/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A row of the weight for each whole number: (...) -> (..., embedding_dim). Numbers come as they
 * lie in the data, which was checked when the network was made. */

#include "config.h"
#include "esp-layer-embedding.h"

#include <string.h>
#include <glib/gi18n.h>

typedef struct
{
  EspLayer base;
  guint64 num_embeddings, embedding_dim;
  guint64 idle; /* padding_idx + 1; 0: none */
} EspEmbedding;

static gboolean
read_padding (EspEmbedding *self, EspSpec *spec, GError **error)
{
  gint64 padding = 0, n = (gint64) self->num_embeddings;
  if (!esp_spec_has (spec, "padding_idx") || esp_spec_read_null (spec, "padding_idx"))
    return TRUE;
  if (!esp_spec_read_int (spec, "padding_idx", -n, n - 1, &padding, error))
    return FALSE;
  self->idle = (guint64) (padding < 0 ? padding + n : padding) + 1;
  return TRUE;
}

static gboolean
embedding_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspEmbedding *self = (EspEmbedding *) layer;
  return esp_spec_require (spec, "num_embeddings", error) &&
         esp_spec_require (spec, "embedding_dim", error) &&
         esp_spec_read_size (spec, "num_embeddings", 1, ESP_SHAPE_MAX_COUNT, &self->num_embeddings,
                             error) &&
         esp_spec_read_size (spec, "embedding_dim", 1, ESP_SHAPE_MAX_COUNT, &self->embedding_dim,
                             error) &&
         read_padding (self, spec, error);
}

static gboolean
embedding_infer (EspLayer *layer,
                 const EspShape *in,
                 guint n_in,
                 EspShape *out,
                 const char *path,
                 GError **error)
{
  if (in->ndim >= ESP_SHAPE_MAX_DIMS)
    {
      esp_layer_set_shape_error (layer, path, _ ("[…] of at most 7 dimensions"), in, error);
      return FALSE;
    }
  *out = *in;
  out->sizes[out->ndim++] = (gint64) ((EspEmbedding *) layer)->embedding_dim;
  return TRUE;
}

static guint
embedding_get_parameters (const EspLayer *layer, EspParameterInfo *infos)
{
  const EspEmbedding *self = (const EspEmbedding *) layer;
  infos[0] = (EspParameterInfo) {
    .name = "weight",
    .shape = { 2, { (gint64) self->num_embeddings, (gint64) self->embedding_dim } },
    .kind = ESP_PARAMETER_WEIGHT,
    .begin = ESP_BEGIN_NORMAL,
    .begin_value = 1,
    .fan_in = self->embedding_dim,
    .fan_out = self->num_embeddings,
    .idle_row = self->idle,
  };
  return 1;
}

static guint64
embedding_get_index_limit (const EspLayer *layer)
{
  return ((const EspEmbedding *) layer)->num_embeddings;
}

static void
embedding_measure (const EspLayer *layer,
                   const EspShape *in,
                   guint n_in,
                   const EspShape *out,
                   EspLayerNeeds *needs)
{
  needs->work = esp_shape_get_count (out);
}

static gsize
get_row (const EspEmbedding *self, EspReal number)
{
  return number >= 0 ? MIN ((gsize) number, self->num_embeddings - 1) : 0;
}

static void
embedding_forward (const EspLayerCall *call)
{
  const EspEmbedding *self = (const EspEmbedding *) call->layer;
  gsize D = self->embedding_dim;
  for (gsize i = 0; i < call->N * call->in_count; i++)
    memcpy (call->y + i * D, call->parameters[0] + get_row (self, call->x[i]) * D,
            D * sizeof (EspReal));
}

static void
embedding_backward (const EspLayerCall *call)
{
  const EspEmbedding *self = (const EspEmbedding *) call->layer;
  gsize D = self->embedding_dim;
  if (call->grads[0] == NULL)
    return;
  for (gsize i = 0; i < call->N * call->in_count; i++)
    {
      gsize row = get_row (self, call->x[i]);
      if (row + 1 != self->idle)
        call->kernels->add (call->dy + i * D, call->grads[0] + row * D, D);
    }
}

const EspLayerClass esp_layer_embedding = {
  .name = "Embedding",
  .size = sizeof (EspEmbedding),
  .read = embedding_read,
  .infer = embedding_infer,
  .get_parameters = embedding_get_parameters,
  .get_index_limit = embedding_get_index_limit,
  .measure = embedding_measure,
  .forward = embedding_forward,
  .backward = embedding_backward,
};
