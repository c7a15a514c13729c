/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file with one bad tensor still opens; here it is told what was wrong. */

#include "config.h"

#include "esp-warnings-section.h"
#include "esp-note-rows.h"

#include <glib/gi18n.h>

struct _EspWarningsSection
{
  EspSection parent_instance;

  EspNoteRows rows;
};

G_DEFINE_FINAL_TYPE (EspWarningsSection, esp_warnings_section, ESP_TYPE_SECTION)

static void
esp_warnings_section_show (EspSection *section, EspSession *session)
{
  EspWarningsSection *self = ESP_WARNINGS_SECTION (section);
  EspDocument *document = esp_session_get_document (session);
  EspCheckpoint *checkpoint = document ? esp_document_get_checkpoint (document) : NULL;
  guint n = checkpoint && esp_section_is_root (session) ? esp_checkpoint_get_n_warnings (checkpoint)
                                                        : 0;

  esp_note_rows_begin (&self->rows);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = esp_path_escape (esp_checkpoint_get_warning (checkpoint, i));

      esp_note_rows_add (&self->rows, ESP_NOTE_WARNING, "dialog-warning-symbolic", text, NULL);
    }
  esp_note_rows_end (&self->rows);
  gtk_widget_set_visible (GTK_WIDGET (self), n > 0);
}

static void
esp_warnings_section_finalize (GObject *object)
{
  esp_note_rows_clear (&ESP_WARNINGS_SECTION (object)->rows);
  G_OBJECT_CLASS (esp_warnings_section_parent_class)->finalize (object);
}

static void
esp_warnings_section_class_init (EspWarningsSectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_warnings_section_finalize;
  ESP_SECTION_CLASS (klass)->show = esp_warnings_section_show;
}

static void
esp_warnings_section_init (EspWarningsSection *self)
{
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _ ("Warnings"));
  esp_note_rows_init (&self->rows, ADW_PREFERENCES_GROUP (self));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
