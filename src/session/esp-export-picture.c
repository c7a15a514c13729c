/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The picture of a matrix as a file: statistics and overview from one pass, the norm that the
 * choices give, the figure of src/draw, and Cairo's PNG or SVG writer into any sink. A picture of
 * 1000 × 1000 takes some 50 MB whatever the matrix.
 */

#include "config.h"

#include "esp-export-private.h"

#include <cairo-svg.h>
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "esp-error.h"

/* a picture whose size isn't told follows the matrix within these */
#define USUAL_WIDTH 1200
#define USUAL_HEIGHT 1200
#define SMALLEST_WIDTH 480
#define SMALLEST_STAGE 120

void
esp_picture_init (EspPicture *self, EspTensor *matrix)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (matrix != NULL && esp_tensor_get_ndim (matrix) == 2);

  memset (self, 0, sizeof *self);
  self->matrix = matrix;
  self->range.low = ESP_RANGE_LOW;
  self->range.high = ESP_RANGE_HIGH;
  self->palette = &esp_palette_light;
}

static void
choose_range (const EspPicture *self, EspStats *stats, EspNorm *norm)
{
  esp_norm_init_for_stats (norm, stats, self->palette->dark);
  if (self->scale == ESP_SCALE_RANK)
    esp_norm_set_ranks (norm, stats);
  else
    norm->scale = self->scale;
  /* ranks span all values unless a range is wanted */
  if (self->range.kind != ESP_RANGE_AUTO)
    {
      esp_norm_set_range (norm, &self->range, stats);
      norm->colormap = esp_colormap_get_default (norm->kind, self->palette->dark);
    }
  if (self->threshold > 0)
    norm->threshold = self->threshold;
}

void
esp_picture_make_norm (const EspPicture *self, EspStats *stats, EspNorm *norm)
{
  g_return_if_fail (self != NULL && stats != NULL && norm != NULL);

  if (self->phase)
    esp_norm_init_for_phase (norm);
  else
    choose_range (self, stats, norm);
  if (self->colormap != NULL)
    norm->colormap = self->colormap;
  norm->inverted = self->inverted;
}

/* {{{ size and view */

/* no wider or higher than the matrix fills */
static void
choose_size (EspPicture *self, double rows, double columns)
{
  const double frame_x = ESP_HEATMAP_MARGIN_LEFT + ESP_HEATMAP_MARGIN;
  const double frame_y = ESP_HEATMAP_MARGIN_TOP + ESP_HEATMAP_MARGIN;
  int stage_width, stage_height, around;
  double cell;

  esp_draw_figure_get_stage (USUAL_WIDTH, USUAL_HEIGHT, &stage_width, &stage_height);
  around = USUAL_HEIGHT - stage_height;
  cell = fmin (fmin ((stage_width - frame_x) / columns, (stage_height - frame_y) / rows), 48);
  self->width = (int) fmax (columns * cell + frame_x, SMALLEST_WIDTH);
  self->height = (int) fmax (rows * cell + frame_y, SMALLEST_STAGE) + around;
}

static void
set_geometry (const EspPicture *self, EspHeatmapGeometry *geometry)
{
  const gint64 *shape = esp_tensor_get_shape (self->matrix);

  *geometry = (EspHeatmapGeometry) { .rows = shape[0], .columns = shape[1] };
  esp_draw_figure_get_stage (self->width, self->height, &geometry->width, &geometry->height);
  esp_heatmap_geometry_fit (geometry);
  if (self->has_viewport)
    esp_heatmap_geometry_show (geometry, &self->region);
}

/* }}} */
/* {{{ painting */

typedef struct
{
  EspExportFunc func;
  gpointer data;
  EspProgressFunc progress;
  gpointer user_data;
  GError *error;
} Sink;

static void
on_partial (double done, EspOverview *overview, gpointer user_data)
{
  Sink *sink = user_data;

  sink->progress (done, sink->user_data);
}

static cairo_status_t
write_stream (void *closure, const unsigned char *bytes, unsigned int length)
{
  Sink *sink = closure;

  if (sink->error == NULL)
    sink->func (bytes, length, sink->data, &sink->error);
  return sink->error == NULL ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static gboolean
paint (const EspPicture *self,
       gboolean svg,
       const EspHeatmapScene *scene,
       EspStats *stats,
       Sink *sink,
       GError **error)
{
  cairo_surface_t *surface =
      svg ? cairo_svg_surface_create_for_stream (write_stream, sink, self->width, self->height)
          : cairo_image_surface_create (CAIRO_FORMAT_ARGB32, self->width, self->height);
  cairo_t *cr = cairo_create (surface);
  cairo_status_t status;

  esp_draw_figure (cr, self->width, self->height, self->title, scene, stats);
  status = cairo_status (cr);
  cairo_destroy (cr);
  if (status == CAIRO_STATUS_SUCCESS && !svg)
    status = cairo_surface_write_to_png_stream (surface, write_stream, sink);
  cairo_surface_finish (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  if (sink->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&sink->error));
      return FALSE;
    }
  if (status != CAIRO_STATUS_SUCCESS)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, cairo_status_to_string (status));
      return FALSE;
    }
  return TRUE;
}

/* statistics of all of the matrix and the overview of what is shown */
static EspOverview *
look (const EspPicture *self,
      const EspHeatmapGeometry *geometry,
      Sink *sink,
      EspStats **stats,
      GCancellable *cancellable,
      GError **error)
{
  EspRegion region;
  guint width, height;

  esp_heatmap_geometry_visible (geometry, &region, &width, &height);
  if (region.rows == geometry->rows && region.columns == geometry->columns)
    return esp_scan_matrix (self->matrix, width, height, sink->progress != NULL ? on_partial : NULL,
                            sink, stats, cancellable, error);
  *stats = esp_scan_stats (self->matrix, sink->progress, sink->user_data, cancellable, error);
  if (*stats == NULL)
    return NULL;
  return esp_overview_new (self->matrix, &region, width, height, 1, cancellable, error);
}

static gboolean
check_size (const EspPicture *self, GError **error)
{
  if (MIN (self->width, self->height) >= ESP_PICTURE_LEAST_SIZE &&
      MAX (self->width, self->height) <= ESP_PICTURE_MOST_SIZE)
    return TRUE;
  g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
               _ ("A picture has %d to %d pixels a side; %d × %d were wanted"),
               ESP_PICTURE_LEAST_SIZE, ESP_PICTURE_MOST_SIZE, self->width, self->height);
  return FALSE;
}

gboolean
esp_export_picture (const EspPicture *picture,
                    gboolean svg,
                    EspExportFunc func,
                    gpointer data,
                    EspProgressFunc progress,
                    gpointer user_data,
                    GCancellable *cancellable,
                    GError **error)
{
  Sink sink = { func, data, progress, user_data, NULL };
  EspHeatmapScene scene = { .cursor_row = -1,
                            .cursor_column = -1,
                            .hover_row = -1,
                            .hover_column = -1 };
  g_autoptr (EspOverview) overview = NULL;
  g_autoptr (EspStats) stats = NULL;
  EspPicture self = *picture;
  const gint64 *shape;
  gint64 outlier;

  g_return_val_if_fail (picture->matrix != NULL && picture->palette != NULL, FALSE);

  shape = esp_tensor_get_shape (self.matrix);
  if (esp_tensor_get_count (self.matrix) == 0)
    {
      g_set_error_literal (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_NO_DATA,
                           _ ("the tensor has no elements, so there is nothing to draw"));
      return FALSE;
    }
  if (self.width == 0 || self.height == 0)
    choose_size (&self, (double) (self.has_viewport ? self.region.rows : shape[0]),
                 (double) (self.has_viewport ? self.region.columns : shape[1]));
  if (!check_size (&self, error))
    return FALSE;
  set_geometry (&self, &scene.geometry);
  overview = look (&self, &scene.geometry, &sink, &stats, cancellable, error);
  if (overview == NULL)
    return FALSE;
  esp_picture_make_norm (&self, stats, &scene.norm);
  scene.overview = overview;
  scene.reduction = self.reduction;
  scene.palette = self.palette;
  scene.row_axis = self.row_axis;
  scene.column_axis = self.column_axis;
  scene.block_rows = self.block_rows;
  scene.block_columns = self.block_columns;
  scene.row_labels = self.row_labels;
  scene.column_labels = self.column_labels;
  scene.note = self.note;
  if (esp_norm_find_outlier (&scene.norm, stats, &outlier))
    {
      scene.has_outlier = TRUE;
      scene.outlier_row = outlier / shape[1];
      scene.outlier_column = outlier % shape[1];
    }
  scene.single = esp_tensor_get_dtype (self.matrix) != ESP_DTYPE_FLOAT64;
  return paint (&self, svg, &scene, stats, &sink, error);
}

/* }}} */
/* {{{ in a worker */

typedef struct
{
  EspPicture picture; /* its pointers are owned here */
  char *title, *row_axis, *column_axis, *note;
  gint64 *row_labels, *column_labels;
  char *path;
  gboolean replace;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  esp_tensor_unref (request->picture.matrix);
  g_free (request->title);
  g_free (request->row_axis);
  g_free (request->column_axis);
  g_free (request->note);
  g_free (request->row_labels);
  g_free (request->column_labels);
  g_free (request->path);
  g_free (request);
}

static gint64 *
dup_labels (const gint64 *labels, gint64 n)
{
  return labels != NULL ? g_memdup2 (labels, (gsize) n * sizeof *labels) : NULL;
}

static void
picture_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Request *request = data;
  gboolean svg = g_str_has_suffix (request->path, ".svg");
  GError *error = NULL;
  EspAtomicFile *file = esp_atomic_file_new (request->path, request->replace, &error);

  if (file != NULL && esp_export_picture (&request->picture, svg, esp_export_to_file, file, NULL,
                                          NULL, cancellable, &error))
    esp_atomic_file_commit (file, &error);
  g_clear_pointer (&file, esp_atomic_file_free);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

void
esp_export_picture_async (const EspPicture *picture,
                          const char *path,
                          gboolean replace,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  const gint64 *shape;
  Request *request;

  g_return_if_fail (picture != NULL && path != NULL);

  shape = esp_tensor_get_shape (picture->matrix);
  request = g_new0 (Request, 1);
  request->picture = *picture;
  esp_tensor_ref (picture->matrix);
  request->picture.title = request->title = g_strdup (picture->title);
  request->picture.row_axis = request->row_axis = g_strdup (picture->row_axis);
  request->picture.column_axis = request->column_axis = g_strdup (picture->column_axis);
  request->picture.note = request->note = g_strdup (picture->note);
  request->picture.row_labels = request->row_labels = dup_labels (picture->row_labels, shape[0]);
  request->picture.column_labels = request->column_labels = dup_labels (picture->column_labels,
                                                                        shape[1]);
  request->path = g_strdup (path);
  request->replace = replace;
  g_task_set_task_data (task, request, request_free);
  g_task_run_in_thread (task, picture_thread);
}

/* }}} */
