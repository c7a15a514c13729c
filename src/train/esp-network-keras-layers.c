/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Code for Keras: layers that hold one matrix, and normalisations. */

#include "config.h"

#include <float.h>
#include <string.h>

#include "esp-network-keras-private.h"
#include "esp-python.h"

static const char *
word (gboolean value)
{
  return value ? "True" : "False";
}

/* "m3 = layers.Dense(8" is in @out: the name, the closing bracket, and the line goes to the layers
 */
static void
finish_layer (EspKeras *self, const EspNetCall *call, GString *out)
{
  esp_keras_append_name (out, call->path, "");
  g_string_append_printf (self->layers, "%s)\n", out->str);
}

/* the number of the layer that made parameter @index, of class @class_name; -1 when another did */
static int
find_owner (EspKeras *self, guint index, const char *class_name)
{
  for (guint i = 0; i < self->network->calls->len; i++)
    {
      EspNetModule *module = esp_network_peek_call (self->network, i)->module;
      guint number = GPOINTER_TO_UINT (g_hash_table_lookup (self->made, module));
      if (number > 0 && module->tie == NULL && module->n_parameters > 0 &&
          module->parameters[0] == index && strcmp (module->layer->klass->name, class_name) == 0)
        return (int) number - 1;
    }
  return -1;
}

/* a Linear whose weight is another's; in state_dict() order the weight is the first parameter */
static gboolean
make_tied (EspKeras *self, const EspNetCall *call, guint number, GError **error)
{
  JsonObject *tie = call->module->tie;
  int owner = find_owner (self, call->module->parameters[0], "Embedding");
  if (owner < 0)
    owner = find_owner (self, call->module->parameters[0], "Linear");
  if (owner < 0 || !json_object_has_member (tie, "weight") || json_object_get_size (tie) != 1)
    return esp_keras_refuse (call, "tie", error);
  g_autoptr (GString) out = g_string_new (NULL);
  g_string_append_printf (out, "m%u = TiedDense(%" G_GINT64_FORMAT ", m%d", number,
                          esp_keras_get_int (call, "out_features"), owner);
  if (!esp_keras_get_bool (call, "bias"))
    g_string_append (out, ", use_bias=False");
  finish_layer (self, call, out);
  self->needs |= ESP_KERAS_NEEDS_TIED;
  return TRUE;
}

gboolean
esp_keras_linear (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  guint number = 0;
  g_autofree char *x = esp_keras_take (self, call->from[0], ESP_KERAS_OURS);
  if (esp_keras_begin_layer (self, call, &number))
    {
      if (call->module->tie != NULL)
        {
          if (!make_tied (self, call, number, error))
            return FALSE;
        }
      else
        {
          g_autoptr (GString) out = g_string_new (NULL);
          g_string_append_printf (out, "m%u = layers.Dense(%" G_GINT64_FORMAT, number,
                                  esp_keras_get_int (call, "out_features"));
          if (!esp_keras_get_bool (call, "bias"))
            g_string_append (out, ", use_bias=False");
          finish_layer (self, call, out);
          esp_keras_append_weight (self, call, "kernel", "weight", ".T");
        }
      esp_keras_append_weight (self, call, "bias", "bias", "");
    }
  esp_keras_give (self, value, ESP_KERAS_OURS, "m%u(%s)", number, x);
  return TRUE;
}

gboolean
esp_keras_embedding (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  guint number = 0;
  g_autofree char *x = esp_keras_take (self, call->from[0], ESP_KERAS_OURS);
  if (esp_keras_begin_layer (self, call, &number))
    {
      gint64 rows = esp_keras_get_int (call, "num_embeddings");
      gboolean padded = !esp_keras_is_null (call, "padding_idx");
      g_autoptr (GString) out = g_string_new (NULL);
      g_string_append_printf (out, "m%u = %sEmbedding(%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT,
                              number, padded ? "" : "layers.", rows,
                              esp_keras_get_int (call, "embedding_dim"));
      if (padded)
        {
          gint64 row = esp_keras_get_int (call, "padding_idx");
          g_string_append_printf (out, ", padding=%" G_GINT64_FORMAT, row < 0 ? row + rows : row);
          self->needs |= ESP_KERAS_NEEDS_EMBEDDING;
        }
      finish_layer (self, call, out);
      esp_keras_append_weight (self, call, "embeddings", "weight", "");
    }
  esp_keras_give (self, value, ESP_KERAS_OURS, "m%u(%s)", number, x);
  return TRUE;
}

/* Where the channels of a normalisation stand: what the layer was made for holds at its other
 * places, too, so ours if there are several. */
static EspKerasOrder
choose_order (EspKeras *self, const EspNetCall *call)
{
  for (guint i = 0; i < self->network->calls->len; i++)
    {
      EspNetCall *other = esp_network_peek_call (self->network, i);
      if (other->module == call->module && other != call)
        return ESP_KERAS_OURS;
    }
  return esp_keras_get_order (self, call->from[0]);
}

gboolean
esp_keras_batch_norm (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  guint number = 0;
  EspKerasOrder order = choose_order (self, call);
  g_autofree char *x = esp_keras_take (self, call->from[0], order);
  gboolean affine = esp_keras_get_bool (call, "affine");
  if (!esp_keras_get_bool (call, "track_running_stats"))
    return esp_keras_refuse (call, "track_running_stats", error);
  if (esp_keras_is_null (call, "momentum"))
    return esp_keras_refuse (call, "momentum", error);
  if (esp_keras_begin_layer (self, call, &number))
    {
      g_autoptr (GString) out = g_string_new (NULL);
      g_string_append_printf (out, "m%u = BatchNormalization(axis=%d, momentum=1 - ", number,
                              order == ESP_KERAS_OURS ? 1 : -1);
      esp_python_append_number (out, esp_keras_get_double (call, "momentum"));
      g_string_append (out, ", epsilon=");
      esp_python_append_number (out, esp_keras_get_double (call, "eps"));
      if (!affine)
        g_string_append (out, ", center=False, scale=False");
      finish_layer (self, call, out);
      esp_keras_append_weight (self, call, "gamma", "weight", "");
      esp_keras_append_weight (self, call, "beta", "bias", "");
      esp_keras_append_weight (self, call, "moving_mean", "running_mean", "");
      esp_keras_append_weight (self, call, "moving_variance", "running_var", "");
      self->needs |= ESP_KERAS_NEEDS_NORM;
    }
  esp_keras_give (self, value, order, "m%u(%s)", number, x);
  return TRUE;
}

gboolean
esp_keras_group_norm (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  guint number = 0;
  EspKerasOrder order = choose_order (self, call);
  g_autofree char *x = esp_keras_take (self, call->from[0], order);
  if (esp_keras_begin_layer (self, call, &number))
    {
      gboolean affine = esp_keras_get_bool (call, "affine");
      g_autoptr (GString) out = g_string_new (NULL);
      g_string_append_printf (
          out, "m%u = layers.GroupNormalization(%" G_GINT64_FORMAT ", axis=%d, epsilon=", number,
          esp_keras_get_int (call, "num_groups"), order == ESP_KERAS_OURS ? 1 : -1);
      esp_python_append_number (out, esp_keras_get_double (call, "eps"));
      g_string_append_printf (out, ", center=%s, scale=%s", word (affine), word (affine));
      finish_layer (self, call, out);
      esp_keras_append_weight (self, call, "gamma", "weight", "");
      esp_keras_append_weight (self, call, "beta", "bias", "");
    }
  esp_keras_give (self, value, order, "m%u(%s)", number, x);
  return TRUE;
}

static guint
count_axes (const EspNetCall *call)
{
  JsonNode *shape = json_object_get_member (call->module->settings, "normalized_shape");
  return JSON_NODE_HOLDS_ARRAY (shape) ? json_array_get_length (json_node_get_array (shape)) : 1;
}

static void
append_axes (GString *out, const EspNetCall *call)
{
  guint n = count_axes (call);
  if (n == 1)
    g_string_append (out, "-1");
  for (guint i = 0; n > 1 && i < n; i++)
    g_string_append_printf (out, "%s-%u%s", i == 0 ? "[" : "", n - i, i + 1 < n ? ", " : "]");
}

static void
append_eps (GString *out, const EspNetCall *call)
{
  esp_python_append_number (out, esp_keras_is_null (call, "eps")
                                     ? (double) FLT_EPSILON
                                     : esp_keras_get_double (call, "eps"));
}

static void
make_norm (EspKeras *self, const EspNetCall *call, guint number, gboolean centered)
{
  gboolean affine = esp_keras_get_bool (call, "elementwise_affine");
  g_autoptr (GString) out = g_string_new (NULL);
  g_string_append_printf (out, "m%u = layers.%sNormalization(axis=", number,
                          centered ? "Layer" : "RMS");
  append_axes (out, call);
  g_string_append (out, ", epsilon=");
  append_eps (out, call);
  if (centered)
    g_string_append_printf (out, ", center=%s, scale=%s",
                            word (affine && esp_keras_get_bool (call, "bias")), word (affine));
  finish_layer (self, call, out);
  if (!affine)
    return;
  esp_keras_append_weight (self, call, centered ? "gamma" : "scale", "weight", "");
  if (centered && esp_keras_get_bool (call, "bias"))
    esp_keras_append_weight (self, call, "beta", "bias", "");
}

/* LayerNorm and RMSNorm over the last axes; Keras's RMSNormalization always has a scale */
gboolean
esp_keras_norm (EspKeras *self, const EspNetCall *call, guint value, GError **error)
{
  guint number = 0;
  gboolean centered = strcmp (call->module->layer->klass->name, "LayerNorm") == 0;
  g_autofree char *x = esp_keras_take (self, call->from[0], ESP_KERAS_OURS);
  if (!centered && !esp_keras_get_bool (call, "elementwise_affine"))
    {
      g_autoptr (GString) rest = g_string_new (NULL);
      append_axes (rest, call);
      g_string_append (rest, ", keepdims=True) + ");
      append_eps (rest, call);
      esp_keras_give (self, value, ESP_KERAS_OURS, "%s * ops.rsqrt(ops.mean(%s * %s, axis=%s)", x,
                      x, x, rest->str);
      return TRUE;
    }
  if (esp_keras_begin_layer (self, call, &number))
    make_norm (self, call, number, centered);
  esp_keras_give (self, value, ESP_KERAS_OURS, "m%u(%s)", number, x);
  return TRUE;
}
