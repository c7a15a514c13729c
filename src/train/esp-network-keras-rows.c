/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Code for Keras: the table of classes, and those that hold no parameters. */

#include "config.h"

#include <string.h>

#include "esp-network-keras-private.h"
#include "esp-python.h"

/* "layers.Reshape((4, 2))" */
static gboolean
append_reshape (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  g_autofree char *x = esp_keras_take (self, call->from[0], ESP_KERAS_OURS);
  g_autoptr (GString) shape = g_string_new (NULL);
  if (call->out.ndim == 1 && strcmp (call->module->layer->klass->name, "Flatten") == 0)
    {
      esp_keras_give (self, value, ESP_KERAS_OURS, "layers.Flatten()(%s)", x);
      return TRUE;
    }
  for (guint i = 0; i < call->out.ndim; i++)
    g_string_append_printf (shape, "%" G_GINT64_FORMAT ",%s", call->out.sizes[i],
                            i + 1 < call->out.ndim ? " " : "");
  esp_keras_give (self, value, ESP_KERAS_OURS, "layers.Reshape((%s))(%s)", shape->str, x);
  return TRUE;
}

static gboolean
append_identity (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  EspKerasOrder order = esp_keras_get_order (self, call->from[0]);
  g_autofree char *x = esp_keras_take (self, call->from[0], order);
  esp_keras_give (self, value, order, "%s", x);
  return TRUE;
}

/* number by number, in whatever order they come */
static gboolean
append_activation (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  static const struct
  {
    const char *name, *open, *key, *close;
  } rows[] = {
    { "ReLU", "layers.ReLU(", NULL, ")" },
    { "Tanh", "layers.Activation(\"tanh\"", NULL, ")" },
    { "Sigmoid", "layers.Activation(\"sigmoid\"", NULL, ")" },
    { "SiLU", "layers.Activation(\"silu\"", NULL, ")" },
    { "LeakyReLU", "layers.LeakyReLU(negative_slope=", "negative_slope", ")" },
    { "ELU", "layers.ELU(alpha=", "alpha", ")" },
    { "Dropout", "layers.Dropout(", "p", ")" },
  };
  EspKerasOrder order = esp_keras_get_order (self, call->from[0]);
  g_autofree char *x = esp_keras_take (self, call->from[0], order);
  g_autoptr (GString) out = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (strcmp (call->module->layer->klass->name, rows[i].name) == 0)
      {
        g_string_append (out, rows[i].open);
        if (rows[i].key != NULL)
          esp_python_append_number (out, esp_keras_get_double (call, rows[i].key));
        g_string_append (out, rows[i].close);
      }
  g_assert (out->len > 0);
  esp_keras_give (self, value, order, "%s(%s)", out->str, x);
  return TRUE;
}

static gboolean
append_gelu (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  EspKerasOrder order = esp_keras_get_order (self, call->from[0]);
  g_autofree char *x = esp_keras_take (self, call->from[0], order);
  gboolean rough = strcmp (esp_keras_get_text (call, "approximate"), "tanh") == 0;
  esp_keras_give (self, value, order, "ops.gelu(%s, approximate=%s)", x, rough ? "True" : "False");
  return TRUE;
}

/* log (1 + exp (beta x)) / beta, and x itself where beta x is above the threshold */
static gboolean
append_softplus (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  EspKerasOrder order = esp_keras_get_order (self, call->from[0]);
  g_autofree char *x = esp_keras_take (self, call->from[0], order);
  g_autoptr (GString) beta = g_string_new (NULL), threshold = g_string_new (NULL);
  esp_python_append_number (beta, esp_keras_get_double (call, "beta"));
  esp_python_append_number (threshold, esp_keras_get_double (call, "threshold"));
  esp_keras_give (self, value, order,
                  "ops.where(%s * %s > %s, %s, ops.softplus(%s * ops.minimum(%s, %s / %s)) / %s)",
                  beta->str, x, threshold->str, x, beta->str, x, threshold->str, beta->str,
                  beta->str);
  return TRUE;
}

static gboolean
append_softmax (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  gboolean log = strcmp (call->module->layer->klass->name, "LogSoftmax") == 0;
  g_autofree char *x = esp_keras_take (self, call->from[0], ESP_KERAS_OURS);
  esp_keras_give (self, value, ESP_KERAS_OURS, "ops.%s(%s, axis=%" G_GINT64_FORMAT ")",
                  log ? "log_softmax" : "softmax", x, esp_keras_get_int (call, "dim"));
  return TRUE;
}

static char *
take_all (EspKeras *self, const EspNetCall *call, EspKerasOrder order)
{
  g_autoptr (GString) out = g_string_new (NULL);
  for (guint i = 0; i < call->n_in; i++)
    {
      g_autofree char *x = esp_keras_take (self, call->from[i], order);
      g_string_append_printf (out, "%s%s", i > 0 ? ", " : "", x);
    }
  return g_strdup (out->str);
}

static gboolean
append_add (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  EspKerasOrder order = esp_keras_get_order (self, call->from[0]);
  for (guint i = 1; i < call->n_in; i++)
    if (esp_keras_get_order (self, call->from[i]) != order)
      order = ESP_KERAS_OURS;
  g_autofree char *all = take_all (self, call, order);
  if (call->n_in == 1)
    esp_keras_give (self, value, order, "%s", all);
  else
    esp_keras_give (self, value, order, "layers.Add()([%s])", all);
  return TRUE;
}

static gboolean
append_concat (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  g_autofree char *all = take_all (self, call, ESP_KERAS_OURS);
  if (call->n_in == 1)
    esp_keras_give (self, value, ESP_KERAS_OURS, "%s", all);
  else
    esp_keras_give (self, value, ESP_KERAS_OURS,
                    "layers.Concatenate(axis=%" G_GINT64_FORMAT ")([%s])",
                    esp_keras_get_int (call, "dim"), all);
  return TRUE;
}

/* "v3[:, -1]" */
static gboolean
append_select (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  g_autofree char *x = esp_keras_take (self, call->from[0], ESP_KERAS_OURS);
  g_autoptr (GString) axes = g_string_new (NULL);
  int dim = esp_shape_find_dim (&call->in[0], esp_keras_get_int (call, "dim"));
  for (int i = 0; i <= dim; i++)
    g_string_append (axes, ":, ");
  esp_keras_give (self, value, ESP_KERAS_OURS, "%s[%s%" G_GINT64_FORMAT "]", x, axes->str,
                  esp_keras_get_int (call, "index"));
  return TRUE;
}

static gboolean
append_permute (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  g_autofree char *x = esp_keras_take (self, call->from[0], ESP_KERAS_OURS);
  g_autoptr (GString) dims = g_string_new (NULL);
  gint64 order[ESP_SHAPE_MAX_DIMS + 1];
  guint n = call->in[0].ndim;
  esp_keras_get_sizes (call, "dims", order, n + 1);
  for (guint i = 1; i <= n; i++)
    g_string_append_printf (dims, "%" G_GINT64_FORMAT ",%s",
                            order[i] < 0 ? order[i] + n + 1 : order[i], i < n ? " " : "");
  esp_keras_give (self, value, ESP_KERAS_OURS, "layers.Permute((%s))(%s)", dims->str, x);
  return TRUE;
}

static const struct
{
  const char *name;
  EspKerasFunc func;
} rows[] = {
  { "AdaptiveAvgPool2d", esp_keras_adaptive_pool },
  { "Add", append_add },
  { "AvgPool2d", esp_keras_pool },
  { "BatchNorm1d", esp_keras_batch_norm },
  { "BatchNorm2d", esp_keras_batch_norm },
  { "Concat", append_concat },
  { "Conv1d", esp_keras_conv },
  { "Conv2d", esp_keras_conv },
  { "ConvTranspose2d", esp_keras_conv_transpose },
  { "Dropout", append_activation },
  { "ELU", append_activation },
  { "Embedding", esp_keras_embedding },
  { "Flatten", append_reshape },
  { "GELU", append_gelu },
  { "GRU", esp_keras_recurrent },
  { "GroupNorm", esp_keras_group_norm },
  { "Identity", append_identity },
  { "LSTM", esp_keras_recurrent },
  { "LayerNorm", esp_keras_norm },
  { "LeakyReLU", append_activation },
  { "Linear", esp_keras_linear },
  { "LogSoftmax", append_softmax },
  { "MaxPool2d", esp_keras_pool },
  { "MultiheadAttention", esp_keras_attention },
  { "Permute", append_permute },
  { "RMSNorm", esp_keras_norm },
  { "RNN", esp_keras_recurrent },
  { "ReLU", append_activation },
  { "Select", append_select },
  { "SiLU", append_activation },
  { "Sigmoid", append_activation },
  { "Softmax", append_softmax },
  { "Softplus", append_softplus },
  { "Tanh", append_activation },
  { "Unflatten", append_reshape },
  { "ZeroPad2d", esp_keras_zero_pad },
};

EspKerasFunc
esp_keras_find (const char *class_name)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (strcmp (rows[i].name, class_name) == 0)
      return rows[i].func;
  return NULL;
}
