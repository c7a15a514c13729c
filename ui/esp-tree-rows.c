/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening rows before the list has a view costs microseconds each. */

#include "config.h"

#include "esp-tree-rows.h"

EspPlace *
esp_tree_row_get_place (GtkTreeListRow *row)
{
  g_autoptr (GObject) item = gtk_tree_list_row_get_item (row);

  return ESP_PLACE (item); /* the row keeps it */
}

gboolean
esp_tree_rows_has_root (EspDocument *document)
{
  EspPlace *root = esp_tree_get_root (esp_document_get_tree (document));
  EspModule *module = esp_place_get_module (root);

  return !module || esp_document_get_trainer (document) || *esp_module_get_class (module);
}

static GListModel *
create_children (gpointer item, gpointer user_data)
{
  EspPlace *place = item;
  EspTreeSearch *search = user_data;

  if (esp_place_get_n_children (place) == 0)
    return NULL;
  return search ? esp_tree_search_get_children (search, place)
                : g_object_ref (G_LIST_MODEL (place));
}

static void
unref_search (gpointer data)
{
  g_clear_object (&data);
}

GtkTreeListModel *
esp_tree_rows_new (EspDocument *document, EspTreeSearch *search)
{
  EspPlace *root = esp_tree_get_root (esp_document_get_tree (document));
  GListModel *top;

  if (esp_tree_rows_has_root (document))
    {
      top = G_LIST_MODEL (g_list_store_new (ESP_TYPE_PLACE));
      if (!search || esp_tree_search_has_match_below (search, root))
        g_list_store_append (G_LIST_STORE (top), root);
    }
  else
    {
      top = create_children (root, search);
      if (!top)
        top = G_LIST_MODEL (g_list_store_new (ESP_TYPE_PLACE));
    }
  return gtk_tree_list_model_new (top, FALSE, FALSE, create_children,
                                  search ? g_object_ref (search) : NULL, unref_search);
}

/* children of the rows at @depth, which are closed, and how many of these have any */
static guint
count_next_level (GtkTreeListModel *rows, guint depth, guint *n_modules)
{
  guint n = 0;

  *n_modules = 0;
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (rows)); i++)
    {
      g_autoptr (GtkTreeListRow) row = gtk_tree_list_model_get_row (rows, i);

      if (gtk_tree_list_row_get_depth (row) != depth || !gtk_tree_list_row_is_expandable (row))
        continue;
      n += esp_place_get_n_children (esp_tree_row_get_place (row));
      (*n_modules)++;
    }
  return n;
}

static void
open_level (GtkTreeListModel *rows, guint depth)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (rows)); i++)
    {
      g_autoptr (GtkTreeListRow) row = gtk_tree_list_model_get_row (rows, i);

      if (gtk_tree_list_row_get_depth (row) == depth)
        gtk_tree_list_row_set_expanded (row, TRUE);
    }
}

void
esp_tree_rows_open_levels (GtkTreeListModel *rows, guint budget)
{
  for (guint depth = 0;; depth++)
    {
      guint n = g_list_model_get_n_items (G_LIST_MODEL (rows));
      guint n_modules;
      guint next;

      if (n > budget)
        return;
      next = count_next_level (rows, depth, &n_modules);
      if (next == 0 || (n + next > budget && n_modules > 1))
        return;
      open_level (rows, depth);
    }
}

void
esp_tree_rows_open_matches (GtkTreeListModel *rows, EspTreeSearch *search, guint budget)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (rows)); i++)
    {
      g_autoptr (GtkTreeListRow) row = gtk_tree_list_model_get_row (rows, i);

      if (g_list_model_get_n_items (G_LIST_MODEL (rows)) > budget)
        return;
      if (esp_tree_search_has_match_below (search, esp_tree_row_get_place (row)))
        gtk_tree_list_row_set_expanded (row, TRUE);
    }
}

void
esp_tree_rows_close_all (GtkTreeListModel *rows)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (rows)); i++)
    {
      g_autoptr (GtkTreeListRow) row = gtk_tree_list_model_get_row (rows, i);

      gtk_tree_list_row_set_expanded (row, FALSE);
    }
}

GHashTable *
esp_tree_rows_get_open (GtkTreeListModel *rows)
{
  GHashTable *open = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (rows)); i++)
    {
      g_autoptr (GtkTreeListRow) row = gtk_tree_list_model_get_row (rows, i);

      if (gtk_tree_list_row_get_expanded (row))
        g_hash_table_add (open, g_strdup (esp_place_get_path (esp_tree_row_get_place (row))));
    }
  return open;
}

void
esp_tree_rows_open_paths (GtkTreeListModel *rows, GHashTable *paths)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (rows)); i++)
    {
      g_autoptr (GtkTreeListRow) row = gtk_tree_list_model_get_row (rows, i);

      if (gtk_tree_list_row_is_expandable (row) &&
          g_hash_table_contains (paths, esp_place_get_path (esp_tree_row_get_place (row))))
        gtk_tree_list_row_set_expanded (row, TRUE);
    }
}

/* the row of @place among @list, which are the children of @parent or (NULL) the top */
static GtkTreeListRow *
find_among (GtkTreeListModel *rows, GtkTreeListRow *parent, GListModel *list, EspPlace *place)
{
  guint n = g_list_model_get_n_items (list);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (list, i);

      if (item == (gpointer) place)
        return parent ? gtk_tree_list_row_get_child_row (parent, i)
                      : gtk_tree_list_model_get_child_row (rows, i);
    }
  return NULL;
}

GtkTreeListRow *
esp_tree_rows_find (GtkTreeListModel *rows, EspPlace *place)
{
  EspPlace *parent = esp_place_get_parent (place);
  g_autoptr (GtkTreeListRow) above = NULL;
  GtkTreeListRow *row = find_among (rows, NULL, gtk_tree_list_model_get_model (rows), place);

  if (row || !parent)
    return row;
  above = esp_tree_rows_find (rows, parent);
  if (!above)
    return NULL;
  gtk_tree_list_row_set_expanded (above, TRUE);
  if (!gtk_tree_list_row_get_children (above))
    return NULL;
  return find_among (rows, above, gtk_tree_list_row_get_children (above), place);
}
