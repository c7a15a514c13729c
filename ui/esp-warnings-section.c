/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file with one bad tensor still opens; here it is told what was wrong, and each warning that
 * names such a tensor leads to it. */

#include "config.h"

#include "esp-warnings-section.h"
#include "esp-note-rows.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EspWarningsSection
{
  EspSection parent_instance;

  EspNoteRows rows;
};

G_DEFINE_FINAL_TYPE (EspWarningsSection, esp_warnings_section, ESP_TYPE_SECTION)

/* tensors whose warnings are looked for */
#define MOST_TENSORS 1000

typedef struct
{
  char *path; /* owned, as it is shown */
  guint index;
} Unreadable;

static void
clear_unreadable (gpointer data)
{
  g_free (((Unreadable *) data)->path);
}

static GArray *
list_unreadable (EspTree *tree)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (Unreadable));
  g_autoptr (GString) path = g_string_new (NULL);

  g_array_set_clear_func (all, clear_unreadable);
  for (guint i = 0; i < esp_tree_get_n_tensors (tree) && all->len < MOST_TENSORS; i++)
    {
      Unreadable one = { NULL, i };
      EspTreeRow row;

      esp_tree_read_row (tree, i, &row);
      if (!esp_tensor_get_error (row.tensor))
        continue;
      g_string_truncate (path, 0);
      esp_tree_append_row_path (tree, i, path);
      one.path = esp_path_escape (path->str);
      g_array_append_val (all, one);
    }
  return all;
}

/* the tensor that a warning names, -1 if it names none: "0.weight" stands in "10.weight" too, so
 * the longest counts */
static gint64
find_named (GArray *unreadable, const char *warning)
{
  gsize longest = 0;
  gint64 found = -1;

  for (guint i = 0; i < unreadable->len; i++)
    {
      const Unreadable *one = &g_array_index (unreadable, Unreadable, i);
      gsize length = strlen (one->path);

      if (length > longest && strstr (warning, one->path))
        {
          longest = length;
          found = one->index;
        }
    }
  return found;
}

static void
esp_warnings_section_show (EspSection *section, EspSession *session)
{
  EspWarningsSection *self = ESP_WARNINGS_SECTION (section);
  EspDocument *document = esp_session_get_document (session);
  EspCheckpoint *checkpoint = document ? esp_document_get_checkpoint (document) : NULL;
  guint n = checkpoint && esp_section_is_root (session) ? esp_checkpoint_get_n_warnings (checkpoint)
                                                        : 0;
  g_autoptr (GArray) unreadable = n > 0 ? list_unreadable (esp_document_get_tree (document)) : NULL;

  esp_note_rows_begin (&self->rows);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = esp_path_escape (esp_checkpoint_get_warning (checkpoint, i));

      esp_note_rows_add (&self->rows, ESP_NOTE_WARNING, "dialog-warning-symbolic", text, NULL);
      if (i < ESP_SECTION_MAX_ROWS)
        esp_note_rows_set_tensor (&self->rows, find_named (unreadable, text));
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
