/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps, key frames and the way back to them. Branches have key frames of their own and fall back
 * on their parent's up to the fork. Changes are in esp-history-change.c, files in
 * esp-history-bytes.c. */

#include "config.h"
#include "esp-history-private.h"

#include <string.h>

#define FIRST_DISTANCE 16 /* steps: copying a state costs less than one of them */
#define ALLOCATION 16     /* bytes that a block of memory takes besides its own, about */
#define FIRST_LARGE 256   /* the same for states of over a megabyte */

GArray *
esp_history_new_events (void)
{
  GArray *events = g_array_new (FALSE, FALSE, sizeof (EspHistoryEvent));
  g_array_set_clear_func (events, esp_history_event_clear);
  return events;
}

void
esp_history_add_event (GArray *events, const EspHistoryEvent *event)
{
  if (event->numbers != NULL)
    g_bytes_ref (event->numbers);
  g_array_append_vals (events, event, 1);
}

static void
frame_free (gpointer data)
{
  EspHistoryFrame *frame = data;
  g_free (frame->state);
  g_free (frame);
}

static void
branch_free (gpointer data)
{
  EspHistoryBranch *branch = data;
  g_array_unref (branch->events);
  g_ptr_array_unref (branch->frames);
  g_free (branch);
}

EspHistoryBranch *
esp_history_peek_branch (EspHistory *self, guint index)
{
  return g_ptr_array_index (self->branches, index);
}

EspHistoryBranch *
esp_history_add_branch (EspHistory *self, guint parent, guint64 fork)
{
  EspHistoryBranch *branch = g_new0 (EspHistoryBranch, 1);
  branch->parent = parent;
  branch->fork = branch->head = branch->last_frame = fork;
  branch->events = esp_history_new_events ();
  branch->frames = g_ptr_array_new_with_free_func (frame_free);
  g_ptr_array_add (self->branches, branch);
  return branch;
}

void
esp_history_find_due (EspHistory *self)
{
  EspHistoryBranch *branch = esp_history_peek_branch (self, self->current);
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
  self->changes = esp_history_new_changes ();
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
  esp_history_add_branch (self, 0, 0);
  self->current = self->n_done = self->n_frames = self->n_foreign = 0;
  self->first_rate = esp_plan_get_base_rate (plan);
  esp_plan_keep_rules (plan);
  self->distance = self->state_size > (1 << 20) ? FIRST_LARGE : FIRST_DISTANCE;
  esp_history_find_due (self);
}

/* what one takes of memory */
static gsize
get_frame_size (EspHistory *self)
{
  return self->state_size + sizeof (EspHistoryFrame) + sizeof (gpointer) + 2 * ALLOCATION;
}

/* there may be hundreds of thousands, so they are moved up and not removed one by one */
static void
thin_out_branch (EspHistory *self, EspHistoryBranch *branch)
{
  gpointer *frames = branch->frames->pdata;
  guint kept = 0, n = branch->frames->len;
  for (guint i = 0; i < n; i++)
    {
      EspHistoryFrame *frame = frames[i];
      if ((frame->step - branch->fork) % self->distance == 0)
        {
          frames[i] = frames[kept];
          frames[kept++] = frame;
        }
    }
  g_ptr_array_set_size (branch->frames, (gint) kept); /* frees the others */
  self->n_frames -= n - kept;
}

/* every second key frame of each branch goes, counted from its fork */
static void
thin_out (EspHistory *self)
{
  self->distance *= 2;
  for (guint b = 0; b < self->branches->len; b++)
    thin_out_branch (self, esp_history_peek_branch (self, b));
}

/* whether a key frame belongs here; if not, the branch counts on from where the last one would */
static gboolean
is_frame_step (EspHistory *self, EspHistoryBranch *branch, guint64 step)
{
  branch->last_frame = step - (step - branch->fork) % self->distance;
  return branch->last_frame == step;
}

static void
take_frame (EspHistory *self, EspPlan *plan)
{
  EspHistoryBranch *branch = esp_history_peek_branch (self, self->current);
  guint64 step = esp_plan_get_step (plan), most = self->bytes / get_frame_size (self);
  if (!is_frame_step (self, branch, step) || most == 0)
    return;
  if (self->n_frames >= most)
    thin_out (self);
  if (self->n_frames >= most || !is_frame_step (self, branch, step))
    return;
  EspHistoryFrame *frame = g_new0 (EspHistoryFrame, 1);
  frame->step = step;
  frame->n_events = self->n_done;
  frame->state = g_malloc (self->state_size);
  esp_plan_save_state (plan, frame->state);
  g_ptr_array_add (branch->frames, frame);
  self->n_frames++;
}

void
esp_history_apply (EspPlan *plan, const EspHistoryEvent *event)
{
  switch (event->kind)
    {
    case ESP_HISTORY_EDIT:
      esp_plan_edit (plan, event->parameter, event->index, event->value);
      break;
    case ESP_HISTORY_FILL:
      esp_plan_fill (plan, event->parameter, (guint) event->index,
                     g_bytes_get_data (event->numbers, NULL));
      break;
    case ESP_HISTORY_RATE:
      esp_plan_set_rate (plan, event->value);
      break;
    case ESP_HISTORY_FREEZE:
      esp_plan_set_frozen (plan, event->parameter, event->index != 0);
      break;
    case ESP_HISTORY_OWN_RATE:
      esp_plan_set_own_rate (plan, event->parameter, event->value);
      break;
    case ESP_HISTORY_OWN_DECAY:
      esp_plan_set_own_decay (plan, event->parameter, event->value);
      break;
    case ESP_HISTORY_ROWS:
    default:
      esp_plan_limit_rows (plan, event->index);
    }
}

void
esp_history_catch_up (EspHistory *self, EspPlan *plan)
{
  EspHistoryBranch *branch = esp_history_peek_branch (self, self->current);
  guint64 step = esp_plan_get_step (plan);
  for (; self->next_due <= step; esp_history_find_due (self))
    esp_history_apply (plan, &g_array_index (branch->events, EspHistoryEvent, self->n_done++));
}

static gboolean
is_foreign (EspHistory *self, guint branch, guint64 step)
{
  while (branch > 0 && step <= esp_history_peek_branch (self, branch)->fork)
    branch = esp_history_peek_branch (self, branch)->parent;
  return branch < self->n_foreign;
}

/* what comes now has other numbers than what came then */
static void
leave_foreign (EspHistory *self, EspPlan *plan)
{
  int fork = esp_history_fork (self, self->current, esp_plan_get_step (plan), self->n_done);
  /* no room, or it is one of those: then it goes on with what comes now */
  if (fork < 0 || (guint) fork < self->n_foreign)
    self->n_foreign = 0;
  else
    self->current = (guint) fork;
  esp_history_find_due (self);
}

double
esp_history_step (EspHistory *self, EspPlan *plan, gboolean watched, gboolean *new)
{
  if (G_UNLIKELY (self->current < self->n_foreign))
    leave_foreign (self, plan);
  EspHistoryBranch *branch = esp_history_peek_branch (self, self->current);
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

const EspHistoryFrame *
esp_history_find_frame (EspHistory *self, guint branch, guint64 step, guint n_events)
{
  for (;;)
    {
      EspHistoryBranch *own = esp_history_peek_branch (self, branch);
      for (guint i = own->frames->len; i-- > 0;)
        {
          const EspHistoryFrame *frame = g_ptr_array_index (own->frames, i);
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
esp_history_go_to_frame (EspHistory *self,
                         EspPlan *plan,
                         guint branch,
                         const EspHistoryFrame *frame)
{
  self->current = branch;
  if (frame != NULL)
    esp_plan_load_state (plan, frame->state);
  else
    {
      esp_plan_reset (plan);
      esp_plan_set_rate (plan, self->first_rate);
    }
  self->n_done = frame != NULL ? frame->n_events : 0;
  esp_history_find_due (self);
}

static void
rewind_to (EspHistory *self, EspPlan *plan, guint branch, guint64 step)
{
  gboolean foreign = is_foreign (self, branch, step);
  guint64 most = foreign || step == 0 ? step : step - 1;
  const EspHistoryFrame *frame = step > 0 ? esp_history_find_frame (self, branch, most, G_MAXUINT)
                                          : NULL;
  /* where the plan is may be nearer */
  gboolean ahead = branch == self->current && esp_plan_get_step (plan) < step &&
                   esp_plan_get_stage (plan) == ESP_STAGE_UPDATED;
  if (ahead && !foreign && (frame == NULL || frame->step <= esp_plan_get_step (plan)))
    return;
  esp_history_go_to_frame (self, plan, branch, frame);
}

void
esp_history_rewind (EspHistory *self, EspPlan *plan, guint branch, guint64 step)
{
  g_return_if_fail (branch < self->branches->len);
  rewind_to (self, plan, branch, step);
  esp_history_drop_empty (self);
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
  return esp_history_peek_branch (self, branch)->head;
}

guint64
esp_history_get_fork (EspHistory *self, guint branch, guint *parent)
{
  g_return_val_if_fail (branch < self->branches->len, 0);
  *parent = esp_history_peek_branch (self, branch)->parent;
  return esp_history_peek_branch (self, branch)->fork;
}

guint64
esp_history_get_distance (EspHistory *self)
{
  return self->distance;
}

gsize
esp_history_get_size (EspHistory *self)
{
  gsize size = self->n_frames * get_frame_size (self);
  for (guint b = 0; b < self->branches->len; b++)
    size += esp_history_peek_branch (self, b)->events->len * sizeof (EspHistoryEvent);
  return size;
}

/* the key frame that is nearest to the one before it on its branch, or to the beginning */
static const EspHistoryFrame *
find_nearest (EspHistory *self, guint *branch, guint64 *distance)
{
  const EspHistoryFrame *nearest = NULL;
  for (guint b = 0; b < self->branches->len; b++)
    {
      const EspHistoryBranch *own = esp_history_peek_branch (self, b);
      guint64 last = own->fork;
      for (guint i = 0; i < own->frames->len; i++)
        {
          const EspHistoryFrame *frame = g_ptr_array_index (own->frames, i);
          guint64 apart = frame->step - last;
          last = frame->step;
          if ((b > 0 && i == 0) || (nearest != NULL && apart >= *distance))
            continue;
          nearest = frame;
          *branch = b;
          *distance = apart;
        }
    }
  return nearest;
}

gboolean
esp_history_try_repeating (EspHistory *self, EspPlan *plan, gint64 until)
{
  guint64 distance = 0;
  guint branch = 0;
  gboolean new;
  const EspHistoryFrame *frame = find_nearest (self, &branch, &distance);
  if (frame == NULL)
    return TRUE;
  g_autofree guint8 *state = g_malloc (self->state_size);
  esp_history_go_to_frame (self, plan, branch,
                           esp_history_find_frame (self, branch, frame->step - 1, G_MAXUINT));
  while (esp_plan_get_step (plan) < frame->step)
    {
      if (g_get_monotonic_time () > until)
        return TRUE;
      esp_history_step (self, plan, FALSE, &new);
    }
  if (frame->n_events > self->n_done)
    esp_history_catch_up (self, plan);
  esp_plan_save_state (plan, state);
  if (memcmp (state, frame->state, self->state_size) == 0)
    return TRUE;
  self->n_foreign = self->branches->len;
  return FALSE;
}

guint64
esp_history_get_reachable (EspHistory *self, guint branch, guint64 step)
{
  if (!is_foreign (self, branch, step))
    return step;
  const EspHistoryFrame *frame = esp_history_find_frame (self, branch, step, G_MAXUINT);
  return frame != NULL ? frame->step : 0;
}

guint
esp_history_get_n_foreign (EspHistory *self)
{
  return self->n_foreign;
}
