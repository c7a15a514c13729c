/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The layout of Keras 3 (and of Keras 2 from 2.12 on): each object that keeps something has a
 * group, whose group "vars" has its variables by number, and in newer versions its name.
 *
 *   layers/dense/vars/0           of a Sequential or a graph: after the class, counted
 *   layers/functional/layers/...  a model inside
 *   layers/rnn/cell/vars/0        of other objects: after the attribute that holds it
 *   optimizer/vars/2
 *
 * Two trees are laid on each other: the groups, of one file or of all shards, and the config where
 * there is one. What only one of them has stands in the tree as well. */

#include "config.h"

#include "esp-keras-tree.h"

#include "esp-error.h"
#include "esp-keras-variables.h"
#include "esp-limits.h"
#include "esp-path.h"
#include "esp-role-guess.h"

#include <glib/gi18n.h>
#include <string.h>

#define MOST_DEPTH 200 /* of groups; real ones nest 12 deep */

/* {{{ groups */

typedef struct _Group Group;

struct _Group
{
  const char *name;
  const char *label;   /* the object's own name, or "" */
  GPtrArray *children; /* Group, in natural order */
  GHashTable *by_name; /* of children; NULL while there are none */
  GPtrArray *vars;     /* EspHdf5Node, data sets of "vars" in natural order */
  GPtrArray *data;     /* the same, of the group itself */
  gboolean is_object;  /* has "vars", empty or not; else it is a list or dict of objects */
  gboolean has_data;   /* in it or below */
  gboolean claimed;    /* stands in the tree */
};

static void
group_free (gpointer data)
{
  Group *self = data;

  g_ptr_array_unref (self->children);
  g_clear_pointer (&self->by_name, g_hash_table_unref);
  g_ptr_array_unref (self->vars);
  g_ptr_array_unref (self->data);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Group, group_free)

static Group *
group_new (const char *name)
{
  Group *self = g_new0 (Group, 1);

  self->name = name;
  self->label = "";
  self->children = g_ptr_array_new_with_free_func (group_free);
  self->vars = g_ptr_array_new ();
  self->data = g_ptr_array_new ();
  return self;
}

static Group *
find_child (const Group *self, const char *name)
{
  return self != NULL && self->by_name != NULL ? g_hash_table_lookup (self->by_name, name) : NULL;
}

static Group *
get_child (Group *self, const char *name)
{
  Group *child = find_child (self, name);

  if (child != NULL)
    return child;
  child = group_new (name);
  g_ptr_array_add (self->children, child);
  if (self->by_name == NULL)
    self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (self->by_name, (gpointer) name, child);
  return child;
}

static void
take_vars (Group *self, const EspHdf5Node *vars)
{
  const char *label = esp_hdf5_node_get_string (vars, "name");

  self->is_object = TRUE;
  if (label != NULL && *self->label == '\0')
    self->label = label;
  for (const EspHdf5Node *node = vars->first_child; node != NULL; node = node->next)
    if (node->kind == ESP_HDF5_DATASET)
      g_ptr_array_add (self->vars, (gpointer) node);
}

static gboolean merge (Group *self, const EspHdf5Node *from, guint depth);

/* groups within "vars", where none should be */
static gboolean
merge_groups (Group *self, const EspHdf5Node *vars, guint depth)
{
  gboolean whole = TRUE;

  for (const EspHdf5Node *node = vars->first_child; node != NULL; node = node->next)
    if (node->kind == ESP_HDF5_GROUP)
      whole = merge (get_child (get_child (self, vars->name), node->name), node, depth + 2) &&
              whole;
  return whole;
}

/* takes over what is below @from; FALSE where it nests too deep */
static gboolean
merge (Group *self, const EspHdf5Node *from, guint depth)
{
  gboolean whole = TRUE;

  if (depth > MOST_DEPTH)
    return FALSE;
  for (const EspHdf5Node *node = from->first_child; node != NULL; node = node->next)
    if (node->kind == ESP_HDF5_DATASET)
      g_ptr_array_add (self->data, (gpointer) node);
    else if (node->kind == ESP_HDF5_GROUP && strcmp (node->name, "vars") == 0)
      {
        take_vars (self, node);
        whole = merge_groups (self, node, depth) && whole;
      }
    else if (node->kind == ESP_HDF5_GROUP)
      whole = merge (get_child (self, node->name), node, depth + 1) && whole;
  return whole;
}

static int
compare_nodes (gconstpointer a, gconstpointer b)
{
  return esp_path_compare ((*(const EspHdf5Node *const *) a)->name,
                           (*(const EspHdf5Node *const *) b)->name);
}

static int
compare_groups (gconstpointer a, gconstpointer b)
{
  return esp_path_compare ((*(const Group *const *) a)->name, (*(const Group *const *) b)->name);
}

static void
sort (Group *self)
{
  g_ptr_array_sort (self->children, compare_groups);
  g_ptr_array_sort (self->vars, compare_nodes);
  g_ptr_array_sort (self->data, compare_nodes);
  self->has_data = self->vars->len + self->data->len > 0;
  for (guint i = 0; i < self->children->len; i++)
    {
      Group *child = self->children->pdata[i];

      sort (child);
      self->has_data = self->has_data || child->has_data;
    }
}

/* }}} */
/* {{{ variables */

typedef struct
{
  EspKerasTree *tree;
  guint depth;
  gboolean is_other; /* metrics and the like */
} Walk;

/* whether they are "0", "1", ... */
static gboolean
are_numbered (const GPtrArray *vars)
{
  for (guint i = 0; i < vars->len; i++)
    {
      const EspHdf5Node *node = vars->pdata[i];
      char number[16];

      g_snprintf (number, sizeof number, "%u", i);
      if (strcmp (node->name, number) != 0)
        return FALSE;
    }
  return TRUE;
}

static void
warn_gap (EspKerasTree *tree, const GPtrArray *vars)
{
  const EspHdf5Node *node = vars->pdata[0];
  g_autofree char *shown = esp_path_escape (node->parent != NULL ? node->parent->path : "");

  esp_keras_tree_warn (tree,
                       _ ("%s: the variables aren’t numbered without gaps, so their names "
                          "aren’t known"),
                       shown);
}

static void
name_variables (Walk *self,
                const EspKerasLayer *layer,
                const char *class_name,
                const Group *group,
                EspKerasNaming *out)
{
  g_autoptr (GPtrArray) tensors = g_ptr_array_new ();
  EspKerasNaming other;

  for (guint i = 0; i < group->vars->len; i++)
    g_ptr_array_add (tensors, ((const EspHdf5Node *) group->vars->pdata[i])->tensor);
  if (*class_name == '\0')
    class_name = esp_keras_class_from_group (group->name);
  if (*class_name == '\0')
    class_name = esp_keras_class_from_group (group->label);
  esp_keras_name_variables (class_name, layer, (EspTensor *const *) tensors->pdata, tensors->len,
                            self->tree->keras2, out);
  if (!self->tree->unsure)
    return;
  esp_keras_name_variables (class_name, layer, (EspTensor *const *) tensors->pdata, tensors->len,
                            !self->tree->keras2, &other);
  for (guint i = 0; i < ESP_KERAS_MOST_NAMED; i++)
    if (out->names[i] != other.names[i])
      out->names[i] = NULL;
}

/* data sets that are nobody's variables */
static gboolean
put_data (Walk *self, const Group *group, GError **error)
{
  for (guint i = 0; i < group->data->len; i++)
    {
      const EspHdf5Node *node = group->data->pdata[i];

      if (!esp_keras_tree_add_variable (self->tree, node->name, node->path, ESP_ROLE_OTHER,
                                        node->tensor, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
put_variables (Walk *self,
               const EspKerasLayer *layer,
               const char *class_name,
               const Group *group,
               GError **error)
{
  EspKerasNaming naming = { 0 };

  if (group->vars->len > 0 && !are_numbered (group->vars))
    warn_gap (self->tree, group->vars);
  else
    name_variables (self, layer, class_name, group, &naming);
  for (guint i = 0; i < group->vars->len; i++)
    {
      const EspHdf5Node *node = group->vars->pdata[i];
      const char *name = i < ESP_KERAS_MOST_NAMED ? naming.names[i] : NULL;
      EspRole role = esp_role_guess (node->name, esp_tensor_get_dtype (node->tensor));

      /* a quantised kernel is a kernel still */
      if (name != NULL)
        role = naming.is_buffer[i] ? ESP_ROLE_BUFFER : ESP_ROLE_PARAMETER;
      if (self->is_other)
        role = ESP_ROLE_OTHER;
      /* what a class of the file's author makes, or what stands at two places */
      self->tree->is_uncertain = name == NULL || strcmp (class_name, "SpectralNormalization") == 0;
      if (!esp_keras_tree_add_variable (self->tree, name != NULL ? name : node->name, node->path,
                                        role, node->tensor, error))
        return FALSE;
    }
  return put_data (self, group, error);
}

/* }}} */
/* {{{ finding the groups of layers */

/* by their own names, where the file has them */
static void
match_labels (Group *container, const GPtrArray *layers, const char *key, Group **out)
{
  g_autoptr (GHashTable) labels = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < container->children->len; i++)
    {
      Group *group = container->children->pdata[i];

      if (*group->label != '\0' && !g_hash_table_contains (labels, group->label))
        g_hash_table_insert (labels, (gpointer) group->label, group);
    }
  for (guint i = 0; i < layers->len; i++)
    {
      const EspKerasLayer *layer = layers->pdata[i];
      Group *group = g_hash_table_lookup (labels, layer->name);

      if (strcmp (layer->key, key) != 0 || group == NULL || group->claimed)
        continue;
      group->claimed = TRUE;
      out[i] = group;
    }
}

/* by class and number: dense, dense_1, ... */
static void
match_counts (Group *container, const GPtrArray *layers, const char *key, Group **out)
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < layers->len; i++)
    {
      const EspKerasLayer *layer = layers->pdata[i];
      g_autofree char *snake = NULL, *name = NULL;
      guint count;
      Group *group;

      if (strcmp (layer->key, key) != 0 || layer->is_operation)
        continue;
      snake = esp_keras_to_snake_case (layer->class_name);
      count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, snake));
      name = count > 0 ? g_strdup_printf ("%s_%u", snake, count) : g_strdup (snake);
      g_hash_table_insert (counts, g_steal_pointer (&snake), GUINT_TO_POINTER (count + 1));
      group = find_child (container, name);
      if (out[i] != NULL || group == NULL || group->claimed ||
          (*group->label != '\0' && strcmp (group->label, layer->name) != 0))
        continue;
      group->claimed = TRUE;
      out[i] = group;
    }
}

/* a group for each layer whose key is @key, or NULL; free with g_free() */
static Group **
match (Group *container, const GPtrArray *layers, const char *key)
{
  Group **out = g_new0 (Group *, layers->len + 1);

  if (container == NULL)
    return out;
  match_labels (container, layers, key, out);
  match_counts (container, layers, key, out);
  return out;
}

static Group *
find_container (const Group *group)
{
  Group *container = find_child (group, "layers");

  /* 2.12 and 2.13 */
  return container != NULL ? container : find_child (group, "_layer_checkpoint_dependencies");
}

/* }}} */
/* {{{ the walk */

static gboolean walk (Walk *self,
                      const EspKerasLayer *layer,
                      const char *class_name,
                      Group *group,
                      EspModule **module,
                      GError **error);

static gboolean
walk_at (Walk *self,
         const char *key,
         const EspKerasLayer *layer,
         const char *class_name,
         Group *group,
         GError **error)
{
  EspModule *module;
  gboolean done;

  esp_keras_tree_push (self->tree, key);
  self->tree->n_frozen += layer != NULL && layer->is_frozen ? 1 : 0;
  done = walk (self, layer, class_name, group, &module, error);
  self->tree->n_frozen -= layer != NULL && layer->is_frozen ? 1 : 0;
  esp_keras_tree_pop (self->tree);
  return done;
}

typedef struct
{
  Walk *walk;
  Group **groups;
} Listed;

static gboolean
walk_listed (EspKerasTree *tree,
             const EspKerasLayer *layer,
             guint index,
             gpointer user_data,
             EspModule **module,
             GError **error)
{
  Listed *self = user_data;
  Group *group = self->groups[index];
  EspModule *kept = group == NULL ? esp_keras_tree_find_kept (tree, layer) : NULL;

  if (!walk (self->walk, layer, layer->class_name, group, module, error))
    return FALSE;
  if (group != NULL && group->has_data)
    esp_keras_tree_keep (tree, layer, *module);
  else if (kept != NULL)
    *module = kept;
  return TRUE;
}

/* those that a model lists, by their own names */
static gboolean
walk_layers (Walk *self, const EspKerasLayer *layer, Group *container, GError **error)
{
  g_autofree Group **groups = match (container, layer->layers, "layers");
  Listed listed = { self, groups };

  return esp_keras_tree_each_layer (self->tree, layer, walk_listed, &listed, error);
}

/* a list under another key: the cells of a stack */
static gboolean
walk_list (Walk *self,
           const EspKerasLayer *layer,
           const char *key,
           Group *container,
           GError **error)
{
  g_autofree Group **groups = match (container, layer->layers, key);
  gboolean done = TRUE;

  esp_keras_tree_push (self->tree, key);
  for (guint i = 0; i < layer->layers->len && done; i++)
    {
      const EspKerasLayer *child = layer->layers->pdata[i];
      g_autofree char *name = NULL;

      if (strcmp (child->key, key) != 0)
        continue;
      name = groups[i] != NULL ? g_strdup (groups[i]->name) : esp_keras_tree_dup_key (child, i);
      done = walk_at (self, name, child, child->class_name, groups[i], error);
    }
  esp_keras_tree_pop (self->tree);
  return done;
}

/* what Bidirectional wraps is there twice, and once more without anything in it */
static gboolean
walk_directions (Walk *self, const EspKerasLayer *layer, Group *group, GError **error)
{
  static const char *const names[] = { "forward_layer", "backward_layer" };
  Group *pattern = find_child (group, "layer");
  const EspKerasLayer *inner[2] = { NULL, NULL };

  for (guint i = 0; i < layer->layers->len; i++)
    {
      const EspKerasLayer *child = layer->layers->pdata[i];

      if (strcmp (child->key, "layer") == 0)
        inner[0] = child;
      if (strcmp (child->key, "backward_layer") == 0)
        inner[1] = child;
    }
  if (pattern != NULL && !pattern->has_data)
    pattern->claimed = TRUE;
  if (inner[1] == NULL)
    inner[1] = inner[0];
  for (guint i = 0; i < 2; i++)
    if (inner[i] != NULL && !walk_at (self, names[i], inner[i], inner[i]->class_name,
                                      find_child (group, names[i]), error))
      return FALSE;
  return TRUE;
}

static gboolean
walk_single (Walk *self, const EspKerasLayer *child, Group *group, GError **error)
{
  Group *found = find_child (group, child->key);

  if (found == NULL && group != NULL)
    {
      g_autofree char *hidden = g_strconcat ("_", child->key, NULL);

      found = find_child (group, hidden);
    }
  return walk_at (self, child->key, child, child->class_name, found, error);
}

/* whether the key was met among those before */
static gboolean
is_met (const EspKerasLayer *layer, guint index)
{
  const EspKerasLayer *child = layer->layers->pdata[index];

  return index > 0 &&
         strcmp (((const EspKerasLayer *) layer->layers->pdata[index - 1])->key, child->key) == 0;
}

static gboolean
is_list (const EspKerasLayer *layer, guint index)
{
  const EspKerasLayer *child = layer->layers->pdata[index];

  return strcmp (child->key, "cells") == 0 ||
         (index + 1 < layer->layers->len &&
          strcmp (((const EspKerasLayer *) layer->layers->pdata[index + 1])->key, child->key) == 0);
}

static gboolean
walk_config (Walk *self, const EspKerasLayer *layer, Group *group, GError **error)
{
  if (strcmp (layer->class_name, "Bidirectional") == 0)
    return walk_directions (self, layer, group, error);
  for (guint i = 0; i < layer->layers->len; i++)
    {
      const EspKerasLayer *child = layer->layers->pdata[i];
      gboolean done;

      if (is_met (layer, i))
        continue;
      if (strcmp (child->key, "layers") == 0)
        done = walk_layers (self, layer, find_container (group), error);
      else if (is_list (layer, i))
        done = walk_list (self, layer, child->key, find_child (group, child->key), error);
      else
        done = walk_single (self, child, group, error);
      if (!done)
        return FALSE;
    }
  return TRUE;
}

static gboolean
walk_parts (Walk *self, const char *class_name, Group *group, GError **error)
{
  const EspKerasPart *part = NULL;

  while ((part = esp_keras_next_part (class_name, part)) != NULL)
    {
      Group *found = find_child (group, part->group);

      if (found != NULL && !found->claimed &&
          !walk_at (self, part->group, NULL, part->inner, found, error))
        return FALSE;
    }
  return TRUE;
}

/* whether a group's name is only its class with a number, so that the object's own says more */
static gboolean
is_counted (const Group *group)
{
  return !group->is_object && *group->name != '\0';
}

/* one that no config tells of */
static gboolean
walk_untold (Walk *self, const char *key, Group *group, GError **error)
{
  gboolean done;

  self->tree->n_unordered++;
  done = walk_at (self, key, NULL, "", group, error);
  self->tree->n_unordered--;
  return done;
}

/* groups that stand under the attributes that held them, or in lists under their own names */
static gboolean
walk_rest (Walk *self, Group *group, GError **error)
{
  g_autoptr (GHashTable) taken = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < group->children->len; i++)
    {
      Group *child = group->children->pdata[i];
      gboolean by_label = is_counted (group) && *child->label != '\0' &&
                          find_child (group, child->label) == NULL &&
                          g_hash_table_add (taken, (gpointer) child->label);

      if (!child->claimed &&
          !walk_untold (self, by_label ? child->label : child->name, child, error))
        return FALSE;
    }
  return TRUE;
}

/* names that are taken beside the layers of a container */
static GHashTable *
list_taken (const EspKerasLayer *layer, const Group *group)
{
  GHashTable *taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < group->children->len; i++)
    g_hash_table_add (taken, g_strdup (((const Group *) group->children->pdata[i])->name));
  for (guint i = 0; layer != NULL && i < layer->layers->len; i++)
    g_hash_table_add (taken, esp_keras_tree_dup_key (layer->layers->pdata[i], i));
  return taken;
}

/* layers of a container that no config tells of: by the names that they have, where nothing else
 * has them */
static gboolean
walk_unknown (Walk *self,
              const EspKerasLayer *layer,
              Group *group,
              Group *container,
              GError **error)
{
  g_autoptr (GHashTable) taken = list_taken (layer, group);

  container->claimed = TRUE;
  for (guint i = 0; i < container->children->len; i++)
    {
      Group *child = container->children->pdata[i];
      g_autofree char *key = NULL;

      if (child->claimed)
        continue;
      if (*child->label != '\0' && g_hash_table_add (taken, g_strdup (child->label)))
        key = g_strdup (child->label);
      else if (g_hash_table_add (taken, g_strdup (child->name)))
        key = g_strdup (child->name);
      else
        key = g_strconcat (container->name, "/", child->name, NULL);
      if (!walk_untold (self, key, child, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
walk_groups (Walk *self, const EspKerasLayer *layer, Group *group, GError **error)
{
  Group *container = find_container (group);

  if (container != NULL && !container->claimed && container->vars->len == 0 &&
      container->data->len == 0 && !walk_unknown (self, layer, group, container, error))
    return FALSE;
  return walk_rest (self, group, error);
}

static gboolean
walk_optimizer (Walk *self, Group *group, GError **error)
{
  gboolean done;

  esp_keras_tree_push (self->tree, "optimizer");
  done = esp_keras_tree_read_optimizer (self->tree, group->label,
                                        (const EspHdf5Node *const *) group->vars->pdata,
                                        group->vars->len, error) &&
         put_data (self, group, error);
  self->is_other = TRUE;
  done = done && walk_rest (self, group, error);
  self->is_other = FALSE;
  esp_keras_tree_pop (self->tree);
  return done;
}

/* what a whole model keeps for its training stands last */
static const char *const training[] = { "optimizer", "metrics", "_metrics", "_compile_metrics",
                                        "_loss_tracker" };

static gboolean
walk_training (Walk *self, Group **groups, GError **error)
{
  gboolean done = groups[0] == NULL || walk_optimizer (self, groups[0], error);

  self->is_other = TRUE;
  for (guint i = 1; i < G_N_ELEMENTS (training) && done; i++)
    done = groups[i] == NULL || walk_at (self, training[i], NULL, "", groups[i], error);
  self->is_other = FALSE;
  return done;
}

static gboolean
walk (Walk *self,
      const EspKerasLayer *layer,
      const char *class_name,
      Group *group,
      EspModule **module,
      GError **error)
{
  const char *name = layer != NULL ? layer->name : "";
  gboolean done;

  if (self->depth >= MOST_DEPTH)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("Groups nest deeper than %d"), MOST_DEPTH);
      return FALSE;
    }
  if (group != NULL && *group->label != '\0')
    name = group->label;
  *module = esp_keras_tree_add_module (self->tree, class_name, name, layer, error);
  if (*module == NULL)
    return FALSE;
  if (group != NULL)
    group->claimed = TRUE;
  self->depth++;
  done = (group == NULL || put_variables (self, layer, class_name, group, error)) &&
         (layer == NULL || walk_config (self, layer, group, error)) &&
         (group == NULL || walk_parts (self, class_name, group, error)) &&
         (group == NULL || walk_groups (self, layer, group, error));
  self->depth--;
  return done;
}

/* }}} */

gboolean
esp_keras_tree_read_groups (EspKerasTree *self,
                            const EspHdf5Node *const *roots,
                            guint n_roots,
                            GError **error)
{
  g_autoptr (Group) root = group_new ("");
  const EspKerasLayer *model = self->config->model;
  Group *groups[G_N_ELEMENTS (training)] = { NULL };
  Walk state = { .tree = self };
  EspModule *module;

  for (guint i = 0; i < n_roots; i++)
    if (!merge (root, roots[i], 0))
      esp_keras_tree_warn (self, _ ("Groups that nest deeper than %d were left out"), MOST_DEPTH);
  sort (root);
  for (guint i = 0; i < G_N_ELEMENTS (training); i++)
    {
      groups[i] = find_child (root, training[i]);
      if (groups[i] != NULL)
        groups[i]->claimed = TRUE;
    }
  self->n_frozen = model != NULL && model->is_frozen ? 1 : 0;
  if (!walk (&state, model, model != NULL ? model->class_name : "", root, &module, error))
    return FALSE;
  self->n_frozen = 0;
  return walk_training (&state, groups, error);
}
