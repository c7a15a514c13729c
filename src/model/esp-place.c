/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A row of the tree: thin, made on demand over the flat arrays of EspNodes. As a list model it
 * holds its children's places. A place that outlives its tree keeps its own facts and stands alone.
 */

#include "config.h"

#include "esp-nodes.h"

struct _EspPlace
{
  GObject parent_instance;

  EspNodes *nodes;
  guint32 node;

  /* made when first asked for, under the nodes' lock */
  char *path;
  GStrv keys;
  EspTotals *totals;
};

static GType
esp_place_get_item_type (GListModel *model)
{
  return ESP_TYPE_PLACE;
}

static guint
esp_place_get_n_items (GListModel *model)
{
  return esp_place_get_n_children (ESP_PLACE (model));
}

static gpointer
esp_place_get_item (GListModel *model, guint index)
{
  EspPlace *child = esp_place_get_child (ESP_PLACE (model), index);

  return child != NULL ? g_object_ref (child) : NULL;
}

static void
esp_place_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = esp_place_get_item_type;
  iface->get_n_items = esp_place_get_n_items;
  iface->get_item = esp_place_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (EspPlace,
                               esp_place,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, esp_place_list_model_init))

static void
esp_place_finalize (GObject *object)
{
  EspPlace *self = ESP_PLACE (object);

  g_free (self->path);
  g_strfreev (self->keys);
  g_free (self->totals);
  esp_nodes_unref (self->nodes);
  G_OBJECT_CLASS (esp_place_parent_class)->finalize (object);
}

static void
esp_place_class_init (EspPlaceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_place_finalize;
}

static void
esp_place_init (EspPlace *self)
{
}

EspPlace *
esp_place_new_for_node (EspNodes *nodes, guint32 node)
{
  EspPlace *self = g_object_new (ESP_TYPE_PLACE, NULL);

  self->nodes = esp_nodes_ref (nodes);
  self->node = node;
  return self;
}

static const EspNode *
get_node (EspPlace *self)
{
  return esp_nodes_at (self->nodes, self->node);
}

const char *
esp_place_get_name (EspPlace *self)
{
  g_return_val_if_fail (ESP_IS_PLACE (self), "");

  return esp_node_name (self->nodes, get_node (self));
}

char *
esp_place_dup_path (EspPlace *self)
{
  GString *path;

  g_return_val_if_fail (ESP_IS_PLACE (self), NULL);

  path = g_string_new (NULL);
  esp_nodes_append_path (self->nodes, self->node, path);
  return g_string_free (path, FALSE);
}

const char *
esp_place_get_path (EspPlace *self)
{
  const char *path;

  g_return_val_if_fail (ESP_IS_PLACE (self), "");

  g_mutex_lock (&self->nodes->lock);
  if (self->path == NULL)
    self->path = esp_place_dup_path (self);
  path = self->path;
  g_mutex_unlock (&self->nodes->lock);
  return path;
}

const char *const *
esp_place_get_keys (EspPlace *self)
{
  GStrv keys;

  g_return_val_if_fail (ESP_IS_PLACE (self), NULL);

  if (!esp_node_is_leaf (get_node (self)))
    return NULL;
  g_mutex_lock (&self->nodes->lock);
  if (self->keys == NULL)
    self->keys = esp_nodes_get_keys (self->nodes, self->node);
  keys = self->keys;
  g_mutex_unlock (&self->nodes->lock);
  return (const char *const *) keys;
}

EspPlace *
esp_place_get_parent (EspPlace *self)
{
  g_return_val_if_fail (ESP_IS_PLACE (self), NULL);

  return esp_nodes_get_place (self->nodes, get_node (self)->parent);
}

EspModule *
esp_place_get_module (EspPlace *self)
{
  g_return_val_if_fail (ESP_IS_PLACE (self), NULL);

  if (esp_node_is_leaf (get_node (self)))
    return NULL;
  return esp_nodes_get_module (self->nodes, esp_node_object (get_node (self)));
}

EspParameter *
esp_place_get_parameter (EspPlace *self)
{
  g_return_val_if_fail (ESP_IS_PLACE (self), NULL);

  if (!esp_node_is_leaf (get_node (self)))
    return NULL;
  return esp_nodes_get_parameter (self->nodes, esp_node_object (get_node (self)));
}

EspPlace *
esp_place_get_first (EspPlace *self)
{
  guint32 first;

  g_return_val_if_fail (ESP_IS_PLACE (self), NULL);

  first = esp_nodes_first_place (self->nodes, self->node);
  return first == self->node ? self : esp_nodes_get_place (self->nodes, first);
}

gboolean
esp_place_is_stored (EspPlace *self)
{
  g_return_val_if_fail (ESP_IS_PLACE (self), FALSE);

  return !esp_node_is_implied (get_node (self));
}

guint
esp_place_get_n_children (EspPlace *self)
{
  g_return_val_if_fail (ESP_IS_PLACE (self), 0);

  return esp_node_is_leaf (get_node (self)) || self->nodes->closed ? 0 : get_node (self)->n;
}

EspPlace *
esp_place_get_child (EspPlace *self, guint index)
{
  g_return_val_if_fail (ESP_IS_PLACE (self), NULL);

  return esp_nodes_get_place (self->nodes, esp_nodes_get_child (self->nodes, self->node, index));
}

EspPlace *
esp_place_find_child (EspPlace *self, const char *name)
{
  guint32 module, leaf;

  g_return_val_if_fail (ESP_IS_PLACE (self) && name != NULL, NULL);

  leaf = esp_nodes_find_child (self->nodes, self->node, name, TRUE);
  module = esp_nodes_find_child (self->nodes, self->node, name, FALSE);
  return esp_nodes_get_place (self->nodes, leaf != ESP_NO_NODE ? leaf : module);
}

const EspTotals *
esp_place_get_totals (EspPlace *self)
{
  EspTotals *totals;

  g_return_val_if_fail (ESP_IS_PLACE (self), NULL);

  g_mutex_lock (&self->nodes->lock);
  if (self->totals == NULL)
    {
      self->totals = g_new (EspTotals, 1);
      esp_nodes_sum (self->nodes, self->node, self->totals);
    }
  totals = self->totals;
  g_mutex_unlock (&self->nodes->lock);
  return totals;
}

EspTie *
esp_place_get_tie (EspPlace *self)
{
  g_return_val_if_fail (ESP_IS_PLACE (self), NULL);

  return self->nodes->tie_of == NULL
             ? NULL
             : g_hash_table_lookup (self->nodes->tie_of, GUINT_TO_POINTER (self->node));
}

gint64
esp_place_get_index (EspPlace *self)
{
  g_return_val_if_fail (ESP_IS_PLACE (self), -1);

  return esp_node_is_leaf (get_node (self)) ? (gint64) get_node (self)->first : -1;
}
