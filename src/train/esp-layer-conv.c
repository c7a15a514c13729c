/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolutions (C, H, W) -> (O, OH, OW), or (C, L) -> (O, OL), one example and one group of
 * channels after the other, as products of matrices:
 *
 *   y (O, places) = weight (O, K) rows (K, places),   K = (channel, cell of the window)
 *
 * With a stride of 1, row k is the padded planes themselves from offset k on: places are counted
 * along the lines of the padded plane, those in its margin are computed for nothing and left out
 * when y is copied. Otherwise the rows are unrolled first. The derivative of x is a convolution
 * again, of the padded dy with the window turned round.
 *
 * Typical: 16 to 64 channels, 28 x 28, batches of 32; hot. */

#include "config.h"
#include "esp-layer-conv.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-bound-sum.h"
#include "esp-stencil.h"

typedef struct
{
  EspLayer base;
  EspStencil window;
  guint64 in_channels; /* 0 until the first use when it was left out */
  guint64 out_channels;
  guint64 groups;
  gboolean bias;
} EspConv;

/* one group of one call, and where in the scratch its matrices are */
typedef struct
{
  EspStencilGeometry g;
  gboolean direct;         /* rows are shifted planes */
  gsize C, O;              /* channels of the group */
  gsize cells;             /* of the window */
  gsize K, KD;             /* C cells and O cells */
  gsize line;              /* numbers between the lines of an output */
  gsize plane;             /* of the padded input */
  gsize places, N;         /* out_height lines; the same in whole vectors */
  gsize dline, dplane, ND; /* the same of the padded dy, for dx */

  gsize *offsets, *doffsets; /* (K), (KD) */
  EspReal *rows;             /* direct: (C, plane); else (K, N) */
  EspReal *out;              /* (O, N) or (C, ND) */
  EspReal *turned_dy;        /* (places, O) */
  EspReal *turned_dweight;   /* (K, O) */
  EspReal *turned_weight;    /* (C, KD) */
  EspReal *dplanes;          /* (O, dplane) */
} Work;

static gboolean
conv_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspConv *self = (EspConv *) layer;
  guint rank = layer->klass == &esp_layer_conv1d ? 1 : 2;
  self->bias = TRUE;
  self->groups = 1;
  if (!esp_spec_require (spec, "out_channels", error))
    return FALSE;
  if (!esp_spec_read_size (spec, "in_channels", 1, ESP_SHAPE_MAX_COUNT, &self->in_channels,
                           error) ||
      !esp_spec_read_size (spec, "out_channels", 1, ESP_SHAPE_MAX_COUNT, &self->out_channels,
                           error) ||
      !esp_stencil_read (&self->window, spec, rank, ESP_STENCIL_DILATION | ESP_STENCIL_SAME,
                         error) ||
      !esp_spec_read_size (spec, "groups", 1, ESP_SHAPE_MAX_COUNT, &self->groups, error) ||
      !esp_spec_read_bool (spec, "bias", &self->bias, error))
    return FALSE;
  if (self->out_channels % self->groups == 0 && self->in_channels % self->groups == 0)
    return TRUE;
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                      _ ("“groups” must divide the channels, but it is %llu"),
                      (unsigned long long) self->groups);
  return FALSE;
}

static gboolean
conv_infer (EspLayer *layer,
            const EspShape *in,
            guint n_in,
            EspShape *out,
            const char *path,
            GError **error)
{
  EspConv *self = (EspConv *) layer;
  EspStencilGeometry g;
  guint64 found = in->ndim == self->window.rank + 1 ? (guint64) in->sizes[0] : 0;
  if (self->in_channels == 0 && found % self->groups != 0)
    {
      g_autofree char *wanted = g_strdup_printf ("[n × %" G_GUINT64_FORMAT ", …]", self->groups);
      esp_layer_set_shape_error (layer, path, wanted, in, error);
      return FALSE;
    }
  if (!esp_stencil_infer (&self->window, layer, in, self->in_channels, &g, path, error))
    return FALSE;
  if (self->in_channels == 0)
    {
      self->in_channels = found;
      json_object_set_int_member (layer->settings, "in_channels", (gint64) found);
    }
  esp_stencil_get_shape (&self->window, self->out_channels, g.out_height, g.out_width, out);
  return TRUE;
}

static guint
conv_get_parameters (const EspLayer *layer, EspParameterInfo *infos)
{
  const EspConv *self = (const EspConv *) layer;
  const EspStencil *window = &self->window;
  guint64 cells = esp_layer_multiply (window->kernel[0], window->kernel[1]);
  guint64 channels = self->in_channels / self->groups;
  EspParameterInfo info = {
    .fan_in = esp_layer_multiply (channels, cells),
    .fan_out = esp_layer_multiply (self->out_channels, cells),
  };
  info.begin_value = 1 / sqrt ((double) info.fan_in);
  infos[0] = infos[1] = info;
  infos[0].name = "weight";
  infos[0].kind = ESP_PARAMETER_WEIGHT;
  infos[0].shape.ndim = 2 + window->rank;
  infos[0].shape.sizes[0] = (gint64) self->out_channels;
  infos[0].shape.sizes[1] = (gint64) channels;
  for (guint i = 0; i < window->rank; i++)
    infos[0].shape.sizes[2 + i] = (gint64) window->kernel[2 - window->rank + i];
  infos[1].name = "bias";
  infos[1].kind = ESP_PARAMETER_BIAS;
  infos[1].shape = (EspShape) { 1, { (gint64) self->out_channels } };
  return self->bias ? 2 : 1;
}

/* a run of the scratch; with @base NULL it only counts */
static EspReal *
take (EspReal *base, guint64 *used, guint64 count)
{
  EspReal *run = base != NULL ? base + *used : NULL;
  *used = esp_layer_add (*used, esp_layer_add (count, ESP_KERNEL_PITCH) & ~(guint64) 15);
  return run;
}

static gsize
round_up (gsize count)
{
  return count > G_MAXINT64 ? count
                            : (count + ESP_KERNEL_PITCH - 1) / ESP_KERNEL_PITCH * ESP_KERNEL_PITCH;
}

/* sizes of the matrices; G_MAXUINT64 for what is too much */
static void
measure (const EspConv *self, const EspShape *in, Work *work)
{
  EspStencilGeometry *g = &work->g;
  esp_stencil_get_geometry (&self->window, in, g);
  gsize reach[2] = { esp_layer_multiply (g->dilation[0], g->kernel[0] - 1),
                     esp_layer_multiply (g->dilation[1], g->kernel[1] - 1) };
  work->direct = g->stride[0] == 1 && g->stride[1] == 1 && g->before[0] <= reach[0] &&
                 g->before[1] <= reach[1];
  work->C = self->in_channels / self->groups;
  work->O = self->out_channels / self->groups;
  work->cells = g->kernel[0] * g->kernel[1];
  work->K = work->C * work->cells;
  work->KD = work->O * work->cells;
  work->line = work->direct ? g->out_width + reach[1] : g->out_width;
  work->plane = esp_layer_multiply (g->out_height + reach[0], work->line);
  work->places = esp_layer_multiply (g->out_height, work->line);
  work->N = round_up (work->places);
  work->dline = g->width + reach[1];
  work->dplane = esp_layer_multiply (g->height + reach[0], work->dline);
  work->ND = round_up (esp_layer_multiply (g->height, work->dline));
}

/* matrices one behind the other; returns the numbers that they take in all */
static guint64
lay_out (Work *work, EspReal *base)
{
  const gsize wide = sizeof (gsize) / sizeof (EspReal);
  guint64 used = 0, beyond = work->line + ESP_KERNEL_PITCH;
  guint64 rows = work->direct ? esp_layer_add (esp_layer_multiply (work->C, work->plane), beyond)
                              : esp_layer_multiply (work->K, work->N);
  guint64 dbeyond = work->dline + ESP_KERNEL_PITCH;
  guint64 out = MAX (esp_layer_multiply (work->O, work->N),
                     work->direct ? esp_layer_multiply (work->C, work->ND) : 0);
  work->offsets = (gsize *) (void *) take (base, &used, work->K * wide);
  work->doffsets = (gsize *) (void *) take (base, &used, work->KD * wide);
  work->rows = take (base, &used, rows);
  work->out = take (base, &used, out);
  work->turned_dy = take (base, &used, esp_layer_multiply (work->places, work->O));
  work->turned_dweight = take (base, &used, work->K * work->O);
  work->turned_weight = take (base, &used, work->C * work->KD);
  work->dplanes =
      take (base, &used,
            work->direct ? esp_layer_add (esp_layer_multiply (work->O, work->dplane), dbeyond) : 0);
  return used;
}

static void
conv_measure (const EspLayer *layer,
              const EspShape *in,
              guint n_in,
              const EspShape *out,
              EspLayerNeeds *needs)
{
  const EspConv *self = (const EspConv *) layer;
  Work work;
  measure (self, in, &work);
  needs->scratch = lay_out (&work, NULL);
  needs->work = esp_layer_multiply (work.K, esp_shape_get_count (out));
}

/* sizes and memory of a call, and where row k begins */
static void
prepare (const EspLayerCall *call, Work *work)
{
  measure ((const EspConv *) call->layer, call->in, work);
  lay_out (work, call->scratch);
  const EspStencilGeometry *g = &work->g;
  for (gsize k = 0; k < work->K; k++)
    {
      gsize c = k / work->cells, i = k % work->cells / g->kernel[1], j = k % g->kernel[1];
      work->offsets[k] = work->direct ? c * work->plane + i * g->dilation[0] * work->line +
                                            j * g->dilation[1]
                                      : k * work->N;
    }
  /* the margin stays 0 */
  if (work->direct)
    memset (work->rows, 0,
            (work->C * work->plane + work->line + ESP_KERNEL_PITCH) * sizeof (EspReal));
}

static void
make_rows (const EspLayerCall *call, Work *work, const EspReal *x)
{
  const EspStencilGeometry *g = &work->g;
  if (!work->direct)
    esp_stencil_unroll (g, x, work->rows, work->C, work->N);
  else
    for (gsize c = 0; c < work->C; c++)
      call->kernels->copy_lines (x + c * g->height * g->width, g->width,
                                 work->rows + c * work->plane + g->before[0] * work->line +
                                     g->before[1],
                                 work->line, g->height, g->width);
}

static void
conv_forward (const EspLayerCall *call)
{
  const EspConv *self = (const EspConv *) call->layer;
  Work work;
  prepare (call, &work);
  const EspStencilGeometry *g = &work.g;
  gsize in_group = call->in_count / self->groups, out_group = call->out_count / self->groups;
  for (gsize i = 0; i < call->N * self->groups; i++)
    {
      gsize group = i % self->groups;
      make_rows (call, &work, call->x + i * in_group);
      call->kernels->shifted_product (call->parameters[0] + group * work.O * work.K,
                                      self->bias ? call->parameters[1] + group * work.O : NULL,
                                      work.rows, work.offsets, work.out, work.O, work.N, work.K);
      for (gsize o = 0; o < work.O; o++)
        call->kernels->copy_lines (work.out + o * work.N, work.line,
                                   call->y + i * out_group + o * g->out_height * g->out_width,
                                   g->out_width, g->out_height, g->out_width);
    }
}

/* dy (O, places) -> (places, O), 0 in the margin */
static void
turn_dy (const EspLayerCall *call, Work *work, const EspReal *dy)
{
  const EspStencilGeometry *g = &work->g;
  for (gsize y = 0; y < g->out_height; y++)
    call->kernels->transpose (dy + y * g->out_width, g->out_height * g->out_width,
                              work->turned_dy + y * work->line * work->O, work->O, work->O,
                              g->out_width);
}

static void
add_dweight (const EspLayerCall *call, Work *work, gsize group)
{
  const EspConv *self = (const EspConv *) call->layer;
  gsize in_group = call->in_count / self->groups, out_group = call->out_count / self->groups;
  memset (work->turned_dweight, 0, work->K * work->O * sizeof (EspReal));
  for (gsize n = 0; n < call->N; n++)
    {
      gsize i = n * self->groups + group;
      make_rows (call, work, call->x + i * in_group);
      turn_dy (call, work, call->dy + i * out_group);
      call->kernels->gathered_product (work->rows, work->offsets, work->turned_dy,
                                       work->turned_dweight, work->K, work->O, work->places);
    }
  call->kernels->transpose (work->turned_dweight, work->O, work->turned_weight, work->K, work->K,
                            work->O);
  call->kernels->add (work->turned_weight, call->grads[0] + group * work->O * work->K,
                      work->O * work->K);
}

/* the weight with the window turned round: (C, (O, cells)) */
static void
turn_weight (Work *work, const EspReal *weight)
{
  for (gsize o = 0; o < work->O; o++)
    for (gsize c = 0; c < work->C; c++)
      for (gsize i = 0; i < work->cells; i++)
        work->turned_weight[(c * work->O + o) * work->cells + work->cells - 1 - i] = *weight++;
}

/* dx of a stride of 1, by the convolution of the padded dy */
static void
add_dx_direct (const EspLayerCall *call, Work *work, gsize group)
{
  const EspConv *self = (const EspConv *) call->layer;
  const EspStencilGeometry *g = &work->g;
  gsize in_group = call->in_count / self->groups, out_group = call->out_count / self->groups;
  gsize above = g->dilation[0] * (g->kernel[0] - 1) - g->before[0];
  gsize left = g->dilation[1] * (g->kernel[1] - 1) - g->before[1];
  turn_weight (work, call->parameters[0] + group * work->O * work->K);
  for (gsize n = 0; n < call->N; n++)
    {
      gsize i = n * self->groups + group;
      EspReal *dx = call->dx + i * in_group;
      for (gsize o = 0; o < work->O; o++)
        call->kernels->copy_lines (call->dy + i * out_group + o * g->out_height * g->out_width,
                                   g->out_width,
                                   work->dplanes + o * work->dplane + above * work->dline + left,
                                   work->dline, g->out_height, g->out_width);
      call->kernels->shifted_product (work->turned_weight, NULL, work->dplanes, work->doffsets,
                                      work->out, work->C, work->ND, work->KD);
      for (gsize c = 0; c < work->C; c++)
        call->kernels->add_lines (work->out + c * work->ND, work->dline,
                                  dx + c * g->height * g->width, g->width, g->height, g->width);
    }
}

/* dx of any stride: what each cell of the window saw, rolled up again */
static void
add_dx_rolled (const EspLayerCall *call, Work *work, gsize group)
{
  const EspConv *self = (const EspConv *) call->layer;
  gsize in_group = call->in_count / self->groups, out_group = call->out_count / self->groups;
  const EspReal *weight = call->parameters[0] + group * work->O * work->K;
  for (gsize n = 0; n < call->N; n++)
    {
      gsize i = n * self->groups + group;
      memset (work->rows, 0, work->K * work->places * sizeof (EspReal));
      call->kernels->matmul_tn (weight, call->dy + i * out_group, work->rows, work->K, work->places,
                                work->O);
      esp_stencil_roll (&work->g, work->rows, call->dx + i * in_group, work->C, work->places);
    }
}

static void
add_dbias (const EspLayerCall *call, gsize channels)
{
  gsize places = call->out_count / channels;
  for (gsize n = 0; n < call->N; n++)
    for (gsize o = 0; o < channels; o++)
      call->grads[1][o] +=
          (EspReal) call->kernels->sum (call->dy + n * call->out_count + o * places, places);
}

static void
conv_backward (const EspLayerCall *call)
{
  const EspConv *self = (const EspConv *) call->layer;
  Work work;
  prepare (call, &work);
  const EspStencilGeometry *g = &work.g;
  for (gsize k = 0; k < work.KD; k++)
    work.doffsets[k] = k / work.cells * work.dplane +
                       k % work.cells / g->kernel[1] * g->dilation[0] * work.dline +
                       k % g->kernel[1] * g->dilation[1];
  memset (work.turned_dy, 0, work.places * work.O * sizeof (EspReal));
  if (work.direct && call->dx != NULL)
    memset (work.dplanes, 0,
            (work.O * work.dplane + work.dline + ESP_KERNEL_PITCH) * sizeof (EspReal));
  for (gsize group = 0; group < self->groups; group++)
    {
      if (call->grads[0] != NULL)
        add_dweight (call, &work, group);
      if (call->dx != NULL && work.direct)
        add_dx_direct (call, &work, group);
      else if (call->dx != NULL)
        add_dx_rolled (call, &work, group);
    }
  if (self->bias && call->grads[1] != NULL)
    add_dbias (call, self->out_channels);
}

/* the same for all places: a channel's numbers lie between the least and the most of its plane, or
 * 0 in the padding */
static void
conv_bound (const EspLayerCall *call, const EspBounds *in, const EspBounds *out)
{
  const EspConv *self = (const EspConv *) call->layer;
  Work work;
  measure (self, call->in, &work);
  gsize plane = call->in_count / self->in_channels, places = call->out_count / self->out_channels;
  g_autofree double *low = g_new0 (double, self->in_channels);
  g_autofree double *high = g_new0 (double, self->in_channels);
  for (gsize i = 0; i < call->in_count; i++)
    {
      low[i / plane] = fmin (low[i / plane], in->low[i]);
      high[i / plane] = fmax (high[i / plane], in->high[i]);
    }
  for (gsize o = 0; o < self->out_channels; o++)
    {
      const EspReal *weight = call->parameters[0] + o * work.K;
      gsize first = o / work.O * work.C;
      EspBoundSum sum = { 0 };
      for (gsize k = 0; k < work.K; k++)
        esp_bound_sum_add (&sum, (double) weight[k], low[first + k / work.cells],
                           high[first + k / work.cells]);
      if (self->bias)
        esp_bound_sum_add (&sum, (double) call->parameters[1][o], 1, 1);
      for (gsize i = o * places; i < (o + 1) * places; i++)
        esp_bound_sum_get (&sum, &out->low[i], &out->high[i]);
    }
}

const EspLayerClass esp_layer_conv1d = {
  .name = "Conv1d",
  .size = sizeof (EspConv),
  .flags = ESP_LAYER_ROWS_FIRST,
  .read = conv_read,
  .infer = conv_infer,
  .get_parameters = conv_get_parameters,
  .measure = conv_measure,
  .forward = conv_forward,
  .backward = conv_backward,
  .bound = conv_bound,
};

const EspLayerClass esp_layer_conv2d = {
  .name = "Conv2d",
  .size = sizeof (EspConv),
  .flags = ESP_LAYER_ROWS_FIRST,
  .read = conv_read,
  .infer = conv_infer,
  .get_parameters = conv_get_parameters,
  .measure = conv_measure,
  .forward = conv_forward,
  .backward = conv_backward,
  .bound = conv_bound,
};
