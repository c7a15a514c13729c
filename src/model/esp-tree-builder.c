/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Flat list -> tree. Keys are cut into names at the separator; modules on the way are found by a
 * hash of (parent, name) that takes 8 bytes a module and goes with the builder; what the last path
 * has in common with the next is not looked up again. finish() puts children together, unfolds
 * shared modules at each of their places, and looks for ties. 20,000 tensors take a few ms.
 * Hot: descend(). */

#include "config.h"

#include "esp-tree-builder.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-error.h"
#include "esp-hash.h"
#include "esp-limits.h"
#include "esp-nodes.h"
#include "esp-path.h"
#include "esp-ties.h"
#include "esp-unfold.h"

/* a name of a path: a piece of the builder's text */
typedef struct
{
  guint offset, length;
  gboolean begins_key;
} Part;

struct _EspTreeBuilder
{
  EspNodes *nodes;
  GArray *shared;     /* EspSharedPlace */
  GPtrArray *implied; /* name, kept, name, kept, ... */
  gsize state_bytes;  /* of the texts of the state's order */

  /* modules by (parent, name): open addressing, 0 is free (the root is never looked up) */
  guint32 *slots;
  guint n_slots;
  guint n_used;

  /* the path at hand, and the last one with the modules it led through */
  GString *text;
  GArray *parts; /* Part */
  GString *last_text;
  GArray *last_parts;
  GArray *last_nodes; /* guint32, of the first last_nodes->len parts */
};

EspTreeBuilder *
esp_tree_builder_new (const char *separator)
{
  EspTreeBuilder *self = g_new0 (EspTreeBuilder, 1);

  self->nodes = esp_nodes_new (separator);
  self->shared = g_array_new (FALSE, FALSE, sizeof (EspSharedPlace));
  self->implied = g_ptr_array_new_with_free_func (g_free);
  self->n_slots = 64;
  self->slots = g_new0 (guint32, self->n_slots);
  self->text = g_string_new (NULL);
  self->parts = g_array_new (FALSE, FALSE, sizeof (Part));
  self->last_text = g_string_new (NULL);
  self->last_parts = g_array_new (FALSE, FALSE, sizeof (Part));
  self->last_nodes = g_array_new (FALSE, FALSE, sizeof (guint32));
  return self;
}

void
esp_tree_builder_free (EspTreeBuilder *self)
{
  if (self == NULL)
    return;
  if (self->nodes != NULL)
    {
      esp_nodes_close (self->nodes);
      esp_nodes_unref (self->nodes);
    }
  g_array_unref (self->shared);
  g_ptr_array_unref (self->implied);
  g_free (self->slots);
  g_string_free (self->text, TRUE);
  g_array_unref (self->parts);
  g_string_free (self->last_text, TRUE);
  g_array_unref (self->last_parts);
  g_array_unref (self->last_nodes);
  g_free (self);
}

/* --- modules by name --- */

static guint
find_slot (EspTreeBuilder *self, guint32 parent, guint32 name)
{
  const guint32 wanted[] = { parent, name };
  guint i = esp_hash_bytes (wanted, sizeof wanted) & (self->n_slots - 1);

  for (; self->slots[i] != 0; i = (i + 1) & (self->n_slots - 1))
    {
      const EspNode *node = esp_nodes_at (self->nodes, self->slots[i]);

      if (node->parent == parent && node->name == name)
        break;
    }
  return i;
}

static void
grow_slots (EspTreeBuilder *self)
{
  g_autofree guint32 *old = g_steal_pointer (&self->slots);
  guint n_old = self->n_slots;

  self->n_slots *= 2;
  self->slots = g_new0 (guint32, self->n_slots);
  for (guint i = 0; i < n_old; i++)
    if (old[i] != 0)
      {
        const EspNode *node = esp_nodes_at (self->nodes, old[i]);

        self->slots[find_slot (self, node->parent, node->name)] = old[i];
      }
}

/* --- nodes --- */

static gboolean
add_node (EspTreeBuilder *self,
          guint32 parent,
          guint32 name,
          guint32 object,
          guint32 *out,
          GError **error)
{
  EspNode node = { .name = name, .parent = parent, .object = object };

  if (self->nodes->nodes->len >= ESP_LIMIT_PLACES)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("The tree has more than %d places"), ESP_LIMIT_PLACES);
      return FALSE;
    }
  *out = self->nodes->nodes->len;
  g_array_append_val (self->nodes->nodes, node);
  esp_nodes_at (self->nodes, parent)->n++;
  return TRUE;
}

/* the canonical node of the module @name below @parent, made if need be */
static gboolean
enter (EspTreeBuilder *self, guint32 parent, guint32 name, guint32 *out, GError **error)
{
  guint slot = find_slot (self, parent, name);
  guint32 id = self->nodes->modules->len;

  if (self->slots[slot] != 0)
    {
      /* what is added below a shared place stands below the module's first */
      *out = esp_nodes_first_place (self->nodes, self->slots[slot]);
      return TRUE;
    }
  if (!add_node (self, parent, name, id, out, error))
    return FALSE;
  g_array_append_val (self->nodes->modules, *out);
  self->slots[slot] = *out;
  if (++self->n_used * 2 > self->n_slots)
    grow_slots (self);
  return TRUE;
}

/* --- paths --- */

static gboolean
add_parts (EspTreeBuilder *self, const char *key)
{
  const char *separator = self->nodes->separator;
  gsize skip = strlen (separator);
  gboolean begins = TRUE;

  for (;;)
    {
      const char *end = skip > 0 ? strstr (key, separator) : NULL;
      gsize length = end != NULL ? (gsize) (end - key) : strlen (key);
      Part part;

      if (length > ESP_LIMIT_NAME_BYTES || self->text->len > ESP_LIMIT_NAME_BYTES ||
          self->parts->len >= ESP_LIMIT_MODULE_DEPTH)
        return FALSE;
      if (self->parts->len > 0)
        g_string_append_c (self->text, '\n');
      part = (Part) { self->text->len, length, begins };
      g_string_append_len (self->text, key, length);
      g_array_append_val (self->parts, part);
      if (end == NULL)
        return TRUE;
      key = end + skip;
      begins = FALSE;
    }
}

static gboolean
set_path (EspTreeBuilder *self, const char *const *keys, GError **error)
{
  g_string_truncate (self->text, 0);
  g_array_set_size (self->parts, 0);
  for (guint i = 0; keys[i] != NULL; i++)
    if (!add_parts (self, keys[i]))
      {
        g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                     _ ("“%.60s…”: the name is longer than %d bytes or nests deeper than %d"),
                     keys[0], ESP_LIMIT_NAME_BYTES, ESP_LIMIT_MODULE_DEPTH);
        return FALSE;
      }
  return TRUE;
}

/* whether part @i and all before it are those of the last path */
static gboolean
is_part_known (EspTreeBuilder *self, guint i, gsize common)
{
  const Part *now = &g_array_index (self->parts, Part, i);
  const Part *last;

  if (i >= self->last_nodes->len)
    return FALSE;
  last = &g_array_index (self->last_parts, Part, i);
  return now->offset == last->offset && now->length == last->length &&
         now->offset + now->length <= common;
}

static gboolean
intern (EspTreeBuilder *self, const Part *part, guint32 *name, GError **error)
{
  if (esp_names_intern (self->nodes->names, self->text->str + part->offset, part->length, name))
    return TRUE;
  g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                       _ ("All names together take more than 4 GB"));
  return FALSE;
}

/* goes through the modules of the first @n parts */
static gboolean
descend (EspTreeBuilder *self, guint n, guint32 *out, GError **error)
{
  gsize common = 0, most = MIN (self->text->len, self->last_text->len);
  guint32 at = 0;
  guint i = 0;

  while (common < most && self->text->str[common] == self->last_text->str[common])
    common++;
  for (; i < n && is_part_known (self, i, common); i++)
    at = g_array_index (self->last_nodes, guint32, i);
  g_array_set_size (self->last_nodes, i);
  for (; i < n; i++)
    {
      guint32 name;

      if (!intern (self, &g_array_index (self->parts, Part, i), &name, error) ||
          !enter (self, at, name, &at, error))
        {
          g_array_set_size (self->last_nodes, 0);
          return FALSE;
        }
      g_array_append_val (self->last_nodes, at);
    }
  g_string_assign (self->last_text, self->text->str);
  g_array_set_size (self->last_parts, 0);
  g_array_append_vals (self->last_parts, self->parts->data, self->parts->len);
  *out = at;
  return TRUE;
}

/* goes to the parent of the path's last part, whose name is given; empty for no part */
static gboolean
descend_to_parent (EspTreeBuilder *self,
                   const char *const *keys,
                   guint32 *parent,
                   guint32 *name,
                   GError **error)
{
  guint n;

  *name = 0;
  if (!set_path (self, keys, error))
    return FALSE;
  n = self->parts->len;
  if (!descend (self, n > 0 ? n - 1 : 0, parent, error))
    return FALSE;
  return n == 0 || intern (self, &g_array_index (self->parts, Part, n - 1), name, error);
}

/* bit i: whether the i-th name from the last upwards begins a key; bit 31 stands for all above.
 * FALSE if that can't say it. */
static gboolean
get_key_bits (EspTreeBuilder *self, guint32 *bits)
{
  guint n = self->parts->len;
  gboolean top = FALSE;

  *bits = 0;
  for (guint level = 0; level + 1 < n; level++)
    {
      gboolean begins = g_array_index (self->parts, Part, n - 1 - level).begins_key;

      if (level < 32)
        *bits |= (guint32) begins << level;
      else if (begins != top)
        return FALSE;
      if (level == 31)
        top = begins;
    }
  /* all levels alike go on upwards, so that a copy further down reads the same */
  if (n > 1 && n < 33 && *bits == (guint32) ((G_GUINT64_CONSTANT (1) << (n - 1)) - 1))
    *bits = G_MAXUINT32;
  return n > 0;
}

/* --- modules --- */

EspModule *
esp_tree_builder_add_module (EspTreeBuilder *self,
                             const char *const *keys,
                             const char *class_name,
                             GError **error)
{
  EspModule *module;
  guint32 node;

  g_return_val_if_fail (self != NULL && keys != NULL, NULL);

  if (!set_path (self, keys, error) || !descend (self, self->parts->len, &node, error))
    return NULL;
  module = esp_nodes_get_module (self->nodes, esp_node_object (esp_nodes_at (self->nodes, node)));
  if (class_name != NULL)
    esp_module_set_class (module, class_name);
  return module;
}

void
esp_tree_builder_add_attribute (EspTreeBuilder *self,
                                EspModule *module,
                                const char *name,
                                const char *value)
{
  g_return_if_fail (self != NULL && ESP_IS_MODULE (module));
  g_return_if_fail (name != NULL && value != NULL);

  esp_module_add_attribute (module, name, value);
}

static gboolean
share_module (EspTreeBuilder *self,
              const char *const *keys,
              EspModule *module,
              gboolean unlisted,
              GError **error)
{
  EspSharedPlace place = { .unlisted = unlisted };
  guint32 parent, name;
  guint slot;

  if (keys[0] == NULL)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                           _ ("A module contains itself"));
      return FALSE;
    }
  if (!descend_to_parent (self, keys, &parent, &name, error) ||
      !add_node (self, parent, name, esp_module_get_id (module), &place.node, error))
    return FALSE;
  get_key_bits (self, &place.key_bits);
  g_array_append_val (self->shared, place);
  slot = find_slot (self, parent, name);
  if (self->slots[slot] == 0)
    {
      self->slots[slot] = place.node;
      if (++self->n_used * 2 > self->n_slots)
        grow_slots (self);
    }
  return TRUE;
}

gboolean
esp_tree_builder_add_shared_module (EspTreeBuilder *self,
                                    const char *const *keys,
                                    EspModule *module,
                                    GError **error)
{
  g_return_val_if_fail (self != NULL && keys != NULL && ESP_IS_MODULE (module), FALSE);

  return share_module (self, keys, module, FALSE, error);
}

gboolean
esp_tree_builder_add_unlisted_module (EspTreeBuilder *self,
                                      const char *const *keys,
                                      EspModule *module,
                                      GError **error)
{
  g_return_val_if_fail (self != NULL && keys != NULL && ESP_IS_MODULE (module), FALSE);

  return share_module (self, keys, module, TRUE, error);
}

/* --- tensors --- */

static gboolean
add_row (EspTreeBuilder *self,
         const char *const *keys,
         const char *name,
         guint32 object,
         guint32 *out,
         GError **error)
{
  guint32 parent, last, bits;

  if (self->nodes->tensors->len >= ESP_LIMIT_TENSORS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("There are more than %d tensors"), ESP_LIMIT_TENSORS);
      return FALSE;
    }
  if (!descend_to_parent (self, keys, &parent, &last, error) ||
      !add_node (self, parent, last, object | ESP_NODE_LEAF, out, error))
    return FALSE;
  if (!get_key_bits (self, &bits))
    {
      if (self->nodes->odd_keys == NULL)
        self->nodes->odd_keys = g_hash_table_new_full (NULL, NULL, NULL,
                                                       (GDestroyNotify) g_strfreev);
      g_hash_table_insert (self->nodes->odd_keys, GUINT_TO_POINTER (*out),
                           g_strdupv ((GStrv) keys));
    }
  if (name != NULL)
    {
      if (self->nodes->odd_names == NULL)
        self->nodes->odd_names = g_hash_table_new_full (NULL, NULL, NULL, g_free);
      g_hash_table_insert (self->nodes->odd_names, GUINT_TO_POINTER (*out), g_strdup (name));
    }
  esp_nodes_at (self->nodes, *out)->first = self->nodes->tensors->len;
  esp_nodes_at (self->nodes, *out)->n = bits;
  g_array_append_val (self->nodes->tensors, *out);
  return TRUE;
}

/* @flags: of the node */
static gboolean
put_leaf (EspTreeBuilder *self,
          const char *const *keys,
          const char *name,
          EspLeaf leaf,
          EspTensor *tensor,
          guint32 flags,
          GError **error)
{
  if (!add_row (self, keys, name, self->nodes->leaves->len | flags, &leaf.node, error))
    return FALSE;
  leaf.tensor = esp_tensor_ref (tensor);
  g_array_append_val (self->nodes->leaves, leaf);
  return TRUE;
}

gboolean
esp_tree_builder_put_tensor (EspTreeBuilder *self,
                             const char *const *keys,
                             const char *name,
                             EspRole role,
                             EspRequiresGrad requires_grad,
                             EspTensor *tensor,
                             GError **error)
{
  EspLeaf leaf = { .role = role, .requires_grad = requires_grad };

  g_return_val_if_fail (self != NULL && keys != NULL && tensor != NULL, FALSE);

  return put_leaf (self, keys, name, leaf, tensor, 0, error);
}

gboolean
esp_tree_builder_put_absent (EspTreeBuilder *self,
                             const char *const *keys,
                             EspRole role,
                             EspTensor *tensor,
                             GError **error)
{
  EspLeaf leaf = { .role = role, .requires_grad = ESP_REQUIRES_GRAD_UNKNOWN };

  g_return_val_if_fail (self != NULL && keys != NULL && tensor != NULL, FALSE);

  return put_leaf (self, keys, NULL, leaf, tensor, ESP_NODE_IMPLIED, error);
}

EspParameter *
esp_tree_builder_add_tensor (EspTreeBuilder *self,
                             const char *const *keys,
                             const char *name,
                             EspRole role,
                             EspRequiresGrad requires_grad,
                             EspTensor *tensor,
                             GError **error)
{
  if (!esp_tree_builder_put_tensor (self, keys, name, role, requires_grad, tensor, error))
    return NULL;
  return esp_nodes_get_parameter (self->nodes, self->nodes->leaves->len - 1);
}

gboolean
esp_tree_builder_add_shared_parameter (EspTreeBuilder *self,
                                       const char *const *keys,
                                       EspParameter *parameter,
                                       GError **error)
{
  guint32 node;

  g_return_val_if_fail (self != NULL && keys != NULL && ESP_IS_PARAMETER (parameter), FALSE);

  return add_row (self, keys, NULL, esp_parameter_get_id (parameter), &node, error);
}

gboolean
esp_tree_builder_add_implied (EspTreeBuilder *self,
                              const char *name,
                              const char *kept,
                              GError **error)
{
  g_return_val_if_fail (self != NULL && name != NULL && kept != NULL, FALSE);

  if (self->implied->len / 2 >= ESP_LIMIT_TENSORS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("There are more than %d tensors"), ESP_LIMIT_TENSORS);
      return FALSE;
    }
  g_ptr_array_add (self->implied, g_strdup (name));
  g_ptr_array_add (self->implied, g_strdup (kept));
  return TRUE;
}

gboolean
esp_tree_builder_add_state_order (EspTreeBuilder *self,
                                  const char *const *base,
                                  const char *key,
                                  const char *name)
{
  GPtrArray *order;
  EspStateOrder *entry, *last;
  g_autofree char *path = NULL;

  g_return_val_if_fail (self != NULL && base != NULL && key != NULL, FALSE);

  order = self->nodes->state_order;
  self->state_bytes += sizeof *entry + strlen (key) + (name != NULL ? strlen (name) : 0);
  if (self->state_bytes > ESP_LIMIT_STATE_ORDER_BYTES)
    return FALSE;
  path = esp_path_join (base, self->nodes->separator);
  last = order->len > 0 ? order->pdata[order->len - 1] : NULL;
  entry = g_new (EspStateOrder, 1);
  if (last != NULL && strcmp (last->base, path) == 0)
    entry->base = g_ref_string_acquire (last->base);
  else
    {
      entry->base = g_ref_string_new (path);
      self->state_bytes += strlen (path);
    }
  entry->key = g_strdup (key);
  entry->name = g_strdup (name);
  g_ptr_array_add (order, entry);
  return TRUE;
}

/* names of tensors -> their nodes + 1; the first of a name */
static GHashTable *
list_names (EspNodes *nodes)
{
  GHashTable *names = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, NULL);

  for (guint i = 0; i < nodes->tensors->len; i++)
    {
      guint32 node = g_array_index (nodes->tensors, guint32, i);
      GString *path = g_string_new (NULL);

      esp_nodes_append_path (nodes, node, path);
      if (g_hash_table_contains (names, path->str))
        g_string_free (path, TRUE);
      else
        g_hash_table_insert (names, g_string_free (path, FALSE), GUINT_TO_POINTER (node + 1));
    }
  return names;
}

/* rows for names that metadata ties to a stored one; entries that fit nothing say nothing */
static gboolean
add_implied_rows (EspTreeBuilder *self, GError **error)
{
  g_autoptr (GHashTable) names = NULL;

  if (self->implied->len == 0)
    return TRUE;
  names = list_names (self->nodes);
  for (guint i = 0; i < self->implied->len; i += 2)
    {
      const char *name = self->implied->pdata[i];
      const char *keys[] = { name, NULL };
      guint kept = GPOINTER_TO_UINT (g_hash_table_lookup (names, self->implied->pdata[i + 1]));
      guint32 node;

      if (kept == 0 || g_hash_table_contains (names, name) ||
          esp_node_is_implied (esp_nodes_at (self->nodes, kept - 1)))
        continue;
      if (!add_row (self, keys, NULL,
                    esp_node_object (esp_nodes_at (self->nodes, kept - 1)) | ESP_NODE_IMPLIED,
                    &node, error))
        return FALSE;
      g_hash_table_insert (names, g_strdup (name), GUINT_TO_POINTER (node + 1));
    }
  return TRUE;
}

EspTree *
esp_tree_builder_finish (EspTreeBuilder *self, GError **error)
{
  EspTree *tree = NULL;
  gboolean built = FALSE;

  g_return_val_if_fail (self != NULL && self->nodes != NULL, NULL);

  if (add_implied_rows (self, error))
    {
      /* not needed any more, and the arrays to come take room */
      g_clear_pointer (&self->slots, g_free);
      esp_names_seal (self->nodes->names);
      if (esp_unfold (self->nodes, self->shared, error))
        built = TRUE;
    }
  if (built)
    {
      esp_ties_find (self->nodes);
      tree = esp_tree_new_for_nodes (self->nodes);
    }
  else
    esp_nodes_close (self->nodes);
  g_clear_pointer (&self->nodes, esp_nodes_unref);
  return tree;
}
