/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of findings, units and warnings. They are kept and set anew; see esp-fact-row.c. */

#include "config.h"

#include "esp-note-rows.h"
#include "esp-section.h"

#include <glib/gi18n.h>

static const char *const tone_classes[] = {
  [ESP_NOTE_PLAIN] = "second",
  [ESP_NOTE_OK] = "ok-text",
  [ESP_NOTE_WARNING] = "warning-text",
  [ESP_NOTE_ERROR] = "danger-text",
};

/* severity is told in words to those who see neither icon nor colour */
static const char *
describe_tone (EspNoteTone tone)
{
  switch (tone)
    {
    case ESP_NOTE_WARNING:
      return _ ("Warning");
    case ESP_NOTE_ERROR:
      return _ ("Error");
    case ESP_NOTE_PLAIN:
    case ESP_NOTE_OK:
    default:
      return NULL;
    }
}

static GtkWidget *
create_row (void)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *image = gtk_image_new ();
  GtkWidget *arrow = gtk_image_new_from_icon_name ("find-location-symbolic");

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 3);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), image);
  gtk_widget_set_visible (arrow, FALSE);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), arrow);
  g_object_set_data (G_OBJECT (row), "arrow", arrow);
  g_object_set_data (G_OBJECT (row), "image", image);
  gtk_widget_add_css_class (row, "note");
  /* the row tells severity, too, so its two labels alone are not its name */
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_RELATION_DESCRIBED_BY);
  return row;
}

void
esp_note_rows_init (EspNoteRows *self, AdwPreferencesGroup *group)
{
  self->group = group;
  self->rows = g_ptr_array_new ();
  self->n_used = 0;
  self->n_beyond = 0;
}

void
esp_note_rows_clear (EspNoteRows *self)
{
  g_clear_pointer (&self->rows, g_ptr_array_unref);
}

void
esp_note_rows_begin (EspNoteRows *self)
{
  self->n_used = 0;
  self->n_beyond = 0;
}

static void
set_tone (GtkWidget *image, EspNoteTone tone)
{
  for (guint i = 0; i < G_N_ELEMENTS (tone_classes); i++)
    {
      if (i == tone)
        gtk_widget_add_css_class (image, tone_classes[i]);
      else
        gtk_widget_remove_css_class (image, tone_classes[i]);
    }
}

/* @action NULL leads nowhere; @target is taken if it is floating */
static void
set_target (GtkWidget *row, const char *icon_name, const char *action, GVariant *target)
{
  GtkWidget *arrow = g_object_get_data (G_OBJECT (row), "arrow");
  g_autoptr (GVariant) own = target ? g_variant_ref_sink (target) : NULL;

  gtk_widget_set_visible (arrow, action != NULL);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), action != NULL);
  if (action)
    {
      gtk_image_set_from_icon_name (GTK_IMAGE (arrow), icon_name);
      gtk_actionable_set_action_target_value (GTK_ACTIONABLE (row), own);
    }
  gtk_actionable_set_action_name (GTK_ACTIONABLE (row), action);
}

static void
fill_row (AdwActionRow *row,
          EspNoteTone tone,
          const char *icon_name,
          const char *title,
          const char *details)
{
  GtkWidget *image = g_object_get_data (G_OBJECT (row), "image");
  const char *severity = describe_tone (tone);
  g_autofree char *spoken = NULL;

  if (g_object_get_data (G_OBJECT (image), "tone") == GUINT_TO_POINTER (tone + 1) &&
      g_strcmp0 (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), title) == 0 &&
      g_strcmp0 (adw_action_row_get_subtitle (row), details ? details : "") == 0)
    return;
  g_object_set_data (G_OBJECT (image), "tone", GUINT_TO_POINTER (tone + 1));
  gtk_image_set_from_icon_name (GTK_IMAGE (image), icon_name);
  set_tone (image, tone);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (row, details ? details : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (row), details && strlen (details) > 80 ? details : NULL);
  /* TRANSLATORS: severity and what it is about, as it is read aloud: "Warning: Unit 5 is dead" */
  spoken = severity ? g_strdup_printf (_ ("%s: %s"), severity, title) : g_strdup (title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, details ? details : "", -1);
}

void
esp_note_rows_add (EspNoteRows *self,
                   EspNoteTone tone,
                   const char *icon_name,
                   const char *title,
                   const char *details)
{
  if (self->n_used >= ESP_SECTION_MAX_ROWS)
    {
      self->n_beyond++;
      return;
    }
  if (self->n_used == self->rows->len)
    {
      GtkWidget *made = create_row ();

      adw_preferences_group_add (self->group, made);
      g_ptr_array_add (self->rows, made);
    }
  fill_row (g_ptr_array_index (self->rows, self->n_used), tone, icon_name, title, details);
  set_target (g_ptr_array_index (self->rows, self->n_used++), NULL, NULL, NULL);
}

static GtkWidget *
get_last (EspNoteRows *self)
{
  return self->n_used > 0 && self->n_beyond == 0 ? g_ptr_array_index (self->rows, self->n_used - 1)
                                                 : NULL;
}

void
esp_note_rows_set_cell (EspNoteRows *self, gint64 cell)
{
  GtkWidget *row = get_last (self);

  if (row)
    set_target (row, "find-location-symbolic", cell >= 0 ? "inspector.go-to-cell" : NULL,
                g_variant_new_int64 (cell));
}

void
esp_note_rows_set_tensor (EspNoteRows *self, gint64 tensor)
{
  GtkWidget *row = get_last (self);

  if (row)
    set_target (row, "go-next-symbolic", tensor >= 0 ? "inspector.go-to-tensor" : NULL,
                g_variant_new_int64 (tensor));
}

void
esp_note_rows_set_view (EspNoteRows *self, const char *view)
{
  GtkWidget *row = get_last (self);

  if (row)
    set_target (row, "go-next-symbolic", "inspector.go-to-view", g_variant_new_string (view));
}

void
esp_note_rows_end (EspNoteRows *self)
{
  if (self->n_beyond > 0)
    {
      AdwActionRow *last = g_ptr_array_index (self->rows, self->n_used - 1);
      guint n = self->n_beyond + 1;
      g_autofree char *text = g_strdup_printf (ngettext ("%u more", "%u more", n), n);

      fill_row (last, ESP_NOTE_PLAIN, "view-more-symbolic", text, NULL);
      set_target (GTK_WIDGET (last), NULL, NULL, NULL);
    }
  while (self->rows->len > self->n_used)
    {
      GtkWidget *row = g_ptr_array_steal_index (self->rows, self->rows->len - 1);

      adw_preferences_group_remove (self->group, row);
    }
}
