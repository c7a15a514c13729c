/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Code for Keras: recurrent layers, one of Keras's for each of PyTorch's on top of one another, and
 * attention. */

#include "config.h"

#include <string.h>

#include "esp-network-code-private.h"
#include "esp-network-keras-private.h"

#define INT "%" G_GINT64_FORMAT

/* the lines of load_weights() for one direction of layer @l: PyTorch's two biases are added where
 * Keras has one */
static void
append_cell (EspKeras *self,
             const EspNetCall *call,
             guint number,
             guint l,
             const char *object,
             const char *suffix)
{
  gboolean gru = strcmp (call->module->layer->klass->name, "GRU") == 0;
  const char *const parts[] = { "weight_ih", "weight_hh", "bias_ih", "bias_hh" };
  const char *open = gru ? "gates(" : "", *close = gru ? ")" : "";
  g_autofree char *cell = g_strdup_printf ("    m%u_%u%s.cell", number, l, object);
  char *w[4] = { NULL };
  guint n = esp_keras_get_bool (call, "bias") ? 4 : 2;
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s_l%u%s", parts[i], l, suffix);
      w[i] = esp_keras_name_weight (self, call, name);
    }
  g_string_append_printf (self->weights, "%s.kernel.assign(%s%s%s.T)\n", cell, open, w[0], close);
  g_string_append_printf (self->weights, "%s.recurrent_kernel.assign(%s%s%s.T)\n", cell, open, w[1],
                          close);
  if (n == 4 && gru)
    g_string_append_printf (self->weights, "%s.bias.assign(np.stack([gates(%s), gates(%s)]))\n",
                            cell, w[2], w[3]);
  else if (n == 4)
    g_string_append_printf (self->weights, "%s.bias.assign(%s + %s)\n", cell, w[2], w[3]);
  for (guint i = 0; i < n; i++)
    g_free (w[i]);
}

static void
make_layer (EspKeras *self, const EspNetCall *call, guint number, guint l)
{
  const char *name = call->module->layer->klass->name;
  gboolean both = esp_keras_get_bool (call, "bidirectional");
  g_autofree char *suffix = g_strdup_printf ("_l%u", l);
  g_autoptr (GString) out = g_string_new (NULL);
  g_string_append_printf (
      out, "m%u_%u = %slayers.%s(" INT, number, l, both ? "layers.Bidirectional(" : "",
      strcmp (name, "RNN") == 0 ? "SimpleRNN" : name, esp_keras_get_int (call, "hidden_size"));
  if (strcmp (name, "RNN") == 0)
    g_string_append_printf (out, ", activation=\"%s\"", esp_keras_get_text (call, "nonlinearity"));
  g_string_append (out, ", return_sequences=True");
  if (!esp_keras_get_bool (call, "bias"))
    g_string_append (out, ", use_bias=False");
  if (both)
    g_string_append_c (out, ')');
  esp_keras_append_name (out, call->path, suffix);
  g_string_append_printf (self->layers, "%s)\n", out->str);
  append_cell (self, call, number, l, both ? ".forward_layer" : "", "");
  if (both)
    append_cell (self, call, number, l, ".backward_layer", "_reverse");
}

gboolean
esp_keras_recurrent (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  guint number = 0, n = (guint) esp_keras_get_int (call, "num_layers");
  double dropout = esp_keras_get_double (call, "dropout");
  g_autofree char *x = esp_keras_take (self, call->from[0], ESP_KERAS_OURS);
  gboolean first = esp_keras_begin_layer (self, call, &number);
  gboolean gru = strcmp (call->module->layer->klass->name, "GRU") == 0;
  guint trained;
  if (esp_code_count_frozen (self->network, call->module, &trained) > 0)
    return esp_keras_refuse (call, "requires_grad", error);
  if (first && !gru && esp_keras_get_bool (call, "bias"))
    g_string_append (self->layers, "# one bias where PyTorch has two that are added: it learns at "
                                   "half their pace\n");
  for (guint l = 0; l < n; l++)
    {
      if (first)
        make_layer (self, call, number, l);
      if (l > 0 && dropout > 0)
        {
          char *dropped = g_strdup_printf ("layers.Dropout(%g)(%s)", dropout, x);
          g_free (x);
          x = dropped;
        }
      char *called = g_strdup_printf ("m%u_%u(%s)", number, l, x);
      g_free (x);
      x = called;
    }
  if (gru)
    self->needs |= ESP_KERAS_NEEDS_GATES;
  esp_keras_give (self, value, ESP_KERAS_OURS, "%s", x);
  return TRUE;
}

/* --- attention --- */

/* one of the three projections out of the joined weight, or its own */
static void
append_projection (EspKeras *self, const EspNetCall *call, guint number, guint i)
{
  static const char *const dense[] = { "query_dense", "key_dense", "value_dense" };
  static const char *const own[] = { "q_proj_weight", "k_proj_weight", "v_proj_weight" };
  gint64 E = esp_keras_get_int (call, "embed_dim"), heads = esp_keras_get_int (call, "num_heads");
  guint n = call->module->n_parameters - (esp_keras_get_bool (call, "bias") ? 2 : 0);
  gboolean joined = n == 2; /* in_proj_weight and out_proj.weight */
  g_autofree char *w = esp_keras_name_weight (self, call, joined ? "in_proj_weight" : own[i]);
  g_autofree char *rows = g_strdup_printf ("[" INT ":" INT "]", E * i, E * (i + 1));
  g_string_append_printf (self->weights,
                          "    m%u.%s.kernel.assign(%s%s.T.reshape(-1, " INT ", " INT "))\n",
                          number, dense[i], w, joined ? rows : "", heads, E / heads);
  if (!esp_keras_get_bool (call, "bias"))
    return;
  g_autofree char *bias = esp_keras_name_weight (self, call, "in_proj_bias");
  g_string_append_printf (self->weights, "    m%u.%s.bias.assign(%s%s.reshape(" INT ", " INT "))\n",
                          number, dense[i], bias, rows, heads, E / heads);
}

static void
make_attention (EspKeras *self, const EspNetCall *call, guint number)
{
  gint64 E = esp_keras_get_int (call, "embed_dim"), heads = esp_keras_get_int (call, "num_heads");
  g_autoptr (GString) out = g_string_new (NULL);
  g_string_append_printf (out,
                          "m%u = layers.MultiHeadAttention(" INT ", " INT ", output_shape=" INT,
                          number, heads, E / heads, E);
  if (esp_keras_get_double (call, "dropout") > 0)
    g_string_append_printf (out, ", dropout=%g", esp_keras_get_double (call, "dropout"));
  if (!esp_keras_get_bool (call, "bias"))
    g_string_append (out, ", use_bias=False");
  esp_keras_append_name (out, call->path, "");
  g_string_append_printf (self->layers, "%s)\n", out->str);
  for (guint i = 0; i < 3; i++)
    append_projection (self, call, number, i);
  g_autofree char *turn = g_strdup_printf (".T.reshape(" INT ", " INT ", " INT ")", heads,
                                           E / heads, E);
  esp_keras_append_weight (self, call, "output_dense.kernel", "out_proj.weight", turn);
  esp_keras_append_weight (self, call, "output_dense.bias", "out_proj.bias", "");
}

gboolean
esp_keras_attention (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  guint number = 0;
  char *x[3];
  for (guint i = 0; i < 3; i++)
    x[i] = esp_keras_take (self, call->from[MIN (i, call->n_in - 1)], ESP_KERAS_OURS);
  if (esp_keras_begin_layer (self, call, &number))
    make_attention (self, call, number);
  /* Keras takes the value before the key */
  esp_keras_give (self, value, ESP_KERAS_OURS, "m%u(%s, %s, %s%s)", number, x[0], x[2], x[1],
                  esp_keras_get_bool (call, "is_causal") ? ", use_causal_mask=True" : "");
  for (guint i = 0; i < 3; i++)
    g_free (x[i]);
  return TRUE;
}
