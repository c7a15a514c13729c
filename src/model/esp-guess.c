/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Class of a module from the names and shapes below it, for files that have none. Shown dimmed with
 * a question mark and never told by the contract. Only direct children are looked at. */

#include "config.h"

#include "esp-nodes.h"

#include <string.h>

/* many children make no layer, only a container */
#define MOST_CHILDREN 24

typedef struct
{
  EspNodes *nodes;
  EspTensor *weight, *bias;
  gboolean has_running_mean;
  EspTensor *gates;        /* weight_hh: recurrent, (gates * hidden, hidden) */
  gboolean has_projection; /* in_proj_weight: attention */
  guint n_leaves;
  guint n_modules;
  guint n_numbered; /* modules whose names are numbers */
} Below;

static gboolean
is_number (const char *name)
{
  return name[0] != '\0' && strspn (name, "0123456789") == strlen (name);
}

static void
look_at (Below *self, const EspNode *node)
{
  const char *name = esp_node_name (self->nodes, node);
  EspTensor *tensor;

  if (!esp_node_is_leaf (node))
    {
      self->n_modules++;
      self->n_numbered += is_number (name);
      return;
    }
  tensor = esp_nodes_leaf_at (self->nodes, esp_node_object (node))->tensor;
  self->n_leaves++;
  /* of a missing shard: its shape isn't known */
  if (esp_node_is_implied (node) && esp_tensor_get_error (tensor) != NULL)
    return;
  if (strcmp (name, "weight") == 0)
    self->weight = tensor;
  else if (strcmp (name, "bias") == 0)
    self->bias = tensor;
  else if (strcmp (name, "running_mean") == 0)
    self->has_running_mean = TRUE;
  else if (g_str_has_prefix (name, "weight_hh"))
    self->gates = tensor;
  else if (strcmp (name, "in_proj_weight") == 0)
    self->has_projection = TRUE;
}

static gboolean
is_embedding_name (const char *name)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);

  return strstr (lower, "embed") != NULL || strstr (lower, "tok") != NULL ||
         strstr (lower, "wte") != NULL || strstr (lower, "wpe") != NULL;
}

/* whether there is no bias, or one entry for each row of the weight */
static gboolean
fits_bias (const Below *self)
{
  return self->bias == NULL ||
         (esp_tensor_get_ndim (self->bias) == 1 &&
          esp_tensor_get_shape (self->bias)[0] == esp_tensor_get_shape (self->weight)[0]);
}

static const char *
guess_recurrent (EspTensor *gates)
{
  const gint64 *shape = esp_tensor_get_shape (gates);

  if (esp_tensor_get_ndim (gates) != 2 || shape[1] <= 0)
    return "";
  if (shape[0] == shape[1] * 4)
    return "LSTM";
  if (shape[0] == shape[1] * 3)
    return "GRU";
  return shape[0] == shape[1] ? "RNN" : "";
}

static const char *
guess_layer (const Below *self, const char *name)
{
  guint known = (self->weight != NULL) + (self->bias != NULL);

  if (self->has_running_mean)
    return self->weight == NULL || esp_tensor_get_ndim (self->weight) == 1 ? "BatchNorm" : "";
  if (self->weight == NULL || self->n_leaves != known)
    return "";
  switch (esp_tensor_get_ndim (self->weight))
    {
    case 1:
      if (self->bias != NULL)
        return fits_bias (self) ? "LayerNorm" : "";
      return strstr (name, "norm") != NULL || strstr (name, "ln") != NULL ? "RMSNorm" : "";
    case 2:
      if (self->bias == NULL && is_embedding_name (name))
        return "Embedding";
      return fits_bias (self) ? "Linear" : "";
    case 3:
      return fits_bias (self) ? "Conv1d" : "";
    case 4:
      return fits_bias (self) ? "Conv2d" : "";
    case 5:
      return fits_bias (self) ? "Conv3d" : "";
    default:
      return "";
    }
}

/* whether the first tensor below is no part of a model: an optimizer numbers its state, too */
static gboolean
holds_optimizer_state (EspNodes *nodes, guint32 node)
{
  const EspNode *there = esp_nodes_at (nodes, node);

  for (guint depth = 0; depth < 3 && !esp_node_is_leaf (there) && there->n > 0; depth++)
    {
      node = esp_nodes_get_child (nodes, node, 0);
      there = esp_nodes_at (nodes, node);
    }
  return esp_node_is_leaf (there) &&
         esp_nodes_leaf_at (nodes, esp_node_object (there))->role == ESP_ROLE_OPTIMIZER;
}

const char *
esp_guess_class (EspNodes *nodes, guint32 node)
{
  const EspNode *there = esp_nodes_at (nodes, node);
  Below below = { .nodes = nodes };
  guint32 many = there->n;

  for (guint32 i = 0; i < many && (many <= MOST_CHILDREN || below.n_numbered == i); i++)
    look_at (&below, esp_nodes_at (nodes, esp_nodes_get_child (nodes, node, i)));
  if (below.n_leaves == 0 && below.n_modules > 0 && below.n_numbered == many)
    return holds_optimizer_state (nodes, node) ? "" : "Sequential";
  if (many > MOST_CHILDREN)
    return "";
  if (below.has_projection)
    return "MultiheadAttention";
  if (below.n_modules > 0)
    return "";
  if (below.gates != NULL)
    return guess_recurrent (below.gates);
  return guess_layer (&below, esp_node_name (nodes, there));
}
