/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* does job @job; @worker (0 for the caller, below esp_parallel_get_max_workers()) tells whose
 * scratch memory to use. FALSE stops the rest. */
typedef gboolean (*EspParallelFunc) (guint64 job, guint worker, gpointer data);

guint esp_parallel_get_max_workers (void);

/* Does jobs 0 to @n_jobs - 1, begun in order, on up to @max_workers cores and returns when all are
 * done or one failed. The caller works too and never waits for a thread to start, so calls may nest
 * and many may be under way. */
void esp_parallel_run (guint64 n_jobs, guint max_workers, EspParallelFunc func, gpointer data);

G_END_DECLS
