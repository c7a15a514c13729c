/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Children together; shared modules unfolded at each place. Without shared modules this is one pass
 * that counts; with them the nodes are copied in the order of a walk. A small graph of modules can
 * unfold without end, so places and depth are limited here, and a module inside itself is found on
 * the way down. */

#include "config.h"

#include "esp-unfold.h"

#include <glib/gi18n.h>

#include "esp-error.h"
#include "esp-limits.h"
#include "esp-path.h"

/* --- children --- */

static gboolean
is_number (const char *name)
{
  guint i = 0;

  while (g_ascii_isdigit (name[i]))
    i++;
  return i > 0 && name[i] == '\0';
}

static int
compare_children (gconstpointer a, gconstpointer b, gpointer user_data)
{
  EspNodes *nodes = user_data;
  guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;
  int order = esp_path_compare (esp_node_name (nodes, esp_nodes_at (nodes, x)),
                                esp_node_name (nodes, esp_nodes_at (nodes, y)));

  return order != 0 ? order : x < y ? -1 : x > y;
}

static void
sort_numbers (EspNodes *nodes, const EspNode *parent)
{
  guint32 *children = nodes->children + parent->first;
  gboolean sorted = TRUE;

  for (guint32 i = 0; i < parent->n; i++)
    {
      if (!is_number (esp_node_name (nodes, esp_nodes_at (nodes, children[i]))))
        return;
      sorted = sorted && (i == 0 || compare_children (&children[i - 1], &children[i], nodes) < 0);
    }
  if (!sorted)
    g_qsort_with_data (children, parent->n, sizeof *children, compare_children, nodes);
}

static void
gather_children (EspNodes *nodes)
{
  guint32 n = nodes->nodes->len, next = 0;

  g_free (nodes->children);
  nodes->children = g_new (guint32, MAX (n, 1));
  for (guint32 i = 0; i < n; i++)
    {
      EspNode *node = esp_nodes_at (nodes, i);

      if (esp_node_is_leaf (node))
        continue;
      node->first = next;
      next += node->n;
      node->n = 0;
    }
  for (guint32 i = 1; i < n; i++)
    {
      EspNode *parent = esp_nodes_at (nodes, esp_nodes_at (nodes, i)->parent);

      nodes->children[parent->first + parent->n++] = i;
    }
  for (guint32 i = 0; i < n; i++)
    if (!esp_node_is_leaf (esp_nodes_at (nodes, i)) && esp_nodes_at (nodes, i)->n > 1)
      sort_numbers (nodes, esp_nodes_at (nodes, i));
}

/* --- unfolding --- */

/* a module on the way down */
typedef struct
{
  guint32 from; /* the node whose children are copied */
  guint32 to;   /* the copy */
  guint32 next; /* child */
  /* below a shared place: names since its module, and the key bits of the place */
  gboolean copied;
  gboolean unlisted;
  guint depth;
  guint32 key_bits;
} Level;

typedef struct
{
  EspNodes *nodes;
  GHashTable *key_bits; /* shared node -> key bits */
  GHashTable *unlisted; /* set of shared nodes */
  GArray *out;          /* EspNode */
  GArray *tensors;      /* guint32 */
  GArray *stack;        /* Level */
  guint8 *inside;       /* (modules) whether the way down goes through it */
} Unfolder;

static guint32
join_key_bits (guint32 inner, guint depth, guint32 outer)
{
  if (depth >= 32)
    return inner;
  return (inner & ((1u << depth) - 1)) | outer << depth;
}

static void
move_odd (GHashTable *table, guint32 from, guint32 to, GHashTable *out)
{
  gpointer value = table != NULL ? g_hash_table_lookup (table, GUINT_TO_POINTER (from)) : NULL;

  if (value != NULL)
    g_hash_table_insert (out, GUINT_TO_POINTER (to), value);
}

static gboolean
enter_module (Unfolder *self, guint32 from, const Level *above, guint32 to, GError **error)
{
  guint32 module = esp_node_object (esp_nodes_at (self->nodes, from));
  guint32 first = g_array_index (self->nodes->modules, guint32, module);
  Level level = { .from = first, .to = to };

  if (self->inside[module])
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("The module “%.100s” contains itself"),
                   esp_node_name (self->nodes, esp_nodes_at (self->nodes, from)));
      return FALSE;
    }
  if (self->stack->len >= ESP_LIMIT_MODULE_DEPTH)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("Modules nest deeper than %d"), ESP_LIMIT_MODULE_DEPTH);
      return FALSE;
    }
  if (above != NULL && above->copied)
    {
      level.copied = TRUE;
      level.unlisted = above->unlisted;
      level.depth = above->depth + 1;
      level.key_bits = above->key_bits;
    }
  if (from != first)
    {
      guint32 bits =
          GPOINTER_TO_UINT (g_hash_table_lookup (self->key_bits, GUINT_TO_POINTER (from)));

      level.key_bits = level.copied ? join_key_bits (bits, level.depth, level.key_bits) : bits;
      level.copied = TRUE;
      level.unlisted = level.unlisted ||
                       g_hash_table_contains (self->unlisted, GUINT_TO_POINTER (from));
      level.depth = 0;
    }
  self->inside[module] = TRUE;
  g_array_append_val (self->stack, level);
  return TRUE;
}

static void
copy_leaf (Unfolder *self, const Level *level, EspNode *copy, guint32 to)
{
  EspLeaf *leaf = esp_nodes_leaf_at (self->nodes, esp_node_object (copy));

  copy->first = self->tensors->len;
  if (level->copied)
    copy->n = join_key_bits (copy->n, level->depth + 1, level->key_bits);
  if (level->unlisted)
    copy->object |= ESP_NODE_IMPLIED;
  if (leaf->node == ESP_NO_NODE)
    leaf->node = to;
  g_array_append_val (self->tensors, to);
}

/* the next child of the module that the way down has reached; leaves it after the last */
static gboolean
unfold_next (Unfolder *self, GHashTable *keys, GHashTable *names, GError **error)
{
  Level *level = &g_array_index (self->stack, Level, self->stack->len - 1);
  guint32 from = esp_nodes_get_child (self->nodes, level->from, level->next);
  guint32 to = self->out->len;
  EspNode copy;

  if (from == ESP_NO_NODE)
    {
      self->inside[esp_node_object (esp_nodes_at (self->nodes, level->from))] = FALSE;
      g_array_set_size (self->stack, self->stack->len - 1);
      return TRUE;
    }
  if (to >= ESP_LIMIT_PLACES || self->tensors->len >= ESP_LIMIT_TENSORS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("Shared modules unfold to more than %d places or %d tensors"),
                   ESP_LIMIT_PLACES, ESP_LIMIT_TENSORS);
      return FALSE;
    }
  level->next++;
  copy = *esp_nodes_at (self->nodes, from);
  copy.parent = level->to;
  if (esp_node_is_leaf (&copy))
    {
      copy_leaf (self, level, &copy, to);
      if (!level->copied)
        {
          move_odd (self->nodes->odd_keys, from, to, keys);
          move_odd (self->nodes->odd_names, from, to, names);
        }
      g_array_append_val (self->out, copy);
      return TRUE;
    }
  copy.n = esp_nodes_at (self->nodes,
                         g_array_index (self->nodes->modules, guint32, esp_node_object (&copy)))
               ->n;
  g_array_append_val (self->out, copy);
  /* the array may move the level */
  return enter_module (self, from, level, to, error);
}

static void
replace_odd (GHashTable **old, GHashTable *table)
{
  if (*old != NULL)
    {
      g_hash_table_steal_all (*old);
      g_hash_table_unref (*old);
    }
  *old = table;
}

static gboolean
unfold_all (Unfolder *self, GError **error)
{
  GHashTable *keys = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_strfreev);
  GHashTable *names = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  EspNode root = *esp_nodes_at (self->nodes, 0);
  gboolean done;

  for (guint i = 0; i < self->nodes->leaves->len; i++)
    esp_nodes_leaf_at (self->nodes, i)->node = ESP_NO_NODE;
  g_array_append_val (self->out, root);
  done = enter_module (self, 0, NULL, 0, error);
  while (done && self->stack->len > 0)
    done = unfold_next (self, keys, names, error);
  if (!done)
    {
      g_hash_table_steal_all (keys);
      g_hash_table_steal_all (names);
      g_hash_table_unref (keys);
      g_hash_table_unref (names);
      return FALSE;
    }
  replace_odd (&self->nodes->odd_keys, keys);
  replace_odd (&self->nodes->odd_names, names);
  return TRUE;
}

static gboolean
unfold_shared (EspNodes *nodes, GArray *shared, GError **error)
{
  Unfolder self = { .nodes = nodes };
  gboolean done;

  self.key_bits = g_hash_table_new (NULL, NULL);
  self.unlisted = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < shared->len; i++)
    {
      const EspSharedPlace *place = &g_array_index (shared, EspSharedPlace, i);

      g_hash_table_insert (self.key_bits, GUINT_TO_POINTER (place->node),
                           GUINT_TO_POINTER (place->key_bits));
      if (place->unlisted)
        g_hash_table_add (self.unlisted, GUINT_TO_POINTER (place->node));
    }
  self.out = g_array_new (FALSE, FALSE, sizeof (EspNode));
  self.tensors = g_array_new (FALSE, FALSE, sizeof (guint32));
  self.stack = g_array_new (FALSE, FALSE, sizeof (Level));
  self.inside = g_malloc0 (nodes->modules->len);
  done = unfold_all (&self, error);
  if (done)
    {
      GArray *swap = nodes->nodes;

      nodes->nodes = self.out;
      self.out = swap;
      swap = nodes->tensors;
      nodes->tensors = self.tensors;
      self.tensors = swap;
    }
  g_hash_table_unref (self.key_bits);
  g_hash_table_unref (self.unlisted);
  g_array_unref (self.out);
  g_array_unref (self.tensors);
  g_array_unref (self.stack);
  g_free (self.inside);
  return done;
}

/* --- places of one object --- */

/* objects' first places, and the chain of the others where there are any */
static void
link_places (EspNodes *nodes)
{
  guint32 n = nodes->nodes->len;
  g_autofree guint32 *last_leaf = NULL, *last_module = NULL;

  if (n == nodes->leaves->len + nodes->modules->len)
    return;
  nodes->next_place = g_new (guint32, n);
  last_leaf = g_new0 (guint32, nodes->leaves->len + 1);
  last_module = g_new0 (guint32, nodes->modules->len + 1);
  for (guint32 i = 0; i < n; i++)
    {
      const EspNode *node = esp_nodes_at (nodes, i);
      guint32 object = esp_node_object (node);
      gboolean leaf = esp_node_is_leaf (node);
      guint32 *last = leaf ? &last_leaf[object] : &last_module[object];

      nodes->next_place[i] = ESP_NO_NODE;
      if (*last != 0)
        nodes->next_place[*last] = i;
      else if (leaf)
        esp_nodes_leaf_at (nodes, object)->node = i;
      else
        g_array_index (nodes->modules, guint32, object) = i;
      *last = i;
    }
}

gboolean
esp_unfold (EspNodes *nodes, GArray *shared, GError **error)
{
  gather_children (nodes);
  if (shared->len > 0)
    {
      if (!unfold_shared (nodes, shared, error))
        return FALSE;
      gather_children (nodes);
    }
  link_places (nodes);
  return TRUE;
}
