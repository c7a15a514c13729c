/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Graphs, the nodes in them and the graphs in those (If, Loop, Scan). In: some thousand nodes, in
 * the worst case as many as the file has bytes for, so that nothing is kept of a node. Out: tensors
 * with the module and the role that the nodes using them give. A graph inside sees the names of
 * those around it. Recursion is bounded by the depth that EspWire allows: three messages a graph.
 */

#include "config.h"

#include "esp-onnx-graph.h"

#include "esp-error.h"
#include "esp-hash.h"
#include "esp-limits.h"
#include "esp-onnx-roles.h"
#include "esp-onnx-scope.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define USES_SHOWN 64
#define WARNINGS 100
#define CANCEL_EVERY 4096

typedef struct _Graph Graph;
struct _Graph
{
  Graph *parent;
  char *scope;       /* where its tensors go that tell no module; "" for the main graph */
  GHashTable *names; /* name -> EspOnnxEntry */
  EspOnnxGraphKind kind;
};

struct _EspOnnxGraphs
{
  EspOnnxStore *store;
  GPtrArray *entries, *modules, *warnings;
  GHashTable *seen_modules; /* scope -> EspOnnxModule */
  GPtrArray *graphs;        /* as they came */

  /* state */
  Graph *graph;
  gboolean second;
  guint next_graph;
  guint64 n_nodes;
  guint training_number;
};

/* what a node says of itself */
typedef struct
{
  char *name, *op, *domain, *output;
  char *namespace, *scopes, *classes; /* of the metadata */
  char *scope;                        /* what comes of it all; NULL: nothing */
  guint64 number;
  guint slot;
} Node;

static void
node_clear (Node *self)
{
  g_free (self->name);
  g_free (self->op);
  g_free (self->domain);
  g_free (self->output);
  g_free (self->namespace);
  g_free (self->scopes);
  g_free (self->classes);
  g_free (self->scope);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Node, node_clear)

static void
entry_free (gpointer data)
{
  EspOnnxEntry *self = data;

  g_free (self->name);
  g_free (self->scope);
  g_free (self->leaf);
  esp_tensor_unref (self->tensor);
  if (self->uses != NULL)
    g_string_free (self->uses, TRUE);
  g_free (self);
}

static void
module_free (gpointer data)
{
  EspOnnxModule *self = data;

  g_free (self->scope);
  g_free (self->class_name);
  g_free (self);
}

static void
graph_free (gpointer data)
{
  Graph *self = data;

  g_free (self->scope);
  g_hash_table_unref (self->names);
  g_free (self);
}

EspOnnxGraphs *
_esp_onnx_graphs_new (EspOnnxStore *store)
{
  EspOnnxGraphs *self = g_new0 (EspOnnxGraphs, 1);

  self->store = store;
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->modules = g_ptr_array_new_with_free_func (module_free);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->graphs = g_ptr_array_new_with_free_func (graph_free);
  self->seen_modules = g_hash_table_new (esp_hash_string, g_str_equal);
  return self;
}

void
_esp_onnx_graphs_free (EspOnnxGraphs *self)
{
  g_hash_table_unref (self->seen_modules);
  g_ptr_array_unref (self->graphs);
  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->modules);
  g_ptr_array_unref (self->warnings);
  g_free (self);
}

GPtrArray *
_esp_onnx_graphs_get_entries (EspOnnxGraphs *self)
{
  return self->entries;
}

GPtrArray *
_esp_onnx_graphs_get_modules (EspOnnxGraphs *self)
{
  return self->modules;
}

GPtrArray *
_esp_onnx_graphs_get_warnings (EspOnnxGraphs *self)
{
  return self->warnings;
}

/* {{{ tensors */

/* takes both */
static gboolean
add_entry (EspOnnxGraphs *self, char *name, EspTensor *tensor, gboolean is_constant, GError **error)
{
  EspOnnxEntry *entry = g_new0 (EspOnnxEntry, 1);
  gboolean says_scope = strpbrk (name, "./") != NULL && !g_str_has_prefix (name, "onnx::");

  entry->name = name;
  entry->tensor = tensor;
  entry->is_constant = is_constant;
  entry->role = self->graph->kind == ESP_ONNX_TRAINING ? ESP_ROLE_OTHER : ESP_ROLE_CONSTANT;
  entry->role_known = is_constant || self->graph->kind == ESP_ONNX_TRAINING;
  if (says_scope)
    _esp_onnx_scope_split (name, &entry->scope, &entry->leaf);
  else
    entry->leaf = g_strdup (name);
  if (entry->scope == NULL && *self->graph->scope != '\0')
    entry->scope = g_strdup (self->graph->scope);
  g_ptr_array_add (self->entries, entry);
  if (self->entries->len > ESP_LIMIT_TENSORS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("the model has more tensors than the limit of %d"), ESP_LIMIT_TENSORS);
      return FALSE;
    }
  if (!g_hash_table_contains (self->graph->names, name))
    g_hash_table_insert (self->graph->names, g_strdup (name), entry);
  else if (*name != '\0' && self->warnings->len < WARNINGS)
    {
      g_autofree char *shown = _esp_onnx_dup_shown (name, 200);

      g_ptr_array_add (self->warnings,
                       g_strdup_printf (_ ("two tensors of one graph are named “%s”"), shown));
    }
  return TRUE;
}

static gboolean
read_initializer (EspOnnxGraphs *self, EspWire *wire, const EspWireField *field, GError **error)
{
  char *name;
  EspTensor *tensor = _esp_onnx_tensor_read (self->store, wire, field, &name, error);

  if (tensor != NULL)
    return add_entry (self, name, tensor, FALSE, error);
  g_free (name);
  return FALSE;
}

typedef struct
{
  EspOnnxGraphs *graphs;
  const char *name; /* of the constant, or NULL: its own */
} Sparse;

/* a sparse tensor is known by its values, in their own shape */
static gboolean
read_sparse_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Sparse *self = data;
  char *name;
  EspTensor *tensor;

  if (field->number != 1 || field->kind != ESP_WIRE_BYTES)
    return TRUE;
  tensor = _esp_onnx_tensor_read (self->graphs->store, wire, field, &name, error);
  if (tensor == NULL || self->name != NULL)
    {
      g_free (name);
      name = g_strdup (self->name);
    }
  return tensor != NULL && add_entry (self->graphs, name, tensor, self->name != NULL, error);
}

static gboolean
read_sparse (EspOnnxGraphs *self,
             EspWire *wire,
             const EspWireField *field,
             const char *name,
             GError **error)
{
  Sparse sparse = { self, name };

  return esp_wire_foreach (wire, field, read_sparse_field, &sparse, error);
}

static EspOnnxEntry *
find_entry (EspOnnxGraphs *self, const char *name)
{
  for (Graph *graph = self->graph; graph != NULL; graph = graph->parent)
    {
      EspOnnxEntry *entry = g_hash_table_lookup (graph->names, name);

      if (entry != NULL)
        return entry;
    }
  return NULL;
}

/* }}} */
/* {{{ nodes: what they say of modules */

static void
note_module (EspOnnxGraphs *self, const char *scope, const char *class_name)
{
  EspOnnxModule *module = g_hash_table_lookup (self->seen_modules, scope);

  if (module == NULL)
    {
      module = g_new0 (EspOnnxModule, 1);
      module->scope = g_strdup (scope);
      g_ptr_array_add (self->modules, module);
      g_hash_table_insert (self->seen_modules, module->scope, module);
    }
  if (module->class_name == NULL && class_name != NULL && *class_name != '\0')
    module->class_name = _esp_onnx_dup_shown (class_name, ESP_LIMIT_ATTRIBUTE_BYTES);
}

/* the last of a node's scopes is the operation, the others are the modules around it */
static void
find_scope (EspOnnxGraphs *self, Node *node)
{
  g_auto (GStrv) scopes = NULL;
  g_auto (GStrv) classes = NULL;
  guint n;

  if (node->scopes != NULL)
    scopes = _esp_onnx_scope_parse_list (node->scopes);
  if (scopes != NULL && node->classes != NULL)
    classes = _esp_onnx_scope_parse_list (node->classes);
  if (scopes == NULL && node->namespace != NULL)
    _esp_onnx_scope_parse_namespace (node->namespace, &scopes, &classes);
  n = scopes != NULL ? g_strv_length (scopes) : 0;
  if (classes != NULL && g_strv_length (classes) != n)
    g_clear_pointer (&classes, g_strfreev);
  if (n > 0)
    {
      for (guint i = 0; i + 1 < n; i++)
        note_module (self, scopes[i], classes != NULL ? classes[i] : NULL);
      node->scope = g_strdup (n > 1 ? scopes[n - 2] : "");
    }
  else if (node->name != NULL && strchr (node->name, '/') != NULL)
    {
      _esp_onnx_scope_split (node->name, &node->scope, NULL);
      if (*node->name == '/' && *node->scope != '\0')
        note_module (self, node->scope, NULL);
    }
}

/* --- reading one --- */

typedef struct
{
  char *key, *value;
} Pair;

static gboolean
read_pair_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Pair *self = data;
  char **text = field->number == 1 ? &self->key : field->number == 2 ? &self->value : NULL;

  /* long ones are none of those wanted: stack traces are there too */
  if (text == NULL || field->kind != ESP_WIRE_BYTES || field->length > ESP_LIMIT_NAME_BYTES)
    return TRUE;
  g_free (*text);
  *text = esp_wire_dup_name (wire, field, error);
  return *text != NULL;
}

static gboolean
read_node_metadata (Node *self, EspWire *wire, const EspWireField *field, GError **error)
{
  Pair pair = { 0 };
  gboolean read = esp_wire_foreach (wire, field, read_pair_field, &pair, error);
  char **slot = NULL;

  if (pair.key != NULL && pair.value != NULL)
    slot = strcmp (pair.key, "namespace") == 0                        ? &self->namespace
           : strcmp (pair.key, "pkg.torch.onnx.name_scopes") == 0     ? &self->scopes
           : strcmp (pair.key, "pkg.torch.onnx.class_hierarchy") == 0 ? &self->classes
                                                                      : NULL;
  if (slot != NULL)
    {
      g_free (*slot);
      *slot = g_steal_pointer (&pair.value);
    }
  g_free (pair.key);
  g_free (pair.value);
  return read;
}

static gboolean
read_node_name (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Node *self = data;
  char **slot;

  if (field->kind != ESP_WIRE_BYTES)
    return TRUE;
  if (field->number == 9)
    return read_node_metadata (self, wire, field, error);
  slot = field->number == 2 && self->output == NULL ? &self->output
         : field->number == 3                       ? &self->name
         : field->number == 4                       ? &self->op
         : field->number == 7                       ? &self->domain
                                                    : NULL;
  if (slot == NULL)
    return TRUE;
  g_free (*slot);
  *slot = esp_wire_dup_name (wire, field, error);
  return *slot != NULL;
}

static gboolean
is_operator (const Node *self, const char *op)
{
  return self->op != NULL && strcmp (self->op, op) == 0 &&
         (self->domain == NULL || *self->domain == '\0' || strcmp (self->domain, "ai.onnx") == 0);
}

/* }}} */
/* {{{ nodes: what they use and hold */

/* how a node is called where it is told of */
static char *
print_node (const Node *node)
{
  if (node->name != NULL && *node->name != '\0')
    return g_strdup (node->name);
  return g_strdup_printf ("%s_%" PRIu64, node->op != NULL ? node->op : "node", node->number);
}

static void
note_use (EspOnnxEntry *entry, const Node *node, guint slot)
{
  EspDtype dtype = esp_tensor_get_dtype (entry->tensor);
  EspRole role;

  if (entry->n_uses++ < USES_SHOWN)
    {
      g_autofree char *name = print_node (node);
      g_autofree char *shown = _esp_onnx_dup_shown (name, 200);

      if (entry->uses == NULL)
        entry->uses = g_string_new (NULL);
      g_string_append_printf (entry->uses, "%s%s[%u]", entry->n_uses > 1 ? ", " : "", shown, slot);
    }
  if (entry->scope == NULL && node->scope != NULL)
    entry->scope = g_strdup (node->scope);
  if (entry->role_known || node->op == NULL ||
      !_esp_onnx_role_from_slot (node->op, slot, dtype, &role))
    return;
  entry->role = role;
  entry->role_known = TRUE;
}

typedef struct
{
  EspOnnxGraphs *graphs;
  Node *node;
  const EspWireField *attribute;
  char *name; /* of the attribute, owned */
  guint index;
} Visit;

static gboolean read_graph (EspOnnxGraphs *self,
                            EspWire *wire,
                            const EspWireField *message,
                            const char *scope,
                            EspOnnxGraphKind kind,
                            GError **error);

/* If_3.then_branch, below the node's own scope */
static gboolean
read_subgraph (Visit *self, EspWire *wire, const EspWireField *field, GError **error)
{
  g_autofree char *shown = print_node (self->node);
  const char *leaf = strrchr (shown, '/');
  g_autoptr (GString) scope = g_string_new (self->node->scope != NULL ? self->node->scope
                                                                      : self->graphs->graph->scope);

  g_string_append_printf (scope, "%s%s.%s", scope->len > 0 ? "." : "",
                          leaf != NULL ? leaf + 1 : shown,
                          self->name != NULL ? self->name : "graph");
  if (field->number == 11)
    g_string_append_printf (scope, ".%u", self->index++);
  return read_graph (self->graphs, wire, field, scope->str, self->graphs->graph->kind, error);
}

static gboolean
read_attribute_name (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Visit *self = data;

  if (field->number != 1 || field->kind != ESP_WIRE_BYTES)
    return TRUE;
  g_free (self->name);
  self->name = esp_wire_dup_name (wire, field, error);
  return self->name != NULL;
}

/* value_float and its like, whose values stand in the attribute itself */
static gboolean
read_plain_constant (Visit *self, EspWire *wire, GError **error)
{
  static const struct
  {
    const char *name;
    guint32 number;
    gboolean list;
  } plain[] = {
    { "value_float", 2, FALSE }, { "value_floats", 7, TRUE },  { "value_int", 3, FALSE },
    { "value_ints", 8, TRUE },   { "value_string", 4, FALSE }, { "value_strings", 9, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (plain); i++)
    if (self->name != NULL && strcmp (self->name, plain[i].name) == 0)
      {
        EspTensor *tensor = _esp_onnx_tensor_read_attribute (
            self->graphs->store, wire, self->attribute, plain[i].number, plain[i].list, error);

        return tensor != NULL &&
               add_entry (self->graphs, g_strdup (self->node->output), tensor, TRUE, error);
      }
  return TRUE;
}

static gboolean
read_attribute_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Visit *self = data;
  EspOnnxGraphs *graphs = self->graphs;
  gboolean is_value = !graphs->second && is_operator (self->node, "Constant") &&
                      self->node->output != NULL && self->name != NULL;

  if (field->kind != ESP_WIRE_BYTES)
    return TRUE;
  if (field->number == 6 || field->number == 11)
    return read_subgraph (self, wire, field, error);
  if (is_value && field->number == 5 && strcmp (self->name, "value") == 0)
    {
      char *name;
      EspTensor *tensor = _esp_onnx_tensor_read (graphs->store, wire, field, &name, error);

      g_free (name);
      return tensor != NULL &&
             add_entry (graphs, g_strdup (self->node->output), tensor, TRUE, error);
    }
  if (is_value && field->number == 22 && strcmp (self->name, "sparse_value") == 0)
    return read_sparse (graphs, wire, field, self->node->output, error);
  return TRUE;
}

static gboolean
read_attribute (EspOnnxGraphs *graphs,
                Node *node,
                EspWire *wire,
                const EspWireField *field,
                GError **error)
{
  Visit visit = { graphs, node, field, NULL, 0 };
  gboolean read = esp_wire_foreach (wire, field, read_attribute_name, &visit, error) &&
                  esp_wire_foreach (wire, field, read_attribute_field, &visit, error) &&
                  (graphs->second || node->output == NULL || !is_operator (node, "Constant") ||
                   read_plain_constant (&visit, wire, error));

  g_free (visit.name);
  return read;
}

static gboolean
read_input (Visit *self, EspWire *wire, const EspWireField *field, GError **error)
{
  EspOnnxGraphs *graphs = self->graphs;
  g_autofree char *name = esp_wire_dup_name (wire, field, error);
  EspOnnxEntry *entry;

  if (name == NULL)
    return FALSE;
  entry = *name != '\0' ? find_entry (graphs, name) : NULL;
  if (entry != NULL)
    {
      note_use (entry, self->node, self->index);
      /* exporters put these where a tied tensor was left out */
      if (is_operator (self->node, "Identity") && self->node->output != NULL &&
          !g_hash_table_contains (graphs->graph->names, self->node->output))
        g_hash_table_insert (graphs->graph->names, g_strdup (self->node->output), entry);
    }
  self->index++;
  return TRUE;
}

static gboolean
read_node_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Visit *self = data;

  if (field->kind != ESP_WIRE_BYTES)
    return TRUE;
  if (field->number == 1 && self->graphs->second)
    return read_input (self, wire, field, error);
  if (field->number == 5)
    return read_attribute (self->graphs, self->node, wire, field, error);
  return TRUE;
}

static gboolean
read_node (EspOnnxGraphs *self, EspWire *wire, const EspWireField *field, GError **error)
{
  g_auto (Node) node = { .number = self->n_nodes++ };
  Visit visit = { self, &node, NULL, NULL, 0 };

  if (self->n_nodes % CANCEL_EVERY == 0 &&
      g_cancellable_set_error_if_cancelled (self->store->cancellable, error))
    return FALSE;
  if (!esp_wire_foreach (wire, field, read_node_name, &node, error))
    return FALSE;
  find_scope (self, &node);
  return esp_wire_foreach (wire, field, read_node_field, &visit, error);
}

/* }}} */
/* {{{ graphs */

static gboolean
read_graph_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  EspOnnxGraphs *self = data;

  if (field->kind != ESP_WIRE_BYTES)
    return TRUE;
  if (field->number == 1)
    return read_node (self, wire, field, error);
  if (field->number == 5 && !self->second)
    return read_initializer (self, wire, field, error);
  if (field->number == 15 && !self->second)
    return read_sparse (self, wire, field, NULL, error);
  return TRUE;
}

static gboolean
read_function_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  if (field->number != 7 || field->kind != ESP_WIRE_BYTES)
    return TRUE;
  return read_node (data, wire, field, error);
}

static Graph *
begin_graph (EspOnnxGraphs *self, const char *scope, EspOnnxGraphKind kind)
{
  Graph *graph;

  /* the same bytes were read before: there are no others */
  if (self->second)
    return self->next_graph < self->graphs->len ? self->graphs->pdata[self->next_graph++]
                                                : self->graph;
  graph = g_new0 (Graph, 1);
  graph->parent = self->graph;
  graph->scope = g_strdup (scope);
  graph->kind = kind;
  graph->names = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, NULL);
  g_ptr_array_add (self->graphs, graph);
  return graph;
}

static gboolean
read_graph (EspOnnxGraphs *self,
            EspWire *wire,
            const EspWireField *message,
            const char *scope,
            EspOnnxGraphKind kind,
            GError **error)
{
  Graph *around = self->graph;
  gboolean read;

  self->graph = begin_graph (self, scope, kind);
  read = esp_wire_foreach (wire, message,
                           kind == ESP_ONNX_FUNCTION && around == NULL ? read_function_field
                                                                       : read_graph_field,
                           self, error);
  self->graph = around;
  return read;
}

static gboolean
read_function_name (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  char **name = data;

  if (field->number != 1 || field->kind != ESP_WIRE_BYTES)
    return TRUE;
  g_free (*name);
  *name = esp_wire_dup_name (wire, field, error);
  return *name != NULL;
}

gboolean
_esp_onnx_graphs_read (EspOnnxGraphs *self,
                       EspWire *wire,
                       const EspWireField *message,
                       EspOnnxGraphKind kind,
                       gboolean second,
                       GError **error)
{
  g_autofree char *name = NULL;
  g_autofree char *scope = NULL;

  if (second && !self->second)
    {
      self->next_graph = 0;
      self->n_nodes = 0;
      self->training_number = 0;
    }
  self->second = second;
  if (kind == ESP_ONNX_FUNCTION &&
      !esp_wire_foreach (wire, message, read_function_name, &name, error))
    return FALSE;
  if (kind == ESP_ONNX_FUNCTION)
    scope = g_strdup_printf ("functions.%s", name != NULL ? name : "");
  else if (kind == ESP_ONNX_TRAINING)
    scope = g_strdup_printf ("training_%u", self->training_number++);
  else
    scope = g_strdup ("");
  return read_graph (self, wire, message, scope, kind, error);
}

/* }}} */
