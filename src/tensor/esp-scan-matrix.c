/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All that a window shows of a matrix from one pass over it: while an overview is filled, each
 * chunk is summed up and counted as it lies in the cache. A part a job, merged in the order of
 * jobs, so the figures hang on the size of the picture in their last bits, and on nothing else. 1
 * GiB of float32 takes some 0.4 s on two cores.
 */

#include "config.h"

#include "esp-scan.h"

#include <string.h>

#include "esp-overview-job-private.h"
#include "esp-parallel-private.h"
#include "esp-scan-kernel-private.h"
#include "esp-scan-part-private.h"
#include "esp-scan-share-private.h"
#include "esp-stats-private.h"

/* rows that the first look takes of each row of pixels: so many cells at most */
#define COARSE_CELLS (4 * 1000 * 1000)

/* of one core */
typedef struct
{
  guint32 *counts; /* (ESP_HISTOGRAM_CODES) */
  guint64 n_counted;
  void *spare; /* a chunk of floats or doubles */
} Worker;

typedef struct
{
  const EspScanPlan *plan;
  guint per;
  gsize size; /* of a number */
  guint64 n_jobs;
  EspScanPart *parts; /* (n_jobs) */
  Worker *workers;
  GMutex lock; /* of counts */
  guint64 *counts;
  EspScanPartialFunc partial;
  gpointer user_data;
} Scan;

static void
begin (gpointer data, const EspScanPlan *plan, guint64 n_jobs)
{
  Scan *scan = data;

  scan->plan = plan;
  scan->n_jobs = n_jobs;
  scan->parts = g_new (EspScanPart, n_jobs);
  for (guint64 i = 0; i < n_jobs; i++)
    esp_scan_part_init (&scan->parts[i]);
}

static void
flush (Scan *scan, Worker *worker)
{
  g_mutex_lock (&scan->lock);
  for (guint i = 0; i < ESP_HISTOGRAM_CODES; i++)
    scan->counts[i] += worker->counts[i];
  g_mutex_unlock (&scan->lock);
  memset (worker->counts, 0, ESP_HISTOGRAM_CODES * sizeof *worker->counts);
  worker->n_counted = 0;
}

static void
take (gpointer data,
      guint index,
      guint64 job,
      guint64 start,
      gsize count,
      const float *floats,
      const double *doubles)
{
  Scan *scan = data;
  Worker *worker = &scan->workers[index];
  EspScanPart *part = &scan->parts[job];

  if (worker->counts == NULL)
    {
      worker->counts = g_new0 (guint32, ESP_HISTOGRAM_CODES);
      worker->spare = g_malloc (ESP_OVERVIEW_CHUNK * scan->size);
    }
  if (floats != NULL)
    {
      esp_scan_part_add_f32 (part, scan->plan, scan->per, floats, worker->spare, start, count);
      esp_scan_kernel_count_f32 (floats, count, worker->counts);
    }
  else
    {
      esp_scan_part_add_f64 (part, scan->plan, scan->per, doubles, worker->spare, start, count);
      esp_scan_kernel_count_f64 (doubles, count, worker->counts);
    }
  worker->n_counted += count;
  if (worker->n_counted > G_MAXINT32) /* before a count can wrap */
    flush (scan, worker);
}

static void
report (gpointer data, double done)
{
  Scan *scan = data;

  if (scan->partial != NULL)
    scan->partial (done, NULL, scan->user_data);
}

static EspStats *
finish_stats (Scan *scan, guint64 count)
{
  EspStatsValues values;
  EspScanPart whole;

  esp_scan_part_init (&whole);
  for (guint64 i = 0; i < scan->n_jobs; i++)
    esp_scan_part_merge (&whole, &scan->parts[i]);
  esp_scan_part_get_values (&whole, count, &values);
  for (guint i = 0; i < esp_parallel_get_max_workers (); i++)
    if (scan->workers[i].counts != NULL)
      flush (scan, &scan->workers[i]);
  return esp_stats_new (&values, scan->counts);
}

/* a first picture where the whole takes longer than one looks */
static gboolean
show_coarse (EspTensor *matrix,
             guint width,
             guint height,
             const Scan *scan,
             GCancellable *cancellable,
             GError **error)
{
  const gint64 *shape = esp_tensor_get_shape (matrix);
  EspRegion region = { 0, 0, shape[0], shape[1] };
  double cells = (double) shape[0] * (double) shape[1];
  double every = CLAMP (cells / COARSE_CELLS, 1, (double) shape[0] / MIN (height, shape[0]));
  g_autoptr (EspOverview) coarse = NULL;

  if (scan->partial == NULL || every < 2)
    return TRUE;
  coarse = esp_overview_new (matrix, &region, width, height, (guint) every, cancellable, error);
  if (coarse == NULL)
    return FALSE;
  scan->partial (0, coarse, scan->user_data);
  return TRUE;
}

static void
scan_clear (Scan *scan)
{
  for (guint i = 0; i < esp_parallel_get_max_workers (); i++)
    {
      g_free (scan->workers[i].counts);
      g_free (scan->workers[i].spare);
    }
  g_free (scan->workers);
  g_free (scan->parts);
  g_free (scan->counts);
  g_mutex_clear (&scan->lock);
}

/* the overview of the whole, and statistics if @stats */
static EspOverview *
scan_matrix (EspTensor *matrix,
             guint width,
             guint height,
             Scan *scan,
             EspStats **stats,
             GCancellable *cancellable,
             GError **error)
{
  const gint64 *shape = esp_tensor_get_shape (matrix);
  EspRegion region = { 0, 0, shape[0], shape[1] };
  g_autoptr (EspOverview) overview = esp_overview_alloc (&region, width, height);
  EspOverviewReader reader = { !esp_scan_is_single (matrix), begin, take, report, scan };
  EspCuts rows, columns;
  gboolean done;

  esp_cuts_init (&rows, shape[0], esp_overview_get_height (overview));
  esp_cuts_init (&columns, shape[1], esp_overview_get_width (overview));
  scan->per = esp_tensor_get_numbers_per_element (matrix);
  scan->size = reader.doubles ? sizeof (double) : sizeof (float);
  scan->workers = g_new0 (Worker, esp_parallel_get_max_workers ());
  scan->counts = g_new0 (guint64, ESP_HISTOGRAM_CODES);
  g_mutex_init (&scan->lock);
  done = esp_overview_fill (matrix, &region, &rows, &columns, 1, esp_overview_get_pixels (overview),
                            &reader, cancellable, error);
  if (done)
    *stats = finish_stats (scan, esp_tensor_get_count (matrix));
  scan_clear (scan);
  esp_cuts_clear (&rows);
  esp_cuts_clear (&columns);
  if (!done)
    return NULL;
  esp_overview_set_exact (overview, TRUE);
  return g_steal_pointer (&overview);
}

static gboolean
check (EspTensor *matrix, guint width, guint height, GError **error)
{
  const gint64 *shape = esp_tensor_get_shape (matrix);
  EspRegion region = { 0, 0, shape[0], shape[1] };

  return esp_overview_check_request (matrix, &region, width, height, error) &&
         esp_tensor_check_walkable (matrix, error);
}

EspOverview *
esp_scan_matrix (EspTensor *matrix,
                 guint width,
                 guint height,
                 EspScanPartialFunc partial,
                 gpointer user_data,
                 EspStats **stats,
                 GCancellable *cancellable,
                 GError **error)
{
  Scan scan = { .partial = partial, .user_data = user_data };
  EspOverview *overview;
  const gint64 *shape;
  gboolean shared;

  g_return_val_if_fail (matrix != NULL && esp_tensor_get_ndim (matrix) == 2, NULL);
  g_return_val_if_fail (width > 0 && height > 0 && stats != NULL, NULL);

  *stats = NULL;
  if (!check (matrix, width, height, error) ||
      !show_coarse (matrix, width, height, &scan, cancellable, error))
    return NULL;
  shared = esp_tensor_get_count (matrix) >= ESP_SCAN_SHARE_MIN;
  if (shared && !esp_scan_share_begin (matrix, stats, cancellable, error))
    return NULL;
  /* who scanned before us counted already */
  if (*stats != NULL)
    {
      shape = esp_tensor_get_shape (matrix);
      overview = esp_overview_new (matrix, &(EspRegion) { 0, 0, shape[0], shape[1] }, width, height,
                                   1, cancellable, error);
      if (overview == NULL)
        g_clear_pointer (stats, esp_stats_unref);
      return overview;
    }
  overview = scan_matrix (matrix, width, height, &scan, stats, cancellable, error);
  if (shared)
    esp_scan_share_end (matrix, *stats);
  return overview;
}

/* {{{ in a worker */

typedef struct
{
  EspTensor *matrix;
  guint width, height;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  esp_tensor_unref (request->matrix);
  g_free (request);
}

static void
matrix_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Request *request = data;
  Scan scan = { 0 };
  g_autoptr (EspStats) stats = NULL;
  GError *error = NULL;
  EspOverview *overview = NULL;

  if (check (request->matrix, request->width, request->height, &error))
    overview = scan_matrix (request->matrix, request->width, request->height, &scan, &stats,
                            cancellable, &error);
  esp_scan_share_end (request->matrix, stats); /* whatever came of it: others wait */
  if (overview != NULL)
    g_task_return_pointer (task, overview, (GDestroyNotify) esp_overview_unref);
  else
    g_task_return_error (task, error);
}

gboolean
esp_scan_matrix_try_async (EspTensor *matrix,
                           guint width,
                           guint height,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Request *request;

  g_return_val_if_fail (matrix != NULL && esp_tensor_get_ndim (matrix) == 2, FALSE);
  g_return_val_if_fail (width > 0 && height > 0, FALSE);

  if (esp_tensor_get_count (matrix) < ESP_SCAN_SHARE_MIN || !esp_scan_share_try_begin (matrix))
    return FALSE;
  request = g_new0 (Request, 1);
  request->matrix = esp_tensor_ref (matrix);
  request->width = width;
  request->height = height;
  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, esp_scan_matrix_try_async);
  g_task_set_task_data (task, request, request_free);
  g_task_run_in_thread (task, matrix_thread);
  return TRUE;
}

EspOverview *
esp_scan_matrix_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* }}} */
