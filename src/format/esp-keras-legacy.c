/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The layout of .h5 files, from Keras 1 to today: a group for each layer of the model, whose
 * attribute weight_names has the paths of its variables, in their order.
 *
 *   model_weights        attribute layer_names; in a file of weights alone this is the root
 *     dense              weight_names: dense/kernel:0, dense/bias:0   (Keras 3: dense/kernel)
 *       dense/kernel:0
 *     inner              a model inside: i1/kernel:0                  (Keras 3: inner/i1/kernel)
 *     dense_1            Keras 1: dense_1_W, dense_1_b
 *     top_level_model_weights
 *
 * The names say where a variable stands; what is said twice is left out. The config, where there is
 * one, gives classes, settings and the way to a layer inside another. */

#include "config.h"

#include "esp-keras-tree.h"

#include "esp-keras-variables.h"
#include "esp-path.h"
#include "esp-role-guess.h"

#include <glib/gi18n.h>
#include <string.h>

#define MOST_DEPTH 200

typedef struct
{
  EspKerasTree *tree;
  EspHdf5File *file;
  const EspHdf5Node *weights;
  GHashTable *groups;  /* name -> EspHdf5Node, of layers; those that are done are taken out */
  GHashTable *done;    /* data sets that stand in the tree: a set */
  GHashTable *inner;   /* name -> chain (GPtrArray of EspKerasLayer) to a layer inside the one at
                        * hand, or NULL for a name that several have */
  GHashTable *classed; /* paths of modules inside layers that have their class: a set */
} Legacy;

/* {{{ names */

/* "kernel:0" -> "kernel"; "dense_1_W" in dense_1 -> "W" */
static char *
dup_leaf (const char *text, const char *layer)
{
  const char *colon = strrchr (text, ':');
  gsize digits = colon != NULL ? strspn (colon + 1, "0123456789") : 0;
  gsize length = digits > 0 && colon[1 + digits] == '\0' ? (gsize) (colon - text) : strlen (text);
  gsize prefix = strlen (layer);

  if (length > prefix + 1 && strncmp (text, layer, prefix) == 0 && text[prefix] == '_')
    return g_strndup (text + prefix + 1, length - prefix - 1);
  return g_strndup (text, length);
}

static EspRole
get_role (const char *leaf, EspTensor *tensor)
{
  if (esp_keras_is_buffer_name (leaf) || strcmp (leaf, "running_std") == 0)
    return ESP_ROLE_BUFFER;
  return esp_role_guess (leaf, esp_tensor_get_dtype (tensor));
}

/* }}} */
/* {{{ the modules inside a layer */

static void
chain_free (gpointer data)
{
  if (data != NULL)
    g_ptr_array_unref (data);
}

/* all layers that models below @layer list */
static void
index_inner (GHashTable *index, const EspKerasLayer *layer, GPtrArray *chain)
{
  for (guint i = 0; i < layer->layers->len; i++)
    {
      EspKerasLayer *child = layer->layers->pdata[i];

      if (strcmp (child->key, "layers") != 0 || child->is_operation || *child->name == '\0')
        continue;
      g_ptr_array_add (chain, child);
      if (g_hash_table_contains (index, child->name))
        g_hash_table_insert (index, g_strdup (child->name), NULL);
      else
        g_hash_table_insert (index, g_strdup (child->name), g_ptr_array_copy (chain, NULL, NULL));
      index_inner (index, child, chain);
      g_ptr_array_set_size (chain, (gint) chain->len - 1);
    }
}

/* the modules that a model inside lists, without their variables */
static gboolean
add_inner (EspKerasTree *tree,
           const EspKerasLayer *layer,
           guint index,
           gpointer user_data,
           EspModule **module,
           GError **error)
{
  *module = esp_keras_tree_add_module (tree, layer->class_name, layer->name, layer, error);
  return *module != NULL && esp_keras_tree_each_layer (tree, layer, add_inner, user_data, error);
}

/* the layer that a part of a path names within @layer, whose class is @class_name */
static const EspKerasLayer *
find_inside (const EspKerasLayer *layer, const char *name)
{
  static const char *const directions[] = { "", "forward_", "backward_" };

  for (guint d = 0; layer != NULL && d < G_N_ELEMENTS (directions); d++)
    for (guint i = 0; i < layer->layers->len; i++)
      {
        const EspKerasLayer *child = layer->layers->pdata[i];
        gsize skip = strlen (directions[d]);

        if (*child->name != '\0' && strncmp (name, directions[d], skip) == 0 &&
            strcmp (name + skip, child->name) == 0)
          return child;
      }
  return NULL;
}

/* the class of what a layer of @class_name makes for itself under @name; "" */
static const char *
find_part_class (const char *class_name, const char *name)
{
  const EspKerasPart *part = NULL;

  while ((part = esp_keras_next_part (class_name, part)) != NULL)
    {
      g_autofree char *snake = esp_keras_to_snake_case (part->inner);

      if (g_str_has_prefix (name, snake))
        return part->inner;
      /* MultiHeadAttention's: query, key, value, attention_output */
      if (g_str_has_suffix (part->group, "_dense") && strchr (name, ':') == NULL)
        return part->inner;
    }
  return "";
}

/* }}} */
/* {{{ variables of one layer */

/* a variable on its way to its place */
typedef struct
{
  char **parts; /* of its path within the layer's group, without the last */
  guint n;
  guint at;                   /* part that is next */
  const EspKerasLayer *layer; /* that was reached, or NULL */
  const char *class_name;     /* its class */
  guint n_pushed;
  guint n_frozen;
} Way;

static gboolean
enter (Legacy *self, Way *way, const char *key, const EspKerasLayer *layer, GError **error)
{
  g_autofree char *path = NULL;
  const char *class_name = layer != NULL ? layer->class_name
                                         : find_part_class (way->class_name, key);

  esp_keras_tree_push (self->tree, key);
  way->n_pushed++;
  way->n_frozen += layer != NULL && layer->is_frozen ? 1 : 0;
  way->layer = layer;
  way->class_name = class_name;
  g_ptr_array_add (self->tree->keys, NULL);
  path = g_strjoinv ("/", (GStrv) self->tree->keys->pdata);
  esp_keras_tree_pop (self->tree);
  /* a listed layer has it already; what the config has elsewhere is added here */
  if (!g_hash_table_add (self->classed, g_steal_pointer (&path)) ||
      (layer != NULL && strcmp (layer->key, "layers") == 0))
    return TRUE;
  return esp_keras_tree_add_module (self->tree, class_name, key, layer, error) != NULL;
}

/* one step, over one part of the path or several */
static gboolean
advance (Legacy *self, Way *way, GError **error)
{
  const char *part = way->parts[way->at++];
  const EspKerasLayer *inside = find_inside (way->layer, part);
  GPtrArray *chain = inside == NULL && way->n_pushed == 0 ? g_hash_table_lookup (self->inner, part)
                                                          : NULL;

  if (chain == NULL)
    return enter (self, way, part, inside, error);
  for (guint i = 0; i < chain->len; i++)
    {
      const EspKerasLayer *layer = chain->pdata[i];

      if (!enter (self, way, layer->name, layer, error))
        return FALSE;
    }
  return TRUE;
}

/* the part that is behind the layer's own name, before which a model's may stand: own/dense/kernel
 */
static guint
skip_known (const EspKerasLayer *layer, const char *name, char *const *parts, guint n)
{
  guint at = 0;

  if (*name == '\0')
    return 0;
  while (at < n && strcmp (parts[at], name) != 0)
    at++;
  if (at == n)
    return 0;
  while (at < n && strcmp (parts[at], name) == 0 && find_inside (layer, name) == NULL)
    at++;
  return at;
}

/* @name: of the layer, or "" at the root */
static gboolean
put_variable (Legacy *self,
              const EspKerasLayer *layer,
              const char *name,
              const char *path,
              const EspHdf5Node *node,
              GError **error)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", MOST_DEPTH);
  guint n = g_strv_length (parts);
  Way way = { .parts = parts, .layer = layer };
  g_autofree char *leaf = NULL, *alias = NULL;
  gboolean done = TRUE;

  if (n == 0)
    return TRUE;
  way.n = n - 1;
  way.class_name = layer != NULL ? layer->class_name : "";
  way.at = skip_known (layer, name, parts, way.n);
  while (way.at < way.n && done)
    done = advance (self, &way, error);
  leaf = dup_leaf (parts[n - 1], name);
  alias = dup_leaf (path, "");
  self->tree->alias = alias;
  self->tree->n_frozen += way.n_frozen;
  done = done && esp_keras_tree_add_variable (self->tree, leaf, node->path,
                                              get_role (leaf, node->tensor), node->tensor, error);
  self->tree->n_frozen -= way.n_frozen;
  self->tree->alias = NULL;
  while (way.n_pushed-- > 0)
    esp_keras_tree_pop (self->tree);
  return done;
}

/* data sets of a group that weight_names doesn't have */
static gboolean
put_unnamed (Legacy *self,
             const EspKerasLayer *layer,
             const char *name,
             const EspHdf5Node *group,
             const EspHdf5Node *at,
             guint depth,
             GError **error)
{
  gsize skip = strlen (group->path);

  for (const EspHdf5Node *node = at->first_child; node != NULL && depth < MOST_DEPTH;
       node = node->next)
    {
      if (node->kind == ESP_HDF5_GROUP &&
          !put_unnamed (self, layer, name, group, node, depth + 1, error))
        return FALSE;
      if (node->kind == ESP_HDF5_DATASET && g_hash_table_add (self->done, (gpointer) node) &&
          !put_variable (self, layer, name, node->path + skip + (skip > 0), node, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
put_variables (Legacy *self,
               const EspKerasLayer *layer,
               const char *name,
               const EspHdf5Node *group,
               GError **error)
{
  g_auto (GStrv) names = esp_hdf5_node_dup_strings (group, "weight_names");
  guint n_missing = 0;
  const char *missing = NULL;

  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      const EspHdf5Node *node = esp_hdf5_file_find (self->file, group, names[i]);

      if (node == NULL || node->kind != ESP_HDF5_DATASET)
        {
          missing = n_missing++ == 0 ? names[i] : missing;
          continue;
        }
      if (g_hash_table_add (self->done, (gpointer) node) &&
          !put_variable (self, layer, name, names[i], node, error))
        return FALSE;
    }
  if (n_missing > 0)
    {
      g_autofree char *shown = esp_path_escape (missing);

      esp_keras_tree_warn (self->tree,
                           ngettext ("%s: %u variable that the group names isn’t in it: “%s”",
                                     "%s: %u variables that the group names aren’t in it, the "
                                     "first of them is “%s”",
                                     n_missing),
                           group->name, n_missing, shown);
    }
  return put_unnamed (self, layer, name, group, group, 0, error);
}

/* }}} */
/* {{{ layers */

/* the group of a layer that isn't done yet; a name with "/" is a path */
static const EspHdf5Node *
find_group (Legacy *self, const char *name)
{
  const EspHdf5Node *group = g_hash_table_lookup (self->groups, name);

  if (group == NULL && strchr (name, '/') != NULL && name[0] != '/')
    group = esp_hdf5_file_find (self->file, self->weights, name);
  return group != NULL && group->kind == ESP_HDF5_GROUP ? group : NULL;
}

static gboolean
put_layer (EspKerasTree *tree,
           const EspKerasLayer *layer,
           guint index,
           gpointer user_data,
           EspModule **module,
           GError **error)
{
  Legacy *self = user_data;
  const EspHdf5Node *group = find_group (self, layer->name);
  g_autoptr (GPtrArray) chain = g_ptr_array_new ();

  if (!add_inner (tree, layer, index, NULL, module, error))
    return FALSE;
  if (group == NULL)
    return TRUE;
  g_hash_table_remove (self->groups, layer->name);
  g_hash_table_remove_all (self->inner);
  index_inner (self->inner, layer, chain);
  return put_variables (self, layer, layer->name, group, error);
}

/* a group that no config tells of */
static gboolean
put_group (Legacy *self, const char *name, GError **error)
{
  const EspHdf5Node *group = find_group (self, name);
  gboolean top = strcmp (name, "top_level_model_weights") == 0;
  gboolean done;

  if (group == NULL)
    return TRUE;
  g_hash_table_remove (self->groups, name);
  g_hash_table_remove_all (self->inner);
  if (top)
    return put_variables (self, NULL, "", group, error);
  esp_keras_tree_push (self->tree, name);
  done = esp_keras_tree_add_module (self->tree, "", name, NULL, error) != NULL &&
         put_variables (self, NULL, name, group, error);
  esp_keras_tree_pop (self->tree);
  return done;
}

static gboolean
put_groups (Legacy *self, GError **error)
{
  g_auto (GStrv) names = esp_hdf5_node_dup_strings (self->weights, "layer_names");

  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    if (!put_group (self, names[i], error))
      return FALSE;
  for (const EspHdf5Node *node = self->weights->first_child; node != NULL; node = node->next)
    if (node->kind == ESP_HDF5_GROUP && !put_group (self, node->name, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_all (Legacy *self, GError **error)
{
  const EspKerasLayer *model = self->tree->config->model;

  for (const EspHdf5Node *node = self->weights->first_child; node != NULL; node = node->next)
    if (node->kind == ESP_HDF5_GROUP && strcmp (node->name, "optimizer_weights") != 0)
      g_hash_table_insert (self->groups, (gpointer) node->name, (gpointer) node);
  if (model == NULL)
    return put_groups (self, error);
  self->tree->n_frozen = model->is_frozen ? 1 : 0;
  return esp_keras_tree_add_module (self->tree, model->class_name, model->name, model, error) !=
             NULL &&
         esp_keras_tree_each_layer (self->tree, model, put_layer, self, error) &&
         put_groups (self, error);
}

gboolean
esp_keras_tree_read_legacy (EspKerasTree *tree,
                            EspHdf5File *file,
                            const EspHdf5Node *weights,
                            GError **error)
{
  Legacy self = { .tree = tree, .file = file, .weights = weights };
  gboolean done;

  self.groups = g_hash_table_new (g_str_hash, g_str_equal);
  self.done = g_hash_table_new (NULL, NULL);
  self.inner = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, chain_free);
  self.classed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  done = read_all (&self, error);
  tree->n_frozen = 0;
  g_hash_table_unref (self.groups);
  g_hash_table_unref (self.done);
  g_hash_table_unref (self.inner);
  g_hash_table_unref (self.classed);
  return done;
}

/* }}} */
