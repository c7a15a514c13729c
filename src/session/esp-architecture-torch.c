/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A pickled Sequential of PyTorch's own classes: the order of its modules is the forward pass, and
 * what their constructors were given lies in their attributes. A class of somebody's own does what
 * its code says, which isn't in the file. Nothing is run. */

#include "config.h"

#include "esp-architecture-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-error.h"

#define MOST_DEPTH 64

/* classes whose settings are attributes of the same names; @must: what attributes have to say */
static const struct
{
  const char *name;
  const char *settings[9];
  const char *must, *value; /* or NULL */
} classes[] = {
  { "AdaptiveAvgPool2d", { "output_size" }, NULL, NULL },
  { "AvgPool2d",
    { "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override" },
    NULL,
    NULL },
  { "BatchNorm1d",
    { "num_features", "eps", "momentum", "affine", "track_running_stats" },
    NULL,
    NULL },
  { "BatchNorm2d",
    { "num_features", "eps", "momentum", "affine", "track_running_stats" },
    NULL,
    NULL },
  { "Conv1d",
    { "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups",
      "bias" },
    "padding_mode",
    "'zeros'" },
  { "Conv2d",
    { "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups",
      "bias" },
    "padding_mode",
    "'zeros'" },
  { "ConvTranspose2d",
    { "in_channels", "out_channels", "kernel_size", "stride", "padding", "output_padding",
      "dilation", "groups", "bias" },
    "padding_mode",
    "'zeros'" },
  { "Dropout", { "p" }, NULL, NULL },
  { "ELU", { "alpha" }, NULL, NULL },
  { "Embedding", { "num_embeddings", "embedding_dim", "padding_idx" }, "max_norm", "None" },
  { "Flatten", { "start_dim", "end_dim" }, NULL, NULL },
  { "GELU", { "approximate" }, NULL, NULL },
  { "GroupNorm", { "num_groups", "num_channels", "eps", "affine" }, NULL, NULL },
  { "Identity", { NULL }, NULL, NULL },
  { "LayerNorm", { "normalized_shape", "eps", "elementwise_affine", "bias" }, NULL, NULL },
  { "LeakyReLU", { "negative_slope" }, NULL, NULL },
  { "Linear", { "in_features", "out_features", "bias" }, NULL, NULL },
  { "LogSoftmax", { "dim" }, NULL, NULL },
  { "MaxPool2d",
    { "kernel_size", "stride", "padding", "dilation", "ceil_mode" },
    "return_indices",
    "False" },
  { "RMSNorm", { "normalized_shape", "eps", "elementwise_affine" }, NULL, NULL },
  { "ReLU", { NULL }, NULL, NULL },
  { "SiLU", { NULL }, NULL, NULL },
  { "Sigmoid", { NULL }, NULL, NULL },
  { "Softmax", { "dim" }, NULL, NULL },
  { "Softplus", { "beta", "threshold" }, NULL, NULL },
  { "Tanh", { NULL }, NULL, NULL },
  { "Unflatten", { "dim", "unflattened_size" }, NULL, NULL },
  { "ZeroPad2d", { "padding" }, NULL, NULL },
};

/* --- attributes --- */

/* a literal of Python: a number, True, None, 'text', (1, 2); NULL when it is something else */
static JsonNode *
parse_literal (const char *text)
{
  gsize length = strlen (text);
  gint64 sizes[16];
  char *end = NULL;
  double number;
  int n;

  if (strcmp (text, "True") == 0 || strcmp (text, "False") == 0)
    return json_node_init_boolean (json_node_alloc (), text[0] == 'T');
  if (strcmp (text, "None") == 0)
    return json_node_init_null (json_node_alloc ());
  if (length >= 2 && text[0] == '\'' && text[length - 1] == '\'')
    {
      g_autofree char *inner = g_strndup (text + 1, length - 2);

      return json_node_init_string (json_node_alloc (), inner);
    }
  if (strchr ("([", text[0]) != NULL)
    {
      JsonArray *array;
      JsonNode *node;

      n = esp_architecture_parse_sizes (text, sizes, G_N_ELEMENTS (sizes));
      if (n < 1)
        return NULL;
      array = json_array_new ();
      for (int i = 0; i < n; i++)
        json_array_add_int_element (array, sizes[i]);
      node = json_node_new (JSON_NODE_ARRAY);
      json_node_take_array (node, array);
      return node;
    }
  number = g_ascii_strtod (text, &end);
  if (end == text || *end != '\0')
    return NULL;
  if (strpbrk (text, ".eEnN") == NULL)
    return json_node_init_int (json_node_alloc (), g_ascii_strtoll (text, NULL, 10));
  return json_node_init_double (json_node_alloc (), number);
}

static int
find_row (EspPlace *place)
{
  EspModule *module = esp_place_get_module (place);
  const char *brief = module != NULL ? esp_module_get_brief_class (module) : "";

  if (module == NULL || !g_str_has_prefix (esp_module_get_class (module), "torch.nn."))
    return -1;
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    if (strcmp (classes[i].name, brief) == 0)
      return (int) i;
  return -1;
}

const char *
esp_architecture_find_class (EspPlace *place)
{
  int row = find_row (place);

  return row >= 0 ? classes[row].name : NULL;
}

gboolean
esp_architecture_read_settings (EspPlace *place, JsonObject *settings, GError **error)
{
  EspModule *module = esp_place_get_module (place);
  int row = find_row (place);
  const char *must;

  if (row < 0)
    return FALSE;
  must = classes[row].must != NULL ? esp_module_find_attribute (module, classes[row].must) : NULL;
  if (must != NULL && strcmp (must, classes[row].value) != 0)
    {
      esp_architecture_set_error (error, _ ("The module “%s” (%s): %s is %s, which isn’t known"),
                                  esp_place_get_path (place), classes[row].name, classes[row].must,
                                  must);
      return FALSE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (classes[row].settings); i++)
    {
      const char *key = classes[row].settings[i];
      const char *text = key != NULL ? esp_module_find_attribute (module, key) : NULL;
      JsonNode *node = text != NULL ? parse_literal (text) : NULL;

      if (key == NULL)
        break;
      if (text != NULL && node == NULL)
        {
          esp_architecture_set_error (error,
                                      _ ("The module “%s” (%s): %s is %s, which isn’t known"),
                                      esp_place_get_path (place), classes[row].name, key, text);
          return FALSE;
        }
      if (node != NULL)
        json_object_set_member (settings, key, node);
    }
  return TRUE;
}

void
esp_architecture_carry_all (EspArchitecture *self, EspPlace *place, const char *path)
{
  guint n = esp_place_get_n_children (place);

  for (guint i = 0; i < n; i++)
    {
      EspPlace *child = esp_place_get_child (place, i);
      EspParameter *parameter = esp_place_get_parameter (child);

      /* a count of batches begins again */
      if (parameter != NULL && esp_tensor_get_ndim (esp_parameter_get_data (parameter)) > 0)
        esp_architecture_carry (self, path, esp_place_get_name (child), child);
    }
}

/* --- the chain --- */

typedef struct
{
  EspArchitecture *architecture;
  EspPlace *base;
  EspArchitectureValue value;
  guint depth;
} Chain;

/* "0.2" of the base's "model.0.2" */
static const char *
get_path_below (Chain *chain, EspPlace *place)
{
  gsize length = strlen (esp_place_get_path (chain->base));

  return esp_place_get_path (place) + length + (length > 0 ? 1 : 0);
}

static gboolean
is_frozen (EspPlace *place)
{
  guint n = esp_place_get_n_children (place), frozen = 0;

  for (guint i = 0; i < n; i++)
    {
      EspParameter *parameter = esp_place_get_parameter (esp_place_get_child (place, i));

      if (parameter == NULL || esp_parameter_get_role (parameter) != ESP_ROLE_PARAMETER)
        continue;
      if (esp_parameter_get_requires_grad (parameter) != ESP_REQUIRES_GRAD_NO)
        return FALSE;
      frozen++;
    }
  return frozen > 0;
}

static gboolean
has_modules (EspPlace *place)
{
  guint n = esp_place_get_n_children (place);

  for (guint i = 0; i < n; i++)
    if (esp_place_get_module (esp_place_get_child (place, i)) != NULL)
      return TRUE;
  return FALSE;
}

static void
follow_shape (EspArchitectureValue *value, JsonObject *settings)
{
  gint64 out = json_object_get_int_member_with_default (settings, "out_features", 0);

  if (out < 1)
    return;
  if (value->shape.ndim == 0 || value->shape.sizes[value->shape.ndim - 1] < 1)
    value->shape.ndim = 1;
  value->shape.sizes[value->shape.ndim - 1] = out;
}

static gboolean
add_layer (Chain *chain, EspPlace *place, GError **error)
{
  EspArchitecture *self = chain->architecture;
  const char *class_name = esp_architecture_find_class (place);
  const char *path = get_path_below (chain, esp_place_get_first (place));
  EspArchitectureValue in = chain->value;
  JsonObject *settings;
  GError *inner = NULL;

  if (class_name == NULL || has_modules (place))
    {
      EspModule *module = esp_place_get_module (place);

      esp_architecture_set_error (error, _ ("The module “%s” isn’t known: its class is %s"),
                                  esp_place_get_path (place),
                                  module != NULL ? esp_module_get_class (module) : "");
      return FALSE;
    }
  self->owner = esp_place_get_module (place);
  self->again = get_path_below (chain, place);
  settings = esp_architecture_add (self, path, class_name, &in, 1, &chain->value, error);
  self->again = NULL;
  if (settings == NULL)
    return FALSE;
  if (!esp_architecture_read_settings (place, settings, &inner) && inner != NULL)
    {
      g_propagate_error (error, inner);
      return FALSE;
    }
  if (is_frozen (place))
    json_object_set_boolean_member (settings, "requires_grad", FALSE);
  if (strcmp (class_name, "Flatten") == 0 || strcmp (class_name, "Unflatten") == 0)
    chain->value.shape.ndim = 0;
  follow_shape (&chain->value, settings);
  esp_architecture_carry_all (self, place, path);
  return TRUE;
}

static gboolean
is_sequential (EspPlace *place)
{
  EspModule *module = esp_place_get_module (place);

  return module != NULL &&
         strcmp (esp_module_get_class (module), "torch.nn.modules.container.Sequential") == 0;
}

static gboolean
add_sequential (Chain *chain, EspPlace *place, GError **error)
{
  guint n = esp_place_get_n_children (place);

  if (++chain->depth > MOST_DEPTH)
    {
      esp_architecture_set_error (error, _ ("Models nest deeper than %d levels"), MOST_DEPTH);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      EspPlace *child = esp_place_get_child (place, i);

      if (esp_place_get_module (child) == NULL)
        {
          esp_architecture_set_error (error, _ ("“%s” belongs to no layer"),
                                      esp_place_get_path (child));
          return FALSE;
        }
      if (is_sequential (child) ? !add_sequential (chain, child, error)
                                : !add_layer (chain, child, error))
        return FALSE;
    }
  chain->depth--;
  return TRUE;
}

/* --- where it begins --- */

/* a class that isn't a container of plain Python */
static gboolean
is_own_class (EspPlace *place)
{
  EspModule *module = esp_place_get_module (place);
  const char *name = module != NULL ? esp_module_get_class (module) : "";

  return strchr (name, '.') != NULL && !g_str_has_prefix (name, "collections.");
}

/* the whole, or the one Sequential that a dictionary holds */
static EspPlace *
find_base (EspPlace *root)
{
  EspPlace *found = NULL;
  guint n = esp_place_get_n_children (root);

  if (is_sequential (root))
    return root;
  if (is_own_class (root))
    return NULL;
  for (guint i = 0; i < n; i++)
    {
      EspPlace *child = esp_place_get_child (root, i);

      if (!is_sequential (child))
        continue;
      if (found != NULL)
        return NULL;
      found = child;
    }
  return found;
}

static EspPlace *
find_first_layer (EspPlace *place)
{
  while (is_sequential (place) && esp_place_get_n_children (place) > 0)
    place = esp_place_get_child (place, 0);
  return place;
}

/* as far as the first layer says it */
static EspShape
find_shape (EspPlace *base)
{
  static const struct
  {
    const char *name, *key;
    guint ndim;
  } firsts[] = { { "Linear", "in_features", 1 },
                 { "Conv2d", "in_channels", 3 },
                 { "Conv1d", "in_channels", 2 },
                 { "ConvTranspose2d", "in_channels", 3 } };
  EspPlace *place = find_first_layer (base);
  const char *class_name = esp_architecture_find_class (place);
  EspShape shape = { 0 };

  for (guint i = 0; class_name != NULL && i < G_N_ELEMENTS (firsts); i++)
    {
      const char *text = esp_module_find_attribute (esp_place_get_module (place), firsts[i].key);

      if (strcmp (class_name, firsts[i].name) != 0 ||
          esp_architecture_parse_sizes (text, shape.sizes, 1) != 1)
        continue;
      shape.ndim = firsts[i].ndim;
      for (guint k = 1; k < shape.ndim; k++)
        shape.sizes[k] = -1;
    }
  return shape;
}

static gboolean
convert (EspArchitecture *self, EspArchitectureValue *out, GError **error)
{
  Chain chain = { .architecture = self,
                  .base =
                      find_base (esp_tree_get_root (esp_checkpoint_get_tree (self->checkpoint))),
                  .value = esp_architecture_get_input (self, 0) };
  gboolean good = add_sequential (&chain, chain.base, error);

  *out = chain.value;
  return good;
}

EspArchitecture *
esp_architecture_read_torch (EspCheckpoint *checkpoint, GError **error)
{
  EspPlace *root = esp_tree_get_root (esp_checkpoint_get_tree (checkpoint));
  EspPlace *base = find_base (root);
  EspModule *module = esp_place_get_module (root);
  EspArchitecture *self;
  EspShape shape;

  if (base != NULL)
    {
      shape = find_shape (base);
      self = esp_architecture_new (checkpoint, convert);
      esp_architecture_add_input (self, "input", &shape);
      return self;
    }
  if (is_own_class (root))
    esp_architecture_set_error (error,
                                _ ("The model is a %s, a class of its own; what it does isn’t in "
                                   "the file"),
                                esp_module_get_class (module));
  return NULL;
}
