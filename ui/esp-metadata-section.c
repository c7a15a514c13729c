/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys and values of the file. A value may be a whole JSON document: a row shows its beginning. */

#include "config.h"

#include "esp-metadata-section.h"
#include "esp-fact-row.h"

#include <glib/gi18n.h>

#define MAX_ROWS 200
/* characters of a value that are shown; more would only burden the layout */
#define MAX_CHARS 2000

struct _EspMetadataSection
{
  EspSection parent_instance;

  EspFactRows rows;
};

G_DEFINE_FINAL_TYPE (EspMetadataSection, esp_metadata_section, ESP_TYPE_SECTION)

static void
add_entry (EspMetadataSection *self, EspCheckpoint *checkpoint, guint index)
{
  const char *whole = esp_checkpoint_get_metadata_value (checkpoint, index);
  g_autofree char *valid = g_utf8_make_valid (whole, (gssize) strnlen (whole, 4 * MAX_CHARS));
  g_autofree char *start = g_utf8_strlen (valid, -1) > MAX_CHARS
                               ? g_utf8_substring (valid, 0, MAX_CHARS)
                               : NULL;
  g_autofree char *key = esp_path_escape (esp_checkpoint_get_metadata_key (checkpoint, index));
  g_autofree char *value = esp_path_escape (start ? start : valid);

  if (start)
    esp_fact_rows_take (&self->rows, key, g_strdup_printf ("%s…", value));
  else
    esp_fact_rows_add (&self->rows, key, value);
}

static void
esp_metadata_section_show (EspSection *section, EspSession *session)
{
  EspMetadataSection *self = ESP_METADATA_SECTION (section);
  EspDocument *document = esp_session_get_document (session);
  EspCheckpoint *checkpoint = document ? esp_document_get_checkpoint (document) : NULL;
  guint n = checkpoint && esp_section_is_root (session) ? esp_checkpoint_get_n_metadata (checkpoint)
                                                        : 0;
  g_autofree char *beyond = NULL;

  esp_fact_rows_begin (&self->rows);
  for (guint i = 0; i < MIN (n, MAX_ROWS); i++)
    add_entry (self, checkpoint, i);
  esp_fact_rows_end (&self->rows);
  if (n > MAX_ROWS)
    beyond = g_strdup_printf (ngettext ("and %u more", "and %u more", n - MAX_ROWS), n - MAX_ROWS);
  esp_section_set_caption (section, beyond);
  gtk_widget_set_visible (GTK_WIDGET (self), n > 0);
}

static void
esp_metadata_section_finalize (GObject *object)
{
  esp_fact_rows_clear (&ESP_METADATA_SECTION (object)->rows);
  G_OBJECT_CLASS (esp_metadata_section_parent_class)->finalize (object);
}

static void
esp_metadata_section_class_init (EspMetadataSectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_metadata_section_finalize;
  ESP_SECTION_CLASS (klass)->show = esp_metadata_section_show;
}

static void
esp_metadata_section_init (EspMetadataSection *self)
{
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _ ("Metadata"));
  esp_fact_rows_init (&self->rows, ADW_PREFERENCES_GROUP (self));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
