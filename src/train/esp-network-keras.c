/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network as Python that builds it in Keras 3: a functional model that takes what the network
 * takes here, and gives what it gives. Layers that stand at several places are one object that is
 * called as often; weights are read out of the safetensors file that Save network writes. Images
 * are turned to channels last where a convolution wants them so, and back where their order
 * matters. */

#include "config.h"
#include "esp-network-code.h"

#include <string.h>
#include <glib/gi18n.h>

#include "esp-network-code-private.h"
#include "esp-network-keras-private.h"
#include "esp-python.h"

static const struct
{
  EspKerasNeeds need;
  const char *text;
} helpers[] = {
  { ESP_KERAS_NEEDS_NORM,
    "class BatchNormalization(layers.BatchNormalization):\n"
    "    # its moving variance follows the unbiased one, n / (n - 1) of the batch's, as PyTorch's\n"
    "    def call(self, x, training=None):\n"
    "        if not training:\n"
    "            return super().call(x, training=False)\n"
    "        before = self.momentum * ops.convert_to_tensor(self.moving_variance)\n"
    "        y = super().call(x, training=True)\n"
    "        n = ops.cast(ops.shape(x)[0], \"float32\") * (math.prod(x.shape[1:]) / "
    "x.shape[self.axis])\n"
    "        self.moving_variance.assign(before + (self.moving_variance - before) * n / (n - 1))\n"
    "        return y\n" },
  { ESP_KERAS_NEEDS_TIED,
    "class TiedDense(layers.Layer):\n"
    "    # a Dense layer whose kernel is another layer's variable\n"
    "    def __init__(self, units, owner, use_bias=True, **options):\n"
    "        super().__init__(**options)\n"
    "        self.units, self.owner, self.use_bias = units, owner, use_bias\n\n"
    "    def build(self, shape):\n"
    "        if self.use_bias:\n"
    "            self.bias = self.add_weight(shape=(self.units,), initializer=\"zeros\", "
    "name=\"bias\")\n\n"
    "    def call(self, x):\n"
    "        if isinstance(self.owner, layers.Embedding):\n"
    "            x = ops.matmul(x, ops.transpose(self.owner.embeddings))\n"
    "        else:\n"
    "            x = ops.matmul(x, self.owner.kernel)\n"
    "        return x + self.bias if self.use_bias else x\n" },
  { ESP_KERAS_NEEDS_EMBEDDING,
    "class Embedding(layers.Embedding):\n"
    "    # row `padding` isn't trained\n"
    "    def __init__(self, *sizes, padding, **options):\n"
    "        super().__init__(*sizes, **options)\n"
    "        self.padding = padding\n\n"
    "    def call(self, x):\n"
    "        y = super().call(x)\n"
    "        padded = ops.equal(ops.cast(x, \"int32\"), self.padding)\n"
    "        return ops.where(ops.expand_dims(padded, -1), ops.stop_gradient(y), y)\n" },
  { ESP_KERAS_NEEDS_CELLS,
    "def cells(x, fill, size, stride, padding, dilation, out):\n"
    "    # what each cell of a window sees at all of its places\n"
    "    pads = []\n"
    "    for i in (0, 1):\n"
    "        reach = (out[i] - 1) * stride[i] + (size[i] - 1) * dilation[i] + 1\n"
    "        pads.append((padding[i], max(0, reach - x.shape[i + 1] - padding[i])))\n"
    "    x = ops.pad(x, ((0, 0), *pads, (0, 0)), constant_values=fill)\n"
    "    for a in range(0, size[0] * dilation[0], dilation[0]):\n"
    "        for b in range(0, size[1] * dilation[1], dilation[1]):\n"
    "            yield x[:, a : a + (out[0] - 1) * stride[0] + 1 : stride[0], "
    "b : b + (out[1] - 1) * stride[1] + 1 : stride[1]]\n" },
  { ESP_KERAS_NEEDS_MAX, "def max_pool(x, *window):\n"
                         "    return functools.reduce(ops.maximum, cells(x, -3e38, *window))\n" },
  { ESP_KERAS_NEEDS_AVERAGE,
    "def average_pool(x, size, stride, padding, out, count_padding, divisor):\n"
    "    one = (1, 1)\n"
    "    total = functools.reduce(ops.add, cells(x, 0.0, size, stride, padding, one, out))\n"
    "    if divisor:\n"
    "        return total / divisor\n"
    "    extra = padding if count_padding else (0, 0)\n"
    "    ones = np.ones((1, x.shape[1] + 2 * extra[0], x.shape[2] + 2 * extra[1], 1), "
    "\"float32\")\n"
    "    rest = (padding[0] - extra[0], padding[1] - extra[1])\n"
    "    return total / sum(cells(ops.convert_to_tensor(ones), 0.0, size, stride, rest, one, "
    "out))\n" },
  { ESP_KERAS_NEEDS_ADAPTIVE,
    "def adaptive_average(x, out):\n"
    "    for axis, n in zip((1, 2), out):\n"
    "        length, parts = x.shape[axis], []\n"
    "        for i in range(n):\n"
    "            here = slice(i * length // n, -(-(i + 1) * length // n))\n"
    "            part = x[:, here] if axis == 1 else x[:, :, here]\n"
    "            parts.append(ops.mean(part, axis=axis, keepdims=True))\n"
    "        x = ops.concatenate(parts, axis=axis)\n"
    "    return x\n" },
  { ESP_KERAS_NEEDS_GATES, "def gates(w):\n"
                           "    # PyTorch's order of a GRU's gates is r, z, n; Keras's z, r, n\n"
                           "    r, z, n = np.split(w, 3)\n"
                           "    return np.concatenate([z, r, n])\n" },
};

/* --- settings --- */

static JsonNode *
get_node (const EspNetCall *call, const char *key)
{
  return json_object_get_member (call->module->settings, key);
}

gint64
esp_keras_get_int (const EspNetCall *call, const char *key)
{
  return json_node_get_int (get_node (call, key));
}

gboolean
esp_keras_get_bool (const EspNetCall *call, const char *key)
{
  return json_node_get_boolean (get_node (call, key));
}

double
esp_keras_get_double (const EspNetCall *call, const char *key)
{
  return json_node_get_double (get_node (call, key));
}

gboolean
esp_keras_is_null (const EspNetCall *call, const char *key)
{
  JsonNode *node = get_node (call, key);
  return node == NULL || JSON_NODE_HOLDS_NULL (node);
}

const char *
esp_keras_get_text (const EspNetCall *call, const char *key)
{
  JsonNode *node = get_node (call, key);
  gboolean text = node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
                  json_node_get_value_type (node) == G_TYPE_STRING;
  return text ? json_node_get_string (node) : NULL;
}

void
esp_keras_get_sizes (const EspNetCall *call, const char *key, gint64 *sizes, guint n)
{
  JsonNode *node = get_node (call, key);
  for (guint i = 0; i < n; i++)
    sizes[i] = JSON_NODE_HOLDS_ARRAY (node)
                   ? json_array_get_int_element (json_node_get_array (node), i)
                   : json_node_get_int (node);
}

/* --- values --- */

EspKerasOrder
esp_keras_get_order (const EspKeras *self, guint value)
{
  return (self->has[value] & 1 << ESP_KERAS_OURS) != 0 ? ESP_KERAS_OURS : ESP_KERAS_CHANNELS_LAST;
}

/* "layers.Permute((2, 3, 1))": of the axes of an example of @ndim */
static void
append_permute (GString *out, guint ndim, EspKerasOrder order)
{
  g_string_append (out, "layers.Permute((");
  for (guint i = 0; i < ndim; i++)
    {
      guint axis = order == ESP_KERAS_CHANNELS_LAST ? (i + 1) % ndim : (i + ndim - 1) % ndim;
      g_string_append_printf (out, "%s%u", i > 0 ? ", " : "", axis + 1);
    }
  g_string_append (out, "))");
}

char *
esp_keras_take (EspKeras *self, guint value, EspKerasOrder order)
{
  static const char letters[] = { 'v', 'c' };
  if ((self->has[value] & 1 << order) == 0)
    {
      const EspShape *shape = esp_network_peek_shape (self->network, value);
      g_string_append_printf (self->calls, "%c%u = ", letters[order], value);
      append_permute (self->calls, shape->ndim, order);
      g_string_append_printf (self->calls, "(%c%u)%s\n", letters[!order], value,
                              order == ESP_KERAS_CHANNELS_LAST
                                  ? "  # channels last, as Keras's convolutions have them"
                                  : "  # channels first again");
      self->has[value] |= (guint8) (1 << order);
    }
  return g_strdup_printf ("%c%u", letters[order], value);
}

void
esp_keras_give (EspKeras *self, guint value, EspKerasOrder order, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_string_append_printf (self->calls, "%c%u = ", order == ESP_KERAS_OURS ? 'v' : 'c', value);
  g_string_append_vprintf (self->calls, format, arguments);
  g_string_append_c (self->calls, '\n');
  va_end (arguments);
  self->has[value] |= (guint8) (1 << order);
}

/* --- layers and weights --- */

/* whole layers; of one that is frozen in part, a comment says so */
static void
append_frozen (EspKeras *self, const EspNetModule *module, guint number)
{
  guint trained = 0, frozen = esp_code_count_frozen (self->network, module, &trained);
  if (frozen > 0 && trained == 0)
    /* by its variables: a frozen BatchNormalization would use its moving mean in training */
    g_string_append_printf (self->frozen,
                            "for variable in m%u.trainable_variables:\n"
                            "    variable.trainable = False\n",
                            number);
  else if (frozen > 0)
    g_string_append_printf (self->frozen,
                            "# %u of %u parameters of m%u are frozen in the network, none here\n",
                            frozen, frozen + trained, number);
}

gboolean
esp_keras_begin_layer (EspKeras *self, const EspNetCall *call, guint *number)
{
  guint known = GPOINTER_TO_UINT (g_hash_table_lookup (self->made, call->module));
  *number = known > 0 ? known - 1 : g_hash_table_size (self->made);
  if (known > 0)
    return FALSE;
  g_hash_table_insert (self->made, call->module, GUINT_TO_POINTER (*number + 1));
  append_frozen (self, call->module, *number);
  return TRUE;
}

void
esp_keras_append_name (GString *out, const char *path, const char *suffix)
{
  /* what TensorFlow takes as the name of a scope */
  gboolean good = g_ascii_isalnum (path[0]);
  for (const char *at = path; *at != '\0' && good; at++)
    good = g_ascii_isalnum (*at) || strchr ("_.-", *at) != NULL;
  if (good)
    g_string_append_printf (out, ", name=\"%s%s\"", path, suffix);
}

/* -1: there is none of this name */
static int
find_parameter (EspKeras *self, const EspNetCall *call, const char *name)
{
  EspNetModule *module = call->module;
  g_autofree char *joined = g_strdup_printf ("%s.%s", call->path, name);
  guint found = GPOINTER_TO_UINT (g_hash_table_lookup (self->network->paths, joined));
  for (guint i = 0; i < module->n_parameters && found > 0; i++)
    if (module->parameters[i] == found - 1)
      return (int) (found - 1);
  return -1;
}

char *
esp_keras_name_weight (EspKeras *self, const EspNetCall *call, const char *parameter)
{
  int index = find_parameter (self, call, parameter);
  g_assert (index >= 0);
  g_autoptr (GString) out = g_string_new ("w[");
  esp_python_append_text (out, esp_network_peek_parameter (self->network, (guint) index)->path);
  g_string_append_c (out, ']');
  return g_strdup (out->str);
}

void
esp_keras_append_weight (EspKeras *self,
                         const EspNetCall *call,
                         const char *variable,
                         const char *parameter,
                         const char *turn)
{
  if (find_parameter (self, call, parameter) < 0)
    return;
  g_autofree char *weight = esp_keras_name_weight (self, call, parameter);
  guint number = 0;
  esp_keras_begin_layer (self, call, &number);
  g_string_append_printf (self->weights, "    m%u.%s.assign(%s%s)\n", number, variable, weight,
                          turn);
}

gboolean
esp_keras_refuse (const EspNetCall *call, const char *setting, GError **error)
{
  g_autofree char *place = esp_network_name_place (call->path, call->module->layer->klass->name);
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
               /* Translators: "module 2 (Conv2d)", name of a setting */
               _ ("%s: Keras has nothing like it with this “%s”"), place, setting);
  return FALSE;
}

/* --- the model --- */

static void
append_shape (GString *out, const EspShape *shape)
{
  g_string_append_c (out, '(');
  for (guint i = 0; i < shape->ndim; i++)
    g_string_append_printf (out, "%" G_GINT64_FORMAT "%s", shape->sizes[i],
                            i + 1 < shape->ndim ? ", "
                            : shape->ndim == 1  ? ","
                                                : "");
  g_string_append_c (out, ')');
}

static void
append_inputs (EspKeras *self)
{
  EspNetwork *network = self->network;
  g_string_append (self->calls, "x = keras.Input(");
  if (!network->cut)
    append_shape (self->calls, &esp_network_peek_input (network, 0)->shape);
  else
    g_string_append_printf (self->calls, "(%zu,)", esp_network_get_example_size (network));
  g_string_append (self->calls, ")\n");
  for (guint i = 0; i < network->inputs->len; i++)
    {
      EspNetInput *input = esp_network_peek_input (network, i);
      self->has[i] = 1 << ESP_KERAS_OURS;
      if (!network->cut)
        {
          g_string_append (self->calls, "v0 = x\n");
          continue;
        }
      g_string_append_printf (self->calls, "v%u = layers.Reshape(", i);
      append_shape (self->calls, &input->shape);
      g_string_append_printf (self->calls, ")(x[:, %zu:%zu])\n", input->offset,
                              input->offset + (gsize) esp_shape_get_count (&input->shape));
    }
}

static gboolean
append_calls (EspKeras *self, GError **error)
{
  EspNetwork *network = self->network;
  for (guint i = 0; i < network->calls->len; i++)
    {
      EspNetCall *call = esp_network_peek_call (network, i);
      EspKerasFunc func = esp_keras_find (call->module->layer->klass->name);
      if (func == NULL)
        {
          g_autofree char *place = esp_network_name_place (call->path,
                                                           call->module->layer->klass->name);
          /* Translators: "module 2 (Conv2d)" */
          g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                       _ ("%s: there is no code for Keras yet"), place);
          return FALSE;
        }
      if (call->module->tie != NULL && func != esp_keras_linear)
        return esp_keras_refuse (call, "tie", error);
      if (!func (self, call, network->inputs->len + i, error))
        return FALSE;
    }
  return TRUE;
}

/* @several: there are parameters with several names, of which the file has one */
static void
append_loader (GString *out, gboolean several)
{
  g_string_append (out,
                   "\n\ndef load_weights(path):\n"
                   "    # weights as Espalier saves them: PyTorch's names and order of axes\n");
  if (several)
    g_string_append (out, "    from safetensors import safe_open\n\n"
                          "    with safe_open(path, \"numpy\") as file:\n"
                          "        w = {name: file.get_tensor(name) for name in file.keys()}\n"
                          "        # names that were left out, as others hold the same\n"
                          "        w |= {name: w[kept] for name, kept in file.metadata().items() "
                          "if kept in w}\n");
  else
    g_string_append (out, "    from safetensors.numpy import load_file\n\n"
                          "    w = load_file(path)\n");
}

static char *
put_together (EspKeras *self)
{
  g_autofree char *output = esp_keras_take (self, self->network->output, ESP_KERAS_OURS);
  g_autoptr (GString) out = g_string_new (NULL);
  if ((self->needs & ESP_KERAS_NEEDS_CELLS) != 0)
    g_string_append (out, "import functools\n");
  if ((self->needs & ESP_KERAS_NEEDS_NORM) != 0 || self->network->schedule != NULL ||
      g_str_has_prefix (self->network->optimizer->klass->name, "Adam"))
    g_string_append (out, "import math\n");
  g_string_append_printf (out,
                          "%simport keras\nimport numpy as np\nfrom keras import layers, ops\n",
                          out->len > 0 ? "\n" : "");
  for (guint i = 0; i < G_N_ELEMENTS (helpers); i++)
    if ((self->needs & helpers[i].need) != 0)
      g_string_append_printf (out, "\n\n%s", helpers[i].text);
  g_string_append_printf (out, "\n\n%s%s%snet = keras.Model(x, %s)\n%s", self->layers->str,
                          self->layers->len > 0 ? "\n" : "", self->calls->str, output,
                          self->frozen->str);
  append_loader (out, g_hash_table_size (self->network->paths) > self->network->parameters->len);
  g_string_append (out, self->weights->str);
  g_string_append (out, "\n\n# load_weights(\"net.safetensors\")\n\n");
  esp_keras_append_training (out, self->network);
  g_string_replace (out, "\n\n\n\n", "\n\n\n", 0);
  return g_strdup (out->str);
}

char *
esp_network_to_keras (EspNetwork *network, GError **error)
{
  g_return_val_if_fail (ESP_IS_NETWORK (network), NULL);
  g_autoptr (GHashTable) made = g_hash_table_new (NULL, NULL);
  g_autoptr (GString) layers = g_string_new (NULL), calls = g_string_new (NULL);
  g_autoptr (GString) weights = g_string_new (NULL), frozen = g_string_new (NULL);
  g_autofree guint8 *has = g_new0 (guint8, network->inputs->len + network->calls->len);
  EspKeras self = { network, layers, calls, weights, frozen, made, 0, has };
  append_inputs (&self);
  return append_calls (&self, error) ? put_together (&self) : NULL;
}
