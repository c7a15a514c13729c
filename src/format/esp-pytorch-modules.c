/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a pickle says of modules besides their tensors: the attributes of pickled ones, and the
 * paths that a state dict keeps versions for. */

#include "config.h"

#include "esp-pytorch-modules.h"

#include "esp-limits.h"
#include "esp-path.h"
#include "esp-pytorch-edges.h"

#include <string.h>

/* what a person would have given to the constructor */
#define ITEMS_MAX 64
#define NESTED_MAX 3
/* parameters among which a bias is looked for */
#define PARAMETERS_MAX 64

static gboolean
is_simple (const EspPickleValue *value, guint depth)
{
  switch ((EspPickleKind) value->kind)
    {
    case ESP_PICKLE_NONE:
    case ESP_PICKLE_BOOL:
    case ESP_PICKLE_INT:
    case ESP_PICKLE_LONG:
    case ESP_PICKLE_FLOAT:
    case ESP_PICKLE_STRING:
    case ESP_PICKLE_GLOBAL:
      return TRUE;
    case ESP_PICKLE_LIST:
    case ESP_PICKLE_TUPLE:
      if (value->items.n > ITEMS_MAX || depth >= NESTED_MAX)
        return FALSE;
      for (guint i = 0; i < value->items.n; i++)
        if (!is_simple (value->items.items[i], depth + 1))
          return FALSE;
      return TRUE;
    case ESP_PICKLE_CALL:
      return esp_pickle_value_get_callee_meaning (value) == ESP_MEANING_PLAIN;
    case ESP_PICKLE_BYTES:
    case ESP_PICKLE_SET:
    case ESP_PICKLE_DICT:
    case ESP_PICKLE_OBJECT:
    case ESP_PICKLE_PERSISTENT:
    default:
      return FALSE;
    }
}

static void
add_attribute (EspTreeBuilder *builder, EspModule *module, const EspPytorchEdge *edge)
{
  g_autofree char *name = NULL;
  g_autofree char *text = NULL;

  if (edge->key->kind != ESP_PICKLE_STRING || edge->key->text.length == 0 ||
      edge->key->text.bytes[0] == '_' || !is_simple (edge->value, 0))
    return;
  name = esp_pickle_value_to_name (edge->key, 256);
  text = esp_pickle_value_to_text (edge->value, ESP_LIMIT_ATTRIBUTE_BYTES - 8);
  esp_tree_builder_add_attribute (builder, module, name, text);
}

void
esp_pytorch_add_attributes (EspTreeBuilder *builder, EspModule *module, const EspPickleValue *value)
{
  const EspPickleValue *fields = esp_pytorch_get_module (value);
  const EspPickleValue *parameters = esp_pickle_value_find (fields, "_parameters");
  const EspPickleValue *bias = NULL;
  g_autofree guint8 *shadowed = esp_pytorch_find_shadowed (fields);
  EspPytorchEdges edges;
  EspPytorchEdge edge;

  esp_pytorch_edges_init_attributes (&edges, value);
  while (esp_pytorch_edges_next (&edges, &edge))
    if (shadowed == NULL || !shadowed[edge.position])
      add_attribute (builder, module, &edge);
  /* a constructor's argument that leaves no attribute: a bias that isn't wanted is None */
  if (parameters != NULL && parameters->items.n <= 2 * PARAMETERS_MAX)
    bias = esp_pickle_value_find (parameters, "bias");
  if (bias != NULL && esp_pickle_value_find (fields, "bias") == NULL)
    esp_tree_builder_add_attribute (builder, module, "bias",
                                    bias->kind == ESP_PICKLE_NONE ? "False" : "True");
}

gboolean
esp_pytorch_add_state_dict_modules (EspTreeBuilder *builder,
                                    GPtrArray *keys,
                                    const EspPickleValue *state_dict,
                                    GError **error)
{
  const EspPickleValue *versions = esp_pytorch_get_versions (state_dict);
  EspPytorchEdges edges;
  EspPytorchEdge edge;
  gboolean good = TRUE;

  if (versions == NULL)
    return TRUE;
  esp_pytorch_edges_init (&edges, versions);
  while (good && esp_pytorch_edges_next (&edges, &edge))
    {
      g_autofree char *path = NULL;

      if (edge.key->kind != ESP_PICKLE_STRING || edge.key->text.length == 0)
        continue;
      path = esp_pickle_value_to_name (edge.key, ESP_LIMIT_NAME_BYTES);
      g_ptr_array_add (keys, path);
      g_ptr_array_add (keys, NULL);
      good = esp_tree_builder_add_module (builder, (const char *const *) keys->pdata, NULL,
                                          error) != NULL;
      /* neither is the array's to free */
      keys->pdata[keys->len - 2] = NULL;
      g_ptr_array_set_size (keys, (int) keys->len - 2);
    }
  return good;
}
