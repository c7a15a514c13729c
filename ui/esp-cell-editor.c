/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The entry for one cell. In: a cell of a live network; out: esp_document_edit(), which puts the
 * new value under all names of the parameter. */

#include "config.h"

#include "esp-cell-editor.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct _EspCellEditor
{
  GtkPopover parent_instance;

  /* template */
  GtkLabel *title;
  GtkEntry *entry;
  GtkLabel *problem;

  /* owned */
  EspView *view;

  gint64 row, column;
};

G_DEFINE_FINAL_TYPE (EspCellEditor, esp_cell_editor, GTK_TYPE_POPOVER)

gboolean
esp_cell_editor_parse (const char *text, double *value)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  g_auto (GStrv) parts = g_strsplit (stripped, "\xe2\x88\x92", -1);
  g_autofree char *plain = g_strjoinv ("-", parts);
  char *end = NULL;

  if (*plain == '\0')
    return FALSE;

  *value = g_ascii_strtod (plain, &end);
  if (*end == '\0')
    return TRUE;
  *value = strtod (plain, &end);
  return *end == '\0';
}

static void
show_problem (EspCellEditor *self, const char *problem)
{
  gtk_label_set_label (self->problem, problem != NULL ? problem : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem), problem != NULL);
  if (problem != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->entry), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->entry), "error");
  gtk_accessible_update_state (
      GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_STATE_INVALID,
      problem != NULL ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE, -1);
}

static void
on_activate (EspCellEditor *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->entry));
  EspSession *session = esp_view_get_session (self->view);
  EspDocument *document = session != NULL ? esp_session_get_document (session) : NULL;
  g_autoptr (GError) error = NULL;
  double value;

  if (document == NULL || esp_view_get_matrix (self->view) == NULL)
    {
      gtk_popover_popdown (GTK_POPOVER (self));
      return;
    }
  if (!esp_cell_editor_parse (text, &value))
    {
      g_autofree char *problem = g_strdup_printf (_ ("“%s” is not a number."), text);

      show_problem (self, problem);
      return;
    }
  if (!esp_document_edit (
          document, esp_view_get_place (self->view),
          esp_plane_get_flat_index (esp_view_get_plane (self->view), self->row, self->column),
          value, &error))
    {
      show_problem (self, error->message);
      return;
    }

  gtk_popover_popdown (GTK_POPOVER (self));
}

static void
on_changed (EspCellEditor *self)
{
  show_problem (self, NULL);
}

static void
esp_cell_editor_dispose (GObject *object)
{
  EspCellEditor *self = ESP_CELL_EDITOR (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_CELL_EDITOR);
  g_clear_object (&self->view);

  G_OBJECT_CLASS (esp_cell_editor_parent_class)->dispose (object);
}

static void
esp_cell_editor_class_init (EspCellEditorClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_cell_editor_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-cell-editor.ui");
  gtk_widget_class_bind_template_child (widget_class, EspCellEditor, title);
  gtk_widget_class_bind_template_child (widget_class, EspCellEditor, entry);
  gtk_widget_class_bind_template_child (widget_class, EspCellEditor, problem);
  gtk_widget_class_bind_template_callback (widget_class, on_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
}

static void
esp_cell_editor_init (EspCellEditor *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
esp_cell_editor_new (void)
{
  return g_object_new (ESP_TYPE_CELL_EDITOR, NULL);
}

void
esp_cell_editor_open (EspCellEditor *self, EspView *view, gint64 row, gint64 column)
{
  g_autofree char *value = NULL;
  g_autofree char *title = NULL;

  g_return_if_fail (ESP_IS_CELL_EDITOR (self));
  g_return_if_fail (ESP_IS_VIEW (view) && esp_view_get_matrix (view) != NULL);

  value = esp_plane_read_cell (esp_view_get_matrix (view), row, column, NULL);
  if (value == NULL)
    return;

  g_set_object (&self->view, view);
  self->row = row;
  self->column = column;
  title = esp_plane_describe_cell (esp_view_get_plane (view), row, column);
  gtk_label_set_label (self->title, title);
  gtk_editable_set_text (GTK_EDITABLE (self->entry), value);
  show_problem (self, NULL);
  gtk_popover_popup (GTK_POPOVER (self));
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
  gtk_editable_select_region (GTK_EDITABLE (self->entry), 0, -1);
}
