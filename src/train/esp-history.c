/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key frames and events. Branches have key frames of their own and fall back on their parent's up
 * to the fork; events are copied at the fork, there are few. */

#include "config.h"
#include "esp-history.h"

#include <math.h>
#include <string.h>
#include <glib/gi18n.h>

#include "esp-history-file.h"

#define FIRST_DISTANCE 16 /* steps: copying a state costs less than one of them */
#define FIRST_LARGE 256   /* the same for states of over a megabyte */

typedef struct
{
  guint64 step;
  guint n_events; /* done before it was taken */
  guint8 *state;
} Frame;

typedef struct
{
  guint parent;
  guint64 fork, head;
  guint fork_events;  /* of the parent's, done before the fork */
  GArray *events;     /* EspHistoryEvent: the parent's before the fork, then its own */
  GPtrArray *frames;  /* Frame, by step; after the fork */
  guint64 last_frame; /* step, or the fork */
} Branch;

typedef enum
{
  DONE,
  DROPPED, /* taken back, the branch goes on without it */
  LEFT     /* taken back, the branch with it is there still */
} ChangeState;

/* what can be taken back */
typedef struct
{
  guint64 id;
  guint branch; /* that has it, or had */
  guint64 step;
  guint first;    /* of its events there */
  GArray *events; /* EspHistoryEvent */
  ChangeState state;
  /* the moment on the other side: of a change that was DROPPED where to do it again, of one that
   * was LEFT where from, of one that is DONE where to leave it for, if it was LEFT before */
  guint other_branch;
  guint64 other_step;
  gboolean has_other;
} Change;

struct _EspHistory
{
  GPtrArray *branches; /* Branch */
  GPtrArray *changes;  /* Change, oldest first */
  guint current;
  guint n_done;     /* events of the current branch that the plan has behind it */
  guint64 next_due; /* step of the next one, G_MAXUINT64 if there is none */
  guint64 distance;
  guint64 bytes; /* that key frames may take */
  gsize state_size;
  guint n_frames;
  guint n_foreign;   /* the first branches: their steps can't be done again here */
  double first_rate; /* the learning rate at the beginning, which a reset leaves alone */
};

static GArray *
new_events (void)
{
  GArray *events = g_array_new (FALSE, FALSE, sizeof (EspHistoryEvent));
  g_array_set_clear_func (events, esp_history_event_clear);
  return events;
}

static void
add_event (GArray *events, const EspHistoryEvent *event)
{
  if (event->numbers != NULL)
    g_bytes_ref (event->numbers);
  g_array_append_vals (events, event, 1);
}

static void
change_free (gpointer data)
{
  Change *change = data;
  g_array_unref (change->events);
  g_free (change);
}

static void
frame_free (gpointer data)
{
  Frame *frame = data;
  g_free (frame->state);
  g_free (frame);
}

static void
branch_free (gpointer data)
{
  Branch *branch = data;
  g_array_unref (branch->events);
  g_ptr_array_unref (branch->frames);
  g_free (branch);
}

static Branch *
get_branch (EspHistory *self, guint index)
{
  return g_ptr_array_index (self->branches, index);
}

static Branch *
add_branch (EspHistory *self, guint parent, guint64 fork)
{
  Branch *branch = g_new0 (Branch, 1);
  branch->parent = parent;
  branch->fork = branch->head = branch->last_frame = fork;
  branch->events = new_events ();
  branch->frames = g_ptr_array_new_with_free_func (frame_free);
  g_ptr_array_add (self->branches, branch);
  return branch;
}

static void
find_due (EspHistory *self)
{
  Branch *branch = get_branch (self, self->current);
  self->next_due = self->n_done < branch->events->len
                       ? g_array_index (branch->events, EspHistoryEvent, self->n_done).step
                       : G_MAXUINT64;
}

EspHistory *
esp_history_new (EspPlan *plan, guint64 bytes)
{
  EspHistory *self = g_new0 (EspHistory, 1);
  self->bytes = bytes;
  self->branches = g_ptr_array_new_with_free_func (branch_free);
  self->changes = g_ptr_array_new_with_free_func (change_free);
  self->state_size = esp_plan_get_state_size (plan);
  esp_history_clear (self, plan);
  return self;
}

void
esp_history_free (EspHistory *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->branches);
  g_ptr_array_unref (self->changes);
  g_free (self);
}

void
esp_history_clear (EspHistory *self, EspPlan *plan)
{
  g_ptr_array_set_size (self->branches, 0);
  g_ptr_array_set_size (self->changes, 0);
  add_branch (self, 0, 0);
  self->current = self->n_done = self->n_frames = self->n_foreign = 0;
  self->first_rate = esp_plan_get_base_rate (plan);
  self->distance = self->state_size > (1 << 20) ? FIRST_LARGE : FIRST_DISTANCE;
  find_due (self);
}

/* every second key frame of each branch goes, counted from its fork */
static void
thin_out (EspHistory *self)
{
  self->distance *= 2;
  for (guint b = 0; b < self->branches->len; b++)
    {
      Branch *branch = get_branch (self, b);
      for (guint i = branch->frames->len; i-- > 0;)
        {
          Frame *frame = g_ptr_array_index (branch->frames, i);
          if ((frame->step - branch->fork) % self->distance == 0)
            continue;
          g_ptr_array_remove_index (branch->frames, i);
          self->n_frames--;
        }
    }
}

/* whether a key frame belongs here; if not, the branch counts on from where the last one would */
static gboolean
is_frame_step (EspHistory *self, Branch *branch, guint64 step)
{
  branch->last_frame = step - (step - branch->fork) % self->distance;
  return branch->last_frame == step;
}

static void
take_frame (EspHistory *self, EspPlan *plan)
{
  Branch *branch = get_branch (self, self->current);
  guint64 step = esp_plan_get_step (plan), most = self->bytes / self->state_size;
  if (!is_frame_step (self, branch, step) || most == 0)
    return;
  if (self->n_frames >= most)
    thin_out (self);
  if (self->n_frames >= most || !is_frame_step (self, branch, step))
    return;
  Frame *frame = g_new0 (Frame, 1);
  frame->step = step;
  frame->n_events = self->n_done;
  frame->state = g_malloc (self->state_size);
  esp_plan_save_state (plan, frame->state);
  g_ptr_array_add (branch->frames, frame);
  self->n_frames++;
}

static void
apply (EspPlan *plan, const EspHistoryEvent *event)
{
  switch (event->kind)
    {
    case ESP_HISTORY_EDIT:
      esp_plan_edit (plan, event->parameter, event->index, (EspReal) event->value);
      break;
    case ESP_HISTORY_FILL:
      esp_plan_fill (plan, event->parameter, (guint) event->index,
                     g_bytes_get_data (event->numbers, NULL));
      break;
    case ESP_HISTORY_RATE:
      esp_plan_set_rate (plan, event->value);
      break;
    case ESP_HISTORY_ROWS:
    default:
      esp_plan_limit_rows (plan, event->index);
    }
}

void
esp_history_catch_up (EspHistory *self, EspPlan *plan)
{
  Branch *branch = get_branch (self, self->current);
  guint64 step = esp_plan_get_step (plan);
  for (; self->next_due <= step; find_due (self))
    apply (plan, &g_array_index (branch->events, EspHistoryEvent, self->n_done++));
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
  const Branch *own = get_branch (self, branch), *from = get_branch (self, parent);
  if (own->parent != parent || own->fork != step || own->head != step ||
      own->fork_events != n_events || own->events->len != n_events)
    return FALSE;
  for (guint i = 0; i < n_events; i++)
    if (!is_equal (&g_array_index (own->events, EspHistoryEvent, i),
                   &g_array_index (from->events, EspHistoryEvent, i)))
      return FALSE;
  return TRUE;
}

/* a branch that leaves @parent at @step with @n_events done: one that was left empty, or a new
 * one; -1 when there are too many */
static int
fork_branch (EspHistory *self, guint parent, guint64 step, guint n_events)
{
  for (guint i = 1; i < self->branches->len; i++)
    if (is_empty_fork (self, i, parent, step, n_events))
      return (int) i;
  if (self->branches->len >= ESP_HISTORY_MAX_BRANCHES)
    return -1;
  Branch *old = get_branch (self, parent);
  Branch *branch = add_branch (self, parent, step);
  branch->fork_events = n_events;
  for (guint i = 0; i < n_events; i++)
    add_event (branch->events, &g_array_index (old->events, EspHistoryEvent, i));
  return (int) self->branches->len - 1;
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

/* the last @n events of the current branch are a change now */
static void
remember_change (EspHistory *self, guint64 id, guint n)
{
  Branch *branch = get_branch (self, self->current);
  Change *change = find_change (self, id);
  guint first = branch->events->len - n;
  if (change == NULL)
    {
      if (self->changes->len >= ESP_HISTORY_MAX_CHANGES)
        g_ptr_array_remove_index (self->changes, 0);
      change = g_new0 (Change, 1);
      change->id = id;
      change->events = new_events ();
      for (guint i = first; i < branch->events->len; i++)
        add_event (change->events, &g_array_index (branch->events, EspHistoryEvent, i));
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
  Branch *branch = get_branch (self, self->current);
  guint64 step = esp_plan_get_step (plan);
  if (step < branch->head || self->n_done < branch->events->len)
    {
      int fork = fork_branch (self, self->current, step, self->n_done);
      if (fork < 0)
        return FALSE;
      self->current = (guint) fork;
      branch = get_branch (self, self->current);
    }
  for (guint i = 0; i < n; i++)
    {
      EspHistoryEvent own = events[i];
      own.step = step;
      add_event (branch->events, &own);
      apply (plan, &own);
    }
  if (id != 0)
    remember_change (self, id, n);
  self->n_done = branch->events->len;
  find_due (self);
  return TRUE;
}

/* where a branch has nothing of its own, it is its parent that one wants to see, if that is the
 * same moment there */
static guint
find_full_branch (EspHistory *self, guint branch, guint64 step)
{
  const Branch *own = get_branch (self, branch), *parent = get_branch (self, own->parent);
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
  Branch *own = get_branch (self, change->branch);
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
      find_due (self);
    }
  else if (change->has_other)
    {
      *branch = change->other_branch;
      *step = change->other_step;
    }
  else if ((fork = fork_branch (self, change->branch, change->step, change->first)) >= 0)
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

static gboolean
is_foreign (EspHistory *self, guint branch, guint64 step)
{
  while (branch > 0 && step <= get_branch (self, branch)->fork)
    branch = get_branch (self, branch)->parent;
  return branch < self->n_foreign;
}

/* what comes now has other numbers than what came then */
static void
leave_foreign (EspHistory *self, EspPlan *plan)
{
  int fork = fork_branch (self, self->current, esp_plan_get_step (plan), self->n_done);
  /* no room, or it is one of those: then it goes on with what comes now */
  if (fork < 0 || (guint) fork < self->n_foreign)
    self->n_foreign = 0;
  else
    self->current = (guint) fork;
  find_due (self);
}

double
esp_history_step (EspHistory *self, EspPlan *plan, gboolean watched, gboolean *new)
{
  if (G_UNLIKELY (self->current < self->n_foreign))
    leave_foreign (self, plan);
  Branch *branch = get_branch (self, self->current);
  if (G_UNLIKELY (self->next_due <= esp_plan_get_step (plan)))
    esp_history_catch_up (self, plan);
  double loss = esp_plan_step (plan, watched);
  guint64 step = esp_plan_get_step (plan);
  *new = step > branch->head;
  if (!*new)
    return loss;
  branch->head = step;
  if (G_UNLIKELY (step >= branch->last_frame + self->distance))
    take_frame (self, plan);
  return loss;
}

/* the last one of @branch or its parents that lies at or before @step with no more than @n_events
 * done; NULL: the beginning is the next */
static const Frame *
find_frame (EspHistory *self, guint branch, guint64 step, guint n_events)
{
  for (;;)
    {
      Branch *own = get_branch (self, branch);
      for (guint i = own->frames->len; i-- > 0;)
        {
          const Frame *frame = g_ptr_array_index (own->frames, i);
          if (frame->step <= step && frame->n_events <= n_events)
            return frame;
        }
      if (branch == 0)
        return NULL;
      step = MIN (step, own->fork);
      n_events = MIN (n_events, own->fork_events);
      branch = own->parent;
    }
}

void
esp_history_rewind (EspHistory *self, EspPlan *plan, guint branch, guint64 step)
{
  g_return_if_fail (branch < self->branches->len);
  gboolean foreign = is_foreign (self, branch, step);
  guint64 most = foreign || step == 0 ? step : step - 1;
  const Frame *frame = step > 0 ? find_frame (self, branch, most, G_MAXUINT) : NULL;
  /* where the plan is may be nearer */
  gboolean ahead = branch == self->current && esp_plan_get_step (plan) < step &&
                   esp_plan_get_stage (plan) == ESP_STAGE_UPDATED;
  if (ahead && !foreign && (frame == NULL || frame->step <= esp_plan_get_step (plan)))
    return;
  self->current = branch;
  if (frame != NULL)
    esp_plan_load_state (plan, frame->state);
  else
    {
      esp_plan_reset (plan);
      esp_plan_set_rate (plan, self->first_rate);
    }
  self->n_done = frame != NULL ? frame->n_events : 0;
  find_due (self);
}

guint
esp_history_get_branch (EspHistory *self)
{
  return self->current;
}

guint
esp_history_get_n_branches (EspHistory *self)
{
  return self->branches->len;
}

guint64
esp_history_get_head (EspHistory *self, guint branch)
{
  g_return_val_if_fail (branch < self->branches->len, 0);
  return get_branch (self, branch)->head;
}

guint64
esp_history_get_fork (EspHistory *self, guint branch, guint *parent)
{
  g_return_val_if_fail (branch < self->branches->len, 0);
  *parent = get_branch (self, branch)->parent;
  return get_branch (self, branch)->fork;
}

guint64
esp_history_get_distance (EspHistory *self)
{
  return self->distance;
}

gsize
esp_history_get_size (EspHistory *self)
{
  gsize size = self->n_frames * (self->state_size + sizeof (Frame));
  for (guint b = 0; b < self->branches->len; b++)
    size += get_branch (self, b)->events->len * sizeof (EspHistoryEvent);
  return size;
}

/* --- to a file and back --- */

static void
write_event (GByteArray *out, const EspHistoryEvent *event)
{
  gsize size = 0;
  const EspReal *numbers = event->numbers != NULL ? g_bytes_get_data (event->numbers, &size) : NULL;
  esp_kept_put_u32 (out, event->kind);
  esp_kept_put_u64 (out, event->step);
  esp_kept_put_u32 (out, event->parameter);
  esp_kept_put_u64 (out, event->index);
  esp_kept_put_f64 (out, event->value);
  esp_kept_put_u32 (out, (guint32) (size / sizeof (EspReal)));
  esp_kept_put_floats (out, numbers, size / sizeof (EspReal));
}

static void
write_frame (GByteArray *out, EspPlan *plan, guint64 step, guint n_events, const guint8 *state)
{
  esp_kept_put_u64 (out, step);
  esp_kept_put_u32 (out, n_events);
  esp_kept_put_state (out, plan, state);
}

/* the key frames, and where the plan is as one more of them: it is gone to at once, everywhere */
static void
write_frames (EspHistory *self, EspPlan *plan, guint index, GByteArray *out)
{
  const Branch *branch = get_branch (self, index);
  guint64 now = index == self->current ? esp_plan_get_step (plan) : 0;
  gboolean extra = now > branch->fork;
  for (guint i = 0; i < branch->frames->len; i++)
    extra = extra && ((const Frame *) branch->frames->pdata[i])->step != now;
  esp_kept_put_u32 (out, branch->frames->len + (extra ? 1 : 0));
  for (guint i = 0; i <= branch->frames->len; i++)
    {
      const Frame *frame = i < branch->frames->len ? branch->frames->pdata[i] : NULL;
      if (extra && (frame == NULL || frame->step > now))
        {
          g_autofree guint8 *state = g_malloc (self->state_size);
          esp_plan_save_state (plan, state);
          write_frame (out, plan, now, self->n_done, state);
          extra = FALSE;
        }
      if (frame != NULL)
        write_frame (out, plan, frame->step, frame->n_events, frame->state);
    }
}

void
esp_history_write (EspHistory *self, EspPlan *plan, GByteArray *out)
{
  esp_kept_put_u64 (out, self->state_size);
  esp_kept_put_f64 (out, self->first_rate);
  esp_kept_put_u64 (out, self->distance);
  esp_kept_put_u32 (out, self->branches->len);
  for (guint b = 0; b < self->branches->len; b++)
    {
      const Branch *branch = get_branch (self, b);
      esp_kept_put_u32 (out, branch->parent);
      esp_kept_put_u64 (out, branch->fork);
      esp_kept_put_u64 (out, branch->head);
      esp_kept_put_u32 (out, branch->fork_events);
      esp_kept_put_u32 (out, branch->events->len);
      for (guint i = 0; i < branch->events->len; i++)
        write_event (out, &g_array_index (branch->events, EspHistoryEvent, i));
      write_frames (self, plan, b, out);
    }
  esp_kept_put_u32 (out, self->current);
  esp_kept_put_u64 (out, esp_plan_get_step (plan));
  esp_kept_put_u32 (out, self->n_done);
}

static gboolean
read_event (EspCursor *cursor, EspPlan *plan, EspHistoryEvent *event, GError **error)
{
  guint32 kind, parameter, n;
  *event = (EspHistoryEvent) { 0 };
  if (!esp_cursor_read_u32 (cursor, &kind, error) ||
      !esp_cursor_read_u64 (cursor, &event->step, error) ||
      !esp_cursor_read_u32 (cursor, &parameter, error) ||
      !esp_cursor_read_u64 (cursor, &event->index, error) ||
      !esp_kept_read_f64 (cursor, &event->value, error) ||
      !esp_kept_read_count (cursor, ESP_NETWORK_MAX_COUNT, sizeof (EspReal), &n, error))
    return FALSE;
  event->kind = (EspHistoryKind) kind;
  event->parameter = parameter;
  if (!esp_kept_check_event (plan, event->kind, event->parameter, event->index, event->value, n))
    {
      esp_kept_set_error (cursor, error, _ ("this isn’t a change of this network"));
      return FALSE;
    }
  EspReal *numbers = n > 0 ? esp_kept_read_floats (cursor, n, error) : NULL;
  if (numbers != NULL)
    event->numbers = g_bytes_new_take (numbers, n * sizeof (EspReal));
  return n == 0 || numbers != NULL;
}

static gboolean
read_events (EspHistory *self, EspPlan *plan, Branch *branch, EspCursor *cursor, GError **error)
{
  guint32 n;
  guint64 last = 0;
  if (!esp_kept_read_count (cursor, G_MAXUINT32, 36, &n, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      EspHistoryEvent event;
      if (!read_event (cursor, plan, &event, error))
        return FALSE;
      g_array_append_val (branch->events, event);
      if (event.step < last || event.step > branch->head)
        {
          esp_kept_set_error (cursor, error, _ ("the changes aren’t in their order"));
          return FALSE;
        }
      last = event.step;
    }
  return TRUE;
}

static gboolean
read_frames (EspHistory *self, EspPlan *plan, Branch *branch, EspCursor *cursor, GError **error)
{
  guint32 n;
  guint64 last = branch->fork;
  if (!esp_kept_read_count (cursor, G_MAXUINT32, 12 + self->state_size, &n, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      Frame *frame = g_new0 (Frame, 1);
      g_ptr_array_add (branch->frames, frame);
      if (!esp_kept_read_u64 (cursor, last + 1, branch->head, &frame->step, error) ||
          !esp_cursor_read_u32 (cursor, &frame->n_events, error))
        return FALSE;
      if (frame->n_events > branch->events->len)
        {
          esp_kept_set_error (cursor, error, _ ("there aren’t so many changes"));
          return FALSE;
        }
      frame->state = esp_kept_read_state (cursor, plan, frame->step, error);
      if (frame->state == NULL)
        return FALSE;
      last = frame->step;
      self->n_frames++;
    }
  branch->last_frame = last - (last - branch->fork) % self->distance;
  return TRUE;
}

static gboolean
read_branch (EspHistory *self, EspPlan *plan, EspCursor *cursor, GError **error)
{
  guint32 parent, fork_events;
  guint index = self->branches->len;
  Branch *from = index > 0 ? get_branch (self, 0) : NULL, *branch;
  guint64 fork, head;
  if (!esp_cursor_read_u32 (cursor, &parent, error))
    return FALSE;
  if (parent >= MAX (index, 1))
    {
      esp_kept_set_error (cursor, error, _ ("a branch begins on one before it"));
      return FALSE;
    }
  from = index > 0 ? get_branch (self, parent) : NULL;
  if (!esp_kept_read_u64 (cursor, 0, from != NULL ? from->head : 0, &fork, error) ||
      !esp_kept_read_u64 (cursor, fork, G_MAXINT64, &head, error) ||
      !esp_cursor_read_u32 (cursor, &fork_events, error))
    return FALSE;
  branch = add_branch (self, parent, fork);
  branch->head = head;
  branch->fork_events = fork_events;
  if (!read_events (self, plan, branch, cursor, error))
    return FALSE;
  if (fork_events > branch->events->len || (from != NULL && fork_events > from->events->len))
    {
      esp_kept_set_error (cursor, error, _ ("there aren’t so many changes"));
      return FALSE;
    }
  return read_frames (self, plan, branch, cursor, error);
}

/* to where it was kept: that is the beginning or a key frame */
static gboolean
read_position (EspHistory *self, EspPlan *plan, EspCursor *cursor, guint64 *kept, GError **error)
{
  guint32 current, n_done;
  guint64 step;
  if (!esp_kept_read_count (cursor, self->branches->len - 1, 0, &current, error))
    return FALSE;
  Branch *branch = get_branch (self, current);
  if (!esp_kept_read_u64 (cursor, 0, branch->head, &step, error) ||
      !esp_kept_read_count (cursor, branch->events->len, 0, &n_done, error))
    return FALSE;
  const Frame *frame = find_frame (self, current, step, G_MAXUINT);
  self->current = current;
  if (frame != NULL)
    esp_plan_load_state (plan, frame->state);
  else
    {
      esp_plan_reset (plan);
      esp_plan_set_rate (plan, self->first_rate);
    }
  self->n_done = frame != NULL ? frame->n_events : 0;
  find_due (self);
  esp_history_catch_up (self, plan);
  *kept = step;
  return TRUE;
}

gboolean
esp_history_read (EspHistory *self,
                  EspPlan *plan,
                  gboolean foreign,
                  EspCursor *cursor,
                  guint64 *step,
                  GError **error)
{
  guint64 size;
  guint32 n;
  if (!esp_kept_read_u64 (cursor, self->state_size, self->state_size, &size, error) ||
      !esp_kept_read_f64 (cursor, &self->first_rate, error) ||
      !esp_kept_read_u64 (cursor, 1, G_MAXINT64, &self->distance, error) ||
      !esp_kept_read_count (cursor, ESP_HISTORY_MAX_BRANCHES, 32, &n, error))
    return FALSE;
  if (n == 0 || !isfinite (self->first_rate) || self->first_rate < 0)
    {
      esp_kept_set_error (cursor, error, _ ("there is no run"));
      return FALSE;
    }
  g_ptr_array_set_size (self->branches, 0);
  self->n_frames = 0;
  for (guint i = 0; i < n; i++)
    if (!read_branch (self, plan, cursor, error))
      return FALSE;
  self->n_foreign = foreign ? n : 0;
  return read_position (self, plan, cursor, step, error);
}

/* --- steps that other kernels made --- */

guint64
esp_history_get_reachable (EspHistory *self, guint branch, guint64 step)
{
  if (!is_foreign (self, branch, step))
    return step;
  const Frame *frame = find_frame (self, branch, step, G_MAXUINT);
  return frame != NULL ? frame->step : 0;
}

guint
esp_history_get_n_foreign (EspHistory *self)
{
  return self->n_foreign;
}
