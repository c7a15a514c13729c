/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A region of a matrix -> at most a screenful of pixels, each with the smallest, largest and mean
 * finite value of the cells below it and flags for the others. Pixel x has the columns from
 * floor (x * columns / width) up to floor ((x + 1) * columns / width), rows alike.
 *
 * A *line* runs along the axis of smaller stride (rows of a plain matrix, columns of a transposed
 * one), so a file is read as it lies. All lines under a row of pixels are first folded element by
 * element into one line of minima, maxima and sums - a plain loop - and that line is then folded
 * into pixels. Jobs, spread over all cores, are a row of pixels by a segment of the line.
 */

#include "config.h"

#include "esp-overview.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "esp-check.h"
#include "esp-error.h"
#include "esp-overview-fold-private.h"
#include "esp-parallel-private.h"
#include "esp-tensor-private.h"

/* cells of a line that are folded at a time; what that takes fits in the cache */
#define BLOCK_CELLS (8 * 1024)
/* the same where bytes only come as a stream, so that it seldom has to go back */
#define STREAM_BLOCK_CELLS (1024 * 1024)
/* cells that a job should at least have */
#define JOB_CELLS (256 * 1024)
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
    case ESP_REDUCTION_LARGEST:
    default:
      return fabsf (pixel->min) > fabsf (pixel->max) ? pixel->min : pixel->max;
    }
}

/* {{{ jobs */

/* an axis of the region */
typedef struct
{
  guint64 cells;
  guint pixels;
} Axis;

static guint64
first_cell (const Axis *axis, guint64 pixel)
{
  return (guint64) ((unsigned __int128) pixel * axis->cells / axis->pixels);
}

/* of one core */
typedef struct
{
  EspScratch scratch;
  float *values; /* (block) cells of one line or several */
  EspFold *fold;
} Worker;

typedef struct
{
  EspTensor *view; /* the region, (across, along) */
  Axis across, along;
  guint n_segments; /* of a line */
  gsize block;      /* cells */
  guint every;
  guint per; /* numbers a cell */
  EspPixel *pixels;
  gsize pixel_across, pixel_along; /* steps in pixels */
  Worker *workers;
  GCancellable *cancellable;
  GMutex lock; /* of error */
  GError *error;
} Job;

/* a complex cell is shown as its modulus */
static void
take_moduli (float *values, gsize count)
{
  for (gsize i = 0; i < count; i++)
    values[i] = hypotf (values[2 * i], values[2 * i + 1]);
}

/* @n_lines lines from @line on, cells [begin, end) of each: what lies together is read at once */
static gboolean
fold_lines (Job *job,
            Worker *worker,
            guint64 line,
            gsize n_lines,
            guint64 begin,
            gsize count,
            GError **error)
{
  if (!esp_tensor_read_f32_with (job->view, &worker->scratch, line * job->along.cells + begin,
                                 n_lines * count, worker->values, job->cancellable, error))
    return FALSE;
  if (job->per == 2)
    take_moduli (worker->values, n_lines * count);
  for (gsize i = 0; i < n_lines; i++)
    esp_fold_add_line (worker->fold, worker->values + i * count, count);
  return TRUE;
}

/* all lines of a row of pixels (or every k-th), cells [begin, begin + count) of each */
static gboolean
fold_block (Job *job, Worker *worker, guint64 pixel, guint64 begin, gsize count, GError **error)
{
  guint64 line = first_cell (&job->across, pixel);
  guint64 end = first_cell (&job->across, pixel + 1);
  /* whole lines follow one another */
  gsize together = job->every == 1 && count == job->along.cells ? job->block / count : 1;

  esp_fold_reset (worker->fold, count);
  while (line < end)
    {
      gsize n = (gsize) MIN (MAX (together, 1), end - line);

      if (!fold_lines (job, worker, line, n, begin, count, error))
        return FALSE;
      line += n > 1 ? n : job->every;
    }
  return TRUE;
}

/* pixels [first, last) of a row of pixels */
static gboolean
reduce_segment (Job *job,
                Worker *worker,
                guint64 across,
                guint64 first,
                guint64 last,
                GError **error)
{
  EspPixel *out = job->pixels + across * job->pixel_across;
  guint64 end = first_cell (&job->along, last);
  guint64 pixel = first;
  EspFoldTotal total;

  esp_fold_total_init (&total);
  for (guint64 begin = first_cell (&job->along, first); begin < end; begin += job->block)
    {
      gsize count = (gsize) MIN (end - begin, job->block);

      if (!fold_block (job, worker, across, begin, count, error))
        return FALSE;
      for (guint64 at = begin; at < begin + count;)
        {
          guint64 pixel_end = first_cell (&job->along, pixel + 1);
          guint64 to = MIN (pixel_end, begin + count);

          esp_fold_add_to_total (worker->fold, (gsize) (at - begin), (gsize) (to - begin), &total);
          at = to;
          if (to == pixel_end)
            {
              esp_fold_finish_pixel (&total, out + pixel * job->pixel_along);
              esp_fold_total_init (&total);
              pixel++;
            }
        }
    }
  return TRUE;
}

static gboolean
run_job (guint64 index, guint worker_index, gpointer data)
{
  Job *job = data;
  Worker *worker = &job->workers[worker_index];
  guint64 segment = index % job->n_segments;
  guint64 first = segment * job->along.pixels / job->n_segments;
  guint64 last = (segment + 1) * job->along.pixels / job->n_segments;
  GError *error = NULL;

  if (worker->values == NULL)
    {
      worker->values = g_new (float, job->block * job->per);
      worker->fold = esp_fold_new (job->block);
    }
  if (reduce_segment (job, worker, index / job->n_segments, first, last, &error))
    return TRUE;
  g_mutex_lock (&job->lock);
  if (job->error == NULL)
    job->error = g_steal_pointer (&error);
  g_mutex_unlock (&job->lock);
  g_clear_error (&error);
  return FALSE;
}

/* }}} */
/* {{{ the whole */

static gboolean
check_request (EspTensor *matrix,
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

/* the region as a view with lines as rows */
static EspTensor *
make_view (EspTensor *matrix, const EspRegion *region, gboolean transposed, GError **error)
{
  const gint64 *strides = esp_tensor_get_strides (matrix);
  const EspAffine *affine = esp_tensor_get_affine (matrix);
  gint64 offset = esp_tensor_get_offset (matrix) + region->row * strides[0] +
                  region->column * strides[1];
  gint64 shape[2] = { region->rows, region->columns };
  gint64 begins[2] = { region->row, region->column };
  guint row = transposed ? 1 : 0;
  guint column = transposed ? 0 : 1;
  EspAffine part;

  if (affine != NULL && affine->axis >= 0)
    {
      part.axis = affine->axis == (int) row ? 0 : 1;
      part.n = (guint) shape[affine->axis];
      part.scales = affine->scales + begins[affine->axis];
      part.zero_points = affine->zero_points + begins[affine->axis];
      affine = &part;
    }
  return esp_tensor_new_view_with_affine (matrix, (const gint64[]) { shape[row], shape[column] }, 2,
                                          (const gint64[]) { strides[row], strides[column] },
                                          offset, affine, error);
}

static EspOverview *
overview_alloc (const EspRegion *region, guint width, guint height)
{
  EspOverview *self = g_new0 (EspOverview, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->region = *region;
  self->width = (guint) MIN ((gint64) width, region->columns);
  self->height = (guint) MIN ((gint64) height, region->rows);
  self->pixels = g_new (EspPixel, (gsize) self->width * self->height);
  return self;
}

static void
job_init (Job *job, EspOverview *overview, gboolean transposed, guint every)
{
  Axis rows = { (guint64) overview->region.rows, overview->height };
  Axis columns = { (guint64) overview->region.columns, overview->width };
  gboolean stream = esp_tensor_is_stream (job->view);
  guint64 lines, cells;

  job->across = transposed ? columns : rows;
  job->along = transposed ? rows : columns;
  job->pixel_across = transposed ? 1 : overview->width;
  job->pixel_along = transposed ? overview->width : 1;
  job->pixels = overview->pixels;
  job->every = every;
  /* where nothing is skipped, the picture is exact all the same */
  lines = (job->across.cells + job->across.pixels - 1) / job->across.pixels;
  overview->exact = every == 1 || lines == 1;
  if (overview->exact)
    job->every = 1;
  if (!esp_mul_u64 (lines, job->along.cells, &cells))
    cells = G_MAXUINT64;
  job->n_segments = stream ? 1 : (guint) CLAMP (cells / JOB_CELLS, 1, MIN (job->along.pixels, 256));
  job->block = stream ? (gsize) MIN (job->along.cells, STREAM_BLOCK_CELLS) : BLOCK_CELLS;
  job->per = esp_tensor_get_numbers_per_element (job->view);
  g_mutex_init (&job->lock);
  job->workers = g_new0 (Worker, esp_parallel_get_max_workers ());
}

static void
job_clear (Job *job)
{
  for (guint i = 0; i < esp_parallel_get_max_workers (); i++)
    {
      esp_scratch_clear (&job->workers[i].scratch);
      g_free (job->workers[i].values);
      g_clear_pointer (&job->workers[i].fold, esp_fold_free);
    }
  g_free (job->workers);
  g_mutex_clear (&job->lock);
  g_clear_pointer (&job->view, esp_tensor_unref);
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
  Job job = { .cancellable = cancellable };
  const gint64 *strides;
  gboolean transposed;
  guint n_workers = G_MAXUINT;

  g_return_val_if_fail (matrix != NULL && esp_tensor_get_ndim (matrix) == 2, NULL);
  g_return_val_if_fail (region != NULL, NULL);
  g_return_val_if_fail (width > 0 && height > 0 && every > 0, NULL);

  if (!check_request (matrix, region, width, height, error))
    return NULL;
  strides = esp_tensor_get_strides (matrix);
  transposed = region->columns == 1 || (region->rows > 1 && ABS (strides[0]) < ABS (strides[1]));
  job.view = make_view (matrix, region, transposed, error);
  if (job.view == NULL)
    return NULL;
  if (!esp_tensor_check_walkable (job.view, error))
    {
      esp_tensor_unref (job.view);
      return NULL;
    }

  self = overview_alloc (region, width, height);
  job_init (&job, self, transposed, every);
  if (esp_tensor_get_count (job.view) < JOB_CELLS || esp_tensor_is_stream (job.view))
    n_workers = 1;
  esp_parallel_run ((guint64) job.across.pixels * job.n_segments, n_workers, run_job, &job);
  job_clear (&job);
  if (job.error == NULL)
    return g_steal_pointer (&self);
  g_propagate_error (error, g_steal_pointer (&job.error));
  return NULL;
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
