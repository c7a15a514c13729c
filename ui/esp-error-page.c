/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The heading comes from the kind of error, the sentence and the rows from its message, which names
 * place, what was wanted and what was found. */

#include "config.h"

#include "esp-error-page.h"
#include "esp-size-watch.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#define MAX_TENSORS 100
#define MAX_CALLS 20
#define ONE_COLUMN_WIDTH 560

struct _EspErrorPage
{
  AdwBin parent_instance;

  GtkImage *icon;
  GtkLabel *heading;
  GtkLabel *description;
  EspSizeWatch *watch;
  GtkWidget *buttons;
  GtkWidget *recovered_button;
  GtkWidget *open_button;
  GtkWidget *back_button;
  GtkListBox *facts;
  GtkWidget *tensors_box;
  GtkLabel *tensors_caption;
  GtkListBox *tensors;

  GString *report;
};

G_DEFINE_FINAL_TYPE (EspErrorPage, esp_error_page, ADW_TYPE_BIN)

typedef struct
{
  const char *icon;
  const char *heading;
  const char *advice;
} Kind;

static const Kind other_kind = { "dialog-error-symbolic", N_ ("This file can’t be opened"), NULL };

static const Kind format_kinds[] = {
  [ESP_FORMAT_ERROR_UNKNOWN] = { "dialog-question-symbolic", N_ ("This is no checkpoint"),
                                 N_ ("Files are recognised by what is in them, whatever they are "
                                     "called.") },
  [ESP_FORMAT_ERROR_TRUNCATED] = { "dialog-error-symbolic", N_ ("This file ends too early"),
                                   N_ ("It may not have been written or copied to its end.") },
  [ESP_FORMAT_ERROR_CORRUPT] = { "dialog-error-symbolic", N_ ("This file is damaged"), NULL },
  [ESP_FORMAT_ERROR_LIMIT] = { "dialog-error-symbolic", N_ ("This file is beyond a limit"),
                               N_ ("Limits keep a hostile file from taking all memory.") },
  [ESP_FORMAT_ERROR_UNSAFE] = { "security-high-symbolic", N_ ("This file was refused"),
                                N_ ("It asks for something that no checkpoint needs. Nothing in it "
                                    "was run.") },
  [ESP_FORMAT_ERROR_UNSUPPORTED] = { "text-x-generic-symbolic",
                                     N_ ("This kind of file can’t be read"), NULL },
};

static const Kind network_kind = { "dialog-error-symbolic", N_ ("This network can’t be built"),
                                   NULL };
static const Kind permission_kind = { "changes-prevent-symbolic", N_ ("You may not read this file"),
                                      NULL };
static const Kind folder_kind = { "folder-symbolic", N_ ("This is a folder"), NULL };
static const Kind missing_kind = { "dialog-question-symbolic", N_ ("This file is not there"),
                                   NULL };

static const Kind *
get_kind (const GError *error)
{
  if (error->domain == ESP_FORMAT_ERROR && error->code >= 0 &&
      error->code < (int) G_N_ELEMENTS (format_kinds))
    return &format_kinds[error->code];
  if (error->domain == ESP_NETWORK_ERROR)
    return &network_kind;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED) ||
      g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_ACCES))
    return &permission_kind;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY) ||
      g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR))
    return &folder_kind;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
      g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return &missing_kind;
  return &other_kind;
}

const char *
esp_error_page_get_heading (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  return _ (get_kind (error)->heading);
}

static void
clear_list (GtkListBox *list)
{
  GtkWidget *row;

  while ((row = gtk_widget_get_first_child (GTK_WIDGET (list))))
    gtk_list_box_remove (list, row);
}

static GtkWidget *
new_label (const char *text, const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  if (css_class)
    gtk_widget_add_css_class (label, css_class);
  return label;
}

static void
add_row (GtkListBox *list, GtkWidget *child)
{
  GtkWidget *row = gtk_list_box_row_new ();

  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), child);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_list_box_append (list, row);
}

/* a name left, what there is to say right of it; into the report, too */
static GtkWidget *
add_fact (EspErrorPage *self, const char *name, const char *text)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *name_label = new_label (name, "second");
  GtkWidget *text_label = new_label (text, NULL);

  gtk_label_set_width_chars (GTK_LABEL (name_label), 9);
  gtk_widget_set_valign (name_label, GTK_ALIGN_BASELINE);
  gtk_widget_set_valign (text_label, GTK_ALIGN_BASELINE);
  gtk_label_set_wrap (GTK_LABEL (text_label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (text_label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (text_label), TRUE);
  gtk_widget_set_hexpand (text_label, TRUE);
  gtk_box_append (GTK_BOX (box), name_label);
  gtk_box_append (GTK_BOX (box), text_label);
  gtk_widget_add_css_class (box, "page-fact");
  add_row (self->facts, box);
  g_string_append_printf (self->report, "%s: %s\n", name, text);
  return text_label;
}

static void
add_file_facts (EspErrorPage *self, GFile *file)
{
  g_autofree char *path = g_file_get_parse_name (file);
  g_autofree char *shown = esp_path_escape (path);
  GStatBuf status;

  add_fact (self, _ ("File"), shown);
  if (g_file_peek_path (file) && g_stat (g_file_peek_path (file), &status) == 0 &&
      S_ISREG (status.st_mode))
    {
      g_autofree char *size = esp_number_format_bytes (status.st_size);

      add_fact (self, _ ("Size"), size);
    }
}

static void
start_page (EspErrorPage *self, const char *icon, const char *heading, const char *description)
{
  gtk_image_set_from_icon_name (self->icon, icon);
  gtk_label_set_text (self->heading, heading);
  gtk_label_set_text (self->description, description ? description : "");
  gtk_widget_set_visible (GTK_WIDGET (self->description), description != NULL);
  clear_list (self->facts);
  clear_list (self->tensors);
  g_string_printf (self->report, "%s\n", heading);
}

/* readers put the file's name in front, which the page has in its title already */
static const char *
skip_name (const char *message, GFile *file)
{
  g_autofree char *name = g_file_get_basename (file);
  g_autofree char *shown = esp_path_escape (name);
  gsize n = strlen (shown);

  if (strncmp (message, shown, n) == 0 && strncmp (message + n, ": ", 2) == 0)
    return message + n + 2;
  return message;
}

/* Messages are made to stand behind a file's name, this one stands alone: so it begins like a
 * sentence, unless it begins with a name of something in the file. */
static char *
dup_sentence (const char *message)
{
  gsize n = strspn (message, "abcdefghijklmnopqrstuvwxyz");
  char *sentence = g_strdup (message);

  if (n > 0 && message[n] == ' ')
    sentence[0] = g_ascii_toupper (sentence[0]);
  return sentence;
}

void
esp_error_page_set_error (EspErrorPage *self, GFile *file, const GError *error)
{
  const Kind *kind = get_kind (error);
  g_autofree char *problem = dup_sentence (skip_name (error->message, file));

  g_return_if_fail (ESP_IS_ERROR_PAGE (self));

  start_page (self, kind->icon, _ (kind->heading), kind->advice ? _ (kind->advice) : NULL);
  add_fact (self, _ ("Problem"), problem);
  add_file_facts (self, file);
  gtk_widget_set_visible (self->tensors_box, FALSE);
  gtk_widget_set_visible (self->recovered_button, FALSE);
  gtk_widget_set_visible (self->open_button, TRUE);
}

static void
add_tensor (EspErrorPage *self, EspPlace *place)
{
  EspTensor *tensor = esp_parameter_get_data (esp_place_get_parameter (place));
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  g_autofree char *path = esp_path_escape (esp_place_get_path (place));
  g_autofree char *shape = esp_tensor_dup_shape (tensor);
  g_autofree char *size = esp_number_format_bytes (esp_tensor_get_bytes (tensor));
  GtkWidget *name_label = new_label (path, NULL);
  GtkWidget *size_label = new_label (size, "numeric");

  gtk_label_set_ellipsize (GTK_LABEL (name_label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_widget_set_hexpand (name_label, TRUE);
  gtk_label_set_width_chars (GTK_LABEL (size_label), 9);
  gtk_label_set_xalign (GTK_LABEL (size_label), 1);
  gtk_box_append (GTK_BOX (box), gtk_image_new_from_icon_name ("view-grid-symbolic"));
  gtk_box_append (GTK_BOX (box), name_label);
  gtk_box_append (GTK_BOX (box), new_label (shape, "numeric"));
  gtk_box_append (GTK_BOX (box), new_label (esp_tensor_get_dtype_name (tensor), "second"));
  gtk_box_append (GTK_BOX (box), size_label);
  gtk_widget_add_css_class (box, "page-tensor");
  add_row (self->tensors, box);
}

static void
add_tensors (EspErrorPage *self, EspDocument *document)
{
  EspTree *tree = esp_document_get_tree (document);
  guint n = esp_tree_get_n_tensors (tree);
  g_autofree char *subtitle = esp_document_dup_subtitle (document);
  g_autofree char *count = esp_number_format_count (n);
  g_autofree char *label = g_strdup_printf (
      ngettext ("Open %s Recovered Tensor", "Open %s Recovered Tensors", n), count);

  gtk_button_set_label (GTK_BUTTON (self->recovered_button), label);
  gtk_label_set_text (self->tensors_caption, subtitle);
  for (guint i = 0; i < MIN (n, MAX_TENSORS); i++)
    add_tensor (self, esp_tree_get_tensor (tree, i));
  if (n > MAX_TENSORS)
    {
      g_autofree char *rest = esp_number_format_count (n - MAX_TENSORS);
      g_autofree char *more =
          g_strdup_printf (ngettext ("and %s more", "and %s more", n - MAX_TENSORS), rest);
      GtkWidget *more_label = new_label (more, "second");

      gtk_widget_add_css_class (more_label, "page-tensor");
      add_row (self->tensors, more_label);
    }
  gtk_widget_set_visible (self->tensors_box, n > 0);
  gtk_widget_set_visible (self->recovered_button, n > 0);
  gtk_widget_set_visible (self->open_button, n == 0);
}

void
esp_error_page_set_refused (EspErrorPage *self, GFile *file, EspDocument *document)
{
  const char *const *calls =
      esp_checkpoint_get_pickle_refused (esp_document_get_checkpoint (document));

  g_return_if_fail (ESP_IS_ERROR_PAGE (self));

  start_page (self, "security-high-symbolic", _ ("This file wants to run a command"),
              _ ("Espalier reads pickles without running them, so nothing was run."));
  for (guint i = 0; calls[i] && i < MAX_CALLS; i++)
    {
      g_autofree char *shown = esp_path_escape (calls[i]);
      GtkWidget *text = add_fact (self, _ ("Call"), shown);

      gtk_widget_add_css_class (text, "monospace");
      gtk_widget_add_css_class (text, "danger-text");
    }
  add_fact (self, _ ("Run"), _ ("Nothing"));
  add_file_facts (self, file);
  add_tensors (self, document);
}

const char *
esp_error_page_get_report (EspErrorPage *self)
{
  g_return_val_if_fail (ESP_IS_ERROR_PAGE (self), NULL);

  return self->report->str;
}

void
esp_error_page_set_can_go_back (EspErrorPage *self, gboolean can_go_back)
{
  g_return_if_fail (ESP_IS_ERROR_PAGE (self));

  gtk_widget_set_visible (self->back_button, can_go_back);
}

/* pills side by side, or below each other */
static void
on_width_changed (EspErrorPage *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->buttons),
                                  esp_size_watch_get_width (self->watch) < ONE_COLUMN_WIDTH
                                      ? GTK_ORIENTATION_VERTICAL
                                      : GTK_ORIENTATION_HORIZONTAL);
}

static void
esp_error_page_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_ERROR_PAGE);
  G_OBJECT_CLASS (esp_error_page_parent_class)->dispose (object);
}

static void
esp_error_page_finalize (GObject *object)
{
  g_string_free (ESP_ERROR_PAGE (object)->report, TRUE);
  G_OBJECT_CLASS (esp_error_page_parent_class)->finalize (object);
}

static void
esp_error_page_class_init (EspErrorPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_error_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = esp_error_page_finalize;
  g_type_ensure (ESP_TYPE_SIZE_WATCH);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/espalier/Espalier/esp-error-page.ui");
  gtk_widget_class_bind_template_child (widget_class, EspErrorPage, icon);
  gtk_widget_class_bind_template_child (widget_class, EspErrorPage, heading);
  gtk_widget_class_bind_template_child (widget_class, EspErrorPage, description);
  gtk_widget_class_bind_template_child (widget_class, EspErrorPage, watch);
  gtk_widget_class_bind_template_child (widget_class, EspErrorPage, buttons);
  gtk_widget_class_bind_template_child (widget_class, EspErrorPage, recovered_button);
  gtk_widget_class_bind_template_child (widget_class, EspErrorPage, open_button);
  gtk_widget_class_bind_template_child (widget_class, EspErrorPage, back_button);
  gtk_widget_class_bind_template_child (widget_class, EspErrorPage, facts);
  gtk_widget_class_bind_template_child (widget_class, EspErrorPage, tensors_box);
  gtk_widget_class_bind_template_child (widget_class, EspErrorPage, tensors_caption);
  gtk_widget_class_bind_template_child (widget_class, EspErrorPage, tensors);
}

static void
esp_error_page_init (EspErrorPage *self)
{
  self->report = g_string_new (NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (self->watch, "notify::width", G_CALLBACK (on_width_changed), self);
}
