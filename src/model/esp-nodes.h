/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to model/: the flat arrays behind a tree. A listing of 20,000 tensors walks them and
 * makes no object; places, modules and parameters become objects when somebody asks for one, once,
 * and stay until the tree goes. 20 bytes a node, 16 a parameter. Arrays are fixed after the
 * builder's finish; objects are made under a lock, so that workers may walk too. */

#include "esp-footprint.h"
#include "esp-names.h"
#include "esp-place.h"
#include "esp-tree.h"

G_BEGIN_DECLS

typedef struct _EspNodes EspNodes;

#define ESP_NO_NODE G_MAXUINT32

#define ESP_NODE_LEAF (1u << 31)
#define ESP_NODE_IMPLIED (1u << 30) /* a leaf's row that the file doesn't hold */
#define ESP_NODE_OBJECT ((1u << 30) - 1)

/* one place */
typedef struct
{
  guint32 name; /* of the nodes' names */
  guint32 parent;
  guint32 object; /* leaf or module, with the bits above */
  guint32 first;  /* module: where its children begin in children; leaf: index among the tensors */
  guint32 n;      /* module: number of children; leaf: its key bits, see esp_nodes_get_keys() */
} EspNode;

typedef enum
{
  ESP_LEAF_TIED = 1 << 0,   /* shares an element with another row: unions must be taken */
  ESP_LEAF_MARKED = 1 << 1, /* scratch of one walk under the lock */
} EspLeafFlags;

/* one parameter, whatever the number of its places */
typedef struct
{
  EspTensor *tensor; /* owned */
  guint32 node;      /* its first place */
  guint8 role;
  guint8 requires_grad;
  guint8 flags;
} EspLeaf;

struct _EspTie
{
  EspNodes *nodes; /* borrowed: the nodes own their ties */
  EspTieKind kind;
  guint index;
  guint n;
  guint32 *places; /* (n) nodes */
};

struct _EspNodes
{
  gint ref_count;
  char *separator;
  EspNames *names;
  GArray *nodes;         /* EspNode; 0 is the root */
  guint32 *children;     /* nodes of all children, those of one parent together */
  GArray *leaves;        /* EspLeaf */
  GArray *modules;       /* guint32: first place of each module */
  GArray *tensors;       /* guint32: nodes of the tensors in the file's order */
  guint32 *next_place;   /* (nodes) the next place of the same object, or NULL if none has two */
  GHashTable *odd_keys;  /* node -> GStrv, where the key bits can't say it; or NULL */
  GHashTable *odd_names; /* node -> char *, where the producer joins otherwise; or NULL */

  GPtrArray *state_order; /* EspStateOrder, owned */
  GPtrArray *ties;        /* EspTie, owned */
  GHashTable *tie_of;     /* node -> EspTie, the strongest; or NULL */
  GHashTable *alias_of;   /* leaf -> first leaf of its alias group; or NULL */
  gboolean ties_complete; /* FALSE when a bound was met */

  GMutex lock; /* guards all below */
  gboolean closed;
  EspPlace **places; /* (nodes) or NULL */
  GPtrArray *module_objects;
  GPtrArray *parameter_objects;
};

#define esp_nodes_at(self, i) (&g_array_index ((self)->nodes, EspNode, i))
#define esp_nodes_leaf_at(self, i) (&g_array_index ((self)->leaves, EspLeaf, i))
#define esp_node_name(self, node) esp_names_get ((self)->names, (node)->name)
#define esp_node_is_leaf(node) (((node)->object & ESP_NODE_LEAF) != 0)
#define esp_node_is_implied(node) (((node)->object & ESP_NODE_IMPLIED) != 0)
#define esp_node_object(node) ((node)->object & ESP_NODE_OBJECT)

EspNodes *esp_nodes_new (const char *separator);
EspNodes *esp_nodes_ref (EspNodes *self);
void esp_nodes_unref (EspNodes *self);
/* lets go of all objects made so far; later requests give NULL */
void esp_nodes_close (EspNodes *self);

/* objects; borrowed, NULL when closed */
EspPlace *esp_nodes_get_place (EspNodes *self, guint32 node);
EspModule *esp_nodes_get_module (EspNodes *self, guint32 module);
EspModule *esp_nodes_peek_module (EspNodes *self, guint32 module); /* NULL if nobody asked yet */
EspParameter *esp_nodes_get_parameter (EspNodes *self, guint32 leaf);

/* facts */
guint32 esp_nodes_get_child (EspNodes *self, guint32 node, guint index);
guint32 esp_nodes_find_child (EspNodes *self, guint32 node, const char *name, gboolean leaf);
guint32 esp_nodes_next_place (EspNodes *self, guint32 node); /* ESP_NO_NODE after the last */
guint32 esp_nodes_first_place (EspNodes *self, guint32 node);
void esp_nodes_append_path (EspNodes *self, guint32 node, GString *out);
/* keys of a leaf as the file nests them */
GStrv esp_nodes_get_keys (EspNodes *self, guint32 node);
/* whether the i-th name from the leaf upwards begins a key, in the bits of a leaf's n */
gboolean esp_node_begins_key (const EspNode *node, guint level);
void esp_nodes_sum (EspNodes *self, guint32 node, EspTotals *totals);

/* made by esp_nodes_get_*() only */
EspPlace *esp_place_new_for_node (EspNodes *nodes, guint32 node);
EspModule *esp_module_new_for_nodes (EspNodes *nodes, guint32 module);
EspParameter *esp_parameter_new_for_nodes (EspNodes *nodes, guint32 leaf, EspTensor *tensor);
EspTree *esp_tree_new_for_nodes (EspNodes *nodes);

/* what only the builder sets */
void esp_module_set_class (EspModule *self, const char *class_name);
void esp_module_add_attribute (EspModule *self, const char *name, const char *value);
guint32 esp_module_get_id (EspModule *self);
guint32 esp_parameter_get_id (EspParameter *self);

/* a class from names and shapes below @node; static text, "" if nothing fits */
const char *esp_guess_class (EspNodes *nodes, guint32 node);

G_END_DECLS
