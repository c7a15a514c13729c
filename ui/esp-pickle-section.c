/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pickle is a program. This one was read without running it; here stands what it would have
 * called, so that a person can judge where the file comes from. */

#include "config.h"

#include "esp-pickle-section.h"

#include <glib/gi18n.h>

struct _EspPickleSection
{
  EspSection parent_instance;

  GPtrArray *rows; /* AdwExpanderRow, borrowed from the group */
};

G_DEFINE_FINAL_TYPE (EspPickleSection, esp_pickle_section, ESP_TYPE_SECTION)

static void
add_name (AdwExpanderRow *row, const char *name)
{
  GtkWidget *line = adw_action_row_new ();
  g_autofree char *escaped = esp_path_escape (name);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (line), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (line), escaped);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (line), 2);
  gtk_widget_add_css_class (line, "name");
  adw_expander_row_add_row (row, line);
}

static void
add_list (EspPickleSection *self,
          const char *icon_name,
          const char *css_class,
          const char *title,
          const char *subtitle,
          const char *const *names)
{
  GtkWidget *row = adw_expander_row_new ();
  GtkWidget *image = gtk_image_new_from_icon_name (icon_name);
  guint n = g_strv_length ((char **) names);

  gtk_widget_add_css_class (image, css_class);
  adw_expander_row_add_prefix (ADW_EXPANDER_ROW (row), image);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (row), subtitle);
  gtk_widget_add_css_class (row, "note");
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  subtitle, -1);
  for (guint i = 0; i < MIN (n, ESP_SECTION_MAX_ROWS); i++)
    add_name (ADW_EXPANDER_ROW (row), names[i]);
  if (n > ESP_SECTION_MAX_ROWS)
    {
      guint rest = n - ESP_SECTION_MAX_ROWS;
      g_autofree char *more = g_strdup_printf (ngettext ("%u more", "%u more", rest), rest);

      add_name (ADW_EXPANDER_ROW (row), more);
    }
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  g_ptr_array_add (self->rows, row);
}

static void
add_globals (EspPickleSection *self, const char *const *names)
{
  guint n = g_strv_length ((char **) names);
  g_autofree char *title = g_strdup_printf (ngettext ("%u Python name", "%u Python names", n), n);

  if (n > 0)
    add_list (self, "security-high-symbolic", "ok-text", title, _ ("Read as names, never imported"),
              names);
}

static void
add_refused (EspPickleSection *self, const char *const *names)
{
  guint n = g_strv_length ((char **) names);
  g_autofree char *title = g_strdup_printf (ngettext ("%u call refused", "%u calls refused", n), n);

  if (n > 0)
    add_list (self, "dialog-warning-symbolic", "warning-text", title,
              _ ("Python would run this on loading; here it was only read"), names);
}

static void
esp_pickle_section_show (EspSection *section, EspSession *session)
{
  EspPickleSection *self = ESP_PICKLE_SECTION (section);
  EspDocument *document = esp_session_get_document (session);
  EspCheckpoint *checkpoint = document ? esp_document_get_checkpoint (document) : NULL;

  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self), g_ptr_array_index (self->rows, i));
  g_ptr_array_set_size (self->rows, 0);
  if (checkpoint && esp_section_is_root (session))
    {
      add_refused (self, esp_checkpoint_get_pickle_refused (checkpoint));
      add_globals (self, esp_checkpoint_get_pickle_globals (checkpoint));
    }
  gtk_widget_set_visible (GTK_WIDGET (self), self->rows->len > 0);
}

static void
esp_pickle_section_finalize (GObject *object)
{
  g_ptr_array_unref (ESP_PICKLE_SECTION (object)->rows);
  G_OBJECT_CLASS (esp_pickle_section_parent_class)->finalize (object);
}

static void
esp_pickle_section_class_init (EspPickleSectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_pickle_section_finalize;
  ESP_SECTION_CLASS (klass)->show = esp_pickle_section_show;
}

static void
esp_pickle_section_init (EspPickleSection *self)
{
  self->rows = g_ptr_array_new ();
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _ ("Pickle"));
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (self),
                                         _ ("Nothing in a file is ever run"));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
