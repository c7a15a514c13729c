/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One moment of recurrent layers, element by element; the matrix products around it are
 * esp-layer-recurrent.c's. */

#include "config.h"
#include "esp-recurrent-cell.h"

#include <string.h>

static void
apply (const EspRecurrentStep *step,
       EspActivationKind kind,
       const EspReal *x,
       EspReal *y,
       gsize count)
{
  step->kernels->activations[kind].forward (x, y, count, 0, 0);
}

static void
rnn_forward (const EspRecurrentStep *step)
{
  gsize count = step->N * step->H;
  step->kernels->add (step->from_state, step->from_input, count);
  apply (step, step->relu ? ESP_ACTIVATION_RELU : ESP_ACTIVATION_TANH, step->from_input, step->h,
         count);
}

static void
rnn_backward (const EspRecurrentStep *step)
{
  for (gsize i = 0; i < step->N * step->H; i++)
    {
      EspReal h = step->h[i], slope = step->relu ? (h > 0 ? 1 : 0) : 1 - h * h;
      step->dfrom_input[i] = step->dfrom_state[i] = step->dh[i] * slope;
      step->dh[i] = 0;
    }
}

/* gates: input, forget, cell, output */
static void
lstm_forward (const EspRecurrentStep *step)
{
  gsize H = step->H;
  step->kernels->add (step->from_state, step->from_input, step->N * 4 * H);
  for (gsize n = 0; n < step->N; n++)
    {
      const EspReal *in = step->from_input + n * 4 * H;
      EspReal *gates = step->gates + n * 4 * H, *s = step->s + n * H, *h = step->h + n * H;
      const EspReal *before = step->s_before + n * H;
      apply (step, ESP_ACTIVATION_SIGMOID, in, gates, 2 * H);
      apply (step, ESP_ACTIVATION_TANH, in + 2 * H, gates + 2 * H, H);
      apply (step, ESP_ACTIVATION_SIGMOID, in + 3 * H, gates + 3 * H, H);
      for (gsize i = 0; i < H; i++)
        s[i] = gates[H + i] * before[i] + gates[i] * gates[2 * H + i];
      apply (step, ESP_ACTIVATION_TANH, s, h, H);
      for (gsize i = 0; i < H; i++)
        h[i] *= gates[3 * H + i];
    }
}

static void
lstm_backward_row (const EspRecurrentStep *step, gsize n)
{
  gsize H = step->H;
  const EspReal *gates = step->gates + n * 4 * H, *before = step->s_before + n * H;
  EspReal *dh = step->dh + n * H, *dc = step->dc + n * H, *d = step->dfrom_input + n * 4 * H;
  EspReal *cell = d; /* tanh of c, until it isn't needed any more */
  apply (step, ESP_ACTIVATION_TANH, step->s + n * H, cell, H);
  for (gsize i = 0; i < H; i++)
    {
      EspReal in = gates[i], forget = gates[H + i], new = gates[2 * H + i], out = gates[3 * H + i];
      EspReal c = cell[i], whole = dc[i] + dh[i] * out * (1 - c * c);
      d[i] = whole * new *in * (1 - in);
      d[H + i] = whole * before[i] * forget * (1 - forget);
      d[2 * H + i] = whole * in * (1 - new *new);
      d[3 * H + i] = dh[i] * c * out * (1 - out);
      dc[i] = whole * forget;
      dh[i] = 0;
    }
}

static void
lstm_backward (const EspRecurrentStep *step)
{
  for (gsize n = 0; n < step->N; n++)
    lstm_backward_row (step, n);
  memcpy (step->dfrom_state, step->dfrom_input, step->N * 4 * step->H * sizeof (EspReal));
}

/* gates: reset, update, new */
static void
gru_forward (const EspRecurrentStep *step)
{
  gsize H = step->H;
  for (gsize n = 0; n < step->N; n++)
    {
      EspReal *in = step->from_input + n * 3 * H, *state = step->from_state + n * 3 * H;
      EspReal *gates = step->gates + n * 3 * H, *s = step->s + n * H;
      const EspReal *before = step->h_before + n * H;
      step->kernels->add (state, in, 2 * H);
      apply (step, ESP_ACTIVATION_SIGMOID, in, gates, 2 * H);
      memcpy (s, state + 2 * H, H * sizeof *s);
      step->kernels->multiply_add (gates, s, in + 2 * H, H);
      apply (step, ESP_ACTIVATION_TANH, in + 2 * H, gates + 2 * H, H);
      for (gsize i = 0; i < H; i++)
        {
          EspReal update = gates[H + i];
          step->h[n * H + i] = (1 - update) * gates[2 * H + i] + update * before[i];
        }
    }
}

static void
gru_backward (const EspRecurrentStep *step)
{
  gsize H = step->H;
  for (gsize n = 0; n < step->N; n++)
    for (gsize i = 0; i < H; i++)
      {
        const EspReal *gates = step->gates + n * 3 * H;
        EspReal *d = step->dfrom_input + n * 3 * H, *ds = step->dfrom_state + n * 3 * H;
        EspReal reset = gates[i], update = gates[H + i], new = gates[2 * H + i];
        EspReal dh = step->dh[n * H + i];
        EspReal dnew = dh * (1 - update) * (1 - new *new);
        d[i] = ds[i] = dnew * step->s[n * H + i] * reset * (1 - reset);
        d[H + i] = ds[H + i] = dh * (step->h_before[n * H + i] - new) * update * (1 - update);
        d[2 * H + i] = dnew;
        ds[2 * H + i] = dnew * reset;
        step->dh[n * H + i] = dh * update;
      }
}

const EspRecurrentCell esp_recurrent_cell_rnn = { 1, rnn_forward, rnn_backward };
const EspRecurrentCell esp_recurrent_cell_lstm = { 4, lstm_forward, lstm_backward };
const EspRecurrentCell esp_recurrent_cell_gru = { 3, gru_forward, gru_backward };
