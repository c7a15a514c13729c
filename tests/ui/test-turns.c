/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A checkpoint of 20,000 tensors keeps no turn of the main loop for long: opening it, searching it
 * as widely as can be, and ending the search. Processor time is counted, so that a busy machine
 * doesn't make the test fail; a busy one takes more of that, too, and so the bound lies above the
 * 50 ms that the program holds by itself. What was bound in one turn took over 100. */

#include "esp-window.h"
#include "ui-look.h"

#include "../bench/many-tensors.h"
#include "../bench/turns.h"

#include <glib/gstdio.h>

#define MOST_MS 90.0

typedef struct
{
  EspWindow *window;
  EspSession *session;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->path = many_tensors_write (20000);
  fixture->window = g_object_ref (esp_window_new (NULL));
  fixture->session = g_object_ref (esp_window_get_session (fixture->window));
  gtk_window_present (GTK_WINDOW (fixture->window));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  turns_end ();
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  g_object_unref (fixture->window);
  g_object_unref (fixture->session);
  g_unlink (fixture->path);
  g_free (fixture->path);
}

static GtkWidget *
find_widget (GtkWidget *widget, GType type)
{
  if (G_TYPE_CHECK_INSTANCE_TYPE (widget, type))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_widget (child, type);

      if (found)
        return found;
    }
  return NULL;
}

static void
run_for (guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;

  while (g_get_monotonic_time () < end)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (1000);
}

static void
check (const char *what)
{
  g_test_message ("%s: %u turns, longest %.1f ms", what, turns.works->len, turns_max (turns.works));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  g_assert_cmpfloat (turns_max (turns.works), <, MOST_MS);
#endif
  turns_begin ();
}

static void
test_turns (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GFile) file = g_file_new_for_path (fixture->path);
  GtkWidget *entry;

  run_for (500);
  turns_begin ();
  esp_window_open (fixture->window, file);
  while (!esp_session_get_document (fixture->session))
    g_main_context_iteration (NULL, TRUE);
  run_for (2000);
  check ("open");

  entry = find_widget (GTK_WIDGET (fixture->window), GTK_TYPE_SEARCH_ENTRY);
  gtk_editable_set_text (GTK_EDITABLE (entry), "layers");
  run_for (1500);
  check ("search");
  gtk_editable_set_text (GTK_EDITABLE (entry), "");
  run_for (1500);
  check ("search ends");
}

int
main (int argc, char **argv)
{
  if (!gtk_init_check ())
    {
      g_print ("1..0 # SKIP no display\n");
      return 0;
    }
  adw_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/turns/many-tensors", Fixture, NULL, set_up, test_turns, tear_down);
  return g_test_run ();
}
