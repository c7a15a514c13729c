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
#include "esp-scan-plan-private.h"
#include "esp-scan-share-private.h"
#include "esp-stats-private.h"
#include "esp-tensor-private.h"

#define CHUNK_NUMBERS (32 * 1024)
#define MAX_STRIPES 4096
/* up to here the numbers' codes are sorted, and no table of 65,536 counts is made */
#define FEW_NUMBERS (16 * 1024)

/* {{{ parts and their sums */

typedef struct
{
  guint64 finite, zeros, nans, positive_infs, negative_infs;
  double sum, sum_rest; /* as two doubles, whose sum is more exact than one */
  double squares;       /* of deviations from the mean */
  double min, max;
  gint64 first_min, first_max, first_nonfinite;
} Part;

static void
part_init (Part *self)
{
  memset (self, 0, sizeof *self);
  self->min = INFINITY;
  self->max = -INFINITY;
  self->first_min = self->first_max = self->first_nonfinite = -1;
}

/* Knuth's sum without an error */
static void
add_sum (Part *self, double value)
{
  double sum = self->sum + value;
  double back = sum - self->sum;
  double rest = (self->sum - (sum - back)) + (value - back);

  self->sum = sum;
  self->sum_rest += isfinite (sum) ? rest : 0;
}

static double
get_mean (const Part *self)
{
  return (self->sum + self->sum_rest) / (double) self->finite;
}

static void
take_lower (gint64 *index, gint64 other)
{
  if (other >= 0 && (*index < 0 || other < *index))
    *index = other;
}

static void
merge_extremes (Part *self, const Part *other)
{
  if (other->min < self->min)
    {
      self->min = other->min;
      self->first_min = other->first_min;
    }
  else if (other->min == self->min)
    take_lower (&self->first_min, other->first_min);
  if (other->max > self->max)
    {
      self->max = other->max;
      self->first_max = other->first_max;
    }
  else if (other->max == self->max)
    take_lower (&self->first_max, other->first_max);
  take_lower (&self->first_nonfinite, other->first_nonfinite);
}

/* Chan, Golub, LeVeque: pairwise merging of sums and squared deviations */
static void
part_merge (Part *self, const Part *other)
{
  if (self->finite > 0 && other->finite > 0)
    {
      double n = (double) self->finite;
      double m = (double) other->finite;
      double distance = get_mean (other) - get_mean (self);

      self->squares += other->squares + distance * distance * (n / (n + m) * m);
    }
  else
    self->squares += other->squares;
  self->finite += other->finite;
  self->zeros += other->zeros;
  self->nans += other->nans;
  self->positive_infs += other->positive_infs;
  self->negative_infs += other->negative_infs;
  add_sum (self, other->sum);
  self->sum_rest += other->sum_rest;
  merge_extremes (self, other);
}

/* }}} */
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
  guint64 stripe; /* chunks */
  Part *parts;    /* a stripe each */
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

/* The indices of a chunk's extremes: the lowest in the tensor's order among equal ones. Goes
 * through the chunk again, so it is only called where an extreme is a new one. */
#define DEFINE_FIND(name, type)                                                                    \
  static gint64 name (const Scan *scan, const type *values, gsize count, guint64 start,            \
                      double wanted)                                                               \
  {                                                                                                \
    gint64 lowest = -1;                                                                            \
    EspScanWalk walk;                                                                              \
                                                                                                   \
    esp_scan_walk_init (&walk, &scan->plan, start);                                                \
    for (gsize i = 0; i < count; i += scan->per, esp_scan_walk_next (&walk))                       \
      {                                                                                            \
        gboolean is = isnan (wanted) ? !isfinite (values[i]) : values[i] == wanted;                \
                                                                                                   \
        if (scan->per == 2)                                                                        \
          is |= isnan (wanted) ? !isfinite (values[i + 1]) : values[i + 1] == wanted;              \
        if (is && scan->plan.in_order)                                                             \
          return (gint64) walk.at;                                                                 \
        if (is)                                                                                    \
          take_lower (&lowest, (gint64) walk.at);                                                  \
      }                                                                                            \
    return lowest;                                                                                 \
  }

DEFINE_FIND (find_f32, float)
DEFINE_FIND (find_f64, double)

/* complex elements that are zero: both parts are */
#define DEFINE_ZERO_PAIRS(name, type)                                                              \
  static guint64 name (const type *values, gsize count)                                            \
  {                                                                                                \
    guint64 zeros = 0;                                                                             \
                                                                                                   \
    for (gsize i = 0; i < count; i += 2)                                                           \
      zeros += values[i] == 0 && values[i + 1] == 0;                                               \
    return zeros;                                                                                  \
  }

DEFINE_ZERO_PAIRS (zero_pairs_f32, float)
DEFINE_ZERO_PAIRS (zero_pairs_f64, double)

/* moves the finite numbers to @out, counts the others */
#define DEFINE_SIFT(name, type)                                                                    \
  static gsize name (const type *values, gsize count, type *out, Part *part)                       \
  {                                                                                                \
    gsize n = 0;                                                                                   \
                                                                                                   \
    for (gsize i = 0; i < count; i++)                                                              \
      if (isfinite (values[i]))                                                                    \
        out[n++] = values[i];                                                                      \
      else if (isnan (values[i]))                                                                  \
        part->nans++;                                                                              \
      else if (values[i] > 0)                                                                      \
        part->positive_infs++;                                                                     \
      else                                                                                         \
        part->negative_infs++;                                                                     \
    return n;                                                                                      \
  }

DEFINE_SIFT (sift_f32, float)
DEFINE_SIFT (sift_f64, double)

/* @part has the sums of a chunk; @self is of the stripe so far */
#define DEFINE_SUM_UP(name, type, suffix, buffer)                                                  \
  static void name (const Scan *scan, Worker *worker, guint64 start, gsize count, Part *stripe)    \
  {                                                                                                \
    const type *values = worker->buffer;                                                           \
    const type *finite = values;                                                                   \
    gsize n = count;                                                                               \
    EspSums sums;                                                                                  \
    Part part;                                                                                     \
                                                                                                   \
    part_init (&part);                                                                             \
    esp_scan_kernel_sums_##suffix (values, count, &sums);                                          \
    if (sums.nonfinite > 0)                                                                        \
      {                                                                                            \
        finite = worker->buffer + scan->n_numbers;                                                 \
        n = sift_##suffix (values, count, worker->buffer + scan->n_numbers, &part);                \
        esp_scan_kernel_sums_##suffix (finite, n, &sums);                                          \
        if (stripe->first_nonfinite < 0 || !scan->plan.in_order)                                   \
          part.first_nonfinite = find_##suffix (scan, values, count, start, NAN);                  \
      }                                                                                            \
    if (n > 0)                                                                                     \
      {                                                                                            \
        part.finite = n;                                                                           \
        part.zeros = scan->per == 1 ? sums.zeros : zero_pairs_##suffix (values, count);            \
        part.sum = sums.sum;                                                                       \
        part.min = sums.min;                                                                       \
        part.max = sums.max;                                                                       \
        part.squares = esp_scan_kernel_deviations_##suffix (finite, n, sums.sum / (double) n);     \
        if (part.min < stripe->min || (part.min == stripe->min && !scan->plan.in_order))           \
          part.first_min = find_##suffix (scan, values, count, start, part.min);                   \
        if (part.max > stripe->max || (part.max == stripe->max && !scan->plan.in_order))           \
          part.first_max = find_##suffix (scan, values, count, start, part.max);                   \
      }                                                                                            \
    if (scan->few)                                                                                 \
      esp_scan_kernel_codes_##suffix (values, count, worker->codes);                               \
    else                                                                                           \
      esp_scan_kernel_count_##suffix (values, count, worker->counts);                              \
    part_merge (stripe, &part);                                                                    \
  }

DEFINE_SUM_UP (sum_up_f32, float, f32, floats)
DEFINE_SUM_UP (sum_up_f64, double, f64, doubles)

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
scan_chunk (Scan *scan, Worker *worker, guint64 start, gsize n, Part *stripe, GError **error)
{
  gsize count = n * scan->per;

  if (scan->single)
    {
      if (!esp_tensor_read_f32_with (scan->plan.view, &worker->scratch, start, n, worker->floats,
                                     scan->cancellable, error))
        return FALSE;
      sum_up_f32 (scan, worker, start, count, stripe);
    }
  else
    {
      if (!esp_tensor_read_f64_with (scan->plan.view, &worker->scratch, start, n, worker->doubles,
                                     scan->cancellable, error))
        return FALSE;
      sum_up_f64 (scan, worker, start, count, stripe);
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
  Part *part = &scan->parts[job];
  guint64 n_chunks = (scan->count + scan->chunk - 1) / scan->chunk;
  guint64 end = MIN ((job + 1) * scan->stripe, n_chunks);

  part_init (part);
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

/* what float32 and its sums in double hold exactly */
static gboolean
is_single (EspTensor *tensor)
{
  switch (esp_tensor_get_dtype (tensor))
    {
    case ESP_DTYPE_UINT32:
    case ESP_DTYPE_INT32:
    case ESP_DTYPE_UINT64:
    case ESP_DTYPE_INT64:
    case ESP_DTYPE_FLOAT64:
    case ESP_DTYPE_COMPLEX128:
      return esp_tensor_get_affine (tensor) != NULL;
    default:
      return TRUE;
    }
}

static EspStats *
finish_stats (Scan *scan, const Part *part)
{
  EspStatsValues values = { .count = scan->count, .finite = part->finite };

  values.zeros = part->zeros;
  values.nans = part->nans;
  values.infs = part->positive_infs + part->negative_infs;
  values.positive_infs = part->positive_infs;
  values.first_min = part->first_min;
  values.first_max = part->first_max;
  values.first_nonfinite = part->first_nonfinite;
  values.min = values.max = values.mean = values.std = NAN;
  if (part->finite > 0)
    {
      double n = (double) part->finite;

      values.min = part->min + 0.0; /* no -0 */
      values.max = part->max + 0.0;
      /* rounding must not push the mean out of the range */
      values.mean = CLAMP (get_mean (part), values.min, values.max);
      values.std = sqrt (part->squares / n);
      values.l2 = sqrt (part->squares + values.mean * values.mean * n);
    }
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
  scan->single = is_single (tensor);
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
  Part whole;

  if (!esp_scan_plan_init (&scan.plan, tensor, error))
    return NULL;
  scan_init (&scan, tensor);
  n_stripes = (scan.count + scan.chunk * scan.stripe - 1) / (scan.chunk * scan.stripe);
  scan.parts = g_new (Part, n_stripes);
  esp_parallel_run (n_stripes, esp_tensor_is_stream (tensor) ? 1 : G_MAXUINT, scan_stripe, &scan);

  if (scan.error == NULL)
    {
      part_init (&whole);
      for (guint64 i = 0; i < n_stripes; i++)
        part_merge (&whole, &scan.parts[i]);
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
