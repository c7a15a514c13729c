/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Scans of one tensor at the same time: read once, the same figures for all; who waits can be
 * cancelled, and takes over when the first one fails. */

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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scan-share/read-once", test_read_once);
  g_test_add_func ("/scan-share/waiting-is-cancelled", test_waiting_is_cancelled);
  g_test_add_func ("/scan-share/failure-is-not-shared", test_failure_is_not_shared);
  g_test_add_func ("/scan-share/never-anothers-figures", test_never_anothers_figures);
  return g_test_run ();
}
