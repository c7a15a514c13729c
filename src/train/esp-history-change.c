/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes: what was done between two steps, taken back and done again. One in the past begins a
 * branch; events are copied at the fork, there are few. */

#include "config.h"
#include "esp-history-private.h"

#include <string.h>

typedef enum
{
  DONE,
  DROPPED, /* taken back, the branch goes on without it */
  LEFT     /* taken back, the branch with it is there still */
} State;

/* what can be taken back */
typedef struct
{
  guint64 id;
  guint branch; /* that has it, or had */
  guint64 step;
  guint first;    /* of its events there */
  GArray *events; /* EspHistoryEvent */
  State state;
  /* the moment on the other side: of a change that was DROPPED where to do it again, of one that
   * was LEFT where from, of one that is DONE where to leave it for, if it was LEFT before */
  guint other_branch;
  guint64 other_step;
  gboolean has_other;
} Change;

static void
change_free (gpointer data)
{
  Change *change = data;
  g_array_unref (change->events);
  g_free (change);
}

GPtrArray *
esp_history_new_changes (void)
{
  return g_ptr_array_new_with_free_func (change_free);
}

static gboolean
is_equal (const EspHistoryEvent *a, const EspHistoryEvent *b)
{
  return a->kind == b->kind && a->step == b->step && a->parameter == b->parameter &&
         a->index == b->index && memcmp (&a->value, &b->value, sizeof a->value) == 0 &&
         a->numbers == b->numbers;
}

/* whether nothing ever happened on @branch, and it left @parent at just this moment */
static gboolean
is_empty_fork (EspHistory *self, guint branch, guint parent, guint64 step, guint n_events)
{
  const EspHistoryBranch *own = esp_history_peek_branch (self, branch),
                         *from = esp_history_peek_branch (self, parent);
  if (own->parent != parent || own->fork != step || own->head != step ||
      own->fork_events != n_events || own->events->len != n_events)
    return FALSE;
  for (guint i = 0; i < n_events; i++)
    if (!is_equal (&g_array_index (own->events, EspHistoryEvent, i),
                   &g_array_index (from->events, EspHistoryEvent, i)))
      return FALSE;
  return TRUE;
}

int
esp_history_fork (EspHistory *self, guint parent, guint64 step, guint n_events)
{
  for (guint i = 1; i < self->branches->len; i++)
    if (is_empty_fork (self, i, parent, step, n_events))
      return (int) i;
  if (self->branches->len >= ESP_HISTORY_MAX_BRANCHES)
    return -1;
  EspHistoryBranch *old = esp_history_peek_branch (self, parent);
  EspHistoryBranch *branch = esp_history_add_branch (self, parent, step);
  branch->fork_events = n_events;
  for (guint i = 0; i < n_events; i++)
    esp_history_add_event (branch->events, &g_array_index (old->events, EspHistoryEvent, i));
  return (int) self->branches->len - 1;
}

/* whether something can be done again or gone back to only there */
static gboolean
is_needed (const Change *change, guint branch)
{
  return (change->branch == branch && change->state != DROPPED) ||
         (change->other_branch == branch && change->state != DONE);
}

void
esp_history_drop_empty (EspHistory *self)
{
  for (guint last = self->branches->len - 1; last > 0; last--)
    {
      const EspHistoryBranch *branch = esp_history_peek_branch (self, last);
      gboolean needed = last == self->current || last < self->n_foreign ||
                        branch->head != branch->fork || branch->events->len != branch->fork_events;
      for (guint i = 0; i < self->changes->len; i++)
        needed = needed || is_needed (g_ptr_array_index (self->changes, i), last);
      if (needed)
        return;
      for (guint i = 0; i < self->changes->len; i++)
        {
          Change *change = g_ptr_array_index (self->changes, i);
          if (change->branch == last)
            change->branch = branch->parent;
          /* the way back forks again */
          if (change->other_branch == last)
            change->has_other = FALSE;
        }
      g_ptr_array_set_size (self->branches, (int) last);
    }
}

static Change *
find_change (EspHistory *self, guint64 id)
{
  for (guint i = self->changes->len; i-- > 0;)
    {
      Change *change = g_ptr_array_index (self->changes, i);
      if (change->id == id)
        return change;
    }
  return NULL;
}

/* The last @n events of the current branch are a change now, or go on with one. Where others lie
 * between, going back to before the first does for them, too. */
static void
remember_change (EspHistory *self, guint64 id, guint n)
{
  EspHistoryBranch *branch = esp_history_peek_branch (self, self->current);
  Change *change = find_change (self, id);
  guint first = branch->events->len - n;
  if (change != NULL && change->state == DONE)
    {
      gboolean follows = change->branch == self->current &&
                         change->first + change->events->len == first;
      for (guint i = first; follows && i < branch->events->len; i++)
        esp_history_add_event (change->events, &g_array_index (branch->events, EspHistoryEvent, i));
      return;
    }
  if (change == NULL)
    {
      if (self->changes->len >= ESP_HISTORY_MAX_CHANGES)
        g_ptr_array_remove_index (self->changes, 0);
      change = g_new0 (Change, 1);
      change->id = id;
      change->events = esp_history_new_events ();
      for (guint i = first; i < branch->events->len; i++)
        esp_history_add_event (change->events, &g_array_index (branch->events, EspHistoryEvent, i));
      g_ptr_array_add (self->changes, change);
    }
  change->branch = self->current;
  change->step = g_array_index (branch->events, EspHistoryEvent, first).step;
  change->first = first;
  change->state = DONE;
  change->has_other = FALSE;
}

gboolean
esp_history_do (EspHistory *self, EspPlan *plan, const EspHistoryEvent *events, guint n, guint64 id)
{
  g_return_val_if_fail (n > 0, FALSE);
  esp_history_catch_up (self, plan);
  EspHistoryBranch *branch = esp_history_peek_branch (self, self->current);
  guint64 step = esp_plan_get_step (plan);
  if (step < branch->head || self->n_done < branch->events->len)
    {
      int fork = esp_history_fork (self, self->current, step, self->n_done);
      if (fork < 0)
        return FALSE;
      self->current = (guint) fork;
      branch = esp_history_peek_branch (self, self->current);
    }
  for (guint i = 0; i < n; i++)
    {
      EspHistoryEvent own = events[i];
      own.step = step;
      esp_history_add_event (branch->events, &own);
      esp_history_apply (plan, &own);
    }
  if (id != 0)
    remember_change (self, id, n);
  self->n_done = branch->events->len;
  esp_history_find_due (self);
  return TRUE;
}

/* where a branch has nothing of its own, it is its parent that one wants to see, if that is the
 * same moment there */
static guint
find_full_branch (EspHistory *self, guint branch, guint64 step)
{
  const EspHistoryBranch *own = esp_history_peek_branch (self, branch),
                         *parent = esp_history_peek_branch (self, own->parent);
  guint n = 0;
  while (n < parent->events->len && g_array_index (parent->events, EspHistoryEvent, n).step <= step)
    n++;
  return branch != 0 && is_empty_fork (self, branch, own->parent, step, n) ? own->parent : branch;
}

gboolean
esp_history_undo (EspHistory *self, EspPlan *plan, guint64 id, guint *branch, guint64 *step)
{
  Change *change = find_change (self, id);
  if (change == NULL || change->state != DONE)
    return FALSE;
  EspHistoryBranch *own = esp_history_peek_branch (self, change->branch);
  gboolean last = own->head == change->step &&
                  own->events->len == change->first + change->events->len;
  int fork = -1;
  *step = change->step;
  if (last)
    {
      g_array_set_size (own->events, change->first);
      *branch = find_full_branch (self, change->branch, change->step);
      /* the plan may still have it behind it, until it goes to @step */
      if (change->branch == self->current)
        self->n_done = MIN (self->n_done, change->first);
      esp_history_find_due (self);
    }
  else if (change->has_other)
    {
      *branch = change->other_branch;
      *step = change->other_step;
    }
  else if ((fork = esp_history_fork (self, change->branch, change->step, change->first)) >= 0)
    *branch = (guint) fork;
  else
    return FALSE;
  change->state = last ? DROPPED : LEFT;
  change->other_branch = last ? *branch : self->current;
  change->other_step = last ? *step : esp_plan_get_step (plan);
  return TRUE;
}

gboolean
esp_history_redo (EspHistory *self,
                  EspPlan *plan,
                  guint64 id,
                  guint *branch,
                  guint64 *step,
                  const EspHistoryEvent **events,
                  guint *n)
{
  Change *change = find_change (self, id);
  if (change == NULL || change->state == DONE)
    return FALSE;
  *branch = change->other_branch;
  *step = change->other_step;
  *events = (const EspHistoryEvent *) (gpointer) change->events->data;
  *n = change->state == DROPPED ? change->events->len : 0;
  if (change->state == DROPPED)
    return TRUE;
  change->state = DONE;
  change->has_other = TRUE;
  change->other_branch = self->current;
  change->other_step = esp_plan_get_step (plan);
  return TRUE;
}
