/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Findings of one tensor: a scan of all its values and, for weights, a look at each unit; some
 * milliseconds to seconds, so in a worker. */

#include "config.h"

#include "esp-finder.h"

static void
free_finding (gpointer finding)
{
  esp_finding_free (finding);
}

GPtrArray *
esp_finder_new_list (void)
{
  return g_ptr_array_new_with_free_func (free_finding);
}

void
esp_finder_add_copies (GPtrArray *to, GPtrArray *from)
{
  for (guint i = 0; i < from->len; i++)
    {
      const EspFinding *finding = from->pdata[i];
      EspFinding *copy = esp_finding_new (finding->kind, finding->severity, finding->unit,
                                          finding->index, g_strdup (finding->title),
                                          g_strdup (finding->details));

      g_ptr_array_add (to, copy);
    }
}

void
esp_finder_add_taken (GPtrArray *to, GPtrArray *from)
{
  if (from == NULL)
    return;
  esp_finder_add_copies (to, from);
  g_ptr_array_unref (from);
}

typedef struct
{
  EspPlace *place;
  EspTensor *tensor;
  GPtrArray *weights; /* found already, or NULL */
} FindWork;

static void
free_find_work (gpointer data)
{
  FindWork *work = data;

  g_object_unref (work->place);
  esp_tensor_unref (work->tensor);
  g_clear_pointer (&work->weights, g_ptr_array_unref);
  g_free (work);
}

static void
find_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  FindWork *work = data;
  g_autoptr (GPtrArray) findings = esp_finder_new_list ();
  g_autoptr (EspStats) stats = NULL;
  GPtrArray *weights = g_steal_pointer (&work->weights);
  GError *error = NULL;

  stats = esp_scan_stats (work->tensor, NULL, NULL, cancellable, &error);
  if (stats != NULL)
    {
      esp_finder_add_taken (findings, esp_findings_from_stats (work->tensor, stats));
      if (weights == NULL)
        weights = esp_findings_from_weights (work->place, cancellable, &error);
    }
  esp_finder_add_taken (findings, weights);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, g_steal_pointer (&findings), (GDestroyNotify) g_ptr_array_unref);
}

void
esp_finder_find_async (EspPlace *place,
                       gboolean live,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  /* without a source, so that no worker can be the last to hold a document */
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  FindWork *work = g_new0 (FindWork, 1);

  work->place = g_object_ref (place);
  work->tensor = esp_tensor_ref (esp_parameter_get_data (esp_place_get_parameter (place)));
  /* matrices of a live network are small */
  if (live)
    {
      work->weights = esp_findings_from_weights (place, cancellable, NULL);
      if (work->weights == NULL)
        work->weights = esp_finder_new_list ();
    }
  g_task_set_task_data (task, work, free_find_work);
  g_task_run_in_thread (task, find_in_thread);
}

GPtrArray *
esp_finder_find_finish (GAsyncResult *result, EspPlace **place, EspTensor **tensor, GError **error)
{
  const FindWork *work = g_task_get_task_data (G_TASK (result));

  *place = work->place;
  *tensor = work->tensor;
  return g_task_propagate_pointer (G_TASK (result), error);
}
