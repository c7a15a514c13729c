/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The work of an overview: a region of a matrix of any size -> pixels, on all cores.
 *
 * A *line* runs along the axis of smaller stride (rows of a plain matrix, columns of a transposed
 * one), so a file is read as it lies. A *band* is some rows of pixels; a job is a band by a segment
 * of the lines. All lines under a row of pixels are read in blocks that fit in the cache, whole
 * lines together where they are short, and folded into one line, which is then folded into pixels.
 * Where pixels are long, runs of a line go into them at once; where a line is very short, several
 * are folded as one.
 *
 *   region -> view (across, along) -> jobs -> blocks -> esp-overview-fold.c -> pixels
 *                                                    -> a reader that wants the numbers too
 */

#include "config.h"

#include "esp-overview-job-private.h"

#include <math.h>
#include <string.h>

#include "esp-check.h"
#include "esp-overview-fold-private.h"
#include "esp-parallel-private.h"
#include "esp-tensor-private.h"

/* the same where bytes only come as a stream, so that it seldom has to go back */
#define STREAM_BLOCK_CELLS (1024 * 1024)
/* cells that a job should at least have */
#define JOB_CELLS (256 * 1024)
/* jobs that are enough to keep the cores busy to the end */
#define ENOUGH_JOBS 64
/* pixels this long are filled run by run */
#define LONG_PIXEL 128
/* lines shorter than this are folded side by side */
#define SHORT_LINE 128

/* {{{ cuts */

void
esp_cuts_init (EspCuts *self, gint64 cells, guint pixels)
{
  self->n = pixels;
  self->edges = g_new (guint64, pixels + 1);
  for (guint i = 0; i <= pixels; i++)
    self->edges[i] = (guint64) ((unsigned __int128) i * (guint64) cells / pixels);
}

void
esp_cuts_init_entries (EspCuts *self, gint64 start, gint64 cells, guint pixels, guint level)
{
  guint64 step = (guint64) 1 << level;

  esp_cuts_init (self, cells, pixels);
  for (guint i = 1; i < pixels; i++)
    self->edges[i] = ((guint64) start + self->edges[i] + step / 2) / step * step - (guint64) start;
}

void
esp_cuts_init_level (EspCuts *self, gint64 cells, guint level)
{
  self->n = (guint) (((guint64) (cells - 1) >> level) + 1);
  self->edges = g_new (guint64, self->n + 1);
  for (guint i = 0; i <= self->n; i++)
    self->edges[i] = MIN ((guint64) i << level, (guint64) cells);
}

void
esp_cuts_clear (EspCuts *self)
{
  g_clear_pointer (&self->edges, g_free);
}

/* }}} */
/* {{{ jobs */

/* of one core */
typedef struct
{
  EspScratch scratch;
  float *values;   /* (block) cells of one line or several */
  double *doubles; /* the same, for a reader of doubles */
  EspFold *fold;
} Worker;

typedef struct
{
  EspScanPlan plan; /* its view is the region, (across, along) */
  const EspCuts *across, *along;
  guint64 line; /* cells of a line */
  guint band;   /* rows of pixels */
  guint n_segments;
  gsize block; /* cells */
  gboolean long_pixels;
  guint every;
  guint per; /* numbers a cell */
  EspPixel *pixels;
  gsize pixel_across, pixel_along; /* steps in pixels */
  const EspOverviewReader *reader;
  Worker *workers;
  guint64 n_jobs, n_done;
  GCancellable *cancellable;
  GMutex lock; /* of error */
  GError *error;
} Job;

/* where a worker is */
typedef struct
{
  Job *job;
  Worker *worker;
  guint worker_index;
  guint64 index; /* of the job */
  GError **error;
} Place;

/* a complex cell is shown as its modulus */
static void
take_moduli (float *values, gsize count)
{
  for (gsize i = 0; i < count; i++)
    values[i] = hypotf (values[2 * i], values[2 * i + 1]);
}

static void
narrow (const double *doubles, gsize count, float *out)
{
  for (gsize i = 0; i < count; i++)
    out[i] = (float) doubles[i];
}

/* @count cells from cell @start of the view on, into the worker's values */
static gboolean
read_cells (const Place *at, guint64 start, gsize count)
{
  Job *job = at->job;
  Worker *worker = at->worker;
  const EspOverviewReader *reader = job->reader;

  if (reader != NULL && reader->doubles)
    {
      if (!esp_tensor_read_f64_with (job->plan.view, &worker->scratch, start, count,
                                     worker->doubles, job->cancellable, at->error))
        return FALSE;
      reader->take (reader->data, at->worker_index, at->index, start, count * job->per, NULL,
                    worker->doubles);
      narrow (worker->doubles, count * job->per, worker->values);
    }
  else
    {
      if (!esp_tensor_read_f32_with (job->plan.view, &worker->scratch, start, count, worker->values,
                                     job->cancellable, at->error))
        return FALSE;
      if (reader != NULL)
        reader->take (reader->data, at->worker_index, at->index, start, count * job->per,
                      worker->values, NULL);
    }
  if (job->per == 2)
    take_moduli (worker->values, count);
  return TRUE;
}

/* pixels [first, last) of a segment, and what is gathered of them so far */
typedef struct
{
  guint first, last;
  EspFoldTotal *totals; /* (last - first) */
} Segment;

/* cells [begin, end) of @n_lines lines lie in the worker's values one after another */
static void
add_runs (const Place *at, guint64 begin, gsize count, gsize n_lines, const Segment *segment)
{
  const guint64 *edges = at->job->along->edges;

  for (guint i = segment->first; i < segment->last; i++)
    {
      guint64 from = MAX (edges[i], begin), to = MIN (edges[i + 1], begin + count);

      for (gsize line = 0; from < to && line < n_lines; line++)
        esp_fold_add_run (at->worker->values + line * count + (from - begin), (gsize) (to - from),
                          &segment->totals[i - segment->first]);
    }
}

/* the same from the folded line, into which @n_lines were folded */
static void
add_folded (const Place *at,
            gsize offset,
            guint64 begin,
            gsize count,
            guint64 n_lines,
            const Segment *segment)
{
  const guint64 *edges = at->job->along->edges;

  for (guint i = segment->first; i < segment->last; i++)
    {
      guint64 from = MAX (edges[i], begin), to = MIN (edges[i + 1], begin + count);

      if (from < to)
        esp_fold_add_to_total (at->worker->fold, offset + (gsize) (from - begin),
                               offset + (gsize) (to - begin), n_lines,
                               &segment->totals[i - segment->first]);
    }
}

/* Folds whole lines of @count cells; those that are short @side by side. */
static void
fold_lines (const Place *at, gsize n_lines, gsize count, gsize side)
{
  gsize groups = n_lines / side;

  esp_fold_add_lines (at->worker->fold, at->worker->values, groups, side * count, side * count);
  if (n_lines % side > 0)
    esp_fold_add_lines (at->worker->fold, at->worker->values + groups * side * count, 1, 0,
                        n_lines % side * count);
}

/* cells [begin, begin + count) of the lines of a row of pixels (or of every k-th) */
static gboolean
fold_block (const Place *at, guint row, guint64 begin, gsize count, const Segment *segment)
{
  Job *job = at->job;
  guint64 line = job->across->edges[row], end = job->across->edges[row + 1];
  /* whole lines follow one another */
  gboolean together = job->every == 1 && count == job->line;
  gsize most = together ? MAX (job->block / count, 1) : 1;
  gsize side = most > 1 && count < SHORT_LINE ? MIN (SHORT_LINE / count, most) : 1;
  guint64 n_lines = 0;

  if (!job->long_pixels)
    esp_fold_reset (at->worker->fold, side * count);
  while (line < end)
    {
      gsize n = (gsize) MIN (most, end - line);

      if (!read_cells (at, line * job->line + begin, n * count))
        return FALSE;
      if (job->long_pixels)
        add_runs (at, begin, count, n, segment);
      else
        fold_lines (at, n, count, side);
      n_lines += n;
      line += n > 1 ? n : job->every;
    }
  /* how the lines are spread over the sides doesn't count: all that is there goes into the pixels
   * of its columns, and the number of cells is told once */
  for (gsize i = 0; !job->long_pixels && i < side; i++)
    add_folded (at, i * count, begin, count, i == 0 ? n_lines : 0, segment);
  return TRUE;
}

/* cells that are pixels: nothing to fold */
static gboolean
copy_row (const Place *at, guint row, guint64 begin, gsize count)
{
  Job *job = at->job;
  EspPixel *out = job->pixels + row * job->pixel_across + begin * job->pixel_along;

  if (!read_cells (at, job->across->edges[row] * job->line + begin, count))
    return FALSE;
  esp_fold_cells_to_pixels (at->worker->values, count, out, job->pixel_along);
  return TRUE;
}

/* the pixels of a segment in one row of them */
static gboolean
reduce_row (const Place *at, guint row, Segment *segment)
{
  Job *job = at->job;
  guint64 end = job->along->edges[segment->last];
  EspPixel *out = job->pixels + row * job->pixel_across;
  gboolean cells = job->along->n == job->line &&
                   job->across->edges[row + 1] - job->across->edges[row] == 1;

  for (guint i = segment->first; !cells && i < segment->last; i++)
    esp_fold_total_init (&segment->totals[i - segment->first]);
  for (guint64 begin = job->along->edges[segment->first]; begin < end; begin += job->block)
    {
      gsize count = (gsize) MIN (end - begin, job->block);

      if (cells ? !copy_row (at, row, begin, count) : !fold_block (at, row, begin, count, segment))
        return FALSE;
    }
  for (guint i = segment->first; !cells && i < segment->last; i++)
    esp_fold_finish_pixel (&segment->totals[i - segment->first], &out[i * job->pixel_along]);
  return TRUE;
}

static void
ensure_worker (Job *job, Worker *worker)
{
  gsize cells = MAX (job->block, SHORT_LINE);

  if (worker->values != NULL)
    return;
  worker->values = g_new (float, cells * job->per);
  if (job->reader != NULL && job->reader->doubles)
    worker->doubles = g_new (double, cells * job->per);
  worker->fold = esp_fold_new ((gsize) MIN (MAX (job->line, SHORT_LINE), cells));
}

static void
report (Job *job, guint worker)
{
  guint64 done = __atomic_add_fetch (&job->n_done, 1, __ATOMIC_RELAXED);

  if (worker == 0 && job->reader != NULL && job->reader->progress != NULL)
    job->reader->progress (job->reader->data, (double) done / (double) job->n_jobs);
}

static gboolean
run_job (guint64 index, guint worker_index, gpointer data)
{
  Job *job = data;
  GError *error = NULL;
  Place at = { job, &job->workers[worker_index], worker_index, index, &error };
  guint64 part = index % job->n_segments;
  guint64 row = index / job->n_segments * job->band;
  guint64 end = MIN (row + job->band, job->across->n);
  Segment segment = { (guint) (part * job->along->n / job->n_segments),
                      (guint) ((part + 1) * job->along->n / job->n_segments), NULL };
  g_autofree EspFoldTotal *totals = g_new (EspFoldTotal, segment.last - segment.first);

  segment.totals = totals;
  ensure_worker (job, at.worker);
  for (; row < end; row++)
    if (!reduce_row (&at, (guint) row, &segment))
      {
        g_mutex_lock (&job->lock);
        if (job->error == NULL)
          job->error = g_steal_pointer (&error);
        g_mutex_unlock (&job->lock);
        g_clear_error (&error);
        return FALSE;
      }
  report (job, worker_index);
  return TRUE;
}

/* }}} */
/* {{{ the whole */

/* the region as a view with lines as rows */
static gboolean
make_view (Job *job,
           EspTensor *matrix,
           const EspRegion *region,
           gboolean transposed,
           GError **error)
{
  const gint64 *strides = esp_tensor_get_strides (matrix);
  const EspAffine *affine = esp_tensor_get_affine (matrix);
  gint64 offset = esp_tensor_get_offset (matrix) + region->row * strides[0] +
                  region->column * strides[1];
  gint64 shape[2] = { region->rows, region->columns };
  gint64 begins[2] = { region->row, region->column };
  gint64 steps[2] = { region->columns, 1 };
  guint row = transposed ? 1 : 0;
  guint column = transposed ? 0 : 1;
  EspScanPlan *plan = &job->plan;
  EspAffine part;

  if (affine != NULL && affine->axis >= 0)
    {
      part.axis = affine->axis == (int) row ? 0 : 1;
      part.n = (guint) shape[affine->axis];
      part.scales = affine->scales + begins[affine->axis];
      part.zero_points = affine->zero_points + begins[affine->axis];
      affine = &part;
    }
  plan->ndim = 2;
  plan->in_order = !transposed;
  plan->shape[0] = shape[row];
  plan->shape[1] = shape[column];
  plan->steps[0] = steps[row];
  plan->steps[1] = steps[column];
  plan->view = esp_tensor_new_view_with_affine (matrix, plan->shape, 2,
                                                (const gint64[]) { strides[row], strides[column] },
                                                offset, affine, error);
  return plan->view != NULL;
}

static void
job_init (Job *job)
{
  gboolean stream = esp_tensor_is_stream (job->plan.view);
  guint64 lines, cells, jobs;

  job->line = (guint64) job->plan.shape[1];
  job->per = esp_tensor_get_numbers_per_element (job->plan.view);
  job->long_pixels = job->line / job->along->n >= LONG_PIXEL;
  job->block = ESP_OVERVIEW_CHUNK / job->per;
  if (stream && job->reader == NULL)
    job->block = STREAM_BLOCK_CELLS;
  job->block = (gsize) MAX (MIN (job->block, esp_tensor_get_count (job->plan.view)), 1);
  lines = (guint64) job->plan.shape[0] / job->across->n;
  if (!esp_mul_u64 (MAX (lines, 1), job->line, &cells))
    cells = G_MAXUINT64;
  job->band = (guint) CLAMP (JOB_CELLS / cells, 1, job->across->n);
  jobs = (job->across->n + job->band - 1) / job->band;
  job->n_segments = 1;
  /* few rows of many cells: their lines are cut too */
  if (!stream && jobs < ENOUGH_JOBS)
    job->n_segments = (guint) CLAMP (cells / JOB_CELLS, 1, MIN (job->along->n, 256));
  job->n_jobs = jobs * job->n_segments;
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
      g_free (job->workers[i].doubles);
      g_clear_pointer (&job->workers[i].fold, esp_fold_free);
    }
  g_free (job->workers);
  g_mutex_clear (&job->lock);
}

gboolean
esp_overview_fill (EspTensor *matrix,
                   const EspRegion *region,
                   const EspCuts *rows,
                   const EspCuts *columns,
                   guint every,
                   EspPixel *pixels,
                   const EspOverviewReader *reader,
                   GCancellable *cancellable,
                   GError **error)
{
  const gint64 *strides = esp_tensor_get_strides (matrix);
  gboolean transposed = region->columns == 1 ||
                        (region->rows > 1 && ABS (strides[0]) < ABS (strides[1]));
  guint n_workers = G_MAXUINT;
  Job job = {
    .across = transposed ? columns : rows,
    .along = transposed ? rows : columns,
    .pixel_across = transposed ? 1 : columns->n,
    .pixel_along = transposed ? columns->n : 1,
    .pixels = pixels,
    .every = every,
    .reader = reader,
    .cancellable = cancellable,
  };

  if (!make_view (&job, matrix, region, transposed, error))
    return FALSE;
  if (!esp_tensor_check_walkable (job.plan.view, error))
    {
      esp_scan_plan_clear (&job.plan);
      return FALSE;
    }
  job_init (&job);
  if (reader != NULL)
    reader->begin (reader->data, &job.plan, job.n_jobs);
  if (esp_tensor_get_count (job.plan.view) < JOB_CELLS || esp_tensor_is_stream (job.plan.view))
    n_workers = 1;
  esp_parallel_run (job.n_jobs, n_workers, run_job, &job);
  job_clear (&job);
  esp_scan_plan_clear (&job.plan);
  if (job.error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&job.error));
  return FALSE;
}

/* }}} */
