/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A picture of a region of a matrix: at most a screenful of pixels, each with the smallest, largest
 * and mean finite value and the RMS of the cells below it and flags for the others. The type and
 * its ways in; the work is done in esp-overview-job.c.
 */

#include "config.h"

#include "esp-overview.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "esp-check.h"
#include "esp-error.h"
#include "esp-overview-job-private.h"
#include "esp-tensor-private.h"

#define MAX_PIXELS (64 * 1024 * 1024)

struct _EspOverview
{
  gatomicrefcount ref_count;
  guint width, height;
  EspRegion region;
  gboolean exact;
  EspPixel *pixels; /* (height, width) */
};

EspOverview *
esp_overview_ref (EspOverview *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
esp_overview_unref (EspOverview *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->pixels);
  g_free (self);
}

guint
esp_overview_get_width (EspOverview *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->width;
}

guint
esp_overview_get_height (EspOverview *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->height;
}

const EspRegion *
esp_overview_get_region (EspOverview *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return &self->region;
}

gboolean
esp_overview_is_exact (EspOverview *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->exact;
}

const EspPixel *
esp_overview_get_row (EspOverview *self, guint y)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (y < self->height, NULL);

  return self->pixels + (gsize) y * self->width;
}

static const char *const reduction_names[ESP_N_REDUCTIONS] = { "largest", "mean", "min", "max",
                                                               "rms" };

EspReduction
esp_reduction_from_name (const char *name, gboolean *found)
{
  for (int i = 0; i < ESP_N_REDUCTIONS; i++)
    {
      if (g_strcmp0 (reduction_names[i], name) != 0)
        continue;
      if (found != NULL)
        *found = TRUE;
      return (EspReduction) i;
    }
  if (found != NULL)
    *found = FALSE;
  return ESP_REDUCTION_LARGEST;
}

const char *
esp_reduction_get_name (EspReduction reduction)
{
  g_return_val_if_fail (reduction < ESP_N_REDUCTIONS, NULL);

  return reduction_names[reduction];
}

float
esp_pixel_reduce (const EspPixel *pixel, EspReduction reduction)
{
  g_return_val_if_fail (pixel != NULL, NAN);

  switch (reduction)
    {
    case ESP_REDUCTION_MEAN:
      return pixel->mean;
    case ESP_REDUCTION_MIN:
      return pixel->min;
    case ESP_REDUCTION_MAX:
      return pixel->max;
    case ESP_REDUCTION_RMS:
      return pixel->rms;
    case ESP_REDUCTION_LARGEST:
    case ESP_N_REDUCTIONS:
    default:
      return fabsf (pixel->min) > fabsf (pixel->max) ? pixel->min : pixel->max;
    }
}

/* {{{ the whole */

gboolean
esp_overview_check_request (EspTensor *matrix,
                            const EspRegion *region,
                            guint width,
                            guint height,
                            GError **error)
{
  const gint64 *shape = esp_tensor_get_shape (matrix);

  if (!esp_tensor_check_readable (matrix, error))
    return FALSE;
  if (region->row < 0 || region->column < 0 || region->rows < 1 || region->columns < 1 ||
      !esp_range_fits ((guint64) region->row, (guint64) region->rows, (guint64) shape[0]) ||
      !esp_range_fits ((guint64) region->column, (guint64) region->columns, (guint64) shape[1]))
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                   _ ("%lld × %lld cells at row %lld, column %lld aren't part of a matrix of "
                      "%lld × %lld"),
                   (long long) region->rows, (long long) region->columns, (long long) region->row,
                   (long long) region->column, (long long) shape[0], (long long) shape[1]);
      return FALSE;
    }
  if ((guint64) width * height > MAX_PIXELS)
    {
      g_set_error (error, ESP_TENSOR_ERROR, ESP_TENSOR_ERROR_BOUNDS,
                   _ ("A picture of %u × %u is larger than %d pixels"), width, height, MAX_PIXELS);
      return FALSE;
    }
  return TRUE;
}

EspOverview *
esp_overview_alloc (const EspRegion *region, guint width, guint height)
{
  EspOverview *self = g_new0 (EspOverview, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->region = *region;
  self->width = (guint) MIN ((gint64) width, region->columns);
  self->height = (guint) MIN ((gint64) height, region->rows);
  self->pixels = g_new (EspPixel, (gsize) self->width * self->height);
  return self;
}

EspPixel *
esp_overview_get_pixels (EspOverview *self)
{
  return self->pixels;
}

void
esp_overview_set_exact (EspOverview *self, gboolean exact)
{
  self->exact = exact;
}

EspOverview *
esp_overview_new (EspTensor *matrix,
                  const EspRegion *region,
                  guint width,
                  guint height,
                  guint every,
                  GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (EspOverview) self = NULL;
  EspCuts rows, columns;
  gint64 lines;
  gboolean done;

  g_return_val_if_fail (matrix != NULL && esp_tensor_get_ndim (matrix) == 2, NULL);
  g_return_val_if_fail (region != NULL, NULL);
  g_return_val_if_fail (width > 0 && height > 0 && every > 0, NULL);

  if (!esp_overview_check_request (matrix, region, width, height, error))
    return NULL;
  self = esp_overview_alloc (region, width, height);
  esp_cuts_init (&rows, region->rows, self->height);
  esp_cuts_init (&columns, region->columns, self->width);
  /* where nothing is skipped, the picture is exact all the same */
  lines = MAX ((region->rows + self->height - 1) / self->height,
               (region->columns + self->width - 1) / self->width);
  self->exact = every == 1 || lines == 1;
  done = esp_overview_fill (matrix, region, &rows, &columns, self->exact ? 1 : every, self->pixels,
                            NULL, cancellable, error);
  esp_cuts_clear (&rows);
  esp_cuts_clear (&columns);
  return done ? g_steal_pointer (&self) : NULL;
}

/* }}} */
/* {{{ in a worker */

typedef struct
{
  EspTensor *matrix;
  EspRegion region;
  guint width, height, every;
} Request;

static void
request_free (Request *request)
{
  esp_tensor_unref (request->matrix);
  g_free (request);
}

static void
overview_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Request *request = data;
  GError *error = NULL;
  EspOverview *overview = esp_overview_new (request->matrix, &request->region, request->width,
                                            request->height, request->every, cancellable, &error);

  if (overview != NULL)
    g_task_return_pointer (task, overview, (GDestroyNotify) esp_overview_unref);
  else
    g_task_return_error (task, error);
}

void
esp_overview_new_async (EspTensor *matrix,
                        const EspRegion *region,
                        guint width,
                        guint height,
                        guint every,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Request *request;

  g_return_if_fail (matrix != NULL && esp_tensor_get_ndim (matrix) == 2);
  g_return_if_fail (region != NULL);
  g_return_if_fail (width > 0 && height > 0 && every > 0);

  request = g_new (Request, 1);
  request->matrix = esp_tensor_ref (matrix);
  request->region = *region;
  request->width = width;
  request->height = height;
  request->every = every;
  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, esp_overview_new_async);
  g_task_set_task_data (task, request, (GDestroyNotify) request_free);
  g_task_run_in_thread (task, overview_thread);
}

EspOverview *
esp_overview_new_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* }}} */
