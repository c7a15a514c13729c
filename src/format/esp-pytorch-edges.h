/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pickle-value.h"

G_BEGIN_DECLS

/* The values of a pickle as a graph: what lies below what, under which key. */

typedef enum
{
  ESP_EDGE_ITEM, /* of a container, or an attribute of an object that is no module */
  ESP_EDGE_PARAMETER,
  ESP_EDGE_BUFFER,
  ESP_EDGE_MODULE,
  ESP_EDGE_ATTRIBUTE, /* of a module */
  ESP_EDGE_FIELD,     /* of a module of TorchScript, a tensor; its class knows what it is */
} EspPytorchEdgeKind;

typedef struct
{
  EspPytorchEdgeKind kind;
  const EspPickleValue *key; /* NULL: it is number @number */
  guint number;
  const EspPickleValue *value;
  guint position; /* of the value in its dict */
} EspPytorchEdge;

/* goes over the edges of one value; on the stack */
typedef struct
{
  struct
  {
    const EspPickleItems *items;
    EspPytorchEdgeKind kind;
    gboolean is_pairs;
  } lists[4];
  guint n_lists;
  guint list;
  guint at;
  guint number;
} EspPytorchEdges;

/* the dict of a module's fields (with _modules, _parameters), NULL if @value is no module */
const EspPickleValue *esp_pytorch_get_module (const EspPickleValue *value);
/* the producer's own class: "torch.nn.modules.linear.Linear"; NULL if it has no name */
const char *esp_pytorch_get_class (const EspPickleValue *value);

/* the _metadata of a state dict: its modules' versions by path; NULL if it has none */
const EspPickleValue *esp_pytorch_get_versions (const EspPickleValue *value);
guint esp_pytorch_count_versions (const EspPickleValue *value);

/* what is below @owner; of a module its parameters, buffers and modules, in that order, without its
 * attributes */
void esp_pytorch_edges_init (EspPytorchEdges *self, const EspPickleValue *owner);
/* the attributes of a module */
void esp_pytorch_edges_init_attributes (EspPytorchEdges *self, const EspPickleValue *module);
gboolean esp_pytorch_edges_next (EspPytorchEdges *self, EspPytorchEdge *out);

/* marks the pairs of @dict whose key comes again later, as the last one counts in Python; NULL if
 * there are none. New array of one byte per item. */
guint8 *esp_pytorch_find_shadowed (const EspPickleValue *dict);

G_END_DECLS
