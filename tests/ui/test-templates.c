/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every template of the program is instantiated and finalised: a wrong property or a child that
 * isn't there is a warning, and warnings are fatal in tests; a reference too many leaves the widget
 * alive. */

#include "espalier.h"

#include <adwaita.h>
#include <gmodule.h>

#define PREFIX "/org/espalier/Espalier/"

/* the class of a template: esp-code-section.ui holds that of esp_code_section_get_type() */
static GType
get_template_type (const char *file)
{
  g_autofree char *stem = g_strndup (file, strlen (file) - strlen (".ui"));
  g_autofree char *symbol = g_strconcat (g_strdelimit (stem, "-", '_'), "_get_type", NULL);
  GModule *module = g_module_open (NULL, 0);
  GType (*get_type) (void) = NULL;

  g_assert_nonnull (module);
  if (!g_module_symbol (module, symbol, (gpointer *) &get_type))
    g_error ("%s is no template of a class: no %s()", file, symbol);
  return get_type ();
}

static void
spin (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_template (gconstpointer data)
{
  GType type = get_template_type (data);
  GObject *object = g_object_ref_sink (g_object_new (type, NULL));
  GObject *alive = object;

  g_object_add_weak_pointer (object, (gpointer *) &alive);
  spin ();
  if (GTK_IS_WINDOW (object))
    gtk_window_destroy (GTK_WINDOW (object));
  g_object_unref (object);
  spin ();
  g_assert_null (alive);
}

int
main (int argc, char **argv)
{
  g_auto (GStrv) files = NULL;

  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ())
    {
      g_print ("1..0 # SKIP there is no display\n");
      return 0;
    }
  adw_init ();
  files = g_resources_enumerate_children (PREFIX, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_assert_nonnull (files);
  for (guint i = 0; files[i]; i++)
    {
      g_autofree char *path = g_strconcat ("/templates/", files[i], NULL);

      if (g_str_has_suffix (files[i], ".ui"))
        g_test_add_data_func (path, files[i], test_template);
    }
  return g_test_run ();
}
