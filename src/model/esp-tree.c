/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The tree as others see it: rows, ties, totals, look-up by name and by what a person types. All
 * facts lie in EspNodes; this keeps the objects made of them alive. */

#include "config.h"

#include "esp-tree.h"

#include <string.h>

#include "esp-nodes.h"
#include "esp-path.h"

struct _EspTree
{
  GObject parent_instance;

  EspNodes *nodes;
};

G_DEFINE_FINAL_TYPE (EspTree, esp_tree, G_TYPE_OBJECT)

static void
esp_tree_finalize (GObject *object)
{
  EspTree *self = ESP_TREE (object);

  esp_nodes_close (self->nodes);
  esp_nodes_unref (self->nodes);
  G_OBJECT_CLASS (esp_tree_parent_class)->finalize (object);
}

static void
esp_tree_class_init (EspTreeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_tree_finalize;
}

static void
esp_tree_init (EspTree *self)
{
}

EspTree *
esp_tree_new_for_nodes (EspNodes *nodes)
{
  EspTree *self = g_object_new (ESP_TYPE_TREE, NULL);

  self->nodes = esp_nodes_ref (nodes);
  return self;
}

/* --- ties --- */

EspTieKind
esp_tie_get_kind (EspTie *self)
{
  g_return_val_if_fail (self != NULL, ESP_TIE_ALIAS);

  return self->kind;
}

const char *
esp_tie_get_kind_name (EspTie *self)
{
  static const char *const names[] = {
    [ESP_TIE_ALIAS] = "alias",     [ESP_TIE_OVERLAP] = "overlap",
    [ESP_TIE_TWIN] = "twin",       [ESP_TIE_TRANSPOSED_TWIN] = "transposed twin",
    [ESP_TIE_IMPLIED] = "implied", [ESP_TIE_MAYBE] = "maybe",
  };

  g_return_val_if_fail (self != NULL, "");

  return names[self->kind];
}

guint
esp_tie_get_n_places (EspTie *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n;
}

EspPlace *
esp_tie_get_place (EspTie *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->n, NULL);

  return esp_nodes_get_place (self->nodes, self->places[index]);
}

guint
esp_tie_get_index (EspTie *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->index;
}

/* --- rows --- */

EspPlace *
esp_tree_get_root (EspTree *self)
{
  g_return_val_if_fail (ESP_IS_TREE (self), NULL);

  return esp_nodes_get_place (self->nodes, 0);
}

guint
esp_tree_get_n_tensors (EspTree *self)
{
  g_return_val_if_fail (ESP_IS_TREE (self), 0);

  return self->nodes->tensors->len;
}

static guint32
get_row (EspTree *self, guint index)
{
  return g_array_index (self->nodes->tensors, guint32, index);
}

EspPlace *
esp_tree_get_tensor (EspTree *self, guint index)
{
  g_return_val_if_fail (ESP_IS_TREE (self), NULL);
  g_return_val_if_fail (index < self->nodes->tensors->len, NULL);

  return esp_nodes_get_place (self->nodes, get_row (self, index));
}

void
esp_tree_read_row (EspTree *self, guint index, EspTreeRow *out)
{
  const EspNode *node;
  const EspLeaf *leaf;

  g_return_if_fail (ESP_IS_TREE (self) && out != NULL);
  g_return_if_fail (index < self->nodes->tensors->len);

  node = esp_nodes_at (self->nodes, get_row (self, index));
  leaf = esp_nodes_leaf_at (self->nodes, esp_node_object (node));
  out->tensor = leaf->tensor;
  out->role = leaf->role;
  out->requires_grad = leaf->requires_grad;
  out->stored = !esp_node_is_implied (node);
}

void
esp_tree_append_row_path (EspTree *self, guint index, GString *out)
{
  g_return_if_fail (ESP_IS_TREE (self) && out != NULL);
  g_return_if_fail (index < self->nodes->tensors->len);

  esp_nodes_append_path (self->nodes, get_row (self, index), out);
}

GStrv
esp_tree_dup_row_keys (EspTree *self, guint index)
{
  g_return_val_if_fail (ESP_IS_TREE (self), NULL);
  g_return_val_if_fail (index < self->nodes->tensors->len, NULL);

  return esp_nodes_get_keys (self->nodes, get_row (self, index));
}

void
esp_tree_foreach_module (EspTree *self, EspTreeModuleFunc func, gpointer user_data)
{
  g_autoptr (GArray) stack = NULL;
  g_autoptr (GString) path = NULL, first_path = NULL;
  guint32 root = 0;

  g_return_if_fail (ESP_IS_TREE (self) && func != NULL);

  stack = g_array_new (FALSE, FALSE, sizeof (guint32));
  path = g_string_new (NULL);
  first_path = g_string_new (NULL);
  g_array_append_val (stack, root);
  while (stack->len > 0)
    {
      guint32 at = g_array_index (stack, guint32, stack->len - 1);
      const EspNode *node = esp_nodes_at (self->nodes, at);
      guint32 first = esp_nodes_first_place (self->nodes, at);

      g_array_set_size (stack, stack->len - 1);
      g_string_truncate (path, 0);
      g_string_truncate (first_path, 0);
      esp_nodes_append_path (self->nodes, at, path);
      if (first != at)
        esp_nodes_append_path (self->nodes, first, first_path);
      func (path->str, esp_nodes_peek_module (self->nodes, esp_node_object (node)),
            first != at ? first_path->str : NULL, user_data);
      for (guint32 i = node->n; i > 0; i--)
        {
          guint32 child = esp_nodes_get_child (self->nodes, at, i - 1);

          if (!esp_node_is_leaf (esp_nodes_at (self->nodes, child)))
            g_array_append_val (stack, child);
        }
    }
}

guint
esp_tree_get_n_ties (EspTree *self)
{
  g_return_val_if_fail (ESP_IS_TREE (self), 0);

  return self->nodes->ties->len;
}

EspTie *
esp_tree_get_tie (EspTree *self, guint index)
{
  g_return_val_if_fail (ESP_IS_TREE (self), NULL);
  g_return_val_if_fail (index < self->nodes->ties->len, NULL);

  return self->nodes->ties->pdata[index];
}

gboolean
esp_tree_get_ties_complete (EspTree *self)
{
  g_return_val_if_fail (ESP_IS_TREE (self), TRUE);

  return self->nodes->ties_complete;
}

const EspTotals *
esp_tree_get_totals (EspTree *self)
{
  g_return_val_if_fail (ESP_IS_TREE (self), NULL);

  return esp_place_get_totals (esp_tree_get_root (self));
}

GPtrArray *
esp_tree_get_state_order (EspTree *self)
{
  g_return_val_if_fail (ESP_IS_TREE (self), NULL);

  return self->nodes->state_order;
}

const char *
esp_tree_get_separator (EspTree *self)
{
  g_return_val_if_fail (ESP_IS_TREE (self), "");

  return self->nodes->separator;
}

/* --- look-up --- */

/* tensors first, then modules, by comparing whole names: for names joined otherwise */
static guint32
find_by_scan (EspNodes *nodes, const char *name, gboolean *ambiguous)
{
  g_autoptr (GString) path = g_string_new (NULL);
  guint32 found = ESP_NO_NODE;

  for (guint i = 0; i < nodes->tensors->len; i++)
    {
      guint32 node = g_array_index (nodes->tensors, guint32, i);

      g_string_truncate (path, 0);
      esp_nodes_append_path (nodes, node, path);
      if (strcmp (path->str, name) != 0)
        continue;
      if (found == ESP_NO_NODE)
        found = node;
      else
        *ambiguous = TRUE;
    }
  return found;
}

/* the tensor (or module) at the end of @names below @from, and whether there is more than one.
 * Names of one parent may repeat, so all ways are tried, a level at a time. */
static guint32
walk_names (EspNodes *nodes, guint32 from, char *const *names, gboolean leaf, gboolean *ambiguous)
{
  g_autoptr (GArray) level = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 found = ESP_NO_NODE;

  g_array_append_val (level, from);
  for (guint i = 0; names[i] != NULL && level->len > 0; i++)
    {
      g_autoptr (GArray) above = g_steal_pointer (&level);
      gboolean want_leaf = leaf && names[i + 1] == NULL;

      level = g_array_new (FALSE, FALSE, sizeof (guint32));
      for (guint k = 0; k < above->len; k++)
        {
          const EspNode *parent = esp_nodes_at (nodes, g_array_index (above, guint32, k));

          for (guint32 c = 0; c < parent->n; c++)
            {
              guint32 child = nodes->children[parent->first + c];
              const EspNode *node = esp_nodes_at (nodes, child);

              if (esp_node_is_leaf (node) == want_leaf &&
                  strcmp (esp_node_name (nodes, node), names[i]) == 0)
                g_array_append_val (level, child);
            }
        }
    }
  if (level->len > 0)
    found = g_array_index (level, guint32, 0);
  if (level->len > 1 && ambiguous != NULL)
    *ambiguous = TRUE;
  return found;
}

static GStrv
split_name (EspNodes *nodes, const char *name)
{
  GStrv whole;

  /* g_strsplit() gives no part for an empty text, where a name has one */
  if (nodes->separator[0] != '\0' && name[0] != '\0')
    return g_strsplit (name, nodes->separator, -1);
  whole = g_new0 (char *, 2);
  whole[0] = g_strdup (name);
  return whole;
}

static guint32
find_exact (EspNodes *nodes, const char *name, gboolean *ambiguous)
{
  g_auto (GStrv) names = NULL;
  guint32 found;

  if (nodes->odd_names != NULL || nodes->separator[0] == '\0')
    {
      found = find_by_scan (nodes, name, ambiguous);
      if (found != ESP_NO_NODE)
        return found;
    }
  names = split_name (nodes, name);
  found = walk_names (nodes, 0, names, TRUE, ambiguous);
  if (found == ESP_NO_NODE && name[0] == '\0')
    return 0;
  if (found == ESP_NO_NODE)
    found = walk_names (nodes, 0, names, FALSE, ambiguous);
  return found;
}

EspPlace *
esp_tree_find (EspTree *self, const char *name, gboolean *ambiguous)
{
  gboolean several = FALSE;
  guint32 found;

  g_return_val_if_fail (ESP_IS_TREE (self) && name != NULL, NULL);

  found = find_exact (self->nodes, name, &several);
  if (ambiguous != NULL)
    *ambiguous = several;
  return esp_nodes_get_place (self->nodes, found);
}

/* a number that names no child counts the modules of a container, as net[2] does in Python */
static guint32
find_counted (EspNodes *nodes, guint32 parent, const char *name)
{
  EspModule *module = esp_nodes_peek_module (nodes, esp_node_object (esp_nodes_at (nodes, parent)));
  guint64 wanted;

  if (module == NULL || strlen (name) > 9 || strspn (name, "0123456789") != strlen (name) ||
      (strcmp (esp_module_get_brief_class (module), "Sequential") != 0 &&
       strcmp (esp_module_get_brief_class (module), "ModuleList") != 0))
    return ESP_NO_NODE;
  wanted = g_ascii_strtoull (name, NULL, 10);
  for (guint32 i = 0; i < esp_nodes_at (nodes, parent)->n; i++)
    {
      guint32 child = esp_nodes_get_child (nodes, parent, i);

      if (!esp_node_is_leaf (esp_nodes_at (nodes, child)) && wanted-- == 0)
        return child;
    }
  return ESP_NO_NODE;
}

/* follows typed names from @from down; a typed name may itself be joined of several */
static guint32
follow (EspNodes *nodes, guint32 from, char *const *typed)
{
  guint32 at = from;

  for (guint i = 0; typed[i] != NULL; i++)
    {
      g_auto (GStrv) names = split_name (nodes, typed[i]);
      guint32 next = ESP_NO_NODE;

      if (esp_node_is_leaf (esp_nodes_at (nodes, at)))
        /* what follows a tensor is one of its channels: net[2].weight.grad */
        return typed[i + 1] == NULL &&
                       (strcmp (typed[i], "data") == 0 || strcmp (typed[i], "grad") == 0)
                   ? at
                   : ESP_NO_NODE;
      next = walk_names (nodes, at, names, TRUE, NULL);
      if (next == ESP_NO_NODE || (typed[i + 1] != NULL && typed[i + 2] != NULL))
        {
          guint32 module = walk_names (nodes, at, names, FALSE, NULL);

          if (module != ESP_NO_NODE)
            next = module;
        }
      if (next == ESP_NO_NODE)
        next = find_counted (nodes, at, typed[i]);
      if (next == ESP_NO_NODE)
        return ESP_NO_NODE;
      at = next;
    }
  return at;
}

/* names that people give to the whole */
static gboolean
is_name_of_whole (const char *name)
{
  static const char *const names[] = { "net", "model", "self",       "module",     "network",
                                       "m",   "sd",    "state_dict", "checkpoint", NULL };

  return g_strv_contains (names, name);
}

/* whether @text begins with a name and an index: a name in front of a bracket is a variable */
static gboolean
begins_with_index (const char *text)
{
  gsize n = 0;

  while (g_ascii_isalnum (text[n]) || text[n] == '_')
    n++;
  return n > 0 && !g_ascii_isdigit (text[0]) && text[n] == '[';
}

/* below the root, or below a module that stands for the whole */
static guint32
follow_from_top (EspNodes *nodes, char *const *typed)
{
  const EspNode *root = esp_nodes_at (nodes, 0);
  guint32 found = follow (nodes, 0, typed);

  for (guint32 i = 0; found == ESP_NO_NODE && i < root->n; i++)
    {
      guint32 child = esp_nodes_get_child (nodes, 0, i);

      if (!esp_node_is_leaf (esp_nodes_at (nodes, child)) &&
          (root->n == 1 || is_name_of_whole (esp_node_name (nodes, esp_nodes_at (nodes, child)))))
        found = follow (nodes, child, typed);
    }
  return found;
}

EspPlace *
esp_tree_find_typed (EspTree *self, const char *text)
{
  g_auto (GStrv) typed = NULL;
  g_autofree char *bare = NULL;
  guint32 found;
  gboolean ambiguous;

  g_return_val_if_fail (ESP_IS_TREE (self) && text != NULL, NULL);

  found = find_exact (self->nodes, text, &ambiguous);
  if (found != ESP_NO_NODE)
    return esp_nodes_get_place (self->nodes, found);
  bare = g_strstrip (g_strdup (text));
  typed = esp_path_parse (bare);
  if (typed == NULL || typed[0] == NULL)
    return NULL;
  found = follow_from_top (self->nodes, typed);
  if (found == ESP_NO_NODE && (is_name_of_whole (typed[0]) || begins_with_index (bare)))
    found = follow_from_top (self->nodes, typed + 1);
  return esp_nodes_get_place (self->nodes, found);
}
