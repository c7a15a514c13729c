/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A loop over all cores. The caller takes jobs from a counter; threads of one pool for the whole
 * process join in when they are free. Jobs should take at least some 10 microseconds each.
 */

#include "esp-parallel-private.h"

typedef struct
{
  gatomicrefcount ref_count; /* the caller and each request to the pool */
  guint64 n_jobs;
  guint64 next; /* atomic */
  gboolean failed;

  GMutex lock;
  GCond idle;
  gboolean closed;
  guint n_joined;
  guint n_running;

  EspParallelFunc func;
  gpointer data; /* only while not closed */
} Loop;

static void
loop_unref (Loop *loop)
{
  if (!g_atomic_ref_count_dec (&loop->ref_count))
    return;
  g_mutex_clear (&loop->lock);
  g_cond_clear (&loop->idle);
  g_free (loop);
}

static void
work (Loop *loop, guint worker)
{
  while (!g_atomic_int_get (&loop->failed))
    {
      guint64 job = __atomic_fetch_add (&loop->next, 1, __ATOMIC_RELAXED);

      if (job >= loop->n_jobs)
        break;
      if (!loop->func (job, worker, loop->data))
        g_atomic_int_set (&loop->failed, TRUE);
    }
}

static void
join (gpointer task, gpointer unused)
{
  Loop *loop = task;
  guint worker;
  gboolean closed;

  g_mutex_lock (&loop->lock);
  closed = loop->closed;
  worker = ++loop->n_joined;
  loop->n_running += !closed;
  g_mutex_unlock (&loop->lock);

  if (!closed)
    {
      work (loop, worker);
      g_mutex_lock (&loop->lock);
      if (--loop->n_running == 0)
        g_cond_signal (&loop->idle);
      g_mutex_unlock (&loop->lock);
    }
  loop_unref (loop);
}

guint
esp_parallel_get_max_workers (void)
{
  static gsize n; /* asking the system costs more than scanning a small tensor */

  if (g_once_init_enter (&n))
    g_once_init_leave (&n, CLAMP (g_get_num_processors (), 1, 64));
  return (guint) n;
}

static GThreadPool *
get_pool (void)
{
  static gsize pool;

  if (g_once_init_enter (&pool))
    {
      int n = (int) MAX (esp_parallel_get_max_workers (), 2) - 1;
      /* can't fail: a pool that isn't exclusive starts no thread here */
      g_once_init_leave (&pool, (gsize) g_thread_pool_new (join, NULL, n, FALSE, NULL));
    }
  return (GThreadPool *) pool;
}

void
esp_parallel_run (guint64 n_jobs, guint max_workers, EspParallelFunc func, gpointer data)
{
  Loop *loop = g_new0 (Loop, 1);
  guint n_helpers;

  max_workers = MIN (max_workers, esp_parallel_get_max_workers ());
  n_helpers = (guint) MIN ((guint64) MAX (max_workers, 1), MAX (n_jobs, 1)) - 1;
  g_atomic_ref_count_init (&loop->ref_count);
  g_mutex_init (&loop->lock);
  g_cond_init (&loop->idle);
  loop->n_jobs = n_jobs;
  loop->func = func;
  loop->data = data;

  for (guint i = 0; i < n_helpers; i++)
    {
      g_atomic_ref_count_inc (&loop->ref_count);
      /* where no thread can be started the task waits for one; the caller does without */
      g_thread_pool_push (get_pool (), loop, NULL);
    }
  work (loop, 0);

  g_mutex_lock (&loop->lock);
  loop->closed = TRUE;
  while (loop->n_running > 0)
    g_cond_wait (&loop->idle, &loop->lock);
  g_mutex_unlock (&loop->lock);
  loop_unref (loop);
}
