/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who scans, who waits, and the last few statistics. A result is half a megabyte (its histogram),
 * so only KEPT of them stay, the least used goes. Tensors are known by address: a tensor that is
 * being scanned is held by its scanner, one that is remembered tells when it goes. */

#include "config.h"

#include "esp-scan-share-private.h"

#include "esp-tensor-private.h"

#define KEPT 16
/* how often one who waits looks whether it was cancelled, in µs */
#define LOOK_INTERVAL (20 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  EspTensor *tensor; /* not held; NULL in a free slot */
  EspStats *stats;
  guint64 used; /* the clock when it was asked for last */
} Kept;

static GMutex lock;
static GCond ended;
static GPtrArray *scanning; /* EspTensor, held by their scanners */
static GPtrArray *claimed;  /* EspTensor, held by who claimed them */
static Kept kept[KEPT];
static guint64 clock_now;

static void
kept_clear (Kept *slot)
{
  slot->tensor = NULL;
  g_clear_pointer (&slot->stats, esp_stats_unref);
}

/* a reference, or NULL; locked */
static EspStats *
find_kept (EspTensor *tensor)
{
  for (guint i = 0; i < KEPT; i++)
    if (kept[i].tensor == tensor)
      {
        kept[i].used = ++clock_now;
        return esp_stats_ref (kept[i].stats);
      }
  return NULL;
}

/* locked */
static void
keep (EspTensor *tensor, EspStats *stats)
{
  Kept *slot = &kept[0];

  for (guint i = 0; i < KEPT; i++)
    {
      if (kept[i].tensor == NULL)
        {
          slot = &kept[i];
          break;
        }
      if (kept[i].used < slot->used)
        slot = &kept[i];
    }
  if (slot->tensor != NULL)
    esp_tensor_set_remembered (slot->tensor, FALSE);
  kept_clear (slot);
  slot->tensor = tensor;
  slot->stats = esp_stats_ref (stats);
  slot->used = ++clock_now;
  esp_tensor_set_remembered (tensor, TRUE);
}

/* locked */
static void
ensure_arrays (void)
{
  if (scanning != NULL)
    return;
  scanning = g_ptr_array_new ();
  claimed = g_ptr_array_new ();
}

gboolean
esp_scan_share_begin (EspTensor *tensor,
                      EspStats **stats,
                      GCancellable *cancellable,
                      GError **error)
{
  gboolean cancelled = FALSE;

  g_mutex_lock (&lock);
  ensure_arrays ();
  for (;;)
    {
      *stats = find_kept (tensor);
      if (*stats != NULL ||
          !(g_ptr_array_find (scanning, tensor, NULL) || g_ptr_array_find (claimed, tensor, NULL)))
        break;
      cancelled = g_cancellable_is_cancelled (cancellable);
      if (cancelled)
        break;
      g_cond_wait_until (&ended, &lock, g_get_monotonic_time () + LOOK_INTERVAL);
    }
  if (*stats == NULL && !cancelled)
    g_ptr_array_add (scanning, tensor);
  g_mutex_unlock (&lock);
  return !cancelled || !g_cancellable_set_error_if_cancelled (cancellable, error);
}

gboolean
esp_scan_share_try_begin (EspTensor *tensor)
{
  g_autoptr (EspStats) stats = NULL;
  gboolean begun;

  g_mutex_lock (&lock);
  ensure_arrays ();
  stats = find_kept (tensor);
  begun = stats == NULL && !g_ptr_array_find (scanning, tensor, NULL);
  if (begun)
    g_ptr_array_add (scanning, tensor);
  g_ptr_array_remove_fast (claimed, tensor);
  g_mutex_unlock (&lock);
  return begun;
}

void
esp_scan_share_end (EspTensor *tensor, EspStats *stats)
{
  g_mutex_lock (&lock);
  g_ptr_array_remove_fast (scanning, tensor);
  if (stats != NULL)
    keep (tensor, stats);
  g_cond_broadcast (&ended);
  g_mutex_unlock (&lock);
}

void
esp_scan_claim (EspTensor *tensor)
{
  g_return_if_fail (tensor != NULL);

  g_mutex_lock (&lock);
  ensure_arrays ();
  if (!g_ptr_array_find (claimed, tensor, NULL))
    g_ptr_array_add (claimed, tensor);
  g_mutex_unlock (&lock);
}

void
esp_scan_unclaim (EspTensor *tensor)
{
  g_return_if_fail (tensor != NULL);

  g_mutex_lock (&lock);
  ensure_arrays ();
  g_ptr_array_remove_fast (claimed, tensor);
  g_cond_broadcast (&ended);
  g_mutex_unlock (&lock);
}

void
esp_scan_share_forget (EspTensor *tensor)
{
  g_mutex_lock (&lock);
  for (guint i = 0; i < KEPT; i++)
    if (kept[i].tensor == tensor)
      kept_clear (&kept[i]);
  g_mutex_unlock (&lock);
}
