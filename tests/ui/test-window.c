/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window: opening good and bad files, what stays open, unsaved work, going back. */

#include "esp-recent.h"
#include "esp-window.h"
#include "ui-look.h"

typedef struct
{
  EspWindow *window;
  EspSession *session;
} Fixture;

static gboolean
is_alive (GtkWindow *window)
{
  GListModel *all = gtk_window_get_toplevels ();

  for (guint i = 0; i < g_list_model_get_n_items (all); i++)
    {
      g_autoptr (GObject) at = g_list_model_get_item (all, i);

      if (at == (gpointer) window)
        return TRUE;
    }
  return FALSE;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->window = g_object_ref (esp_window_new (NULL));
  fixture->session = g_object_ref (esp_window_get_session (fixture->window));
  gtk_window_present (GTK_WINDOW (fixture->window));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  if (is_alive (GTK_WINDOW (fixture->window)))
    gtk_window_destroy (GTK_WINDOW (fixture->window));
  g_object_unref (fixture->window);
  g_object_unref (fixture->session);
}

static void
open_path (Fixture *fixture, const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);

  esp_window_open (fixture->window, file);
}

static void
open_fixture (Fixture *fixture, const char *folder, const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", folder, name, NULL);

  open_path (fixture, path);
}

static void
wait_for_document (Fixture *fixture, const char *title)
{
  for (guint i = 0; i < 10000; i++)
    {
      EspDocument *document = esp_session_get_document (fixture->session);

      if (document && g_str_equal (esp_document_get_title (document), title))
        return;
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (1000);
    }
  g_error ("%s was not opened", title);
}

/* a file with these bytes */
static char *
write_file (const char *name, const char *bytes, gsize length)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-test-XXXXXX", NULL);
  char *path = g_build_filename (folder, name, NULL);
  GError *error = NULL;

  g_file_set_contents (path, bytes, (gssize) length, &error);
  g_assert_no_error (error);
  return path;
}

static void
test_open (Fixture *fixture, gconstpointer data)
{
  g_assert_true (ui_look_wait_for_label (GTK_WIDGET (fixture->window), "Espalier"));
  g_assert_true (esp_window_is_free (fixture->window));
  open_fixture (fixture, "safetensors", "tied.safetensors");
  wait_for_document (fixture, "tied.safetensors");
  g_assert_true (ui_look_wait_for_label (GTK_WIDGET (fixture->window), "tied.safetensors"));
  g_assert_false (esp_window_is_free (fixture->window));
  /* a second one takes its place */
  open_fixture (fixture, "pytorch", "module.pt");
  wait_for_document (fixture, "module.pt");
}

/* each bad file by itself: a page that says what is wrong */
static void
check_refused (Fixture *fixture, const char *path, const char *heading)
{
  g_autofree char *name = g_path_get_basename (path);

  open_path (fixture, path);
  g_assert_true (ui_look_wait_for_label (GTK_WIDGET (fixture->window), heading));
  g_assert_true (ui_look_wait_for_label (GTK_WIDGET (fixture->window), name));
  g_assert_null (esp_session_get_document (fixture->session));
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  g_autofree char *fixture_path = g_test_build_filename (G_TEST_DIST, "fixtures", "safetensors",
                                                         "tied.safetensors", NULL);
  g_autofree char *bytes = NULL;
  g_autofree char *text = write_file ("notes.txt", "only a text", 11);
  g_autofree char *empty = write_file ("empty.pt", "", 0);
  g_autofree char *cut = NULL;
  g_autofree char *folder = g_path_get_dirname (text);
  gsize length;

  g_assert_true (g_file_get_contents (fixture_path, &bytes, &length, NULL));
  cut = write_file ("cut.safetensors", bytes, length - 8);
  check_refused (fixture, text, "This kind of file can’t be read");
  check_refused (fixture, cut, "This file ends too early");
  check_refused (fixture, empty, "This is no checkpoint");
  check_refused (fixture, "/nonexistent/missing.pt", "This file is not there");
  open_path (fixture, folder);
  g_assert_true (ui_look_wait_for_label (GTK_WIDGET (fixture->window), folder));
  g_assert_null (esp_session_get_document (fixture->session));
  /* and then a good one */
  open_path (fixture, fixture_path);
  wait_for_document (fixture, "tied.safetensors");
}

/* what is open stays */
static void
test_refused_beside_document (Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = write_file ("notes.txt", "only a text", 11);
  EspDocument *document;

  open_fixture (fixture, "safetensors", "tied.safetensors");
  wait_for_document (fixture, "tied.safetensors");
  document = esp_session_get_document (fixture->session);
  open_path (fixture, text);
  g_assert_true (
      ui_look_wait_for_label (GTK_WIDGET (fixture->window), "“notes.txt” could not be opened"));
  g_assert_true (esp_session_get_document (fixture->session) == document);
  g_assert_nonnull (ui_look_find_label (GTK_WIDGET (fixture->window), "tied.safetensors"));
}

static void
activate (Fixture *fixture, const char *name)
{
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (fixture->window), name, NULL));
}

/* a pickle that calls something is told of first; what could be read is opened when asked for */
static void
test_hostile (Fixture *fixture, gconstpointer data)
{
  open_fixture (fixture, "pytorch", "hostile.pt");
  g_assert_true (
      ui_look_wait_for_label (GTK_WIDGET (fixture->window), "This file wants to run a command"));
  g_assert_null (esp_session_get_document (fixture->session));
  activate (fixture, "win.open-recovered");
  wait_for_document (fixture, "hostile.pt");
}

static void
test_hostile_beside_document (Fixture *fixture, gconstpointer data)
{
  open_fixture (fixture, "safetensors", "tied.safetensors");
  wait_for_document (fixture, "tied.safetensors");
  open_fixture (fixture, "pytorch", "hostile.pt");
  g_assert_true (
      ui_look_wait_for_label (GTK_WIDGET (fixture->window), "This file wants to run a command"));
  wait_for_document (fixture, "tied.safetensors");
  activate (fixture, "win.leave-page");
  g_assert_true (ui_look_wait_for_label (GTK_WIDGET (fixture->window), "tied.safetensors"));
  /* the pages cross-fade */
  for (guint i = 0; i < 5000 && ui_look_find_label (GTK_WIDGET (fixture->window),
                                                    "This file wants to run a command");
       i++)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (1000);
  g_assert_null (
      ui_look_find_label (GTK_WIDGET (fixture->window), "This file wants to run a command"));
}

static AdwMessageDialog *
find_dialog (void)
{
  GListModel *all = gtk_window_get_toplevels ();

  for (guint i = 0; i < g_list_model_get_n_items (all); i++)
    {
      g_autoptr (GObject) at = g_list_model_get_item (all, i);

      if (ADW_IS_MESSAGE_DIALOG (at))
        return ADW_MESSAGE_DIALOG (at);
    }
  return NULL;
}

static void
train_a_step (Fixture *fixture)
{
  EspDocument *document;

  gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.new-network", "s", "d2l-mlp");
  wait_for_document (fixture, "d2l-mlp");
  document = esp_session_get_document (fixture->session);
  g_assert_false (esp_document_get_modified (document));
  esp_document_step (document);
  g_assert_true (ui_look_wait_for_live_label (GTK_WIDGET (fixture->window), document, "Step 1"));
  g_assert_true (esp_document_get_modified (document));
  g_assert_true (ui_look_wait_for_label (GTK_WIDGET (fixture->window), "• d2l-mlp"));
}

static void
answer (const char *label)
{
  AdwMessageDialog *dialog = find_dialog ();
  GtkWidget *button;

  g_assert_nonnull (dialog);
  g_assert_true (ui_look_wait_for_label (GTK_WIDGET (dialog), label));
  button = gtk_widget_get_ancestor (ui_look_find_label (GTK_WIDGET (dialog), label),
                                    GTK_TYPE_BUTTON);
  g_signal_emit_by_name (button, "clicked");
  for (guint i = 0; i < 1000 && find_dialog (); i++)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (1000);
  g_assert_null (find_dialog ());
}

/* closing an unsaved network asks; Cancel keeps it, Discard lets it go */
static void
test_unsaved (Fixture *fixture, gconstpointer data)
{
  train_a_step (fixture);
  gtk_window_close (GTK_WINDOW (fixture->window));
  g_assert_true (is_alive (GTK_WINDOW (fixture->window)));
  answer ("Cancel");
  g_assert_true (is_alive (GTK_WINDOW (fixture->window)));
  gtk_window_close (GTK_WINDOW (fixture->window));
  answer ("Discard");
  g_assert_false (is_alive (GTK_WINDOW (fixture->window)));
}

/* so does opening something else in its place */
static void
test_unsaved_replaced (Fixture *fixture, gconstpointer data)
{
  train_a_step (fixture);
  open_fixture (fixture, "safetensors", "tied.safetensors");
  answer ("Cancel");
  g_assert_cmpstr (esp_document_get_title (esp_session_get_document (fixture->session)), ==,
                   "d2l-mlp");
  open_fixture (fixture, "safetensors", "tied.safetensors");
  answer ("Discard");
  wait_for_document (fixture, "tied.safetensors");
}

static const char *
get_selected_path (Fixture *fixture)
{
  return esp_place_get_path (esp_session_get_selection (fixture->session));
}

static void
test_history (Fixture *fixture, gconstpointer data)
{
  EspTree *tree;

  open_fixture (fixture, "safetensors", "tied.safetensors");
  wait_for_document (fixture, "tied.safetensors");
  tree = esp_document_get_tree (esp_session_get_document (fixture->session));
  esp_session_set_selection (fixture->session, esp_tree_find (tree, "0.weight", NULL));
  esp_session_set_selection (fixture->session, esp_tree_find (tree, "1.weight", NULL));
  activate (fixture, "win.back");
  g_assert_cmpstr (get_selected_path (fixture), ==, "0.weight");
  activate (fixture, "win.back");
  g_assert_cmpstr (get_selected_path (fixture), ==, "");
  activate (fixture, "win.forward");
  g_assert_cmpstr (get_selected_path (fixture), ==, "0.weight");
  /* another way from here: what was ahead is gone */
  esp_session_set_selection (fixture->session, esp_tree_find (tree, "1.bias", NULL));
  activate (fixture, "win.forward");
  g_assert_cmpstr (get_selected_path (fixture), ==, "1.bias");
}

static void
test_next_tensor (Fixture *fixture, gconstpointer data)
{
  EspTree *tree;

  open_fixture (fixture, "safetensors", "tied.safetensors");
  wait_for_document (fixture, "tied.safetensors");
  tree = esp_document_get_tree (esp_session_get_document (fixture->session));
  activate (fixture, "win.next-tensor");
  g_assert_true (esp_session_get_selection (fixture->session) == esp_tree_get_tensor (tree, 0));
  activate (fixture, "win.next-tensor");
  g_assert_true (esp_session_get_selection (fixture->session) == esp_tree_get_tensor (tree, 1));
  activate (fixture, "win.previous-tensor");
  activate (fixture, "win.previous-tensor");
  g_assert_true (esp_session_get_selection (fixture->session) == esp_tree_get_tensor (tree, 0));
}

/* a drop, as the drag's end gives it */
static void
drop (Fixture *fixture, const char *const *paths)
{
  GListModel *controllers = gtk_widget_observe_controllers (GTK_WIDGET (fixture->window));
  GSList *files = NULL;
  GValue value = G_VALUE_INIT;
  gboolean taken = FALSE;

  for (guint i = 0; paths[i]; i++)
    files = g_slist_append (files, g_file_new_for_path (paths[i]));
  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_take_boxed (&value, files);
  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GObject) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_DROP_TARGET (controller))
        g_signal_emit_by_name (controller, "drop", &value, 10.0, 10.0, &taken);
    }
  g_assert_true (taken);
  g_value_unset (&value);
  g_object_unref (controllers);
}

static void
test_drop (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "safetensors",
                                                 "tied.safetensors", NULL);
  const char *paths[] = { path, NULL };

  drop (fixture, paths);
  wait_for_document (fixture, "tied.safetensors");
}

/* what was opened is among the recent files, and can be opened from there */
static void
test_recent (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "safetensors",
                                                 "dtypes.safetensors", NULL);
  g_autoptr (GPtrArray) files = NULL;
  const EspRecentFile *file;

  open_path (fixture, path);
  wait_for_document (fixture, "dtypes.safetensors");
  open_fixture (fixture, "safetensors", "tied.safetensors");
  wait_for_document (fixture, "tied.safetensors");
  for (guint i = 0; i < 5000 && (!files || files->len == 0); i++)
    {
      g_clear_pointer (&files, g_ptr_array_unref);
      files = esp_recent_get_files (10);
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (1000);
    }
  g_assert_cmpuint (files->len, >, 0);
  file = NULL;
  for (guint i = 0; i < files->len; i++)
    if (g_str_equal (((EspRecentFile *) files->pdata[i])->name, "dtypes.safetensors"))
      file = files->pdata[i];
  g_assert_nonnull (file);
  g_assert_cmpuint (file->size, >, 1000);
  g_assert_true (
      gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.open-recent", "s", file->uri));
  wait_for_document (fixture, "dtypes.safetensors");
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_autofree char *home = g_dir_make_tmp ("espalier-home-XXXXXX", NULL);

  /* recent files of nobody */
  g_setenv ("XDG_DATA_HOME", home, TRUE);
  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ())
    {
      g_print ("1..0 # SKIP there is no display\n");
      return 0;
    }
  adw_init ();
  g_set_application_name ("Espalier");
  ADD ("/window/open", test_open);
  ADD ("/window/drop", test_drop);
  ADD ("/window/recent", test_recent);
  ADD ("/window/refused", test_refused);
  ADD ("/window/refused-beside-document", test_refused_beside_document);
  ADD ("/window/hostile", test_hostile);
  ADD ("/window/hostile-beside-document", test_hostile_beside_document);
  ADD ("/window/unsaved", test_unsaved);
  ADD ("/window/unsaved-replaced", test_unsaved_replaced);
  ADD ("/window/history", test_history);
  ADD ("/window/next-tensor", test_next_tensor);
  return g_test_run ();
}
