/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program: opens a window for each file it is given, holds what belongs to no window. */

#include "config.h"

#include "esp-application.h"
#include "esp-window.h"

struct _EspApplication
{
  AdwApplication parent_instance;
};

G_DEFINE_FINAL_TYPE (EspApplication, esp_application, ADW_TYPE_APPLICATION)

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
      EspWindow *window = esp_window_new (GTK_APPLICATION (app));

      gtk_window_present (GTK_WINDOW (window));
      esp_window_open (window, files[i]);
    }
}

static void
esp_application_class_init (EspApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

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
