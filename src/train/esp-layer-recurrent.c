/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RNN, LSTM and GRU over sequences (T, I) -> (T, directions H), several on top of one another and
 * in both directions. States begin at 0 and what comes out are the outputs of the topmost.
 *
 * Inside, moments come first, (T, N, ...), in the order in which a direction runs through them, so
 * that all examples of a moment are one matrix and the input's share of all moments is one product.
 */

#include "config.h"
#include "esp-layer-recurrent.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-recurrent-cell.h"

#define MAX_LAYERS 8

typedef struct
{
  EspLayer base;
  const EspRecurrentCell *cell;
  guint64 input_size; /* 0 until the first use when it was left out */
  guint64 hidden_size, num_layers;
  double dropout;
  gboolean bias, bidirectional, relu;
} EspRecurrent;

/* what one direction of one layer keeps */
typedef struct
{
  EspReal *x;     /* (T, N, I) */
  EspReal *gates; /* (T, N, gates H) */
  EspReal *h, *s; /* (T + 1, N, H) */
  gsize I;
} Direction;

typedef struct
{
  const EspRecurrent *self;
  gsize T, N, H, D, G; /* G: gates H */
  gsize widest;        /* numbers of a moment: max (I, D H) */
  /* scratch */
  EspReal *current, *next, *other;  /* (T, N, widest) */
  EspReal *from_input, *from_state; /* (T, N, G) */
  EspReal *dh, *dc;                 /* (N, H) */
} Work;

static gboolean
read_nonlinearity (EspRecurrent *self, EspSpec *spec, GError **error)
{
  if (self->cell != &esp_recurrent_cell_rnn)
    return TRUE;
  static const char *const words[] = { "tanh", "relu", NULL };
  guint word = 0;
  if (!esp_spec_read_word (spec, "nonlinearity", words, &word, error))
    return FALSE;
  self->relu = word == 1;
  return TRUE;
}

static gboolean
recurrent_read (EspLayer *layer, EspSpec *spec, GError **error)
{
  EspRecurrent *self = (EspRecurrent *) layer;
  gboolean batch_first = TRUE;
  self->cell = layer->klass == &esp_layer_rnn    ? &esp_recurrent_cell_rnn
               : layer->klass == &esp_layer_lstm ? &esp_recurrent_cell_lstm
                                                 : &esp_recurrent_cell_gru;
  self->bias = TRUE;
  self->num_layers = 1;
  if (!esp_spec_require (spec, "hidden_size", error))
    return FALSE;
  return esp_spec_read_size (spec, "input_size", 1, ESP_SHAPE_MAX_COUNT, &self->input_size,
                             error) &&
         esp_spec_read_size (spec, "hidden_size", 1, ESP_SHAPE_MAX_COUNT, &self->hidden_size,
                             error) &&
         esp_spec_read_size (spec, "num_layers", 1, MAX_LAYERS, &self->num_layers, error) &&
         read_nonlinearity (self, spec, error) &&
         esp_spec_read_bool (spec, "bias", &self->bias, error) &&
         esp_layer_read_batch_first (spec, &batch_first, error) &&
         esp_spec_read_double (spec, "dropout", 0, 1, &self->dropout, error) &&
         esp_spec_read_bool (spec, "bidirectional", &self->bidirectional, error);
}

static gboolean
recurrent_infer (EspLayer *layer,
                 const EspShape *in,
                 guint n_in,
                 EspShape *out,
                 const char *path,
                 GError **error)
{
  EspRecurrent *self = (EspRecurrent *) layer;
  if (in->ndim == 2 && self->input_size == 0)
    {
      self->input_size = (guint64) in->sizes[1];
      json_object_set_int_member (layer->settings, "input_size", in->sizes[1]);
    }
  if (in->ndim != 2 || (guint64) in->sizes[1] != self->input_size)
    {
      g_autofree char *wanted =
          self->input_size > 0 ? g_strdup_printf ("[T, %" G_GUINT64_FORMAT "]", self->input_size)
                               : g_strdup ("[T, input_size]");
      esp_layer_set_shape_error (layer, path, wanted, in, error);
      return FALSE;
    }
  *out = *in;
  out->sizes[1] = (gint64) (self->hidden_size * (self->bidirectional ? 2 : 1));
  return TRUE;
}

static guint
recurrent_get_parameters (const EspLayer *layer, EspParameterInfo *infos)
{
  static const char *const names[] = { "weight_ih", "weight_hh", "bias_ih", "bias_hh" };
  const EspRecurrent *self = (const EspRecurrent *) layer;
  guint64 H = self->hidden_size, D = self->bidirectional ? 2 : 1, G = self->cell->gates * H;
  guint n = 0;
  for (guint l = 0; l < self->num_layers; l++)
    for (guint d = 0; d < D; d++)
      for (guint i = 0; i < (self->bias ? 4u : 2u); i++)
        {
          guint64 in = i % 2 == 1 ? H : l == 0 ? self->input_size : D * H;
          g_autofree char *name = g_strdup_printf ("%s_l%u%s", names[i], l,
                                                   d > 0 ? "_reverse" : "");
          infos[n++] = (EspParameterInfo) {
            .name = g_intern_string (name),
            .shape = { i < 2 ? 2 : 1, { (gint64) G, i < 2 ? (gint64) in : 0 } },
            .kind = i < 2 ? ESP_PARAMETER_WEIGHT : ESP_PARAMETER_BIAS,
            .begin_value = 1 / sqrt ((double) H),
            .fan_in = in,
            .fan_out = G,
          };
        }
  return n;
}

/* input sizes of all layers and directions together */
static guint64
sum_inputs (const EspRecurrent *self)
{
  guint64 D = self->bidirectional ? 2 : 1;
  return D * (self->input_size + (self->num_layers - 1) * D * self->hidden_size);
}

static void
recurrent_measure (const EspLayer *layer,
                   const EspShape *in,
                   guint n_in,
                   const EspShape *out,
                   EspLayerNeeds *needs)
{
  const EspRecurrent *self = (const EspRecurrent *) layer;
  guint64 T = (guint64) in->sizes[0], H = self->hidden_size, D = self->bidirectional ? 2 : 1;
  guint64 G = self->cell->gates * H, runs = D * self->num_layers;
  guint64 widest = MAX (self->input_size, D * H);
  /* inputs, gates, states, and the masks between layers */
  guint64 moment = sum_inputs (self) + runs * (G + 2 * H) + self->num_layers * D * H;
  needs->kept_per_example = esp_layer_add (esp_layer_multiply (T, moment), 2 * runs * H);
  needs->scratch_per_example = esp_layer_add (esp_layer_multiply (T, 3 * widest + 2 * G), 2 * H);
  needs->work = esp_layer_multiply (T, esp_layer_multiply (G, sum_inputs (self) + runs * H));
}

static Work
prepare (const EspLayerCall *call)
{
  const EspRecurrent *self = (const EspRecurrent *) call->layer;
  Work work = { self,
                (gsize) call->in->sizes[0],
                call->N,
                self->hidden_size,
                self->bidirectional ? 2 : 1,
                self->cell->gates * self->hidden_size };
  work.widest = MAX (self->input_size, work.D * work.H);
  gsize rows = work.T * work.N;
  work.current = call->scratch;
  work.next = work.current + rows * work.widest;
  work.other = work.next + rows * work.widest;
  work.from_input = work.other + rows * work.widest;
  work.from_state = work.from_input + rows * work.G;
  work.dh = work.from_state + rows * work.G;
  work.dc = work.dh + work.N * work.H;
  return work;
}

/* where direction @d of layer @l keeps its numbers */
static Direction
find_direction (const EspLayerCall *call, const Work *work, guint l, guint d)
{
  gsize rows = work->T * work->N, states = (work->T + 1) * work->N * work->H;
  EspReal *kept = call->kept;
  Direction own = { 0 };
  for (guint i = 0; i <= l * work->D + d; i++)
    {
      own.I = i < work->D ? work->self->input_size : work->D * work->H;
      own.x = kept;
      own.gates = own.x + rows * own.I;
      own.h = own.gates + rows * work->G;
      own.s = own.h + states;
      kept = own.s + states;
    }
  return own;
}

/* what Dropout between layers multiplies by; behind what the directions keep */
static EspReal *
find_mask (const EspLayerCall *call, const Work *work, guint l)
{
  Direction last = find_direction (call, work, (guint) work->self->num_layers - 1,
                                   (guint) work->D - 1);
  return last.s + (work->T + 1) * work->N * work->H + l * work->T * work->N * work->D * work->H;
}

/* (N, T, count) <-> (T, N, count) */
static void
swap_axes (const EspReal *from, EspReal *to, gsize A, gsize B, gsize count)
{
  for (gsize a = 0; a < A; a++)
    for (gsize b = 0; b < B; b++)
      memcpy (to + (b * A + a) * count, from + (a * B + b) * count, count * sizeof *from);
}

static EspRecurrentStep
get_step (const EspLayerCall *call, const Work *work, const Direction *own, gsize t)
{
  gsize states = work->N * work->H, gates = work->N * work->G;
  return (EspRecurrentStep) {
    .kernels = call->kernels,
    .N = work->N,
    .H = work->H,
    .from_input = work->from_input + t * gates,
    .from_state = work->from_state,
    .gates = own->gates + t * gates,
    .h_before = own->h + t * states,
    .h = own->h + (t + 1) * states,
    .s_before = own->s + t * states,
    .s = own->s + (t + 1) * states,
    .relu = work->self->relu,
    .dh = work->dh,
    .dc = work->dc,
    .dfrom_input = work->from_input + t * gates,
    .dfrom_state = work->from_state + t * gates,
  };
}

static void
run_direction (const EspLayerCall *call, Work *work, guint l, guint d)
{
  Direction own = find_direction (call, work, l, d);
  gsize N = work->N, T = work->T, H = work->H, moment = N * own.I;
  gboolean bias = work->self->bias;
  EspReal **parameters = call->parameters + (l * work->D + d) * (bias ? 4 : 2);
  for (gsize t = 0; t < T; t++)
    memcpy (own.x + t * moment, work->current + (d > 0 ? T - 1 - t : t) * moment,
            moment * sizeof (EspReal));
  memset (own.h, 0, N * H * sizeof (EspReal));
  memset (own.s, 0, N * H * sizeof (EspReal));
  call->kernels->linear_forward (own.x, parameters[0], bias ? parameters[2] : NULL,
                                 work->from_input, T * N, own.I, work->G);
  for (gsize t = 0; t < T; t++)
    {
      EspRecurrentStep step = get_step (call, work, &own, t);
      call->kernels->linear_forward (step.h_before, parameters[1], bias ? parameters[3] : NULL,
                                     step.from_state, N, H, work->G);
      work->self->cell->forward (&step);
      EspReal *out = work->next + (d > 0 ? T - 1 - t : t) * N * work->D * H + d * H;
      for (gsize n = 0; n < N; n++)
        memcpy (out + n * work->D * H, step.h + n * H, H * sizeof (EspReal));
    }
}

static void
recurrent_forward (const EspLayerCall *call)
{
  Work work = prepare (call);
  const EspRecurrent *self = work.self;
  gsize count = work.T * work.N * work.D * work.H;
  swap_axes (call->x, work.current, work.N, work.T, self->input_size);
  for (guint l = 0; l < self->num_layers; l++)
    {
      for (guint d = 0; d < work.D; d++)
        run_direction (call, &work, l, d);
      if (l + 1 < self->num_layers && self->dropout > 0 && call->run->training)
        {
          esp_layer_fill_mask (call, self->dropout, l, find_mask (call, &work, l), count);
          call->kernels->multiply (work.next, find_mask (call, &work, l), work.current, count);
        }
      else
        memcpy (work.current, work.next, count * sizeof (EspReal));
    }
  swap_axes (work.current, call->y, work.T, work.N, work.D * work.H);
}

/* @current: derivative of what the layer gave; adds that of what it took to @next */
static void
run_direction_backward (const EspLayerCall *call, Work *work, guint l, guint d)
{
  Direction own = find_direction (call, work, l, d);
  gsize N = work->N, T = work->T, H = work->H, rows = T * N, moment = N * own.I;
  gboolean bias = work->self->bias;
  guint first = (l * (guint) work->D + d) * (bias ? 4 : 2);
  EspReal **parameters = call->parameters + first, **grads = call->grads + first;
  memset (work->dh, 0, 2 * N * H * sizeof (EspReal));
  for (gsize t = T; t-- > 0;)
    {
      EspRecurrentStep step = get_step (call, work, &own, t);
      const EspReal *out = work->current + (d > 0 ? T - 1 - t : t) * N * work->D * H + d * H;
      for (gsize n = 0; n < N; n++)
        call->kernels->add (out + n * work->D * H, work->dh + n * H, H);
      work->self->cell->backward (&step);
      call->kernels->matmul_nn (step.dfrom_state, parameters[1], work->dh, N, H, work->G);
    }
  memset (work->other, 0, rows * own.I * sizeof (EspReal));
  call->kernels->linear_backward (own.x, parameters[0], work->from_input,
                                  l > 0 || call->dx != NULL ? work->other : NULL, grads[0],
                                  bias ? grads[2] : NULL, rows, own.I, work->G);
  call->kernels->linear_backward (own.h, parameters[1], work->from_state, NULL, grads[1],
                                  bias ? grads[3] : NULL, rows, H, work->G);
  for (gsize t = 0; t < T; t++)
    call->kernels->add (work->other + t * moment, work->next + (d > 0 ? T - 1 - t : t) * moment,
                        moment);
}

static void
recurrent_backward (const EspLayerCall *call)
{
  Work work = prepare (call);
  const EspRecurrent *self = work.self;
  gsize rows = work.T * work.N, count = rows * work.D * work.H;
  swap_axes (call->dy, work.current, work.N, work.T, work.D * work.H);
  for (guint l = (guint) self->num_layers; l-- > 0;)
    {
      memset (work.next, 0, rows * work.widest * sizeof (EspReal));
      for (guint d = 0; d < work.D; d++)
        run_direction_backward (call, &work, l, d);
      if (l > 0 && self->dropout > 0 && call->run->training)
        call->kernels->multiply (work.next, find_mask (call, &work, l - 1), work.current, count);
      else if (l > 0)
        memcpy (work.current, work.next, count * sizeof (EspReal));
    }
  if (call->dx == NULL)
    return;
  swap_axes (work.next, work.other, work.T, work.N, self->input_size);
  call->kernels->add (work.other, call->dx, call->N * call->in_count);
}

const EspLayerClass esp_layer_gru = {
  .name = "GRU",
  .size = sizeof (EspRecurrent),
  .read = recurrent_read,
  .infer = recurrent_infer,
  .get_parameters = recurrent_get_parameters,
  .measure = recurrent_measure,
  .forward = recurrent_forward,
  .backward = recurrent_backward,
};

const EspLayerClass esp_layer_lstm = {
  .name = "LSTM",
  .size = sizeof (EspRecurrent),
  .read = recurrent_read,
  .infer = recurrent_infer,
  .get_parameters = recurrent_get_parameters,
  .measure = recurrent_measure,
  .forward = recurrent_forward,
  .backward = recurrent_backward,
};

const EspLayerClass esp_layer_rnn = {
  .name = "RNN",
  .size = sizeof (EspRecurrent),
  .read = recurrent_read,
  .infer = recurrent_infer,
  .get_parameters = recurrent_get_parameters,
  .measure = recurrent_measure,
  .forward = recurrent_forward,
  .backward = recurrent_backward,
};
