/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GtkFileChooserNative (a portal where there is one) and AdwMessageDialog. Each dialog keeps what
 * it needs until it is answered. The folder that was used last is remembered. */

#include "config.h"

#include "esp-dialogs.h"
#include "esp-settings.h"

#include <glib/gi18n.h>

typedef struct
{
  EspDialogsFilesFunc opened;
  EspDialogsFileFunc saved;
  EspDialogsUnsavedFunc answered;
  EspDialogsFunc accepted;
  gpointer user_data;
  GDestroyNotify destroy;
} Question;

static void
question_free (gpointer data, GClosure *closure)
{
  Question *question = data;

  if (question->destroy)
    question->destroy (question->user_data);
  g_free (question);
}

/* the last folder, or the home folder: a list of recent files has no place to type a path in */
static void
set_last_folder (GtkFileChooser *chooser)
{
  g_autofree char *path = esp_settings_dup_string ("last-folder");
  gboolean there = path && g_file_test (path, G_FILE_TEST_IS_DIR);
  g_autoptr (GFile) folder = g_file_new_for_path (there ? path : g_get_home_dir ());

  gtk_file_chooser_set_current_folder (chooser, folder, NULL);
}

static void
keep_last_folder (GFile *file)
{
  g_autoptr (GFile) folder = g_file_get_parent (file);
  const char *path = folder ? g_file_peek_path (folder) : NULL;

  if (path)
    esp_settings_set_string ("last-folder", path);
}

static void
add_filters (GtkFileChooser *chooser)
{
  g_autoptr (GtkFileFilter) checkpoints = gtk_file_filter_new ();
  g_autoptr (GtkFileFilter) all = gtk_file_filter_new ();
  const EspFormat *const *formats = esp_format_get_all ();

  gtk_file_filter_set_name (checkpoints, _ ("Checkpoints and networks"));
  for (guint i = 0; formats[i]; i++)
    for (guint k = 0; formats[i]->suffixes && formats[i]->suffixes[k]; k++)
      {
        const char *suffix = formats[i]->suffixes[k];

        gtk_file_filter_add_suffix (checkpoints, *suffix == '.' ? suffix + 1 : suffix);
      }
  gtk_file_filter_add_suffix (checkpoints, "json");
  gtk_file_filter_add_suffix (checkpoints, "espalier");
  gtk_file_filter_set_name (all, _ ("All files"));
  gtk_file_filter_add_pattern (all, "*");
  gtk_file_chooser_add_filter (chooser, checkpoints);
  gtk_file_chooser_add_filter (chooser, all);
}

static void
show_chooser (GtkFileChooserNative *chooser, Question *question, GCallback on_response)
{
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  set_last_folder (GTK_FILE_CHOOSER (chooser));
  /* the handler's data go with it, and the handler goes with the chooser */
  g_signal_connect_data (chooser, "response", on_response, question, question_free, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

static void
on_open_response (GtkNativeDialog *chooser, int response, Question *question)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

  gtk_native_dialog_hide (chooser);
  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GListModel) chosen = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (chooser));

      for (guint i = 0; i < g_list_model_get_n_items (chosen); i++)
        g_ptr_array_add (files, g_list_model_get_item (chosen, i));
      if (files->len)
        keep_last_folder (g_ptr_array_index (files, 0));
    }
  if (files->len)
    question->opened (files, question->user_data);
  g_object_unref (chooser);
}

void
esp_dialogs_open (GtkWindow *parent,
                  EspDialogsFilesFunc callback,
                  gpointer user_data,
                  GDestroyNotify destroy)
{
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new (
      _ ("Open Checkpoints"), parent, GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"), _ ("_Cancel"));
  Question *question = g_new0 (Question, 1);

  question->opened = callback;
  question->user_data = user_data;
  question->destroy = destroy;
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (chooser), TRUE);
  add_filters (GTK_FILE_CHOOSER (chooser));
  show_chooser (chooser, question, G_CALLBACK (on_open_response));
}

static void
on_save_response (GtkNativeDialog *chooser, int response, Question *question)
{
  g_autoptr (GFile) file = NULL;

  gtk_native_dialog_hide (chooser);
  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (chooser));
  if (file)
    {
      keep_last_folder (file);
      question->saved (file, question->user_data);
    }
  g_object_unref (chooser);
}

void
esp_dialogs_open_data (GtkWindow *parent,
                       EspDialogsFileFunc callback,
                       gpointer user_data,
                       GDestroyNotify destroy)
{
  static const char *const suffixes[] = { "csv", "tsv", "txt", "npy", "npz", NULL };
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new (_ ("Open Data to Train With"),
                                                               parent, GTK_FILE_CHOOSER_ACTION_OPEN,
                                                               _ ("_Open"), _ ("_Cancel"));
  Question *question = g_new0 (Question, 1);
  g_autoptr (GtkFileFilter) tables = gtk_file_filter_new ();
  g_autoptr (GtkFileFilter) all = gtk_file_filter_new ();

  question->saved = callback;
  question->user_data = user_data;
  question->destroy = destroy;
  gtk_file_filter_set_name (tables, _ ("CSV, NumPy and IDX"));
  for (guint i = 0; suffixes[i] != NULL; i++)
    gtk_file_filter_add_suffix (tables, suffixes[i]);
  gtk_file_filter_add_pattern (tables, "*ubyte*");
  gtk_file_filter_set_name (all, _ ("All files"));
  gtk_file_filter_add_pattern (all, "*");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (chooser), tables);
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (chooser), all);
  show_chooser (chooser, question, G_CALLBACK (on_save_response));
}

void
esp_dialogs_open_weights (GtkWindow *parent,
                          EspDialogsFileFunc callback,
                          gpointer user_data,
                          GDestroyNotify destroy)
{
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new (
      _ ("Open Weights to Load"), parent, GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Load"), _ ("_Cancel"));
  Question *question = g_new0 (Question, 1);

  question->saved = callback;
  question->user_data = user_data;
  question->destroy = destroy;
  add_filters (GTK_FILE_CHOOSER (chooser));
  show_chooser (chooser, question, G_CALLBACK (on_save_response));
}

void
esp_dialogs_save_as (GtkWindow *parent,
                     const char *title,
                     const char *name,
                     const char *kind,
                     const char *const *suffixes,
                     EspDialogsFileFunc callback,
                     gpointer user_data,
                     GDestroyNotify destroy)
{
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new (
      title, parent, GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), _ ("_Cancel"));
  Question *question = g_new0 (Question, 1);
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  question->saved = callback;
  question->user_data = user_data;
  question->destroy = destroy;
  gtk_file_filter_set_name (filter, kind);
  for (guint i = 0; suffixes[i] != NULL; i++)
    gtk_file_filter_add_suffix (filter, suffixes[i]);
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (chooser), filter);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (chooser), name);
  show_chooser (chooser, question, G_CALLBACK (on_save_response));
}

void
esp_dialogs_save (GtkWindow *parent,
                  const char *name,
                  EspDialogsFileFunc callback,
                  gpointer user_data,
                  GDestroyNotify destroy)
{
  static const char *const suffixes[] = { "espalier", "safetensors", "pt", "pth", NULL };

  esp_dialogs_save_as (parent, _ ("Save Network"), name,
                       _ ("With history (.espalier), safetensors, PyTorch (.pt)"), suffixes,
                       callback, user_data, destroy);
}

static void
on_unsaved_response (AdwMessageDialog *dialog, const char *response, Question *question)
{
  EspUnsaved answer = ESP_UNSAVED_CANCEL;

  if (g_str_equal (response, "save"))
    answer = ESP_UNSAVED_SAVE;
  else if (g_str_equal (response, "discard"))
    answer = ESP_UNSAVED_DISCARD;
  question->answered (answer, question->user_data);
}

void
esp_dialogs_ask_unsaved (GtkWindow *parent,
                         const char *title,
                         EspDialogsUnsavedFunc callback,
                         gpointer user_data,
                         GDestroyNotify destroy)
{
  Question *question = g_new0 (Question, 1);
  GtkWidget *dialog = adw_message_dialog_new (parent, _ ("Save the Network?"), NULL);

  question->answered = callback;
  question->user_data = user_data;
  question->destroy = destroy;
  adw_message_dialog_format_body (
      ADW_MESSAGE_DIALOG (dialog),
      _ ("“%s” has been trained or edited since it was last saved. What is not saved is lost."),
      title);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "discard",
                                    _ ("_Discard"), "save", _ ("_Save"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "discard",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "save",
                                              ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "save");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_data (dialog, "response", G_CALLBACK (on_unsaved_response), question,
                         question_free, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

#define WIDE 640         /* pixels: a window that has room for a dialog with long names */
#define WIDE_DETAILS 460 /* of it */

static void
on_anyway_response (AdwMessageDialog *dialog, const char *response, Question *question)
{
  if (g_str_equal (response, "accept"))
    question->accepted (question->user_data);
}

static GtkWidget *
make_details (const char *text)
{
  GtkWidget *label = gtk_label_new (text);
  GtkWidget *scrolled = gtk_scrolled_window_new ();

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_yalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_add_css_class (label, "details-text");
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scrolled), TRUE);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scrolled), 280);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), label);
  gtk_widget_add_css_class (scrolled, "card");
  return scrolled;
}

void
esp_dialogs_ask_anyway (GtkWindow *parent,
                        const char *heading,
                        const char *body,
                        const char *details,
                        const char *accept,
                        EspDialogsFunc callback,
                        gpointer user_data,
                        GDestroyNotify destroy)
{
  Question *question = g_new0 (Question, 1);
  GtkWidget *widget = adw_message_dialog_new (parent, heading, body);
  AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG (widget);
  GtkWidget *list;

  question->accepted = callback;
  question->user_data = user_data;
  question->destroy = destroy;
  list = make_details (details);
  if (gtk_widget_get_width (GTK_WIDGET (parent)) >= WIDE)
    gtk_widget_set_size_request (list, WIDE_DETAILS, -1);
  adw_message_dialog_set_extra_child (dialog, list);
  adw_message_dialog_add_response (dialog, "cancel", accept ? _ ("_Cancel") : _ ("_Close"));
  adw_message_dialog_set_close_response (dialog, "cancel");
  adw_message_dialog_set_default_response (dialog, "cancel");
  if (accept)
    adw_message_dialog_add_response (dialog, "accept", accept);
  g_signal_connect_data (dialog, "response", G_CALLBACK (on_anyway_response), question,
                         question_free, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_tell_response (AdwMessageDialog *dialog, const char *response, gpointer user_data)
{
  if (g_str_equal (response, "copy"))
    gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (dialog)),
                            adw_message_dialog_get_body (dialog));
}

void
esp_dialogs_tell (GtkWindow *parent, const char *heading, const char *body)
{
  GtkWidget *dialog = adw_message_dialog_new (parent, heading, body);

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "copy", _ ("_Copy"), "close",
                                    _ ("_Close"), NULL);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "close");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "close");
  g_signal_connect (dialog, "response", G_CALLBACK (on_tell_response), NULL);
  gtk_window_present (GTK_WINDOW (dialog));
}
