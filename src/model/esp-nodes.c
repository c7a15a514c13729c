/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The flat arrays behind a tree and the walks over them: children, paths, keys, sums. Objects
 * (places, modules, parameters) are made here on demand. Sizes are bounded by
 * ESP_LIMIT_PLACES. Hot: esp_nodes_append_path() and esp_nodes_sum() of the root. */

#include "config.h"

#include "esp-nodes.h"
#include "esp-ties.h"

#include <string.h>

static void
free_state_order (gpointer data)
{
  EspStateOrder *entry = data;

  g_ref_string_release (entry->base);
  g_free (entry->key);
  g_free (entry->name);
  g_free (entry);
}

EspNodes *
esp_nodes_new (const char *separator)
{
  EspNodes *self = g_new0 (EspNodes, 1);
  EspNode root = { .parent = ESP_NO_NODE };
  guint32 first = 0;

  self->ref_count = 1;
  self->separator = g_strdup (separator != NULL ? separator : "");
  self->names = esp_names_new ();
  self->nodes = g_array_new (FALSE, FALSE, sizeof (EspNode));
  self->leaves = g_array_new (FALSE, FALSE, sizeof (EspLeaf));
  self->modules = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->tensors = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->ties_complete = TRUE;
  self->state_order = g_ptr_array_new_with_free_func (free_state_order);
  g_mutex_init (&self->lock);
  self->module_objects = g_ptr_array_new ();
  self->parameter_objects = g_ptr_array_new ();
  g_array_append_val (self->nodes, root);
  g_array_append_val (self->modules, first);
  return self;
}

EspNodes *
esp_nodes_ref (EspNodes *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

static void
free_tie (gpointer data)
{
  EspTie *tie = data;

  g_free (tie->places);
  g_free (tie);
}

void
esp_nodes_unref (EspNodes *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  esp_nodes_close (self);
  for (guint i = 0; i < self->leaves->len; i++)
    esp_tensor_unref (esp_nodes_leaf_at (self, i)->tensor);
  if (self->ties != NULL)
    {
      g_ptr_array_set_free_func (self->ties, free_tie);
      g_ptr_array_unref (self->ties);
    }
  g_clear_pointer (&self->tie_of, g_hash_table_unref);
  g_clear_pointer (&self->alias_of, g_hash_table_unref);
  g_clear_pointer (&self->odd_keys, g_hash_table_unref);
  g_clear_pointer (&self->odd_names, g_hash_table_unref);
  g_ptr_array_unref (self->state_order);
  g_array_unref (self->nodes);
  g_array_unref (self->leaves);
  g_array_unref (self->modules);
  g_array_unref (self->tensors);
  g_free (self->children);
  g_free (self->next_place);
  esp_names_free (self->names);
  g_free (self->separator);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
unref_all (gpointer *objects, guint n)
{
  for (guint i = 0; i < n; i++)
    if (objects[i] != NULL)
      g_object_unref (objects[i]);
}

void
esp_nodes_close (EspNodes *self)
{
  EspPlace **places;
  GPtrArray *modules, *parameters;

  if (self->closed)
    return;
  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  places = g_steal_pointer (&self->places);
  modules = g_steal_pointer (&self->module_objects);
  parameters = g_steal_pointer (&self->parameter_objects);
  g_mutex_unlock (&self->lock);

  /* each object holds a reference on us; the caller's own keeps us */
  if (places != NULL)
    unref_all ((gpointer *) places, self->nodes->len);
  unref_all (modules->pdata, modules->len);
  unref_all (parameters->pdata, parameters->len);
  g_free (places);
  g_ptr_array_unref (modules);
  g_ptr_array_unref (parameters);
}

/* --- objects --- */

EspPlace *
esp_nodes_get_place (EspNodes *self, guint32 node)
{
  EspPlace *place = NULL;

  if (node == ESP_NO_NODE)
    return NULL;
  g_mutex_lock (&self->lock);
  if (!self->closed)
    {
      if (self->places == NULL)
        self->places = g_new0 (EspPlace *, self->nodes->len);
      if (self->places[node] == NULL)
        self->places[node] = esp_place_new_for_node (self, node);
      place = self->places[node];
    }
  g_mutex_unlock (&self->lock);
  return place;
}

/* the slot of an object in an array that grows as far as it is asked for */
static gpointer *
get_slot (GPtrArray *objects, guint32 index)
{
  if (index >= objects->len)
    g_ptr_array_set_size (objects, index + 1);
  return &objects->pdata[index];
}

EspModule *
esp_nodes_get_module (EspNodes *self, guint32 module)
{
  EspModule *object = NULL;

  g_mutex_lock (&self->lock);
  if (!self->closed)
    {
      gpointer *slot = get_slot (self->module_objects, module);

      if (*slot == NULL)
        *slot = esp_module_new_for_nodes (self, module);
      object = *slot;
    }
  g_mutex_unlock (&self->lock);
  return object;
}

EspModule *
esp_nodes_peek_module (EspNodes *self, guint32 module)
{
  EspModule *object = NULL;

  g_mutex_lock (&self->lock);
  if (!self->closed && module < self->module_objects->len)
    object = self->module_objects->pdata[module];
  g_mutex_unlock (&self->lock);
  return object;
}

EspParameter *
esp_nodes_get_parameter (EspNodes *self, guint32 leaf)
{
  EspParameter *object = NULL;

  g_mutex_lock (&self->lock);
  if (!self->closed)
    {
      gpointer *slot = get_slot (self->parameter_objects, leaf);

      if (*slot == NULL)
        *slot = esp_parameter_new_for_nodes (self, leaf, esp_nodes_leaf_at (self, leaf)->tensor);
      object = *slot;
    }
  g_mutex_unlock (&self->lock);
  return object;
}

/* --- walks --- */

guint32
esp_nodes_get_child (EspNodes *self, guint32 node, guint index)
{
  const EspNode *parent = esp_nodes_at (self, node);

  if (esp_node_is_leaf (parent) || index >= parent->n)
    return ESP_NO_NODE;
  return self->children[parent->first + index];
}

guint32
esp_nodes_find_child (EspNodes *self, guint32 node, const char *name, gboolean leaf)
{
  const EspNode *parent = esp_nodes_at (self, node);

  if (esp_node_is_leaf (parent))
    return ESP_NO_NODE;
  for (guint32 i = 0; i < parent->n; i++)
    {
      guint32 child = self->children[parent->first + i];
      const EspNode *there = esp_nodes_at (self, child);

      if (esp_node_is_leaf (there) == (leaf != FALSE) &&
          strcmp (esp_node_name (self, there), name) == 0)
        return child;
    }
  return ESP_NO_NODE;
}

guint32
esp_nodes_first_place (EspNodes *self, guint32 node)
{
  const EspNode *there = esp_nodes_at (self, node);
  guint32 object = esp_node_object (there);

  return esp_node_is_leaf (there) ? esp_nodes_leaf_at (self, object)->node
                                  : g_array_index (self->modules, guint32, object);
}

guint32
esp_nodes_next_place (EspNodes *self, guint32 node)
{
  return self->next_place != NULL ? self->next_place[node] : ESP_NO_NODE;
}

/* the nodes from below the root down to @node */
static GArray *
list_chain (EspNodes *self, guint32 node)
{
  GArray *chain = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (; node != 0; node = esp_nodes_at (self, node)->parent)
    g_array_append_val (chain, node);
  for (guint i = 0; i < chain->len / 2; i++)
    {
      guint32 *a = &g_array_index (chain, guint32, i);
      guint32 *b = &g_array_index (chain, guint32, chain->len - 1 - i);
      guint32 swap = *a;

      *a = *b;
      *b = swap;
    }
  return chain;
}

/* 32 names at a time, so that usual paths take no memory and deep ones little stack */
static void
append_joined (EspNodes *self, guint32 node, GString *out)
{
  guint32 near[32];
  guint n = 0;

  for (guint32 at = node; at != 0 && n < G_N_ELEMENTS (near); at = esp_nodes_at (self, at)->parent)
    near[n++] = at;
  if (n == 0)
    return;
  if (esp_nodes_at (self, near[n - 1])->parent != 0)
    {
      append_joined (self, esp_nodes_at (self, near[n - 1])->parent, out);
      g_string_append (out, self->separator);
    }
  for (guint i = n; i > 0; i--)
    {
      g_string_append (out, esp_node_name (self, esp_nodes_at (self, near[i - 1])));
      if (i > 1)
        g_string_append (out, self->separator);
    }
}

void
esp_nodes_append_path (EspNodes *self, guint32 node, GString *out)
{
  const char *odd = NULL;

  if (self->odd_names != NULL)
    odd = g_hash_table_lookup (self->odd_names, GUINT_TO_POINTER (node));
  if (odd != NULL)
    g_string_append (out, odd);
  else
    append_joined (self, node, out);
}

gboolean
esp_node_begins_key (const EspNode *node, guint level)
{
  return (node->n >> MIN (level, 31u)) & 1;
}

GStrv
esp_nodes_get_keys (EspNodes *self, guint32 node)
{
  const EspNode *leaf = esp_nodes_at (self, node);
  g_autoptr (GArray) chain = NULL;
  g_autoptr (GString) key = NULL;
  GPtrArray *keys;
  GStrv odd = NULL;

  if (self->odd_keys != NULL)
    odd = g_hash_table_lookup (self->odd_keys, GUINT_TO_POINTER (node));
  if (odd != NULL)
    return g_strdupv (odd);
  keys = g_ptr_array_new ();
  key = g_string_new (NULL);
  if (leaf->n == 0)
    {
      /* one key is the whole path; names joined otherwise don't come here */
      append_joined (self, node, key);
      g_ptr_array_add (keys, g_strdup (key->str));
      g_ptr_array_add (keys, NULL);
      return (GStrv) g_ptr_array_free (keys, FALSE);
    }
  chain = list_chain (self, node);
  for (guint i = 0; i < chain->len; i++)
    {
      if (i > 0 && esp_node_begins_key (leaf, chain->len - 1 - i))
        {
          g_ptr_array_add (keys, g_strdup (key->str));
          g_string_truncate (key, 0);
        }
      else if (i > 0)
        g_string_append (key, self->separator);
      g_string_append (
          key, esp_node_name (self, esp_nodes_at (self, g_array_index (chain, guint32, i))));
    }
  g_ptr_array_add (keys, g_strdup (key->str));
  g_ptr_array_add (keys, NULL);
  return (GStrv) g_ptr_array_free (keys, FALSE);
}

/* --- sums --- */

static guint64
add_saturated (guint64 a, guint64 b)
{
  return a > G_MAXUINT64 - b ? G_MAXUINT64 : a + b;
}

static void
add_leaf (EspNodes *self, const EspNode *node, EspTotals *totals, GArray *tied)
{
  guint32 id = esp_node_object (node);
  const EspLeaf *leaf = esp_nodes_leaf_at (self, id);

  totals->tensors++;
  totals->elements = add_saturated (totals->elements, esp_tensor_get_count (leaf->tensor));
  if (!esp_node_is_implied (node))
    totals->bytes = add_saturated (totals->bytes, esp_tensor_get_bytes (leaf->tensor));
  if (leaf->flags & ESP_LEAF_TIED)
    {
      g_array_append_val (tied, id);
      return;
    }
  if (leaf->role == ESP_ROLE_PARAMETER)
    totals->parameters++;
  totals->unique_elements = add_saturated (totals->unique_elements,
                                           esp_ties_count_elements (leaf->tensor));
}

void
esp_nodes_sum (EspNodes *self, guint32 node, EspTotals *totals)
{
  g_autoptr (GArray) stack = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GArray) tied = g_array_new (FALSE, FALSE, sizeof (guint32));

  memset (totals, 0, sizeof *totals);
  g_array_append_val (stack, node);
  while (stack->len > 0)
    {
      const EspNode *at = esp_nodes_at (self, g_array_index (stack, guint32, stack->len - 1));

      g_array_set_size (stack, stack->len - 1);
      if (esp_node_is_leaf (at))
        add_leaf (self, at, totals, tied);
      else if (at->n > 0)
        g_array_append_vals (stack, self->children + at->first, at->n);
    }
  if (tied->len > 0)
    esp_ties_sum (self, tied, totals);
}
