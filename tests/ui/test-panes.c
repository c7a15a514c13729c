/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which panes are shown at which width, and what is kept of a person's wish. */

#include "esp-panes.h"
#include "esp-settings.h"

typedef struct
{
  GtkWidget *window;
  EspPanes *panes;
  GtkWidget *tree, *canvas, *inspector;
} Fixture;

static GtkWidget *
new_pane (Fixture *fixture, const char *property)
{
  GtkWidget *pane = adw_bin_new ();

  g_object_set (fixture->panes, property, pane, NULL);
  return pane;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->window = gtk_window_new ();
  fixture->panes = esp_panes_new ();
  fixture->tree = new_pane (fixture, "tree");
  fixture->canvas = new_pane (fixture, "canvas");
  fixture->inspector = new_pane (fixture, "inspector");
  gtk_window_set_child (GTK_WINDOW (fixture->window), GTK_WIDGET (fixture->panes));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (fixture->window));
}

/* allocates as a window of that width does, without waiting for one */
static void
set_width (Fixture *fixture, int width)
{
  GtkWidget *panes = GTK_WIDGET (fixture->panes);

  gtk_widget_measure (panes, GTK_ORIENTATION_HORIZONTAL, -1, NULL, NULL, NULL, NULL);
  gtk_widget_size_allocate (panes, &(GtkAllocation) { 0, 0, width, 600 }, -1);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  gtk_widget_measure (panes, GTK_ORIENTATION_HORIZONTAL, -1, NULL, NULL, NULL, NULL);
  gtk_widget_size_allocate (panes, &(GtkAllocation) { 0, 0, width, 600 }, -1);
}

static char *
dump (Fixture *fixture)
{
  return g_strdup_printf ("%s%s%s", gtk_widget_get_visible (fixture->tree) ? "T" : "-",
                          gtk_widget_get_visible (fixture->canvas) ? "C" : "-",
                          gtk_widget_get_visible (fixture->inspector) ? "I" : "-");
}

static void
check (Fixture *fixture, const char *expected)
{
  g_autofree char *shown = dump (fixture);
  gboolean tree, inspector;

  g_assert_cmpstr (shown, ==, expected);
  g_object_get (fixture->panes, "tree-shown", &tree, "inspector-shown", &inspector, NULL);
  g_assert_cmpint (tree, ==, expected[0] == 'T');
  g_assert_cmpint (inspector, ==, expected[2] == 'I');
}

static void
test_widths (Fixture *fixture, gconstpointer data)
{
  set_width (fixture, 1440);
  check (fixture, "TCI");
  g_assert_cmpint (gtk_widget_get_width (fixture->tree), ==, 440);
  g_assert_cmpint (gtk_widget_get_width (fixture->inspector), ==, 336);
  g_assert_false (esp_panes_get_narrow (fixture->panes));
  set_width (fixture, 1199);
  check (fixture, "TC-");
  set_width (fixture, 860);
  check (fixture, "TC-");
  set_width (fixture, 859);
  check (fixture, "-C-");
  g_assert_true (esp_panes_get_narrow (fixture->panes));
  g_assert_cmpint (gtk_widget_get_width (fixture->canvas), ==, 859);
  set_width (fixture, 1440);
  check (fixture, "TCI");
}

/* in the middle one side pane takes the other's place */
static void
test_medium (Fixture *fixture, gconstpointer data)
{
  set_width (fixture, 1000);
  g_object_set (fixture->panes, "inspector-shown", TRUE, NULL);
  check (fixture, "-CI");
  g_object_set (fixture->panes, "tree-shown", TRUE, NULL);
  check (fixture, "TC-");
  g_object_set (fixture->panes, "tree-shown", FALSE, NULL);
  check (fixture, "-C-");
  /* what is wished for in a wide window is another matter */
  set_width (fixture, 1440);
  check (fixture, "TCI");
}

static void
test_narrow (Fixture *fixture, gconstpointer data)
{
  AdwViewStack *stack;

  set_width (fixture, 500);
  g_object_get (fixture->panes, "stack", &stack, NULL);
  g_assert_cmpstr (adw_view_stack_get_visible_child_name (stack), ==, "canvas");
  adw_view_stack_set_visible_child_name (stack, "inspector");
  check (fixture, "--I");
  esp_panes_show (fixture->panes, ESP_PANE_TREE);
  check (fixture, "T--");
  g_assert_cmpstr (adw_view_stack_get_visible_child_name (stack), ==, "tree");
  set_width (fixture, 500);
  g_assert_cmpint (gtk_widget_get_width (fixture->tree), ==, 500);
  g_object_set (fixture->panes, "tree-shown", FALSE, NULL);
  check (fixture, "-C-");
  g_object_unref (stack);
}

static void
test_wish (Fixture *fixture, gconstpointer data)
{
  set_width (fixture, 1440);
  g_object_set (fixture->panes, "inspector-shown", FALSE, "tree-width", 500, NULL);
  set_width (fixture, 1440);
  check (fixture, "TC-");
  g_assert_cmpint (gtk_widget_get_width (fixture->tree), ==, 500);
  set_width (fixture, 500);
  set_width (fixture, 1440);
  check (fixture, "TC-");
  g_assert_cmpint (gtk_widget_get_width (fixture->tree), ==, 500);
  g_assert_true (esp_panes_get_wish (fixture->panes, ESP_PANE_TREE));
  g_assert_false (esp_panes_get_wish (fixture->panes, ESP_PANE_INSPECTOR));
}

/* the smallest window holds whatever stands in the panes */
static void
test_minimum (Fixture *fixture, gconstpointer data)
{
  int minimum;

  gtk_widget_set_size_request (fixture->canvas, 360, -1);
  gtk_widget_measure (GTK_WIDGET (fixture->panes), GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL,
                      NULL, NULL);
  g_assert_cmpint (minimum, ==, 360);
}

static void
test_settings (void)
{
  int width = 10, height = 20;

  esp_settings_get_size ("window-size", &width, &height);
  g_assert_cmpint (width, >, 100);
  g_assert_cmpint (esp_settings_get_int ("tree-width", 7), ==, 440);
  /* a key that isn't there, or of another type, gives the fallback; writing it does nothing */
  g_assert_cmpint (esp_settings_get_int ("no-such-key", 7), ==, 7);
  g_assert_cmpint (esp_settings_get_int ("last-folder", 7), ==, 7);
  esp_settings_set_int ("no-such-key", 8);
  esp_settings_set_string ("last-folder", "/somewhere");
  g_assert_null (esp_settings_dup_string ("no-such-key"));
}

/* without a schema the program runs on what it is built with */
static void
test_no_schema (void)
{
  if (g_test_subprocess ())
    {
      g_setenv ("GSETTINGS_SCHEMA_DIR", "/nonexistent", TRUE);
      g_setenv ("XDG_DATA_DIRS", "/nonexistent", TRUE);
      g_setenv ("XDG_DATA_HOME", "/nonexistent", TRUE);
      g_assert_null (esp_settings_get_default ());
      g_assert_cmpint (esp_settings_get_int ("tree-width", 7), ==, 7);
      g_assert_true (esp_settings_get_boolean ("show-tree", TRUE));
      esp_settings_set_int ("tree-width", 8);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/settings/no-schema", test_no_schema);
  if (g_test_subprocess ())
    return g_test_run (); /* before GTK asks for schemas */
  if (!gtk_init_check ())
    {
      g_print ("1..0 # SKIP there is no display\n");
      return 0;
    }
  adw_init ();
  g_test_add_func ("/settings/keys", test_settings);
  ADD ("/panes/widths", test_widths);
  ADD ("/panes/medium", test_medium);
  ADD ("/panes/narrow", test_narrow);
  ADD ("/panes/wish", test_wish);
  ADD ("/panes/minimum", test_minimum);
  return g_test_run ();
}
