/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a painter of src/draw paints, as a PNG or SVG in memory, and bytes into a file in a worker:
 * for pictures of a moment, which has gone by when the file's name is known. Some milliseconds and
 * a few MB for what fits on a screen. */

#include "config.h"

#include "esp-export-private.h"

#include <cairo-svg.h>

static cairo_status_t
append (void *closure, const unsigned char *bytes, unsigned int length)
{
  g_byte_array_append (closure, bytes, length);
  return CAIRO_STATUS_SUCCESS;
}

GBytes *
esp_export_drawing (const EspDrawing *drawing, gboolean svg, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  int width = CLAMP (drawing->width, ESP_PICTURE_LEAST_SIZE, ESP_PICTURE_MOST_SIZE);
  int height = CLAMP (drawing->height, ESP_PICTURE_LEAST_SIZE, ESP_PICTURE_MOST_SIZE);
  cairo_surface_t *surface = svg ? cairo_svg_surface_create_for_stream (append, bytes, width,
                                                                        height)
                                 : cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, height);
  cairo_t *cr = cairo_create (surface);
  guint32 ground = drawing->palette->background;
  cairo_status_t status;

  cairo_set_source_rgb (cr, (ground >> 16 & 0xff) / 255.0, (ground >> 8 & 0xff) / 255.0,
                        (ground & 0xff) / 255.0);
  cairo_paint (cr);
  drawing->draw (cr, width, height, drawing->data);
  status = cairo_status (cr);
  cairo_destroy (cr);
  if (status == CAIRO_STATUS_SUCCESS && !svg)
    status = cairo_surface_write_to_png_stream (surface, append, bytes);
  cairo_surface_finish (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, cairo_status_to_string (status));
  return NULL;
}

/* --- in a worker --- */

typedef struct
{
  GBytes *bytes;
  char *path;
  gboolean replace;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  g_bytes_unref (request->bytes);
  g_free (request->path);
  g_free (request);
}

static void
write_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Request *request = data;
  GError *error = NULL;
  EspAtomicFile *file = esp_atomic_file_new (request->path, request->replace, &error);
  gsize length;
  const void *bytes = g_bytes_get_data (request->bytes, &length);

  if (file != NULL && esp_export_to_file (bytes, length, file, &error))
    esp_atomic_file_commit (file, &error);
  g_clear_pointer (&file, esp_atomic_file_free);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

void
esp_export_bytes_async (GBytes *bytes,
                        const char *path,
                        gboolean replace,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Request *request = g_new0 (Request, 1);

  g_return_if_fail (bytes != NULL && path != NULL);

  request->bytes = g_bytes_ref (bytes);
  request->path = g_strdup (path);
  request->replace = replace;
  g_task_set_task_data (task, request, request_free);
  g_task_run_in_thread (task, write_thread);
}
