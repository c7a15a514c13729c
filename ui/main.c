/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window program: `espalier [FILE...]`. */

#include "config.h"

#include "esp-application.h"

#include <glib/gi18n.h>
#include <locale.h>

int
main (int argc, char **argv)
{
  g_autoptr (EspApplication) app = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, ESP_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_application_name ("Espalier");
  gtk_window_set_default_icon_name (ESP_APP_ID);

  app = esp_application_new ();
  return g_application_run (G_APPLICATION (app), argc, argv);
}
