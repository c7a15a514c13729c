/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reader of frozen graphs. In: a GraphDef, of KB to 2 GB. Out: a checkpoint of its constants;
 * nothing else of the graph is kept. Names of nodes are scopes, and so modules.
 *
 *   GraphDef    1 nodes, 2 library { 1 functions }
 *   function    1 signature { 1 name }, 3 nodes
 *   NodeDef     1 name, 2 op, 5 attributes { 1 key, 2 AttrValue { 8 TensorProto } } */

#include "config.h"

#include "esp-tf-graph.h"

#include "esp-error.h"
#include "esp-limits.h"
#include "esp-source.h"
#include "esp-tf-names.h"
#include "esp-tf-proto.h"
#include "esp-tree-builder.h"

#include <glib/gi18n.h>
#include <string.h>

#define OP_BYTES 256

typedef struct
{
  EspTreeBuilder *builder;
  EspSource *source;
  GCancellable *cancellable;
  const char *function; /* that the nodes are in, or NULL */
  guint n_tensors;
} Reader;

typedef struct
{
  char *name;
  gboolean is_constant;
  EspWireField value; /* TensorProto; number 0 if there is none */
} Node;

/* {{{ nodes */

static gboolean
read_attribute_value (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  if (field->kind == ESP_WIRE_BYTES && field->number == 8)
    *(EspWireField *) data = *field;
  return TRUE;
}

typedef struct
{
  gboolean is_value;
  EspWireField value;
} Attribute;

static gboolean
read_attribute_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Attribute *self = data;
  g_autofree char *key = NULL;

  if (field->kind == ESP_WIRE_BYTES && field->number == 2)
    self->value = *field;
  if (field->kind != ESP_WIRE_BYTES || field->number != 1 || field->length != 5)
    return TRUE;
  key = esp_wire_dup_name (wire, field, error);
  if (key == NULL)
    return FALSE;
  self->is_value = strcmp (key, "value") == 0;
  return TRUE;
}

static gboolean
read_attribute (Node *self, EspWire *wire, const EspWireField *field, GError **error)
{
  Attribute attribute = { 0 };

  if (!esp_wire_foreach (wire, field, read_attribute_field, &attribute, error))
    return FALSE;
  if (!attribute.is_value || attribute.value.number == 0)
    return TRUE;
  return esp_wire_foreach (wire, &attribute.value, read_attribute_value, &self->value, error);
}

static gboolean
read_op (Node *self, EspWire *wire, const EspWireField *field, GError **error)
{
  g_autofree char *op = NULL;

  if (field->length > OP_BYTES)
    return TRUE;
  op = esp_wire_dup_name (wire, field, error);
  self->is_constant = op != NULL && strcmp (op, "Const") == 0;
  return op != NULL;
}

static gboolean
read_node_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Node *self = data;

  if (field->kind != ESP_WIRE_BYTES)
    return TRUE;
  if (field->number == 2)
    return read_op (self, wire, field, error);
  if (field->number == 5)
    return read_attribute (self, wire, field, error);
  if (field->number != 1)
    return TRUE;
  g_free (self->name);
  self->name = esp_wire_dup_name (wire, field, error);
  return self->name != NULL;
}

static gboolean
has_none (gpointer user_data, const char *name)
{
  return FALSE;
}

/* weights have become constants like sizes and axes: those are numbers or whole ones */
static EspRole
find_role (const char *name, EspTensor *tensor)
{
  EspKind kind = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind;

  if ((kind != ESP_KIND_FLOAT && kind != ESP_KIND_COMPLEX) || esp_tensor_get_ndim (tensor) == 0)
    return ESP_ROLE_CONSTANT;
  return esp_tf_name_guess_role (name, esp_tensor_get_dtype (tensor), has_none, NULL);
}

static gboolean
add_constant (Reader *self, EspWire *wire, const Node *node, GError **error)
{
  const char *keys[] = { "functions", self->function, node->name, NULL };
  const char *const *path = self->function != NULL ? keys : keys + 2;
  g_autofree EspTfProto *proto = g_new0 (EspTfProto, 1);
  g_autoptr (EspTensor) tensor = NULL;
  char id[16];

  g_snprintf (id, sizeof id, "%u", self->n_tensors++);
  if (!esp_tf_proto_read (proto, wire, &node->value, error))
    return FALSE;
  tensor = esp_tf_proto_make_tensor (proto, self->source, id, self->cancellable, error);
  return tensor != NULL &&
         esp_tree_builder_put_tensor (self->builder, path, NULL, find_role (node->name, tensor),
                                      ESP_REQUIRES_GRAD_UNKNOWN, tensor, error);
}

static gboolean
read_node (Reader *self, EspWire *wire, const EspWireField *field, GError **error)
{
  Node node = { 0 };
  gboolean read = esp_wire_foreach (wire, field, read_node_field, &node, error);

  if (read && node.is_constant && node.value.number != 0 && node.name != NULL)
    read = add_constant (self, wire, &node, error);
  g_free (node.name);
  return read;
}

/* }}} */
/* {{{ functions */

static gboolean
read_signature_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  char **name = data;

  if (field->kind != ESP_WIRE_BYTES || field->number != 1)
    return TRUE;
  g_free (*name);
  *name = esp_wire_dup_name (wire, field, error);
  return *name != NULL;
}

static gboolean
read_function_name (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  if (field->kind != ESP_WIRE_BYTES || field->number != 1)
    return TRUE;
  return esp_wire_foreach (wire, field, read_signature_field, data, error);
}

static gboolean
read_function_node (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  if (field->kind != ESP_WIRE_BYTES || field->number != 3)
    return TRUE;
  return read_node (data, wire, field, error);
}

static gboolean
read_function (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Reader *self = data;
  g_autofree char *name = NULL;
  gboolean read;

  if (field->kind != ESP_WIRE_BYTES || field->number != 1)
    return TRUE;
  if (!esp_wire_foreach (wire, field, read_function_name, &name, error))
    return FALSE;
  self->function = name != NULL ? name : "";
  read = esp_wire_foreach (wire, field, read_function_node, self, error);
  self->function = NULL;
  return read;
}

/* }}} */

static gboolean
read_graph_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  if (field->kind == ESP_WIRE_BYTES && field->number == 1)
    return read_node (data, wire, field, error);
  if (field->kind == ESP_WIRE_BYTES && field->number == 2)
    return esp_wire_foreach (wire, field, read_function, data, error);
  return TRUE;
}

static EspCheckpoint *
graph_read (const EspProbe *probe,
            EspProgressFunc progress,
            gpointer user_data,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new ("/");
  g_auto (EspWire) wire = { 0 };
  Reader self = { .builder = builder, .source = probe->source, .cancellable = cancellable };
  g_autoptr (EspTree) tree = NULL;
  EspCheckpoint *checkpoint;

  esp_wire_init_for_source (&wire, probe->source, 0, esp_source_get_size (probe->source), "graph",
                            cancellable);
  if (!esp_wire_foreach (&wire, NULL, read_graph_field, &self, error))
    return NULL;
  tree = esp_tree_builder_finish (builder, error);
  if (tree == NULL)
    return NULL;
  checkpoint = esp_checkpoint_new (esp_format_tf_graphdef.name, tree);
  esp_checkpoint_set_producer (checkpoint, "tensorflow");
  if (self.n_tensors == 0)
    esp_checkpoint_add_warning (checkpoint,
                                _ ("This graph has no constants: it isn’t frozen, and its weights "
                                   "are in a checkpoint elsewhere"));
  return checkpoint;
}

static gboolean
read_varint (const EspProbe *probe, gsize *at, guint64 *out)
{
  int n = esp_wire_decode_varint (probe->head + *at, probe->head_size - *at, out);

  if (n <= 0)
    return FALSE;
  *at += (gsize) n;
  return TRUE;
}

/* a field @tag of printable bytes, which end inside the head */
static gboolean
skip_name (const EspProbe *probe, gsize *at, guint64 tag)
{
  guint64 value, length;

  if (!read_varint (probe, at, &value) || value != tag || !read_varint (probe, at, &length) ||
      length == 0 || length > probe->head_size - *at)
    return FALSE;
  for (; length > 0; length--)
    if (!g_ascii_isgraph (probe->head[(*at)++]))
      return FALSE;
  return TRUE;
}

/* A protobuf without any mark. The first node has a name and an operator, both ASCII; functions or
 * the version come first where there are no nodes, and then nobody wants to open it. */
static gboolean
graph_probe (const EspProbe *probe)
{
  gsize at = 0;
  guint64 tag, length;

  return !probe->is_shard && read_varint (probe, &at, &tag) && tag == 0x0a &&
         read_varint (probe, &at, &length) && skip_name (probe, &at, 0x0a) &&
         skip_name (probe, &at, 0x12) && at <= length + 12;
}

static const char *const suffixes[] = { "pb", NULL };

const EspFormat esp_format_tf_graphdef = {
  .name = "tf-graphdef",
  .title = "TensorFlow",
  .suffixes = suffixes,
  .probe = graph_probe,
  .read = graph_read,
};
