/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One pass over a tensor of any size: statistics and histogram. Chunks that fit in the cache are
 * read, decoded, summed up twice (mean, then deviations from it) and counted; some following chunks
 * make a stripe, and stripes are what the cores take. At most 4096 stripes, so the memory doesn't
 * grow, and a fixed cut and order of merging, so that the figures don't hang on the number of
 * cores.
 *
 *   tensor -> view in the order of its storage -> stripes -> chunks of 32 K numbers
 *          -> EspPart each, merged by Chan's formula in the order of stripes -> EspStats
 *
 * Order of the storage, since no figure but the three indices hangs on the order, and those are
 * computed back. 1 GiB of float32 takes about half a second on two cores.
 */

#include "config.h"

#include "esp-scan.h"

#include <math.h>
#include <string.h>

#include "esp-parallel-private.h"
#include "esp-scan-kernel-private.h"
#include "esp-scan-part-private.h"
#include "esp-scan-plan-private.h"
#include "esp-scan-share-private.h"
#include "esp-stats-private.h"
#include "esp-tensor-private.h"

#define CHUNK_NUMBERS (32 * 1024)
#define MAX_STRIPES 4096
/* up to here the numbers' codes are sorted, and no table of 65,536 counts is made */
#define FEW_NUMBERS (16 * 1024)

/* {{{ chunks */

typedef struct
{
  EspScratch scratch;
  float *floats; /* one of the two: a chunk, and as much for its finite numbers alone */
  double *doubles;
  guint32 *counts;   /* (ESP_HISTOGRAM_CODES), or for few numbers */
  guint16 *codes;    /* of each */
  guint64 n_counted; /* since the last flush */
} Worker;

typedef struct
{
  EspScanPlan plan;
  guint per;       /* numbers an element */
  gboolean single; /* float32 holds every value */
  guint64 count;   /* elements */
  guint64 chunk;   /* elements */
  gsize n_numbers; /* of a chunk */
  gboolean few;
  guint64 stripe;     /* chunks */
  EspScanPart *parts; /* a stripe each */
  Worker *workers;

  GMutex lock; /* of what follows */
  guint64 *counts;
  GError *error;

  guint64 n_chunks_done; /* atomic */
  double reported;
  EspProgressFunc progress;
  gpointer user_data;
  GCancellable *cancellable;
} Scan;

static void
flush_counts (Scan *scan, Worker *worker)
{
  g_mutex_lock (&scan->lock);
  if (scan->counts == NULL)
    scan->counts = g_new0 (guint64, ESP_HISTOGRAM_CODES);
  for (guint i = 0; i < ESP_HISTOGRAM_CODES; i++)
    scan->counts[i] += worker->counts[i];
  g_mutex_unlock (&scan->lock);
  memset (worker->counts, 0, ESP_HISTOGRAM_CODES * sizeof *worker->counts);
  worker->n_counted = 0;
}

static gboolean
scan_chunk (Scan *scan, Worker *worker, guint64 start, gsize n, EspScanPart *stripe, GError **error)
{
  gsize count = n * scan->per;

  if (scan->single)
    {
      if (!esp_tensor_read_f32_with (scan->plan.view, &worker->scratch, start, n, worker->floats,
                                     scan->cancellable, error))
        return FALSE;
      esp_scan_part_add_f32 (stripe, &scan->plan, scan->per, worker->floats,
                             worker->floats + scan->n_numbers, start, count);
      if (scan->few)
        esp_scan_kernel_codes_f32 (worker->floats, count, worker->codes);
      else
        esp_scan_kernel_count_f32 (worker->floats, count, worker->counts);
    }
  else
    {
      if (!esp_tensor_read_f64_with (scan->plan.view, &worker->scratch, start, n, worker->doubles,
                                     scan->cancellable, error))
        return FALSE;
      esp_scan_part_add_f64 (stripe, &scan->plan, scan->per, worker->doubles,
                             worker->doubles + scan->n_numbers, start, count);
      if (scan->few)
        esp_scan_kernel_codes_f64 (worker->doubles, count, worker->codes);
      else
        esp_scan_kernel_count_f64 (worker->doubles, count, worker->counts);
    }
  worker->n_counted += count;
  if (worker->n_counted > G_MAXINT32) /* before a count can wrap */
    flush_counts (scan, worker);
  return TRUE;
}

static void
ensure_worker (Scan *scan, Worker *worker)
{
  if (worker->floats != NULL || worker->doubles != NULL)
    return;
  if (scan->few)
    worker->codes = g_new (guint16, scan->n_numbers);
  else
    worker->counts = g_new0 (guint32, ESP_HISTOGRAM_CODES);
  if (scan->single)
    worker->floats = g_new (float, 2 * scan->n_numbers);
  else
    worker->doubles = g_new (double, 2 * scan->n_numbers);
}

/* in the thread that called; the others may have done the last of it */
static void
report (Scan *scan, double done)
{
  if (scan->progress == NULL || done <= scan->reported)
    return;
  scan->reported = done;
  scan->progress (done, scan->user_data);
}

static gboolean
scan_stripe (guint64 job, guint index, gpointer data)
{
  Scan *scan = data;
  Worker *worker = &scan->workers[index];
  EspScanPart *part = &scan->parts[job];
  guint64 n_chunks = (scan->count + scan->chunk - 1) / scan->chunk;
  guint64 end = MIN ((job + 1) * scan->stripe, n_chunks);

  esp_scan_part_init (part);
  ensure_worker (scan, worker);
  for (guint64 i = job * scan->stripe; i < end; i++)
    {
      guint64 start = i * scan->chunk;
      GError *error = NULL;
      guint64 done;

      if (!scan_chunk (scan, worker, start, (gsize) MIN (scan->chunk, scan->count - start), part,
                       &error))
        {
          g_mutex_lock (&scan->lock);
          if (scan->error == NULL)
            scan->error = g_steal_pointer (&error);
          g_mutex_unlock (&scan->lock);
          g_clear_error (&error);
          return FALSE;
        }
      done = __atomic_add_fetch (&scan->n_chunks_done, 1, __ATOMIC_RELAXED);
      if (index == 0)
        report (scan, (double) done / (double) n_chunks);
    }
  return TRUE;
}

/* }}} */
/* {{{ the whole */

static EspStats *
finish_stats (Scan *scan, const EspScanPart *part)
{
  EspStatsValues values;

  esp_scan_part_get_values (part, scan->count, &values);
  if (scan->few)
    return esp_stats_new_for_codes (&values, scan->workers[0].codes, scan->count * scan->per);
  for (guint i = 0; i < esp_parallel_get_max_workers (); i++)
    if (scan->workers[i].counts != NULL)
      flush_counts (scan, &scan->workers[i]);
  return esp_stats_new (&values, scan->counts);
}

static void
scan_init (Scan *scan, EspTensor *tensor)
{
  guint64 n_chunks;

  scan->per = esp_tensor_get_numbers_per_element (tensor);
  scan->single = esp_scan_is_single (tensor);
  scan->count = esp_tensor_get_count (tensor);
  scan->chunk = CHUNK_NUMBERS / scan->per;
  n_chunks = (scan->count + scan->chunk - 1) / scan->chunk;
  scan->stripe = MAX ((n_chunks + MAX_STRIPES - 1) / MAX_STRIPES, 1);
  scan->n_numbers = (gsize) MIN (scan->chunk, scan->count) * scan->per;
  scan->few = scan->count <= FEW_NUMBERS / scan->per;
  scan->workers = g_new0 (Worker, esp_parallel_get_max_workers ());
  g_mutex_init (&scan->lock);
}

static void
scan_clear (Scan *scan)
{
  for (guint i = 0; i < esp_parallel_get_max_workers (); i++)
    {
      esp_scratch_clear (&scan->workers[i].scratch);
      g_free (scan->workers[i].floats);
      g_free (scan->workers[i].doubles);
      g_free (scan->workers[i].codes);
      g_free (scan->workers[i].counts);
    }
  g_free (scan->workers);
  g_free (scan->counts);
  g_free (scan->parts);
  g_clear_error (&scan->error);
  g_mutex_clear (&scan->lock);
  esp_scan_plan_clear (&scan->plan);
}

static EspStats *
scan_stats (EspTensor *tensor,
            EspProgressFunc progress,
            gpointer user_data,
            GCancellable *cancellable,
            GError **error)
{
  Scan scan = { .progress = progress, .user_data = user_data, .cancellable = cancellable };
  EspStats *stats = NULL;
  guint64 n_stripes;
  EspScanPart whole;

  if (!esp_scan_plan_init (&scan.plan, tensor, error))
    return NULL;
  scan_init (&scan, tensor);
  n_stripes = (scan.count + scan.chunk * scan.stripe - 1) / (scan.chunk * scan.stripe);
  scan.parts = g_new (EspScanPart, n_stripes);
  esp_parallel_run (n_stripes, esp_tensor_is_stream (tensor) ? 1 : G_MAXUINT, scan_stripe, &scan);

  if (scan.error == NULL)
    {
      esp_scan_part_init (&whole);
      for (guint64 i = 0; i < n_stripes; i++)
        esp_scan_part_merge (&whole, &scan.parts[i]);
      report (&scan, 1);
      stats = finish_stats (&scan, &whole);
    }
  else
    g_propagate_error (error, g_steal_pointer (&scan.error));
  scan_clear (&scan);
  return stats;
}

EspStats *
esp_scan_stats (EspTensor *tensor,
                EspProgressFunc progress,
                gpointer user_data,
                GCancellable *cancellable,
                GError **error)
{
  EspStats *stats = NULL;

  g_return_val_if_fail (tensor != NULL, NULL);

  if (!esp_tensor_check_walkable (tensor, error))
    return NULL;
  if (esp_tensor_get_count (tensor) < ESP_SCAN_SHARE_MIN)
    return scan_stats (tensor, progress, user_data, cancellable, error);
  if (!esp_scan_share_begin (tensor, &stats, cancellable, error) || stats != NULL)
    return stats;
  stats = scan_stats (tensor, progress, user_data, cancellable, error);
  esp_scan_share_end (tensor, stats);
  return stats;
}

/* }}} */
/* {{{ in a worker */

static void
stats_thread (GTask *task, gpointer source, gpointer tensor, GCancellable *cancellable)
{
  GError *error = NULL;
  EspStats *stats = esp_scan_stats (tensor, NULL, NULL, cancellable, &error);

  if (stats != NULL)
    g_task_return_pointer (task, stats, (GDestroyNotify) esp_stats_unref);
  else
    g_task_return_error (task, error);
}

void
esp_scan_stats_async (EspTensor *tensor,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_return_if_fail (tensor != NULL);

  g_task_set_source_tag (task, esp_scan_stats_async);
  g_task_set_task_data (task, esp_tensor_ref (tensor), (GDestroyNotify) esp_tensor_unref);
  g_task_run_in_thread (task, stats_thread);
}

EspStats *
esp_scan_stats_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* }}} */
