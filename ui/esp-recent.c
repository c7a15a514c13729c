/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GtkRecentManager keeps one list for all programs; ours are those that carry our name. */

#include "config.h"

#include "esp-recent.h"

#include <glib/gstdio.h>
#include <string.h>

#define PROGRAM "Espalier" /* how the list names us */
#define NETWORK_TYPE "application/x-espalier-network+json"

static void
recent_file_free (gpointer data)
{
  EspRecentFile *file = data;

  g_free (file->uri);
  g_free (file->name);
  g_free (file->folder);
  g_free (file);
}

static gboolean
is_ours (GtkRecentInfo *info)
{
  return gtk_recent_info_has_application (info, PROGRAM) && gtk_recent_info_is_local (info) &&
         gtk_recent_info_exists (info);
}

static int
compare_newest_first (gconstpointer a, gconstpointer b)
{
  GtkRecentInfo *first = *(GtkRecentInfo *const *) a;
  GtkRecentInfo *second = *(GtkRecentInfo *const *) b;

  return g_date_time_compare (gtk_recent_info_get_modified (second),
                              gtk_recent_info_get_modified (first));
}

char *
esp_recent_dup_folder (GFile *file)
{
  g_autoptr (GFile) folder = g_file_get_parent (file);
  g_autofree char *path = folder ? g_file_get_parse_name (folder) : g_strdup ("");
  const char *home = g_get_home_dir ();
  gsize n = strlen (home);

  if (n > 1 && strncmp (path, home, n) == 0 && (path[n] == '/' || path[n] == '\0'))
    /* never "~" alone: GTK 4.8 complains of a label narrower than the dots that would cut it */
    return g_strconcat ("~", path[n] != '\0' ? path + n : "/", NULL);
  return g_steal_pointer (&path);
}

static EspRecentFile *
recent_file_new (GtkRecentInfo *info)
{
  g_autoptr (GFile) file = g_file_new_for_uri (gtk_recent_info_get_uri (info));
  EspRecentFile *recent = g_new0 (EspRecentFile, 1);
  GStatBuf status;

  recent->uri = g_strdup (gtk_recent_info_get_uri (info));
  recent->name = g_strdup (gtk_recent_info_get_display_name (info));
  recent->folder = esp_recent_dup_folder (file);
  recent->is_network = g_strcmp0 (gtk_recent_info_get_mime_type (info), NETWORK_TYPE) == 0;
  if (g_file_peek_path (file) && g_stat (g_file_peek_path (file), &status) == 0)
    recent->size = status.st_size;
  return recent;
}

GPtrArray *
esp_recent_get_files (guint max)
{
  GList *items = gtk_recent_manager_get_items (gtk_recent_manager_get_default ());
  g_autoptr (GPtrArray) ours = g_ptr_array_new ();
  GPtrArray *files = g_ptr_array_new_with_free_func (recent_file_free);

  for (GList *at = items; at; at = at->next)
    if (is_ours (at->data))
      g_ptr_array_add (ours, at->data);
  g_ptr_array_sort (ours, compare_newest_first);
  for (guint i = 0; i < MIN (ours->len, max); i++)
    g_ptr_array_add (files, recent_file_new (g_ptr_array_index (ours, i)));
  g_list_free_full (items, (GDestroyNotify) gtk_recent_info_unref);
  return files;
}

void
esp_recent_add (GFile *file, EspDocument *document)
{
  g_autofree char *uri = g_file_get_uri (file);
  g_autofree char *name = g_file_get_basename (file);
  g_autofree char *shown = esp_path_escape (name);
  g_autofree char *guess = g_content_type_guess (name, NULL, 0, NULL);
  g_autofree char *type = g_content_type_get_mime_type (guess);
  char app_exec[] = "espalier %u";
  GtkRecentData data = {
    .display_name = shown,
    .mime_type = type ? type : (char *) "application/octet-stream",
    .app_name = (char *) PROGRAM,
    .app_exec = app_exec,
  };

  if (!esp_document_get_checkpoint (document))
    data.mime_type = (char *) NETWORK_TYPE;
  gtk_recent_manager_add_full (gtk_recent_manager_get_default (), uri, &data);
}

void
esp_recent_clear (void)
{
  GtkRecentManager *manager = gtk_recent_manager_get_default ();
  GList *items = gtk_recent_manager_get_items (manager);

  for (GList *at = items; at; at = at->next)
    if (gtk_recent_info_has_application (at->data, PROGRAM))
      gtk_recent_manager_remove_item (manager, gtk_recent_info_get_uri (at->data), NULL);
  g_list_free_full (items, (GDestroyNotify) gtk_recent_info_unref);
}
