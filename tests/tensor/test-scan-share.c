/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Scans of one tensor at the same time: read once, the same figures for all; who waits can be
 * cancelled, and takes over when the first one fails. A picture of a matrix brings them along. */

#include "config.h"

#include "esp-scan.h"

#define COUNT 200000 /* above what is shared at all */

/* a storage that is slow to read, counts what is read, and can be told to fail */
typedef struct
{
  GBytes *bytes;
  gint64 n_read;   /* atomic by lock */
  gint fail_reads; /* atomic: so many of the next reads fail */
  gint delay_us;
  GMutex lock;
} Slow;

static gboolean
slow_read (gpointer data,
           guint64 offset,
           gsize length,
           void *buffer,
           GCancellable *cancellable,
           GError **error)
{
  Slow *slow = data;

  g_usleep ((gulong) slow->delay_us);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (g_atomic_int_get (&slow->fail_reads) > 0)
    {
      g_atomic_int_add (&slow->fail_reads, -1);
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "told to fail");
      return FALSE;
    }
  memcpy (buffer, (const guint8 *) g_bytes_get_data (slow->bytes, NULL) + offset, length);
  g_mutex_lock (&slow->lock);
  slow->n_read += (gint64) length;
  g_mutex_unlock (&slow->lock);
  return TRUE;
}

static const EspStorageFuncs slow_funcs = { slow_read, NULL };

static void
slow_init (Slow *slow, float first)
{
  float *values = g_new (float, COUNT);

  for (guint i = 0; i < COUNT; i++)
    values[i] = first + (float) i;
  slow->bytes = g_bytes_new_take (values, COUNT * sizeof *values);
  slow->n_read = 0;
  slow->fail_reads = 0;
  slow->delay_us = 5000;
  g_mutex_init (&slow->lock);
}

static void
slow_clear (Slow *slow)
{
  g_bytes_unref (slow->bytes);
  g_mutex_clear (&slow->lock);
}

static EspTensor *
slow_tensor (Slow *slow)
{
  const gint64 shape[] = { COUNT };
  g_autoptr (EspStorage) storage = esp_storage_new (&slow_funcs, slow, "0", COUNT * sizeof (float));
  GError *error = NULL;
  EspTensor *tensor = esp_tensor_new (ESP_DTYPE_FLOAT32, "F32", shape, 1, NULL, 0, 0, storage,
                                      &error);

  g_assert_no_error (error);
  return tensor;
}

typedef struct
{
  EspTensor *tensor;
  GCancellable *cancellable;
  EspStats *stats;
  GError *error;
} Call;

static gpointer
scan_in_thread (gpointer data)
{
  Call *call = data;

  call->stats = esp_scan_stats (call->tensor, NULL, NULL, call->cancellable, &call->error);
  return NULL;
}

static void
test_read_once (void)
{
  Slow slow;
  g_autoptr (EspTensor) tensor = NULL;
  Call calls[4] = { 0 };
  GThread *threads[4];
  g_autoptr (EspStats) later = NULL;

  slow_init (&slow, 0);
  tensor = slow_tensor (&slow);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      calls[i].tensor = tensor;
      threads[i] = g_thread_new ("scan", scan_in_thread, &calls[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_thread_join (threads[i]);
      g_assert_no_error (calls[i].error);
      g_assert_true (calls[i].stats == calls[0].stats);
    }
  g_assert_cmpint (slow.n_read, ==, COUNT * (gint64) sizeof (float));
  g_assert_cmpfloat (esp_stats_get_values (calls[0].stats)->max, ==, COUNT - 1);

  later = esp_scan_stats (tensor, NULL, NULL, NULL, NULL);
  g_assert_true (later == calls[0].stats);
  g_assert_cmpint (slow.n_read, ==, COUNT * (gint64) sizeof (float));

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    esp_stats_unref (calls[i].stats);
  g_clear_pointer (&tensor, esp_tensor_unref);
  slow_clear (&slow);
}

static void
test_waiting_is_cancelled (void)
{
  Slow slow;
  g_autoptr (EspTensor) tensor = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Call first = { 0 }, second = { 0 };
  GThread *scanner, *waiter;

  slow_init (&slow, 0);
  slow.delay_us = 200000;
  tensor = slow_tensor (&slow);
  first.tensor = second.tensor = tensor;
  second.cancellable = cancellable;
  scanner = g_thread_new ("scan", scan_in_thread, &first);
  g_usleep (50000);
  waiter = g_thread_new ("wait", scan_in_thread, &second);
  g_usleep (20000);
  g_cancellable_cancel (cancellable);
  g_thread_join (waiter);
  g_assert_error (second.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (scanner);
  g_assert_no_error (first.error);
  g_assert_nonnull (first.stats);

  g_clear_error (&second.error);
  esp_stats_unref (first.stats);
  g_clear_pointer (&tensor, esp_tensor_unref);
  slow_clear (&slow);
}

static void
test_failure_is_not_shared (void)
{
  Slow slow;
  g_autoptr (EspTensor) tensor = NULL;
  g_autoptr (EspStats) stats = NULL;
  GError *error = NULL;

  slow_init (&slow, 0);
  tensor = slow_tensor (&slow);
  slow.fail_reads = 1000000;
  g_assert_null (esp_scan_stats (tensor, NULL, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_clear_error (&error);
  g_atomic_int_set (&slow.fail_reads, 0);
  stats = esp_scan_stats (tensor, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (stats);
  g_clear_pointer (&tensor, esp_tensor_unref);
  slow_clear (&slow);
}

/* more tensors than are remembered, and new ones that may get an old one's address */
static void
test_never_anothers_figures (void)
{
  for (guint round = 0; round < 3; round++)
    {
      EspTensor *tensors[24];
      Slow slow[24];

      for (guint i = 0; i < G_N_ELEMENTS (tensors); i++)
        {
          slow_init (&slow[i], (float) (100 * round + i));
          slow[i].delay_us = 0;
          tensors[i] = slow_tensor (&slow[i]);
        }
      for (guint again = 0; again < 2; again++)
        for (guint i = 0; i < G_N_ELEMENTS (tensors); i++)
          {
            g_autoptr (EspStats) stats = esp_scan_stats (tensors[i], NULL, NULL, NULL, NULL);

            g_assert_cmpfloat (esp_stats_get_values (stats)->min, ==, 100 * round + i);
          }
      for (guint i = 0; i < G_N_ELEMENTS (tensors); i++)
        {
          esp_tensor_unref (tensors[i]);
          slow_clear (&slow[i]);
        }
    }
}

/* --- a matrix whose picture is asked for as well --- */

static EspTensor *
slow_matrix (Slow *slow)
{
  const gint64 shape[] = { COUNT / 400, 400 };
  g_autoptr (EspStorage) storage = esp_storage_new (&slow_funcs, slow, "0", COUNT * sizeof (float));

  return esp_tensor_new (ESP_DTYPE_FLOAT32, "F32", shape, 2, NULL, 0, 0, storage, NULL);
}

static void
on_scanned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  EspOverview **overview = user_data;

  *overview = esp_scan_matrix_finish (result, &error);
  g_assert_no_error (error);
}

/* whoever wants the statistics before and during the pass waits for it: the matrix is read once */
static void
test_picture_and_figures (void)
{
  Slow slow;
  g_autoptr (EspTensor) matrix = NULL;
  g_autoptr (EspOverview) overview = NULL;
  g_autoptr (EspOverview) same = NULL;
  Call before = { 0 }, during = { 0 };
  GThread *threads[2];

  slow_init (&slow, 0);
  matrix = slow_matrix (&slow);
  before.tensor = during.tensor = matrix;
  esp_scan_claim (matrix);
  threads[0] = g_thread_new ("before", scan_in_thread, &before);
  g_usleep (50000);
  g_assert_cmpint (slow.n_read, ==, 0);
  g_assert_true (esp_scan_matrix_try_async (matrix, 40, 50, NULL, on_scanned, &overview));
  threads[1] = g_thread_new ("during", scan_in_thread, &during);
  /* a second picture is not this function's to make */
  g_assert_false (esp_scan_matrix_try_async (matrix, 40, 50, NULL, on_scanned, &overview));
  esp_scan_unclaim (matrix); /* too late to matter */
  while (overview == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (threads[0]);
  g_thread_join (threads[1]);
  g_assert_cmpint (slow.n_read, ==, COUNT * (gint64) sizeof (float));
  g_assert_nonnull (before.stats);
  g_assert_true (before.stats == during.stats);
  g_assert_cmpfloat (esp_stats_get_values (before.stats)->max, ==, COUNT - 1);
  g_assert_cmpuint (esp_overview_get_width (overview), ==, 40);
  g_assert_true (esp_overview_is_exact (overview));

  same = esp_overview_new (matrix, esp_overview_get_region (overview), 40, 50, 1, NULL, NULL);
  for (guint y = 0; y < 50; y++)
    for (guint x = 0; x < 40; x++)
      {
        const EspPixel *one = &esp_overview_get_row (overview, y)[x];
        const EspPixel *other = &esp_overview_get_row (same, y)[x];

        g_assert_cmpfloat (one->min, ==, other->min);
        g_assert_cmpfloat (one->max, ==, other->max);
        g_assert_cmpfloat (one->mean, ==, other->mean);
        g_assert_cmpfloat (one->rms, ==, other->rms);
      }
  esp_stats_unref (before.stats);
  esp_stats_unref (during.stats);
  g_clear_pointer (&matrix, esp_tensor_unref);
  slow_clear (&slow);
}

static void
on_cancelled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  gboolean *done = user_data;

  g_assert_null (esp_scan_matrix_finish (result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  *done = TRUE;
}

/* a picture that nobody wants any more: one of those who wait scans by itself; so it is with a
 * claim that nobody used */
static void
test_picture_is_given_up (void)
{
  Slow slow;
  g_autoptr (EspTensor) matrix = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Call waiter = { 0 }, later = { 0 };
  gboolean done = FALSE;
  GThread *thread;

  slow_init (&slow, 0);
  slow.delay_us = 100000;
  matrix = slow_matrix (&slow);
  waiter.tensor = matrix;
  g_assert_true (esp_scan_matrix_try_async (matrix, 40, 50, cancellable, on_cancelled, &done));
  thread = g_thread_new ("wait", scan_in_thread, &waiter);
  g_usleep (20000);
  g_cancellable_cancel (cancellable);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
  g_assert_nonnull (waiter.stats);
  g_clear_pointer (&waiter.stats, esp_stats_unref);
  g_clear_pointer (&matrix, esp_tensor_unref);

  slow.delay_us = 1000;
  matrix = slow_matrix (&slow);
  later.tensor = matrix;
  esp_scan_claim (matrix);
  thread = g_thread_new ("wait", scan_in_thread, &later);
  g_usleep (20000);
  esp_scan_unclaim (matrix);
  g_thread_join (thread);
  g_assert_nonnull (later.stats);
  esp_stats_unref (later.stats);
  g_clear_pointer (&matrix, esp_tensor_unref);
  slow_clear (&slow);
}

/* --- cancelling --- */

/* more numbers than any machine scans at once, made as they are read */
static gboolean
endless_read (gpointer data,
              guint64 offset,
              gsize length,
              void *buffer,
              GCancellable *cancellable,
              GError **error)
{
  memset (buffer, (int) (offset / length % 63), length);
  return TRUE;
}

typedef struct
{
  GCancellable *cancellable;
  gint64 cancelled;
} Canceller;

static gpointer
cancel_soon (gpointer data)
{
  Canceller *canceller = data;

  g_usleep (60000);
  canceller->cancelled = g_get_monotonic_time ();
  g_cancellable_cancel (canceller->cancellable);
  return NULL;
}

/* each way into a scan ends soon after it was cancelled; a busy machine may take a while */
static void
test_cancelled_soon (void)
{
  static const EspStorageFuncs funcs = { endless_read, NULL };
  const gint64 shape[] = { 1 << 20, 1 << 20 };
  g_autoptr (EspStorage) storage = esp_storage_new (&funcs, NULL, "0", (guint64) 4 << 40);

  for (guint way = 0; way < 3; way++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspTensor)
          matrix = esp_tensor_new (ESP_DTYPE_FLOAT32, "F32", shape, 2, NULL, 0, 0, storage, &error);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Canceller canceller = { cancellable, 0 };
      GThread *thread = g_thread_new ("cancel", cancel_soon, &canceller);
      EspStats *stats = NULL;
      double seconds;

      g_assert_no_error (error);
      if (way == 0)
        g_assert_null (esp_scan_stats (matrix, NULL, NULL, cancellable, &error));
      else if (way == 1)
        g_assert_null (esp_scan_matrix (matrix, 700, 700, NULL, NULL, &stats, cancellable, &error));
      else
        g_assert_null (esp_overview_new (matrix, &(EspRegion) { 0, 0, shape[0], shape[1] }, 700,
                                         700, 1, cancellable, &error));
      seconds = (double) (g_get_monotonic_time () - canceller.cancelled) / 1e6;
      g_thread_join (thread);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_test_minimized_result (seconds, "cancelled after %.1f ms", seconds * 1e3);
      g_assert_cmpfloat (seconds, <, 2);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scan-share/read-once", test_read_once);
  g_test_add_func ("/scan-share/waiting-is-cancelled", test_waiting_is_cancelled);
  g_test_add_func ("/scan-share/failure-is-not-shared", test_failure_is_not_shared);
  g_test_add_func ("/scan-share/never-anothers-figures", test_never_anothers_figures);
  g_test_add_func ("/scan-share/picture-and-figures", test_picture_and_figures);
  g_test_add_func ("/scan-share/picture-is-given-up", test_picture_is_given_up);
  g_test_add_func ("/scan-share/cancelled-soon", test_cancelled_soon);
  return g_test_run ();
}
