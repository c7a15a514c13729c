/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A module's class and attributes. Files without classes have as many modules as tensors, so the
 * object is made when first asked for and holds nothing that it needs not. */

#include "config.h"

#include "esp-nodes.h"

#include <string.h>

struct _EspModule
{
  GObject parent_instance;

  EspNodes *nodes;
  guint32 id;
  char *class_name;      /* or NULL */
  GPtrArray *attributes; /* name, value, name, value, ...; or NULL */
};

G_DEFINE_FINAL_TYPE (EspModule, esp_module, G_TYPE_OBJECT)

static void
esp_module_finalize (GObject *object)
{
  EspModule *self = ESP_MODULE (object);

  g_free (self->class_name);
  g_clear_pointer (&self->attributes, g_ptr_array_unref);
  esp_nodes_unref (self->nodes);
  G_OBJECT_CLASS (esp_module_parent_class)->finalize (object);
}

static void
esp_module_class_init (EspModuleClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_module_finalize;
}

static void
esp_module_init (EspModule *self)
{
}

EspModule *
esp_module_new_for_nodes (EspNodes *nodes, guint32 module)
{
  EspModule *self = g_object_new (ESP_TYPE_MODULE, NULL);

  self->nodes = esp_nodes_ref (nodes);
  self->id = module;
  return self;
}

guint32
esp_module_get_id (EspModule *self)
{
  return self->id;
}

void
esp_module_set_class (EspModule *self, const char *class_name)
{
  char *copy = g_strdup (class_name);

  g_free (self->class_name);
  self->class_name = copy;
}

void
esp_module_add_attribute (EspModule *self, const char *name, const char *value)
{
  if (self->attributes == NULL)
    self->attributes = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->attributes, g_strdup (name));
  g_ptr_array_add (self->attributes, g_strdup (value));
}

const char *
esp_module_get_class (EspModule *self)
{
  g_return_val_if_fail (ESP_IS_MODULE (self), "");

  return self->class_name != NULL ? self->class_name : "";
}

const char *
esp_module_get_brief_class (EspModule *self)
{
  const char *name = esp_module_get_class (self);
  const char *dot = strrchr (name, '.');

  return dot != NULL && dot[1] != '\0' ? dot + 1 : name;
}

static guint32
get_first_node (EspModule *self)
{
  return g_array_index (self->nodes->modules, guint32, self->id);
}

const char *
esp_module_get_guess (EspModule *self)
{
  g_return_val_if_fail (ESP_IS_MODULE (self), "");

  if (self->class_name != NULL && self->class_name[0] != '\0')
    return "";
  return esp_guess_class (self->nodes, get_first_node (self));
}

guint
esp_module_get_n_attributes (EspModule *self)
{
  g_return_val_if_fail (ESP_IS_MODULE (self), 0);

  return self->attributes != NULL ? self->attributes->len / 2 : 0;
}

const char *
esp_module_get_attribute_name (EspModule *self, guint index)
{
  g_return_val_if_fail (index < esp_module_get_n_attributes (self), NULL);

  return self->attributes->pdata[2 * index];
}

const char *
esp_module_get_attribute_value (EspModule *self, guint index)
{
  g_return_val_if_fail (index < esp_module_get_n_attributes (self), NULL);

  return self->attributes->pdata[2 * index + 1];
}

const char *
esp_module_find_attribute (EspModule *self, const char *name)
{
  guint n = esp_module_get_n_attributes (self);

  g_return_val_if_fail (name != NULL, NULL);

  for (guint i = 0; i < n; i++)
    if (strcmp (self->attributes->pdata[2 * i], name) == 0)
      return self->attributes->pdata[2 * i + 1];
  return NULL;
}

guint
esp_module_get_n_places (EspModule *self)
{
  guint n = 0;

  g_return_val_if_fail (ESP_IS_MODULE (self), 0);

  if (self->nodes->closed)
    return 0;
  for (guint32 at = get_first_node (self); at != ESP_NO_NODE;
       at = esp_nodes_next_place (self->nodes, at))
    n++;
  return n;
}

EspPlace *
esp_module_get_place (EspModule *self, guint index)
{
  guint32 at;

  g_return_val_if_fail (ESP_IS_MODULE (self), NULL);

  at = get_first_node (self);
  for (; at != ESP_NO_NODE && index > 0; index--)
    at = esp_nodes_next_place (self->nodes, at);
  return esp_nodes_get_place (self->nodes, at);
}

/* --- description --- */

/* what frameworks print first of a layer; the names are attributes */
static const struct
{
  const char *class_name; /* beginning of the brief class */
  const char *from, *to;  /* "from → to", or the one that is there */
  const char *more;       /* after a comma, or NULL */
} telling[] = {
  { "Linear", "in_features", "out_features", NULL },
  { "Bilinear", "in1_features", "out_features", NULL },
  { "Dense", "", "units", NULL },
  { "Conv", "in_channels", "out_channels", "kernel_size" },
  { "Conv", "", "filters", "kernel_size" },
  { "SeparableConv", "", "filters", "kernel_size" },
  { "DepthwiseConv", "", "kernel_size", NULL },
  { "Embedding", "num_embeddings", "embedding_dim", NULL },
  { "Embedding", "input_dim", "output_dim", NULL },
  { "LSTM", "input_size", "hidden_size", NULL },
  { "LSTM", "", "units", NULL },
  { "GRU", "input_size", "hidden_size", NULL },
  { "GRU", "", "units", NULL },
  { "SimpleRNN", "", "units", NULL },
  { "RNN", "input_size", "hidden_size", NULL },
  { "LayerNorm", "", "normalized_shape", NULL },
  { "RMSNorm", "", "normalized_shape", NULL },
  { "BatchNorm", "", "num_features", NULL },
  { "InstanceNorm", "", "num_features", NULL },
  { "GroupNorm", "num_groups", "num_channels", NULL },
  { "MultiheadAttention", "embed_dim", "num_heads", NULL },
  { "MultiHeadAttention", "num_heads", "key_dim", NULL },
  { "Dropout", "", "p", NULL },
  { "Dropout", "", "rate", NULL },
  { "LeakyReLU", "", "negative_slope", NULL },
  { "MaxPool", "", "kernel_size", NULL },
  { "AvgPool", "", "kernel_size", NULL },
  { "MaxPooling", "", "pool_size", NULL },
  { "AveragePooling", "", "pool_size", NULL },
};

char *
esp_module_describe (EspModule *self)
{
  const char *name = esp_module_get_brief_class (self);

  for (guint row = 0; row < G_N_ELEMENTS (telling); row++)
    {
      const char *from, *to, *more;

      if (!g_str_has_prefix (name, telling[row].class_name))
        continue;
      from = esp_module_find_attribute (self, telling[row].from);
      to = esp_module_find_attribute (self, telling[row].to);
      more = telling[row].more != NULL ? esp_module_find_attribute (self, telling[row].more) : NULL;
      if (to != NULL)
        return g_strdup_printf ("%s%s%s%s%s", from != NULL ? from : "", from != NULL ? " → " : "",
                                to, more != NULL ? ", " : "", more != NULL ? more : "");
    }
  return g_strdup ("");
}
