/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fluid the window is while it opens a checkpoint of 20,000 tensors, searches it and opens all
 * of it: prints the longest turns of the main loop for each. "wall" is the time between two polls,
 * "work" the processor time in it.
 *
 * Usage: bench-open [N_TENSORS]. Needs a display.
 */

#include "config.h"

#include "esp-application.h"
#include "esp-window.h"
#include "many-tensors.h"
#include "turns.h"

#include <adwaita.h>
#include <glib/gstdio.h>

#define GOAL_MS 50.0
#define QUIET (G_USEC_PER_SEC / 4) /* a step is over when nothing was to do for so long */

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

/* runs the main loop until nothing happens any more */
static void
settle (void)
{
  gint64 last = g_get_monotonic_time ();

  while (g_get_monotonic_time () - last < QUIET)
    if (g_main_context_iteration (NULL, FALSE))
      last = g_get_monotonic_time ();
    else
      g_usleep (2000);
}

static void
report (const char *what)
{
  guint beyond = 0;

  for (guint i = 0; i < turns.works->len; i++)
    beyond += g_array_index (turns.works, double, i) > GOAL_MS;
  g_print ("%-22s %5u turns  longest: wall %6.1f ms, work %6.1f ms; %u over %g ms of work\n", what,
           turns.works->len, turns_max (turns.walls), turns_max (turns.works), beyond, GOAL_MS);
}

static void
do_in_tree (EspWindow *window, const char *action)
{
  turns_begin ();
  if (!gtk_widget_activate_action (find_widget (GTK_WIDGET (window), GTK_TYPE_COLUMN_VIEW), action,
                                   NULL))
    g_error ("there is no %s", action);
  settle ();
  report (action);
}

static void
bench (GtkApplication *app, guint n)
{
  EspWindow *window = esp_window_new (app);
  g_autofree char *path = many_tensors_write (n);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  EspSession *session = esp_window_get_session (window);
  GtkWidget *entry;

  /* else something happens each frame while the entry has the focus */
  g_object_set (gtk_settings_get_default (), "gtk-cursor-blink", FALSE, NULL);
  gtk_window_set_default_size (GTK_WINDOW (window), 1440, 900);
  gtk_window_present (GTK_WINDOW (window));
  settle ();
  turns_begin ();
  esp_window_open (window, file);
  while (!esp_session_get_document (session))
    g_main_context_iteration (NULL, TRUE);
  settle ();
  report ("open");

  g_action_group_activate_action (G_ACTION_GROUP (window), "find", NULL);
  entry = find_widget (GTK_WIDGET (window), GTK_TYPE_SEARCH_ENTRY);
  settle ();
  for (guint i = 0; i < 2; i++)
    {
      const char *const texts[] = { "a", "layers" };
      g_autofree char *what = g_strdup_printf ("search “%s”", texts[i]);

      turns_begin ();
      gtk_editable_set_text (GTK_EDITABLE (entry), texts[i]);
      settle ();
      report (what);
      turns_begin ();
      gtk_editable_set_text (GTK_EDITABLE (entry), "");
      settle ();
      report ("search ends");
    }
  do_in_tree (window, "tree.expand-all");
  do_in_tree (window, "tree.collapse-all");
  turns_end ();
  g_unlink (path);
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
on_activate (GtkApplication *app, gpointer n)
{
  g_signal_stop_emission_by_name (app, "activate");
  bench (app, GPOINTER_TO_UINT (n));
  g_application_quit (G_APPLICATION (app));
}

int
main (int argc, char **argv)
{
  g_autoptr (EspApplication) app = esp_application_new ();
  guint n = argc > 1 ? (guint) g_ascii_strtoull (argv[1], NULL, 10) : 20000;

  g_application_set_flags (G_APPLICATION (app), G_APPLICATION_NON_UNIQUE);
  g_signal_connect (app, "activate", G_CALLBACK (on_activate), GUINT_TO_POINTER (n));
  return g_application_run (G_APPLICATION (app), 1, argv);
}
