/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree on screen: selection to and from the session, keys, tints, columns, scrolling. */

#include "esp-tree-list.h"
#include "esp-tree-name.h"
#include "esp-tree-pane.h"
#include "ui-look.h"

typedef struct
{
  GtkWidget *window;
  EspTreePane *pane;
  EspSession *session;
} Fixture;

static void
spin (guint milliseconds)
{
  gint64 end = g_get_monotonic_time () + milliseconds * 1000;

  while (g_get_monotonic_time () < end)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (1000);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  GError *error = NULL;

  fixture->window = adw_window_new ();
  fixture->pane = esp_tree_pane_new ();
  fixture->session = esp_session_new ();
  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 440, 300);
  adw_window_set_content (ADW_WINDOW (fixture->window), GTK_WIDGET (fixture->pane));
  g_object_set (fixture->pane, "session", fixture->session, NULL);
  gtk_window_present (GTK_WINDOW (fixture->window));
  esp_session_new_network (fixture->session, "d2l-shared", &error);
  g_assert_no_error (error);
  g_assert_true (ui_look_wait_for_label (fixture->window, "d2l-shared"));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  g_object_unref (fixture->session);
}

static EspPlace *
find (Fixture *fixture, const char *name)
{
  EspTree *tree = esp_document_get_tree (esp_session_get_document (fixture->session));
  EspPlace *place = esp_tree_find (tree, name, NULL);

  g_assert_nonnull (place);
  return place;
}

/* the first widget of @type below @widget; for a cell of the tree, the one of @place */
static GtkWidget *
find_widget (GtkWidget *widget, GType type, EspPlace *place)
{
  if (G_TYPE_CHECK_INSTANCE_TYPE (widget, type) &&
      (!place || esp_tree_name_get_place (ESP_TREE_NAME (widget)) == place))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_widget (child, type, place);

      if (found)
        return found;
    }
  return NULL;
}

static GtkWidget *
find_cell (Fixture *fixture, const char *name)
{
  return find_widget (fixture->window, ESP_TYPE_TREE_NAME, find (fixture, name));
}

static GtkSelectionModel *
get_selection (Fixture *fixture)
{
  GtkWidget *list = find_widget (fixture->window, ESP_TYPE_TREE_LIST, NULL);

  return gtk_column_view_get_model (
      GTK_COLUMN_VIEW (esp_tree_list_get_view (ESP_TREE_LIST (list))));
}

static const char *
get_selected (Fixture *fixture)
{
  GtkSingleSelection *selection = GTK_SINGLE_SELECTION (get_selection (fixture));
  GtkTreeListRow *row = gtk_single_selection_get_selected_item (selection);
  g_autoptr (EspPlace) place = row ? gtk_tree_list_row_get_item (row) : NULL;

  return place ? esp_place_get_path (place) : NULL;
}

static void
test_selection (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpstr (get_selected (fixture), ==, "");
  esp_session_set_selection (fixture->session, find (fixture, "4.weight"));
  g_assert_cmpstr (get_selected (fixture), ==, "4.weight");
  /* a person selects the third row: root, 0, 0.weight */
  gtk_selection_model_select_item (get_selection (fixture), 2, TRUE);
  g_assert_true (esp_session_get_selection (fixture->session) == find (fixture, "0.weight"));
}

/* a closed module opens for a selection that comes from elsewhere, and takes it when it closes */
static void
test_open_and_close (Fixture *fixture, gconstpointer data)
{
  guint n = g_list_model_get_n_items (esp_tree_pane_get_rows (fixture->pane));
  EspTreeName *cell = ESP_TREE_NAME (find_cell (fixture, "2"));

  esp_session_set_selection (fixture->session, find (fixture, "2.bias"));
  gtk_tree_list_row_set_expanded (esp_tree_name_get_row (cell), FALSE);
  g_assert_cmpstr (get_selected (fixture), ==, "2");
  g_assert_true (esp_session_get_selection (fixture->session) == find (fixture, "2"));
  g_assert_cmpuint (g_list_model_get_n_items (esp_tree_pane_get_rows (fixture->pane)), ==, n - 2);
  esp_session_set_selection (fixture->session, find (fixture, "2.bias"));
  g_assert_cmpstr (get_selected (fixture), ==, "2.bias");
  g_assert_cmpuint (g_list_model_get_n_items (esp_tree_pane_get_rows (fixture->pane)), ==, n);
}

static void
test_tint (Fixture *fixture, gconstpointer data)
{
  GtkWidget *cell, *row;

  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 440, 800);
  esp_session_set_selection (fixture->session, find (fixture, "2.weight"));
  for (guint i = 0; i < 400 && !(cell = find_cell (fixture, "4.weight")); i++)
    spin (25);
  g_assert_nonnull (cell);
  row = esp_tree_name_get_row_widget (ESP_TREE_NAME (cell));
  g_assert_true (gtk_widget_has_css_class (row, "tie-a"));
  row = esp_tree_name_get_row_widget (ESP_TREE_NAME (find_cell (fixture, "2.weight")));
  g_assert_false (gtk_widget_has_css_class (row, "tie-a"));
  esp_session_set_selection (fixture->session, find (fixture, "0.weight"));
  row = esp_tree_name_get_row_widget (ESP_TREE_NAME (cell));
  g_assert_false (gtk_widget_has_css_class (row, "tie-a"));
}

/* the list inside a column view is private, and scrolling needs its action */
static void
test_scroll (Fixture *fixture, gconstpointer data)
{
  GtkWidget *list = find_widget (fixture->window, ESP_TYPE_TREE_LIST, NULL);
  GtkWidget *view = esp_tree_list_get_view (ESP_TREE_LIST (list));
  GtkAdjustment *adjustment = gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (view));
  gboolean found = FALSE;

  for (GtkWidget *child = gtk_widget_get_first_child (view); child;
       child = gtk_widget_get_next_sibling (child))
    found |= gtk_widget_activate_action (child, "list.scroll-to-item", "u", 0);
  g_assert_true (found);
  g_assert_cmpfloat (gtk_adjustment_get_value (adjustment), ==, 0);
  esp_session_set_selection (fixture->session, find (fixture, "6.bias"));
  for (guint i = 0; i < 200 && gtk_adjustment_get_value (adjustment) == 0; i++)
    spin (25);
  g_assert_cmpfloat (gtk_adjustment_get_value (adjustment), >, 0);
  spin (50);
  g_assert_nonnull (find_cell (fixture, "6.bias"));
}

static void
set_search (Fixture *fixture, const char *text)
{
  GtkWidget *entry = find_widget (fixture->window, GTK_TYPE_SEARCH_ENTRY, NULL);

  gtk_editable_set_text (GTK_EDITABLE (entry), text);
}

/* a search waits for the typing to stop, and runs in idles */
static void
wait_for_rows (Fixture *fixture, guint n)
{
  for (guint i = 0; i < 400; i++)
    if (g_list_model_get_n_items (esp_tree_pane_get_rows (fixture->pane)) == n)
      return;
    else
      spin (25);
  g_assert_cmpuint (g_list_model_get_n_items (esp_tree_pane_get_rows (fixture->pane)), ==, n);
}

static void
test_search (Fixture *fixture, gconstpointer data)
{
  guint n = g_list_model_get_n_items (esp_tree_pane_get_rows (fixture->pane));

  set_search (fixture, "*.bias");
  /* the root, four modules, four biases */
  wait_for_rows (fixture, 9);
  set_search (fixture, "zzz");
  g_assert_true (ui_look_wait_for_label (fixture->window, "Nothing Found"));
  set_search (fixture, "");
  wait_for_rows (fixture, n);
}

static void
activate_search (Fixture *fixture)
{
  g_signal_emit_by_name (find_widget (fixture->window, GTK_TYPE_SEARCH_ENTRY, NULL), "activate");
}

/* Enter goes to a path, else to the first match, however soon it is pressed */
static void
test_go_to (Fixture *fixture, gconstpointer data)
{
  set_search (fixture, "net[2].weight");
  activate_search (fixture);
  g_assert_cmpstr (get_selected (fixture), ==, "2.weight");
  set_search (fixture, "6.bias");
  activate_search (fixture);
  g_assert_cmpstr (get_selected (fixture), ==, "6.bias");
  set_search (fixture, "shape:8x4");
  activate_search (fixture);
  g_assert_true (esp_session_get_selection (fixture->session) == find (fixture, "0.weight"));
}

/* columns give way to the name: update, size, then type, then count */
static void
test_columns (Fixture *fixture, gconstpointer data)
{
  GtkWidget *list = find_widget (fixture->window, ESP_TYPE_TREE_LIST, NULL);
  GListModel *columns =
      gtk_column_view_get_columns (GTK_COLUMN_VIEW (esp_tree_list_get_view (ESP_TREE_LIST (list))));

  /* name, shape, count, update: a network */
  g_assert_cmpuint (g_list_model_get_n_items (columns), ==, 4);
  gtk_widget_activate_action (list, "tree.type", NULL);
  gtk_widget_activate_action (list, "tree.size", NULL);
  g_object_set (list, "width", 700, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (columns), ==, 6);
  g_object_set (list, "width", 600, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (columns), ==, 5);
  g_object_set (list, "width", 420, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (columns), ==, 4);
  g_object_set (list, "width", 300, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (columns), ==, 2);
}

/* another document comes while a search is on and rows are bound */
static void
test_another_document (Fixture *fixture, gconstpointer data)
{
  GError *error = NULL;

  set_search (fixture, "weight");
  spin (20);
  esp_session_new_network (fixture->session, "spirals", &error);
  g_assert_no_error (error);
  g_assert_true (ui_look_wait_for_label (fixture->window, "spirals"));
  spin (400);
  g_assert_cmpstr (get_selected (fixture), ==, "");
  esp_session_set_document (fixture->session, NULL);
  g_assert_null (esp_tree_pane_get_rows (fixture->pane));
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ())
    {
      g_print ("1..0 # SKIP there is no display\n");
      return 0;
    }
  adw_init ();
  ADD ("/tree-pane/selection", test_selection);
  ADD ("/tree-pane/open-and-close", test_open_and_close);
  ADD ("/tree-pane/tint", test_tint);
  ADD ("/tree-pane/scroll", test_scroll);
  ADD ("/tree-pane/search", test_search);
  ADD ("/tree-pane/go-to", test_go_to);
  ADD ("/tree-pane/columns", test_columns);
  ADD ("/tree-pane/another-document", test_another_document);
  return g_test_run ();
}
