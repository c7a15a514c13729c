/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Layers of Keras -> modules of ours. Keras has channels last and weights as (in, out); modules are
 * PyTorch's, so weights are transposed, and where a convolution follows something that isn't one, a
 * Permute stands between. A layer with an activation is two modules: "dense" and "dense/relu". */

#include "config.h"

#include "esp-architecture-keras.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-error.h"

/* --- simple layers --- */

static gboolean
add_dense (const EspKerasCall *call,
           const EspArchitectureValue *inputs,
           guint n,
           EspArchitectureValue *value,
           GError **error)
{
  gint64 units;
  JsonObject *settings;
  EspArchitectureCarry *carry;

  if (!esp_keras_call_get_sizes (call, "units", &units, 1) || units < 1)
    return esp_keras_call_fail (call, error, _ ("it doesn’t say how many units it has"));
  if (!esp_keras_call_order (call, FALSE, value, error) ||
      (settings = esp_keras_call_add (call, "", "Linear", value, error)) == NULL)
    return FALSE;
  json_object_set_int_member (settings, "out_features", units);
  json_object_set_boolean_member (settings, "bias", esp_keras_call_is_set (call, "use_bias", TRUE));
  carry = esp_keras_call_carry (call, "", "weight", "kernel");
  if (carry == NULL)
    return esp_keras_call_fail (call, error, _ ("its weights aren’t in the file"));
  carry->axes[0] = 1;
  carry->axes[1] = 0;
  esp_keras_call_carry (call, "", "bias", "bias");
  if (value->shape.ndim > 0)
    value->shape.sizes[value->shape.ndim - 1] = units;
  return esp_keras_call_activate (call, esp_keras_call_get_text (call, "activation"), "/", value,
                                  error);
}

static gboolean
add_activation (const EspKerasCall *call,
                const EspArchitectureValue *inputs,
                guint n,
                EspArchitectureValue *value,
                GError **error)
{
  return esp_keras_call_activate (call, esp_keras_call_get_text (call, "activation"), "", value,
                                  error);
}

/* ReLU and its like as layers, with settings */
static gboolean
add_activation_layer (const EspKerasCall *call,
                      const EspArchitectureValue *inputs,
                      guint n,
                      EspArchitectureValue *value,
                      GError **error)
{
  double slope = 0, threshold = 0;
  JsonObject *settings;

  if (strcmp (call->class_name, "ReLU") == 0)
    {
      esp_keras_call_get_number (call, "negative_slope", &slope);
      esp_keras_call_get_number (call, "threshold", &threshold);
      if (threshold != 0 || esp_keras_call_is_set (call, "max_value", FALSE))
        return esp_keras_call_fail (call, error, _ ("its threshold or largest value isn’t known"));
      settings = esp_keras_call_add (call, "", slope != 0 ? "LeakyReLU" : "ReLU", value, error);
      if (settings != NULL && slope != 0)
        json_object_set_double_member (settings, "negative_slope", slope);
      return settings != NULL;
    }
  settings = esp_keras_call_add (call, "", call->class_name, value, error);
  slope = strcmp (call->class_name, "ELU") == 0 ? 1 : 0.3;
  if (!esp_keras_call_get_number (call, "negative_slope", &slope))
    esp_keras_call_get_number (call, "alpha", &slope);
  if (settings != NULL)
    json_object_set_double_member (
        settings, strcmp (call->class_name, "ELU") == 0 ? "alpha" : "negative_slope", slope);
  return settings != NULL;
}

static gboolean
add_softmax (const EspKerasCall *call,
             const EspArchitectureValue *inputs,
             guint n,
             EspArchitectureValue *value,
             GError **error)
{
  const char *axis = esp_keras_call_get_text (call, "axis");

  if (axis != NULL && strcmp (axis, "-1") != 0)
    return esp_keras_call_fail (call, error, _ ("its axis is %s; the last one is known"), axis);
  return esp_keras_call_activate (call, "softmax", "", value, error);
}

static gboolean
add_dropout (const EspKerasCall *call,
             const EspArchitectureValue *inputs,
             guint n,
             EspArchitectureValue *value,
             GError **error)
{
  double rate = 0;
  JsonObject *settings = esp_keras_call_add (call, "", "Dropout", value, error);

  esp_keras_call_get_number (call, "rate", &rate);
  if (settings != NULL)
    json_object_set_double_member (settings, "p", rate);
  return settings != NULL;
}

static gboolean
add_flatten (const EspKerasCall *call,
             const EspArchitectureValue *inputs,
             guint n,
             EspArchitectureValue *value,
             GError **error)
{
  if (!esp_keras_call_order (call, FALSE, value, error) ||
      esp_keras_call_add (call, "", "Flatten", value, error) == NULL)
    return FALSE;
  if (esp_shape_is_valid (&value->shape) && value->shape.ndim > 0)
    value->shape = (EspShape) { 1, { (gint64) esp_shape_get_count (&value->shape) } };
  else
    value->shape.ndim = 0;
  return TRUE;
}

static gboolean
add_reshape (const EspKerasCall *call,
             const EspArchitectureValue *inputs,
             guint n,
             EspArchitectureValue *value,
             GError **error)
{
  EspShape shape = { 0 };
  int ndim = esp_architecture_parse_sizes (esp_keras_call_get_text (call, "target_shape"),
                                           shape.sizes, ESP_SHAPE_MAX_DIMS);
  JsonArray *sizes;
  JsonObject *settings;
  gint64 known = 1;
  guint count;

  if (ndim < 1 || !esp_shape_is_valid (&value->shape) || value->shape.ndim == 0)
    return esp_keras_call_fail (call, error, _ ("its shape isn’t known"));
  count = (guint) esp_shape_get_count (&value->shape);
  shape.ndim = (guint) ndim;
  for (int i = 0; i < ndim; i++)
    known = shape.sizes[i] > 0 && known <= G_MAXINT32 ? known * shape.sizes[i] : known;
  for (int i = 0; i < ndim; i++)
    shape.sizes[i] = shape.sizes[i] < 0 ? (gint64) count / known : shape.sizes[i];
  if (!esp_shape_is_valid (&shape) || esp_shape_get_count (&shape) != count)
    return esp_keras_call_fail (call, error, _ ("its shape isn’t known"));
  if (!esp_keras_call_order (call, FALSE, value, error) ||
      (value->shape.ndim > 1 &&
       esp_keras_call_add (call, "/flatten", "Flatten", value, error) == NULL))
    return FALSE;
  value->shape = shape;
  settings = esp_keras_call_add (call, "", shape.ndim > 1 ? "Unflatten" : "Identity", value, error);
  if (settings == NULL || shape.ndim < 2)
    return settings != NULL;
  sizes = json_array_new ();
  for (int i = 0; i < ndim; i++)
    json_array_add_int_element (sizes, shape.sizes[i]);
  json_object_set_array_member (settings, "unflattened_size", sizes);
  return TRUE;
}

static gboolean
add_permute (const EspKerasCall *call,
             const EspArchitectureValue *inputs,
             guint n,
             EspArchitectureValue *value,
             GError **error)
{
  gint64 dims[ESP_SHAPE_MAX_DIMS + 1] = { 0 };
  int found = esp_architecture_parse_sizes (esp_keras_call_get_text (call, "dims"), dims + 1,
                                            ESP_SHAPE_MAX_DIMS);
  EspShape before;
  JsonObject *settings;

  if (!esp_keras_call_order (call, FALSE, value, error))
    return FALSE;
  before = value->shape;
  for (int i = 0; i < found; i++)
    if (found != (int) before.ndim || dims[i + 1] < 1 || dims[i + 1] > found)
      found = -1;
  if (found < 1)
    return esp_keras_call_fail (call, error, _ ("its shape isn’t known"));
  settings = esp_keras_call_add (call, "", "Permute", value, error);
  if (settings == NULL)
    return FALSE;
  esp_architecture_set_sizes (settings, "dims", dims, before.ndim + 1);
  for (guint i = 0; i < before.ndim; i++)
    value->shape.sizes[i] = before.sizes[dims[i + 1] - 1];
  return TRUE;
}

/* --- several inputs --- */

static gboolean
add_join (const EspKerasCall *call,
          const EspArchitectureValue *inputs,
          guint n,
          EspArchitectureValue *value,
          GError **error)
{
  gboolean concat = strcmp (call->class_name, "Concatenate") == 0, first = TRUE;
  g_autofree EspArchitectureValue *in = g_memdup2 (inputs, n * sizeof *inputs);
  double axis = -1;
  guint ndim = inputs[0].shape.ndim;
  gint64 all = 0;
  JsonObject *settings;

  esp_keras_call_get_number (call, "axis", &axis);
  for (guint i = 0; i < n; i++)
    first = first && in[i].first;
  for (guint i = 0; i < n; i++)
    {
      /* several of these would have one name */
      EspKerasCall own = *call;
      g_autofree char *path = g_strdup_printf ("%s/%u", call->path, i);

      own.path = path;
      if (!esp_keras_call_order (&own, first, &in[i], error))
        return FALSE;
      all += in[i].shape.ndim > 0 ? in[i].shape.sizes[first ? 0 : in[i].shape.ndim - 1] : 0;
    }
  if (concat && axis != -1 && (ndim == 0 || axis != (double) ndim))
    return esp_keras_call_fail (call, error, _ ("its axis is %s; the last one is known"),
                                esp_keras_call_get_text (call, "axis"));
  settings = esp_architecture_add (call->architecture, call->path, concat ? "Concat" : "Add", in, n,
                                   value, error);
  if (settings == NULL)
    return FALSE;
  value->shape = in[0].shape;
  value->first = first;
  if (concat)
    json_object_set_int_member (settings, "dim", first ? 1 : -1);
  if (concat && value->shape.ndim > 0)
    value->shape.sizes[first ? 0 : value->shape.ndim - 1] = all;
  return TRUE;
}

/* --- normalisation, embedding --- */

static void
carry_or (const EspKerasCall *call, const char *name, const char *variable, float otherwise)
{
  if (esp_keras_call_carry (call, "", name, variable) == NULL)
    esp_architecture_carry_constant (call->architecture, call->path, name, otherwise);
}

static gboolean
is_last_axis (const EspKerasCall *call, const EspArchitectureValue *value)
{
  gint64 axis = -2;
  int n = esp_architecture_parse_sizes (esp_keras_call_get_text (call, "axis"), &axis, 1);

  return n == 1 && (axis == -1 || axis == (gint64) value->shape.ndim);
}

static gboolean
add_batch_norm (const EspKerasCall *call,
                const EspArchitectureValue *inputs,
                guint n,
                EspArchitectureValue *value,
                GError **error)
{
  double momentum = 0.99, epsilon = 0.001;
  JsonObject *settings;

  if (value->shape.ndim < 1 || value->shape.ndim > 3 || !is_last_axis (call, value) ||
      esp_keras_call_is_set (call, "renorm", FALSE))
    return esp_keras_call_fail (call, error, _ ("it isn’t known over these dimensions"));
  esp_keras_call_get_number (call, "momentum", &momentum);
  esp_keras_call_get_number (call, "epsilon", &epsilon);
  if (!esp_keras_call_order (call, TRUE, value, error))
    return FALSE;
  settings = esp_keras_call_add (call, "", value->shape.ndim == 3 ? "BatchNorm2d" : "BatchNorm1d",
                                 value, error);
  if (settings == NULL)
    return FALSE;
  json_object_set_double_member (settings, "eps", epsilon);
  json_object_set_double_member (settings, "momentum", 1 - momentum);
  carry_or (call, "weight", "gamma", 1);
  carry_or (call, "bias", "beta", 0);
  carry_or (call, "running_mean", "moving_mean", 0);
  carry_or (call, "running_var", "moving_variance", 1);
  if (call->frozen)
    esp_architecture_add_note (call->architecture,
                               _ ("“%s” isn’t trained in Keras; here its mean and variance follow "
                                  "the data"),
                               call->path);
  return TRUE;
}

static gboolean
add_layer_norm (const EspKerasCall *call,
                const EspArchitectureValue *inputs,
                guint n,
                EspArchitectureValue *value,
                GError **error)
{
  double epsilon = 0.001;
  JsonObject *settings;

  if (value->shape.ndim < 1 || !is_last_axis (call, value) ||
      esp_keras_call_is_set (call, "rms_scaling", FALSE))
    return esp_keras_call_fail (call, error, _ ("it isn’t known over these dimensions"));
  esp_keras_call_get_number (call, "epsilon", &epsilon);
  if (!esp_keras_call_order (call, FALSE, value, error))
    return FALSE;
  settings = esp_keras_call_add (call, "", "LayerNorm", value, error);
  if (settings == NULL)
    return FALSE;
  esp_architecture_set_sizes (settings, "normalized_shape",
                              &value->shape.sizes[value->shape.ndim - 1], 1);
  json_object_set_double_member (settings, "eps", epsilon);
  carry_or (call, "weight", "gamma", 1);
  carry_or (call, "bias", "beta", 0);
  return TRUE;
}

static gboolean
add_embedding (const EspKerasCall *call,
               const EspArchitectureValue *inputs,
               guint n,
               EspArchitectureValue *value,
               GError **error)
{
  gint64 sizes[2];
  JsonObject *settings;

  if (!esp_keras_call_get_sizes (call, "input_dim", &sizes[0], 1) ||
      !esp_keras_call_get_sizes (call, "output_dim", &sizes[1], 1))
    return esp_keras_call_fail (call, error, _ ("it doesn’t say how many units it has"));
  if (esp_keras_call_is_set (call, "mask_zero", FALSE))
    return esp_keras_call_fail (call, error, _ ("it masks zeros, which isn’t known"));
  settings = esp_keras_call_add (call, "", "Embedding", value, error);
  if (settings == NULL)
    return FALSE;
  json_object_set_int_member (settings, "num_embeddings", sizes[0]);
  json_object_set_int_member (settings, "embedding_dim", sizes[1]);
  if (esp_keras_call_carry (call, "", "weight", "embeddings") == NULL)
    return esp_keras_call_fail (call, error, _ ("its weights aren’t in the file"));
  if (value->shape.ndim > 0 && value->shape.ndim < ESP_SHAPE_MAX_DIMS)
    value->shape.sizes[value->shape.ndim++] = sizes[1];
  return TRUE;
}

/* --- the table --- */

static const struct
{
  const char *class_name;
  gboolean many; /* takes several inputs */
  EspKerasLayerAdder add;
} layers[] = {
  { "Activation", FALSE, add_activation },
  { "Add", TRUE, add_join },
  { "AveragePooling1D", FALSE, esp_keras_add_pool },
  { "AveragePooling2D", FALSE, esp_keras_add_pool },
  { "BatchNormalization", FALSE, add_batch_norm },
  { "Bidirectional", FALSE, esp_keras_add_recurrent },
  { "Concatenate", TRUE, add_join },
  { "Conv1D", FALSE, esp_keras_add_conv },
  { "Conv2D", FALSE, esp_keras_add_conv },
  { "Conv2DTranspose", FALSE, esp_keras_add_conv_transpose },
  { "Cropping2D", FALSE, esp_keras_add_border },
  { "Dense", FALSE, add_dense },
  { "DepthwiseConv2D", FALSE, esp_keras_add_conv },
  { "Dropout", FALSE, add_dropout },
  { "ELU", FALSE, add_activation_layer },
  { "Embedding", FALSE, add_embedding },
  { "Flatten", FALSE, add_flatten },
  { "GRU", FALSE, esp_keras_add_recurrent },
  { "GlobalAveragePooling1D", FALSE, esp_keras_add_global_pool },
  { "GlobalAveragePooling2D", FALSE, esp_keras_add_global_pool },
  { "GlobalMaxPooling1D", FALSE, esp_keras_add_global_pool },
  { "GlobalMaxPooling2D", FALSE, esp_keras_add_global_pool },
  { "LSTM", FALSE, esp_keras_add_recurrent },
  { "LayerNormalization", FALSE, add_layer_norm },
  { "LeakyReLU", FALSE, add_activation_layer },
  { "MaxPooling1D", FALSE, esp_keras_add_pool },
  { "MaxPooling2D", FALSE, esp_keras_add_pool },
  { "Permute", FALSE, add_permute },
  { "ReLU", FALSE, add_activation_layer },
  { "Reshape", FALSE, add_reshape },
  { "SimpleRNN", FALSE, esp_keras_add_recurrent },
  { "Softmax", FALSE, add_softmax },
  { "ZeroPadding2D", FALSE, esp_keras_add_border },
};

gboolean
esp_architecture_add_keras_layer (const EspKerasCall *call,
                                  const EspArchitectureValue *inputs,
                                  guint n,
                                  EspArchitectureValue *out,
                                  GError **error)
{
  EspArchitectureValue first;

  for (guint i = 0; i < G_N_ELEMENTS (layers); i++)
    {
      if (strcmp (call->class_name, layers[i].class_name) != 0)
        continue;
      if (n != 1 && !(layers[i].many && n > 1))
        return esp_keras_call_fail (call, error, _ ("it takes %u inputs"), n);
      first = inputs[0];
      *out = first;
      return layers[i].add (call, inputs, n, out, error);
    }
  return esp_keras_call_fail (call, error, _ ("this class of layer isn’t known"));
}
