/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a view to a file or the clipboard. The picture shows what is in view in the window's own
 * colours, with title, axes and legend. */

#include "config.h"

#include "esp-exporter.h"

#include "esp-dialogs.h"
#include "esp-style.h"

#include <glib/gi18n.h>
#include <math.h>

/* the picture has a title above and a legend below the stage, in pixels */
#define AROUND 150

/* a picture and what it borrows */
typedef struct
{
  GtkWidget *widget;
  EspTensor *matrix;
  EspPicture picture;
  char *title, *row_axis, *column_axis, *note;
  gint64 *row_labels, *column_labels;
  gboolean values; /* not the picture */
} Take;

static void
take_free (gpointer data)
{
  Take *take = data;

  g_object_unref (take->widget);
  esp_tensor_unref (take->matrix);
  g_free (take->title);
  g_free (take->row_axis);
  g_free (take->column_axis);
  g_free (take->note);
  g_free (take->row_labels);
  g_free (take->column_labels);
  g_free (take);
}

static char *
dup_title (EspView *view)
{
  EspTensor *tensor = esp_view_get_tensor (view);
  const EspPlane *plane = esp_view_get_plane (view);
  g_autofree char *path = esp_path_escape (esp_place_get_path (esp_view_get_place (view)));
  g_autofree char *slice = plane->ndim > 2 ? esp_plane_to_string (plane) : g_strdup ("");
  g_autofree char *shape = esp_number_format_shape (esp_tensor_get_shape (tensor),
                                                    esp_tensor_get_ndim (tensor));

  return g_strdup_printf ("%s%s  %s  %s", path, slice, shape, esp_tensor_get_dtype_name (tensor));
}

static void
set_look (Take *take, EspView *view)
{
  const EspNorm *norm = esp_view_get_norm (view);

  take->picture.phase = norm != NULL && norm->kind == ESP_COLORMAP_CYCLIC;
  take->picture.reduction = esp_look_get_reduction (esp_view_get_look (view));
  if (norm == NULL)
    return;
  take->picture.scale = norm->scale;
  take->picture.threshold = norm->threshold;
  take->picture.range = norm->range;
  take->picture.colormap = norm->colormap;
  take->picture.inverted = norm->inverted;
  /* of one matrix among many the colours are those of all; so are those of a live network's */
  if (esp_view_get_plane (view)->ndim > 2 || esp_view_is_live (view))
    {
      take->picture.range.kind = ESP_RANGE_TYPED;
      take->picture.range.lo = norm->lo;
      take->picture.range.hi = norm->hi;
    }
}

static gint64 *
dup_order (const EspPlane *plane, gboolean columns)
{
  const gint64 *order = plane->orders[columns ? 1 : 0].order;
  int axis = columns ? plane->column_axis : plane->row_axis;

  return order != NULL ? g_memdup2 (order, (gsize) plane->shape[axis] * sizeof *order) : NULL;
}

static Take *
take_new (GtkWidget *widget, EspView *view, EspHeatmap *heatmap, gboolean values)
{
  const EspHeatmapGeometry *geometry = esp_heatmap_get_geometry (heatmap);
  const EspPlane *plane = esp_view_get_plane (view);
  EspPlace *place = esp_view_get_place (view);
  Take *take = g_new0 (Take, 1);
  guint width, height;

  take->widget = g_object_ref (widget);
  take->values = values;
  /* a file of values has them as they are stored */
  take->matrix = values ? esp_plane_apply (plane, esp_view_get_tensor (view), NULL)
                        : esp_tensor_ref (esp_view_get_matrix (view));
  take->title = dup_title (view);
  take->row_axis = esp_plane_dup_axis_name (plane, place, plane->row_axis);
  take->column_axis = esp_plane_dup_axis_name (plane, place, plane->column_axis);
  esp_picture_init (&take->picture, take->matrix);
  take->picture.title = take->title;
  take->picture.row_axis = take->row_axis;
  take->picture.column_axis = take->column_axis;
  if (plane->as_mosaic)
    {
      take->picture.block_rows = plane->block_rows;
      take->picture.block_columns = plane->block_columns;
    }
  take->note = esp_view_dup_note (view);
  take->picture.note = take->note;
  take->picture.row_labels = take->row_labels = dup_order (plane, FALSE);
  take->picture.column_labels = take->column_labels = dup_order (plane, TRUE);
  take->picture.palette = esp_style_get_palette ();
  take->picture.width = CLAMP (geometry->width, 2 * ESP_PICTURE_LEAST_SIZE, ESP_PICTURE_MOST_SIZE);
  take->picture.height = CLAMP (geometry->height + AROUND, 2 * ESP_PICTURE_LEAST_SIZE,
                                ESP_PICTURE_MOST_SIZE);
  if (geometry->viewport.cell > esp_heatmap_geometry_get_fit_cell (geometry) * (1 + 1e-9))
    {
      take->picture.has_viewport = TRUE;
      esp_heatmap_geometry_visible (geometry, &take->picture.region, &width, &height);
    }
  set_look (take, view);
  return take;
}

/* --- to a file --- */

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GtkWidget) widget = user_data;
  g_autoptr (GError) error = NULL;

  if (!esp_export_finish (result, &error))
    esp_dialogs_tell (GTK_WINDOW (gtk_widget_get_root (widget)), _ ("It could not be saved"),
                      error->message);
}

static void
on_file (GFile *file, gpointer user_data)
{
  Take *take = user_data;
  g_autofree char *path = g_file_get_path (file);

  if (path == NULL)
    return;
  if (take->values)
    esp_export_values_async (take->matrix,
                             g_str_has_suffix (path, ".csv") ? ESP_EXPORT_CSV : ESP_EXPORT_NPY,
                             path, TRUE, NULL, on_written, g_object_ref (take->widget));
  else
    esp_export_picture_async (&take->picture, path, TRUE, NULL, on_written,
                              g_object_ref (take->widget));
}

static void
ask (Take *take, EspView *view)
{
  static const char *const pictures[] = { "png", "svg", NULL };
  static const char *const tables[] = { "npy", "csv", NULL };
  g_autofree char *base = g_strdup (esp_place_get_path (esp_view_get_place (view)));
  g_autofree char *name = NULL;

  g_strdelimit (base, "/\\:", '.');
  name = g_strdup_printf ("%s.%s", base, take->values ? "npy" : "png");
  esp_dialogs_save_as (GTK_WINDOW (gtk_widget_get_root (take->widget)),
                       take->values ? _ ("Save Values") : _ ("Save Picture"), name,
                       take->values ? _ ("NumPy or CSV") : _ ("PNG or SVG"),
                       take->values ? tables : pictures, on_file, take, take_free);
}

/* --- to the clipboard --- */

static gboolean
append (const void *bytes, gsize length, gpointer data, GError **error)
{
  g_byte_array_append (data, bytes, (guint) length);
  return TRUE;
}

static void
paint_in_worker (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Take *take = data;
  g_autoptr (GByteArray) png = g_byte_array_new ();
  GError *error = NULL;

  if (esp_export_picture (&take->picture, FALSE, append, png, NULL, NULL, cancellable, &error))
    g_task_return_pointer (task, g_byte_array_free_to_bytes (g_steal_pointer (&png)),
                           (GDestroyNotify) g_bytes_unref);
  else
    g_task_return_error (task, error);
}

static void
on_painted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GtkWidget *widget = GTK_WIDGET (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) png = g_task_propagate_pointer (G_TASK (result), &error);
  g_autoptr (GdkTexture) texture = png != NULL ? gdk_texture_new_from_bytes (png, &error) : NULL;

  if (texture != NULL)
    gdk_clipboard_set_texture (gtk_widget_get_clipboard (widget), texture);
  else
    gtk_widget_error_bell (widget);
}

static void
copy (Take *take)
{
  g_autoptr (GTask) task = g_task_new (take->widget, NULL, on_painted, NULL);

  g_task_set_source_tag (task, copy);
  g_task_set_task_data (task, take, take_free);
  g_task_run_in_thread (task, paint_in_worker);
}

void
esp_exporter_take (GtkWidget *widget, EspView *view, EspHeatmap *heatmap, EspTake what)
{
  Take *take;

  g_return_if_fail (GTK_IS_WIDGET (widget) && ESP_IS_VIEW (view) && ESP_IS_HEATMAP (heatmap));

  if (esp_view_get_kind (view) != ESP_VIEW_MATRIX)
    {
      gtk_widget_error_bell (widget);
      return;
    }

  take = take_new (widget, view, heatmap, what == ESP_TAKE_VALUES);
  if (what == ESP_TAKE_COPY)
    copy (take);
  else
    ask (take, view);
}
