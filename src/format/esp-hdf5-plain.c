/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Plain HDF5, as h5py and others write it: groups become modules with their attributes, data sets
 * tensors under their paths. A group that stands in two places is one module at two places, a data
 * set one tensor under two names. */

#include "config.h"

#include "esp-hdf5-plain.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-error.h"
#include "esp-limits.h"
#include "esp-tree-builder.h"

typedef struct
{
  EspHdf5File *file;
  EspTreeBuilder *builder;
  GHashTable *modules; /* EspHdf5Node of a group, where it stands -> EspModule */
  GPtrArray *warnings; /* of char* */
} Reading;

/* {{{ circles */

typedef struct
{
  const EspHdf5Node *group;
  const EspHdf5Node *next; /* child to look at */
} Step;

static const EspHdf5Node *
get_group (const EspHdf5Node *node)
{
  return node->kind != ESP_HDF5_GROUP ? NULL : node->same != NULL ? node->same : node;
}

/* Links by which a group would stand inside itself: a set of them. Depth first, with the groups
 * that are under way in @open; only a link to one of those closes a circle. */
static GHashTable *
find_circles (const EspHdf5Node *root)
{
  GHashTable *circles = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) open = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) done = g_hash_table_new (NULL, NULL);
  g_autoptr (GArray) steps = g_array_new (FALSE, FALSE, sizeof (Step));
  Step first = { root, root->first_child };

  g_array_append_val (steps, first);
  g_hash_table_add (open, (gpointer) root);
  while (steps->len > 0)
    {
      Step *step = &g_array_index (steps, Step, steps->len - 1);
      const EspHdf5Node *child = step->next, *group;

      if (child == NULL)
        {
          g_hash_table_remove (open, step->group);
          g_hash_table_add (done, (gpointer) step->group);
          g_array_set_size (steps, steps->len - 1);
          continue;
        }
      step->next = child->next;
      group = get_group (child);
      if (group == NULL || g_hash_table_contains (done, group))
        continue;
      if (!g_hash_table_add (open, (gpointer) group))
        g_hash_table_add (circles, (gpointer) child);
      else
        {
          Step below = { group, group->first_child };

          g_array_append_val (steps, below);
        }
    }
  return circles;
}

/* }}} */
/* {{{ nodes */

static gboolean
add_group (Reading *self, const EspHdf5Node *node, GError **error)
{
  const char *keys[] = { *node->path != '\0' ? node->path : NULL, NULL };
  EspModule *module = esp_tree_builder_add_module (self->builder, keys, NULL, error);

  if (module == NULL)
    return FALSE;
  g_hash_table_insert (self->modules, (gpointer) node, module);
  for (guint i = 0; node->parent != NULL && i < node->n_attributes; i++)
    {
      g_autofree char *text = esp_hdf5_attribute_to_text (&node->attributes[i],
                                                          ESP_LIMIT_ATTRIBUTE_BYTES);

      esp_tree_builder_add_attribute (self->builder, module, node->attributes[i].name, text);
    }
  return TRUE;
}

/* after all groups stand where they stand first */
static gboolean
add_group_again (Reading *self, const EspHdf5Node *node, GHashTable *circles, GError **error)
{
  const char *keys[] = { node->path, NULL };

  if (g_hash_table_contains (circles, node))
    {
      g_ptr_array_add (self->warnings,
                       g_strdup_printf (_ ("%s: this group is one of those that it lies in; it "
                                           "isn’t shown again"),
                                        node->path));
      return TRUE;
    }
  return esp_tree_builder_add_shared_module (
      self->builder, keys, g_hash_table_lookup (self->modules, node->same), error);
}

static gboolean
add_dataset (Reading *self, const EspHdf5Node *node, GError **error)
{
  const char *keys[] = { node->path, NULL };

  return esp_tree_builder_put_tensor (self->builder, keys, NULL, ESP_ROLE_OTHER,
                                      ESP_REQUIRES_GRAD_UNKNOWN, node->tensor, error);
}

static gboolean
add_nodes (Reading *self, GCancellable *cancellable, GError **error)
{
  guint n = esp_hdf5_file_get_n_nodes (self->file);
  g_autoptr (GHashTable) circles = find_circles (esp_hdf5_file_get_node (self->file, 0));

  for (guint i = 0; i < n; i++)
    {
      const EspHdf5Node *node = esp_hdf5_file_get_node (self->file, i);

      if (i % 1024 == 0 && g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (node->kind == ESP_HDF5_DATASET && !add_dataset (self, node, error))
        return FALSE;
      if (node->kind == ESP_HDF5_GROUP && node->same == NULL && !add_group (self, node, error))
        return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      const EspHdf5Node *node = esp_hdf5_file_get_node (self->file, i);

      if (node->kind == ESP_HDF5_GROUP && node->same != NULL &&
          !add_group_again (self, node, circles, error))
        return FALSE;
    }
  return TRUE;
}

/* }}} */
/* {{{ the checkpoint */

/* of the root under their names, of a data set behind its path; those of other groups stand at
 * their modules */
static void
add_metadata (EspCheckpoint *checkpoint, EspHdf5File *file)
{
  guint left = ESP_LIMIT_METADATA_ENTRIES;

  for (guint i = 0; i < esp_hdf5_file_get_n_nodes (file); i++)
    {
      const EspHdf5Node *node = esp_hdf5_file_get_node (file, i);
      gboolean counts = node->parent == NULL || node->kind == ESP_HDF5_DATASET;

      for (guint j = 0; counts && j < node->n_attributes && left > 0; j++, left--)
        {
          const EspHdf5Attribute *attribute = &node->attributes[j];
          g_autofree char *value = esp_hdf5_attribute_to_text (attribute, ESP_LIMIT_METADATA_BYTES);
          g_autofree char *key = node->parent == NULL
                                     ? g_strdup (attribute->name)
                                     : g_strdup_printf ("%s@%s", node->path, attribute->name);

          esp_checkpoint_add_metadata (checkpoint, key, value);
        }
    }
}

static EspCheckpoint *
finish (Reading *self, GError **error)
{
  const char *const *warnings = esp_hdf5_file_get_warnings (self->file);
  g_autoptr (EspTree) tree = esp_tree_builder_finish (self->builder, error);
  EspCheckpoint *checkpoint;

  if (tree == NULL)
    return NULL;
  checkpoint = esp_checkpoint_new ("hdf5", tree);
  add_metadata (checkpoint, self->file);
  for (guint i = 0; warnings[i] != NULL; i++)
    esp_checkpoint_add_warning (checkpoint, "%s", warnings[i]);
  for (guint i = 0; i < self->warnings->len; i++)
    esp_checkpoint_add_warning (checkpoint, "%s", (const char *) self->warnings->pdata[i]);
  return checkpoint;
}

static gboolean
hdf5_probe (const EspProbe *probe)
{
  return esp_hdf5_probe (probe->source);
}

EspCheckpoint *
esp_hdf5_plain_read (EspHdf5File *file, GCancellable *cancellable, GError **error)
{
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new ("/");
  g_autoptr (GHashTable) modules = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  Reading reading = { file, builder, modules, warnings };

  g_return_val_if_fail (file != NULL, NULL);

  return add_nodes (&reading, cancellable, error) ? finish (&reading, error) : NULL;
}

static EspCheckpoint *
hdf5_read (const EspProbe *probe,
           EspProgressFunc progress,
           gpointer user_data,
           GCancellable *cancellable,
           GError **error)
{
  g_autofree char *id = probe->is_shard
                            ? g_strconcat (esp_source_get_name (probe->source), "/", NULL)
                            : g_strdup ("");
  g_autoptr (EspHdf5File)
      file = esp_hdf5_file_open (probe->source, id, progress, user_data, cancellable, error);

  return file != NULL ? esp_hdf5_plain_read (file, cancellable, error) : NULL;
}

/* }}} */

static const char *const suffixes[] = { "h5", "hdf5", "he5", NULL };

const EspFormat esp_format_hdf5 = {
  .name = "hdf5",
  .title = "HDF5",
  .suffixes = suffixes,
  .probe = hdf5_probe,
  .read = hdf5_read,
};
