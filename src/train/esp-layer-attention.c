/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attention with several heads. Inputs: the query (L, E), the key (S, kdim), the value (S, vdim);
 * two inputs are the query and what is both key and value, one is all three. The output is (L, E).
 *
 *   q, k, v = their projections, cut into heads of E / heads numbers
 *   weights = softmax (q k^T / sqrt (E / heads)), context = weights v, y = projection of the
 * context
 *
 * "is_causal", an argument of PyTorch's forward, is a setting here: moment i sees moments up to i.
 */

#include "config.h"
#include "esp-layer-attention.h"

#include <string.h>
#include <glib/gi18n.h>

typedef struct
{
  EspLayer base;
  guint64 embed_dim, num_heads;
  guint64 kdim, vdim; /* 0: embed_dim */
  double dropout;
  gboolean bias, is_causal;
} EspAttention;

/* one call */
typedef struct
{
  const EspAttention *self;
  gsize L, S, E, heads, D; /* D: numbers of a head */
  gsize widths[3];         /* of query, key, value */
  gsize lengths[3];
  guint sources[3]; /* which input each of them is */
  gboolean joined;  /* one weight for all three projections */
} Work;

/* what one example keeps; heads first */
typedef struct
{
  EspReal *parts[3]; /* q, k, v: (heads, length, D) */
  EspReal *weights;  /* (heads, L, S), after Dropout */
  EspReal *mask;     /* the same, with Dropout */
  EspReal *soft;     /* the same, before it */
  EspReal *context;  /* (L, E) */
} Kept;

static gboolean
read_width (EspSpec *spec, const char *key, guint64 *value, GError **error)
{
  if (!esp_spec_has (spec, key) || esp_spec_read_null (spec, key))
    return TRUE;
  return esp_spec_read_size (spec, key, 1, ESP_SHAPE_MAX_COUNT, value, error);
}

static gboolean
attention_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspAttention *self = (EspAttention *) layer;
  gboolean batch_first = TRUE;
  self->bias = TRUE;
  if (!esp_spec_require (spec, "num_heads", error) ||
      !esp_spec_read_size (spec, "embed_dim", 1, ESP_SHAPE_MAX_COUNT, &self->embed_dim, error) ||
      !esp_spec_read_size (spec, "num_heads", 1, ESP_SHAPE_MAX_COUNT, &self->num_heads, error) ||
      !esp_spec_read_double (spec, "dropout", 0, 1, &self->dropout, error) ||
      !esp_spec_read_bool (spec, "bias", &self->bias, error) ||
      !read_width (spec, "kdim", &self->kdim, error) ||
      !read_width (spec, "vdim", &self->vdim, error) ||
      !esp_layer_read_batch_first (spec, &batch_first, error) ||
      !esp_spec_read_bool (spec, "is_causal", &self->is_causal, error))
    return FALSE;
  if (self->embed_dim % self->num_heads == 0)
    return TRUE;
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                      _ ("“num_heads” must divide “embed_dim”, but it is %llu"),
                      (unsigned long long) self->num_heads);
  return FALSE;
}

static Work
prepare (const EspAttention *self, const EspShape *in, guint n_in)
{
  Work work = { .self = self, .E = self->embed_dim, .heads = self->num_heads };
  guint64 kdim = self->kdim > 0 ? self->kdim : self->embed_dim;
  guint64 vdim = self->vdim > 0 ? self->vdim : self->embed_dim;
  work.D = work.E / work.heads;
  work.widths[0] = work.E;
  work.widths[1] = kdim;
  work.widths[2] = vdim;
  work.joined = kdim == work.E && vdim == work.E;
  for (guint i = 0; i < 3; i++)
    {
      work.sources[i] = MIN (i, n_in - 1);
      work.lengths[i] = (gsize) in[work.sources[i]].sizes[0];
    }
  work.L = work.lengths[0];
  work.S = work.lengths[1];
  return work;
}

/* embed_dim that was left out */
static gboolean
follow_width (EspAttention *self, const EspShape *query, const char *path, GError **error)
{
  guint64 width = query->ndim == 2 ? (guint64) query->sizes[1] : 0;
  if (width == 0 || width % self->num_heads != 0)
    {
      g_autofree char *wanted = g_strdup_printf ("[L, n × %" G_GUINT64_FORMAT "]", self->num_heads);
      esp_layer_set_shape_error (&self->base, path, wanted, query, error);
      return FALSE;
    }
  self->embed_dim = width;
  json_object_set_int_member (self->base.settings, "embed_dim", (gint64) width);
  return TRUE;
}

static gboolean
attention_infer (EspLayer *layer,
                 const EspShape *in,
                 guint n_in,
                 EspShape *out,
                 const char *path,
                 GError **error)
{
  EspAttention *self = (EspAttention *) layer;
  if (self->embed_dim == 0 && !follow_width (self, in, path, error))
    return FALSE;
  Work work = prepare (self, in, n_in);
  for (guint i = 0; i < 3; i++)
    {
      const EspShape *shape = &in[work.sources[i]];
      if (shape->ndim == 2 && (guint64) shape->sizes[1] == work.widths[i] &&
          (i < 2 || work.lengths[2] == work.S))
        continue;
      g_autofree char *length = i < 2 ? g_strdup (i == 0 ? "L" : "S")
                                      : g_strdup_printf ("%" G_GSIZE_FORMAT, work.S);
      g_autofree char *wanted = g_strdup_printf ("[%s, %" G_GSIZE_FORMAT "]", length,
                                                 work.widths[i]);
      esp_layer_set_shape_error (layer, path, wanted, shape, error);
      return FALSE;
    }
  *out = in[0];
  return TRUE;
}

static EspParameterInfo
describe (const char *name, gsize rows, gsize columns, double bound)
{
  gboolean weight = columns > 0;
  return (EspParameterInfo) {
    .name = name,
    .shape = { weight ? 2 : 1, { (gint64) rows, (gint64) columns } },
    .kind = weight ? ESP_PARAMETER_WEIGHT : ESP_PARAMETER_BIAS,
    .begin = bound > 0 ? ESP_BEGIN_UNIFORM : ESP_BEGIN_CONSTANT,
    .begin_value = bound,
    .fan_in = columns,
    .fan_out = rows,
  };
}

/* Xavier's bound */
static double
get_bound (gsize rows, gsize columns)
{
  return sqrt (6 / ((double) rows + (double) columns));
}

static guint
attention_get_parameters (const EspLayer *layer, EspParameterInfo *infos)
{
  static const char *const names[] = { "q_proj_weight", "k_proj_weight", "v_proj_weight" };
  static const EspShape none[1] = { { 2, { 1, 1 } } };
  const EspAttention *self = (const EspAttention *) layer;
  Work work = prepare (self, none, 1);
  gsize E = work.E;
  guint n = 0;
  if (work.joined)
    infos[n++] = describe ("in_proj_weight", 3 * E, E, get_bound (3 * E, E));
  else
    for (guint i = 0; i < 3; i++)
      infos[n++] = describe (names[i], E, work.widths[i], get_bound (E, work.widths[i]));
  if (self->bias)
    infos[n++] = describe ("in_proj_bias", 3 * E, 0, 0);
  infos[n++] = describe ("out_proj.weight", E, E, 1 / sqrt ((double) E));
  if (self->bias)
    infos[n++] = describe ("out_proj.bias", E, 0, 0);
  return n;
}

static guint64
count_kept (const Work *work)
{
  guint64 weights = esp_layer_multiply (esp_layer_multiply (work->heads, work->L), work->S);
  guint64 lines = esp_layer_multiply (2 * work->L + 2 * work->S, work->E);
  return esp_layer_add (esp_layer_multiply (weights, work->self->dropout > 0 ? 3 : 1), lines);
}

static void
attention_measure (const EspLayer *layer,
                   const EspShape *in,
                   guint n_in,
                   const EspShape *out,
                   EspLayerNeeds *needs)
{
  Work work = prepare ((const EspAttention *) layer, in, n_in);
  guint64 longest = MAX (work.L, work.S);
  needs->kept_per_example = count_kept (&work);
  needs->scratch = esp_layer_add (esp_layer_multiply (longest, 6 * work.E),
                                  esp_layer_multiply (work.L, 2 * work.S));
  needs->work = esp_layer_multiply (longest, esp_layer_multiply (work.E, 4 * work.E + 2 * longest));
}

static Kept
find_kept (const EspLayerCall *call, const Work *work, gsize n)
{
  EspReal *at = call->kept + n * count_kept (work);
  gsize weights = work->heads * work->L * work->S;
  Kept kept;
  for (guint i = 0; i < 3; i++)
    {
      kept.parts[i] = at;
      at += work->lengths[i] * work->E;
    }
  kept.context = at;
  at += work->L * work->E;
  kept.weights = kept.soft = kept.mask = at;
  if (work->self->dropout > 0)
    {
      kept.mask = at + weights;
      kept.soft = kept.mask + weights;
    }
  return kept;
}

/* weight and bias of a projection: 0 to 2 in, 3 out; or of their derivatives */
static EspReal *
get_weight (const Work *work, EspReal **parameters, guint part)
{
  if (part == 3)
    return parameters[(work->joined ? 1 : 3) + (work->self->bias ? 1 : 0)];
  if (!work->joined)
    return parameters[part];
  return parameters[0] != NULL ? parameters[0] + part * work->E * work->E : NULL;
}

static EspReal *
get_bias (const Work *work, EspReal **parameters, guint part)
{
  guint in = work->joined ? 1 : 3;
  if (!work->self->bias)
    return NULL;
  if (part == 3)
    return parameters[in + 2];
  return parameters[in] != NULL ? parameters[in] + part * work->E : NULL;
}

/* (length, heads, D) <-> (heads, length, D) */
static void
swap_axes (const EspReal *from, EspReal *to, gsize A, gsize B, gsize count)
{
  for (gsize a = 0; a < A; a++)
    for (gsize b = 0; b < B; b++)
      memcpy (to + (b * A + a) * count, from + (a * B + b) * count, count * sizeof *from);
}

/* the weights of all heads of example @n */
static void
attend (const EspLayerCall *call, const Work *work, Kept *kept, gsize n)
{
  gsize L = work->L, S = work->S, count = work->heads * L * S;
  EspReal scale = (EspReal) (1 / sqrt ((double) work->D)), *scores = call->scratch;
  for (gsize h = 0; h < work->heads; h++)
    {
      memset (scores, 0, L * S * sizeof (EspReal));
      call->kernels->matmul_nt (kept->parts[0] + h * L * work->D, kept->parts[1] + h * S * work->D,
                                scores, L, S, work->D);
      for (gsize i = 0; i < L; i++)
        for (gsize j = 0; j < S; j++)
          scores[i * S + j] = work->self->is_causal && j > i ? -INFINITY
                                                             : scores[i * S + j] * scale;
      call->kernels->softmax_forward (scores, kept->soft + h * L * S, L, S, 1, FALSE);
    }
  if (work->self->dropout <= 0)
    return;
  if (!call->run->training)
    {
      memcpy (kept->weights, kept->soft, count * sizeof (EspReal));
      return;
    }
  /* the numbers of an example follow those of the one before it */
  esp_layer_fill_mask_from (call, work->self->dropout, 0, n * count, kept->mask, count);
  call->kernels->multiply (kept->soft, kept->mask, kept->weights, count);
}

static void
attention_forward (const EspLayerCall *call)
{
  Work work = prepare ((const EspAttention *) call->layer, call->in, call->n_in);
  gsize E = work.E, D = work.D, L = work.L, S = work.S;
  EspReal *rows = call->scratch;
  for (gsize n = 0; n < call->N; n++)
    {
      Kept kept = find_kept (call, &work, n);
      for (guint i = 0; i < 3; i++)
        {
          const EspReal *x = call->xs[work.sources[i]] + n * work.lengths[i] * work.widths[i];
          call->kernels->linear_forward (x, get_weight (&work, call->parameters, i),
                                         get_bias (&work, call->parameters, i), rows,
                                         work.lengths[i], work.widths[i], E);
          swap_axes (rows, kept.parts[i], work.lengths[i], work.heads, D);
        }
      attend (call, &work, &kept, n);
      memset (rows, 0, L * E * sizeof (EspReal));
      for (gsize h = 0; h < work.heads; h++)
        call->kernels->matmul_nn (kept.weights + h * L * S, kept.parts[2] + h * S * D,
                                  rows + h * L * D, L, D, S);
      swap_axes (rows, kept.context, work.heads, L, D);
      call->kernels->linear_forward (kept.context, get_weight (&work, call->parameters, 3),
                                     get_bias (&work, call->parameters, 3), call->y + n * L * E, L,
                                     E, E);
    }
}

/* dcontext (heads, L, D) -> dparts, heads first; @square: 2 (L, S) */
static void
attend_backward (const EspLayerCall *call,
                 const Work *work,
                 const Kept *kept,
                 const EspReal *dcontext,
                 EspReal *const *dparts,
                 EspReal *square)
{
  gsize L = work->L, S = work->S, D = work->D;
  EspReal scale = (EspReal) (1 / sqrt ((double) D)), *dweights = square, *dscores = square + L * S;
  for (gsize h = 0; h < work->heads; h++)
    {
      const EspReal *soft = kept->soft + h * L * S, *dc = dcontext + h * L * D;
      memset (square, 0, 2 * L * S * sizeof (EspReal));
      call->kernels->matmul_nt (dc, kept->parts[2] + h * S * D, dweights, L, S, D);
      call->kernels->matmul_tn (kept->weights + h * L * S, dc, dparts[2] + h * S * D, S, D, L);
      if (work->self->dropout > 0)
        for (gsize i = 0; i < L * S; i++)
          dweights[i] *= kept->mask[h * L * S + i];
      call->kernels->softmax_backward (soft, dweights, dscores, L, S, 1, FALSE);
      for (gsize i = 0; i < L * S; i++)
        dscores[i] *= scale;
      call->kernels->matmul_nn (dscores, kept->parts[1] + h * S * D, dparts[0] + h * L * D, L, D,
                                S);
      call->kernels->matmul_tn (dscores, kept->parts[0] + h * L * D, dparts[1] + h * S * D, S, D,
                                L);
    }
}

static void
attention_backward (const EspLayerCall *call)
{
  Work work = prepare ((const EspAttention *) call->layer, call->in, call->n_in);
  gsize E = work.E, L = work.L, run = MAX (L, work.S) * E;
  EspReal *rows = call->scratch, *dcontext = rows + run, *square = rows + 6 * run;
  EspReal *dparts[3] = { rows + 2 * run, rows + 3 * run, rows + 4 * run };
  for (gsize n = 0; n < call->N; n++)
    {
      Kept kept = find_kept (call, &work, n);
      memset (rows, 0, 5 * run * sizeof (EspReal));
      call->kernels->linear_backward (
          kept.context, get_weight (&work, call->parameters, 3), call->dy + n * L * E, rows,
          get_weight (&work, call->grads, 3), get_bias (&work, call->grads, 3), L, E, E);
      swap_axes (rows, dcontext, L, work.heads, work.D);
      attend_backward (call, &work, &kept, dcontext, dparts, square);
      for (guint i = 0; i < 3; i++)
        {
          guint source = work.sources[i];
          gsize count = n * work.lengths[i] * work.widths[i];
          EspReal *dx = call->dxs[source];
          swap_axes (dparts[i], rows, work.heads, work.lengths[i], work.D);
          call->kernels->linear_backward (
              call->xs[source] + count, get_weight (&work, call->parameters, i), rows,
              dx != NULL ? dx + count : NULL, get_weight (&work, call->grads, i),
              get_bias (&work, call->grads, i), work.lengths[i], work.widths[i], E);
        }
    }
}

const EspLayerClass esp_layer_multihead_attention = {
  .name = "MultiheadAttention",
  .size = sizeof (EspAttention),
  .min_inputs = 1,
  .max_inputs = 3,
  .read = attention_read,
  .infer = attention_infer,
  .get_parameters = attention_get_parameters,
  .measure = attention_measure,
  .forward = attention_forward,
  .backward = attention_backward,
};
