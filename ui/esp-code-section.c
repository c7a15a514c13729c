/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A few lines of Python, coloured as an editor would: strings, keywords, comments. The copy has
 * them exactly, without the line breaks that the narrow pane makes. */

#include "config.h"

#include "esp-code-section.h"
#include "esp-style.h"

#include <glib/gi18n.h>

/* how long the copy button says that it copied, in ms */
#define SAID 1500

struct _EspCodeSection
{
  EspSection parent_instance;

  GtkWidget *pytorch_button;
  GtkWidget *numpy_button;
  GtkWidget *keras_button;
  GtkWidget *copy_button;
  GtkWidget *label;

  EspSession *session; /* the one that was shown last */
  char *code;
  guint said; /* source */
};

G_DEFINE_FINAL_TYPE (EspCodeSection, esp_code_section, ESP_TYPE_SECTION)

static gboolean
is_word (char c)
{
  return g_ascii_isalnum (c) || c == '_';
}

static gboolean
is_keyword (const char *word, gsize length)
{
  static const char *const keywords[] = { "import", "from", "for",  "in",   "with", "as",
                                          "print",  "def",  "None", "True", "False" };

  for (guint i = 0; i < G_N_ELEMENTS (keywords); i++)
    {
      if (strlen (keywords[i]) == length && memcmp (keywords[i], word, length) == 0)
        return TRUE;
    }
  return FALSE;
}

/* length of the piece that begins at @text, and the name of its colour or NULL */
static gsize
next_piece (const char *text, const char **color)
{
  gsize n = 1;

  *color = NULL;
  if (*text == '#')
    {
      *color = "esp_second";
      return strcspn (text, "\n");
    }
  if (*text == '"' || *text == '\'')
    {
      *color = "esp_green";
      while (text[n] && text[n] != *text && text[n] != '\n')
        n += text[n] == '\\' && text[n + 1] ? 2 : 1;
      return text[n] == *text ? n + 1 : n;
    }
  if (is_word (*text))
    {
      while (is_word (text[n]))
        n++;
      *color = is_keyword (text, n) ? "esp_tie_a" : NULL;
    }
  return n;
}

static void
color_piece (PangoAttrList *attributes, guint32 color, guint start, guint end)
{
  PangoAttribute *pieces[] = {
    pango_attr_foreground_new ((guint16) ((color >> 16 & 0xff) * 257),
                               (guint16) ((color >> 8 & 0xff) * 257),
                               (guint16) ((color & 0xff) * 257)),
    pango_attr_foreground_alpha_new ((guint16) ((color >> 24) * 257)),
  };

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      pieces[i]->start_index = start;
      pieces[i]->end_index = end;
      pango_attr_list_insert (attributes, pieces[i]);
    }
}

static void
show_code (EspCodeSection *self)
{
  PangoAttrList *attributes = pango_attr_list_new ();
  const char *text = self->code ? self->code : "";
  gsize n;

  pango_attr_list_insert (attributes, pango_attr_insert_hyphens_new (FALSE));
  for (const char *at = text; *at; at += n)
    {
      const char *name;

      n = next_piece (at, &name);
      if (!name)
        continue;
      color_piece (attributes, esp_style_get_color (self->label, name, 0xff000000),
                   (guint) (at - text), (guint) (at - text) + (guint) n);
    }
  gtk_label_set_attributes (GTK_LABEL (self->label), attributes);
  gtk_label_set_text (GTK_LABEL (self->label), text);
  pango_attr_list_unref (attributes);
}

static EspDialect
get_dialect (EspCodeSection *self)
{
  if (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self->numpy_button)))
    return ESP_DIALECT_NUMPY;
  if (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self->keras_button)))
    return ESP_DIALECT_KERAS;
  return ESP_DIALECT_PYTORCH;
}

static void
esp_code_section_show (EspSection *section, EspSession *session)
{
  EspCodeSection *self = ESP_CODE_SECTION (section);
  EspDocument *document = esp_session_get_document (session);
  EspPlace *place = esp_session_get_selection (session);

  g_set_object (&self->session, session);
  g_clear_pointer (&self->code, g_free);
  if (document && place)
    self->code = esp_document_get_code (document, place, get_dialect (self));
  show_code (self);
  gtk_widget_set_sensitive (self->copy_button, self->code && *self->code);
  gtk_widget_set_visible (GTK_WIDGET (self), document && place);
}

static void
on_toggled (EspCodeSection *self, GtkToggleButton *button)
{
  if (self->session && gtk_toggle_button_get_active (button))
    esp_section_show (ESP_SECTION (self), self->session);
}

static gboolean
on_said (gpointer user_data)
{
  EspCodeSection *self = user_data;

  self->said = 0;
  gtk_button_set_icon_name (GTK_BUTTON (self->copy_button), "edit-copy-symbolic");
  return G_SOURCE_REMOVE;
}

static void
on_copy (EspCodeSection *self)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), self->code);
  gtk_button_set_icon_name (GTK_BUTTON (self->copy_button), "emblem-ok-symbolic");
  g_clear_handle_id (&self->said, g_source_remove);
  self->said = g_timeout_add (SAID, on_said, self);
}

static void
esp_code_section_dispose (GObject *object)
{
  EspCodeSection *self = ESP_CODE_SECTION (object);

  g_clear_handle_id (&self->said, g_source_remove);
  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_CODE_SECTION);
  g_clear_object (&self->session);
  g_clear_pointer (&self->code, g_free);
  G_OBJECT_CLASS (esp_code_section_parent_class)->dispose (object);
}

static void
esp_code_section_class_init (EspCodeSectionClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_code_section_dispose;
  ESP_SECTION_CLASS (klass)->show = esp_code_section_show;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-code-section.ui");
  gtk_widget_class_bind_template_child (widget_class, EspCodeSection, pytorch_button);
  gtk_widget_class_bind_template_child (widget_class, EspCodeSection, numpy_button);
  gtk_widget_class_bind_template_child (widget_class, EspCodeSection, keras_button);
  gtk_widget_class_bind_template_child (widget_class, EspCodeSection, copy_button);
  gtk_widget_class_bind_template_child (widget_class, EspCodeSection, label);
  gtk_widget_class_bind_template_callback (widget_class, on_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_copy);
}

static void
esp_code_section_init (EspCodeSection *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark", G_CALLBACK (show_code),
                           self, G_CONNECT_SWAPPED);
}
