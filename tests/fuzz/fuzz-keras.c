/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as what a Keras model says of itself and, behind the first NUL, as the groups of its
 * weights: a line a path, a data set where its end is a number, and a name behind a tab. The tree
 * that the two give is walked. */

#include "esp-error.h"
#include "esp-keras-shards.h"
#include "esp-keras-tree.h"
#include "fuzz.h"

#include <string.h>

#define MOST_NODES 2000
#define MOST_DEPTH 300

/* {{{ groups */

typedef struct
{
  EspHdf5Node node;
  EspHdf5Attribute attribute;
  const char *strings[2];
  char *path;
  EspHdf5Node *last_child;
} Item;

static void
item_free (gpointer data)
{
  Item *item = data;

  g_clear_pointer (&item->node.tensor, esp_tensor_unref);
  g_free ((char *) item->strings[0]);
  g_free (item->path);
  g_free (item);
}

static Item *
add_item (GPtrArray *items, Item *parent, const char *path, gboolean is_dataset)
{
  static const gint64 shape[] = { 2, 3 };
  Item *item = g_new0 (Item, 1);
  const char *slash;

  item->path = g_strdup (path);
  slash = strrchr (item->path, '/');
  item->node.path = item->path;
  item->node.name = slash != NULL ? slash + 1 : item->path;
  item->node.kind = is_dataset ? ESP_HDF5_DATASET : ESP_HDF5_GROUP;
  if (is_dataset)
    item->node.tensor = esp_tensor_new_unreadable (
        items->len % 5 == 0 ? ESP_DTYPE_INT8 : ESP_DTYPE_FLOAT32, "F", shape, items->len % 3,
        g_error_new_literal (ESP_FORMAT_ERROR, 0, "-"));
  if (parent != NULL)
    {
      item->node.parent = &parent->node;
      if (parent->last_child != NULL)
        parent->last_child->next = &item->node;
      else
        parent->node.first_child = &item->node;
      parent->last_child = &item->node;
    }
  g_ptr_array_add (items, item);
  return item;
}

static void
set_name (Item *item, const char *name)
{
  if (item->node.n_attributes > 0)
    return;
  item->strings[0] = g_utf8_make_valid (name, -1);
  item->attribute = (EspHdf5Attribute) { .name = "name",
                                         .type = ESP_HDF5_VALUE_STRING,
                                         .is_scalar = TRUE,
                                         .n = 1 };
  item->attribute.strings = item->strings;
  item->node.attributes = &item->attribute;
  item->node.n_attributes = 1;
}

/* the groups on the way, and what is at its end */
static void
add_path (GPtrArray *items, GHashTable *known, const char *line)
{
  const char *tab = strchr (line, '\t');
  g_autofree char *path = tab != NULL ? g_strndup (line, (gsize) (tab - line)) : g_strdup (line);
  g_auto (GStrv) parts = g_strsplit (path, "/", MOST_DEPTH);
  g_autoptr (GString) at = g_string_new (NULL);
  Item *item = items->pdata[0];

  for (guint i = 0; parts[i] != NULL && items->len < MOST_NODES; i++)
    {
      gboolean last = parts[i + 1] == NULL;
      Item *parent = item;

      if (*parts[i] == '\0' || parent->node.kind != ESP_HDF5_GROUP)
        return;
      g_string_append_printf (at, "%s%s", i > 0 ? "/" : "", parts[i]);
      item = g_hash_table_lookup (known, at->str);
      if (item != NULL)
        continue;
      item = add_item (items, parent, at->str,
                       last && strspn (parts[i], "0123456789") == strlen (parts[i]));
      g_hash_table_insert (known, item->path, item);
    }
  if (tab != NULL)
    set_name (item, tab + 1);
}

static GPtrArray *
make_groups (const char *text, gsize length)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (item_free);
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *valid = g_utf8_make_valid (text, (gssize) length);
  g_auto (GStrv) lines = g_strsplit (valid, "\n", MOST_NODES);

  add_item (items, NULL, "", FALSE);
  for (guint i = 0; lines[i] != NULL; i++)
    add_path (items, known, lines[i]);
  return items;
}

/* }}} */

static guint
count_datasets (GPtrArray *items)
{
  guint n = 0;

  for (guint i = 0; i < items->len; i++)
    n += ((Item *) items->pdata[i])->node.kind == ESP_HDF5_DATASET;
  return n;
}

static void
build (EspKerasConfig *config, GPtrArray *items, gboolean no_repeats)
{
  g_auto (EspKerasTree) tree = { 0 };
  const EspHdf5Node *root = &((Item *) items->pdata[0])->node;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTree) out = NULL;
  guint stored = 0;

  esp_keras_tree_init (&tree, config);
  tree.no_repeats = no_repeats;
  tree.keras2 = items->len % 2 == 0;
  if (esp_keras_tree_read_groups (&tree, &root, 1, &error))
    out = esp_tree_builder_finish (tree.builder, &error);
  g_assert ((out == NULL) == (error != NULL));
  for (guint i = 0; i < tree.warnings->len; i++)
    g_assert (g_utf8_validate (tree.warnings->pdata[i], -1, NULL));
  for (guint i = 0; out != NULL && i < esp_tree_get_n_tensors (out); i++)
    {
      EspTreeRow row;

      esp_tree_read_row (out, i, &row);
      stored += row.stored;
    }
  /* nothing is lost but what was said to be left out, and nothing stands twice */
  g_assert (out == NULL || tree.warnings->len > 0 || stored == count_datasets (items));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *text = (const char *) data;
  const char *end = size > 0 ? memchr (text, '\0', size) : NULL;
  gsize length = end != NULL ? (gsize) (end - text) : size;
  g_autoptr (EspKerasConfig) config = esp_keras_config_new ();
  g_autoptr (GPtrArray) items = NULL;
  g_autoptr (GPtrArray) shards = NULL;
  g_autoptr (GError) error = NULL;

  if (!esp_keras_config_read_model (config, text, length, "config", &error))
    {
      g_assert (error != NULL && g_utf8_validate (error->message, -1, NULL));
      g_clear_error (&error);
    }
  shards = esp_keras_shards_read (text, length, "index", &error);
  g_assert ((shards == NULL) == (error != NULL));
  esp_keras_config_read_training (config, text, length, "training", NULL);
  items = make_groups (end != NULL ? end + 1 : "", end != NULL ? size - length - 1 : 0);
  build (config, items, FALSE);
  build (config, items, TRUE);
  return 0;
}
