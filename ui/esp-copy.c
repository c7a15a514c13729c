/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cells of a matrix as tab-separated text in the clipboard. A cell takes some hundred nanoseconds,
 * so whatever is more than a few is read in a worker; a later copy overtakes an earlier one. */

#include "config.h"

#include "esp-copy.h"

#include "esp-plane.h"

/* cells of a row that are read together */
#define CHUNK 4096

typedef struct
{
  EspTensor *matrix;
  EspRegion region;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  esp_tensor_unref (job->matrix);
  g_free (job);
}

static gboolean
append_row (GString *text, const Job *job, gint64 row, GCancellable *cancellable, GError **error)
{
  for (gint64 done = 0; done < job->region.columns; done += CHUNK)
    {
      guint n = (guint) MIN (CHUNK, job->region.columns - done);
      g_auto (GStrv) texts = esp_plane_read_row (job->matrix, row, job->region.column + done, n,
                                                 TRUE, cancellable, error);

      if (texts == NULL)
        return FALSE;
      for (guint i = 0; i < n; i++)
        {
          if (done + i > 0)
            g_string_append_c (text, '\t');
          g_string_append (text, texts[i]);
        }
    }
  return TRUE;
}

static void
read_in_worker (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Job *job = data;
  g_autoptr (GString) text = g_string_new (NULL);
  GError *error = NULL;

  for (gint64 i = 0; i < job->region.rows; i++)
    {
      if (i > 0)
        g_string_append_c (text, '\n');
      if (!append_row (text, job, job->region.row + i, cancellable, &error))
        {
          g_task_return_error (task, error);
          return;
        }
    }
  g_task_return_pointer (task, g_string_free (g_steal_pointer (&text), FALSE), g_free);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GtkWidget *widget = GTK_WIDGET (source);
  g_autofree char *text = g_task_propagate_pointer (G_TASK (result), NULL);

  if (text != NULL)
    gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
  else
    gtk_widget_error_bell (widget);
}

gboolean
esp_copy_region (GtkWidget *widget, EspTensor *matrix, const EspRegion *region)
{
  g_autoptr (GTask) task = NULL;
  Job *job;

  g_return_val_if_fail (GTK_IS_WIDGET (widget) && matrix != NULL, FALSE);

  if (region->rows <= 0 || region->columns <= 0 ||
      (double) region->rows * (double) region->columns > ESP_COPY_MAX_CELLS)
    {
      gtk_widget_error_bell (widget);
      return FALSE;
    }

  job = g_new0 (Job, 1);
  job->matrix = esp_tensor_ref (matrix);
  job->region = *region;
  task = g_task_new (widget, NULL, on_read, NULL);
  g_task_set_source_tag (task, esp_copy_region);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, read_in_worker);
  return TRUE;
}
