/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program: opens a window for each file it is given, holds what belongs to no window. */

#include "config.h"

#include "esp-application.h"
#include "esp-window.h"

#include <glib/gi18n.h>

struct _EspApplication
{
  AdwApplication parent_instance;
};

G_DEFINE_FINAL_TYPE (EspApplication, esp_application, ADW_TYPE_APPLICATION)

static const struct
{
  const char *action;
  const char *accels[3];
} keys[] = {
  { "app.quit", { "<Control>q" } },
  { "window.close", { "<Control>w" } },
  { "win.open", { "<Control>o" } },
  { "win.new", { "<Control>n" } },
  { "win.save", { "<Control>s" } },
  { "win.save-as", { "<Control><Shift>s" } },
  { "win.undo", { "<Control>z" } },
  { "win.redo", { "<Control><Shift>z" } },
  { "win.reload", { "F5", "<Control>r" } },
  { "win.find", { "<Control>f", "<Control>l" } },
  { "win.tree", { "F9" } },
  { "win.inspector", { "<Shift>F9" } },
  { "win.back", { "<Alt>Left" } },
  { "win.forward", { "<Alt>Right" } },
  { "win.previous-tensor", { "<Control>Page_Up" } },
  { "win.next-tensor", { "<Control>Page_Down" } },
  { "win.next-pane", { "F6" } },
  { "win.previous-pane", { "<Shift>F6" } },
  { "training.play", { "<Control>space" } },
  { "training.step", { "<Control>period" } },
  { "training.reset", { "<Control>r" } },
};

static void
on_new_window (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  gtk_window_present (GTK_WINDOW (esp_window_new (user_data)));
}

static void
on_about (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  adw_show_about_window (gtk_application_get_active_window (user_data), "application-name",
                         "Espalier", "application-icon", ESP_APP_ID, "version", ESP_VERSION,
                         "comments", _ ("Look at every weight of a neural network."),
                         "license-type", GTK_LICENSE_GPL_3_0, "developer-name",
                         _ ("The Espalier contributors"), NULL);
}

/* each window asks about its own unsaved work */
static void
on_quit (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GList *windows = g_list_copy (gtk_application_get_windows (user_data));

  for (GList *at = windows; at; at = at->next)
    gtk_window_close (at->data);
  g_list_free (windows);
}

static EspWindow *
find_free_window (GtkApplication *app)
{
  for (GList *at = gtk_application_get_windows (app); at; at = at->next)
    if (ESP_IS_WINDOW (at->data) && esp_window_is_free (at->data))
      return at->data;
  return NULL;
}

static void
esp_application_activate (GApplication *app)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (app));

  if (!window)
    window = GTK_WINDOW (esp_window_new (GTK_APPLICATION (app)));
  gtk_window_present (window);
}

static void
esp_application_open (GApplication *app, GFile **files, int n_files, const char *hint)
{
  for (int i = 0; i < n_files; i++)
    {
      EspWindow *window = find_free_window (GTK_APPLICATION (app));

      if (!window)
        window = esp_window_new (GTK_APPLICATION (app));
      gtk_window_present (GTK_WINDOW (window));
      esp_window_open (window, files[i]);
    }
}

/* in a build folder nothing is installed: the icons lie beside the sources */
static void
add_icons (void)
{
  g_autofree char *folder = g_build_filename (ESP_SOURCE_DATADIR, "icons", NULL);

  if (g_file_test (folder, G_FILE_TEST_IS_DIR))
    gtk_icon_theme_add_search_path (gtk_icon_theme_get_for_display (gdk_display_get_default ()),
                                    folder);
}

static void
esp_application_startup (GApplication *app)
{
  const GActionEntry entries[] = {
    { "new-window", on_new_window, NULL, NULL, NULL, { 0 } },
    { "about", on_about, NULL, NULL, NULL, { 0 } },
    { "quit", on_quit, NULL, NULL, NULL, { 0 } },
  };

  G_APPLICATION_CLASS (esp_application_parent_class)->startup (app);
  add_icons ();
  g_action_map_add_action_entries (G_ACTION_MAP (app), entries, G_N_ELEMENTS (entries), app);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (app), keys[i].action, keys[i].accels);
}

static void
esp_application_class_init (EspApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->startup = esp_application_startup;
  application_class->activate = esp_application_activate;
  application_class->open = esp_application_open;
}

static void
esp_application_init (EspApplication *self)
{
}

EspApplication *
esp_application_new (void)
{
  return g_object_new (ESP_TYPE_APPLICATION, "application-id", ESP_APP_ID, "flags",
                       G_APPLICATION_HANDLES_OPEN, "resource-base-path", "/org/espalier/Espalier",
                       NULL);
}
