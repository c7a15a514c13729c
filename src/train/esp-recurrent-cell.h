/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-layer.h"

G_BEGIN_DECLS

/**
 * EspRecurrentCell:
 *
 * What a kind of recurrent layer does at one moment, for all examples of a batch: gates from the
 * input's and the state's share. Formulas are torch.nn.RNN's, LSTM's and GRU's.
 */
typedef struct
{
  const EspKernels *kernels;
  gsize N, H;
  EspReal *from_input;   /* (N, gates H): x W_ih^T + b_ih; may be changed */
  EspReal *from_state;   /* (N, gates H): h W_hh^T + b_hh; may be changed */
  EspReal *gates;        /* (N, gates H), kept */
  EspReal *h_before, *h; /* (N, H), kept */
  EspReal *s_before, *s; /* (N, H), kept: LSTM's c; GRU: s is the state's share of the new gate */
  gboolean relu;         /* RNN */

  /* backward */
  EspReal *dh; /* (N, H): in: of h; out: what the gates don't send back to h_before */
  EspReal *dc; /* (N, H): LSTM: of c, then of c before */
  EspReal *dfrom_input, *dfrom_state; /* (N, gates H) */
} EspRecurrentStep;

typedef struct
{
  guint gates;
  void (*forward) (const EspRecurrentStep *step);
  void (*backward) (const EspRecurrentStep *step);
} EspRecurrentCell;

extern const EspRecurrentCell esp_recurrent_cell_gru;
extern const EspRecurrentCell esp_recurrent_cell_lstm;
extern const EspRecurrentCell esp_recurrent_cell_rnn;

G_END_DECLS
