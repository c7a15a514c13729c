/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The moment is painted when it is asked for, both as PNG and SVG, since the network goes on while
 * a person chooses a file: a few milliseconds. Written in a worker. */

#include "config.h"

#include "esp-view-taker.h"

#include "esp-dialogs.h"

#include <glib/gi18n.h>
#include <string.h>

typedef struct
{
  GtkWidget *widget;
  GBytes *png, *svg, *csv; /* or NULL */
} Take;

static void
take_free (gpointer data)
{
  Take *take = data;

  g_object_unref (take->widget);
  g_clear_pointer (&take->png, g_bytes_unref);
  g_clear_pointer (&take->svg, g_bytes_unref);
  g_clear_pointer (&take->csv, g_bytes_unref);
  g_free (take);
}

static void
tell (GtkWidget *widget, const GError *error)
{
  esp_dialogs_tell (GTK_WINDOW (gtk_widget_get_root (widget)), _ ("It could not be saved"),
                    error->message);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GtkWidget) widget = user_data;
  g_autoptr (GError) error = NULL;

  if (!esp_export_finish (result, &error))
    tell (widget, error);
}

static void
on_file (GFile *file, gpointer user_data)
{
  Take *take = user_data;
  g_autofree char *path = g_file_get_path (file);

  if (path == NULL)
    return;
  esp_export_bytes_async (take->csv != NULL                 ? take->csv
                          : g_str_has_suffix (path, ".svg") ? take->svg
                                                            : take->png,
                          path, TRUE, NULL, on_written, g_object_ref (take->widget));
}

static void
ask (Take *take, const char *name)
{
  static const char *const pictures[] = { "png", "svg", NULL };
  static const char *const tables[] = { "csv", NULL };
  g_autofree char *file = g_strdup_printf ("%s.%s", name, take->csv != NULL ? "csv" : "png");

  esp_dialogs_save_as (GTK_WINDOW (gtk_widget_get_root (take->widget)),
                       take->csv != NULL ? _ ("Save Values") : _ ("Save Picture"), file,
                       take->csv != NULL ? _ ("CSV") : _ ("PNG or SVG"),
                       take->csv != NULL ? tables : pictures, on_file, take, take_free);
}

static void
copy (Take *take)
{
  g_autoptr (GdkTexture) texture = gdk_texture_new_from_bytes (take->png, NULL);

  if (texture != NULL)
    gdk_clipboard_set_texture (gtk_widget_get_clipboard (take->widget), texture);
  else
    gtk_widget_error_bell (take->widget);
  take_free (take);
}

void
esp_view_taker_take_drawing (GtkWidget *widget,
                             const char *name,
                             const EspDrawing *drawing,
                             const char *csv,
                             EspTake what)
{
  g_autoptr (GError) error = NULL;
  Take *take;

  g_return_if_fail (GTK_IS_WIDGET (widget));

  if (what == ESP_TAKE_VALUES ? csv == NULL : drawing == NULL)
    {
      gtk_widget_error_bell (widget);
      return;
    }
  take = g_new0 (Take, 1);
  take->widget = g_object_ref (widget);
  if (what == ESP_TAKE_VALUES)
    take->csv = g_bytes_new (csv, strlen (csv));
  else
    {
      take->png = esp_export_drawing (drawing, FALSE, &error);
      take->svg = take->png != NULL ? esp_export_drawing (drawing, TRUE, &error) : NULL;
    }
  if (error != NULL)
    {
      tell (widget, error);
      take_free (take);
    }
  else if (what == ESP_TAKE_COPY)
    copy (take);
  else
    ask (take, name);
}

void
esp_view_taker_take (EspLiveView *view, const char *name, EspTake what)
{
  EspDrawing drawing;
  gboolean drawn = what != ESP_TAKE_VALUES && esp_live_view_init_drawing (view, &drawing);
  g_autofree char *csv = what == ESP_TAKE_VALUES ? esp_live_view_dup_csv (view) : NULL;

  esp_view_taker_take_drawing (GTK_WIDGET (view), name, drawn ? &drawing : NULL, csv, what);
}
