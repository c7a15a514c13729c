/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batch normalisation: each channel over the batch and its places, in training by the statistics of
 * the batch, which the running ones follow; otherwise by the running ones. A batch with a single
 * number in each channel (the last of an epoch may be that) is normalised to 0 and leaves the
 * running statistics alone; PyTorch refuses it. */

#include "config.h"
#include "esp-layer-batch-norm.h"

#include <string.h>
#include <glib/gi18n.h>

typedef struct
{
  EspLayer base;
  guint64 num_features; /* 0 until the first use when it was left out */
  double eps;
  double momentum; /* NaN: the plain mean of all batches so far */
  gboolean affine, track;
} EspBatchNorm;

/* kept: normalised numbers, then scales of the channels */
typedef struct
{
  gsize C, inner;
  EspReal *normal, *scales;                      /* in kept */
  double *sums, *squares;                        /* in scratch, each (C) */
  EspReal *means, *alongs, *dnormal;             /* in scratch */
  const EspReal *weight, *bias;                  /* or NULL */
  EspReal *running_mean, *running_var, *batches; /* or NULL */
} Work;

static gboolean
batch_norm_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspBatchNorm *self = (EspBatchNorm *) layer;
  self->eps = 1e-5;
  self->momentum = 0.1;
  self->affine = self->track = TRUE;
  if (!esp_spec_read_size (spec, "num_features", 1, ESP_SHAPE_MAX_COUNT, &self->num_features,
                           error) ||
      !esp_spec_read_double (spec, "eps", 0, 1e6, &self->eps, error))
    return FALSE;
  if (esp_spec_read_null (spec, "momentum"))
    self->momentum = NAN;
  else if (!esp_spec_read_double (spec, "momentum", 0, 1, &self->momentum, error))
    return FALSE;
  return esp_spec_read_bool (spec, "affine", &self->affine, error) &&
         esp_spec_read_bool (spec, "track_running_stats", &self->track, error);
}

static gboolean
batch_norm_infer (EspLayer *layer,
                  const EspShape *in,
                  guint n_in,
                  EspShape *out,
                  const char *path,
                  GError **error)
{
  EspBatchNorm *self = (EspBatchNorm *) layer;
  gboolean flat = layer->klass == &esp_layer_batch_norm1d;
  gboolean good = flat ? in->ndim == 1 || in->ndim == 2 : in->ndim == 3;
  if (good && self->num_features == 0)
    {
      self->num_features = (guint64) in->sizes[0];
      json_object_set_int_member (layer->settings, "num_features", in->sizes[0]);
    }
  *out = *in;
  if (good && (guint64) in->sizes[0] == self->num_features)
    return TRUE;
  g_autofree char *channels = self->num_features > 0
                                  ? g_strdup_printf ("%" G_GUINT64_FORMAT, self->num_features)
                                  : g_strdup ("C");
  g_autofree char *wanted = flat ? g_strdup_printf (_ ("[%s] or [%s, L]"), channels, channels)
                                 : g_strdup_printf ("[%s, H, W]", channels);
  esp_layer_set_shape_error (layer, path, wanted, in, error);
  return FALSE;
}

static guint
batch_norm_get_parameters (const EspLayer *layer, EspParameterInfo *infos)
{
  const EspBatchNorm *self = (const EspBatchNorm *) layer;
  EspShape shape = { 1, { (gint64) self->num_features } };
  guint64 fan = self->num_features;
  guint n = 0;
  if (self->affine)
    {
      infos[n++] = (EspParameterInfo) {
        "weight", shape, ESP_PARAMETER_SCALE, ESP_BEGIN_CONSTANT, 1, fan, fan, 0
      };
      infos[n++] = (EspParameterInfo) {
        "bias", shape, ESP_PARAMETER_SHIFT, ESP_BEGIN_CONSTANT, 0, fan, fan, 0
      };
    }
  if (self->track)
    {
      infos[n++] = (EspParameterInfo) {
        "running_mean", shape, ESP_PARAMETER_BUFFER, ESP_BEGIN_CONSTANT, 0, fan, fan, 0
      };
      infos[n++] = (EspParameterInfo) {
        "running_var", shape, ESP_PARAMETER_BUFFER, ESP_BEGIN_CONSTANT, 1, fan, fan, 0
      };
      infos[n++] = (EspParameterInfo) {
        "num_batches_tracked", { 0 }, ESP_PARAMETER_COUNTER, ESP_BEGIN_CONSTANT, 0, fan, fan, 0
      };
    }
  return n;
}

static void
batch_norm_measure (const EspLayer *layer,
                    const EspShape *in,
                    guint n_in,
                    const EspShape *out,
                    EspLayerNeeds *needs)
{
  guint64 count = esp_shape_get_count (in), C = (guint64) in->sizes[0];
  needs->kept_per_example = count;
  needs->kept = C;
  needs->scratch = C * (2 * sizeof (double) / sizeof (EspReal) + 2);
  needs->scratch_per_example = count;
  needs->work = 4 * count;
}

static Work
prepare (const EspLayerCall *call)
{
  const EspBatchNorm *self = (const EspBatchNorm *) call->layer;
  gsize C = self->num_features;
  double *doubles = (double *) (void *) call->scratch;
  EspReal **parameters = call->parameters;
  Work work = {
    .C = C,
    .inner = call->in_count / C,
    .scales = call->kept,
    .normal = call->kept + C,
    .sums = doubles,
    .squares = doubles + C,
    .means = (EspReal *) (doubles + 2 * C),
  };
  work.alongs = work.means + C;
  work.dnormal = work.alongs + C;
  if (self->affine)
    {
      work.weight = *parameters++;
      work.bias = *parameters++;
    }
  if (self->track)
    {
      work.running_mean = *parameters++;
      work.running_var = *parameters++;
      work.batches = *parameters;
    }
  return work;
}

/* running statistics move towards those of the batch, whose variance is taken as an estimate */
static void
follow (const EspBatchNorm *self, Work *work, double count)
{
  gint64 batches;
  memcpy (&batches, work->batches, sizeof batches);
  batches++;
  memcpy (work->batches, &batches, sizeof batches);
  double share = isnan (self->momentum) ? 1 / (double) batches : self->momentum;
  for (gsize c = 0; c < work->C; c++)
    {
      double variance = work->squares[c] / (count - 1);
      work->running_mean[c] = (EspReal) ((1 - share) * (double) work->running_mean[c] +
                                         share * (double) work->means[c]);
      work->running_var[c] =
          (EspReal) ((1 - share) * (double) work->running_var[c] + share * variance);
    }
}

static void
batch_norm_forward (const EspLayerCall *call)
{
  const EspBatchNorm *self = (const EspBatchNorm *) call->layer;
  Work work = prepare (call);
  const EspKernels *kernels = call->kernels;
  double count = (double) (call->N * work.inner);
  if (call->run->training || !self->track)
    {
      kernels->channel_moments (call->x, NULL, work.sums, work.squares, call->N, work.C,
                                work.inner);
      for (gsize c = 0; c < work.C; c++)
        work.means[c] = (EspReal) (work.sums[c] / count);
      kernels->channel_moments (call->x, work.means, work.sums, work.squares, call->N, work.C,
                                work.inner);
      for (gsize c = 0; c < work.C; c++)
        work.scales[c] = (EspReal) (1 / sqrt (work.squares[c] / count + self->eps));
      if (call->run->track && self->track && count > 1)
        follow (self, &work, count);
    }
  else
    for (gsize c = 0; c < work.C; c++)
      {
        work.means[c] = work.running_mean[c];
        work.scales[c] = (EspReal) (1 / sqrt ((double) work.running_var[c] + self->eps));
      }
  kernels->channel_normalize (call->x, work.means, work.scales, work.normal, call->N, work.C,
                              work.inner);
  kernels->channel_affine (work.normal, work.weight, work.bias, call->y, call->N, work.C,
                           work.inner);
}

static void
batch_norm_backward (const EspLayerCall *call)
{
  const EspBatchNorm *self = (const EspBatchNorm *) call->layer;
  Work work = prepare (call);
  const EspKernels *kernels = call->kernels;
  double count = (double) (call->N * work.inner);
  kernels->channel_products (call->dy, work.normal, work.sums, work.squares, call->N, work.C,
                             work.inner);
  for (gsize c = 0; c < work.C; c++)
    {
      if (self->affine && call->grads[0] != NULL)
        call->grads[0][c] += (EspReal) work.squares[c];
      if (self->affine && call->grads[1] != NULL)
        call->grads[1][c] += (EspReal) work.sums[c];
      /* of weight dy, as it comes to the normalised numbers */
      EspReal weight = self->affine ? work.weight[c] : 1;
      work.means[c] = (EspReal) (work.sums[c] / count) * weight;
      work.alongs[c] = (EspReal) (work.squares[c] / count) * weight;
    }
  if (call->dx == NULL)
    return;
  kernels->channel_affine (call->dy, work.weight, NULL, work.dnormal, call->N, work.C, work.inner);
  kernels->channel_normalize_backward (work.normal, work.dnormal, work.scales, work.means,
                                       work.alongs, call->dx, call->N, work.C, work.inner);
}

const EspLayerClass esp_layer_batch_norm1d = {
  .name = "BatchNorm1d",
  .size = sizeof (EspBatchNorm),
  .flags = ESP_LAYER_UNITWISE,
  .read = batch_norm_read,
  .infer = batch_norm_infer,
  .get_parameters = batch_norm_get_parameters,
  .measure = batch_norm_measure,
  .forward = batch_norm_forward,
  .backward = batch_norm_backward,
};

const EspLayerClass esp_layer_batch_norm2d = {
  .name = "BatchNorm2d",
  .size = sizeof (EspBatchNorm),
  .flags = ESP_LAYER_UNITWISE,
  .read = batch_norm_read,
  .infer = batch_norm_infer,
  .get_parameters = batch_norm_get_parameters,
  .measure = batch_norm_measure,
  .forward = batch_norm_forward,
  .backward = batch_norm_backward,
};
