/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening: by dialog, drop, recent file or command line. A file is loaded into a session of its own
 * and only its document is taken over, so that what is open stays whatever comes. A file that was
 * refused gets the error page where nothing else is open, else a message. */

#include "config.h"

#include "esp-window-private.h"
#include "esp-dialogs.h"
#include "esp-recent.h"

#include <glib/gi18n.h>
#include <string.h>

#define SHOW_PROGRESS_AFTER 250 /* milliseconds: most files are there before */
#define MAX_RECENT 10

/* -- what a pickle asked for ----------------------------------------------------------------- */

/* Of the calls that a reader did not make, those that could do harm. The others are classes that
 * people pickle along with their weights. */
static gboolean
is_command (const char *call)
{
  static const char *const modules[] = {
    "os.",       "posix.",       "nt.",        "subprocess.", "sys.",      "shutil.",
    "builtins.", "__builtin__.", "importlib.", "runpy.",      "socket.",   "pty.",
    "commands.", "webbrowser.",  "ctypes.",    "code.",       "marshal.",  "pickle.",
    "_pickle.",  "asyncio.",     "urllib.",    "requests.",   "http.",     "multiprocessing.",
    "pip.",      "torch.hub.",   "pdb.",       "platform.",   "operator.", "signal.",
  };
  static const char *const harmless[] = {
    "builtins.object",    "builtins.set",     "builtins.frozenset", "builtins.slice",
    "builtins.range",     "builtins.print",   "__builtin__.object", "__builtin__.set",
    "builtins.bytearray", "builtins.complex", "__builtin__.complex"
  };

  for (guint i = 0; i < G_N_ELEMENTS (harmless); i++)
    if (g_str_has_prefix (call, harmless[i]) && call[strlen (harmless[i])] == '(')
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (modules); i++)
    if (g_str_has_prefix (call, modules[i]))
      return TRUE;
  return FALSE;
}

static gboolean
wants_command (EspDocument *document)
{
  EspCheckpoint *checkpoint = esp_document_get_checkpoint (document);
  const char *const *calls = checkpoint ? esp_checkpoint_get_pickle_refused (checkpoint) : NULL;

  for (guint i = 0; calls && calls[i]; i++)
    if (is_command (calls[i]))
      return TRUE;
  return FALSE;
}

/* -- error page ------------------------------------------------------------------------------ */

static void
forget_page (EspWindow *self)
{
  g_clear_object (&self->recovered);
  g_clear_object (&self->page_file);
}

static void
start_page (EspWindow *self, GFile *file)
{
  forget_page (self);
  self->page_file = g_object_ref (file);
  esp_error_page_set_can_go_back (self->error_page, self->document != NULL);
}

static void
show_error (EspWindow *self, GFile *file, const GError *error)
{
  g_autofree char *name = g_file_get_basename (file);
  g_autofree char *shown = esp_path_escape (name);
  g_autofree char *text = NULL;

  if (!self->document)
    {
      start_page (self, file);
      esp_error_page_set_error (self->error_page, file, error);
      esp_window_show_page (self, "error");
      return;
    }
  /* Translators: %s is a file's name */
  text = g_strdup_printf (_ ("“%s” could not be opened"), shown);
  esp_window_tell_problem (self, text, esp_error_page_get_heading (error), error->message);
}

static void
take_document (EspWindow *self, GFile *file, EspDocument *document)
{
  g_autoptr (EspDocument) taken = g_object_ref (document);

  forget_page (self);
  esp_session_set_document (self->session, taken);
  esp_window_show_page (self, "document");
  esp_recent_add (file, taken);
}

static void
show_loaded (EspWindow *self, GFile *file, EspDocument *document)
{
  EspCheckpoint *checkpoint = esp_document_get_checkpoint (document);
  guint n = checkpoint ? esp_checkpoint_get_n_warnings (checkpoint) : 0;

  if (wants_command (document))
    {
      start_page (self, file);
      self->recovered = g_object_ref (document);
      esp_error_page_set_refused (self->error_page, file, document);
      esp_window_show_page (self, "error");
      return;
    }
  take_document (self, file, document);
  if (n > 0)
    {
      g_autofree char *text =
          g_strdup_printf (ngettext ("%u thing in this file could not be read as it is",
                                     "%u things in this file could not be read as they are", n),
                           n);
      g_autoptr (GString) body = g_string_new (NULL);

      for (guint i = 0; i < n; i++)
        g_string_append_printf (body, "%s%s", i ? "\n\n" : "",
                                esp_checkpoint_get_warning (checkpoint, i));
      esp_window_tell_problem (self, text, _ ("Warnings"), body->str);
    }
}

gboolean
esp_window_refuse_reloaded (EspWindow *self, EspDocument *document)
{
  g_autoptr (GFile) file = NULL;

  if (!wants_command (document) || (self->document && wants_command (self->document)))
    return FALSE;
  file = g_file_new_for_path (esp_checkpoint_get_path (esp_document_get_checkpoint (document)));
  show_loaded (self, file, document);
  return TRUE;
}

static void
on_open_recovered (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;
  g_autoptr (EspDocument) document = NULL;
  g_autoptr (GFile) file = NULL;

  if (!self->recovered)
    return;
  document = g_object_ref (self->recovered);
  file = g_object_ref (self->page_file);
  take_document (self, file, document);
}

static void
on_leave_page (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;

  forget_page (self);
  esp_window_show_page (self, self->document ? "document" : "welcome");
}

static void
on_copy_report (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;

  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)),
                          esp_error_page_get_report (self->error_page));
  esp_window_tell (self, _ ("Report copied"));
}

/* -- loading --------------------------------------------------------------------------------- */

static void
end_loading (EspWindow *self)
{
  g_clear_handle_id (&self->loading_id, g_source_remove);
  gtk_revealer_set_reveal_child (self->loading_revealer, FALSE);
  if (self->loader)
    g_signal_handlers_disconnect_by_data (self->loader, self);
  g_clear_object (&self->loading);
  g_clear_object (&self->loading_file);
  g_clear_object (&self->loader);
  esp_window_enable (self, "stop-loading", FALSE);
}

typedef struct
{
  EspWindow *window;
  GFile *file;
  GCancellable *cancellable;
} Loading;

static void
loading_free (Loading *loading)
{
  g_object_unref (loading->window);
  g_object_unref (loading->file);
  g_object_unref (loading->cancellable);
  g_free (loading);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Loading *loading = user_data;
  EspWindow *self = loading->window;
  g_autoptr (EspSession) loader = g_object_ref (ESP_SESSION (source));
  g_autoptr (GError) error = NULL;
  gboolean loaded = esp_session_load_finish (loader, result, &error);

  /* another one may be on its way already, or the window closed */
  if (self->loading == loading->cancellable)
    {
      end_loading (self);
      if (loaded)
        show_loaded (self, loading->file, esp_session_get_document (loader));
      else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        show_error (self, loading->file, error);
    }
  loading_free (loading);
}

static gboolean
show_progress (gpointer user_data)
{
  EspWindow *self = user_data;
  g_autofree char *name = g_file_get_basename (self->loading_file);
  g_autofree char *shown = esp_path_escape (name);
  g_autofree char *text = g_strdup_printf (_ ("Opening %s…"), shown);

  self->loading_id = 0;
  gtk_label_set_text (self->loading_label, text);
  gtk_revealer_set_reveal_child (self->loading_revealer, TRUE);
  return G_SOURCE_REMOVE;
}

static void
on_progress (EspWindow *self)
{
  double progress;

  g_object_get (self->loader, "progress", &progress, NULL);
  gtk_progress_bar_set_fraction (self->loading_progress, CLAMP (progress, 0, 1));
}

static void
load (EspWindow *self, gpointer user_data)
{
  GFile *file = user_data;
  Loading *loading;

  if (self->loading)
    g_cancellable_cancel (self->loading);
  end_loading (self);
  if (!g_file_peek_path (file))
    {
      g_autoptr (GError) error =
          g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                               _ ("Only files that this computer has a path for can be opened."));

      show_error (self, file, error);
      return;
    }
  loading = g_new0 (Loading, 1);
  loading->window = g_object_ref (self);
  loading->file = g_object_ref (file);
  loading->cancellable = g_cancellable_new ();
  self->loading = g_object_ref (loading->cancellable);
  self->loading_file = g_object_ref (file);
  self->loader = esp_session_new ();
  g_signal_connect_swapped (self->loader, "notify::progress", G_CALLBACK (on_progress), self);
  gtk_progress_bar_set_fraction (self->loading_progress, 0);
  self->loading_id = g_timeout_add (SHOW_PROGRESS_AFTER, show_progress, self);
  esp_window_enable (self, "stop-loading", TRUE);
  esp_session_load_async (self->loader, g_file_peek_path (file), self->loading, on_loaded, loading);
}

static void
on_stop_loading (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  EspWindow *self = user_data;

  if (!self->loading)
    return;
  g_cancellable_cancel (self->loading);
  end_loading (self);
}

void
esp_window_open (EspWindow *self, GFile *file)
{
  g_return_if_fail (ESP_IS_WINDOW (self));
  g_return_if_fail (G_IS_FILE (file));

  esp_window_when_safe (self, load, g_object_ref (file), g_object_unref);
}

gboolean
esp_window_is_free (EspWindow *self)
{
  g_return_val_if_fail (ESP_IS_WINDOW (self), FALSE);

  return !self->document && !self->loading && !self->recovered;
}

void
esp_window_open_all (EspWindow *self, GPtrArray *files)
{
  GtkApplication *app = gtk_window_get_application (GTK_WINDOW (self));

  esp_window_open (self, g_ptr_array_index (files, 0));
  if (files->len > 1 && app)
    g_application_open (G_APPLICATION (app), (GFile **) files->pdata + 1, (int) files->len - 1, "");
}

/* -- ways to a file -------------------------------------------------------------------------- */

static void
on_files_chosen (GPtrArray *files, gpointer user_data)
{
  esp_window_open_all (user_data, files);
}

static void
on_open (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  esp_dialogs_open (GTK_WINDOW (user_data), on_files_chosen, g_object_ref (user_data),
                    g_object_unref);
}

static void
on_open_recent (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_autoptr (GFile) file = g_file_new_for_uri (g_variant_get_string (parameter, NULL));

  esp_window_open (user_data, file);
}

static void
on_open_sample (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_autofree char *path = esp_session_find_data ("examples/digits.pt");
  g_autoptr (GFile) file = path ? g_file_new_for_path (path) : NULL;

  if (file)
    esp_window_open (user_data, file);
}

static void
on_clear_recent (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  esp_recent_clear ();
}

static gboolean
on_drop (EspWindow *self, const GValue *value)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  GSList *list = g_value_get_boxed (value);

  for (GSList *at = list; at; at = at->next)
    g_ptr_array_add (files, g_object_ref (at->data));
  if (files->len == 0)
    return FALSE;
  esp_window_open_all (self, files);
  return TRUE;
}

static GdkDragAction
on_drag_enter (EspWindow *self)
{
  gtk_widget_add_css_class (GTK_WIDGET (self), "dropping");
  return GDK_ACTION_COPY;
}

static void
on_drag_leave (EspWindow *self)
{
  gtk_widget_remove_css_class (GTK_WIDGET (self), "dropping");
}

static void
accept_drops (EspWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  g_signal_connect_swapped (target, "drop", G_CALLBACK (on_drop), self);
  g_signal_connect_swapped (target, "enter", G_CALLBACK (on_drag_enter), self);
  g_signal_connect_swapped (target, "leave", G_CALLBACK (on_drag_leave), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

static void
fill_recent_menu (EspWindow *self)
{
  g_autoptr (GPtrArray) files = esp_recent_get_files (MAX_RECENT);

  g_menu_remove_all (self->recent_section);
  for (guint i = 0; i < files->len; i++)
    {
      const EspRecentFile *file = g_ptr_array_index (files, i);
      g_auto (GStrv) parts = g_strsplit (file->name, "_", -1);
      g_autofree char *label = g_strjoinv ("__", parts); /* no mnemonics */
      g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);

      g_menu_item_set_action_and_target (item, "win.open-recent", "s", file->uri);
      g_menu_append_item (self->recent_section, item);
    }
  esp_window_enable (self, "clear-recent", files->len > 0);
}

void
esp_window_open_init (EspWindow *self)
{
  const GActionEntry entries[] = {
    { "open", on_open, NULL, NULL, NULL, { 0 } },
    { "open-recent", on_open_recent, "s", NULL, NULL, { 0 } },
    { "open-sample", on_open_sample, NULL, NULL, NULL, { 0 } },
    { "clear-recent", on_clear_recent, NULL, NULL, NULL, { 0 } },
    { "stop-loading", on_stop_loading, NULL, NULL, NULL, { 0 } },
    { "open-recovered", on_open_recovered, NULL, NULL, NULL, { 0 } },
    { "leave-page", on_leave_page, NULL, NULL, NULL, { 0 } },
    { "copy-report", on_copy_report, NULL, NULL, NULL, { 0 } },
  };

  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  esp_window_enable (self, "stop-loading", FALSE);
  accept_drops (self);
  fill_recent_menu (self);
  g_signal_connect_object (gtk_recent_manager_get_default (), "changed",
                           G_CALLBACK (fill_recent_menu), self, G_CONNECT_SWAPPED);
}

void
esp_window_open_dispose (EspWindow *self)
{
  if (self->loading)
    g_cancellable_cancel (self->loading);
  g_clear_handle_id (&self->loading_id, g_source_remove);
  if (self->loader)
    g_signal_handlers_disconnect_by_data (self->loader, self);
  g_clear_object (&self->loading);
  g_clear_object (&self->loading_file);
  g_clear_object (&self->loader);
  forget_page (self);
}
