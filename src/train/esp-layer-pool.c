/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pools over planes: MaxPool2d, AvgPool2d, and AdaptiveAvgPool2d, whose windows follow from the
 * size of its output. The places of the maxima are kept for backward. */

#include "config.h"
#include "esp-layer-pool.h"

#include <glib/gi18n.h>

#include "esp-stencil.h"

typedef struct
{
  EspLayer base;
  EspStencil window;
  gboolean count_include_pad;
  guint64 divisor;      /* of AvgPool2d; 0: the numbers in the window */
  guint64 out_sizes[2]; /* of AdaptiveAvgPool2d; 0: the input's */
} EspPool;

/* the part of a plane that one number of the output sees */
typedef struct
{
  gsize y0, y1, x0, x1;
  EspReal share; /* of each */
} Cell;

static gboolean
pool_infer (EspLayer *layer,
            const EspShape *in,
            guint n_in,
            EspShape *out,
            const char *path,
            GError **error)
{
  EspPool *self = (EspPool *) layer;
  EspStencilGeometry g;
  if (!esp_stencil_infer (&self->window, layer, in, 0, &g, path, error))
    return FALSE;
  esp_stencil_get_shape (&self->window, g.channels, g.out_height, g.out_width, out);
  return TRUE;
}

/* PyTorch wants it too: otherwise a window could see nothing but padding */
static gboolean
check_padding (const EspPool *self, EspSpec *spec, GError **error)
{
  const EspStencil *window = &self->window;
  if (2 * window->padding[0] <= window->kernel[0] && 2 * window->padding[1] <= window->kernel[1])
    return TRUE;
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                      _ ("“padding” must be at most half of “kernel_size”"));
  return FALSE;
}

static gboolean
max_pool_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspPool *self = (EspPool *) layer;
  return esp_stencil_read (&self->window, spec, 2,
                           ESP_STENCIL_DILATION | ESP_STENCIL_STRIDE_IS_KERNEL | ESP_STENCIL_CEIL,
                           error) &&
         check_padding (self, spec, error);
}

static void
max_pool_measure (const EspLayer *layer,
                  const EspShape *in,
                  guint n_in,
                  const EspShape *out,
                  EspLayerNeeds *needs)
{
  const EspStencil *window = &((const EspPool *) layer)->window;
  needs->kept_per_example = esp_shape_get_count (out);
  needs->work = esp_layer_multiply (esp_shape_get_count (out),
                                    esp_layer_multiply (window->kernel[0], window->kernel[1]));
}

/* first and last + 1 of the cells of a window that lie inside */
static void
clip_window (gsize place,
             gsize stride,
             gsize dilation,
             gsize before,
             gsize kernel,
             gsize size,
             gsize *first,
             gsize *end)
{
  gsize start = place * stride;
  *first = start < before ? (before - start + dilation - 1) / dilation : 0;
  *end = size + before > start ? MIN (kernel, (size + before - start - 1) / dilation + 1) : 0;
}

static void
max_pool_place (const EspStencilGeometry *g,
                const EspReal *plane,
                gsize y,
                gsize x,
                EspReal *largest,
                gint32 *where)
{
  gsize i0, i1, j0, j1;
  clip_window (y, g->stride[0], g->dilation[0], g->before[0], g->kernel[0], g->height, &i0, &i1);
  clip_window (x, g->stride[1], g->dilation[1], g->before[1], g->kernel[1], g->width, &j0, &j1);
  *largest = -INFINITY;
  *where = -1;
  for (gsize i = i0; i < i1; i++)
    for (gsize j = j0; j < j1; j++)
      {
        gsize at = (y * g->stride[0] + i * g->dilation[0] - g->before[0]) * g->width +
                   x * g->stride[1] + j * g->dilation[1] - g->before[1];
        if (plane[at] > *largest || *where < 0 || isnan (plane[at]))
          {
            *largest = plane[at];
            *where = (gint32) at;
          }
      }
}

static void
max_pool_forward (const EspLayerCall *call)
{
  EspStencilGeometry g;
  esp_stencil_get_geometry (&((const EspPool *) call->layer)->window, call->in, &g);
  gint32 *where = (gint32 *) call->kept;
  gsize plane = g.height * g.width;
  if (g.kernel[0] == 2 && g.kernel[1] == 2 && g.stride[0] == 2 && g.stride[1] == 2 &&
      g.before[0] == 0 && g.before[1] == 0 && g.dilation[0] == 1 && g.dilation[1] == 1 &&
      2 * g.out_height <= g.height && 2 * g.out_width <= g.width)
    {
      call->kernels->max_pool_2x2 (call->x, call->y, where, call->N * g.channels, g.height,
                                   g.width);
      return;
    }
  for (gsize c = 0; c < call->N * g.channels; c++)
    for (gsize y = 0; y < g.out_height; y++)
      for (gsize x = 0; x < g.out_width; x++)
        {
          gsize at = (c * g.out_height + y) * g.out_width + x;
          max_pool_place (&g, call->x + c * plane, y, x, call->y + at, where + at);
        }
}

static void
max_pool_backward (const EspLayerCall *call)
{
  EspStencilGeometry g;
  if (call->dx == NULL)
    return;
  esp_stencil_get_geometry (&((const EspPool *) call->layer)->window, call->in, &g);
  const gint32 *where = (const gint32 *) call->kept;
  gsize places = g.out_height * g.out_width, plane = g.height * g.width;
  for (gsize c = 0; c < call->N * g.channels; c++)
    for (gsize i = 0; i < places; i++)
      if (where[c * places + i] >= 0)
        call->dx[c * plane + (gsize) where[c * places + i]] += call->dy[c * places + i];
}

static gboolean
avg_pool_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspPool *self = (EspPool *) layer;
  self->count_include_pad = TRUE;
  if (!esp_stencil_read (&self->window, spec, 2, ESP_STENCIL_STRIDE_IS_KERNEL | ESP_STENCIL_CEIL,
                         error) ||
      !check_padding (self, spec, error) ||
      !esp_spec_read_bool (spec, "count_include_pad", &self->count_include_pad, error))
    return FALSE;
  if (!esp_spec_has (spec, "divisor_override") || esp_spec_read_null (spec, "divisor_override"))
    return TRUE;
  return esp_spec_read_size (spec, "divisor_override", 1, ESP_SHAPE_MAX_COUNT, &self->divisor,
                             error);
}

static gboolean
adaptive_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspPool *self = (EspPool *) layer;
  if (!esp_spec_require (spec, "output_size", error))
    return FALSE;
  return esp_spec_read_sizes (spec, "output_size", 1, ESP_SHAPE_MAX_COUNT, self->out_sizes, 2,
                              error);
}

static gboolean
adaptive_infer (EspLayer *layer,
                const EspShape *in,
                guint n_in,
                EspShape *out,
                const char *path,
                GError **error)
{
  EspPool *self = (EspPool *) layer;
  if (in->ndim != 3)
    {
      esp_layer_set_shape_error (layer, path, "[C, H, W]", in, error);
      return FALSE;
    }
  *out = *in;
  for (guint i = 0; i < 2; i++)
    out->sizes[1 + i] = (gint64) self->out_sizes[i];
  return TRUE;
}

static void
measure_adaptive (const EspLayerCall *call, Cell *cell, gsize y, gsize x)
{
  gsize height = (gsize) call->in->sizes[1], width = (gsize) call->in->sizes[2];
  gsize out_height = (gsize) call->out->sizes[1], out_width = (gsize) call->out->sizes[2];
  cell->y0 = y * height / out_height;
  cell->y1 = ((y + 1) * height + out_height - 1) / out_height;
  cell->x0 = x * width / out_width;
  cell->x1 = ((x + 1) * width + out_width - 1) / out_width;
  cell->share = 1 / (EspReal) ((cell->y1 - cell->y0) * (cell->x1 - cell->x0));
}

static void
measure_window (const EspLayerCall *call, Cell *cell, gsize y, gsize x)
{
  const EspPool *self = (const EspPool *) call->layer;
  EspStencilGeometry g;
  gsize first[2], end[2], count = 1, place[2] = { y, x };
  esp_stencil_get_geometry (&self->window, call->in, &g);
  for (guint i = 0; i < 2; i++)
    {
      gsize size = i == 0 ? g.height : g.width, start = place[i] * g.stride[i];
      clip_window (place[i], g.stride[i], 1, g.before[i], g.kernel[i], size, &first[i], &end[i]);
      /* a window that hangs over the padding behind counts only up to its end */
      count *= self->count_include_pad ? MIN (g.kernel[i], size + 2 * g.before[i] - start)
                                       : end[i] - first[i];
      first[i] += start - g.before[i];
      end[i] += start - g.before[i];
    }
  *cell = (Cell) { first[0], end[0], first[1], end[1],
                   1 / (EspReal) (self->divisor > 0 ? self->divisor : count) };
}

/* sums of windows, or their derivatives: @backward adds to dx */
static void
run_average (const EspLayerCall *call, gboolean backward)
{
  gsize height = (gsize) call->in->sizes[1], width = (gsize) call->in->sizes[2];
  gsize out_height = (gsize) call->out->sizes[1], out_width = (gsize) call->out->sizes[2];
  gsize planes = call->N * (gsize) call->in->sizes[0];
  for (gsize y = 0; y < out_height; y++)
    for (gsize x = 0; x < out_width; x++)
      {
        Cell cell;
        if (call->layer->klass == &esp_layer_avg_pool2d)
          measure_window (call, &cell, y, x);
        else
          measure_adaptive (call, &cell, y, x);
        for (gsize c = 0; c < planes; c++)
          {
            gsize at = (c * out_height + y) * out_width + x;
            EspReal sum = 0, part = backward ? call->dy[at] * cell.share : 0;
            for (gsize i = cell.y0; i < cell.y1; i++)
              for (gsize j = cell.x0; j < cell.x1; j++)
                {
                  gsize from = (c * height + i) * width + j;
                  if (backward)
                    call->dx[from] += part;
                  else
                    sum += call->x[from];
                }
            if (!backward)
              call->y[at] = sum * cell.share;
          }
      }
}

static void
average_forward (const EspLayerCall *call)
{
  run_average (call, FALSE);
}

static void
average_backward (const EspLayerCall *call)
{
  if (call->dx != NULL)
    run_average (call, TRUE);
}

/* no place of a plane is beyond the least and the most of it, or 0 in the padding of an average */
static void
pool_bound (const EspLayerCall *call, const EspBounds *in, const EspBounds *out)
{
  const EspPool *self = (const EspPool *) call->layer;
  gsize channels = (gsize) call->in->sizes[0];
  gsize plane = call->in_count / channels, places = call->out_count / channels;
  gboolean sums = self->divisor > 0; /* of as many numbers as the window has */
  double scale = sums ? (double) (self->window.kernel[0] * self->window.kernel[1]) /
                            (double) self->divisor
                      : 1;
  gboolean padded = sums || self->window.padding[0] > 0 || self->window.padding[1] > 0;
  for (gsize c = 0; c < channels; c++)
    {
      double low = INFINITY, high = -INFINITY;
      for (gsize i = c * plane; i < (c + 1) * plane; i++)
        {
          low = fmin (low, in->low[i]);
          high = fmax (high, in->high[i]);
        }
      low = scale * (padded ? fmin (low, 0) : low);
      high = scale * (padded ? fmax (high, 0) : high);
      for (gsize i = c * places; i < (c + 1) * places; i++)
        {
          out->low[i] = low - 1e-5 * fabs (low);
          out->high[i] = high + 1e-5 * fabs (high);
        }
    }
}

const EspLayerClass esp_layer_adaptive_avg_pool2d = {
  .name = "AdaptiveAvgPool2d",
  .size = sizeof (EspPool),
  .flags = ESP_LAYER_UNITWISE,
  .read = adaptive_read,
  .infer = adaptive_infer,
  .forward = average_forward,
  .backward = average_backward,
  .bound = pool_bound,
};

const EspLayerClass esp_layer_avg_pool2d = {
  .name = "AvgPool2d",
  .size = sizeof (EspPool),
  .flags = ESP_LAYER_UNITWISE,
  .read = avg_pool_read,
  .infer = pool_infer,
  .forward = average_forward,
  .backward = average_backward,
  .bound = pool_bound,
};

const EspLayerClass esp_layer_max_pool2d = {
  .name = "MaxPool2d",
  .size = sizeof (EspPool),
  .flags = ESP_LAYER_UNITWISE,
  .read = max_pool_read,
  .infer = pool_infer,
  .measure = max_pool_measure,
  .forward = max_pool_forward,
  .backward = max_pool_backward,
  .bound = pool_bound,
};
