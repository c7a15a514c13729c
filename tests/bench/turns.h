/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How long the main loop is away from its events, turn by turn: from one poll to the next. "work"
 * is the processor time of the turn: on a machine that does other things as well it tells what this
 * program itself is to blame for. For one main loop a process. */

#include <glib.h>
#include <time.h>

G_BEGIN_DECLS

static G_GNUC_UNUSED struct
{
  GPollFunc real_poll;
  gint64 awake_since;
  double work_since;
  gboolean counting;
  GArray *walls; /* double, ms */
  GArray *works; /* double, ms */
} turns;

/* processor time of this thread, in ms */
static inline double
turns_work_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6;
}

static inline void
turns_note (void)
{
  double wall = (double) (g_get_monotonic_time () - turns.awake_since) / 1000.0;
  double work = turns_work_ms () - turns.work_since;

  if (turns.awake_since == 0 || !turns.counting)
    return;
  g_array_append_val (turns.walls, wall);
  g_array_append_val (turns.works, work);
}

static inline int
turns_poll (GPollFD *fds, guint n, int timeout)
{
  int result;

  turns_note ();
  result = turns.real_poll (fds, n, timeout);
  turns.awake_since = g_get_monotonic_time ();
  turns.work_since = turns_work_ms ();
  return result;
}

/* watches the default main context from now on, forgetting what was counted;
 * what comes before the first poll counts as a turn, too */
static inline void
turns_begin (void)
{
  if (!turns.real_poll)
    {
      turns.walls = g_array_new (FALSE, FALSE, sizeof (double));
      turns.works = g_array_new (FALSE, FALSE, sizeof (double));
      turns.real_poll = g_main_context_get_poll_func (NULL);
      g_main_context_set_poll_func (NULL, turns_poll);
    }
  g_array_set_size (turns.walls, 0);
  g_array_set_size (turns.works, 0);
  turns.awake_since = g_get_monotonic_time ();
  turns.work_since = turns_work_ms ();
  turns.counting = TRUE;
}

static inline void
turns_end (void)
{
  turns.counting = FALSE;
}

static inline double
turns_max (GArray *values)
{
  double max = 0;

  for (guint i = 0; i < values->len; i++)
    max = MAX (max, g_array_index (values, double, i));
  return max;
}

G_END_DECLS
