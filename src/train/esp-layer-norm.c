/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Normalisations within an example: LayerNorm and RMSNorm over its last dimensions, GroupNorm over
 * groups of channels. All of them normalise rows of numbers that lie together, then scale and
 * shift. */

#include "config.h"
#include "esp-layer-norm.h"

#include <float.h>
#include <string.h>
#include <glib/gi18n.h>

#ifdef ESP_REAL_DOUBLE
#define SMALLEST_STEP DBL_EPSILON
#else
#define SMALLEST_STEP FLT_EPSILON
#endif

typedef struct
{
  EspLayer base;
  EspShape shape; /* normalized_shape; GroupNorm: (num_channels), 0 until known */
  guint64 groups; /* 0: not by groups */
  double eps;
  gboolean affine, bias, centered;
} EspNorm;

/* rows to normalise, and how weight and bias lie over them: (N, C, inner) */
typedef struct
{
  gsize rows, length;
  gsize N, C, inner;
  EspReal *scales, *normal; /* in kept: (rows), (rows, length) */
} Work;

/* one size or several */
static gboolean
read_normalized_shape (EspNorm *self, EspSpec *spec, GError **error)
{
  if (esp_spec_is_list (spec, "normalized_shape"))
    return esp_spec_read_shape (spec, "normalized_shape", &self->shape, error);
  guint64 size = 0;
  if (!esp_spec_read_size (spec, "normalized_shape", 1, ESP_SHAPE_MAX_COUNT, &size, error))
    return FALSE;
  self->shape = (EspShape) { 1, { (gint64) size } }; /* 0: the last dimension, whatever it is */
  return TRUE;
}

static gboolean
layer_norm_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspNorm *self = (EspNorm *) layer;
  self->eps = 1e-5;
  self->affine = self->bias = self->centered = TRUE;
  return read_normalized_shape (self, spec, error) &&
         esp_spec_read_double (spec, "eps", 0, 1e6, &self->eps, error) &&
         esp_spec_read_bool (spec, "elementwise_affine", &self->affine, error) &&
         esp_spec_read_bool (spec, "bias", &self->bias, error);
}

static gboolean
rms_norm_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspNorm *self = (EspNorm *) layer;
  self->eps = (double) SMALLEST_STEP;
  self->affine = TRUE;
  if (!read_normalized_shape (self, spec, error))
    return FALSE;
  if (esp_spec_has (spec, "eps") && !esp_spec_read_null (spec, "eps") &&
      !esp_spec_read_double (spec, "eps", 0, 1e6, &self->eps, error))
    return FALSE;
  return esp_spec_read_bool (spec, "elementwise_affine", &self->affine, error);
}

static gboolean
group_norm_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspNorm *self = (EspNorm *) layer;
  guint64 channels = 0;
  self->eps = 1e-5;
  self->affine = self->bias = self->centered = TRUE;
  if (!esp_spec_require (spec, "num_groups", error))
    return FALSE;
  if (!esp_spec_read_size (spec, "num_groups", 1, ESP_SHAPE_MAX_COUNT, &self->groups, error) ||
      !esp_spec_read_size (spec, "num_channels", 1, ESP_SHAPE_MAX_COUNT, &channels, error) ||
      !esp_spec_read_double (spec, "eps", 0, 1e6, &self->eps, error) ||
      !esp_spec_read_bool (spec, "affine", &self->affine, error))
    return FALSE;
  self->shape = (EspShape) { 1, { (gint64) channels } };
  if (channels % self->groups == 0)
    return TRUE;
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                      _ ("“num_groups” must divide the channels, but it is %llu"),
                      (unsigned long long) self->groups);
  return FALSE;
}

static gboolean
norm_infer (EspLayer *layer,
            const EspShape *in,
            guint n_in,
            EspShape *out,
            const char *path,
            GError **error)
{
  EspNorm *self = (EspNorm *) layer;
  EspShape end = { .ndim = self->shape.ndim };
  *out = *in;
  if (self->shape.sizes[0] == 0 && in->ndim > 0)
    {
      self->shape.sizes[0] = in->sizes[in->ndim - 1];
      json_object_set_int_member (layer->settings, "normalized_shape", self->shape.sizes[0]);
    }
  if (in->ndim >= end.ndim)
    memcpy (end.sizes, in->sizes + in->ndim - end.ndim, end.ndim * sizeof *end.sizes);
  if (in->ndim >= end.ndim && esp_shape_equal (&end, &self->shape))
    return TRUE;
  g_autofree char *shape = esp_shape_to_string (&self->shape);
  g_autofree char *wanted = g_strconcat ("[..., ", shape + 1, NULL);
  esp_layer_set_shape_error (layer, path, wanted, in, error);
  return FALSE;
}

static gboolean
group_norm_infer (EspLayer *layer,
                  const EspShape *in,
                  guint n_in,
                  EspShape *out,
                  const char *path,
                  GError **error)
{
  EspNorm *self = (EspNorm *) layer;
  gint64 *channels = &self->shape.sizes[0];
  *out = *in;
  if (*channels == 0 && in->ndim > 0 && (guint64) in->sizes[0] % self->groups == 0)
    {
      *channels = in->sizes[0];
      json_object_set_int_member (layer->settings, "num_channels", *channels);
    }
  if (in->ndim > 0 && *channels == in->sizes[0])
    return TRUE;
  g_autofree char *wanted = *channels > 0
                                ? g_strdup_printf ("[%" G_GINT64_FORMAT ", …]", *channels)
                                : g_strdup_printf ("[n × %" G_GUINT64_FORMAT ", …]", self->groups);
  esp_layer_set_shape_error (layer, path, wanted, in, error);
  return FALSE;
}

static guint
norm_get_parameters (const EspLayer *layer, EspParameterInfo *infos)
{
  const EspNorm *self = (const EspNorm *) layer;
  guint64 fan = esp_shape_get_count (&self->shape);
  if (!self->affine)
    return 0;
  infos[0] = (EspParameterInfo) {
    "weight", self->shape, ESP_PARAMETER_SCALE, ESP_BEGIN_CONSTANT, 1, fan, fan, 0
  };
  infos[1] = (EspParameterInfo) {
    "bias", self->shape, ESP_PARAMETER_SHIFT, ESP_BEGIN_CONSTANT, 0, fan, fan, 0
  };
  return self->bias ? 2 : 1;
}

static gsize
count_rows (const EspNorm *self, gsize count)
{
  return self->groups > 0 ? self->groups : count / (gsize) esp_shape_get_count (&self->shape);
}

static void
norm_measure (const EspLayer *layer,
              const EspShape *in,
              guint n_in,
              const EspShape *out,
              EspLayerNeeds *needs)
{
  guint64 count = esp_shape_get_count (in);
  needs->kept_per_example = count + count_rows ((const EspNorm *) layer, count);
  needs->scratch_per_example = count;
  needs->work = 4 * count;
}

static Work
prepare (const EspLayerCall *call)
{
  const EspNorm *self = (const EspNorm *) call->layer;
  Work work = { .rows = call->N * count_rows (self, call->in_count) };
  work.length = call->N * call->in_count / work.rows;
  work.C = (gsize) esp_shape_get_count (&self->shape);
  work.inner = self->groups > 0 ? call->in_count / work.C : 1;
  work.N = call->N * call->in_count / (work.C * work.inner);
  work.scales = call->kept;
  work.normal = call->kept + work.rows;
  return work;
}

static void
norm_forward (const EspLayerCall *call)
{
  const EspNorm *self = (const EspNorm *) call->layer;
  Work work = prepare (call);
  call->kernels->normalize_rows (call->x, work.normal, work.scales, work.rows, work.length,
                                 self->eps, self->centered);
  call->kernels->channel_affine (work.normal, self->affine ? call->parameters[0] : NULL,
                                 self->affine && self->bias ? call->parameters[1] : NULL, call->y,
                                 work.N, work.C, work.inner);
}

/* sums over all that a weight or a bias stands at */
static void
add_affine (const EspLayerCall *call, Work *work, EspReal *dweight, EspReal *dbias)
{
  for (gsize n = 0; n < work->N; n++)
    for (gsize c = 0; c < work->C; c++)
      for (gsize i = 0; i < work->inner; i++)
        {
          gsize at = (n * work->C + c) * work->inner + i;
          if (dweight != NULL)
            dweight[c] += call->dy[at] * work->normal[at];
          if (dbias != NULL)
            dbias[c] += call->dy[at];
        }
}

static void
norm_backward (const EspLayerCall *call)
{
  const EspNorm *self = (const EspNorm *) call->layer;
  Work work = prepare (call);
  if (self->affine)
    add_affine (call, &work, call->grads[0], self->bias ? call->grads[1] : NULL);
  if (call->dx == NULL)
    return;
  call->kernels->channel_affine (call->dy, self->affine ? call->parameters[0] : NULL, NULL,
                                 call->scratch, work.N, work.C, work.inner);
  call->kernels->normalize_rows_backward (work.normal, work.scales, call->scratch, call->dx,
                                          work.rows, work.length, self->centered);
}

const EspLayerClass esp_layer_group_norm = {
  .name = "GroupNorm",
  .size = sizeof (EspNorm),
  .read = group_norm_read,
  .infer = group_norm_infer,
  .get_parameters = norm_get_parameters,
  .measure = norm_measure,
  .forward = norm_forward,
  .backward = norm_backward,
};

const EspLayerClass esp_layer_layer_norm = {
  .name = "LayerNorm",
  .size = sizeof (EspNorm),
  .read = layer_norm_read,
  .infer = norm_infer,
  .get_parameters = norm_get_parameters,
  .measure = norm_measure,
  .forward = norm_forward,
  .backward = norm_backward,
};

const EspLayerClass esp_layer_rms_norm = {
  .name = "RMSNorm",
  .size = sizeof (EspNorm),
  .read = rms_norm_read,
  .infer = norm_infer,
  .get_parameters = norm_get_parameters,
  .measure = norm_measure,
  .forward = norm_forward,
  .backward = norm_backward,
};
